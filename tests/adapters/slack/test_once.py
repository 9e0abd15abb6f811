"""Slack delivers again, people tap twice, and press what stood there long ago: each thing is done, and said, once."""

from __future__ import annotations

import asyncio
from copy import deepcopy

import pytest

from tests.adapters.slack.api import Message, Modal, too_many
from tests.adapters.slack.driver import Slack
from tests.adapters.slack.house import House

JULIE = "Julie Tremblay for Martin Gagnon"
MARTIN = "Julie Tremblay for Martin"


async def asks_whether_it_is_the_same(world: House, by: str) -> Message | Modal:
    """Give the question, as it stands before anything was pressed."""
    await world.commands(JULIE)
    if by == "line":
        await world.commands(JULIE)
        return deepcopy(world.whispered("nadia"))
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Martin Gagnon")
    return deepcopy(world.api.modal(Slack.user("nadia")))


@pytest.mark.parametrize("by", ["line", "modal"])
@pytest.mark.parametrize("first", ["Another person", "Same"])
async def test_another_person_pressed_again_announces_nobody(world: House, first: str, by: str) -> None:
    question = await asks_whether_it_is_the_same(world, by)
    await world.slack.presses("nadia", first, question)
    await world.goes_on()
    announced = len(world.cards_of("nadia"))
    assert announced == (2 if first == "Another person" else 1)
    await world.slack.presses("nadia", "Another person", question)
    await world.goes_on()
    assert len(world.cards_of("nadia")) == announced
    told = world.whispers("nadia")[-1] if by == "line" else world.modal("nadia")
    assert "This question has its answer already" in told


async def test_two_taps_at_the_same_moment_announce_once(world: House) -> None:
    question = await asks_whether_it_is_the_same(world, "line")
    await asyncio.gather(*(world.slack.presses("nadia", "Another person", question) for _ in range(2)))
    await world.goes_on()
    assert len(world.cards_of("nadia")) == 2


@pytest.mark.parametrize("again", ["Martin Gagnon", "Martin Tremblay"])
async def test_a_choice_pressed_three_quarters_of_an_hour_later_announces_nobody(world: House, again: str) -> None:
    await world.writes("nadia", MARTIN)
    question = deepcopy(world.api.in_channel(Slack.user("nadia"))[-1])
    await world.clicks("nadia", "Martin Gagnon", on=question)
    await world.passes(minutes=45)
    await world.clicks("nadia", again, on=question)
    assert len(world.cards_of("nadia")) == 1
    assert world.cards_of("tremblay") == []


async def test_a_button_that_opens_a_form_of_a_closed_visit_opens_none_and_is_answered(world: House) -> None:
    await world.commands(JULIE)
    old = deepcopy(world.message("martin"))
    await world.clicks("nadia", "Posted by mistake")
    await world.clicks("martin", "Call back…", on=old)
    assert not world.api.modals
    assert world.whispers("martin")[-1].startswith("Thank you. This visit is closed; nothing has changed.")


async def test_what_is_delivered_again_after_a_restart_is_not_said_again(world: House) -> None:
    await world.commands(JULIE)
    await world.writes("martin", "busy")
    await world.clicks("karim", "Hello happened", on=world.message("nadia"))
    replies, whispers = len(world.replies("martin")), world.whispers("karim")
    assert (replies, len(whispers)) == (1, 1)
    await world.adapter.stop()
    await world.begins()
    await world.comes_again()
    assert world.whispers("karim") == whispers
    await world.writes("martin", "no")
    await world.adapter.stop()
    await world.begins()
    await world.comes_again()
    assert len(world.replies("martin")) == 2


async def test_too_many_changes_of_a_channel_hold_up_no_new_card_there(world: House) -> None:
    await world.commands(JULIE)
    world.api.fails("chat.update", too_many(30), at=world.message("nadia").channel)
    await world.clicks("martin", "In 2 min")
    await world.commands("Marc Roy for Sophie Roy")
    assert len(world.cards_of("nadia")) == 2
    assert "is coming" not in world.reads("nadia", "Julie Tremblay")
    calls = world.api.arrived["chat.update"]
    await world.passes(seconds=29)
    assert world.api.arrived["chat.update"] == calls
    await world.passes(seconds=1)
    assert "is coming" in world.reads("nadia", "Julie Tremblay")


async def test_too_many_new_messages_hold_up_no_change_of_a_card(world: House) -> None:
    await world.commands(JULIE)
    channel = world.message("nadia").channel
    world.api.fails("chat.postMessage", too_many(30), at=channel)
    await world.commands("Marc Roy for Sophie Roy")
    assert len(world.cards_of("nadia")) == 1
    await world.clicks("martin", "In 2 min")
    assert "is coming" in world.reads("nadia", "Julie Tremblay")
    await world.passes(seconds=30)
    assert len(world.cards_of("nadia")) == 2
