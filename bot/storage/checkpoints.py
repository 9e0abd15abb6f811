"""Writes checkpoints: which entries of the journal there are, in an order that nobody can change afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine, func, insert, select, text

from bot.storage.proof import checkpoint_entries, checkpoint_hash
from bot.storage.tables import checkpoint, journal, microseconds

AT_MOST: Final = 5_000
"""So many entries at most stand in one checkpoint: writing and proving it must not need much memory."""


def write_checkpoints(engine: Engine, reading: Engine, now: datetime) -> bool:
    """Append checkpoints until they stand for every entry that is committed; False when there was nothing new."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="READ COMMITTED")
    wrote = False
    while _is_behind(reading):
        with engine.begin() as connection:
            _append(connection, now)
        with engine.begin() as connection:
            _wait_for_checkpoints(connection)
            _count_up(connection)
        wrote = True
    return wrote


def _is_behind(reading: Engine) -> bool:
    """Tell whether there are newer entries, and lock nobody out for it."""
    with reading.connect() as connection:
        newest, upto = select(func.max(journal.c.number)), select(func.max(checkpoint.c.upto))
        return int(connection.scalar(newest) or 0) > int(connection.scalar(upto) or 0)


def _append(connection: Connection, now: datetime) -> None:
    """Append one checkpoint, unless another process was faster."""
    _wait_for_checkpoints(connection)
    _count_up(connection)  # who wrote the one before may have been stopped before this
    _wait_for_writers(connection)
    newest = select(checkpoint).order_by(checkpoint.c.number.desc()).limit(1)
    before = connection.execute(newest).one_or_none()
    number, upto, previous = (before.number, before.upto, before.hash) if before else (0, 0, "")
    hashes = _entries_after(connection, upto)
    if not hashes:
        return
    entries = checkpoint_entries(hashes)
    row = {
        "number": number + 1,  # so there is no gap, not even where a sequence would leave one
        "at": now,
        "upto": max(hashes),
        "entries": entries,
        "hash": checkpoint_hash(previous, at=microseconds(now), entries=entries),
    }
    connection.execute(insert(checkpoint), row)


def _wait_for_checkpoints(connection: Connection) -> None:
    """Let nobody write checkpoints until the commit, and wait for whoever does; SQLite has one writer in any case."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE checkpoint IN EXCLUSIVE MODE"))


def _wait_for_writers(connection: Connection) -> None:
    """Let nobody write entries until the commit, and wait for those who do.

    PostgreSQL gives numbers out in another order than transactions are committed in: an entry with a lower number could
    appear after the checkpoint that it belongs in. A number is given out only to whoever holds the table's lock, so
    nobody has one that is not committed once the lock is here. What is read below sees everything committed by then.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE journal IN SHARE MODE"))


def _entries_after(connection: Connection, number: int) -> Mapping[int, str]:
    query = select(journal.c.number, journal.c.hash).where(journal.c.number > number)
    rows = connection.execute(query.order_by(journal.c.number).limit(AT_MOST))
    return {row.number: row.hash for row in rows}


def _count_up(connection: Connection) -> None:
    """Keep the newest number beside the table as well: a checkpoint that is removed is then missed.

    SQLite does so by itself. A sequence of PostgreSQL knows no transactions, so only what is committed is counted, and
    only by whoever keeps all others from writing meanwhile: it never goes back, and is behind by one number at most.
    """
    if connection.dialect.name == "postgresql":
        newest = connection.scalar(select(func.max(checkpoint.c.number)))
        if newest is not None:
            sequence = func.pg_get_serial_sequence("checkpoint", "number")
            connection.execute(
                select(func.setval(sequence, func.greatest(newest, func.pg_sequence_last_value(sequence))))
            )
