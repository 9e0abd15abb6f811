"""What is PostgreSQL's own: how its connections are set up, and which of its errors are worth another try."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import NotSaved
from bot.storage.faults import code_of, tell_faults

_SETTINGS: Final = {
    "synchronous_commit": "on",  # what was committed is on the disk, whatever the server's own default
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "20s",  # a process that hangs holds up nobody for ever
    "timezone": "UTC",
}
_AGAIN: Final = frozenset(
    {
        "40001",  # somebody else wrote what this one had read
        "40P01",  # two waited for each other
        "55P03",  # somebody held a lock for too long
    }
)


def postgres_engine(url: str) -> Engine:
    """Give an engine for a URL such as postgresql://hello30@db.example/hello30; what it lacks, libpq's variables say.

    Each transaction runs as if it were alone; one that could not be is refused by
    the server, and told as worth another try.
    """
    try:
        address = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise NotSaved("This is no address of a PostgreSQL: write postgresql://user@host/database.") from error
    settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    given = dict(address.query)
    engine = create_engine(
        address,
        isolation_level="SERIALIZABLE",
        pool_size=4,
        max_overflow=0,
        hide_parameters=True,  # they hold what visitors said
        connect_args={
            "connect_timeout": int(str(given.get("connect_timeout", 5))),
            "application_name": "hello30",
            "options": f"{given.get('options', '')} {settings}".strip(),
        },
    )
    return tell_faults(engine, _worth_another_try)


def reading(engine: Engine) -> Engine:
    """Give the same engine for transactions that only read: they see one moment, and are in nobody's way."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def peeking(engine: Engine) -> Engine:
    """Give the same engine for reads of one question each: without a transaction, which is two trips less."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _worth_another_try(error: BaseException) -> bool:
    """Tell whether a transaction failed only because of others beside it."""
    return code_of(error) in _AGAIN
