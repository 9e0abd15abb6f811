"""The clock of the machine. The demo has one of its own, in `bot.demo`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """The machine's time, in UTC."""

    def now(self) -> datetime:
        """Give the present moment."""
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        """Return once `moment` has come."""
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds()))
