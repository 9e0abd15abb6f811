"""(b) How late steps fire, and how long many take that are due at once; against a plain polled table.

The steps are those of real visits, woken by the real timekeeper on a real clock; a step has fired once its transaction
is committed. The plain table has a row a deadline, is looked at every 50 ms, and takes each due row in a transaction of
its own in the event loop's thread, as such a loop is commonly written.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from time import perf_counter, time
from typing import TypeVar

from bench.house import DATABASES, Databases, announce, desk
from bench.table import Line
from bot.clock import SystemClock
from bot.meters import NoMeter
from bot.ports import Store, Transaction
from bot.timekeeper import Timekeeper

T = TypeVar("T")

STEPS = 2000
FIRST_STEP = timedelta(minutes=1)
"""The office policy reminds whoever was asked after so long."""
BEFORE = timedelta(milliseconds=300)
"""So long before the first step the clock starts."""
WITHIN_S = 30.0
POLL_S = 0.05
DRAINED_WITHIN_S = 60.0
P95_MS, DRAIN_S, STALL_MS = 50.0, 4.0, 50.0


_COMMITTED_AFTER: ContextVar[timedelta] = ContextVar("how long the last transaction of this task took")


class TimedStore:
    """A store that notes how long each transaction took, for the task that asked for it."""

    def __init__(self, store: Store) -> None:
        """Take the store that does the work."""
        self.read = store.read
        self.peek = store.peek
        self.checkpoint = store.checkpoint
        self.close = store.close
        self._transact = store.transact

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction."""
        began = perf_counter()
        result = await self._transact(work)
        _COMMITTED_AFTER.set(timedelta(seconds=perf_counter() - began))
        return result


class Fired(NoMeter):
    """Notes how late each step was when it was committed."""

    def __init__(self) -> None:
        """Begin with none."""
        self.late_ms: list[float] = []
        self.all_done = asyncio.Event()

    def fired(self, late: timedelta) -> None:
        """Take one step."""
        self.late_ms.append((late + _COMMITTED_AFTER.get()) / timedelta(milliseconds=1))
        if len(self.late_ms) >= STEPS:
            self.all_done.set()


@dataclass(frozen=True)
class Seen:
    """What one run showed."""

    late_ms: Sequence[float]
    took_s: float
    stall_ms: float

    @property
    def p95_ms(self) -> float:
        """Give the lateness that one in twenty exceeds."""
        return quantiles(self.late_ms, n=20)[-1]

    def spread(self) -> str:
        """Say how late the steps were."""
        p50 = quantiles(self.late_ms, n=2)[0]
        return f"{p50:.1f} / {self.p95_ms:.1f} / {max(self.late_ms):.0f} ms late"


def measure(where: Databases) -> list[Line]:
    """Measure the lateness of steps that are spread, then the drain of steps that are due at once."""
    lines = []
    for kind in DATABASES:
        polled = asyncio.run(_polled(where, WITHIN_S)) if kind == "SQLite" else None
        ours = asyncio.run(_woken(where, kind, WITHIN_S))
        lines.append(
            Line(
                what=f"(b) {STEPS:,} steps in {WITHIN_S:.0f} s, {kind}: p50 / p95 / max",
                ours=ours.spread(),
                beside=f"{polled.spread()}, a polled table" if polled else "",
                ratio=ours.p95_ms / polled.p95_ms if polled else None,
                aim=f"p95 ≤ {P95_MS:.0f} ms",
                met=ours.p95_ms <= P95_MS,
            )
        )
    for kind in DATABASES:
        polled = asyncio.run(_polled(where, 0)) if kind == "SQLite" else None
        ours = asyncio.run(_woken(where, kind, 0))
        lines.append(
            Line(
                what=f"(b) {STEPS:,} steps due at once, {kind}: drained, longest stall",
                ours=f"{ours.took_s:.1f} s, {ours.stall_ms:.0f} ms",
                beside=f"{polled.took_s:.1f} s, {polled.stall_ms:.0f} ms, a polled table" if polled else "",
                ratio=ours.took_s / polled.took_s if polled else None,
                aim=f"≤ {DRAIN_S:.0f} s, ≤ {STALL_MS:.0f} ms",
                met=ours.took_s <= DRAIN_S and ours.stall_ms <= STALL_MS,
            )
        )
    return lines


# --- hello30 ---------------------------------------------------------------------------------------------------------


async def _woken(where: Databases, kind: str, within_s: float) -> Seen:
    begin, fired = SystemClock().now(), Fired()
    async with where.open(kind) as opened:
        store = TimedStore(opened)
        await opened.transact(lambda tx: _visitors(tx, begin, within_s))
        clock = StartedClock(begin - BEFORE)
        timekeeper = Timekeeper(store, desk(), clock, changed=lambda: None, meter=fired)
        stalls = Stalls()
        watching, running = asyncio.create_task(stalls.watch()), asyncio.create_task(timekeeper.run())
        async with asyncio.timeout(within_s + DRAINED_WITHIN_S):
            await fired.all_done.wait()
        took = clock.now() - begin
        watching.cancel()
        timekeeper.alarm.stop()
        await running
    return Seen(fired.late_ms, took.total_seconds(), stalls.longest_ms)


def _visitors(tx: Transaction, begin: datetime, within_s: float) -> None:
    """Let visitors come, a minute before the moments at which their first step is due: evenly, from `begin` on."""
    for number in range(STEPS):
        announce(tx, number, begin + timedelta(seconds=within_s * number / STEPS) - FIRST_STEP)


class StartedClock(SystemClock):
    """The machine's clock, set to a moment when it is made: however long it took to get ready, nothing is late yet."""

    def __init__(self, now: datetime) -> None:
        """Set it."""
        self._ahead = now - super().now()

    def now(self) -> datetime:
        """Give the moment that it shows."""
        return super().now() + self._ahead


class Stalls:
    """Watches how long the event loop keeps a task waiting that wants to go on every 5 ms."""

    def __init__(self) -> None:
        """Begin with none."""
        self.longest_ms = 0.0

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            began = perf_counter()
            await asyncio.sleep(0.005)
            self.longest_ms = max(self.longest_ms, (perf_counter() - began) * 1000 - 5)


# --- a plain table ---------------------------------------------------------------------------------------------------


async def _polled(where: Databases, within_s: float) -> Seen:
    path, stalls, late_ms = where.folder / f"polled{within_s:.0f}.db", Stalls(), list[float]()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE step (id INTEGER PRIMARY KEY, due REAL, fired REAL)")
        connection.execute("CREATE INDEX step_due ON step (due) WHERE fired IS NULL")
        begin = time() + POLL_S
        with connection:
            connection.executemany(
                "INSERT INTO step (due) VALUES (?)", [(begin + within_s * n / STEPS,) for n in range(STEPS)]
            )
        watching = asyncio.create_task(stalls.watch())
        await asyncio.sleep(POLL_S)
        while len(late_ms) < STEPS:
            due = connection.execute("SELECT id, due FROM step WHERE fired IS NULL AND due <= ?", (time(),)).fetchall()
            for step, at in due:
                connection.execute("UPDATE step SET fired = ? WHERE id = ?", (time(), step))  # a commit of its own
                late_ms.append((time() - at) * 1000)
            await asyncio.sleep(POLL_S)
        took = time() - begin
        await asyncio.sleep(0.01)
        watching.cancel()
    return Seen(late_ms, took, stalls.longest_ms)
