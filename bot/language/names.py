"""Whom do they mean? Names are compared without accents, case or kind of hyphen; nobody is ever guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from bot.domain.people import Person

MAX_LENGTH: Final = 120
"""Nothing longer is taken for a name."""
PEOPLE: Final = 8192
"""The names of so many people of the directory are kept folded."""

_WHOLE_LETTERS: Final = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "þ": "th"})
_APOSTROPHES = re.compile("[\u2018\u2019\u02bc\u00b4`\u2032]")
_GAPS = re.compile("[\\s\u00ad\u2010-\u2015\u2212-]+")


def fold(text: str) -> str:
    """Reduce a text to what two spellings of a name share: `Marie-Ève  LE BŒUF` becomes `marie eve le boeuf`."""
    letters = unicodedata.normalize("NFKD", _APOSTROPHES.sub("'", text))
    letters = unicodedata.normalize("NFKD", letters.casefold()).translate(_WHOLE_LETTERS)
    kept = "".join(c for c in letters if not unicodedata.combining(c) and (c.isspace() or c.isprintable()))
    return _GAPS.sub(" ", kept).strip()


def find(text: str, people: Iterable[Person]) -> tuple[Person, ...]:
    """Give everybody whose first, last or full name or alias this is; several are a choice for whoever asks.

    A full name or an alias wins over a part of a name.
    """
    if len(text) > MAX_LENGTH:
        return ()
    wanted = fold(text)
    if not wanted:
        return ()
    known = tuple(people)
    whole = tuple(person for person in known if wanted in _whole(person.name, person.aliases))
    return whole or tuple(person for person in known if wanted in _parts(person.name, person.given))


# A house has the same people at each arrival.


@lru_cache(PEOPLE)
def _whole(name: str, aliases: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, (name, *aliases)))


@lru_cache(PEOPLE)
def _parts(name: str, given: str) -> frozenset[str]:
    folded, first = fold(name), fold(given)
    last = (folded[len(first) + 1 :],) if folded.startswith(first + " ") else ()
    return frozenset((first, *last))
