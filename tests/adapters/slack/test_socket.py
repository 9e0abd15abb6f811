"""Socket Mode: Slack is heard over a websocket that we open, and that is opened again whenever it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.web import WebSocketResponse

from bot.messages import Incoming, Reply
from tests.adapters.slack.api import DESK, refused
from tests.adapters.slack.house import House, slack_house
from tests.world import plain


@pytest.fixture
async def world() -> AsyncIterator[House]:
    """Give a house that hears Slack over a websocket."""
    async with slack_house(mode="socket") as house:
        yield house


class Websocket:
    """Slack's end of a websocket."""

    def __init__(self, world: House, socket: WebSocketResponse) -> None:
        self.world = world
        self.socket = socket

    async def says(self, envelope: str, kind: str, payload: dict[str, Any]) -> None:
        """Send an envelope."""
        sent = {"envelope_id": envelope, "type": kind, "payload": payload, "accepts_response_payload": True}
        await self.socket.send_json(sent)

    async def asks(self, envelope: str, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send an envelope, and give the answer to it."""
        await self.says(envelope, kind, payload)
        answer = await self.world.api.acks.get()
        assert answer["envelope_id"] == envelope
        await self.world.goes_on()
        return dict(answer.get("payload") or {})


async def linked(world: House) -> Websocket:
    """Wait until the adapter has opened a websocket."""
    return Websocket(world, await world.api.connected.get())


def command(world: House, line: str) -> dict[str, Any]:
    return {
        "command": "/visitor",
        "text": line,
        "user_id": "UNADIA",
        "channel_id": DESK,
        "team_id": "T1",
        "trigger_id": world.api.trigger("UNADIA"),
    }


def typed(text: str, number: int = 1) -> dict[str, Any]:
    event = {
        "type": "message",
        "channel_type": "im",
        "user": "UMARTIN",
        "channel": "DUMARTIN",
        "text": text,
        "ts": "1772633520.1",
    }
    return {"type": "event_callback", "event_id": f"Ev{number}", "team_id": "T1", "event": event}


async def test_an_envelope_comes_in_and_its_answer_goes_out(world: House) -> None:
    link = await linked(world)
    answer = await link.asks("e1", "slash_commands", command(world, "Julie Tremblay for Sophie: a payload"))
    assert plain(answer["text"]) == "Posted at 9:12 a.m.: Julie Tremblay for Sophie Roy."
    assert "Julie Tremblay" in world.reads("sophie")
    assert world.adapter.port == 0


async def test_a_modal_opens_and_is_sent(world: House) -> None:
    link = await linked(world)
    assert await link.asks("e1", "slash_commands", command(world, "")) == {}
    modal = world.api.modal("UNADIA")
    values = {"visitor": {"visitor": {"type": "plain_text_input", "value": "Julie Tremblay"}}}
    view = {"id": modal.id, "hash": modal.hash, **modal.view, "state": {"values": values}}
    payload = {"type": "view_submission", "user": {"id": "UNADIA"}, "team": {"id": "T1"}, "view": view}
    answer = await link.asks("e2", "interactive", payload)
    assert answer == {"response_action": "errors", "errors": {"owner": "Who is it for?"}}


async def test_a_websocket_that_could_not_be_opened_is_asked_for_anew() -> None:
    async with slack_house(mode="socket", starts=False) as world:
        world.api.refuses_links = 2
        await world.begins()
        assert world.adapter._socket is not None
        world.adapter._socket.client.ping_interval = 0.05  # so long the SDK waits between two tries
        link = await linked(world)
        await link.asks("e1", "slash_commands", command(world, "Julie Tremblay for Sophie"))
        assert world.api.arrived["apps.connections.open"] == 3


async def test_the_same_event_again_is_done_once_and_said_once(world: House) -> None:
    link = await linked(world)
    await link.asks("e1", "slash_commands", command(world, "Julie Tremblay for Martin Gagnon"))
    for envelope in ("e2", "e3", "e4"):
        await link.asks(envelope, "events_api", typed("in 5 min"))
    assert len(world.replies("martin")) == 1
    assert (await world.story()).count("HelloPromised") == 1


async def test_what_failed_is_not_acknowledged_so_that_slack_delivers_it_again(world: House) -> None:
    link = await linked(world)
    await link.asks("e1", "slash_commands", command(world, "Julie Tremblay for Martin Gagnon"))
    card = world.message("martin")
    world.api.fails("conversations.replies", refused("internal_error"))
    event = typed("in 5 min")
    event["event"]["thread_ts"] = card.ts
    await link.says("e2", "events_api", event)
    await world.api.is_called("conversations.replies", at="DUMARTIN")
    await link.asks("e3", "events_api", event)  # the answer is to this one: there was none before it
    assert (await world.story()).count("HelloPromised") == 1


async def test_a_websocket_that_was_closed_is_opened_again(world: House) -> None:
    first = await linked(world)
    await first.socket.close()
    second = await linked(world)
    await second.asks("e1", "slash_commands", command(world, "Julie Tremblay for Sophie"))
    assert "Julie Tremblay" in world.reads("sophie")


async def test_a_websocket_that_slack_wants_replaced_is_replaced(world: House) -> None:
    first = await linked(world)
    await first.socket.send_json({"type": "disconnect", "reason": "refresh_requested"})
    second = await linked(world)
    await second.asks("e1", "slash_commands", command(world, "Julie Tremblay for Sophie"))
    assert "Julie Tremblay" in world.reads("sophie")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"type": "unknown"}', '{"type": "events_api"}'])
async def test_what_is_no_envelope_ends_nothing(world: House, text: str) -> None:
    link = await linked(world)
    await link.socket.send_str(text)
    await link.asks("e1", "slash_commands", command(world, "Julie Tremblay for Sophie"))
    assert "Julie Tremblay" in world.reads("sophie")


async def test_stopping_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with slack_house(mode="socket") as world:
        link = await linked(world)
        await link.asks("e1", "slash_commands", command(world, "Julie Tremblay for Sophie"))
        servers = {task for task in asyncio.all_tasks() if "_link" in repr(task) or "RequestHandler" in repr(task)}
        await world.adapter.stop()
        left = asyncio.all_tasks() - before - servers
        assert left == set()
        await world.adapter.stop()


async def test_stopping_answers_what_was_taken_and_takes_nothing_more(world: House) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    taken: list[Incoming] = []
    assert world.adapter._listeners is not None
    receive = world.adapter._listeners._receive

    async def slow(incoming: Incoming) -> Reply:
        taken.append(incoming)
        begun.set()
        await go_on.wait()
        return await receive(incoming)

    world.adapter._listeners._receive = slow
    link = await linked(world)
    await link.says("e1", "slash_commands", command(world, "Julie Tremblay for Sophie"))
    await begun.wait()
    stop = asyncio.create_task(world.adapter.stop())
    await asyncio.sleep(0)
    await link.says("e2", "slash_commands", command(world, "Paul Roy for Sophie"))
    done, _ = await asyncio.wait([stop], timeout=0.2)
    assert (done, len(taken)) == (set(), 1)
    go_on.set()
    await stop
    assert world.api.acks.get_nowait()["envelope_id"] == "e1"
    await world.settles()
    assert (await world.facts()).visitor == "Julie Tremblay"


async def test_stopping_before_slack_was_heard_ends_that_too() -> None:
    before = asyncio.all_tasks()
    async with slack_house(mode="socket", starts=False) as world:
        world.api.fails_always("apps.connections.open", refused("internal_error"))
        await world.begins()
        await world.api.is_called("apps.connections.open", at="", times=2)
        servers = {task for task in asyncio.all_tasks() if "RequestHandler" in repr(task)}
        await world.adapter.stop()
        assert asyncio.all_tasks() - before - servers == set()
