"""What crosses the seam between the core and an adapter: text is ready to be shown, in its reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from bot.domain.card import Button, Card, Nudge

ShownCard: TypeAlias = Card[str]
ShownNudge: TypeAlias = Nudge[str]
ShownButton: TypeAlias = Button[str]


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is found: a name of an adapter and its own id of a person or of a reception's channel."""

    adapter: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A platform's proof that it took a message; `ref` is the adapter's own, and finds the message again.

    `known_as` is what the platform calls the message where somebody answers that very one, in its thread say: it stays
    the same as long as the message stands. Empty where nobody can.
    """

    address: Address
    ref: str
    known_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """An arrival as it was typed into a form or a line; only `visitor` and `owner` are needed.

    `owner` is a name, or a person's id when `owner_id` says so; `owner_at` is whom they chose on their platform, if
    they wrote no name. `site` is empty where it does not say by itself at which counter they stand. `another` or `same`
    after *Same / Another person*; `question` as the reply had it that asked so.
    """

    visitor: str
    owner: str = ""
    owner_id: str = ""
    company: str = ""
    about: str = ""
    kind: str = ""
    phone: str = ""
    how_long_s: int | None = None
    party: int = 1
    by_phone: bool = False
    site: str = ""
    another: bool = False
    same: bool = False
    owner_at: Address | None = None
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenArrival:
    """Somebody wants to fill in a new arrival; `site` as in `Announce`.

    The reply is FORM, for the adapter has a form of its own; its buttons are the counters to choose from, if any.
    """

    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceLine:
    """An arrival in one line: `Julie Tremblay (Chambre de commerce) for Martin: room booking`.

    What was asked back is answered as in `Announce`: the line comes again, with who is meant or which of the two it is.
    """

    text: str
    site: str = ""
    owner_id: str = ""
    another: bool = False
    same: bool = False
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A button of a card, or a form that was filled in (then with `values` by the names of its fields)."""

    visit: str
    button: str
    value: str = ""
    revision: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    submitted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A line that somebody typed. `visit` is the one whose card it answers, if the platform tells.

    `answers` is the message that it answers, as the receipt of that message has it in `known_as`. Where it was asked
    back which visit is meant, the line comes again, with that visit and the `question` of the reply.
    """

    text: str
    visit: str = ""
    answers: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The platform says that whoever is at the sender's address is there no more."""


Act: TypeAlias = Announce | AnnounceLine | Gone | OpenArrival | Press | Typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One thing that came in. `key` is the platform's own id of it: the same key twice is answered twice, done once.

    `pressed_at` is when the person pressed, if the platform says so; `language` when they read in another than theirs.
    """

    key: str
    sender: Address
    act: Act
    pressed_at: datetime | None = None
    language: str | None = None


class Outcome(StrEnum):
    """What became of something that came in."""

    DONE = "done"
    NOTHING_NEW = "nothing_new"  # it was so already
    REFUSED = "refused"  # kindly, with a reason; nothing has changed
    ASKED_BACK = "asked_back"  # a choice or a form must be answered first
    FORM = "form"  # the form that a button opens
    NOT_SAVED = "not_saved"


class FieldKind(StrEnum):
    """What is asked for in a field."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    PHONE = "phone"
    CHOICE = "choice"
    DAY_AND_TIME = "day_and_time"  # two parts: `<name>_day` out of the options (ISO dates), and `<name>_time` as text


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One choice of a field; `day` and `clock` are set for moments, so that the hour can be shown larger."""

    value: str
    label: str
    chosen: bool = False
    day: str = ""
    clock: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form."""

    name: str
    kind: FieldKind
    label: str
    hint: str = ""
    value: str = ""
    options: tuple[Option, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that a button opened; sent back as a `Press` of `button` with `submitted` and its values."""

    visit: str
    button: str
    title: str
    submit: str
    fields: tuple[Field, ...]
    note: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the sender is told at once. `buttons` are choices that go with it; `errors` stand beside their fields.

    `news`: it tells what somebody else has done meanwhile, which is worth saying also where nothing has changed.
    `question` names what is asked back: it goes with each answer to that, so that only the first one is carried out.
    `again`: the very same thing came in before, and was answered then, with the same answer.
    """

    outcome: Outcome
    text: str = ""
    visit: str = ""
    buttons: tuple[ShownButton, ...] = ()
    form: Form | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    news: bool = False
    question: str = ""
    again: bool = field(default=False, compare=False)

    @property
    def ok(self) -> bool:
        """Tell whether what was wanted is so now."""
        return self.outcome in {Outcome.DONE, Outcome.NOTHING_NEW}
