"""What the store on SQLite has beyond the contract: its file, its lock, its journal, and a disk that refuses."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.domain.events import PhoneAdded
from bot.domain.facts import Facts
from bot.domain.visit import Visit
from bot.errors import DatabaseBusy, NotSaved, Unreadable
from bot.ports import Store, Transaction
from bot.storage.databases import open_sqlite
from bot.storage.schema import bring_up_to_date
from bot.storage.sql import SqlStore
from bot.storage.sqlite import beside, sqlite_engine, take_lock
from tests.contracts.samples import MARTIN, arrival, at, first, nudge, policy, visit

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = await open_sqlite(path)
    yield opened
    await opened.close()


def begin(tx: Transaction, begun: Visit) -> int:
    return tx.save(begun, version=0, events=arrival(begun), through="web", wake_at=begun.arrived)


async def begins(store: Store, name: str) -> None:
    await store.transact(partial(begin, begun=visit(name)))


async def ids(store: Store) -> list[str]:
    return [stored.visit.id for stored in await store.read(lambda tx: tx.visits())]


# --- the file --------------------------------------------------------------------------------------------------------


async def test_a_file_that_is_opened_again_gives_the_same(path: Path) -> None:
    def everything(tx: Transaction) -> tuple[object, ...]:
        return (
            tx.visit("v1"),
            list(tx.entries(since=None, until=None)),
            tx.facts("v1"),
            tx.answered("key"),
            tx.next_wake(),
            tx.next_delivery(),
            tx.policy(policy().digest),
            tx.value("clock"),
        )

    def fill(tx: Transaction) -> None:
        begin(tx, visit())
        tx.put_facts("v1", Facts(visitor="Julie Tremblay"))
        tx.show("v1", [("martin", MARTIN)])
        tx.queue(nudge(), MARTIN, at())
        tx.remember("key", "answer", at())
        tx.put_value("clock", "1")

    first = await open_sqlite(path)
    await first.transact(fill)
    before = await first.read(everything)
    await first.close()
    second = await open_sqlite(path)
    assert await second.read(everything) == before
    await second.close()
    assert all(part is not None for part in before)


async def test_a_commit_is_on_the_disk_and_reads_go_on_beside_it(store: Store) -> None:
    assert isinstance(store, SqlStore)
    with store._engine.connect() as connection:
        for setting, expected in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {setting}").scalar() == expected


@pytest.mark.parametrize("change", ["UPDATE journal SET through = 'nobody'", "DELETE FROM journal"])
async def test_nothing_changes_the_journal(store: Store, path: Path, change: str) -> None:
    await begins(store, "v1")
    with closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(change)
    assert len(await store.read(lambda tx: tx.journal("v1"))) == 2


async def test_a_policy_is_kept_once(store: Store, path: Path) -> None:
    for name in ("v1", "v2", "v3"):
        await begins(store, name)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM policy").fetchone() == (1,)


ASKED_OFTEN: dict[str, tuple[Callable[[Transaction], object], str]] = {
    "due": (lambda tx: tx.due(at(9)), "visit_wake"),
    "next_wake": (lambda tx: tx.next_wake(), "visit_wake"),
    "site": (lambda tx: tx.visits(site="quebec"), "visit_open"),
    "person": (lambda tx: tx.visits(person="martin"), "sqlite_autoindex_visit_person_1"),
    "promised": (lambda tx: tx.promised("martin"), "visit_caller"),
    "journal": (lambda tx: tx.journal("v1"), "sqlite_autoindex_journal_1"),
    "entries": (lambda tx: tx.entries(since=at(), until=at(9)), "ix_journal_at"),
    "same_visitor": (lambda tx: tx.same_visitor("julie", ""), "facts_visitor"),
    "claim_card": (lambda tx: first(tx.claim_cards(at(9), at(39), "token")), "card_waiting"),
    "claim_nudge": (lambda tx: first(tx.claim_nudges(at(9), at(39), "token")), "nudge_waiting"),
    "next_delivery": (lambda tx: tx.next_delivery(), "nudge_waiting"),
    "forget": (lambda tx: tx.forget(at()), "ix_inbox_at"),
}


@pytest.mark.parametrize("ask, index", ASKED_OFTEN.values(), ids=ASKED_OFTEN)
async def test_what_is_asked_often_has_its_index(
    disk: Disk, on_disk: Store, path: Path, ask: Callable[[Transaction], object], index: str
) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(disk.engine, "before_cursor_execute")
    def _note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    await on_disk.transact(ask)
    with closing(sqlite3.connect(path)) as raw:
        plans = [raw.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall() for text, values in asked[1:]]
    assert index in str(plans)


async def test_a_database_of_a_newer_version_is_left_alone(path: Path) -> None:
    await (await open_sqlite(path)).close()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE schema_version SET version_num = '9999'")
        raw.execute("DROP TABLE inbox")
    with pytest.raises(Unreadable, match="newer hello30"):
        await open_sqlite(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM sqlite_master WHERE name = 'inbox'").fetchone() == (0,)


async def test_after_an_upgrade_an_old_process_claims_nothing_more(store: Store, path: Path) -> None:
    def claims(tx: Transaction) -> tuple[object, ...]:
        return (
            tx.due(at(9)),
            first(tx.claim_cards(at(9), at(39), "token")),
            first(tx.claim_nudges(at(9), at(39), "token")),
        )

    def fill(tx: Transaction) -> None:
        begin(tx, visit())
        tx.show("v1", [("martin", MARTIN)])
        tx.queue(nudge(), MARTIN, at())

    await store.transact(fill)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE schema_version SET version_num = '9999'")
    assert await store.transact(claims) == (None, None, None)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_text("Dear diary, " * 200)
    with pytest.raises(NotSaved):
        asyncio.run(open_sqlite(path))
    assert path.read_text().startswith("Dear diary")
    take_lock(path)()  # and nobody is kept out by the failed try


async def test_a_folder_that_is_not_there_is_said_kindly(tmp_path: Path) -> None:
    with pytest.raises(NotSaved, match="there is no folder"):
        await open_sqlite(tmp_path / "nowhere" / "desk.db")


# --- the lock --------------------------------------------------------------------------------------------------------


def process(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.storage.writer", str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_a_second_process_is_refused_with_a_clear_message(store: Store, path: Path) -> None:
    second = process(path)
    said, _ = await asyncio.to_thread(second.communicate)
    assert said.startswith("DatabaseBusy: Another hello30 is running on ")
    await begins(store, "v1")  # and the first is not disturbed


async def test_the_same_process_cannot_open_it_twice(store: Store, path: Path) -> None:
    with pytest.raises(DatabaseBusy):
        await open_sqlite(path)


async def test_closing_lets_the_next_one_in(path: Path) -> None:
    for _ in range(2):
        opened = await open_sqlite(path)
        await opened.close()
        await opened.close()


# --- a process that is killed ----------------------------------------------------------------------------------------


def whole(tx: Transaction, name: str) -> tuple[int, Facts | None]:
    return len(tx.journal(name)), tx.facts(name)


async def test_what_was_committed_survives_kill_minus_nine(path: Path) -> None:
    with process(path) as writer:
        assert writer.stdout is not None
        lines = iter(writer.stdout.readline, "")
        assert next(lines).strip() == "open"
        said = [next(lines).strip() for _ in range(20)]
        writer.kill()
        said += [line.strip() for line in lines if line.endswith("\n")]
    reopened = await open_sqlite(path)
    kept = await ids(reopened)
    assert kept[: len(said)] == said
    assert len(kept) <= len(said) + 1  # the last may have been committed without having been said
    for name in kept:
        assert await reopened.read(partial(whole, name=name)) == (2, Facts(visitor="Julie Tremblay"))
    await begins(reopened, "afterwards")
    await reopened.close()


# --- a disk that refuses ---------------------------------------------------------------------------------------------


class Disk:
    """Sets a pragma on each connection as it is taken, so that a disk can be full or read-only for a while."""

    def __init__(self, path: Path) -> None:
        self.setting = "PRAGMA user_version"
        self.engine = sqlite_engine(path)
        event.listen(self.engine, "checkout", lambda connection, *_: connection.execute(self.setting).fetchall())
        with self.engine.begin() as connection:
            bring_up_to_date(connection)

    @contextmanager
    def refuses(self, refusing: str, again: str) -> Iterator[None]:
        self.setting = refusing
        yield
        self.setting = again


@pytest.fixture
def disk(path: Path) -> Disk:
    return Disk(path)


@pytest.fixture
async def on_disk(disk: Disk) -> AsyncIterator[Store]:
    opened = SqlStore(disk.engine, reading=beside(disk.engine))
    yield opened
    await opened.close()


LONG = "what it is about " * 5000


def begin_at_length(tx: Transaction, begun: Visit) -> None:
    begin(tx, begun)
    tx.put_facts(begun.id, Facts(visitor="Julie Tremblay", about=LONG))


@pytest.mark.parametrize(
    "refusing, again, reason",
    [
        ("PRAGMA max_page_count=1", "PRAGMA max_page_count=1000000", "full"),
        ("PRAGMA query_only=ON", "PRAGMA query_only=OFF", "readonly"),
    ],
    ids=["full", "read-only"],
)
async def test_a_disk_that_refuses_is_told_and_the_next_transaction_works(
    disk: Disk, on_disk: Store, refusing: str, again: str, reason: str
) -> None:
    await begins(on_disk, "before")
    with disk.refuses(refusing, again):
        for _ in range(2):
            with pytest.raises(NotSaved, match=reason) as raised:
                await on_disk.transact(partial(begin_at_length, begun=visit("lost")))
            assert isinstance(raised.value.__cause__, sqlite3.OperationalError)
            assert "Julie" not in str(raised.value)
        assert await ids(on_disk) == ["before"]
    await on_disk.transact(partial(begin_at_length, begun=visit("kept")))
    assert await ids(on_disk) == ["before", "kept"]


async def test_a_lock_that_another_tool_holds_is_told(disk: Disk, on_disk: Store, path: Path) -> None:
    with disk.refuses("PRAGMA busy_timeout=0", "PRAGMA busy_timeout=5000"):
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(NotSaved, match="locked"):
                await begins(on_disk, "lost")
            assert await ids(on_disk) == []  # reading goes on meanwhile
            other.execute("ROLLBACK")
        await begins(on_disk, "kept")
    assert await ids(on_disk) == ["kept"]


# --- whoever waits is cancelled --------------------------------------------------------------------------------------


async def test_a_transaction_that_began_is_finished_even_when_nobody_waits_any_more(path: Path) -> None:
    store = await open_sqlite(path)
    begun, may_go_on = threading.Event(), threading.Event()

    def work(tx: Transaction) -> None:
        begun.set()
        may_go_on.wait()
        begin(tx, visit())

    waiting = asyncio.create_task(store.transact(work))
    await asyncio.to_thread(begun.wait)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    closing_down = asyncio.create_task(store.close())
    may_go_on.set()
    await closing_down
    again = await open_sqlite(path)
    assert await ids(again) == ["v1"]
    await again.close()


async def test_readers_see_the_last_commit_while_a_transaction_runs(store: Store) -> None:
    await begins(store, "v1")
    written, may_go_on = threading.Event(), threading.Event()

    def work(tx: Transaction) -> None:
        begin(tx, visit("v2", after=1))
        written.set()
        may_go_on.wait()

    running = asyncio.create_task(store.transact(work))
    await asyncio.to_thread(written.wait)
    assert await ids(store) == ["v1"]
    may_go_on.set()
    await running
    assert await ids(store) == ["v1", "v2"]


async def test_a_reader_sees_one_moment_throughout(store: Store) -> None:
    await begins(store, "v1")
    loop = asyncio.get_running_loop()

    def look(tx: Transaction) -> tuple[int, int]:
        before = len(tx.visits())
        asyncio.run_coroutine_threadsafe(begins(store, "v2"), loop).result()
        return before, len(tx.visits())

    assert await store.read(look) == (1, 1)
    assert await ids(store) == ["v1", "v2"]


async def test_transactions_that_come_together_queue(store: Store) -> None:
    async def add(number: int) -> None:
        def work(tx: Transaction) -> None:
            stored = tx.visit("v1")
            assert stored is not None
            added = PhoneAdded(at=at(number), by="nadia")
            tx.save(stored.visit, version=stored.version, events=[added], through="web", wake_at=None)

        await store.transact(work)

    await begins(store, "v1")
    await asyncio.gather(*(add(number) for number in range(20)))
    assert [entry.seq for entry in await store.read(lambda tx: tx.journal("v1"))] == list(range(1, 23))
