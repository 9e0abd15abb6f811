"""What Teams sends, as the core takes it: who, what, when, and a key that is the same when it is delivered again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams import activities
from adapters.teams.activities import acted, carried, data_of, goes_back, known_as, typed, uncarried
from adapters.teams.cards import card_content, reply_content
from adapters.teams.forms import arrival_content, form_content
from bot.domain.card import Button
from bot.messages import (
    Address,
    Announce,
    AnnounceLine,
    Incoming,
    OpenArrival,
    Outcome,
    Press,
    Reply,
    ShownButton,
    Typed,
)
from bot.texts import lines
from tests.adapters.teams.test_cards import JULIE
from tests.adapters.teams.test_cards import WORDS as TEAMS
from tests.adapters.teams.test_forms import ARRIVAL, WORDS, call_back

BOT = "0f8fad5b-d9cb-469f-a165-70867728950e"
MARTIN = "49c4641c-ab91-4248-aebb-6a7de286397b"
CHANNEL = "19:desk@thread.tacv2"
SITES = {CHANNEL: "montreal"}
AT = "2026-03-04T14:12:20.1234567Z"
MOMENT = datetime(2026, 3, 4, 14, 12, 20, 123456, tzinfo=UTC)
US = {"type": "mention", "text": "<at>hello30</at>", "mentioned": {"id": f"28:{BOT}", "name": "hello30"}}
SOPHIE = {"type": "mention", "text": "<at>Sophie Roy</at>", "mentioned": {"id": "29:sophie", "name": "Sophie Roy"}}


def message(text: str = "", **more: Any) -> dict[str, Any]:
    """Give a line in the chat with Martin."""
    return {
        "type": "message",
        "id": "1767",
        "timestamp": AT,
        "text": text,
        "from": {"id": "29:martin", "aadObjectId": MARTIN.upper(), "name": "Martin Gagnon"},
        "recipient": {"id": f"28:{BOT}", "name": "hello30"},
        "conversation": {"id": "a:martin", "conversationType": "personal"},
        **more,
    }


def in_channel(text: str, *mentions: dict[str, Any], **more: Any) -> dict[str, Any]:
    where = {"id": f"{CHANNEL};messageid=1700", "conversationType": "channel"}
    return message(text, conversation=where, entities=list(mentions), **more)


def read(activity: dict[str, Any]) -> Incoming | None:
    return typed(activity, BOT, SITES)


def act_of(activity: dict[str, Any]) -> object:
    incoming = read(activity)
    return incoming.act if incoming else None


# --- lines -----------------------------------------------------------------------------------------------------------


def test_a_line_in_the_chat_with_the_bot() -> None:
    incoming = read(message("in 5 min &amp; sorry&nbsp;"))
    assert incoming == Incoming(
        key=incoming.key if incoming else "",
        sender=Address("teams", MARTIN),
        act=Typed(text="in 5 min & sorry"),
        pressed_at=MOMENT,
    )


def test_a_line_has_the_same_key_when_it_is_delivered_again_and_another_one_otherwise() -> None:
    def key(**more: Any) -> str:
        incoming = read(message("in 5 min", **more))
        assert incoming is not None
        return incoming.key

    assert key() == key(timestamp="2026-03-04T14:13:00Z")
    assert len({key(), key(id="1768"), key(conversation={"id": "a:x", "conversationType": "personal"})}) == 3
    assert len(key(conversation={"id": "a:" + "x" * 500, "conversationType": "personal"})) < 40


@pytest.mark.parametrize(
    "more",
    [
        {"replyToId": "1750"},
        {
            "entities": [{"type": "quotedReply", "quotedReply": {"messageId": "1750"}}],
            "text": '<quoted messageId="1750"/> yes',
        },
        {
            "attachments": [
                {
                    "contentType": "text/html",
                    "content": '<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="1750"><p>…</p>'
                    "</blockquote><p>yes</p>",
                }
            ]
        },
    ],
)
def test_a_line_answers_the_message_at_which_it_hangs_or_which_it_quotes(more: dict[str, Any]) -> None:
    assert act_of(message("yes") | more) == Typed(text="yes", answers=known_as("a:martin", "1750"))


def test_a_message_is_known_by_its_conversation_without_the_thread_it_is_in() -> None:
    assert known_as(f"{CHANNEL};messageid=1700", "1701") == f"{CHANNEL}:1701"


@pytest.mark.parametrize(
    "text",
    [
        "<at>hello30</at> Julie for Martin",
        "<at>hello30</at>: Julie for Martin",
        "Julie <at>hello30</at>for Martin",
        "<at>hello30</at>\nJulie for Martin",
        "Julie for Martin <at>hello30</at>",
    ],
)
def test_a_line_in_which_the_bot_is_mentioned(text: str) -> None:
    assert act_of(in_channel(text, US)) == AnnounceLine(text="Julie for Martin", site="montreal")


def test_others_who_are_mentioned_keep_their_names() -> None:
    text = '<at>hello30</at> Julie &lt;T&gt; for <at id="1">Sophie Roy</at>: a key'
    found = act_of(in_channel(text, SOPHIE, US))
    assert found == AnnounceLine(text="Julie <T> for Sophie Roy: a key", site="montreal")
    assert act_of(message("Ask <at>Sophie Roy</at>", entities=[SOPHIE])) == Typed(text="Ask Sophie Roy")
    assert act_of(message("what is &lt;at&gt;?")) == Typed(text="what is <at>?")


def test_somebody_of_the_same_name_as_the_bot_keeps_it() -> None:
    other = {**US, "mentioned": {"id": "29:other"}}
    text = "<at>hello30</at> Julie for <at>hello30</at>"
    assert act_of(in_channel(text, US, other)) == AnnounceLine(text="Julie for hello30", site="montreal")


def test_a_line_in_a_channel_that_is_not_for_the_bot_is_none() -> None:
    assert read(in_channel("Lunch?")) is None
    assert read(in_channel("new")) is None
    assert read(in_channel("<at>Sophie Roy</at> lunch?", SOPHIE)) is None


def test_a_line_in_a_channel_that_is_no_receptions_has_no_site() -> None:
    activity = in_channel("<at>hello30</at> J for M", US) | {
        "conversation": {"id": "19:x", "conversationType": "groupChat"}
    }
    assert act_of(activity) == AnnounceLine(text="J for M")


@pytest.mark.parametrize("text", ["new", "New", "nouveau", " Nouvelle ! ", "new…"])
def test_new_opens_the_form_of_an_arrival(text: str) -> None:
    assert act_of(message(text)) == OpenArrival()
    assert act_of(in_channel(f"<at>hello30</at> {text}", US)) == OpenArrival(site="montreal")


def test_the_bots_name_alone_opens_it_too() -> None:
    assert act_of(in_channel("<at>hello30</at>", US)) == OpenArrival(site="montreal")
    assert act_of(message("")) == Typed(text="")  # a picture, say: the core asks again


def test_more_than_that_word_is_a_line() -> None:
    assert act_of(message("new time: 10:00")) == Typed(text="new time: 10:00")


def test_who_has_no_object_id_is_called_as_teams_calls_them() -> None:
    incoming = read(message("hi", **{"from": {"id": "29:guest"}}))
    assert incoming is not None
    assert incoming.sender == Address("teams", "29:guest")


@pytest.mark.parametrize(
    "more",
    [
        {"from": {"id": "28:another-app", "aadObjectId": MARTIN}},
        {"from": {"id": "x", "role": "bot"}},
        {"from": None},
        {"id": ""},
        {"conversation": {}},
        {"type": "messageReaction"},
        {"value": {"a": 1}},
    ],
)
def test_what_is_no_line_of_a_person_is_none(more: dict[str, Any]) -> None:
    assert read(message("Julie for Martin") | more) is None


@pytest.mark.parametrize("timestamp", ["", "soon", "2026-03-04T14:12:20", "0001-01-01T00:00:00+14:00", 3, None])
def test_what_is_no_moment_is_none(timestamp: object) -> None:
    assert activities.moment({"timestamp": timestamp}) is None


# --- buttons and forms -----------------------------------------------------------------------------------------------


def executed(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    value = {"action": {"type": "Action.Execute", "verb": "press", "data": data}, "trigger": "manual"}
    return message(type="invoke", name="adaptiveCard/action", id="f:1", replyToId="1750", value=value, **more)


def submitted(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return message(id="1768", replyToId="1750", value=data, **more)


def pressed(activity: dict[str, Any]) -> Incoming:
    data = data_of(activity)
    assert data is not None
    incoming = acted(activity, data)
    assert incoming is not None
    return incoming


PRESS = card_content(JULIE, TEAMS)["actions"][0]["data"]
FORM = form_content(call_back(), WORDS, 3)["actions"][0]["data"]
ANNOUNCE = arrival_content(ARRIVAL, (), (), site="montreal")["actions"][0]["data"]


@pytest.mark.parametrize("send", [executed, submitted])
def test_a_button_of_a_card_is_the_same_by_either_kind_of_action(send: Any) -> None:
    incoming = pressed(send(PRESS))
    assert incoming.act == Press(visit="v1", button="hello", value="2", revision=3)
    assert (incoming.sender, incoming.pressed_at) == (Address("teams", MARTIN), MOMENT)
    assert incoming.key == pressed(executed(PRESS)).key


def test_a_form_that_was_sent() -> None:
    act = pressed(executed({**FORM, "phone": "514 555-0142", "free_time": "10:30"})).act
    assert act == Press(
        visit="v1",
        button="call_back",
        revision=3,
        values={"free_time": "10:30", "phone": "514 555-0142", "when": "free"},
        submitted=True,
    )


def test_an_arrival_that_was_sent() -> None:
    act = pressed(executed({**ANNOUNCE, "visitor": "Julie", "owner": "Martin"})).act
    assert act == Announce(visitor="Julie", owner="Martin", site="montreal")


def test_a_double_click_has_one_key_and_anything_else_another() -> None:
    def key(data: dict[str, Any], **more: Any) -> str:
        return pressed(executed(data) | more).key

    first = key(PRESS)
    assert first == key(PRESS, id="f:2", timestamp="2026-03-04T14:12:21Z")
    other = {"hello30": {**PRESS["hello30"], "revision": 4}}
    others = {
        key(PRESS, replyToId="1751"),
        key(PRESS, timestamp="2026-03-04T14:32:20Z"),
        key(PRESS, **{"from": {"id": "29:sophie"}}),
        key(PRESS, conversation={"id": "a:sophie"}),
        key(other),
        key(FORM),
        key({**FORM, "phone": "1"}),
    }
    assert len(others | {first}) == 8
    assert key({**FORM, "phone": "1", "when": "x"}) == key({"when": "x", "phone": "1", **FORM})


def test_whoever_goes_back_wants_nothing_of_the_core() -> None:
    back = form_content(call_back(), WORDS, 3)["actions"][1]["data"]
    assert goes_back(back) == "v1"
    assert acted(executed(back), back) is None
    assert goes_back(PRESS) == goes_back({}) == ""


@pytest.mark.parametrize(
    "ours",
    [
        None,
        {},
        {"act": "else"},
        {"act": ["press"]},
        {"act": "press"},
        {"act": "press", "button": 3},
        {"act": "press", "button": "hello", "revision": "3"},
        {"act": "press", "button": "hello", "revision": True},
        {"act": "press", "button": "hello", "revision": -1},
        {"act": "press", "button": "hello", "revision": 10**9},
        {"act": "form"},
        {"act": "choice", "name": "site", "value": "q"},
        {"act": "choice", "name": "visit", "value": "v", "typed": {"was": "line", "text": "J for M"}},
        {"act": "choice", "name": "else", "value": "v", "typed": {"was": "typed", "text": "J"}},
    ],
)
def test_a_button_that_is_not_ours_is_none(ours: object) -> None:
    assert acted(submitted({"hello30": ours}), {"hello30": ours}) is None


def test_what_is_no_press_brings_no_data() -> None:
    assert data_of(message("hi")) is None
    assert data_of(message(type="invoke", name="task/fetch", value={"data": PRESS})) is None
    assert data_of(message(type="invoke", name="adaptiveCard/action", value=[])) == {}


# --- questions back --------------------------------------------------------------------------------------------------


def answered(act: Announce | AnnounceLine | Typed, button: ShownButton, question: str = "") -> object:
    """Give what the core takes once a choice is pressed that went with a question."""
    reply = Reply(outcome=Outcome.ASKED_BACK, text="Which one?", buttons=(button,), question=question)
    content = reply_content(reply, carried(act))
    assert content is not None
    [row] = [part for part in content["body"] if part["type"] == "ActionSet"]
    data = json.loads(json.dumps(row["actions"][0]["data"]))
    incoming = acted(executed(data), data)
    return incoming.act if incoming else None


ANNOUNCED = Announce(
    visitor="Julie", owner="Martin", company="Chambre", how_long_s=300, party=2, by_phone=True, site="quebec"
)
LINE = AnnounceLine(text="Julie for Martin", site="montreal")


@pytest.mark.parametrize(
    "act, button, wanted",
    [
        (LINE, Button(name="owner_id", label="Roy", value="roy"), replace(LINE, owner_id="roy")),
        (LINE, Button(name="same", label="Same", value="v1"), replace(LINE, same=True)),
        (ANNOUNCED, Button(name="another", label="Another", value="yes"), replace(ANNOUNCED, another=True)),
        (ANNOUNCED, Button(name="site", label="Montréal", value="montreal"), replace(ANNOUNCED, site="montreal")),
        (Typed(text="in 5"), Button(name="visit", label="Julie", value="v2"), Typed(text="in 5", visit="v2")),
        (Typed(text="J for M"), Button(name="same", label="Same", value="v1"), AnnounceLine(text="J for M", same=True)),
        (
            AnnounceLine(text="J for M", owner_id="roy"),
            Button(name="site", label="Québec", value="quebec"),
            AnnounceLine(text="J for M", owner_id="roy", site="quebec"),
        ),
    ],
)
def test_what_had_been_typed_comes_with_the_answer(
    act: Announce | AnnounceLine | Typed, button: ShownButton, wanted: object
) -> None:
    assert answered(act, button) == wanted


@pytest.mark.parametrize("act", [LINE, replace(LINE, question="line:0"), ANNOUNCED, Typed(text="J for M")])
def test_an_answer_names_the_question(act: Announce | AnnounceLine | Typed) -> None:
    found = answered(act, Button(name="owner_id", label="Roy", value="roy"), "line:1")
    assert isinstance(found, Announce | AnnounceLine)
    assert (found.owner_id, found.question) == ("roy", "line:1")
    meant = answered(Typed(text="in 5"), Button(name="visit", label="Julie", value="v2"), "line:1")
    assert meant == Typed(text="in 5", visit="v2", question="line:1")


@settings(deadline=None)
@given(st.text())
def test_whatever_was_typed_is_carried(text: str) -> None:
    found = carried(Typed(text=text))
    assert found is not None
    assert uncarried(json.loads(json.dumps(found))) == Typed(text=lines(text))


@pytest.mark.parametrize("act", [Press(visit="v1", button="hello"), OpenArrival()])
def test_what_nobody_typed_is_not_carried(act: Press | OpenArrival) -> None:
    assert carried(act) is None


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"was": "else"},
        {"was": ["line"]},
        {"was": "line"},
        {"was": "line", "text": 3},
        {"was": "typed", "text": []},
    ],
)
def test_what_is_not_carried_by_us_is_none(found: dict[str, Any]) -> None:
    assert uncarried(found) is None


# --- whatever comes --------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(
    [
        *("type", "id", "text", "from", "recipient", "conversation", "conversationType", "entities", "mentioned"),
        *("value", "action", "data", "hello30", "act", "visit", "button", "revision", "typed", "was", "kind", "name"),
        *("timestamp", "replyToId", "aadObjectId", "attachments", "content", "quotedReply", "messageId", "leads"),
        *("visitor", "owner", "how_long", "party", "how_long_s", "owner_at", "free_time", "role"),
    ]
)
WORTH = st.sampled_from(
    [
        *("message", "invoke", "adaptiveCard/action", "personal", "channel", "mention", "press", "form", "announce"),
        *(
            "choice",
            "back",
            "line",
            "arrival",
            "site",
            f"28:{BOT}",
            AT,
            "<at>hello30</at>",
            "new",
            "\ud800",
            "9" * 5000,
        ),
    ]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), WORTH, st.datetimes().map(str)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, st.text(max_size=5)), inner, max_size=8)
    ),
    max_leaves=40,
)


def all_of(activity: dict[str, Any]) -> list[Incoming | None]:
    """Read an activity in every way there is."""
    data = data_of(activity)
    goes_back(activity)
    goes_back(data or {})
    return [typed(activity, BOT, SITES), acted(activity, data or {}), acted(activity, activity)]


@settings(deadline=None)
@given(st.dictionaries(st.one_of(KEYS, st.text(max_size=5)), JSON, max_size=12))
def test_nothing_raises_whatever_comes(activity: dict[str, Any]) -> None:
    for incoming in all_of(activity):
        assert incoming is None or (incoming.key and incoming.sender.id)


@settings(deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=6), st.sampled_from(["press", "form", "announce", "choice", "back"]))
def test_nothing_raises_whatever_stands_in_an_activity_that_is_nearly_ours(ours: dict[str, Any], act: str) -> None:
    data = {**ours, "hello30": {**ours, "act": act}}
    for activity in (executed(data), submitted(data), message("x") | ours, in_channel("x", US) | ours):
        for incoming in all_of(activity):
            assert incoming is None or isinstance(incoming, Incoming)


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_a_line_is_read_whatever_the_entities_say(text: str, written: str, name: str) -> None:
    mention = {"type": "mention", "text": written, "mentioned": {"id": f"28:{BOT}", "name": name}}
    incoming = read(in_channel(text, mention))
    assert incoming is not None
    assert isinstance(incoming.act, AnnounceLine | OpenArrival)
