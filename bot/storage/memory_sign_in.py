"""Used links and sessions, in memory; the same rules as in `bot.storage.sql_sign_in`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.rows import Session
from bot.storage.memory_base import MemoryBase, utc


class MemorySignIn(MemoryBase):
    """The part of a transaction in memory that signing in uses."""

    def use_link(self, link: str, until: datetime) -> bool:
        """Note that a link is used; False when it was used before."""
        self._check_writing()
        if link in self._kept.used_links:
            return False
        self._put(self._kept.used_links, link, utc(until))
        return True

    def link_is_used(self, link: str) -> bool:
        """Tell whether a link was used."""
        return link in self._kept.used_links

    def begin_session(self, session: Session) -> None:
        """Keep a new session."""
        kept = replace(session, begun=utc(session.begun), until=utc(session.until))
        self._put(self._kept.sessions, session.key, kept)

    def session(self, key: str) -> Session | None:
        """Give the session of this key."""
        return self._kept.sessions.get(key)

    def sessions(self) -> Sequence[Session]:
        """Give all sessions, those begun last first."""
        in_order = sorted(self._kept.sessions.values(), key=lambda session: session.key)
        return sorted(in_order, key=lambda session: session.begun, reverse=True)

    def end_session(self, key: str) -> bool:
        """Forget a session; False when there was none."""
        was_there = key in self._kept.sessions
        self._drop(self._kept.sessions, key)
        return was_there

    def end_sessions(self, person: str) -> int:
        """Forget all sessions of a person; give how many."""
        theirs = [key for key, session in self._kept.sessions.items() if session.person == person]
        return sum(self.end_session(key) for key in theirs)

    def forget_sessions(self, before: datetime) -> int:
        """Forget sessions and used links whose time was over before this moment; give how many."""
        over = [key for key, session in self._kept.sessions.items() if session.until < before]
        links = [link for link, until in self._kept.used_links.items() if until < before]
        for link in links:
            self._drop(self._kept.used_links, link)
        return sum(self.end_session(key) for key in over) + len(links)
