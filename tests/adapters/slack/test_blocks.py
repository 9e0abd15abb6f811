"""Cards in Slack: whatever is on them, Slack takes them, and nothing that somebody typed becomes more than text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.blocks import (
    STEP,
    Message,
    Pressed,
    ThreadWords,
    Words,
    card_message,
    nudge_message,
    read_pressed,
    reply_message,
    thread_message,
)
from adapters.slack.limits import escaped
from bot.domain.card import Button, Card, Fact, StepLine
from bot.messages import Outcome, Reply, ShownButton, ShownCard
from tests.adapters.slack.kit import faults_of_message, texts

NINE = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)
TIME = "<!date^1772633520^{time}|9:12 a.m.>"
WORDS = Words(say="Say to the visitor", number="Number", since="Waiting since <!date^1^{time}|9:12>")
HOSTILE = st.sampled_from(
    ["<!channel>", "<@U0MARTIN>", "&amp;<b>", "*bold*", "é" * 40, "🙂" * 20, "<" * 400, "a" * 4000]
)
TEXT = st.one_of(st.text(max_size=60), HOSTILE).map(lambda text: text.strip() or "x")
SHORT = st.sampled_from(["hello", "call_back", "ask_someone_else", "visitor_left"])


@st.composite
def buttons(draw: st.DrawFn) -> tuple[ShownButton, ...]:
    made = draw(st.lists(st.tuples(SHORT, TEXT, st.booleans(), st.booleans()), max_size=9))
    return tuple(
        Button(name=name, label=label, main=main, form=name if form else None, value=str(number))
        for number, (name, label, main, form) in enumerate(made)
    )


@st.composite
def cards(draw: st.DrawFn) -> ShownCard:
    maybe = st.one_of(st.none(), TEXT)
    return Card(
        reader="martin",
        visit="9b3b2981dc96",
        revision=draw(st.integers(0, 10**6)),
        state="asking",
        turn=True,
        tag=draw(TEXT),
        title=draw(TEXT),
        visitor=draw(TEXT),
        company="",
        owner="Martin Gagnon",
        since=datetime(2026, 3, 4, 14, 12, tzinfo=UTC),
        say=draw(maybe),
        ask=draw(maybe),
        notes=tuple(draw(st.lists(TEXT, max_size=25))),
        facts=tuple(Fact(label=a, value=b) for a, b in draw(st.lists(st.tuples(TEXT, TEXT), max_size=14))),
        about=draw(st.one_of(st.just(""), TEXT)),
        buttons=draw(buttons()),
        more=draw(buttons()),
        number=draw(st.sampled_from(["", "514 555-0142", "<tel:1|x>"])),
        points=tuple(draw(st.lists(TEXT, max_size=6))),
    )


@given(cards())
def test_slack_takes_every_card(card: ShownCard) -> None:
    message = card_message(card, WORDS)
    assert faults_of_message(message.text, message.blocks) == []


@given(cards())
def test_no_button_of_a_card_is_lost(card: ShownCard) -> None:
    found = [read_pressed(value) for value in _values(card)]
    wanted = [Pressed(card.visit, card.revision, b.name, b.value) for b in (*card.buttons, *card.more)]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))


def _values(card: ShownCard) -> list[str]:
    found = []
    for block in card_message(card, WORDS).blocks:
        for element in block["elements"] if block["type"] == "actions" else ():
            options = element.get("options", ())
            found += [option["value"].partition(":")[2] for option in options] or [element["value"]]
    return found


@given(cards())
def test_what_somebody_typed_is_no_mention_and_no_link(card: ShownCard) -> None:
    message = card_message(card, replace(WORDS, since=""))
    marked = [text["text"] for block in message.blocks for text in _mrkdwn(block)]
    assert not any("<" in text or ">" in text.replace("\n>", "").removeprefix(">") for text in marked)


def _mrkdwn(part: object) -> list[dict[str, str]]:
    if isinstance(part, dict):
        inside = [text for value in part.values() for text in _mrkdwn(value)]
        return [part, *inside] if part.get("type") == "mrkdwn" else inside
    return [text for each in part for text in _mrkdwn(each)] if isinstance(part, list) else []


@given(st.text(), st.integers(2, 80))
def test_an_escaped_text_is_never_too_long_and_never_cut_within_an_entity(text: str, most: int) -> None:
    written = escaped(text, most)
    assert len(written) <= most
    assert written.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0


def test_the_first_block_and_the_text_each_say_who_and_what_is_wanted() -> None:
    card = replace(JULIE, buttons=())
    message = card_message(card, WORDS)
    for said in (message.text, message.blocks[0]["text"]["text"]):
        assert "Julie Tremblay (Chambre de commerce)" in said
        assert "Julie Tremblay is at reception for you." in said
    assert "Asking Martin" in message.blocks[0]["text"]["text"]
    assert len(message.text) < 150


def test_an_amended_message_has_other_blocks_so_that_nothing_typed_or_chosen_stays_in_them() -> None:
    first, second = (card_message(replace(JULIE, revision=n), WORDS) for n in (3, 4))
    assert not {b["block_id"] for b in first.blocks} & {b["block_id"] for b in second.blocks}


def test_the_sentence_for_the_visitor_stands_out_on_receptions_card() -> None:
    say = "Martin Gagnon comes by 9:14; if not, I will tell you at 9:14."
    message = card_message(replace(JULIE, reader="reception:montreal", ask=None, say=say), WORDS)
    assert message.blocks[1]["text"]["text"] == f"Say to the visitor\n*{say}*"
    assert say in message.text


def test_the_first_main_button_is_the_only_primary_one() -> None:
    main = tuple(Button(name="hello", label=f"In {n} min", main=True, value=str(n)) for n in (2, 5))
    [actions] = [b for b in card_message(replace(JULIE, buttons=main), WORDS).blocks if b["type"] == "actions"]
    assert [element.get("style") for element in actions["elements"]] == ["primary", None]
    assert [element["accessibility_label"] for element in actions["elements"]] == ["In 2 min", "In 5 min"]


@given(TEXT, buttons())
def test_slack_takes_every_reply(text: str, choices: tuple[ShownButton, ...]) -> None:
    message = reply_message(Reply(outcome=Outcome.ASKED_BACK, text=text, visit="v1", buttons=choices), "typed:{}")
    assert faults_of_message(message.text, message.blocks) == []


def thread(*said: str) -> tuple[Message, list[str]]:
    """Give the message in the thread of a card with these steps, and its lines."""
    card = replace(JULIE, steps=tuple(StepLine(at=NINE, text=text) for text in said))
    words = ThreadWords((TIME,) * len(said), lambda count: f"{count} earlier steps are on the visit's page.")
    message = thread_message(card, words)
    return message, "\n".join(texts(message.blocks)).split("\n")


@given(st.lists(TEXT.map(lambda text: " ".join(text.split()) or "x"), min_size=1, max_size=120))
def test_slack_takes_the_steps_of_every_visit_and_none_is_lost_without_a_word(said: list[str]) -> None:
    message, lines = thread(*said)
    assert faults_of_message(message.text, message.blocks) == []
    told = [line for line in lines if line.startswith(TIME)]
    assert [line.removeprefix(f"{TIME} · ") for line in told] == [escaped(text, STEP) for text in said[-len(told) :]]
    left = len(said) - len(told)
    counted = [f"{left} earlier steps are on the visit's page."] if left else []
    assert [line for line in lines if line not in told] == counted
    assert not any(sign in line.removeprefix(TIME) for line in lines for sign in "<>")


def test_the_oldest_of_more_steps_than_slack_takes_are_counted() -> None:
    message, (first, *lines) = thread(*(f"{n} {'x' * 400}" for n in range(1, 101)))
    assert faults_of_message(message.text, message.blocks) == []
    assert len(lines) > 20
    assert first == f"{100 - len(lines)} earlier steps are on the visit's page."
    assert lines[-1].startswith(f"{TIME} · 100 xxx")


def test_the_text_of_the_steps_is_the_newest_of_them() -> None:
    message, lines = thread("Martin Gagnon was asked.", "Martin <b> & Co promised a hello by 9:14 a.m.")
    assert message.text == "Martin &lt;b&gt; &amp; Co promised a hello by 9:14 a.m."
    assert lines == [f"{TIME} · Martin Gagnon was asked.", f"{TIME} · {message.text}"]


def test_a_property_that_slack_refuses_is_found() -> None:
    option: dict[str, Any] = {"text": {"type": "plain_text", "text": "Seen"}, "value": "v"}
    menu = {"type": "overflow", "action_id": "more", "options": [option]}
    assert faults_of_message("x", [{"type": "actions", "elements": [menu]}]) == []
    [fault] = faults_of_message("x", [{"type": "actions", "elements": [{**menu, "accessibility_label": "More"}]}])
    assert "accessibility_label" in fault
    [fault] = faults_of_message("x", [{"type": "divider", "color": "red"}])
    assert "color" in fault


def test_an_address_in_a_reply_can_be_followed_only_where_it_is_ours() -> None:
    reply = Reply(outcome=Outcome.DONE, text="Julie <1>, see https://desk.example.org/in/a_b?x=1&y=|2, please")
    [plain] = reply_message(reply).blocks
    assert "https://desk.example.org/in/a_b?x=1&amp;y=|2" in plain["text"]["text"]
    assert "<" not in plain["text"]["text"]
    message = reply_message(reply, link="My > page")
    wanted = "Julie &lt;1&gt;, see <https://desk.example.org/in/a_b?x=1&amp;y=|My &gt; page>|2, please"
    assert (message.text, message.blocks[0]["text"]["text"]) == (wanted, wanted)
    assert reply_message(Reply(outcome=Outcome.DONE, text="<none>"), link="My page").text == "&lt;none&gt;"


def test_a_nudge_is_its_plain_text() -> None:
    message = nudge_message("Julie & *Co* <Tremblay> is asking for you :wave:")
    assert message.text == "Julie &amp; *Co* &lt;Tremblay&gt; is asking for you :wave:"
    [block] = message.blocks  # plain, so that neither bold nor a picture is made of it
    assert block["text"] == {"type": "plain_text", "text": unescape(message.text), "emoji": False}
    assert faults_of_message(message.text, message.blocks) == []


@pytest.mark.parametrize(
    "text", ["", "v1", "v1:x:hello:2", "v1:3", "v1:3:", ":3:hello:", "v1:٣:hello:2", "v1:9999999999:a:"]
)
def test_what_is_no_button_of_ours_is_none(text: str) -> None:
    assert read_pressed(text) is None


def test_a_value_may_hold_a_colon() -> None:
    pressed = Pressed("v1", 3, "by_voice", "at:2026-03-04T10:00:00+00:00")
    assert read_pressed(pressed.written()) == pressed


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


def test_slack_takes_a_card_that_is_as_full_as_can_be() -> None:
    long = "x " * 2000
    card = replace(
        JULIE,
        title=long,
        tag=long,
        ask=long,
        say=long,
        about=long,
        notes=(long,) * 100,
        facts=tuple(Fact(label=long, value=long) for _ in range(20)),
        number=long,
        points=(long,) * 50,
        buttons=tuple(Button(name="hello", label=long, value=str(n)) for n in range(9)),
        more=tuple(Button(name="seen", label=long, value=str(n)) for n in range(9)),
    )
    message = card_message(card, WORDS)
    assert faults_of_message(message.text, message.blocks) == []


def test_every_text_of_a_card_is_somewhere_in_its_message() -> None:
    card = replace(
        JULIE,
        notes=("Sophie answers for Martin.",),
        facts=(Fact(label="Kind", value="Supplier"),),
        about="room booking",
        number="514 555-0142",
        points=("the key", "the invoice"),
    )
    said = "\n".join(texts(card_message(card, WORDS).blocks))
    for text in ("Sophie answers for Martin.", "Kind", "Supplier", "room booking", "514 555-0142", "• the key", "9:12"):
        assert text in said
