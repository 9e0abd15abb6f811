"""Cards and nudges on their way, in SQL: claimed with a lease and a token, settled by whoever holds the token."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
    tuple_,
    update,
)

from bot.domain.card import Nudge, Phrase
from bot.errors import Unreadable
from bot.messages import Address, Receipt
from bot.rows import CardRow, NudgeRow
from bot.storage import codec, tables
from bot.storage.proof import seal
from bot.storage.sql_base import InsertIfNew, SqlBase, holds_on, same_schema
from bot.storage.tables import card, hold, nudge

_log = structlog.get_logger(__name__)


def _elsewhere(table: Table) -> ColumnElement[bool]:
    """Leave out the addresses that are busy: a list that must be put into the query each time."""
    return tuple_(table.c.adapter, table.c.address).not_in(bindparam("busy", expanding=True))


def _earliest(table: Table, *which: ColumnElement[bool]) -> ScalarSelect[Any]:
    """Ask for the earliest moment: of each row that waits, the later one of `ready_at` and the end of its holds."""
    until = select(func.max(hold.c.until)).where(holds_on(table)).correlate(table).scalar_subquery()
    ready = case((until > table.c.ready_at, until), else_=table.c.ready_at)
    waits = table.c.waiting_since.is_not(None)
    return select(func.min(ready, type_=tables.Moment)).where(waits, *which).scalar_subquery()


def _claim(table: Table) -> Select[Any]:
    """Ask for the rows that have waited for longest, among those that may be claimed now."""
    held = exists().where(holds_on(table), hold.c.until > bindparam("now"))
    return (
        select(table)
        .where(table.c.waiting_since.is_not(None), table.c.ready_at <= bindparam("now"), ~held, same_schema())
        .order_by(table.c.waiting_since, *table.primary_key)
        .limit(bindparam("rows"))
        .with_for_update(skip_locked=True)
    )


def _of(table: Table) -> list[ColumnElement[bool]]:
    return [column == bindparam(f"of_{column.name}") for column in table.primary_key]


_CLAIM = {table: _claim(table) for table in (card, nudge)}
_CLAIM_BESIDE = {table: _claim(table).where(_elsewhere(table)) for table in (card, nudge)}
_LEASE = {table: update(table).where(*_of(table)) for table in (card, nudge)}
_SETTLE = {table: update(table).where(*_of(table), table.c.token == bindparam("of_token")) for table in (card, nudge)}
_MOVED_ON = (
    select(tables.visit.c.revised_at)
    .where(tables.visit.c.id == bindparam("of_visit"), tables.visit.c.revision > bindparam("told"))
    .scalar_subquery()
)
_CARD_SHOWN = _SETTLE[card].values(waiting_since=_MOVED_ON, ready_at=_MOVED_ON)
_AT_ONCE = _SETTLE[card].values(ready_at=card.c.waiting_since)
_NEXT = select(*(_earliest(table) for table in (card, nudge)))
_NEXT_BESIDE = select(*(_earliest(table, _elsewhere(table)) for table in (card, nudge)))
_REVISED_AT = select(tables.visit.c.revised_at).where(tables.visit.c.id == bindparam("of")).scalar_subquery()
_NEW_CARD = InsertIfNew(card).values(waiting_since=_REVISED_AT, ready_at=_REVISED_AT)
_CARDS = select(card.c.reader, card.c.adapter, card.c.address).where(card.c.visit == bindparam("visit"))
_PLACES = select(card.c.adapter, card.c.address, card.c.shown).where(
    card.c.visit == bindparam("visit"), card.c.reader == bindparam("reader"), ~card.c.parked
)
_SHOWN = {
    table: select(table.c.visit)
    .where(table.c.known_as == bindparam("known_as"), table.c.adapter == bindparam("adapter"))
    .order_by(table.c.visit)
    .limit(1)
    for table in (card, nudge)
}
_TAKE_UP = update(card).where(
    card.c.adapter == bindparam("at_adapter"),
    card.c.address == bindparam("at_address"),
    card.c.parked.is_(True),
    card.c.visit.in_(select(tables.visit.c.id).where(tables.visit.c.is_open.is_(True))),
)
_SETTLED: Mapping[str, Any] = {"waiting_since": None, "ready_at": None, "token": None}


class SqlDelivery(SqlBase):
    """The part of an SQL transaction that the courier uses."""

    def show(self, visit: str, places: Iterable[tuple[str, Address]]) -> Collection[tuple[str, Address]]:
        """See to it that each reader has a card at their address; it waits at once if the visit is saved already."""
        there = self._cards_of(visit)
        new = [place for place in dict.fromkeys(places) if place not in there]
        there.update(new)
        rows = []
        for reader, address in new:
            row = {"visit": visit, "reader": reader, "adapter": address.adapter, "address": address.id}
            rows.append(row | {"seal": seal("card", *row.values()), "of": visit})
        if rows:
            self._insert(_NEW_CARD, rows)
        return new

    def card_places(self, visit: str, reader: str) -> Mapping[Address, bool]:
        """Give where a reader has a card that was not given up; True where it was shown already."""
        rows = self._connection.execute(_PLACES, {"visit": visit, "reader": reader}).all()
        return {Address(row.adapter, row.address): row.shown > 0 for row in rows}

    def queue(self, nudge: Nudge[Phrase], address: Address, at: datetime) -> None:
        """Queue a nudge; nothing happens when its key was queued for this address before."""
        row = {
            "key": nudge.key,
            "adapter": address.adapter,
            "address": address.id,
            "visit": nudge.visit,
            "body": codec.NUDGE.dump(nudge),
        }
        self._put_if_new(
            tables.nudge, row | {"seal": seal("nudge", *row.values()), "waiting_since": at, "ready_at": at}
        )

    def claim_cards(
        self, now: datetime, lease_until: datetime, token: str, *, most: int = 1, busy: Collection[Address] = ()
    ) -> Sequence[CardRow]:
        """Claim the cards that have been behind for longest; a lost lease counts as a try without a result."""
        return [
            CardRow(
                visit=row.visit,
                reader=row.reader,
                address=Address(row.adapter, row.address),
                shown=row.shown,
                receipt=_receipt(row.receipt),
                token=token,
                **_tries(row),
            )
            for row in self._claim(card, now, lease_until, token, most, busy)
        ]

    def claim_nudges(
        self,
        now: datetime,
        lease_until: datetime,
        token: str,
        *,
        most: int = 1,
        busy: Collection[Address] = (),
        unreadable: list[tuple[str, Address]] | None = None,
    ) -> Sequence[NudgeRow]:
        """Claim the nudges that have waited for longest; a lost lease counts as a try without a result."""
        claimed: list[NudgeRow] = []
        while not claimed and (rows := self._claim(nudge, now, lease_until, token, most, busy)):
            for row in rows:
                address = Address(row.adapter, row.address)
                try:
                    read = codec.NUDGE.load(row.body)
                except Unreadable:
                    _log.error("store.nudge_unreadable", visit=row.visit)
                    self._settle(nudge, _which(nudge, row) | {"of_token": token}, {"outcome": "parked", **_SETTLED})
                    if unreadable is not None:
                        unreadable.append((row.visit, address))
                else:
                    claimed.append(NudgeRow(nudge=read, address=address, token=token, **_tries(row)))
        return claimed

    def card_shown(self, row: CardRow, version: int, receipt: Receipt) -> bool:
        """Note what a card shows; it waits again when the visit has moved on meanwhile."""
        done = {
            "shown": version,
            **_kept(receipt),
            "attempts": 0,
            "unknown": False,
            "token": None,
        }
        return self._write().execute(_CARD_SHOWN, {**_of_card(row), "told": version, **done}).rowcount == 1

    def card_failed(
        self,
        row: CardRow,
        *,
        not_before: datetime | None,
        unknown: bool,
        forget_receipt: bool = False,
        parked: bool = False,
        counts: bool = True,
    ) -> bool:
        """Give a card back; that an earlier try's result is unknown is forgotten only together with its receipt."""
        failed: dict[str, Any] = {
            "attempts": _one_more(row.attempts) if counts else row.attempts,
            "unknown": unknown or (row.unknown and not forget_receipt),
            "token": None,
        }
        if forget_receipt:
            failed |= _kept(None)
        if parked:
            failed |= {"parked": True, "attempts": 0, **_SETTLED}  # the next change of the visit takes it up again
        elif not_before is None:
            return self._write().execute(_AT_ONCE, {**_of_card(row), **failed}).rowcount == 1
        else:
            failed["ready_at"] = not_before
        return self._settle(card, _of_card(row), failed)

    def take_up(self, address: Address, now: datetime) -> int:
        """Let the cards of open visits that were given up at an address wait again; give how many."""
        at = {"at_adapter": address.adapter, "at_address": address.id, "waiting_since": now, "ready_at": now}
        return self._write().execute(_TAKE_UP, {**at, "parked": False}).rowcount

    def nudge_done(self, row: NudgeRow, outcome: str, receipt: Receipt | None = None) -> bool:
        """Note that a nudge was `sent`, `superseded` or `parked`."""
        return self._settle(nudge, _of_nudge(row), {"outcome": outcome, **_kept(receipt), **_SETTLED})

    def nudge_failed(self, row: NudgeRow, *, not_before: datetime, unknown: bool, counts: bool = True) -> bool:
        """Give a nudge back until `not_before`; what is unknown of an earlier try stays unknown."""
        failed = {
            "attempts": _one_more(row.attempts) if counts else row.attempts,
            "unknown": unknown or row.unknown,
            "ready_at": not_before,
            "token": None,
        }
        return self._settle(nudge, _of_nudge(row), failed)

    def shown_at(self, adapter: str, known_as: str) -> str | None:
        """Give the visit that a message is about, a card or a nudge."""
        which = {"adapter": adapter, "known_as": known_as}
        found = (self._connection.scalar(_SHOWN[table], which) for table in (card, nudge) if known_as)
        return next((visit for visit in found if visit is not None), None)

    def hold(self, adapter: str, bucket: str, until: datetime | None, *, unless_after: datetime | None = None) -> None:
        """Let nothing be claimed for a bucket until then; None lifts it; one that ends after `unless_after` stays."""
        row = {"adapter": adapter, "bucket": bucket, "until": until}
        mine = [hold.c.adapter == adapter, hold.c.bucket == bucket]
        if unless_after is not None:
            mine.append(hold.c.until <= unless_after)
        if until is None:
            self._write().execute(delete(hold).where(*mine))
        elif unless_after is None:
            self._put(hold, row)
        elif not self._put_if_new(hold, row):
            self._write().execute(update(hold).where(*mine).values(until=until))

    def next_delivery(self, *, busy: Collection[Address] = ()) -> datetime | None:
        """Give the earliest moment at which something that waits may be claimed, elsewhere than where it is busy."""
        elsewhere = {"busy": [(address.adapter, address.id) for address in busy]} if busy else {}
        moments = self._connection.execute(_NEXT_BESIDE if busy else _NEXT, elsewhere).one()
        return min((moment for moment in moments if moment is not None), default=None)

    def _claim(
        self,
        table: Table,
        now: datetime,
        lease_until: datetime,
        token: str,
        most: int,
        busy: Collection[Address],
    ) -> Sequence[Row[Any]]:
        """Claim up to so many rows, each for another address; what more there is for one of them stays for later."""
        connection = self._write()
        asked: dict[str, Any] = {"now": now, "rows": most}
        if busy:
            asked["busy"] = [(address.adapter, address.id) for address in busy]
        rows = connection.execute(_CLAIM_BESIDE[table] if busy else _CLAIM[table], asked).all()
        first: dict[tuple[str, str], Row[Any]] = {}
        for row in rows:
            first.setdefault((row.adapter, row.address), row)
        leased = [
            {"ready_at": lease_until, "token": token, **_tries(row), **_which(table, row)} for row in first.values()
        ]
        if leased:
            self._write().execute(_LEASE[table], leased[0] if len(leased) == 1 else leased)
        return list(first.values())

    def _cards_of(self, visit: str) -> set[tuple[str, Address]]:
        """Give who has a card of a visit, and where."""
        if visit not in self._cards:
            rows = self._connection.execute(_CARDS, {"visit": visit}).all()
            self._cards[visit] = {(row.reader, Address(row.adapter, row.address)) for row in rows}
        return self._cards[visit]

    def _settle(self, table: Table, which: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
        return self._write().execute(_SETTLE[table], {**which, **change}).rowcount == 1


def _tries(row: Row[Any]) -> dict[str, Any]:
    """Count a lease that ran out without a word as one more try, whose result is unknown."""
    lost = row.token is not None
    tries = max(0, min(row.attempts, tables.MOST_TRIES)) if isinstance(row.attempts, int) else 0
    return {"attempts": _one_more(tries) if lost else tries, "unknown": row.unknown or lost}


def _one_more(tries: int) -> int:
    """Count a try, and stop where nobody counts any more; somebody may have written anything there by hand."""
    return min(tries + 1, tables.MOST_TRIES)


def _which(table: Table, row: Row[Any]) -> dict[str, Any]:
    """Give the key of a row, as statements name it."""
    return {f"of_{column.name}": row._mapping[column.name] for column in table.primary_key}  # noqa: SLF001  # its public name


def _of_card(row: CardRow) -> dict[str, Any]:
    """Give the key of a claimed card, and whose lease it is."""
    of = {"of_visit": row.visit, "of_reader": row.reader, "of_token": row.token}
    return of | {"of_adapter": row.address.adapter, "of_address": row.address.id}


def _of_nudge(row: NudgeRow) -> dict[str, Any]:
    """Give the key of a claimed nudge, and whose lease it is."""
    of = {"of_key": row.nudge.key, "of_token": row.token}
    return of | {"of_adapter": row.address.adapter, "of_address": row.address.id}


def _kept(receipt: Receipt | None) -> dict[str, Any]:
    """Give the columns of a receipt."""
    if receipt is None:
        return {"receipt": None, "known_as": None}
    return {"receipt": codec.RECEIPT.dump(receipt), "known_as": receipt.known_as or None}


def _receipt(body: str | None) -> Receipt | None:
    """Read a receipt; one that cannot be read finds no message any more, so the card is posted anew."""
    if not body:
        return None
    try:
        return codec.RECEIPT.load(body)
    except Unreadable:
        _log.error("store.receipt_unreadable")
        return None
