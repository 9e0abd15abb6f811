"""What carries: cards and nudges, at least once.

Cards are level-triggered: a row knows which version it shows; while it is behind, the card is made from the visit as it
stands now, and posted or amended. So bursts collapse, and after a crash everything still comes right. A nudge is a row
with a key; it is looked at again before it is sent, for it may have been answered meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeAlias, TypeVar

import structlog

from bot.alarm import Alarm
from bot.desk import FrontDesk
from bot.errors import DeliveryError, DeliveryKind, NotSaved, UnknownOutcome
from bot.health import Running
from bot.language.wording import Wording
from bot.links import PageLinks
from bot.logs import about, log_failure
from bot.looking import Looking
from bot.messages import Address, Receipt
from bot.parcels import CardParcel, Made, NudgeParcel, Packing
from bot.patience import Patience
from bot.ports import ChatAdapter, Clock, Store, Transaction
from bot.rows import CardRow, NudgeRow
from bot.settling import Settling

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
"""So long a message may be under way before somebody else may send it."""
CALL_WITHIN = timedelta(seconds=15)
"""So long an adapter may take for one message; then nobody knows whether it was sent."""
LOOK_AGAIN = timedelta(seconds=15)
AFTER_NOT_SAVED = timedelta(seconds=1)
"""The disk may be back by then."""
BREATH = timedelta(milliseconds=200)
ELSEWHERE = timedelta(seconds=2)
"""So long what is due and in somebody else's hands is left to them."""


UNDER_WAY = 256
"""So many messages are under way at most, each in another conversation: one that is slow holds up nobody else."""
TOGETHER = 8
"""So many are claimed in one transaction, in which nobody else can write."""

R = TypeVar("R", CardRow, NudgeRow)


@dataclass(frozen=True, slots=True)
class _NotMade(Generic[R]):
    """What was claimed and cannot be made into a message, with what went wrong: a fault of ours."""

    row: R
    error: Exception


Parcel: TypeAlias = CardParcel | NudgeParcel | _NotMade[CardRow] | _NotMade[NudgeRow]


@dataclass(slots=True)
class _Claimed:
    """What a transaction has claimed: what is to be carried, and how many rows that and everything else were.

    `unreadable` has the visits and addresses of nudges that were parked.
    """

    parcels: list[Parcel] = field(default_factory=list)
    unreadable: list[tuple[str, Address]] = field(default_factory=list)
    found: int = 0

    def __bool__(self) -> bool:
        """Tell whether anything was claimed, or parked on the way."""
        return self.found > 0


class Courier:
    """Carries what waits: to one conversation a message after the other, to different ones at the same time."""

    def __init__(  # noqa: PLR0913 - it joins what carrying a message needs
        self,
        store: Store,
        desk: FrontDesk,
        wording: Wording,
        clock: Clock,
        adapters: Mapping[str, ChatAdapter],
        *,
        pages: PageLinks | None = None,
        running: Running | None = None,
    ) -> None:
        """Take what it works with; adapters by their names. With `pages`, cards elsewhere have *My page*."""
        self._running = running or Running()
        self._store = store
        self._desk = desk
        self.packing = Packing(desk, wording, pages, adapters)
        self._clock = clock
        self._adapters = adapters
        self._patience = Patience()
        self.alarm = Alarm(clock)
        self._settling = Settling(store, desk, clock, self._patience, self._hurry)
        self._under_way: set[Address] = set()
        self.looking = Looking(self._settling, self.alarm.ring)
        self.call_within = CALL_WITHIN
        self.moved: Callable[[], None] = lambda: None  # somebody cannot be reached: a step happens now

    async def run(self) -> None:
        """Carry until the alarm is stopped; what is under way then is finished first."""
        async with asyncio.TaskGroup() as group:
            while not self.alarm.stopped:
                self._running.went_round("courier")
                try:
                    until = await self._carry_on(group)
                except NotSaved as fault:
                    log.warning("courier.not_saved", fault=str(fault))
                    until = self._clock.now() + AFTER_NOT_SAVED
                await self.alarm.wait(until)
        await self.looking.ended()
        self._running.ended("courier")

    async def _carry_on(self, group: asyncio.TaskGroup) -> datetime:
        """Begin to carry what may be carried now; give when to look again, unless a message ends before."""
        wake, now = await self.look(), self._clock.now()
        while wake is not None and wake <= now and not self.alarm.stopped:
            wanted = min(TOGETHER, UNDER_WAY - len(self._under_way))
            if wanted <= 0:
                return now + LOOK_AGAIN
            claimed = await self._claim_some(wanted)
            for parcel in claimed.parcels:
                group.create_task(self._carry_among(parcel))
            self._running.went_round("courier")
            if not claimed:
                # another replica has it locked, or the tables are those of another version
                return now + ELSEWHERE
            if claimed.found < wanted:
                wake = await self.look()
            now = self._clock.now()
        # a message that is under way is due by its lease: no reason to look before
        return max(min(wake, now + LOOK_AGAIN), now + BREATH) if wake else now + LOOK_AGAIN

    def _hurry(self) -> None:
        self.moved()  # whoever joins the parts says who must hurry only once this is made

    async def look(self) -> datetime | None:
        """Give when the next message may be carried, which may be now; None when nothing waits.

        What is for a conversation in which something is under way is looked for when that has ended.
        """
        return await self._store.peek(partial(_next_delivery, busy=frozenset(self._under_way)))

    async def carry_one(self) -> bool:
        """Carry one card or nudge; False when nothing may be carried now."""
        claimed = await self._claim_some(1)
        for parcel in claimed.parcels:
            await self._carry(parcel)
        return bool(claimed)

    # --- claiming ----------------------------------------------------------------------------------------------------

    async def _claim_some(self, most: int) -> _Claimed:
        """Claim messages, each for a conversation of its own in which nothing is under way."""
        claimed = await self._store.transact(
            partial(self._claim, now=self._clock.now(), most=most, busy=frozenset(self._under_way))
        )
        for visit, address in claimed.unreadable:
            with about(visit):
                await self._settling.nudge_unreadable(visit, address)
        self._under_way.update(parcel.row.address for parcel in claimed.parcels)
        return claimed

    def _claim(self, tx: Transaction, now: datetime, most: int, busy: frozenset[Address]) -> _Claimed:
        claimed, taken, made = _Claimed(), set(busy), Made()
        for claim in (self._claim_cards, self._claim_nudges):
            while left := most - claimed.found:
                parcels = claim(tx, now, 1 if self._patience.is_needed else left, taken, claimed.unreadable, made)
                if not parcels:
                    break
                claimed.found += len(parcels)
                carried = [parcel for parcel in parcels if isinstance(parcel, _NotMade) or parcel.shown is not None]
                claimed.parcels += carried
                taken.update(parcel.row.address for parcel in carried)
        claimed.found += len(claimed.unreadable)
        return claimed

    def _claim_cards(
        self,
        tx: Transaction,
        now: datetime,
        most: int,
        busy: Collection[Address],
        _unreadable: list[tuple[str, Address]],
        made: Made,
    ) -> Sequence[Parcel]:
        rows = tx.claim_cards(now, now + LEASE, secrets.token_hex(8), most=most, busy=busy)
        return [self._card_parcel(tx, row, now, made) for row in rows]

    def _card_parcel(self, tx: Transaction, row: CardRow, now: datetime, made: Made) -> CardParcel | _NotMade[CardRow]:
        try:
            parcel = self.packing.card(tx, row, now, made)
        except NotSaved:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other cards go on
            return _NotMade(row, error)
        if parcel.shown is None:
            tx.card_failed(row, not_before=None, unknown=False, parked=True)
        else:
            self._patience.under_way(tx, row.address.adapter, now + LEASE)
        return parcel

    def _claim_nudges(
        self,
        tx: Transaction,
        now: datetime,
        most: int,
        busy: Collection[Address],
        unreadable: list[tuple[str, Address]],
        _made: Made,
    ) -> Sequence[Parcel]:
        token = secrets.token_hex(8)
        rows = tx.claim_nudges(now, now + LEASE, token, most=most, busy=busy, unreadable=unreadable)
        return [self._nudge_parcel(tx, row, now) for row in rows]

    def _nudge_parcel(self, tx: Transaction, row: NudgeRow, now: datetime) -> NudgeParcel | _NotMade[NudgeRow]:
        try:
            parcel = self.packing.nudge(tx, row, now)
        except NotSaved:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other nudges go on
            return _NotMade(row, error)
        if parcel.shown is None:
            tx.nudge_done(row, "superseded")
        else:
            self._patience.under_way(tx, row.address.adapter, now + LEASE)
        return parcel

    # --- carrying ----------------------------------------------------------------------------------------------------

    async def _carry_among(self, parcel: Parcel) -> None:
        """Carry a message among others; then look for more, as something may have waited for its end."""
        try:
            await self._carry(parcel)
        finally:
            self.alarm.ring()

    async def _carry(self, parcel: Parcel) -> None:
        row = parcel.row
        try:
            with about(row.visit if isinstance(row, CardRow) else row.nudge.visit):
                if isinstance(parcel, CardParcel):
                    await self._carry_card(parcel)
                elif isinstance(parcel, NudgeParcel):
                    await self._carry_nudge(parcel)
                else:
                    await self._give_back(parcel)
        finally:
            self._under_way.discard(row.address)

    async def _give_back(self, not_made: _NotMade[CardRow] | _NotMade[NudgeRow]) -> None:
        row = not_made.row
        if isinstance(row, CardRow):
            await self._settling.card_failed(row, _not_made(not_made.error, row.visit), called=False)
        else:
            await self._settling.nudge_failed(row, _not_made(not_made.error, row.nudge.visit), called=False)

    async def _carry_card(self, card: CardParcel) -> None:
        row, shown = card.row, card.shown
        if shown is None:
            return
        if row.receipt is not None:
            receipt = row.receipt
            sent = await self._call(row, row.visit, lambda adapter: adapter.amend(receipt, shown, again=row.unknown))
        else:
            key = f"{row.visit}:{row.reader}:{row.address.id}"
            sent = await self._call(
                row, row.visit, lambda adapter: adapter.deliver(shown, row.address, key, again=row.unknown)
            )
        if isinstance(sent, Receipt):
            adapter = self._adapter(row.address)
            asking = await self._settling.card_shown(card, sent, hints=adapter.capabilities.hints)
            if asking is not None:
                self.looking.begin(adapter, row, asking)
        else:
            await self._settling.card_failed(row, sent)

    async def _carry_nudge(self, nudge: NudgeParcel) -> None:
        row, shown = nudge.row, nudge.shown
        if shown is None:
            return
        key = row.nudge.key
        sent = await self._call(
            row, row.nudge.visit, lambda adapter: adapter.deliver(shown, row.address, key, again=row.unknown)
        )
        if isinstance(sent, Receipt):
            await self._settling.nudge_sent(row, sent)
        else:
            await self._settling.nudge_failed(row, sent)

    async def _call(
        self, row: CardRow | NudgeRow, visit: str, call: Callable[[ChatAdapter], Awaitable[Receipt]]
    ) -> Receipt | DeliveryError:
        """Call an adapter; give its fault, `UnknownOutcome` where nobody knows whether the message was sent."""
        name = row.address.adapter
        try:
            adapter = self._adapter(row.address)
            if row.unknown and (isinstance(row, NudgeRow) or row.receipt is None):
                # it may come twice, unless the platform finds the first one by its key
                log.warning("courier.sent_again", visit=visit, adapter=name)
            async with asyncio.timeout(self.call_within.total_seconds()):
                receipt = await call(adapter)
        except TimeoutError as error:
            was_silent = self._patience.timed_out(name, self._clock.now())
            return _broken(error, row.address, visit, hangs=was_silent)
        except Exception as error:  # noqa: BLE001 - an adapter may fail in its own way
            self._patience.answered(name)
            return error if isinstance(error, DeliveryError) else _broken(error, row.address, visit)
        self._patience.answered(name)
        return receipt

    def _adapter(self, address: Address) -> ChatAdapter:
        adapter = self._adapters.get(address.adapter)
        if adapter is None:
            raise DeliveryError(DeliveryKind.MISCONFIGURED, "this adapter is not configured")
        return adapter


def _next_delivery(tx: Transaction, busy: Collection[Address]) -> datetime | None:
    return tx.next_delivery(busy=busy)


def _not_made(error: Exception, visit: str) -> DeliveryError:
    """Take what could not be made for a passing fault: it is tried again, and given up in the end."""
    log_failure(log, "courier.not_made", error, visit=visit)
    return DeliveryError(DeliveryKind.RETRY, "it could not be made")


def _broken(error: Exception, address: Address, visit: str, *, hangs: bool = False) -> DeliveryError:
    """Take an adapter's own failure for a passing one; whether its message was sent is unknown.

    Where the whole platform `hangs`, it is waited for: that says nothing against this message, or its reader.
    """
    log_failure(log, "courier.adapter_failed", error, adapter=address.adapter, visit=visit)
    return UnknownOutcome(DeliveryKind.WAIT_UNTIL if hangs else DeliveryKind.RETRY, "the adapter failed")
