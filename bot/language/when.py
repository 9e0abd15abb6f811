"""Times as people write them. Only a plain hour is read so far; what has two readings is not read at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from bot.language.names import fold

MAX_LENGTH: Final = 40
"""Nothing longer is taken for an hour."""
_FIRST_PLAIN_HOUR: Final = 7
"""A single digit below it (`2:30`, `2 h`) is as often said of the afternoon: it needs `02:30`, `2:30 pm` or `14:30`."""
_NOON: Final = frozenset({"midi", "noon", "12 noon"})
_CLOCK = re.compile(
    r"(?:(?:a|at|vers|around) )?"
    r"(?P<hour>[0-9]{1,2})"
    r"(?: ?(?P<mark>heures?|hrs?|h|:|\.) ?(?P<minute>[0-9]{2})?)?"
    r"(?: ?(?P<half>[ap]) ?\.? ?m\.?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A moment that was read (aware, UTC), how exactly it was said, and other readings of the same words."""

    moment: datetime
    precision: Literal["minute"] = "minute"
    others: tuple[datetime, ...] = ()


def read_clock(text: str) -> time | None:
    """Read an hour alone: 10 h 45, 10h45, 10:45, 10.45, 10 h, 2:30 pm, midi, noon; None when it has two readings."""
    if len(text) > MAX_LENGTH:
        return None
    plain = fold(text)
    if plain.removeprefix("a ").removeprefix("at ") in _NOON:
        return time(12)
    found = _CLOCK.fullmatch(plain)
    if found is None or not (found["mark"] or found["half"]) or (found["mark"] in {":", "."} and not found["minute"]):
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    elif len(found["hour"]) == 1 and hour < _FIRST_PLAIN_HOUR:
        return None
    return time(hour, minute) if hour < 24 and minute < 60 else None


def at(day: date, clock: time, zone: str) -> datetime:
    """Give the moment (UTC) of a clock on a day in a zone; an hour that the clocks skip becomes the one after it."""
    local = datetime.combine(day, clock, ZoneInfo(zone))
    return local.astimezone(UTC)


def read_time(text: str, *, now: datetime, zone: str, language: str) -> When | None:
    """Read a time out of what somebody wrote; None when there is none, or more than one reading.

    An hour alone is its next coming, today or tomorrow. `language` decides between readings of dates.
    """
    del language  # an hour reads the same in each
    clock = read_clock(text)
    if clock is None:
        return None
    today = now.astimezone(ZoneInfo(zone)).date()
    moment = at(today, clock, zone)
    return When(moment=moment if moment > now else at(today + timedelta(days=1), clock, zone))
