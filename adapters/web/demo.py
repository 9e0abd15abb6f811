"""What the pages need of the demo: its clock, and as whom one may look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

FORWARD = ("1m", "15m", "morning")
"""How far the demo's clock can be moved: `DemoPages.forward` takes one of these."""


class DemoPages(Protocol):
    """The demo behind the pages. With one, nobody signs in: the address says who one is."""

    @property
    def speed(self) -> float:
        """Give how many seconds of the demo pass in a second."""
        ...

    @property
    def persons(self) -> Sequence[str]:
        """Give the ids of those whom one can be, in the order of the demo bar; one of them works at a reception."""
        ...

    async def forward(self, what: str) -> None:
        """Move the clock by one of `FORWARD`; return once everything that was due by then has happened."""
        ...
