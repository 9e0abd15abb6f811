"""What carries: cards and nudges, at least once.

Cards are level-triggered: a row knows which version it shows; while it is behind, the card is made from the visit as it
stands now, and posted or amended. So bursts collapse, and after a crash everything still comes right. A nudge is a row
with a key; it is looked at again before it is sent, for it may have been answered meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.alarm import Alarm
from bot.desk import ERASED, FrontDesk
from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.card import Args, Nudge, Phrase
from bot.domain.people import BOT
from bot.domain.visit import Visit
from bot.errors import DeliveryError, DeliveryKind, NotSaved
from bot.language.wording import Reader, Wording
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.ports import CardRow, ChatAdapter, Clock, NudgeRow, Store, Stored, Transaction

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
"""So long a message may be under way before somebody else may send it; longer than any adapter's timeout."""
LOOK_AGAIN = timedelta(seconds=15)
PARK_AFTER = 8
"""So many tries without success, and a message is given up: the ladder moves on without it."""
BREATH = timedelta(milliseconds=200)
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=2)
MISCONFIGURED_WAIT = timedelta(minutes=5)
"""A platform that an admin must set right is tried again after so long."""


@dataclass(frozen=True, slots=True)
class _Card:
    row: CardRow
    shown: ShownCard | None
    version: int


@dataclass(frozen=True, slots=True)
class _Nudge:
    row: NudgeRow
    shown: ShownNudge | None


class Courier:
    """Carries what waits; `workers` messages are under way at once, so that a slow platform holds up nobody else."""

    def __init__(
        self,
        store: Store,
        desk: FrontDesk,
        wording: Wording,
        clock: Clock,
        adapters: Mapping[str, ChatAdapter],
    ) -> None:
        """Take what it works with; adapters by their names."""
        self._store = store
        self._desk = desk
        self._wording = wording
        self._clock = clock
        self._adapters = adapters
        self.alarm = Alarm(clock)
        self.moved: Callable[[], None] = lambda: None  # somebody cannot be reached: a step happens now

    async def run(self, workers: int = 4) -> None:
        """Carry until the alarm is stopped; what is under way then is finished first."""
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while not self.alarm.stopped:
            now = self._clock.now()
            try:
                if await self.carry_one():
                    continue
                wake = await self._store.read(lambda tx: tx.next_delivery())
            except NotSaved as fault:
                log.warning("courier.not_saved", fault=str(fault))
                wake = now + FIRST_WAIT
            # a message that is under way is due by its lease: no reason to look before
            await self.alarm.wait(max(min(wake, now + LOOK_AGAIN), now + BREATH) if wake else now + LOOK_AGAIN)

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
            await self._carry_card(card)
            return True
        nudge = await self._store.transact(partial(self._claim_nudge, now=now, token=token))
        if nudge is not None:
            await self._carry_nudge(nudge)
            return True
        return False

    # --- claiming ----------------------------------------------------------------------------------------------------

    def _claim_card(self, tx: Transaction, now: datetime, token: str) -> _Card | None:
        row = tx.claim_card(now, now + LEASE, token)
        if row is None:
            return None
        stored = self._desk.load(tx, row.visit)
        card = self._desk.cards(tx, stored, now).get(row.reader)
        if card is None:  # somebody who is in the directory no more
            tx.card_failed(row, not_before=None, unknown=False, parked=True)
            return _Card(row, None, stored.version)
        return _Card(row, self._wording.card(card, self._reader(row.reader), now), stored.version)

    def _claim_nudge(self, tx: Transaction, now: datetime, token: str) -> _Nudge | None:
        row = tx.claim_nudge(now, now + LEASE, token)
        if row is None:
            return None
        stored = self._desk.load(tx, row.nudge.visit)
        if _superseded(row.nudge, stored):
            tx.nudge_done(row, "superseded")
            return _Nudge(row, None)
        facts = tx.facts(row.nudge.visit) or ERASED
        args: Args = {**row.nudge.text.args, "visitor": facts.visitor}
        nudge = replace(row.nudge, text=Phrase(row.nudge.text.key, args))
        return _Nudge(row, self._wording.nudge(nudge, self._reader(nudge.person), now))

    def _reader(self, reader: str) -> Reader:
        """Give a reader's language and zone; a counter's are those of its site."""
        settings = self._desk.settings
        if reader in settings.people:
            return Reader(settings.people[reader].language, settings.people[reader].zone)
        site = settings.sites[reader.partition(":")[2]]
        return Reader(site.language, site.zone)

    # --- carrying ----------------------------------------------------------------------------------------------------

    async def _carry_card(self, card: _Card) -> None:
        row, shown = card.row, card.shown
        if shown is None:
            return
        key = f"{row.visit}:{row.reader}:{row.address.id}"
        try:
            adapter = self._adapter(row.address)
            if row.receipt is not None:
                receipt = await adapter.amend(row.receipt, shown)
            else:
                receipt = await adapter.deliver(shown, row.address, key)
        except DeliveryError as fault:
            await self._settle(partial(self._card_failed, card=card, fault=fault))
        except Exception:
            log.exception("courier.adapter_failed", adapter=row.address.adapter, visit=row.visit)
            broken = DeliveryError(DeliveryKind.RETRY, "the adapter failed")
            await self._settle(partial(self._card_failed, card=card, fault=broken, unknown=True))
        else:
            await self._settle(partial(self._card_shown, card=card, receipt=receipt))

    def _card_shown(self, tx: Transaction, card: _Card, receipt: Receipt) -> None:
        if not tx.card_shown(card.row, card.version, receipt):
            log.info("courier.lease_lost", visit=card.row.visit)
            return
        stored = self._desk.load(tx, card.row.visit)
        asking = stored.visit.visitor_question or stored.visit.call_question
        # once per asking and person: the first card that shows somebody their question is the proof
        if asking and card.row.reader == asking.responder and not self._told(tx, stored.visit, asking.no):
            told = e.Delivered(
                at=self._clock.now(),
                by=BOT,
                person=asking.responder,
                asking=asking.no,
                adapter=card.row.address.adapter,
            )
            self._desk.record(tx, stored.visit.id, told, card.row.address.adapter)

    def _told(self, tx: Transaction, visit: Visit, asking: int) -> bool:
        responder = visit.visitor_question or visit.call_question
        return any(
            isinstance(entry.event, e.Delivered)
            and entry.event.asking == asking
            and responder is not None
            and entry.event.person == responder.responder
            for entry in tx.journal(visit.id)
        )

    async def _carry_nudge(self, nudge: _Nudge) -> None:
        row, shown = nudge.row, nudge.shown
        if shown is None:
            return
        try:
            adapter = self._adapter(row.address)
            receipt = await adapter.deliver(shown, row.address, row.nudge.key)
        except DeliveryError as fault:
            await self._settle(partial(self._nudge_failed, row=row, fault=fault))
        except Exception:
            log.exception("courier.adapter_failed", adapter=row.address.adapter, visit=row.nudge.visit)
            broken = DeliveryError(DeliveryKind.RETRY, "the adapter failed")
            await self._settle(partial(self._nudge_failed, row=row, fault=broken, unknown=True))
        else:
            await self._settle(lambda tx: tx.nudge_done(row, "sent", receipt))

    def _adapter(self, address: Address) -> ChatAdapter:
        adapter = self._adapters.get(address.adapter)
        if adapter is None:
            raise DeliveryError(DeliveryKind.MISCONFIGURED, "this adapter is not configured")
        return adapter

    async def _settle(self, work: Callable[[Transaction], object]) -> None:
        """Note what became of a message; when even that is not saved, the lease runs out and it is sent again."""
        try:
            await self._store.transact(work)
        except NotSaved as fault:
            log.warning("courier.result_not_saved", fault=str(fault))

    # --- failing -----------------------------------------------------------------------------------------------------

    def _card_failed(self, tx: Transaction, card: _Card, fault: DeliveryError, *, unknown: bool = False) -> None:
        row = card.row
        if fault.kind is DeliveryKind.POST_ANEW:
            tx.card_failed(row, not_before=self._clock.now(), unknown=False, forget_receipt=True)
            return
        parked = fault.kind is DeliveryKind.UNREACHABLE or row.attempts + 1 >= PARK_AFTER
        again = None if parked else self._again(tx, row.address, row.attempts, fault)
        tx.card_failed(row, not_before=again, unknown=unknown, parked=parked)
        if parked:
            self._given_up(tx, row.visit, row.reader, row.address, fault)

    def _nudge_failed(self, tx: Transaction, row: NudgeRow, fault: DeliveryError, *, unknown: bool = False) -> None:
        if fault.kind in (DeliveryKind.UNREACHABLE, DeliveryKind.POST_ANEW) or row.attempts + 1 >= PARK_AFTER:
            tx.nudge_done(row, "parked")
            self._given_up(tx, row.nudge.visit, row.nudge.person, row.address, fault)
            return
        tx.nudge_failed(row, not_before=self._again(tx, row.address, row.attempts, fault), unknown=unknown)

    def _again(self, tx: Transaction, address: Address, attempts: int, fault: DeliveryError) -> datetime:
        """Say when to try again; what a platform asks for holds for the whole bucket, and nobody sleeps on it."""
        now = self._clock.now()
        if fault.kind is DeliveryKind.WAIT_UNTIL and fault.retry_at is not None:
            tx.hold(address.adapter, address.id, fault.retry_at)
            return fault.retry_at
        if fault.kind is DeliveryKind.MISCONFIGURED:
            log.error("courier.misconfigured", adapter=address.adapter, detail=fault.detail)
            tx.hold(address.adapter, "*", now + MISCONFIGURED_WAIT)
            return now + MISCONFIGURED_WAIT
        return now + min(FIRST_WAIT * (1 << attempts), LONGEST_WAIT)

    def _given_up(self, tx: Transaction, visit: str, reader: str, address: Address, fault: DeliveryError) -> None:
        """Journal that a message was given up, and let the next step happen now where a person cannot be reached."""
        now = self._clock.now()
        lost = e.NotDelivered(at=now, by=BOT, person=reader, adapter=address.adapter, why=fault.kind.value)
        self._desk.record(tx, visit, lost, address.adapter)
        if reader in self._desk.settings.people:
            self._desk.act(tx, visit, c.ReportUnreachable(person=reader), now, address.adapter)
            self.moved()


def _superseded(nudge: Nudge[Phrase], stored: Stored) -> bool:
    """Tell whether a nudge is not worth sending any more: what it asks has been answered, or is asked anew."""
    visit = stored.visit
    if nudge.asking is None:
        return visit.mistake and not nudge.text.key.endswith("withdrawn_nudge")
    open_askings = {asking.no for asking in (visit.visitor_question, visit.call_question) if asking}
    return nudge.asking not in open_askings
