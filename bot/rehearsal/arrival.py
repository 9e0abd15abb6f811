"""The arrival that is rehearsed: whom, how and when somebody comes, so that the policy covers it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.facts import Facts
from bot.domain.policy import Policy, Via
from bot.errors import Hello30Error
from bot.opening import SiteCalendar, make_house
from bot.settings import Settings, Site

VISITOR: Final = Facts(visitor="Julie Tremblay", phone="+15145550142")
"""Who comes in every rehearsal: somebody invented, whose number is known."""
AFTER_OPENING: Final = timedelta(minutes=30)
"""So long after the site has opened, or closed, the visitor comes."""
_STEP: Final = timedelta(minutes=15)
_DAYS_AHEAD: Final = 400
"""So many days ahead a suitable one is looked for: longer than any absence that anybody plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One arrival under a policy. `reached`: in life it is this policy that such a visit falls under, and no other."""

    policy: Policy
    site: str
    owner: str
    receptionist: str
    via: Via
    kind: str | None
    at: datetime
    is_open: bool
    reached: bool


def choose(settings: Settings, policy: Policy, *, today: date) -> Arrival:
    """Choose an arrival after `today` that the policy covers; raises `Hello30Error` when there can be none.

    A policy that stands in the configuration under the same name gives way to this one.
    """
    listed = any(other.name == policy.name for other in settings.policies)
    tried = tuple(policy if other.name == policy.name else other for other in settings.policies)
    settings = replace(settings, policies=tried)
    first: Arrival | None = None
    for arrival in _covered(settings, policy, today):
        if not listed or _taken(settings, arrival) is policy:
            return arrival
        first = first or replace(arrival, reached=False)
    if first is None:
        raise Hello30Error(
            f'no visit falls under "{policy.name}": look at its applies_to, and at the opening hours of the sites'
        )
    return first


def _taken(settings: Settings, arrival: Arrival) -> Policy:
    return settings.policy_for(
        via=arrival.via, kind=arrival.kind, owner=arrival.owner, site=arrival.site, is_open=arrival.is_open
    )


def _covered(settings: Settings, policy: Policy, today: date) -> Iterator[Arrival]:
    """Give arrivals that the policy covers, the most ordinary one first."""
    applies = policy.applies_to
    hours = (True, False) if applies.hours is None else (applies.hours == "open",)
    kinds: Sequence[str | None] = applies.kinds or (*settings.kinds, None)
    for site, is_open, via in product(applies.sites or settings.sites, hours, applies.via or tuple(Via)):
        for owner, kind in product(applies.owners or _owners(settings, site), kinds):
            at = _moment(settings, settings.sites[site], owner, today, is_open=is_open)
            if at is not None:
                yield Arrival(
                    policy=policy,
                    site=site,
                    owner=owner,
                    receptionist=_receptionist(settings, site),
                    via=via,
                    kind=kind,
                    at=at,
                    is_open=is_open,
                    reached=True,
                )


def _owners(settings: Settings, site: str) -> tuple[str, ...]:
    """Give who may be asked for at a site: first whoever has both a deputy and a manager, reception last."""
    here = [person for person in settings.people.values() if site in person.sites]
    here.sort(key=lambda p: (site in p.reception_of, not (p.deputies and p.manager), not p.deputies, not p.manager))
    return tuple(person.id for person in here)


def _receptionist(settings: Settings, site: str) -> str:
    return next(person.id for person in settings.people.values() if site in person.reception_of)


# --- when ------------------------------------------------------------------------------------------------------------


def _moment(settings: Settings, site: Site, owner: str, today: date, *, is_open: bool) -> datetime | None:
    """Give a moment at which the site is open (or closed) on its next open day, on which the owner is here if possible.

    None where there is no such moment: a site may never close.
    """
    found: datetime | None = None
    for ahead in range(1, _DAYS_AHEAD):
        at = _on_day(site, today + timedelta(days=ahead), is_open=is_open)
        if at is not None and owner not in make_house(settings, site.id, at).absences:
            return at
        found = found or at
        if found is None and ahead > 7 * (len(site.closed) + 2):
            return None  # a site opens at least once a week, closed days aside
    return found


def _on_day(site: Site, day: date, *, is_open: bool) -> datetime | None:
    calendar, midnight = SiteCalendar(site), datetime.combine(day, time(), ZoneInfo(site.zone)).astimezone(UTC)
    quarters = [midnight + number * _STEP for number in range(timedelta(days=1) // _STEP)]
    open_ones = [at for at in quarters if calendar.is_open(at)]
    if not open_ones:
        return None
    if is_open:
        wanted = open_ones[0] + AFTER_OPENING
        return wanted if calendar.is_open(wanted) else open_ones[0]
    evening = open_ones[-1] + _STEP + AFTER_OPENING
    return next((at for at in (evening, *reversed(quarters)) if not calendar.is_open(at)), None)
