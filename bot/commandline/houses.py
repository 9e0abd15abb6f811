"""`hello30 check` and `hello30 people list`: what a configuration says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from bot import config
from bot.clock import SystemClock
from bot.commandline.output import show_table
from bot.domain.people import Person
from bot.opening import make_house
from bot.settings import Settings

COLUMNS = ("Id", "Name", "Sites", "Deputies", "Manager", "Addresses", "Away now")


def check(path: Path) -> None:
    """Say that a configuration is good; raises `ConfigError` when it is not."""
    settings = config.load(path)
    counted = (_count(len(settings.sites), "site", "sites"), _count(len(settings.people), "person", "people"))
    typer.echo(f"No faults: {', '.join(counted)}, {_count(len(settings.policies), 'policy', 'policies')}.")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def list_people(path: Path) -> None:
    """Write a table of everybody in the directory; raises `ConfigError`."""
    show_table(COLUMNS, rows(config.load(path), SystemClock().now()))


def rows(settings: Settings, now: datetime) -> Iterator[tuple[str, ...]]:
    """Give a row for each person, in the order of the file."""
    for person in settings.people.values():
        yield (
            person.id,
            person.name,
            ", ".join(f"{site} (reception)" if site in person.reception_of else site for site in person.sites),
            ", ".join(person.deputies),
            person.manager or "",
            ", ".join(_addresses(settings, person)),
            _away(settings, person, now),
        )


def _addresses(settings: Settings, person: Person) -> Iterator[str]:
    """Give where somebody is found, and that they are not linked yet where Slack is used."""
    found = settings.addresses[person.id]
    yield from (f"{address.adapter}:{address.id}" for address in found)
    if settings.slack and not any(address.adapter == "slack" for address in found):
        yield "not in Slack"


def _away(settings: Settings, person: Person, now: datetime) -> str:
    """Say until when somebody is away by the calendar of their first site, and who stands in for them."""
    site = settings.sites[person.sites[0]]
    absence = make_house(settings, site.id, now).absences.get(person.id)
    if absence is None:
        return ""
    today = now.astimezone(ZoneInfo(site.zone)).date()
    until = max(a.last for a in settings.away if a.person == person.id and a.first <= today <= a.last)
    return f"until {until}, {absence.stand_in or 'nobody'} stands in"
