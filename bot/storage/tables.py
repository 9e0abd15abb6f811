"""The tables, for SQLite and PostgreSQL alike.

Ids are text, moments are whole microseconds since 1970 in UTC. Personal data of visitors stand in `facts`, `nudge` and
`inbox` only, which can be erased; the journal has none and is append-only, by a trigger.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    event,
    insert,
    inspect,
    select,
)

from bot.errors import Unreadable

SCHEMA_VERSION = 1
"""Grows with each change of the tables; a database with a higher one was written by a newer hello30."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept exactly, which comes back in UTC; raises ValueError for one without a zone."""

    impl: Any = BigInteger
    cache_ok: bool | None = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # its signature
        """Turn a moment into microseconds."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a moment without a zone cannot be kept")
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # likewise
        """Turn microseconds into a moment."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


metadata = MetaData()


def _partial_index(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> None:
    """Index the few rows that are asked for again and again, so that it stays small as the years go by."""
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


def _of_visit() -> ForeignKey:
    """Point to a visit, which may be saved later in the same transaction."""
    return ForeignKey("visit.id", deferrable=True, initially="DEFERRED")


meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

policy = Table(
    "policy",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

visit = Table(
    "visit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("policy", Text, ForeignKey("policy.digest"), nullable=False),
    Column("version", Integer, nullable=False),  # how many events it has
    Column("revision", Integer, nullable=False),  # the version of the last event that a card may tell of
    Column("revised_at", Moment, nullable=False),  # and its moment
    Column("state", Text, nullable=False),
    Column("arrived", Moment, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("closed_at", Moment),
    Column("wake_at", Moment),
    Column("caller", Text),  # who has promised a callback that is not yet kept
    Column("call_due", Moment),
)
_partial_index("visit_wake", visit.c.wake_at, where=visit.c.wake_at.is_not(None))
_partial_index("visit_open", visit.c.site, visit.c.arrived, where=visit.c.is_open.is_(True))
_partial_index("visit_caller", visit.c.caller, where=visit.c.caller.is_not(None))
Index("visit_closed", visit.c.closed_at)

visit_person = Table(
    "visit_person",
    metadata,
    Column("person", Text, primary_key=True),
    Column("visit", Text, _of_visit(), primary_key=True, index=True),
)

journal = Table(
    "journal",
    metadata,
    # A single growing key is what both databases count up by themselves; (visit, seq) is the key that matters.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("visit", Text, _of_visit(), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Moment, nullable=False, index=True),
    Column("through", Text, nullable=False),
    Column("event", Text, nullable=False),
    UniqueConstraint("visit", "seq"),
    sqlite_autoincrement=True,
)

facts = Table(
    "facts",
    metadata,
    Column("visit", Text, _of_visit(), primary_key=True),
    Column("visitor_folded", Text, nullable=False),
    Column("company_folded", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("facts_visitor", "visitor_folded", "company_folded"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)

kept_value = Table(
    "kept_value",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


def _waiting_columns() -> list[Column[Any]]:
    """Give what cards and nudges share.

    waiting_since  since when something is to be sent; null when nothing is
    ready_at       from when it may be claimed: the same moment, the end of a lease, or of a wait after a failed try
    token          whose lease it is; still there after the lease when that try never told its result
    """
    return [
        Column("waiting_since", Moment),
        Column("ready_at", Moment),
        Column("token", Text),
        Column("attempts", Integer, nullable=False, default=0),
        Column("unknown", Boolean, nullable=False, default=False),
        Column("receipt", Text),
    ]


card = Table(
    "card",
    metadata,
    Column("visit", Text, _of_visit(), primary_key=True),
    Column("reader", Text, primary_key=True),
    Column("adapter", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("shown", Integer, nullable=False, default=0),
    Column("parked", Boolean, nullable=False, default=False),
    *_waiting_columns(),
)

nudge = Table(
    "nudge",
    metadata,
    Column("key", Text, primary_key=True),
    Column("adapter", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("visit", Text, nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("outcome", Text),  # sent, superseded or parked
    *_waiting_columns(),
)
for _table in (card, nudge):
    # In the order of claims, so that a claim stops at the first row that is ready, however many wait behind it.
    _partial_index(
        f"{_table.name}_waiting",
        _table.c.waiting_since,
        _table.c.ready_at,
        where=_table.c.waiting_since.is_not(None),
    )

hold = Table(
    "hold",
    metadata,
    Column("adapter", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("until", Moment, nullable=False),
)

_KEEPS = "'the journal is append-only'"
_REFUSING = {
    "sqlite": (
        f"CREATE TRIGGER journal_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, {_KEEPS}); END",
        f"CREATE TRIGGER journal_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, {_KEEPS}); END",
    ),
    "postgresql": (
        f"""CREATE OR REPLACE FUNCTION journal_keeps() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION {_KEEPS}; END $$""",
        """CREATE TRIGGER journal_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
            FOR EACH STATEMENT EXECUTE FUNCTION journal_keeps()""",
    ),
}


@event.listens_for(journal, "after_create")
def _make_append_only(_table: Table, connection: Connection, **_: object) -> None:
    """Let the database itself refuse whatever would change the journal."""
    for statement in _REFUSING[connection.dialect.name]:
        connection.exec_driver_sql(statement)


def schema_version(connection: Connection) -> int | None:
    """Give the version of the tables, None where hello30 made none; raises `Unreadable` when a newer one made them."""
    if not inspect(connection).has_table(meta.name):
        return None
    found = connection.scalar(select(meta.c.value).where(meta.c.name == "schema_version"))
    if found is not None and int(found) > SCHEMA_VERSION:
        raise Unreadable(
            f"This database was written by a newer hello30 (its tables have version {found}, this one knows up to "
            f"{SCHEMA_VERSION}). Please start the newer hello30, or choose another database."
        )
    return None if found is None else int(found)


def prepare(connection: Connection) -> None:
    """Create the tables that are missing; raises `Unreadable`, and touches nothing, when a newer hello30 made them."""
    found = schema_version(connection)
    metadata.create_all(connection)
    if found is None:
        connection.execute(insert(meta).values(name="schema_version", value=str(SCHEMA_VERSION)))
