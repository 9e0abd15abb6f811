"""Serves the demo: the real desk, a real SQLite file, the web pages, and a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import gettempdir
from zoneinfo import ZoneInfo

from adapters.registry import adapter_class
from bot import config
from bot.bootstrap import Parts, join, run
from bot.clock import SystemClock
from bot.demo.clock import DemoClock, first_moment
from bot.logs import set_up_logs, take_over_libraries
from bot.opening import SiteCalendar
from bot.ports import Clock
from bot.settings import Settings, Web
from bot.storage.databases import open_sqlite
from bot.storage.sqlite import take_lock

STEPS_AT_MOST = 500
"""So many moments may fire while the clock is moved forward once."""
DAYS_TO_OPEN = 14


def demo_settings(*, port: int, database: Path) -> Settings:
    """Read the demo's own configuration, for this port and database."""
    with as_file(files("bot.demo")) as folder:
        settings = config.load(folder / "config.yaml")
    return replace(settings, database=database, web=Web(host="127.0.0.1", port=port))


class Demo:
    """The demo behind the pages (`adapters.web.demo.DemoPages`): its people, and its clock's buttons."""

    def __init__(self, parts: Parts, clock: DemoClock) -> None:
        """Take what runs, and the clock that it runs by."""
        self._parts = parts
        self._clock = clock
        self._moving = asyncio.Lock()

    @property
    def speed(self) -> float:
        """Give how many seconds of the demo pass in a second."""
        return self._clock.speed

    @property
    def persons(self) -> Sequence[str]:
        """Give the ids of those whom one can be."""
        return tuple(self._parts.settings.people)

    async def forward(self, what: str) -> None:
        """Move the clock; everything that is due on the way happens at its moment, as if one had waited."""
        async with self._moving:
            target = FORWARD[what](self._parts.settings, self._clock.now())
            for _ in range(STEPS_AT_MOST):
                wake = await self._parts.store.read(lambda tx: tx.next_wake())
                if wake is None or wake > target:
                    break
                await self._move_to(wake)
            await self._move_to(target)
            self._parts.ring()

    async def _move_to(self, moment: datetime) -> None:
        """Keep where the clock goes, then move it there: after a kill -9 no time comes a second time."""
        await self._clock.keep(self._parts.store, moment)
        self._clock.move_to(moment)
        await self._parts.timekeeper.catch_up()


def _next_morning(settings: Settings, now: datetime) -> datetime:
    """Give when the first site opens next, on another day."""
    site = next(iter(settings.sites.values()))
    zone, calendar = ZoneInfo(site.zone), SiteCalendar(site)
    today = now.astimezone(zone).date()
    for ahead in range(1, DAYS_TO_OPEN):
        for minutes in range(0, 24 * 60, 30):
            wall = datetime.combine(today + timedelta(days=ahead), time(minutes // 60, minutes % 60), zone)
            if calendar.is_open(wall.astimezone(now.tzinfo)):
                return wall.astimezone(now.tzinfo)
    return now + timedelta(days=1)


FORWARD: dict[str, Callable[[Settings, datetime], datetime]] = {
    "1m": lambda _, now: now + timedelta(minutes=1),
    "15m": lambda _, now: now + timedelta(minutes=15),
    "morning": _next_morning,
}


@asynccontextmanager
async def demo_parts(*, port: int, speed: float, database: Path, machine: Clock | None = None) -> AsyncIterator[Parts]:
    """Join the demo's parts around its database; nothing runs yet."""
    settings = demo_settings(port=port, database=database)
    store = await open_sqlite(database)
    try:
        zone = next(iter(settings.sites.values())).zone
        clock = await DemoClock.restored(machine or SystemClock(), store, first_moment(zone), speed)
        parts = join(settings, store, clock)
        parts.adapters["web"] = adapter_class("web")(
            settings, views=parts.views, wording=parts.wording, clock=clock, demo=Demo(parts, clock)
        )
        yield parts
    finally:
        await store.close()


def default_database() -> Path:
    """Give where the demo keeps its visits when nobody says: among temporary files, one for each user of a machine."""
    from getpass import getuser  # noqa: PLC0415 - only needed here, and slow to load

    return Path(gettempdir()) / f"hello30-demo-{getuser()}.db"


def begin_again(path: Path) -> None:
    """Forget the demo's visits and its clock; `DatabaseBusy` while a demo runs on this database."""
    let_go = take_lock(path)
    try:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
    finally:
        let_go()


async def serve_demo(*, port: int, speed: float, database: Path | None, fresh: bool = False) -> None:
    """Serve the demo until SIGTERM or SIGINT, and say where it is; `fresh` begins its own database anew."""
    set_up_logs()
    take_over_libraries()
    path = database or default_database()
    if fresh and database is None:
        begin_again(path)
    async with demo_parts(port=port, speed=speed, database=path) as parts:
        ready = asyncio.Event()
        telling = asyncio.create_task(_tell(parts, ready, path))
        try:
            await run(parts, ready=ready)
        finally:
            telling.cancel()


async def _tell(parts: Parts, ready: asyncio.Event, path: Path) -> None:
    await ready.wait()
    port = parts.adapters["web"].port  # type: ignore[attr-defined]  # with 0 asked for, the one that was free
    print(f"hello30 demo: http://127.0.0.1:{port}/reception  (Ctrl+C stops it; visits are kept in {path})", flush=True)  # noqa: T201 - what one waits for
