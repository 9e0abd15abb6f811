"""Where the log is read from, and whom and which site somebody means who filters it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from bot import config
from bot.commandline.meant import one_person
from bot.commandline.options import CONFIG
from bot.config_shape import read_database
from bot.language.names import find as find_people
from bot.ports import Transaction
from bot.settings import Database, Postgres, Settings
from bot.visit_log import LogRow, Wanted, read_log
from bot.yaml_shape import Wrong, did_you_mean


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
        known = text in people or find_people(text, people.values())
        if not known and any(stored.visit.owner == text for stored in tx.visits(person=text, open_only=False)):
            return text
        return one_person(text, people, "'--owner'").id

    def _site(self, tx: Transaction, text: str) -> str:
        sites = self.settings.sites if self.settings else {}
        if text in sites or tx.visits(site=text, open_only=False):
            return text
        advice = f": {did_you_mean(text, sites)}" if sites else " here."
        raise typer.BadParameter(f'there is no site "{text}"{advice}', param_hint="'--site'")


def find(config_file: Path | None, database: str | None) -> Source:
    """Tell where to read from: a file, or the URL of a PostgreSQL; raises `ConfigError` or `BadParameter`."""
    named = _named(database) if database is not None else None
    if named is not None and config_file is None:
        return Source(named, None)
    settings = config.load(config_file or CONFIG)
    return Source(named or settings.database, settings)


def _named(text: str) -> Database:
    """Read a database as config.yaml has it, but for a file, which is one of the folder where the command runs."""
    try:
        database = read_database(text, where="on the command line")
    except Wrong as wrong:
        raise typer.BadParameter(str(wrong), param_hint="'--database'") from None
    return Postgres(database) if "://" in database else Path(database)
