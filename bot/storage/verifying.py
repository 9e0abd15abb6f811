"""Proves a database from outside: finds and names what was altered, removed or inserted by hand.

Everything is read in one transaction, in batches, beside a bot that goes on writing. What can be proved and what cannot
is told in docs/adr/0007-proof-of-the-journal.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnClause, Connection, TableClause, exists, func, select, text

from bot.domain.policy import Policy
from bot.errors import Unreadable
from bot.storage import codec, tables
from bot.storage.findings import Finding, RawRow, broken_seal, is_text, raw, read, read_together, sealed, spelt_out
from bot.storage.postgres import without_limits
from bot.storage.schema import HEAD, VERSION_TABLE
from bot.storage.sql import SqlStore
from bot.storage.verifying_chain import CheckpointChain, Counters, read_counters
from bot.storage.verifying_triggers import check_triggers
from bot.storage.verifying_visit import DAY, Frozen, VisitRows, check_visit

AT_MOST: Final = 1_000
"""So many findings are told; whoever has as many has to go back to a copy anyway."""
_BATCH: Final = 200
_VISIT, _JOURNAL, _POLICY = raw(tables.visit), raw(tables.journal), raw(tables.policy)
_BY_VISIT: Final = {table.name: raw(table) for table in (tables.visit_person, tables.facts, tables.card, tables.nudge)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest checkpoint; whoever keeps its hash elsewhere can prove everything up to it."""

    number: int
    at: int  # microseconds since 1970
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was looked at, and what is not as hello30 wrote it; `more`: there is more than is told."""

    entries: int
    visits: int
    checkpoints: int
    newest: Newest | None
    findings: Sequence[Finding]
    more: bool


async def verify_store(store: SqlStore, now: datetime, *, expected: str | None = None) -> Proof:
    """Prove a database; `expected` is a checkpoint's hash that was written down elsewhere. Raises `NotSaved`."""
    return await store.look(partial(_verify_all, now=now, expected=expected))


def _verify_all(connection: Connection, now: datetime, expected: str | None) -> Proof:
    if connection.dialect.name == "postgresql":
        return _verify(connection, now, expected)
    driver: Any = connection.connection.driver_connection
    driver.text_factory = _any_text
    try:
        return _verify(connection, now, expected)
    finally:
        driver.text_factory = str


def _any_text(stored: bytes) -> str:
    """Read what SQLite calls text, also where somebody put bytes there that are none."""
    return stored.decode("utf-8", "surrogateescape")


def _verify(connection: Connection, now: datetime, expected: str | None) -> Proof:
    counters = read_counters(connection)
    connection.rollback()  # what follows sees one moment, which is later
    without_limits(connection)
    run = _Run(connection, tables.microseconds(now), counters, expected)
    found = list(islice(run.findings(), AT_MOST + 1))
    newest = run.checkpoints.newest
    return Proof(
        entries=run.entries,
        visits=run.visits,
        checkpoints=run.checkpoints.count,
        newest=_newest(newest) if newest else None,
        findings=found[:AT_MOST],
        more=len(found) > AT_MOST,
    )


def _newest(row: RawRow) -> Newest:
    return Newest(number=row["number"], at=row["at"], hash=spelt_out(str(row["hash"])))


class _Run:
    """One proof, which counts what it meets."""

    def __init__(self, connection: Connection, now: int, counters: Counters, expected: str | None) -> None:
        self._connection = connection
        self._now = now
        self.checkpoints = CheckpointChain(connection, counters, expected)
        self.entries = 0
        self.visits = 0

    def findings(self) -> Iterator[Finding]:
        self._now = max(self._now, self._latest())
        yield from self._schema()
        yield from check_triggers(self._connection)
        yield from self.checkpoints.findings()
        frozen = self._frozen()
        yield from self._policies()
        for rows in self._visits():
            self.visits += 1
            self.entries += len(rows.entries)
            yield from check_visit(rows, frozen, self._now)
        yield from self._orphans()
        yield from self._too_late(raw(tables.hold), ("adapter", "bucket"), "until", "would hold back messages")
        yield from self._too_late(raw(tables.inbox), ("key",), "at", "would be kept")

    def _latest(self) -> int:
        """Give the latest moment in the journal: the demo's clock may be ahead of this one."""
        latest = self._connection.scalar(select(func.max(_JOURNAL.c.at)))
        return latest if isinstance(latest, int) else 0

    # --- the database itself -----------------------------------------------------------------------------------------

    def _schema(self) -> Iterator[Finding]:
        found = [str(version) for (version,) in self._connection.execute(text(f"SELECT * FROM {VERSION_TABLE}"))]  # noqa: S608
        if found != [HEAD]:
            yield Finding(VERSION_TABLE, f"it says {', '.join(found) or 'nothing'}", f"where it should say {HEAD}")

    # --- policies ----------------------------------------------------------------------------------------------------

    def _frozen(self) -> Frozen:
        seals, policies = set[str](), dict[str, Policy]()
        for row in read(self._connection, select(_POLICY)):
            seals |= {row["seal"], sealed("policy", row["digest"], row["body"])}
            with suppress(Unreadable, TypeError):
                policies[row["digest"]] = codec.POLICY.load(row["body"])
        return Frozen(seals=frozenset(seals), policies=policies)

    def _policies(self) -> Iterator[Finding]:
        for row in read(self._connection, select(_POLICY)):
            name = f"policy {row['digest']}"
            if broken_seal("policy", row, ("digest", "body")):
                yield Finding("policy", name, "was altered")
                continue
            try:
                codec.POLICY.load(row["body"])
            except Unreadable as fault:
                yield Finding("policy", name, f"cannot be read ({fault})")

        kept = exists().where(_POLICY.c.digest == _VISIT.c.policy)
        for digest in self._connection.scalars(select(_VISIT.c.policy).where(~kept).distinct().limit(AT_MOST)):
            yield Finding("policy", f"policy {digest}", "is missing: a visit has frozen it in")

    # --- visits ------------------------------------------------------------------------------------------------------

    def _visits(self) -> Iterator[VisitRows]:
        query = select(_VISIT).order_by(_VISIT.c.id)
        for rows in read_together(self._connection, query, _BATCH):
            visits = [row["id"] for row in rows if is_text(row["id"])]
            entries = self._of(_JOURNAL, visits, _JOURNAL.c.seq)
            kept = {name: self._of(table, visits) for name, table in _BY_VISIT.items()}
            for row in rows:
                visit = row["id"]  # one that is no text has nothing of its own here
                yield VisitRows(
                    visit=row,
                    entries=entries[visit],
                    people=frozenset(person["person"] for person in kept["visit_person"][visit]),
                    facts=next(iter(kept["facts"][visit]), None),
                    cards=kept["card"][visit],
                    nudges=kept["nudge"][visit],
                )

    def _of(self, table: TableClause, visits: Sequence[str], *order: ColumnClause[object]) -> dict[str, list[RawRow]]:
        """Give the rows of these visits, by visit."""
        query = select(table).where(table.c.visit.in_(visits)).order_by(*order)
        by_visit: dict[str, list[RawRow]] = defaultdict(list)
        for row in read(self._connection, query):
            by_visit[row["visit"]].append(row)
        return by_visit

    # --- what belongs to nothing, and what waits for ever ------------------------------------------------------------

    def _orphans(self) -> Iterator[Finding]:
        for table in (_JOURNAL, *_BY_VISIT.values()):
            nowhere = ~exists().where(_VISIT.c.id == table.c.visit)
            query = select(table.c.visit).where(nowhere).distinct().order_by(table.c.visit).limit(AT_MOST)
            for visit in self._connection.scalars(query):
                yield Finding(table.name, f"rows of visit {visit}", "belong to a visit that is not there")

    def _too_late(self, table: TableClause, key: Sequence[str], column: str, does: str) -> Iterator[Finding]:
        query = select(table).where(table.c[column] > self._now + DAY).limit(AT_MOST)
        for row in read(self._connection, query):
            name = ":".join(str(row[part]) for part in key)
            yield Finding(table.name, name, f"{does} for too long: `{column}` is not what hello30 writes")
