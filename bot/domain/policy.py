"""A policy: what a visitor is owed and what happens when nobody answers. Frozen into the visit at arrival (law 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Owes(StrEnum):
    """What the house owes a visitor under a policy."""

    HELLO = "hello"
    HELLO_OR_CALLBACK = "hello_or_callback"
    CALLBACK = "callback"


class Via(StrEnum):
    """How a visitor came."""

    IN_PERSON = "in_person"
    PHONE = "phone"


class Ladder(StrEnum):
    """The ladders of a policy; `reception` is the one-step ladder that runs until closing time."""

    UNANSWERED = "unanswered"
    HELLO_LATE = "hello_late"
    CALLBACK_LATE = "callback_late"
    RECEPTION = "reception"


class Verb(StrEnum):
    """What a step of a ladder does."""

    REMIND = "remind"  # the responder is nudged once more
    CHECK = "check"  # reception and responder are asked whether the responder has come
    ASK = "ask"  # one more person is asked
    BOOK_CALLBACK = "book_callback"  # in the owner's name, at the next open slot
    HAND_OVER_TO = "hand_over_to"  # reception has the question


class Unit(StrEnum):
    """What a span is counted in."""

    CLOCK = "clock"
    OPEN = "open"
    OPEN_DAYS = "open_days"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: `length` in clock or open time, or whole `days` of open days."""

    unit: Unit
    length: timedelta = timedelta()
    days: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: `after` counts from the asking; `target` is responder, both, owner, deputy, manager or reception."""

    after: timedelta
    verb: Verb
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloRules:
    """Which hellos are offered; `now` is what "I'm coming" means, and an offer of zero is "I'm coming"."""

    offers: tuple[timedelta, ...]
    now: timedelta
    within: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRules:
    """How callbacks are offered and followed: `tries` without an answer, `moves` of its time, at most."""

    offers: int
    within: Span
    remind_before: timedelta
    grace: timedelta
    tries: int
    retry: timedelta
    moves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegateRules:
    """To whom a responder may pass the question on (deputy, manager, anyone), and how often in one visit."""

    to: tuple[str, ...]
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliesTo:
    """Which arrivals a policy covers; an empty tuple or None covers all. `hours` is open or closed."""

    via: tuple[Via, ...] = ()
    kinds: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    hours: str | None = None

    def covers(self, *, via: Via, kind: str | None, owner: str, site: str, is_open: bool) -> bool:
        """Tell whether an arrival falls under this policy; an unsaid kind is covered only where kinds are not asked."""
        return (
            (not self.via or via in self.via)
            and (not self.kinds or kind in self.kinds)
            and (not self.owners or owner in self.owners)
            and (not self.sites or site in self.sites)
            and (self.hours is None or (self.hours == "open") == is_open)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy file, read. `digest` is the SHA-256 of its canonical content: equal content, equal digest."""

    name: str
    title: str
    digest: str
    applies_to: AppliesTo
    owes: Owes
    hello: HelloRules
    callback: CallbackRules
    delegate: DelegateRules
    alert: str  # who is told when a visit is not safe: manager or reception
    unanswered: tuple[Step, ...]
    hello_late: tuple[Step, ...]
    callback_late: tuple[Step, ...]

    def steps(self, ladder: Ladder) -> tuple[Step, ...]:
        """Give the steps of one of the three ladders that a policy has."""
        return {
            Ladder.UNANSWERED: self.unanswered,
            Ladder.HELLO_LATE: self.hello_late,
            Ladder.CALLBACK_LATE: self.callback_late,
        }[ladder]
