"""Which events make whose phone buzz."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from bot.domain import commands as c
from bot.domain.policy import Owes, Step, Verb
from tests.domain.house import COUNTER, HAND_OVER, Story, at, make_policy

COMING: Final = c.PromiseHello(by="martin", within=timedelta())
AT_TEN: Final = c.PromiseCallback(by="martin", due=at("10:00"))


def test_whoever_is_asked_is_nudged() -> None:
    story = Story()
    assert story.nudges(story.journal) == [("martin", "responder.asked_nudge")]
    assert story.nudges(story.passes(minutes=1)) == [("martin", "responder.reminder_nudge")]
    assert story.nudges(story.passes(minutes=1)) == [("sophie", "responder.asked_for_other_nudge")]


def test_reception_is_nudged_when_it_has_the_question() -> None:
    story = Story(end=HAND_OVER)
    story.passes(minutes=5)
    assert story.nudges(story.passes(minutes=3)) == [(COUNTER, "reception.gone_or_here_nudge")]


def test_whether_somebody_has_come_is_asked_of_both() -> None:
    story = Story()
    story.does(COMING)
    assert story.nudges(story.passes(minutes=4)) == [
        ("martin", "responder.have_you_come_nudge"),
        (COUNTER, "reception.has_come_nudge"),
    ]


def test_a_promise_makes_nobodys_phone_buzz() -> None:
    story = Story()
    assert story.nudges(story.does(COMING)) == []
    assert story.nudges(story.does(AT_TEN)) == []


def test_a_callback_buzzes_before_its_time_at_its_time_and_when_it_is_late() -> None:
    story = Story()
    story.does(AT_TEN)
    assert story.nudges(story.passes(minutes=50)) == [("martin", "callback.soon_nudge")]
    assert story.nudges(story.passes(minutes=10)) == [("martin", "callback.now_nudge")]
    assert story.nudges(story.passes(minutes=15)) == [("martin", "callback.late_nudge")]
    assert story.nudges(story.passes(minutes=30)) == [("sophie", "callback.late_nudge")]


def test_a_late_call_that_reception_has_is_told_as_a_call() -> None:
    story = Story()
    story.does(AT_TEN)
    told = story.nudges(story.passes(hours=6))
    assert (COUNTER, "callback.late_nudge") in told
    assert (COUNTER, "reception.gone_or_here_nudge") not in told


def test_a_late_call_buzzes_once_also_where_its_ladder_does_not_begin_with_a_reminder() -> None:
    ladder = (Step(timedelta(minutes=30), Verb.ASK, "deputy"), Step(timedelta(hours=2), Verb.HAND_OVER_TO, "reception"))
    story = Story(policy=replace(make_policy(), callback_late=ladder))
    story.does(AT_TEN)
    story.passes(minutes=60)
    assert story.nudges(story.passes(minutes=15)) == [("martin", "callback.late_nudge")]


def test_whoever_has_a_callback_booked_for_them_is_told() -> None:
    story = Story()
    assert ("martin", "callback.booked_nudge") in story.nudges(story.passes(minutes=8))


def test_whoever_is_offered_a_call_is_told_by_whom() -> None:
    story = Story()
    story.does(AT_TEN)
    offered = story.whole_nudges(story.does(c.PassCallback(by="martin", to="lea")))
    assert [(n.person, n.text.key, n.text.args) for n in offered] == [
        ("lea", "callback.offered_nudge", {"by": "martin"})
    ]


def test_not_safe_is_told_to_the_manager_and_to_reception() -> None:
    story = Story()
    told = story.nudges(story.does(c.MarkUnsafe(by="martin")))
    assert told[:2] == [
        ("claire", "responder.not_safe_alert_nudge"),
        (COUNTER, "responder.not_safe_alert_nudge"),
    ]


def test_posted_by_mistake_is_told_to_everyone_asked_once() -> None:
    story = Story()
    story.passes(minutes=6)
    story.does(c.Delegate(by="claire", to="sophie"))
    told = story.nudges(story.does(c.Withdraw(by="nadia")))
    assert told == [(person, "responder.withdrawn_nudge") for person in ("martin", "sophie", "claire")]


def test_a_nudge_belongs_to_its_own_question() -> None:
    # a hello is asked again while a call is late: two questions, and each nudge knows which
    story = Story(end=HAND_OVER)
    story.does(c.LeaveVisit(by="nadia"), c.Undo(by="nadia"))
    late = [nudge for nudge in story.whole_nudges(story.passes(minutes=60)) if nudge.text.key == "callback.late_nudge"]
    hello, call = story.visit.visitor_question, story.visit.call_question
    assert hello is not None
    assert call is not None
    assert {nudge.asking for nudge in late} == {call.no}


def test_a_nudge_that_stays_worth_saying_belongs_to_no_asking() -> None:
    story = Story()
    (nudge,) = story.whole_nudges(story.does(c.Withdraw(by="nadia")))
    assert nudge.asking is None


def test_the_same_nudge_is_never_queued_twice() -> None:
    story = Story()
    story.passes(minutes=9)
    every = [nudge.key for nudge in story.whole_nudges(story.journal)]
    assert len(every) == len(set(every))


# --- what somebody else made of one's promise ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "commands, told",
    [
        ((c.MoveCallback(by="nadia", due=at("11:00")),), [("martin", "callback.moved_nudge")]),
        ((c.MoveCallback(by="martin", due=at("11:00")),), []),
        ((c.DropCallback(by="nadia"),), [("martin", "callback.dropped_nudge")]),
        ((c.DropCallback(by="martin"),), []),
        (
            (c.PassCallback(by="nadia", to="lea"), c.TakeCallback(by="lea")),
            [("martin", "callback.taken_nudge")],
        ),
    ],
    ids=["moved", "moved by oneself", "dropped", "dropped by oneself", "taken"],
)
def test_whoever_promised_a_call_is_told_what_somebody_else_made_of_it(
    commands: tuple[c.Command, ...], told: list[tuple[str, str]]
) -> None:
    story = Story()
    story.does(AT_TEN)
    assert story.nudges(story.does(*commands)) == told


def test_a_call_that_was_only_owed_is_dropped_without_a_nudge() -> None:
    story = Story(owes=Owes.CALLBACK)
    assert story.nudges(story.does(c.MarkSeen(by="martin"))) == []


def test_whoever_took_a_call_is_told_that_it_was_posted_by_mistake_even_if_nobody_asked_them() -> None:
    story = Story()
    story.does(AT_TEN, c.PassCallback(by="martin", to="lea"), c.TakeCallback(by="lea"))
    assert story.nudges(story.does(c.Withdraw(by="nadia"))) == [
        ("martin", "responder.withdrawn_nudge"),
        ("lea", "callback.dropped_nudge"),
    ]


def test_a_colleague_whose_hello_the_owner_takes_over_is_free_again_and_told_so() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.PromiseHello(by="sophie", within=timedelta(minutes=5)))
    assert story.nudges(story.does(c.TakeOver(by="martin"))) == [("sophie", "responder.taken_over_nudge")]


def test_a_hello_wrongly_entered_by_voice_tells_nobody_that_they_are_free() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", entered_by="nadia", within=timedelta(minutes=5)))
    assert story.nudges(story.does(c.DisputeVoice(by="martin"))) == [("martin", "responder.asked_nudge")]
