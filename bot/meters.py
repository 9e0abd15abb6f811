"""What the core tells whoever counts: how long things took and what came of them, never whose they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from bot.domain.events import Event


class Meter(Protocol):
    """Counts; `bot.metrics` is the one for Prometheus. Each argument is a name of ours, a number or a length."""

    def incoming(self, adapter: str, outcome: str, seconds: float) -> None:
        """Count something that came in, by its outcome; `failed` when nothing could be answered."""
        ...

    def message(self, adapter: str, message: str, outcome: str, seconds: float) -> None:
        """Count a card or a nudge that an adapter was given; its outcome: delivered, amended or why not."""
        ...

    def transaction(self, kind: str, outcome: str, seconds: float) -> None:
        """Count a transaction: read, write or checkpoint; done, undone (its work raised) or not_saved."""
        ...

    def happened(self, events: Sequence[Event]) -> None:
        """Count events once they are committed."""
        ...

    def fired(self, late: timedelta) -> None:
        """Count a moment of a visit that fired so long after it had come."""
        ...

    def put_off(self) -> None:
        """Count a visit that could not be decided, and was put off."""
        ...

    def lag(self, seconds: float) -> None:
        """Note by how much a task woke later than it had asked for."""
        ...


class NoMeter:
    """Counts nothing."""

    def incoming(self, adapter: str, outcome: str, seconds: float) -> None:
        """Let it go by."""

    def message(self, adapter: str, message: str, outcome: str, seconds: float) -> None:
        """Let it go by."""

    def transaction(self, kind: str, outcome: str, seconds: float) -> None:
        """Let it go by."""

    def happened(self, events: Sequence[Event]) -> None:
        """Let it go by."""

    def fired(self, late: timedelta) -> None:
        """Let it go by."""

    def put_off(self) -> None:
        """Let it go by."""

    def lag(self, seconds: float) -> None:
        """Let it go by."""
