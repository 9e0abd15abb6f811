"""Somebody takes the app out, or it is taken out of a team: Teams says so, and nobody waits for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.teams.references import NOT_INSTALLED, UNINSTALLED
from bot.domain.events import NotDelivered
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Address
from bot.storage.memory import MemoryStore
from tests.adapters.teams.connector import BOT, DESK
from tests.adapters.teams.driver import Teams
from tests.adapters.teams.house import House, teams_house
from tests.contracts.test_adapter import card
from tests.fakes import ShakyStore

LINE = "Julie Tremblay for Martin Gagnon: a key"
MARTIN = Address("teams", Teams.object_id("martin"))
RECEPTION = Address("teams", DESK)


async def lost(world: House) -> list[tuple[str, str, str]]:
    return [(e.person, e.adapter, e.why) for e in await world.deliveries() if isinstance(e, NotDelivered)]


async def why_not(world: House, to: Address = MARTIN) -> str:
    """Give why nothing can be sent to an address; empty when it can."""
    try:
        await world.adapter.deliver(card(), to, f"k{len(world.connector.messages)}")
    except DeliveryError as fault:
        if fault.kind is not DeliveryKind.UNREACHABLE:
            raise
        return fault.detail
    return ""


async def test_whoever_takes_the_app_out_while_they_are_asked_is_waited_for_no_more(world: House) -> None:
    await world.mentions("nadia", LINE)
    assert world.shown("sophie") == []
    said = len(world.shown("martin"))
    await world.teams.uninstalls("martin")
    await world.goes_on()
    assert "Julie Tremblay is asking for Martin Gagnon." in world.reads("sophie")
    assert "Asking Sophie" in world.reads("nadia")
    assert await lost(world) == [("martin", "teams", "unreachable")]
    assert len(world.shown("martin")) == said, "nobody is there to be told anything"
    assert await why_not(world) == UNINSTALLED


@pytest.mark.parametrize("times", [1, 2])
async def test_what_teams_posts_again_has_one_effect(world: House, times: int) -> None:
    await world.mentions("nadia", LINE)
    await world.teams.uninstalls("martin")
    await world.goes_on()
    once = await world.story()
    for _ in range(times):
        await world.teams.sends_again()
        await world.goes_on()
    assert await world.story() == once


async def test_that_the_bot_was_removed_from_their_chat_says_the_same(world: House) -> None:
    await world.mentions("nadia", LINE)
    await world.teams.sends(world.teams.activity("martin", kind="conversationUpdate", membersRemoved=[{"id": BOT}]))
    await world.goes_on()
    assert await lost(world) == [("martin", "teams", "unreachable")]


async def test_whoever_installs_it_again_is_reached_again(world: House) -> None:
    await world.teams.uninstalls("martin")
    assert await why_not(world) == UNINSTALLED
    await world.teams.installs("martin")
    assert await why_not(world) == ""


@pytest.mark.parametrize("action", ["add", "add-upgrade", "remove-upgrade"])
async def test_an_app_that_is_brought_up_to_date_is_still_there(world: House, action: str) -> None:
    await world.mentions("nadia", LINE)
    await world.teams.sends(world.teams.activity("martin", kind="installationUpdate", action=action))
    await world.goes_on()
    assert await lost(world) == []
    assert await why_not(world) == ""


async def test_somebody_who_is_not_linked_takes_it_out_and_nothing_happens(world: House) -> None:
    await world.mentions("nadia", LINE)
    before = await world.story()
    await world.teams.uninstalls("stranger")
    await world.goes_on()
    assert await world.story() == before


async def test_what_could_not_be_saved_is_told_again_by_teams() -> None:
    store = ShakyStore(MemoryStore())
    async with teams_house(store=store) as world:
        await world.mentions("nadia", LINE)
        store.refuses = 1
        await world.teams.uninstalls("martin", status=503)
        store.more, store.refuses = 1, 1  # it is written down, and then the core's own is not saved
        await world.teams.uninstalls("martin", status=503)
        await world.teams.uninstalls("martin")
        await world.goes_on()
        assert await lost(world) == [("martin", "teams", "unreachable")]


# --- teams and channels ----------------------------------------------------------------------------------------------


async def test_the_app_is_taken_out_of_receptions_team(world: House) -> None:
    await world.mentions("nadia", LINE)
    gone = world.teams.activity("nadia", kind="conversationUpdate", in_channel=True, membersRemoved=[{"id": BOT}])
    gone["channelData"].pop("channel")
    gone["conversation"]["id"] = "19:team@thread.tacv2"
    await world.teams.sends(gone)
    assert await world.adapter.closed(RECEPTION) == UNINSTALLED
    assert await why_not(world, RECEPTION) == UNINSTALLED
    assert await why_not(world) == "", "people keep theirs"
    await world.mentions("nadia", "hello")
    assert await world.adapter.closed(RECEPTION) == ""


async def test_receptions_channel_is_deleted(world: House) -> None:
    deleted = world.teams.activity("nadia", kind="conversationUpdate", in_channel=True)
    deleted["channelData"]["eventType"] = "channelDeleted"
    await world.teams.sends(deleted)
    assert await world.adapter.closed(RECEPTION) == UNINSTALLED


async def test_another_team_that_takes_the_app_out_is_none_of_receptions(world: House) -> None:
    gone = world.teams.activity("nadia", kind="conversationUpdate", in_channel=True, membersRemoved=[{"id": BOT}])
    gone["channelData"] = {"team": {"id": "19:other@thread.tacv2"}}
    gone["conversation"]["id"] = "19:other@thread.tacv2"
    await world.teams.sends(gone)
    assert await world.adapter.closed(RECEPTION) == ""


async def test_whoever_joins_a_team_with_the_app_can_be_written_to() -> None:
    async with teams_house(installed=False) as world:
        world.teams.has_app("martin")
        member: dict[str, Any] = {"id": "29:martin", "aadObjectId": MARTIN.id.upper()}
        joins = world.teams.activity("nadia", kind="conversationUpdate", in_channel=True, membersAdded=[member])
        await world.teams.sends(joins)
        assert await why_not(world) == ""
        opened = next(call for call in world.connector.calls if call.path == "/v3/conversations")
        assert opened.body["members"] == [{"id": "29:martin"}]


async def test_whoever_leaves_the_team_and_has_no_chat_with_the_bot_can_be_written_to_no_more() -> None:
    async with teams_house(installed=False) as world:
        member: dict[str, Any] = {"id": "29:martin", "aadObjectId": MARTIN.id}
        for what in ("membersAdded", "membersRemoved"):
            update = world.teams.activity("nadia", kind="conversationUpdate", in_channel=True, **{what: [member]})
            await world.teams.sends(update)
        assert await why_not(world) == NOT_INSTALLED
        world.teams.has_app("martin")
        back = world.teams.activity("nadia", kind="conversationUpdate", in_channel=True, membersAdded=[member])
        await world.teams.sends(back)
        assert await why_not(world) == ""


async def test_whoever_leaves_the_team_keeps_their_own_chat(world: House) -> None:
    member: dict[str, Any] = {"id": "29:martin", "aadObjectId": MARTIN.id}
    left = world.teams.activity("nadia", kind="conversationUpdate", in_channel=True, membersRemoved=[member])
    await world.teams.sends(left)
    assert await why_not(world) == ""


@pytest.mark.parametrize("members", [None, 7, "x", [7], [{}], [{"id": 7}], [{"id": "29:x", "aadObjectId": None}], {}])
async def test_members_that_cannot_be_read_do_no_harm(world: House, members: Any) -> None:
    for what in ("membersAdded", "membersRemoved"):
        await world.teams.sends(world.teams.activity("martin", kind="conversationUpdate", **{what: members}))
    assert await why_not(world) == ""
