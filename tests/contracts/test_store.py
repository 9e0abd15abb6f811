"""What every store keeps to; each test runs on every store there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TypeVar

import pytest

from bot.domain.events import Delivered, Event, HelloGiven, NotDelivered, PhoneAdded, PressRefused
from bot.domain.facts import Facts
from bot.domain.visit import Asking, Callback, Hello, Promise, Visit
from bot.errors import Conflict, NotSaved
from bot.language.names import fold
from bot.ports import Store, Transaction
from bot.rows import CardRow, NudgeRow
from tests.contracts.samples import (
    DESK,
    MARTIN,
    arrival,
    at,
    calls_back,
    closed,
    nudge,
    policy,
    receipt,
    visit,
)

T = TypeVar("T")
LEASE = 30


def begin(tx: Transaction, begun: Visit, wake_at: datetime | None = None) -> int:
    return tx.save(begun, version=0, events=arrival(begun), through="web", wake_at=wake_at)


async def begins(store: Store, *visits: Visit, wake_at: datetime | None = None) -> None:
    def work(tx: Transaction) -> None:
        for begun in visits:
            begin(tx, begun, wake_at)

    await store.transact(work)


async def goes_on(store: Store, changed: Visit, version: int, *events: Event) -> int:
    return await store.transact(
        lambda tx: tx.save(changed, version=version, events=events, through="slack", wake_at=None)
    )


def phone_added(seconds: float = 10) -> PhoneAdded:
    return PhoneAdded(at=at(seconds), by="nadia")


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
        tx.hold("teams", "*", None)
        claimed = tx.claim_nudge(at(5), at(35), "token")
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
    "claim": lambda tx: tx.claim_card(at(), at(30), "token"),
    "hold": lambda tx: tx.hold("slack", "*", at()),
    "value": lambda tx: tx.put_value("clock", "2"),
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
        return tx.claim_card(at(), at(LEASE), "token")

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


# --- visits and their journal ----------------------------------------------------------------------------------------


async def test_a_visit_comes_back_as_it_was_saved(store: Store) -> None:
    began = calls_back(visit(), "martin", at(3600))
    assert await store.transact(partial(begin, begun=began)) == 2
    stored = await store.read(lambda tx: tx.visit("v1"))
    assert stored is not None
    assert (stored.visit, stored.version) == (began, 2)
    assert await store.read(lambda tx: tx.visit("another")) is None


async def test_versions_count_events(store: Store) -> None:
    await begins(store, visit())
    changed = replace(visit(), phone_known=True)
    assert await goes_on(store, changed, 2, phone_added()) == 3
    stored = await store.read(lambda tx: tx.visit("v1"))
    assert stored is not None
    assert (stored.visit, stored.version) == (changed, 3)


async def test_whoever_loaded_an_older_version_must_decide_again(store: Store) -> None:
    await begins(store, visit())
    await goes_on(store, visit(), 2, phone_added())
    for version in (0, 2, 4):
        with pytest.raises(Conflict):
            await goes_on(store, visit(), version, phone_added())
    assert len(await store.read(lambda tx: tx.journal("v1"))) == 3


async def test_a_visit_that_is_not_there_cannot_go_on(store: Store) -> None:
    with pytest.raises(Conflict):
        await goes_on(store, visit(), 2, phone_added())


async def test_the_journal_gives_events_in_order_with_who_brought_them(store: Store) -> None:
    await begins(store, visit())
    await goes_on(store, visit(), 2, phone_added())
    entries = await store.read(lambda tx: tx.journal("v1"))
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.through for entry in entries] == ["web", "web", "slack"]
    assert [entry.event for entry in entries] == [*arrival(visit()), phone_added()]
    assert list(await store.read(lambda tx: tx.journal("another"))) == []


async def test_entries_of_all_visits_come_as_they_were_written(store: Store) -> None:
    await begins(store, visit("v2", after=10), visit("v1"))
    await goes_on(store, visit("v2", after=10), 2, phone_added(20))
    entries = await store.read(lambda tx: tx.entries(since=None, until=None))
    assert [(entry.visit, entry.seq) for entry in entries] == [("v2", 1), ("v2", 2), ("v1", 1), ("v1", 2), ("v2", 3)]
    numbers = [entry.number for entry in entries]
    assert numbers == sorted(set(numbers))


async def test_entries_are_bounded_by_their_moments(store: Store) -> None:
    await begins(store, visit("v1"), visit("v2", after=10), visit("v3", after=20))
    entries = await store.read(lambda tx: tx.entries(since=at(10), until=at(20)))
    assert {entry.visit for entry in entries} == {"v2"}


async def test_a_visit_may_be_saved_without_events(store: Store) -> None:
    await begins(store, visit(), wake_at=at(60))
    assert await goes_on(store, visit(), 2) == 2
    assert await store.read(lambda tx: tx.next_wake()) is None


# --- lists -----------------------------------------------------------------------------------------------------------


async def listed(store: Store, work: Callable[[Transaction], object]) -> list[str]:
    stored = await store.read(work)
    assert isinstance(stored, (list, tuple))
    return [each.visit.id for each in stored]


async def test_visits_are_listed_by_site_first_arrived_first(store: Store) -> None:
    await begins(store, visit("v2", after=5), visit("v1"), visit("v3", site="montreal"))
    assert await listed(store, lambda tx: tx.visits(site="quebec")) == ["v1", "v2"]
    assert await listed(store, lambda tx: tx.visits()) == ["v1", "v3", "v2"]


async def test_closed_visits_are_left_out_except_those_closed_a_short_while_ago(store: Store) -> None:
    await begins(store, visit("open"), closed(visit("old"), at(100)), closed(visit("new"), at(200)))
    assert await listed(store, lambda tx: tx.visits()) == ["open"]
    assert await listed(store, lambda tx: tx.visits(closed_after=at(200))) == ["new", "open"]
    assert await listed(store, lambda tx: tx.visits(open_only=False)) == ["new", "old", "open"]


def concerning(person: str) -> list[Visit]:
    promise = Promise(by=person, due=at(60), made=at(), late_at=at(120))
    question = visit().visitor_question
    assert question is not None
    begun: Asking = replace(question, asked=("martin", person))
    other = visit()
    return [
        replace(other, owner=person),
        replace(other, asked=("martin", person)),
        replace(other, visitor_question=begun),
        replace(other, call_question=begun),
        replace(other, offered_call=(person,)),
        replace(other, alerted=(person,)),
        replace(other, hello_promise=promise),
        replace(other, callback_promise=promise),
        replace(other, broken=(promise,)),
    ]


@pytest.mark.parametrize("changed", concerning("sophie"), ids=range(9))
async def test_a_person_finds_the_visits_that_concern_them(store: Store, changed: Visit) -> None:
    await begins(store, visit(), visit("v2"))
    assert await listed(store, lambda tx: tx.visits(person="sophie")) == []
    await goes_on(store, changed, 2, phone_added())
    assert await listed(store, lambda tx: tx.visits(person="sophie")) == ["v1"]
    await goes_on(store, visit(), 3, phone_added())
    assert await listed(store, lambda tx: tx.visits(person="sophie")) == []


async def test_site_person_and_closing_narrow_together(store: Store) -> None:
    await begins(store, visit("v1"), visit("v2", site="montreal"), visit("v3", owner="sophie"))
    await begins(store, closed(visit("v4"), at(50)))
    assert await listed(store, lambda tx: tx.visits(site="quebec", person="martin")) == ["v1"]
    assert await listed(store, lambda tx: tx.visits(site="quebec", person="martin", closed_after=at(50))) == [
        "v1",
        "v4",
    ]


async def test_promised_gives_callbacks_that_are_not_yet_kept(store: Store) -> None:
    await begins(
        store,
        calls_back(visit("v1"), "sophie", at(7200)),
        replace(calls_back(visit("v2"), "sophie", at(3600)), callback=Callback.LATE),
        replace(calls_back(visit("v3"), "sophie", at(1800)), callback=Callback.KEPT),
        calls_back(visit("v4"), "martin", at(900)),
    )
    assert list(await store.read(lambda tx: tx.promised("sophie"))) == [at(3600), at(7200)]
    assert list(await store.read(lambda tx: tx.promised("nobody"))) == []


async def test_moments_come_back_in_utc(store: Store) -> None:
    elsewhere = at(60).astimezone(timezone(timedelta(hours=-5)))
    await begins(store, calls_back(visit(), "martin", elsewhere), wake_at=elsewhere)
    (due,) = await store.read(lambda tx: tx.promised("martin"))
    wake = await store.read(lambda tx: tx.next_wake())
    assert wake is not None
    for moment in (due, wake):
        assert moment == elsewhere
        assert moment.utcoffset() == timedelta()


# --- the visitor's own data ------------------------------------------------------------------------------------------

JULIE = Facts(
    visitor="Julie Trémblay",
    company="Chambre de commerce",
    about="room booking",
    how_long_s=30,
    phone="+15145550123",
    party=2,
    line="Sophie comes",
    points=("the key", "the date"),
    notes=("polite",),
)


def puts_facts(tx: Transaction, facts: Facts) -> None:
    tx.put_facts("v1", facts)


async def test_facts_come_back_and_are_replaced(store: Store) -> None:
    await begins(store, visit())
    assert await store.read(lambda tx: tx.facts("v1")) is None
    for facts in (JULIE, replace(JULIE, phone="", notes=())):
        await store.transact(partial(puts_facts, facts=facts))
        assert await store.read(lambda tx: tx.facts("v1")) == facts


async def test_the_same_visitor_is_found_by_folded_name_and_company_oldest_first(store: Store) -> None:
    await begins(store, visit("new", after=60), visit("old"), visit("other"), visit("elsewhere"))

    def work(tx: Transaction) -> None:
        tx.put_facts("new", JULIE)
        tx.put_facts("old", replace(JULIE, visitor="JULIE TREMBLAY"))
        tx.put_facts("other", Facts(visitor="Marc Roy", company=JULIE.company))
        tx.put_facts("elsewhere", replace(JULIE, company="Ville de Québec"))

    await store.transact(work)
    folded, company = fold("julie tremblay"), fold(JULIE.company)
    assert list(await store.read(lambda tx: tx.same_visitor(folded, company))) == ["old", "new"]
    await store.transact(lambda tx: tx.put_facts("old", Facts(visitor="Corrected Name")))
    assert list(await store.read(lambda tx: tx.same_visitor(folded, company))) == ["new"]


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


# --- cards -----------------------------------------------------------------------------------------------------------


async def claims(store: Store, seconds: float, token: str = "token") -> CardRow | None:
    return await store.transact(lambda tx: tx.claim_card(at(seconds), at(seconds + LEASE), token))


async def has_a_card(store: Store) -> None:
    await begins(store, visit())
    await store.transact(lambda tx: tx.show("v1", [("martin", MARTIN)]))


async def has_a_card_shown(store: Store) -> CardRow:
    await has_a_card(store)
    row = await claims(store, 1)
    assert row is not None
    assert await store.transact(lambda tx: tx.card_shown(row, 2, receipt()))
    return row


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
    return await store.transact(lambda tx: tx.claim_nudge(at(seconds), at(seconds + LEASE), token))


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
    meanwhile = await store.transact(lambda tx: tx.claim_nudge(at(3), at(4), "meanwhile"))
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
