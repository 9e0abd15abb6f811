"""Who has a card of a visit; reception's card, and what reception says to the visitor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from bot.domain import commands as c
from bot.domain.card import Args, Phrase
from bot.domain.cards import cards, readers
from bot.domain.facts import Facts, History
from bot.domain.policy import Owes, Step, Verb, Via
from tests.domain.house import (
    COUNTER,
    HAND_OVER,
    HANDOVER,
    JULIE,
    NINE,
    PEOPLE,
    Story,
    labels,
    make_house,
    make_policy,
    minutes,
)
from tests.domain.standings import (
    AT_TEN,
    CALLER,
    COMING,
    IN_FIVE,
    asks,
    call,
    call_late,
    call_now,
    call_with_reception,
    coming,
    forgotten,
    given,
    keys,
    left,
    silence,
    told,
    unsafe,
)

# --- who has a card --------------------------------------------------------------------------------------------------


def test_everybody_concerned_has_a_card_and_nobody_else() -> None:
    story = told(Story(), AT_TEN, c.PassCallback(by="martin", to="lea"), after=2)
    assert readers(story.visit) == (COUNTER, "martin", "sophie", "lea")
    assert set(story.cards()) == {COUNTER, "martin", "sophie", "lea"}


def test_whoever_is_alerted_or_promised_once_keeps_a_card() -> None:
    story = told(Story(), c.MarkUnsafe(by="martin"))
    assert "claire" in readers(story.visit)
    story = told(Story(), COMING)
    story.passes(minutes=10)
    assert "martin" in readers(story.visit)


def test_somebody_who_was_taken_off_the_list_has_no_card() -> None:
    story = Story()
    story.house = make_house(people={key: person for key, person in PEOPLE.items() if key != "martin"})
    assert set(story.cards()) == {COUNTER}
    assert story.card().owner == "martin"
    assert story.card().tag.args == {"responder": "martin"}


def test_a_reader_from_before_still_sees_how_it_stands() -> None:
    story = Story()
    made = cards(story.visit, JULIE, History(), story.house, also=("lea",))
    assert made["lea"].buttons == ()


FIRST: Final = ["hello_happened", "by_voice"]


@pytest.mark.parametrize(
    "make, story, state, tag, say, ask, shown, more",
    [
        (
            lambda story: story,
            {},
            "asking",
            "tag.asking",
            "say.asked",
            None,
            FIRST,
            ["add_phone", "ask_someone_else", "visitor_left", "mistake", "note"],
        ),
        (
            coming,
            {},
            "coming",
            "tag.coming",
            "say.hello_promised",
            None,
            FIRST,
            ["add_phone", "visitor_left", "mistake", "note"],
        ),
        (
            forgotten,
            {},
            "late",
            "tag.hello_late",
            "say.has_come",
            "ask.has_come",
            ["yes", "not_yet"],
            ["hello_happened", "by_voice", "add_phone", "ask_someone_else", "visitor_left", "mistake"],
        ),
        (
            silence,
            {"end": HAND_OVER},
            "reception",
            "tag.with_reception",
            "say.with_reception",
            "ask.gone_or_here",
            ["ask_someone_else", "visitor_left"],
            ["hello_happened", "by_voice", "add_phone", "mistake"],
        ),
        (
            silence,
            {},
            "callback",
            "tag.callback_booked",
            "say.callback_booked",
            None,
            ["visitor_left", "hello_happened"],
            [*CALLER, "drop_call", "add_phone", "mistake"],
        ),
        (
            silence,
            {"phone_known": False},
            "callback",
            "tag.number_missing",
            "say.callback_booked_number_missing",
            "ask.number",
            ["add_phone", "visitor_left"],
            ["hello_happened", *CALLER, "drop_call", "mistake"],
        ),
        (
            call,
            {},
            "callback",
            "tag.callback_promised",
            "say.callback_promised",
            None,
            ["visitor_left", "hello_happened"],
            [*CALLER, "drop_call", "add_phone", "mistake"],
        ),
        (
            left,
            {},
            "callback",
            "tag.callback_booked",
            "say.callback_promised",
            None,
            ["done"],
            ["undo", "no_answer", "move", "drop_call", "add_phone", "mistake"],
        ),
        (
            call_now,
            {},
            "call_now",
            "tag.call_now",
            "say.callback_late",
            None,
            ["visitor_left", "hello_happened"],
            [*CALLER, "drop_call", "add_phone", "mistake"],
        ),
        (
            call_late,
            {},
            "call_late",
            "tag.call_late",
            "say.callback_late",
            None,
            ["visitor_left", "hello_happened"],
            [*CALLER, "drop_call", "add_phone", "mistake"],
        ),
        (
            call_with_reception,
            {},
            "call_late",
            "tag.call_late",
            "say.callback_late",
            "ask.call_late",
            ["done", "move"],
            ["no_answer", "ask_someone_else", "drop_call", "note"],
        ),
        (
            unsafe,
            {},
            "unsafe",
            "tag.unsafe",
            "say.unsafe",
            "reception.read_message",
            ["visitor_left", "note"],
            ["mistake"],
        ),
        (given, {}, "closed", "tag.closed_given", None, None, ["undo"], []),
    ],
    ids=[
        "asking",
        "coming",
        "late",
        "reception",
        "booked",
        "booked, no number",
        "call promised",
        "left",
        "call now",
        "call late",
        "call with reception",
        "unsafe",
        "closed",
    ],
)
def test_receptions_card(
    make: Callable[[Story], Story],
    story: dict[str, Any],
    state: str,
    tag: str,
    say: str | None,
    ask: str | None,
    shown: list[str],
    more: list[str],
) -> None:
    card = make(Story(**story)).card()
    assert (card.state, card.tag.key) == (state, tag)
    assert (card.say.key if card.say else None) == say
    assert asks(card) == ask
    assert labels(card) == (shown, more)
    assert card.closed == (state == "closed")


def test_receptions_turn_is_what_waits_for_reception() -> None:
    assert not Story().card().turn
    assert forgotten(Story()).card().turn
    assert silence(Story(end=HAND_OVER)).card().turn
    assert unsafe(Story()).card().turn
    assert silence(Story(phone_known=False)).card().turn
    assert call_with_reception(Story()).card().turn


def test_receptions_card_says_who_was_asked_when_and_what_comes_next() -> None:
    story = Story()
    assert story.card().notes[0] == Phrase(
        "note.asked_next",
        {"responder": "Martin Gagnon", "time": NINE, "colleague": "Sophie Roy", "until": NINE + minutes(2)},
    )
    story.passes(minutes=6)
    assert keys(story.card()) == ["note.asked_booking_next"]
    assert keys(told(Story(end=HAND_OVER), after=6).card()) == ["note.asked_reception_next"]
    assert keys(forgotten(Story()).card()) == ["note.promised_for_next"]
    assert keys(silence(Story(end=HAND_OVER)).card()) == ["note.with_you_since"]


def test_a_ladder_without_an_end_has_no_next_to_tell() -> None:
    steps = (Step(minutes(1), Verb.REMIND, "responder"),)
    story = Story(policy=replace(make_policy(), unanswered=steps))
    assert keys(story.card()) == ["note.asked"]
    assert keys(story.card("martin")) == []


def test_receptions_card_says_what_was_promised_by_whom_and_who_entered_it() -> None:
    assert coming(Story()).card().notes == (Phrase("note.promised_by", {"responder": "Martin Gagnon"}),)
    story = told(Story(), replace(COMING, entered_by="nadia"))
    entered: Args = {"responder": "Martin Gagnon", "by": "Nadia Pelletier", "time": NINE}
    assert story.card().notes == (Phrase("reception.by_voice", entered),)


def test_receptions_card_says_who_cannot_be_reached_and_who_says_otherwise() -> None:
    story = told(Story(), c.ReportUnreachable(person="martin"), c.LeaveVisit(by="nadia"), c.MarkSeen(by="martin"))
    assert keys(story.card()) == ["note.unreachable", "note.disputed"]


def test_receptions_card_shows_the_line_that_whoever_calls_wrote_for_the_visitor() -> None:
    story = Story(facts=replace(JULIE, line="I will have the file with me."))
    assert keys(story.card()) == ["note.asked_next"]
    assert call(story).card().notes == (Phrase("plain.text", {"text": "I will have the file with me."}),)


def test_receptions_card_shows_since_when_the_visitor_waits_and_what_is_due() -> None:
    story = coming(Story())
    card = story.card()
    assert (card.since, card.promised_at, card.due) == (NINE, NINE, NINE + minutes(5))
    assert left(Story()).card().since is None


def test_a_visitor_without_an_organisation_has_a_title_of_their_own() -> None:
    story = Story(facts=Facts(visitor="Julie Tremblay"))
    assert story.card().title.key == "reception.title_no_company"
    assert story.card("martin").title.args == {"text": "Julie Tremblay"}


@pytest.mark.parametrize("owes", Owes)
@pytest.mark.parametrize(
    "make",
    [coming, forgotten, silence, call, call_late, unsafe, left, given],
    ids=["coming", "late", "silence", "call", "call late", "unsafe", "left", "given"],
)
def test_nothing_stands_on_receptions_card_that_the_visitor_may_not_read(
    make: Callable[[Story], Story], owes: Owes
) -> None:
    story = make(Story(owes=owes))
    story.does(c.AddNote(by="martin"))
    told = repr(replace(story.card(), reader=""))
    for private in (JULIE.about, *JULIE.notes, *JULIE.points, HANDOVER):
        assert private not in told
    # "unsafe" is only the name of the state and of its sentence, which say nothing of it
    assert "not_safe" not in told
    assert story.card().facts == ()


def test_an_unsafe_visit_says_only_whose_message_reception_should_read() -> None:
    card = unsafe(Story()).card()
    assert card.ask == Phrase("reception.read_message", {"responder": "Martin Gagnon"})
    assert card.notes == ()


# --- what reception says ---------------------------------------------------------------------------------------------


def said(story: Story) -> str:
    """Give the key of what reception says."""
    say = story.card().say
    assert say is not None
    return say.key.removeprefix("say.")


@pytest.mark.parametrize(
    "make, sentence",
    [
        (Story, "asked"),
        (lambda: told(Story(), after=1), "reminded"),
        (lambda: told(Story(), after=2), "hello_late_colleague_asked"),
        (lambda: told(Story(via=Via.PHONE), after=2), "phone_asked"),
        (lambda: Story(house=make_house(away={"martin": "karim"})), "asked_stand_in"),
        (lambda: told(Story(), COMING), "coming_now"),
        (lambda: told(Story(), c.PromiseHello(by="sophie", within=minutes(2)), after=2), "colleague_comes"),
        (lambda: told(Story(via=Via.PHONE), COMING), "put_through"),
        (lambda: told(Story(via=Via.PHONE), IN_FIVE), "phone_hello_promised"),
        (lambda: silence(forgotten(Story())), "callback_sorry_nobody_came"),
        (lambda: call(Story(phone_known=False)), "callback_number_missing"),
    ],
)
def test_the_sentence_for_the_visitor(make: Callable[[], Story], sentence: str) -> None:
    assert said(make()) == sentence


def test_a_moved_hello_is_no_longer_at_once() -> None:
    assert said(told(Story(), COMING, IN_FIVE)) == "hello_promised"


def test_the_sentence_names_the_next_moment_at_which_there_is_news_reminders_aside() -> None:
    say = Story().card().say
    assert say is not None
    assert say.args["time"] == NINE + minutes(2)


def test_a_time_is_said_in_whole_minutes_so_that_it_holds() -> None:
    story = told(Story(), after=0.5)
    story.does(COMING)
    say = story.card().say
    assert say is not None
    assert say.args["time"] == NINE + minutes(3)


def test_there_is_a_short_sentence_for_a_crowded_screen() -> None:
    card = Story().card()
    assert card.say is not None
    assert card.say_short == Phrase("say_short.asked", card.say.args)
