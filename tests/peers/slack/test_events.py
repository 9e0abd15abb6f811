"""What Slack tells of, as the emulator does: whoever leaves, what is typed, amended, deleted; late, swapped, again."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.events import NotDelivered
from tests.peers.slack.office import Office, labels, said
from tests.peers.slack.pauses import Pause

pytestmark = pytest.mark.peer

JULIE = "Julie Tremblay for Martin Gagnon"


async def test_whoever_leaves_while_they_are_asked_is_waited_for_no_more(office: Office) -> None:
    await office.commands("nadia", JULIE)
    assert await office.cards("sophie") == []
    await office.workspace.deactivates("martin")
    await office.settles()
    lost = [event for event in await office.world.deliveries() if isinstance(event, NotDelivered)]
    assert [(event.person, event.adapter, event.why) for event in lost] == [("martin", "slack", "unreachable")]
    assert "I'm coming" in labels(await office.card("sophie"))
    assert "Sophie Roy" in said(await office.card("nadia"))


async def test_a_line_that_is_amended_or_deleted_afterwards_is_no_second_answer(office: Office) -> None:
    await office.commands("nadia", JULIE)
    where = {"channel": await office.workspace.dm("martin")}
    typed = await office.workspace.does("martin", "chat.postMessage", text="in 2 minutes", **where)
    await office.settles()
    story, told = await office.world.story(), len(await office.messages("martin"))
    assert story.count("HelloPromised") == 1
    amended = office.workspace.told["message_changed"]
    await office.workspace.does("martin", "chat.update", ts=typed["ts"], text="in 5 minutes", **where)
    await office.workspace.does("martin", "chat.delete", ts=typed["ts"], **where)
    await office.settles()
    assert office.workspace.told["message_changed"] == amended + 1
    assert office.workspace.told["message_deleted"] == 1
    assert await office.world.story() == story
    assert len(await office.messages("martin")) == told


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_what_slack_delivers_again_while_the_first_is_still_worked_on_has_one_effect_and_one_word(
    office: Office, *, hangs_up: bool
) -> None:
    await office.commands("nadia", JULIE)
    before = len(await office.messages("martin"))
    office.workspace.held_back = []
    await office.types("martin", "in 2 minutes")
    (line,) = office.workspace.held_back
    pause = office.store.pause = Pause()
    first = asyncio.create_task(office.workspace.posts_event(line, number=77))
    await pause.came.get()
    if hangs_up:
        first.cancel()  # as Slack does after three seconds
    again = asyncio.create_task(office.workspace.posts_event(line, number=77, retry=1))
    await pause.came.get()
    office.store.pause = None
    pause.over.set()
    await asyncio.gather(first, again, return_exceptions=hangs_up)
    assert again.exception() is None
    assert first.cancelled() is hangs_up
    await office.settles()
    assert (await office.world.story()).count("HelloPromised") == 1
    assert "HelloMoved" not in await office.world.story()
    assert len(await office.messages("martin")) == before + 1
    assert "Martin Gagnon is coming to greet you by 9:14 a.m." in said(await office.card("nadia"))


@pytest.mark.parametrize("typed", ["busy", "in 2 minutes"])
async def test_a_line_that_arrives_after_a_later_press_takes_nothing_back(office: Office, typed: str) -> None:
    await office.commands("nadia", JULIE)
    office.workspace.held_back = []
    await office.types("martin", typed)
    await office.passes(seconds=5)
    await office.presses("martin", "In 5 min")
    promised, before = said(await office.card("nadia")), len(await office.messages("martin"))
    assert "Martin Gagnon is coming to greet you by 9:18 a.m., within 5 minutes." in promised
    (line,) = office.workspace.held_back
    await office.workspace.posts_event(line)
    await office.settles()
    assert said(await office.card("nadia")) == promised
    assert (await office.world.story()).count("HelloPromised") == 1
    *_, reply = await office.messages("martin")
    assert len(await office.messages("martin")) == before + 1, "whoever typed is answered all the same"
    assert "I'm coming" not in labels(reply)


async def test_two_mentions_that_slack_swaps_are_two_visits(office: Office) -> None:
    office.workspace.held_back = []
    await office.mentions("nadia", "Julie Tremblay for Martin Gagnon")
    await office.mentions("nadia", "Robert Lavoie for Sophie Roy")
    julie, robert = office.workspace.held_back
    for line in (robert, julie):
        await office.workspace.posts_event(line)
    await office.settles()
    assert len(await office.messages("nadia")) == 2
    assert "Julie Tremblay is at reception for you." in said(await office.card("martin"))
    assert "Robert Lavoie is at reception for you." in said(await office.card("sophie"))
