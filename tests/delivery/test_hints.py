"""Stories about asking a platform whether somebody looks: beside the messages, not for long, and without a trace."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.domain.card import Nudge
from bot.domain.events import Delivered
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Address
from bot.storage.memory import MemoryStore
from tests.fakes import ALL, FakeChat, ShakyStore
from tests.world import World, carry_all, house

HINTS = replace(ALL, hints=True)
WITHIN_S = 5.0


@pytest.fixture
def world() -> World:
    """Give the world of a story on a platform that has hints."""
    return World(MemoryStore(), chat=FakeChat(capabilities=HINTS))


async def announces(world: World) -> None:
    """A supplier for Martin is announced, and nothing has been carried yet."""
    world.held = True
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    world.held = False


async def test_no_message_waits_for_a_hint(world: World) -> None:
    chat = world.chat
    chat.thinks, chat.slow = asyncio.Event(), asyncio.Event()
    chat.slow.set()  # nothing is slow; each call of it is told of
    chat.hints["martin"] = Hint.DND
    await announces(world)
    running = asyncio.create_task(world.parts.courier.run())
    async with asyncio.timeout(WITHIN_S):
        while world.nudges("martin") != ["Robert Lavoie is asking for you"]:
            await chat.under_way.get()
        assert "SeemsAway" not in await world.story()
        chat.thinks.set()
        while len(world.nudges("martin")) < 2:  # he is reminded now
            await chat.under_way.get()
    world.parts.courier.alarm.stop()
    await running
    assert (await world.story())[-2:] == ["SeemsAway", "Reminded"]


async def test_that_a_card_reached_somebody_is_noted_before_they_are_looked_for(world: World) -> None:
    world.chat.thinks = asyncio.Event()
    await announces(world)
    while await world.parts.courier.carry_one():
        pass
    told = [event for event in await world.deliveries() if isinstance(event, Delivered)]
    assert [(event.person, event.asking) for event in told] == [("martin", 1)]
    world.chat.thinks.set()
    await world.parts.courier.looking.ended()
    assert world.chat.calls["hint martin"] == 1


async def test_a_step_that_a_hint_brought_forward_wakes_the_timekeeper(world: World) -> None:
    world.chat.hints["martin"] = Hint.DND
    await announces(world)
    alarms = (world.parts.timekeeper.alarm, world.parts.courier.alarm)
    for alarm in alarms:
        await alarm.wait(world.clock.now())
        assert not alarm.is_rung
    await carry_all(world.parts.courier)
    assert [alarm.is_rung for alarm in alarms] == [True, True]


@pytest.mark.parametrize(
    "error, fault",
    [
        (DeliveryError(DeliveryKind.RETRY, "dnd.info: internal_error"), "dnd.info: internal_error"),
        (ValueError("Robert Lavoie"), "ValueError"),
    ],
    ids=["refused", "broken"],
)
async def test_what_goes_wrong_is_no_hint_and_one_quiet_line(world: World, error: Exception, fault: str) -> None:
    world.chat.hints["martin"] = error
    with capture_logs() as logs:
        await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    [line] = [line for line in logs if line["event"] == "courier.no_hint"]
    assert (line["log_level"], line["adapter"], line["fault"]) == ("info", "web", fault)
    assert line["visit"] == await world.visit_id()
    assert "SeemsAway" not in await world.story()
    assert world.nudges("martin") == ["Robert Lavoie is asking for you"]


async def test_a_platform_that_thinks_for_too_long_is_not_waited_for(world: World) -> None:
    world.chat.thinks = asyncio.Event()
    world.chat.hints["martin"] = Hint.DND
    world.parts.courier.looking.within = timedelta()
    with capture_logs() as logs:
        await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    assert [line["fault"] for line in logs if line["event"] == "courier.no_hint"] == ["TimeoutError"]
    assert "SeemsAway" not in await world.story()


async def test_a_disk_that_does_not_take_it_is_no_hint_either() -> None:
    store = ShakyStore(MemoryStore())
    world = World(store, chat=FakeChat(capabilities=HINTS))
    world.chat.thinks = asyncio.Event()
    world.chat.hints["martin"] = Hint.DND
    await announces(world)
    while await world.parts.courier.carry_one():
        pass
    store.refuses = 1
    world.chat.thinks.set()
    with capture_logs() as logs:
        await world.parts.courier.looking.ended()
    assert [line["fault"] for line in logs if line["event"] == "courier.no_hint"] == ["NotSaved"]
    await world.settles()
    assert "SeemsAway" not in await world.story()


async def test_a_card_that_was_not_noted_as_sent_brings_no_hint() -> None:
    store = ShakyStore(MemoryStore())
    world = World(store, chat=FakeChat(capabilities=HINTS))
    await announces(world)
    courier = world.parts.courier
    while not world.chat.calls["martin"]:
        store.more, store.refuses = 1, 1  # it may be claimed, and what became of it is not noted
        await courier.carry_one()
        store.refuses = 0
    await courier.looking.ended()
    assert world.chat.calls["hint martin"] == 0


@pytest.mark.parametrize("first", ["web", "slack"])
async def test_whoever_has_two_addresses_is_looked_for_where_hints_are(first: str) -> None:
    settings = house()
    order = [Address(first, "martin"), *(Address(name, "martin") for name in ("web", "slack") if name != first)]
    settings = replace(settings, addresses={**settings.addresses, "martin": tuple(order)})
    world = World(MemoryStore(), settings=settings)
    there = FakeChat(name="slack", capabilities=replace(HINTS, pages=False))
    there.hints["martin"] = Hint.STATUS
    world.parts.add(there)
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    assert world.chat.calls["hint martin"] == 0
    assert there.calls["hint martin"] == 1
    assert (await world.story())[-2:] == ["SeemsAway", "Reminded"]


async def test_a_deleted_card_that_is_posted_anew_is_no_new_asking(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    sent = [message for message in world.chat.messages if message.to.id == "martin"]
    [card] = [message for message in sent if not isinstance(message.shown, Nudge)]
    card.deleted = True
    await world.presses("reception:montreal", "Add a note…", text="in a hurry")
    assert len(world.cards("martin")) == 1
    assert world.chat.calls["hint martin"] == 1


async def test_a_hint_that_comes_after_the_answer_changes_nothing(world: World) -> None:
    world.chat.thinks = asyncio.Event()
    world.chat.hints["martin"] = Hint.DND
    await announces(world)
    while await world.parts.courier.carry_one():
        pass
    world.held = True
    await world.presses("martin", "In 2 min")
    world.chat.thinks.set()
    await world.parts.courier.looking.ended()
    assert (await world.story())[-1] == "HelloPromised"
