"""A callback: promised, booked, moved, tried, passed on, late, made; in open time, and one slot for one visit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.people import RECEPTION
from bot.domain.policy import Owes, Span, Unit, Via
from bot.domain.visit import Callback, Hello, Origin, Promise
from tests.domain.house import HAND_OVER, NINE, Story, at, make_house, make_policy, minutes, names

AT_TEN = c.PromiseCallback(by="martin", due=at("10:00"))


def days(count: int) -> timedelta:
    """Give a number of days."""
    return timedelta(days=count)


def promised(clock: str = "10:00") -> Story:
    """Give a visit with a callback that Martin has promised for a time of that day."""
    story = Story()
    story.does(c.PromiseCallback(by="martin", due=at(clock)))
    return story


def late(owes: Owes = Owes.HELLO_OR_CALLBACK) -> Story:
    """Give a visit whose callback is late by one minute."""
    story = Story(owes=owes)
    story.does(AT_TEN)
    story.passes(minutes=76)
    return story


def promise_of(story: Story) -> Promise:
    """Give the callback that is promised."""
    promise = story.visit.callback_promise
    assert promise is not None
    return promise


# --- promising -------------------------------------------------------------------------------------------------------


def test_a_promised_callback_has_a_reminder_a_time_and_a_moment_from_which_it_is_late() -> None:
    promise = promise_of(promised())
    assert (promise.by, promise.remind_at, promise.due, promise.late_at) == (
        "martin",
        at("09:50"),
        at("10:00"),
        at("10:15"),
    )


def test_grace_is_counted_in_open_time() -> None:
    assert promise_of(promised("16:55")).late_at == at("08:40", days=1)


def test_there_is_no_reminder_for_a_callback_in_a_moment() -> None:
    assert promise_of(promised("09:05")).remind_at is None


@pytest.mark.parametrize(
    "due, reason",
    [
        (NINE, "past_time"),
        (at("17:15", days=1), "callback_bounds"),
        (at("10:00"), "slot_taken"),
        (at("10:14"), "slot_taken"),
        (at("20:00"), "closed_then"),
    ],
    ids=["now", "too late", "promised to somebody else", "overlaps another call", "closed"],
)
def test_the_time_of_a_callback_is_bounded(due: datetime, reason: str) -> None:
    story = Story(house=make_house(promised=[("martin", at("10:00"))]))
    refused = story.refuses(c.PromiseCallback(by="martin", due=due))
    assert refused.reason == reason
    assert "time" in refused.args_by_name


def test_the_next_open_time_is_named_where_the_site_is_closed() -> None:
    refused = Story().refuses(c.PromiseCallback(by="martin", due=at("20:00")))
    assert (refused.reason, refused.args_by_name["time"]) == ("closed_then", at("08:30", days=1))


def test_no_open_time_is_named_that_would_be_refused_as_too_late() -> None:
    today = [("martin", (NINE + timedelta(days=n)).date()) for n in range(1, 3)]
    refused = Story(house=make_house(days=today)).refuses(c.PromiseCallback(by="martin", due=at("20:00")))
    assert (refused.reason, refused.args_by_name["time"]) == ("callback_bounds", at("17:00", days=1))


def test_ones_own_call_is_no_hindrance_to_moving_it_a_little() -> None:
    story = promised()
    story.house = make_house(promised=[("martin", at("10:00"))])
    story.does(c.MoveCallback(by="martin", due=at("10:05")))
    assert promise_of(story).due == at("10:05")


def test_no_call_is_promised_or_booked_on_a_day_on_which_one_is_away() -> None:
    today = [("martin", NINE.date())]
    story = Story(house=make_house(days=today))
    assert story.refuses(AT_TEN).reason == "slot_taken"
    story.passes(minutes=8)
    assert promise_of(story).due == at("08:30", days=1)


def test_away_for_longer_than_a_call_may_wait_reception_has_the_visitor() -> None:
    story = Story(house=make_house(days=[("martin", (NINE + days(n)).date()) for n in range(3)]))
    story.passes(minutes=8)
    assert story.responder == RECEPTION
    assert story.tracks == (Hello.OWED, Callback.NONE)
    story.does(c.LeaveVisit(by="nadia"))
    assert promise_of(story).due == at("08:30", days=3)


def test_the_same_time_again_changes_nothing() -> None:
    assert promised().does(AT_TEN) == []


def test_two_promise_at_once_and_the_other_is_told_who_calls() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(AT_TEN)
    refused = story.refuses(c.PromiseCallback(by="sophie", due=at("10:00")))
    assert (refused.reason, refused.args_by_name["responder"]) == ("somebody_calls", "Martin Gagnon")


def test_a_callback_while_a_colleague_is_coming_is_told_who_comes() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.PromiseHello(by="sophie", within=minutes(2)))
    refused = story.refuses(AT_TEN)
    assert (refused.reason, refused.args_by_name["responder"]) == ("somebody_comes", "Sophie Roy")


@pytest.mark.parametrize(
    "ending",
    [
        (c.LeaveVisit(by="nadia", without_number=True),),
        (c.Withdraw(by="nadia"),),
        (AT_TEN, c.DropCallback(by="nadia")),
        (AT_TEN, c.KeepCallback(by="martin")),
    ],
    ids=["left without a number", "mistake", "wanted none", "made"],
)
def test_no_callback_is_promised_where_none_can_be_owed(ending: tuple[c.Command, ...]) -> None:
    story = Story(phone_known=False)
    story.does(*ending)
    assert story.refuses(AT_TEN).reason == "closed"


def test_a_callback_that_is_owed_again_may_be_promised_to_somebody_who_left() -> None:
    story = Story()
    story.does(c.LeaveVisit(by="nadia"))
    story.passes(minutes=1)
    story.does(c.KeepCallback(by="martin"), c.Undo(by="martin"))
    assert story.tracks == (Hello.UNSEEN, Callback.OWED)
    story.does(AT_TEN)
    assert story.tracks == (Hello.UNSEEN, Callback.PROMISED)


# --- what silence books ----------------------------------------------------------------------------------------------


def test_silence_books_the_owners_next_slot_in_the_owners_name() -> None:
    story = Story()
    story.passes(minutes=8)
    promise = promise_of(story)
    assert (promise.by, promise.origin, promise.due) == ("martin", Origin.SILENCE, at("09:30"))
    assert story.tracks == (Hello.EXCUSED, Callback.PROMISED)


def test_silence_books_no_slot_that_another_visit_has() -> None:
    story = Story(house=make_house(promised=[("martin", at("09:30")), ("sophie", at("09:45"))]))
    story.passes(minutes=8)
    assert promise_of(story).due == at("09:45")


def test_owing_a_hello_silence_books_and_puts_the_question_to_reception() -> None:
    story = Story(owes=Owes.HELLO)
    story.passes(minutes=8)
    assert story.tracks == (Hello.OWED, Callback.PROMISED)
    assert story.responder == RECEPTION


def test_owing_a_hello_silence_books_nothing_on_top_of_a_promised_callback() -> None:
    story = Story(owes=Owes.HELLO)
    story.does(AT_TEN)
    story.passes(minutes=9)
    assert promise_of(story).origin is Origin.PERSON
    assert story.responder == RECEPTION


def test_silence_where_no_slot_is_free_in_time_is_handed_to_reception() -> None:
    soon = replace(make_policy().callback, within=Span(Unit.OPEN, minutes(10)))
    story = Story(policy=replace(make_policy(), callback=soon))
    story.passes(minutes=8)
    assert story.tracks == (Hello.OWED, Callback.NONE)
    assert story.responder == RECEPTION


def test_silence_after_a_callback_was_dropped_is_handed_to_reception() -> None:
    story = Story(owes=Owes.HELLO)
    story.does(AT_TEN, c.DropCallback(by="nadia"))
    story.passes(minutes=9)
    assert story.tracks == (Hello.OWED, Callback.DROPPED)
    assert story.responder == RECEPTION


def test_one_press_moves_what_the_bot_had_booked_and_that_is_no_move() -> None:
    story = Story()
    story.passes(minutes=8)
    story.does(AT_TEN)
    promise = promise_of(story)
    assert (promise.origin, promise.due, promise.moved) == (Origin.PERSON, at("10:00"), 0)


def test_a_colleague_who_was_asked_may_take_what_the_bot_had_booked() -> None:
    story = Story()
    story.passes(minutes=8)
    story.does(c.PromiseCallback(by="sophie", due=at("10:00")))
    assert (promise_of(story).by, promise_of(story).origin) == ("sophie", Origin.PERSON)


def test_a_callback_chosen_for_somebody_who_came_back_excuses_the_hello() -> None:
    story = Story()
    story.does(c.LeaveVisit(by="nadia"), c.Undo(by="nadia"))
    assert story.tracks == (Hello.OWED, Callback.PROMISED)
    story.does(AT_TEN)
    assert story.tracks == (Hello.EXCUSED, Callback.PROMISED)


# --- moving ----------------------------------------------------------------------------------------------------------


def test_a_callback_may_be_moved_as_often_as_the_policy_says() -> None:
    story = promised()
    story.does(c.MoveCallback(by="martin", due=at("10:15")), c.MoveCallback(by="martin", due=at("10:30")))
    refused = story.refuses(c.MoveCallback(by="martin", due=at("10:45")))
    assert (refused.reason, refused.args_by_name["moves"]) == ("moved_too_often", 2)
    assert story.tracks == (Hello.EXCUSED, Callback.PROMISED)


@pytest.mark.parametrize("by", ["nadia", "claire"])
def test_reception_and_the_owners_manager_move_it_for_the_caller(by: str) -> None:
    story = promised()
    story.does(c.MoveCallback(by=by, due=at("10:15")))
    assert (promise_of(story).by, promise_of(story).due) == ("martin", at("10:15"))


def test_there_is_nothing_to_do_with_a_callback_that_nobody_promised() -> None:
    story = Story()
    move = c.MoveCallback(by="nadia", due=at("10:00"))
    for command in (move, c.KeepCallback(by="nadia"), c.DropCallback(by="nadia")):
        assert story.refuses(command).reason == "no_callback"


# --- calling ---------------------------------------------------------------------------------------------------------


def test_a_callback_is_recalled_before_its_time_and_told_at_its_time() -> None:
    story = promised()
    assert names(story.passes(minutes=50)) == ["CallbackReminded"]
    assert names(story.passes(minutes=10)) == ["CallbackDue"]
    assert (story.last(e.CallbackReminded).late_s, story.last(e.CallbackDue).late_s) == (0, 0)


def test_after_downtime_what_a_callback_missed_is_marked_late() -> None:
    story = promised()
    story.sleeps(minutes=62)
    assert (story.last(e.CallbackReminded).late_s, story.last(e.CallbackDue).late_s) == (720, 120)


def test_a_call_in_time_is_kept_and_closes_the_visit() -> None:
    story = promised()
    story.passes(minutes=74)
    story.does(c.KeepCallback(by="martin"))
    assert story.last(e.CallbackKept).fate == "kept"
    assert not story.visit.is_open
    assert story.does(c.KeepCallback(by="martin")) == []


def test_a_late_call_is_kept_late() -> None:
    story = late()
    story.does(c.KeepCallback(by="martin"))
    assert story.last(e.CallbackKept).fate == "late"


def test_whoever_was_asked_about_a_late_call_and_makes_it_has_called() -> None:
    story = late()
    story.passes(minutes=30)
    story.does(c.KeepCallback(by="sophie"))
    assert story.visit.called_by == "sophie"


def test_nobody_answered_and_it_is_tried_again_after_some_open_time() -> None:
    story = promised("16:30")
    story.passes(hours=7.5)
    story.does(c.TryCallback(by="martin"))
    assert (promise_of(story).due, promise_of(story).tries) == (at("10:15", days=1), 1)
    assert not promise_of(story).called


def test_after_as_many_tries_as_the_policy_has_the_visitor_is_unreachable() -> None:
    story = promised()
    story.does(c.TryCallback(by="martin"), c.TryCallback(by="martin"), c.TryCallback(by="martin"))
    assert story.last(e.CallbackUnreachable).why == "tries"
    assert not story.visit.is_open


def test_on_whether_a_call_was_made_the_callers_word_stands_and_the_other_is_noted_once() -> None:
    story = promised()
    story.does(c.KeepCallback(by="martin"))
    assert story.does(c.TryCallback(by="martin")) == []
    assert names(story.does(c.TryCallback(by="nadia"))) == ["Disputed"]
    assert story.last(e.Disputed).claim == "not_called"
    assert story.does(c.TryCallback(by="nadia")) == []
    assert story.visit.callback is Callback.KEPT


@pytest.mark.parametrize("by", ["nadia", "claire"])
def test_where_somebody_else_said_that_the_call_was_made_the_callers_word_stands(by: str) -> None:
    story = promised()
    story.does(c.KeepCallback(by=by))
    assert names(story.does(c.TryCallback(by="martin"))) == ["Disputed", "CallbackReopened", "AskingBegan"]
    assert (story.last(e.Disputed).claim, story.visit.callback) == ("not_called", Callback.OWED)
    assert story.responder == "martin"
    assert "note.disputed" in [note.key for note in story.card().notes]


def test_a_call_that_was_not_made_is_owed_beside_a_hello_that_is_still_asked() -> None:
    story = late(Owes.HELLO)
    story.does(c.KeepCallback(by="nadia"))
    assert names(story.does(c.TryCallback(by="martin"))) == ["Disputed", "CallbackReopened"]
    assert story.tracks == (Hello.OWED, Callback.OWED)


def test_a_visit_posted_by_mistake_stays_closed_whatever_is_said_of_its_call() -> None:
    story = late(Owes.HELLO)
    story.does(c.KeepCallback(by="nadia"), c.Withdraw(by="nadia"))
    assert names(story.does(c.TryCallback(by="martin"))) == ["Disputed"]
    assert not story.visit.is_open


def test_the_visitor_may_want_no_call_any_more() -> None:
    story = promised()
    story.does(c.DropCallback(by="nadia"))
    assert story.last(e.CallbackDropped).why == "visitor"
    assert story.does(c.DropCallback(by="nadia")) == []


# --- passing it on ---------------------------------------------------------------------------------------------------


def test_the_promise_stands_until_the_colleague_takes_it() -> None:
    story = promised()
    story.does(c.PassCallback(by="martin", to="lea"))
    assert promise_of(story).by == "martin"
    story.does(c.TakeCallback(by="lea"))
    assert (promise_of(story).by, promise_of(story).due) == ("lea", at("10:00"))
    assert story.visit.offered_call == ()


def test_whoever_takes_it_twice_takes_it_once() -> None:
    story = late()
    story.passes(minutes=30)
    story.does(c.TakeCallback(by="sophie"))
    assert promise_of(story).due == story.now
    story = late()
    assert story.does(c.TakeCallback(by="martin")) == []


def test_a_call_is_not_taken_at_a_time_at_which_one_has_promised_another() -> None:
    story = promised()
    story.does(c.PassCallback(by="martin", to="lea"))
    story.house = make_house(promised=[("lea", at("10:00"))])
    assert story.refuses(c.TakeCallback(by="lea")).reason == "slot_taken"


def test_not_me_leaves_the_call_with_whoever_promised_it() -> None:
    story = promised()
    story.does(c.PassCallback(by="martin", to="lea"), c.NotMe(by="lea"))
    assert story.visit.offered_call == ()
    assert promise_of(story).by == "martin"


@pytest.mark.parametrize(
    "to, reason",
    [("nobody", "unknown_person"), ("martin", "already_asked"), ("lea", "already_asked"), ("karim", "person_away")],
)
def test_a_call_cannot_be_passed_to_just_anybody(to: str, reason: str) -> None:
    story = promised()
    story.does(c.PassCallback(by="martin", to="lea"))
    story.is_away("karim")
    assert story.refuses(c.PassCallback(by="martin", to=to)).reason == reason


# --- late ------------------------------------------------------------------------------------------------------------


def test_a_late_callback_reminds_the_caller_at_once() -> None:
    story = late()
    assert story.visit.callback is Callback.LATE
    assert story.caller == "martin"
    assert story.last(e.Reminded).person == "martin"


def test_the_ladder_of_a_late_callback_runs_in_open_time() -> None:
    story = promised("16:30")
    story.passes(hours=7.5, minutes=15)
    began = story.last(e.AskingBegan)
    assert began.moments == (at("16:45"), at("08:45", days=1), at("10:15", days=1), at("12:15", days=1))


def test_nobody_calls_and_reception_has_it_until_closing_time_each_day() -> None:
    story = late()
    story.passes(hours=4)
    assert story.caller == RECEPTION
    story.closes_for_the_day()
    began = story.last(e.AskingBegan)
    assert (began.person, began.moments) == (RECEPTION, (at("17:00", days=1),))


def test_nobody_calls_and_there_is_no_number_so_it_ends_at_closing_time() -> None:
    story = Story(phone_known=False)
    story.does(AT_TEN)
    story.passes(hours=6)
    assert story.caller == RECEPTION
    story.closes_for_the_day()
    assert story.last(e.CallbackUnreachable).why == "number"
    assert not story.visit.is_open


def test_a_colleague_asked_about_a_late_call_makes_it_theirs_by_choosing_a_time() -> None:
    story = late()
    story.passes(minutes=30)
    story.does(c.MoveCallback(by="sophie", due=at("11:00")))
    assert (promise_of(story).by, story.visit.callback) == ("sophie", Callback.PROMISED)


def test_a_colleague_asked_about_a_late_call_may_promise_one() -> None:
    story = late()
    story.passes(minutes=30)
    story.does(c.PromiseCallback(by="sophie", due=at("11:00")))
    assert (promise_of(story).by, story.visit.callback) == ("sophie", Callback.PROMISED)


def test_a_late_call_may_be_delegated_and_put_back() -> None:
    story = late()
    story.does(c.Delegate(by="martin", to="lea"))
    assert story.caller == "lea"
    story.does(c.NotMe(by="lea"))
    assert story.caller == "martin"


def test_an_owner_asked_about_a_colleagues_late_call_may_say_not_me() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.PromiseCallback(by="sophie", due=at("10:00")))
    story.passes(minutes=80)
    story.does(c.AskSomeoneElse(by="nadia", to="martin"), c.NotMe(by="martin"))
    assert story.caller == "sophie"


def test_a_late_caller_who_is_away_makes_the_next_step_happen_now() -> None:
    story = promised()
    story.is_away("martin")
    story.passes(minutes=76)
    assert story.caller == "sophie"


def test_a_call_made_while_a_hello_is_still_owed_leaves_the_hello_owed() -> None:
    story = late(Owes.HELLO)
    story.does(c.KeepCallback(by="martin"))
    assert story.tracks == (Hello.OWED, Callback.KEPT)
    assert story.visit.is_open


def test_a_callback_on_the_phone_needs_no_hello() -> None:
    story = Story(owes=Owes.CALLBACK, via=Via.PHONE)
    story.does(AT_TEN)
    assert story.tracks == (Hello.NOT_OWED, Callback.PROMISED)
    assert story.responder is None


def test_silence_on_the_phone_books_what_was_owed() -> None:
    story = Story(owes=Owes.CALLBACK, via=Via.PHONE)
    story.passes(minutes=8)
    assert story.tracks == (Hello.NOT_OWED, Callback.PROMISED)


def test_reception_with_a_call_that_is_owed_books_it_at_closing_time() -> None:
    story = Story(owes=Owes.CALLBACK, end=HAND_OVER)
    story.closes_for_the_day()
    assert promise_of(story).origin is Origin.LEFT
