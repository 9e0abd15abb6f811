"""What an adapter says beside its answers: nobody waits for it, and it is said again where that may help.

Whoever typed or pressed must read what was asked back, refused or not saved: nothing else tells them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from structlog.typing import FilteringBoundLogger

from bot.errors import DeliveryError, DeliveryKind
from bot.logs import log_failure
from bot.ports import Clock

SAID_WITHIN: Final = timedelta(seconds=5)
"""So long the end of the adapter waits for what is being said."""
PAUSES: Final = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
"""After each of these something is said again, or later where the platform names a moment."""
PATIENCE: Final = timedelta(minutes=1)
"""Whatever would be taken only after longer is said in another way at once: by then nobody looks there any more."""
PASSES: Final = frozenset({DeliveryKind.RETRY, DeliveryKind.WAIT_UNTIL})
"""What goes wrong so that the same may work in a moment. What was said although it failed is said twice then."""

Say: TypeAlias = Callable[[], Awaitable[object]]


class Beside:
    """Says things beside everything else, and knows what is still being said."""

    def __init__(self, clock: Clock, log: FilteringBoundLogger, adapter: str) -> None:
        """Take the time, and in whose name it is logged that something was not said."""
        self._clock = clock
        self._log = log
        self._not_said = f"{adapter}.not_said"
        self._beside: set[asyncio.Task[None]] = set()
        self._asleep: dict[asyncio.Task[Any] | None, datetime] = {}
        self._moved = asyncio.Event()
        self._ending = False

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the answer; nobody waits for it but the end of the adapter."""
        task = asyncio.get_running_loop().create_task(self._quietly(work))
        self._beside.add(task)
        task.add_done_callback(self._ended)

    async def settled(self) -> None:
        """Wait until everything is said but what waits for a moment that is yet to come."""
        while any(self._asleep.get(task, self._clock.now()) <= self._clock.now() for task in self._beside):
            self._moved.clear()
            await self._moved.wait()

    async def finish(self, within: timedelta = SAID_WITHIN) -> None:
        """Wait for what is being said; what takes too long, or waits, stays unsaid: it may never be taken."""
        self._ending = True
        for task in self._beside & self._asleep.keys():
            task.cancel()
        if self._beside:
            _, unsaid = await asyncio.wait(self._beside, timeout=within.total_seconds())
            for task in unsaid:
                task.cancel()
            if unsaid:
                await asyncio.wait(unsaid)

    async def insist(self, say: Say) -> None:
        """Say something, again a few times where that may help; raise what it failed with at last."""
        for pause in PAUSES:
            try:
                await say()
            except DeliveryError as fault:
                now = self._clock.now()
                again = max(now + pause, fault.retry_at or now)
                if fault.kind not in PASSES or again - now > PATIENCE or self._ending:
                    raise
            else:
                return
            await self._sleep_until(again)
        await say()

    async def _sleep_until(self, moment: datetime) -> None:
        task = asyncio.current_task()
        self._asleep[task] = moment
        self._moved.set()
        try:
            while self._clock.now() < moment:
                await self._clock.sleep_until(moment)
        finally:
            del self._asleep[task]

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except DeliveryError as fault:
            self._log.warning(self._not_said, fault=fault.detail)
        except Exception as error:  # noqa: BLE001 - it must not end anything else
            log_failure(self._log, self._not_said, error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        self._moved.set()
