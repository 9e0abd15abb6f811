"""Both tracks, walked whole: each state with each event; and which pairs of states can be reached at all."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.deadlines import next_deadline
from bot.domain.decide import decide
from bot.domain.lifecycle import APPLY, CALLBACK, HELLO, START, evolve, replay
from bot.domain.policy import Ladder, Owes
from bot.domain.visit import Asking, Callback, Hello, Hint, Promise, Visit, Which
from bot.errors import IllegalMove, Refused
from tests.domain.house import BOOK, HAND_OVER, NINE, Story, make_house, make_policy, minutes

GOLDEN: Final = Path(__file__).with_name("reachable_pairs.txt")
LATER: Final = NINE + minutes(1)
_WHEN: Final = dict(due=LATER, late_at=LATER)
_CALL: Final = dict(person="martin", remind_at=None, **_WHEN)
_STEP: Final = dict(which=Which.VISITOR, asking=7, step=1)

FIELDS: Final[Mapping[type[e.Event], Mapping[str, object]]] = {
    e.AskingBegan: dict(which=Which.VISITOR, ladder=Ladder.UNANSWERED, person="martin", moments=(LATER,)),
    e.Asked: dict(person="sophie", **_STEP),
    e.Reminded: dict(person="martin", **_STEP),
    e.Checked: dict(person="martin", **_STEP),
    e.StepTaken: _STEP,
    e.StepSkipped: dict(why="nobody_left", **_STEP),
    e.SeemsAway: dict(person="martin", asking=7, adapter="slack", why=Hint.DND, moments=(NINE, LATER)),
    e.NotYet: {},
    e.Delegated: dict(which=Which.VISITOR, to="sophie"),
    e.Declined: dict(which=Which.VISITOR),
    e.Unreachable: dict(person="martin"),
    e.MarkedUnsafe: dict(alerted=("claire",)),
    e.VisitorLeft: {},
    e.VisitorBack: {},
    e.Withdrawn: {},
    e.Reopened: {},
    e.HelloPromised: _WHEN,
    e.HelloMoved: _WHEN,
    e.HelloBroken: dict(person="martin"),
    e.HelloTakenBack: dict(why="voice"),
    e.HelloGiven: dict(person="martin"),
    e.HelloExcused: {},
    e.HelloUnseen: {},
    e.HelloDropped: dict(why="not_safe"),
    e.HelloReopened: {},
    e.CallbackPromised: _CALL,
    e.CallbackMoved: _CALL,
    e.CallbackOffered: dict(to="sophie"),
    e.CallbackTried: dict(remind_at=None, **_WHEN),
    e.CallbackReminded: {},
    e.CallbackDue: {},
    e.CallbackLate: dict(person="martin"),
    e.CallbackKept: dict(person="martin", fate="kept"),
    e.CallbackDropped: dict(why="visitor"),
    e.CallbackUnreachable: dict(why="tries"),
    e.CallbackTakenBack: {},
    e.CallbackReopened: {},
    e.PhoneAdded: {},
    e.NoteAdded: {},
    e.NoAnswerTyped: dict(reading="busy"),
    e.Disputed: dict(claim="met"),
    e.PressRefused: dict(command="NotMe", reason="closed"),
    e.Delivered: dict(person="martin", asking=1, adapter="slack"),
    e.NotDelivered: dict(person="martin", adapter="slack", why="parked"),
}
"""Every event after the arrival, with what it needs beside when and by whom."""


def make_event(kind: type[e.Event], by: str = "martin") -> e.Event:
    """Give an event of a kind."""
    return kind(at=LATER, by=by, **FIELDS[kind])  # type: ignore[arg-type]


def all_events() -> set[type[e.Event]]:
    """Give every kind of event that happens, which the abstract ones do not."""
    found = {kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.Event)}
    return found - {e.Event, e.StepEvent}


def standing(hello: Hello = Hello.NOT_OWED, callback: Callback = Callback.NONE) -> Visit:
    """Give a visit that stands so, with all that any event could be about."""
    promise = Promise(by="martin", due=LATER, made=NINE, late_at=LATER)
    asked = Asking(
        no=7,
        ladder=Ladder.UNANSWERED,
        since=NINE,
        asked_at=NINE,
        moments=(LATER, LATER),
        responder="martin",
        asked=("martin",),
    )
    visit = Story().visit
    return replace(
        visit,
        hello=hello,
        callback=callback,
        hello_promise=promise,
        callback_promise=promise,
        visitor_question=asked,
        call_question=asked,
    )


# --- each state with each event --------------------------------------------------------------------------------------


def test_every_event_has_its_row_here_or_is_the_arrival() -> None:
    assert all_events() == {*FIELDS, e.Arrived}


def test_every_event_on_a_track_or_with_an_effect_is_an_event_that_happens() -> None:
    assert all_events() >= {*HELLO, *CALLBACK, *APPLY}


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("state", Hello)
def test_an_event_moves_the_hello_as_the_table_says_and_no_other_way(state: Hello, kind: type[e.Event]) -> None:
    # a callback from which this event may happen, so that only the hello is on trial
    callback = next(iter(CALLBACK.get(kind, {Callback.NONE: Callback.NONE})))
    visit = standing(state, callback)
    if kind not in HELLO:
        assert evolve(visit, make_event(kind)).hello is state
    elif state in HELLO[kind]:
        assert evolve(visit, make_event(kind)).hello is HELLO[kind][state]
    else:
        with pytest.raises(IllegalMove, match=f"{kind.__name__} while Hello is {state}"):
            evolve(visit, make_event(kind))
        assert visit == standing(state, callback)


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("state", Callback)
def test_an_event_moves_the_callback_as_the_table_says_and_no_other_way(state: Callback, kind: type[e.Event]) -> None:
    hello = next(iter(HELLO.get(kind, {Hello.NOT_OWED: Hello.NOT_OWED})))
    visit = standing(hello, state)
    if kind not in CALLBACK:
        assert evolve(visit, make_event(kind)).callback is state
    elif state in CALLBACK[kind]:
        assert evolve(visit, make_event(kind)).callback is CALLBACK[kind][state]
    else:
        with pytest.raises(IllegalMove, match=f"{kind.__name__} while Callback is {state}"):
            evolve(visit, make_event(kind))
        assert visit == standing(hello, state)


@pytest.mark.parametrize("owes", Owes)
def test_what_is_owed_says_where_both_tracks_begin(owes: Owes) -> None:
    assert Story(owes=owes).tracks == START[owes]


# --- a journal that cannot be ----------------------------------------------------------------------------------------


def test_nothing_happens_before_an_arrival() -> None:
    with pytest.raises(IllegalMove, match="before an arrival"):
        evolve(None, make_event(e.NoteAdded))


def test_nobody_arrives_twice() -> None:
    story = Story()
    with pytest.raises(IllegalMove, match="twice"):
        evolve(story.visit, story.journal[0])


def test_an_empty_journal_makes_no_visit() -> None:
    with pytest.raises(IllegalMove, match="no events"):
        replay([])


def test_replaying_the_journal_gives_the_stored_visit() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", within=minutes(2)))
    story.passes(days=3)
    assert replay(story.journal) == story.visit


@pytest.mark.parametrize(
    "asking, step", [(6, 1), (8, 1), (7, -1)], ids=["an older asking", "none yet", "a step that has fired"]
)
def test_a_step_belongs_to_the_asking_that_stands_and_never_goes_back(asking: int, step: int) -> None:
    event = e.Reminded(at=LATER, by="hello30", person="martin", which=Which.VISITOR, asking=asking, step=step)
    with pytest.raises(IllegalMove, match="does not stand open"):
        evolve(standing(Hello.OWED), event)


@pytest.mark.parametrize("kind", [e.Reminded, e.CallbackDue], ids=lambda kind: kind.__name__)
def test_an_event_about_a_promise_or_question_needs_one(kind: type[e.Event]) -> None:
    visit = replace(standing(), visitor_question=None, callback_promise=None)
    with pytest.raises(IllegalMove, match="nothing stands"):
        evolve(visit, make_event(kind))


# --- the pairs that can be reached -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in the search: a visit at a moment, and what was done to get there."""

    visit: Visit
    now: datetime
    path: tuple[str, ...]


def _deeds(place: Place) -> Iterator[tuple[str, c.Command, datetime]]:
    """Give all that may happen next: a label, the command, and when."""
    visit, now = place.visit, place.now
    slot = make_house().calendar.next_slot("martin", now)
    commands: tuple[c.Command, ...] = (
        c.PromiseHello(by="martin", within=minutes(2)),
        c.PromiseHello(by="martin", entered_by="nadia", within=minutes(2)),
        c.PromiseCallback(by="martin", due=slot),
        c.PromiseCallback(by="martin", entered_by="nadia", due=slot),
        c.MarkSeen(by="martin"),
        c.MarkUnsafe(by="martin"),
        c.DisputeVoice(by="martin"),
        c.HasCome(by="nadia"),
        c.LeaveVisit(by="nadia"),
        c.LeaveVisit(by="nadia", without_number=True),
        c.Withdraw(by="nadia"),
        c.AddPhone(by="nadia"),
        c.AskSomeoneElse(by="nadia", to="sophie"),
        c.KeepCallback(by="martin"),
        c.TryCallback(by="martin"),
        c.MoveCallback(by="martin", due=slot),
        c.DropCallback(by="martin"),
        c.Undo(by="nadia"),
    )
    for command in commands:
        voice = " by voice" if command.entered_by else ""
        number = " without a number" if isinstance(command, c.LeaveVisit) and command.without_number else ""
        yield f"{type(command).__name__}{voice}{number}", command, now
    moment = next_deadline(visit)
    if moment is not None:
        yield "PassTime", c.PassTime(), max(now, moment)


def _coarse(visit: Visit) -> tuple[object, ...]:
    """Give what two visits must share to be taken for one another: all but moments, names and counts above two."""
    promises = (visit.hello_promise, visit.callback_promise)
    questions = (visit.visitor_question, visit.call_question)
    return (
        visit.hello,
        visit.callback,
        visit.policy.owes,
        visit.here,
        visit.phone_known,
        visit.unsafe_here,
        *((p.origin, p.entered_by is None, p.remind_at is None, p.called, p.tries) if p else None for p in promises),
        *(q.with_reception if q else None for q in questions),
    )


def reachable_pairs() -> Mapping[tuple[Hello, Callback], str]:
    """Search breadth first from each arrival; give a shortest way to each pair of states."""
    found: dict[tuple[Hello, Callback], str] = {}
    seen: set[tuple[object, ...]] = set()
    waiting = deque(_arrivals())
    while waiting:
        place = waiting.popleft()
        found.setdefault((place.visit.hello, place.visit.callback), ", ".join(place.path))
        for label, command, when in _deeds(place):
            after = _after(place.visit, command, when)
            key = _coarse(after)
            if key not in seen:
                seen.add(key)
                waiting.append(Place(after, when, (*place.path, label)))
    return found


def _arrivals() -> Iterator[Place]:
    for owes in Owes:
        for end in (BOOK, HAND_OVER):
            for known in (True, False):
                story = Story(policy=make_policy(owes, end), phone_known=known)
                number = "a number" if known else "no number"
                yield Place(story.visit, NINE, (f"owes {owes} and ends in {end}, {number}",))


def _after(visit: Visit, command: c.Command, now: datetime) -> Visit:
    try:
        for event in decide(visit, command, make_house(), now):
            visit = evolve(visit, event)
    except Refused:
        pass
    return visit


def test_the_reachable_pairs_of_states_are_those_on_record(writes_golden: Callable[[Path, str], None]) -> None:
    lines = [f"{hello} + {callback}: {path}\n" for (hello, callback), path in sorted(reachable_pairs().items())]
    writes_golden(GOLDEN, "".join(lines))
