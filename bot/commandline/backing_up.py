"""`hello30 db backup`: a copy of everything, taken while hello30 runs."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer
from sqlalchemy import URL, make_url

from bot import config
from bot.commandline.output import count
from bot.errors import Hello30Error
from bot.settings import Postgres
from bot.storage.backup import copy_sqlite


class NotOurs(Hello30Error):
    """A copy that another program makes better; the message holds its command."""


def backup(path: Path, to: Path) -> None:
    """Copy the database of a configuration to a new file; raises `ConfigError`, `NotSaved`, or `NotOurs`."""
    database = config.load(path).database
    if isinstance(database, Postgres):
        raise NotOurs(
            "PostgreSQL is copied by its own program, also while hello30 runs. Please run this where it is installed:\n"
            f"  {pg_dump(database, to)}"
        )
    copied = copy_sqlite(database, to)
    visits, entries = count(copied.visits, "visit", "visits"), count(copied.entries, "entry", "entries")
    typer.echo(f"{to}: {visits}, {entries} of the journal, {copied.size // 1024} KiB; it is sound.")
    typer.echo("It holds visitors' data. Please keep it as private as the database itself.")


def pg_dump(database: Postgres, to: Path) -> str:
    """Give the command that copies a PostgreSQL database, without a password: it reads PGPASSWORD, as hello30 does."""
    url = make_url(database.url)
    query = {name: value for name, value in url.query.items() if name != "password"}
    shown = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return shlex.join(["pg_dump", "--format=custom", f"--file={to}", shown.render_as_string()])
