"""A visit: the whole story of one visitor for one owner, until nothing is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.people import RECEPTION
from bot.domain.policy import Ladder, Policy, Via


class Hello(StrEnum):
    """The states of the hello track."""

    NOT_OWED = "not_owed"
    OWED = "owed"
    PROMISED = "promised"
    GIVEN = "given"
    EXCUSED = "excused"
    UNSEEN = "unseen"
    DROPPED = "dropped"


class Callback(StrEnum):
    """The states of the callback track."""

    NONE = "none"
    OWED = "owed"
    PROMISED = "promised"
    LATE = "late"
    KEPT = "kept"
    DROPPED = "dropped"
    UNREACHABLE = "unreachable"


OPEN_HELLO = frozenset({Hello.OWED, Hello.PROMISED})
OPEN_CALLBACK = frozenset({Callback.OWED, Callback.PROMISED, Callback.LATE})


class Which(StrEnum):
    """The two questions that a visit may have."""

    VISITOR = "visitor"  # what do we tell the visitor?
    CALL = "call"  # a callback is late: who calls, and when?


class Origin(StrEnum):
    """Where a callback came from."""

    PERSON = "person"
    SILENCE = "silence"  # nobody answered: booked by hello30
    LEFT = "left"  # the visitor left unseen: booked by hello30


class Hint(StrEnum):
    """What a platform says of somebody who does not look now: a reason to ask the next one sooner, never proof."""

    DND = "dnd"  # do not disturb
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A hello or a callback with a name and a due time. After `late_at` it is no longer kept, at `remind_at` recalled.

    `entered_by` is the receptionist who noted what was said by voice. `called`: it was said that the time has come.
    `at_once`: the hello was promised with the words "I'm coming".
    """

    by: str
    due: datetime
    made: datetime
    late_at: datetime
    origin: Origin = Origin.PERSON
    entered_by: str | None = None
    moved: int = 0
    tries: int = 0
    remind_at: datetime | None = None
    called: bool = False
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One putting of a question. `moments[i]` is when step i of the ladder fires; `step` is the next one.

    `checking`: reception and responder are asked whether the responder has come. `passed_by`: who passed it on.
    """

    no: int
    ladder: Ladder
    since: datetime
    asked_at: datetime  # when the responder was asked; `since` is when the asking began
    moments: tuple[datetime, ...]
    responder: str
    asked: tuple[str, ...]
    step: int = 0
    checking: bool = False
    reminded: bool = False
    passed_by: str | None = None

    @property
    def with_reception(self) -> bool:
        """Tell whether the question stands with reception until closing time."""
        return self.responder == RECEPTION


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """All that is known of a visit except the visitor's own data, which are facts and can be erased."""

    id: str
    site: str
    owner: str
    via: Via
    kind: str | None
    policy: Policy
    announced_by: str
    arrived: datetime
    hello: Hello
    callback: Callback
    here: bool
    phone_known: bool
    hello_promise: Promise | None = None
    callback_promise: Promise | None = None
    visitor_question: Asking | None = None
    call_question: Asking | None = None
    unsafe_by: str | None = None
    mistake: bool = False
    askings: int = 0
    delegations: int = 0
    broken: tuple[Promise, ...] = ()  # hellos that were promised and not given in time
    asked: tuple[str, ...] = ()  # everybody who was ever asked
    declined: tuple[str, ...] = ()  # who answered "not me": no ladder asks them again
    offered_call: tuple[str, ...] = ()  # who was offered to make the callback instead
    unreachable: tuple[str, ...] = ()
    alerted: tuple[str, ...] = ()
    greeted_by: str | None = None
    given_by: str | None = None  # who said that the hello was given
    called_by: str | None = None
    kept_by: str | None = None  # who said that the call was made
    hello_settled_at: datetime | None = None
    callback_settled_at: datetime | None = None
    left_at: datetime | None = None
    closed_at: datetime | None = None
    disputed_by: tuple[str, ...] = ()  # who said something contrary to what stands

    @property
    def is_open(self) -> bool:
        """Tell whether something is still owed, or an unsafe visitor is still here."""
        return self.hello in OPEN_HELLO or self.callback in OPEN_CALLBACK or self.unsafe_here

    @property
    def unsafe_here(self) -> bool:
        """Tell whether a visitor is still here whom somebody called not safe: reception has them until they leave."""
        return self.unsafe_by is not None and self.here

    def question(self, which: Which) -> Asking | None:
        """Give one of the two questions."""
        return self.visitor_question if which is Which.VISITOR else self.call_question
