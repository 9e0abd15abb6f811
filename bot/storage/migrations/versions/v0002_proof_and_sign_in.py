"""Hashes that prove the journal, and what sign-in keeps. Entries that stand already are taken into the chain."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

from bot.storage.migrations.versions.v0001_tables import keep_append_only, let_change

revision = "0002"
down_revision = "0001"

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_ADDED = (
    ("policy", "seal"),
    ("visit", "head"),
    ("journal", "hash"),
    ("facts", "seal"),
    ("card", "seal"),
    ("nudge", "seal"),
)


def upgrade() -> None:
    """Add columns and tables, and fill the columns in."""
    for table, column in _ADDED:
        # The default is for rows that stand already; it goes once they are filled in, where a column can be altered.
        op.add_column(table, sa.Column(column, sa.Text, nullable=False, server_default=""))
    let_change("journal")
    _fill_in(op.get_bind())
    keep_append_only("journal")
    if op.get_context().dialect.name == "postgresql":
        for table, column in _ADDED:
            op.alter_column(table, column, server_default=None)
    op.create_table(
        "checkpoint",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("upto", sa.BigInteger, nullable=False, unique=True),
        sa.Column("entries", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    keep_append_only("checkpoint")
    op.create_table(
        "used_link", sa.Column("link", sa.Text, primary_key=True), sa.Column("until", sa.BigInteger, nullable=False)
    )
    op.create_index("ix_used_link_until", "used_link", ["until"])
    op.create_table(
        "session",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_session_person", "session", ["person"])
    op.create_index("ix_session_until", "session", ["until"])
    _index_wake("wake_at", "id")
    op.drop_table("meta")


def _index_wake(*columns: str) -> None:
    """Index in the order of claims, so that one stops at the first row, however many are due in the same instant."""
    op.drop_index("visit_wake", "visit")
    there = sa.text("wake_at IS NOT NULL")
    op.create_index("visit_wake", "visit", list(columns), sqlite_where=there, postgresql_where=there)


def downgrade() -> None:
    """Go back to the first version; whoever is signed in must sign in again, and the hashes are gone."""
    _index_wake("wake_at")
    for table in ("session", "used_link", "checkpoint"):
        op.drop_table(table)
    for table, column in _ADDED:
        op.drop_column(table, column)
    meta = op.create_table(
        "meta", sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
    op.bulk_insert(meta, [{"name": "schema_version", "value": "1"}])


# Hashes as this version made them: a step stays as it was released, whatever `bot.storage.proof` becomes.


def _seal(*parts: object) -> str:
    canonical = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _entry_hash(previous: str, *, visit: str, seq: int, at: int, through: str, event: str) -> str:
    return _seal("entry", previous, visit, seq, at, through, event)


def _fill_in(connection: sa.Connection) -> None:
    seals = {}
    for digest, body in connection.execute(sa.text("SELECT digest, body FROM policy")).all():
        seals[digest] = _seal("policy", digest, body)
        connection.execute(
            sa.text("UPDATE policy SET seal = :seal WHERE digest = :digest"), {"seal": seals[digest], "digest": digest}
        )
    for visit, policy in connection.execute(sa.text("SELECT id, policy FROM visit")).all():
        head = seals[policy]
        rows = connection.execute(
            sa.text("SELECT number, seq, at, through, event FROM journal WHERE visit = :visit ORDER BY seq"),
            {"visit": visit},
        ).all()
        for number, seq, at, through, event in rows:
            head = _entry_hash(head, visit=visit, seq=seq, at=at, through=through, event=event)
            connection.execute(
                sa.text("UPDATE journal SET hash = :hash WHERE number = :number"), {"hash": head, "number": number}
            )
        connection.execute(sa.text("UPDATE visit SET head = :head WHERE id = :visit"), {"head": head, "visit": visit})
    for visit, visitor, company, body in connection.execute(
        sa.text("SELECT visit, visitor_folded, company_folded, body FROM facts")
    ).all():
        connection.execute(
            sa.text("UPDATE facts SET seal = :seal WHERE visit = :visit"),
            {"seal": _seal("facts", visit, visitor, company, body), "visit": visit},
        )
    for key in connection.execute(sa.text("SELECT visit, reader, adapter, address FROM card")).all():
        connection.execute(
            sa.text(
                "UPDATE card SET seal = :seal "
                "WHERE visit = :visit AND reader = :reader AND adapter = :adapter AND address = :address"
            ),
            {"seal": _seal("card", *key), **key._mapping},  # noqa: SLF001 - its public name
        )
    for key, adapter, address, visit, body in connection.execute(
        sa.text("SELECT key, adapter, address, visit, body FROM nudge")
    ).all():
        connection.execute(
            sa.text("UPDATE nudge SET seal = :seal WHERE key = :key AND adapter = :adapter AND address = :address"),
            {
                "seal": _seal("nudge", key, adapter, address, visit, body),
                "key": key,
                "adapter": adapter,
                "address": address,
            },
        )
