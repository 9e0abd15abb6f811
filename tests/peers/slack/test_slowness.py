"""Slack is slow, or away for a while: others go on, what comes too late is said, and nothing gets lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.peers.slack.office import Office, labels, said
from tests.peers.slack.pauses import Pause
from tests.peers.slack.workspace import JSON

pytestmark = pytest.mark.peer

COMES_WITHIN_S = 10.0
VISITORS = ["Ada Roy", "Bruno Côté", "Chloé Gagné", "Denis Morin", "Élise Caron"]


@asynccontextmanager
async def carried_beside(office: Office) -> AsyncIterator[None]:
    """Have the courier carry by itself, as it does in a house, and not only when a play waits for it."""
    courier = office.world.parts.courier
    office.world.held = True
    running = asyncio.create_task(courier.run())
    try:
        yield
    finally:
        courier.alarm.stop()
        await running
        office.world.held = False


async def comes(look: Callable[[], Awaitable[list[JSON]]], number: int) -> list[JSON]:
    """Wait until so many messages are there; another process keeps them."""
    found: list[JSON] = []
    async with asyncio.timeout(COMES_WITHIN_S):
        while len(found) < number:
            found = await look()
    return found


async def test_a_conversation_in_which_slack_is_slow_holds_up_no_other(office: Office) -> None:
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    dm = await office.workspace.dm("martin")
    slow = office.workspace.slow["chat.postMessage", dm] = Pause()
    async with carried_beside(office):
        await office.commands("nadia", "Robert Lavoie for Martin Gagnon")
        await slow.came.get()
        await office.commands("nadia", "Ada Roy for Sophie Roy")
        (ada,) = await comes(lambda: office.cards("sophie"), 1)
        await comes(lambda: office.cards("nadia"), 3)
        await office.presses("sophie", "I'm coming", ada)
        assert "HelloPromised" in await office.world.story("Ada Roy")
        assert len(await office.cards("martin")) == 1
        office.workspace.slow.clear()
        slow.over.set()
        _, robert = await comes(lambda: office.cards("martin"), 2)
    assert "Robert Lavoie is at reception for you." in said(robert)
    await office.settles()
    assert len(await office.cards("martin")) == 2
    assert "Sophie Roy is coming to greet you" in said((await office.cards("nadia"))[-1])


async def test_a_form_that_slack_is_too_slow_to_open_is_told_and_nobody_waits_for_it(office: Office) -> None:
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    before = len(await office.workspace.views("nadia"))
    slow = office.workspace.slow["views.open", ""] = Pause()
    await office.clicks("nadia", "Add phone")  # Slack has its answer, though it has opened nothing yet
    await slow.came.get()
    await office.clicks("martin", "In 2 min")
    await office.world.settles()
    assert "Martin Gagnon is coming to greet you by 9:14 a.m." in said(await office.card("nadia"))
    office.world.clock.move_to(office.world.clock.now() + timedelta(seconds=4))
    office.workspace.slow.clear()
    slow.over.set()
    await office.settles()
    assert office.workspace.refused == ["views.open: expired_trigger_id"]
    office.workspace.refused.clear()
    assert await office.whispered("nadia") == [
        "Slack took too long to open the form. Please press again; nothing has changed."
    ]
    await office.presses("nadia", "Add phone")
    assert len(await office.workspace.views("nadia")) == before + 1


async def test_a_form_that_opens_in_time_though_slowly_is_only_opened(office: Office) -> None:
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    slow = office.workspace.slow["views.open", ""] = Pause()
    await office.clicks("nadia", "Add phone")
    await slow.came.get()
    office.world.clock.move_to(office.world.clock.now() + timedelta(seconds=2))
    slow.over.set()
    await office.settles()
    assert len(await office.workspace.views("nadia")) == 1
    assert await office.whispered("nadia") == []


@pytest.mark.parametrize("known", [False, True])
async def test_slack_is_away_for_a_minute_and_all_comes_afterwards_in_order_and_once(
    office: Office, *, known: bool
) -> None:
    if known:  # the conversations are, and connections are open that are lost then
        await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
        await office.presses("nadia", "Hello happened")
    before = {person: len(await office.cards(person)) for person in ("nadia", "martin")}
    await office.workspace.goes_down()
    for number, visitor in enumerate(VISITORS):
        if number % 2:
            await office.world.arrives(visitor, to_see="martin")  # on the web page
        else:
            assert "Posted at 9:1" in await office.commands("nadia", f"{visitor} for Martin Gagnon")
        await office.passes(seconds=12)
    for person, cards in before.items():
        assert len(await office.cards(person)) == cards
    await office.workspace.comes_up()
    await office.passes(seconds=30)
    for person, cards in before.items():
        shown = [said(card) for card in (await office.cards(person))[cards:]]
        assert [next(v for v in VISITORS if v in text) for text in shown] == VISITORS, person
        every = [said(message) for message in await office.messages(person)]
        assert len(every) == len(set(every)), person
    for visitor in VISITORS:
        assert "NotDelivered" not in [type(event).__name__ for event in await office.world.deliveries(visitor)]
    last = (await office.cards("martin"))[-1]
    assert "I'm coming" in labels(last)
    await office.presses("martin", "I'm coming", last)
    assert "HelloPromised" in await office.world.story(VISITORS[-1])
