"""What waits and how much there is, in memory; the same rules as in `bot.storage.sql_waiting`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from bot.rows import OverdueStep, Tally, Unsent, Waiting
from bot.storage.memory_base import MemoryBase


class MemoryWaiting(MemoryBase):
    """The part of a transaction in memory that whoever looks after hello30 uses."""

    def waiting(self, now: datetime) -> Waiting:
        """Give what has waited for longest."""
        free = [
            one
            for one, address in self._unsent()
            if one.since <= now and not any(self._held(one.adapter, bucket, now) for bucket in (address, "*"))
        ]
        return Waiting(
            ours=True,
            step=min(self._overdue(now), key=lambda one: (one.since, one.visit), default=None),
            unsent=min(free, key=lambda one: one.since, default=None),
            on_hold={
                adapter: until for (adapter, bucket), until in self._kept.holds.items() if bucket == "*" and until > now
            },
        )

    def tally(self, now: datetime) -> Tally:
        """Count what is open, overdue and unsent."""
        return Tally(
            open_visits=sum(row.visit.is_open for row in self._kept.visits.values()),
            overdue_steps=len(list(self._overdue(now))),
            unsent=Counter(one.adapter for one, _ in self._unsent()),
        )

    def _overdue(self, now: datetime) -> Iterator[OverdueStep]:
        for visit, row in self._kept.visits.items():
            if row.wake_at is not None and row.wake_at <= now:
                yield OverdueStep(visit=visit, since=row.wake_at)

    def _unsent(self) -> Iterator[tuple[Unsent, str]]:
        """Give everything that waits to be sent, each with the id of its address."""
        for card in self._kept.cards.values():
            if since := card.waiting_since:
                yield Unsent(what="card", visit=card.visit, adapter=card.address.adapter, since=since), card.address.id
        for kept in self._kept.nudges.values():
            if since := kept.waiting_since:
                to = kept.address
                yield Unsent(what="nudge", visit=kept.nudge.visit, adapter=to.adapter, since=since), to.id

    def _held(self, adapter: str, bucket: str, now: datetime) -> bool:
        until = self._kept.holds.get((adapter, bucket))
        return until is not None and until > now
