"""What is said beside the cards in Teams: again where that helps, elsewhere where it does not, and never twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from bot.errors import DeliveryError, DeliveryKind, NotSaved
from bot.messages import Address
from bot.ports import Transaction
from bot.storage.memory import MemoryStore
from tests.adapters.teams.connector import DESK, Fault
from tests.adapters.teams.driver import Teams
from tests.adapters.teams.house import House, teams_house
from tests.contracts.test_adapter import card
from tests.fakes import ShakyStore, StoreAround

T = TypeVar("T")
MARTIN = Address("teams", Teams.object_id("martin"))


async def said(world: House, *, after: float = 0) -> list[str]:
    """Give what reception was told in its own chat, once so many seconds have passed."""
    world.clock.move_to(world.clock.now() + timedelta(seconds=after))
    for _ in range(3):  # what sleeps is woken by the clock, and goes on when it is its turn
        await asyncio.sleep(0)
    await world.goes_on()
    return [message.text for message in world.chat_of("nadia")]


@pytest.mark.parametrize("status", [412, 429, 502, 503, 504])
async def test_what_teams_does_not_take_at_once_is_said_again(world: House, status: int) -> None:
    headers = (("Retry-After", "4"),) if status == 429 else ()
    world.connector.faults.append(Fault(status, headers=headers))
    await world.teams.types("nadia", "Julie Tremblay for Zebulon")
    assert await said(world) == []
    assert len(await said(world, after=5)) == 1


async def test_after_a_few_tries_it_is_said_no_more(world: House) -> None:
    world.connector.always["POST"] = Fault(503)
    await world.teams.types("nadia", "Julie Tremblay for Zebulon")
    for _ in range(10):
        await said(world, after=40)
    assert 4 <= len([call for call in world.connector.calls if call.method == "POST"]) <= 8
    del world.connector.always["POST"]
    assert await said(world, after=300) == []


async def test_what_may_not_be_said_in_a_channel_is_said_in_their_own_chat(world: House) -> None:
    world.connector.faults.append(Fault(403, "BotNotInConversationRoster"))
    await world.teams.mentions("nadia", "Julie Tremblay for Zebulon")
    (told,) = await said(world)
    assert 'No name matches "Zebulon".' in told


async def test_what_would_be_taken_only_long_after_is_said_in_their_own_chat_at_once(world: House) -> None:
    world.connector.faults.append(Fault(429, headers=(("Retry-After", "600"),)))
    await world.teams.mentions("nadia", "Julie Tremblay for Zebulon")
    assert len(await said(world)) == 1


async def test_a_form_that_can_be_said_nowhere_loses_nothing(world: House) -> None:
    world.connector.channels.remove(DESK)
    world.connector.installed.pop(Teams.chat("nadia"))
    await world.mentions("nadia", "new")
    assert world.connector.messages == []


async def test_the_end_does_not_wait_for_what_is_to_be_said_later(world: House) -> None:
    world.connector.faults.append(Fault(412))
    await world.teams.types("nadia", "Julie Tremblay for Zebulon")
    await said(world)
    async with asyncio.timeout(5):
        await world.adapter.stop()


async def test_the_end_does_not_wait_for_ever_for_an_answer_of_teams(world: House) -> None:
    never = asyncio.Event()
    world.connector.faults.append(Fault(hangs=never))
    world.connector.began.clear()
    await world.teams.types("nadia", "Julie Tremblay for Zebulon")
    await world.connector.began.wait()
    world.adapter.stop_within = timedelta(milliseconds=50)
    await world.adapter.stop()
    never.set()


async def test_what_is_posted_again_after_a_restart_is_not_said_again(world: House) -> None:
    await world.mentions("nadia", "Julie Tremblay for Martin Gagnon")
    await world.writes("martin", "busy")
    before = len(world.shown("martin"))
    await world.adapter.stop()
    world.is_joined()
    await world.begins(installed=False)
    await world.teams.sends_again()
    await world.goes_on()
    assert len(world.shown("martin")) == before


async def test_what_was_not_saved_is_told_each_time_it_is_tried() -> None:
    store = ShakyStore(MemoryStore())
    async with teams_house(store=store) as world:
        await world.mentions("nadia", "Julie Tremblay for Martin Gagnon")
        for number in (1, 2):
            store.refuses = 1
            await world.submits("martin", "In 2 min")
            assert len(world.texts("martin")) == number
        await world.submits("martin", "In 2 min")
        assert "Thank you." in world.texts("martin")[-1]


async def test_where_people_are_could_not_be_noted_and_what_they_do_counts_all_the_same() -> None:
    store = ShakyStore(MemoryStore())
    async with teams_house(store=store, installed=False) as world:
        world.teams.has_app("nadia")
        store.refuses = 1
        await world.writes("nadia", "Julie Tremblay for Martin Gagnon")
        assert (await world.visit()).owner == "martin"


class Blind(StoreAround):
    """A store that cannot be read while it is blind."""

    is_blind = False

    async def peek(self, work: Callable[[Transaction], T]) -> T:
        if self.is_blind:
            raise NotSaved("the database is away")
        return await super().peek(work)


async def test_while_the_database_is_away_messages_wait() -> None:
    store = Blind(MemoryStore())
    async with teams_house(store=store) as world:
        store.is_blind = True
        with pytest.raises(DeliveryError) as caught:
            await world.adapter.deliver(card(), MARTIN, "k1")
        assert caught.value.kind is DeliveryKind.WAIT_UNTIL
        store.is_blind = False
        await world.adapter.deliver(card(), MARTIN, "k1")


async def test_a_conversation_whose_beginning_could_not_be_noted_is_used_all_the_same() -> None:
    store = ShakyStore(MemoryStore())
    async with teams_house(store=store, installed=False) as world:
        await world.teams.adds_team()
        world.teams.has_app("martin")
        store.refuses = 1
        await world.adapter.deliver(card(), MARTIN, "k1")
        assert len(world.shown("martin")) == 1


async def test_a_conversation_that_teams_could_not_begin_at_once_is_begun_later() -> None:
    async with teams_house(installed=False) as world:
        await world.teams.adds_team()
        world.teams.has_app("martin")
        for fault in (Fault(503), Fault(lost=True)):
            world.connector.faults.append(fault)
            with pytest.raises(DeliveryError) as caught:
                await world.adapter.deliver(card(), MARTIN, "k1")
            assert type(caught.value) is DeliveryError, "no message was under way yet"
        await world.adapter.deliver(card(), MARTIN, "k1")
        assert len(world.shown("martin")) == 1
