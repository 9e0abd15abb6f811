"""`hello30 log`, for people and for programs."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot import config
from bot.storage.databases import open_sqlite
from tests.commandline.conftest import Command
from tests.commandline.day import Counter, at, file_of, front_desk, tell


def listed(hello30: Command, told: Path, *words: str) -> list[dict[str, Any]]:
    result = hello30("log", "--config", told, "--json", *words)
    assert result.exit_code == 0, result.stderr
    visits: list[dict[str, Any]] = json.loads(result.stdout)
    return visits


def ids(visits: list[dict[str, Any]]) -> str:
    return " ".join(visit["visit"] for visit in visits)


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_visit_is_a_line_for_each_promise(told: Path, hello30: Command) -> None:
    result = hello30("log", "--config", told)
    lines = result.stdout.splitlines()
    assert lines[0].split("  ")[0] == "When"
    first = "2026-03-02 9:12 AM   Julie Tremblay (Chambre de commerce)  Martin Gagnon    hello, 9:15 AM"
    assert lines[1].startswith(first)
    assert lines[1].endswith("kept")
    assert lines[2].endswith("moved → 3:00 PM")
    assert lines[3].split() == ["callback,", "3:00", "PM", "Sophie", "Roy", "kept"]
    assert not any(line != line.rstrip() or "\x1b" in line for line in lines)


@pytest.mark.parametrize(
    "visitor, becomes",
    [
        ("Robert Côté", "kept late"),
        ("Anne Roy", "broken"),
        ("Luc Fortin", "left unseen"),
        ("Paul Nguyen", "open"),
        ("Nobody", "Nobody was waiting: the visit had been posted by mistake."),
    ],
)
def test_what_became_of_it_stands_at_the_end(told: Path, hello30: Command, visitor: str, becomes: str) -> None:
    lines = hello30("log", "--config", told, "--all").stdout.splitlines()
    [line] = [line for line in lines if visitor in line and line.startswith("2026")]
    assert line.endswith(becomes)


def test_a_callback_that_a_colleague_made_says_who_called(told: Path, hello30: Command) -> None:
    lines = hello30("log", "--config", told).stdout.splitlines()
    place = next(number for number, line in enumerate(lines) if "Anne Roy" in line)
    assert "Martin Gagnon (hello30)" in lines[place]
    assert lines[place + 1].strip() == "Sophie Roy called Anne Roy."


def test_in_french(told: Path, hello30: Command) -> None:
    out = hello30("log", "--config", told, "--lang", "fr").stdout
    assert out.startswith("Quand")
    assert "promesse tenue" in out
    assert "2026-03-02 9 h 12" in out
    assert "kept" not in out


def test_a_name_does_not_steer_the_terminal(house: Path, hello30: Command) -> None:
    def comes(counter: Counter) -> None:
        counter.comes(at("09:00"), "v1", "\x1b[2JJulie\n[red]", "martin")

    settings = config.load(house)

    async def live() -> None:
        store = await open_sqlite(file_of(settings))
        await store.transact(lambda tx: comes(Counter(tx, front_desk(settings))))
        await store.close()

    asyncio.run(live())
    out = hello30("log", "--config", house).stdout
    assert "[2JJulie [red]" in out
    assert "\x1b" not in out


def test_an_empty_log_has_its_columns(house: Path, hello30: Command) -> None:
    settings = config.load(house)

    async def live() -> None:
        await (await open_sqlite(file_of(settings))).close()

    asyncio.run(live())
    assert hello30("log", "--config", house).stdout.splitlines()[0].startswith("When")
    assert listed(hello30, house) == []


# --- JSON and CSV ----------------------------------------------------------------------------------------------------


def test_json_tells_all(told: Path, hello30: Command) -> None:
    first, *_ = listed(hello30, told)
    [promise] = first.pop("promises")
    assert first == {
        "visit": "v1",
        "arrived": "2026-03-02T09:12:00-05:00",
        "site": "montreal",
        "via": "in_person",
        "kind": "supplier",
        "visitor": "Julie Tremblay",
        "company": "Chambre de commerce",
        "owner": "martin",
        "owner_name": "Martin Gagnon",
        "announced_by": "nadia",
        "became": "given",
        "greeted_by": "martin",
        "called_by": None,
        "closed": "2026-03-02T09:14:00-05:00",
    }
    assert promise == {
        "promise": "v1.4",
        "what": "hello",
        "by": "martin",
        "by_name": "Martin Gagnon",
        "origin": "person",
        "entered_by": None,
        "made": "2026-03-02T09:13:00-05:00",
        "due": "2026-03-02T09:15:00-05:00",
        "fate": "kept",
        "settled": "2026-03-02T09:14:00-05:00",
        "moved_to": None,
    }


def test_csv_has_a_line_for_each_promise_and_no_formula(told: Path, hello30: Command) -> None:
    out = hello30("log", "--config", told, "--csv").stdout
    lines = list(csv.DictReader(io.StringIO(out)))
    moved, kept = (line for line in lines if line["visit"] == "v2")
    assert (moved["visitor"], moved["company"]) == ("'=1+1", "'@home")
    assert (moved["fate"], moved["moved_to"]) == ("moved", kept["due"])
    assert kept["fate"] == "kept"
    assert [line["promise"] for line in lines if line["visit"] == "v5"] == [""]
    assert len({line["promise"] for line in lines if line["promise"]}) == len(
        [line for line in lines if line["promise"]]
    )
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line.values())


def test_an_erased_visitor_is_null(told: Path, tmp_path: Path, hello30: Command) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(file_of(config.load(told)), copy)
    with closing(sqlite3.connect(copy)) as raw, raw:
        raw.execute("DELETE FROM facts WHERE visit = 'v1'")
    first = listed(hello30, told, "--database", str(copy))[0]
    assert (first["visitor"], first["company"]) == (None, None)
    assert "…  " in hello30("log", "--config", told, "--database", copy).stdout


# --- filters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, expected",
    [
        ("", "v1 v2 v3 v4 v5 v7 v8"),
        ("--all", "v1 v2 v3 v4 v5 v6 v7 v8"),
        ("--open", "v8"),
        ("--since 2026-03-03", "v8"),
        ("--until 2026-03-02 --owner sophie", "v2"),
        ("--owner Marty", "v1 v3 v4"),
        ("--owner bouchard", "v5 v7"),
        ("--site montreal --since 2026-03-02 --until 2026-03-03", "v1 v2 v3 v4 v5 v7 v8"),
        ("--since 2027-01-01", ""),
    ],
)
def test_filters(told: Path, hello30: Command, words: str, expected: str) -> None:
    assert ids(listed(hello30, told, *words.split())) == expected


def test_a_database_alone_is_told_by_ids_and_in_utc(told: Path, hello30: Command) -> None:
    result = hello30(
        "log", "--database", config.load(told).database, "--json", "--owner", "martin", "--site", "montreal"
    )
    first, *_ = json.loads(result.stdout)
    assert (first["owner_name"], first["arrived"]) == ("martin", "2026-03-02T14:12:00+00:00")


def test_who_has_left_the_directory_is_still_found_by_id(told: Path, hello30: Command) -> None:
    text = told.read_text(encoding="utf-8")
    fewer = told.parent / "fewer.yaml"
    fewer.write_text(text.replace("sophie", "zoe").replace("Sophie", "Zoé"), encoding="utf-8")
    result = hello30("log", "--config", fewer, "--owner", "sophie", "--json")
    assert [(visit["visit"], visit["owner_name"]) for visit in json.loads(result.stdout)] == [
        ("v2", "sophie"),
        ("v8", "sophie"),
    ]


def test_beside_a_running_bot(house: Path, hello30: Command) -> None:
    database = tell(house)

    async def live() -> None:
        store = await open_sqlite(database)
        before = {file.name for file in database.parent.iterdir()}
        result = await asyncio.to_thread(hello30, "log", "--config", house, "--json", "--open")
        assert [visit["visit"] for visit in json.loads(result.stdout)] == ["v8"]
        assert {file.name for file in database.parent.iterdir()} == before
        await store.close()

    asyncio.run(live())


# --- wrong use -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words, advice",
    [
        ("--owner martn", 'did you mean "martin"?'),
        ("--site montral", 'did you mean "montreal"?'),
        ("--owner nobody", 'nobody goes by the name "nobody": write nadia, martin, sophie or claire'),
        ("--owner bouchar", 'did you mean "Claire Bouchard"?'),
        ("--site nowhere", 'there is no site "nowhere": write montreal'),
        ("--since yesterday", "please write it as 2026-03-04"),
        ("--since 2026-03-03 --until 2026-03-02", "please exchange them"),
        ("--json --csv", "please choose one of them"),
        ("--lang de", "please choose en or fr"),
    ],
)
def test_wrong_use_is_told_kindly(told: Path, hello30: Command, words: str, advice: str) -> None:
    result = hello30("log", "--config", told, *words.split())
    assert result.exit_code == 2
    assert advice in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "database, advice",
    [
        ("", '"" is no database: write a file such as hello30.db'),
        (
            "postgresql:x",
            '"postgresql:x" is no database: write a file such as hello30.db, or postgresql://user@host/name',
        ),
        ("mysql://host/name", '"mysql" is no database that is known: write a file'),
        ("postgresql://me:secret@host/name", "a password does not belong on the command line: take it out, and set PG"),
    ],
)
@pytest.mark.parametrize("command", [("log",), ("log", "verify"), ("replay", "v1")])
def test_what_is_no_database_is_told_as_in_a_configuration(
    hello30: Command, command: tuple[str, ...], database: str, advice: str
) -> None:
    result = hello30(*command, "--database", database)
    assert (result.exit_code, result.stdout) == (2, "")
    assert advice in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.parametrize(
    "words, advice",
    [("--owner nobody", 'nobody goes by the name "nobody" here.'), ("--site nowhere", 'no site "nowhere" here.')],
)
def test_a_database_alone_knows_no_name_to_propose(told: Path, hello30: Command, words: str, advice: str) -> None:
    result = hello30("log", "--database", config.load(told).database, *words.split())
    assert result.exit_code == 2
    assert advice in result.stderr


def test_two_people_of_one_name_are_a_choice(told: Path, hello30: Command) -> None:
    two = told.parent / "two.yaml"
    text = told.read_text(encoding="utf-8")
    two.write_text(text.replace("name: Sophie Roy", "name: Martin Roy"), encoding="utf-8")
    result = hello30("log", "--config", two, "--owner", "martin roy", "--json")
    assert result.exit_code == 0
    text = (
        text.replace("  martin:\n", "  mgagnon:\n").replace("[martin]", "[mgagnon]").replace("web: martin", "web: mg")
    )
    two.write_text(text.replace("name: Sophie Roy", "name: Martin Roy"), encoding="utf-8")
    result = hello30("log", "--config", two, "--owner", "Martin")
    assert result.exit_code == 2
    assert "Martin Gagnon (mgagnon), Martin Roy (sophie). Please use an id." in result.stderr


def test_a_database_that_is_not_there(house: Path, hello30: Command) -> None:
    result = hello30("log", "--config", house)
    assert result.exit_code == 1
    assert result.stderr.startswith("There is no database ")
    assert not (house.parent / "hello30.db").exists()
