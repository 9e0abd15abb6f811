"""Socket Mode: Slack is heard over a websocket that we open, and that is opened again whenever it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.web import WebSocketResponse
from structlog.testing import capture_logs

from adapters.slack.hearing import LOOK_EVERY
from bot.messages import Incoming, Reply, Typed
from bot.ports import Deaf, WhyDeaf
from tests.adapters.slack.api import DESK, refused
from tests.adapters.slack.house import House, slack_house
from tests.operations.canary import logged
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


@pytest.mark.parametrize("deep", [0, 600])
async def test_what_has_another_shape_is_acknowledged_and_left_alone(world: House, deep: int) -> None:
    link = await linked(world)
    text: Any = ["Julie"]
    for _ in range(deep):
        text = [text]
    with logged() as logs:
        assert await link.asks("e1", "events_api", {**typed(""), "event": {"type": "message", "text": text}}) == {}
    assert logs.getvalue().count("slack.unreadable") == 1
    assert (await link.asks("e2", "slash_commands", command(world, "Julie Tremblay for Sophie")))["text"]


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


async def test_what_failed_is_not_acknowledged_so_that_slack_delivers_it_again() -> None:
    async with slack_house(mode="socket", starts=False) as world:
        failed = asyncio.Event()

        async def receive(incoming: Incoming) -> Reply:
            if isinstance(incoming.act, Typed) and not failed.is_set():
                failed.set()
                raise RuntimeError("out of memory, say")
            return await world.parts.inbox.receive(incoming)

        await world.adapter.start(receive)
        link = await linked(world)
        await link.asks("e1", "slash_commands", command(world, "Julie Tremblay for Martin Gagnon"))
        await link.says("e2", "events_api", typed("in 5 min"))
        await failed.wait()
        await link.asks("e3", "events_api", typed("in 5 min"))  # the answer is to this one: there was none before it
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


# --- whether it is heard ---------------------------------------------------------------------------------------------


async def looks(world: House) -> Deaf | None:
    """The moment comes in which the adapter looks whether it is heard; give what it then says."""
    world.clock.move_to(world.clock.now() + LOOK_EVERY)
    await asyncio.sleep(0)
    return world.adapter.deaf


async def test_slack_is_not_heard_until_its_websocket_is_open() -> None:
    async with slack_house(mode="socket", starts=False) as world:
        world.api.refuses_links = 1
        began = world.clock.now()
        await world.begins()
        assert world.adapter.deaf == Deaf(since=began, why=WhyDeaf.NOT_OPEN)
        assert world.adapter._socket is not None
        world.adapter._socket.client.ping_interval = 0.05
        await linked(world)
        await world.until(lambda: world.adapter.deaf is None)


async def test_slack_is_not_heard_from_the_moment_at_which_the_loss_of_its_websocket_is_seen(world: House) -> None:
    link = await linked(world)
    await world.until(lambda: world.adapter.deaf is None)
    assert world.adapter._socket is not None
    world.adapter._socket.client.ping_interval = 0.05
    world.api.refuses_links = 10_000
    await link.socket.close()
    await world.until(lambda: world.adapter.deaf is not None)
    began = world.clock.now()
    for _ in range(12):
        assert await looks(world) == Deaf(since=began, why=WhyDeaf.NOT_OPEN)
    world.api.refuses_links = 0
    await linked(world)
    await world.until(lambda: world.adapter.deaf is None)


async def test_a_loss_is_seen_within_seconds_though_nobody_asks(world: House) -> None:
    await linked(world)
    await world.until(lambda: world.adapter.deaf is None)
    assert world.adapter._socket is not None
    socket, lost = world.adapter._socket, world.clock.now() + LOOK_EVERY
    await world.api.goes_down()
    await world.until(lambda: not socket.is_open)
    await asyncio.sleep(0)
    world.clock.move_to(lost)
    for _ in range(3):
        await asyncio.sleep(0)
    world.clock.move_to(lost + 10 * LOOK_EVERY)
    deaf = world.adapter.deaf
    assert deaf is not None
    assert deaf.since == lost


async def test_that_it_cannot_be_opened_is_said_once_until_it_was_open() -> None:
    async with slack_house(mode="socket", starts=False) as world:
        world.api.refuses_links = 4
        with capture_logs() as logs:
            await world.begins()
            assert world.adapter._socket is not None
            world.adapter._socket.client.ping_interval = 0.01
            await linked(world)
            await world.until(lambda: world.adapter.deaf is None)
        assert [line["event"] for line in logs if line["event"].startswith("slack.")] == [
            "slack.not_heard",
            "slack.heard",
        ]


async def test_the_removal_of_the_app_is_a_reason_at_once(world: House) -> None:
    link = await linked(world)
    await world.until(lambda: world.adapter.deaf is None)
    event = {"type": "app_uninstalled"}
    moment = int(world.clock.now().timestamp())
    body = {"type": "event_callback", "event_id": "Ev9", "team_id": "T1", "event": event, "event_time": moment}
    await link.asks("e1", "events_api", body)
    deaf = world.adapter.deaf
    assert deaf is not None
    assert (deaf.why, deaf.detail) == (WhyDeaf.REMOVED, "app_uninstalled")


async def test_a_websocket_whose_other_side_does_not_let_go_is_let_go_of(world: House) -> None:
    await linked(world)
    socket = world.adapter._socket
    assert socket is not None
    never = asyncio.Event()

    class Hangs:
        """A websocket whose other side never answers that it is closed."""

        closed = False

        async def close(self) -> None:
            await never.wait()

    await world.until(lambda: socket.is_open)
    real, socket.client.current_session = socket.client.current_session, Hangs()  # type: ignore[assignment]
    socket.closed_within = timedelta(seconds=0.05)
    await world.adapter.stop()
    client = socket.client
    assert client.aiohttp_client_session.closed
    await asyncio.wait([client.message_processor], timeout=1)
    assert client.message_processor.done()
    if real is not None:
        await real.close()
