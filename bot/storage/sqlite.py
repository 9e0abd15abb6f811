"""What is SQLite's own: how its connections are set up, and the lock file that keeps a second process out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from bot.errors import DatabaseBusy, NotSaved
from bot.storage.faults import tell_faults

_READING = "hello30_reading"
"""The execution option of a connection that only reads."""
_UNLOCKED = "immutable=1"
"""How SQLite reads a file that nobody has open: it takes no locks, and trusts that nobody writes meanwhile."""

_SETTINGS = (
    "PRAGMA journal_mode=WAL",  # reads go on beside a write
    "PRAGMA synchronous=FULL",  # what was committed is on the disk
    "PRAGMA busy_timeout=5000",  # milliseconds; a backup tool may hold the lock for a moment
    "PRAGMA foreign_keys=ON",
)


def sqlite_engine(path: Path) -> Engine:
    """Give an engine for a file; its transactions take the write lock as they begin, so none fails half-way for it."""
    # Parameters stay out of error messages: they hold what visitors said.
    engine = tell_faults(create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True))

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: `_begin` does
        for setting in _SETTINGS:
            connection.execute(setting)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get(_READING, False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def beside(engine: Engine) -> Engine:
    """Give the same engine for transactions that only read, and so do not queue for the one write lock."""
    return engine.execution_options(**{_READING: True})


def reading_engine(path: Path) -> Engine:
    """Give an engine that only reads a file, also beside a bot that writes it; it makes no file and changes none."""

    # Nothing is pooled: each connection looks anew whether a bot has the file open by now.
    def connect() -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?{_how_to_read(path)}"
        # The driver begins nothing by itself: `_begin` does.
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    engine = tell_faults(create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def fingerprint(path: Path) -> tuple[object, ...]:
    """Give what tells whether somebody wrote a file that is read without locks: then it must be read again."""
    how = _how_to_read(path)
    if how != _UNLOCKED:
        return (how,)
    seen = path.stat()
    return (how, seen.st_mtime_ns, seen.st_size)


def _how_to_read(path: Path) -> str:
    """Give the parameters with which SQLite reads and leaves no trace; it would make the files beside it by itself."""
    wal, index = Path(f"{path}-wal"), Path(f"{path}-shm")
    if wal.exists() and index.exists():
        return "mode=ro&readonly_shm=1"  # open elsewhere, or left behind by a bot that was killed
    if wal.exists() and wal.stat().st_size:
        raise NotSaved(
            f"{path} cannot be read: the file {index.name} is not beside it. Please copy all files of the database, or "
            "start hello30 on it once."
        )
    return _UNLOCKED  # nobody has it open, and all there is stands in the file itself


def take_lock(path: Path) -> Callable[[], None]:
    """Lock the file beside the database and give what unlocks it; the lock ends with the process, however it ends."""
    if not path.parent.is_dir():
        raise NotSaved(f"{path} cannot be opened: there is no folder {path.parent}. Please create it first.")
    lock = FileLock(f"{path}.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise DatabaseBusy(
            f"Another hello30 is running on {path}. Please stop it first, or give this one a database of its own."
        ) from error
    except OSError as error:
        raise NotSaved(
            f"{path} cannot be opened ({error.strerror}). Please see to it that its folder can be written to."
        ) from error
    return lock.release
