"""`hello30 db backup`: a copy that can be gone back to, taken beside a hello30 that writes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.commandline.app import app
from bot.commandline.backing_up import pg_dump
from bot.domain.lifecycle import replay
from bot.errors import DatabaseBusy, NotSaved
from bot.ports import Transaction
from bot.rows import Entry
from bot.settings import Postgres
from bot.storage.backup import copy_sqlite
from bot.storage.databases import open_sqlite, read_sqlite
from tests.commandline import day
from tests.contracts.samples import visit
from tests.storage.writer import announce

ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Give the file of a configuration whose database holds a day."""
    file = day.make_house(tmp_path)
    day.tell(file)
    return file


def backup(house: Path, to: Path) -> Result:
    return CliRunner().invoke(app, ["db", "backup", str(to), "--config", str(house)])


def all_entries(tx: Transaction) -> Sequence[Entry]:
    return tx.entries(since=None, until=None)


async def entries(database: Path) -> Sequence[Entry]:
    store = await read_sqlite(database)
    try:
        return await store.read(all_entries)
    finally:
        await store.close()


def beside(file: Path) -> list[str]:
    return sorted(one.name for one in file.parent.iterdir() if one.name.startswith(file.name))


@contextmanager
def a_bot_that_writes(database: Path) -> Iterator[Callable[[], None]]:
    """Give what returns once a few more visits were saved."""
    command = [sys.executable, "-m", "tests.storage.writer", str(database)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as bot:
        saying = bot.stdout
        assert saying is not None
        assert saying.readline() == "open\n"

        def some_more() -> None:
            for _ in range(20):
                saying.readline()

        try:
            some_more()
            yield some_more
        finally:
            bot.kill()


def test_a_copy_holds_everything_is_private_and_says_what_it_holds(house: Path, tmp_path: Path) -> None:
    copy = tmp_path / "monday.db"
    said = backup(house, copy)
    assert said.exit_code == 0, said.output
    assert "monday.db: 8 visits, " in said.stdout
    assert "it is sound" in said.stdout
    assert "visitors' data" in said.stdout
    assert copy.stat().st_mode & 0o777 == 0o600
    assert beside(copy) == ["monday.db"], "nothing is left beside it"
    log = ["log", "--config", str(house), "--json"]
    original = CliRunner().invoke(app, log).stdout
    assert CliRunner().invoke(app, [*log, "--database", str(copy)]).stdout == original


async def test_a_copy_taken_while_hello30_writes_is_the_beginning_of_its_journal(tmp_path: Path) -> None:
    database, copies = tmp_path / "desk.db", [tmp_path / f"{number}.db" for number in range(3)]
    with a_bot_that_writes(database) as some_more:
        for copy in copies:
            copied = copy_sqlite(database, copy)
            assert copied.visits >= 20
            some_more()
    after = await entries(database)
    lengths = []
    for copy in copies:
        found = await entries(copy)
        lengths.append(len(found))
        assert list(found) == list(after[: len(found)])
        for one in {entry.visit for entry in found}:
            replay(entry.event for entry in found if entry.visit == one)
    assert lengths == sorted(set(lengths)), "each copy holds what was written since the last one"
    assert lengths[-1] < len(after)


async def test_hello30_goes_on_from_a_copy(tmp_path: Path) -> None:
    database, copy = tmp_path / "desk.db", tmp_path / "copy.db"
    with a_bot_that_writes(database):
        held = copy_sqlite(database, copy).entries
    store = await open_sqlite(copy)
    begun = visit("anew")
    await store.transact(lambda tx: announce(tx, begun))
    found = await store.read(all_entries)
    await store.close()
    assert [entry.number for entry in found][-2:] == [held + 1, held + 2]


async def test_while_it_is_copied_no_hello30_starts_unseen(tmp_path: Path) -> None:
    database = tmp_path / "desk.db"
    store = await open_sqlite(database)
    await store.close()
    from bot.storage import backup as module

    with module._nobody_starts(database), pytest.raises(DatabaseBusy):
        await open_sqlite(database)
    store = await open_sqlite(database)
    with module._nobody_starts(database):  # one that runs is not disturbed
        await store.transact(lambda tx: tx.put_value("x", "1"))
    await store.close()


def test_nothing_is_overwritten(house: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.db"
    taken.write_text("mine", encoding="utf-8")
    for to in (taken, house.parent / "hello30.db", tmp_path):
        said = backup(house, to)
        assert said.exit_code == 1
        assert "is there already" in said.stderr
    assert taken.read_text(encoding="utf-8") == "mine"


def test_a_folder_that_is_not_there_is_told_kindly(house: Path, tmp_path: Path) -> None:
    said = backup(house, tmp_path / "nowhere" / "copy.db")
    assert said.exit_code == 1
    assert "cannot be written (No such file or directory). Please check its folder." in said.stderr


def test_without_a_database_there_is_nothing_to_copy(tmp_path: Path) -> None:
    house = day.make_house(tmp_path)
    (tmp_path / "hello30.db").unlink(missing_ok=True)
    said = backup(house, tmp_path / "copy.db")
    assert said.exit_code == 1
    assert "There is no database" in said.stderr
    assert beside(tmp_path / "copy.db") == []


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be read as one" * 30, b""])
def test_what_is_no_database_of_hello30_is_not_copied(tmp_path: Path, content: bytes) -> None:
    other, copy = tmp_path / "other.db", tmp_path / "copy.db"
    other.write_bytes(content)
    with pytest.raises(NotSaved, match=r"cannot be copied .*Please check that it is the database of a hello30"):
        copy_sqlite(other, copy)
    assert beside(copy) == []


async def test_a_damaged_database_gives_no_copy_that_looks_sound(tmp_path: Path) -> None:
    database, copy = tmp_path / "desk.db", tmp_path / "copy.db"
    store = await open_sqlite(database)
    for number in range(200):
        begun = visit(f"v{number:05}", after=number)
        await store.transact(lambda tx, begun=begun: announce(tx, begun))  # type: ignore[misc]
    await store.close()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'visit_wake'").fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * 4096 + 100)
        file.write(os.urandom(4096 - 100))
    with pytest.raises(NotSaved, match=r"damaged|cannot be copied"):
        copy_sqlite(database, copy)
    assert beside(copy) == []


def test_for_postgresql_the_command_is_told_without_a_password(house: Path, tmp_path: Path) -> None:
    text = house.read_text(encoding="utf-8")
    house.write_text(
        text.replace("database: hello30.db", "database: postgresql://hello30@db.example:5433/desk?sslmode=require"),
        encoding="utf-8",
    )
    said = backup(house, tmp_path / "copy.dump")
    assert said.exit_code == 1
    assert (
        f"pg_dump --format=custom --file={tmp_path}/copy.dump "
        "'postgresql://hello30@db.example:5433/desk?sslmode=require'" in said.stderr
    )
    secret = Postgres("postgresql://hello30:s3cret@db/desk?password=s3cret")
    assert "s3cret" not in pg_dump(secret, Path("a copy"))
    assert "'--file=a copy'" in pg_dump(secret, Path("a copy"))
