"""What the store in memory keeps, and how a transaction on it is undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from bot.domain.card import Nudge, Phrase
from bot.domain.facts import Facts
from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.errors import NotSaved
from bot.messages import Address, Receipt
from bot.rows import Entry, Session

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVisit:
    """A visit; `revision` is the version of the last event that a card may tell of, `revised_at` its moment."""

    visit: Visit
    version: int
    revision: int
    revised_at: datetime
    wake_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What cards and nudges share; the words mean what they mean in `bot.storage.tables`."""

    address: Address
    waiting_since: datetime | None
    ready_at: datetime | None
    token: str | None = None
    attempts: int = 0
    unknown: bool = False
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCard(Waiting):
    """A card of one reader at one address."""

    visit: str
    reader: str
    shown: int = 0
    parked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNudge(Waiting):
    """A nudge to one address; `outcome` is sent, superseded or parked."""

    nudge: Nudge[Phrase]
    outcome: str | None = None


@dataclass(slots=True)
class Kept:
    """Everything that is kept. The rows are frozen: a change puts a new one in the place of the old."""

    policies: dict[str, Policy] = field(default_factory=dict)
    visits: dict[str, KeptVisit] = field(default_factory=dict)
    journals: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    inbox: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    cards: dict[tuple[str, str, Address], KeptCard] = field(default_factory=dict)
    nudges: dict[tuple[str, Address], KeptNudge] = field(default_factory=dict)
    holds: dict[tuple[str, str], datetime] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    used_links: dict[str, datetime] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)


class MemoryBase:
    """A transaction which remembers, for each change, how it is undone."""

    def __init__(self, kept: Kept, *, reading: bool) -> None:
        """Take what is kept; with `reading`, every change is refused."""
        self._kept = kept
        self._reading = reading
        self._undo: list[Callable[[], object]] = []
        self._needed: set[str] = set()  # visits that must be saved by the end

    def undo(self) -> None:
        """Put everything back as it was when the transaction began."""
        while self._undo:
            self._undo.pop()()

    def check(self) -> None:
        """Refuse facts and cards of a visit that was never saved, as a database does when it commits."""
        if not self._needed <= self._kept.visits.keys():
            raise NotSaved("facts or cards belong to a visit that is not there")

    def _put(self, table: dict[K, V], key: K, row: V) -> None:
        self._check_writing()
        self._undo.append(partial(table.__setitem__, key, table[key]) if key in table else partial(table.pop, key))
        table[key] = row

    def _drop(self, table: dict[K, V], key: K) -> None:
        self._check_writing()
        if key in table:
            self._undo.append(partial(table.__setitem__, key, table.pop(key)))

    def _check_writing(self) -> None:
        if self._reading:
            raise NotSaved("this only reads: nothing can be saved in it")


def utc(moment: datetime) -> datetime:
    """Give a moment in UTC, as it comes back from a database; raises ValueError for one without a zone."""
    if moment.utcoffset() is None:
        raise ValueError("a moment without a zone cannot be kept")
    return moment.astimezone(UTC)
