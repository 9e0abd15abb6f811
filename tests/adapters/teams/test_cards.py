"""Cards in Teams: whatever is on them, Teams takes them, and nothing that somebody typed becomes more than text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams import cards
from adapters.teams.activities import carried as carried_by
from adapters.teams.cards import NOTES, card_content, reply_content, summary
from adapters.teams.limits import SUMMARY, cut, plain, size
from adapters.teams.words import TeamsWords
from bot.domain.card import Button, Card, Fact, StepLine
from bot.language.wording import Wording
from bot.messages import Announce, AnnounceLine, Outcome, Reply, ShownButton, ShownCard, Typed
from tests.adapters.teams.kit import buttons, carried, faults, of_type, texts
from tests.fakes import FakeClock
from tests.world import WEDNESDAY, house

NINE = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)
WORDS = TeamsWords(house(), Wording.load(strict=True), FakeClock(WEDNESDAY))
HOSTILE = st.sampled_from(
    [
        "<at>Martin</at>",
        "**bold** _it_ [a](https://b.example)",
        "- a\r- b",
        "&lt;b&gt;<b>",
        "{{DATE(2026-03-04T09:00:00Z)}} {{{{",
        '"' * 300,
        "\\" * 300,
        "🙂" * 300,
        "👩‍👩‍👧" * 90,
        "שלום " * 60,
        "é" * 40,
        "a" * 4000,
    ]
)
TEXT = st.one_of(st.text(max_size=60), HOSTILE).map(lambda text: text.strip() or "x")
NAMES = st.sampled_from(["hello", "call_back", "ask_someone_else", "visitor_left"])


@st.composite
def some_buttons(draw: st.DrawFn, most: int = 9) -> tuple[ShownButton, ...]:
    made = draw(st.lists(st.tuples(NAMES, TEXT, st.booleans(), st.booleans()), max_size=most))
    return tuple(
        Button(name=name, label=label, main=main, form=name if form else None, value=str(number))
        for number, (name, label, main, form) in enumerate(made)
    )


@st.composite
def some_cards(draw: st.DrawFn) -> ShownCard:
    maybe = st.one_of(st.none(), TEXT)
    steps = draw(st.lists(TEXT, max_size=40))
    return Card(
        reader=draw(st.sampled_from(["martin", "reception:montreal", "nobody"])),
        visit="9b3b2981dc96",
        revision=draw(st.integers(0, 10**6)),
        state="asking",
        turn=True,
        tag=draw(TEXT),
        title=draw(TEXT),
        visitor=draw(TEXT),
        company="",
        owner="Martin Gagnon",
        since=draw(st.one_of(st.none(), st.just(NINE))),
        say=draw(maybe),
        ask=draw(maybe),
        notes=tuple(draw(st.lists(TEXT, max_size=25))),
        facts=tuple(Fact(label=a, value=b) for a, b in draw(st.lists(st.tuples(TEXT, TEXT), max_size=14))),
        about=draw(st.one_of(st.just(""), TEXT)),
        buttons=draw(some_buttons()),
        more=draw(some_buttons()),
        number=draw(st.sampled_from(["", "514 555-0142", "<at>x</at>"])),
        points=tuple(draw(st.lists(TEXT, max_size=6))),
        steps=tuple(StepLine(at=NINE + timedelta(hours=7 * n), text=text) for n, text in enumerate(steps)),
    )


JULIE: ShownCard = Card(
    reader="martin",
    visit="v1",
    revision=3,
    state="asking",
    turn=True,
    tag="Asking Martin",
    title="Julie Tremblay (Chambre de commerce)",
    visitor="Julie Tremblay",
    company="Chambre de commerce",
    owner="Martin Gagnon",
    ask="Julie Tremblay is at reception for you.",
    buttons=(Button(name="hello", label="In 2 min", value="2"),),
)
SAY = "Martin Gagnon comes by 9:14; if not, I will tell you at 9:14."
DESK = replace(JULIE, reader="reception:montreal", ask=None, say=SAY)


@settings(deadline=None)
@given(some_cards())
def test_teams_takes_every_card(card: ShownCard) -> None:
    assert faults(card_content(card, WORDS)) == []


@settings(deadline=None)
@given(some_cards())
def test_no_button_of_a_card_is_lost(card: ShownCard) -> None:
    wanted = [
        {"act": "press", "visit": card.visit, "button": b.name, "value": b.value, "revision": card.revision}
        for b in (*card.buttons, *card.more)
    ]
    assert carried(card_content(card, WORDS)) == wanted


def full(letter: str) -> ShownCard:
    """Give a card as full as can be, of texts that never end."""
    long = letter * 4000
    return replace(
        JULIE,
        reader="reception:montreal",
        title=long,
        tag=long,
        ask=long,
        say=long,
        about=long,
        notes=(long,) * 100,
        facts=(Fact(label=long, value=long),) * 20,
        number=long,
        points=(long,) * 50,
        since=NINE,
        buttons=tuple(Button(name="hello", label=long, value=str(n)) for n in range(9)),
        more=tuple(Button(name="seen", label=long, value=str(n)) for n in range(9)),
        steps=(StepLine(at=NINE, text=long),) * 60,
    )


@pytest.mark.parametrize("letter", ["x ", '"', "🙂", "\\", "{", "ש", "\n"])
def test_teams_takes_a_card_that_is_as_full_as_can_be(letter: str) -> None:
    made = card_content(full(letter), WORDS)
    assert faults(made) == []
    assert len(carried(made)) == 18


def test_an_everyday_card_is_small() -> None:
    steps = tuple(StepLine(at=NINE, text="Martin Gagnon was asked.") for _ in range(6))
    card = replace(
        DESK,
        notes=("Martin Gagnon was asked at 9:12; at 9:14 Sophie Roy is asked.",) * 2,
        buttons=tuple(Button(name="hello_happened", label="Hello happened") for _ in range(2)),
        more=tuple(Button(name="ask_someone_else", label="Ask someone else…") for _ in range(6)),
        steps=steps,
    )
    assert size(card_content(card, WORDS)) < 12 * 1024


# --- what stands where -----------------------------------------------------------------------------------------------


def test_the_first_line_and_the_summary_say_whom_a_card_is_about_and_how_it_stands() -> None:
    first = texts(card_content(JULIE, WORDS))[0]
    assert first == "Julie Tremblay (Chambre de commerce) · Asking Martin"
    assert summary(JULIE) == "Julie Tremblay (Chambre de commerce): Julie Tremblay is at reception for you."
    assert SAY in summary(DESK)
    assert summary(replace(JULIE, ask=None)).endswith(": Asking Martin")
    assert len(summary(full("x"))) == SUMMARY


def test_the_sentence_for_the_visitor_is_the_largest_of_all() -> None:
    runs = of_type(card_content(replace(DESK, notes=("Sophie is asked next.",), since=NINE), WORDS), "TextRun")
    largest = [run["text"] for run in runs if run.get("size") == "ExtraLarge"]
    assert largest == [SAY]
    assert "Say to the visitor" in [run["text"] for run in runs]


def test_every_text_of_a_card_is_somewhere_on_it() -> None:
    card = replace(
        JULIE,
        notes=("Sophie answers for Martin.",),
        facts=(Fact(label="Kind", value="Supplier"), Fact(label="How long", value="5 minutes")),
        about="room booking",
        number="514 555-0142",
        points=("the key", "the invoice"),
        since=NINE,
    )
    assert texts(card_content(card, WORDS))[1:] == [
        "Julie Tremblay is at reception for you.",
        "Kind  Supplier",
        "How long  5 minutes",
        "What about  room booking",
        "Number  514 555-0142",
        "• the key\n• the invoice",
        "Sophie answers for Martin.",
        "Waiting since 9:12\N{NO-BREAK SPACE}a.m.",
    ]


def test_a_card_is_in_its_readers_language() -> None:
    martin = WORDS.settings.people["martin"]
    french = replace(WORDS, settings=replace(WORDS.settings, people={"martin": replace(martin, language="fr-CA")}))
    more = (Button(name="seen", label="Je suis passé"),)
    made = card_content(replace(JULIE, since=NINE, more=more), french)
    assert made["lang"] == "fr"
    assert buttons(made)[-1] == "Plus…"
    assert texts(made)[-1] == "Attend depuis 9\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}12"


def test_the_newest_notes_are_kept() -> None:
    notes = tuple(f"note {n}" for n in range(30))
    assert texts(card_content(replace(JULIE, notes=notes), WORDS))[2:] == list(notes[-NOTES:])


def test_a_closed_card_says_how_it_ended_and_has_only_undo() -> None:
    closed = replace(
        JULIE,
        closed=True,
        ask=None,
        tag="Met",
        notes=("Martin Gagnon greeted Julie Tremblay at 9:14.",),
        buttons=(Button(name="undo", label="Undo"),),
    )
    made = card_content(closed, WORDS)
    assert texts(made) == [
        "Julie Tremblay (Chambre de commerce) · Met",
        "Martin Gagnon greeted Julie Tremblay at 9:14.",
    ]
    assert buttons(made) == ["Undo"]
    assert "actions" not in card_content(replace(closed, buttons=()), WORDS)


# --- buttons ---------------------------------------------------------------------------------------------------------


def labelled(*labels: str, main: bool = False) -> tuple[ShownButton, ...]:
    return tuple(Button(name="hello", label=label, value=label, main=main) for label in labels)


@pytest.mark.parametrize(
    "shown, more, wanted",
    [
        ("abc", "", ["a", "b", "c"]),
        ("abcdef", "", ["a", "b", "c", "d", "e", "f"]),
        ("abcdefg", "", ["a", "b", "c", "d", "e", "More…"]),
        ("ab", "cdef", ["a", "b", "More…"]),
        ("abcdef", "g", ["a", "b", "c", "d", "e", "More…"]),
        ("", "g", ["More…"]),
    ],
)
def test_six_buttons_at_most_are_in_sight_and_what_is_under_more_stays_there(
    shown: str, more: str, wanted: list[str]
) -> None:
    made = card_content(replace(JULIE, buttons=labelled(*shown), more=labelled(*more)), WORDS)
    assert buttons(made) == wanted
    assert [each["value"] for each in carried(made)] == [*shown, *more]


def test_the_first_main_button_is_the_only_filled_one() -> None:
    made = card_content(replace(JULIE, buttons=labelled("a", "b", main=True), more=labelled("c", main=True)), WORDS)
    assert [part.get("style") for part in of_type(made, "Action.Execute")] == ["positive", None, None]
    assert of_type(made, "Action.Execute")[0]["verb"] == "press"


# --- steps -----------------------------------------------------------------------------------------------------------


def folded(card: dict[str, Any]) -> list[str]:
    [container] = of_type(card, "Container")
    assert container["isVisible"] is False
    return texts(container)


def test_steps_are_folded_and_unfold_by_a_button() -> None:
    told = ("Martin Gagnon was asked.", "Martin Gagnon promised a hello.")
    steps = tuple(StepLine(at=NINE + timedelta(minutes=n), text=text) for n, text in enumerate(told))
    made = card_content(replace(DESK, steps=steps), WORDS)
    assert [part["title"] for part in of_type(made, "Action.ToggleVisibility")] == ["What has happened so far"]
    assert folded(made) == [
        "9:12\N{NO-BREAK SPACE}a.m. · Martin Gagnon was asked.",
        "9:13\N{NO-BREAK SPACE}a.m. · Martin Gagnon promised a hello.",
    ]
    assert of_type(card_content(DESK, WORDS), "Action.ToggleVisibility") == []


def test_a_step_of_another_day_has_its_day() -> None:
    steps = tuple(StepLine(at=NINE + timedelta(days=n), text="Martin was asked.") for n in range(2))
    assert "Thursday" in folded(card_content(replace(DESK, steps=steps), WORDS))[1]


def test_forty_steps_are_all_there() -> None:
    steps = tuple(StepLine(at=NINE, text=f"{n}: Martin Gagnon was asked, and did not answer.") for n in range(40))
    made = card_content(replace(DESK, steps=steps), WORDS)
    assert len(folded(made)) == 40
    assert faults(made) == []


@settings(deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=120))
def test_no_step_is_lost_without_a_word(said: list[str]) -> None:
    made = card_content(replace(DESK, steps=tuple(StepLine(at=NINE, text=text) for text in said)), WORDS)
    assert faults(made) == []
    lines = folded(made)
    told = [line for line in lines if line.startswith("9:12")]
    left = len(said) - len(told)
    assert lines == [*([WORDS.card(made_of(said)).earlier(left)] if left else []), *told]
    assert told[-1].startswith(plain(f"9:12\N{NO-BREAK SPACE}a.m. · {said[-1]}"[:30], 30))


def made_of(said: list[str]) -> ShownCard:
    return replace(DESK, steps=tuple(StepLine(at=NINE, text=text) for text in said))


# --- replies ---------------------------------------------------------------------------------------------------------


def asked_back(*choices: ShownButton) -> Reply:
    return Reply(outcome=Outcome.ASKED_BACK, text="Which Martin?", visit="v1", buttons=choices)


def test_a_reply_without_buttons_is_text_alone() -> None:
    assert reply_content(Reply(outcome=Outcome.DONE, text="Thank you."), None) is None


def test_choices_carry_what_was_typed_and_other_buttons_the_visit() -> None:
    typed = carried_by(AnnounceLine(text="Julie for Martin", site="montreal"))
    made = reply_content(
        asked_back(
            Button(name="owner_id", label="Martin Roy", value="roy"), Button(name="hello", label="Now", value="0")
        ),
        typed,
    )
    assert made is not None
    assert texts(made) == ["Which Martin?"]
    assert carried(made) == [
        {
            "act": "choice",
            "name": "owner_id",
            "value": "roy",
            "typed": {"was": "line", "text": "Julie for Martin", "site": "montreal"},
        },
        {"act": "press", "visit": "v1", "button": "hello", "value": "0", "revision": 0},
    ]


@settings(deadline=None)
@given(TEXT, some_buttons(30))
def test_teams_takes_every_reply(text: str, choices: tuple[ShownButton, ...]) -> None:
    made = reply_content(replace(asked_back(*choices), text=text), None)
    assert made is None if not choices else made is not None and faults(made) == []


@pytest.mark.parametrize(
    "count, act", [(24, Typed(text="🙂" * 1000)), (24, AnnounceLine(text='"' * 3000, site="montreal"))]
)
def test_of_a_line_that_is_too_long_to_be_carried_the_beginning_is(count: int, act: Typed | AnnounceLine) -> None:
    choices = (Button(name="visit", label=f"Visitor {n}", value="9b3b2981dc96") for n in range(count))
    asked = replace(asked_back(*choices), question=f"line:{'0' * 32}")
    made = reply_content(asked, carried_by(act))
    assert made is not None
    assert faults(made) == []
    assert len(carried(made)) == count
    kept = {each["typed"]["text"] for each in carried(made)}
    assert all(act.text.startswith(text) and text for text in kept)


def test_whatever_may_be_announced_is_carried_by_as_many_choices_as_there_are() -> None:
    worst = '"' * 120
    act = Announce(
        visitor=worst, owner=worst, company=worst, about='"' * 500, phone='"' * 60, site="montreal", kind="client"
    )
    made = reply_content(
        asked_back(*(Button(name="owner_id", label=worst, value=f"person-{n}") for n in range(5))), carried_by(act)
    )
    assert made is not None
    assert faults(made) == []
    assert {each["typed"]["visitor"] for each in carried(made)} == {worst}


# --- texts -----------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(TEXT, st.integers(2, 80))
def test_a_text_is_shown_as_it_was_typed_and_is_never_too_long(text: str, most: int) -> None:
    shown = plain(text, most)
    assert "{{" not in shown
    assert shown.replace("\u2060", "") == cut(text, most).replace("\u2060", "")
    assert len(cut(text, most)) <= most


def test_the_kit_finds_what_is_wrong() -> None:
    """The rules are of use only if they can be broken."""
    good = card_content(replace(JULIE, more=labelled("a")), WORDS)
    assert faults(good) == []
    wrong: list[dict[str, Any]] = [
        good | {"version": "1.4"},
        good | {"body": [{"type": "TextBlock", "text": "**x**"}]},
        good | {"body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": ""}]}]},
        good | {"body": [cards.line("x") | {"colour": "red"}]},
        good | {"body": [{"type": "Input.Text", "id": "a", "label": "A"}] * 2},
        good | {"body": [{"type": "Input.Text", "id": "a"}]},
        good | {"body": [{"type": "Input.Text", "id": "a", "label": "A", "isRequired": True}]},
        good | {"body": [cards.line("x" * 20_000)]},
        good | {"actions": [good["actions"][0]] * 7},
        good | {"actions": [good["actions"][0] | {"fallback": "drop"}]},
        good | {"actions": [{"type": "Action.ToggleVisibility", "title": "a", "targetElements": ["b"]}]},
    ]
    assert all(faults(card) for card in wrong)
