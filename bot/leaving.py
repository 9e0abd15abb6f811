"""Somebody is at an address no more, as its platform says: what waits for them there goes on without them at once.

The courier would learn it from the next message that is refused; whoever was asked already may get none for long.
"""

from __future__ import annotations

from datetime import datetime

import structlog

from bot.desk import FrontDesk
from bot.domain import events as e
from bot.domain.people import BOT
from bot.domain.visit import Visit, Which
from bot.errors import DeliveryKind, Hello30Error, NotSaved
from bot.logs import about, log_failure
from bot.ports import Transaction
from bot.settling import note_lost

log = structlog.get_logger(__name__)


def has_left(desk: FrontDesk, tx: Transaction, person: str, adapter: str, now: datetime) -> bool:
    """Let each open visit that waits for this person go on without them; tell whether there was one.

    As with a message that is refused, another address of theirs changes nothing: nobody knows whether they look there.
    """
    lost = e.NotDelivered(at=now, by=BOT, person=person, adapter=adapter, why=DeliveryKind.UNREACHABLE.value)
    waiting = [stored.visit.id for stored in tx.visits(person=person) if _waits_for(stored.visit, person)]
    for visit in waiting:
        with about(visit):
            _goes_on(desk, tx, visit, lost)
    return bool(waiting)


def _goes_on(desk: FrontDesk, tx: Transaction, visit: str, lost: e.NotDelivered) -> None:
    try:
        note_lost(desk, tx, visit, lost)
    except NotSaved:
        raise  # of the whole transaction: it is delivered again
    except Hello30Error as fault:  # a site that was taken out of the configuration, say: the others go on
        log_failure(log, "inbox.not_decided", fault)


def _waits_for(visit: Visit, person: str) -> bool:
    """Tell whether this person is the one who was asked last."""
    askings = (visit.question(which) for which in Which)
    return any(asking is not None and asking.responder == person for asking in askings)
