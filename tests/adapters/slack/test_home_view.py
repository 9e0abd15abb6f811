"""The Home tab as a view: whatever stands on it, Slack takes it, and no card is left out that is not counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.blocks import read_pressed
from adapters.slack.home import TEXT, Counter, HomeWords, home_view, sentence_view
from adapters.slack.words import SlackWords
from bot.domain.card import Button, Card
from bot.language.wording import Reader, Wording
from bot.messages import ShownCard
from bot.pages import Board
from tests.adapters.slack.kit import faults_of_view, texts
from tests.adapters.slack.test_blocks import TEXT as HOSTILE
from tests.adapters.slack.test_blocks import WORDS as CARD_WORDS
from tests.adapters.slack.test_blocks import cards
from tests.fakes import FakeClock
from tests.world import WEDNESDAY, house

WORDS = HomeWords(
    waiting="Waiting for you",
    nothing="Nothing is asked of you.",
    promised="Your promised callbacks",
    calls="Callbacks due today",
    nobody="Nobody is waiting.",
    card=lambda card: CARD_WORDS,
    more=lambda count: f"{count} left out",
)


def board(own: Sequence[ShownCard] = (), calls: Sequence[ShownCard] = ()) -> Board:
    return Board(made_at=WEDNESDAY, cards=tuple(own), calls=tuple(calls), closed=())


def card(which: int, **more: Any) -> ShownCard:
    made = Card(
        reader="martin",
        visit=f"v{which}",
        revision=3,
        state="asking",
        turn=True,
        tag="Asking Martin",
        title=f"Visitor {which}",
        visitor=f"Visitor {which}",
        company="",
        owner="Martin Gagnon",
        since=WEDNESDAY,
        ask="Thirty seconds now?",
        buttons=(Button(name="hello", label="I'm coming"),),
    )
    return replace(made, **more)


def headings(view: dict[str, Any]) -> list[str]:
    return [block["text"]["text"] for block in view["blocks"] if block["type"] == "header"]


def read(view: dict[str, Any]) -> str:
    return "\n".join(texts(view["blocks"]))


def pressed(view: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the visit and the button behind everything that can be pressed."""
    elements = [element for b in view["blocks"] if b["type"] == "actions" for element in b["elements"]]
    values = [element["value"] for element in elements if "value" in element]
    values += [option["value"].partition(":")[2] for element in elements for option in element.get("options", ())]
    found = [read_pressed(value) for value in values]
    assert None not in found
    return [(one.visit, one.button) for one in found if one]


@st.composite
def boards(draw: st.DrawFn) -> Board:
    found = draw(st.lists(cards(), max_size=8))
    times = draw(st.integers(1, 9))
    many = [replace(each, visit=f"v{n}", turn=n % 3 == 0) for n, each in enumerate(found * times)]
    where = draw(st.integers(0, len(many)))
    both = draw(st.booleans())  # a counter's callbacks are often of visitors who are still there
    return board(many[:where], many if both else many[where:])


@given(boards(), st.lists(st.tuples(HOSTILE, boards()), max_size=3))
def test_slack_takes_every_home_tab(own: Board, counters: list[tuple[str, Board]]) -> None:
    view = home_view(own, [Counter(*counter) for counter in counters], WORDS)
    assert faults_of_view(view) == []
    assert sum(map(len, texts(view["blocks"]))) <= TEXT


@given(boards(), boards())
def test_each_card_is_there_or_counted(own: Board, there: Board) -> None:
    view = home_view(own, [Counter("Reception, Montréal", there)], WORDS)
    visits = {card.visit for card in there.cards}
    wanted = len(own.cards) + len(own.calls) + len(there.cards)
    wanted += sum(card.visit not in visits for card in there.calls)
    ids = [block["block_id"] for block in view["blocks"] if block["type"] == "section"]
    shown = len({name.rpartition(":")[0] for name in ids if name.count(":") == 3})
    left = sum(int(text.split()[0]) for text in texts(view["blocks"]) if text.endswith(" left out"))
    assert shown + left == wanted


@given(st.lists(st.text(max_size=400), min_size=60, max_size=70))
def test_however_many_counters_somebody_stands_at_slack_takes_it(names: list[str]) -> None:
    view = home_view(board(), [Counter(name or "x", board()) for name in names], WORDS)
    assert faults_of_view(view) == []


def test_what_waits_comes_first_then_the_calls_then_the_counter() -> None:
    own = board([card(1, turn=False), card(2)], [card(3, number="+15145550142")])
    view = home_view(own, [Counter("Reception, Montréal", board([card(4)]))], WORDS)
    assert headings(view) == ["Waiting for you", "Your promised callbacks", "Reception, Montréal"]
    assert pressed(view) == [("v2", "hello"), ("v1", "hello"), ("v3", "hello"), ("v4", "hello")]
    assert "*Number* +15145550142" in read(view)


def test_nothing_that_waits_is_said_in_words() -> None:
    view = home_view(board(), [Counter("Reception, Montréal", board())], WORDS)
    assert list(texts(view["blocks"])) == [
        "Waiting for you",
        "Nothing is asked of you.",
        "Reception, Montréal",
        "Nobody is waiting.",
    ]


def test_a_callback_of_somebody_who_is_still_there_stands_once() -> None:
    there = board([card(1)], [card(1), card(2)])
    view = home_view(board(), [Counter("Reception, Montréal", there)], WORDS)
    assert headings(view) == ["Waiting for you", "Reception, Montréal", "Callbacks due today"]
    assert pressed(view) == [("v1", "hello"), ("v2", "hello")]


def test_the_same_visit_as_ones_own_and_as_the_counters_is_two_cards() -> None:
    there = board([card(1, reader="reception:montreal", say="Martin comes.")])
    view = home_view(board([card(1)]), [Counter("Reception, Montréal", there)], WORDS)
    assert faults_of_view(view) == []
    assert pressed(view) == [("v1", "hello")] * 2
    assert "Say to the visitor\n*Martin comes.*" in read(view)


def test_what_does_not_fit_is_counted() -> None:
    view = home_view(board([card(n) for n in range(40)]), [], WORDS)
    shown = len(pressed(view))
    assert 20 < shown < 40
    assert list(texts(view["blocks"]))[-1] == f"{40 - shown} left out"
    assert len(view["blocks"]) <= 100


def test_what_just_fits_is_shown_whole() -> None:
    view = home_view(board([card(n, since=None, buttons=()) for n in range(98)]), [], replace(WORDS, card=_plain))
    assert len(view["blocks"]) == 99
    assert "left out" not in read(view)
    view = home_view(board([card(n, since=None, buttons=()) for n in range(99)]), [], replace(WORDS, card=_plain))
    assert read(view).endswith("1 left out")


def _plain(card: ShownCard) -> Any:
    return replace(CARD_WORDS, since="")


@pytest.mark.parametrize("own", range(6))
def test_a_heading_never_stands_alone(own: int) -> None:
    long = card(1, ask="a" * 1500, say="b" * 1500)
    there = board([replace(long, visit=f"v{n}") for n in range(8)])
    view = home_view(board([replace(long, visit=f"v{n}") for n in range(own)]), [Counter("Reception", there)], WORDS)
    kinds = [block["type"] for block in view["blocks"]]
    below = [after for kind, after in zip(kinds, [*kinds[1:], "nothing"], strict=True) if kind == "header"]
    assert below == ["section"] * len(headings(view))
    assert "left out" not in read({"blocks": view["blocks"][:-1]})
    assert "left out" in read(view)


@given(HOSTILE)
def test_a_sentence_alone_is_a_home_tab_as_well(text: str) -> None:
    assert faults_of_view(sentence_view(text)) == []


@pytest.mark.parametrize(
    "language, one, many",
    [
        ("en-CA", "And 1 more, on the web page.", "And 7 more, on the web page."),
        ("fr-CA", "Et 1 autre, sur la page web.", "Et 7 autres, sur la page web."),
    ],
)
def test_how_many_are_left_out_is_said_in_both_languages(language: str, one: str, many: str) -> None:
    words = SlackWords(house(), Wording.load(), FakeClock(WEDNESDAY)).home(Reader(language, "America/Montreal"))
    assert (words.more(1), words.more(7)) == (one, many)
