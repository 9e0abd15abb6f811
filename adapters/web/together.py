"""Words that stay together: no name, number or hour is broken over two lines, and none is ever cut. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup, escape

from bot.messages import ShownCard

UNBROKEN = 24
"""What is longer than this may wrap, so that nothing is wider than a phone."""
_NUMBER = r"\+?\d[\d()\u00a0\u202f .-]{5,}\d"
_CLOCK = r"\d{1,2}(?::\d\d(?:[\s\u00a0\u202f][ap]\.m\.)?|[\s\u00a0\u202f]h(?:[\s\u00a0\u202f]\d\d)?)"


@lru_cache(maxsize=256)
def _together(names: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted({name for name in names if name.strip()}, key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, longest_first), _NUMBER, _CLOCK]))


def kept(text: str, names: Iterable[str] = ()) -> Markup:
    """Escape a sentence, and keep each name, number and hour in it on one line when it is short enough."""
    parts: list[Markup] = []
    end = 0
    for found in _together(tuple(names)).finditer(text):
        parts += [escape(text[end : found.start()]), keep(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def keep(text: str) -> Markup:
    """Escape one name, number or hour, and keep it on one line when it is short enough."""
    return Markup('<span class="keep">{}</span>').format(text) if len(text) <= UNBROKEN else escape(text)


def headed(card: ShownCard) -> Markup:
    """Give a card's title with the visitor's name in bold; what stands before the owner's name is set softer."""
    before, visitor, after = card.title.partition(card.visitor)
    if not visitor:
        return kept(card.title, [card.owner])
    bracketed = f"({card.company})"
    company, found, middle = after.partition(bracketed) if card.company else ("", "", after)
    if card.company and not found:
        company, middle = "", after
    to, owner, rest = middle.rpartition(card.owner) if card.owner in middle else (middle, "", "")
    name = Markup('<b class="{}">{}</b>').format("keep" if len(visitor) <= UNBROKEN else "name", visitor)
    soft = Markup('<span class="to">{}</span>').format(to) if to.strip() else escape(to)
    parts = [escape(before), name, escape(company + found), soft, keep(owner) if owner else "", escape(rest)]
    return Markup("").join(parts)
