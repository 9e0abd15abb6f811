"""What every store remembers of what came in, and which visits it gives to the timekeeper."""

from __future__ import annotations

import pytest

from bot.errors import Conflict
from bot.ports import Store, Transaction
from tests.contracts.samples import (
    at,
    begins,
    visit,
)

# --- what came in ----------------------------------------------------------------------------------------------------


async def test_the_same_key_is_remembered_once(store: Store) -> None:
    await store.transact(lambda tx: tx.remember("key", "first", at()))
    with pytest.raises(Conflict):
        await store.transact(lambda tx: tx.remember("key", "second", at(1)))
    assert await store.read(lambda tx: tx.answered("key")) == "first"
    assert await store.read(lambda tx: tx.answered("another")) is None


async def test_old_keys_are_forgotten(store: Store) -> None:
    def work(tx: Transaction) -> None:
        for seconds in (0, 10, 20):
            tx.remember(f"key-{seconds}", "answer", at(seconds))

    await store.transact(work)
    assert await store.transact(lambda tx: tx.forget(at(20))) == 2
    assert await store.transact(lambda tx: tx.forget(at(20))) == 0
    assert await store.read(lambda tx: tx.answered("key-20")) == "answer"


# --- the timekeeper --------------------------------------------------------------------------------------------------


async def test_the_most_overdue_visit_is_due_first(store: Store) -> None:
    for name, wake in (("v1", at(30)), ("v2", at(10)), ("v3", at(20)), ("v4", None)):
        await begins(store, visit(name), wake_at=wake)
    assert await store.transact(lambda tx: tx.due(at(9))) is None
    assert await store.transact(lambda tx: tx.due(at(10))) == "v2"
    assert await store.transact(lambda tx: tx.due(at(99))) == "v2"
    await store.transact(lambda tx: tx.put_off("v2", None))
    assert await store.transact(lambda tx: tx.due(at(99))) == "v3"
    await store.transact(lambda tx: tx.put_off("v3", None))
    assert await store.transact(lambda tx: tx.due(at(99))) == "v1"
    await store.transact(lambda tx: tx.put_off("v2", at(10)))
    assert await store.read(lambda tx: tx.next_wake()) == at(10)


async def test_putting_off_moves_the_moment_and_nothing_else(store: Store) -> None:
    await begins(store, visit(), wake_at=at(10))
    before = await store.read(lambda tx: tx.visit("v1"))
    await store.transact(lambda tx: tx.put_off("v1", at(50)))
    assert await store.transact(lambda tx: tx.due(at(49))) is None
    assert await store.read(lambda tx: tx.next_wake()) == at(50)
    await store.transact(lambda tx: tx.put_off("v1", None))
    assert await store.read(lambda tx: tx.next_wake()) is None
    assert await store.read(lambda tx: tx.visit("v1")) == before
