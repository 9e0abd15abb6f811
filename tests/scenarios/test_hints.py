"""Stories in which whoever is asked does not look, as their platform says: somebody else is asked sooner, no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.events import SeemsAway
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind
from bot.ports import Store
from tests.fakes import ALL, FakeChat
from tests.world import COUNTER, World, plain


@pytest.fixture
def world(store: Store) -> World:
    """Give the world of a story on a platform that has hints, on each store."""
    return World(store, chat=FakeChat(capabilities=replace(ALL, hints=True)))


async def supplier(world: World) -> None:
    """Robert Lavoie comes with a delivery: a hello or a callback is owed."""
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone="514 555-0142")


async def told(world: World) -> list[SeemsAway]:
    return [event for event in await world.journal() if isinstance(event, SeemsAway)]


@pytest.mark.parametrize("why", Hint)
async def test_martin_does_not_look_so_sophie_is_asked_sooner(world: World, why: Hint) -> None:
    world.chat.hints["martin"] = why
    await supplier(world)
    assert world.nudges("martin") == ["Robert Lavoie is asking for you", "Robert Lavoie is still waiting for you"]
    assert world.cards("sophie") == []
    assert world.say() == "I am letting Martin Gagnon know again, and by 9:13 a.m. I will tell you more."
    await world.passes(minutes=1)
    assert world.nudges("sophie") == ["Robert Lavoie is waiting: can you help?"]
    [hint] = await told(world)
    assert (hint.person, hint.adapter, hint.why) == ("martin", "web", why)


async def test_without_a_hint_everything_comes_in_its_own_time(world: World) -> None:
    await supplier(world)
    await world.passes(seconds=119)
    assert world.cards("sophie") == []
    assert await told(world) == []
    await world.passes(seconds=1)
    assert len(world.cards("sophie")) == 1


async def test_whoever_does_not_look_may_still_answer(world: World) -> None:
    world.chat.hints["martin"] = Hint.DND
    await supplier(world)
    await world.presses("martin", "In 2 min")
    assert world.say() == "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes."
    await world.passes(minutes=2)
    assert world.cards("sophie") == []


async def test_nobody_answers_and_the_callback_is_booked_as_much_sooner(world: World) -> None:
    world.chat.hints["martin"] = Hint.STATUS
    await supplier(world)
    await world.passes(seconds=239)
    assert (await world.visit()).callback_promise is None
    await world.passes(seconds=1)
    promise = (await world.visit()).callback_promise
    assert promise is not None
    assert promise.by == "martin"


async def test_it_is_asked_once_for_each_asking_of_whoever_is_asked(world: World) -> None:
    await supplier(world)
    await world.presses(COUNTER, "Add a note…", text="in a hurry")
    await world.passes(seconds=30)
    assert {who: times for who, times in world.chat.calls.items() if who.startswith("hint")} == {"hint martin": 1}
    await world.presses("martin", "Ask a colleague…", to="karim")
    assert (world.chat.calls["hint martin"], world.chat.calls["hint karim"]) == (1, 1)
    await world.presses("karim", "Pas moi")
    assert (world.chat.calls["hint martin"], world.chat.calls["hint karim"]) == (2, 1)
    await world.passes(minutes=3)
    assert world.chat.calls["hint sophie"] == 0, "the ladder has begun"


async def test_a_platform_that_cannot_say_it_is_no_hint(world: World) -> None:
    world.chat.hints["martin"] = DeliveryError(DeliveryKind.RETRY, "503")
    await supplier(world)
    assert await told(world) == []
    await world.passes(minutes=2)
    assert len(world.cards("sophie")) == 1


async def test_a_platform_without_hints_is_not_asked(store: Store) -> None:
    world = World(store)
    world.chat.hints["martin"] = Hint.DND
    await supplier(world)
    assert world.chat.calls["hint martin"] == 0
    assert await told(world) == []


async def test_the_story_says_so_without_blame(world: World) -> None:
    world.chat.hints["martin"] = Hint.DND
    await supplier(world)
    story = await world.parts.views.story("nadia", await world.visit_id())
    assert story is not None
    lines = [plain(line.text) for line in story.lines]
    assert "Martin Gagnon is not to be disturbed now, says the web page; the next steps come sooner." in lines
