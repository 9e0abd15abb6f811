"""The demo's clock: starts on a Wednesday at 09:12, runs as fast as one likes, and can be moved forward.

It is kept in the demo's database as two moments that belong together, the machine's and the demo's, so that a restart
does not jump.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.ports import Clock, Store

KEPT_AS = "demo.clock"


def first_moment(zone: str) -> datetime:
    """Give when the demo begins: Wednesday 4 March 2026, 09:12, by the wall clock of the site."""
    return datetime(2026, 3, 4, 9, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)


class DemoClock:
    """A clock of the demo, `speed` seconds of it to a second of the machine's."""

    def __init__(self, machine: Clock, start: datetime, speed: float) -> None:
        """Begin at `start`; `restore` takes up where an earlier run was."""
        self._machine = machine
        self._since = machine.now()
        self._base = start
        self._moved = asyncio.Event()
        self.speed = speed

    @classmethod
    async def restored(cls, machine: Clock, store: Store, start: datetime, speed: float) -> DemoClock:
        """Take up where the clock in this database was, as if it had gone on; or begin at `start`."""
        clock = cls(machine, start, speed)
        kept = await store.read(lambda tx: tx.value(KEPT_AS))
        if kept is not None:
            with suppress(ValueError, LookupError, TypeError, OverflowError):  # unreadable: it begins again
                values = json.loads(kept)
                since, base = datetime.fromisoformat(values["machine"]), datetime.fromisoformat(values["demo"])
                clock._base = base + (machine.now() - since) * float(values["speed"])
        await clock.keep(store)
        return clock

    def now(self) -> datetime:
        """Give the demo's present moment."""
        return self._base + (self._machine.now() - self._since) * self.speed

    async def sleep_until(self, moment: datetime) -> None:
        """Return once the demo's clock shows `moment`, or when it was moved."""
        seconds = max(0.0, (moment - self.now()) / timedelta(seconds=1) / self.speed)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), seconds)

    def move_to(self, moment: datetime) -> None:
        """Move the clock forward; backwards it does not go."""
        now = self.now()
        self._since, self._base = self._machine.now(), max(now, moment)
        self._moved.set()
        self._moved = asyncio.Event()

    async def keep(self, store: Store, moment: datetime | None = None) -> None:
        """Keep the clock in the demo's database, as it is or as it will be once it is moved to `moment`."""
        machine = self._machine.now()
        demo = max(self.now(), moment) if moment else self.now()
        values = {"machine": machine.isoformat(), "demo": demo.isoformat(), "speed": self.speed}
        await store.transact(lambda tx: tx.put_value(KEPT_AS, json.dumps(values)))
