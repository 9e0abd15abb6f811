"""What wakes: it takes each visit whose moment has come, one a transaction, so that one bad row holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial

import structlog

from bot.alarm import Alarm
from bot.desk import FrontDesk
from bot.errors import NotSaved, Unfit
from bot.health import Running
from bot.logs import about, log_failure
from bot.meters import Meter, NoMeter
from bot.ports import Clock, Store, Transaction

log = structlog.get_logger(__name__)

NAME = "timekeeper"
LOOK_AGAIN = timedelta(seconds=30)
"""So long at most between two looks at the store: another process may have moved a deadline."""
AFTER_NOT_SAVED = timedelta(seconds=1)
"""The disk may be back by then."""
BREATH = timedelta(seconds=1)
"""So long what is due and in somebody else's hands is left to them."""
HANDS = 16
"""So many visits at most are woken at a time when many are due: they share their commits."""
AFTER_A_FAULT = timedelta(minutes=1)
"""A visit that could not be decided is left alone for so long."""


class Timekeeper:
    """Wakes visits; `changed` is called after each that something happened to."""

    def __init__(
        self,
        store: Store,
        desk: FrontDesk,
        clock: Clock,
        changed: Callable[[], None],
        *,
        running: Running | None = None,
        meter: Meter | None = None,
    ) -> None:
        """Take what it works with."""
        self._store = store
        self._desk = desk
        self._clock = clock
        self._changed = changed
        self._running = running or Running()
        self._meter = meter or NoMeter()
        self.alarm = Alarm(clock)

    async def run(self) -> None:
        """Wake visits until the alarm is stopped."""
        while not self.alarm.stopped:
            now = self._clock.now()
            try:
                wake = await self.look()
            except NotSaved as fault:
                log.warning("timekeeper.not_saved", fault=str(fault))
                wake = now + AFTER_NOT_SAVED
            self._running.went_round(NAME)
            await self.alarm.wait(min(wake, now + LOOK_AGAIN) if wake else now + LOOK_AGAIN)
        self._running.ended(NAME)

    async def look(self) -> datetime | None:
        """Fire what is due now, and give when to look again; where nothing is due, this only reads."""
        now, wake = self._clock.now(), await self._store.peek(_next_wake)
        if wake is None or wake > now:
            return wake
        taken_up = await self.catch_up()
        wake = await self._store.peek(_next_wake)
        # What is due and could not be claimed is in another process' hands.
        return wake if taken_up or wake is None else max(wake, now + BREATH)

    async def catch_up(self) -> int:
        """Fire everything that is due now; give how many visits were taken up.

        What cannot be decided is undone as a whole, put off, and does not hold up the others.
        """
        happened, hands = 0, 1
        while not self.alarm.stopped:
            self._running.went_round(NAME)
            woken = await asyncio.gather(*(self._wake_one() for _ in range(hands)), return_exceptions=True)
            for error in woken:
                if isinstance(error, BaseException):
                    raise error
            happened += len(woken) - woken.count(_Woken.NOTHING)
            if _Woken.NOTHING in woken:
                break
            # Where one could not be decided, the others may have met it too: go on alone until it is out of the way.
            hands = 1 if _Woken.PUT_OFF in woken else min(2 * hands, HANDS)
        return happened

    async def _wake_one(self) -> _Woken:
        """Fire one visit that is due."""
        now, claimed = self._clock.now(), list[str]()
        try:
            late = await self._store.transact(partial(self._one, now=now, claimed=claimed))
        except _Undecidable as fault:
            return await self._put_off(fault.visit, fault.error, now)
        except Unfit as fault:  # found only as it was committed
            if not claimed:
                raise
            return await self._put_off(claimed[-1], fault, now)
        for each in late:
            self._meter.fired(each)
        if not late:
            return _Woken.NOTHING
        self._changed()
        return _Woken.FIRED

    async def _put_off(self, visit: str, error: Exception, now: datetime) -> _Woken:
        log_failure(log, "timekeeper.visit_failed", error, visit=visit)
        self._meter.put_off()
        await self._store.transact(partial(_put_off, visit=visit, until=now + AFTER_A_FAULT))
        return _Woken.PUT_OFF

    def _one(self, tx: Transaction, now: datetime, claimed: list[str]) -> Sequence[timedelta]:
        """Claim one due visit and fire it; give how late each of its moments fired, nothing when none is due.

        `claimed` is told which. Raises `_Undecidable`, so that nothing of a half-fired visit is kept.
        """
        claimed.clear()
        while (visit := tx.due(now)) is not None:
            claimed.append(visit)
            try:
                with about(visit):
                    late = self._desk.pass_time(tx, visit, now)
            except NotSaved as error:
                if isinstance(error, Unfit):
                    raise _Undecidable(visit, error) from error
                raise
            except Exception as error:
                raise _Undecidable(visit, error) from error
            if late:
                return late
        return ()


class _Woken(Enum):
    """What became of waking one visit."""

    NOTHING = auto()  # nothing was due
    FIRED = auto()
    PUT_OFF = auto()  # it could not be decided


def _next_wake(tx: Transaction) -> datetime | None:
    return tx.next_wake()


def _put_off(tx: Transaction, visit: str, until: datetime) -> None:
    tx.put_off(visit, until)


class _Undecidable(Exception):
    """A visit that could not be fired, with what went wrong (a fault of ours, or of the disk)."""

    def __init__(self, visit: str, error: Exception) -> None:
        super().__init__(visit)
        self.visit = visit
        self.error = error
