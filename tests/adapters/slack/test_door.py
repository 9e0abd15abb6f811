"""The door for what Slack posts: nothing that Slack has not signed is read, and nothing of it gets into the logs."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession

from adapters.slack.front import READ_WITHIN
from tests.adapters.slack.driver import EVENTS, FORM, JSON, signed
from tests.adapters.slack.house import House
from tests.operations.canary import NUMBER, WORD, holds, logged

LINE = urlencode({"command": "/visitor", "text": "Julie Tremblay for Sophie", "user_id": "UNADIA", "trigger_id": "t"})


async def is_refused(world: House, headers: dict[str, str], *, body: str = LINE) -> None:
    answer = await world.slack.posts(body, {"Content-Type": FORM, **headers})
    assert answer.status == 401
    assert "Julie" not in answer.text
    await world.goes_on()
    assert world.api.messages == []


async def test_what_slack_signed_is_taken(world: House) -> None:
    answer = await world.slack.posts(LINE, {"Content-Type": FORM, **signed(LINE, world.clock)})
    assert answer.status == 200
    assert "Posted at" in answer.text


async def test_another_secret_is_refused(world: House) -> None:
    await is_refused(world, signed(LINE, world.clock, "another secret"))


async def test_the_signature_of_something_else_is_refused(world: House) -> None:
    await is_refused(world, signed(LINE + " ", world.clock))


@pytest.mark.parametrize("seconds", [301, -301])
async def test_what_was_signed_long_ago_is_refused(world: House, seconds: int) -> None:
    old = signed(LINE, world.clock)
    stamp = str(int(old["X-Slack-Request-Timestamp"]) - seconds)
    await is_refused(world, {**old, "X-Slack-Request-Timestamp": stamp})
    headers = signed(LINE, world.clock)
    if seconds > 0:
        await world.passes(seconds=seconds)
        await is_refused(world, headers)


async def test_what_was_signed_a_moment_ago_is_taken(world: House) -> None:
    headers = signed(LINE, world.clock)
    world.clock.move_to(world.clock.now() + timedelta(minutes=4))
    assert (await world.slack.posts(LINE, {"Content-Type": FORM, **headers})).status == 200


@pytest.mark.parametrize("missing", ["X-Slack-Request-Timestamp", "X-Slack-Signature", "both"])
async def test_what_is_not_signed_is_refused(world: House, missing: str) -> None:
    headers = signed(LINE, world.clock)
    await is_refused(world, {name: value for name, value in headers.items() if missing not in (name, "both")})


@pytest.mark.parametrize(
    "stamp", ["abc", "", "1e9", "-1", "1772633520.5", " ", "\u0661\u0667", "9" * 13, "9" * 5000, "0x10", "inf", "é"]
)
async def test_a_timestamp_that_is_none_is_refused(world: House, stamp: str) -> None:
    await is_refused(world, {**signed(LINE, world.clock), "X-Slack-Request-Timestamp": stamp})


@pytest.mark.parametrize("signature", ["", "v0=", "v0=é", "v1=abc", "v0=" + "é" * 64, "x" * 4000, "v0=\u0661"])
async def test_a_signature_that_is_none_is_refused(world: House, signature: str) -> None:
    await is_refused(world, {**signed(LINE, world.clock), "X-Slack-Signature": signature})


async def test_bytes_that_are_no_text_are_refused_or_unreadable(world: House) -> None:
    raw = b"text=\xff\xfe"
    answer = await world.slack.posts(raw, {"Content-Type": FORM, **signed(raw, world.clock)})
    assert answer.status in (400, 401)
    headers = {"Content-Type": FORM, **signed(raw, world.clock), "X-Slack-Signature": "v0=00"}
    assert (await world.slack.posts(raw, headers)).status == 401


@pytest.mark.parametrize(
    "kind, body",
    [
        *((JSON, body) for body in ("", "{", '{"a":', "[]", "null", "1", '"text"', "[" * 100_000, '{"a":' * 100_000)),
        *((FORM, body) for body in ("", "payload=", "payload=%7B", "payload=null", "payload=%5B%5D")),
        (FORM, "payload=" + "%5B" * 100_000),
    ],
    ids=lambda text: f"{text[:16]} {len(text)}",
)
async def test_what_is_signed_and_unreadable_is_a_400(world: House, kind: str, body: str) -> None:
    answer = await world.slack.posts(body, {"Content-Type": kind, **signed(body, world.clock)})
    assert answer.status == 400


@pytest.mark.parametrize(
    "body", ["{}", "a=b", "null", "%", '{"type": "event_callback"}', "payload=%7B%7D", "ssl_check=1"]
)
async def test_what_is_signed_and_nothing_of_ours_is_never_a_fault(world: House, body: str) -> None:
    kind = JSON if body.startswith("{") else FORM
    answer = await world.slack.posts(body, {"Content-Type": kind, **signed(body, world.clock)})
    assert answer.status in (200, 404)


STAMPED = {"authorizations": None, "event_id": "Ev1", "type": "event_callback"}
PRESSED = {"type": "block_actions", "user": {"id": "UMARTIN"}}
SENT = {"type": "view_submission", "user": {"id": "UMARTIN"}}
FILLED = {"id": "V1", "type": "modal", "callback_id": "form", "private_metadata": '["v", "call_back", null]'}
NO_MOMENT = {"when": {"when": {"type": "datetimepicker", "selected_date_time": 10**14}}}


@pytest.mark.parametrize(
    "payload",
    [
        {
            **STAMPED,
            "event": {"type": "message", "channel_type": "im", "user": "UMARTIN", "channel": "D1", "ts": "1.0"},
        },
        {
            **STAMPED,
            "event": {"type": "message", "channel_type": "im", "user": "UMARTIN", "channel": "D1", "text": None},
        },
        {**STAMPED, "event": {"type": "user_change", "user": None}},
        {**STAMPED, "event": {"type": "tokens_revoked", "tokens": None}, "event_time": None},
        {**STAMPED, "event": {"type": "app_home_opened", "tab": "home", "user": "UMARTIN", "view": None}},
        {**PRESSED, "actions": [{"action_id": "press:0", "action_ts": "1.1", "value": None}]},
        {**PRESSED, "actions": [{"action_id": "more", "action_ts": "1.1", "selected_option": {"value": None}}]},
        {**PRESSED, "actions": [{"action_id": "press:0", "action_ts": "1.1"}], "channel": None, "message": None},
        {**SENT, "view": {**FILLED, "private_metadata": None}},
        {**SENT, "view": {**FILLED, "state": {"values": NO_MOMENT}}},
        {**SENT, "view": {**FILLED, "callback_id": "arrival", "private_metadata": None, "state": None}},
        {"command": "/visitor", "user_id": "UNADIA", "trigger_id": "t", "text": None},
    ],
    ids=lambda payload: str(payload)[-60:],
)
async def test_what_is_left_out_or_null_counts_as_empty(world: House, payload: dict[str, object]) -> None:
    body = json.dumps(payload)
    with logged() as logs:
        answer = await world.slack.posts(body, {"Content-Type": JSON, **signed(body, world.clock)})
        await world.goes_on()
    assert answer.status == 200
    text = logs.getvalue()
    assert not any(event in text for event in ("slack.unreadable", "slack.failed", "slack.not_said"))


@pytest.mark.parametrize(
    "payload",
    [
        {**STAMPED, "event": {"type": "message", "channel_type": "im", "user": {"id": WORD}, "text": WORD}},
        {**STAMPED, "event": {"type": "user_change", "user": WORD}},
        {**STAMPED, "event": {"type": "message", "text": [WORD]}},
        {**STAMPED, "event": [WORD]},
        {**STAMPED, "event_id": None, "event": {"type": "message"}},
        {**STAMPED, "authorizations": [WORD], "event": {"type": "message"}},
        {**PRESSED, "actions": []},
        {**PRESSED, "actions": [None]},
        {**PRESSED, "actions": [{"action_id": "press:0", "action_ts": None, "value": WORD}]},
        {**PRESSED, "actions": [{"action_id": "press:0", "action_ts": "1.1", "value": {"a": WORD}}]},
        {"type": "block_actions", "actions": [{"action_id": "press:0", "action_ts": "1.1"}]},
        {**SENT, "view": {"callback_id": "form"}},
        {**SENT, "view": {**FILLED, "state": {"values": [WORD]}}},
        {**SENT, "view": {**FILLED, "blocks": [WORD]}},
        {"type": "view_submission", "view": FILLED},
        {"command": "/visitor", "user_id": "UNADIA", "text": WORD},
        {"type": "interactive_message", "callback_id": WORD, "actions": []},
        {"type": [WORD]},
        {"type": WORD * 9},
    ],
    ids=lambda payload: str(payload)[-60:],
)
async def test_what_is_signed_and_of_another_shape_is_left_alone(world: House, payload: dict[str, object]) -> None:
    body = json.dumps(payload)
    with logged() as logs:
        answer = await world.slack.posts(body, {"Content-Type": JSON, **signed(body, world.clock)})
        await world.goes_on()
    assert (answer.status, answer.text) == (200, "")
    assert logs.getvalue().count("slack.unreadable") == 1
    assert "slack.failed" not in logs.getvalue()
    assert not holds(logs.getvalue())
    assert world.api.messages == []


async def test_what_is_said_to_be_signed_long_ago_is_refused_before_it_is_read(world: House) -> None:
    old = str(int(world.clock.now().timestamp()) - 301)
    for stamp, signature in ((old, "v0=abc"), ("soon", "v0=abc"), (str(int(old) + 301), "")):
        answer = await half_a_request(world, stamp, signature)
        assert answer.startswith(b"HTTP/1.1 401")


async def test_what_does_not_come_in_whole_is_not_waited_for(world: House) -> None:
    assert world.adapter._front is not None
    assert world.adapter._front.read_within == READ_WITHIN
    world.adapter._front.read_within = timedelta(seconds=0.05)
    headers = signed(LINE, world.clock)
    answer = await half_a_request(world, headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"])
    assert answer.startswith(b"HTTP/1.1 408")


async def half_a_request(world: House, stamp: str, signature: str) -> bytes:
    """Send a request whose second half never comes, and give the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.adapter.port)
    head = f"POST {EVENTS} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {len(LINE)}\r\n"
    stamped = f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: {signature}\r\n\r\n"
    writer.write((head + stamped + LINE[: len(LINE) // 2]).encode())
    async with asyncio.timeout(5):
        answer = await reader.readline()
    writer.close()
    return answer


async def test_what_is_too_large_is_a_413(world: House) -> None:
    body = "text=" + "a" * 2 * 1024 * 1024
    assert (await world.slack.posts(body, {"Content-Type": FORM, **signed(body, world.clock)})).status == 413
    assert (await world.slack.posts(body, {"Content-Type": FORM})).status == 401


async def test_whoever_only_looks_is_told_how_it_is_done(world: House) -> None:
    origin = f"http://127.0.0.1:{world.adapter.port}"
    async with ClientSession() as session:
        for method, path, status in (("GET", EVENTS, 405), ("PUT", EVENTS, 405), ("GET", "/", 404)):
            async with session.request(method, origin + path) as answer:
                assert answer.status == status


async def test_slack_may_prove_that_it_is_us(world: House) -> None:
    body = json.dumps({"token": "old", "challenge": "a-challenge", "type": "url_verification"})
    answer = await world.slack.posts(body, {"Content-Type": JSON, **signed(body, world.clock)})
    assert (answer.status, answer.json()) == (200, {"challenge": "a-challenge"})
    assert (await world.slack.posts(body, {"Content-Type": JSON})).status == 401


async def test_nothing_that_was_typed_gets_into_the_logs(world: House) -> None:
    with logged() as logs:
        headers = {"Content-Type": FORM, **signed("x", world.clock)}
        for body in (f"text={WORD}", f"payload={WORD}", f'{{"text": "{WORD}"'):
            assert (await world.slack.posts(body, headers)).status == 401
            real = {"Content-Type": JSON, **signed(body, world.clock)}
            assert (await world.slack.posts(body, real)).status in (400, 404)
        await world.commands(f"{WORD} Tremblay ({WORD}) for Martin Gagnon: {WORD} {NUMBER}")
        await world.commands(f"{WORD} for {WORD}")
        await world.comes_again(1)
        await world.mentions("nadia", f"{WORD} for {WORD}")
        await world.writes("martin", f"{WORD} {NUMBER}")
        await world.writes("martin", WORD, under=world.message("martin"))
        await world.clicks("martin", "Call back…")
        await world.fills("martin", number=f"{NUMBER}{WORD}")
        await world.clicks("stranger", "Hello happened", on=world.message("nadia"))
        await world.api.goes_down()
        await world.clicks("martin", "Call back…")
        await world.slack.types("martin", WORD, under=world.message("martin"))
        await world.slack.types("martin", WORD)
        await world.goes_on()
        await world.passes(seconds=30)
    text = logs.getvalue()
    assert "slack.not_signed" in text
    assert "slack.modal_not_opened" in text
    assert not holds(text)


async def test_what_fails_in_the_house_is_delivered_again_and_says_nothing_in_the_logs(world: House) -> None:
    async def fails(_: object) -> None:
        raise RuntimeError(f"{WORD} is not a number")

    assert world.adapter._listeners is not None
    receive = world.adapter._listeners._receive
    world.adapter._listeners._receive = fails  # type: ignore[assignment]
    with logged() as logs:
        await world.slack.types("martin", WORD, status=500)
    assert logs.getvalue().count("slack.failed") == 1
    assert not holds(logs.getvalue())
    world.adapter._listeners._receive = receive
    await world.comes_again(1)
    assert len(world.replies("martin")) == 1
