"""Where something is said in Slack: where somebody pressed or typed; where the bot is not, in the direct message."""

from __future__ import annotations

import pytest

from tests.adapters.slack.api import refused
from tests.adapters.slack.driver import labels, said
from tests.adapters.slack.house import House, on_slack, slack_house

ELSEWHERE = "CANYTHING"
"""A channel in which the bot is not."""
JULIE = "Julie Tremblay for Martin Gagnon"


async def test_what_is_asked_back_is_answered_in_its_place_also_where_the_bot_is_not(world: House) -> None:
    await world.slack.commands("nadia", "Julie Tremblay for Martin", channel=ELSEWHERE)
    asked = world.whispered("nadia")
    assert labels(asked.blocks) == ["Martin Gagnon", "Martin Tremblay"]
    await world.answers("nadia", "Martin Gagnon")
    assert said(asked) == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    assert labels(asked.blocks) == [], "it cannot be answered once more"
    assert len(world.cards_of("martin")) == 1


async def test_a_form_that_came_too_late_is_told_in_the_direct_message_where_the_bot_is_not(world: House) -> None:
    world.api.fails("views.open", refused("expired_trigger_id"))
    await world.slack.commands("nadia", channel=ELSEWHERE)
    await world.goes_on()
    assert "Please press again; nothing has changed." in said(world.api.in_channel("UNADIA")[-1])


async def test_a_mention_elsewhere_is_told_to_be_done(world: House) -> None:
    await world.slack.mentions("nadia", JULIE, channel="COTHER")
    await world.goes_on()
    assert world.whispers("nadia") == ["Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."]


async def test_what_is_typed_in_a_thread_is_answered_there(world: House) -> None:
    await world.commands(JULIE)
    card = world.message("martin")
    await world.writes("martin", "in 5 min", under=card)
    assert world.replies("martin")[-1].thread == card.ts


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share"])
async def test_a_line_that_is_also_sent_on_or_comes_with_a_picture_is_an_answer(world: House, subtype: str) -> None:
    await world.commands(JULIE)
    await world.slack.types("martin", "in 5 min", subtype=subtype)
    await world.goes_on()
    assert "expects you by 9:17" in world.reads("martin")


async def test_in_a_thread_of_no_card_it_is_asked_who_is_meant(world: House) -> None:
    await world.commands(JULIE)
    await world.passes(seconds=1)
    await world.commands("Paul Roy for Martin Gagnon")
    await world.writes("martin", "busy")
    await world.writes("martin", "in 5 min", under=world.replies("martin")[-1])
    assert labels(world.replies("martin")[-1].blocks) == ["Julie Tremblay", "Paul Roy"]


async def test_before_slack_has_said_who_we_are_a_mention_is_read_as_well() -> None:
    async with slack_house(settings=on_slack()) as world:
        world.adapter._bot = type(world.adapter._bot)("", None)
        await world.mentions("nadia", JULIE)
        assert "*Julie Tremblay*" in world.reads("martin")
