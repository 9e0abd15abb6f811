"""What Prometheus reads at /metrics. Labels are few and names of ours: no person, no visit, nothing that was typed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from math import nan
from typing import Any, Final, TypeAlias

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)

from bot.domain import events as e
from bot.rows import Tally, Waiting

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15)
LATE_SECONDS: Final = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200)
LAG_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
ON_HOLD: Final = "1 while nothing is sent to a platform, because it refuses hello30 itself or does not answer"
DEAF: Final = "1 while nothing that people do on a platform reaches hello30"
_STATED: Final = {"kept": "kept", "late": "kept_late"}

Fate: TypeAlias = Callable[[Any], str | None]
FATES: Final[Mapping[type[e.Event], tuple[str, Fate]]] = {
    e.HelloPromised: ("hello", lambda _: "made"),
    e.HelloMoved: ("hello", lambda _: "moved"),
    e.HelloGiven: ("hello", lambda event: _STATED.get(event.fate)),
    e.HelloBroken: ("hello", lambda _: "broken"),
    e.HelloTakenBack: ("hello", lambda _: "dropped"),
    e.CallbackPromised: ("callback", lambda _: "made"),
    e.CallbackMoved: ("callback", lambda _: "moved"),
    e.CallbackKept: ("callback", lambda event: _STATED.get(event.fate)),
    e.CallbackLate: ("callback", lambda _: "broken"),
    e.CallbackDropped: ("callback", lambda _: "dropped"),
    e.CallbackUnreachable: ("callback", lambda _: "dropped"),
    e.CallbackTakenBack: ("callback", lambda _: "dropped"),
}
"""What an event says of a promise: of which kind it is, and what became of it; a late callback may still be kept."""


class Metrics:
    """The meter for Prometheus (`bot.meters.Meter`), with a registry of its own."""

    def __init__(self) -> None:
        """Count from nothing."""
        self.registry = CollectorRegistry()
        counts = _Made(self.registry)
        ProcessCollector(registry=self.registry)
        self._incoming = counts.timed("incoming_seconds", "Time to answer what came in", "adapter", "outcome")
        self._messages = counts.timed("message_seconds", "Time an adapter took", "adapter", "message", "outcome")
        self._given_up = counts.counter("messages_given_up", "Messages that were given up", "adapter", "why")
        self._transactions = counts.timed("transaction_seconds", "Time of a transaction", "kind", "outcome")
        self._fired = counts.histogram("step_lateness_seconds", "How late a moment of a visit fired", LATE_SECONDS)
        self._put_off = counts.counter("visits_put_off", "Times that a visit could not be decided")
        self._arrivals = counts.counter("arrivals", "Visitors who were announced", "via")
        self._promises = counts.counter("promises", "Promises by what became of them", "promise", "fate")
        self._lag = counts.histogram("event_loop_lag_seconds", "How late the event loop woke a task", LAG_SECONDS)
        self._open = counts.gauge("open_visits", "Visits for which something is still owed")
        self._overdue = counts.gauge("overdue_steps", "Visits whose moment has come")
        self._oldest_step = counts.gauge("oldest_overdue_step_seconds", "For how long the first of them is overdue")
        self._unsent = counts.gauge("unsent_messages", "Cards and nudges that wait, on hold or not", "adapter")
        self._oldest_unsent = counts.gauge("oldest_unsent_message_seconds", "For how long the first of them waits")
        self._on_hold = counts.gauge("adapter_on_hold", ON_HOLD, "adapter")
        self._deaf = counts.gauge("adapter_deaf", DEAF, "adapter")
        self._database = counts.gauge("database_up", "1 when the database answers")
        Info("hello30_build", "What runs", registry=self.registry).info({"version": version("hello30")})

    def text(
        self,
        found: tuple[Waiting, Tally] | None,
        now: datetime,
        adapters: Sequence[str],
        deaf: Collection[str] = (),
    ) -> bytes:
        """Write all metrics down, with what the database tells at this moment; None: it does not answer.

        `deaf` are those of the adapters of whose platform nothing reaches us.
        """
        self._database.set(0 if found is None else 1)
        waiting, tally = found or (None, None)
        self._open.set(tally.open_visits if tally else nan)
        self._overdue.set(tally.overdue_steps if tally else nan)
        self._oldest_step.set(_age(waiting.step.since if waiting.step else None, now) if waiting else nan)
        self._oldest_unsent.set(_age(waiting.unsent.since if waiting.unsent else None, now) if waiting else nan)
        for adapter in adapters:
            self._unsent.labels(adapter).set(tally.unsent.get(adapter, 0) if tally else nan)
            self._on_hold.labels(adapter).set(adapter in waiting.on_hold if waiting else nan)
            self._deaf.labels(adapter).set(adapter in deaf)
        return generate_latest(self.registry)

    # --- what the core tells -----------------------------------------------------------------------------------------

    def incoming(self, adapter: str, outcome: str, seconds: float) -> None:
        """Count something that came in."""
        self._incoming.labels(adapter, outcome).observe(seconds)

    def message(self, adapter: str, message: str, outcome: str, seconds: float) -> None:
        """Count a card or a nudge that an adapter was given."""
        self._messages.labels(adapter, message, outcome).observe(seconds)

    def transaction(self, kind: str, outcome: str, seconds: float) -> None:
        """Count a transaction."""
        self._transactions.labels(kind, outcome).observe(seconds)

    def happened(self, events: Sequence[e.Event]) -> None:
        """Count arrivals, promises and messages that were given up."""
        for event in events:
            if isinstance(event, e.Arrived):
                self._arrivals.labels(event.via.value).inc()
            elif isinstance(event, e.NotDelivered):
                self._given_up.labels(event.adapter, event.why).inc()
            elif type(event) in FATES:
                promise, fate_of = FATES[type(event)]
                if fate := fate_of(event):
                    self._promises.labels(promise, fate).inc()

    def fired(self, late: timedelta) -> None:
        """Count a moment of a visit that fired."""
        self._fired.observe(max(0.0, late.total_seconds()))

    def put_off(self) -> None:
        """Count a visit that could not be decided."""
        self._put_off.inc()

    def lag(self, seconds: float) -> None:
        """Note how late a task woke."""
        self._lag.observe(max(0.0, seconds))


class _Made:
    """Makes metrics of hello30 in a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"hello30_{name}", what, labels, registry=self._registry)

    def gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"hello30_{name}", what, labels, registry=self._registry)

    def timed(self, name: str, what: str, *labels: str) -> Histogram:
        return Histogram(f"hello30_{name}", what, labels, registry=self._registry, buckets=SECONDS)

    def histogram(self, name: str, what: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(f"hello30_{name}", what, registry=self._registry, buckets=buckets)


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
