"""Lets transactions that arrive together share one commit, and runs again what may succeed the next time."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Protocol, TypeVar, cast

from sqlalchemy import Connection, Engine

from bot.ports import Transaction
from bot.storage.faults import NotTaken
from bot.urgency import is_waited_for

T = TypeVar("T")

TOGETHER: Final = 32
"""So many transactions at most share a commit: the first of them waits for the last."""
BESIDE: Final = 4
"""So many at most, while others are waited for by somebody."""
TRY_FOR_S: Final = 3.0
"""So long a transaction that others were in the way of is run again and again."""
FIRST_PAUSE_S: Final = 0.002
LONGEST_PAUSE_S: Final = 0.25


class Committed(Transaction, Protocol):
    """A transaction that wants to know when it is committed."""

    def committed(self) -> None:
        """Take note: what was done stands."""
        ...


@dataclass(slots=True)
class _Job:
    """A transaction that waits, who waits for it, and what came of it (an error, or a value)."""

    work: Callable[[Transaction], Any]
    context: Context
    answer: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    value: Any = None
    error: BaseException | None = None


class Sharing:
    """Runs transactions in one thread, in the order in which they came; those that somebody waits for do not wait long.

    They take turns with all others, of which few are run then: so neither can keep the other from being run.
    """

    def __init__(self, engine: Engine, begin: Callable[[Connection], Committed]) -> None:
        """Take an engine that tells its faults; `begin` makes a transaction on a connection."""
        self._engine = engine
        self._begin = begin
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-write")
        self._waiting: deque[_Job] = deque()  # nobody watches
        self._waited_for: deque[_Job] = deque()
        self._whose_turn = True  # that of those which are waited for
        self._guard = threading.Lock()
        self._running = False

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction; return, or raise what it raised, once it is committed or undone for good."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        answer.add_done_callback(_seen)
        with self._guard:
            queue = self._waited_for if is_waited_for() else self._waiting
            queue.append(_Job(work, copy_context(), answer, loop))
            if not self._running:
                self._running = True
                self._thread.submit(self._run_all)
        return cast("T", await asyncio.shield(answer))

    def close(self) -> None:
        """Finish everything that was begun."""
        self._thread.shutdown()

    # --- in the thread -----------------------------------------------------------------------------------------------

    def _run_all(self) -> None:
        while jobs := self._next():
            try:
                self._run(jobs)
            except BaseException as error:  # noqa: BLE001 - whoever waits must learn of it, whatever it is
                for job in jobs:
                    job.error = error
            for job in jobs:
                _answer(job)

    def _next(self) -> Sequence[_Job]:
        with self._guard:
            both = bool(self._waiting and self._waited_for)
            queue = self._waited_for if self._waited_for and (self._whose_turn or not both) else self._waiting
            self._whose_turn = queue is self._waiting
            most = BESIDE if both and queue is self._waiting else TOGETHER
            jobs = [queue.popleft() for _ in range(min(len(queue), most))]
            self._running = bool(jobs)
        return jobs

    def _run(self, jobs: Sequence[_Job]) -> None:
        if len(jobs) == 1:
            self._alone(jobs[0])
            return
        try:
            self._together(jobs)
        except _NotBegun as fault:  # none of them would fare better by itself
            for job in jobs:
                job.error = fault.error
        except BaseException:  # noqa: BLE001 - whatever one of them raised, all were undone
            self._apart(jobs)

    def _together(self, jobs: Sequence[_Job]) -> None:
        with self._begun() as connection:
            transaction = self._begin(connection)
            for job in jobs:
                job.value = job.context.run(job.work, transaction)
        transaction.committed()

    def _apart(self, jobs: Sequence[_Job]) -> None:
        """Run them together once more, so that one that fails is undone alone; if the database fails, one by one."""
        try:
            with self._begun() as connection:
                transaction = self._begin(connection)
                for job in jobs:
                    connection.exec_driver_sql("SAVEPOINT one")
                    job.error = None
                    try:
                        job.value = job.context.run(job.work, transaction)
                    except NotTaken:
                        raise
                    except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
                        job.error = error
                        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one")
                        transaction = self._begin(connection)  # the other one may remember what was undone
            transaction.committed()
        except (NotTaken, _NotBegun):
            for job in jobs:
                self._alone(job)

    def _alone(self, job: _Job) -> None:
        until = time.monotonic() + TRY_FOR_S
        for attempt in count(1):
            job.error = None
            try:
                with self._begun() as connection:
                    transaction = self._begin(connection)
                    job.value = job.context.run(job.work, transaction)
                transaction.committed()
            except _NotBegun as fault:
                job.error = fault.error
            except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
                job.error = error
            again = isinstance(job.error, NotTaken) and job.error.again
            if not again or time.monotonic() > until:
                return
            time.sleep(_pause(attempt))

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        """Give a connection on which a transaction has begun; raises `_NotBegun` when none could."""
        try:
            begun = self._engine.begin()
            connection = begun.__enter__()
        except NotTaken as error:
            raise _NotBegun(error) from error
        with ExitStack() as held:
            held.push(begun.__exit__)
            yield connection


class _NotBegun(Exception):
    """No transaction could be begun: the database is away, or somebody holds it."""

    def __init__(self, error: NotTaken) -> None:
        super().__init__(str(error))
        self.error = error


def _pause(attempt: int) -> float:
    """Give for how many seconds to let others go first; by chance, so that two do not meet again."""
    longest: float = min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S)
    return random.uniform(0, longest)  # noqa: S311 - nothing secret


def _answer(job: _Job) -> None:
    def tell() -> None:
        if job.answer.done():  # nobody waits any more
            return
        if isinstance(job.error, StopIteration):  # which no future takes
            job.answer.set_exception(RuntimeError("a transaction raised StopIteration"))
        elif job.error is not None:
            job.answer.set_exception(job.error)
        else:
            job.answer.set_result(job.value)

    with suppress(RuntimeError):  # the loop is closed: nobody is there to be told
        job.loop.call_soon_threadsafe(tell)


def _seen(answer: asyncio.Future[Any]) -> None:
    """Look at an error that nobody waits for any more, so that nothing complains of it."""
    if not answer.cancelled():
        answer.exception()
