"""How much open time lies between two moments."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta

from bot.domain.people import Calendar
from bot.domain.policy import Span, Unit

_SECOND = timedelta(seconds=1)


def open_between(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Give the site's open time from `start` to `end`, in whole seconds: the longest that is over by `end`."""
    most = max(0, (end - start) // _SECOND)
    passed = bisect_right(
        range(1, most + 1), end, key=lambda seconds: calendar.later(start, Span(Unit.OPEN, seconds * _SECOND))
    )
    return passed * _SECOND
