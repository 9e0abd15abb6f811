"""The database of a program, read from outside it: an SQLite file as it lies on the disk, or a PostgreSQL."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url, select, update

from bot.demo.clock import KEPT_AS
from bot.settings import Database, Postgres
from bot.storage import tables
from tests.processes import checks, kept
from tests.processes.kept import Kept


@contextmanager
def opened(database: Database, *, writing: bool = False) -> Iterator[Connection]:
    """Open it as any other program does, in one transaction that sees one state and is committed."""
    engine = _postgres(database) if isinstance(database, Postgres) else _sqlite(database, writing=writing)
    with engine.begin() as connection:
        yield connection


def _postgres(database: Postgres) -> Engine:
    url = make_url(database.url).set(drivername="postgresql+psycopg")
    return create_engine(url, isolation_level="REPEATABLE READ", poolclass=NullPool)


def _sqlite(database: Path, *, writing: bool) -> Engine:
    def connect() -> sqlite3.Connection:
        return sqlite3.connect(database, timeout=10, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def read(database: Database, *, put_off: Collection[str] = ()) -> Kept:
    """Read everything that a program which has ended left, and see to it that it holds together.

    Of a file a copy is read, so that the next start finds what the kill left: whoever opens the file itself mends it.
    """
    if isinstance(database, Postgres):
        return read_running(database, put_off=put_off)
    with TemporaryDirectory() as folder:
        copied = Path(folder) / database.name
        for suffix in ("", "-wal"):
            if Path(f"{database}{suffix}").exists():
                shutil.copyfile(f"{database}{suffix}", f"{copied}{suffix}")
        with opened(copied) as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            return _read(connection, put_off)


def read_running(database: Database, *, put_off: Collection[str] = ()) -> Kept:
    """Read everything beside the running program, and see to it that it holds together."""
    with opened(database) as connection:
        return _read(connection, put_off)


def _read(connection: Connection, put_off: Collection[str]) -> Kept:
    found = kept.read(connection)
    checks.holds(found, put_off=put_off)
    newest = max((event.at for visit in found.visits.values() for event in visit.events), default=None)
    assert newest is None or newest <= _clock(connection), "the demo's clock would go back"
    return found


def still_waits(database: Database) -> bool:
    """Tell whether a card or a nudge is still to be sent."""
    with opened(database) as connection:
        return kept.waits(connection)


def _clock(connection: Connection) -> datetime:
    """Give what the demo's clock shows when the program is started now."""
    values = _kept_clock(connection)
    since, base = datetime.fromisoformat(values["machine"]), datetime.fromisoformat(values["demo"])
    return base + (datetime.now(UTC) - since) * float(values["speed"])


def _kept_clock(connection: Connection) -> dict[str, str]:
    mine = tables.kept_value.c.name == KEPT_AS
    values: dict[str, str] = json.loads(connection.scalars(select(tables.kept_value.c.value).where(mine)).one())
    return values


def has_been_down(database: Database, for_: timedelta) -> None:
    """Let a program that has ended find, when it starts again, that it was down for so long."""
    with opened(database, writing=True) as connection:
        values = _kept_clock(connection)
        values["machine"] = (datetime.fromisoformat(values["machine"]) - for_).isoformat()
        mine = tables.kept_value.c.name == KEPT_AS
        connection.execute(update(tables.kept_value).where(mine).values(value=json.dumps(values)))


@contextmanager
def spoilt(database: Database, visit: str) -> Iterator[None]:
    """Let what is stored of a visit be unreadable for a while."""
    mine = tables.visit.c.id == visit
    with opened(database, writing=True) as connection:
        state = connection.scalars(select(tables.visit.c.state).where(mine)).one()
        connection.execute(update(tables.visit).where(mine).values(state="{}"))
    yield
    with opened(database, writing=True) as connection:
        connection.execute(update(tables.visit).where(mine).values(state=state))
