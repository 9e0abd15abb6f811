"""`hello30 replay`: a visit rebuilt step by step, as an operator reads it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot import config
from bot.domain.visit import Callback, Hello
from bot.language.catalogue import LANGUAGES, built_in
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


HELLO_LATE = {
    "en": """
        Visit v3, site montreal, policy office, times by America/Montreal
        hello: owed
        callback: none
        here: yes
        question: none
        late callback: none
        next: none
        question: none → Martin Gagnon, steps fired: 0 of 3
        next: none → 2026-03-02 10:01:00
        question: Martin Gagnon, steps fired: 0 of 3 → Martin Gagnon, steps fired: 1 of 3
        next: 2026-03-02 10:01:00 → 2026-03-02 10:02:00
        hello: owed → promised (Martin Gagnon, 2026-03-02 10:03:00)
        question: Martin Gagnon, steps fired: 1 of 3 → none
        next: 2026-03-02 10:02:00 → 2026-03-02 10:05:00
        hello: promised (Martin Gagnon, 2026-03-02 10:03:00) → owed
        next: 2026-03-02 10:05:00 → none
        question: none → Martin Gagnon, steps fired: 0 of 3
        next: none → 2026-03-02 10:05:00
        question: Martin Gagnon, steps fired: 0 of 3 → Martin Gagnon, steps fired: 1 of 3, has the responder come?
        next: 2026-03-02 10:05:00 → 2026-03-02 10:07:00
        question: Martin Gagnon, steps fired: 1 of 3, has the responder come? → Martin Gagnon, steps fired: 1 of 3
        question: Martin Gagnon, steps fired: 1 of 3 → Sophie Roy, steps fired: 2 of 3
        next: 2026-03-02 10:07:00 → 2026-03-02 10:10:00
        hello: owed → given
        here: yes → no
        question: Sophie Roy, steps fired: 2 of 3 → none
        next: 2026-03-02 10:10:00 → none
        The 10 entries make exactly the visit that is stored. Whether anything was changed since they were written: \
hello30 log verify.
        """,
    "fr": """
        Visite v3, site montreal, politique office, heures selon America/Montreal
        rencontre : due
        rappel : aucun
        sur place : oui
        question : aucune
        question du rappel en retard : aucune
        prochaine étape : aucune
        question : aucune → Martin Gagnon, étapes franchies : 0 sur 3
        prochaine étape : aucune → 2026-03-02 10:01:00
        question : Martin Gagnon, étapes franchies : 0 sur 3 → Martin Gagnon, étapes franchies : 1 sur 3
        prochaine étape : 2026-03-02 10:01:00 → 2026-03-02 10:02:00
        rencontre : due → promise (Martin Gagnon, 2026-03-02 10:03:00)
        question : Martin Gagnon, étapes franchies : 1 sur 3 → aucune
        prochaine étape : 2026-03-02 10:02:00 → 2026-03-02 10:05:00
        rencontre : promise (Martin Gagnon, 2026-03-02 10:03:00) → due
        prochaine étape : 2026-03-02 10:05:00 → aucune
        question : aucune → Martin Gagnon, étapes franchies : 0 sur 3
        prochaine étape : aucune → 2026-03-02 10:05:00
        question : Martin Gagnon, étapes franchies : 0 sur 3 → Martin Gagnon, étapes franchies : 1 sur 3 ; la \
rencontre a eu lieu ?
        prochaine étape : 2026-03-02 10:05:00 → 2026-03-02 10:07:00
        question : Martin Gagnon, étapes franchies : 1 sur 3 ; la rencontre a eu lieu ? → Martin Gagnon, étapes \
franchies : 1 sur 3
        question : Martin Gagnon, étapes franchies : 1 sur 3 → Sophie Roy, étapes franchies : 2 sur 3
        prochaine étape : 2026-03-02 10:07:00 → 2026-03-02 10:10:00
        rencontre : due → faite
        sur place : oui → non
        question : Sophie Roy, étapes franchies : 2 sur 3 → aucune
        prochaine étape : 2026-03-02 10:10:00 → aucune
        10 entrées redonnent exactement la visite enregistrée. Pour savoir si quelque chose a changé depuis : \
hello30 log verify.
        """,
}
"""A late hello in both languages, but for the story's own lines: how they write a day depends on today."""


@pytest.mark.parametrize("language", HELLO_LATE)
def test_all_of_it_is_in_the_language_that_was_asked_for(told: Path, hello30: Command, language: str) -> None:
    _, where, *lines, _, verdict = hello30("replay", "v3", "--config", told, "--lang", language).stdout.splitlines()
    shown = [where, *(line.strip() for line in lines if line.startswith(" " * 7)), verdict]
    assert shown == [line.strip() for line in HELLO_LATE[language].strip().splitlines()]


@pytest.mark.parametrize(
    "change, said",
    [
        ("DELETE FROM visit WHERE id = 'v1'", "Aucune visite enregistrée ne permet la comparaison"),
        ("DELETE FROM journal WHERE visit = 'v1' AND seq > 3", "L'entrée 4 manque."),
        ("UPDATE visit SET version = 4 WHERE id = 'v1'", "L'entrée 5 n'a pas été enregistrée avec la visite."),
        ("DELETE FROM journal WHERE visit = 'v1' AND seq = 2", "L'entrée 3 n'a pas pu se produire à ce moment ("),
        (
            "UPDATE visit SET state = replace(state, '\"martin\"', '\"sophie\"')",
            "La visite enregistrée diffère, dans : ",
        ),
    ],
)
def test_what_was_altered_is_told_in_french_too(lived: Path, hello30: Command, change: str, said: str) -> None:
    hand(lived).run(change)
    result = hello30("replay", "v1", "--config", lived, "--lang", "fr")
    assert result.exit_code == 1
    verdict = result.stdout.splitlines()[-1]
    assert verdict.startswith(said)
    assert verdict.endswith("`hello30 log verify` dit ce qui a changé.")


def test_every_state_of_both_tracks_has_a_word_in_each_language() -> None:
    for language in LANGUAGES:
        known = built_in(language).sentences
        for track, states in (("hello", Hello), ("callback", Callback)):
            assert {f"replay.{track}_{state.value}" for state in states} <= known.keys()


def test_in_french_and_as_json(told: Path, hello30: Command) -> None:
    steps = json.loads(hello30("replay", "v7", "--config", told, "--json", "--lang", "fr").stdout)["steps"]
    assert [step["entry"] for step in steps] == list(range(1, len(steps) + 1))
    assert "appelé sans réponse" in " ".join(step["text"] for step in steps)
    assert steps[-1]["changed"]["callback"]["to"] == "unreachable"
    assert set(steps[0]["changed"]) == {"hello", "callback", "here", "question", "late_callback", "next"}
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
