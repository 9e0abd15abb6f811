"""How hello30 comes up in Slack: what an admin must set right is one clear sentence, and what passes is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.slack import adapter as slack_adapter
from adapters.slack.adapter import HEARING, SCOPES, SlackAdapter
from adapters.slack.tokens import Secrets
from bot import bootstrap, courier
from bot.errors import DeliveryError, DeliveryKind, Hello30Error
from bot.language.wording import Wording
from bot.messages import Address
from bot.pages import Views
from bot.ports import Deaf, WhyDeaf
from bot.settings import Settings, Slack
from bot.storage.memory import MemoryStore
from tests.adapters.slack.api import APP_TOKEN, DESK, TOKEN, Fault, refused, too_many
from tests.adapters.slack.driver import SECRET
from tests.adapters.slack.house import House, on_slack, slack_house
from tests.contracts.test_adapter import card
from tests.fakes import FakeClock
from tests.operations.canary import logged
from tests.world import WEDNESDAY, World

NOWHERE = "http://127.0.0.1:9/api/"


def views() -> Views:
    return World(MemoryStore(), WEDNESDAY, settings=on_slack()).parts.views


def of_environment(settings: Settings, environ: Mapping[str, str]) -> SlackAdapter:
    wording, clock = Wording.load(), FakeClock(WEDNESDAY)
    return SlackAdapter.configured(settings, environ, views=views(), wording=wording, clock=clock)


def made(mode: str, secrets: Secrets) -> SlackAdapter:
    how = Slack(mode=mode, host="127.0.0.1", port=0, api_url=NOWHERE)
    wording, clock = Wording.load(), FakeClock(WEDNESDAY)
    return SlackAdapter(on_slack(), how, secrets, views=views(), wording=wording, clock=clock)


@pytest.mark.parametrize(
    "mode, secrets, named",
    [
        ("http", Secrets("", APP_TOKEN, SECRET), "SLACK_BOT_TOKEN is not set"),
        ("socket", Secrets("", APP_TOKEN, SECRET), "SLACK_BOT_TOKEN is not set"),
        ("http", Secrets(TOKEN, APP_TOKEN, ""), "SLACK_SIGNING_SECRET is not set"),
        ("http", Secrets(TOKEN, APP_TOKEN, "  "), "SLACK_SIGNING_SECRET is not set"),
        ("socket", Secrets(TOKEN, "", SECRET), "SLACK_APP_TOKEN is not set"),
    ],
)
def test_what_is_not_set_is_named(mode: str, secrets: Secrets, named: str) -> None:
    with pytest.raises(Hello30Error) as caught:
        made(mode, secrets)
    assert named in str(caught.value)


async def test_what_the_other_way_needs_is_not_asked_for() -> None:
    made("http", Secrets(TOKEN, "", SECRET))
    made("socket", Secrets(TOKEN, APP_TOKEN, ""))


@pytest.mark.parametrize(
    "environ, named",
    [
        ({}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_BOT_TOKEN": TOKEN}, "SLACK_APP_TOKEN is not set"),
        ({"SLACK_APP_TOKEN": APP_TOKEN, "SLACK_SIGNING_SECRET": SECRET}, "SLACK_BOT_TOKEN is not set"),
    ],
)
def test_the_tokens_are_the_environments(environ: Mapping[str, str], named: str) -> None:
    how = Slack(mode="socket", host="127.0.0.1", port=0, api_url=NOWHERE)
    settings = replace(on_slack(), slack=how)
    with pytest.raises(Hello30Error) as caught:
        of_environment(settings, environ)
    assert named in str(caught.value)
    whole = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    assert of_environment(settings, whole).name == "slack"


def test_a_secret_is_never_written_down() -> None:
    secrets = Secrets(TOKEN, APP_TOKEN, SECRET)
    assert all(text not in f"{secrets!r} {secrets}" for text in (TOKEN, APP_TOKEN, SECRET))


@pytest.mark.parametrize("error", ["invalid_auth", "token_revoked", "account_inactive", "not_authed"])
async def test_a_token_that_slack_refuses_is_a_clear_sentence(error: str) -> None:
    async with slack_house(starts=False) as world:
        world.api.fails("auth.test", refused(error))
        with pytest.raises(Hello30Error) as caught:
            await world.begins()
        assert "Slack does not take the bot's token" in str(caught.value)
        assert "SLACK_BOT_TOKEN" in str(caught.value)
        assert error in str(caught.value)
        assert TOKEN not in str(caught.value)
        assert world.adapter.port == 0


@pytest.mark.parametrize("error", ["invalid_auth", "not_allowed_token_type", "missing_scope"])
async def test_a_token_of_the_app_that_slack_refuses_is_a_clear_sentence(error: str) -> None:
    async with slack_house(mode="socket", starts=False) as world:
        world.api.fails("apps.connections.open", refused(error))
        with pytest.raises(Hello30Error) as caught:
            await world.begins()
        assert "Slack does not take the app's token" in str(caught.value)
        assert "SLACK_APP_TOKEN" in str(caught.value)
        assert APP_TOKEN not in str(caught.value)


@pytest.mark.parametrize("scope", sorted(SCOPES))
async def test_a_scope_that_is_missing_is_named(scope: str) -> None:
    async with slack_house(starts=False) as world:
        world.api.scopes = ",".join(SCOPES - {scope})
        with pytest.raises(Hello30Error) as caught:
            await world.begins()
        assert f"The bot's token lacks {scope}." in str(caught.value)
        assert "hello30 slack manifest" in str(caught.value)


@pytest.mark.parametrize("scopes", [None, ", ".join([*sorted(SCOPES), "users:read"])])
async def test_more_scopes_or_none_that_slack_tells_are_no_fault(scopes: str | None) -> None:
    async with slack_house(starts=False) as world:
        world.api.scopes = scopes
        await world.begins()
        assert world.adapter.port


async def test_a_port_that_is_taken_is_a_clear_sentence(world: House) -> None:
    port = world.adapter.port
    async with slack_house(starts=False) as other:
        other.is_joined(port=port)
        with pytest.raises(Hello30Error) as caught:
            await other.begins()
        assert f"127.0.0.1:{port}: another program uses this port." in str(caught.value)
    await world.commands("Julie Tremblay for Sophie")
    assert "Julie Tremblay" in world.reads("sophie")


@pytest.mark.parametrize(
    "fault", [Fault(status=500), Fault(before=True), too_many(30), refused("internal_error"), None]
)
async def test_slack_that_does_not_answer_yet_keeps_nobody_from_starting(fault: Fault | None) -> None:
    async with slack_house(starts=False) as world:
        if fault:
            world.api.fails("auth.test", fault)
        else:
            await world.api.goes_down()
        await world.begins()
        assert world.adapter.port
        if not fault:
            await world.api.comes_up()
        await world.commands("Julie Tremblay for Sophie")
        assert "Julie Tremblay" in world.reads("sophie")


async def slack_is_asked_again(world: House) -> None:
    """The moment comes in which Slack is asked again, and everything that follows from it has happened."""
    asked = world.api.arrived["auth.test"]
    world.clock.move_to(world.clock.now() + slack_adapter.TRY_AGAIN)
    await world.api.is_called("auth.test", at="", times=asked + 1)
    await asyncio.wait([task for task in world.adapter._beside if task.get_name() != HEARING], timeout=1)


async def test_who_we_are_is_asked_again_until_slack_answers() -> None:
    async with slack_house(starts=False) as world:
        world.api.fails("auth.test", Fault(status=500))
        await world.begins()
        await slack_is_asked_again(world)
        world.api.fails("auth.test", refused("internal_error"))
        await world.mentions("nadia", "Julie Tremblay for Sophie")
        assert (await world.facts()).visitor == "Julie Tremblay"
        assert world.api.arrived["auth.test"] == 2


async def test_what_slack_refuses_later_is_logged_and_the_rest_goes_on() -> None:
    async with slack_house(starts=False) as world:
        world.api.fails("auth.test", Fault(status=500), refused("invalid_auth"))
        with logged() as logs:
            await world.begins()
            await slack_is_asked_again(world)
        assert "SLACK_BOT_TOKEN" in logs.getvalue()
        assert TOKEN not in logs.getvalue()
        await world.commands("Julie Tremblay for Sophie")
        assert world.whispers("nadia") == ["Posted at 9:12 a.m.: Julie Tremblay for Sophie Roy."]


async def test_stopping_while_slack_is_asked_again_ends_that() -> None:
    async with slack_house(starts=False) as world:
        world.api.fails_always("auth.test", Fault(status=500))
        await world.begins()
        before = asyncio.all_tasks()
        await world.adapter.stop()
        assert len(asyncio.all_tasks()) < len(before)
        assert world.adapter._beside == []


async def test_nothing_is_sent_while_nobody_listens() -> None:
    async with slack_house(starts=False) as world:
        with pytest.raises(DeliveryError) as caught:
            await world.adapter.deliver(card(), Address("slack", DESK), "key")
        assert caught.value.kind is DeliveryKind.WAIT_UNTIL


async def test_what_slack_does_not_let_us_say_holds_up_no_end(world: House) -> None:
    until = asyncio.Event()
    world.api.fails("chat.postMessage", Fault(until=until))
    await world.slack.types("martin", "busy")
    await world.api.is_called("chat.postMessage", at="DUMARTIN")
    assert world.adapter._listeners is not None
    await world.adapter._listeners.saying.finish(within=slack_adapter.TRY_AGAIN * 0)
    await world.adapter.stop()
    until.set()


def test_the_courier_learns_before_slacks_client_that_slack_is_silent() -> None:
    assert slack_adapter.CALL_WITHIN > courier.CALL_WITHIN


# --- whether Slack is heard ------------------------------------------------------------------------------------------


def why(world: House) -> WhyDeaf | None:
    """Give why Slack is not heard; None when it is."""
    deaf = world.adapter.deaf
    return deaf.why if deaf else None


async def test_slack_is_heard_from_the_start_to_the_end() -> None:
    async with slack_house(starts=False) as world:
        assert why(world) is WhyDeaf.NOT_LISTENING
        await world.begins()
        assert why(world) is None
        await world.adapter.stop()
        assert why(world) is WhyDeaf.NOT_LISTENING


async def test_slack_that_has_not_said_who_we_are_counts_as_not_heard_since_the_start() -> None:
    async with slack_house(starts=False) as world:
        world.api.fails("auth.test", Fault(status=500), Fault(status=500))
        began = world.clock.now()
        await world.begins()
        await slack_is_asked_again(world)
        assert world.adapter.deaf == Deaf(since=began, why=WhyDeaf.NOT_KNOWN)
        await slack_is_asked_again(world)
        await world.until(lambda: why(world) is None)


async def test_a_token_that_is_refused_after_the_start_is_a_reason() -> None:
    async with slack_house(starts=False) as world:
        world.api.fails("auth.test", Fault(status=500), refused("invalid_auth"))
        began = world.clock.now()
        await world.begins()
        await slack_is_asked_again(world)
        await world.until(lambda: why(world) is WhyDeaf.REFUSED)
        assert world.adapter.deaf == Deaf(since=began, why=WhyDeaf.REFUSED, detail="auth.test: invalid_auth")


async def test_a_token_that_is_refused_while_running_is_a_reason_until_it_is_taken(world: House) -> None:
    world.api.fails("chat.postMessage", refused("token_revoked"), refused("missing_scope"))
    for kind in (WhyDeaf.REFUSED, WhyDeaf.REFUSED):
        with pytest.raises(DeliveryError):
            await world.adapter.deliver(card(), Address("slack", DESK), "key")
        assert why(world) is kind
    await world.adapter.deliver(card(), Address("slack", DESK), "key")
    assert why(world) is None


async def test_a_scope_that_one_message_lacks_does_not_make_slack_deaf(world: House) -> None:
    world.api.fails("chat.postMessage", refused("missing_scope"))
    with pytest.raises(DeliveryError):
        await world.adapter.deliver(card(), Address("slack", DESK), "key")
    assert why(world) is None


# --- whether reception's channel takes messages ----------------------------------------------------------------------


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found"])
async def test_a_channel_that_would_take_nothing_says_why(world: House, error: str) -> None:
    world.api.fails("conversations.history", refused(error), at=DESK)
    assert await world.adapter.closed(Address("slack", DESK)) == f"conversations.history: {error}"
    assert await world.adapter.closed(Address("slack", DESK)) == ""


async def test_a_channel_into_which_nobody_may_look_has_nothing_against_it(world: House) -> None:
    world.api.fails("conversations.history", refused("missing_scope", needed="groups:history"), at=DESK)
    assert await world.adapter.closed(Address("slack", DESK)) == ""


@pytest.mark.parametrize("fault", [too_many(30), Fault(status=500), refused("internal_error")])
async def test_slack_that_does_not_tell_of_a_channel_is_a_delivery_error(world: House, fault: Fault) -> None:
    world.api.fails("conversations.history", fault, at=DESK)
    with pytest.raises(DeliveryError):
        await world.adapter.closed(Address("slack", DESK))


async def test_looking_at_a_channel_posts_nothing(world: House) -> None:
    await world.adapter.closed(Address("slack", DESK))
    assert world.api.in_channel(DESK) == []


# --- the end ---------------------------------------------------------------------------------------------------------


def test_the_end_takes_less_than_whoever_stops_us_waits_and_more_than_a_message() -> None:
    assert courier.CALL_WITHIN < slack_adapter.STOP_WITHIN < bootstrap.STOP_WITHIN


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_the_end_comes_by_one_moment_whatever_hangs(mode: str) -> None:
    async with slack_house(mode=mode, starts=False) as world:
        until = asyncio.Event()
        await world.begins()
        world.adapter.stop_within = timedelta(seconds=0.4)
        for method in ("chat.postMessage", "views.publish"):
            world.api.fails_always(method, Fault(until=until))
        sending = asyncio.create_task(world.adapter.deliver(card(), Address("slack", DESK), "key"))
        await world.api.is_called("chat.postMessage", at=DESK)
        listeners, homes = world.adapter._listeners, world.adapter._homes
        assert listeners is not None
        assert homes is not None
        homes.opened("UMARTIN")
        listeners.saying._beside.add(asyncio.create_task(until.wait()))  # type: ignore[arg-type]  # something is being said
        socket = world.adapter._socket
        if socket:
            socket._taken.add(asyncio.create_task(until.wait()))
        await world.api.is_called("views.publish", at="UMARTIN")
        began = asyncio.get_running_loop().time()
        await world.adapter.stop()
        assert asyncio.get_running_loop().time() - began < 2
        until.set()
        await asyncio.wait([sending])
        sending.exception()
