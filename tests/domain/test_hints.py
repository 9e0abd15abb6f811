"""A platform says that whoever was asked does not look now: the ladder starts at once, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.lifecycle import evolve
from bot.domain.people import RECEPTION
from bot.domain.policy import Ladder, Step, Verb
from bot.domain.visit import Callback, Hello, Hint
from bot.errors import IllegalMove
from tests.domain.house import HAND_OVER, NINE, Story, make_house, make_policy, minutes, names


def away(person: str = "martin", *, asking: int = 1, why: Hint = Hint.DND) -> c.ReportAway:
    """Give what the courier reports."""
    return c.ReportAway(person=person, asking=asking, adapter="slack", why=why)


@pytest.mark.parametrize("why", Hint)
def test_the_first_step_happens_now_and_each_later_one_as_much_earlier(why: Hint) -> None:
    story = Story()
    assert names(story.does(away(why=why))) == ["SeemsAway", "Reminded"]
    said = story.last(e.SeemsAway)
    assert (said.by, said.person, said.asking, said.adapter, said.why) == ("hello30", "martin", 1, "slack", why)
    assert said.moments == tuple(NINE + minutes(after) for after in (0, 1, 4, 7))
    assert names(story.passes(minutes=1)) == ["Asked"]
    assert story.responder == "sophie"
    story.passes(minutes=3)
    assert story.responder == "claire"
    story.passes(minutes=3)
    assert story.tracks == (Hello.EXCUSED, Callback.PROMISED)


def test_a_hint_that_comes_later_gives_no_less_time_between_two_steps() -> None:
    story = Story()
    story.passes(seconds=50)
    story.does(away())
    assert story.last(e.Reminded).late_s == 0
    assert story.passes(seconds=59) == []
    assert names(story.passes(seconds=1)) == ["Asked"]


def test_whoever_does_not_look_may_still_answer_and_that_stops_the_ladder() -> None:
    story, quiet = Story(), Story()
    story.does(away())
    assert story.card("martin").buttons == quiet.card("martin").buttons
    story.does(c.PromiseHello(by="martin", within=minutes(5)))
    assert story.tracks == (Hello.PROMISED, Callback.NONE)
    assert story.passes(minutes=5) == []


def test_a_first_step_that_asks_somebody_asks_them_now() -> None:
    steps = (Step(minutes(1), Verb.ASK, "deputy"), Step(minutes(4), Verb.BOOK_CALLBACK, "owner"))
    story = Story(policy=replace(make_policy(), unanswered=steps))
    story.does(away())
    assert story.responder == "sophie"
    assert story.visit.asked == ("martin", "sophie")


def test_where_nobody_is_left_for_the_first_step_the_next_one_comes_at_its_earlier_time() -> None:
    steps = (
        Step(minutes(1), Verb.ASK, "deputy"),
        Step(minutes(3), Verb.ASK, "manager"),
        Step(minutes(4), Verb.BOOK_CALLBACK, "owner"),
    )
    story = Story(policy=replace(make_policy(), unanswered=steps), house=make_house(away={"sophie": None}))
    assert names(story.does(away())) == ["SeemsAway", "StepSkipped"]
    assert story.passes(seconds=119) == []
    story.passes(seconds=1)
    assert story.responder == "claire"


def test_it_is_noted_once_in_an_asking() -> None:
    story = Story()
    story.does(away())
    assert story.does(away()) == story.does(away(why=Hint.STATUS)) == []
    story.passes(minutes=1)
    assert story.does(away()) == []


def test_the_next_asking_may_start_earlier_as_well() -> None:
    story = Story()
    story.does(away(), c.Delegate(by="martin", to="karim"))
    assert story.does(away()) == []
    assert names(story.does(away("karim", asking=2))) == ["SeemsAway", "Reminded"]


def test_only_whoever_is_asked_and_only_in_the_asking_that_was_shown_to_them() -> None:
    story = Story()
    assert story.does(away("sophie")) == []
    story.does(c.Delegate(by="martin", to="karim"), c.NotMe(by="karim"))
    assert story.responder == "martin"
    assert story.does(away("martin", asking=1)) == []
    assert names(story.does(away("martin", asking=3))) == ["SeemsAway", "Reminded"]


def test_once_a_step_has_fired_or_has_its_moment_it_says_nothing_new() -> None:
    reminded = Story()
    reminded.passes(minutes=1)
    assert reminded.does(away()) == []
    due = Story()
    due.now += minutes(1)
    assert due.does(away()) == []


@pytest.mark.parametrize("verb, whom", [(Verb.BOOK_CALLBACK, "owner"), (Verb.HAND_OVER_TO, "reception")])
def test_nothing_is_booked_or_handed_over_on_a_hint_alone(verb: Verb, whom: str) -> None:
    story = Story(policy=replace(make_policy(), unanswered=(Step(minutes(2), verb, whom),)))
    assert story.does(away()) == []
    assert story.responder == "martin"


def test_somebody_who_promised_to_come_is_not_hurried() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", within=minutes(2)))
    assert story.does(away()) == []
    story.passes(minutes=4)
    asking = story.visit.visitor_question
    assert asking is not None
    assert asking.ladder is Ladder.HELLO_LATE
    assert story.does(away(asking=asking.no)) == []


def test_a_late_call_is_not_hurried() -> None:
    story = Story()
    story.does(c.PromiseCallback(by="martin", due=NINE + minutes(60)))
    story.passes(minutes=75)
    asking = story.visit.call_question
    assert asking is not None
    assert story.does(away(asking=asking.no)) == []


def test_neither_is_reception_nor_anybody_once_the_visit_is_closed() -> None:
    story = Story(end=HAND_OVER)
    story.passes(minutes=8)
    asking = story.visit.visitor_question
    assert asking is not None
    assert story.does(away(RECEPTION, asking=asking.no)) == []
    closed = Story()
    closed.does(c.Withdraw(by="nadia"))
    assert closed.does(away()) == []


def test_nobody_buzzes_who_would_not_have_buzzed_later() -> None:
    story, quiet = Story(), Story()
    story.does(away())
    story.passes(minutes=9)
    quiet.passes(minutes=9)
    assert story.nudges(story.journal) == quiet.nudges(quiet.journal)


def test_after_downtime_the_newest_step_by_the_earlier_moments_fires() -> None:
    story = Story()
    story.does(away())
    woken = story.sleeps(minutes=5)
    assert names(woken) == ["StepSkipped", "Asked"]
    assert story.last(e.Asked).late_s == 60
    assert story.responder == "claire"


@pytest.mark.parametrize("asking, passed", [(2, 0), (1, 1)], ids=["another asking", "a step has fired"])
def test_a_journal_in_which_a_ladder_starts_that_does_not_wait_cannot_be(asking: int, passed: int) -> None:
    story = Story()
    story.passes(minutes=passed)
    moments = (story.now, story.now + timedelta(minutes=1))
    event = e.SeemsAway(
        at=story.now, by="hello30", person="martin", asking=asking, adapter="slack", why=Hint.DND, moments=moments
    )
    with pytest.raises(IllegalMove, match="does not wait for its first step"):
        evolve(story.visit, event)
