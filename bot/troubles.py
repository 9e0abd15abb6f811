"""What does not work on a platform, so that people hear of it by another way than that platform.

The web pages say it, and /readyz. It is kept in memory: the end of a platform's trouble is nothing that a database
could tell, a changed configuration comes with a new start, and what lasts is found again by the first look after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from threading import Lock
from typing import Final

import structlog

from bot.errors import DeliveryError, DeliveryKind, NotSaved
from bot.health import DEAF_AFTER, Running
from bot.logs import log_failure
from bot.messages import Address
from bot.ports import ChatAdapter, Clock, Store, Transaction
from bot.rows import Waiting
from bot.settings import Site

log = structlog.get_logger(__name__)

LOOK_EVERY: Final = timedelta(seconds=5)
SILENT_AFTER: Final = timedelta(minutes=1)
"""A platform that has been on hold for so long is called silent: a single slow answer alarms nobody."""
GONE_FOR: Final = timedelta(seconds=15)
"""A hold that ended less long ago may go on: a message is tried in between."""
REFUSED_FOR: Final = timedelta(minutes=6)
"""A refusal of hello30 itself is tried again every five minutes, unless nothing waits any more."""
ASK_AGAIN: Final = timedelta(minutes=1)
"""So often a platform is asked whether a counter's address takes messages by now."""
ASK_SELDOM: Final = timedelta(minutes=5)
"""So often where nothing is known against it: another process may have met it."""
ASKED_WITHIN: Final = timedelta(seconds=10)
TO_DO: Final = (
    "Please invite hello30 into this channel, or give the counter another one in the configuration and start hello30 "
    "again. Until then its cards are on the web page only."
)
"""What the log says of a counter's address that takes nothing."""
_ANSWERS: Final = frozenset({DeliveryKind.UNREACHABLE, DeliveryKind.POST_ANEW})
"""With these a platform refuses one message, and so takes hello30 itself."""


class What(StrEnum):
    """What does not work."""

    REFUSED = "refused"  # the platform refuses hello30 itself
    SILENT = "silent"  # it does not answer, or another process was refused
    DEAF = "deaf"  # what people do there does not reach us
    CLOSED = "closed"  # a counter's address takes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that does not work. `why` is what follows `page.trouble.why_` in the catalogues, `detail` a code.

    `site` and `at` are a counter's, and the address of it that takes nothing.
    """

    what: What
    adapter: str
    since: datetime
    why: str
    detail: str = ""
    site: str = ""
    at: str = ""


@dataclass(slots=True)
class _Held:
    """When a platform was first and last seen on hold, or not to be reached, without a break."""

    first: datetime
    last: datetime


class Troubles:
    """Knows what does not work now. `changed` is called whenever that is something else."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        running: Running,
        adapters: Mapping[str, ChatAdapter],
        sites: Mapping[str, Site],
    ) -> None:
        """Take what is looked at; adapters by their names."""
        self._store = store
        self._clock = clock
        self._running = running
        self._adapters = adapters
        self._counters = {at: site.id for site in sites.values() for at in site.reception}
        self._guard = Lock()  # an adapter may be called from anywhere
        self._refused: dict[str, Trouble] = {}
        self._closed: dict[Address, Trouble] = {}
        self._held: dict[str, _Held] = {}
        self._away: dict[str, _Held] = {}  # likewise, when it could not be reached
        self._refused_at: dict[str, datetime] = {}  # when it was refused last
        self._ask_at: dict[Address, datetime] = {}
        self._confirmed: set[Address] = set()
        self._opened: set[Address] = set()
        self._now: tuple[Trouble, ...] = ()
        self.changed: Callable[[], None] = lambda: None
        self.waits: Callable[[], None] = lambda: None  # something is to be carried that had been given up

    # --- what is known -----------------------------------------------------------------------------------------------

    def all(self) -> Sequence[Trouble]:
        """Give what did not work when it was last looked at."""
        return self._now

    def closed(self) -> Sequence[Trouble]:
        """Give the addresses of counters that take nothing."""
        with self._guard:
            return tuple(self._closed.values())

    def said(self) -> Iterator[str]:
        """Say which platforms cannot be reached, and which counters, and why."""
        now = self._clock.now()
        with self._guard:
            away = _still(self._away, now)
        for name, held in away.items():
            if now - held.first >= SILENT_AFTER:
                yield f"{name} has not been reached for {int((now - held.first).total_seconds())} seconds"
        for one in self.closed():
            yield f"cards do not reach the counter of {one.site} at {one.at} in {one.adapter}: {one.detail}"

    # --- what an adapter's calls tell --------------------------------------------------------------------------------

    def taken(self, to: Address) -> None:
        """Note that a message was taken at an address."""
        with self._guard:
            self._answers(to.adapter)
            over = self._open(to)
        if over:
            log.info("courier.reception_reached", site=over.site, adapter=to.adapter, address=to.id)

    def not_taken(self, to: Address, fault: DeliveryError) -> None:
        """Note that a message was not taken at an address."""
        if fault.kind is DeliveryKind.MISCONFIGURED:
            with self._guard:
                now, detail = self._clock.now(), fault.detail
                refused = Trouble(what=What.REFUSED, adapter=to.adapter, since=now, why="refused", detail=detail)
                self._refused.setdefault(to.adapter, refused)
                self._refused_at[to.adapter] = now
        elif fault.kind is DeliveryKind.WAIT_UNTIL:
            with self._guard:
                if fault.limited:
                    self._away.pop(to.adapter, None)
                else:
                    now = self._clock.now()
                    self._away.setdefault(to.adapter, _Held(now, now)).last = now
        elif fault.kind in _ANSWERS:
            with self._guard:
                self._answers(to.adapter)
            if fault.kind is DeliveryKind.UNREACHABLE and to in self._counters:
                self._is_closed(to, fault.detail)

    def _answers(self, adapter: str) -> None:
        """Note that a platform answers, and takes hello30 itself."""
        self._refused.pop(adapter, None)
        self._away.pop(adapter, None)

    def _is_closed(self, to: Address, detail: str) -> None:
        """Note that a counter's address takes nothing; logged once, until it works again."""
        site = self._counters[to]
        with self._guard:
            if to in self._closed:
                return
            self._closed[to] = Trouble(
                what=What.CLOSED,
                adapter=to.adapter,
                since=self._clock.now(),
                why="closed",
                detail=detail,
                site=site,
                at=to.id,
            )
            self._ask_at[to] = self._clock.now()
        log.error(
            "courier.reception_unreachable", site=site, adapter=to.adapter, address=to.id, detail=detail, to_do=TO_DO
        )

    def _open(self, to: Address) -> Trouble | None:
        self._confirmed.discard(to)
        self._ask_at[to] = self._clock.now() + ASK_SELDOM
        was = self._closed.pop(to, None)
        if was:
            self._opened.add(to)
        return was

    # --- looking -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look every few seconds, until cancelled; not where there are only the pages, which tell by being there."""
        while self._others():
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, visitors are greeted all the same
                log_failure(log, "hello30.troubles_not_seen", error)
            await self._clock.sleep_until(self._clock.now() + LOOK_EVERY)

    async def look(self) -> None:
        """Look at what does not work now, and tell if that has changed."""
        await asyncio.gather(*(self._ask(to) for to in self._counters if self._is_asked(to)))
        now = self._clock.now()
        with self._guard:
            opened = set(self._opened)
        for to in opened:
            if await self._store.transact(partial(_take_up, address=to, now=now)):
                self.waits()
            with self._guard:
                self._opened.discard(to)
        with suppress(NotSaved):  # the database does not answer, which everybody learns anyway: what was known stays
            self._hold(await self._store.read(lambda tx: tx.waiting(now)), now)
        found = tuple(self._found(now))
        if found != self._now:
            before, self._now = self._now, found
            self._tell(before)

    def _tell(self, before: Sequence[Trouble]) -> None:
        old, new = ({(one.adapter, one.what): one for one in some} for some in (before, self._now))
        for (adapter, what), one in new.items():
            if (adapter, what) not in old and what is not What.CLOSED:  # that was logged when it happened
                log.error("hello30.platform_trouble", what=what.value, adapter=adapter, why=one.why, detail=one.detail)
        for adapter, what in old.keys() - new.keys():
            if what is not What.CLOSED:
                log.info("hello30.platform_trouble_over", what=what.value, adapter=adapter)
        self.changed()

    def _others(self) -> Mapping[str, ChatAdapter]:
        return {name: adapter for name, adapter in self._adapters.items() if not adapter.capabilities.pages}

    def _found(self, now: datetime) -> Iterator[Trouble]:
        with self._guard:
            self._away = _still(self._away, now)
            for name in [name for name, at in self._refused_at.items() if now - at > REFUSED_FOR]:
                del self._refused_at[name]
                self._refused.pop(name, None)
            refused, closed, away = dict(self._refused), tuple(self._closed.values()), dict(self._away)
        for name, adapter in self._others().items():
            deaf = adapter.deaf
            silent = [held.first for held in (self._held.get(name), away.get(name)) if held]
            if name in refused:
                yield refused[name]
            elif silent and now - min(silent) >= SILENT_AFTER:
                yield Trouble(what=What.SILENT, adapter=name, since=min(silent), why="silent")
            if deaf and now - deaf.since >= DEAF_AFTER and name in self._running.started:
                yield Trouble(what=What.DEAF, adapter=name, since=deaf.since, why=deaf.why.value, detail=deaf.detail)
        yield from closed

    def _hold(self, waiting: Waiting, now: datetime) -> None:
        for name in waiting.on_hold:
            held = self._held.setdefault(name, _Held(now, now))
            held.last = now
        self._held = _still(self._held, now)

    def _is_asked(self, to: Address) -> bool:
        now = self._clock.now()
        at = self._ask_at.get(to, now)
        return to.adapter in self._others() and to.adapter in self._running.started and at <= now

    async def _ask(self, to: Address) -> None:
        """Ask whether a counter's address takes messages: at the start, each minute while it takes none, else seldom.

        That it does is believed only where the platform said before that it does not: it may not be able to tell.
        """
        self._ask_at[to] = self._clock.now() + ASK_AGAIN
        try:
            async with asyncio.timeout(ASKED_WITHIN.total_seconds()):
                why = await self._adapters[to.adapter].closed(to)
        except (DeliveryError, TimeoutError):
            return
        if why:
            self._is_closed(to, why)
            self._confirmed.add(to)
            self._ask_at[to] = self._clock.now() + ASK_AGAIN
        elif to in self._confirmed:
            self.taken(to)
        elif to not in self._closed:
            self._ask_at[to] = self._clock.now() + ASK_SELDOM


def _take_up(tx: Transaction, address: Address, now: datetime) -> int:
    return tx.take_up(address, now)


def _still(held: Mapping[str, _Held], now: datetime) -> dict[str, _Held]:
    """Give those for which it may still be so: a message is tried again and again while it waits."""
    return {name: one for name, one in held.items() if now - one.last <= GONE_FOR}
