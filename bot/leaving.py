"""Somebody is at an address no more, as its platform says: what waits for them there goes on without it at once.

The courier would learn it from the next message that is refused; whoever was asked already may get none for long.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from bot import lost
from bot.desk import FrontDesk
from bot.domain import events as e
from bot.domain.people import BOT
from bot.domain.visit import Visit, Which
from bot.errors import DeliveryKind, Hello30Error, NotSaved
from bot.logs import about, log_failure
from bot.messages import Address
from bot.ports import Transaction
from bot.settling import note_lost

log = structlog.get_logger(__name__)


def has_left(desk: FrontDesk, tx: Transaction, person: str, address: Address, now: datetime) -> bool:
    """Let each open visit that waits for this person go on without this address; tell whether there was one.

    Where another platform still reaches them, they are nudged there; else the next step happens now, as with a message
    that is refused.
    """
    lost.note(tx, address, DeliveryKind.UNREACHABLE.value, now)
    waiting = [stored.visit.id for stored in tx.visits(person=person) if _waits_for(stored.visit, person)]
    for visit in waiting:
        with about(visit):
            _goes_on(desk, tx, visit, person, address, now)
    return bool(waiting)


def _goes_on(desk: FrontDesk, tx: Transaction, visit: str, person: str, address: Address, now: datetime) -> None:
    why = DeliveryKind.UNREACHABLE.value
    gone = e.NotDelivered(at=now, by=BOT, person=person, adapter=address.adapter, why=why)

    def anew(other: Address) -> None:
        desk.nudge_anew(tx, visit, person, other, now)

    try:
        note_lost(desk, tx, visit, gone, address, anew)
    except NotSaved:
        raise  # of the whole transaction: it is delivered again
    except Hello30Error as fault:  # a site that was taken out of the configuration, say: the others go on
        log_failure(log, "inbox.not_decided", fault)


def _waits_for(visit: Visit, person: str) -> bool:
    """Tell whether this person is the one who was asked last."""
    askings = (visit.question(which) for which in Which)
    return any(asking is not None and asking.responder == person for asking in askings)
