"""Messages that cannot be made, read or noted: they are given up, which is journaled, and the ladder moves on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.bootstrap import join
from bot.courier import LEASE
from bot.domain.events import NotDelivered
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.ports import Store, Transaction
from bot.storage.databases import open_sqlite
from bot.storage.sql import SqlStore
from tests.clumsy import clumsy
from tests.fakes import FakeChat, FakeClock, StoreAround
from tests.operations.watched import Watched, asked, starts
from tests.processes.points import work_of
from tests.world import COUNTER, World, carry_all, house

T = TypeVar("T")


async def given_up(world: World, visitor: str = "") -> list[tuple[str, str]]:
    return [(event.person, event.why) for event in await world.deliveries(visitor) if isinstance(event, NotDelivered)]


# --- what cannot be made ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["card", "nudge"])
async def test_what_could_not_be_made_eight_times_is_journaled_and_the_next_step_happens(
    world: World, what: str
) -> None:
    clumsy(world, what)
    rang: list[bool] = []
    world.parts.courier.moved = lambda: rang.append(True)
    with capture_logs() as logs:
        await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
        await world.passes(seconds=126)
        assert await given_up(world) == []
        assert "Unreachable" not in await world.story()
        await world.passes(seconds=1)
    assert await given_up(world) == [("martin", "parked")]
    assert "Unreachable" in await world.story()
    assert rang
    assert {line["event"] for line in logs} == {"courier.not_made"}


async def test_what_was_given_up_because_it_could_not_be_made_is_counted(store: Store) -> None:
    watched = Watched(store)
    await starts(watched)
    clumsy(watched, "card")
    with capture_logs():
        await watched.arrives("Julie Tremblay", to_see="martin")
        await watched.passes(minutes=3)
    async with asked(watched) as ask:
        assert (await ask.metrics())["hello30_messages_given_up_total", "web", "parked"] == 1


async def test_where_not_even_the_visit_can_be_decided_it_is_journaled_all_the_same(world: World) -> None:
    settings = house()
    quebec = replace(settings.sites["montreal"], id="quebec", reception=(Address("web", "reception:quebec"),))
    nadia = replace(settings.people["nadia"], reception_of=("montreal", "quebec"))
    both = replace(settings, sites={**settings.sites, "quebec": quebec}, people={**settings.people, "nadia": nadia})
    there = world.restarted(both)
    there.held = True
    await there.arrives("Marc Roy", to_see="martin", site="quebec")
    gone = there.restarted(house())
    with capture_logs():
        await gone.passes(minutes=3)
    assert set(await given_up(gone)) == {("martin", "parked"), ("reception:quebec", "parked")}
    assert await gone.store.read(lambda tx: tx.next_delivery()) is None


# --- what cannot be read ---------------------------------------------------------------------------------------------


async def test_a_nudge_that_cannot_be_read_is_journaled_and_the_next_step_happens(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "visits.db")
    assert isinstance(store, SqlStore)
    world = World(store)
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin")
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE nudge SET body = '{}'"))
    world.held = False
    with capture_logs() as logs:
        await world.settles()
    assert [line["event"] for line in logs] == ["store.nudge_unreadable"]
    assert await given_up(world) == [("martin", "parked")]
    assert (await world.story())[-3:] == ["Unreachable", "StepSkipped", "Asked"]
    assert "I'm coming" in world.labels("sophie")
    await store.close()


# --- what cannot be noted --------------------------------------------------------------------------------------------


@dataclass
class OddReceipts(FakeChat):
    """A platform whose receipts no database can keep."""

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str, *, again: bool = False) -> Receipt:
        return replace(await super().deliver(message, to, key, again=again), ref="\udcff")


async def test_what_was_sent_is_not_sent_again_and_again_because_its_receipt_cannot_be_kept(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "visits.db")
    world = World(store, chat=OddReceipts())
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin")
    with capture_logs():
        for _ in range(3):
            await carry_all(world.parts.courier)
            world.clock.move_to(world.clock.now() + LEASE)
    assert world.chat.calls == {"martin": 2, COUNTER: 1}
    await store.close()


@dataclass
class NothingNoted(StoreAround):
    """A store in which messages can be claimed, and each note of what became of them fails."""

    notes: list[str] = field(default_factory=list)

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        name = work_of(work)[0]
        if not name.endswith("._claim"):
            self.notes.append(name.rpartition(".")[2])
            raise RuntimeError("a fault of ours")
        return await super().transact(work)


async def test_where_nothing_can_be_noted_that_is_the_end_of_it_until_the_lease_is_over(world: World) -> None:
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin")
    store = NothingNoted(world.store)
    there = world.restarted(store=store)
    there.chat.down = dict.fromkeys(("martin", COUNTER), ValueError("a fault of the adapter"))
    with capture_logs() as logs:
        for _ in range(3):
            assert await there.parts.courier.carry_one()
        assert not await there.parts.courier.carry_one()
    assert sorted(store.notes) == sorted(
        2 * ["_card_failed", "_card_failed", "_card_parked"] + ["_nudge_failed", "_nudge_failed", "_nudge_parked"]
    )
    assert [line["event"] for line in logs].count("courier.result_not_noted") == 9
    there.chat.down.clear()
    there.clock.move_to(there.clock.now() + LEASE)
    again = there.restarted(store=world.store)
    await carry_all(again.parts.courier)
    assert again.nudges("martin") == ["Julie Tremblay is asking for you"]


# --- what somebody else has in hand ----------------------------------------------------------------------------------


@dataclass
class Elsewhere(StoreAround):
    """A store in which another replica has locked everything that is due."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        def nothing_free(tx: Transaction) -> T:
            tx.claim_cards = tx.claim_nudges = lambda *_, **__: ()  # type: ignore[method-assign]  # they have it
            return work(tx)

        return await super().transact(nothing_free)


class Sleeps(FakeClock):
    """A clock that tells until when somebody sleeps."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.until = asyncio.Queue[datetime]()

    async def sleep_until(self, moment: datetime) -> None:
        self.until.put_nowait(moment)
        await super().sleep_until(moment)


async def test_what_is_due_and_in_other_hands_is_not_tried_for_many_times_a_second(world: World) -> None:
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin")
    clock = Sleeps(world.clock.now())
    courier = join(house(), Elsewhere(world.store), clock, adapters={"web": world.chat}).courier
    running = asyncio.create_task(courier.run())
    slept = await clock.until.get() - clock.now()
    courier.alarm.stop()
    await running
    assert timedelta(seconds=1) <= slept <= timedelta(seconds=10)


async def test_what_comes_in_right_after_something_was_carried_is_looked_for_soon(world: World) -> None:
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin")
    world.chat.down[COUNTER] = DeliveryError(DeliveryKind.RETRY, "503")
    clock = Sleeps(world.clock.now())
    courier = join(house(), world.store, clock, adapters={"web": world.chat}).courier
    running = asyncio.create_task(courier.run())
    while await clock.until.get() - clock.now() != timedelta(seconds=1):
        pass  # something is under way still; it is tried again after a second, and looked for by then
    courier.alarm.stop()
    await running
