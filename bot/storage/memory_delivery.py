"""Cards and nudges on their way, in memory; the same rules as in `bot.storage.sql_delivery`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from bot.domain.card import Nudge, Phrase
from bot.errors import Held
from bot.messages import Address, Receipt
from bot.rows import CardRow, NudgeRow, bucket
from bot.storage.memory_base import KeptCard, KeptNudge, MemoryBase, Waiting, utc

K = TypeVar("K", tuple[str, str, Address], tuple[str, Address])
W = TypeVar("W", bound=Waiting)


class MemoryDelivery(MemoryBase):
    """The part of a transaction in memory that the courier uses."""

    def show(self, visit: str, places: Iterable[tuple[str, Address]]) -> Collection[tuple[str, Address]]:
        """See to it that each reader has a card at their address; it waits at once if the visit is saved already."""
        self._needed.add(visit)
        saved = self._kept.visits.get(visit)
        since = saved.revised_at if saved else None
        new = [place for place in dict.fromkeys(places) if (visit, *place) not in self._kept.cards]
        for reader, address in new:
            card = KeptCard(visit=visit, reader=reader, address=address, waiting_since=since, ready_at=since)
            self._put(self._kept.cards, (visit, reader, address), card)
        return new

    def card_places(self, visit: str, reader: str) -> Mapping[Address, bool]:
        """Give where a reader has a card that was not given up; True where it was shown already."""
        cards = self._kept.cards.values()
        theirs = (card for card in cards if (card.visit, card.reader, card.parked) == (visit, reader, False))
        return {card.address: card.shown > 0 for card in theirs}

    def queue(self, nudge: Nudge[Phrase], address: Address, at: datetime) -> None:
        """Queue a nudge; nothing happens when its key was queued for this address before."""
        key = (nudge.key, address)
        if key not in self._kept.nudges:
            row = KeptNudge(nudge=nudge, address=address, waiting_since=utc(at), ready_at=utc(at))
            self._put(self._kept.nudges, key, row)

    def claim_cards(
        self, now: datetime, lease_until: datetime, token: str, *, most: int = 1, busy: Collection[Address] = ()
    ) -> Sequence[CardRow]:
        """Claim the cards that have been behind for longest; a lost lease counts as a try without a result."""
        return [
            CardRow(
                visit=row.visit,
                reader=row.reader,
                address=row.address,
                shown=row.shown,
                receipt=row.receipt,
                attempts=row.attempts,
                unknown=row.unknown,
                token=token,
            )
            for row in self._claim(self._kept.cards, now, lease_until, token, most, busy)
        ]

    def claim_nudges(
        self,
        now: datetime,
        lease_until: datetime,
        token: str,
        *,
        most: int = 1,
        busy: Collection[Address] = (),
        unreadable: list[tuple[str, Address]] | None = None,  # noqa: ARG002 - in memory each can be read
    ) -> Sequence[NudgeRow]:
        """Claim the nudges that have waited for longest; a lost lease counts as a try without a result."""
        return [
            NudgeRow(nudge=row.nudge, address=row.address, attempts=row.attempts, unknown=row.unknown, token=token)
            for row in self._claim(self._kept.nudges, now, lease_until, token, most, busy)
        ]

    def card_shown(self, row: CardRow, version: int, receipt: Receipt) -> bool:
        """Note what a card shows; it waits again when the visit has moved on meanwhile."""
        visit = self._kept.visits[row.visit]
        since = visit.revised_at if visit.revision > version else None
        return self._settle_card(
            row,
            shown=version,
            receipt=receipt,
            attempts=0,
            unknown=False,
            waiting_since=since,
            ready_at=since,
        )

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
        card = self._kept.cards.get((row.visit, row.reader, row.address))
        if card is None:
            return False
        return self._settle_card(
            row,
            attempts=0 if parked else card.attempts + counts,
            unknown=unknown or (row.unknown and not forget_receipt),
            receipt=None if forget_receipt else card.receipt,
            parked=parked,
            waiting_since=None if parked else card.waiting_since,
            ready_at=None if parked else card.waiting_since if not_before is None else utc(not_before),
        )

    def take_up(self, address: Address, now: datetime) -> int:
        """Let the cards of open visits that were given up at an address wait again; give how many."""
        given_up = [
            (key, card)
            for key, card in self._kept.cards.items()
            if card.address == address and card.parked and self._kept.visits[card.visit].visit.is_open
        ]
        for key, card in given_up:
            self._put(self._kept.cards, key, replace(card, parked=False, waiting_since=utc(now), ready_at=utc(now)))
        return len(given_up)

    def nudge_done(self, row: NudgeRow, outcome: str, receipt: Receipt | None = None) -> bool:
        """Note that a nudge was `sent`, `superseded` or `parked`."""
        return self._settle_nudge(row, outcome=outcome, receipt=receipt, waiting_since=None, ready_at=None)

    def nudge_failed(self, row: NudgeRow, *, not_before: datetime, unknown: bool, counts: bool = True) -> bool:
        """Give a nudge back until `not_before`; what is unknown of an earlier try stays unknown."""
        return self._settle_nudge(
            row, attempts=row.attempts + counts, unknown=unknown or row.unknown, ready_at=utc(not_before)
        )

    def shown_at(self, adapter: str, known_as: str) -> str | None:
        """Give the visit that a message is about, a card or a nudge."""
        cards = ((row, row.visit) for row in self._kept.cards.values())
        nudges = ((row, row.nudge.visit) for row in self._kept.nudges.values())
        for rows in (cards, nudges):
            found = [
                visit
                for row, visit in rows
                if known_as and row.address.adapter == adapter and row.receipt and row.receipt.known_as == known_as
            ]
            if found:
                return min(found)
        return None

    def hold(self, adapter: str, bucket: str, until: datetime | None, *, unless_after: datetime | None = None) -> None:
        """Let nothing be claimed for a bucket until then; None lifts it; one that ends after `unless_after` stays."""
        held = self._kept.holds.get((adapter, bucket))
        if held is not None and unless_after is not None and held > unless_after:
            self._check_writing()
        elif until is None:
            self._drop(self._kept.holds, (adapter, bucket))
        else:
            self._put(self._kept.holds, (adapter, bucket), utc(until))

    def next_delivery(self, *, busy: Collection[Address] = ()) -> datetime | None:
        """Give the earliest moment at which something that waits may be claimed, elsewhere than where it is busy."""
        rows: list[Waiting] = [*self._kept.cards.values(), *self._kept.nudges.values()]
        free = (self._free_at(row) for row in rows if row.address not in busy)
        return min((ready for ready in free if ready is not None), default=None)

    def _free_at(self, row: Waiting) -> datetime | None:
        """Give the later one of `ready_at` and the end of the holds; None when nothing waits."""
        if row.ready_at is None:
            return None
        adapter, address = row.address.adapter, row.address.id
        only = Held.AMENDED if isinstance(row, KeptCard) and row.receipt else Held.NEW
        buckets = (address, bucket(address, only), "*")
        return max(row.ready_at, *(self._kept.holds.get((adapter, each), row.ready_at) for each in buckets))

    def _claim(
        self, table: dict[K, W], now: datetime, lease_until: datetime, token: str, most: int, busy: Collection[Address]
    ) -> list[W]:
        self._check_writing()
        waiting = {key: row for key, row in table.items() if row.address not in busy}
        free = {key: row for key, row in waiting.items() if (at := self._free_at(row)) is not None and at <= now}
        oldest = sorted(free, key=lambda key: (free[key].waiting_since, _in_order(key)))[:most]
        first: dict[Address, W] = {}
        for key in oldest:
            row = free[key]
            if row.address not in first:
                lost = row.token is not None
                row = replace(
                    row,
                    token=token,
                    ready_at=utc(lease_until),
                    attempts=row.attempts + lost,
                    unknown=row.unknown or lost,
                )
                self._put(table, key, row)
                first[row.address] = row
        return list(first.values())

    def _settle_card(self, row: CardRow, **changes: Any) -> bool:
        return self._settle(self._kept.cards, (row.visit, row.reader, row.address), row.token, changes)

    def _settle_nudge(self, row: NudgeRow, **changes: Any) -> bool:
        return self._settle(self._kept.nudges, (row.nudge.key, row.address), row.token, changes)

    def _settle(self, table: dict[K, W], key: K, token: str, changes: dict[str, Any]) -> bool:
        self._check_writing()
        row = table.get(key)
        if row is None or row.token != token:
            return False
        self._put(table, key, replace(row, token=None, **changes))
        return True


def _in_order(key: tuple[Any, ...]) -> tuple[str, ...]:
    """Order rows that wait equally long as a database orders their keys."""
    *names, address = key
    return (*names, address.adapter, address.id)
