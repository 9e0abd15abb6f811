"""A hello: promised, moved, kept, kept late, broken, taken over; and whose word stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.policy import Owes, Via
from bot.domain.visit import Callback, Hello
from tests.domain.house import HAND_OVER, NINE, Story, at, make_house, minutes, names

COMING = c.PromiseHello(by="martin", within=timedelta())
IN_FIVE = c.PromiseHello(by="martin", within=minutes(5))


def broken_twice() -> Story:
    """Give a visit in which Martin and then Sophie promised to come and did not."""
    story = Story(end=HAND_OVER)
    story.does(COMING)
    story.passes(minutes=6)
    story.does(c.PromiseHello(by="sophie", within=minutes(2)))
    story.passes(minutes=4)
    return story


# --- promising -------------------------------------------------------------------------------------------------------


def test_coming_means_within_what_the_policy_calls_now() -> None:
    story = Story()
    story.does(COMING)
    promise = story.visit.hello_promise
    assert promise is not None
    assert (promise.by, promise.due, promise.late_at) == ("martin", NINE + minutes(2), NINE + minutes(4))


def test_a_promise_counts_from_the_press_if_that_is_at_most_two_minutes_old() -> None:
    story = Story()
    story.passes(minutes=3)
    story.does(replace(IN_FIVE, pressed_at=story.now - minutes(2)))
    assert story.last(e.HelloPromised).due == story.now + minutes(3)


@pytest.mark.parametrize("age", [minutes(2.1), minutes(-1)], ids=["too old", "not yet"])
def test_a_promise_counts_from_now_if_the_press_is_older_or_still_to_come(age: timedelta) -> None:
    story = Story()
    story.passes(minutes=3)
    story.does(replace(IN_FIVE, pressed_at=story.now - age))
    assert story.last(e.HelloPromised).due == story.now + minutes(5)


def test_no_hello_is_promised_beyond_what_the_policy_allows() -> None:
    refused = Story().refuses(c.PromiseHello(by="martin", within=minutes(11)))
    assert (refused.reason, refused.args_by_name["minutes"]) == ("hello_bounds", 10)


def test_the_same_or_an_earlier_choice_again_changes_nothing() -> None:
    story = Story()
    story.does(IN_FIVE)
    story.passes(seconds=30)
    assert story.does(IN_FIVE) == []
    assert story.does(COMING) == []


def test_what_was_chosen_first_and_comes_last_changes_nothing() -> None:
    story = Story()
    story.passes(minutes=1)
    story.does(COMING)
    stands = story.visit
    before = story.now
    story.passes(seconds=5)
    story.does(replace(IN_FIVE, pressed_at=before - timedelta(seconds=1)))
    assert story.visit == stands
    story.does(replace(IN_FIVE, pressed_at=story.now))
    assert story.last(e.HelloMoved).due == story.now + minutes(5)


def test_a_hello_may_be_moved_once() -> None:
    story = Story()
    story.does(COMING)
    assert names(story.does(IN_FIVE)) == ["HelloMoved"]
    assert story.refuses(c.PromiseHello(by="martin", within=minutes(10))).reason == "hello_moved_already"


def test_the_same_choice_within_two_minutes_does_not_use_up_the_one_move() -> None:
    story = Story()
    story.does(IN_FIVE)
    story.passes(minutes=1.5)
    assert story.does(IN_FIVE) == []
    story.passes(minutes=1)
    assert names(story.does(IN_FIVE)) == ["HelloMoved"]


def test_a_hello_is_not_moved_beyond_what_the_policy_has_for_hellos() -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=1)
    assert story.refuses(c.PromiseHello(by="martin", within=minutes(10))).reason == "hello_bounds"
    assert names(story.does(c.PromiseHello(by="martin", within=minutes(9)))) == ["HelloMoved"]


def test_two_answer_at_once_and_the_other_is_told_who_comes() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.PromiseHello(by="sophie", within=minutes(2)))
    refused = story.refuses(COMING)
    assert (refused.reason, refused.args_by_name["responder"]) == ("somebody_comes", "Sophie Roy")


def test_a_hello_after_a_colleagues_callback_is_told_who_calls() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.PromiseCallback(by="sophie", due=at("10:00")))
    refused = story.refuses(COMING)
    assert (refused.reason, refused.args_by_name["responder"]) == ("somebody_calls", "Sophie Roy")


def test_on_the_phone_somebody_is_put_through_instead_of_the_callback() -> None:
    story = Story(owes=Owes.CALLBACK, via=Via.PHONE)
    story.does(COMING)
    assert story.tracks == (Hello.PROMISED, Callback.OWED)
    story.does(c.HelloHappened(by="nadia"))
    assert story.tracks == (Hello.GIVEN, Callback.DROPPED)
    assert not story.visit.is_open


@pytest.mark.parametrize(
    "ending, reason",
    [
        (c.HelloHappened(by="nadia"), "closed"),
        (c.LeaveVisit(by="nadia"), "closed"),
        (c.Withdraw(by="nadia"), "closed"),
        (c.PromiseCallback(by="martin", due=at("10:00")), "old_card"),
    ],
    ids=["given", "left", "mistake", "excused"],
)
def test_no_hello_is_promised_where_none_is_owed_any_more(ending: c.Command, reason: str) -> None:
    story = Story()
    story.does(ending)
    assert story.refuses(COMING).reason == reason


def test_no_hello_is_promised_to_somebody_who_is_no_longer_on_the_line() -> None:
    story = Story(owes=Owes.CALLBACK, via=Via.PHONE)
    story.does(c.LeaveVisit(by="nadia"))
    assert story.refuses(COMING).reason == "visitor_left"


def test_a_promise_does_not_open_a_closed_visit_again() -> None:
    story = Story(owes=Owes.CALLBACK, via=Via.PHONE)
    story.does(c.PromiseCallback(by="martin", due=at("10:00")), c.KeepCallback(by="martin"))
    assert story.refuses(COMING).reason == "closed"


# --- keeping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [c.MarkSeen(by="martin"), c.HelloHappened(by="nadia")], ids=["seen", "happened"])
def test_a_hello_in_time_is_kept(command: c.Command) -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=3)
    story.does(command)
    given = story.last(e.HelloGiven)
    assert (given.person, given.fate) == ("martin", "kept")
    assert story.tracks == (Hello.GIVEN, Callback.NONE)


def test_a_hello_between_its_late_moment_and_the_check_is_kept_late() -> None:
    story = Story()
    story.does(COMING)
    story.now = NINE + minutes(5)
    story.does(c.MarkSeen(by="martin"))
    assert story.last(e.HelloGiven).fate == "late"


def test_seen_without_any_promise_is_a_hello_all_the_same() -> None:
    story = Story()
    story.does(c.MarkSeen(by="martin"))
    assert story.last(e.HelloGiven).fate == "none"


def test_without_a_name_the_hello_was_given_by_who_was_asked_last() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.HelloHappened(by="nadia"))
    assert story.visit.greeted_by == "sophie"


def test_without_a_name_and_with_reception_the_hello_was_given_by_the_owner() -> None:
    story = Story(end=HAND_OVER)
    story.passes(minutes=9)
    story.does(c.HelloHappened(by="nadia"))
    assert story.visit.greeted_by == "martin"


def test_reception_may_say_who_gave_the_hello() -> None:
    story = Story()
    story.does(COMING, c.HelloHappened(by="nadia", person="sophie"))
    assert story.last(e.HelloGiven).fate == "none"
    assert story.visit.greeted_by == "sophie"


def test_a_hello_given_twice_is_one_hello() -> None:
    story = Story()
    story.does(c.MarkSeen(by="martin"))
    for again in (c.MarkSeen(by="martin"), c.HelloHappened(by="nadia"), c.HasCome(by="nadia")):
        assert story.does(again) == []


def test_after_a_callback_the_hello_may_still_be_given() -> None:
    story = Story()
    story.does(c.PromiseCallback(by="martin", due=at("10:00")), c.HelloHappened(by="nadia"))
    assert story.tracks == (Hello.GIVEN, Callback.PROMISED)


# --- breaking --------------------------------------------------------------------------------------------------------


def test_a_forgotten_hello_asks_reception_and_responder_the_same() -> None:
    story = Story()
    story.does(COMING)
    assert names(story.passes(minutes=4)) == ["HelloBroken", "AskingBegan", "Checked"]
    asked = [(card.reader, card.ask.key) for card in story.cards().values() if card.ask]
    assert asked == [("reception:quebec", "ask.has_come"), ("martin", "responder.have_you_come")]


def test_only_later_a_colleague_is_asked() -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=5)
    assert story.responder == "martin"
    story.passes(minutes=1)
    assert story.responder == "sophie"


def test_not_yet_asks_the_next_one_now() -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=4)
    assert names(story.does(c.HasNotCome(by="nadia"))) == ["NotYet", "Asked"]
    assert story.responder == "sophie"


def test_not_yet_answers_only_the_question_whether_somebody_has_come() -> None:
    assert Story().refuses(c.HasNotCome(by="nadia")).reason == "nothing_asked"


def test_yes_while_it_is_being_asked_means_kept_for_a_press_was_forgotten() -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=4)
    story.does(c.HasCome(by="nadia"))
    assert story.last(e.HelloGiven).fate == "kept"
    assert story.visit.broken == ()


def test_yes_within_half_an_hour_means_kept_late_and_drops_what_the_bot_had_booked() -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=10)
    assert story.tracks == (Hello.EXCUSED, Callback.PROMISED)
    story.does(c.HasCome(by="nadia"))
    assert story.last(e.HelloGiven).fate == "late"
    assert story.last(e.CallbackDropped).why == "met"
    assert story.visit.broken == ()


def test_yes_after_half_an_hour_is_a_hello_but_the_promise_stays_broken() -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=33)
    story.does(c.HasCome(by="nadia"))
    assert story.last(e.HelloGiven).fate == "none"
    assert len(story.visit.broken) == 1


def test_a_hello_without_a_name_soon_after_a_broken_one_was_given_by_who_had_promised() -> None:
    story = Story(end=HAND_OVER)
    story.does(COMING)
    story.passes(minutes=7)
    story.does(c.HelloHappened(by="nadia"))
    assert story.visit.greeted_by == "martin"


def test_a_hello_without_a_name_long_after_a_broken_one_was_given_by_who_was_asked() -> None:
    story = Story(end=HAND_OVER)
    story.does(COMING)
    story.passes(minutes=60)
    story.does(c.AskSomeoneElse(by="nadia", to="lea"), c.HelloHappened(by="nadia"))
    assert story.visit.greeted_by == "lea"


def test_a_promise_kept_now_does_not_mend_one_that_was_broken_before() -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=6)
    story.does(COMING, c.MarkSeen(by="martin"))
    assert story.last(e.HelloGiven).fate == "kept"
    assert len(story.visit.broken) == 1


def test_whoever_comes_late_while_a_colleague_is_on_the_way_has_broken_nothing() -> None:
    story = Story()
    story.does(COMING)
    story.passes(minutes=6)
    story.does(c.PromiseHello(by="sophie", within=minutes(2)), c.HelloHappened(by="nadia", person="martin"))
    assert (story.last(e.HelloGiven).fate, story.visit.broken) == ("late", ())


def test_yes_answers_nothing_where_no_hello_was_broken() -> None:
    assert Story().refuses(c.HasCome(by="nadia")).reason == "nothing_asked"


def test_after_two_broken_hellos_no_hello_is_offered_or_promised() -> None:
    story = broken_twice()
    assert story.refuses(COMING).reason == "two_broken"
    offered = [button.name for button in story.card("sophie").buttons]
    assert offered == ["yes", "not_yet"]
    more = [button.name for button in story.card("sophie").more]
    assert "hello" not in more
    assert {"call_back", "ask_colleague"} <= set(more)


# --- taking over -----------------------------------------------------------------------------------------------------


def test_the_owner_goes_in_person_and_the_colleague_is_free_with_nothing_broken() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.PromiseHello(by="sophie", within=minutes(5)), c.TakeOver(by="martin"))
    promise = story.visit.hello_promise
    assert promise is not None
    assert promise.by == "martin"
    assert story.visit.broken == ()


def test_taking_over_what_nobody_has_is_coming() -> None:
    story = Story()
    assert names(story.does(c.TakeOver(by="martin"))) == ["HelloPromised"]
    assert story.does(c.TakeOver(by="martin")) == []


def test_one_promises_only_for_oneself() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.PromiseHello(by="sophie", within=minutes(5)))
    assert story.refuses(c.TakeOver(by="sophie")).reason == "not_yours"


# --- whose word stands -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ending",
    [c.LeaveVisit(by="nadia"), c.MarkUnsafe(by="martin"), c.Withdraw(by="nadia")],
    ids=["left", "unsafe", "mistake"],
)
def test_on_whether_the_visitor_was_met_receptions_word_stands_and_the_other_is_noted_once(ending: c.Command) -> None:
    story = Story(owes=Owes.HELLO)
    story.passes(minutes=2)
    story.does(ending)
    before = story.tracks
    assert names(story.does(c.MarkSeen(by="sophie"))) == ["Disputed"]
    assert story.last(e.Disputed).claim == "met"
    assert story.does(c.MarkSeen(by="sophie")) == []
    assert story.tracks == before
    assert story.refuses(c.HelloHappened(by="nadia")).reason == "closed"


def test_a_hello_of_a_visit_posted_by_mistake_was_none_on_the_phone_either() -> None:
    story = Story(owes=Owes.CALLBACK, via=Via.PHONE)
    story.does(c.Withdraw(by="nadia"))
    assert story.refuses(c.HelloHappened(by="nadia")).reason == "closed"


def test_owing_a_hello_a_callback_comes_on_top_and_a_colleague_is_asked_at_once() -> None:
    story = Story(owes=Owes.HELLO)
    story.does(c.PromiseCallback(by="martin", due=at("10:00")))
    assert story.tracks == (Hello.OWED, Callback.PROMISED)
    assert story.responder == "sophie"


def test_owing_a_hello_a_callback_of_who_is_coming_asks_nobody_else() -> None:
    story = Story(owes=Owes.HELLO)
    story.does(COMING)
    assert names(story.does(c.PromiseCallback(by="martin", due=at("10:00")))) == ["CallbackPromised"]
    assert story.tracks == (Hello.PROMISED, Callback.PROMISED)


def test_a_callback_promised_instead_excuses_the_hello() -> None:
    story = Story()
    story.does(COMING, c.PromiseCallback(by="martin", due=at("10:00")))
    assert story.tracks == (Hello.EXCUSED, Callback.PROMISED)


def test_an_owner_with_a_stand_in_may_come_all_the_same() -> None:
    story = Story(house=make_house(away={"martin": "karim"}))
    story.does(COMING)
    assert story.tracks == (Hello.PROMISED, Callback.NONE)


def test_a_hello_pressed_after_somebody_else_gave_it_says_who_did() -> None:
    story = Story()
    story.does(c.HelloHappened(by="nadia", person="sophie"))
    refused = story.refuses(COMING)
    assert (refused.reason, refused.args_by_name["responder"]) == ("already_greeted", "Sophie Roy")


# --- reception's word ------------------------------------------------------------------------------------------------


def claimed(owes: Owes = Owes.HELLO_OR_CALLBACK, *, phone_known: bool = True) -> Story:
    """Give a visit that Martin closed: he says that he has met the visitor."""
    story = Story(owes=owes, phone_known=phone_known)
    story.does(c.MarkSeen(by="martin"))
    return story


def test_reception_says_that_the_visitor_left_and_not_that_they_were_met() -> None:
    story = claimed()
    events = names(story.does(c.LeaveVisit(by="nadia")))
    assert events == ["Disputed", "HelloReopened", "VisitorLeft", "HelloUnseen", "CallbackPromised"]
    assert story.last(e.Disputed).claim == "not_met"
    assert story.does(c.LeaveVisit(by="nadia")) == []


def test_a_call_that_was_owed_before_somebody_said_they_had_met_is_owed_again() -> None:
    story = claimed(Owes.CALLBACK)
    assert "CallbackReopened" in names(story.does(c.LeaveVisit(by="nadia")))
    assert story.tracks == (Hello.UNSEEN, Callback.PROMISED)


def test_a_number_is_asked_for_before_somebody_leaves_who_was_not_met() -> None:
    assert claimed(phone_known=False).refuses(c.LeaveVisit(by="nadia")).reason == "number_first"


def test_reception_says_that_nobody_has_come_yet_and_whoever_said_so_is_asked_again() -> None:
    story = claimed()
    assert names(story.does(c.HasNotCome(by="nadia"))) == ["Disputed", "HelloReopened", "AskingBegan"]
    assert (story.responder, story.visit.here) == ("martin", True)


@pytest.mark.parametrize(
    "said, by",
    [
        (c.HelloHappened(by="nadia"), "nadia"),
        (c.MarkSeen(by="martin", entered_by="nadia"), "nadia"),
        (c.MarkSeen(by="martin"), "martin"),
    ],
    ids=["reception's own word", "by voice", "the responder"],
)
def test_only_a_responders_word_is_contradicted_and_only_by_reception(said: c.Command, by: str) -> None:
    story = Story()
    story.does(said)
    assert story.refuses(c.HasNotCome(by=by)).reason == "nothing_asked"


def test_after_five_minutes_what_was_said_stands() -> None:
    story = claimed()
    story.passes(minutes=6)
    assert story.does(c.LeaveVisit(by="nadia")) == []
