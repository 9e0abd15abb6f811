"""What every store keeps to, whatever is in it; each test runs on every store there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import pytest

from bot.domain.events import HelloGiven
from bot.domain.facts import Facts
from bot.domain.visit import Hello
from bot.errors import NotSaved
from bot.ports import Store, Transaction
from bot.rows import CardRow
from tests.contracts.samples import (
    LEASE,
    MARTIN,
    at,
    begin,
    begins,
    claims,
    closed,
    first,
    goes_on,
    has_a_card_shown,
    listed,
    nudge,
    phone_added,
    policy,
    receipt,
    visit,
)

T = TypeVar("T")


# --- transactions ----------------------------------------------------------------------------------------------------


async def test_a_transaction_gives_what_its_work_gives(store: Store) -> None:
    assert await store.transact(lambda tx: 42) == 42
    assert await store.read(lambda tx: "seen") == "seen"


def everything(tx: Transaction) -> None:
    begin(tx, visit(), at(60))
    tx.put_facts("v1", Facts(visitor="Julie Tremblay"))
    tx.remember("key", "answer", at())
    tx.show("v1", [("martin", MARTIN)])
    tx.queue(nudge(), MARTIN, at())
    tx.hold("teams", "*", at(60))
    tx.put_value("clock", "1")


def seen(tx: Transaction) -> tuple[object, ...]:
    return (
        tx.visit("v1"),
        list(tx.journal("v1")),
        list(tx.visits()),
        tx.facts("v1"),
        list(tx.same_visitor("julie tremblay", "")),
        tx.answered("key"),
        tx.next_wake(),
        tx.next_delivery(),
        tx.policy(policy().digest),
        tx.value("clock"),
        tx.values(""),
    )


class WorkFailed(Exception):
    pass


async def test_work_that_raises_undoes_everything_and_its_error_comes_out_unchanged(store: Store) -> None:
    before = await store.read(seen)
    failure = WorkFailed("as it was raised")

    def work(tx: Transaction) -> None:
        everything(tx)
        raise failure

    with pytest.raises(WorkFailed) as raised:
        await store.transact(work)
    assert raised.value is failure
    assert await store.read(seen) == before


async def test_work_that_raises_leaves_what_was_there_before(store: Store) -> None:
    await store.transact(everything)
    before = await store.read(seen)

    def work(tx: Transaction) -> None:
        tx.save(closed(visit(), at(9)), version=2, events=[phone_added()], through="web", wake_at=None)
        tx.put_facts("v1", Facts(visitor="Somebody Else"))
        tx.forget(at(100))
        tx.put_off("v1", None)
        tx.put_value("clock", "2")
        tx.drop_value("clock")
        tx.hold("teams", "*", None)
        claimed = first(tx.claim_nudges(at(5), at(35), "token"))
        assert claimed is not None
        tx.nudge_done(claimed, "sent", receipt())
        raise WorkFailed

    with pytest.raises(WorkFailed):
        await store.transact(work)
    assert await store.read(seen) == before


WRITES: dict[str, Callable[[Transaction], object]] = {
    "everything": everything,
    "facts": lambda tx: tx.put_facts("v1", Facts(visitor="Julie")),
    "put_off": lambda tx: tx.put_off("v1", at(5)),
    "show": lambda tx: tx.show("v1", [("sophie", MARTIN)]),
    "claim": lambda tx: first(tx.claim_cards(at(), at(30), "token")),
    "hold": lambda tx: tx.hold("slack", "*", at()),
    "value": lambda tx: tx.put_value("clock", "2"),
    "drop": lambda tx: tx.drop_value("clock"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_reading_saves_nothing(store: Store, write: Callable[[Transaction], object]) -> None:
    await begins(store, visit(), wake_at=at(1))
    before = await store.read(seen)
    for only_reads in (store.read, store.peek):
        with pytest.raises(NotSaved):
            await only_reads(write)
    assert await store.read(seen) == before


async def test_whoever_peeks_sees_what_was_committed_last(store: Store) -> None:
    for minutes, earliest in ((9, 9), (5, 5), (7, 5)):
        await begins(store, visit(f"v{minutes}"), wake_at=at(minutes))
        assert await store.peek(lambda tx: tx.next_wake()) == at(earliest)


@pytest.mark.parametrize("write", [WRITES["facts"], WRITES["show"]], ids=["facts", "show"])
async def test_facts_and_cards_belong_to_a_visit(store: Store, write: Callable[[Transaction], object]) -> None:
    with pytest.raises(NotSaved):
        await store.transact(write)


async def test_facts_and_cards_may_come_before_their_visit_in_the_same_transaction(store: Store) -> None:
    def work(tx: Transaction) -> CardRow | None:
        tx.put_facts("v1", Facts(visitor="Julie"))
        tx.show("v1", [("martin", MARTIN)])
        begin(tx, visit())
        return first(tx.claim_cards(at(), at(LEASE), "token"))

    claimed = await store.transact(work)
    assert claimed is not None
    assert claimed.visit == "v1"


async def test_a_closed_store_takes_nothing(store: Store) -> None:
    await store.close()
    with pytest.raises(NotSaved):
        await store.transact(seen)
    with pytest.raises(NotSaved):
        await store.read(seen)
    with pytest.raises(NotSaved):
        await store.peek(seen)


# --- policies and small values ---------------------------------------------------------------------------------------


async def test_a_policy_is_found_by_its_digest_once_a_visit_has_it(store: Store) -> None:
    assert await store.read(lambda tx: tx.policy(policy().digest)) is None
    await begins(store, visit("v1"), visit("v2"), replace(visit("v3"), policy=policy("client")))
    assert await store.read(lambda tx: tx.policy(policy().digest)) == policy()
    assert await store.read(lambda tx: tx.policy(policy("client").digest)) == policy("client")


def puts_clock(tx: Transaction, value: str) -> None:
    tx.put_value("clock", value)


async def test_small_values_are_kept_and_replaced(store: Store) -> None:
    assert await store.read(lambda tx: tx.value("clock")) is None
    for value in ("1", "2"):
        await store.transact(partial(puts_clock, value=value))
        assert await store.read(lambda tx: tx.value("clock")) == value


async def test_small_values_are_listed_by_how_their_names_begin(store: Store) -> None:
    def work(tx: Transaction) -> None:
        for name in ("lost:b", "lost:a", "Lost:c", "lost%:d", "lostly", "l_st:e"):
            tx.put_value(name, f"value of {name}")

    await store.transact(work)
    found = await store.read(lambda tx: tx.values("lost:"))
    assert list(found.items()) == [("lost:a", "value of lost:a"), ("lost:b", "value of lost:b")]
    assert list(await store.read(lambda tx: tx.values("lost%"))) == ["lost%:d"]
    assert list(await store.read(lambda tx: tx.values("l_"))) == ["l_st:e"]
    assert len(await store.read(lambda tx: tx.values(""))) == 6
    assert await store.read(lambda tx: tx.values("lost:ab")) == {}


async def test_a_small_value_is_dropped_and_no_other(store: Store) -> None:
    await store.transact(partial(puts_clock, value="1"))
    await store.transact(lambda tx: tx.put_value("clock of the demo", "2"))
    for _ in range(2):
        await store.transact(lambda tx: tx.drop_value("clock"))
        assert await store.read(lambda tx: tx.values("clock")) == {"clock of the demo": "2"}


# --- the whole way ---------------------------------------------------------------------------------------------------


async def test_a_story_from_arrival_to_hello(store: Store) -> None:
    await has_a_card_shown(store)
    given = replace(closed(visit(), at(40)), hello=Hello.GIVEN, greeted_by="martin")
    await goes_on(store, given, 2, HelloGiven(at=at(40), by="nadia", person="martin"))
    stored = await store.read(lambda tx: tx.visit("v1"))
    assert stored is not None
    assert stored.visit == given
    assert await listed(store, lambda tx: tx.visits()) == []
    row = await claims(store, 41)
    assert row is not None
    assert await store.transact(lambda tx: tx.card_shown(row, 3, row.receipt or receipt()))
    assert await store.read(lambda tx: tx.next_delivery()) is None
