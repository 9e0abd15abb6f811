"""The checkpoints, proved: their own chain, and that the journal has each entry they hold and no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, TableClause, func, select, text

from bot.errors import Unreadable
from bot.storage import tables
from bot.storage.findings import Finding, RawRow, raw, read
from bot.storage.proof import checkpoint_hash, is_entry, read_entries
from bot.storage.verifying_visit import name_of

_JOURNAL, _CHECKPOINT = raw(tables.journal), raw(tables.checkpoint)
_BELOW_ALL: Final = -(2**63)
_LAST_NUMBER: Final = 2**63 - 1
_TOGETHER: Final = 5_000


@dataclass(frozen=True, slots=True)
class Counters:
    """The highest numbers that the database ever gave out; PostgreSQL's of the journal says nothing (None).

    `findings` tell of counters that somebody altered: a number that is in the table was given out as well.
    """

    journal: int | None
    checkpoint: int
    findings: Sequence[Finding] = ()


def read_counters(connection: Connection) -> Counters:
    """Read them before anything else: what is committed later may only be more."""
    on_postgres = connection.dialect.name == "postgresql"
    highest = {table.name: _highest(connection, table) for table in (_JOURNAL, _CHECKPOINT)}
    if on_postgres:
        # they count up outside of transactions, so what is committed by now is counted
        kept: dict[str, object] = {name: _last_of(connection, name) for name in highest}
    else:
        kept = dict(connection.execute(text("SELECT name, seq FROM sqlite_sequence")).tuples().all())
    # a checkpoint of PostgreSQL's is counted a moment after its commit, and before the next one
    behind = {"checkpoint": 1} if on_postgres else {}
    checked = (_check_counter(name, kept.get(name), highest[name], behind.get(name, 0)) for name in highest)
    findings = [found for found in checked if found]
    journal, checkpoint = (_number(kept.get(name)) for name in highest)
    return Counters(None if on_postgres else journal, checkpoint, findings)


def _check_counter(table: str, counter: object, highest: int, behind: int) -> Finding | None:
    if counter is None:
        return Finding(table, "its counter", "is missing") if highest > 0 else None
    if not isinstance(counter, int):
        return Finding(table, "its counter", "is no number")
    if counter < highest - behind:
        return Finding(table, "its counter", f"says {counter}, and the table has number {highest}")
    return None


def _number(counter: object) -> int:
    return counter if isinstance(counter, int) else 0


def _highest(connection: Connection, table: TableClause) -> int:
    return _number(connection.scalar(select(func.max(table.c.number))))


class CheckpointChain:
    """Goes through all checkpoints in their order; afterwards `newest`, `count` and `has_expected` are known."""

    def __init__(self, connection: Connection, counters: Counters, expected: str | None) -> None:
        """Take a connection on which a reading transaction runs; `expected` is the hash of some checkpoint."""
        self._connection = connection
        self._counters = counters
        self._expected = expected
        self._heads = frozenset({""})
        self._number = 1  # what the next one should have
        self._lower = _BELOW_ALL  # up to here, everything was looked at
        self.newest: RawRow | None = None
        self.count = 0

    def findings(self) -> Iterator[Finding]:
        """Give what is wrong."""
        yield from self._counters.findings
        met = self._expected is None
        while row := self._next():
            yield from self._check(row)
            met = met or row["hash"] == self._expected
            self.newest, self.count = row, self.count + 1
        if self._number <= self._counters.checkpoint:
            yield _missing("checkpoint", "checkpoint", self._number, self._counters.checkpoint)
        yield from self._tail()
        if not met:
            what = "has the hash that was expected: the journal was written anew, or this is another or an older one"
            yield Finding("checkpoint", "none", what)

    def _next(self) -> RawRow | None:
        query = select(_CHECKPOINT).order_by(_CHECKPOINT.c.number).limit(1)
        if self.newest:
            query = query.where(_CHECKPOINT.c.number > self.newest["number"])
        return next(read(self._connection, query), None)

    def _check(self, row: RawRow) -> Iterator[Finding]:
        name, number = f"checkpoint {row['number']}", row["number"]
        follows = number == self._number
        if number > self._number:
            yield _missing("checkpoint", "checkpoint", self._number, number - 1)
        self._number = max(self._number, number + 1)
        made = {_hash(head, row) for head in self._heads}
        held = _held(row)
        self._heads = frozenset({row["hash"], *made})
        if not held or (follows and row["hash"] not in made) or row["upto"] != max(held) or number < 1:
            yield Finding("checkpoint", name, "was altered")
        if held:
            lower = self._lower if follows else min(held) - 1  # those before belong to the one that is missing
            yield from self._entries(name, held, lower)
        self._lower = max(held) if held else row["upto"] if isinstance(row["upto"], int) else self._lower

    def _entries(self, name: str, held: Mapping[int, str], lower: int) -> Iterator[Finding]:
        found = {row["number"]: row for row in self._rows(lower, max(held))}
        for number in sorted(held.keys() - found.keys()):
            yield Finding("journal", f"entry {number}", f"is missing: {name} holds it")
        for number, row in found.items():
            if number not in held:
                yield Finding(
                    "journal", name_of(row), f"was inserted: {name}, which was written later, does not hold it"
                )
            elif not is_entry(held[number], str(row["hash"])):
                yield Finding("journal", name_of(row), f"was written anew: {name} holds another one")

    def _rows(self, lower: int, upper: int) -> Iterator[RawRow]:
        columns = (_JOURNAL.c.number, _JOURNAL.c.visit, _JOURNAL.c.seq, _JOURNAL.c.hash)
        between = (_JOURNAL.c.number > lower, _JOURNAL.c.number <= upper)
        yield from read(self._connection, select(*columns).where(*between).order_by(_JOURNAL.c.number))

    def _tail(self) -> Iterator[Finding]:
        """Look at the entries since the last checkpoint, where numbers have no gaps."""
        if self._counters.journal is None:
            # whoever writes has been given the number before, so none in here is above what was given out by now
            last = _last_of(self._connection, "journal")
            above = select(_JOURNAL).where(_JOURNAL.c.number > (_LAST_NUMBER if last is None else last))
            for row in read(self._connection, above.order_by(_JOURNAL.c.number).limit(_TOGETHER)):
                yield Finding("journal", name_of(row), "was inserted: no entry ever had this number")
            return
        expected = max(self._lower + 1, 1)
        while found := self._numbers_after(self._lower):
            for number in found:
                if number > expected:
                    yield _missing("journal", "entry", expected, number - 1)
                elif number < expected:
                    yield Finding("journal", f"entry {number}", "was inserted: no entry ever had this number")
                expected = max(expected, number + 1)
            self._lower = found[-1]
        if expected <= self._counters.journal:
            yield _missing("journal", "entry", expected, self._counters.journal)

    def _numbers_after(self, number: int) -> list[int]:
        query = select(_JOURNAL.c.number).where(_JOURNAL.c.number > number).order_by(_JOURNAL.c.number)
        return list(self._connection.scalars(query.limit(_TOGETHER)))


def _last_of(connection: Connection, table: str) -> int | None:
    """Give the highest number that PostgreSQL has given out for a table, committed or not; None without a counter."""
    sequence = connection.scalar(select(func.pg_get_serial_sequence(table, "number")))
    if sequence is None:
        return None
    last, called = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608 - its name
    return int(last) if called else 0


def _hash(previous: str, row: RawRow) -> str:
    try:
        return checkpoint_hash(previous, at=row["at"], entries=row["entries"])
    except TypeError:  # no number and no text: hello30 did not write it
        return ""


def _held(row: RawRow) -> Mapping[int, str]:
    """Give the entries that a checkpoint holds; none when that cannot be read."""
    try:
        return read_entries(row["entries"])
    except (Unreadable, TypeError):
        return {}


def _missing(table: str, what: str, first: int, last: int) -> Finding:
    if first == last:
        return Finding(table, f"{what} {first}", "is missing")
    plural = {"entry": "entries", "checkpoint": "checkpoints"}[what]
    return Finding(table, f"{plural} {first} to {last}", "are missing")
