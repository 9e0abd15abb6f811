"""Makes what came in fit to be kept: no database takes halves of characters, and the rest must not be lost for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from bot.messages import Incoming

LONGEST_KEY = 200
"""A platform's own ids are far shorter; a longer key is kept as its hash, since a database indexes only so much."""
_UNREADABLE = dict.fromkeys([0, *range(0xD800, 0xE000)], " ")
"""The character that ends a text in PostgreSQL, and halves of characters; a space stands for each."""


def cleaned(incoming: Incoming) -> Incoming:
    """Give the same, with spaces for what cannot be kept."""
    tidy: Incoming = _tidy(incoming)
    if len(tidy.key) <= LONGEST_KEY:
        return tidy
    return replace(tidy, key=hashlib.sha256(tidy.key.encode()).hexdigest())


def _tidy(value: Any) -> Any:
    if type(value) is str:
        return value.translate(_UNREADABLE)
    if isinstance(value, Mapping):
        return {_tidy(name): _tidy(each) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _tidy(getattr(value, field.name)) for field in fields(value)})
    return value
