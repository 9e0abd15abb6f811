"""The only place where parts are joined: opened in order, run side by side, and stopped so that nothing is lost.

At SIGTERM the adapters take nothing more and answer what they took; timekeeper and courier finish what they do; the
store is closed last. At a kill -9 nothing of this happens, and nothing is lost either: what was answered was committed.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from adapters.registry import adapter_class
from bot.clock import SystemClock
from bot.courier import Courier
from bot.desk import FrontDesk
from bot.directory import Directory
from bot.errors import NotSaved
from bot.inbox import Inbox
from bot.language.wording import Wording
from bot.logs import set_up_logs
from bot.ports import ChatAdapter, Clock, Store
from bot.settings import Settings
from bot.storage.sql import open_sqlite
from bot.timekeeper import Timekeeper
from bot.views import PageViews

log = structlog.get_logger(__name__)

TIDY_EVERY = timedelta(hours=6)
"""So often the keys of what came in long ago are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that runs, joined."""

    settings: Settings
    store: Store
    clock: Clock
    wording: Wording
    desk: FrontDesk
    inbox: Inbox
    timekeeper: Timekeeper
    courier: Courier
    views: PageViews
    adapters: dict[str, ChatAdapter]

    def ring(self) -> None:
        """Let timekeeper and courier look again: a deadline or a card may have changed."""
        self.timekeeper.alarm.ring()
        self.courier.alarm.ring()


def join(
    settings: Settings,
    store: Store,
    clock: Clock,
    *,
    wording: Wording | None = None,
    adapters: Mapping[str, ChatAdapter] | None = None,
) -> Parts:
    """Join the parts around a store that is open; adapters may be put into `Parts.adapters` until they are started."""
    wording = wording or Wording.load(kinds=settings.kinds)
    directory = Directory(settings)
    desk = FrontDesk(settings, directory)
    carried_by = dict(adapters or {})
    courier = Courier(store, desk, wording, clock, carried_by)
    timekeeper = Timekeeper(store, desk, clock, changed=courier.alarm.ring)
    courier.moved = timekeeper.alarm.ring

    def changed() -> None:
        timekeeper.alarm.ring()
        courier.alarm.ring()

    return Parts(
        settings=settings,
        store=store,
        clock=clock,
        wording=wording,
        desk=desk,
        inbox=Inbox(store, desk, directory, wording, clock, changed),
        timekeeper=timekeeper,
        courier=courier,
        views=PageViews(store, desk, wording, clock),
        adapters=carried_by,
    )


async def serve(settings: Settings) -> None:
    """Run hello30 as configured until SIGTERM or SIGINT."""
    set_up_logs()
    store = await open_sqlite(settings.database)
    try:
        parts = join(settings, store, SystemClock())
        parts.adapters["web"] = adapter_class("web")(
            settings, views=parts.views, wording=parts.wording, clock=parts.clock
        )
        await run(parts)
    finally:
        await store.close()


async def run(parts: Parts, *, stop: asyncio.Event | None = None, ready: asyncio.Event | None = None) -> None:
    """Run joined parts until told to stop, by the event or by a signal; `ready` is set once everything is taken."""
    stop = stop or asyncio.Event()
    _stop_at_signals(stop)
    async with asyncio.TaskGroup() as group:
        group.create_task(parts.timekeeper.run(), name="timekeeper")
        group.create_task(parts.courier.run(), name="courier")
        tidying = group.create_task(_tidy(parts), name="tidy")
        try:
            for adapter in parts.adapters.values():
                await adapter.start(parts.inbox.receive)
            log.info("hello30.ready", adapters=list(parts.adapters))
            if ready:
                ready.set()
            await stop.wait()
        finally:
            log.info("hello30.stopping")
            for adapter in parts.adapters.values():
                with suppress(Exception):
                    await adapter.stop()
            tidying.cancel()
            parts.timekeeper.alarm.stop()
            parts.courier.alarm.stop()


async def _tidy(parts: Parts) -> None:
    while True:
        try:
            log.debug("inbox.forgotten", keys=await parts.inbox.forget())
        except NotSaved as fault:  # the disk may be full: what is kept for longer does no harm
            log.warning("inbox.not_forgotten", fault=str(fault))
        await asyncio.sleep(TIDY_EVERY.total_seconds())


def _stop_at_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, ValueError, RuntimeError):  # not on Windows, not outside the main thread
            loop.add_signal_handler(number, stop.set)
