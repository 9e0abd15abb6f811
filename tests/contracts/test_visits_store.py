"""What every store keeps of visits, of their journal and of the visitor's own data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from functools import partial

import pytest

from bot.domain.facts import Facts
from bot.domain.visit import Asking, Callback, Promise, Visit
from bot.errors import Conflict
from bot.language.names import fold
from bot.ports import Store, Transaction
from tests.contracts.samples import (
    arrival,
    at,
    begin,
    begins,
    calls_back,
    closed,
    goes_on,
    listed,
    phone_added,
    visit,
)

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
