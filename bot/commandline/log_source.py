"""Where the log is read from, and whom and which site somebody means who filters it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import typer

from bot import config
from bot.language.names import find as find_people
from bot.ports import Transaction
from bot.settings import Database, Postgres, Settings, has_password
from bot.visit_log import LogRow, Wanted, read_log

DEFAULT: Final = Path("config.yaml")
_OWNER: Final = "'--owner'"


@dataclass(frozen=True, slots=True)
class Source:
    """A database, and the configuration that knows its people; without `settings` there are only ids, and UTC."""

    database: Database
    settings: Settings | None

    def zone(self, site: str) -> tzinfo:
        """Give the zone of a site; UTC for one that is no longer configured."""
        sites = self.settings.sites if self.settings else {}
        return ZoneInfo(sites[site].zone) if site in sites else UTC

    def name(self, person: str) -> str:
        """Give a person's name, or the id of somebody who is no longer configured."""
        people = self.settings.people if self.settings else {}
        return people[person].name if person in people else person

    def read(self, tx: Transaction, wanted: Wanted) -> list[LogRow]:
        """Read the log; raises `BadParameter` when it is not clear who or which site is wanted."""
        owner = self._owner(tx, wanted.owner) if wanted.owner is not None else None
        site = self._site(tx, wanted.site) if wanted.site is not None else None
        return read_log(tx, replace(wanted, owner=owner, site=site), self.zone)

    def _owner(self, tx: Transaction, text: str) -> str:
        """Give the one person who is meant: by id, by name, or by the id of somebody who has left the directory."""
        people = self.settings.people if self.settings else {}
        if text in people:
            return text
        found = find_people(text, people.values())
        if len(found) > 1:
            choice = ", ".join(f"{person.name} ({person.id})" for person in found)
            raise typer.BadParameter(f"several people go by that name: {choice}. Please use an id.", param_hint=_OWNER)
        if found:
            return found[0].id
        if any(stored.visit.owner == text for stored in tx.visits(person=text, open_only=False)):
            return text
        names = [*people, *(person.name for person in people.values())]
        raise typer.BadParameter(f'nobody goes by "{text}"{_did_you_mean(text, names)}', param_hint=_OWNER)

    def _site(self, tx: Transaction, text: str) -> str:
        sites = self.settings.sites if self.settings else {}
        if text in sites or tx.visits(site=text, open_only=False):
            return text
        raise typer.BadParameter(f'there is no site "{text}"{_did_you_mean(text, sites)}', param_hint="'--site'")


def find(config_file: Path | None, database: str | None) -> Source:
    """Tell where to read from: a file, or the URL of a PostgreSQL; raises `ConfigError` or `BadParameter`."""
    named: Database | None = None
    if database is not None:
        scheme, is_url, _ = database.partition("://")
        if is_url and scheme not in {"postgresql", "postgres"}:
            advice = f'"{scheme}" is no database that is known: please write a file, or postgresql://user@host/name.'
            raise typer.BadParameter(advice, param_hint="'--database'")
        if is_url and has_password(database):
            advice = "a password does not belong here, where others may read it: please set PGPASSWORD instead."
            raise typer.BadParameter(advice, param_hint="'--database'")
        named = Postgres(database) if is_url else Path(database)
        if config_file is None:
            return Source(named, None)
    settings = config.load(config_file or DEFAULT)
    return Source(named or settings.database, settings)


def _did_you_mean(text: str, names: Iterable[str]) -> str:
    near = get_close_matches(text, list(names), n=1)
    return f'; did you mean "{near[0]}"?' if near else " here."
