"""The steps by which the tables came to be: forward and back, on both databases, with what stood there before."""

from __future__ import annotations

import ast
import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from bot.domain.facts import Facts
from bot.errors import NotSaved, Unreadable
from bot.ports import Transaction
from bot.storage.databases import open_postgres, open_sqlite, read_sqlite
from bot.storage.faults import NotTaken
from bot.storage.migrations import versions
from bot.storage.postgres import postgres_engine
from bot.storage.proof import entry_hash
from bot.storage.schema import HEAD, VERSION_TABLE, bring_up_to_date, found_version, migrate
from bot.storage.sql import SqlStore
from bot.storage.sqlite import sqlite_engine
from bot.storage.tables import metadata
from tests.contracts.samples import MARTIN, arrival, nudge, visit
from tests.postgres import Server

STEPS = ("base", "0001", "0002", HEAD)
ADDED = {"policy": "seal", "visit": "head", "journal": "hash", "facts": "seal", "card": "seal", "nudge": "seal"}
"""The columns of the second version that hold hashes."""
LACKING = {*ADDED.values(), "known_as"}
"""All columns that were added to tables of the first version."""


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """Give each database, empty."""
    if request.param == "sqlite":
        made = sqlite_engine(tmp_path / "desk.db")
        yield made
        made.dispose()
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.database(empty=True) as database:
        made = postgres_engine(database.url)
        yield made
        made.dispose()


def go(engine: Engine, *versions: str) -> None:
    for version in versions:
        with engine.begin() as connection:
            migrate(connection, version, found_version(connection))


def fill(tx: Transaction) -> None:
    tx.save(visit(), version=0, events=arrival(visit()), through="web", wake_at=None)
    tx.put_facts("v1", Facts(visitor="Julie Tremblay", company="Chambre de commerce"))
    tx.show("v1", [("martin", MARTIN)])
    tx.queue(nudge(), MARTIN, visit().arrived)


def rows(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Give everything that stands in the tables of all versions, without the columns that one of them lacks."""
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(value for name, value in row._mapping.items() if name not in LACKING)
                for row in connection.execute(text(f"SELECT * FROM {table.name} ORDER BY 1, 2"))
            ]
            for table in metadata.sorted_tables
            if table.name not in {"checkpoint", "used_link", "session", "hold"}
        }


def keys(table: str) -> str:
    return ", ".join(column.name for column in metadata.tables[table].primary_key)


def proofs(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Give the columns that the second version added, filled in."""
    with engine.connect() as connection:
        return {
            table: [
                tuple(row) for row in connection.execute(text(f"SELECT {column} FROM {table} ORDER BY {keys(table)}"))
            ]
            for table, column in ADDED.items()
        }


def test_the_steps_make_the_tables_that_queries_see(engine: Engine) -> None:
    go(engine, HEAD)
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_a_step_stays_as_it_was_released_whatever_becomes_of_the_rest() -> None:
    steps = sorted(Path(versions.__file__).parent.glob("v*.py"))
    assert len(steps) == len(STEPS) - 1
    for step in steps:
        nodes = list(ast.walk(ast.parse(step.read_text(encoding="utf-8"))))
        imported = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        live = {name for name in imported if name.startswith("bot.") and not name.startswith(versions.__name__)}
        assert live == set(), step.name


def test_each_step_goes_forward_and_back_and_forward_again(engine: Engine) -> None:
    go(engine, *STEPS[1:], *reversed(STEPS[:-1]))
    left = set(inspect(engine).get_table_names()) - {VERSION_TABLE}
    assert left == set()
    go(engine, *STEPS[1:])
    with engine.connect() as connection:
        assert found_version(connection) == HEAD


async def test_what_stands_there_outlives_a_step_back_and_forward(engine: Engine) -> None:
    go(engine, HEAD)
    store = SqlStore(engine)
    await store.transact(fill)
    before, added = rows(engine), proofs(engine)
    assert all(each for each in added.values())

    go(engine, "0001")
    assert rows(engine) == before
    go(engine, HEAD)

    assert rows(engine) == before
    assert proofs(engine) == added
    await store.close()


async def test_after_a_step_forward_the_journal_is_still_append_only(engine: Engine) -> None:
    go(engine, HEAD)
    store = SqlStore(engine)
    await store.transact(fill)
    go(engine, "0001", HEAD)
    for statement in ("UPDATE journal SET through = 'nobody'", "DELETE FROM journal"):
        with pytest.raises(NotTaken) as raised, engine.begin() as connection:
            connection.execute(text(statement))
        assert "append-only" in str(raised.value.__cause__)
    await store.close()


async def test_a_database_of_the_first_hello30_is_brought_up_to_date_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    store = await open_sqlite(path)
    await store.transact(fill)
    await store.close()
    engine = sqlite_engine(path)
    go(engine, "0001")
    with engine.begin() as connection:  # it knew of no steps
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    engine.dispose()

    with pytest.raises(NotSaved, match="written by an older hello30"):
        await read_sqlite(path)
    store = await open_sqlite(path)
    entries = await store.read(lambda tx: tx.journal("v1"))
    assert [entry.event for entry in entries] == list(arrival(visit()))
    await store.close()

    with closing(sqlite3.connect(path)) as raw:
        head = raw.execute("SELECT seal FROM policy").fetchone()[0]
        columns = "visit, seq, at, through, event, hash"
        for v, seq, at, through, event, kept in raw.execute(f"SELECT {columns} FROM journal ORDER BY seq").fetchall():
            head = entry_hash(head, visit=v, seq=seq, at=at, through=through, event=event)
            assert head == kept
        assert raw.execute("SELECT head FROM visit").fetchall() == [(head,)]


def test_a_database_of_a_newer_version_is_left_alone(engine: Engine) -> None:
    go(engine, HEAD)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
        connection.execute(text("DROP TABLE inbox"))
    with pytest.raises(Unreadable, match="newer hello30"), engine.begin() as connection:
        bring_up_to_date(connection)
    assert not inspect(engine).has_table("inbox")


async def test_two_that_open_an_empty_postgresql_at_once_both_find_it_ready(postgres_server: Server) -> None:
    with postgres_server.database(empty=True) as database:
        stores = await asyncio.gather(*(open_postgres(database) for _ in range(4)))
        await stores[0].transact(fill)
        assert await stores[-1].read(lambda tx: tx.visit("v1")) is not None
        for store in stores:
            await store.close()
