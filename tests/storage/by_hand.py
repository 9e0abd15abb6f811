"""A database that somebody alters by hand, past the triggers and past every key that would refuse it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from bot.settings import Database, Postgres
from tests.postgres import Server

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody with a tool of the database's own, and time."""

    database: Database

    def run(self, *statements: str, **values: object) -> None:
        """Run statements with these values, each in the order it comes; then everything that refuses is back."""
        with self._connection() as execute:
            for statement in statements:
                execute(statement, values)

    def rows(self, table: str, **values: object) -> list[Values]:
        """Give all rows of a table, in an order that stays."""
        with self._connection() as execute:
            return sorted(execute(f"SELECT * FROM {table}", values), key=repr)

    @contextmanager
    def put_back(self, *tables: str) -> Iterator[None]:
        """Put the rows of some tables back afterwards, as they were."""
        counted = () if isinstance(self.database, Postgres) else ("sqlite_sequence",)
        before = {table: self.rows(table) for table in (*tables, *counted)}
        try:
            yield
        finally:
            with self._connection() as execute:
                for table, rows in before.items():
                    execute(f"DELETE FROM {table}", {})
                    for row in rows:
                        names = ", ".join(row)
                        execute(f"INSERT INTO {table} ({names}) VALUES (:{names.replace(', ', ', :')})", row)

    def _connection(self) -> AbstractContextManager[Any]:
        return _on_postgres(self.database) if isinstance(self.database, Postgres) else _on_sqlite(self.database)


@contextmanager
def _on_sqlite(path: Path) -> Iterator[Any]:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.row_factory = sqlite3.Row
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for trigger in triggers:
            raw.execute(f"DROP TRIGGER {trigger['name']}")

        def execute(statement: str, values: Values) -> list[Values]:
            return [dict(row) for row in raw.execute(statement, values).fetchall()]

        yield execute
        for trigger in triggers:
            raw.execute(trigger["sql"])


@contextmanager
def _on_postgres(database: Postgres) -> Iterator[Any]:
    engine = create_engine(make_url(database.url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # neither triggers nor foreign keys

        def execute(statement: str, values: Values) -> list[Values]:
            result = connection.execute(text(statement), values)
            return [row._asdict() for row in result] if result.returns_rows else []

        yield execute
    engine.dispose()


@contextmanager
def copied(database: Database, folder: Path, server: Server | None) -> Iterator[Database]:
    """Give a copy of a database that nobody has open."""
    if isinstance(database, Postgres):
        assert server is not None
        with server.database(like=database) as copy:
            yield copy
    else:
        yield Path(shutil.copy(database, folder / "copy.db"))
