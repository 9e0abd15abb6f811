"""Somebody leaves the workspace, or the app is removed from it: Slack says so, and nobody waits for nothing."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.events import NotDelivered
from bot.errors import DeliveryError, DeliveryKind
from bot.health import Health, Running
from bot.messages import Address
from bot.storage.memory import MemoryStore
from tests.adapters.slack.api import BOT, DESK, refused
from tests.adapters.slack.house import House, on_slack, slack_house
from tests.contracts.test_adapter import card
from tests.fakes import ShakyStore

LINE = "Julie Tremblay for Martin Gagnon: a key"
MARTIN = Address("slack", "UMARTIN")


async def lost(world: House, visitor: str = "") -> list[tuple[str, str, str]]:
    return [(e.person, e.adapter, e.why) for e in await world.deliveries(visitor) if isinstance(e, NotDelivered)]


async def told(world: House, **profile: Any) -> None:
    """Slack tells a change of Martin's profile."""
    await world.slack.profile_changes("martin", **profile)
    await world.goes_on()


def calls(world: House) -> int:
    return len(world.api.calls)


# --- whoever leaves --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", [{"deleted": True}, {"is_bot": True}, {"is_stranger": True}], ids=str)
async def test_whoever_leaves_while_they_are_asked_is_waited_for_no_more(world: House, profile: dict[str, Any]) -> None:
    await world.commands(LINE)
    assert world.shown("sophie") == []
    await told(world, **profile)
    assert "Julie Tremblay is asking for Martin Gagnon." in world.reads("sophie")
    assert "Asking Sophie" in world.reads("nadia")
    assert await lost(world) == [("martin", "slack", "unreachable")]
    assert world.whispers("martin") == [], "nobody is there to be told anything"
    assert world.replies("martin") == []


async def test_what_slack_delivers_three_times_has_one_effect(world: House) -> None:
    await world.commands(LINE)
    await told(world, deleted=True)
    once = await world.story()
    await world.comes_again(2)
    assert await world.story() == once
    assert (len(world.cards_of("sophie")), len(world.buzzes("sophie"))) == (1, 0)


async def test_what_slack_then_refuses_as_well_is_not_journaled_again(world: House) -> None:
    await world.commands(LINE)
    world.api.fails_always("chat.update", refused("message_not_found"), at="DUMARTIN")
    world.api.fails_always("conversations.open", refused("user_disabled"), at="UMARTIN")
    await told(world, deleted=True)
    assert world.api.arrived["conversations.open UMARTIN"] > 1, "the card was to be posted anew"
    assert await lost(world) == [("martin", "slack", "unreachable")]


async def test_each_further_change_of_whoever_has_left_says_nothing_new(world: House) -> None:
    await world.commands(LINE)
    await told(world, deleted=True)
    once = await world.story()
    await told(world, deleted=True, real_name="M. Gagnon")
    assert await world.story() == once


@pytest.mark.parametrize(
    "profile", [{}, {"deleted": False, "real_name": "M. Gagnon"}, {"is_restricted": True}, {"deleted": None}], ids=str
)
async def test_any_other_change_of_a_profile_says_nothing(world: House, profile: dict[str, Any]) -> None:
    await world.commands(LINE)
    before = await world.story()
    await told(world, **profile)
    assert await world.story() == before
    assert world.shown("sophie") == []


async def test_somebody_who_is_not_linked_leaves_and_nothing_happens(world: House) -> None:
    await world.commands(LINE)
    before, asked = await world.story(), calls(world)
    await world.slack.profile_changes("stranger", deleted=True)
    await world.goes_on()
    assert (await world.story(), calls(world)) == (before, asked)


async def test_a_visit_that_waits_for_a_colleague_already_is_left_alone(world: House) -> None:
    await world.commands(LINE)
    await world.passes(minutes=2)
    assert "Julie Tremblay is asking for Martin Gagnon." in world.reads("sophie")
    before = await world.story()
    await told(world, deleted=True)
    assert await world.story() == before


async def test_whoever_is_announced_afterwards_goes_to_a_colleague_at_once(world: House) -> None:
    await world.commands(LINE)
    await world.clicks("martin", "In 2 min")
    await world.clicks("nadia", "Hello happened")
    await told(world, deleted=True)
    assert await lost(world) == []
    world.api.fails_always("conversations.open", refused("user_disabled"), at="UMARTIN")
    await world.commands("Paul Roy for Martin Gagnon")
    assert "Paul Roy is asking for Martin Gagnon." in world.reads("sophie")
    assert await lost(world, "Paul Roy") == [("martin", "slack", "unreachable")]


async def test_whoever_has_the_web_pages_as_well_is_waited_for_no_more_either() -> None:
    async with slack_house(settings=on_slack(web=("martin",))) as world:
        await world.commands(LINE)
        await told(world, deleted=True)
        assert "Julie Tremblay is asking for Martin Gagnon." in world.reads("sophie")
        assert await lost(world) == [("martin", "slack", "unreachable")]
        assert len(world.chat.cards("martin")) == 1


async def test_what_could_not_be_saved_is_taken_when_slack_delivers_it_again() -> None:
    store = ShakyStore(MemoryStore())
    async with slack_house(store=store) as world:
        await world.commands(LINE)
        store.refuses = 1
        with capture_logs() as logs:
            await world.slack.profile_changes("martin", deleted=True, status=500)
        assert [line["event"] for line in logs] == ["inbox.not_saved", "slack.failed"]
        assert world.shown("sophie") == []
        await world.comes_again(1)
        assert "Julie Tremblay is asking for Martin Gagnon." in world.reads("sophie")


# --- the app is removed ----------------------------------------------------------------------------------------------


async def removed(world: House, *events: str) -> list[Any]:
    """The app is removed from the workspace, as these events tell; give what is logged meanwhile."""
    with capture_logs() as logs:
        for event in events:
            if event == "app_uninstalled":
                await world.slack.is_uninstalled()
            else:
                await world.slack.revokes(bot=(BOT,), oauth=("UMARTIN",))
    return logs


BOTH = ("app_uninstalled", "tokens_revoked")


@pytest.mark.parametrize("events", [BOTH, BOTH[::-1], BOTH[:1], BOTH[1:]], ids="+".join)
async def test_once_it_is_removed_slack_is_asked_nothing_more(world: House, events: tuple[str, ...]) -> None:
    receipt = await world.adapter.deliver(card(), MARTIN, "key")
    asked = calls(world)
    [line] = await removed(world, *events)
    assert (line["event"], line["log_level"], line["told_by"]) == ("slack.uninstalled", "error", events[0])
    assert "SLACK_BOT_TOKEN" in line["to_do"]
    for call in (world.adapter.deliver(card(4), MARTIN, "another"), world.adapter.amend(receipt, card(4))):
        with pytest.raises(DeliveryError) as caught:
            await call
        assert caught.value.kind is DeliveryKind.MISCONFIGURED
        assert events[0] in caught.value.detail
    assert calls(world) == asked


async def test_readiness_says_so_and_the_web_pages_go_on() -> None:
    async with slack_house(settings=on_slack(web=("nadia", "martin"))) as world:
        await removed(world, *BOTH)
        asked = calls(world)
        with capture_logs() as logs:
            await world.arrives("Julie Tremblay", to_see="martin")
        assert {line["event"] for line in logs} == {"courier.misconfigured"}
        assert len(world.chat.cards("martin")) == len(world.chat.cards("reception:montreal")) == 1
        assert (calls(world), world.api.in_channel(DESK)) == (asked, [])
        assert await lost(world) == [], "nobody is unreachable because Slack is"
        health = Health(world.store, world.clock, Running(started={"slack", "web"}), world.parts.adapters)
        answer = await health.ready()
        assert not answer.well
        assert answer.body["adapters"]["slack"]["state"] == "on_hold"
        assert answer.body["because"] == [
            "slack is on hold: it does not answer, or refuses hello30 itself; the log says which"
        ]


async def test_once_it_is_installed_again_and_started_everything_goes_out() -> None:
    async with slack_house(settings=on_slack(web=("nadia",))) as world:
        await removed(world, *BOTH)
        with capture_logs():
            await world.arrives("Julie Tremblay", to_see="martin")
        await world.passes(minutes=1)
        assert world.shown("martin") == world.shown("nadia") == []
        await world.adapter.stop()
        await world.begins()
        await world.passes(minutes=4)
        assert "Julie Tremblay" in world.reads("martin")
        assert "Julie Tremblay" in world.reads("nadia")


@pytest.mark.parametrize(
    "who, envelope",
    [
        pytest.param({"oauth": ("UMARTIN",)}, {}, id="a token of a person"),
        pytest.param({"bot": ("UOTHER",)}, {}, id="a token of another bot"),
        pytest.param({"bot": (BOT,)}, {"team_id": "T2"}, id="in another workspace"),
        pytest.param({"bot": (BOT,)}, {"event_time": 1_700_000_000}, id="before the start"),
    ],
)
async def test_the_end_of_another_token_is_nothing_to_us(
    world: House, who: dict[str, Any], envelope: dict[str, Any]
) -> None:
    with capture_logs() as logs:
        await world.slack.revokes(**who, **envelope)
        if envelope:
            await world.slack.is_uninstalled(**envelope)
    assert logs == []
    assert (await world.adapter.deliver(card(), MARTIN, "key")).ref


async def test_while_it_is_not_known_who_we_are_the_end_of_any_bot_is_ours() -> None:
    async with slack_house(starts=False) as world:
        world.api.fails("auth.test", refused("internal_error"))
        with capture_logs():
            await world.begins()
        [line] = await removed(world, "tokens_revoked")
        assert line["event"] == "slack.uninstalled"
