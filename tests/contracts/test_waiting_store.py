"""What every store says to whoever looks after hello30: what has waited for longest, and how much there is."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import text

from bot.messages import Address
from bot.ports import Store, Transaction
from bot.rows import OverdueStep, Tally, Unsent, Waiting
from bot.storage.databases import open_sqlite
from bot.storage.sql import SqlStore
from tests.contracts.samples import DESK, MARTIN, at, begins, closed, first, nudge, receipt, visit

NOTHING = Waiting(ours=True, step=None, unsent=None, on_hold={})


async def queues(store: Store, key: str, address: Address, seconds: float, name: str = "v1") -> None:
    await store.transact(lambda tx: tx.queue(nudge(key, name), address, at(seconds)))


async def waiting(store: Store, seconds: float) -> Waiting:
    return await store.read(lambda tx: tx.waiting(at(seconds)))


async def tally(store: Store, seconds: float) -> Tally:
    return await store.read(lambda tx: tx.tally(at(seconds)))


async def test_in_an_empty_database_nothing_waits(store: Store) -> None:
    assert await waiting(store, 0) == NOTHING
    assert await tally(store, 0) == Tally(open_visits=0, overdue_steps=0, unsent={})


async def test_the_most_overdue_visit_is_named_and_one_whose_moment_is_to_come_is_not(store: Store) -> None:
    await begins(store, visit("v1"), wake_at=at(60))
    await begins(store, visit("v2"), wake_at=at(30))
    await begins(store, visit("v3"))
    assert (await waiting(store, 29)).step is None
    assert (await waiting(store, 30)).step == OverdueStep(visit="v2", since=at(30))
    assert (await waiting(store, 90)).step == OverdueStep(visit="v2", since=at(30))
    assert (await tally(store, 45)).overdue_steps == 1
    assert (await tally(store, 90)).overdue_steps == 2
    await store.transact(lambda tx: tx.put_off("v2", None))
    assert (await waiting(store, 90)).step == OverdueStep(visit="v1", since=at(60))


async def test_the_oldest_unsent_message_is_named_be_it_a_card_or_a_nudge(store: Store) -> None:
    await begins(store, visit("v1"))
    await queues(store, "n1", DESK, 20)
    assert (await waiting(store, 30)).unsent == Unsent(what="nudge", visit="v1", adapter="web", since=at(20))
    await store.transact(lambda tx: tx.show("v1", [("martin", MARTIN)]))
    assert (await waiting(store, 30)).unsent == Unsent(what="card", visit="v1", adapter="slack", since=at())
    assert (await tally(store, 30)).unsent == {"slack": 1, "web": 1}


async def test_what_is_under_way_still_waits_and_what_was_sent_does_not(store: Store) -> None:
    await begins(store, visit("v1"))
    await store.transact(lambda tx: tx.show("v1", [("martin", MARTIN)]))
    row = await store.transact(lambda tx: first(tx.claim_cards(at(1), at(60), "token")))
    assert row is not None
    oldest = (await waiting(store, 2)).unsent
    assert oldest is not None
    assert oldest.since == at()
    assert await store.transact(lambda tx: tx.card_shown(row, 2, receipt()))
    assert await waiting(store, 2) == NOTHING
    assert not (await tally(store, 2)).unsent


async def test_what_is_on_hold_is_counted_but_is_not_what_has_waited_for_longest(store: Store) -> None:
    await begins(store, visit("v1"))
    await queues(store, "n1", DESK, 1)
    await queues(store, "n2", MARTIN, 2)
    await store.transact(lambda tx: tx.hold(DESK.adapter, DESK.id, at(60)))
    found = await waiting(store, 30)
    assert found.unsent == Unsent(what="nudge", visit="v1", adapter="slack", since=at(2))
    assert found.on_hold == {}, "one address on hold is not the whole adapter"
    assert (await tally(store, 30)).unsent == {"slack": 1, "web": 1}
    oldest = (await waiting(store, 60)).unsent
    assert oldest is not None
    assert oldest.adapter == "web", "the hold has ended"


async def test_an_adapter_on_hold_is_named_until_its_hold_ends(store: Store) -> None:
    await begins(store, visit("v1"))
    await queues(store, "n1", MARTIN, 1)
    await store.transact(lambda tx: tx.hold("slack", "*", at(60)))
    found = await waiting(store, 59)
    assert (found.unsent, found.on_hold) == (None, {"slack": at(60)})
    assert (await waiting(store, 60)).on_hold == {}
    await store.transact(lambda tx: tx.hold("slack", "*", None))
    assert (await waiting(store, 30)).on_hold == {}


async def test_closed_visits_are_not_open(store: Store) -> None:
    await begins(store, visit("v1"))
    await begins(store, closed(visit("v2"), at(1)))
    assert (await tally(store, 2)).open_visits == 1


async def test_asking_changes_nothing(store: Store) -> None:
    await begins(store, visit("v1"), wake_at=at(0))
    await queues(store, "n1", MARTIN, 0)
    for _ in range(2):
        assert (await waiting(store, 1)).step is not None
        await tally(store, 1)
    assert await store.transact(lambda tx: tx.due(at(1))) == "v1"
    assert await store.transact(lambda tx: first(tx.claim_nudges(at(1), at(60), "token"))) is not None


# --- an SQL database alone -------------------------------------------------------------------------------------------


async def test_after_an_upgrade_beside_it_the_tables_are_no_longer_ours(store: Store) -> None:
    if isinstance(store, SqlStore):  # memory has no tables
        with store._engine.begin() as connection:
            connection.execute(text("UPDATE schema_version SET version_num = '9999'"))
    assert (await waiting(store, 0)).ours is not isinstance(store, SqlStore)


async def test_among_a_hundred_thousand_visits_the_answer_takes_milliseconds(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "visits.db")
    assert isinstance(store, SqlStore)
    await begins(store, visit("v1"), wake_at=at(5))
    await begins(store, closed(visit("v2"), at(1)))
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
    with store._engine.begin() as connection:
        columns = [row.name for row in connection.execute(text("PRAGMA table_info(visit)"))]
        copied = ", ".join("'c' || i" if name == "id" else name for name in columns)
        connection.execute(text(f"{many} INSERT INTO visit SELECT {copied} FROM visit, n WHERE id = 'v2'"))

    def both(tx: Transaction) -> float:
        began = time.perf_counter()
        tx.waiting(at(60))
        assert tx.tally(at(60)).open_visits == 1
        return time.perf_counter() - began

    assert min([await store.read(both) for _ in range(5)]) < 0.05
    await store.close()
