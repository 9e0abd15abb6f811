"""What happened, in the past tense: the journal is made of these. No name, number or text of a visitor is in them.

`at` is in UTC; `by` is a person's id, or `hello30`; `entered_by` is the receptionist who entered what `by` said.
Moments that need a calendar stand in the event, so that `evolve` needs none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.policy import Ladder, Owes, Policy, Via
from bot.domain.visit import Hint, Origin, Which


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share."""

    at: datetime
    by: str
    entered_by: str | None = None


# --- the visit and its questions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived(Event):
    """A visitor was announced; the policy that covered it is frozen in."""

    visit: str
    site: str
    owner: str
    via: Via
    kind: str | None
    policy: Policy
    owes: Owes
    here: bool
    phone_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingBegan(Event):
    """A question was put (anew) to a person; `moments` are those of the ladder's steps."""

    which: Which
    ladder: Ladder
    person: str
    moments: tuple[datetime, ...]
    passed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEvent(Event):
    """What a step of a ladder did: step `step` of asking `asking`; `late_s` seconds after its moment, 0 if in time."""

    which: Which
    asking: int
    step: int
    late_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(StepEvent):
    """One more person was asked, in the same asking; `step` counts as fired."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(StepEvent):
    """The responder was nudged once more."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(StepEvent):
    """Reception and the responder were asked whether the responder has come."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken(StepEvent):
    """A step that books or hands over fired; what it did are the events beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped(StepEvent):
    """A step did not fire: nobody was left for it, it came too late, or a newer one was due."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeemsAway(Event):
    """A platform says that whoever was asked does not look (`why`: dnd, status): the ladder starts now.

    `moments` are from now on those of its steps. It is a hint: they are still asked, and nothing is counted.
    """

    person: str
    asking: int
    adapter: str
    why: Hint
    moments: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet(Event):
    """Somebody said that the responder has not come yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegated(Event):
    """A responder passed the question on."""

    which: Which
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined(Event):
    """A colleague who was asked answered "not me"."""

    which: Which


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable(Event):
    """No message can reach this person; `detail` is the platform's reason."""

    person: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedUnsafe(Event):
    """The visit is not safe for whoever was asked; `alerted` are told at once."""

    alerted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorLeft(Event):
    """The visitor is no longer here (or no longer on the line); `why` is said, closing or mistake."""

    why: str = "said"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorBack(Event):
    """The visitor is here after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Event):
    """The visit was posted by mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    """A closed visit was opened again with Undo."""


# --- the hello -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloPromised(Event):
    """Somebody comes by `due`; not having come by `late_at` breaks it. `at_once`: with the words "I'm coming"."""

    due: datetime
    late_at: datetime
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloMoved(Event):
    """The same person comes later."""

    due: datetime
    late_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloBroken(Event):
    """Nobody said by `late_at` that the hello had happened; `person` had promised it."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloTakenBack(Event):
    """A promise (or an excuse) no longer stands: taken over, or wrongly entered by voice. Nothing is broken by it."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloGiven(Event):
    """The visitor was greeted by `person`; `fate` of their promise: kept, late, or none when there was none."""

    person: str
    fate: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloExcused(Event):
    """A callback was promised instead of the hello."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloUnseen(Event):
    """The visitor left without a hello."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloDropped(Event):
    """No hello is owed any more; `why` is mistake or not_safe."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloReopened(Event):
    """A hello that was settled is owed again."""


# --- the callback ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPromised(Event):
    """`person` calls at `due`."""

    person: str
    due: datetime
    remind_at: datetime | None
    late_at: datetime
    origin: Origin = Origin.PERSON


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackMoved(Event):
    """The time, or the caller, of a promised callback changed."""

    person: str
    due: datetime
    remind_at: datetime | None
    late_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOffered(Event):
    """Whoever promised a callback asks a colleague to make it; the promise stands until they do."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTried(Event):
    """Nobody answered the call; it is tried again at `due`."""

    due: datetime
    remind_at: datetime | None
    late_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReminded(Event):
    """The caller was reminded before the time."""

    late_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDue(Event):
    """The time has come: the caller was told to call now."""

    late_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackLate(Event):
    """Nobody said in time that the call was made."""

    person: str
    late_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackKept(Event):
    """The call was made; `fate` is kept or late."""

    person: str
    fate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackDropped(Event):
    """No callback is owed any more; `why` is met, mistake, not_safe or visitor."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackUnreachable(Event):
    """The visitor cannot be called: no number, or as many tries as the policy has; `why` is number or tries."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTakenBack(Event):
    """A callback that was wrongly entered by voice does not stand; one is owed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReopened(Event):
    """A callback that was settled is owed again."""


# --- what changes no track -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAdded(Event):
    """The visitor's number is known (it stands among the facts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event):
    """Somebody wrote something down about the visit (it stands among the facts)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswerTyped(Event):
    """Something was typed that answers nothing; `reading` is busy, decline, question, thanks or unclear."""

    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed(Event):
    """Somebody says the contrary of what stands: `claim` is met, not_met, called, not_called or voice."""

    claim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PressRefused(Event):
    """Somebody pressed what they may not press, or no longer; `reason` as it was told to them."""

    command: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Event):
    """A platform took the message which put asking `asking` to this person."""

    person: str
    asking: int
    adapter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDelivered(Event):
    """A message was given up; `why` is one of the kinds of a delivery error, or parked."""

    person: str
    adapter: str
    why: str
