"""`hello30 check` and `hello30 people list`: what a configuration says, and whom a running bot does not reach."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from bot import config, lost
from bot.clock import SystemClock
from bot.commandline.output import show_table
from bot.domain.people import Person
from bot.errors import DeliveryKind, NotSaved, Unreadable
from bot.logs import set_up_logs
from bot.lost import Lost
from bot.messages import Address
from bot.opening import make_house
from bot.settings import Database, Settings
from bot.storage.databases import read_store

COLUMNS = ("Id", "Name", "Sites", "Deputies", "Manager", "Addresses", "Away now", "Not reached")
_PLATFORMS = {"slack": "Slack", "teams": "Teams", "web": "the web pages"}
_WHY_NOT: Mapping[str, Mapping[str, str]] = {
    "slack": dict.fromkeys(("", "user_disabled"), "not in Slack any more"),
    "teams": {
        **dict.fromkeys(("", "has_uninstalled_the_app"), "has taken the app out of Teams"),
        **dict.fromkeys(("MessageWritesBlocked", "has_blocked_the_app"), "has blocked the app in Teams"),
        "has_not_installed_the_app": "has not installed the app in Teams",
    },
}
"""Why a platform takes nothing for somebody, by the code that it gives last; none where it told it by itself."""


def check(path: Path) -> None:
    """Say that a configuration is good; raises `ConfigError` when it is not."""
    settings = config.load(path)
    counted = (_count(len(settings.sites), "site", "sites"), _count(len(settings.people), "person", "people"))
    typer.echo(f"No faults: {', '.join(counted)}, {_count(len(settings.policies), 'policy', 'policies')}.")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def list_people(path: Path) -> None:
    """Write a table of everybody in the directory; raises `ConfigError`.

    Where the database cannot be read, the rest is told all the same, and that on standard error.
    """
    settings, known = config.load(path), dict[Address, Lost]()
    set_up_logs(logging.WARNING)
    try:
        known.update(asyncio.run(_not_reached(settings.database)))
    except (NotSaved, Unreadable) as fault:
        typer.echo(f"Who is not reached cannot be told: {fault}", err=True)
    show_table(COLUMNS, rows(settings, SystemClock().now(), known))


async def _not_reached(database: Database) -> Mapping[Address, Lost]:
    """Read at which addresses nobody is reached; nothing where no hello30 has run yet."""
    if isinstance(database, Path) and not database.exists():
        return {}
    store = await read_store(database)
    try:
        return await store.read(lost.everywhere)
    finally:
        await store.close()


def rows(settings: Settings, now: datetime, known: Mapping[Address, Lost]) -> Iterator[tuple[str, ...]]:
    """Give a row for each person, in the order of the file; `known` are the addresses that are lost."""
    for person in settings.people.values():
        yield (
            person.id,
            person.name,
            ", ".join(f"{site} (reception)" if site in person.reception_of else site for site in person.sites),
            ", ".join(person.deputies),
            person.manager or "",
            ", ".join(_addresses(settings, person)),
            _away(settings, person, now),
            "; ".join(_why_not(person, at, known[at]) for at in settings.addresses[person.id] if at in known),
        )


def _addresses(settings: Settings, person: Person) -> Iterator[str]:
    """Give where somebody is found, and that they are not linked yet to any of the chat platforms that are used."""
    found = settings.addresses[person.id]
    yield from (f"{address.adapter}:{address.id}" for address in found)
    used = [name for name, how in (("slack", settings.slack), ("teams", settings.teams)) if how]
    if used and not any(address.adapter in used for address in found):
        yield f"not in {' or '.join(_PLATFORMS[name] for name in used)}"


def _why_not(person: Person, at: Address, known: Lost) -> str:
    """Say why somebody is not reached at an address, and since when by their own clock."""
    platform, code = _PLATFORMS.get(at.adapter, at.adapter), known.detail.rpartition(" ")[2]
    why = f"no message gets through to {platform}"
    if known.why == DeliveryKind.UNREACHABLE.value:
        why = _WHY_NOT.get(at.adapter, {}).get(code) or f"{platform} takes no message ({code})"
    return f"{why}, since {known.since.astimezone(ZoneInfo(person.zone)):%Y-%m-%d %H:%M}"


def _away(settings: Settings, person: Person, now: datetime) -> str:
    """Say until when somebody is away by the calendar of their first site, and who stands in for them."""
    site = settings.sites[person.sites[0]]
    absence = make_house(settings, site.id, now).absences.get(person.id)
    if absence is None:
        return ""
    today = now.astimezone(ZoneInfo(site.zone)).date()
    until = max(a.last for a in settings.away if a.person == person.id and a.first <= today <= a.last)
    return f"until {until}, {absence.stand_in or 'nobody'} stands in"
