"""What may be chosen when a visitor is announced, wherever that is: kinds of visitors, and how long they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bot.language.moments import language_of
from bot.messages import Option

LENGTHS: Final = (
    (30, "how_long.seconds", 30),
    (300, "how_long.minutes", 5),
    (900, "how_long.minutes", 15),
    (3600, "how_long.longer", 0),
)
"""How long a visitor needs: seconds, the key of its sentence, and the count that fills it in."""


def kinds(labels: Mapping[str, Mapping[str, str]], tag: str) -> tuple[Option, ...]:
    """Give the kinds of a house (`Settings.kinds`) in the language of this tag, or in whichever each has a label."""
    language = language_of(tag)
    return tuple(
        Option(value=kind, label=by.get(tag) or by.get(language) or next(iter(by.values()), kind))
        for kind, by in labels.items()
    )


def lengths(say: Callable[[str, int], str]) -> tuple[Option, ...]:
    """Give how long a visit may take; `say` writes a key with its count."""
    return tuple(Option(value=str(seconds), label=say(key, count)) for seconds, key, count in LENGTHS)
