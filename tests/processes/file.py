"""The database as it lies on the disk, read from outside the program."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.demo.clock import KEPT_AS
from bot.domain import events as e
from bot.domain.events import Event
from bot.domain.lifecycle import replay
from bot.domain.policy import Policy
from bot.storage import codec


@dataclass(frozen=True)
class Kept:
    """What a file holds: the journal of each visit by its id, and each visitor's visits by their name."""

    journals: dict[str, Sequence[Event]]
    visits_of: dict[str, list[str]]

    def only(self, visitor: str) -> Sequence[Event]:
        """Give the journal of the one visit of a visitor."""
        (visit,) = self.visits_of[visitor]
        return self.journals[visit]


@contextmanager
def opened(database: Path) -> Iterator[sqlite3.Connection]:
    """Open the file as any other program does."""
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        yield connection


def read(database: Path) -> Kept:
    """Read everything, and see to it that it holds together: `AssertionError` says where it does not."""
    with opened(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = connection.execute("SELECT digest, body FROM policy")
        policies = {digest: codec.POLICY.load(body) for digest, body in rows}
        visits = connection.execute("SELECT id, version, state FROM visit").fetchall()
        journals = {visit: _journal(connection, visit, version, state, policies) for visit, version, state in visits}
        visits_of: dict[str, list[str]] = {}
        for visit, body in connection.execute("SELECT visit, body FROM facts"):
            visits_of.setdefault(codec.FACTS.load(body).visitor, []).append(visit)
        newest = max((event.at for journal in journals.values() for event in journal), default=None)
        assert newest is None or newest <= _clock(connection), "the demo's clock would go back"
    assert sorted(visit for found in visits_of.values() for visit in found) == sorted(journals)
    return Kept(journals, visits_of)


def _journal(
    connection: sqlite3.Connection, visit: str, version: int, state: str, policies: dict[str, Policy]
) -> Sequence[Event]:
    rows = connection.execute("SELECT seq, event FROM journal WHERE visit = ? ORDER BY number", (visit,)).fetchall()
    assert [seq for seq, _ in rows] == list(range(1, version + 1)), visit
    journal = [codec.EVENT.load(event, policies.__getitem__) for _, event in rows]
    assert replay(journal) == codec.VISIT.load(state, policies.__getitem__), visit
    steps = Counter((event.asking, event.step) for event in journal if isinstance(event, e.StepEvent))
    assert [step for step, fired in steps.items() if fired > 1] == [], visit
    told = Counter((event.asking, event.person) for event in journal if isinstance(event, e.Delivered))
    assert [one for one, times in told.items() if times > 1] == [], visit
    return journal


def _clock(connection: sqlite3.Connection) -> datetime:
    """Give what the demo's clock shows when the program is started now."""
    kept = _kept_clock(connection)
    since, base = datetime.fromisoformat(kept["machine"]), datetime.fromisoformat(kept["demo"])
    return base + (datetime.now(UTC) - since) * float(kept["speed"])


def _kept_clock(connection: sqlite3.Connection) -> dict[str, str]:
    (kept,) = connection.execute("SELECT value FROM kept_value WHERE name = ?", (KEPT_AS,)).fetchone()
    values: dict[str, str] = json.loads(kept)
    return values


def has_been_down(database: Path, for_: timedelta) -> None:
    """Let a program that has ended find, when it starts again, that it was down for so long."""
    with opened(database) as connection, connection:
        values = _kept_clock(connection)
        values["machine"] = (datetime.fromisoformat(values["machine"]) - for_).isoformat()
        connection.execute("UPDATE kept_value SET value = ? WHERE name = ?", (json.dumps(values), KEPT_AS))
