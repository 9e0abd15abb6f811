"""`hello30 log verify`, as an operator sees it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot import config
from bot.settings import Postgres
from bot.storage.databases import open_sqlite, open_store
from tests.commandline import day
from tests.commandline.conftest import Command
from tests.postgres import Server
from tests.storage.by_hand import Hand
from tests.storage.told import tell


@pytest.fixture
def proved(house: Path) -> Path:
    """Give the file of a configuration whose database holds the day, and a checkpoint of it."""
    day.tell(house)

    async def live() -> None:
        store = await open_sqlite(database_of(house))
        await store.checkpoint(day.at("09:45", tuesday=True))
        await store.close()

    asyncio.run(live())
    return house


def database_of(house: Path) -> Path:
    database = config.load(house).database
    assert isinstance(database, Path)
    return database


def test_a_journal_that_nobody_touched_is_proved(proved: Path, hello30: Command) -> None:
    result = hello30("log", "verify", "--config", proved)
    assert result.exit_code == 0, result.output
    first, newest, advice = result.stdout.splitlines()
    assert first == "Proved: 63 entries of 8 visits, 1 checkpoint."
    assert newest.startswith("Newest checkpoint: 1, ")
    told = newest.rsplit(" ", 1)[1]
    assert f"hello30 log verify --expect {told}" in advice

    again = hello30("log", "verify", "--config", proved, "--expect", told)
    assert again.exit_code == 0
    assert "The checkpoint that was expected is among them." in again.stdout


def test_what_is_found_is_a_line_each_and_the_status_is_1(proved: Path, hello30: Command) -> None:
    Hand(database_of(proved)).run("UPDATE journal SET through = 'nobody' WHERE number = 3")
    result = hello30("log", "verify", "--database", database_of(proved))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "journal: entry 3 (visit v1, 3rd entry) was altered.",
        "Found: 1 thing not as hello30 wrote it.",
    ]


def test_as_json(proved: Path, hello30: Command) -> None:
    proof = json.loads(hello30("log", "verify", "--config", proved, "--json").stdout)
    assert (proof["proved"], proof["entries"], proof["visits"], proof["findings"]) == (True, 63, 8, [])
    assert proof["newest_checkpoint"]["at"] == "2026-03-03T14:45:00+00:00"
    Hand(database_of(proved)).run("DELETE FROM journal WHERE number = 63")
    result = hello30("log", "verify", "--config", proved, "--json")
    assert result.exit_code == 1
    proof = json.loads(result.stdout)
    assert not proof["proved"]
    assert {"table": "journal", "row": "entry 63", "what": "is missing: checkpoint 1 holds it"} in proof["findings"]


def test_a_moment_that_hello30_never_wrote_ends_nothing(proved: Path, hello30: Command) -> None:
    Hand(database_of(proved)).run("UPDATE checkpoint SET at = 9223372036854775807")
    result = hello30("log", "verify", "--config", proved, "--json")
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout)["newest_checkpoint"]["at"].startswith("9999-01-01")


def test_before_the_first_checkpoint_it_says_when_there_will_be_one(house: Path, hello30: Command) -> None:
    day.tell(house)
    out = hello30("log", "verify", "--config", house).stdout
    assert "63 entries of 8 visits, 0 checkpoints." in out
    assert "hello30 writes a checkpoint every minute" in out


def test_another_journal_than_the_one_that_was_expected_is_told(proved: Path, hello30: Command) -> None:
    result = hello30("log", "verify", "--config", proved, "--expect", "0" * 64)
    assert result.exit_code == 1
    assert "the journal was written anew, or this is another or an older one" in result.stdout


@pytest.mark.parametrize(
    "words, advice",
    [
        (("--expect", "9f2c41"), "please write all of it"),
        (("--database", "nowhere.db"), "There is no database nowhere.db."),
        (("--database", "mysql://somewhere/x"), "postgresql://"),
    ],
)
def test_what_cannot_be_read_is_told_kindly(hello30: Command, words: tuple[str, ...], advice: str) -> None:
    result = hello30("log", "verify", *words)
    assert result.exit_code in (1, 2)
    assert advice in result.stderr
    assert "Traceback" not in result.output


def test_options_of_the_log_belong_behind_the_word_verify(proved: Path, hello30: Command) -> None:
    result = hello30("log", "--config", proved, "verify")
    assert result.exit_code == 2
    assert "please write the options after `verify`" in result.stderr


def test_a_postgresql_is_named_by_its_url(postgres_server: Server, hello30: Command) -> None:
    async def live(database: Postgres) -> None:
        store = await open_store(database)
        await tell(store)
        await store.close()

    with postgres_server.database() as database:
        asyncio.run(live(database))
        result = hello30("log", "verify", "--database", database.url)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("Proved: 33 entries of 5 visits, 3 checkpoints.")
        assert hello30("log", "--database", database.url).exit_code == 0
