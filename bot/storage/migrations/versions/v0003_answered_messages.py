"""What the platform calls each message, so that a line typed in answer to one is known to be about its visit.

Messages that stand already have none: a line in their thread is taken like any other, until the card is amended. An
index finds who else waits for somebody, which is asked for each card.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = ("card", "nudge")


def upgrade() -> None:
    """Add the column, and an index of those that are filled in."""
    there = sa.text("known_as IS NOT NULL")
    for table in _TABLES:
        op.add_column(table, sa.Column("known_as", sa.Text))
        op.create_index(f"{table}_known", table, ["known_as", "adapter"], sqlite_where=there, postgresql_where=there)
    is_open = sa.column("is_open", sa.Boolean).is_(True)
    op.create_index("visit_open_owner", "visit", ["owner"], sqlite_where=is_open, postgresql_where=is_open)


def downgrade() -> None:
    """Take all of it away; a line typed in a thread is then taken like any other."""
    op.drop_index("visit_open_owner", "visit")
    for table in _TABLES:
        op.drop_index(f"{table}_known", table)
        op.drop_column(table, "known_as")
