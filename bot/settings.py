"""What an admin has configured, as frozen values: `bot.config` makes them of files, everything else only reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from bot.domain.people import Person
from bot.domain.policy import Policy, Via
from bot.messages import Address


@dataclass(frozen=True, slots=True, order=True)
class OpenRange:
    """Opening hours without a break, in minutes after midnight by the wall clock; `end` (at most 1440) is closed."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place with a counter. `hours` has seven entries, Monday first; `slot` divides an hour.

    `reception` is where the cards of the counter are shown.
    """

    id: str
    name: str
    zone: str
    language: str
    hours: tuple[tuple[OpenRange, ...], ...]
    closed: frozenset[date]
    slot: timedelta
    reception: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Somebody is away from the day `first` to the day `last`, both included, by the calendar of the visit's site."""

    person: str
    first: date
    last: date
    stand_in: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Where the web pages are served."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A whole configuration without faults.

    sites, people    by their ids, in the order of the file
    addresses        where each person is found, by their id; everybody has at least one
    kinds            the labels of each kind, by language tag
    database         the SQLite file; it need not exist yet
    policies         in the order in which they are tried; the last covers everything
    web              None when the web pages are not served
    """

    file: Path
    sites: Mapping[str, Site]
    people: Mapping[str, Person]
    addresses: Mapping[str, tuple[Address, ...]]
    away: tuple[Away, ...]
    kinds: Mapping[str, Mapping[str, str]]
    database: Path
    policies: tuple[Policy, ...]
    web: Web | None

    def policy_for(self, *, via: Via, kind: str | None, owner: str, site: str, is_open: bool) -> Policy:
        """Give the first policy that covers such an arrival; there always is one, because the last covers all."""
        return next(
            policy
            for policy in self.policies
            if policy.applies_to.covers(via=via, kind=kind, owner=owner, site=site, is_open=is_open)
        )
