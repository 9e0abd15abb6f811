"""What became of a message: noted in one transaction; where one is given up, that is journaled and the ladder moves on.

Nothing in here calls a platform: `bot.courier` does, and tells what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

import structlog

from bot import lost
from bot.desk import FrontDesk
from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.cards import readers
from bot.domain.people import BOT
from bot.domain.policy import Ladder
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind, NotSaved, Unfit, UnknownOutcome
from bot.logs import log_failure
from bot.messages import Address, Receipt
from bot.parcels import CardParcel
from bot.patience import Patience, Silence
from bot.ports import Clock, Store, Transaction
from bot.rows import CardRow, Entry, NudgeRow, bucket

log = structlog.get_logger(__name__)

PARK_AFTER = 8
"""So many tries without success, and a message is given up: the ladder moves on without it."""
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=2)
MISCONFIGURED_WAIT = timedelta(minutes=5)
"""A platform that an admin must set right is tried again after so long."""
SAID_AGAIN = timedelta(hours=1)
"""So long the log says no second time that a platform must be set right."""

Work: TypeAlias = Callable[[Transaction], bool]
"""Notes something; tells whether a step happens now, for which others may hurry once it is committed."""


class Settling:
    """Notes what became of each message that was claimed, and gives it back, or gives it up."""

    def __init__(
        self, store: Store, desk: FrontDesk, clock: Clock, patience: Patience, moved: Callable[[], None]
    ) -> None:
        """Take what it works with; `moved` is called when a step happens now because somebody cannot be reached."""
        self._store = store
        self._desk = desk
        self._clock = clock
        self._patience = patience
        self._moved = moved
        self._misconfigured: dict[tuple[str, str], datetime] = {}  # when that was logged

    # Each names first what is wanted, and then what is left of it where that does not fit into the database: a message
    # of which nothing is noted would be sent again for ever.

    async def card_shown(self, card: CardParcel, receipt: Receipt, *, hints: bool = False) -> int | None:
        """Note that a card is there, and who was told their question by it.

        Where the platform has `hints`, give the asking that is shown there for the first time and could use one.
        """
        waits: list[int] = []
        await self._settle(
            partial(self._card_shown, card=card, receipt=receipt, waits=waits),
            partial(_card_shown_only, card=card, receipt=receipt),
            partial(_card_parked, row=card.row, unknown=False),
            adapter=card.row.address.adapter,
        )
        return waits[0] if hints and waits else None

    async def card_failed(self, row: CardRow, fault: DeliveryError, *, called: bool = True) -> None:
        """Note that a card was not taken, or (not `called`) could not even be made."""
        await self._settle(
            partial(self._card_failed, row=row, fault=fault, called=called),
            partial(self._card_failed, row=row, fault=fault, called=called, step=False),
            partial(_card_parked, row=row, unknown=isinstance(fault, UnknownOutcome)),
            adapter=row.address.adapter if called else None,
        )

    async def nudge_sent(self, row: NudgeRow, receipt: Receipt) -> None:
        """Note that a nudge was sent."""
        await self._settle(
            partial(_nudge_sent, row=row, receipt=receipt),
            partial(_nudge_sent, row=row),
            adapter=row.address.adapter,
        )

    async def nudge_failed(self, row: NudgeRow, fault: DeliveryError, *, called: bool = True) -> None:
        """Note that a nudge was not taken, or (not `called`) could not even be made."""
        await self._settle(
            partial(self._nudge_failed, row=row, fault=fault, called=called),
            partial(self._nudge_failed, row=row, fault=fault, called=called, step=False),
            partial(_nudge_parked, row=row),
            adapter=row.address.adapter if called else None,
        )

    async def nudge_unreadable(self, visit: str, address: Address) -> None:
        """Note of a nudge that cannot be read, and is parked already, that it was given up."""
        await self._settle(
            partial(self._nudge_unreadable, visit=visit, address=address),
            partial(self._nudge_unreadable, visit=visit, address=address, step=False),
            adapter=None,
        )

    async def seems_away(self, row: CardRow, asking: int, why: Hint) -> bool:
        """Report that whoever was told their question by a card does not look; True where a step happened by that."""
        moved = await self._store.transact(partial(self._seems_away, row=row, asking=asking, why=why))
        if moved:
            self._moved()
        return moved

    # --- noting ------------------------------------------------------------------------------------------------------

    async def _settle(self, *works: Work, adapter: str | None) -> None:
        """Note the first of these that the database takes; when it takes none, the lease runs out and it is sent again.

        `adapter` is the one that was called; None: none was.
        """
        for work in works:
            try:
                noted, moved = await self._store.transact(partial(self._note, work=work, adapter=adapter))
            except Exception as error:  # noqa: BLE001 - one visit that cannot be decided holds up nobody
                if isinstance(error, NotSaved) and not isinstance(error, Unfit):
                    log.warning("courier.result_not_saved", fault=str(error))
                    return
                log_failure(log, "courier.result_not_noted", error)
            else:
                if adapter and noted:
                    self._patience.settled(adapter, noted)
                if moved:
                    self._moved()
                return

    def _note(self, tx: Transaction, work: Work, adapter: str | None) -> tuple[Silence | None, bool]:
        noted = self._patience.settle(tx, adapter) if adapter else None
        return noted, work(tx)

    def _card_shown(self, tx: Transaction, card: CardParcel, receipt: Receipt, waits: list[int]) -> bool:
        waits.clear()  # it may be run again from the start
        row = card.row
        if not tx.card_shown(row, card.version, receipt):
            log.info("courier.lease_lost", visit=row.visit)
            return False
        if row.receipt is None:
            lost.forget(tx, row.address)
        # once per asking and person: the first card that shows somebody their question is the proof
        entries = tx.journal(row.visit) if card.askings else ()
        waits += _first_shown(card, entries, self._clock.now())
        events = [entry.event for entry in entries]
        told = {event.asking for event in events if isinstance(event, e.Delivered) and event.person == row.reader}
        for asking in card.askings:
            if asking not in told:
                now, adapter = self._clock.now(), row.address.adapter
                seen = e.Delivered(at=now, by=BOT, person=row.reader, asking=asking, adapter=adapter)
                self._desk.record(tx, row.visit, seen, adapter)
        return False

    def _card_failed(
        self, tx: Transaction, row: CardRow, fault: DeliveryError, *, called: bool, step: bool = True
    ) -> bool:
        if fault.kind is DeliveryKind.POST_ANEW and row.receipt is not None:
            tx.card_failed(row, not_before=self._clock.now(), unknown=False, forget_receipt=True)
            return False
        parked, unknown = _hopeless(row.attempts, fault), isinstance(fault, UnknownOutcome)
        again = None if parked else self._again(tx, row.address, row.attempts, fault)
        if not (
            tx.card_failed(row, not_before=again, unknown=unknown, parked=parked, counts=_counts(fault)) and parked
        ):
            return False

        def anew(other: Address) -> None:
            """Nudge them where their other card is, unless that one is as new and buzzes by itself."""
            if row.receipt is not None or not self._desk.buzzes_new(other):
                self._desk.nudge_anew(tx, row.visit, row.reader, other, self._clock.now())

        gone = self._gone(tx, row.reader, row.address, fault, called=called)
        return note_lost(self._desk, tx, row.visit, gone, row.address, anew, step=step)

    def _seems_away(self, tx: Transaction, row: CardRow, asking: int, why: Hint) -> bool:
        adapter = row.address.adapter
        report = c.ReportAway(person=row.reader, asking=asking, adapter=adapter, why=why)
        return bool(self._desk.act(tx, row.visit, report, self._clock.now(), adapter).events)

    def _nudge_failed(
        self, tx: Transaction, row: NudgeRow, fault: DeliveryError, *, called: bool, step: bool = True
    ) -> bool:
        if not _hopeless(row.attempts, fault):
            again = self._again(tx, row.address, row.attempts, fault)
            unknown = isinstance(fault, UnknownOutcome)
            tx.nudge_failed(row, not_before=again, unknown=unknown, counts=_counts(fault))
            return False
        if not tx.nudge_done(row, "parked"):
            return False

        def anew(other: Address) -> None:
            tx.queue(row.nudge, other, self._clock.now())

        gone = self._gone(tx, row.nudge.person, row.address, fault, called=called)
        return note_lost(self._desk, tx, row.nudge.visit, gone, row.address, anew, step=step)

    def _nudge_unreadable(self, tx: Transaction, visit: str, address: Address, *, step: bool = True) -> bool:
        """Give up what was for whoever of this visit is found at the address: the nudge itself tells it no more."""
        theirs = (reader for reader in readers(self._desk.load(tx, visit).visit) if self._desk.is_at(reader, address))
        reader = next(theirs, None)
        if reader is None:
            return False

        def anew(other: Address) -> None:
            self._desk.nudge_anew(tx, visit, reader, other, self._clock.now())

        gone = self._gone(tx, reader, address, DeliveryError(DeliveryKind.RETRY, "unreadable"), called=False)
        return note_lost(self._desk, tx, visit, gone, address, anew, step=step)

    # --- failing -----------------------------------------------------------------------------------------------------

    def _again(self, tx: Transaction, address: Address, attempts: int, fault: DeliveryError) -> datetime:
        """Say when to try again; what a platform asks for holds for the whole bucket, and nobody sleeps on it."""
        now = self._clock.now()
        if fault.kind is DeliveryKind.WAIT_UNTIL and fault.retry_at is not None:
            again = max(fault.retry_at, now + FIRST_WAIT)  # clocks differ: what is past already is no reason to hurry
            tx.hold(address.adapter, bucket(address.id, fault.only), again)
            return again
        if fault.kind is DeliveryKind.MISCONFIGURED:
            self._tell_misconfigured(address.adapter, fault.detail, now)
            tx.hold(address.adapter, "*", now + MISCONFIGURED_WAIT)
            return now + MISCONFIGURED_WAIT
        return _later(now, attempts)

    def _tell_misconfigured(self, adapter: str, detail: str, now: datetime) -> None:
        """Log that a platform refuses hello30 itself: not for each message that it refuses, for days perhaps."""
        said = self._misconfigured.get((adapter, detail))
        if said is None or now - said >= SAID_AGAIN:
            self._misconfigured[adapter, detail] = now
            log.error("courier.misconfigured", adapter=adapter, detail=detail)

    def _gone(
        self, tx: Transaction, reader: str, address: Address, fault: DeliveryError, *, called: bool
    ) -> e.NotDelivered:
        """Give what is journaled of a message that was given up; keep where a person was not reached, if it was tried.

        What could not even be made says nothing of an address.
        """
        why, now = fault.kind.value if fault.kind is DeliveryKind.UNREACHABLE else "parked", self._clock.now()
        if called and reader in self._desk.settings.people:
            lost.note(tx, address, why, now, fault.detail)
        return e.NotDelivered(at=now, by=BOT, person=reader, adapter=address.adapter, why=why)


def note_lost(  # noqa: PLR0913 - what was lost, whose, where, and what is to be done instead
    desk: FrontDesk,
    tx: Transaction,
    visit: str,
    gone: e.NotDelivered,
    address: Address,
    anew: Callable[[Address], None],
    *,
    step: bool = True,
) -> bool:
    """Journal once that somebody was not reached at an address, and go on where another one of theirs takes messages.

    `anew` is called with that one, to nudge them there instead. Without it the next step happens now (True), unless it
    is a counter. Without `step` it is only journaled: the visit cannot be decided, and the timekeeper sees to it.
    """
    if not any(_same_loss(entry.event, gone) for entry in tx.journal(visit)):
        desk.record(tx, visit, gone, gone.adapter)
    if not step:
        return False
    others = desk.reached_at(tx, visit, gone.person, but=address)
    if others:
        anew(others[0])
        return False
    if gone.person not in desk.settings.people:
        return False
    desk.act(tx, visit, c.ReportUnreachable(person=gone.person), gone.at, gone.adapter)
    return True


def _first_shown(card: CardParcel, entries: Sequence[Entry], now: datetime) -> Iterator[int]:
    """Give the askings that a card is the first at its address to show, and whose ladder waits for its first step.

    Somebody may be found at several addresses, and the first of them to show it may know of no hints.
    """
    began = (entry for entry in entries if isinstance(entry.event, e.AskingBegan))
    for number, entry in enumerate(began, 1):
        event: Any = entry.event
        theirs = number in card.askings and event.person == card.row.reader and entry.seq > card.row.shown
        if theirs and event.ladder is Ladder.UNANSWERED and event.moments[0] > now:
            yield number


def _card_shown_only(tx: Transaction, card: CardParcel, receipt: Receipt) -> bool:
    tx.card_shown(card.row, card.version, receipt)
    return False


def _card_parked(tx: Transaction, row: CardRow, *, unknown: bool) -> bool:
    tx.card_failed(row, not_before=None, unknown=unknown, parked=True)
    return False


def _nudge_sent(tx: Transaction, row: NudgeRow, receipt: Receipt | None = None) -> bool:
    if tx.nudge_done(row, "sent", receipt):
        lost.forget(tx, row.address)
    return False


def _nudge_parked(tx: Transaction, row: NudgeRow) -> bool:
    tx.nudge_done(row, "parked")
    return False


def _later(now: datetime, attempts: int) -> datetime:
    return now + min(FIRST_WAIT * (1 << max(0, min(attempts, 10))), LONGEST_WAIT)


def _counts(fault: DeliveryError) -> bool:
    """Tell whether a failed try says something against the message: not where the platform itself is waited for."""
    return fault.kind not in (DeliveryKind.WAIT_UNTIL, DeliveryKind.MISCONFIGURED)


def _hopeless(attempts: int, fault: DeliveryError) -> bool:
    """Tell whether a message is given up: nobody is there, or it failed too often for no stated reason."""
    if not _counts(fault):
        return False  # however long that takes
    return fault.kind is DeliveryKind.UNREACHABLE or attempts + 1 >= PARK_AFTER


def _same_loss(event: e.Event, gone: e.NotDelivered) -> bool:
    return isinstance(event, e.NotDelivered) and (event.person, event.adapter) == (gone.person, gone.adapter)
