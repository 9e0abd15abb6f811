"""What the store gives: visits and entries, what waits to be sent, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.card import Nudge, Phrase
from bot.domain.events import Event
from bot.domain.visit import Visit
from bot.errors import Held
from bot.messages import Address, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A visit as it stands in the store; `version` counts its events."""

    visit: Visit
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the journal. `through` names the adapter (or `time`); `number` counts over all visits."""

    number: int
    visit: str
    seq: int
    event: Event
    through: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """Where a visit is shown: `shown` is the version that was last sent (0: nothing yet), `receipt` of that message.

    `attempts` count since the last success; `unknown` when a try ended without a known result.
    """

    visit: str
    reader: str
    address: Address
    shown: int
    receipt: Receipt | None
    attempts: int
    unknown: bool
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NudgeRow:
    """A nudge that waits to be sent to one address."""

    nudge: Nudge[Phrase]
    address: Address
    attempts: int
    unknown: bool
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueStep:
    """A visit whose moment came at `since`, and which the timekeeper has not taken up."""

    visit: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A card or a nudge (`what`) that has waited since then."""

    what: str
    visit: str
    adapter: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What has waited for longest in the whole database.

    ours     whether the tables are those that this hello30 works with; if not, it claims nothing
    step     the most overdue visit
    unsent   the message that has waited for longest, among those that are not on hold
    on_hold  the adapters on which nothing may be sent now, each with the end of its hold
    """

    ours: bool
    step: OverdueStep | None
    unsent: Unsent | None
    on_hold: Mapping[str, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much there is: visits that are open, those that are overdue, and unsent cards and nudges by adapter."""

    open_visits: int
    overdue_steps: int
    unsent: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody is signed in, in one browser, until a moment; `key` is the hash of what that browser keeps."""

    key: str
    person: str
    begun: datetime
    until: datetime


def suffix(only: Held) -> str:
    """Give what a bucket of holds ends with that holds only some messages; an address has no such sign in it."""
    return f"#{only}" if only else ""


def bucket(address: str, only: Held) -> str:
    """Name the bucket of an address in which such messages are held."""
    return address + suffix(only)
