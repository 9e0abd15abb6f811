"""What the visitor told us: the erasable side of a visit. None of it is ever in an event or in a log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The visitor's own data. `phone` is E.164; `how_long_s` in seconds; `party` counts the people who came together.

    `line` is for the visitor and read out by reception; `points` are for whoever calls; `notes` stay inside the house.
    """

    visitor: str
    company: str = ""
    about: str = ""
    how_long_s: int | None = None
    phone: str = ""
    party: int = 1
    line: str = ""
    points: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is known beside this visit: earlier visits of the same visitor, and who else waits for the same person."""

    visits_before: int = 0
    still_promised: int = 0
    others_waiting: int = 0
