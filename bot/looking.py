"""Asks platforms whether somebody who was told their question looks: beside the messages, which never wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from bot.errors import DeliveryError
from bot.ports import ChatAdapter
from bot.rows import CardRow
from bot.settling import Settling

log = structlog.get_logger(__name__)

HINT_WITHIN = timedelta(seconds=2)
"""So long a platform may take to say whether somebody looks; later than that it would help nobody."""


class Looking:
    """Looks whether people look, each as long as `within` at most; a hint makes the ladder start earlier."""

    def __init__(self, settling: Settling, changed: Callable[[], None]) -> None:
        """Take what notes a hint; `changed` is called when somebody may have been reminded or asked because of one."""
        self._settling = settling
        self._changed = changed
        self._tasks: set[asyncio.Task[None]] = set()
        self.within = HINT_WITHIN

    def begin(self, adapter: ChatAdapter, row: CardRow, asking: int) -> None:
        """Begin to look for whoever this card has told of this asking."""
        task = asyncio.create_task(self._look(adapter, row, asking))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ended(self) -> None:
        """Return once nobody is being looked for any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _look(self, adapter: ChatAdapter, row: CardRow, asking: int) -> None:
        try:
            async with asyncio.timeout(self.within.total_seconds()):
                why = await adapter.hint(row.address)
            if why is not None and await self._settling.seems_away(row, asking, why):
                self._changed()
        except Exception as error:  # noqa: BLE001 - nobody waits for it, and the ladder goes on as it would have
            fault = error.detail if isinstance(error, DeliveryError) else type(error).__name__
            log.info("courier.no_hint", visit=row.visit, adapter=row.address.adapter, fault=fault)
