"""`hello30 understand`: how a typed line is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from pathlib import Path

import typer

from bot import config
from bot.clock import SystemClock
from bot.commandline.output import printable, show_json
from bot.language.moments import zone_of
from bot.language.understand import Role, Understood
from bot.language.understand import understand as read_line
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line, and who would type it, when and where; `now` is ISO 8601, by the clock of `zone` if it has none."""

    text: str
    role: Role
    now: str | None
    zone: str | None
    language: str


def understand(line: Line, path: Path | None, *, as_json: bool) -> None:
    """Write how a line is read, with the people of a configuration; raises `ConfigError`."""
    settings = config.load(path) if path else None
    zone = _zone(line.zone, settings)
    read = read_line(
        line.text,
        role=line.role,
        now=_now(line.now, zone),
        zone=str(zone),
        language=line.language,
        people=tuple(settings.people.values()) if settings else (),
    )
    if as_json:
        show_json(asdict(read) | {"at": read.at.astimezone(zone).isoformat() if read.at else None})
        return
    for name, value in _lines(read, zone, settings):
        typer.echo(f"{name:<12} {printable(value)}")


def _zone(name: str | None, settings: Settings | None) -> tzinfo:
    sites = settings.sites.values() if settings else ()
    wanted = name or next((site.zone for site in sites), "UTC")
    zone = zone_of(wanted)
    if zone is None:
        advice = f'there is no time zone "{wanted}"; please write it as in America/Montreal.'
        raise typer.BadParameter(advice, param_hint="'--zone'")
    return zone


def _now(text: str | None, zone: tzinfo) -> datetime:
    if text is None:
        return SystemClock().now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        advice = f'"{text}" is not a moment that can be read: please write it as 2026-03-04T09:12.'
        raise typer.BadParameter(advice, param_hint="'--now'") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _lines(read: Understood, zone: tzinfo, settings: Settings | None) -> Iterator[tuple[str, str]]:
    """Give what was read, without what was not."""
    yield "intent", read.intent
    if read.in_minutes is not None:
        yield "in", f"{read.in_minutes} min"
    if read.at is not None:
        yield "at", f"{read.at.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"
    for name in ("visitor", "company", "owner", "phone", "reason"):
        if value := getattr(read, name):
            yield name, value
    if read.intent == "announce":
        yield "who that is", _people(read.owner_candidates, settings)
    if read.to:
        yield "to", _people(read.to, settings)
    yield "certain", "yes" if read.certain else "no: hello30 asks back"


def _people(ids: tuple[str, ...], settings: Settings | None) -> str:
    people = settings.people if settings else {}
    return ", ".join(f"{people[person].name} ({person})" for person in ids if person in people) or "nobody known"
