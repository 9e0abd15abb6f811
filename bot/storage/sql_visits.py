"""Visits, the visitors' data and the timekeeper's claims, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.domain.events import Event
from bot.domain.facts import Facts
from bot.domain.visit import Visit
from bot.errors import Conflict, Unreadable
from bot.language.names import fold
from bot.messages import Address
from bot.rows import Stored
from bot.storage import codec, tables
from bot.storage.columns import people_of, promised_call, revised, revives
from bot.storage.proof import seal
from bot.storage.sql_base import same_schema
from bot.storage.sql_journal import SqlJournal
from bot.storage.tables import card, visit_person

_visit = tables.visit
_log = structlog.get_logger(__name__)

VISITS_KEPT_READ = 4_096
"""So many visits are kept as they were read last; a visit is asked for many times in the minutes that it lasts."""

_STORED = select(_visit.c.id, _visit.c.state, _visit.c.version, _visit.c.head)
_ONE = _STORED.where(_visit.c.id == bindparam("visit"))
_CHANGE = update(_visit).where(_visit.c.id == bindparam("changed"), _visit.c.version == bindparam("loaded"))
_PUT_OFF = update(_visit).where(_visit.c.id == bindparam("put_off"))
_PUT_OFF_DUE = _PUT_OFF.where(_visit.c.wake_at <= bindparam("due"))
_PROMISED = select(_visit.c.call_due).where(_visit.c.caller == bindparam("person")).order_by(_visit.c.call_due)
_FACTS = select(tables.facts.c.body).where(tables.facts.c.visit == bindparam("visit"))
_WAITING_FOR = _STORED.where(_visit.c.is_open.is_(True), _visit.c.owner == bindparam("owner")).order_by(
    _visit.c.arrived, _visit.c.id
)
_OPEN_OF = (
    _STORED.join(tables.facts, tables.facts.c.visit == _visit.c.id)
    .where(tables.facts.c.visitor_folded == bindparam("visitor"), _visit.c.is_open.is_(True))
    .where(_visit.c.site == bindparam("site"), _visit.c.owner == bindparam("owner"))
    .order_by(_visit.c.arrived, _visit.c.id)
)
_SAME_VISITOR = (
    select(_visit.c.id)
    .join(tables.facts, tables.facts.c.visit == _visit.c.id)
    .where(tables.facts.c.visitor_folded == bindparam("visitor"), tables.facts.c.company_folded == bindparam("company"))
    .order_by(_visit.c.arrived, _visit.c.id)
)
_DUE = (
    _STORED.where(_visit.c.wake_at <= bindparam("now"), same_schema()).order_by(_visit.c.wake_at, _visit.c.id).limit(1)
)
_CLAIM_DUE = _DUE.with_for_update(skip_locked=True)  # on SQLite no other transaction runs beside this one
# Said in so many words, or SQLite would not use the partial index.
_NEXT_WAKE = select(func.min(_visit.c.wake_at, type_=tables.Moment)).where(_visit.c.wake_at.is_not(None))
_PEOPLE = select(visit_person.c.person).where(visit_person.c.visit == bindparam("visit"))
_ADD_PEOPLE = insert(visit_person)
_DROP_PERSON = delete(visit_person).where(
    visit_person.c.visit == bindparam("visit"), visit_person.c.person == bindparam("person")
)
# One that waits keeps its place, and one that was given up stays so unless it is taken up again; all are told.
_AT = bindparam("at", type_=tables.Moment)
_AS_IT_WAS = and_(card.c.parked.is_(True), bindparam("parked_too", type_=Boolean).is_(False))
_STALE = (
    update(card)
    .where(card.c.visit == bindparam("stale"))
    .values(
        parked=case((_AS_IT_WAS, True), else_=False),
        waiting_since=case((_AS_IT_WAS, None), else_=func.coalesce(card.c.waiting_since, _AT)),
        ready_at=case((_AS_IT_WAS, None), (card.c.waiting_since.is_(None), _AT), else_=card.c.ready_at),
    )
    .returning(card.c.reader, card.c.adapter, card.c.address)
)


class SqlVisits(SqlJournal):
    """The part of an SQL transaction that the desk and the timekeeper use."""

    # visits and their journal

    def visit(self, visit: str) -> Stored | None:
        """Load a visit, with its policy."""
        claimed, self._claimed = self._claimed, None
        if claimed is not None and claimed.id == visit:
            row: Row[Any] | None = claimed
        else:
            row = self._connection.execute(_ONE, {"visit": visit}).one_or_none()
        if row is None:
            return None
        stored = self._read_visit(row)
        self._heads[visit] = (row.version, row.head)
        self._people[visit] = people_of(stored.visit)
        return stored

    def save(
        self, visit: Visit, *, version: int, events: Sequence[Event], through: str, wake_at: datetime | None
    ) -> int:
        """Append events, save the visit and mark its cards; raises `Conflict` when the stored version is another."""
        self._claimed = None
        after = version + len(events)
        news = revised(events, version)
        entries = self._chained(visit, version, events, through)
        head = entries[-1]["hash"] if entries else self._head(visit, version)
        row = _columns(visit) | {"version": after, "head": head, "wake_at": wake_at}
        self._keep_read(visit.id, row["state"], visit)
        if news:
            row |= {"revision": news[0], "revised_at": news[1]}
        self._put_visit(visit, version, row)
        if entries:
            self._append(entries)
        self._heads[visit.id] = (after, head)
        self._put_people(visit, begun=version == 0)
        if version == 0 and visit.id not in self._cards:
            self._cards[visit.id] = set()
        elif news:
            self._mark_cards(visit.id, news[1], parked_too=revives(events))
        return after

    def visits(
        self,
        *,
        site: str | None = None,
        person: str | None = None,
        open_only: bool = True,
        closed_after: datetime | None = None,
    ) -> Sequence[Stored]:
        """List visits, first arrived first."""
        query = _STORED.order_by(_visit.c.arrived, _visit.c.id)
        if site is not None:
            query = query.where(_visit.c.site == site)
        if person is not None:
            query = query.where(_visit.c.id.in_(select(visit_person.c.visit).where(visit_person.c.person == person)))
        if open_only:
            query = query.where(_open_or_closed_after(closed_after))
        return self._readable(query)

    def promised(self, person: str) -> Sequence[datetime]:
        """Give the due times of a person's promised callbacks, earliest first."""
        return self._connection.scalars(_PROMISED, {"person": person}).all()

    # the visitor's own data

    def facts(self, visit: str) -> Facts | None:
        """Give the facts of a visit; None when they were erased."""
        body = self._connection.scalar(_FACTS, {"visit": visit})
        return None if body is None else codec.FACTS.load(body)

    def put_facts(self, visit: str, facts: Facts) -> None:
        """Save the facts of a visit, replacing those there were."""
        names = {"visitor_folded": fold(facts.visitor), "company_folded": fold(facts.company)}
        row = {"visit": visit, **names, "body": codec.FACTS.dump(facts)}
        self._put(tables.facts, row | {"seal": seal("facts", *row.values())})

    def waiting_for(self, owner: str) -> Sequence[Stored]:
        """Give the open visits that ask for this person, first arrived first."""
        return self._readable(_WAITING_FOR, {"owner": owner})

    def open_visits_of(self, folded: str, *, site: str, owner: str) -> Sequence[Stored]:
        """Give the open visits of a visitor for one owner at one site, first arrived first."""
        return self._readable(_OPEN_OF, {"visitor": folded, "site": site, "owner": owner})

    def same_visitor(self, folded: str, company_folded: str) -> Sequence[str]:
        """Give the ids of all visits of a visitor, oldest first."""
        return self._connection.scalars(_SAME_VISITOR, {"visitor": folded, "company": company_folded}).all()

    # the timekeeper

    def due(self, now: datetime) -> str | None:
        """Claim one visit whose `wake_at` has come, the most overdue first."""
        row = self._connection.execute(_DUE if self._reading else _CLAIM_DUE, {"now": now}).one_or_none()
        self._claimed = row  # whoever claims a visit loads it next
        return None if row is None else row.id

    def next_wake(self) -> datetime | None:
        """Give the earliest `wake_at` of all visits."""
        earliest: datetime | None = self._connection.scalar(_NEXT_WAKE)
        return earliest

    def put_off(self, visit: str, wake_at: datetime | None, *, due: datetime | None = None) -> None:
        """Move a visit's `wake_at` without touching the visit; with `due`, only where it has come by then."""
        self._claimed = None
        which = {"put_off": visit, "wake_at": wake_at}
        if due is None:
            self._write().execute(_PUT_OFF, which)
        else:
            self._write().execute(_PUT_OFF_DUE, which | {"due": due})

    # how it is done

    def _readable(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> list[Stored]:
        listed = []
        for row in self._connection.execute(query, values).all():
            try:
                listed.append(self._read_visit(row))
            except Unreadable:  # one visit that cannot be read must not take the others off the board
                _log.error("store.visit_unreadable", visit=row.id)
        return listed

    def _read_visit(self, row: Row[Any]) -> Stored:
        known = self._known.visits.get(row.id)
        if known is not None and known[0] == row.state:
            return Stored(visit=known[1], version=row.version)
        visit = codec.VISIT.load(row.state, self._frozen_in)
        self._keep_read(row.id, row.state, visit)
        return Stored(visit=visit, version=row.version)

    def _keep_read(self, visit: str, state: str, read: Visit) -> None:
        """Keep what a state was read as: it holds nothing of the visitor's, and another text is read anew."""
        known = self._known.visits
        with self._known.guard:
            known.pop(visit, None)
            known[visit] = (state, read)
            while len(known) > VISITS_KEPT_READ:
                del known[next(iter(known))]

    def _put_visit(self, visit: Visit, version: int, row: dict[str, Any]) -> None:
        if version == 0:
            if visit.policy.digest not in self._known.policies_kept:
                self._put_if_new(tables.policy, self._policy_row(visit.policy))
                self._policies_put.add(visit.policy.digest)
            saved = self._put_if_new(_visit, row | {"id": visit.id})
        else:
            which = {"changed": visit.id, "loaded": version}
            saved = self._write().execute(_CHANGE, row | which).rowcount == 1
        if not saved:
            raise Conflict(f"visit {visit.id} is no longer at version {version}")

    def _put_people(self, visit: Visit, *, begun: bool) -> None:
        people = people_of(visit)
        known = frozenset() if begun else self._people.get(visit.id)
        if known is None:
            known = frozenset(self._connection.scalars(_PEOPLE, {"visit": visit.id}))
        if gone := known - people:
            self._write().execute(_DROP_PERSON, [{"visit": visit.id, "person": person} for person in sorted(gone)])
        if new := people - known:
            self._insert(_ADD_PEOPLE, [{"visit": visit.id, "person": person} for person in sorted(new)])
        self._people[visit.id] = people

    def _mark_cards(self, visit: str, at: datetime, *, parked_too: bool) -> None:
        """Let each card of the visit wait to be sent, also one that was parked; one that waits keeps its place."""
        rows = self._write().execute(_STALE, {"stale": visit, "at": at, "parked_too": parked_too}).all()
        self._cards[visit] = {(row.reader, Address(row.adapter, row.address)) for row in rows}


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
