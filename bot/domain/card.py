"""A card, a nudge and their parts.

The core makes them of phrases (a key and arguments); `bot.language.wording` turns each phrase into a sentence in the
reader's language, and an adapter sees only text: `Card[Phrase]` becomes `Card[str]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

Words = TypeVar("Words")
Args: TypeAlias = Mapping[str, str | int | datetime]
"""What fills in a phrase."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence before its language is known: a key of the catalogues and what fills it in.

    An argument is text, a number, or a moment (aware, UTC), which is written in the reader's zone: as a clock, or in a
    key whose path holds `callback` as a day and a clock with their preposition.
    """

    key: str
    args: Args = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Button(Generic[Words]):
    """Something to press. `name` is what comes back; `form` is the form that it opens, if it opens one."""

    name: str
    label: Words
    main: bool = False
    form: str | None = None
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact(Generic[Words]):
    """A label and what stands beside it."""

    label: Words
    value: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine(Generic[Words]):
    """One thing that happened in a visit, and when."""

    at: datetime
    text: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(Generic[Words]):
    """The one living message per visit and reader. Everything on it is true at `revision` of the visit.

    reader    a person's id, or `reception:<site>`
    state     asking, coming, late, callback, reception, unsafe, call_soon, call_now, call_late or closed
    turn      something on it waits for this reader
    since     since when the visitor has been waiting; None when nobody waits
    say       what reception says to the visitor, whole; `say_short` is for a crowded screen
    ask       the question that this reader should answer; its buttons come first
    due, late_at   of what was promised, where something is
    caller    who has promised to call, by name
    number    the visitor's number, where this reader needs it; points are what whoever calls wants to settle
    steps     what has happened so far, newest last: on a counter's card where the platform can show it beside the card
    """

    reader: str
    visit: str
    revision: int
    state: str
    turn: bool
    tag: Words
    title: Words
    visitor: str
    company: str
    owner: str
    since: datetime | None = None
    say: Words | None = None
    say_short: Words | None = None
    ask: Words | None = None
    notes: tuple[Words, ...] = ()
    facts: tuple[Fact[Words], ...] = ()
    about: str = ""
    buttons: tuple[Button[Words], ...] = ()
    more: tuple[Button[Words], ...] = ()
    due: datetime | None = None
    promised_at: datetime | None = None
    caller: str = ""
    number: str = ""
    points: tuple[str, ...] = ()
    steps: tuple[StepLine[Words], ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge(Generic[Words]):
    """A short new message that makes the phone buzz. `key` is unique: the same nudge is never queued twice.

    `asking` is the asking that it belongs to; None when it stays worth saying whatever has been answered since.
    """

    key: str
    visit: str
    person: str
    text: Words
    asking: int | None = None
