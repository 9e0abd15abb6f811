"""What is counted, as Prometheus reads it; and that the table in the guide says the same."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isnan

import pytest
from prometheus_client.parser import text_string_to_metric_families as families

from bot import docs
from bot.domain import events as e
from bot.errors import DeliveryError, DeliveryKind, NotSaved
from bot.metering import MeteredStore
from bot.metrics import FATES, Metrics
from bot.ports import Store, Transaction
from tests.fakes import ShakyStore
from tests.operations.watched import Watched, asked, samples, starts, watch
from tests.world import World, house

ROW = re.compile(r"^\| `(hello30_\w+)` \| (\w+) \|([^|]*)\|", re.MULTILINE)


@pytest.fixture
async def watched(store: Store) -> World:
    world = Watched(store)
    await starts(world)
    return world


def written(metrics: Metrics) -> str:
    return metrics.text(None, datetime(2026, 3, 4, tzinfo=UTC), ()).decode()


async def test_a_visit_is_counted_from_its_arrival_to_its_hello(watched: World) -> None:
    await watched.arrives("Julie Tremblay", to_see="martin")
    await watched.presses("martin", "In 2 min")
    await watched.presses("martin", "In 5 min")
    async with asked(watched) as ask:
        assert (await ask.metrics())["hello30_open_visits",] == 1
        await watched.presses("nadia", "Hello happened")
        found = await ask.metrics()
    assert found["hello30_arrivals_total", "in_person"] == 1
    assert found["hello30_incoming_seconds_count", "web", "done"] == 4
    assert found["hello30_promises_total", "made", "hello"] == 1
    assert found["hello30_promises_total", "moved", "hello"] == 1
    assert found["hello30_promises_total", "kept", "hello"] == 1
    assert found["hello30_message_seconds_count", "web", "card", "delivered"] == 2
    assert found["hello30_message_seconds_count", "web", "card", "amended"] >= 2
    assert found["hello30_message_seconds_count", "web", "nudge", "delivered"] >= 1
    assert found["hello30_transaction_seconds_count", "write", "done"] >= 4
    assert found["hello30_open_visits",] == 0
    assert found["hello30_unsent_messages", "web"] == 0
    assert found["hello30_database_up",] == 1


async def test_broken_promises_and_the_lateness_of_each_step_are_counted(watched: World) -> None:
    await watched.arrives("Julie Tremblay", to_see="martin")
    await watched.presses("martin", "In 2 min")
    await watched.sleeps_through(minutes=9)
    async with asked(watched) as ask:
        found = await ask.metrics()
    assert found["hello30_promises_total", "broken", "hello"] == 1
    assert found["hello30_step_lateness_seconds_count",] >= 2
    assert found["hello30_step_lateness_seconds_sum",] >= timedelta(minutes=5).total_seconds()


async def test_messages_that_fail_are_counted_by_what_the_platform_said(watched: World) -> None:
    watched.chat.faults.append(DeliveryError(DeliveryKind.RETRY, "busy"))
    watched.chat.faults.append(ConnectionError("no answer"))
    watched.chat.down["martin"] = DeliveryError(DeliveryKind.UNREACHABLE, "account_inactive")
    await watched.arrives("Julie Tremblay", to_see="martin")
    await watched.passes(seconds=30)
    async with asked(watched) as ask:
        found = await ask.metrics()
    failed = {key[3] for key in found if key[0] == "hello30_message_seconds_count"}
    assert {"retry", "failed", "unreachable"} <= failed
    assert found["hello30_messages_given_up_total", "web", "unreachable"] == 1


async def test_what_waits_is_read_when_it_is_asked_for(watched: World) -> None:
    await watched.arrives("Julie Tremblay", to_see="martin")
    watched.held = True
    await watched.presses("martin", "In 2 min")
    await watched.passes(minutes=10)
    async with asked(watched) as ask:
        found = await ask.metrics()
        assert found["hello30_overdue_steps",] == 1
        assert found["hello30_oldest_overdue_step_seconds",] > 300
        assert found["hello30_unsent_messages", "web"] >= 2
        assert found["hello30_oldest_unsent_message_seconds",] == 600
        watched.held = False
        await watched.settles()
        found = await ask.metrics()
        assert found["hello30_overdue_steps",] == found["hello30_unsent_messages", "web"] == 0
        assert found["hello30_oldest_unsent_message_seconds",] == 0


async def test_an_adapter_on_hold_can_be_alerted_on(watched: World) -> None:
    watched.chat.down["martin"] = DeliveryError(DeliveryKind.MISCONFIGURED, "invalid_auth")
    await watched.arrives("Julie Tremblay", to_see="martin")
    async with asked(watched) as ask:
        assert (await ask.metrics())["hello30_adapter_on_hold", "web"] == 1
        assert "# HELP hello30_adapter_on_hold 1 while nothing is sent to a platform" in (await ask.text("/metrics"))[1]


async def test_a_visit_that_cannot_be_decided_is_counted_each_time_it_is_put_off(watched: World, store: Store) -> None:
    await watched.arrives("Julie Tremblay", to_see="martin")
    closed_down = Watched(store, watched.clock.now(), settings=replace(house(), sites={}))
    await closed_down.passes(minutes=4)
    async with asked(closed_down) as ask:
        assert (await ask.metrics())["hello30_visits_put_off_total",] >= 1


# --- transactions ----------------------------------------------------------------------------------------------------


async def test_what_is_not_saved_is_counted_and_nothing_of_it_happened(store: Store) -> None:
    metrics = Metrics()
    shaky = ShakyStore(store, refuses=1)
    metered = MeteredStore(shaky, metrics)
    with pytest.raises(NotSaved):
        await metered.transact(lambda tx: tx.value("x"))

    def breaks(tx: Transaction) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await metered.transact(breaks)
    await metered.transact(lambda tx: tx.put_value("x", "1"))
    assert await metered.read(lambda tx: tx.value("x")) == "1"
    found = samples(written(metrics))
    for outcome in ("not_saved", "undone", "done"):
        assert found["hello30_transaction_seconds_count", "write", outcome] == 1
    assert found["hello30_transaction_seconds_count", "read", "done"] == 1


async def test_what_was_undone_did_not_happen(watched: World) -> None:
    await watched.arrives("Julie Tremblay", to_see="martin")
    visit = await watched.visit_id()
    began = samples(written(_metrics(watched)))
    metered = MeteredStore(watched.store, watch(watched).meter)

    def saved_and_undone(tx: Transaction) -> None:
        stored = tx.visit(visit)
        assert stored is not None
        event = e.HelloDropped(at=watched.clock.now(), by="nadia", why="mistake")
        tx.save(stored.visit, version=stored.version, events=[event], through="web", wake_at=None)
        raise KeyError

    with pytest.raises(KeyError):
        await metered.transact(saved_and_undone)
    ended = samples(written(_metrics(watched)))
    assert {key: value for key, value in ended.items() if key[0] == "hello30_promises_total"} == {
        key: value for key, value in began.items() if key[0] == "hello30_promises_total"
    }


def _metrics(world: World) -> Metrics:
    meter = watch(world).meter
    assert isinstance(meter, Metrics)
    return meter


# --- as Prometheus wants it ------------------------------------------------------------------------------------------


def test_a_database_that_does_not_answer_leaves_no_old_numbers() -> None:
    found = samples(written(Metrics()))
    assert found["hello30_database_up",] == 0
    assert isnan(found["hello30_open_visits",])
    assert isnan(found["hello30_oldest_overdue_step_seconds",])


def test_two_hello30_in_one_process_count_each_their_own() -> None:
    one, other = Metrics(), Metrics()
    one.put_off()
    assert samples(written(one))["hello30_visits_put_off_total",] == 1
    assert samples(written(other))["hello30_visits_put_off_total",] == 0


def test_every_event_of_a_promise_has_its_fate() -> None:
    told = {kind.__name__ for kind in docs.all_events() if kind.__name__.startswith(("Hello", "Callback"))}
    assert told - {kind.__name__ for kind in FATES} == {
        "HelloExcused",  # whatever was promised before is settled by another event
        "HelloUnseen",
        "HelloDropped",
        "HelloReopened",
        "CallbackOffered",
        "CallbackTried",
        "CallbackReminded",
        "CallbackDue",
        "CallbackReopened",
    }


def test_the_guide_lists_every_metric_as_it_is() -> None:
    page = (docs.ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    listed = {name: (kind, re.findall(r"`(\w+)`", labels)) for name, kind, labels in ROW.findall(page)}
    made = {}
    metrics = Metrics()
    for metric in metrics.registry._collector_to_names:
        labels = list(getattr(metric, "_labelnames", ()))
        for family in metric.collect():
            if family.name.startswith("hello30_"):
                total = "_total" if family.type == "counter" else "_info" if family.type == "info" else ""
                made[f"{family.name}{total}"] = (family.type, labels)
    assert listed == made
    assert len(list(families(written(metrics)))) > len(made), "the process itself is measured as well"
