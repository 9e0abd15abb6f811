"""Cards and nudges on their way, in SQL: claimed with a lease and a token, settled by whoever holds the token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
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


def _earliest(table: Table) -> ScalarSelect[Any]:
    """Ask for the earliest moment: of each row that waits, the later one of `ready_at` and the end of its holds."""
    until = select(func.max(hold.c.until)).where(holds_on(table)).correlate(table).scalar_subquery()
    ready = case((until > table.c.ready_at, until), else_=table.c.ready_at)
    return select(func.min(ready, type_=tables.Moment)).where(table.c.waiting_since.is_not(None)).scalar_subquery()


def _claim(table: Table) -> Select[Any]:
    """Ask for the row that has waited for longest, among those that may be claimed now."""
    held = exists().where(holds_on(table), hold.c.until > bindparam("now"))
    return (
        select(table)
        .where(table.c.waiting_since.is_not(None), table.c.ready_at <= bindparam("now"), ~held, same_schema())
        .order_by(table.c.waiting_since, *table.primary_key)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _lease(table: Table) -> Update:
    return update(table).where(*(column == bindparam(f"of_{column.name}") for column in table.primary_key))


_CLAIM = {table: _claim(table) for table in (card, nudge)}
_LEASE = {table: _lease(table) for table in (card, nudge)}
_NEXT = select(*(_earliest(table) for table in (card, nudge)))
_REVISED_AT = select(tables.visit.c.revised_at).where(tables.visit.c.id == bindparam("of")).scalar_subquery()
_NEW_CARD = InsertIfNew(card).values(waiting_since=_REVISED_AT, ready_at=_REVISED_AT)
_CARDS = select(card.c.reader, card.c.adapter, card.c.address).where(card.c.visit == bindparam("visit"))
_SETTLED: Mapping[str, Any] = {"waiting_since": None, "ready_at": None, "token": None}


class SqlDelivery(SqlBase):
    """The part of an SQL transaction that the courier uses."""

    def show(self, visit: str, places: Iterable[tuple[str, Address]]) -> None:
        """See to it that each reader has a card at their address; it waits at once if the visit is saved already."""
        there, rows = self._cards_of(visit), []
        for reader, address in places:
            if (reader, address) not in there:
                there.add((reader, address))
                row = {"visit": visit, "reader": reader, "adapter": address.adapter, "address": address.id}
                rows.append(row | {"seal": seal("card", *row.values()), "of": visit})
        if rows:
            self._insert(_NEW_CARD, rows)

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

    def claim_card(self, now: datetime, lease_until: datetime, token: str) -> CardRow | None:
        """Claim the card that has been behind its visit for longest; a lost lease counts as a try without a result."""
        row = self._claim(card, now, lease_until, token)
        if row is None:
            return None
        return CardRow(
            visit=row.visit,
            reader=row.reader,
            address=Address(row.adapter, row.address),
            shown=row.shown,
            receipt=_receipt(row.receipt),
            token=token,
            **_tries(row),
        )

    def claim_nudge(
        self, now: datetime, lease_until: datetime, token: str, *, unreadable: list[tuple[str, Address]] | None = None
    ) -> NudgeRow | None:
        """Claim the nudge that has waited for longest; a lost lease counts as a try without a result."""
        while (row := self._claim(nudge, now, lease_until, token)) is not None:
            address = Address(row.adapter, row.address)
            try:
                return NudgeRow(nudge=codec.NUDGE.load(row.body), address=address, token=token, **_tries(row))
            except Unreadable:
                _log.error("store.nudge_unreadable", visit=row.visit)
                mine = (nudge.c.key == row.key, nudge.c.adapter == row.adapter, nudge.c.address == row.address)
                self._write().execute(update(nudge).where(*mine).values(outcome="parked", **_SETTLED))
                if unreadable is not None:
                    unreadable.append((row.visit, address))
        return None

    def card_shown(self, row: CardRow, version: int, receipt: Receipt) -> bool:
        """Note what a card shows; it waits again when the visit has moved on meanwhile."""
        moved_on = (tables.visit.c.id == row.visit, tables.visit.c.revision > version)
        since = select(tables.visit.c.revised_at).where(*moved_on).scalar_subquery()
        done = {
            "shown": version,
            "receipt": codec.RECEIPT.dump(receipt),
            "attempts": 0,
            "unknown": False,
            "waiting_since": since,
            "ready_at": since,
            "token": None,
        }
        return self._settle(card, _is_card(row), done)

    def card_failed(
        self,
        row: CardRow,
        *,
        not_before: datetime | None,
        unknown: bool,
        forget_receipt: bool = False,
        parked: bool = False,
    ) -> bool:
        """Give a card back; that an earlier try's result is unknown is forgotten only together with its receipt."""
        failed: dict[str, Any] = {
            "attempts": _one_more(row.attempts),
            "unknown": unknown or (row.unknown and not forget_receipt),
            "ready_at": card.c.waiting_since if not_before is None else not_before,
            "token": None,
        }
        if forget_receipt:
            failed["receipt"] = None
        if parked:
            failed |= {"parked": True, "attempts": 0, **_SETTLED}  # the next change of the visit takes it up again
        return self._settle(card, _is_card(row), failed)

    def nudge_done(self, row: NudgeRow, outcome: str, receipt: Receipt | None = None) -> bool:
        """Note that a nudge was `sent`, `superseded` or `parked`."""
        kept = codec.RECEIPT.dump(receipt) if receipt else None
        return self._settle(nudge, _is_nudge(row), {"outcome": outcome, "receipt": kept, **_SETTLED})

    def nudge_failed(self, row: NudgeRow, *, not_before: datetime, unknown: bool) -> bool:
        """Give a nudge back until `not_before`; what is unknown of an earlier try stays unknown."""
        failed = {
            "attempts": _one_more(row.attempts),
            "unknown": unknown or row.unknown,
            "ready_at": not_before,
            "token": None,
        }
        return self._settle(nudge, _is_nudge(row), failed)

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

    def next_delivery(self) -> datetime | None:
        """Give the earliest moment at which something that waits may be claimed."""
        moments = self._connection.execute(_NEXT).one()
        return min((moment for moment in moments if moment is not None), default=None)

    def _claim(self, table: Table, now: datetime, lease_until: datetime, token: str) -> Row[Any] | None:
        connection = self._write()
        row = connection.execute(_CLAIM[table], {"now": now}).one_or_none()
        if row is not None:
            which = {f"of_{column.name}": row._mapping[column.name] for column in table.primary_key}  # noqa: SLF001  # its public name
            leased = {"ready_at": lease_until, "token": token, **_tries(row)}
            connection.execute(_LEASE[table], leased | which)
        return row

    def _cards_of(self, visit: str) -> set[tuple[str, Address]]:
        """Give who has a card of a visit, and where."""
        if visit not in self._cards:
            rows = self._connection.execute(_CARDS, {"visit": visit}).all()
            self._cards[visit] = {(row.reader, Address(row.adapter, row.address)) for row in rows}
        return self._cards[visit]

    def _settle(self, table: Table, key: ColumnElement[bool], change: Mapping[str, Any]) -> bool:
        return self._write().execute(update(table).where(key).values(change)).rowcount == 1


def _tries(row: Row[Any]) -> dict[str, Any]:
    """Count a lease that ran out without a word as one more try, whose result is unknown."""
    lost = row.token is not None
    tries = max(0, min(row.attempts, tables.MOST_TRIES)) if isinstance(row.attempts, int) else 0
    return {"attempts": _one_more(tries) if lost else tries, "unknown": row.unknown or lost}


def _one_more(tries: int) -> int:
    """Count a try, and stop where nobody counts any more; somebody may have written anything there by hand."""
    return min(tries + 1, tables.MOST_TRIES)


def _is_card(row: CardRow) -> ColumnElement[bool]:
    return and_(
        card.c.visit == row.visit,
        card.c.reader == row.reader,
        card.c.adapter == row.address.adapter,
        card.c.address == row.address.id,
        card.c.token == row.token,
    )


def _is_nudge(row: NudgeRow) -> ColumnElement[bool]:
    return and_(
        nudge.c.key == row.nudge.key,
        nudge.c.adapter == row.address.adapter,
        nudge.c.address == row.address.id,
        nudge.c.token == row.token,
    )


def _receipt(body: str | None) -> Receipt | None:
    """Read a receipt; one that cannot be read finds no message any more, so the card is posted anew."""
    if not body:
        return None
    try:
        return codec.RECEIPT.load(body)
    except Unreadable:
        _log.error("store.receipt_unreadable")
        return None
