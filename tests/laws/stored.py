"""The world of the laws on a store: what was decided is saved, and the story goes on with what the store gives back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count
from typing import ClassVar, TypeVar

from bot.domain import commands as c
from bot.domain.events import Event
from bot.domain.visit import Visit
from bot.ports import Store, Transaction
from tests.laws.machine import Stories
from tests.laws.world import Deed, LawBroken, Tale, World

T = TypeVar("T")
NAMES = count(1)


@dataclass(frozen=True, slots=True)
class Keeping:
    """A store, and the loop in which it is asked."""

    store: Store
    runner: asyncio.Runner

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction."""
        return self.runner.run(self.store.transact(work))


@dataclass(slots=True)
class StoredWorld(World):
    """A world whose visits are in a store; what only might be goes on outside of it."""

    keeping: Keeping | None = None

    def announce(self, command: c.AnnounceArrival) -> Tale:
        """Let a visitor come, under a name that no other story has."""
        tale = World.announce(self, replace(command, visit=f"{command.visit}-{next(NAMES)}"))
        self._save(tale, 0)
        return tale

    def give(self, tale: Tale, command: c.Command) -> Deed:
        """Carry out a command as the desk does, up to the commit."""
        version = len(tale.journal)
        deed = World.give(self, tale, command)
        if not deed.events:
            return deed
        self._save(tale, version)
        return replace(deed, after=tale.visit)

    def clone(self, tale: Tale) -> tuple[World, Tale]:
        """Give a world that is in no store."""
        return World(core=self.core, now=self.now, tales=self.tales, away=self.away).clone(tale)

    def _save(self, tale: Tale, version: int) -> None:
        assert self.keeping is not None
        wake = self.core.next_moment(tale.visit)
        tale.visit, tale.journal, found = self.keeping.transact(lambda tx: self._saved(tx, tale, version))
        moments = [self.core.next_moment(each.visit) for each in {id(t): t for t in (*self.tales, tale)}.values()]
        if found != min((moment for moment in moments if moment is not None), default=None):
            raise LawBroken(1, f"the store wakes at {found}, and {tale.visit.id} has its moment at {wake}")

    def _saved(self, tx: Transaction, tale: Tale, version: int) -> tuple[Visit, list[Event], datetime | None]:
        visit, events = tale.visit, tale.journal[version:]
        tx.save(visit, version=version, events=events, through="web", wake_at=self.core.next_moment(visit))
        stored = tx.visit(visit.id)
        assert stored is not None
        journal = [entry.event for entry in tx.journal(visit.id)]
        if not stored.version == len(journal) == version + len(events):
            raise LawBroken(2, f"{visit.id} is stored at version {stored.version}, with {len(journal)} entries")
        return stored.visit, journal, tx.next_wake()


class StoredStories(Stories):
    """Stories that are told on a store."""

    keeping: ClassVar[Keeping]

    def begin(self, away: Mapping[str, str | None]) -> World:
        """Begin in a world whose visits are stored."""
        return StoredWorld(self.core, away=dict(away), keeping=self.keeping)

    def teardown(self) -> None:
        """Wake nobody of this story in the next one."""
        if hasattr(self, "world"):
            for tale in (*self.world.tales, *self.ended):
                self.keeping.transact(partial(_put_off, visit=tale.visit.id))


def _put_off(tx: Transaction, visit: str) -> None:
    tx.put_off(visit, None)
