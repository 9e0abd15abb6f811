"""What waits and how much there is, in SQL: asked every few seconds, so each query stops at the first row it needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, exists, func, select

from bot.rows import OverdueStep, Tally, Unsent, Waiting
from bot.storage.sql_base import SqlBase, holds_on, same_schema
from bot.storage.tables import card, hold, nudge, visit

# Partial indexes have few rows, but are used only when a query repeats their condition in so many words.
_WAKES = visit.c.wake_at.is_not(None)


class SqlWaiting(SqlBase):
    """The part of an SQL transaction that whoever looks after hello30 uses."""

    def waiting(self, now: datetime) -> Waiting:
        """Give what has waited for longest."""
        overdue = select(visit.c.id, visit.c.wake_at).where(_WAKES, visit.c.wake_at <= now)
        first = self._connection.execute(overdue.order_by(visit.c.wake_at, visit.c.id).limit(1)).one_or_none()
        unsent = [found for table in (card, nudge) if (found := self._oldest(table, now)) is not None]
        return Waiting(
            ours=bool(self._connection.scalar(select(same_schema()))),
            step=OverdueStep(visit=first.id, since=first.wake_at) if first else None,
            unsent=min(unsent, key=lambda one: one.since, default=None),
            on_hold=self._on_hold(now),
        )

    def tally(self, now: datetime) -> Tally:
        """Count what is open, overdue and unsent."""
        unsent = Counter[str]()
        for table in (card, nudge):
            waiting = select(table.c.adapter, func.count()).where(table.c.waiting_since.is_not(None))
            for adapter, count in self._connection.execute(waiting.group_by(table.c.adapter)):
                unsent[adapter] += count
        return Tally(
            open_visits=self._count(visit.c.is_open.is_(True)),
            overdue_steps=self._count(_WAKES, visit.c.wake_at <= now),
            unsent=unsent,
        )

    def _oldest(self, table: Table, now: datetime) -> Unsent | None:
        """Give the card or nudge that has waited for longest, leaving aside what is on hold."""
        held = exists().where(holds_on(table), hold.c.until > now)
        query = (
            select(table.c.visit, table.c.adapter, table.c.waiting_since)
            .where(table.c.waiting_since.is_not(None), table.c.waiting_since <= now, ~held)
            .order_by(table.c.waiting_since)
            .limit(1)
        )
        row: Row[Any] | None = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        return Unsent(what=table.name, visit=row.visit, adapter=row.adapter, since=row.waiting_since)

    def _on_hold(self, now: datetime) -> Mapping[str, datetime]:
        query = select(hold.c.adapter, hold.c.until).where(hold.c.bucket == "*", hold.c.until > now)
        return {row.adapter: row.until for row in self._connection.execute(query)}

    def _count(self, *which: Any) -> int:
        return self._connection.scalar(select(func.count()).select_from(visit).where(*which)) or 0
