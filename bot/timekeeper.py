"""What wakes: it takes each visit whose moment has come, one a transaction, so that one bad row holds up no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.alarm import Alarm
from bot.desk import FrontDesk
from bot.errors import NotSaved
from bot.logs import log_failure
from bot.ports import Clock, Store, Transaction

log = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=30)
"""So long at most between two looks at the store: another process may have moved a deadline."""
AFTER_NOT_SAVED = timedelta(seconds=1)
"""The disk may be back by then."""
AFTER_A_FAULT = timedelta(minutes=1)
"""A visit that could not be decided is left alone for so long."""


class Timekeeper:
    """Wakes visits; `changed` is called after each that something happened to."""

    def __init__(self, store: Store, desk: FrontDesk, clock: Clock, changed: Callable[[], None]) -> None:
        """Take what it works with."""
        self._store = store
        self._desk = desk
        self._clock = clock
        self._changed = changed
        self.alarm = Alarm(clock)

    async def run(self) -> None:
        """Wake visits until the alarm is stopped."""
        while not self.alarm.stopped:
            now = self._clock.now()
            try:
                await self.catch_up()
                wake = await self._store.read(lambda tx: tx.next_wake())
            except NotSaved as fault:
                log.warning("timekeeper.not_saved", fault=str(fault))
                wake = now + AFTER_NOT_SAVED
            await self.alarm.wait(min(wake, now + LOOK_AGAIN) if wake else now + LOOK_AGAIN)

    async def catch_up(self) -> int:
        """Fire everything that is due now; give how many visits something happened to.

        What cannot be decided is undone as a whole, put off, and does not hold up the others.
        """
        happened = 0
        while True:
            now = self._clock.now()
            try:
                visit = await self._store.transact(partial(self._one, now=now))
            except _Undecidable as fault:
                log_failure(log, "timekeeper.visit_failed", fault.error, visit=fault.visit)
                await self._store.transact(partial(_put_off, visit=fault.visit, until=now + AFTER_A_FAULT))
                continue
            if visit is None:
                return happened
            happened += 1
            self._changed()

    def _one(self, tx: Transaction, now: datetime) -> str | None:
        """Claim one due visit and fire it; raises `_Undecidable`, so that nothing of a half-fired visit is kept."""
        while (visit := tx.due(now)) is not None:
            try:
                if self._desk.pass_time(tx, visit, now):
                    return visit
            except NotSaved:
                raise
            except Exception as error:
                raise _Undecidable(visit, error) from error
        return None


def _put_off(tx: Transaction, visit: str, until: datetime) -> None:
    tx.put_off(visit, until)


class _Undecidable(Exception):
    """A visit that could not be fired, with what went wrong (a fault of ours, or of the disk)."""

    def __init__(self, visit: str, error: Exception) -> None:
        super().__init__(visit)
        self.visit = visit
        self.error = error
