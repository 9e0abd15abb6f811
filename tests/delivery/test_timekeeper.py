"""What the timekeeper does with visits that cannot be decided, and with what others do at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from structlog.testing import capture_logs

from bot.desk import FrontDesk
from bot.directory import Directory
from bot.domain.people import House
from bot.errors import Hello30Error, NotSaved
from bot.messages import Address
from bot.ports import Store, Transaction
from bot.settings import Settings
from bot.timekeeper import Timekeeper
from tests.fakes import StoreAround
from tests.world import COUNTER, World, at, house

T = TypeVar("T")
MINUTE = timedelta(minutes=1)


async def wakes(store: Store) -> datetime | None:
    return await store.read(lambda tx: tx.next_wake())


# --- somebody else at the same time ----------------------------------------------------------------------------------


@dataclass
class Meanwhile(StoreAround):
    """A store beside which something happens once, right after a transaction that failed."""

    happens: Callable[[], Awaitable[object]] | None = None

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        try:
            return await super().transact(work)
        except Hello30Error:
            raise
        except Exception:
            happens, self.happens = self.happens, None
            if happens:
                await happens()
            raise


async def cannot_decide(world: World, happens: Callable[[], Awaitable[object]]) -> None:
    """A hello30 without the visit's site takes it up, and as it fails, `happens` comes about on another replica."""
    world.held = True
    world.clock.move_to(world.clock.now() + MINUTE)
    failing = world.restarted(replace(house(), sites={}), Meanwhile(world.store, happens))
    with capture_logs() as logs:
        assert await failing.parts.timekeeper.catch_up() == 1
    assert [line["event"] for line in logs] == ["timekeeper.visit_failed"]


async def test_a_visit_that_cannot_be_decided_is_left_alone_for_a_minute(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")

    async def nothing() -> None: ...

    await cannot_decide(world, nothing)
    assert await wakes(world.store) == world.clock.now() + MINUTE


async def test_the_deadline_of_what_somebody_answered_meanwhile_stays_as_it_is(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await cannot_decide(world, lambda: world.presses(COUNTER, "Answered by voice…", who="martin", what="hello:2"))
    promise = (await world.visit()).hello_promise
    assert promise is not None
    assert await wakes(world.store) == promise.late_at


async def test_a_visit_that_was_closed_meanwhile_is_not_woken_again(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await cannot_decide(world, lambda: world.presses(COUNTER, "Hello happened"))
    assert await wakes(world.store) is None


# --- several hands ---------------------------------------------------------------------------------------------------


def second_site() -> Settings:
    settings = house()
    quebec = replace(settings.sites["montreal"], id="quebec", reception=(Address("web", "reception:quebec"),))
    nadia = replace(settings.people["nadia"], reception_of=("montreal", "quebec"))
    return replace(settings, sites={**settings.sites, "quebec": quebec}, people={**settings.people, "nadia": nadia})


async def test_a_visit_that_several_hands_meet_fails_once(world: World) -> None:
    there = world.restarted(second_site())
    there.held = True
    for number in range(20):
        site = "quebec" if number == 7 else "montreal"
        await there.arrives(f"Visitor {number}", to_see="martin", site=site)
        there.clock.move_to(there.clock.now() + timedelta(seconds=1))
    there.clock.move_to(there.clock.now() + MINUTE)
    with capture_logs() as logs:
        assert await there.restarted(house()).parts.timekeeper.catch_up() == 20
    assert [line["event"] for line in logs] == ["timekeeper.visit_failed"]


@dataclass
class FullSoon(StoreAround):
    """A store that takes so many `more` transactions, and none after them."""

    more: int = 0

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        if not self.more:
            raise NotSaved("the disk is full")
        self.more -= 1
        return await super().transact(work)


async def test_what_else_fails_beside_the_error_that_is_raised_is_logged(world: World) -> None:
    world.held = True
    for number in range(3):
        await world.arrives(f"Visitor {number}", to_see="martin")
    world.clock.move_to(world.clock.now() + MINUTE)
    there = world.restarted(store=FullSoon(world.store, more=1))
    with capture_logs() as logs, pytest.raises(NotSaved):
        await there.parts.timekeeper.catch_up()
    assert [(line["event"], line["error"]) for line in logs] == [("timekeeper.failed", "NotSaved")]


# --- moments without end ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AlwaysClosing:
    """A calendar that has a fault: it is closing time at each moment."""

    calendar: Any

    def closing(self, now: datetime) -> datetime:
        return now

    def __getattr__(self, name: str) -> Any:
        return getattr(self.calendar, name)


class Endless(FrontDesk):
    """A desk at which what is handed over to reception is due at once, again and again."""

    def house(self, tx: Transaction, site: str, now: datetime) -> House:
        found = super().house(tx, site, now)
        return replace(found, calendar=AlwaysClosing(found.calendar))


async def test_a_visit_whose_moments_come_to_no_end_is_put_off_and_holds_up_nobody(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone="514 555-0142")
    await world.presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.comes(at(16, 59))
    question = (await world.visit()).call_question
    assert question is not None
    assert question.with_reception
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin", kind="client")
    world.clock.move_to(at(17, 0))
    before = await world.story("Robert Lavoie")
    desk = Endless(house(), Directory(house()))
    timekeeper = Timekeeper(world.store, desk, world.clock, changed=lambda: None)
    with capture_logs() as logs:
        await timekeeper.catch_up()
    assert [line["event"] for line in logs] == ["timekeeper.visit_failed"]
    assert await world.story("Robert Lavoie") == before
    assert "Reminded" in await world.story("Julie Tremblay")
    assert await wakes(world.store) == at(17, 0) + timedelta(seconds=30)
