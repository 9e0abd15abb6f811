"""What a database holds, read from outside the program through a connection of one's own: SQLite's or PostgreSQL's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from bot.domain.events import Event
from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.storage import codec, tables


@dataclass(frozen=True)
class KeptEntry:
    """One entry of a visit's journal."""

    seq: int
    through: str
    event: Event


@dataclass(frozen=True)
class KeptVisit:
    """A visit as it is stored, with its journal in the order in which it was written."""

    visit: Visit
    version: int
    revision: int
    wake_at: datetime | None
    entries: Sequence[KeptEntry]

    @property
    def events(self) -> Sequence[Event]:
        """Give the events of the journal."""
        return [entry.event for entry in self.entries]


@dataclass(frozen=True)
class KeptCard:
    """Where a visit is shown, and at which version; `waits` when something is to be sent."""

    visit: str
    reader: str
    adapter: str
    shown: int
    parked: bool
    waits: bool


@dataclass(frozen=True)
class KeptNudge:
    """A nudge to one address, and what became of it."""

    key: str
    visit: str
    adapter: str
    outcome: str | None
    waits: bool


@dataclass(frozen=True)
class Kept:
    """Everything: visits by their ids, each visitor's visits by their name, and the keys of what was answered."""

    visits: Mapping[str, KeptVisit]
    visits_of: Mapping[str, Sequence[str]]
    cards: Sequence[KeptCard]
    nudges: Sequence[KeptNudge]
    keys: frozenset[str]

    def of(self, visitor: str) -> Sequence[KeptVisit]:
        """Give the visits of a visitor."""
        return [self.visits[visit] for visit in self.visits_of.get(visitor, ())]

    def only(self, visitor: str) -> Sequence[Event]:
        """Give the journal of the one visit of a visitor."""
        (visit,) = self.of(visitor)
        return visit.events


def read(connection: Connection) -> Kept:
    """Read everything in one transaction."""
    return Kept(_visits(connection), _visits_of(connection), _cards(connection), _nudges(connection), _keys(connection))


def waits(connection: Connection) -> bool:
    """Tell whether a card or a nudge is still to be sent."""
    waiting = (table.c.waiting_since.is_not(None) for table in (tables.card, tables.nudge))
    return any(connection.execute(select(1).where(row).limit(1)).first() for row in waiting)


def _visits(connection: Connection) -> Mapping[str, KeptVisit]:
    frozen_in = _policies(connection).__getitem__
    entries: dict[str, list[KeptEntry]] = {}
    columns = tables.journal.c
    for row in connection.execute(
        select(columns.visit, columns.seq, columns.through, columns.event).order_by(columns.number)
    ):
        entry = KeptEntry(row.seq, row.through, codec.EVENT.load(row.event, frozen_in))
        entries.setdefault(row.visit, []).append(entry)
    found = tables.visit.c
    return {
        row.id: KeptVisit(
            codec.VISIT.load(row.state, frozen_in), row.version, row.revision, row.wake_at, entries.pop(row.id, [])
        )
        for row in connection.execute(
            select(found.id, found.state, found.version, found.revision, found.wake_at).order_by(found.arrived)
        )
    }


def _policies(connection: Connection) -> Mapping[str, Policy]:
    rows = connection.execute(select(tables.policy.c.digest, tables.policy.c.body))
    return {row.digest: codec.POLICY.load(row.body) for row in rows}


def _visits_of(connection: Connection) -> Mapping[str, Sequence[str]]:
    visits_of: dict[str, list[str]] = {}
    for row in connection.execute(select(tables.facts.c.visit, tables.facts.c.body)):
        visits_of.setdefault(codec.FACTS.load(row.body).visitor, []).append(row.visit)
    return visits_of


def _cards(connection: Connection) -> Sequence[KeptCard]:
    c = tables.card.c
    rows = connection.execute(select(c.visit, c.reader, c.adapter, c.shown, c.parked, c.waiting_since))
    return [
        KeptCard(row.visit, row.reader, row.adapter, row.shown, row.parked, row.waiting_since is not None)
        for row in rows
    ]


def _nudges(connection: Connection) -> Sequence[KeptNudge]:
    c = tables.nudge.c
    rows = connection.execute(select(c.key, c.visit, c.adapter, c.outcome, c.waiting_since))
    return [KeptNudge(row.key, row.visit, row.adapter, row.outcome, row.waiting_since is not None) for row in rows]


def _keys(connection: Connection) -> frozenset[str]:
    return frozenset(connection.scalars(select(tables.inbox.c.key)))
