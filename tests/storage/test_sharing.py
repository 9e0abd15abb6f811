"""Transactions that arrive together share a commit, and are each still a transaction of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from bot.errors import Conflict, NotSaved, Refused
from bot.ports import Transaction
from bot.storage.postgres import postgres_engine, reading
from bot.storage.schema import bring_up_to_date
from bot.storage.sharing import BESIDE, TOGETHER
from bot.storage.sql import SqlStore
from bot.storage.sqlite import beside, sqlite_engine
from bot.urgency import somebody_waits
from tests.postgres import Server


@dataclass
class Counted:
    """A store, and how often its database was asked to commit."""

    store: SqlStore
    engine: Engine
    commits: int = 0

    async def after_a_first(self, *works: Callable[[Transaction], object]) -> list[object]:
        """Let all of these arrive while another transaction runs; give what each of them gives or raises."""
        async with self.held():
            rest = [asyncio.create_task(self.store.transact(work)) for work in works]
            await asyncio.sleep(0)  # each of them has asked by now
        return await asyncio.gather(*rest, return_exceptions=True)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Let a transaction run for as long as this lasts."""
        begun, may_go_on = threading.Event(), threading.Event()

        def work(_: Transaction) -> None:
            begun.set()
            may_go_on.wait()

        first = asyncio.create_task(self.store.transact(work))
        await asyncio.to_thread(begun.wait)
        try:
            yield
        finally:
            may_go_on.set()
            await first


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        yield sqlite_engine(tmp_path / "desk.db")
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.database() as database:
        yield postgres_engine(database.url)


@pytest.fixture
async def counted(engine: Engine) -> AsyncIterator[Counted]:
    with engine.begin() as connection:
        bring_up_to_date(connection)
    apart = (beside if engine.dialect.name == "sqlite" else reading)(engine)
    made = Counted(SqlStore(engine, reading=apart), engine)
    event.listen(engine, "commit", lambda _: setattr(made, "commits", made.commits + 1))
    yield made
    await made.store.close()


def put(tx: Transaction, name: str, value: str = "kept") -> str:
    tx.put_value(name, value)
    return name


def put_and_refuse(tx: Transaction, error: BaseException) -> None:
    tx.put_value("refused", "kept")
    raise error


async def kept(store: SqlStore, *names: str) -> list[str | None]:
    return await store.read(lambda tx: [tx.value(name) for name in names])


async def test_those_that_wait_share_one_commit(counted: Counted) -> None:
    names = [f"n{number}" for number in range(TOGETHER)]
    assert await counted.after_a_first(*(partial(put, name=name) for name in names)) == names
    assert counted.commits == 2
    assert await kept(counted.store, *names) == ["kept"] * TOGETHER


async def test_more_than_may_share_one_commit_share_the_next(counted: Counted) -> None:
    names = [f"n{number}" for number in range(TOGETHER + 1)]
    assert await counted.after_a_first(*(partial(put, name=name) for name in names)) == names
    assert counted.commits == 3


async def test_nobody_is_answered_before_the_commit(counted: Counted) -> None:
    answered_at: list[int] = []

    async def put_and_note(name: str) -> None:
        await counted.store.transact(partial(put, name=name))
        answered_at.append(counted.commits)

    async with counted.held():
        rest = [asyncio.create_task(put_and_note(name)) for name in "abc"]
        await asyncio.sleep(0)
    await asyncio.gather(*rest)
    assert answered_at == [2, 2, 2]


@pytest.mark.parametrize("error", [Refused("unknown_visit"), Conflict("it was changed"), ValueError("a fault of ours")])
async def test_one_that_raises_is_undone_alone_and_told_what_it_raised(counted: Counted, error: Exception) -> None:
    first, raised, last = await counted.after_a_first(
        partial(put, name="a"), partial(put_and_refuse, error=error), partial(put, name="b")
    )
    assert (first, raised, last) == ("a", error, "b")
    assert await kept(counted.store, "a", "refused", "b") == ["kept", None, "kept"]


class Stopped(BaseException):
    """What no `except Exception` catches."""


async def test_even_one_that_stops_everything_else_costs_no_other_its_answer(counted: Counted) -> None:
    first, raised, last = await counted.after_a_first(
        partial(put, name="a"), partial(put_and_refuse, error=Stopped()), partial(put, name="b")
    )
    assert (first, last) == ("a", "b")
    assert isinstance(raised, Stopped)
    assert await kept(counted.store, "a", "refused", "b") == ["kept", None, "kept"]


async def test_whoever_waits_for_one_that_raises_what_no_future_takes_is_told(counted: Counted) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await counted.store.transact(lambda _: next(iter(())))
    assert await counted.store.transact(partial(put, name="a")) == "a"


async def test_with_one_refused_the_others_still_share_a_commit(counted: Counted) -> None:
    works = [partial(put, name=f"n{number}") for number in range(8)]
    await counted.after_a_first(*works, partial(put_and_refuse, error=Refused("unknown_visit")))
    assert counted.commits == 2


async def test_what_the_database_refuses_of_one_costs_no_other_its_answer(counted: Counted) -> None:
    def wrong(tx: Transaction) -> None:
        tx.put_value("wrong", "kept")
        tx.put_value("wrong", None)  # type: ignore[arg-type]  # the column takes none

    first, raised, last = await counted.after_a_first(partial(put, name="a"), wrong, partial(put, name="b"))
    assert (first, last) == ("a", "b")
    assert isinstance(raised, NotSaved)
    assert await kept(counted.store, "a", "wrong", "b") == ["kept", None, "kept"]


async def test_when_only_the_commit_finds_the_fault_the_others_are_kept(counted: Counted) -> None:
    def of_no_visit(tx: Transaction) -> None:
        tx._write().execute(text("INSERT INTO visit_person (person, visit) VALUES ('martin', 'nowhere')"))  # type: ignore[attr-defined]

    first, raised, last = await counted.after_a_first(partial(put, name="a"), of_no_visit, partial(put, name="b"))
    assert (first, last) == ("a", "b")
    assert isinstance(raised, NotSaved)
    assert await kept(counted.store, "a", "b") == ["kept", "kept"]


async def test_each_sees_what_those_before_it_did(counted: Counted) -> None:
    def count(tx: Transaction) -> int:
        number = int(tx.value("count") or 0) + 1
        tx.put_value("count", str(number))
        return number

    assert await counted.after_a_first(*([count] * 20)) == list(range(1, 21))


async def test_one_that_nobody_waits_for_any_more_is_done_with_the_others(counted: Counted) -> None:
    async with counted.held():
        rest = [asyncio.create_task(counted.store.transact(partial(put, name=name))) for name in "ab"]
        await asyncio.sleep(0)
        rest[0].cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    assert rest[0].cancelled()
    assert await kept(counted.store, "a", "b") == ["kept", "kept"]


async def test_closing_finishes_those_that_wait(counted: Counted) -> None:
    async with counted.held():
        waiting = [asyncio.create_task(counted.store.transact(partial(put, name=name))) for name in "ab"]
        await asyncio.sleep(0)
        closing = asyncio.create_task(counted.store.close())
        await asyncio.sleep(0)
    await closing
    assert await asyncio.gather(*waiting) == ["a", "b"]
    with pytest.raises(NotSaved, match="closed"):
        await counted.store.transact(partial(put, name="c"))


async def test_what_somebody_waits_for_goes_first_and_in_turns_with_the_rest(counted: Counted) -> None:
    ran = list[str]()

    def work(_: Transaction, name: str) -> None:
        ran.append(name)

    async with counted.held():
        tasks = [asyncio.create_task(counted.store.transact(partial(work, name="beside"))) for _ in range(2 * BESIDE)]
        await asyncio.sleep(0)
        with somebody_waits():
            tasks += [asyncio.create_task(counted.store.transact(partial(work, name="waited"))) for _ in range(40)]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    turns = [(name, len(list(group))) for name, group in groupby(ran)]
    assert turns == [("waited", TOGETHER), ("beside", BESIDE), ("waited", 40 - TOGETHER), ("beside", BESIDE)]
