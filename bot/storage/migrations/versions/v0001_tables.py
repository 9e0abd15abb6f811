"""The tables of the first version. What stands here is history: it never changes again."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEEPS = "'the journal is append-only'"
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _visits()
    _kept_apart()
    _on_their_way()
    keep_append_only("journal")


def downgrade() -> None:
    """Remove all tables, and with them everything that was kept."""
    for table in ("hold", "nudge", "card", "kept_value", "inbox", "facts", "journal", "visit_person", "visit"):
        op.drop_table(table)
    op.drop_table("policy")
    op.drop_table("meta")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION journal_keeps()")


def keep_append_only(table: str) -> None:
    """Let the database itself refuse whatever would change this table."""
    if op.get_context().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_{what} BEFORE {what.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, {_KEEPS}); END"
            )
    else:
        op.execute(
            "CREATE OR REPLACE FUNCTION journal_keeps() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION {_KEEPS}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION journal_keeps()"
        )


def let_change(table: str) -> None:
    """Take back what `keep_append_only` did, for as long as a step needs to fill in a column."""
    if op.get_context().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {table}_update")
        op.execute(f"DROP TRIGGER {table}_delete")
    else:
        op.execute(f"DROP TRIGGER {table}_keeps ON {table}")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _of_visit() -> sa.ForeignKey:
    return sa.ForeignKey("visit.id", deferrable=True, initially="DEFERRED")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _visits() -> None:
    op.create_table("meta", _key("name"), _text("value"))
    op.create_table("policy", _key("digest"), _text("body"))
    op.create_table(
        "visit",
        _key("id"),
        _text("site"),
        _text("owner"),
        sa.Column("policy", sa.Text, sa.ForeignKey("policy.digest"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        _moment("revised_at"),
        _text("state"),
        _moment("arrived"),
        sa.Column("is_open", sa.Boolean, nullable=False),
        _moment("closed_at", nullable=True),
        _moment("wake_at", nullable=True),
        sa.Column("caller", sa.Text),
        _moment("call_due", nullable=True),
    )
    truth = "is_open IS 1" if op.get_context().dialect.name == "sqlite" else "is_open IS true"
    _partial("visit_wake", "visit", ["wake_at"], "wake_at IS NOT NULL")
    _partial("visit_open", "visit", ["site", "arrived"], truth)
    _partial("visit_caller", "visit", ["caller"], "caller IS NOT NULL")
    op.create_index("visit_closed", "visit", ["closed_at"])
    op.create_table("visit_person", _key("person"), sa.Column("visit", sa.Text, _of_visit(), primary_key=True))
    op.create_index("ix_visit_person_visit", "visit_person", ["visit"])
    op.create_table(
        "journal",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("visit", sa.Text, _of_visit(), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        _moment("at"),
        _text("through"),
        _text("event"),
        sa.UniqueConstraint("visit", "seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_journal_at", "journal", ["at"])


def _kept_apart() -> None:
    op.create_table(
        "facts",
        sa.Column("visit", sa.Text, _of_visit(), primary_key=True),
        _text("visitor_folded"),
        _text("company_folded"),
        _text("body"),
    )
    op.create_index("facts_visitor", "facts", ["visitor_folded", "company_folded"])
    op.create_table("inbox", _key("key"), _text("answer"), _moment("at"))
    op.create_index("ix_inbox_at", "inbox", ["at"])
    op.create_table("kept_value", _key("name"), _text("value"))


def _waiting() -> list[sa.Column[Any]]:
    return [
        _moment("waiting_since", nullable=True),
        _moment("ready_at", nullable=True),
        sa.Column("token", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("unknown", sa.Boolean, nullable=False),
        sa.Column("receipt", sa.Text),
    ]


def _on_their_way() -> None:
    op.create_table(
        "card",
        sa.Column("visit", sa.Text, _of_visit(), primary_key=True),
        _key("reader"),
        _key("adapter"),
        _key("address"),
        sa.Column("shown", sa.Integer, nullable=False),
        sa.Column("parked", sa.Boolean, nullable=False),
        *_waiting(),
    )
    op.create_table(
        "nudge",
        _key("key"),
        _key("adapter"),
        _key("address"),
        _text("visit"),
        _text("body"),
        sa.Column("outcome", sa.Text),
        *_waiting(),
    )
    op.create_index("ix_nudge_visit", "nudge", ["visit"])
    for table in ("card", "nudge"):
        _partial(f"{table}_waiting", table, ["waiting_since", "ready_at"], "waiting_since IS NOT NULL")
    op.create_table("hold", _key("adapter"), _key("bucket"), _moment("until"))
