"""`hello30 replay`: a visit rebuilt step by step, as an operator reads it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot import config
from tests.commandline import day
from tests.commandline.conftest import Command
from tests.storage.by_hand import Hand


@pytest.fixture
def lived(house: Path) -> Path:
    """Give the file of a configuration whose database holds the day, to be altered."""
    day.tell(house)
    return house


def hand(house: Path) -> Hand:
    return Hand(config.load(house).database)


def test_each_step_says_what_happened_and_what_it_made_of_the_visit(told: Path, hello30: Command) -> None:
    result = hello30("replay", "v1", "--config", told)
    assert result.exit_code == 0, result.output
    title, where, _, first, *rest = result.stdout.splitlines()
    assert title == "Julie Tremblay (Chambre de commerce) for Martin Gagnon"
    assert where == "Visit v1, site montreal, policy office, times by America/Montreal"
    assert first.startswith("  1  2026-03-02 09:12:00  Nadia Benali announced Julie Tremblay (Chambre de commerce)")
    assert first.endswith("[web]")
    assert "       hello: owed" in rest
    assert "       hello: owed → promised (Martin Gagnon, 2026-03-02 09:15:00)" in rest
    assert "       here: yes → no" in rest
    assert rest[-1].startswith("The ")
    assert "entries make exactly the visit that is stored." in rest[-1]


def test_in_french_and_as_json(told: Path, hello30: Command) -> None:
    steps = json.loads(hello30("replay", "v7", "--config", told, "--json", "--lang", "fr").stdout)["steps"]
    assert [step["entry"] for step in steps] == list(range(1, len(steps) + 1))
    assert "appelé sans réponse" in " ".join(step["text"] for step in steps)
    assert steps[-1]["changed"]["callback"]["to"] == "unreachable"
    assert steps[-1]["at"].endswith("-05:00")


def test_the_beginning_of_an_id_is_enough_where_it_is_one_visits(told: Path, hello30: Command) -> None:
    result = hello30("replay", "v", "--config", told)
    assert result.exit_code == 1
    assert "Several visits begin with" in result.stderr


@pytest.mark.parametrize("name", ["nobody", "", "%"])
def test_an_id_that_there_is_not_is_told_kindly(told: Path, hello30: Command, name: str) -> None:
    result = hello30("replay", name, "--config", told)
    assert result.exit_code == 1
    assert "There is no visit whose id begins with" in result.stderr


def test_an_erased_visitor_has_no_name(lived: Path, hello30: Command) -> None:
    hand(lived).run("DELETE FROM facts WHERE visit = 'v1'")
    result = hello30("replay", "v1", "--config", lived)
    assert result.exit_code == 0
    assert "Julie" not in result.stdout


def test_a_stored_visit_that_is_another_one_is_told_by_its_fields(lived: Path, hello30: Command) -> None:
    [row] = hand(lived).rows("visit WHERE id = 'v1'")
    state = json.dumps(json.loads(row["state"]) | {"owner": "sophie", "here": True})
    hand(lived).run("UPDATE visit SET state = :state WHERE id = 'v1'", state=state)
    result = hello30("replay", "v1", "--config", lived)
    assert result.exit_code == 1
    assert "The visit that is stored is another one, in: owner, here." in result.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "change, said",
    [
        ("DELETE FROM visit WHERE id = 'v1'", "There is no stored visit to compare it with"),
        ("UPDATE visit SET state = '{}' WHERE id = 'v1'", "There is no stored visit to compare it with"),
        ("UPDATE journal SET event = '{}' WHERE visit = 'v1' AND seq = 2", "cannot be read"),
        ("DELETE FROM journal WHERE visit = 'v1' AND seq = 1", "cannot have happened"),
        ("DELETE FROM journal WHERE visit = 'v1' AND seq > 3", "Entry 4 is missing"),
        ("UPDATE facts SET body = 'x' WHERE visit = 'v1'", "exactly the visit that is stored"),
    ],
)
def test_what_was_altered_by_hand_is_told_kindly(lived: Path, hello30: Command, change: str, said: str) -> None:
    hand(lived).run(change)
    result = hello30("replay", "v1", "--config", lived)
    assert said in result.output
    assert "Something went wrong" not in result.output


def test_an_entry_that_was_removed_is_said(lived: Path, hello30: Command) -> None:
    database = config.load(lived).database
    assert isinstance(database, Path)
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute("DROP TRIGGER journal_delete")
        raw.execute("DELETE FROM journal WHERE visit = 'v1' AND seq = 3")
    result = hello30("replay", "v1", "--config", lived)
    assert result.exit_code == 1
    assert "Entry 3" in result.stdout or "cannot have happened then" in result.stdout
