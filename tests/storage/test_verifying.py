"""A row that somebody alters, removes or inserts by hand, in each table: it is found and named, or it does no harm."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import product, zip_longest
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Boolean, Column, Text

from bot.settings import Database, Postgres
from bot.storage.findings import Finding
from bot.storage.tables import Moment, metadata
from tests.fakes import FakeChat
from tests.postgres import Server
from tests.storage.by_hand import Hand, copied
from tests.storage.told import END, PRESSED, findings, goes_on, told

TABLES = {table.name: table for table in metadata.sorted_tables}
APART = {"used_link", "session"}
"""What sign-in keeps has tests of its own: it says nothing of a visit."""
YEARS = 10**15
"""Microseconds: about thirty years."""

KINDS: Final[dict[str, dict[str, str]]] = {
    "visit": {"open": "caller IS NOT NULL", "closed": "closed_at IS NOT NULL"},
    "journal": {"first": "number = 1", "later": "number = 8", "newest": "seq = 2 AND number > 30"},
    "checkpoint": {"first": "number = 1", "newest": "number = 3"},
    "card": {
        "waiting": "waiting_since IS NOT NULL AND reader = 'sophie'",
        "shown": "waiting_since IS NULL AND NOT parked",
        "parked": "parked",
    },
    "nudge": {"waiting": "waiting_since IS NOT NULL", "sent": "outcome = 'sent'", "parked": "outcome = 'parked'"},
    "inbox": {"a press": f"key = 'web:{PRESSED}'"},
}
"""The rows of each table that are altered, by what they are; of any other table, its first one."""

HARMLESS: Final[dict[str, str]] = {
    "visit open.wake_at earlier": "the timekeeper looks too early, and puts it off until its deadline",
    "visit closed.wake_at *": "nothing is due: the timekeeper looks, and puts it off for good",
    "card *.token *": "the lease counts as lost: what was under way is sent again under its key",
    "card *.unknown *": "the message is looked up by its key before it is sent again",
    "card *.receipt *": "a message that is not found any more is posted anew",
    "card *.known_as *": "a line in its thread is taken like any other, or for another visit of its writer",
    "card *.attempts more": "the next failure gives it up, which is journaled, and the ladder goes on",
    "card waiting.waiting_since earlier": "it only says who comes first",
    "card waiting.ready_at earlier": "it is sent at once",
    "card shown.ready_at *": "nothing is to be sent; the next change of the visit sets it",
    "card parked.ready_at *": "likewise",
    "card waiting.parked other": "what waits is sent all the same",
    "card shown.parked other": "the next change of the visit takes it up again",
    "nudge *.token *": "the lease counts as lost: what was under way is sent again under its key",
    "nudge *.unknown *": "the message is looked up by its key before it is sent again",
    "nudge *.receipt *": "nobody looks for a nudge again",
    "nudge *.known_as *": "a line in its thread is taken like any other, or for another visit of its writer",
    "nudge *.attempts more": "the next failure gives it up, which is journaled, and the ladder goes on",
    "nudge *.outcome other": "what waits is sent all the same, and what does not is not",
    "nudge *.outcome inside": "likewise",
    "nudge waiting.waiting_since earlier": "it only says who comes first",
    "nudge waiting.ready_at earlier": "it is sent at once",
    "nudge sent.ready_at *": "nothing is to be sent any more",
    "nudge parked.ready_at *": "likewise",
    "hold any.adapter other": "the platform is asked at once, and asks for patience again",
    "hold any.bucket other": "likewise; and another bucket is held for a day at most",
    "hold any.until earlier": "likewise",
    "inbox a press.key other": "a repeated press is decided again, and asking for what is already so changes nothing",
    "inbox a press.answer *": "a repeated press is told something else; it is not done twice",
    "inbox a press.at earlier": "it is forgotten sooner; no platform sends the same thing again after so long",
    "kept_value any.name other": "the demo's clock begins again",
    "kept_value any.value *": "likewise",
}
"""What proves nothing when it is altered, and why that is no harm: `table kind.column how`."""

HARMLESS_REMOVED: Final[dict[str, str]] = {
    "facts any": "they were erased: the visitor is shown as … from then on",
    "card *": "the next event of the visit makes it anew",
    "nudge *": "a phone does not buzz; the card stands, and the ladder goes on",
    "hold any": "the platform is asked at once, and asks for patience again",
    "inbox a press": "a repeated press is decided again, and asking for what is already so changes nothing",
    "kept_value any": "the demo's clock begins again",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A database with its stories, closed; and what the chat platform has."""

    database: Database
    chat: FakeChat
    server: Server | None

    @property
    def hand(self) -> Hand:
        return Hand(self.database)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stories(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Give the stories in each database; whoever alters them puts them back."""
    with ExitStack() as held:
        database: Database = tmp_path_factory.mktemp("stories") / "visits.db"
        server: Server | None = None
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_server")
            assert server is not None
            database = held.enter_context(server.database())
        yield Told(database, asyncio.run(told(database)), server)


# --- which rows, and how they are altered ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Alteration:
    """One column of one row, and what is done to it."""

    table: str
    kind: str
    column: str
    how: str

    def __str__(self) -> str:
        return f"{self.table} {self.kind}.{self.column} {self.how}"


def kinds(table: str) -> dict[str, str]:
    return KINDS.get(table, {"any": "1 = 1"})


def ways(column: Column[Any]) -> Sequence[str]:
    """Give how values of a column may be altered."""
    if isinstance(column.type, Text):
        common: tuple[str, ...] = ("other", "inside")
    elif isinstance(column.type, Boolean):
        common = ("other",)
    else:
        common = ("later", "earlier") if isinstance(column.type, Moment) else ("more", "less")
    return (*common, "gone") if column.nullable else common


def altered(value: Any, how: str) -> Any:
    """Give another value; the same one where there is nothing to alter in that way."""
    match how:
        case "gone":
            return None
        case "other":
            return not value if isinstance(value, bool) or value in (0, 1) else f"{value or ''}x"
        case "inside":
            return _inside(value)
        case "later" | "earlier":
            return (value or YEARS) + (YEARS if how == "later" else -YEARS // 10)
        case _:
            return value + (900 if how == "more" else -900)


def _inside(text: Any) -> Any:
    """Alter one value of a JSON object, which is still one."""
    try:
        body = json.loads(text)
        name = next(name for name, value in sorted(body.items()) if isinstance(value, str) and value)
    except (ValueError, TypeError, AttributeError, StopIteration):
        return text
    return json.dumps(body | {name: body[name] + "x"}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


ALTERATIONS = [
    Alteration(table, kind, column.name, how)
    for table in TABLES
    if table not in APART
    for kind, column in product(kinds(table), TABLES[table].columns)
    for how in ways(column)
]


def the_row(hand: Hand, table: str, kind: str) -> dict[str, Any]:
    rows = hand.rows(f"{table} WHERE {kinds(table)[kind]}")
    assert rows, f"the stories leave no {kind} row in {table}"
    return rows[0]


def where(table: str, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give the condition that finds a row by its key, with its values."""
    key = [column.name for column in TABLES[table].primary_key]
    return " AND ".join(f"{name} = :key_{name}" for name in key), {f"key_{name}": row[name] for name in key}


def alter(hand: Hand, one: Alteration, row: dict[str, Any] | None = None) -> dict[str, Any] | None:
    """Alter a row; give it as it was, or None when there is nothing to alter in that way."""
    row = row or the_row(hand, one.table, one.kind)
    value = altered(row[one.column], one.how)
    if value == row[one.column] and type(value) is type(row[one.column]):
        return None
    mine, key = where(one.table, row)
    hand.run(f"UPDATE {one.table} SET {one.column} = :value WHERE {mine}", value=value, **key)
    return row


def reason(known: dict[str, str], what: object) -> str | None:
    return next((why for pattern, why in known.items() if fnmatchcase(str(what), pattern)), None)


def names(found: Finding, table: str, row: dict[str, Any]) -> bool:
    """Tell whether a finding names this row: its table, and its visit, its number or its key."""
    ids = {str(row[name]) for name in ("visit", "id", "number", "digest", "bucket", "key") if name in row}
    return found.table == table and any(each in found.row for each in ids)


# --- altering --------------------------------------------------------------------------------------------------------


def test_nothing_is_found_where_nobody_altered_anything(stories: Told) -> None:
    assert findings(stories.database) == []


def test_each_table_is_altered_in_each_column() -> None:
    told_apart = {(one.table, one.column) for one in ALTERATIONS}
    assert told_apart == {(name, column.name) for name, table in TABLES.items() for column in table.columns} - {
        (name, column.name) for name in APART for column in TABLES[name].columns
    }
    assert [pattern for pattern in HARMLESS if not any(fnmatchcase(str(one), pattern) for one in ALTERATIONS)] == []


FOUND = [one for one in ALTERATIONS if reason(HARMLESS, one) is None]
NOT_FOUND = [one for one in ALTERATIONS if reason(HARMLESS, one) is not None]


@pytest.mark.parametrize("table, kind", dict.fromkeys((one.table, one.kind) for one in FOUND))
def test_a_row_that_was_altered_by_hand_is_found_and_named(stories: Told, table: str, kind: str) -> None:
    missed = []
    for one in FOUND:
        if (one.table, one.kind) == (table, kind):
            with stories.hand.put_back(table):
                row = alter(stories.hand, one)
                if row and not any(names(each, table, row) for each in findings(stories.database)):
                    missed.append(str(one))
    assert missed == []
    assert findings(stories.database) == []


def rounds() -> Iterator[Sequence[Alteration]]:
    """Give alterations that can be made at once: one way for each column, and the parts of keys by themselves."""
    by_column: dict[tuple[str, str, str], list[Alteration]] = defaultdict(list)
    for one in NOT_FOUND:
        by_column[one.table, one.kind, one.column].append(one)
    keys = {place for place in by_column if TABLES[place[0]].columns[place[2]].primary_key}
    yield from ([one for place in keys if place[2] == name for one in by_column[place]] for _, _, name in sorted(keys))
    others = [ways for place, ways in by_column.items() if place not in keys]
    yield from ([one for one in each if one] for each in zip_longest(*others))


@pytest.mark.parametrize("together", list(rounds()))
def test_what_is_altered_and_not_found_does_no_harm(
    stories: Told, together: Sequence[Alteration], tmp_path: Path
) -> None:
    with copied(stories.database, tmp_path, stories.server) as database:
        rows = {(one.table, one.kind): the_row(Hand(database), one.table, one.kind) for one in together}
        for one in together:
            alter(Hand(database), one, rows[one.table, one.kind])
        assert findings(database) == []
        asyncio.run(goes_on(database, stories.chat))
        assert findings(database) == []


BODIES = (("journal", "event"), ("visit", "state"), ("facts", "body"), ("checkpoint", "entries"), ("policy", "body"))
KEYS = (("visit", "id"), ("journal", "visit"), ("visit_person", "person"), ("nudge", "key"), ("policy", "digest"))


@pytest.mark.parametrize("table, column", [*BODIES, *KEYS, ("checkpoint", "hash"), ("card", "reader")])
@pytest.mark.parametrize("value", ["CAST(:value AS TEXT)", ":value"])
def test_bytes_that_are_no_text_are_found_and_stop_no_proof(stories: Told, table: str, column: str, value: str) -> None:
    if isinstance(stories.database, Postgres):
        pytest.skip("PostgreSQL takes no such text")
    with stories.hand.put_back(table):
        first = f"(SELECT min(rowid) FROM {table})"
        stories.hand.run(f"UPDATE {table} SET {column} = {value} WHERE rowid = {first}", value=b"\xffA")
        found = findings(stories.database)
        assert any(each.table == table for each in found)
        for each in found:
            assert str(each).encode().decode() == str(each)


def test_an_id_that_is_no_text_is_named_with_all_that_belonged_to_it(stories: Told) -> None:
    if isinstance(stories.database, Postgres):
        pytest.skip("PostgreSQL takes no such text")
    with stories.hand.put_back("visit"):
        row = the_row(stories.hand, "visit", "closed")
        stories.hand.run("UPDATE visit SET id = CAST(:odd AS TEXT) WHERE id = :id", odd=b"\xffA", id=row["id"])
        found = list(map(str, findings(stories.database)))
        assert "visit: visit \\udcffA has an id that is no text." in found
        assert f"journal: rows of visit {row['id']} belong to a visit that is not there." in found


@pytest.mark.parametrize("table, column", BODIES)
@pytest.mark.parametrize(
    "value",
    ["[" * 60_000, '{"99999999999999999999":"x"}', '{"-1":"x"}', "9" * 5_000],
    ids=["deep", "beyond", "below", "long"],
)
def test_json_that_no_reader_bears_is_found_and_stops_no_proof(
    stories: Told, table: str, column: str, value: str
) -> None:
    with stories.hand.put_back(table):
        stories.hand.run(f"UPDATE {table} SET {column} = :value", value=value)
        assert any(each.table == table for each in findings(stories.database))


@pytest.mark.parametrize(
    "change, wanted",
    [
        ("DELETE FROM sqlite_sequence", ["checkpoint: its counter is missing.", "journal: its counter is missing."]),
        (
            "UPDATE sqlite_sequence SET seq = 1",
            [
                "checkpoint: its counter says 1, and the table has number 2.",
                "journal: its counter says 1, and the table has number 33.",
            ],
        ),
        (
            "UPDATE sqlite_sequence SET seq = 'x'",
            ["checkpoint: its counter is no number.", "journal: its counter is no number."],
        ),
        (
            "UPDATE sqlite_sequence SET seq = CAST(x'ff' AS TEXT), name = CAST(x'ff' AS TEXT)",
            ["checkpoint: its counter is missing.", "journal: its counter is missing."],
        ),
    ],
)
def test_on_sqlite_a_counter_that_was_altered_with_the_newest_checkpoint_is_found(
    stories: Told, change: str, wanted: list[str]
) -> None:
    if isinstance(stories.database, Postgres):
        pytest.skip("PostgreSQL counts elsewhere")
    with stories.hand.put_back("checkpoint"):
        stories.hand.run("DELETE FROM checkpoint WHERE number = 3", change)
        assert sorted(each for each in map(str, findings(stories.database)) if "counter" in each) == wanted


def test_on_postgresql_a_counter_that_was_set_back_or_dropped_is_found(stories: Told, tmp_path: Path) -> None:
    if not isinstance(stories.database, Postgres):
        pytest.skip("SQLite counts elsewhere")
    changes = {
        "SELECT setval('checkpoint_number_seq', 1)": "checkpoint: its counter says 1, and the table has number 3.",
        "SELECT setval('journal_number_seq', 30)": "journal: its counter says 30, and the table has number 33.",
        "ALTER TABLE checkpoint ALTER number DROP DEFAULT": "",
        "DROP SEQUENCE checkpoint_number_seq CASCADE": "checkpoint: its counter is missing.",
        "DROP SEQUENCE journal_number_seq CASCADE": "journal: its counter is missing.",
    }
    for change, wanted in changes.items():
        with copied(stories.database, tmp_path, stories.server) as database:
            Hand(database).run(change)
            found = [each for each in map(str, findings(database)) if "counter" in each]
            assert found == ([wanted] if wanted else []), change


def test_text_where_a_moment_should_be_is_found_and_stops_no_proof(stories: Told) -> None:
    if isinstance(stories.database, Postgres):
        pytest.skip("PostgreSQL takes no text there")
    columns = [
        (name, column.name)
        for name, table in TABLES.items()
        for column in table.columns
        if isinstance(column.type, Moment) and name not in APART
    ]
    for (table, column), value in product(columns, ("soon", b"\xff\x00")):
        with stories.hand.put_back(table):
            stories.hand.run(f"UPDATE {table} SET {column} = :value", value=value)
            found = findings(stories.database)
            assert found, (table, column)


ODD = (-(10**18), 9 * 10**18)
"""Numbers that are no moments."""


def test_a_number_that_is_no_moment_is_found_in_whatever_waits(stories: Told) -> None:
    columns = {"visit": ["wake_at"], "card": ["waiting_since", "ready_at"], "nudge": ["waiting_since", "ready_at"]}
    for table, kept in columns.items():
        for column, value in product(kept, ODD):
            with stories.hand.put_back(table):
                row = the_row(stories.hand, table, next(iter(kinds(table))))
                mine, key = where(table, row)
                stories.hand.run(f"UPDATE {table} SET {column} = :value WHERE {mine}", value=value, **key)
                assert any(names(each, table, row) for each in findings(stories.database)), (column, value)


@pytest.mark.parametrize("tries", [-1, 1001, 2**31 - 1])
def test_tries_that_there_never_were_are_found(stories: Told, tries: int) -> None:
    for table in ("card", "nudge"):
        with stories.hand.put_back(table):
            row = the_row(stories.hand, table, "waiting")
            mine, key = where(table, row)
            stories.hand.run(f"UPDATE {table} SET attempts = :tries WHERE {mine}", tries=tries, **key)
            [found] = findings(stories.database)
            assert names(found, table, row)
            assert found.what == "counts tries that there never were"


def test_a_visit_that_was_put_off_a_moment_ago_is_no_finding(stories: Told) -> None:
    end = (END - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    row = the_row(stories.hand, "visit", "open")
    mine, key = where("visit", row)
    for minutes, is_found in ((1.1, False), (60 * 24, True)):
        with stories.hand.put_back("visit"):
            wake = max(end, row["wake_at"]) + int(minutes * 60_000_000)
            stories.hand.run(f"UPDATE visit SET wake_at = :wake WHERE {mine}", wake=wake, **key)
            assert bool(findings(stories.database)) is is_found


# --- removing --------------------------------------------------------------------------------------------------------


REMOVED = [(table, kind) for table in TABLES if table not in APART for kind in kinds(table)]


def remove(hand: Hand, table: str, kind: str) -> dict[str, Any]:
    row = the_row(hand, table, kind)
    mine, key = where(table, row)
    hand.run(f"DELETE FROM {table} WHERE {mine}", **key)
    return row


@pytest.mark.parametrize("table, kind", REMOVED)
def test_a_row_that_was_removed_is_found_or_does_no_harm(stories: Told, table: str, kind: str, tmp_path: Path) -> None:
    harmless = reason(HARMLESS_REMOVED, f"{table} {kind}") is not None
    with copied(stories.database, tmp_path, stories.server) as database:
        row = remove(Hand(database), table, kind)
        found = findings(database)
        if not harmless:
            ids = [str(row[name]) for name in ("visit", "id", "number", "digest") if name in row]
            assert any(any(each in str(one) for each in ids) for one in found), list(map(str, found))
            return
        assert found == []
        if table != "facts":
            asyncio.run(goes_on(database, stories.chat))
            assert findings(database) == []


def test_a_checkpoint_that_was_removed_is_missed(stories: Told) -> None:
    for number, kept in ((1, "checkpoint: checkpoint 1 is missing."), (3, "checkpoint: checkpoint 3 is missing.")):
        with stories.hand.put_back("checkpoint"):
            stories.hand.run(f"DELETE FROM checkpoint WHERE number = {number}")
            assert kept in list(map(str, findings(stories.database)))


def test_without_any_checkpoint_all_of_them_are_missed(stories: Told) -> None:
    with stories.hand.put_back("checkpoint"):
        stories.hand.run("DELETE FROM checkpoint")
        assert list(map(str, findings(stories.database))) == ["checkpoint: checkpoints 1 to 3 are missing."]


def test_an_entry_that_was_removed_is_named_with_the_checkpoint_that_holds_it(stories: Told) -> None:
    with stories.hand.put_back("journal"):
        stories.hand.run("DELETE FROM journal WHERE number = 8")
        found = list(map(str, findings(stories.database)))
        assert "journal: entry 8 is missing: checkpoint 2 holds it." in found
        assert any("stands where the 3rd entry of its visit should be" in each for each in found)


def test_a_whole_visit_that_was_removed_everywhere_is_missed(stories: Told) -> None:
    visit = the_row(stories.hand, "visit", "closed")["id"]
    tables = ("card", "nudge", "facts", "visit_person", "journal", "visit")
    with stories.hand.put_back(*tables):
        numbers = [row["number"] for row in stories.hand.rows("journal WHERE visit = :visit", visit=visit)]
        for table in tables:
            column = "id" if table == "visit" else "visit"
            stories.hand.run(f"DELETE FROM {table} WHERE {column} = :visit", visit=visit)
        found = findings(stories.database)
        assert [f"journal: entry {n} is missing: checkpoint 1 holds it." for n in sorted(numbers)] == list(
            map(str, found)
        )


def test_orphans_of_a_visit_that_was_removed_are_named(stories: Told) -> None:
    visit = the_row(stories.hand, "visit", "open")["id"]
    with stories.hand.put_back("visit"):
        stories.hand.run("DELETE FROM visit WHERE id = :visit", visit=visit)
        found = {each.table for each in findings(stories.database) if visit in each.row}
        assert found == {"journal", "visit_person", "facts", "card", "nudge"}
