"""Where a rehearsal is played: the real desk, inbox and journal around a store in memory, on a clock that is moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from bot.desk import TIME, FrontDesk
from bot.directory import Directory
from bot.domain import commands as c
from bot.domain.card import Card, Phrase
from bot.domain.cards import RECEPTION_READER
from bot.domain.visit import Visit
from bot.inbox import Inbox
from bot.language.moments import language_of
from bot.language.wording import Reader, Wording
from bot.messages import Incoming, Reply, Typed
from bot.parcels import Packing
from bot.ports import Transaction
from bot.rehearsal.arrival import VISITOR, Arrival
from bot.rehearsal.bound import announcement
from bot.rows import Entry, Stored
from bot.settings import Settings
from bot.storage.memory import MemoryStore

LEASE: Final = timedelta(minutes=1)
THROUGH: Final = "web"


class MovedClock:
    """A clock that shows what it is set to."""

    def __init__(self, now: datetime) -> None:
        """Begin at this moment."""
        self.moment = now

    def now(self) -> datetime:
        """Give the moment it is set to."""
        return self.moment

    async def sleep_until(self, moment: datetime) -> None:
        """Be there at once."""
        self.moment = max(self.moment, moment)


class Stage:
    """One visit being played; everything is told to everybody in one language, by the clock of the site."""

    def __init__(self, settings: Settings, arrival: Arrival, language: str) -> None:
        """Take the house and the arrival; `language` is a tag such as fr."""
        self.reader = reader_at(settings, arrival.site, language)
        self.arrival = arrival
        self.settings = _told_alike(settings, self.reader)
        self.wording = Wording.load(kinds=settings.kinds)
        self.clock = MovedClock(arrival.at)
        directory = Directory(self.settings)
        self.desk = FrontDesk(self.settings, directory)
        self._store = MemoryStore()
        self._inbox = Inbox(self._store, self.desk, directory, self.wording, self.clock, lambda: None)
        self._packing = Packing(self.desk, self.wording)
        self._keys = 0

    async def announce(self) -> None:
        """Let the visitor come."""
        command = announcement(self.arrival)
        await self._store.transact(lambda tx: self.desk.announce(tx, command, VISITOR, self.clock.now(), THROUGH))

    async def pass_time(self) -> None:
        """Fire one moment of the visit that has come."""
        await self._store.transact(
            lambda tx: self.desk.act(tx, self._id, c.PassTime(), self.clock.now(), TIME),
        )

    async def types(self, person: str, text: str) -> Reply:
        """Let somebody type a line, as on their page."""
        addresses = self.settings.addresses[person]
        self._keys += 1
        return await self._inbox.receive(Incoming(key=str(self._keys), sender=addresses[0], act=Typed(text=text)))

    # --- looking ---------------------------------------------------------------------------------------------------

    async def stored(self) -> Stored:
        """Give the visit as it stands, with its version."""
        return await self._store.read(lambda tx: self.desk.load(tx, self._id))

    async def journal(self) -> Sequence[Entry]:
        """Give the visit's journal."""
        return await self._store.read(lambda tx: tx.journal(self._id))

    async def cards(self) -> Mapping[str, Card[Phrase]]:
        """Give everybody's card as it stands now, by reader."""
        now = self.clock.now()
        return await self._store.read(lambda tx: self.desk.cards(tx, self.desk.load(tx, self._id), now))

    def say(self, phrase: Phrase) -> str:
        """Write a phrase as it is read now."""
        return self.wording.say(phrase, self.reader, self.clock.now())

    async def nudged(self) -> list[tuple[str, str]]:
        """Give whose phones buzz now, with the words, in the order of the journal; what is superseded is not sent."""
        return await self._store.transact(lambda tx: [(who, text) for _, who, text in sorted(self._sent(tx))])

    def _sent(self, tx: Transaction) -> Iterator[tuple[int, str, str]]:
        now = self.clock.now()
        while rows := tx.claim_nudges(now, now + LEASE, "rehearsal"):
            for row in rows:
                shown = self._packing.nudge(tx, row, now).shown
                tx.nudge_done(row, "sent" if shown else "superseded")
                if shown:
                    yield int(shown.key.split(":")[1]), shown.person, shown.text

    @property
    def counter(self) -> str:
        """Give the reader that is the counter."""
        return RECEPTION_READER + self.arrival.site

    @property
    def _id(self) -> str:
        return announcement(self.arrival).visit


def last_asked(visit: Visit) -> str:
    """Give the person who was asked last: the responder; or who has promised, where nothing is asked of a person."""
    for asking in (visit.visitor_question, visit.call_question):
        if asking is not None and not asking.with_reception:
            return asking.responder
    promise = visit.hello_promise or visit.callback_promise
    if promise is not None:
        return promise.by
    return visit.asked[-1] if visit.asked else visit.owner


def reader_at(settings: Settings, site: str, language: str) -> Reader:
    """Give for whom a rehearsal is written: this language, as it is written around here (fr-CA, say)."""
    tags = (settings.sites[site].language, *(person.language for person in settings.people.values()))
    return Reader(next((tag for tag in tags if language_of(tag) == language), language), settings.sites[site].zone)


def _told_alike(settings: Settings, reader: Reader) -> Settings:
    """Give the same house, in which everybody reads what the admin reads."""
    people = {
        name: replace(person, language=reader.language, zone=reader.zone) for name, person in settings.people.items()
    }
    sites = {name: replace(site, language=reader.language) for name, site in settings.sites.items()}
    return replace(settings, people=MappingProxyType(people), sites=MappingProxyType(sites))
