"""What Slack sends, as the core takes it: who, what, when, and a key that is the same when it is delivered again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import limits, payloads
from adapters.slack.blocks import Pressed, reply_message
from adapters.slack.lines import PICTURES, mentioned, plain
from adapters.slack.modals import Opened
from bot.domain.card import Button
from bot.messages import Address, Announce, AnnounceLine, Outcome, Press, Reply, Typed
from bot.texts import lines

MARTIN = Address("slack", "U0MARTIN")
NAMES = {"U0MARTIN": "Martin Gagnon"}
AT = "1766000000.120000"
MOMENT = datetime(2025, 12, 17, 19, 33, 20, 120000, tzinfo=UTC)


def test_a_line_behind_the_command() -> None:
    form = {"trigger_id": "1.2.a", "user_id": "U0NADIA", "text": " Julie &lt;T&gt; for <@U0MARTIN|martin>: a key "}
    incoming = payloads.command(form, "montreal", NAMES)
    assert incoming.sender == Address("slack", "U0NADIA")
    assert incoming.act == AnnounceLine(text="Julie <T> for Martin Gagnon: a key", site="montreal")
    assert incoming.key == "command:1.2.a"


@pytest.mark.parametrize(
    "text", ["<@UBOT> Julie for Martin", "<@UBOT|hello30>: Julie for Martin", "Julie <@UBOT>for Martin"]
)
def test_a_line_in_which_the_bot_is_mentioned(text: str) -> None:
    envelope = {"event_id": "Ev1", "event": {"user": "U0NADIA", "text": text}}
    incoming = payloads.mention(envelope, "UBOT", "montreal", NAMES)
    assert isinstance(incoming.act, AnnounceLine)
    assert incoming.act.text == "Julie for Martin"
    assert incoming.key == "event:Ev1"


def test_a_line_in_a_direct_message() -> None:
    envelope = {"event_id": "Ev2", "event": {"user": "U0MARTIN", "text": "in 5 min &amp; sorry", "ts": AT}}
    incoming = payloads.message(envelope, "UBOT", NAMES)
    assert incoming.act == Typed(text="in 5 min & sorry")
    assert incoming.pressed_at == MOMENT


@pytest.mark.parametrize("thread, answers", [({"thread_ts": "17.1"}, "D1:17.1"), ({"thread_ts": AT}, ""), ({}, "")])
def test_a_line_in_a_thread_answers_the_message_at_which_it_hangs(thread: dict[str, str], answers: str) -> None:
    event = {"user": "U0MARTIN", "channel": "D1", "text": "in 5 min", "ts": AT, **thread}
    act = payloads.message({"event_id": "Ev2", "event": event}, "UBOT", NAMES).act
    assert act == Typed(text="in 5 min", answers=answers)


@pytest.mark.parametrize("ref", ["D1:17.1", "D1:17.1:17.2"])
def test_a_message_is_known_by_its_own_moment_whatever_stands_in_its_thread(ref: str) -> None:
    assert payloads.known_as(ref) == "D1:17.1"


@pytest.mark.parametrize(
    "written, typed",
    [
        ("call <tel:+15145550142|514 555-0142>", "call 514 555-0142"),
        ("<mailto:a@b.example|a@b.example> <https://b.example>", "a@b.example https://b.example"),
        ("<#C1|desk> <!subteam^S1|@team>", "desk @team"),
        ("<@U0STRANGER>", "<@U0STRANGER>"),
        ("1 &lt; 2 &amp;amp;", "1 < 2 &amp;"),
        ("*in 5 min*", "in 5 min"),
        ("_coming_ ~no~ `now` ```3 pm```", "coming no now 3 pm"),
        ("*_~so~_* (*now*)", "so (now)"),
        ("&gt; in 5 min\n&gt;&gt; or 6", "in 5 min\nor 6"),
        ("5 &gt; 4 * 3 _ a_b_c 2*3*4", "5 > 4 * 3 _ a_b_c 2*3*4"),
        (":+1:", "👍"),
        (":ok_hand::skin-tone-3: :wave:", "👌👋"),
        ("in 5 min :ok_hand::skin-tone-3:", "in 5 min"),
        (":wave: coming :party_parrot: at 10:30:15", "coming at 10:30:15"),
        (":party_parrot:", ""),
        ("&lt;b&gt; *not* **twice**", "<b> not twice"),
    ],
)
def test_slacks_own_writing_is_read_as_it_was_typed(written: str, typed: str) -> None:
    assert plain(written, NAMES) == typed


@pytest.mark.parametrize("name, picture", PICTURES.items())
def test_the_pictures_that_somebody_may_answer_with_are_known(name: str, picture: str) -> None:
    assert plain(f":{name}:", NAMES) == picture
    assert plain(f"so :{name}:", NAMES) == "so"


@given(st.text(alphabet="*_~`> :a+1\n<@U0>|", max_size=60))
def test_whatever_is_marked_up_can_be_read(text: str) -> None:
    assert len(plain(text, NAMES)) <= len(text) + len("Martin Gagnon") * text.count("<")


def test_whoever_is_mentioned_is_known_as_in_the_plain_text() -> None:
    text = "<@U0MARTIN|m> and <@U0GUEST|olivia> and <@U0NOBODY>"
    assert mentioned(text, NAMES) == {"Martin Gagnon", "olivia", "<@U0NOBODY>"}
    assert plain(text, NAMES) == "Martin Gagnon and olivia and <@U0NOBODY>"


@pytest.mark.parametrize("bot, typed", [("UBOT", "Julie for Martin"), ("", "<@UBOT> Julie for Martin")])
def test_a_mention_of_the_bot_in_a_direct_message_is_left_out_once_it_is_known(bot: str, typed: str) -> None:
    envelope = {"event_id": "Ev1", "event": {"user": "U0NADIA", "text": "<@UBOT> Julie for Martin", "ts": AT}}
    assert payloads.message(envelope, bot, NAMES).act == Typed(text=typed)


@pytest.mark.parametrize(
    "site, wanted",
    [
        ("montreal", Typed(text="in 5 min", answers="C1:17.1")),
        ("", AnnounceLine(text="in 5 min")),  # a thread of theirs, in which nothing of ours stands
    ],
)
def test_a_mention_in_a_thread_of_a_counters_channel_answers_its_card(site: str, wanted: object) -> None:
    event = {"user": "U0MARTIN", "channel": "C1", "text": "<@UBOT> in 5 min", "ts": AT, "thread_ts": "17.1"}
    assert payloads.mention({"event_id": "Ev1", "event": event}, "UBOT", site, NAMES).act == wanted


def payload(**action: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"user": {"id": "U0MARTIN"}}, {"action_ts": AT, **action}


def test_a_button_of_a_card() -> None:
    incoming = payloads.pressed(*payload(value=Pressed("v1", 3, "hello", "2").written()))
    assert incoming is not None
    assert incoming.act == Press(visit="v1", button="hello", value="2", revision=3)
    assert (incoming.sender, incoming.pressed_at) == (MARTIN, MOMENT)


def test_an_entry_of_a_cards_menu() -> None:
    value = "opens:" + Pressed("v1", 3, "visitor_left", "").written()
    incoming = payloads.pressed(*payload(selected_option={"value": value}))
    assert incoming is not None
    assert incoming.act == Press(visit="v1", button="visitor_left", revision=3)


def test_a_press_has_the_same_key_when_it_is_delivered_again_and_another_one_otherwise() -> None:
    def key(user: str, at: str, value: str) -> str:
        incoming = payloads.pressed({"user": {"id": user}}, {"action_ts": at, "value": value})
        assert incoming is not None
        return incoming.key

    hello, call = Pressed("v1", 3, "hello", "2").written(), Pressed("v1", 3, "done", "").written()
    first = key("U1", "1.1", hello)
    assert first == key("U1", "1.1", hello)
    assert len({first, key("U2", "1.1", hello), key("U1", "1.2", hello), key("U1", "1.1", call)}) == 4


@pytest.mark.parametrize("value", ["", "v1", "x:y:z"])
def test_a_button_that_is_not_ours_is_none(value: str) -> None:
    assert payloads.pressed(*payload(value=value)) is None
    assert payloads.pressed(*payload(selected_option={"value": value})) is None


def test_a_modal_that_was_sent() -> None:
    view = {
        "id": "V1",
        "hash": "1.a",
        "private_metadata": Opened("v1", "add_phone", 3).written(),
        "state": {"values": {}},
    }
    incoming = payloads.submitted({"user": {"id": "U0MARTIN"}, "view": view}, "UTC")
    assert incoming is not None
    assert incoming.act == Press(visit="v1", button="add_phone", revision=3, submitted=True)
    assert incoming.key == "view:V1:1.a"
    assert payloads.submitted({"user": {"id": "U0MARTIN"}, "view": view | {"private_metadata": ""}}, "UTC") is None


# --- questions back --------------------------------------------------------------------------------------------------

LINE = AnnounceLine(text="Julie for Martin", site="montreal")


def answered(act: payloads.Carriable, button: Button[str]) -> Any:
    """Give what comes in when a choice that went with a reply is pressed."""
    reply = Reply(outcome=Outcome.ASKED_BACK, text="Which one?", buttons=(button,))
    [_, actions] = reply_message(reply, payloads.carried(act)).blocks
    [element] = actions["elements"]
    incoming = payloads.chosen(*payload(action_id=element["action_id"]), element["value"])
    return incoming.act if incoming else None


@pytest.mark.parametrize(
    "act, button, wanted",
    [
        (
            LINE,
            Button(name="owner_id", label="Martin Roy", value="roy"),
            AnnounceLine(text=LINE.text, site="montreal", owner_id="roy"),
        ),
        (LINE, Button(name="same", label="Same", value="v1"), AnnounceLine(text=LINE.text, site="montreal", same=True)),
        (Announce(visitor="J"), Button(name="another", label="A", value="yes"), Announce(visitor="J", another=True)),
        (Typed(text="in 5"), Button(name="visit", label="Julie", value="v2"), Typed(text="in 5", visit="v2")),
        (Typed(text="J for M"), Button(name="same", label="S", value="v1"), AnnounceLine(text="J for M", same=True)),
        (
            AnnounceLine(text="J for M", owner_id="roy"),
            Button(name="site", label="Québec", value="quebec"),
            AnnounceLine(text="J for M", owner_id="roy", site="quebec"),
        ),
        (LINE, Button(name="visit", label="x", value="v1"), None),
    ],
)
def test_what_had_been_typed_comes_with_the_answer(
    act: payloads.Carriable, button: Button[str], wanted: object
) -> None:
    assert answered(act, button) == wanted


@pytest.mark.parametrize("act", [LINE, Announce(visitor="J"), Typed(text="in 5")])
def test_an_answer_says_to_which_question_it_is_the_answer(act: payloads.Carriable) -> None:
    first = payloads.uncarried(payloads.carried(act, "command:1.2.a"))
    assert first == replace(act, question="command:1.2.a")
    assert payloads.uncarried(payloads.carried(first, "")) == first, "what was not saved is asked once more"
    incoming = payloads.chosen(
        *payload(action_id="choice:0:visit:v1" if isinstance(act, Typed) else "choice:0:same:v1"),
        payloads.carried(act, "command:1.2.a"),
    )
    assert incoming is not None
    assert incoming.act.question == "command:1.2.a"  # type: ignore[union-attr]


def test_an_arrival_that_was_typed_says_so_too() -> None:
    incoming = payloads.chosen(*payload(action_id="choice:0:same:v1"), payloads.carried(Typed(text="J for M"), "k"))
    assert incoming is not None
    assert incoming.act == AnnounceLine(text="J for M", same=True, question="k")


WORST = '"' * 120


def test_whatever_may_be_announced_fits_into_a_button() -> None:
    act = Announce(
        visitor=WORST, owner=WORST, company=WORST, about='"' * 500, phone='"' * 60, site="montreal", kind="client"
    )
    assert len(payloads.carried(act)) <= limits.VALUE
    for question in ("command:" + "1" * 60, "event:" + "é" * 400):
        written = payloads.carried(act, question)
        assert len(written) <= limits.VALUE
        kept = payloads.uncarried(written)
        assert isinstance(kept, Announce)
        assert (kept.visitor, kept.owner, kept.company, kept.question) == (WORST, WORST, WORST, question)


@given(st.one_of(st.text(max_size=200), st.sampled_from(['"' * 3000, "é" * 3000, "\x00a" * 3000, "\n" * 3000 + "x"])))
def test_whatever_was_typed_is_carried_as_far_as_it_fits(text: str) -> None:
    kept = payloads.uncarried(payloads.carried(Typed(text=text)))
    assert isinstance(kept, Typed)
    assert lines(text).startswith(kept.text)
    assert bool(kept.text) is bool(lines(text))
    assert len(payloads.carried(Typed(text=text))) <= limits.VALUE


@pytest.mark.parametrize("text", ["", "typed:", "typed:{", "other:{}", 'arrival:{"visitor":3}', "line:[]"])
def test_what_is_not_carried_by_us_is_none(text: str) -> None:
    assert payloads.uncarried(text) is None


@pytest.mark.parametrize("ts", ["", "soon", "1766000000000.1", "-1.0", "٣.1"])
def test_what_is_no_moment_is_none(ts: str) -> None:
    assert payloads.moment(ts) is None
