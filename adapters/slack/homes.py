"""Publishes Home tabs: when one is opened, and afterwards whenever something on it has changed.

Nobody waits for it. A person's Home is published by one task at a time, which goes round once more if anything changed
meanwhile, however often; and only what differs from what Slack has is sent. What Slack does not take is tried again
with the next change: the Home tab only shows again what the cards say.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2s
from typing import Final

import structlog

from adapters.slack import payloads
from adapters.slack.calls import Calls
from adapters.slack.home import Counter, View, home_view, sentence_view
from adapters.slack.words import SlackWords
from bot.domain.people import Person
from bot.errors import DeliveryError
from bot.logs import log_failure
from bot.pages import Views
from bot.settings import Settings

log = structlog.get_logger(__name__)

HOMES_AT_MOST: Final = 1000
"""So many that were opened are kept up to date; the one that was opened longest ago is forgotten first."""
SHOWN_WITHIN: Final = timedelta(seconds=5)
"""So long the end of the adapter waits for what is being published."""


@dataclass(slots=True)
class _Home:
    """The Home tab of one user. `shown` is the mark of what Slack has, empty while nobody knows that."""

    shown: str = ""
    wanted: bool = False
    publishing: asyncio.Task[None] | None = None


class Homes:
    """The Home tabs that were opened, by users of Slack."""

    def __init__(self, settings: Settings, words: SlackWords, calls: Calls, views: Views) -> None:
        """Take whose they are, what is said on them, how they are published, and what there is to see."""
        self._settings = settings
        self._words = words
        self._calls = calls
        self._views = views
        self._homes: OrderedDict[str, _Home] = OrderedDict()
        self._finished = False
        self._people = {
            at.id: settings.people[person]
            for person, found in settings.addresses.items()
            for at in found
            if at.adapter == payloads.NAME
        }

    def opened(self, user: str, *, empty: bool = False) -> None:
        """Publish what somebody has before them, and keep it up to date from now on.

        `empty`: Slack has nothing to show there, whatever was published before.
        """
        home = self._homes.setdefault(user, _Home())
        self._homes.move_to_end(user)
        if empty:
            home.shown = ""
        self._publish_soon(user, home)
        self._forget()

    def changed(self, reader: str) -> None:
        """Publish anew what has a card of this reader on it: a person, or `reception:` and a site."""
        for user, home in self._homes.items():
            person = self._people.get(user)
            if person and (person.id == reader or reader in {f"reception:{site}" for site in person.reception_of}):
                self._publish_soon(user, home)

    async def finish(self, within: timedelta = SHOWN_WITHIN) -> None:
        """Take nothing more, and wait for what is being published; what takes too long is given up."""
        self._finished = True
        if publishing := self._publishing():
            _, unshown = await asyncio.wait(publishing, timeout=within.total_seconds())
            for task in unshown:
                task.cancel()
            if unshown:
                await asyncio.wait(unshown)

    async def settled(self) -> None:
        """Wait until nothing is being published."""
        while publishing := self._publishing():
            await asyncio.wait(publishing)

    def _publishing(self) -> list[asyncio.Task[None]]:
        tasks = (home.publishing for home in self._homes.values())
        return [task for task in tasks if task and not task.done()]

    def _forget(self) -> None:
        """Forget what was opened longest ago; one that is being published stays until it is."""
        idle = [user for user, home in self._homes.items() if not home.publishing]
        for user in idle[: max(len(self._homes) - HOMES_AT_MOST, 0)]:
            del self._homes[user]

    # --- publishing --------------------------------------------------------------------------------------------------

    def _publish_soon(self, user: str, home: _Home) -> None:
        if self._finished:
            return
        home.wanted = True
        if home.publishing is None:
            work = self._publish_while_wanted(user, home)
            # in a context of its own: what it logs is about no single visit
            home.publishing = asyncio.get_running_loop().create_task(work, context=Context())

    async def _publish_while_wanted(self, user: str, home: _Home) -> None:
        try:
            while home.wanted and not self._finished:
                home.wanted = False
                await self._publish(user, home)
        finally:
            home.publishing = None

    async def _publish(self, user: str, home: _Home) -> None:
        try:
            view = await self._view(user)
            mark = blake2s(json.dumps(view).encode()).hexdigest()
            if mark == home.shown:
                return
            home.shown = ""  # until Slack has taken it, nobody knows what it has
            await self._calls.publish(user, view)
            home.shown = mark
        except DeliveryError as fault:
            log.warning("slack.home_not_published", fault=fault.detail)
        except Exception as error:  # noqa: BLE001 - it must not end anything else
            log_failure(log, "slack.home_not_published", error)

    async def _view(self, user: str) -> View:
        person = self._people.get(user)
        if person is None:
            return sentence_view(self._words.say("slack.home_stranger", self._words.reader(""), {"text": user}))
        own = await self._views.board(person.id, reception=None)
        return home_view(own, await self._counters(person), self._words.home(self._words.reader(person.id)))

    async def _counters(self, person: Person) -> list[Counter]:
        """Give the boards of the counters at which somebody stands."""
        reader = self._words.reader(person.id)
        sites = [self._settings.sites[site] for site in person.reception_of if site in self._settings.sites]
        return [
            Counter(
                self._words.say("page.people.at_reception", reader, {"site": site.name}),
                await self._views.board(person.id, reception=site.id),
            )
            for site in sites
        ]
