"""Waiting for a moment, or until somebody rings, or until it is time to stop: shared by timekeeper and courier."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime

from bot.ports import Clock


class Alarm:
    """Wakes whoever waits at a moment of the clock, when rung, and for good when stopped."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock that moments are meant by."""
        self._clock = clock
        self._rung = asyncio.Event()
        self.stopped = False

    def ring(self) -> None:
        """Wake whoever waits, or whoever waits next."""
        self._rung.set()

    @property
    def is_rung(self) -> bool:
        """Tell whether somebody has rung, and nobody has woken from it yet."""
        return self._rung.is_set()

    def stop(self) -> None:
        """Wake whoever waits for the last time: what is being done is finished, and nothing new is begun."""
        self.stopped = True
        self._rung.set()

    async def wait(self, until: datetime) -> None:
        """Return once the moment has come, or after a ring."""
        if self.stopped:
            return
        sleeping = asyncio.ensure_future(self._clock.sleep_until(until))
        ringing = asyncio.ensure_future(self._rung.wait())
        try:
            await asyncio.wait({sleeping, ringing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sleeping, ringing):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self._rung.clear()
