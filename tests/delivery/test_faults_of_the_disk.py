"""What a full disk, a stored row that cannot be read, and an adapter that hangs must not do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bot.domain.lifecycle import replay
from bot.errors import NotSaved
from bot.messages import Address, Announce, Incoming, Outcome, Press
from bot.ports import Transaction
from bot.rows import Entry, Stored
from bot.storage.databases import open_sqlite
from bot.storage.sql import SqlStore
from tests.fakes import ALL
from tests.world import World, carry_all


def _journal(tx: Transaction, visit: str) -> Sequence[Entry]:
    return tx.journal(visit)


async def test_a_disk_that_fills_up_leaves_no_visit_half_fired(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "visits.db")
    assert isinstance(store, SqlStore)
    world = World(store)
    for number in range(40):
        await world.arrives(f"Visitor {number}", to_see="martin", about="x" * 300)
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    stored: Sequence[Stored] = ()
    for full in (f"PRAGMA max_page_count = {pages}", "PRAGMA max_page_count = 1073741823"):

        def work(tx: Any, full: str = full) -> None:
            tx._connection.exec_driver_sql(full)  # the limit is the connection's

        await store.transact(work)
        world.clock.move_to(world.clock.now() + timedelta(minutes=8))
        with suppress(NotSaved):  # or each visit was put off for a minute, if there was just room for that
            await world.parts.timekeeper.catch_up()
        stored = await store.read(lambda tx: tx.visits(open_only=False))
        for one in stored:
            entries = await store.read(partial(_journal, visit=one.visit.id))
            assert replay(entry.event for entry in entries) == one.visit
    assert all(one.visit.callback_promise for one in stored), "once there is room again, the ladders go on"
    await store.close()


async def test_one_row_that_cannot_be_read_takes_nobody_else_off_the_board(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "visits.db")
    assert isinstance(store, SqlStore)
    world = World(store)
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.arrives("Robert Lavoie", to_see="sophie")
    julie = world.card("nadia", "Julie Tremblay").visit
    with store._engine.begin() as connection:
        connection.execute(text("UPDATE visit SET state = '{}' WHERE id = :id"), {"id": julie})
        connection.execute(text("UPDATE nudge SET body = '{}', outcome = NULL, waiting_since = 0, ready_at = 0"))
    board = await world.parts.views.board("nadia", reception="montreal")
    assert [card.visitor for card in board.cards] == ["Robert Lavoie"]
    await world.arrives("David Chen", to_see="claire")
    assert world.last.outcome is Outcome.DONE
    press = Press(visit=julie, button="hello", value="2")
    reply = await world.parts.inbox.receive(Incoming(key="bad", sender=Address("web", "martin"), act=press))
    assert reply.outcome is Outcome.NOT_SAVED
    await world.passes(minutes=3)
    assert world.labels("sophie", "Robert Lavoie")
    await store.close()


class Hanging:
    """A platform that takes a message and never answers."""

    name = "web"
    capabilities = ALL

    async def deliver(self, *_: object, **__: object) -> None:
        await asyncio.Event().wait()


async def test_an_adapter_that_hangs_is_waited_for_only_so_long(world: World) -> None:
    world.parts.courier.call_within = timedelta(milliseconds=20)
    announced = Announce(visitor="Julie Tremblay", owner_id="martin")
    sender = Address("web", "nadia")
    world.parts.adapters["web"] = Hanging()  # type: ignore[assignment]  # it only ever hangs
    await world.parts.inbox.receive(Incoming(key="a", sender=sender, act=announced))
    assert await carry_all(world.parts.courier)
    world.parts.adapters["web"] = world.chat
    await world.passes(seconds=30)
    assert world.card("martin").visitor == "Julie Tremblay"
