"""What holds on PostgreSQL beside the contract: other processes, a server that goes away, what it says of errors."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, make_url, text

from bot.domain.events import StepEvent
from bot.domain.facts import Facts
from bot.domain.lifecycle import replay
from bot.domain.visit import Callback
from bot.errors import NotSaved
from bot.ports import Store, Transaction
from bot.settings import Postgres
from bot.storage.databases import open_postgres, read_postgres
from bot.storage.postgres import postgres_engine
from bot.storage.schema import VERSION_TABLE
from bot.storage.verifying import verify_store
from tests.contracts.samples import arrival, visit
from tests.postgres import Server

ROOT = Path(__file__).parents[2]
VISITORS = 6
"""So many come to each process: more than enough for each pair of transactions to meet."""


@pytest.fixture
def database(postgres_server: Server) -> Iterator[Postgres]:
    with postgres_server.database() as database:
        yield database


@pytest.fixture
async def opened(database: Postgres) -> AsyncIterator[Store]:
    store = await open_postgres(database)
    yield store
    await store.close()


def begin(tx: Transaction, name: str = "v1") -> None:
    begun = visit(name)
    tx.save(begun, version=0, events=arrival(begun), through="web", wake_at=begun.arrived)


async def ids(store: Store) -> list[str]:
    return [stored.visit.id for stored in await store.read(lambda tx: tx.visits())]


def run(database: Postgres, *statements: str) -> None:
    """Do something by hand, as an admin may."""
    engine = postgres_engine(database.url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


# --- several processes -----------------------------------------------------------------------------------------------


async def replica(database: Postgres, name: str) -> Process:
    command = [sys.executable, "-m", "tests.storage.replica", database.url, name, str(VISITORS)]
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=PIPE, stdout=PIPE)


async def told(process: Process, word: str) -> list[str]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{word}\n".encode())
    await process.stdin.drain()
    said: list[str] = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    return said


async def test_two_processes_lose_nothing_do_nothing_twice_and_book_no_slot_twice(database: Postgres) -> None:
    processes = [await replica(database, name) for name in ("a", "b")]
    try:

        async def both(word: str) -> list[str]:
            return [said for each in await asyncio.gather(*(told(p, word) for p in processes)) for said in each]

        assert await both("arrivals") == ["done"] * 2 * VISITORS
        sent = await both("turn")
        for _ in range(12):
            await both("minutes 1")
            sent += await both("turn")
    finally:
        for process in processes:
            process.kill()
            await process.wait()

    store = await open_postgres(database)
    stored = await store.read(lambda tx: tx.visits(open_only=False))
    journals = await store.read(lambda tx: [[entry.event for entry in tx.journal(s.visit.id)] for s in stored])
    await store.close()
    assert len(stored) == 2 * VISITORS
    assert [replay(journal) for journal in journals] == [s.visit for s in stored]
    for journal in journals:
        fired = Counter((event.asking, event.step) for event in journal if isinstance(event, StepEvent))
        assert set(fired.values()) == {1}
    assert {s.visit.callback for s in stored} == {Callback.PROMISED}
    slots = [s.visit.callback_promise.due for s in stored if s.visit.callback_promise]
    assert len(set(slots)) == len(slots) == 2 * VISITORS
    assert [key for key, times in Counter(sent).items() if times > 1] == []
    assert len(sent) >= 2 * VISITORS


async def test_two_stores_that_change_the_same_visit_take_turns(database: Postgres) -> None:
    stores = [await open_postgres(database) for _ in range(2)]

    def count(tx: Transaction) -> None:
        tx.put_value("count", str(int(tx.value("count") or 0) + 1))

    await asyncio.gather(*(stores[number % 2].transact(count) for number in range(40)))
    assert await stores[0].read(lambda tx: tx.value("count")) == "40"
    for store in stores:
        await store.close()


# --- a server that goes away, and one that is another's --------------------------------------------------------------


async def test_connections_that_were_cut_cost_nobody_an_answer(database: Postgres, opened: Store) -> None:
    await opened.transact(begin)
    await opened.read(lambda tx: tx.next_wake())
    run(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    await opened.transact(partial(begin, name="v2"))
    assert await ids(opened) == ["v1", "v2"]


async def test_a_connection_that_is_cut_within_a_transaction_is_told_as_not_saved(
    database: Postgres, opened: Store
) -> None:
    def cut_off(tx: Transaction) -> None:
        begin(tx)
        run(
            database,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND state = 'idle in transaction'",
        )
        tx.put_facts("v1", Facts(visitor="Julie Tremblay"))

    with pytest.raises(NotSaved) as raised:
        await opened.transact(cut_off)
    assert "Julie" not in str(raised.value)
    assert await ids(opened) == []
    await opened.transact(begin)
    assert await ids(opened) == ["v1"]


async def test_a_server_that_is_not_there_is_said_kindly(tmp_path: Path) -> None:
    nowhere = Postgres(f"postgresql://hello30@/desk?host={tmp_path}")
    for opening in (open_postgres, read_postgres):
        with pytest.raises(NotSaved, match="The database postgresql:///desk cannot be opened"):
            await opening(nowhere)


@pytest.mark.parametrize("address", ["postgresql://", "postgresql://host:port/desk", "postgresql://[/desk"])
async def test_an_address_that_is_none_is_said_kindly(address: str) -> None:
    with pytest.raises(NotSaved) as raised:
        await open_postgres(Postgres(address))
    assert "Traceback" not in str(raised.value)


@pytest.mark.parametrize(
    "asked, said",
    [
        ("connect_timeout=abc", "`connect_timeout` is no whole number. Please write it as in connect_timeout=5."),
        ("connect_timeout=5&connect_timeout=6", "gives `connect_timeout` more than once. Please give it once."),
        (
            "tcp_user_timeout=10s",
            "`tcp_user_timeout` is no whole number. Please write it as in tcp_user_timeout=10000.",
        ),
        ("options=-c%20a=1&options=-c%20b=2", "gives `options` more than once. Please give it once."),
    ],
)
async def test_an_option_of_an_address_that_is_none_is_said_kindly(asked: str, said: str) -> None:
    for opening in (open_postgres, read_postgres):
        with pytest.raises(NotSaved) as raised:
            await opening(Postgres(f"postgresql://hello30@db.example.org/hello30?{asked}"))
        assert said in str(raised.value)


SILENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


@pytest.mark.parametrize(
    "given", [{}, {"tcp_user_timeout": "30000"}, {"keepalives_idle": "60", "connect_timeout": "9"}]
)
def test_a_network_that_drops_everything_is_waited_for_as_long_as_the_address_says(
    database: Postgres, given: dict[str, str]
) -> None:
    address = make_url(database.url).update_query_dict(given)
    engine = postgres_engine(address.render_as_string(hide_password=False))
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        used = driver.info.get_parameters()
    engine.dispose()
    assert {name: used.get(name) for name in SILENCE} == SILENCE | given


async def test_a_database_without_hello30_is_not_read(postgres_server: Server) -> None:
    with (
        postgres_server.database(empty=True) as database,
        pytest.raises(NotSaved, match="is not the database of a hello30"),
    ):
        await read_postgres(database)


async def test_what_only_reads_writes_nothing(database: Postgres, opened: Store) -> None:
    await opened.transact(begin)
    reading = await read_postgres(database)
    assert await ids(reading) == ["v1"]
    for refused in (reading.transact, reading.read):
        with pytest.raises(NotSaved):
            await refused(partial(begin, name="v2"))
    await reading.close()
    assert await ids(opened) == ["v1"]


async def test_after_an_upgrade_an_old_process_claims_nothing_more(database: Postgres, opened: Store) -> None:
    await opened.transact(begin)
    now = visit().arrived
    assert await opened.transact(lambda tx: tx.due(now)) == "v1"
    run(database, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    assert await opened.transact(lambda tx: tx.due(now)) is None


# --- what takes long -------------------------------------------------------------------------------------------------


@contextmanager
def watched(name: str) -> Iterator[dict[str, set[str]]]:
    """Give what a setting was for each statement that is sent meanwhile, by the statement's text."""
    seen: dict[str, set[str]] = defaultdict(set)

    def look(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "postgresql" and driver.info.transaction_status.name == "INTRANS":
            seen[statement].add(driver.execute(f"SHOW {name}").fetchone()[0])

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", look)


def limits(seen: dict[str, set[str]], *words: str) -> set[str]:
    """Give the values that a setting had for the statements with all these words."""
    found = [values for statement, values in seen.items() if all(word in statement for word in words)]
    assert found, words
    return set.union(*found)


@pytest.mark.parametrize("name", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
async def test_whoever_presses_waits_for_so_long_and_a_whole_journal_may_take_longer(
    database: Postgres, opened: Store, name: str
) -> None:
    with watched(name) as seen:
        await opened.transact(begin)
    assert "0" not in limits(seen, "INSERT INTO journal")

    with watched(name) as seen:
        assert await opened.read(lambda tx: [entry.seq for entry in tx.entries(since=None, until=None)]) == [1, 2]
    assert limits(seen, "journal.event") == {"0"}

    beside = await read_postgres(database)
    with watched(name) as seen:
        await verify_store(beside, visit().arrived)
        assert await beside.look(lambda connection: connection.scalar(text(f"SHOW {name}"))) == "0"
    assert limits(seen, "journal") == limits(seen, "pg_trigger") == limits(seen, "FROM visit") == {"0"}
    await beside.close()


@pytest.mark.parametrize("name", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"])
async def test_who_starts_while_another_changes_the_tables_waits_for_as_long_as_it_takes(
    postgres_server: Server, name: str
) -> None:
    with postgres_server.database(empty=True) as database:
        with watched(name) as seen:
            await (await open_postgres(database)).close()
        assert limits(seen, "pg_advisory_xact_lock") == limits(seen, "CREATE TABLE journal") == {"0"}


# --- what it says of errors ------------------------------------------------------------------------------------------


async def test_an_error_of_the_server_quotes_no_row(database: Postgres, opened: Store) -> None:
    run(database, "ALTER TABLE facts ADD CONSTRAINT nobody CHECK (length(body) < 5)")

    def work(tx: Transaction) -> None:
        begin(tx)
        tx.put_facts("v1", Facts(visitor="Julie Tremblay", phone="+15145234567"))

    with pytest.raises(NotSaved) as raised:
        await opened.transact(work)
    assert str(raised.value) == "the database did not take it (CheckViolation, 23514)"
    assert raised.value.__cause__ is None
    assert await ids(opened) == []


async def test_commits_are_on_the_disk_whatever_the_server_has_as_its_own_default(postgres_server: Server) -> None:
    with postgres_server.database() as database:
        name = database.url.partition("?")[0].rpartition("/")[2]
        run(database, f"ALTER DATABASE {name} SET synchronous_commit = off")
        engine = postgres_engine(database.url)
        with engine.begin() as connection:
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"
            assert connection.scalar(text("SHOW transaction_isolation")) == "serializable"
        engine.dispose()
