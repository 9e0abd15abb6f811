"""The store in memory: for tests, for `rehearse` and for a look around. Everything is gone when the process ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.domain.events import Event
from bot.domain.facts import Facts
from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.errors import Conflict, NotSaved
from bot.language.names import fold
from bot.ports import Transaction
from bot.rows import Entry, Stored
from bot.storage.columns import people_of, promised_call, revised, revives
from bot.storage.memory_base import Kept, KeptVisit, MemoryBase, utc
from bot.storage.memory_delivery import MemoryDelivery
from bot.storage.memory_sign_in import MemorySignIn
from bot.storage.memory_waiting import MemoryWaiting

T = TypeVar("T")


class MemoryVisits(MemoryBase):
    """The part of a transaction in memory that the desk and the timekeeper use."""

    # visits and their journal

    def visit(self, visit: str) -> Stored | None:
        """Load a visit, with its policy."""
        row = self._kept.visits.get(visit)
        return Stored(visit=row.visit, version=row.version) if row else None

    def save(
        self, visit: Visit, *, version: int, events: Sequence[Event], through: str, wake_at: datetime | None
    ) -> int:
        """Append events, save the visit and mark its cards; raises `Conflict` when the stored version is another."""
        before = self._kept.visits.get(visit.id)
        if version != (before.version if before else 0):
            raise Conflict(f"visit {visit.id} is no longer at version {version}")
        after = version + len(events)
        news = revised(events, version)
        revision, revised_at = news or ((before.revision, before.revised_at) if before else (0, visit.arrived))
        row = KeptVisit(
            visit=visit,
            version=after,
            revision=revision,
            revised_at=utc(revised_at),
            wake_at=None if wake_at is None else utc(wake_at),
        )
        self._put(self._kept.visits, visit.id, row)
        self._put(self._kept.policies, visit.policy.digest, visit.policy)
        self._append(visit.id, version, events, through)
        if news:
            self._mark_cards(visit.id, row.revised_at, parked_too=revives(events))
        return after

    def journal(self, visit: str) -> Sequence[Entry]:
        """Give a visit's entries in order."""
        return self._kept.journals.get(visit, ())

    def entries(self, *, since: datetime | None, until: datetime | None) -> Sequence[Entry]:
        """Give entries of all visits, in the order in which they were written; since ≤ at < until."""
        wanted = (
            entry
            for journal in self._kept.journals.values()
            for entry in journal
            if (since is None or since <= entry.event.at) and (until is None or entry.event.at < until)
        )
        return sorted(wanted, key=lambda entry: entry.number)

    def visits(
        self,
        *,
        site: str | None = None,
        person: str | None = None,
        open_only: bool = True,
        closed_after: datetime | None = None,
    ) -> Sequence[Stored]:
        """List visits, first arrived first."""
        wanted = (
            row
            for row in self._kept.visits.values()
            if (site is None or row.visit.site == site)
            and (person is None or person in people_of(row.visit))
            and (not open_only or _is_open_or_closed_after(row.visit, closed_after))
        )
        return [Stored(visit=row.visit, version=row.version) for row in _first_arrived_first(wanted)]

    def promised(self, person: str) -> Sequence[datetime]:
        """Give the due times of a person's promised callbacks, earliest first."""
        calls = (promised_call(row.visit) for row in self._kept.visits.values())
        return sorted(utc(call.due) for call in calls if call and call.by == person)

    def policy(self, digest: str) -> Policy | None:
        """Give a policy that some visit has frozen in."""
        return self._kept.policies.get(digest)

    # the visitor's own data

    def facts(self, visit: str) -> Facts | None:
        """Give the facts of a visit; None when they were erased."""
        return self._kept.facts.get(visit)

    def put_facts(self, visit: str, facts: Facts) -> None:
        """Save the facts of a visit, replacing those there were."""
        self._needed.add(visit)
        self._put(self._kept.facts, visit, facts)

    def waiting_for(self, owner: str) -> Sequence[Stored]:
        """Give the open visits that ask for this person, first arrived first."""
        return [stored for stored in self.visits() if stored.visit.owner == owner]

    def open_visits_of(self, folded: str, *, site: str, owner: str) -> Sequence[Stored]:
        """Give the open visits of a visitor for one owner at one site, first arrived first."""
        facts = self._kept.facts
        return [
            stored
            for stored in self.visits(site=site)
            if stored.visit.owner == owner
            and (of := facts.get(stored.visit.id)) is not None
            and fold(of.visitor) == folded
        ]

    def same_visitor(self, folded: str, company_folded: str) -> Sequence[str]:
        """Give the ids of all visits of a visitor, oldest first."""
        wanted = (
            self._kept.visits[visit]
            for visit, facts in self._kept.facts.items()
            if visit in self._kept.visits and (fold(facts.visitor), fold(facts.company)) == (folded, company_folded)
        )
        return [row.visit.id for row in _first_arrived_first(wanted)]

    # the timekeeper

    def due(self, now: datetime) -> str | None:
        """Claim one visit whose `wake_at` has come, the most overdue first."""
        wakes = (
            (row.wake_at, visit)
            for visit, row in self._kept.visits.items()
            if row.wake_at is not None and row.wake_at <= now
        )
        return min(wakes, default=(None, None))[1]

    def next_wake(self) -> datetime | None:
        """Give the earliest `wake_at` of all visits."""
        return min((row.wake_at for row in self._kept.visits.values() if row.wake_at is not None), default=None)

    def put_off(self, visit: str, wake_at: datetime | None, *, due: datetime | None = None) -> None:
        """Move a visit's `wake_at` without touching the visit; with `due`, only where it has come by then."""
        row = self._kept.visits.get(visit)
        if row is not None and (due is None or (row.wake_at is not None and row.wake_at <= due)):
            self._put(self._kept.visits, visit, replace(row, wake_at=None if wake_at is None else utc(wake_at)))

    # how it is done

    def _append(self, visit: str, version: int, events: Sequence[Event], through: str) -> None:
        journal = self._kept.journals.get(visit, ())
        number = 1 + sum(map(len, self._kept.journals.values()))
        new = (
            Entry(number=number + place, visit=visit, seq=version + 1 + place, event=event, through=through)
            for place, event in enumerate(events)
        )
        self._put(self._kept.journals, visit, (*journal, *new))

    def _mark_cards(self, visit: str, at: datetime, *, parked_too: bool) -> None:
        """Let each card of the visit wait to be sent, also one that was parked; one that waits keeps its place."""
        for key, card in list(self._kept.cards.items()):
            if card.visit == visit and card.waiting_since is None and (parked_too or not card.parked):
                self._put(self._kept.cards, key, replace(card, parked=False, waiting_since=at, ready_at=at))


class MemoryTransaction(MemoryVisits, MemoryDelivery, MemorySignIn, MemoryWaiting):
    """One transaction in memory."""

    def answered(self, key: str) -> str | None:
        """Give what was remembered under this idempotency key, or None."""
        remembered = self._kept.inbox.get(key)
        return remembered[0] if remembered else None

    def remember(self, key: str, answer: str, at: datetime) -> None:
        """Remember an answer; raises `Conflict` when the key is there already."""
        if key in self._kept.inbox:
            raise Conflict("this came in already")
        self._put(self._kept.inbox, key, (answer, utc(at)))

    def forget(self, before: datetime) -> int:
        """Forget keys remembered before this moment; give how many."""
        old = [key for key, (_, at) in self._kept.inbox.items() if at < before]
        for key in old:
            self._drop(self._kept.inbox, key)
        return len(old)

    def value(self, name: str) -> str | None:
        """Give a small value kept under a name."""
        return self._kept.values.get(name)

    def values(self, prefix: str) -> Mapping[str, str]:
        """Give all small values whose names begin so, in the order of their names."""
        return {name: value for name, value in sorted(self._kept.values.items()) if name.startswith(prefix)}

    def put_value(self, name: str, value: str) -> None:
        """Keep a small value under a name."""
        self._put(self._kept.values, name, value)

    def drop_value(self, name: str) -> None:
        """Forget a small value; nothing happens when there is none."""
        self._drop(self._kept.values, name)


class MemoryStore:
    """A store without a database. A transaction is one plain call, so no other can come between."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept = Kept()
        self._closed = False

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`; undo everything when it raises."""
        transaction = self._begin(reading=False)
        try:
            result = work(transaction)
            transaction.check()
        except BaseException:
            transaction.undo()
            raise
        return result

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`; whatever would write raises `NotSaved`."""
        return work(self._begin(reading=True))

    async def peek(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`, as `read` does."""
        return await self.read(work)

    async def checkpoint(self, now: datetime) -> bool:  # noqa: ARG002 - the port's signature
        """Do nothing: what is gone with the process need not be proved."""
        return False

    async def close(self) -> None:
        """Take no more transactions."""
        self._closed = True

    def _begin(self, *, reading: bool) -> MemoryTransaction:
        if self._closed:
            raise NotSaved("the store is closed")
        return MemoryTransaction(self._kept, reading=reading)


def _is_open_or_closed_after(visit: Visit, moment: datetime | None) -> bool:
    return visit.is_open or (moment is not None and visit.closed_at is not None and visit.closed_at >= moment)


def _first_arrived_first(rows: Iterable[KeptVisit]) -> list[KeptVisit]:
    return sorted(rows, key=lambda row: (row.visit.arrived, row.visit.id))
