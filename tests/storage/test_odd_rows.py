"""Rows with values that hello30 never wrote, in a database that it works with: nothing ends, and all others go on."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import DeliveryError, DeliveryKind
from bot.ports import Store
from bot.settings import Database, Postgres
from tests.storage.by_hand import Hand
from tests.world import World, at, carry_all

ODD = (-(10**18), 9 * 10**18, "soon", b"\xff\x00")
WAITING = (("visit", "wake_at"), ("card", "waiting_since"), ("card", "ready_at"), ("nudge", "ready_at"))


@pytest.mark.parametrize("table, column", WAITING)
@pytest.mark.parametrize("value", ODD)
async def test_a_moment_that_is_none_ends_nothing(
    store: Store, database: Database, table: str, column: str, value: object
) -> None:
    if isinstance(database, Postgres) and not isinstance(value, int):
        pytest.skip("PostgreSQL takes no text there")
    world = World(store)
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin")
    await asyncio.to_thread(Hand(database).run, f"UPDATE {table} SET {column} = :value", value=value)
    for part in (world.parts.timekeeper, world.parts.courier):
        await part.look()
    await world.parts.timekeeper.catch_up()
    await carry_all(world.parts.courier)
    world.clock.move_to(at(9, 13))
    world.held = False
    await world.arrives("Anne Roy", to_see="sophie")
    assert world.card("sophie", "Anne Roy").visitor == "Anne Roy"


@pytest.mark.parametrize("tries", [-(2**31), 2**31 - 1])
async def test_a_lost_lease_with_tries_that_there_never_were_holds_up_nothing(
    store: Store, database: Database, tries: int
) -> None:
    world = World(store)
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin")
    for table in ("card", "nudge"):
        lost = f"UPDATE {table} SET attempts = :tries, token = 'lost'"
        await asyncio.to_thread(Hand(database).run, lost, tries=tries)
    fault = DeliveryError(DeliveryKind.WAIT_UNTIL, "ratelimited", retry_at=at(9, 13))
    world.chat.down["martin"] = fault
    await carry_all(world.parts.courier)
    world.chat.down.clear()
    world.held = False
    await world.passes(minutes=2)
    assert world.card("martin").visitor == "Julie Tremblay"


@pytest.mark.parametrize("tries", [-(2**31), -1, 2**31 - 1])
async def test_tries_that_there_never_were_hold_up_nothing(store: Store, database: Database, tries: int) -> None:
    world = World(store)
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin")
    for table in ("card", "nudge"):
        await asyncio.to_thread(Hand(database).run, f"UPDATE {table} SET attempts = :tries", tries=tries)
    world.chat.down["martin"] = DeliveryError(DeliveryKind.RETRY, "503")
    await carry_all(world.parts.courier)
    world.held = False
    await world.passes(minutes=3)
    # it is tried again, or given up; in both cases the ladder goes on
    assert world.card("sophie").visitor == "Julie Tremblay"


@pytest.mark.parametrize("state", ["[" * 60_000, "9" * 5_000, "{}"], ids=["deep", "long", "empty"])
async def test_a_visit_that_nobody_can_read_takes_no_other_off_the_board(
    store: Store, database: Database, state: str
) -> None:
    world = World(store)
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.arrives("Anne Roy", to_see="sophie")
    spoilt = await world.visit_id("Julie Tremblay")
    await asyncio.to_thread(
        Hand(database).run, "UPDATE visit SET state = :state WHERE id = :id", state=state, id=spoilt
    )
    listed = await store.read(lambda tx: [stored.visit.owner for stored in tx.visits()])
    assert listed == ["sophie"]
