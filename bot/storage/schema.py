"""Brings the tables of a database to the version that this hello30 knows, by the steps in `migrations/`."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select, text

from bot.errors import Unreadable
from bot.storage.postgres import without_limits

HEAD: Final = "0003"
"""The version of the tables that this hello30 works with: that of the newest step in `migrations/versions`."""
VERSION_TABLE: Final = "schema_version"
schema_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
"""One row, kept by Alembic: the version of the tables."""

_FIRST: Final = "0001"
_OLD_TABLE: Final = "meta"
"""Where the first version kept its number, before there were steps."""
_MIGRATING: Final = 3_030_030
"""The number of the advisory lock with which processes on one PostgreSQL take turns here."""


def found_version(connection: Connection) -> str | None:
    """Give the version of the tables, None where hello30 made none; raises `Unreadable` when a newer one made them."""
    tables = inspect(connection)
    if tables.has_table(VERSION_TABLE):
        found = connection.scalar(select(schema_version.c.version_num))
    else:
        found = _FIRST if tables.has_table(_OLD_TABLE) and tables.has_table("journal") else None
    if found is not None and found > HEAD:
        raise Unreadable(
            f"This database was written by a newer hello30 (its tables have version {found}, this one knows up to "
            f"{HEAD}). Please start the newer hello30, or choose another database."
        )
    return found


def bring_up_to_date(connection: Connection) -> None:
    """Make or change the tables, all or nothing; raises `Unreadable`, and touches nothing, for a newer database."""
    without_limits(connection)  # with much in them, tables take a while; a process that comes meanwhile waits its turn
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATING})
    found = found_version(connection)
    if found != HEAD:
        migrate(connection, HEAD, found)


def migrate(connection: Connection, to: str, found: str | None) -> None:
    """Go to a version (`base` is an empty database), forward or back, from the one that was found."""
    # Slow to load, and seldom needed: nearly always the tables are up to date.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    config.attributes["connection"] = connection
    if found == _FIRST and not inspect(connection).has_table(VERSION_TABLE):
        command.stamp(config, _FIRST)
    forward = to != "base" and (found is None or to > found)
    (command.upgrade if forward else command.downgrade)(config, to)
