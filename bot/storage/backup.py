"""Copies an SQLite database while hello30 runs: whole, private, and looked through before it has its name."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from bot.errors import NotSaved
from bot.storage.sqlite import reading_engine, take_lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What a copy holds."""

    visits: int
    entries: int
    size: int


def copy_sqlite(source: Path, to: Path) -> Copied:
    """Copy the database in `source` to a new file that only its owner may read; it is there whole or not at all.

    The copy is the database at one moment, and whoever writes meanwhile is not held up. Raises `NotSaved` when there is
    no database of hello30's, the file is there already, or it cannot be written.
    """
    if not source.is_file():
        raise NotSaved(f"There is no database {source}. hello30 makes it when it runs; please check the path.")
    if to.exists():
        raise NotSaved(f"{to} is there already, and a copy takes nothing's place. Please choose a new name.")
    with _new_file_beside(to) as part, _nobody_starts(source):
        try:
            _copy(source, part)
            copied = _looked_through(part)
        except (sqlite3.Error, DBAPIError) as error:
            said = getattr(error, "orig", error)
            raise NotSaved(
                f"{source} cannot be copied ({said}). Please check that it is the database of a hello30, that you may "
                "read it, and that there is space for a copy."
            ) from None
        part.replace(to)
    return copied


@contextmanager
def _new_file_beside(to: Path) -> Iterator[Path]:
    """Give an empty file in the same folder, and leave nothing of it behind."""
    try:
        number, name = tempfile.mkstemp(prefix=f"{to.name}.", suffix=".part", dir=to.parent)  # 0600
    except OSError as error:
        raise NotSaved(f"{to} cannot be written ({error.strerror}). Please check its folder.") from error
    os.close(number)
    try:
        yield Path(name)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


@contextmanager
def _nobody_starts(source: Path) -> Iterator[None]:
    """While nobody has the database open, let nobody open it: it is then read without SQLite's own locks."""
    try:
        let_go = take_lock(source)
    except NotSaved:  # a hello30 has it, so SQLite's locks are used; or it lies where nothing can be written
        yield
        return
    try:
        yield
    finally:
        let_go()


def _copy(source: Path, to: Path) -> None:
    with reading_engine(source).connect() as reading, closing(sqlite3.connect(to)) as written:
        connection: Any = reading.connection.driver_connection
        connection.rollback()  # a copy begins its own reading, of one moment
        connection.backup(written)
    with to.open("rb+") as file:
        os.fsync(file.fileno())


def _looked_through(path: Path) -> Copied:
    """Check that a copy is sound, and count what it holds; nothing is made beside it."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
        found = [row[0] for row in copy.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            raise NotSaved(f"The database is damaged: SQLite says {found[0]}. Please keep all copies that you have.")
        visits = copy.execute("SELECT count(*) FROM visit").fetchone()[0]
        entries = copy.execute("SELECT count(*) FROM journal").fetchone()[0]
        return Copied(visits=visits, entries=entries, size=path.stat().st_size)
