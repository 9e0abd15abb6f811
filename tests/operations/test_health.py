"""What /livez and /readyz answer: on each store, as a monitor reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from bot.errors import DeliveryError, DeliveryKind, NotSaved
from bot.health import ANSWERS_WITHIN, Health, Running
from bot.ports import Deaf, Store, Transaction, WhyDeaf
from tests.fakes import FakeClock, ShakyStore
from tests.operations.watched import Machine, Watched, asked, starts
from tests.world import WEDNESDAY, World

T = TypeVar("T")
ON_HOLD = "web is on hold: it does not answer, or refuses hello30 itself; the log says which"


@pytest.fixture
async def watched(store: Store) -> World:
    world = Watched(store)
    await starts(world)
    return world


async def test_a_hello30_that_keeps_up_is_ready(watched: World) -> None:
    await watched.arrives("Julie Tremblay", to_see="martin")
    async with asked(watched) as ask:
        assert await ask.health("/livez") == (200, {"live": True, "because": []})
        assert await ask.health("/readyz") == (
            200,
            {
                "ready": True,
                "because": [],
                "oldest_overdue_step": None,
                "oldest_unsent_message": None,
                "adapters": {"web": {"state": "ready"}},
            },
        )


async def test_a_step_that_nobody_takes_up_is_named_at_once_and_fails_readiness_after_a_minute(watched: World) -> None:
    await watched.arrives("Julie Tremblay", to_see="martin")
    visit = await watched.visit_id()
    watched.held = True
    due = await watched.store.read(lambda tx: tx.next_wake())
    assert due is not None
    async with asked(watched) as ask:
        watched.clock.move_to(due + timedelta(seconds=60))
        status, body = await ask.health("/readyz")
        assert status == 200
        assert body["oldest_overdue_step"] == {"visit": visit, "since": due.isoformat(), "seconds": 60}
        watched.clock.move_to(due + timedelta(seconds=61))
        status, body = await ask.health("/readyz")
        assert (status, body["because"]) == (503, ["a step is overdue for 61 seconds"])
        watched.held = False
        await watched.settles()
        assert (await ask.health("/readyz"))[0] == 200


async def test_a_card_that_nobody_can_send_fails_readiness_after_two_minutes(watched: World) -> None:
    watched.chat.down["martin"] = ConnectionError("no answer")
    await watched.arrives("Julie Tremblay", to_see="martin")
    async with asked(watched) as ask:
        await watched.passes(seconds=119)
        assert (await ask.health("/readyz"))[0] == 200
        await watched.passes(seconds=3)
        status, body = await ask.health("/readyz")
        assert (status, body["because"]) == (503, ["a card for web has waited for 122 seconds"])
        assert body["oldest_unsent_message"]["what"] == "card"
        assert body["oldest_unsent_message"]["visit"] == await watched.visit_id()


async def test_what_a_platform_asked_to_wait_with_does_not_fail_readiness(watched: World) -> None:
    until = watched.clock.now() + timedelta(minutes=4)
    watched.chat.down["martin"] = DeliveryError(DeliveryKind.WAIT_UNTIL, "rate limited", retry_at=until)
    await watched.arrives("Julie Tremblay", to_see="martin")
    await watched.passes(minutes=3)
    async with asked(watched) as ask:
        status, body = await ask.health("/readyz")
        assert (status, body["oldest_unsent_message"]) == (200, None)


async def test_a_platform_that_refuses_hello30_itself_fails_readiness_at_once(watched: World) -> None:
    watched.chat.down["martin"] = DeliveryError(DeliveryKind.MISCONFIGURED, "invalid_auth")
    await watched.arrives("Julie Tremblay", to_see="martin")
    async with asked(watched) as ask:
        status, body = await ask.health("/readyz")
        assert status == 503
        assert body["because"] == [ON_HOLD]
        assert body["adapters"]["web"]["state"] == "on_hold"
        assert (await ask.health("/livez"))[0] == 200, "a restart would not help"
        watched.chat.down.clear()
        await watched.passes(minutes=6)
        assert (await ask.health("/readyz"))[0] == 200


async def test_a_platform_that_is_only_slow_is_not_called_wrongly_configured(watched: World) -> None:
    watched.parts.courier.call_within = timedelta(0)
    watched.chat.slow = asyncio.Event()
    await watched.arrives("Julie Tremblay", to_see="martin")
    async with asked(watched) as ask:
        status, body = await ask.health("/readyz")
        assert (status, body["because"]) == (503, [ON_HOLD])


async def test_a_platform_that_is_not_heard_is_named_at_once_and_fails_readiness_after_a_minute(watched: World) -> None:
    began = watched.clock.now()
    watched.chat.deaf = Deaf(since=began, why=WhyDeaf.NOT_OPEN)
    async with asked(watched) as ask:
        watched.clock.move_to(began + timedelta(seconds=60))
        status, body = await ask.health("/readyz")
        why = "the connection to it is not open"
        assert (status, body["adapters"]["web"]) == (200, {"state": "deaf", "since": began.isoformat(), "why": why})
        watched.clock.move_to(began + timedelta(seconds=75))
        status, body = await ask.health("/readyz")
        assert (status, body["because"]) == (503, [f"web has not been heard for 75 seconds: {why}"])
        assert (await ask.health("/livez"))[0] == 200, "it is opened again by itself"
        watched.chat.deaf = None
        status, body = await ask.health("/readyz")
        assert (status, body["adapters"]) == (200, {"web": {"state": "ready"}})


@pytest.mark.parametrize("why", WhyDeaf)
async def test_every_reason_for_which_a_platform_is_not_heard_is_said(watched: World, why: WhyDeaf) -> None:
    watched.chat.deaf = Deaf(since=watched.clock.now() - timedelta(minutes=2), why=why, detail="auth.test: a_code")
    async with asked(watched) as ask:
        [because] = (await ask.health("/readyz"))[1]["because"]
    assert because.startswith("web has not been heard for 120 seconds: ")
    assert because.endswith(" (auth.test: a_code)")


async def test_before_its_adapters_have_started_and_once_it_stops_it_is_not_ready(store: Store) -> None:
    world = Watched(store)
    async with asked(world) as ask:
        status, body = await ask.health("/readyz")
        assert (status, body["because"]) == (503, ["the adapter web has not started"])
        assert body["adapters"] == {"web": {"state": "starting"}}
        await starts(world)
        assert (await ask.health("/readyz"))[0] == 200
        world.parts.running.stopping = True
        status, body = await ask.health("/readyz")
        assert (status, body["because"]) == (503, ["hello30 is stopping"])


# --- a database that does not answer ---------------------------------------------------------------------------------


class Unreadable(ShakyStore):
    """A database that can be neither written nor read."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        raise NotSaved("the disk is gone")


class Slow(ShakyStore):
    """A database that takes its time."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.asked = 0
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def read(self, work: Callable[[Transaction], T]) -> T:
        self.asked += 1
        self.begun.set()
        await self.go_on.wait()
        return await super().read(work)


def health(store: Store) -> Health:
    return Health(store, FakeClock(WEDNESDAY), Running(), {})


async def test_a_database_that_does_not_answer_fails_readiness(store: Store) -> None:
    answer = await health(Unreadable(store)).ready()
    assert (answer.well, answer.body["because"]) == (False, ["the database does not answer"])


async def test_however_many_ask_the_database_is_asked_once_at_a_time(store: Store) -> None:
    slow = Slow(store)
    checked = health(slow)
    many = [asyncio.create_task(checked.ready()) for _ in range(20)]
    await slow.begun.wait()
    slow.go_on.set()
    answers = await asyncio.gather(*many)
    assert all(answer.well for answer in answers)
    assert slow.asked == 1
    await checked.ready()
    assert slow.asked == 2, "what was true a while ago is asked anew"


async def test_nobody_is_kept_waiting_by_a_database_that_hangs(store: Store) -> None:
    slow = Slow(store)
    checked = health(slow)
    checked.answers_within = ANSWERS_WITHIN / 1000
    assert not (await checked.ready()).well
    assert not (await checked.ready()).well
    assert slow.asked == 1, "a second question would only wait behind the first"
    slow.go_on.set()
    await asyncio.sleep(0)


# --- what goes round -------------------------------------------------------------------------------------------------


async def test_whoever_goes_round_no_more_is_named_and_hello30_is_not_live(watched: World) -> None:
    machine = Machine()
    running = watched.parts.running
    running.seconds = machine
    running.went_round("timekeeper")
    running.went_round("courier 1")
    machine.now = 119
    running.went_round("courier 1")
    async with asked(watched) as ask:
        assert (await ask.health("/livez"))[0] == 200
        machine.now = 121
        still = ["timekeeper has not gone round for 121 seconds"]
        assert await ask.health("/livez") == (503, {"live": False, "because": still})
        status, body = await ask.health("/readyz")
        assert (status, body["because"]) == (503, still)
        running.went_round("timekeeper")
        assert (await ask.health("/livez"))[0] == 200


async def test_timekeeper_and_courier_say_that_they_go_round(watched: World) -> None:
    parts, machine = watched.parts, Machine()
    parts.running.seconds = machine
    going = [asyncio.create_task(parts.timekeeper.run()), asyncio.create_task(parts.courier.run())]
    await watched.arrives("Julie Tremblay", to_see="martin")
    for _ in range(50):
        await asyncio.sleep(0)
    machine.now = 121
    assert sorted(said.partition(" has")[0] for said in parts.running.still()) == [
        "courier",
        "timekeeper",
    ]
    parts.timekeeper.alarm.stop()
    parts.courier.alarm.stop()
    await asyncio.gather(*going)
    assert parts.running.still() == [], "who has ended does not hang"
