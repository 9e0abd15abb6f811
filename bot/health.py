"""Whether hello30 turns, and whether it keeps up: what /livez and /readyz answer.

Live: whatever must go round for ever still does; if not, only a restart helps. Ready: nothing waits for longer than it
should; if not, somebody should look, and a restart may change nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final, Generic, TypeVar

from bot.errors import Hello30Error
from bot.ports import ChatAdapter, Clock, Deaf, Store, Transaction, WhyDeaf
from bot.rows import Tally, Waiting

T = TypeVar("T")

STILL_AFTER: Final = timedelta(minutes=2)
"""Whoever has not gone round for so long hangs: a message may take 15 seconds, and everybody looks up every 30."""
OVERDUE_AFTER: Final = timedelta(seconds=60)
UNSENT_AFTER: Final = timedelta(seconds=120)
DEAF_AFTER: Final = timedelta(seconds=60)
"""A connection that is lost is mostly open again within seconds: nobody need look before."""
WHY_DEAF: Final[Mapping[WhyDeaf, str]] = {
    WhyDeaf.NOT_LISTENING: "hello30 does not listen to it",
    WhyDeaf.NOT_OPEN: "the connection to it is not open",
    WhyDeaf.NOT_KNOWN: "it has not said yet who hello30 is",
    WhyDeaf.REFUSED: "it refuses hello30 itself",
    WhyDeaf.REMOVED: "hello30 was removed from it",
}
ANSWERS_WITHIN: Final = timedelta(seconds=5)
"""So long the database may take for the few rows that are asked for."""


@dataclass(slots=True)
class Running:
    """What the parts that run say of themselves; `seconds` is a clock that nobody can set."""

    seconds: Callable[[], float] = monotonic
    started: set[str] = field(default_factory=set)  # the adapters that take what comes in
    stopping: bool = False
    _rounds: dict[str, float] = field(default_factory=dict)

    def went_round(self, who: str) -> None:
        """Note that a part which goes round for ever still does."""
        self._rounds[who] = self.seconds()

    def ended(self, who: str) -> None:
        """Note that a part has ended, as it should."""
        self._rounds.pop(who, None)

    def still(self) -> list[str]:
        """Say of each part that has gone round no more for too long."""
        now, longest = self.seconds(), STILL_AFTER.total_seconds()
        ages = {who: now - last for who, last in self._rounds.items()}
        return [f"{who} has not gone round for {int(age)} seconds" for who, age in ages.items() if age > longest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether all is well, and what to say of it; `body` names visits by their ids, and nobody."""

    well: bool
    body: Mapping[str, Any]


class Health:
    """Asks how things stand. The database is asked once at a time, however many want to know."""

    def __init__(self, store: Store, clock: Clock, running: Running, adapters: Mapping[str, ChatAdapter]) -> None:
        """Take what is looked at; adapters by their names. `troubles` says what does not work there."""
        self._clock = clock
        self._running = running
        self.adapters = adapters
        self._waiting = _SharedRead(store, clock, lambda tx, now: tx.waiting(now))
        self._tally = _SharedRead(store, clock, lambda tx, now: (tx.waiting(now), tx.tally(now)))
        self.answers_within = ANSWERS_WITHIN
        self.troubles: Callable[[], Iterable[str]] = tuple

    def live(self) -> Answer:
        """Tell whether everything turns; that the event loop does, is shown by there being an answer."""
        still = self._running.still()
        return Answer(well=not still, body={"live": not still, "because": still})

    async def ready(self) -> Answer:
        """Tell whether hello30 keeps up."""
        waiting = await self._waiting.answer(self.answers_within)
        now = self._clock.now()
        because = [*self._not_running(), *self._not_heard(now), *self.troubles(), *_late(waiting, now)]
        body = {
            "ready": not because,
            "because": because,
            "oldest_overdue_step": _step(waiting, now),
            "oldest_unsent_message": _unsent(waiting, now),
            "adapters": {name: self._adapter(name, waiting) for name in self.adapters},
        }
        return Answer(well=not because, body=body)

    async def tally(self) -> tuple[Waiting, Tally] | None:
        """Give what waits and how much there is; None when the database does not answer."""
        return await self._tally.answer(self.answers_within)

    def deaf(self) -> Collection[str]:
        """Give the names of the adapters that have started, and of whose platform nothing reaches us."""
        return {name for name, adapter in self.adapters.items() if name in self._running.started and adapter.deaf}

    def _not_heard(self, now: datetime) -> Iterator[str]:
        for name in sorted(self.deaf()):
            deaf = self.adapters[name].deaf
            if deaf and now - deaf.since > DEAF_AFTER:
                yield f"{name} has not been heard for {_seconds(deaf.since, now)} seconds: {_why(deaf)}"

    def _not_running(self) -> Iterator[str]:
        if self._running.stopping:
            yield "hello30 is stopping"
        yield from self._running.still()
        for name in self.adapters:
            if name not in self._running.started:
                yield f"the adapter {name} has not started"

    def _adapter(self, name: str, waiting: Waiting | None) -> Mapping[str, str]:
        if name not in self._running.started:
            return {"state": "starting"}
        until = waiting.on_hold.get(name) if waiting else None
        deaf = self.adapters[name].deaf
        heard = {"state": "deaf", "since": deaf.since.isoformat(), "why": _why(deaf)} if deaf else {"state": "ready"}
        return {"state": "on_hold", "until": until.isoformat()} if until else heard


class _SharedRead(Generic[T]):
    """A query of the database: whoever wants its answer while it is read, gets the same one."""

    def __init__(self, store: Store, clock: Clock, query: Callable[[Transaction, datetime], T]) -> None:
        self._store = store
        self._clock = clock
        self._query = query
        self._reading: asyncio.Task[T] | None = None

    async def answer(self, within: timedelta) -> T | None:
        """Give the answer; None when there is none in time."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_seen)
        try:
            async with asyncio.timeout(within.total_seconds()):
                return await asyncio.shield(self._reading)
        except (Hello30Error, TimeoutError):
            return None

    async def _read(self) -> T:
        now = self._clock.now()
        return await self._store.read(lambda tx: self._query(tx, now))


def _seen(read: asyncio.Task[Any]) -> None:
    """Look at what went wrong although nobody may wait for it any more: else it would be logged as a surprise."""
    if not read.cancelled():
        read.exception()


def _why(deaf: Deaf) -> str:
    """Say why a platform is not heard, with its own code where there is one."""
    return f"{WHY_DEAF[deaf.why]} ({deaf.detail})" if deaf.detail else WHY_DEAF[deaf.why]


def _late(waiting: Waiting | None, now: datetime) -> Iterator[str]:
    """Say what keeps hello30 from being ready, as far as the database tells."""
    if waiting is None:
        yield "the database does not answer"
        return
    if not waiting.ours:
        yield "the tables are those of another version of hello30: this one claims nothing"
    if waiting.step and now - waiting.step.since > OVERDUE_AFTER:
        yield f"a step is overdue for {_seconds(waiting.step.since, now)} seconds"
    if waiting.unsent and now - waiting.unsent.since > UNSENT_AFTER:
        since = _seconds(waiting.unsent.since, now)
        yield f"a {waiting.unsent.what} for {waiting.unsent.adapter} has waited for {since} seconds"
    for name in waiting.on_hold:
        yield f"{name} is on hold: it does not answer, or refuses hello30 itself; the log says which"


def _step(waiting: Waiting | None, now: datetime) -> Mapping[str, Any] | None:
    if waiting is None or waiting.step is None:
        return None
    step = waiting.step
    return {"visit": step.visit, "since": step.since.isoformat(), "seconds": _seconds(step.since, now)}


def _unsent(waiting: Waiting | None, now: datetime) -> Mapping[str, Any] | None:
    if waiting is None or waiting.unsent is None:
        return None
    one = waiting.unsent
    return {
        "what": one.what,
        "visit": one.visit,
        "adapter": one.adapter,
        "since": one.since.isoformat(),
        "seconds": _seconds(one.since, now),
    }


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))
