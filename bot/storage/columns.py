"""What of a visit is kept beside its state, so that it can be asked for; the same for every store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.events import Delivered, Event, NotDelivered, PressRefused, Unreachable
from bot.domain.visit import Callback, Promise, Visit

_NOT_YET_KEPT = frozenset({Callback.PROMISED, Callback.LATE})
_QUIET = (Delivered, NotDelivered, PressRefused)
"""Facts of delivery make no card stale, or each card would send itself again; nor does what was refused."""


def people_of(visit: Visit) -> frozenset[str]:
    """Give whose visit it is: the owner, everybody ever asked, alerted or offered the call, and whoever promised."""
    promises = (visit.hello_promise, visit.callback_promise, *visit.broken)
    questions = (visit.visitor_question, visit.call_question)
    return frozenset(
        {
            visit.owner,
            *visit.asked,
            *visit.offered_call,
            *visit.alerted,
            *(promise.by for promise in promises if promise),
            *(person for question in questions if question for person in question.asked),
        }
    )


def promised_call(visit: Visit) -> Promise | None:
    """Give the callback that somebody has promised and not yet kept."""
    return visit.callback_promise if visit.callback in _NOT_YET_KEPT else None


def revised(events: Sequence[Event], version: int) -> tuple[int, datetime] | None:
    """Give version and moment of the last event that makes a card stale; `version` is the one before these events."""
    telling = [(seq, event.at) for seq, event in enumerate(events, version + 1) if not isinstance(event, _QUIET)]
    return telling[-1] if telling else None


def revives(events: Sequence[Event]) -> bool:
    """Tell whether these events take parked cards up again: that nobody could be reached is no reason to try again."""
    return not any(isinstance(event, Unreachable) for event in events)
