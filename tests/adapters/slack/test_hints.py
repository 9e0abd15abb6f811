"""Whether somebody looks, as Slack says: do not disturb and some statuses; asked seldom, and never what they wrote."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.events import SeemsAway
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Address
from tests.adapters.slack.api import Fault, refused, too_many
from tests.adapters.slack.house import House, on_slack, slack_house
from tests.operations.canary import logged

LINE = "Julie Tremblay for Martin Gagnon: a key"
MARTIN = Address("slack", "UMARTIN")
PALM = ":palm_tree:"
WORDS = "Zqx at the seaside"


def is_not_to_be_disturbed(world: House, *, begins: float = -60, ends: float = 60, enabled: bool = True) -> None:
    """Martin has hours of do not disturb: from and until so many minutes from now."""
    now = int(world.clock.now().timestamp())
    world.api.dnd["UMARTIN"] = {
        "dnd_enabled": enabled,
        "next_dnd_start_ts": now + int(begins * 60),
        "next_dnd_end_ts": now + int(ends * 60),
    }


def has_status(world: House, emoji: str, *, ends: float | None = None) -> None:
    """Martin has a status, which ends so many minutes from now, or not by itself."""
    expires = 0 if ends is None else int(world.clock.now().timestamp() + ends * 60)
    world.api.profiles["UMARTIN"] = {"status_text": WORDS, "status_emoji": emoji, "status_expiration": expires}


def asked(world: House) -> tuple[int, int]:
    """Give how often Slack was asked for somebody's hours, and for their profile."""
    return world.api.arrived["dnd.info"], world.api.arrived["users.info"]


def moves(world: House, **length: float) -> None:
    world.clock.move_to(world.clock.now() + timedelta(**length))


async def hint(world: House) -> Hint | None:
    return await world.adapter.hint(MARTIN)


# --- in a story ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", Hint)
async def test_martin_does_not_look_so_sophie_is_asked_sooner(world: House, why: Hint) -> None:
    if why is Hint.DND:
        is_not_to_be_disturbed(world)
    else:
        has_status(world, PALM)
    await world.commands(LINE)
    told = [event for event in await world.journal() if isinstance(event, SeemsAway)]
    assert [(event.person, event.adapter, event.why) for event in told] == [("martin", "slack", why)]
    assert world.buzzes("martin")[-1] == "Julie Tremblay is still waiting for you"
    await world.passes(seconds=45)
    assert "Julie Tremblay is asking for Martin Gagnon." in world.reads("sophie")
    await world.clicks("martin", "In 2 min")
    assert "Martin Gagnon is coming" in world.reads("nadia")


async def test_whoever_has_the_web_pages_as_well_is_looked_for_in_slack() -> None:
    async with slack_house(settings=on_slack(web=("nadia", "martin"))) as world:
        is_not_to_be_disturbed(world)
        await world.commands(LINE)
        assert "SeemsAway" in await world.story()


async def test_whoever_looks_is_asked_as_ever(world: House) -> None:
    await world.commands(LINE)
    assert "SeemsAway" not in await world.story()
    assert asked(world) == (1, 1)


async def test_what_a_status_says_in_words_is_never_logged_nor_kept(world: House) -> None:
    has_status(world, PALM)
    with logged() as logs:
        await world.commands(LINE)
        await world.passes(minutes=10)
        world.api.fails("users.info", refused("internal_error", profile=WORDS))
        await world.slack.profile_changes("martin", profile=world.api.profiles["UMARTIN"])
        await world.commands("Paul Roy for Martin Gagnon")
    assert "Zqx" not in logs.getvalue()
    assert "Zqx" not in repr(await world.whole_journal()) + repr(vars(world.adapter._hints))


# --- what Slack says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "hours, found",
    [
        ({}, Hint.DND),
        ({"begins": 0}, Hint.DND),
        ({"enabled": False}, None),
        ({"begins": 5, "ends": 60}, None),
        ({"begins": -60, "ends": 0}, None),
    ],
    ids=["runs", "begins now", "is switched off", "is to come", "is over"],
)
async def test_do_not_disturb_counts_while_it_runs(world: House, hours: dict[str, Any], found: Hint | None) -> None:
    is_not_to_be_disturbed(world, **hours)
    assert await hint(world) is found


@pytest.mark.parametrize(
    "emoji", [PALM, ":face_with_thermometer:", ":no_entry:", ":spiral_calendar_pad:", ":calendar:"]
)
async def test_some_statuses_count_until_they_end(world: House, emoji: str) -> None:
    has_status(world, emoji, ends=30)
    assert await hint(world) is Hint.STATUS
    moves(world, minutes=29)
    assert await hint(world) is Hint.STATUS
    moves(world, minutes=1)
    assert await hint(world) is None
    assert asked(world)[1] == 1


@pytest.mark.parametrize("emoji", ["", ":house_with_garden:", ":bus:", ":tada:", "palm_tree"])
async def test_any_other_status_says_nothing(world: House, emoji: str) -> None:
    has_status(world, emoji)
    assert await hint(world) is None


@pytest.mark.parametrize(
    "answer", [{}, {"dnd_enabled": True}, {"dnd_enabled": "yes", "next_dnd_start_ts": "1", "next_dnd_end_ts": None}]
)
async def test_an_answer_that_says_nothing_is_no_hint(world: House, answer: dict[str, Any]) -> None:
    world.api.dnd["UMARTIN"] = answer
    world.api.profiles["UMARTIN"] = {"status_emoji": None, "status_expiration": None}
    assert await hint(world) is None


# --- asked seldom ----------------------------------------------------------------------------------------------------


async def test_what_slack_said_is_kept_for_a_while(world: House) -> None:
    assert await hint(world) is await hint(world) is None
    assert asked(world) == (1, 1)
    moves(world, minutes=10)
    await hint(world)
    assert asked(world) == (2, 1)
    moves(world, minutes=50)
    await hint(world)
    assert asked(world) == (3, 2)


async def test_do_not_disturb_is_kept_until_its_end_but_not_for_long(world: House) -> None:
    is_not_to_be_disturbed(world, ends=30)
    await hint(world)
    moves(world, minutes=29)
    assert await hint(world) is Hint.DND
    assert asked(world) == (1, 0), "one reason is enough"
    moves(world, minutes=1)
    assert await hint(world) is None
    assert asked(world) == (2, 1)
    is_not_to_be_disturbed(world, ends=600)
    await world.slack.dnd_changes("martin")
    await hint(world)
    moves(world, minutes=60)
    await hint(world)
    assert asked(world) == (4, 1)


async def test_hours_that_begin_meanwhile_are_known(world: House) -> None:
    is_not_to_be_disturbed(world, begins=5)
    assert await hint(world) is None
    moves(world, minutes=5)
    assert await hint(world) is Hint.DND
    assert asked(world) == (1, 1)


async def test_what_slack_says_has_changed_is_asked_anew(world: House) -> None:
    await hint(world)
    is_not_to_be_disturbed(world)
    await world.slack.dnd_changes("martin")
    assert await hint(world) is Hint.DND
    await world.slack.dnd_changes("sophie")
    assert await hint(world) is Hint.DND
    assert asked(world) == (2, 1)
    world.api.dnd.clear()
    has_status(world, PALM)
    await world.slack.dnd_changes("martin")
    await world.slack.profile_changes("martin")
    assert await hint(world) is Hint.STATUS
    world.api.profiles.clear()
    await world.slack.profile_changes("martin")
    assert await hint(world) is None
    assert asked(world) == (3, 3)


async def test_an_answer_that_a_change_overtook_is_not_kept(world: House) -> None:
    is_not_to_be_disturbed(world)
    until = asyncio.Event()
    world.api.fails("dnd.info", Fault(until=until))
    early = asyncio.create_task(hint(world))
    await world.api.is_called("dnd.info", at="UMARTIN")
    await world.slack.dnd_changes("martin")
    until.set()
    await early
    world.api.dnd.clear()
    assert await hint(world) is None


async def test_after_a_start_everything_is_asked_anew(world: House) -> None:
    await hint(world)
    await world.adapter.stop()
    is_not_to_be_disturbed(world)
    await world.begins()
    assert await hint(world) is Hint.DND


# --- when Slack does not say it --------------------------------------------------------------------------------------


async def test_a_missing_scope_is_said_once_and_nothing_is_asked_any_more(world: House) -> None:
    world.api.fails_always("dnd.info", refused("missing_scope", needed="dnd:read"))
    has_status(world, PALM)
    with capture_logs() as logs:
        assert await hint(world) is await hint(world) is None
    assert [(line["event"], line["log_level"], line["fault"]) for line in logs] == [
        ("slack.no_hints", "warning", "dnd.info: missing_scope dnd:read")
    ]
    assert asked(world) == (1, 0)
    assert world.adapter.deaf is None


async def test_slack_that_asks_for_patience_has_it(world: House) -> None:
    world.api.fails("dnd.info", too_many(30))
    is_not_to_be_disturbed(world)
    with pytest.raises(DeliveryError) as caught:
        await hint(world)
    assert caught.value.kind is DeliveryKind.WAIT_UNTIL
    moves(world, seconds=29)
    assert await hint(world) is None
    assert asked(world) == (1, 0)
    moves(world, seconds=1)
    assert await hint(world) is Hint.DND


@pytest.mark.parametrize("fault", [refused("user_not_found"), refused("invalid_auth"), Fault(status=500)])
async def test_another_fault_is_told_to_the_courier_which_has_no_hint_then(world: House, fault: Fault) -> None:
    world.api.fails_always("dnd.info", fault)
    with pytest.raises(DeliveryError):
        await hint(world)
    with capture_logs() as logs:
        await world.commands(LINE)
    assert {line["event"] for line in logs} <= {"courier.no_hint"}
    assert "SeemsAway" not in await world.story()
    assert len(world.cards_of("martin")) == 1
    assert world.adapter.deaf is None, "whether Slack refuses us is told by messages"


async def test_nothing_is_asked_while_nobody_listens() -> None:
    async with slack_house(starts=False) as world:
        with pytest.raises(DeliveryError):
            await hint(world)
        assert asked(world) == (0, 0)
