"""What carries: cards and nudges, at least once.

Cards are level-triggered: a row knows which version it shows; while it is behind, the card is made from the visit as it
stands now, and posted or amended. So bursts collapse, and after a crash everything still comes right. A nudge is a row
with a key; it is looked at again before it is sent, for it may have been answered meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.alarm import Alarm
from bot.desk import FrontDesk
from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.people import BOT
from bot.errors import DeliveryError, DeliveryKind, NotSaved, Unfit
from bot.health import Running
from bot.language.wording import Wording
from bot.links import PageLinks
from bot.logs import about, log_failure
from bot.messages import Address, Receipt
from bot.parcels import CardParcel, NudgeParcel, Packing
from bot.patience import Patience
from bot.ports import ChatAdapter, Clock, Store, Transaction
from bot.rows import CardRow, NudgeRow

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
"""So long a message may be under way before somebody else may send it."""
CALL_WITHIN = timedelta(seconds=15)
"""So long an adapter may take for one message; then nobody knows whether it was sent."""
LOOK_AGAIN = timedelta(seconds=15)
PARK_AFTER = 8
"""So many tries without success, and a message is given up: the ladder moves on without it."""
BREATH = timedelta(milliseconds=200)
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=2)
MISCONFIGURED_WAIT = timedelta(minutes=5)
"""A platform that an admin must set right is tried again after so long."""


class Courier:
    """Carries what waits; `workers` messages are under way at once, so that a slow platform holds up nobody else."""

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
        self.alarm = Alarm(clock)
        self.call_within = CALL_WITHIN
        self.moved: Callable[[], None] = lambda: None  # somebody cannot be reached: a step happens now

    async def run(self, workers: int = 4) -> None:
        """Carry until the alarm is stopped; what is under way then is finished first."""
        async with asyncio.TaskGroup() as group:
            for number in range(1, workers + 1):
                group.create_task(self._work(f"courier {number}"))

    async def _work(self, name: str) -> None:
        while not self.alarm.stopped:
            self._running.went_round(name)
            try:
                wake = await self.look()
                if wake is not None and wake <= self._clock.now():
                    await self._carry_on(name)
                    wake = await self.look()
            except NotSaved as fault:
                log.warning("courier.not_saved", fault=str(fault))
                wake = self._clock.now() + FIRST_WAIT
            now = self._clock.now()
            # a message that is under way is due by its lease: no reason to look before
            await self.alarm.wait(max(min(wake, now + LOOK_AGAIN), now + BREATH) if wake else now + LOOK_AGAIN)
        self._running.ended(name)

    async def _carry_on(self, name: str) -> None:
        """Carry until nothing is left that may be carried now, or the alarm is stopped."""
        while not self.alarm.stopped and await self.carry_one():
            self._running.went_round(name)

    async def look(self) -> datetime | None:
        """Give when the next message may be carried, which may be now; None when nothing waits."""
        return await self._store.peek(_next_delivery)

    async def carry_all(self) -> int:
        """Carry everything that may be carried now; give how many messages that were."""
        carried = 0
        while await self.carry_one():
            carried += 1
        return carried

    async def carry_one(self) -> bool:
        """Carry one card or nudge; False when nothing may be carried now."""
        now, token = self._clock.now(), secrets.token_hex(8)
        card = await self._store.transact(partial(self._claim_card, now=now, token=token))
        if card is not None:
            with about(card.row.visit):
                await self._carry_card(card)
            return True
        nudge = await self._store.transact(partial(self._claim_nudge, now=now, token=token))
        if nudge is not None:
            with about(nudge.row.nudge.visit):
                await self._carry_nudge(nudge)
            return True
        return False

    # --- claiming ----------------------------------------------------------------------------------------------------

    def _claim_card(self, tx: Transaction, now: datetime, token: str) -> CardParcel | None:
        row = tx.claim_card(now, now + LEASE, token)
        if row is None:
            return None
        try:
            parcel = self.packing.card(tx, row, now)
        except NotSaved:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other cards go on
            again = self._unmade(row, row.visit, now, error)
            tx.card_failed(row, not_before=again, unknown=row.unknown, parked=again is None)
            return CardParcel(row)
        if parcel.shown is None:
            tx.card_failed(row, not_before=None, unknown=False, parked=True)
        else:
            self._patience.under_way(tx, row.address.adapter, now + LEASE)
        return parcel

    def _claim_nudge(self, tx: Transaction, now: datetime, token: str) -> NudgeParcel | None:
        row = tx.claim_nudge(now, now + LEASE, token)
        if row is None:
            return None
        try:
            parcel = self.packing.nudge(tx, row, now)
        except NotSaved:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other nudges go on
            again = self._unmade(row, row.nudge.visit, now, error)
            if again is None:
                tx.nudge_done(row, "parked")
            else:
                tx.nudge_failed(row, not_before=again, unknown=row.unknown)
            return NudgeParcel(row)
        if parcel.shown is None:
            tx.nudge_done(row, "superseded")
        else:
            self._patience.under_way(tx, row.address.adapter, now + LEASE)
        return parcel

    def _unmade(self, row: CardRow | NudgeRow, visit: str, now: datetime, error: Exception) -> datetime | None:
        """Say when to try again what could not be made into a message (a fault of ours); None: it is given up."""
        log_failure(log, "courier.not_made", error, visit=visit)
        return None if row.attempts + 1 >= PARK_AFTER else _later(now, row.attempts)

    # --- carrying ----------------------------------------------------------------------------------------------------

    async def _carry_card(self, card: CardParcel) -> None:
        row, shown = card.row, card.shown
        if shown is None:
            return
        if row.receipt is not None:
            receipt = row.receipt
            sent = await self._call(row, row.visit, lambda adapter: adapter.amend(receipt, shown))
        else:
            key = f"{row.visit}:{row.reader}:{row.address.id}"
            sent = await self._call(row, row.visit, lambda adapter: adapter.deliver(shown, row.address, key))
        if isinstance(sent, Receipt):
            await self._settle(
                partial(self._card_shown, card=card, receipt=sent),
                row.address,
                otherwise=lambda tx: tx.card_shown(row, card.version, sent),
            )
        else:
            await self._settle(
                partial(self._card_failed, row=row, fault=sent),
                row.address,
                otherwise=lambda tx: tx.card_failed(row, not_before=None, unknown=True, parked=True),
            )

    def _card_shown(self, tx: Transaction, card: CardParcel, receipt: Receipt) -> bool:
        row = card.row
        if not tx.card_shown(row, card.version, receipt):
            log.info("courier.lease_lost", visit=row.visit)
            return False
        # once per asking and person: the first card that shows somebody their question is the proof
        events = [entry.event for entry in tx.journal(row.visit)] if card.askings else []
        told = {event.asking for event in events if isinstance(event, e.Delivered) and event.person == row.reader}
        for asking in card.askings:
            if asking not in told:
                now, adapter = self._clock.now(), row.address.adapter
                seen = e.Delivered(at=now, by=BOT, person=row.reader, asking=asking, adapter=adapter)
                self._desk.record(tx, row.visit, seen, adapter)
        return False

    async def _carry_nudge(self, nudge: NudgeParcel) -> None:
        row, shown = nudge.row, nudge.shown
        if shown is None:
            return
        key = row.nudge.key
        sent = await self._call(row, row.nudge.visit, lambda adapter: adapter.deliver(shown, row.address, key))
        if isinstance(sent, Receipt):
            await self._settle(partial(_nudge_sent, row=row, receipt=sent), row.address)
        else:
            await self._settle(
                partial(self._nudge_failed, row=row, fault=sent),
                row.address,
                otherwise=lambda tx: tx.nudge_done(row, "parked"),
            )

    async def _call(
        self, row: CardRow | NudgeRow, visit: str, call: Callable[[ChatAdapter], Awaitable[Receipt]]
    ) -> Receipt | DeliveryError:
        """Call an adapter; give its fault, `_Unknown` where nobody knows whether the message was sent."""
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

    async def _settle(
        self,
        work: Callable[[Transaction], bool],
        address: Address,
        *,
        otherwise: Callable[[Transaction], object] = lambda _: None,
    ) -> None:
        """Note what became of a message; when even that is not noted, the lease runs out and it is sent again.

        `work` tells whether a step happens now, which others may hurry for once it is committed. `otherwise` is noted
        where nothing fits into the visit's journal any more: or its message would be sent again for ever.
        """
        try:
            moved = await self._store.transact(partial(self._note, work=work, adapter=address.adapter))
        except Exception as error:  # noqa: BLE001 - one visit that cannot be decided holds up nobody
            if isinstance(error, NotSaved) and not isinstance(error, Unfit):
                log.warning("courier.result_not_saved", fault=str(error))
                return
            log_failure(log, "courier.result_not_noted", error)
            await self._settle(lambda tx: bool(otherwise(tx)) and False, address)
        else:
            self._patience.settled(address.adapter)
            if moved:
                self.moved()

    def _note(self, tx: Transaction, work: Callable[[Transaction], bool], adapter: str) -> bool:
        self._patience.settle(tx, adapter)
        return work(tx)

    # --- failing -----------------------------------------------------------------------------------------------------

    def _card_failed(self, tx: Transaction, row: CardRow, fault: DeliveryError) -> bool:
        if fault.kind is DeliveryKind.POST_ANEW and row.receipt is not None:
            tx.card_failed(row, not_before=self._clock.now(), unknown=False, forget_receipt=True)
            return False
        parked, unknown = _hopeless(row.attempts, fault), isinstance(fault, _Unknown)
        again = None if parked else self._again(tx, row.address, row.attempts, fault)
        lost = tx.card_failed(row, not_before=again, unknown=unknown, parked=parked) and parked
        return lost and self._given_up(tx, row.visit, row.reader, row.address, fault)

    def _nudge_failed(self, tx: Transaction, row: NudgeRow, fault: DeliveryError) -> bool:
        if not _hopeless(row.attempts, fault):
            again = self._again(tx, row.address, row.attempts, fault)
            tx.nudge_failed(row, not_before=again, unknown=isinstance(fault, _Unknown))
            return False
        return tx.nudge_done(row, "parked") and self._given_up(
            tx, row.nudge.visit, row.nudge.person, row.address, fault
        )

    def _again(self, tx: Transaction, address: Address, attempts: int, fault: DeliveryError) -> datetime:
        """Say when to try again; what a platform asks for holds for the whole bucket, and nobody sleeps on it."""
        now = self._clock.now()
        if fault.kind is DeliveryKind.WAIT_UNTIL and fault.retry_at is not None:
            again = max(fault.retry_at, now + FIRST_WAIT)  # clocks differ: what is past already is no reason to hurry
            tx.hold(address.adapter, address.id, again)
            return again
        if fault.kind is DeliveryKind.MISCONFIGURED:
            log.error("courier.misconfigured", adapter=address.adapter, detail=fault.detail)
            tx.hold(address.adapter, "*", now + MISCONFIGURED_WAIT)
            return now + MISCONFIGURED_WAIT
        return _later(now, attempts)

    def _given_up(self, tx: Transaction, visit: str, reader: str, address: Address, fault: DeliveryError) -> bool:
        """Journal once that a message was given up; True where it was a person's: then the next step happens now."""
        now = self._clock.now()
        why = fault.kind.value if fault.kind is DeliveryKind.UNREACHABLE else "parked"
        lost = e.NotDelivered(at=now, by=BOT, person=reader, adapter=address.adapter, why=why)
        if not any(_same_loss(entry.event, lost) for entry in tx.journal(visit)):
            self._desk.record(tx, visit, lost, address.adapter)
        is_person = reader in self._desk.settings.people
        if is_person:
            self._desk.act(tx, visit, c.ReportUnreachable(person=reader), now, address.adapter)
        return is_person


def _next_delivery(tx: Transaction) -> datetime | None:
    return tx.next_delivery()


def _later(now: datetime, attempts: int) -> datetime:
    return now + min(FIRST_WAIT * (1 << max(0, min(attempts, 10))), LONGEST_WAIT)


def _hopeless(attempts: int, fault: DeliveryError) -> bool:
    """Tell whether a message is given up: nobody is there, or it failed too often for no stated reason."""
    if fault.kind in (DeliveryKind.WAIT_UNTIL, DeliveryKind.MISCONFIGURED):
        return False  # it is the platform that is waited for, however long that takes
    return fault.kind is DeliveryKind.UNREACHABLE or attempts + 1 >= PARK_AFTER


def _same_loss(event: e.Event, lost: e.NotDelivered) -> bool:
    return isinstance(event, e.NotDelivered) and (event.person, event.adapter) == (lost.person, lost.adapter)


def _nudge_sent(tx: Transaction, row: NudgeRow, receipt: Receipt) -> bool:
    tx.nudge_done(row, "sent", receipt)
    return False


class _Unknown(DeliveryError):
    """A fault after which nobody knows whether the message was sent."""


def _broken(error: Exception, address: Address, visit: str) -> DeliveryError:
    """Take an adapter's own failure for a passing one; whether its message was sent is unknown."""
    log_failure(log, "courier.adapter_failed", error, adapter=address.adapter, visit=visit)
    return _Unknown(DeliveryKind.RETRY, "the adapter failed")
