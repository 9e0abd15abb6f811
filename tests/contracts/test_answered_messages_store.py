"""What every store knows of messages that can be answered: which visit each of them is about."""

from __future__ import annotations

from bot.messages import Receipt
from bot.ports import Store
from tests.contracts.samples import (
    LEASE,
    MARTIN,
    at,
    begins,
    claims,
    first,
    has_a_card,
    nudge,
    phone_added,
    receipt,
    visit,
)

SLACK = MARTIN.adapter


async def found(store: Store, known_as: str, adapter: str = SLACK) -> str | None:
    return await store.read(lambda tx: tx.shown_at(adapter, known_as))


async def shows(store: Store, shown: Receipt, seconds: float = 1) -> None:
    row = await claims(store, seconds)
    assert row is not None
    assert await store.transact(lambda tx: tx.card_shown(row, 2, shown))


async def test_a_card_is_found_by_what_its_message_is_called(store: Store) -> None:
    await has_a_card(store)
    assert await found(store, "D1:17.1") is None
    await shows(store, receipt("D1:17.1:17.2", known_as="D1:17.1"))
    assert await found(store, "D1:17.1") == "v1"
    for other in ("D1:17.1:17.2", "D1:17.2", "D1", ""):
        assert await found(store, other) is None, other
    assert await found(store, "D1:17.1", "elsewhere") is None


async def test_a_nudge_is_found_likewise(store: Store) -> None:
    await begins(store, visit())
    await store.transact(lambda tx: tx.queue(nudge(), MARTIN, at()))
    row = await store.transact(lambda tx: first(tx.claim_nudges(at(1), at(1 + LEASE), "token")))
    assert row is not None
    assert await store.transact(lambda tx: tx.nudge_done(row, "sent", receipt(known_as="D1:17.3")))
    assert await found(store, "D1:17.3") == "v1"
    assert await found(store, "D1:17.3", "elsewhere") is None


async def test_each_message_leads_to_its_own_visit(store: Store) -> None:
    await begins(store, visit("v1"), visit("v2", after=5))
    await store.transact(lambda tx: tx.show("v1", [("martin", MARTIN)]))
    await shows(store, receipt("m1", known_as="D1:1"))
    await store.transact(lambda tx: tx.show("v2", [("martin", MARTIN)]))
    await shows(store, receipt("m2", known_as="D1:2"), seconds=20)
    assert (await found(store, "D1:1"), await found(store, "D1:2")) == ("v1", "v2")


async def test_a_message_that_nobody_can_answer_is_found_by_nothing(store: Store) -> None:
    await has_a_card(store)
    await shows(store, receipt("m1"))
    assert await found(store, "") is None
    assert await found(store, "m1") is None


async def test_a_card_that_is_posted_anew_is_found_at_its_new_place(store: Store) -> None:
    await has_a_card(store)
    await shows(store, receipt("m1", known_as="D1:1"))
    version = await store.transact(
        lambda tx: tx.save(visit(), version=2, events=[phone_added()], through="slack", wake_at=None)
    )
    row = await claims(store, 20)
    assert row is not None
    assert await store.transact(lambda tx: tx.card_failed(row, not_before=at(21), unknown=False, forget_receipt=True))
    assert await found(store, "D1:1") is None
    again = await claims(store, 21)
    assert again is not None
    assert await store.transact(lambda tx: tx.card_shown(again, version, receipt("m2", known_as="D1:2")))
    assert await found(store, "D1:2") == "v1"
