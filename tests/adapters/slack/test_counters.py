"""Reception in Slack at two counters, and arrivals that are typed in the direct message with the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.messages import Address
from bot.settings import Settings
from tests.adapters.slack.driver import labels, said
from tests.adapters.slack.house import House, on_slack, slack_house

LINE = "Julie Tremblay for Martin Gagnon"
ELSEWHERE = "CANYTHING"


def two_counters() -> Settings:
    """Give the house with a second counter, which has a channel of its own."""
    settings = on_slack()
    quebec = replace(settings.sites["montreal"], id="quebec", name="Québec", reception=(Address("slack", "CQUEBEC"),))
    nadia = replace(settings.people["nadia"], reception_of=("montreal", "quebec"))
    return replace(settings, sites={**settings.sites, "quebec": quebec}, people={**settings.people, "nadia": nadia})


@pytest.fixture
async def both() -> AsyncIterator[House]:
    async with slack_house(settings=two_counters()) as house:
        yield house


async def test_a_line_where_the_channel_does_not_tell_the_counter_is_asked_about(both: House) -> None:
    await both.slack.commands("nadia", LINE, channel=ELSEWHERE)
    await both.goes_on()
    assert said(both.whispered("nadia")) == "At which counter is Julie Tremblay?\nMontréal\nQuébec"
    await both.answers("nadia", "Québec")
    assert said(both.whispered("nadia")) == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    assert "Julie Tremblay" in said(both.api.in_channel("CQUEBEC")[-1])


async def test_a_mention_elsewhere_is_asked_about_likewise(both: House) -> None:
    await both.slack.mentions("nadia", LINE, channel="COTHER")
    await both.goes_on()
    await both.answers("nadia", "Montréal")
    assert (await both.visit()).site == "montreal"


async def test_a_channel_of_reception_tells_the_counter(both: House) -> None:
    await both.slack.commands("nadia", LINE, channel="CQUEBEC")
    await both.goes_on()
    assert (await both.visit()).site == "quebec"


async def test_the_modal_has_a_choice_of_the_counter(both: House) -> None:
    await both.slack.commands("nadia", channel=ELSEWHERE)
    await both.goes_on()
    await both.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie", counter="Québec")
    assert (await both.visit()).site == "quebec"


async def test_the_modal_asks_nothing_where_the_channel_tells_the_counter(both: House) -> None:
    await both.commands()
    assert "Québec" not in both.modal("nadia")


async def test_an_arrival_in_the_direct_message_is_announced(world: House) -> None:
    await world.slack.types("nadia", LINE)
    await world.goes_on()
    [told] = world.api.in_channel("UNADIA")
    assert said(told) == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    assert "Julie Tremblay" in world.reads("martin")


async def test_what_is_asked_back_there_is_answered_there(both: House) -> None:
    await both.slack.types("nadia", "Julie Tremblay for Martin")
    await both.goes_on()
    [asked] = both.api.in_channel("UNADIA")
    assert labels(asked.blocks) == ["Montréal", "Québec"]
    await both.clicks("nadia", "Québec", on=asked)
    assert labels(asked.blocks) == ["Martin Gagnon", "Martin Tremblay"]
    await both.clicks("nadia", "Martin Gagnon", on=asked)
    assert said(asked) == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    assert both.api.in_channel("UNADIA") == [asked]
    assert both.whispers("nadia") == []
    assert (await both.visit()).site == "quebec"


async def test_anything_else_there_gets_a_hint(world: House) -> None:
    await world.slack.types("nadia", "good morning")
    await world.goes_on()
    assert "To announce a visitor, write who it is" in said(world.api.in_channel("UNADIA")[-1])


async def test_a_stranger_is_told_so_before_a_modal_opens(world: House) -> None:
    await world.commands(by="stranger")
    assert "ask an admin to link this account to your name." in world.whispers("stranger")[-1]
    assert not world.has_modal("stranger")
