"""What goes to one conversation goes in order; no other conversation waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.bootstrap import join
from bot.courier import Courier
from bot.domain.events import NotDelivered
from bot.errors import DeliveryError, DeliveryKind
from bot.settling import PARK_AFTER
from tests.world import COUNTER, World, house

VISITORS = tuple(f"Visitor {number}" for number in range(4))


@asynccontextmanager
async def carrying(world: World) -> AsyncIterator[Courier]:
    """Let a courier run, as it does in the program; each call waits until `world.chat.slow` is set."""
    world.held = True
    world.chat.slow = asyncio.Event()
    courier = join(house(), world.store, world.clock, adapters={"web": world.chat}).courier
    running = asyncio.create_task(courier.run())
    yield courier
    courier.alarm.stop()
    world.chat.slow.set()
    await running


async def begun(world: World, calls: int) -> list[str]:
    """Wait until so many more calls have begun; give where to."""
    return [(await world.chat.under_way.get()).id for _ in range(calls)]


async def finish(world: World) -> None:
    """Let the calls that have begun be answered, and those that begin after it wait again."""
    assert world.chat.slow is not None
    answered, world.chat.slow = world.chat.slow, asyncio.Event()
    answered.set()


def posted(world: World, reader: str) -> list[str]:
    """Give whose cards were posted for a reader, in order."""
    return [card.visitor for card in world.chat.cards(reader)]


async def test_to_one_conversation_goes_one_message_after_the_other(world: World) -> None:
    world.held = True
    for visitor in VISITORS:
        await world.arrives(visitor, to_see="martin")
        await world.passes(seconds=1)
    async with carrying(world):
        for number in range(len(VISITORS)):
            assert sorted(await begun(world, 2)) == sorted(["martin", COUNTER]), "one at a time"
            assert len(posted(world, "martin")) == len(posted(world, COUNTER)) == number
            await finish(world)
        await begun(world, 1)  # a nudge of Martin's comes after his cards
        assert posted(world, "martin") == posted(world, COUNTER) == list(VISITORS)


async def test_nobody_waits_for_what_is_under_way_to_somebody_else(world: World) -> None:
    async with carrying(world) as courier:
        await world.arrives("Julie Tremblay", to_see="martin")
        courier.alarm.ring()
        assert sorted(await begun(world, 2)) == sorted(["martin", COUNTER])
        await world.arrives("Anne Roy", to_see="sophie")
        courier.alarm.ring()
        assert await begun(world, 1) == ["sophie"], "reception's channel and Martin still wait"


async def test_a_card_that_was_under_way_when_another_process_changed_it_is_amended_at_once(
    world: World,
) -> None:
    async with carrying(world) as courier:
        await world.arrives("Julie Tremblay", to_see="martin")
        courier.alarm.ring()
        await begun(world, 2)
        (visit,) = await world.store.read(lambda tx: [stored.visit.id for stored in tx.visits(site="montreal")])
        await world.sends("martin", visit=visit, button="hello", value="2")  # nobody rings for that here
        now = world.clock.now()
        await finish(world)
        assert sorted(await begun(world, 2)) == sorted(["martin", COUNTER])
        assert world.clock.now() == now, "without waiting for any time to pass"


async def test_an_outage_however_long_gives_up_nobody_and_neither_does_the_first_hiccup_after_it(world: World) -> None:
    away = DeliveryError(DeliveryKind.WAIT_UNTIL, "ClientConnectorError", retry_at=world.clock.now())
    world.chat.down["martin"] = away
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(seconds=30)
    assert world.chat.calls["martin"] > PARK_AFTER
    world.chat.down["martin"] = DeliveryError(DeliveryKind.RETRY, "fatal_error")
    await world.passes(seconds=3)
    del world.chat.down["martin"]
    await world.passes(seconds=5)
    assert posted(world, "martin") == ["Julie Tremblay"]
    assert not [event for event in await world.deliveries() if isinstance(event, NotDelivered)]
