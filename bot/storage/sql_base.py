"""What both halves of an SQL transaction stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Table, exists, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from bot.domain.policy import Policy
from bot.errors import NotSaved
from bot.storage.tables import SCHEMA_VERSION, meta

# SQLite and PostgreSQL write ON CONFLICT alike. SQLAlchemy has it only in each dialect's own insert, which it compiles
# anew each time; these two are compiled once, which makes an arrival several times as fast.


class InsertIfNew(Insert):
    """An insert that changes nothing when a row with this key is there already."""

    inherit_cache: bool | None = True


class InsertOrReplace(Insert):
    """An insert of a whole row that takes the place of the row with this key."""

    inherit_cache: bool | None = True


@compiles(InsertIfNew)
def _if_new(statement: InsertIfNew, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{_plain_insert(statement, compiler, **kw)} ON CONFLICT DO NOTHING"


@compiles(InsertOrReplace)
def _or_replace(statement: InsertOrReplace, compiler: SQLCompiler, **kw: Any) -> str:
    quote = compiler.preparer.quote
    key = ", ".join(quote(column.name) for column in statement.table.primary_key)
    others = (quote(column.name) for column in statement.table.columns if not column.primary_key)
    changes = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f"{_plain_insert(statement, compiler, **kw)} ON CONFLICT ({key}) DO UPDATE SET {changes}"


def _plain_insert(statement: Insert, compiler: SQLCompiler, **kw: Any) -> str:
    written: str = compiler.visit_insert(statement, **kw)  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped
    return written


class SqlBase:
    """A connection within a transaction. `policies` remembers decoded policies by digest, over all transactions."""

    def __init__(self, connection: Connection, policies: dict[str, Policy], *, reading: bool) -> None:
        """Take a connection on which a transaction has begun; with `reading`, every change is refused."""
        self._connection = connection
        self._policies = policies
        self._reading = reading

    def _write(self) -> Connection:
        """Give the connection for a change."""
        if self._reading:
            raise NotSaved("this only reads: nothing can be saved in it")
        return self._connection

    def _put_if_new(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert a row; False, and nothing changes, when its key is there already."""
        counted = {"preserve_rowcount": True}  # not every driver's count outlives an insert otherwise
        return self._write().execute(InsertIfNew(table), row, execution_options=counted).rowcount == 1

    def _put(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert a whole row, or replace what its key had."""
        self._write().execute(InsertOrReplace(table), row)


def same_schema() -> ColumnElement[bool]:
    """Hold a claim to the schema which this version knows: after an upgrade an old replica claims nothing more."""
    return exists(select(meta.c.name).where(meta.c.name == "schema_version", meta.c.value == str(SCHEMA_VERSION)))
