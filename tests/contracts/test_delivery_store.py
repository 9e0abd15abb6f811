"""What every store gives to the courier: cards and nudges, one at a time, and what holds them back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.events import Delivered, Event, NotDelivered, PressRefused
from bot.errors import Held
from bot.messages import Address
from bot.ports import Store, Transaction
from bot.rows import CardRow, NudgeRow, bucket
from tests.contracts.samples import (
    DESK,
    LEASE,
    MARTIN,
    at,
    begins,
    claims,
    first,
    goes_on,
    has_a_card,
    has_a_card_shown,
    nudge,
    phone_added,
    receipt,
    visit,
)

# --- cards -----------------------------------------------------------------------------------------------------------


async def test_a_new_card_waits_to_be_shown(store: Store) -> None:
    await has_a_card(store)
    assert await store.read(lambda tx: tx.next_delivery()) == at()
    assert await claims(store, 1) == CardRow(
        visit="v1", reader="martin", address=MARTIN, shown=0, receipt=None, attempts=0, unknown=False, token="token"
    )


async def test_showing_twice_is_showing_once(store: Store) -> None:
    await has_a_card_shown(store)
    await store.transact(lambda tx: tx.show("v1", [("martin", MARTIN)]))
    assert await claims(store, 2) is None


async def test_each_address_of_a_reader_has_its_own_card(store: Store) -> None:
    await has_a_card(store)
    await store.transact(lambda tx: tx.show("v1", [("martin", DESK)]))
    first, second = await claims(store, 1, "a"), await claims(store, 1, "b")
    assert first is not None
    assert second is not None
    assert {first.address, second.address} == {MARTIN, DESK}


async def test_where_somebody_has_a_card_that_was_not_given_up(store: Store) -> None:
    async def places(visit: str = "v1", reader: str = "martin") -> dict[Address, bool]:
        return dict(await store.read(lambda tx: tx.card_places(visit, reader)))

    assert await places() == {}
    await has_a_card_shown(store)
    await store.transact(lambda tx: tx.show("v1", [("martin", DESK), ("sophie", DESK)]))
    assert await places() == {MARTIN: True, DESK: False}
    assert await places(reader="sophie") == {DESK: False}
    assert await places(visit="v2") == {}
    claimed = await claims(store, 1)
    assert claimed is not None
    await store.transact(lambda tx: tx.card_failed(claimed, not_before=None, unknown=False, parked=True))
    assert await places() == {MARTIN: True}
    await goes_on(store, visit(), 2, phone_added(10))
    assert await places() == {MARTIN: True, DESK: False}, "the visit has moved on: it is tried again"


async def test_a_card_that_shows_all_is_left_alone_until_the_visit_moves_on(store: Store) -> None:
    await has_a_card_shown(store)
    assert await claims(store, 2) is None
    assert await store.read(lambda tx: tx.next_delivery()) is None
    await goes_on(store, visit(), 2, phone_added(10))
    assert await store.read(lambda tx: tx.next_delivery()) == at(10)
    row = await claims(store, 11, "again")
    assert row is not None
    assert (row.shown, row.receipt, row.attempts) == (2, receipt(), 0)


@pytest.mark.parametrize(
    "event",
    [
        Delivered(at=at(10), by="hello30", person="martin", asking=1, adapter="slack"),
        NotDelivered(at=at(10), by="hello30", person="martin", adapter="slack", why="parked"),
        PressRefused(at=at(10), by="sophie", command="Delegate", reason="not_yours"),
    ],
)
async def test_what_no_card_tells_of_makes_none_stale(store: Store, event: Event) -> None:
    await has_a_card_shown(store)
    await goes_on(store, visit(), 2, event)
    assert await claims(store, 11) is None
    await goes_on(store, visit(), 3, phone_added(12), replace(event, at=at(13)))
    assert await claims(store, 13) is not None


async def test_a_card_sent_before_a_delivery_was_noted_is_not_behind(store: Store) -> None:
    await has_a_card(store)
    row = await claims(store, 1)
    assert row is not None
    await goes_on(store, visit(), 2, Delivered(at=at(2), by="hello30", person="martin", asking=1, adapter="slack"))
    assert await store.transact(lambda tx: tx.card_shown(row, 2, receipt()))
    assert await claims(store, 40) is None


async def test_a_visit_that_moves_on_while_its_card_is_sent_has_it_sent_again(store: Store) -> None:
    await has_a_card(store)
    row = await claims(store, 1)
    assert row is not None
    await goes_on(store, visit(), 2, phone_added(2))
    assert await claims(store, 3, "other") is None
    assert await store.transact(lambda tx: tx.card_shown(row, 2, receipt()))
    assert await store.read(lambda tx: tx.next_delivery()) == at(2)
    again = await claims(store, 3)
    assert again is not None
    assert again.shown == 2


async def test_the_card_that_waits_longest_is_claimed_first(store: Store) -> None:
    await begins(store, visit("late", after=20), visit("early", after=10))

    def work(tx: Transaction) -> None:
        tx.show("late", [("martin", MARTIN)])
        tx.show("early", [("martin", MARTIN)])

    await store.transact(work)
    await goes_on(store, visit("early", after=10), 2, phone_added(30))  # it waits already, and keeps its place
    first, second = await claims(store, 31, "a"), await claims(store, 31, "b")
    assert first is not None
    assert second is not None
    assert [first.visit, second.visit] == ["early", "late"]


async def test_a_leased_card_is_left_alone_until_the_lease_ends(store: Store) -> None:
    await has_a_card(store)
    await claims(store, 0, "first")
    assert await claims(store, LEASE - 1, "second") is None
    assert await store.read(lambda tx: tx.next_delivery()) == at(LEASE)


async def test_a_lease_that_ran_out_counts_as_a_try_without_a_result(store: Store) -> None:
    await has_a_card(store)
    lost = await claims(store, 0, "first")
    assert lost is not None
    again = await claims(store, LEASE, "second")
    assert again is not None
    assert (again.attempts, again.unknown, again.token) == (1, True, "second")
    once_more = await claims(store, 2 * LEASE, "third")
    assert once_more is not None
    assert (once_more.attempts, once_more.unknown) == (2, True)


async def test_whoever_lost_the_lease_settles_nothing(store: Store) -> None:
    await has_a_card(store)
    lost = await claims(store, 0, "first")
    assert lost is not None
    again = await claims(store, LEASE, "second")
    assert again is not None
    assert not await store.transact(lambda tx: tx.card_shown(lost, 2, receipt("lost")))
    assert not await store.transact(lambda tx: tx.card_failed(lost, not_before=at(999), unknown=False))
    assert await store.transact(lambda tx: tx.card_shown(again, 2, receipt("kept")))
    assert not await store.transact(lambda tx: tx.card_shown(again, 2, receipt("twice")))


async def test_a_failed_card_waits_and_counts_its_tries(store: Store) -> None:
    await has_a_card(store)
    row = await claims(store, 1)
    assert row is not None
    assert await store.transact(lambda tx: tx.card_failed(row, not_before=at(100), unknown=True))
    assert await claims(store, 99) is None
    assert await store.read(lambda tx: tx.next_delivery()) == at(100)
    again = await claims(store, 100)
    assert again is not None
    assert (again.attempts, again.unknown) == (1, True)
    assert await store.transact(lambda tx: tx.card_failed(again, not_before=None, unknown=False))
    at_once = await claims(store, 100)
    assert at_once is not None
    assert (at_once.attempts, at_once.unknown) == (2, True)  # the first try's result is still not known


async def test_a_success_forgets_the_failures(store: Store) -> None:
    await has_a_card(store)
    row = await claims(store, 1)
    assert row is not None
    await store.transact(lambda tx: tx.card_failed(row, not_before=None, unknown=True))
    again = await claims(store, 2)
    assert again is not None
    await store.transact(lambda tx: tx.card_shown(again, 2, receipt()))
    await goes_on(store, visit(), 2, phone_added())
    fresh = await claims(store, 11)
    assert fresh is not None
    assert (fresh.attempts, fresh.unknown) == (0, False)


async def test_a_card_whose_message_is_gone_is_posted_anew(store: Store) -> None:
    await has_a_card_shown(store)
    await goes_on(store, visit(), 2, phone_added())
    row = await claims(store, 11)
    assert row is not None
    await store.transact(lambda tx: tx.card_failed(row, not_before=None, unknown=False, forget_receipt=True))
    anew = await claims(store, 12)
    assert anew is not None
    assert (anew.receipt, anew.unknown) == (None, False)


async def test_a_parked_card_is_taken_up_again_when_the_visit_changes(store: Store) -> None:
    await has_a_card(store)
    row = await claims(store, 1)
    assert row is not None
    assert await store.transact(lambda tx: tx.card_failed(row, not_before=None, unknown=False, parked=True))
    assert await claims(store, 9999) is None
    assert await store.read(lambda tx: tx.next_delivery()) is None
    await goes_on(store, visit(), 2, phone_added())
    again = await claims(store, 9999)
    assert again is not None
    assert again.attempts == 0


# --- nudges ----------------------------------------------------------------------------------------------------------


async def takes(store: Store, seconds: float, token: str = "token") -> NudgeRow | None:
    return await store.transact(lambda tx: first(tx.claim_nudges(at(seconds), at(seconds + LEASE), token)))


async def queues(store: Store, key: str, seconds: float = 0) -> None:
    await store.transact(lambda tx: tx.queue(nudge(key), MARTIN, at(seconds)))


async def test_a_nudge_is_queued_once_per_key_and_address(store: Store) -> None:
    await queues(store, "n1")
    await queues(store, "n1", 5)
    await store.transact(lambda tx: tx.queue(nudge("n1"), DESK, at(1)))
    first, second = await takes(store, 6, "a"), await takes(store, 6, "b")
    assert first == NudgeRow(nudge=nudge("n1"), address=MARTIN, attempts=0, unknown=False, token="a")
    assert second is not None
    assert second.address == DESK
    assert await takes(store, 6, "c") is None


async def test_nothing_is_claimed_for_an_address_that_is_busy(store: Store) -> None:
    await has_a_card(store)
    await queues(store, "n1")
    await store.transact(lambda tx: tx.queue(nudge("n2"), DESK, at(1)))
    assert await store.transact(lambda tx: first(tx.claim_cards(at(2), at(9), "token", busy={DESK, MARTIN}))) is None
    assert await store.transact(lambda tx: first(tx.claim_nudges(at(2), at(9), "token", busy={DESK, MARTIN}))) is None
    row = await store.transact(lambda tx: first(tx.claim_nudges(at(2), at(9), "token", busy={MARTIN})))
    assert row is not None
    assert row.address == DESK
    assert await store.transact(lambda tx: first(tx.claim_cards(at(2), at(9), "token", busy={DESK}))) is not None
    elsewhere = Address("elsewhere", MARTIN.id)
    assert await store.transact(lambda tx: first(tx.claim_nudges(at(2), at(9), "token", busy={elsewhere}))) is not None


@pytest.mark.parametrize("outcome", ["sent", "superseded", "parked"])
async def test_a_nudge_that_is_done_is_never_claimed_or_queued_again(store: Store, outcome: str) -> None:
    await queues(store, "n1")
    row = await takes(store, 1)
    assert row is not None
    assert await store.transact(lambda tx: tx.nudge_done(row, outcome, receipt() if outcome == "sent" else None))
    await queues(store, "n1")
    assert await takes(store, 9999) is None
    assert await store.read(lambda tx: tx.next_delivery()) is None


async def test_the_oldest_nudge_comes_first_even_after_it_failed(store: Store) -> None:
    await queues(store, "b", 0)
    await queues(store, "a", 1)
    row = await takes(store, 2)
    assert row is not None
    assert row.nudge.key == "b"
    assert await store.transact(lambda tx: tx.nudge_failed(row, not_before=at(50), unknown=False))
    meanwhile = await store.transact(lambda tx: first(tx.claim_nudges(at(3), at(4), "meanwhile")))
    assert meanwhile is not None
    assert meanwhile.nudge.key == "a"
    again = await takes(store, 50)
    assert again is not None
    assert (again.nudge.key, again.attempts, again.unknown) == ("b", 1, False)


async def test_a_nudge_with_a_lost_lease_comes_back_unknown(store: Store) -> None:
    await queues(store, "n1")
    lost = await takes(store, 0, "first")
    assert lost is not None
    assert await takes(store, LEASE - 1) is None
    again = await takes(store, LEASE, "second")
    assert again is not None
    assert (again.attempts, again.unknown) == (1, True)
    assert not await store.transact(lambda tx: tx.nudge_done(lost, "sent", receipt()))
    assert not await store.transact(lambda tx: tx.nudge_failed(lost, not_before=at(999), unknown=True))
    assert await store.transact(lambda tx: tx.nudge_failed(again, not_before=at(99), unknown=False))
    last = await takes(store, 99)
    assert last is not None
    assert (last.attempts, last.unknown) == (2, True)


# --- holding back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bucket", [MARTIN.id, "*"])
async def test_what_is_held_is_not_claimed(store: Store, bucket: str) -> None:
    await has_a_card(store)
    await queues(store, "n1")
    await store.transact(lambda tx: tx.hold("slack", bucket, at(60)))
    assert await claims(store, 59) is None
    assert await takes(store, 59) is None
    assert await store.read(lambda tx: tx.next_delivery()) == at(60)
    assert await claims(store, 60) is not None
    assert await takes(store, 60) is not None


async def test_other_buckets_and_adapters_go_on(store: Store) -> None:
    await has_a_card(store)

    def work(tx: Transaction) -> None:
        tx.hold("slack", "U2", at(60))
        tx.hold("teams", "*", at(60))
        tx.hold("teams", MARTIN.id, at(60))

    await store.transact(work)
    assert await store.read(lambda tx: tx.next_delivery()) == at()
    assert await claims(store, 1) is not None


async def test_only_new_messages_are_held_and_a_card_that_stands_there_is_amended(store: Store) -> None:
    await has_a_card_shown(store)
    await goes_on(store, visit(), 2, phone_added(10))
    await store.transact(lambda tx: tx.show("v1", [("sophie", MARTIN)]))
    await queues(store, "n1", 10)
    await store.transact(lambda tx: tx.hold("slack", bucket(MARTIN.id, Held.NEW), at(60)))
    assert await store.read(lambda tx: tx.next_delivery()) == at(10)
    assert await takes(store, 59) is None
    amended = await claims(store, 20)
    assert amended is not None
    assert (amended.reader, amended.receipt) == ("martin", receipt())
    assert await claims(store, 21) is None
    assert await store.transact(lambda tx: tx.card_shown(amended, 3, receipt()))
    assert await store.read(lambda tx: tx.next_delivery()) == at(60)
    new = await claims(store, 60)
    assert new is not None
    assert (new.reader, new.receipt) == ("sophie", None)
    assert await takes(store, 60) is not None


async def test_only_amendments_are_held_and_new_messages_go_on(store: Store) -> None:
    await has_a_card_shown(store)
    await goes_on(store, visit(), 2, phone_added(10))
    await store.transact(lambda tx: tx.hold("slack", bucket(MARTIN.id, Held.AMENDED), at(60)))
    assert await claims(store, 59) is None
    assert await store.read(lambda tx: tx.next_delivery()) == at(60)
    await queues(store, "n1", 10)
    await store.transact(lambda tx: tx.show("v1", [("sophie", MARTIN)]))
    assert await store.read(lambda tx: tx.next_delivery()) == at(10)
    assert await takes(store, 20) is not None
    new = await claims(store, 20)
    assert new is not None
    assert new.reader == "sophie"
    amended = await claims(store, 60)
    assert amended is not None
    assert amended.reader == "martin"


async def test_a_card_that_must_be_posted_anew_is_held_with_the_new_ones(store: Store) -> None:
    await has_a_card_shown(store)
    await goes_on(store, visit(), 2, phone_added(10))
    row = await claims(store, 20)
    assert row is not None
    await store.transact(lambda tx: tx.hold("slack", bucket(MARTIN.id, Held.NEW), at(60)))
    await store.transact(lambda tx: tx.card_failed(row, not_before=at(21), unknown=False, forget_receipt=True))
    assert await store.read(lambda tx: tx.next_delivery()) == at(60)
    assert await claims(store, 59) is None
    assert await claims(store, 60) is not None


async def test_the_longer_hold_counts_and_a_hold_can_be_moved_and_lifted(store: Store) -> None:
    await has_a_card(store)

    def work(tx: Transaction) -> None:
        tx.hold("slack", "*", at(90))
        tx.hold("slack", MARTIN.id, at(60))

    await store.transact(work)
    assert await store.read(lambda tx: tx.next_delivery()) == at(90)
    await store.transact(lambda tx: tx.hold("slack", "*", at(70)))
    assert await store.read(lambda tx: tx.next_delivery()) == at(70)
    await store.transact(lambda tx: tx.hold("slack", "*", None))
    assert await store.read(lambda tx: tx.next_delivery()) == at(60)
    await store.transact(lambda tx: tx.hold("slack", "never held", None))
