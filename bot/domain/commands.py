"""What somebody (or time) wants of a visit. `by` wants it; `entered_by` is reception, when `by` said it by voice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.people import BOT
from bot.domain.policy import Policy, Via
from bot.domain.visit import Hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What all commands share."""

    by: str
    entered_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceArrival(Command):
    """A visitor has come, or is on the line."""

    visit: str
    site: str
    owner: str
    via: Via
    kind: str | None
    policy: Policy
    phone_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseHello(Command):
    """I come within `within` (zero: "I'm coming"; on the phone: put them through).

    It counts from `pressed_at` if that is at most two minutes ago, otherwise from now.
    """

    within: timedelta
    pressed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(Command):
    """The owner goes in person after all: a colleague is free again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseCallback(Command):
    """I call the visitor at `due`."""

    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegate(Command):
    """Ask `to` instead of me."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMe(Command):
    """I was asked and cannot answer: back to who passed it on, or on to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSeen(Command):
    """I have seen the visitor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUnsafe(Command):
    """This visit is not safe for me."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeVoice(Command):
    """What was entered as said by me is not right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloHappened(Command):
    """Reception saw the hello; `person` gave it, by default who promised or was asked."""

    person: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HasCome(Command):
    """To "Has Martin come?": yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HasNotCome(Command):
    """To "Has Martin come?": not yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveVisit(Command):
    """The visitor left; `without_number` when they were asked for one and gave none."""

    without_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Command):
    """Posted by mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPhone(Command):
    """The visitor gave a number (kept among the facts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSomeoneElse(Command):
    """Reception asks `to`."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepCallback(Command):
    """The call was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryCallback(Command):
    """The call was tried and nobody answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveCallback(Command):
    """The call is made at another time."""

    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PassCallback(Command):
    """Ask `to` to make the call instead; the promise stands until they say so."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCallback(Command):
    """I make the call that I was offered, at its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropCallback(Command):
    """The visitor wants no call any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Command):
    """What closed the visit was pressed by mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote(Command):
    """Something worth knowing (kept among the facts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeNoAnswer(Command):
    """Somebody typed what answers nothing; `reading` as `language.understand` read it."""

    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUnreachable(Command):
    """The courier cannot reach `person`."""

    person: str
    detail: str = ""
    by: str = BOT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAway(Command):
    """The platform that showed asking `asking` to `person` says that they do not look now, and why it thinks so."""

    person: str
    asking: int
    adapter: str
    why: Hint
    by: str = BOT


@dataclass(frozen=True, slots=True, kw_only=True)
class PassTime(Command):
    """The visit's next moment has come."""

    by: str = BOT
