"""What wakes: it takes each visit whose moment has come, one a transaction, so that one bad row holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
            # several hands may have met the same visit: it failed once, and is put off once
            failed = {found.visit: found for found in woken if isinstance(found, _Undecidable)}
            for found in failed.values():
                await self._put_off(found)
            _raise_first([found for found in woken if isinstance(found, BaseException)])
            happened += len(failed) + woken.count(True)
            if False in woken:
                break
            # Where one could not be decided, the others may have met it too: go on alone until it is out of the way.
            hands = 1 if failed else min(2 * hands, HANDS)
        return happened

    async def _wake_one(self) -> bool | _Undecidable:
        """Fire one visit that is due; False when none is."""
        now, claimed = self._clock.now(), list[str]()
        try:
            late = await self._store.transact(partial(self._one, now=now, claimed=claimed))
        except _CannotDecide as fault:
            return _Undecidable(fault.visit, fault.error, now)
        except Unfit as fault:  # found only as it was committed
            if not claimed:
                raise
            return _Undecidable(claimed[-1], fault, now)
        for each in late:
            self._meter.fired(each)
        if late:
            self._changed()
        return bool(late)

    async def _put_off(self, found: _Undecidable) -> None:
        log_failure(log, "timekeeper.visit_failed", found.error, visit=found.visit)
        self._meter.put_off()
        until = found.claimed_at + AFTER_A_FAULT
        await self._store.transact(partial(_put_off, visit=found.visit, until=until, due=found.claimed_at))

    def _one(self, tx: Transaction, now: datetime, claimed: list[str]) -> Sequence[timedelta]:
        """Claim one due visit and fire it; give how late each of its moments fired, nothing when none is due.

        `claimed` is told which. Raises `_CannotDecide`, so that nothing of a half-fired visit is kept.
        """
        claimed.clear()
        while (visit := tx.due(now)) is not None:
            claimed.append(visit)
            try:
                with about(visit):
                    late = self._desk.pass_time(tx, visit, now)
            except NotSaved as error:
                if isinstance(error, Unfit):
                    raise _CannotDecide(visit, error) from error
                raise
            except Exception as error:
                raise _CannotDecide(visit, error) from error
            if late:
                return late
        return ()


@dataclass(frozen=True, slots=True)
class _Undecidable:
    """A visit that could not be fired: what went wrong (a fault of ours, or of the disk), and when it was claimed."""

    visit: str
    error: Exception
    claimed_at: datetime


def _next_wake(tx: Transaction) -> datetime | None:
    return tx.next_wake()


def _put_off(tx: Transaction, visit: str, until: datetime, due: datetime) -> None:
    # somebody may have changed it since it was claimed: then it has another moment, or none
    tx.put_off(visit, until, due=due)


def _raise_first(errors: Sequence[BaseException]) -> None:
    """Raise the first of these errors, and log the others, which nobody would see."""
    for error in errors[1:]:
        log_failure(log, "timekeeper.failed", error)
    if errors:
        raise errors[0]


class _CannotDecide(Exception):
    """Undoes the transaction of a visit that could not be fired."""

    def __init__(self, visit: str, error: Exception) -> None:
        super().__init__(visit)
        self.visit = visit
        self.error = error
