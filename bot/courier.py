"""What carries: cards and nudges, at least once.

Cards are level-triggered: a row knows which version it shows; while it is behind, the card is made from the visit as it
stands now, and posted or amended. So bursts collapse, and after a crash everything still comes right. A nudge is a row
with a key; it is looked at again before it is sent, for it may have been answered meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

import structlog

from bot.alarm import Alarm
from bot.desk import FrontDesk
from bot.errors import DeliveryError, DeliveryKind, NotSaved, UnknownOutcome
from bot.health import Running
from bot.language.wording import Wording
from bot.links import PageLinks
from bot.logs import about, log_failure
from bot.messages import Address, Receipt
from bot.parcels import CardParcel, NudgeParcel, Packing
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


R = TypeVar("R", CardRow, NudgeRow)


@dataclass(frozen=True, slots=True)
class _NotMade(Generic[R]):
    """What was claimed and cannot be made into a message, with what went wrong: a fault of ours."""

    row: R
    error: Exception


class Courier:
    """Carries what waits, with several hands: a message each, so that a slow platform holds up nobody else."""

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
        self.packing = Packing(desk, wording, pages)
        self._clock = clock
        self._adapters = adapters
        self._patience = Patience()
        self._settling = Settling(store, desk, clock, self._patience, self._hurry)
        self.alarm = Alarm(clock)
        self.call_within = CALL_WITHIN
        self.moved: Callable[[], None] = lambda: None  # somebody cannot be reached: a step happens now

    async def run(self, hands: int = 4) -> None:
        """Carry until the alarm is stopped; what is under way then is finished first."""
        async with asyncio.TaskGroup() as group:
            for number in range(1, hands + 1):
                group.create_task(self._work(f"courier {number}"))

    async def _work(self, name: str) -> None:
        while not self.alarm.stopped:
            self._running.went_round(name)
            try:
                until = await self._carry_on(name)
            except NotSaved as fault:
                log.warning("courier.not_saved", fault=str(fault))
                until = self._clock.now() + AFTER_NOT_SAVED
            await self.alarm.wait(until)
        self._running.ended(name)

    async def _carry_on(self, name: str) -> datetime:
        """Carry until nothing is left that may be carried now, or the alarm is stopped; give when to look again."""
        wake, carried, now = await self.look(), False, self._clock.now()
        if wake is not None and wake <= now:
            while not self.alarm.stopped and await self.carry_one():
                self._running.went_round(name)
                carried = True
            wake, now = await self.look(), self._clock.now()
            if wake is not None and wake <= now and not carried:
                # another replica has it locked, or the tables are those of another version
                return now + ELSEWHERE
        # a message that is under way is due by its lease: no reason to look before
        return max(min(wake, now + LOOK_AGAIN), now + BREATH) if wake else now + LOOK_AGAIN

    def _hurry(self) -> None:
        self.moved()  # whoever joins the parts says who must hurry only once this is made

    async def look(self) -> datetime | None:
        """Give when the next message may be carried, which may be now; None when nothing waits."""
        return await self._store.peek(_next_delivery)

    async def carry_one(self) -> bool:
        """Carry one card or nudge; False when nothing may be carried now."""
        now, token = self._clock.now(), secrets.token_hex(8)
        card = await self._store.transact(partial(self._claim_card, now=now, token=token))
        if card is not None:
            with about(card.row.visit):
                await (self._give_card_back(card) if isinstance(card, _NotMade) else self._carry_card(card))
            return True
        unreadable: list[tuple[str, Address]] = []
        nudge = await self._store.transact(partial(self._claim_nudge, now=now, token=token, unreadable=unreadable))
        for visit, address in unreadable:
            with about(visit):
                await self._settling.nudge_unreadable(visit, address)
        if nudge is not None:
            with about(nudge.row.nudge.visit):
                await (self._give_nudge_back(nudge) if isinstance(nudge, _NotMade) else self._carry_nudge(nudge))
        return nudge is not None or bool(unreadable)

    # --- claiming ----------------------------------------------------------------------------------------------------

    def _claim_card(self, tx: Transaction, now: datetime, token: str) -> CardParcel | _NotMade[CardRow] | None:
        row = tx.claim_card(now, now + LEASE, token)
        if row is None:
            return None
        try:
            parcel = self.packing.card(tx, row, now)
        except NotSaved:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other cards go on
            return _NotMade(row, error)
        if parcel.shown is None:
            tx.card_failed(row, not_before=None, unknown=False, parked=True)
        else:
            self._patience.under_way(tx, row.address.adapter, now + LEASE)
        return parcel

    def _claim_nudge(
        self, tx: Transaction, now: datetime, token: str, unreadable: list[tuple[str, Address]]
    ) -> NudgeParcel | _NotMade[NudgeRow] | None:
        """Claim a nudge; `unreadable` is told the visits and addresses of those that were parked on the way."""
        unreadable.clear()  # it may be run again from the start
        row = tx.claim_nudge(now, now + LEASE, token, unreadable=unreadable)
        if row is None:
            return None
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

    async def _give_card_back(self, card: _NotMade[CardRow]) -> None:
        await self._settling.card_failed(card.row, _not_made(card.error, card.row.visit), called=False)

    async def _give_nudge_back(self, nudge: _NotMade[NudgeRow]) -> None:
        await self._settling.nudge_failed(nudge.row, _not_made(nudge.error, nudge.row.nudge.visit), called=False)

    async def _carry_card(self, card: CardParcel) -> None:
        row, shown = card.row, card.shown
        if shown is None:
            return
        if row.receipt is not None:
            receipt = row.receipt
            sent = await self._call(row, row.visit, lambda adapter: adapter.amend(receipt, shown))
        else:
            key = f"{row.visit}:{row.reader}:{row.address.id}"
            sent = await self._call(
                row, row.visit, lambda adapter: adapter.deliver(shown, row.address, key, again=row.unknown)
            )
        if isinstance(sent, Receipt):
            await self._settling.card_shown(card, sent)
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
            self._patience.timed_out(name, self._clock.now())
            return _broken(error, row.address, visit)
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


def _next_delivery(tx: Transaction) -> datetime | None:
    return tx.next_delivery()


def _not_made(error: Exception, visit: str) -> DeliveryError:
    """Take what could not be made for a passing fault: it is tried again, and given up in the end."""
    log_failure(log, "courier.not_made", error, visit=visit)
    return DeliveryError(DeliveryKind.RETRY, "it could not be made")


def _broken(error: Exception, address: Address, visit: str) -> DeliveryError:
    """Take an adapter's own failure for a passing one; whether its message was sent is unknown."""
    log_failure(log, "courier.adapter_failed", error, adapter=address.adapter, visit=visit)
    return UnknownOutcome(DeliveryKind.RETRY, "the adapter failed")
