"""When a visit must be looked at again: read by the timekeeper, the rehearsal, the board and the laws alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from bot.domain.visit import Callback, Hello, Promise, Visit


class Why(StrEnum):
    """What happens at a moment."""

    VISITOR_STEP = "visitor_step"
    CALL_STEP = "call_step"
    HELLO_LATE = "hello_late"
    CALLBACK_SOON = "callback_soon"
    CALLBACK_NOW = "callback_now"
    CALLBACK_LATE = "callback_late"


def moments(visit: Visit) -> list[tuple[datetime, Why]]:
    """Give what is to come of a visit, earliest first; nothing for a closed one."""
    return sorted(_moments(visit)) if visit.is_open else []


def next_deadline(visit: Visit) -> datetime | None:
    """Give the earliest of the visit's moments."""
    return min((when for when, _ in moments(visit)), default=None)


def _moments(visit: Visit) -> Iterator[tuple[datetime, Why]]:
    for asking, why in ((visit.visitor_question, Why.VISITOR_STEP), (visit.call_question, Why.CALL_STEP)):
        if asking is not None:
            # a ladder that has run out has no step left to wait for, and is taken up at once
            yield (asking.moments[asking.step] if asking.step < len(asking.moments) else asking.since), why
    if visit.hello is Hello.PROMISED and visit.hello_promise:
        yield visit.hello_promise.late_at, Why.HELLO_LATE
    if visit.callback is Callback.PROMISED and visit.callback_promise:
        yield _of_callback(visit.callback_promise)


def _of_callback(promise: Promise) -> tuple[datetime, Why]:
    if promise.remind_at is not None:
        return promise.remind_at, Why.CALLBACK_SOON
    if not promise.called:
        return promise.due, Why.CALLBACK_NOW
    return promise.late_at, Why.CALLBACK_LATE
