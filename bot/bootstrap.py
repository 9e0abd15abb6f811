"""The only place where parts are joined: opened in order, run side by side, and stopped so that nothing is lost.

At SIGTERM the adapters take nothing more and answer what they took; timekeeper and courier finish what they do; the
store is closed last. At a kill -9 nothing of this happens, and nothing is lost either: what was answered was committed.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from adapters.registry import adapter_class
from bot.clock import SystemClock
from bot.courier import Courier
from bot.desk import FrontDesk
from bot.directory import Directory
from bot.errors import NotSaved
from bot.health import Health, Running
from bot.inbox import Inbox
from bot.language.wording import Wording
from bot.links import Keys, PageLinks, Signing
from bot.logs import log_failure, set_up_logs, take_over_libraries
from bot.metering import MeteredAdapter, MeteredStore
from bot.meters import Meter
from bot.notebook import StoredNotebook
from bot.noticing import noticed
from bot.ports import Capabilities, ChatAdapter, Clock, Store
from bot.records import HouseRecords
from bot.settings import Settings
from bot.sign_in import Entrance, SignIn
from bot.storage.databases import open_store
from bot.timekeeper import Timekeeper
from bot.troubles import Troubles
from bot.views import PageViews

if TYPE_CHECKING:
    from bot.operations import OperationsServer

log = structlog.get_logger(__name__)

CHECKPOINT_EVERY = timedelta(minutes=1)
"""So often the journal gets a checkpoint, when something was written: what is newer cannot be proved yet."""
STOP_WITHIN = timedelta(seconds=20)
"""So long an adapter may take to answer what it took and let go of its platform."""
CARRIED_WITHIN = timedelta(seconds=5)
"""So long the end waits for messages that are under way; an adapter that stops waits for the rest."""
TIDY_EVERY = timedelta(hours=6)
"""So often the keys of what came in long ago are forgotten, and sessions that are over."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What counts, and what tells it to whoever looks after hello30; only where the configuration asks for it."""

    meter: Meter
    server: OperationsServer


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
    entrance: Entrance | None  # None: nobody can sign in to the web pages
    adapters: dict[str, ChatAdapter]
    running: Running
    troubles: Troubles
    watch: Watch | None

    def add(self, adapter: ChatAdapter) -> None:
        """Put an adapter among those that are started.

        What does not work there is noticed, and what goes through it is counted if anybody wants to know.
        """
        looked_at = noticed(adapter, self.troubles)
        self.adapters[adapter.name] = MeteredAdapter(looked_at, self.watch.meter) if self.watch else looked_at

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
    keys: Keys | None = None,
) -> Parts:
    """Join the parts around a store that is open; adapters may be put into `Parts.adapters` until they are started.

    Without `keys` nobody can sign in.
    """
    wording = wording or Wording.load(kinds=settings.kinds)
    running = Running()
    directory = Directory(settings)
    carried_by = dict(adapters or {})
    desk = FrontDesk(settings, directory, can=lambda name: _can(carried_by.get(name)))
    troubles = Troubles(store, clock, running, carried_by, settings.sites)
    health = Health(store, clock, running, carried_by)
    health.troubles = troubles.said
    watch = _watch(settings, health, clock)
    if watch:
        store = MeteredStore(store, watch.meter)
    signing = Signing(keys, clock, settings.web.address) if keys else None
    pages = PageLinks(signing, carried_by)
    courier = Courier(store, desk, wording, clock, carried_by, pages=pages, running=running)
    meter = watch.meter if watch else None
    timekeeper = Timekeeper(store, desk, clock, changed=courier.alarm.ring, running=running, meter=meter)
    courier.moved = timekeeper.alarm.ring
    troubles.waits = courier.alarm.ring

    def changed() -> None:
        timekeeper.alarm.ring()
        courier.alarm.ring()

    inbox = Inbox(store, desk, directory, wording, clock, changed, pages=pages)
    records = HouseRecords(store, desk, wording, clock)
    return Parts(
        settings=settings,
        store=store,
        clock=clock,
        wording=wording,
        desk=desk,
        inbox=inbox,
        timekeeper=timekeeper,
        courier=courier,
        views=PageViews(store, desk, wording, clock),
        entrance=Entrance(SignIn(store, settings.people, signing, clock), records) if signing else None,
        adapters=carried_by,
        running=running,
        troubles=troubles,
        watch=watch,
    )


def _can(adapter: ChatAdapter | None) -> Capabilities:
    return Capabilities() if adapter is None else adapter.capabilities


def _watch(settings: Settings, health: Health, clock: Clock) -> Watch | None:
    if settings.operations is None:
        return None
    from bot.metrics import Metrics  # noqa: PLC0415 - slow to load, and needed only here
    from bot.operations import OperationsServer  # noqa: PLC0415

    metrics = Metrics()
    return Watch(metrics, OperationsServer(settings.operations, health, metrics, clock))


async def serve(settings: Settings, keys: Keys | None) -> None:
    """Run hello30 as configured until SIGTERM or SIGINT; without `keys` the web pages are open to nobody."""
    set_up_logs()
    take_over_libraries()
    store = await open_store(settings.database)
    try:
        parts = join(settings, store, SystemClock(), keys=keys)
        made = adapter_class("web")(
            settings,
            views=parts.views,
            wording=parts.wording,
            clock=parts.clock,
            entrance=parts.entrance,
            troubles=parts.troubles,
        )
        parts.add(made)
        if settings.slack:
            made = adapter_class("slack").configured(
                settings, os.environ, views=parts.views, wording=parts.wording, clock=parts.clock
            )
            parts.add(made)
        if settings.teams:
            made = adapter_class("teams").configured(
                settings,
                os.environ,
                notebook=StoredNotebook(store, "teams"),
                views=parts.views,
                wording=parts.wording,
                clock=parts.clock,
            )
            parts.add(made)
        await run(parts)
    finally:
        await store.close()


async def run(parts: Parts, *, stop: asyncio.Event | None = None, ready: asyncio.Event | None = None) -> None:
    """Run joined parts until told to stop, by the event or by a signal; `ready` is set once everything is taken."""
    stop = stop or asyncio.Event()
    _stop_at_signals(stop)
    async with _watched(parts), asyncio.TaskGroup() as group:
        group.create_task(parts.timekeeper.run(), name="timekeeper")
        carrying = group.create_task(parts.courier.run(), name="courier")
        looked_after = (
            group.create_task(_tidy(parts), name="tidy"),
            group.create_task(_keep_checkpoints(parts), name="checkpoints"),
            group.create_task(parts.troubles.run(), name="troubles"),
        )
        try:
            for adapter in parts.adapters.values():
                await adapter.start(parts.inbox.receive)
                parts.running.started.add(adapter.name)
            log.info("hello30.ready", adapters=list(parts.adapters), pages=parts.settings.web.address)
            if ready:
                ready.set()
            await stop.wait()
        finally:
            log.info("hello30.stopping")
            parts.running.stopping = True
            parts.courier.alarm.stop()  # what would be sent through an adapter that stops is sent after the next start
            await asyncio.wait({carrying}, timeout=CARRIED_WITHIN.total_seconds())
            for adapter in parts.adapters.values():
                await _stop(adapter)
            for task in looked_after:
                task.cancel()
            parts.timekeeper.alarm.stop()
    await _checkpoint(parts)


async def _stop(adapter: ChatAdapter) -> None:
    """Stop an adapter; one that cannot, or takes too long, must not keep the others from it."""
    try:
        async with asyncio.timeout(STOP_WITHIN.total_seconds()):
            await adapter.stop()
    except Exception as error:  # noqa: BLE001 - an adapter may fail in its own way
        log_failure(log, "hello30.adapter_not_stopped", error, adapter=adapter.name)


@asynccontextmanager
async def _watched(parts: Parts) -> AsyncIterator[None]:
    """Tell whoever looks after hello30 how it is, from before anything runs until everything has ended."""
    if parts.watch is None:
        yield
        return
    await parts.watch.server.start()
    try:
        yield
    finally:
        await parts.watch.server.stop()


async def _keep_checkpoints(parts: Parts) -> None:
    while True:
        await _checkpoint(parts)
        await asyncio.sleep(CHECKPOINT_EVERY.total_seconds())


async def _checkpoint(parts: Parts) -> None:
    try:
        await parts.store.checkpoint(parts.clock.now())
    except NotSaved as fault:  # the next one stands for what this one was to
        log.warning("journal.no_checkpoint", fault=str(fault))


async def _tidy(parts: Parts) -> None:
    while True:
        await _forget("inbox", parts.inbox.forget)
        if parts.entrance:
            await _forget("sign_in", parts.entrance.sign_in.forget)
        await asyncio.sleep(TIDY_EVERY.total_seconds())


async def _forget(what: str, forget: Callable[[], Awaitable[int]]) -> None:
    try:
        forgotten = await forget()
    except NotSaved as fault:  # the disk may be full: what is kept for longer does no harm
        log.warning("tidy.not_forgotten", what=what, fault=str(fault))
    else:
        log.debug("tidy.forgotten", what=what, forgotten=forgotten)


def _stop_at_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, ValueError, RuntimeError):  # not on Windows, not outside the main thread
            loop.add_signal_handler(number, stop.set)
