"""What the pages read: of the visits, and of the records; each as a protocol, with what it gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.people import Person
from bot.messages import Address, Form, ShownCard


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryLine:
    """One line of a visit's story, in the reader's language; `who` is person, bot or late."""

    at: datetime
    who: str
    text: str
    how: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A visit told from its journal."""

    visit: str
    title: str
    intro: str
    summary: Sequence[tuple[str, str, str]]  # label, value, small print
    lines: Sequence[StoryLine]
    notes: Sequence[str] = ()  # what colleagues wrote down, where the visitor cannot read along


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything that one reader has before them now, each card as it stands at `made_at`."""

    made_at: datetime
    cards: Sequence[ShownCard]
    calls: Sequence[ShownCard]  # callbacks that are promised, earliest first
    closed: Sequence[ShownCard]  # closed a short while ago: Undo


class Views(Protocol):
    """What an adapter that shows pages may read; each asks who is looking and shows only what they may see.

    `language` is a tag for a page that is read in another language than its reader's own (a counter has a switch).
    """

    async def board(self, person: str, *, reception: str | None, language: str | None = None) -> Board:
        """Give a person's cards, or with `reception` (a site) those of that counter; `Refused` if not theirs."""
        ...

    async def form(self, person: str, visit: str, button: str, *, language: str | None = None) -> Form:
        """Give the form which a button opens for this person, filled in with what is known; or `Refused`."""
        ...

    async def story(self, person: str, visit: str, *, language: str | None = None) -> Story:
        """Tell a visit from its journal; `Refused` when this person may not read it or there is no such visit."""
        ...


@dataclass(frozen=True, slots=True)
class LoggedVisit:
    """One visit of the log, in the reader's language; `promises` are what, by whom, and what became of it."""

    visit: str
    site: str
    when: str
    visitor: str
    owner: str
    promises: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """A page of the log; `counted` are the visits on all its pages."""

    made_at: datetime
    visits: Sequence[LoggedVisit]
    counted: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One person of the directory, as an admin sees them."""

    person: Person
    addresses: Sequence[Address]
    is_away: bool
    stand_in: str


class Records(Protocol):
    """What auditors and admins may read beside the views; each asks who is looking."""

    async def log(self, person: str, *, days: int, page: int) -> LogPage:
        """Give a page (from 1) of the visits of these last days; `Refused` unless this person is an auditor."""
        ...

    def people(self, person: str) -> Sequence[Listed]:
        """List everybody; `Refused` unless this person is an admin."""
        ...
