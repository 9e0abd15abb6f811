"""The same thing twice: what came in under a key is answered again and done once, refusals included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.messages import Address, Incoming, Outcome, Press, Reply, Typed
from tests.world import World

FAR = {"when": "free", "free_day": "9999-12-31", "free_time": "10:00"}


async def again(world: World, person: str, key: str, act: Press | Typed) -> Reply:
    return await world.parts.inbox.receive(Incoming(key=key, sender=Address("web", person), act=act))


async def test_busy_that_comes_three_times_is_journaled_once(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    busy = Typed(text="busy", visit=world.card("martin").visit)
    replies = [await again(world, "martin", "busy", busy) for _ in range(3)]
    assert replies[0] == replies[1] == replies[2]
    assert [reply.again for reply in replies] == [False, True, True]
    assert (await world.story()).count("NoAnswerTyped") == 1


async def test_what_was_refused_under_a_key_is_not_done_when_it_comes_again(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    visit = world.card("martin").visit
    yes = Press(visit=visit, button="yes")
    assert (await again(world, "nadia", "yes", yes)).outcome is Outcome.REFUSED
    await world.presses("martin", "In 2 min")
    await world.passes(minutes=4)
    assert (await again(world, "nadia", "yes", yes)).outcome is Outcome.REFUSED
    assert (await world.story()).count("PressRefused") == 1
    assert (await world.visit()).is_open


@pytest.mark.parametrize(
    "act",
    [
        Press(visit="", button="hello", value="000000999999999999999"),
        Press(visit="", button="call_back", submitted=True, values={"when": "0001-01-01T00:00:00+14:00"}),
        Press(
            visit="",
            button="call_back",
            submitted=True,
            values={"when": "free", "free_day": "9999-12-31", "free_time": "10:00"},
        ),
        Press(visit="", button="Julie Tremblay 514 555 0142"),
    ],
    ids=["minutes", "slot", "day", "button"],
)
async def test_crafted_values_are_refused_kindly_and_leave_no_trace(world: World, act: Press) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    reply = await again(world, "martin", "crafted", replace(act, visit=world.card("martin").visit))
    assert reply.outcome is Outcome.REFUSED
    assert reply.text
    assert "Julie" not in repr(await world.journal())
