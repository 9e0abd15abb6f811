"""What holds somebody up for as long as a test wants it: a call of Slack's, or the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from bot.ports import Transaction
from tests.fakes import StoreAround

T = TypeVar("T")


@dataclass
class Pause:
    """Whoever comes waits until it is over; `came` gets an entry for each of them."""

    came: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def holds_up(self) -> None:
        """Wait, as one of those who came."""
        self.came.put_nowait(None)
        await self.over.wait()


@dataclass
class SlowStore(StoreAround):
    """A store that changes nothing during a pause, if there is one."""

    pause: Pause | None = None

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        if self.pause:
            await self.pause.holds_up()
        return await super().transact(work)
