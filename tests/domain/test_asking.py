"""Who is asked, who is asked next, and how a question is passed on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.people import RECEPTION
from bot.domain.policy import DelegateRules, Ladder, Step, Verb
from bot.domain.visit import Callback, Hello, Which
from tests.domain.house import HAND_OVER, NINE, PEOPLE, Story, at, make_house, make_policy, minutes, names

# --- the ladder ------------------------------------------------------------------------------------------------------


def test_the_owner_is_asked_at_once() -> None:
    story = Story()
    assert story.responder == "martin"
    assert story.visit.asked == ("martin",)


def test_nobody_answers_and_the_ladder_climbs_to_the_deputy_and_the_manager() -> None:
    story = Story()
    assert names(story.passes(minutes=1)) == ["Reminded"]
    assert names(story.passes(minutes=1)) == ["Asked"]
    assert story.responder == "sophie"
    story.passes(minutes=3)
    assert story.responder == "claire"
    assert story.visit.asked == ("martin", "sophie", "claire")


def test_everybody_asked_may_still_answer() -> None:
    story = Story()
    story.passes(minutes=6)
    story.does(c.PromiseHello(by="sophie", within=minutes(2)))
    assert story.tracks == (Hello.PROMISED, Callback.NONE)


def test_a_step_that_asks_one_more_person_does_not_begin_a_new_asking() -> None:
    story = Story()
    story.passes(minutes=6)
    assert len(story.all(e.AskingBegan)) == 1


def test_a_step_with_nobody_left_is_skipped() -> None:
    story = Story(house=make_house(away={"sophie": None}))
    story.passes(minutes=2)
    assert story.responder == "martin"
    assert story.last(e.StepSkipped).why == "nobody_left"


def test_after_a_step_with_nobody_left_the_next_one_waits_for_its_own_time() -> None:
    story = Story(house=make_house(away={"sophie": None}))
    assert names(story.passes(minutes=4)) == ["Reminded", "StepSkipped"]
    assert names(story.passes(minutes=1)) == ["Asked"]
    assert story.responder == "claire"


def test_somebody_who_was_asked_already_is_not_asked_by_the_ladder_again() -> None:
    story = Story()
    story.does(c.Delegate(by="martin", to="sophie"))
    story.passes(minutes=2)
    assert story.responder == "sophie"
    story.passes(minutes=3)
    assert story.responder == "claire"


def test_a_ladder_may_name_a_person() -> None:
    steps = (Step(minutes(1), Verb.ASK, "karim"), Step(minutes(2), Verb.HAND_OVER_TO, "reception"))
    story = Story(policy=replace(make_policy(), unanswered=steps))
    story.passes(minutes=1)
    assert story.responder == "karim"


def test_an_answer_stops_the_ladder_at_once() -> None:
    story = Story()
    story.passes(seconds=59)
    story.does(c.PromiseHello(by="martin", within=minutes(10)))
    assert story.passes(minutes=11) == []


@pytest.mark.parametrize(
    "command",
    [
        c.TypeNoAnswer(by="martin", reading="busy"),
        c.TypeNoAnswer(by="martin", reading="decline"),
        c.AddNote(by="martin"),
        c.AddPhone(by="nadia"),
    ],
    ids=["busy", "no", "a note", "a number"],
)
def test_whatever_is_typed_or_noted_stops_no_ladder(command: c.Command) -> None:
    story, quiet = Story(), Story()
    assert len(story.does(command)) == 1
    assert names(story.passes(minutes=9)) == names(quiet.passes(minutes=9))


def test_a_ladder_without_an_end_hands_over_to_reception() -> None:
    steps = (Step(minutes(1), Verb.ASK, "deputy"),)
    story = Story(policy=replace(make_policy(), unanswered=steps))
    story.passes(minutes=2)
    assert story.responder == RECEPTION


# --- downtime --------------------------------------------------------------------------------------------------------


def test_after_downtime_the_newest_step_fires_and_the_others_are_skipped() -> None:
    story = Story()
    woken = story.sleeps(minutes=6)
    assert names(woken) == ["StepSkipped", "StepSkipped", "Asked"]
    assert {event.why for event in story.all(e.StepSkipped)} == {"newer_due"}
    assert story.responder == "claire"


def test_after_downtime_a_step_is_marked_late() -> None:
    story = Story()
    story.sleeps(minutes=6)
    assert story.last(e.Asked).late_s == 60


def test_a_step_in_time_is_not_marked_late() -> None:
    story = Story()
    story.passes(seconds=50)
    story.sleeps(seconds=15)
    assert story.last(e.Reminded).late_s == 0


def test_time_passing_for_no_visit_or_too_early_does_nothing() -> None:
    story = Story()
    assert story.does(c.PassTime()) == []
    closed = Story()
    closed.does(c.Withdraw(by="nadia"))
    assert closed.does(c.PassTime()) == []


# --- who is away, and who cannot be reached --------------------------------------------------------------------------


def test_the_stand_in_of_an_owner_who_is_away_is_asked() -> None:
    story = Story(house=make_house(away={"martin": "karim"}))
    assert story.responder == "karim"
    assert story.visit.owner == "martin"


def test_an_owner_who_is_away_without_a_stand_in_makes_the_next_step_happen_now() -> None:
    story = Story(house=make_house(away={"martin": None}))
    assert story.responder == "sophie"
    assert story.last(e.Asked).late_s == 0


def test_an_unreachable_responder_makes_the_next_step_happen_now_unless_it_is_a_reminder() -> None:
    story = Story()
    story.does(c.ReportUnreachable(person="martin", detail="channel_not_found"))
    assert story.responder == "sophie"
    assert [event.why for event in story.all(e.StepSkipped)] == ["not_now"]


def test_being_unreachable_is_noted_once_and_only_while_the_visit_is_open() -> None:
    story = Story()
    story.does(c.ReportUnreachable(person="lea"))
    assert story.responder == "martin"
    assert story.does(c.ReportUnreachable(person="lea")) == []
    story.does(c.Withdraw(by="nadia"))
    assert story.does(c.ReportUnreachable(person="martin")) == []


def test_somebody_unreachable_who_is_asked_anew_is_passed_over() -> None:
    story = Story()
    story.does(c.ReportUnreachable(person="karim"), c.Delegate(by="martin", to="karim"))
    assert story.responder == "sophie"


def test_an_unreachable_responder_is_not_reminded() -> None:
    steps = (
        Step(timedelta(), Verb.CHECK, "both"),
        Step(minutes(1), Verb.REMIND, "responder"),
        Step(minutes(2), Verb.HAND_OVER_TO, "reception"),
    )
    story = Story(policy=replace(make_policy(), hello_late=steps))
    story.does(c.PromiseHello(by="martin", within=minutes(2)), c.ReportUnreachable(person="martin"))
    story.passes(minutes=5)
    assert story.all(e.Reminded) == []
    assert story.responder == "martin"  # whether he has come is asked of reception as well
    story.passes(minutes=1)
    assert story.responder == RECEPTION


def test_whether_somebody_unreachable_has_come_is_still_asked_of_reception() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", within=minutes(2)), c.ReportUnreachable(person="martin"))
    story.passes(minutes=4)
    asking = story.visit.visitor_question
    assert asking is not None
    assert asking.checking


# --- passing on ------------------------------------------------------------------------------------------------------


def test_passing_it_on_begins_a_new_asking() -> None:
    story = Story()
    story.passes(seconds=50)
    story.does(c.Delegate(by="martin", to="karim"))
    began = story.last(e.AskingBegan)
    assert (began.person, began.passed_by, began.moments[0]) == ("karim", "martin", story.now + minutes(1))


def test_not_me_puts_the_question_back_to_whoever_passed_it_on() -> None:
    story = Story()
    story.does(c.Delegate(by="martin", to="karim"), c.NotMe(by="karim"))
    assert story.responder == "martin"


def test_not_me_of_somebody_whom_the_ladder_asked_goes_on_to_the_next() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.NotMe(by="sophie"))
    assert story.responder == "claire"


def test_not_me_of_somebody_asked_before_stops_nothing_and_is_noted_once() -> None:
    story = Story()
    story.passes(minutes=6)
    assert names(story.does(c.NotMe(by="sophie"))) == ["Declined"]
    assert story.does(c.NotMe(by="sophie")) == []
    assert story.responder == "claire"


def test_whoever_said_not_me_is_not_asked_by_a_ladder_again() -> None:
    story = Story()
    story.passes(minutes=2)
    story.does(c.NotMe(by="sophie"), c.AskSomeoneElse(by="nadia", to="karim"))
    story.passes(minutes=2)
    assert story.responder == "karim"
    story.passes(minutes=3)
    assert story.responder == "claire"


def test_whoever_said_not_me_and_is_asked_anew_by_a_person_may_answer() -> None:
    story = Story()
    story.does(c.Delegate(by="martin", to="sophie"), c.NotMe(by="sophie"))
    assert story.card("sophie").buttons == ()
    story.does(c.Delegate(by="martin", to="sophie"))
    assert story.card("sophie").turn


def test_the_owner_cannot_say_not_me_but_may_pass_it_on() -> None:
    story = Story()
    assert story.refuses(c.NotMe(by="martin")).reason == "nothing_asked"


def test_passing_it_on_counts_when_asked() -> None:
    story = Story()
    story.does(c.Delegate(by="martin", to="karim"), c.Delegate(by="karim", to="lea"))
    assert story.refuses(c.Delegate(by="lea", to="sophie")).reason == "passed_too_often"


@pytest.mark.parametrize(
    "to, reason",
    [
        ("nobody", "unknown_person"),
        ("martin", "already_asked"),
        ("karim", "person_away"),
    ],
)
def test_it_cannot_be_passed_on_to_just_anybody(to: str, reason: str) -> None:
    story = Story(house=make_house(away={"karim": None}))
    assert story.refuses(c.Delegate(by="martin", to=to)).reason == reason


def test_the_policy_bounds_to_whom_it_may_be_passed_on() -> None:
    story = Story(policy=replace(make_policy(), delegate=DelegateRules(to=("deputy", "lea"), at_most=2)))
    assert story.refuses(c.Delegate(by="martin", to="karim")).reason == "may_not_pass_to"
    story.does(c.Delegate(by="martin", to="lea"))
    assert story.responder == "lea"


def test_nothing_can_be_passed_on_when_nothing_is_asked() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", within=minutes(2)))
    assert story.refuses(c.Delegate(by="martin", to="karim")).reason == "nothing_asked"


# --- reception asks --------------------------------------------------------------------------------------------------


def test_reception_may_ask_anybody_in_the_house() -> None:
    story = Story(policy=replace(make_policy(), delegate=DelegateRules(to=(), at_most=0)))
    story.does(c.AskSomeoneElse(by="nadia", to="lea"))
    assert story.responder == "lea"
    assert story.last(e.AskingBegan).passed_by is None


@pytest.mark.parametrize(
    "to, reason", [("nobody", "unknown_person"), ("martin", "already_asked"), ("karim", "person_away")]
)
def test_reception_cannot_ask_whoever_is_asked_or_away(to: str, reason: str) -> None:
    story = Story(house=make_house(away={"karim": None}))
    assert story.refuses(c.AskSomeoneElse(by="nadia", to=to)).reason == reason


def test_reception_is_told_that_somebody_comes_already() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", within=minutes(2)))
    refused = story.refuses(c.AskSomeoneElse(by="nadia", to="lea"))
    assert (refused.reason, refused.args_by_name["responder"]) == ("somebody_comes", "Martin Gagnon")


# --- reception has the question --------------------------------------------------------------------------------------


def test_a_ladder_that_hands_over_puts_the_question_to_reception_until_closing_time() -> None:
    story = Story(end=HAND_OVER)
    story.passes(minutes=8)
    asking = story.visit.visitor_question
    assert asking is not None
    assert (asking.responder, asking.ladder, asking.moments) == (RECEPTION, Ladder.RECEPTION, (at("17:00"),))


def test_reception_has_a_number_known_and_the_visitor_is_unseen_at_closing_time_with_a_callback() -> None:
    story = Story(end=HAND_OVER)
    story.closes_for_the_day()
    assert story.tracks == (Hello.UNSEEN, Callback.PROMISED)
    promise = story.visit.callback_promise
    assert promise is not None
    assert (promise.by, promise.due) == ("martin", at("08:30", days=1))


def test_reception_may_still_ask_somebody_who_has_the_question_no_more() -> None:
    story = Story(end=HAND_OVER)
    story.passes(minutes=8)
    story.does(c.AskSomeoneElse(by="nadia", to="martin"))
    assert story.responder == "martin"


def test_with_reception_there_is_nothing_to_climb() -> None:
    story = Story(end=HAND_OVER)
    story.passes(minutes=8)
    assert names(story.does(c.ReportUnreachable(person=RECEPTION))) == ["Unreachable"]
    assert story.responder == RECEPTION


def test_an_owner_who_was_taken_off_the_list_has_nobody_else_to_ask() -> None:
    people = {key: person for key, person in PEOPLE.items() if key != "martin"}
    story = Story()
    story.house = make_house(people=people)
    story.passes(minutes=8)
    assert story.visit.asked == ("martin",)
    assert story.now == NINE + minutes(8)
    assert story.last(e.StepTaken).which is Which.VISITOR
