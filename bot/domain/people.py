"""Who there is, as one frozen value which the desk makes in the same transaction as it decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.policy import Span

BOT = "hello30"
"""Who did it, when no person did."""
RECEPTION = "reception"
"""Reception as a responder: whoever is at the counter of the visit's site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One entry of the directory. `language` is a tag such as fr-CA, `zone` an IANA name."""

    id: str
    name: str
    given: str
    language: str
    zone: str
    sites: tuple[str, ...] = ()
    reception_of: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    manager: str | None = None
    aliases: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()  # what the configuration makes of them: admin, auditor


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away: who answers meanwhile, and what they must know (`note` is written by the person away)."""

    person: str
    stand_in: str | None
    note: str = ""


class Calendar(Protocol):
    """Opening hours and promised times of one site, asked only by `decide`; all moments are aware and in UTC."""

    def next_slot(self, person: str, after: datetime) -> datetime:
        """Give the first open slot after `after` that overlaps no callback of this person, who is not away then."""
        ...

    def slots(self, person: str, after: datetime, count: int) -> tuple[datetime, ...]:
        """Give the next `count` moments of `next_slot`, earliest first."""
        ...

    def closing(self, now: datetime) -> datetime:
        """Give the end of the opening hours that run now, or else of the next ones; always after `now`."""
        ...

    def later(self, at: datetime, span: Span) -> datetime:
        """Give the moment that is `span` after `at`, in clock time or in the site's open time as the span says."""
        ...

    def is_free(self, person: str, at: datetime, *, besides: datetime | None = None) -> bool:
        """Tell whether this person is not away then, and a slot overlaps no callback of theirs but that `besides`."""
        ...

    def is_open(self, at: datetime) -> bool:
        """Tell whether the site is open at that moment."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """All that `decide` may know beside the visit: people, who is away, and the site's calendar."""

    site: str
    people: Mapping[str, Person]
    calendar: Calendar
    absences: Mapping[str, Absence]

    def deputies(self, owner: str) -> tuple[str, ...]:
        """Give whom the owner's `deputy` steps may ask, in order; nobody who is away."""
        deputies = self.people[owner].deputies if owner in self.people else ()
        return tuple(p for p in deputies if p not in self.absences)

    def managers(self, owner: str) -> tuple[str, ...]:
        """Give the owner's manager, unless there is none or they are away."""
        manager = self.people[owner].manager if owner in self.people else None
        return (manager,) if manager is not None and manager not in self.absences else ()

    def is_reception(self, person: str) -> bool:
        """Tell whether this person stands at the counter of this site."""
        return person in self.people and self.site in self.people[person].reception_of

    def stand_in(self, owner: str) -> str | None:
        """Give who answers while the owner is away, or None when the owner is here or nobody was named."""
        absence = self.absences.get(owner)
        return absence.stand_in if absence else None
