"""What all parts of an SQL transaction stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Connection, Insert, Row, Table, and_, case, exists, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.errors import Held, NotSaved
from bot.messages import Address
from bot.rows import suffix
from bot.storage.schema import HEAD, schema_version
from bot.storage.tables import card, hold

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


@dataclass(frozen=True, slots=True)
class Known:
    """What a store remembers over all transactions: policies by their digest, read and as rows. They never change."""

    policies: dict[str, Policy] = field(default_factory=dict)
    policy_rows: dict[str, Mapping[str, str]] = field(default_factory=dict)
    policies_kept: set[str] = field(default_factory=set)  # whose rows are committed
    visits: dict[str, tuple[str, Visit]] = field(default_factory=dict)  # the state of each as text, and read
    guard: Lock = field(default_factory=Lock)  # readers have threads of their own


class SqlBase:
    """A connection within a transaction."""

    def __init__(self, connection: Connection, known: Known, *, reading: bool) -> None:
        """Take a connection on which a transaction has begun; with `reading`, every change is refused."""
        self._connection = connection
        self._known = known
        self._reading = reading
        # What is known of visits that were loaded or saved here, so that it need not be asked for again:
        self._heads: dict[str, tuple[int, str]] = {}  # version, and hash of the last entry
        self._people: dict[str, frozenset[str]] = {}  # whose visit it is
        self._cards: dict[str, set[tuple[str, Address]]] = {}  # who has a card of it, and where
        self._claimed: Row[Any] | None = None  # the visit that was claimed last, as long as nothing was done to it
        self._policies_put: set[str] = set()

    def committed(self) -> None:
        """Remember for good what was done here."""
        self._known.policies_kept.update(self._policies_put)

    def _write(self) -> Connection:
        """Give the connection for a change."""
        if self._reading:
            raise NotSaved("this only reads: nothing can be saved in it")
        return self._connection

    def _put_if_new(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Insert a row; False, and nothing changes, when its key is there already."""
        counted = {"preserve_rowcount": True}  # not every driver's count outlives an insert otherwise
        return self._write().execute(_if_new_into(table), row, execution_options=counted).rowcount == 1

    def _insert(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, all at once; a single one the way that is quicker for it."""
        self._write().execute(statement, rows[0] if len(rows) == 1 else rows)

    def _put(self, table: Table, row: Mapping[str, Any]) -> None:
        """Insert a whole row, or replace what its key had."""
        self._write().execute(_or_replace_in(table), row)


# Making a statement takes longer than SQLite takes to carry it out, so what is said often is made once: here, and as
# constants with parameters (`bindparam`) beside the functions that use them.


@cache
def _if_new_into(table: Table) -> InsertIfNew:
    return InsertIfNew(table)


@cache
def _or_replace_in(table: Table) -> InsertOrReplace:
    return InsertOrReplace(table)


def same_schema() -> ColumnElement[bool]:
    """Hold a claim to the schema which this version knows: after an upgrade an old replica claims nothing more."""
    return exists(select(schema_version.c.version_num).where(schema_version.c.version_num == HEAD))


def holds_on(table: Table) -> ColumnElement[bool]:
    """Tie a row of cards or nudges to the holds on its address, for all or its like, and on its whole adapter."""
    new, amended = (table.c.address + suffix(only) for only in (Held.NEW, Held.AMENDED))
    like = case((table.c.receipt.is_(None), new), else_=amended) if table is card else new
    buckets = or_(hold.c.bucket == table.c.address, hold.c.bucket == like, hold.c.bucket == "*")
    return and_(hold.c.adapter == table.c.adapter, buckets)
