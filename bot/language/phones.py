"""Phone numbers: kept as E.164, read as people write them, shown as they are dialled from anywhere."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import phonenumbers
from babel.core import get_global
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher

from bot.language.catalogue import HARD

MAX_LENGTH: Final = 60
"""Nothing longer is taken for a number."""
_EXTENSION = re.compile(r"\b(?:poste|post)\.?\s*(?=\d)", re.IGNORECASE)


@lru_cache(maxsize=1024)
def show_phone(number: str) -> str:
    """Write an E.164 number in the international way, with no-break spaces; anything else comes back as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return number
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL).replace(" ", HARD)


def read_phone(text: str, *, zone: str) -> str | None:
    """Give the number that a text is, as E.164; None when it is none that can be called from `zone`'s country.

    A number without its area code is not enough: whoever calls could not dial it.
    """
    if len(text) > MAX_LENGTH:
        return None
    try:
        parsed = phonenumbers.parse(_EXTENSION.sub("ext. ", text), region_of(zone))
    except NumberParseException:
        return None
    return _e164(parsed) if phonenumbers.is_valid_number(parsed) else None


def find_phone(text: str, *, zone: str) -> tuple[str | None, str]:
    """Take the first phone number out of a text: give it as E.164 (or None), and the text without it."""
    for match in PhoneNumberMatcher(text, region_of(zone)):
        return _e164(match.number), " ".join((text[: match.start] + " " + text[match.end :]).split())
    return None, text


@lru_cache(maxsize=256)
def region_of(zone: str) -> str | None:
    """Give the country of a time zone, as two letters; None when it has none, or is unknown."""
    name = get_global("zone_aliases").get(zone, zone)
    region: str | None = get_global("zone_territories").get(name)
    return region


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
