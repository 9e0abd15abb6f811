"""What is PostgreSQL's own: how its connections are set up, and which of its errors are worth another try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, func, make_url, select, true
from sqlalchemy.exc import ArgumentError

from bot.errors import NotSaved
from bot.storage.faults import code_of, tell_faults

_TIMES: Final = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "20s",  # a process that hangs holds up nobody for ever
}
_SETTINGS: Final = {
    "synchronous_commit": "on",  # what was committed is on the disk, whatever the server's own default
    "timezone": "UTC",
    **_TIMES,
}
_LIMITS: Final = {
    "connect_timeout": 5,  # seconds, as are the next two
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds; or a network that drops everything would hold up each write for minutes
}
"""How long a network may be silent until a connection counts as cut; what the address says itself stands."""
_MANY: Final = frozenset({"host", "port"})
"""What an address may give more than once: servers of which one is to be found."""
_AGAIN: Final = frozenset(
    {
        "40001",  # somebody else wrote what this one had read
        "40P01",  # two waited for each other
        "55P03",  # somebody held a lock for too long
    }
)


def postgres_engine(url: str) -> Engine:
    """Give an engine for a URL such as postgresql://hello30@db.example/hello30; what it lacks, libpq's variables say.

    Each transaction runs as if it were alone; one that could not be is refused by the server, and told as worth another
    try. Raises `NotSaved` for a URL that is none.
    """
    try:
        address = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError) as error:
        raise NotSaved("This is no address of a PostgreSQL: write postgresql://user@host/database.") from error
    given = _options(address)
    settings = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
    engine = create_engine(
        address,
        isolation_level="SERIALIZABLE",
        pool_size=5,
        max_overflow=0,
        hide_parameters=True,  # they hold what visitors said
        connect_args={
            **{name: _number(name, given.get(name, limit)) for name, limit in _LIMITS.items()},
            "application_name": "hello30",
            "options": f"{given.get('options', '')} {settings}".strip(),
        },
    )
    return tell_faults(engine, _worth_another_try)


def _options(address: URL) -> Mapping[str, str]:
    """Give what an address says after its question mark; raises `NotSaved` when it says one thing twice."""
    options = {}
    for name, value in address.query.items():
        if isinstance(value, str):
            options[name] = value
        elif name not in _MANY:
            raise NotSaved(f"The address of the PostgreSQL gives `{name}` more than once. Please give it once.")
    return options


def _number(name: str, value: str | int) -> int:
    try:
        return int(value)
    except ValueError as error:
        example = f"{name}={_LIMITS[name]}"
        raise NotSaved(
            f"In the address of the PostgreSQL, `{name}` is no whole number. Please write it as in {example}."
        ) from error


def reading(engine: Engine) -> Engine:
    """Give the same engine for transactions that only read: they see one moment, and are in nobody's way."""
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def peeking(engine: Engine) -> Engine:
    """Give the same engine for reads of one question each: without a transaction, which is two trips less."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def without_limits(connection: Connection) -> None:
    """Let the transaction on a connection take as long as it needs: to read a whole journal, to change all tables.

    On SQLite, which has no such limits, nothing happens.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(*(func.set_config(name, "0", true()) for name in _TIMES)))


def _worth_another_try(error: BaseException) -> bool:
    """Tell whether a transaction failed only because of others beside it."""
    return code_of(error) in _AGAIN
