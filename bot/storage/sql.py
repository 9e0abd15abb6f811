"""The store on a database: each transaction is one plain function, run in one thread hop, then committed.

SQLite has one writer, so transactions queue in a single thread instead of fighting for the lock; reads run beside it on
connections of their own and see the last commit (WAL). Nothing in the queries is SQLite's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import DBAPIError

from bot.domain.policy import Policy
from bot.errors import Conflict, NotSaved
from bot.ports import Store, Transaction
from bot.storage.sql_delivery import SqlDelivery
from bot.storage.sql_visits import SqlVisits
from bot.storage.sqlite import BEGIN_READING, reading_engine, sqlite_engine, take_lock
from bot.storage.tables import inbox, kept_value, prepare, schema_version

T = TypeVar("T")


class SqlTransaction(SqlVisits, SqlDelivery):
    """One transaction on an SQL database."""

    def answered(self, key: str) -> str | None:
        """Give what was remembered under this idempotency key, or None."""
        return self._connection.scalar(select(inbox.c.answer).where(inbox.c.key == key))

    def remember(self, key: str, answer: str, at: datetime) -> None:
        """Remember an answer; raises `Conflict` when the key is there already."""
        if not self._put_if_new(inbox, {"key": key, "answer": answer, "at": at}):
            raise Conflict("this came in already")

    def forget(self, before: datetime) -> int:
        """Forget keys remembered before this moment; give how many."""
        return self._write().execute(delete(inbox).where(inbox.c.at < before)).rowcount

    def value(self, name: str) -> str | None:
        """Give a small value kept under a name."""
        return self._connection.scalar(select(kept_value.c.value).where(kept_value.c.name == name))

    def put_value(self, name: str, value: str) -> None:
        """Keep a small value under a name."""
        self._put(kept_value, {"name": name, "value": value})


class SqlStore:
    """A store on an engine whose tables stand; `let_go` is called once everything is closed."""

    def __init__(
        self, engine: Engine, *, writers: int = 1, readers: int = 2, let_go: Callable[[], None] | None = None
    ) -> None:
        """Take an engine, and how many transactions may run at a time (on SQLite one)."""
        self._engine = engine
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="store-write")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-read")
        self._let_go = let_go
        self._policies: dict[str, Policy] = {}
        self._closed = False

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` and commit; once begun it is finished, even when whoever waits for it is cancelled."""
        return await self._hop(self._writers, partial(self._transact, work))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent view; whatever would write raises `NotSaved`."""
        return await self._hop(self._readers, partial(self._read, work))

    async def close(self) -> None:
        """Wait for what runs, then let go of the database; a second time nothing happens."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._shut_down)

    async def _hop(self, threads: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        if self._closed:
            raise NotSaved("the database is closed")
        in_context = partial(copy_context().run, job)
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(threads, in_context))

    def _transact(self, work: Callable[[Transaction], T]) -> T:
        with _database_errors(), self._engine.begin() as connection:
            return work(SqlTransaction(connection, self._policies, reading=False))

    def _read(self, work: Callable[[Transaction], T]) -> T:
        with _database_errors(), self._engine.connect().execution_options(**{BEGIN_READING: True}) as connection:
            return work(SqlTransaction(connection, self._policies, reading=True))

    def _shut_down(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._engine.dispose()
        if self._let_go:
            self._let_go()


@contextmanager
def _database_errors() -> Iterator[None]:
    """Turn what the database's driver says into `NotSaved`, without the statement: it holds what a visitor said."""
    try:
        yield
    except DBAPIError as error:
        raise NotSaved(f"the database did not take it ({type(error.orig).__name__}: {error.orig})") from error.orig


async def open_sqlite(path: Path) -> Store:
    """Open the database in this file, creating file and tables; its folder must be there.

    Raises `DatabaseBusy` when another process has it open, `Unreadable` when a newer hello30 wrote it, and `NotSaved`
    when the file cannot be opened or is no database.
    """
    return await asyncio.to_thread(_open_sqlite, path)


def _open_sqlite(path: Path) -> SqlStore:
    let_go = take_lock(path)
    engine = sqlite_engine(path)
    try:
        with suppress(OSError):  # visitors' names are in there; what goes wrong is told by the next line
            path.touch(mode=0o600)
        with _database_errors(), engine.begin() as connection:
            prepare(connection)
    except BaseException:
        engine.dispose()
        let_go()
        raise
    return SqlStore(engine, let_go=let_go)


async def read_sqlite(path: Path) -> Store:
    """Open the database in this file for reading only, also beside a running bot: no file is made, changed or locked.

    Raises `NotSaved` when there is no such file or it is no database of hello30, and `Unreadable` when a newer hello30
    wrote it. A transaction that writes raises `NotSaved`.
    """
    return await asyncio.to_thread(_read_sqlite, path)


def _read_sqlite(path: Path) -> SqlStore:
    if not path.is_file():
        raise NotSaved(f"There is no database {path}. hello30 makes it when it runs; please check the path.")
    engine = reading_engine(path)  # it keeps no connection, so there is nothing to let go of when this fails
    try:
        with engine.connect() as connection:
            found = schema_version(connection)
    except DBAPIError as error:
        raise NotSaved(
            f"{path} cannot be read ({error.orig}). Please check that it is the database of a hello30, and that you "
            "may read it."
        ) from error.orig
    if found is None:
        raise NotSaved(f"{path} is not the database of a hello30. Please check the path.")
    return SqlStore(engine)
