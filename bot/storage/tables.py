"""The tables as queries see them, for SQLite and PostgreSQL alike; `migrations/` makes them.

Ids are text, moments are whole microseconds since 1970 in UTC. Personal data of visitors stand in `facts`, `nudge` and
`inbox` only, which can be erased; the journal has none and is append-only, by a trigger. What `hash`, `head` and `seal`
hold is said in `bot.storage.proof`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Give the whole microseconds from 1970 to a moment; raises ValueError for one without a zone."""
    if moment.utcoffset() is None:
        raise ValueError("a moment without a zone cannot be kept")
    return (moment - _EPOCH) // _MICROSECOND


LAST_MOMENT = microseconds(datetime(9999, 1, 1, tzinfo=UTC))
"""No moment that is read is later: something may be added to it, in any zone."""


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept exactly, which comes back in UTC; raises ValueError for one without a zone.

    What hello30 never wrote ends nothing: a number beyond the years 1970 to 9999 is the nearest moment of these. SQLite
    keeps anything in any column: what is no number is the first moment, so that nobody waits for it or is let in by it.
    """

    impl: Any = BigInteger
    cache_ok: bool | None = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # its signature
        """Turn a moment into microseconds."""
        if value is None:
            return None
        return microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # likewise
        """Turn microseconds into a moment."""
        if value is None:
            return None
        kept = value if isinstance(value, int) else 0
        return _EPOCH + timedelta(microseconds=max(0, min(kept, LAST_MOMENT)))


metadata = MetaData()


def _partial_index(name: str, *columns: Column[Any], where: ColumnElement[bool]) -> None:
    """Index the few rows that are asked for again and again, so that it stays small as the years go by."""
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


def _of_visit() -> ForeignKey:
    """Point to a visit, which may be saved later in the same transaction."""
    return ForeignKey("visit.id", deferrable=True, initially="DEFERRED")


policy = Table(
    "policy",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("seal", Text, nullable=False),
)

visit = Table(
    "visit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("site", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("policy", Text, ForeignKey("policy.digest"), nullable=False),
    Column("version", Integer, nullable=False),  # how many events it has
    Column("head", Text, nullable=False),  # the hash of the last one
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
# In the order of claims: one stops at the first row, however many are due in the same instant.
_partial_index("visit_wake", visit.c.wake_at, visit.c.id, where=visit.c.wake_at.is_not(None))
_partial_index("visit_open", visit.c.site, visit.c.arrived, where=visit.c.is_open.is_(True))
_partial_index("visit_open_owner", visit.c.owner, where=visit.c.is_open.is_(True))
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
    Column("hash", Text, nullable=False),
    UniqueConstraint("visit", "seq"),
    sqlite_autoincrement=True,
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("upto", BigInteger, nullable=False, unique=True),  # the last entry that it stands for
    Column("entries", Text, nullable=False),
    Column("hash", Text, nullable=False),
    sqlite_autoincrement=True,
)

facts = Table(
    "facts",
    metadata,
    Column("visit", Text, _of_visit(), primary_key=True),
    Column("visitor_folded", Text, nullable=False),
    Column("company_folded", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("seal", Text, nullable=False),
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


MOST_TRIES = 1_000
"""Tries of a message are counted up to so many."""


def _waiting_columns() -> list[Column[Any]]:
    """Give what cards and nudges share.

    waiting_since  since when something is to be sent; null when nothing is
    ready_at       from when it may be claimed: the same moment, the end of a lease, or of a wait after a failed try
    token          whose lease it is; still there after the lease when that try never told its result
    known_as       what the platform calls the message that stands there, where it can be answered
    """
    return [
        Column("waiting_since", Moment),
        Column("ready_at", Moment),
        Column("token", Text),
        Column("attempts", Integer, nullable=False, default=0),
        Column("unknown", Boolean, nullable=False, default=False),
        Column("receipt", Text),
        Column("known_as", Text),
    ]


card = Table(
    "card",
    metadata,
    Column("visit", Text, _of_visit(), primary_key=True),
    Column("reader", Text, primary_key=True),
    Column("adapter", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("seal", Text, nullable=False),
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
    Column("seal", Text, nullable=False),
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
    _partial_index(f"{_table.name}_known", _table.c.known_as, _table.c.adapter, where=_table.c.known_as.is_not(None))

hold = Table(
    "hold",
    metadata,
    Column("adapter", Text, primary_key=True),
    Column("bucket", Text, primary_key=True),
    Column("until", Moment, nullable=False),
)

used_link = Table(
    "used_link",
    metadata,
    Column("link", Text, primary_key=True),  # the id that a sign-in link carries
    Column("until", Moment, nullable=False, index=True),  # after which it is refused for its age
)

session = Table(
    "session",
    metadata,
    Column("key", Text, primary_key=True),  # the hash of what the browser keeps, never that itself
    Column("person", Text, nullable=False, index=True),
    Column("begun", Moment, nullable=False),
    Column("until", Moment, nullable=False, index=True),
)
