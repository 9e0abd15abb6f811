"""The card of somebody who was asked, has promised or was told, for each standing that one may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain import commands as c
from bot.domain.card import Phrase
from bot.domain.facts import History
from bot.domain.person_cards import how_long, may_press, standing_of
from bot.domain.policy import Owes, Step, Verb, Via
from tests.domain.house import (
    COUNTER,
    HANDOVER,
    JULIE,
    Story,
    labels,
    make_house,
    make_policy,
    minutes,
)
from tests.domain.standings import (
    ANSWERS,
    AT_TEN,
    CALLER,
    CALLER_MORE,
    COMING,
    IN_FIVE,
    asks,
    call,
    call_late,
    call_now,
    coming,
    forgotten,
    given,
    keys,
    silence,
    told,
    unsafe,
)

# --- the end of it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "commands, tag, note",
    [
        ((c.MarkSeen(by="martin"),), "given", "reception.hello_given"),
        ((c.Withdraw(by="nadia"),), "mistake", "note.ended_mistake"),
        ((AT_TEN, c.KeepCallback(by="martin")), "callback_kept", "callback.done"),
        ((AT_TEN, *[c.TryCallback(by="martin")] * 3), "unreachable", "note.ended"),
        ((AT_TEN, c.DropCallback(by="martin")), "dropped", "note.ended"),
        ((c.LeaveVisit(by="nadia"), c.DropCallback(by="martin")), "left", "note.ended"),
    ],
    ids=["given", "mistake", "called", "unreachable", "dropped", "left"],
)
def test_a_closed_card_says_how_it_ended_and_can_be_undone(
    commands: tuple[c.Command, ...], tag: str, note: str
) -> None:
    story = told(Story(), *commands, after=2)
    card = story.card("martin")
    assert card.tag.key == f"tag.closed_{tag}"
    assert keys(card) == [note]
    # what reception posted by mistake, reception takes back
    assert labels(card) == (([] if tag == "mistake" else ["undo"]), [])


def test_somebody_who_was_never_asked_cannot_undo_it() -> None:
    story = told(Story(), c.MarkUnsafe(by="martin"), c.LeaveVisit(by="nadia"))
    assert labels(story.card("claire")) == ([], [])


# --- a person's card -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, person, standing, state, turn, ask, shown, more",
    [
        (lambda s: s, "martin", "asked", "asking", True, "responder.asked", ANSWERS, ["seen", "not_safe"]),
        (
            lambda s: told(s, after=1),
            "martin",
            "asked",
            "asking",
            True,
            "responder.reminder",
            ANSWERS,
            ["seen", "not_safe"],
        ),
        (
            lambda s: told(s, after=2),
            "sophie",
            "asked",
            "asking",
            True,
            "responder.asked_for_other",
            [*ANSWERS, "not_me"],
            ["seen", "not_safe"],
        ),
        (
            forgotten,
            "martin",
            "checked",
            "late",
            True,
            "responder.have_you_come",
            ["yes", "not_yet"],
            [*ANSWERS, "not_safe"],
        ),
        (coming, "martin", "comes", "coming", False, None, ["seen"], ["hello", "hello", "call_back", "not_safe"]),
        (
            lambda s: told(s, COMING, IN_FIVE),
            "martin",
            "comes",
            "coming",
            False,
            None,
            ["seen"],
            ["call_back", "not_safe"],
        ),
        (call, "martin", "calls", "callback", False, "callback.soon", CALLER, CALLER_MORE),
        (silence, "martin", "calls", "callback", False, "callback.booked", CALLER, CALLER_MORE),
        (call_now, "martin", "calls", "call_now", True, "callback.now", CALLER, CALLER_MORE),
        (call_late, "martin", "calls", "call_late", True, "callback.late", CALLER, CALLER_MORE),
        (
            lambda s: told(call_late(s), after=30),
            "sophie",
            "call_asked",
            "call_late",
            True,
            "callback.late_for_other",
            [*CALLER, "not_me"],
            ["note"],
        ),
        (
            lambda s: told(call(s), c.PassCallback(by="martin", to="lea")),
            "lea",
            "offered",
            "callback",
            True,
            "callback.offered",
            ["take_call", "not_me"],
            [],
        ),
        (lambda s: told(s, COMING, after=2), "sophie", "taken", "coming", False, None, [], []),
        (
            lambda s: told(s, c.PromiseHello(by="sophie", within=minutes(2)), after=2),
            "martin",
            "taken",
            "coming",
            False,
            None,
            ["go_myself"],
            ["seen"],
        ),
        (unsafe, "claire", "told", "unsafe", False, None, [], []),
        (unsafe, "martin", "told", "unsafe", False, "responder.not_safe_follow_up", [], []),
        (given, "martin", "closed", "closed", False, None, ["undo"], []),
        (
            lambda s: told(s, c.NotMe(by="sophie"), after=2),
            "sophie",
            "told",
            "asking",
            False,
            None,
            [],
            [],
        ),
    ],
    ids=[
        "asked",
        "reminded",
        "asked for somebody else",
        "checked",
        "comes",
        "comes, moved",
        "calls",
        "booked for them",
        "calls now",
        "calls late",
        "asked about a late call",
        "offered a call",
        "a colleague comes",
        "the owner's colleague comes",
        "alerted",
        "called it unsafe",
        "closed",
        "said not me",
    ],
)
def test_a_persons_card(
    make: Callable[[Story], Story],
    person: str,
    standing: str,
    state: str,
    turn: bool,  # noqa: FBT001 (a column of the table)
    ask: str | None,
    shown: list[str],
    more: list[str],
) -> None:
    story = make(Story())
    card = story.card(person)
    assert standing_of(story.visit, person) == standing
    assert (card.state, card.turn, asks(card)) == (state, turn, ask)
    assert labels(card) == (shown, more)
    assert card.say is None


def test_a_call_taken_by_a_colleague_leaves_nothing_to_do() -> None:
    story = told(Story(), AT_TEN, after=2)
    assert labels(story.card("sophie")) == ([], [])
    assert keys(story.card("sophie")) == ["responder.taken"]


def test_the_card_of_a_call_on_the_phone_asks_to_put_them_through() -> None:
    card = Story(owes=Owes.CALLBACK, via=Via.PHONE).card("martin")
    assert asks(card) == "responder.asked_phone"
    assert labels(card) == (["hello", "call_back", "ask_colleague"], [])
    assert card.buttons[0].label.key == "buttons.put_through"


def test_whoever_calls_under_an_owed_hello_may_still_go() -> None:
    story = told(Story(owes=Owes.HELLO), AT_TEN)
    assert labels(story.card("martin"))[1] == ["seen", "hello", "hello", "hello", *CALLER_MORE]


def test_no_hello_is_offered_to_somebody_who_has_left() -> None:
    story = told(Story(), c.LeaveVisit(by="nadia"))
    story.passes(minutes=1)
    story.does(c.KeepCallback(by="martin"), c.Undo(by="martin"))
    assert labels(story.card("martin"))[0] == ["call_back", "ask_colleague"]


def test_what_was_entered_by_voice_says_so_and_can_be_called_wrong() -> None:
    story = told(Story(), replace(COMING, entered_by="nadia"))
    assert keys(story.card("martin")) == ["note.you_come", "responder.by_voice"]
    assert labels(story.card("martin"))[0] == ["seen", "not_right"]
    story = told(Story(), replace(AT_TEN, entered_by="nadia"))
    assert labels(story.card("martin"))[0] == [*CALLER, "not_right"]


def test_the_number_and_the_points_are_for_whoever_calls() -> None:
    story = told(call(Story()), c.PassCallback(by="martin", to="lea"))
    for person in ("martin", "lea"):
        assert (story.card(person).number, story.card(person).points) == (JULIE.phone, JULIE.points)
    asked = Story().card("martin")
    assert (asked.number, asked.points, asked.about) == ("", (), JULIE.about)


def test_whoever_calls_without_a_number_is_told_that_it_is_missing() -> None:
    story = call(Story(phone_known=False))
    assert asks(story.card("martin")) == "callback.number_missing"
    assert [fact.label.key for fact in story.card("martin").facts] == ["fact.kind", "fact.number"]


def test_a_card_tells_what_happens_without_an_answer() -> None:
    story = Story()
    assert keys(story.card("martin")) == ["note.without_answer"]
    story.passes(minutes=6)
    assert keys(story.card("claire")) == ["note.asked_booking_next"]
    end = (Step(minutes(1), Verb.REMIND, "responder"), Step(minutes(2), Verb.BOOK_CALLBACK, "owner"))
    alone = Story(policy=replace(make_policy(), unanswered=end))
    alone.passes(minutes=1)
    assert keys(alone.card("martin")) == ["note.without_answer_booking"]


def test_a_card_tells_what_the_responder_wants_to_know_before_answering() -> None:
    story = Story(facts=replace(JULIE, how_long_s=30, party=3))
    card = story.card("martin", History(visits_before=2, still_promised=1, others_waiting=2))
    assert [fact.label.key for fact in card.facts] == [
        "fact.kind",
        "fact.how_long",
        "fact.party",
        "fact.visits_before",
        "fact.still_promised",
    ]
    assert "responder.others_wait" in keys(card)


def test_what_was_not_said_is_not_on_a_card() -> None:
    assert Story(kind=None).card("martin").facts == ()


def test_a_stand_in_reads_the_hand_over_note_and_the_owner_does_not() -> None:
    story = Story(house=make_house(away={"martin": "karim"}))
    assert "note.handover" in keys(story.card("karim"))
    assert HANDOVER in repr(story.card("karim"))
    story.does(c.AskSomeoneElse(by="nadia", to="sophie"), c.TypeNoAnswer(by="martin", reading="busy"))
    assert "note.handover" in keys(story.card("sophie"))


def test_the_manager_reads_who_called_it_unsafe() -> None:
    assert keys(unsafe(Story()).card("claire")) == ["note.unsafe"]


def test_where_nobody_is_alerted_reception_is_named_to_whoever_called_it_unsafe() -> None:
    story = Story(policy=replace(make_policy(), alert="reception"))
    ask = unsafe(story).card("martin").ask
    assert ask is not None
    assert ask.args == {"by": "Nadia Pelletier"}


def test_a_contrary_claim_is_shown_to_the_others() -> None:
    story = told(Story(), c.LeaveVisit(by="nadia"), c.MarkSeen(by="sophie"), after=2)
    assert "note.disputed" in keys(story.card("martin"))
    assert "note.disputed" not in keys(story.card("sophie"))


@pytest.mark.parametrize("seconds, key", [(30, "seconds"), (600, "minutes"), (3600, "longer")])
def test_how_long_a_visitor_needs(seconds: int, key: str) -> None:
    assert how_long(seconds).key == f"how_long.{key}"


# --- what colleagues wrote down --------------------------------------------------------------------------------------

WRITTEN = Phrase("note.written", {"text": JULIE.notes[0]})


@pytest.mark.parametrize("make", [lambda s: s, coming, call, call_late, unsafe, given])
def test_what_colleagues_wrote_stands_on_every_persons_card(make: Callable[[Story], Story]) -> None:
    made = make(Story()).cards()
    assert all((WRITTEN in card.notes) is (reader != COUNTER) for reader, card in made.items())
    assert len(made) > 1


def test_somebody_of_the_counter_reads_it_only_once_the_visitor_has_left() -> None:
    story = told(Story(), c.AskSomeoneElse(by="nadia", to="nadia"))
    assert WRITTEN not in story.card("nadia").notes
    story.does(c.LeaveVisit(by="nadia"))
    assert WRITTEN in story.card("nadia").notes


# --- only a call is owed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("via", Via)
def test_nobody_is_said_to_be_here_who_only_waits_for_a_call(via: Via) -> None:
    story = told(Story(via=via), AT_TEN, c.KeepCallback(by="martin"), c.Undo(by="martin"))
    assert asks(story.card("martin")) == "responder.asked_call"
    story.passes(minutes=2)
    assert asks(story.card("martin")) == "responder.asked_call"
    assert asks(story.card("sophie")) == "responder.asked_call_for_other"


def test_what_may_be_pressed_is_what_stands_on_the_card() -> None:
    story = Story()
    names = may_press(story.visit, "martin")
    assert {"hello", "call_back", "ask_colleague", "seen", "not_safe"} <= names
    assert "not_me" not in names


def test_only_reception_may_take_back_what_it_posted_by_mistake() -> None:
    story = Story()
    story.does(c.Withdraw(by="nadia"))
    assert may_press(story.visit, "martin") == frozenset()
