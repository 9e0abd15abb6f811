"""What a page shows once, beside the present state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.messages import Form, Reply, ShownButton


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer to a post, said once on the page that follows it; `typed` is the line that it answers."""

    text: str
    visit: str = ""
    refused: bool = False
    new: bool = False
    typed: str = ""
    buttons: tuple[ShownButton, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page shows beside the present state: an answer, an opened form, what was typed, what is asked back.

    `once` keeps the one-time key of a post that was not saved, so that doing it again is still one press.
    """

    said: Said | None = None
    form: Form | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    asked: Reply | None = None
    once: str = ""
