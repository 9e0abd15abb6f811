"""How a visit ends: left, unsafe, posted by mistake, closing time; and how its end is taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.people import RECEPTION
from bot.domain.policy import Owes, Span, Unit, Via
from bot.domain.visit import Callback, Hello, Origin
from tests.domain.house import HAND_OVER, PEOPLE, Story, at, make_house, make_policy, minutes, names

LEFT = c.LeaveVisit(by="nadia")
LEFT_WITHOUT = c.LeaveVisit(by="nadia", without_number=True)
UNDO = c.Undo(by="nadia")
UNSAFE = c.MarkUnsafe(by="martin")
AT_TEN = c.PromiseCallback(by="martin", due=at("10:00"))


# --- leaving ---------------------------------------------------------------------------------------------------------


def test_whoever_leaves_unseen_and_gave_a_number_has_a_callback() -> None:
    story = Story()
    assert names(story.does(LEFT)) == ["VisitorLeft", "HelloUnseen", "CallbackPromised"]
    assert story.last(e.CallbackPromised).origin is Origin.LEFT
    assert story.does(LEFT) == []


def test_a_number_is_asked_for_before_the_visitor_leaves() -> None:
    story = Story(phone_known=False)
    assert story.refuses(LEFT).reason == "number_first"
    story.does(c.AddPhone(by="nadia"), LEFT)
    assert story.tracks == (Hello.UNSEEN, Callback.PROMISED)


def test_whoever_leaves_unseen_and_gives_no_number_is_unseen() -> None:
    story = Story(phone_known=False)
    story.does(LEFT_WITHOUT)
    assert story.tracks == (Hello.UNSEEN, Callback.NONE)
    assert not story.visit.is_open


def test_a_caller_who_hangs_up_without_a_number_cannot_be_reached() -> None:
    story = Story(owes=Owes.CALLBACK, via=Via.PHONE, phone_known=False)
    story.does(LEFT_WITHOUT)
    assert story.last(e.CallbackUnreachable).why == "number"


def test_what_the_bot_had_booked_is_let_go_when_there_is_no_number() -> None:
    story = Story(phone_known=False)
    story.passes(minutes=8)
    story.does(LEFT_WITHOUT)
    assert story.visit.callback is Callback.UNREACHABLE


def test_what_a_person_promised_stands_without_a_number_for_they_may_know_it() -> None:
    story = Story(phone_known=False)
    story.does(AT_TEN, LEFT_WITHOUT)
    assert story.visit.callback is Callback.PROMISED


def test_whoever_leaves_while_somebody_is_coming_is_unseen() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", within=minutes(2)), LEFT)
    assert story.tracks == (Hello.UNSEEN, Callback.PROMISED)
    assert story.visit.broken == ()


def test_after_leaving_the_callback_may_be_later_than_the_policy_has_it() -> None:
    soon = replace(make_policy().callback, within=Span(Unit.OPEN, minutes(10)))
    story = Story(policy=replace(make_policy(), callback=soon))
    story.does(LEFT)
    assert story.last(e.CallbackPromised).due == at("09:15")


def test_leaving_after_the_hello_settles_nothing_more() -> None:
    story = Story()
    story.does(AT_TEN, c.HelloHappened(by="nadia"))
    assert names(story.does(LEFT)) == ["VisitorLeft"]
    closed = Story()
    closed.does(c.HelloHappened(by="nadia"))
    assert closed.does(LEFT) == []


def test_a_number_is_of_no_use_to_a_closed_visit() -> None:
    story = Story(phone_known=False)
    story.does(LEFT_WITHOUT)
    assert story.refuses(c.AddPhone(by="nadia")).reason == "closed"


# --- closing time ----------------------------------------------------------------------------------------------------


def test_at_closing_time_nobody_is_here_any_more() -> None:
    story = Story(end=HAND_OVER, phone_known=False)
    story.closes_for_the_day()
    assert (story.last(e.VisitorLeft).why, story.last(e.VisitorLeft).by) == ("closing", "hello30")
    assert story.tracks == (Hello.UNSEEN, Callback.NONE)


def test_at_closing_time_what_nobody_can_call_is_let_go() -> None:
    story = Story(owes=Owes.HELLO, phone_known=False)
    story.closes_for_the_day()
    assert story.tracks == (Hello.UNSEEN, Callback.UNREACHABLE)


def test_at_closing_time_a_call_that_is_owed_to_somebody_who_left_is_booked() -> None:
    story = Story(end=HAND_OVER)
    story.does(LEFT)
    story.passes(minutes=1)
    story.does(c.DropCallback(by="nadia"), UNDO)
    story.closes_for_the_day()
    assert len(story.all(e.VisitorLeft)) == 1
    assert story.visit.callback is Callback.PROMISED


# --- not safe --------------------------------------------------------------------------------------------------------


def test_not_safe_drops_the_hello_and_reception_and_the_manager_are_told() -> None:
    story = Story()
    story.does(UNSAFE)
    assert story.tracks == (Hello.DROPPED, Callback.NONE)
    assert story.responder == RECEPTION
    assert story.visit.alerted == ("claire",)
    assert story.does(UNSAFE) == []


def test_an_unsafe_visit_stays_until_the_visitor_left() -> None:
    story = Story()
    story.does(UNSAFE)
    assert story.visit.is_open
    story.does(LEFT)
    assert not story.visit.is_open


def test_an_unsafe_visitor_is_not_asked_for_a_number() -> None:
    story = Story(phone_known=False)
    story.does(UNSAFE, LEFT)
    assert story.tracks == (Hello.DROPPED, Callback.NONE)


def test_an_unsafe_visit_ends_at_closing_time_at_the_latest() -> None:
    story = Story()
    story.does(UNSAFE)
    story.closes_for_the_day()
    assert not story.visit.is_open


def test_not_safe_drops_a_callback_that_is_owed_and_leaves_one_that_is_promised() -> None:
    story = Story(owes=Owes.CALLBACK)
    story.does(UNSAFE)
    assert story.last(e.CallbackDropped).why == "not_safe"
    story = Story(owes=Owes.HELLO)
    story.does(AT_TEN, UNSAFE)
    assert story.tracks == (Hello.DROPPED, Callback.PROMISED)


@pytest.mark.parametrize(
    "command",
    [
        c.PromiseHello(by="martin", within=minutes(2)),
        c.Delegate(by="martin", to="karim"),
        c.AskSomeoneElse(by="nadia", to="karim"),
    ],
    ids=["hello", "delegate", "ask someone else"],
)
def test_nobody_is_sent_to_an_unsafe_visit(command: c.Command) -> None:
    for owes in Owes:
        story = Story(owes=owes)
        story.does(UNSAFE)
        refused = story.refuses(command)
        assert (refused.reason, refused.args_by_name["responder"]) == ("with_safety", "Martin Gagnon")


def test_where_the_policy_alerts_reception_no_manager_is_told() -> None:
    story = Story(policy=replace(make_policy(), alert="reception"))
    story.does(UNSAFE)
    assert story.visit.alerted == ()


def test_a_manager_who_says_so_herself_is_not_alerted() -> None:
    story = Story()
    story.does(c.Delegate(by="martin", to="claire"), c.MarkUnsafe(by="claire"))
    assert story.visit.alerted == ()


def test_an_owner_without_a_manager_alerts_reception_alone() -> None:
    people = {**PEOPLE, "martin": replace(PEOPLE["martin"], manager=None)}
    story = Story(house=make_house(people=people))
    story.does(UNSAFE)
    assert story.visit.alerted == ()


def test_somebody_who_is_gone_is_not_unsafe() -> None:
    story = Story()
    story.does(LEFT)
    assert story.refuses(UNSAFE).reason == "not_here"


# --- posted by mistake -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owes", Owes)
def test_posted_by_mistake_drops_both_tracks(owes: Owes) -> None:
    story = Story(owes=owes)
    story.does(c.PromiseHello(by="martin", within=minutes(2)), c.Withdraw(by="nadia"))
    assert story.visit.mistake
    assert not story.visit.is_open
    assert story.last(e.VisitorLeft).why == "mistake"
    assert story.does(c.Withdraw(by="nadia")) == []


def test_posted_by_mistake_after_the_visitor_left_drops_the_callback() -> None:
    story = Story()
    story.does(LEFT, c.Withdraw(by="nadia"))
    assert story.tracks == (Hello.UNSEEN, Callback.DROPPED)


# --- undo ------------------------------------------------------------------------------------------------------------


def test_undo_asks_again_whoever_had_given_the_hello() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.MarkSeen(by="sophie"), UNDO)
    assert story.tracks == (Hello.OWED, Callback.NONE)
    assert story.responder == "sophie"
    assert story.last(e.AskingBegan).at == story.now
    assert story.visit.here


def test_undo_works_for_five_minutes() -> None:
    story = Story()
    story.does(c.HelloHappened(by="nadia"))
    story.passes(minutes=5)
    assert story.does(UNDO)
    story = Story()
    story.does(c.HelloHappened(by="nadia"))
    story.passes(minutes=5, seconds=1)
    assert story.refuses(UNDO).reason == "undo_too_late"


def test_undo_of_an_open_visit_undoes_nothing() -> None:
    assert Story().does(UNDO) == []


def test_undo_pressed_twice_is_one_undo() -> None:
    story = Story()
    story.does(LEFT)
    story.passes(minutes=1)
    story.does(c.KeepCallback(by="martin"), UNDO)
    assert story.does(UNDO) == []


def test_undo_of_having_left_makes_the_visitor_be_here_again() -> None:
    story = Story()
    story.does(LEFT, UNDO)
    assert story.tracks == (Hello.OWED, Callback.PROMISED)
    assert story.visit.here


def test_undo_of_a_mistake_takes_all_of_it_back() -> None:
    story = Story(owes=Owes.CALLBACK, via=Via.PHONE)
    story.does(c.Withdraw(by="nadia"), UNDO)
    assert story.tracks == (Hello.NOT_OWED, Callback.OWED)
    assert story.visit.here
    assert not story.visit.mistake
    assert story.responder == "martin"


def test_undo_of_a_call_asks_whoever_had_made_it() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.PromiseCallback(by="sophie", due=at("10:00")), c.KeepCallback(by="sophie"))
    story.does(UNDO)
    assert story.tracks == (Hello.EXCUSED, Callback.OWED)
    assert story.responder == "sophie"


def test_undo_asks_the_stand_in_of_an_owner_who_is_away_by_now() -> None:
    story = Story()
    story.does(LEFT)
    story.is_away("martin", "karim")
    story.does(UNDO)
    assert story.responder == "karim"


def test_undo_of_an_unsafe_visitors_leaving_gives_them_back_to_reception() -> None:
    story = Story()
    story.does(UNSAFE, LEFT)
    assert names(story.does(UNDO)) == ["Reopened", "VisitorBack", "AskingBegan"]
    assert story.responder == RECEPTION
    assert story.visit.hello is Hello.DROPPED


def test_undo_of_a_call_to_somebody_unsafe_who_left_does_not_bring_them_back() -> None:
    story = Story(owes=Owes.HELLO)
    story.does(AT_TEN, UNSAFE, LEFT)
    story.passes(minutes=1)
    story.does(c.KeepCallback(by="martin"), UNDO)
    assert not story.visit.here
    assert story.tracks == (Hello.DROPPED, Callback.OWED)
    story.passes(minutes=8)
    assert story.visit.callback is Callback.PROMISED


def test_a_visit_that_is_open_again_closes_again() -> None:
    story = Story()
    story.does(c.MarkSeen(by="martin"))
    story.passes(minutes=1)
    story.does(UNDO)
    story.passes(minutes=1)
    story.does(c.MarkSeen(by="martin"))
    assert story.visit.closed_at == story.now


def test_what_was_posted_by_mistake_is_taken_up_again_by_reception_only() -> None:
    story = Story()
    story.does(c.Withdraw(by="nadia"))
    assert story.refuses(c.Undo(by="martin")).reason == "not_reception"
    story.does(c.Undo(by="nadia"))
    assert not story.visit.mistake
