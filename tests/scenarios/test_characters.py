"""Characters that a database cannot keep: what was meant is kept, and nobody is told to press again for nothing."""

from __future__ import annotations

import pytest

from bot.messages import Address, Announce, Incoming, Outcome
from tests.world import World

ODD = {"half a character": "\ud83d", "the other half": "\udc4b", "nothing": "\x00"}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_a_visitor_whose_name_came_broken_is_announced(world: World, odd: str) -> None:
    reply = await world.arrives(f"Julie{odd} Tremblay", to_see="martin", about=f"{odd}room booking", company=odd)
    assert reply.outcome is Outcome.DONE, reply
    assert world.card("martin").visitor == "Julie Tremblay"
    facts = await world.facts()
    assert (facts.about, facts.company) == ("room booking", "")


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_a_reply_that_came_broken_is_read(world: World, odd: str) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    reply = await world.types("martin", f"in 2{odd} min")
    assert reply.outcome is Outcome.DONE, reply


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_a_form_that_came_broken_is_taken(world: World, odd: str) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "Call back…", phone=f"514 523{odd}-4567", line=f"{odd}I call you myself")
    assert world.last.outcome is Outcome.DONE, world.last
    assert (await world.facts()).line == "I call you myself"


@pytest.mark.parametrize("end", ["", "\ud83d", "\x00"])
async def test_a_key_of_any_length_and_kind_is_known_again(world: World, end: str) -> None:
    announced = Announce(visitor="Julie Tremblay", owner_id="martin", kind="client")
    incoming = Incoming(key="k" * 5000 + "é" + end, sender=Address("web", "nadia"), act=announced)
    first = await world.parts.inbox.receive(incoming)
    again = await world.parts.inbox.receive(incoming)
    assert first.outcome is Outcome.DONE
    assert again == first
