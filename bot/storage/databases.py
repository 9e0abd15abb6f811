"""Opens a database: a file of SQLite's, or a PostgreSQL."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path

from bot.errors import NotSaved
from bot.ports import Store
from bot.settings import Database, Postgres
from bot.storage import schema
from bot.storage.faults import NotTaken
from bot.storage.sql import SqlStore
from bot.storage.sqlite import beside, fingerprint, reading_engine, sqlite_engine, take_lock


async def open_store(database: Database) -> Store:
    """Open a database, and make or change its tables if need be.

    Raises `DatabaseBusy` when another process has the file open, `Unreadable` when a newer hello30 wrote the database,
    and `NotSaved` when it cannot be opened.
    """
    return await (open_postgres(database) if isinstance(database, Postgres) else open_sqlite(database))


async def read_store(database: Database) -> SqlStore:
    """Open a database for reading only, also beside a running bot: nothing is made, changed or locked.

    Raises `NotSaved` when there is none or it is not one of hello30's, and `Unreadable` when a newer hello30 wrote it.
    A transaction that writes raises `NotSaved`.
    """
    return await (read_postgres(database) if isinstance(database, Postgres) else read_sqlite(database))


# --- SQLite ----------------------------------------------------------------------------------------------------------


async def open_sqlite(path: Path) -> Store:
    """Open the database in this file; its folder must be there. Raises what `open_store` raises."""
    return await asyncio.to_thread(_open_sqlite, path)


def _open_sqlite(path: Path) -> SqlStore:
    let_go = take_lock(path)
    engine = sqlite_engine(path)
    try:
        with suppress(OSError):  # visitors' names are in there; what goes wrong is told by the next line
            path.touch(mode=0o600)
        with engine.begin() as connection:
            schema.bring_up_to_date(connection)
    except BaseException as error:
        engine.dispose()
        let_go()
        if isinstance(error, NotTaken):
            raise NotSaved(
                f"{path} cannot be opened ({error.why}). Please check that it is the database of a hello30, and that "
                "you may write to it."
            ) from error
        raise
    return SqlStore(engine, reading=beside(engine), let_go=let_go)


async def read_sqlite(path: Path) -> SqlStore:
    """Open the database in this file for reading only. Raises what `read_store` raises."""
    return await asyncio.to_thread(_read_sqlite, path)


def _read_sqlite(path: Path) -> SqlStore:
    if not path.is_file():
        raise NotSaved(f"There is no database {path}. hello30 makes it when it runs; please check the path.")
    engine = reading_engine(path)  # it keeps no connection, so there is nothing to let go of when this fails
    try:
        with engine.connect() as connection:
            found = schema.found_version(connection)
    except NotTaken as error:
        raise NotSaved(
            f"{path} cannot be read ({error.why}). Please check that it is the database of a hello30, and that you "
            "may read it."
        ) from error
    _check(found, str(path))
    return SqlStore(engine, fingerprint=partial(fingerprint, path))


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


async def open_postgres(database: Postgres) -> Store:
    """Open a database of a PostgreSQL server, beside other processes. Raises what `open_store` raises."""
    return await asyncio.to_thread(_open_postgres, database, for_reading=False)


async def read_postgres(database: Postgres) -> SqlStore:
    """Open a database of a PostgreSQL server for reading only. Raises what `read_store` raises."""
    return await asyncio.to_thread(_open_postgres, database, for_reading=True)


def _open_postgres(database: Postgres, *, for_reading: bool) -> SqlStore:
    try:
        import psycopg  # noqa: F401, PLC0415 - it is there only when it was asked for
    except ImportError as error:
        raise NotSaved(
            "PostgreSQL's driver is not installed here. Please install it: "
            "pip install --require-hashes -r deploy/requirements/postgres.txt"
        ) from error
    from bot.storage import postgres  # noqa: PLC0415 - likewise

    engine = postgres.postgres_engine(database.url)
    reading = postgres.reading(engine)
    try:
        if for_reading:
            with reading.connect() as connection:
                _check(schema.found_version(connection), database.shown)
        else:
            with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
                schema.bring_up_to_date(connection)
    except NotTaken as error:
        engine.dispose()
        raise NotSaved(
            f"The database {database.shown} cannot be opened ({error.why}). Please check that the server "
            "runs, and `database` in the configuration."
        ) from None
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(reading if for_reading else engine, reading=reading, peeking=postgres.peeking(engine))


def _check(found: str | None, where: str) -> None:
    if found is None:
        raise NotSaved(f"{where} is not the database of a hello30. Please check the path.")
    if found != schema.HEAD:
        raise NotSaved(
            f"{where} was written by an older hello30 (its tables have version {found}, this one reads {schema.HEAD}). "
            "Please start this hello30 on it once: that brings it up to date."
        )
