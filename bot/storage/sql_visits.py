"""Visits, their journal, the visitors' data and the timekeeper's claims, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, or_, select, true, update

from bot.domain.events import Event
from bot.domain.facts import Facts
from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.errors import Conflict, Unreadable
from bot.language.names import fold
from bot.ports import Entry, Stored
from bot.storage import codec, tables
from bot.storage.columns import people_of, promised_call, revised, revives
from bot.storage.sql_base import SqlBase, same_schema
from bot.storage.tables import card, journal, visit_person

_visit = tables.visit
_log = structlog.get_logger(__name__)


class SqlVisits(SqlBase):
    """The half of an SQL transaction that the desk and the timekeeper use."""

    # visits and their journal

    def visit(self, visit: str) -> Stored | None:
        """Load a visit, with its policy."""
        row = self._connection.execute(_stored().where(_visit.c.id == visit)).one_or_none()
        return self._read_visit(row) if row else None

    def save(
        self, visit: Visit, *, version: int, events: Sequence[Event], through: str, wake_at: datetime | None
    ) -> int:
        """Append events, save the visit and mark its cards; raises `Conflict` when the stored version is another."""
        after = version + len(events)
        news = revised(events, version)
        row = _columns(visit) | {"version": after, "wake_at": wake_at}
        if news:
            row |= {"revision": news[0], "revised_at": news[1]}
        self._put_visit(visit, version, row)
        if events:
            self._append(visit.id, version, events, through)
        self._put_people(visit)
        if news:
            self._mark_cards(visit.id, news[1], parked_too=revives(events))
        return after

    def journal(self, visit: str) -> Sequence[Entry]:
        """Give a visit's entries in order."""
        return self._entries(select(journal).where(journal.c.visit == visit).order_by(journal.c.seq))

    def entries(self, *, since: datetime | None, until: datetime | None) -> Sequence[Entry]:
        """Give entries of all visits, in the order in which they were written; since ≤ at < until."""
        query = select(journal).order_by(journal.c.number)
        if since is not None:
            query = query.where(journal.c.at >= since)
        if until is not None:
            query = query.where(journal.c.at < until)
        return self._entries(query)

    def visits(
        self,
        *,
        site: str | None = None,
        person: str | None = None,
        open_only: bool = True,
        closed_after: datetime | None = None,
    ) -> Sequence[Stored]:
        """List visits, first arrived first."""
        query = _stored().order_by(_visit.c.arrived, _visit.c.id)
        if site is not None:
            query = query.where(_visit.c.site == site)
        if person is not None:
            query = query.where(_visit.c.id.in_(select(visit_person.c.visit).where(visit_person.c.person == person)))
        if open_only:
            query = query.where(_open_or_closed_after(closed_after))
        listed = []
        for row in self._connection.execute(query).all():
            try:
                listed.append(self._read_visit(row))
            except Unreadable:  # one visit that cannot be read must not take the others off the board
                _log.error("store.visit_unreadable", visit=row.id)
        return listed

    def promised(self, person: str) -> Sequence[datetime]:
        """Give the due times of a person's promised callbacks, earliest first."""
        query = select(_visit.c.call_due).where(_visit.c.caller == person).order_by(_visit.c.call_due)
        return self._connection.scalars(query).all()

    def policy(self, digest: str) -> Policy | None:
        """Give a policy that some visit has frozen in."""
        if digest not in self._policies:
            query = select(tables.policy.c.body).where(tables.policy.c.digest == digest)
            body = self._connection.scalar(query)
            if body is None:
                return None
            self._policies[digest] = codec.POLICY.load(body)
        return self._policies[digest]

    # the visitor's own data

    def facts(self, visit: str) -> Facts | None:
        """Give the facts of a visit; None when they were erased."""
        body = self._connection.scalar(select(tables.facts.c.body).where(tables.facts.c.visit == visit))
        return None if body is None else codec.FACTS.load(body)

    def put_facts(self, visit: str, facts: Facts) -> None:
        """Save the facts of a visit, replacing those there were."""
        row = {
            "visit": visit,
            "visitor_folded": fold(facts.visitor),
            "company_folded": fold(facts.company),
            "body": codec.FACTS.dump(facts),
        }
        self._put(tables.facts, row)

    def same_visitor(self, folded: str, company_folded: str) -> Sequence[str]:
        """Give the ids of all visits of a visitor, oldest first."""
        query = (
            select(_visit.c.id)
            .join(tables.facts, tables.facts.c.visit == _visit.c.id)
            .where(tables.facts.c.visitor_folded == folded, tables.facts.c.company_folded == company_folded)
            .order_by(_visit.c.arrived, _visit.c.id)
        )
        return self._connection.scalars(query).all()

    # the timekeeper

    def due(self, now: datetime, *, leaving_out: Sequence[str] = ()) -> str | None:
        """Claim one visit whose `wake_at` has come, the most overdue first."""
        query = (
            select(_visit.c.id)
            .where(_visit.c.wake_at <= now, _visit.c.id.not_in(leaving_out), same_schema())
            .order_by(_visit.c.wake_at, _visit.c.id)
            .limit(1)
        )
        if not self._reading:
            query = query.with_for_update(skip_locked=True)  # on SQLite no other transaction runs beside this one
        return self._connection.scalar(query)

    def next_wake(self) -> datetime | None:
        """Give the earliest `wake_at` of all visits."""
        # Said in so many words, or SQLite would not use the partial index.
        query = select(func.min(_visit.c.wake_at, type_=tables.Moment)).where(_visit.c.wake_at.is_not(None))
        earliest: datetime | None = self._connection.scalar(query)
        return earliest

    def put_off(self, visit: str, wake_at: datetime | None) -> None:
        """Move a visit's `wake_at` without touching the visit."""
        self._write().execute(update(_visit).where(_visit.c.id == visit).values(wake_at=wake_at))

    # how it is done

    def _read_visit(self, row: Row[Any]) -> Stored:
        return Stored(visit=codec.VISIT.load(row.state, self._frozen_in), version=row.version)

    def _frozen_in(self, digest: str) -> Policy:
        policy = self.policy(digest)
        if policy is None:
            raise Unreadable(f"the policy {digest} is not kept here")
        return policy

    def _put_visit(self, visit: Visit, version: int, row: dict[str, Any]) -> None:
        if version == 0:
            kept = {"digest": visit.policy.digest, "body": codec.POLICY.dump(visit.policy)}
            self._put_if_new(tables.policy, kept)
            saved = self._put_if_new(_visit, row | {"id": visit.id})
        else:
            change = update(_visit).where(_visit.c.id == visit.id, _visit.c.version == version).values(row)
            saved = self._write().execute(change).rowcount == 1
        if not saved:
            raise Conflict(f"visit {visit.id} is no longer at version {version}")

    def _append(self, visit: str, version: int, events: Sequence[Event], through: str) -> None:
        rows = [
            {"visit": visit, "seq": seq, "at": event.at, "through": through, "event": codec.EVENT.dump(event)}
            for seq, event in enumerate(events, version + 1)
        ]
        self._write().execute(insert(journal), rows)

    def _put_people(self, visit: Visit) -> None:
        people = people_of(visit)
        known = set(self._connection.scalars(select(visit_person.c.person).where(visit_person.c.visit == visit.id)))
        if gone := known - people:
            mine = (visit_person.c.visit == visit.id, visit_person.c.person.in_(gone))
            self._write().execute(delete(visit_person).where(*mine))
        if new := people - known:
            rows = [{"person": person, "visit": visit.id} for person in sorted(new)]
            self._write().execute(insert(visit_person), rows)

    def _mark_cards(self, visit: str, at: datetime, *, parked_too: bool) -> None:
        """Let each card of the visit wait to be sent, also one that was parked; one that waits keeps its place."""
        stale = (
            card.c.visit == visit,
            card.c.waiting_since.is_(None),
            true() if parked_too else card.c.parked.is_(False),
        )
        self._write().execute(update(card).where(*stale).values(parked=False, waiting_since=at, ready_at=at))

    def _entries(self, query: Select[Any]) -> list[Entry]:
        return [
            Entry(
                number=row.number,
                visit=row.visit,
                seq=row.seq,
                event=codec.EVENT.load(row.event, self._frozen_in),
                through=row.through,
            )
            for row in self._connection.execute(query).all()
        ]


def _stored() -> Select[Any]:
    return select(_visit.c.id, _visit.c.state, _visit.c.version)


def _open_or_closed_after(moment: datetime | None) -> ColumnElement[bool]:
    still_open: ColumnElement[bool] = _visit.c.is_open.is_(True)
    return still_open if moment is None else or_(still_open, _visit.c.closed_at >= moment)


def _columns(visit: Visit) -> dict[str, Any]:
    """Give what is kept beside the visit's state."""
    call = promised_call(visit)
    return {
        "site": visit.site,
        "owner": visit.owner,
        "policy": visit.policy.digest,
        "state": codec.VISIT.dump(visit),
        "arrived": visit.arrived,
        "is_open": visit.is_open,
        "closed_at": visit.closed_at,
        "caller": call.by if call else None,
        "call_due": call.due if call else None,
    }
