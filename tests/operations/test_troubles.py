"""That a platform does not work is noticed, told by another way, and over when it is over; on each store."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.errors import DeliveryError, DeliveryKind, NotSaved, UnknownOutcome
from bot.messages import Address
from bot.ports import Deaf, Store, WhyDeaf
from bot.settings import Settings
from bot.troubles import ASK_AGAIN, GONE_FOR, REFUSED_FOR, SILENT_AFTER, What
from tests.fakes import ALL, FakeChat, ShakyStore
from tests.operations.watched import Watched, asked
from tests.world import World, house

ELSEWHERE = replace(ALL, pages=False)
DESK = Address("slack", "CDESK")
SITE = "montreal"
REFUSED = DeliveryError(DeliveryKind.MISCONFIGURED, "chat.postMessage: invalid_auth")
NOT_IN = DeliveryError(DeliveryKind.UNREACHABLE, "chat.postMessage: not_in_channel")


def both() -> Settings:
    """Give the house with everybody on a second platform as well, and the counter's channel there."""
    settings = house()
    sites = {
        key: replace(site, reception=(*site.reception, *((DESK,) if key == SITE else ())))
        for key, site in settings.sites.items()
    }
    addresses = {who: (*found, Address("slack", f"U{who.upper()}")) for who, found in settings.addresses.items()}
    return replace(settings, sites=sites, addresses=addresses)


class Two(Watched):
    """A house on the web pages and on a second platform."""

    def __init__(self, store: Store, settings: Settings | None = None) -> None:
        super().__init__(store, settings=settings or both())
        self.slack = FakeChat(name="slack", capabilities=ELSEWHERE)
        self.parts.add(self.slack)
        self.told = 0

        def changed() -> None:
            self.told += 1

        self.parts.troubles.changed = changed

    async def begins(self) -> None:
        for adapter in self.parts.adapters.values():
            await adapter.start(self.parts.inbox.receive)
            self.parts.running.started.add(adapter.name)

    async def looks(self) -> list[What]:
        """It is looked at what does not work; give what that is."""
        await self.parts.troubles.look()
        return [one.what for one in self.parts.troubles.all()]

    async def because(self) -> list[str]:
        """Give why hello30 is not ready."""
        async with asked(self) as ask:
            return list((await ask.health("/readyz"))[1]["because"])


@pytest.fixture
async def two(store: Store) -> Two:
    world = Two(store)
    await world.begins()
    return world


def events(logs: Any, *prefixes: str) -> list[str]:
    return [line["event"] for line in logs if line["event"].startswith(prefixes)]


async def test_where_everything_works_nothing_is_told(two: Two) -> None:
    await two.arrives("Julie Tremblay", to_see="martin")
    assert await two.looks() == []
    assert two.told == 0


async def test_a_platform_that_refuses_hello30_is_told_at_once_and_until_it_takes_a_message(two: Two) -> None:
    two.slack.down = dict.fromkeys(("CDESK", "UMARTIN"), REFUSED)
    with capture_logs() as logs:
        await two.arrives("Julie Tremblay", to_see="martin")
        assert await two.looks() == [What.REFUSED]
        [trouble] = two.parts.troubles.all()
        assert (trouble.adapter, trouble.why, trouble.detail) == ("slack", "refused", REFUSED.detail)
        for _ in range(5):
            await two.passes(minutes=1)
            assert await two.looks() == [What.REFUSED]
        assert two.told == 1, "as long as it is the same, open pages are left alone"
        two.slack.down.clear()
        await two.passes(minutes=6)
        assert await two.looks() == []
    assert two.told == 2
    assert events(logs, "hello30.platform") == ["hello30.platform_trouble", "hello30.platform_trouble_over"]


async def test_a_refusal_that_lasts_for_days_is_logged_once_an_hour(two: Two) -> None:
    two.slack.down = dict.fromkeys(("CDESK", "UMARTIN", "USOPHIE", "UCLAIRE"), REFUSED)
    with capture_logs() as logs:
        await two.arrives("Julie Tremblay", to_see="martin")
        await two.arrives("David Chen", to_see="martin")
        assert events(logs, "courier.misconfigured") == ["courier.misconfigured"]
        await two.passes(minutes=59)
        assert len(events(logs, "courier.misconfigured")) == 1
        await two.passes(minutes=7)
        assert len(events(logs, "courier.misconfigured")) == 2


async def test_a_platform_is_called_silent_after_a_minute_on_hold_and_not_between_two_tries(two: Two) -> None:
    async def is_held(until: timedelta | None) -> None:
        now = two.clock.now()
        await two.store.transact(lambda tx: tx.hold("slack", "*", now + until if until else None))

    await is_held(timedelta(minutes=10))
    assert await two.looks() == []
    two.clock.move_to(two.clock.now() + SILENT_AFTER)
    assert await two.looks() == [What.SILENT]
    await is_held(None)
    two.clock.move_to(two.clock.now() + GONE_FOR)
    assert await two.looks() == [What.SILENT], "a message is tried"
    await is_held(timedelta(minutes=1))
    assert await two.looks() == [What.SILENT]
    await is_held(None)
    two.clock.move_to(two.clock.now() + GONE_FOR + timedelta(seconds=1))
    assert await two.looks() == []


async def test_a_platform_that_cannot_be_reached_is_told_after_a_minute_until_it_is(two: Two) -> None:
    gone = DeliveryError(DeliveryKind.WAIT_UNTIL, "chat.postMessage: ClientConnectorError", retry_at=two.clock.now())
    two.slack.down = dict.fromkeys(("CDESK", "UMARTIN"), gone)
    await two.arrives("Julie Tremblay", to_see="martin")
    for _ in range(5):
        await two.passes(seconds=10)
        assert await two.looks() == []
        assert not await two.because()
    await two.passes(seconds=10)
    assert await two.looks() == [What.SILENT]
    assert await two.because() == ["slack has not been reached for 60 seconds"]
    two.slack.down.clear()
    await two.passes(seconds=10)
    assert await two.looks() == []
    assert not await two.because()


async def test_a_platform_that_cannot_be_reached_is_forgotten_once_nothing_waits_there(two: Two) -> None:
    gone = DeliveryError(DeliveryKind.WAIT_UNTIL, "chat.postMessage: ClientConnectorError")
    two.parts.troubles.not_taken(DESK, gone)
    two.clock.move_to(two.clock.now() + timedelta(seconds=10))
    two.parts.troubles.not_taken(DESK, gone)
    two.clock.move_to(two.clock.now() + timedelta(seconds=61))
    assert await two.looks() == []


async def test_a_platform_that_only_wants_fewer_messages_is_not_called_silent(two: Two) -> None:
    limited = DeliveryError(DeliveryKind.WAIT_UNTIL, "chat.postMessage: ratelimited", limited=True)
    for _ in range(12):
        two.parts.troubles.not_taken(DESK, limited)
        two.clock.move_to(two.clock.now() + timedelta(seconds=10))
        assert await two.looks() == []


async def test_a_platform_that_is_not_heard_is_told_after_a_minute(two: Two) -> None:
    began = two.clock.now()
    two.slack.deaf = Deaf(since=began, why=WhyDeaf.NOT_OPEN)
    assert await two.looks() == []
    two.clock.move_to(began + timedelta(seconds=60))
    assert await two.looks() == [What.DEAF]
    assert two.parts.troubles.all()[0].since == began
    two.slack.deaf = None
    assert await two.looks() == []
    assert two.told == 2


async def test_before_a_platform_has_started_it_is_not_called_deaf(store: Store) -> None:
    world = Two(store)
    world.slack.deaf = Deaf(since=world.clock.now(), why=WhyDeaf.NOT_LISTENING)
    world.clock.move_to(world.clock.now() + timedelta(hours=1))
    assert await world.looks() == []
    assert world.slack.calls == Counter(), "nor is anything asked of it"


# --- the channel of a counter ----------------------------------------------------------------------------------------


async def test_a_channel_that_takes_nothing_is_told_once_until_a_card_is_taken_there(two: Two) -> None:
    assert await two.looks() == []
    two.slack.down["CDESK"] = NOT_IN
    with capture_logs() as logs:
        for visitor in ("Julie Tremblay", "David Chen"):
            await two.arrives(visitor, to_see="martin")
        assert await two.looks() == [What.CLOSED]
        line = "cards do not reach the counter of montreal at CDESK in slack: chat.postMessage: not_in_channel"
        assert await two.because() == [line]
        two.slack.down.clear()
        await two.arrives("Robert Lavoie", to_see="martin")
        assert await two.looks() == []
        await two.settles()
    assert {card.visitor for card in two.slack.cards("CDESK")} == {"Robert Lavoie", "David Chen", "Julie Tremblay"}
    assert await two.because() == []
    assert events(logs, "courier.reception") == ["courier.reception_unreachable", "courier.reception_reached"]
    [told] = [line for line in logs if line["event"] == "courier.reception_unreachable"]
    assert (told["site"], told["address"], told["detail"]) == (SITE, "CDESK", NOT_IN.detail)
    assert "invite hello30" in told["to_do"]


async def test_somebody_who_cannot_be_reached_is_no_channel_that_takes_nothing(two: Two) -> None:
    two.slack.down["UMARTIN"] = DeliveryError(DeliveryKind.UNREACHABLE, "user_disabled")
    await two.arrives("Julie Tremblay", to_see="martin")
    assert await two.looks() == []


@pytest.mark.parametrize(
    "fault",
    [
        DeliveryError(DeliveryKind.RETRY, "invalid_blocks"),
        UnknownOutcome(DeliveryKind.RETRY, "internal_error"),
        DeliveryError(DeliveryKind.POST_ANEW, "message_not_found"),
    ],
)
async def test_a_card_that_fails_for_another_reason_says_nothing_of_the_channel(two: Two, fault: DeliveryError) -> None:
    two.slack.down["CDESK"] = fault
    await two.arrives("Julie Tremblay", to_see="martin")
    await two.passes(minutes=10)
    assert await two.looks() == []


async def test_a_channel_is_looked_at_at_the_start_and_then_seldom(two: Two) -> None:
    for _ in range(6):
        assert await two.looks() == []
        two.clock.move_to(two.clock.now() + ASK_AGAIN)
    assert two.slack.calls["closed CDESK"] == 2


async def test_a_refusal_that_nothing_waits_for_any_more_is_forgotten(two: Two) -> None:
    two.parts.troubles.not_taken(DESK, REFUSED)
    assert await two.looks() == [What.REFUSED]
    two.clock.move_to(two.clock.now() + REFUSED_FOR)
    assert await two.looks() == [What.REFUSED]
    two.clock.move_to(two.clock.now() + timedelta(seconds=1))
    assert await two.looks() == []


async def test_a_channel_is_found_at_the_start_and_found_to_work_again_without_a_card(two: Two) -> None:
    two.slack.shut["CDESK"] = "conversations.history: not_in_channel"
    assert await two.looks() == [What.CLOSED]
    two.slack.shut.clear()
    assert await two.looks() == [What.CLOSED]
    assert two.slack.calls["closed CDESK"] == 1, "it is asked each minute"
    two.clock.move_to(two.clock.now() + ASK_AGAIN)
    assert await two.looks() == []


async def test_that_nothing_is_known_against_a_channel_does_not_outweigh_a_card_that_was_refused(two: Two) -> None:
    assert await two.looks() == []
    two.slack.down["CDESK"] = DeliveryError(DeliveryKind.UNREACHABLE, "chat.postMessage: is_archived")
    await two.arrives("Julie Tremblay", to_see="martin")
    for _ in range(3):
        assert await two.looks() == [What.CLOSED]
        two.clock.move_to(two.clock.now() + ASK_AGAIN)


@pytest.mark.parametrize("fault", [DeliveryError(DeliveryKind.WAIT_UNTIL, "ratelimited"), REFUSED])
async def test_a_platform_that_does_not_tell_of_a_channel_is_asked_again_a_minute_later(
    two: Two, fault: DeliveryError
) -> None:
    two.slack.shut["CDESK"] = "not_in_channel"
    two.slack.faults.append(fault)
    assert await two.looks() == []
    assert await two.looks() == []
    two.clock.move_to(two.clock.now() + ASK_AGAIN)
    assert await two.looks() == [What.CLOSED]


# --- going round -----------------------------------------------------------------------------------------------------


async def test_it_goes_round_every_few_seconds_and_whatever_goes_wrong_ends_nothing(two: Two) -> None:
    two.slack.faults.append(ConnectionError("no platform says so"))
    with capture_logs() as logs:
        going = asyncio.create_task(two.parts.troubles.run())
        await _until(lambda: bool(events(logs, "hello30.troubles_not_seen")))
        two.slack.deaf = Deaf(since=two.clock.now(), why=WhyDeaf.NOT_OPEN)
        two.clock.move_to(two.clock.now() + timedelta(minutes=1))
        await _until(lambda: two.told == 1)
    going.cancel()
    await asyncio.wait([going])


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to that")


async def test_where_there_are_only_the_pages_nothing_is_looked_at(store: Store) -> None:
    world = World(store)
    await asyncio.wait_for(world.parts.troubles.run(), 1)


async def test_a_database_that_does_not_answer_leaves_what_is_known(store: Store) -> None:
    class Unreadable(ShakyStore):
        async def read(self, work: object) -> Any:
            raise NotSaved("the disk is gone")

    world = Two(Unreadable(store))
    await world.begins()
    world.slack.shut["CDESK"] = "not_in_channel"
    assert await world.looks() == [What.CLOSED]


async def test_metrics_tell_which_platform_is_not_heard(two: Two) -> None:
    async with asked(two) as ask:
        found = await ask.metrics()
        assert (found["hello30_adapter_deaf", "slack"], found["hello30_adapter_deaf", "web"]) == (0, 0)
        two.slack.deaf = Deaf(since=two.clock.now(), why=WhyDeaf.NOT_OPEN)
        found = await ask.metrics()
        assert (found["hello30_adapter_deaf", "slack"], found["hello30_adapter_deaf", "web"]) == (1, 0)
