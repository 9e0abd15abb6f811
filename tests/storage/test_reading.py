"""Reading a database beside whoever writes it, leaving no trace."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from bot.domain.visit import Visit
from bot.errors import NotSaved, Unreadable
from bot.ports import Store, Transaction
from bot.storage.databases import open_sqlite, read_sqlite
from tests.contracts.samples import arrival, visit

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "the desk's #1 100%.db"


def begin(tx: Transaction, begun: Visit) -> int:
    return tx.save(begun, version=0, events=arrival(begun), through="web", wake_at=begun.arrived)


async def fill(path: Path, *names: str) -> None:
    store = await open_sqlite(path)
    for name in names:
        await store.transact(partial(begin, begun=visit(name)))
    await store.close()


@asynccontextmanager
async def reading(path: Path) -> AsyncIterator[Store]:
    store = await read_sqlite(path)
    try:
        yield store
    finally:
        await store.close()


async def ids(path: Path) -> list[str]:
    async with reading(path) as store:
        return [stored.visit.id for stored in await store.read(lambda tx: tx.visits())]


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(path.name)}


@contextmanager
def a_bot_that_runs(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a process that has the database open and saves one visit after the other."""
    command = [sys.executable, "-m", "tests.storage.writer", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as bot:
        assert bot.stdout is not None
        try:
            assert bot.stdout.readline() == "open\n"
            for _ in range(3):
                bot.stdout.readline()
            yield bot
        finally:
            bot.kill()


async def test_a_database_that_nobody_has_open_is_read_and_nothing_is_made_beside_it(path: Path) -> None:
    await fill(path, "v1", "v2")
    before = files(path)
    assert await ids(path) == ["v1", "v2"]
    assert files(path) == before


async def test_beside_a_running_bot_the_last_commit_is_seen(path: Path) -> None:
    bot = await open_sqlite(path)
    await bot.transact(partial(begin, begun=visit("v1")))
    async with reading(path) as store:
        assert len(await store.read(lambda tx: tx.visits())) == 1
        await bot.transact(partial(begin, begun=visit("v2")))
        assert len(await store.read(lambda tx: tx.visits())) == 2
    await bot.transact(partial(begin, begun=visit("v3")))
    await bot.close()


async def test_reading_goes_on_when_the_bot_stops_and_starts(path: Path) -> None:
    await fill(path, "v1")
    async with reading(path) as store:
        await fill(path, "v2")
        assert len(await store.read(lambda tx: tx.visits())) == 2
        bot = await open_sqlite(path)
        await bot.transact(partial(begin, begun=visit("v3")))
        assert len(await store.read(lambda tx: tx.visits())) == 3
        await bot.close()


@pytest.mark.parametrize("fails", [False, True], ids=["old", "torn"])
async def test_what_a_bot_wrote_while_it_was_read_without_locks_is_read_again(path: Path, *, fails: bool) -> None:
    await fill(path, "v1")
    seen: list[list[str]] = []

    def torn(tx: Transaction) -> list[str]:
        """Read while a bot starts, writes and stops: the first time, nothing of it is seen, or what is not so."""
        seen.append([stored.visit.id for stored in tx.visits()])
        if len(seen) == 1:
            asyncio.run(fill(path, "v2"))
            if fails:
                raise Unreadable("malformed")
        return seen[-1]

    async with reading(path) as store:
        assert await store.read(torn) == ["v1", "v2"]
    assert seen == [["v1"], ["v1", "v2"]]


async def test_another_process_reads_what_a_killed_bot_left(path: Path) -> None:
    with a_bot_that_runs(path) as bot:
        assert len(await ids(path)) >= 3
        bot.kill()
        bot.wait()
        before = files(path)
        assert {f"{path.name}-wal", f"{path.name}-shm"} <= before.keys()
        assert len(await ids(path)) >= 3
        assert files(path) == before


async def test_half_of_a_copy_is_refused_with_advice(path: Path, tmp_path: Path) -> None:
    bot = await open_sqlite(path)
    await bot.transact(partial(begin, begun=visit("v1")))
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    shutil.copy(f"{path}-wal", f"{copy}-wal")
    await bot.close()
    before = files(copy)
    with pytest.raises(NotSaved, match=r"copy\.db-shm is not beside it"):
        await read_sqlite(copy)
    assert files(copy) == before


async def test_nothing_can_be_written(path: Path) -> None:
    await fill(path, "v1")
    before = files(path)
    async with reading(path) as store:
        with pytest.raises(NotSaved):
            await store.transact(partial(begin, begun=visit("v2")))
        with pytest.raises(NotSaved):
            await store.read(partial(begin, begun=visit("v2")))
    assert files(path) == before


async def test_a_file_that_is_not_there_is_not_made(path: Path) -> None:
    with pytest.raises(NotSaved, match="There is no database"):
        await read_sqlite(path)
    assert not files(path)


@pytest.mark.parametrize("content", [b"", b"name,phone\n" * 500])
async def test_a_file_that_is_something_else_is_refused(path: Path, content: bytes) -> None:
    await asyncio.to_thread(path.write_bytes, content)
    with pytest.raises(NotSaved, match="database of a hello30"):
        await read_sqlite(path)
    assert files(path) == {path.name: content}


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE song (title TEXT)")
    with pytest.raises(NotSaved, match="not the database of a hello30"):
        await read_sqlite(path)


async def test_a_newer_database_is_refused(path: Path) -> None:
    await fill(path)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE schema_version SET version_num = '9999'")
    with pytest.raises(Unreadable, match="newer hello30"):
        await read_sqlite(path)
