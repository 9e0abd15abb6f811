"""Law 10: whatever is promised, and however late, nobody waits longer than `rehearse` says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import commands as c
from bot.domain.deadlines import next_deadline
from bot.domain.decide import decide
from bot.domain.lifecycle import evolve
from bot.domain.policy import Ladder, Policy, Step, Verb
from bot.domain.visit import Hint, Visit
from bot.errors import Refused
from bot.opening import make_house
from bot.rehearsal.arrival import Arrival
from bot.rehearsal.bound import announcement, bound, is_looked_after
from tests.rehearsal.conftest import HOUSE, READY, arrival_of

SAID = ("hello", "hello", "hello", "take_over", "busy", "not_yet", "unreachable", "away")
LONGEST = -1
DEED = st.tuples(
    st.sampled_from(SAID),
    st.integers(min_value=0, max_value=9),  # who of those who may
    st.integers(min_value=0, max_value=15),  # within so many minutes; more than the policy allows is refused
    st.sampled_from((0.0, 0.1, 0.5, 0.9, 1.0, 1.0, 1.0)),  # how far on the way to the next moment
    st.booleans(),  # whether that moment fires before the next deed
)
LATE_DEED = st.tuples(
    st.sampled_from(("nothing", "hello", "hello", "take_over")),
    st.integers(min_value=0, max_value=2),
    st.just(LONGEST),
    st.just(1.0),
    st.booleans(),
)
"""Whoever wants to keep a visitor waiting says it in the last moment, for as long as may be."""
DEEDS = st.one_of(st.lists(DEED, max_size=40), st.lists(LATE_DEED, min_size=6, max_size=40))
AFTER = st.lists(st.integers(min_value=0, max_value=900), min_size=1, max_size=5, unique=True).map(sorted)


class Telling:
    """A visit as it goes on, in the real core."""

    def __init__(self, arrival: Arrival) -> None:
        self.arrival, self.now = arrival, arrival.at
        self.visit = self.after(None, announcement(arrival))

    def after(self, visit: Visit | None, command: c.Command) -> Visit:
        for event in decide(visit, command, make_house(HOUSE, self.arrival.site, self.now), self.now):
            visit = evolve(visit, event)
        assert visit is not None
        return visit

    def deadline(self) -> datetime:
        deadline = next_deadline(self.visit)
        assert deadline is not None
        return deadline

    def fire(self) -> None:
        self.now = self.deadline()
        self.visit = self.after(self.visit, c.PassTime())

    def says(self, what: str, number: int, minutes: int) -> None:
        people = tuple(dict.fromkeys((self.visit.owner, *self.visit.asked)))
        by = people[number % len(people)]
        within = self.visit.policy.hello.within if minutes == LONGEST else timedelta(minutes=minutes)
        if what == "nothing":
            return
        commands: dict[str, c.Command] = {
            "hello": c.PromiseHello(by=by, within=within),
            "take_over": c.TakeOver(by=self.visit.owner),
            "busy": c.TypeNoAnswer(by=by, reading="busy"),
            "not_yet": c.HasNotCome(by=self.arrival.receptionist),
            "unreachable": c.ReportUnreachable(person=by),
            "away": c.ReportAway(person=by, asking=self.visit.askings, adapter="slack", why=Hint.DND),
        }
        try:
            self.visit = self.after(self.visit, commands[what])
        except Refused:
            return


def waited(arrival: Arrival, deeds: list[tuple[str, int, int, float, bool]]) -> timedelta:
    """Give how long a visitor waits who is answered with promises alone."""
    told = Telling(arrival)
    for what, number, minutes, way, fires in deeds:
        if is_looked_after(told.visit):
            break
        told.now += way * (told.deadline() - told.now)
        told.says(what, number, minutes)
        if (what, minutes) == ("take_over", LONGEST):
            told.says("hello", 0, LONGEST)
        if fires and not is_looked_after(told.visit):
            told.fire()
    while not is_looked_after(told.visit):
        told.fire()
    return told.now - arrival.at


@pytest.mark.parametrize("file", READY, ids=lambda file: file.stem)
def test_nobody_waits_longer_than_is_printed(file: Path) -> None:
    arrival = arrival_of(file)
    latest = bound(HOUSE, arrival).latest.after

    @settings(derandomize=True, max_examples=200, deadline=None, database=None)
    @given(deeds=DEEDS)
    def never_exceeded(deeds: list[tuple[str, int, int, float, bool]]) -> None:
        assert waited(arrival, deeds) <= latest

    never_exceeded()


def _ladder(afters: list[int], first: Verb | None, asks: str) -> tuple[Step, ...]:
    """Make a ladder with these moments, in seconds: it asks, and at its end it books."""
    verbs = [Verb.ASK] * (len(afters) - 1) + [Verb.BOOK_CALLBACK]
    targets = [asks] * (len(afters) - 1) + ["owner"]
    steps = [Step(timedelta(seconds=s), v, t) for s, v, t in zip(afters, verbs, targets, strict=True)]
    return (Step(timedelta(), first, "both"), *steps) if first else tuple(steps)


@settings(derandomize=True, max_examples=120, deadline=None, database=None)
@given(unanswered=AFTER, late=AFTER, whom=st.sampled_from(("deputy", "manager", "claire")), deeds=DEEDS)
def test_nor_under_any_other_ladder(unanswered: list[int], late: list[int], whom: str, deeds: list[object]) -> None:
    ready = arrival_of(READY[0])
    policy: Policy = replace(
        ready.policy, unanswered=_ladder(unanswered, None, whom), hello_late=_ladder(late, Verb.CHECK, whom)
    )
    assert policy.steps(Ladder.UNANSWERED)
    arrival = replace(ready, policy=policy)
    assert waited(arrival, deeds) <= bound(HOUSE, arrival).latest.after  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name, silent, promising, both",
    [
        ("office", 5, 63, False),
        ("phone", 2, 18, False),
        ("after_hours", 2, 18, False),
        ("anything_else", 6, 64, True),  # a hello is owed in any case, so reception has the visitor as well
    ],
)
def test_how_long_it_takes_under_the_ready_policies(name: str, silent: int, promising: int, *, both: bool) -> None:
    found = bound(HOUSE, arrival_of(READY[0].with_stem(name)))
    assert found.silent.after == timedelta(minutes=silent)
    assert found.promising.after == timedelta(minutes=promising)
    assert found.latest is found.promising
    assert (found.latest.has_callback, found.latest.with_reception) == (True, both)


def test_the_promises_that_lead_there_lead_there() -> None:
    arrival = arrival_of(READY[0].with_stem("office"))
    latest = bound(HOUSE, arrival).latest
    told = Telling(arrival)
    for promise in latest.promises:
        while told.deadline() < promise.made:
            told.fire()
        told.now = promise.made
        if promise.taken_over:
            told.visit = told.after(told.visit, c.TakeOver(by=promise.by))
        told.visit = told.after(told.visit, c.PromiseHello(by=promise.by, within=promise.due - promise.made))
        assert told.visit.hello_promise is not None
        assert told.visit.hello_promise.due == promise.due
    while not is_looked_after(told.visit):
        told.fire()
    assert told.now == latest.at
