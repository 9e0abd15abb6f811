"""What may stand in a policy file, part by part. What parts must agree on is in `bot.policy_file`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from bot.domain.policy import Span, Unit, Verb
from bot.yaml_shape import Duration, Id, Shape, Words, Wrong, one_of, read_duration, written

LADDERS: Final = ("unanswered", "hello_late", "callback_late")

_SPAN = re.compile(r"([0-9]{1,3}) open (day|hour|minute)s?")


def _read_span(text: str) -> Span:
    if not (parts := _SPAN.fullmatch(text)) or int(parts[1]) == 0:
        raise Wrong(f'"{text}" is no length of open time: write 1 open day, or 4 open hours, for example')
    count, unit = int(parts[1]), parts[2]
    if count * {"day": 24 * 60, "hour": 60, "minute": 1}[unit] > 31 * 24 * 60:
        raise Wrong(f'"{text}" is longer than a month: write less')
    if unit == "day":
        return Span(Unit.OPEN_DAYS, days=count)
    return Span(Unit.OPEN, timedelta(**{f"{unit}s": count}))


def _read_offer(text: str) -> timedelta:
    return timedelta() if text == "now" else read_duration(text)


OpenSpan = Annotated[Span, written(_read_span, or_number=True)]
Offer = Annotated[timedelta, written(_read_offer, or_number=True)]


class AppliesShape(Shape):
    """Which visits the policy covers. A key that is not there covers all; one that is there says something."""

    via: Annotated[str, one_of("in_person", "phone")] = ""
    kinds: list[Id] = Field(default=[], min_length=1)
    owners: list[Id] = Field(default=[], min_length=1)
    sites: list[Id] = Field(default=[], min_length=1)
    hours: Annotated[str, one_of("open", "closed")] = ""


class HelloShape(Shape):
    """Which hellos are offered. On the phone a hello is *put through*."""

    offers: list[Offer] = Field(min_length=1, max_length=5, examples=["[now, 2m, 5m]"])
    now: Duration = Field(examples=["2m"])
    within: Duration = Field(examples=["10m"])
    grace: Duration = Field(examples=["2m"])


class CallbackShape(Shape):
    """How callbacks are offered and followed."""

    offers: int = Field(ge=1, le=10, examples=["4"])
    within: OpenSpan = Field(examples=["1 open day"])
    remind_before: Duration = Field(examples=["10m"])
    grace: Duration = Field(examples=["15m"])
    tries: int = Field(ge=1, le=10, examples=["3"])
    retry: Duration = Field(examples=["2h"])
    moves: int = Field(ge=0, le=10, examples=["2"])


class DelegateShape(Shape):
    """To whom a responder may pass the question on."""

    to: list[Annotated[str, one_of("deputy", "manager", "anyone")]] = Field(examples=["[deputy, manager, anyone]"])
    at_most: int = Field(ge=0, le=10, examples=["2"])


class NotSafeShape(Shape):
    """Who is told when a visit is not safe."""

    alert: Annotated[str, one_of("manager", "reception")] = Field(examples=["manager"])


class StepShape(Shape):
    """One step of a ladder: when, and exactly one thing to do."""

    after: Duration = Field(examples=["2m"])
    remind: Words = ""
    check: Words = ""
    ask: Words = ""
    book_callback: Words = ""
    hand_over_to: Words = ""

    def verbs(self) -> tuple[Verb, ...]:
        """Give what the step does: one verb, if it is as it should be."""
        return tuple(verb for verb in Verb if getattr(self, verb))

    def target(self, verb: Verb) -> str:
        """Give whom the verb is about."""
        return str(getattr(self, verb))


class LadderShape(Shape):
    """What happens when nobody answers."""

    unanswered: list[StepShape] = Field(min_length=1, examples=["a list of steps"])
    hello_late: list[StepShape] = Field(min_length=1, examples=["a list of steps"])
    callback_late: list[StepShape] = Field(min_length=1, examples=["a list of steps"])


class PolicyShape(Shape):
    """A whole policy file."""

    policy: Id = Field(examples=["office"])
    title: Words = Field(examples=["Someone comes to the counter in opening hours"])
    applies_to: AppliesShape = AppliesShape()
    owes: Annotated[str, one_of("hello", "hello_or_callback", "callback")] = Field(examples=["hello"])
    hello: HelloShape = Field(examples=["with offers, now, within and grace below it"])
    callback: CallbackShape = Field(
        examples=["with offers, within, remind_before, grace, tries, retry and moves below it"]
    )
    delegate: DelegateShape = Field(examples=["with to and at_most below it"])
    not_safe: NotSafeShape = Field(examples=["with alert below it"])
    ladder: LadderShape = Field(examples=["with unanswered, hello_late and callback_late below it"])
