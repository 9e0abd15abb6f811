"""Clocks, days and zones as a language writes them. All is local time here; `wording` puts it into sentences."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import parse_pattern

from bot.language.catalogue import ENGLISH, HARD, LANGUAGES, THIN


@lru_cache(maxsize=256)
def language_of(tag: str) -> str:
    """Give the catalogue's language for a tag such as fr-CA; English for a language that has no catalogue."""
    base = re.split("[-_]", tag.strip(), maxsplit=1)[0].casefold()
    return base if base in LANGUAGES else ENGLISH


@lru_cache(maxsize=256)
def locale_of(tag: str) -> Locale:
    """Give the nearest locale to a tag whose language has a catalogue: fr-CA, else fr, else English."""
    language = language_of(tag)
    try:
        locale = Locale.parse(tag.strip().replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale.parse(language)
    return locale if locale.language == language else Locale.parse(language)


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo | None:
    """Give a time zone by its IANA name, or None when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=4096)
def clock_text(hour: int, minute: int, locale: Locale) -> str:
    """Write a clock: `9:20 a.m.` in Canadian English, `9 h 20` or `10 h` in French, always with no-break spaces."""
    if locale.language == "fr":
        return f"{hour}{HARD}h{HARD}{minute:02}" if minute else f"{hour}{HARD}h"
    # The date is of no account, but the pattern wants a whole moment.
    moment = datetime(2000, 1, 1, hour, minute)  # noqa: DTZ001 - local time by design
    written: str = locale.time_formats["short"].apply(moment, locale)
    return written.replace(THIN, HARD).replace(" ", HARD)


@lru_cache(maxsize=1024)
def day_text(day: date, locale: Locale, *, with_year: bool) -> str:
    """Write a day with its weekday: `Wednesday, March 4`, `mercredi 4 mars`."""
    pattern = locale.date_formats["full"].pattern
    if not with_year:
        pattern = re.sub(r"[,\s]*y+$", "", pattern)
    if locale.language == "fr" and day.day == 1:
        pattern = re.sub("d+", "d'er'", pattern, count=1)  # the first of a month is 1er
    written: str = parse_pattern(pattern).apply(day, locale)
    return written


def weekday_text(day: date, locale: Locale) -> str:
    """Write a day's weekday alone: `Monday`, `lundi`."""
    name: str = locale.days["format"]["wide"][day.weekday()]
    return name
