"""What goes wrong in Slack: nobody there, a message gone, too many calls, an answer that gets lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.card import Card, Nudge
from bot.domain.events import NotDelivered
from bot.errors import DeliveryError, DeliveryKind, UnknownOutcome
from bot.messages import Address, ShownCard
from tests.peers.slack.office import Office, labels, said
from tests.peers.slack.workspace import RETRY_AFTER_S, Fault

pytestmark = pytest.mark.peer

JULIE = "Julie Tremblay for Martin Gagnon"
CARD: ShownCard = Card(
    reader="martin",
    visit="v1",
    revision=1,
    state="asking",
    turn=True,
    tag="Asking",
    title="Julie Tremblay",
    visitor="Julie Tremblay",
    company="",
    owner="Martin Gagnon",
)


async def test_whoever_has_left_cannot_be_reached_and_the_next_is_asked_now(office: Office) -> None:
    await office.workspace.deactivates("martin")
    await office.commands("nadia", JULIE)
    assert set(office.workspace.refused) == {"conversations.open: user_not_found"}
    office.workspace.refused.clear()
    lost = [event for event in await office.world.deliveries() if isinstance(event, NotDelivered)]
    assert [(event.person, event.why) for event in lost] == [("martin", "unreachable")]
    assert "I'm coming" in labels(await office.card("sophie"))
    assert "Sophie Roy" in said(await office.card("nadia"))


async def test_a_deleted_card_is_posted_anew(office: Office) -> None:
    await office.commands("nadia", JULIE)
    gone = await office.card("nadia")
    await office.workspace.does("hello30", "chat.delete", channel=office.workspace.channel, ts=gone["ts"])
    await office.presses("martin", "I'm coming")
    assert office.workspace.refused == ["chat.update: message_not_found"]
    office.workspace.refused.clear()
    card = await office.card("nadia")
    assert card["ts"] > gone["ts"]
    assert "Martin Gagnon is coming to greet you" in said(card)


async def test_a_channel_without_the_bot_cannot_be_reached_and_that_is_journaled(office: Office) -> None:
    await office.workspace.removes()
    await office.commands("nadia", JULIE)
    assert office.workspace.refused == ["chat.postMessage: not_in_channel"]
    office.workspace.refused.clear()
    lost = [event for event in await office.world.deliveries() if isinstance(event, NotDelivered)]
    assert [(event.person, event.why) for event in lost] == [("reception:montreal", "unreachable")]
    assert "Julie Tremblay is at reception for you." in said(await office.card("martin"))


async def test_too_many_calls_wait_as_long_as_slack_says(office: Office) -> None:
    office.workspace.faults["conversations.open"] = [Fault.LIMITED]
    await office.commands("nadia", JULIE)
    await office.passes(seconds=RETRY_AFTER_S - 1)
    assert await office.cards("martin") == []
    await office.passes(seconds=2)
    assert "I'm coming" in labels(await office.card("martin"))


async def test_an_error_of_slacks_own_is_tried_again(office: Office) -> None:
    office.workspace.faults["chat.postMessage"] = [Fault.BROKEN, Fault.BROKEN]
    await office.commands("nadia", JULIE)
    await office.passes(seconds=20)
    assert "I'm coming" in labels(await office.card("martin"))
    assert "I have told Martin Gagnon" in said(await office.card("nadia"))
    assert office.workspace.faults["chat.postMessage"] == []


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSURE])
async def test_nothing_comes_twice_that_slack_took_without_telling(office: Office, fault: Fault) -> None:
    office.workspace.faults["chat.postMessage"] = [fault] * 2
    await office.commands("nadia", JULIE)
    await office.passes(seconds=10)
    assert office.workspace.faults["chat.postMessage"] == []
    assert len(await office.messages("nadia")) == 1
    assert len(await office.messages("martin")) == 1
    await office.presses("martin", "I'm coming")
    assert "Martin Gagnon is coming to greet you" in said(await office.card("nadia"))


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSURE, Fault.LIMITED, Fault.BROKEN])
async def test_the_steps_come_once_whatever_slack_tells(office: Office, fault: Fault) -> None:
    await office.commands("nadia", JULIE)
    office.workspace.faults["chat.postMessage"] = [fault]
    await office.presses("martin", "I'm coming")
    await office.passes(seconds=RETRY_AFTER_S)
    await office.presses("nadia", "Hello happened")
    assert office.workspace.faults["chat.postMessage"] == []
    (steps,) = await office.steps()
    assert "Martin Gagnon greeted Julie Tremblay, in time." in said(steps)


async def test_steps_that_were_deleted_are_posted_anew(office: Office) -> None:
    await office.commands("nadia", JULIE)
    await office.presses("martin", "I'm coming")
    card, (gone,) = await office.card("nadia"), await office.steps()
    await office.workspace.does("hello30", "chat.delete", channel=office.workspace.channel, ts=gone["ts"])
    await office.presses("nadia", "Hello happened")
    assert office.workspace.refused == ["chat.update: message_not_found"]
    office.workspace.refused.clear()
    (steps,) = await office.steps()
    assert "Martin Gagnon greeted Julie Tremblay" in said(steps)
    assert (await office.card("nadia"))["ts"] == card["ts"]


@pytest.mark.parametrize("workspace", [{"private": True}], indirect=True)
async def test_in_a_private_channel_it_comes_rather_twice_than_never(office: Office) -> None:
    office.workspace.faults["chat.postMessage"] = [Fault.LOST] * 2
    await office.commands("nadia", JULIE)
    await office.passes(seconds=10)
    looked_up = list(office.workspace.refused)
    office.workspace.refused.clear()
    assert set(looked_up) == {"conversations.history: missing_scope groups:history"}
    assert len(await office.messages("nadia")) == 1 + len(looked_up)
    assert len(await office.messages("martin")) == 1
    await office.presses("martin", "I'm coming")
    assert "Martin Gagnon is coming to greet you" in said((await office.messages("nadia"))[-1])


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNSURE, Fault.BROKEN])
async def test_an_amendment_is_made_again_until_slack_tells(office: Office, fault: Fault) -> None:
    await office.commands("nadia", JULIE)
    office.workspace.faults["chat.update"] = [fault] * 2
    await office.presses("martin", "I'm coming")
    await office.passes(seconds=10)
    assert office.workspace.faults["chat.update"] == []
    assert "Martin Gagnon is coming to greet you" in said(await office.card("nadia"))
    assert "I'm coming" not in labels(await office.card("martin"))


async def test_after_a_restart_the_same_cards_are_amended(office: Office, tmp_path: Path) -> None:
    await office.commands("nadia", JULIE)
    before = await office.card("nadia")
    await office.closes()
    after = Office(office.workspace, office.world.store, tmp_path)
    await after.opens()
    try:
        await after.presses("martin", "I'm coming")
        assert (await after.card("nadia"))["ts"] == before["ts"]
        assert "Martin Gagnon is coming to greet you" in said(await after.card("nadia"))
    finally:
        await after.closes()


@pytest.mark.parametrize("person", ["martin", "nadia"])
async def test_a_message_whose_answer_was_lost_is_found_again(office: Office, person: str) -> None:
    office.workspace.faults["chat.postMessage"] = [Fault.LOST]
    to = Address("slack", office.workspace.channel if person == "nadia" else office.workspace.users[person])
    with pytest.raises(DeliveryError) as lost:
        await office.slack.deliver(CARD, to, "v1:once")
    assert (lost.type, lost.value.kind) == (UnknownOutcome, DeliveryKind.WAIT_UNTIL)
    after = replace(CARD, revision=2, tag="Coming")
    receipt = await office.slack.deliver(after, to, "v1:once", again=True)
    (message,) = await office.messages(person)
    assert receipt.ref.endswith(message["ts"])
    assert "Coming" in said(message)
    await office.slack.deliver(after, to, "v1:another", again=True)
    assert len(await office.messages(person)) == 2


async def test_a_nudge_whose_answer_was_lost_comes_once(office: Office) -> None:
    office.workspace.faults["chat.postMessage"] = [Fault.LOST]
    to = Address("slack", office.workspace.users["martin"])
    nudge = Nudge(key="n1", visit="v1", person="martin", text="Julie is asking for you")
    with pytest.raises(DeliveryError):
        await office.slack.deliver(nudge, to, "n1")
    await office.slack.deliver(nudge, to, "n1", again=True)
    assert [message["text"] for message in await office.messages("martin")] == ["Julie is asking for you"]
