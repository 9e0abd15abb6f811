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
        """Fire everything that is due now; give how many visits something happened to."""
        happened = 0
        while await self._store.transact(partial(self._one, now=self._clock.now())) is not None:
            happened += 1
            self._changed()
        return happened

    def _one(self, tx: Transaction, now: datetime) -> str | None:
        """Claim one due visit and fire it; what cannot be decided is put off and does not hold up the others."""
        left_out: list[str] = []
        while (visit := tx.due(now, leaving_out=left_out)) is not None:
            left_out.append(visit)
            try:
                if self._desk.pass_time(tx, visit, now):
                    return visit
            except NotSaved:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the other visits go on
                log_failure(log, "timekeeper.visit_failed", error, visit=visit)
                tx.put_off(visit, now + AFTER_A_FAULT)
        return None
