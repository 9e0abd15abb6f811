"""Used links and sessions, on an SQL database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from bot.rows import Session
from bot.storage.sql_base import SqlBase
from bot.storage.tables import session as sessions
from bot.storage.tables import used_link


class SqlSignIn(SqlBase):
    """The part of a transaction that signing in uses."""

    def use_link(self, link: str, until: datetime) -> bool:
        """Note that a link is used; False when it was used before."""
        return self._put_if_new(used_link, {"link": link, "until": until})

    def link_is_used(self, link: str) -> bool:
        """Tell whether a link was used."""
        return self._connection.scalar(select(used_link.c.link).where(used_link.c.link == link)) is not None

    def begin_session(self, session: Session) -> None:
        """Keep a new session."""
        row = {"key": session.key, "person": session.person, "begun": session.begun, "until": session.until}
        self._put(sessions, row)

    def session(self, key: str) -> Session | None:
        """Give the session of this key."""
        row = self._connection.execute(select(sessions).where(sessions.c.key == key)).mappings().one_or_none()
        return Session(**row) if row else None

    def sessions(self) -> Sequence[Session]:
        """Give all sessions, those begun last first."""
        rows = self._connection.execute(select(sessions).order_by(sessions.c.begun.desc(), sessions.c.key)).mappings()
        return [Session(**row) for row in rows]

    def end_session(self, key: str) -> bool:
        """Forget a session; False when there was none."""
        return self._write().execute(delete(sessions).where(sessions.c.key == key)).rowcount > 0

    def end_sessions(self, person: str) -> int:
        """Forget all sessions of a person; give how many."""
        return self._write().execute(delete(sessions).where(sessions.c.person == person)).rowcount

    def forget_sessions(self, before: datetime) -> int:
        """Forget sessions and used links whose time was over before this moment; give how many."""
        forgotten = (
            self._write().execute(delete(table).where(table.c.until < before)).rowcount
            for table in (sessions, used_link)
        )
        return sum(forgotten)
