"""Counts at the two seams that everything passes: the store, and each adapter. What lies between them knows nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import perf_counter
from typing import Any, TypeVar, cast

from bot.domain.card import Nudge
from bot.domain.events import Event
from bot.domain.visit import Hint, Visit
from bot.errors import DeliveryError, NotSaved
from bot.messages import Address, Incoming, Receipt, Reply, ShownCard, ShownNudge
from bot.meters import Meter
from bot.ports import Capabilities, ChatAdapter, Deaf, Receive, Store, Transaction

T = TypeVar("T")


class MeteredStore:
    """A store that counts its transactions, and the events that they saved; see `bot.ports.Store`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Take the store that does the work."""
        self._store = store
        self._meter = meter

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one transaction; what it saved is counted by whoever waits for the commit.

        Nothing of it is counted where that task is cancelled meanwhile, although it may be committed all the same.
        """
        saved: list[Event] = []

        def noting(tx: Transaction) -> T:
            saved.clear()  # it may be run again from the start
            return work(cast("Transaction", _Noting(tx, saved)))

        with self._timed("write"):
            result = await self._store.transact(noting)
        self._meter.happened(saved)
        return result

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent view."""
        with self._timed("read"):
            return await self._store.read(work)

    async def peek(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`, which asks one thing only."""
        with self._timed("read"):
            return await self._store.peek(work)

    async def checkpoint(self, now: datetime) -> bool:
        """Write down which entries of the journal there are."""
        with self._timed("checkpoint"):
            return await self._store.checkpoint(now)

    async def close(self) -> None:
        """Let go of the database."""
        await self._store.close()

    @contextmanager
    def _timed(self, kind: str) -> Iterator[None]:
        outcome, began = "undone", perf_counter()
        try:
            yield
            outcome = "done"
        except NotSaved:
            outcome = "not_saved"
            raise
        finally:
            self._meter.transaction(kind, outcome, perf_counter() - began)


class _Noting:
    """A transaction that notes what it saves; everything else goes straight through."""

    def __init__(self, tx: Transaction, saved: list[Event]) -> None:
        self._tx = tx
        self._saved = saved

    def save(
        self, visit: Visit, *, version: int, events: Sequence[Event], through: str, wake_at: datetime | None
    ) -> int:
        after = self._tx.save(visit, version=version, events=events, through=through, wake_at=wake_at)
        self._saved.extend(events)
        return after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


class MeteredAdapter:
    """An adapter that counts what comes in through it and goes out; see `bot.ports.ChatAdapter`."""

    def __init__(self, adapter: ChatAdapter, meter: Meter) -> None:
        """Take the adapter that does the work."""
        self._adapter = adapter
        self._meter = meter

    @property
    def name(self) -> str:
        """Give the adapter's name."""
        return self._adapter.name

    @property
    def capabilities(self) -> Capabilities:
        """Tell what this platform can do."""
        return self._adapter.capabilities

    @property
    def deaf(self) -> Deaf | None:
        """Tell whether what people do there reaches us."""
        return self._adapter.deaf

    async def start(self, receive: Receive) -> None:
        """Begin to take what comes in, and count it."""

        async def counted(incoming: Incoming) -> Reply:
            outcome, began = "failed", perf_counter()
            try:
                reply = await receive(incoming)
                outcome = reply.outcome.value
            finally:
                self._meter.incoming(self.name, outcome, perf_counter() - began)
            return reply

        await self._adapter.start(counted)

    async def closed(self, to: Address) -> str:
        """Ask why a counter's address would take no message."""
        return await self._adapter.closed(to)

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str, *, again: bool = False) -> Receipt:
        """Send a new message."""
        with self._timed("nudge" if isinstance(message, Nudge) else "card", "delivered"):
            return await self._adapter.deliver(message, to, key, again=again)

    async def amend(self, receipt: Receipt, card: ShownCard, *, again: bool = False) -> Receipt:
        """Change a card that was sent."""
        with self._timed("card", "amended"):
            return await self._adapter.amend(receipt, card, again=again)

    async def hint(self, to: Address) -> Hint | None:
        """Tell why somebody seems not to look now; it is no message, and is not counted."""
        return await self._adapter.hint(to)

    async def stop(self) -> None:
        """Take nothing more."""
        await self._adapter.stop()

    @contextmanager
    def _timed(self, message: str, good: str) -> Iterator[None]:
        outcome, began = "failed", perf_counter()  # also when it was given up for having taken too long
        try:
            yield
            outcome = good
        except DeliveryError as fault:
            outcome = fault.kind.value
            raise
        finally:
            self._meter.message(self.name, message, outcome, perf_counter() - began)
