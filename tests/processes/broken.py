"""Kept breakages: stores that break what is promised of them, so that the checks are seen to catch it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import wraps
from threading import Event
from typing import Any, TypeVar

from bot.parcels import NudgeParcel
from bot.ports import Transaction
from tests.fakes import StoreAround
from tests.processes.points import label_of

T = TypeVar("T")


class AnswersEarly(StoreAround):
    """An arrival is answered once its work has run; its commit takes for ever."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        if label_of(work) != "announce":
            return await super().transact(work)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        @wraps(work)
        def run(tx: Transaction) -> None:
            loop.call_soon_threadsafe(answer.set_result, work(tx))
            Event().wait()

        self._committing = asyncio.ensure_future(super().transact(run))
        return await answer


class MarksFirst(StoreAround):
    """A nudge is noted as sent in the transaction that claims it, before it is."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        if label_of(work) != "claim":
            return await super().transact(work)

        @wraps(work)
        def run(tx: Transaction) -> T:
            claimed: Any = work(tx)
            for parcel in claimed.parcels:
                if isinstance(parcel, NudgeParcel):
                    tx.nudge_done(parcel.row, "sent")
            return claimed  # type: ignore[no-any-return]  # what the claim gave

        return await super().transact(run)


class ForgetsKeys(StoreAround):
    """The answer to what came in is not remembered, so the same thing again is done again."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        @wraps(work)
        def run(tx: Transaction) -> T:
            tx.remember = lambda key, answer, at: None  # type: ignore[method-assign]  # the breakage
            return work(tx)

        return await super().transact(run)


class HasNoLabel(StoreAround):
    """A transaction that `points.WORKS` does not know; an arrival makes it."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        def unknown(tx: Transaction) -> T:
            return work(tx)

        return await super().transact(unknown if label_of(work) == "announce" else work)


BROKEN: Mapping[str, type[StoreAround]] = {
    "answers_early": AnswersEarly,
    "marks_first": MarksFirst,
    "forgets_keys": ForgetsKeys,
    "has_no_label": HasNoLabel,
}
"""The breakages by their names."""
