"""The store on a database: transactions are plain functions, run in a thread of their own, then committed.

Transactions that wait while another commits are run together, one after the other in one database transaction, and
share its commit: the disk is asked to write once for all of them, and nobody is answered before it has. When one of
them fails, all are undone and run again with a savepoint each, so that only that one is. So one writer is enough, on
SQLite, which knows no more, as on PostgreSQL, where other processes write beside it: there a transaction runs as if
it were alone, and is run again when it was not. Reads have connections of their own and see the last commit. Nothing
in the queries is either database's own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine, bindparam, delete, func, select

from bot.errors import Conflict, NotSaved, Unfit
from bot.ports import Transaction
from bot.storage.checkpoints import write_checkpoints
from bot.storage.faults import NotTaken, code_of
from bot.storage.postgres import without_limits
from bot.storage.sharing import Sharing
from bot.storage.sql_base import Known
from bot.storage.sql_delivery import SqlDelivery
from bot.storage.sql_sign_in import SqlSignIn
from bot.storage.sql_visits import SqlVisits
from bot.storage.sql_waiting import SqlWaiting
from bot.storage.tables import inbox, kept_value

T = TypeVar("T")

_ANSWER = select(inbox.c.answer).where(inbox.c.key == bindparam("key"))
_VALUE = select(kept_value.c.value).where(kept_value.c.name == bindparam("name"))
_VALUES = select(kept_value).where(func.substr(kept_value.c.name, 1, bindparam("size")) == bindparam("prefix"))
_DROP_VALUE = delete(kept_value).where(kept_value.c.name == bindparam("name"))


class SqlTransaction(SqlVisits, SqlDelivery, SqlSignIn, SqlWaiting):
    """One transaction on an SQL database."""

    def answered(self, key: str) -> str | None:
        """Give what was remembered under this idempotency key, or None."""
        return self._connection.scalar(_ANSWER, {"key": key})

    def remember(self, key: str, answer: str, at: datetime) -> None:
        """Remember an answer; raises `Conflict` when the key is there already."""
        if not self._put_if_new(inbox, {"key": key, "answer": answer, "at": at}):
            raise Conflict("this came in already")

    def forget(self, before: datetime) -> int:
        """Forget keys remembered before this moment; give how many."""
        return self._write().execute(delete(inbox).where(inbox.c.at < before)).rowcount

    def value(self, name: str) -> str | None:
        """Give a small value kept under a name."""
        return self._connection.scalar(_VALUE, {"name": name})

    def values(self, prefix: str) -> Mapping[str, str]:
        """Give all small values whose names begin so, in the order of their names."""
        rows = self._connection.execute(_VALUES, {"size": len(prefix), "prefix": prefix}).all()
        return dict(sorted((row.name, row.value) for row in rows))

    def put_value(self, name: str, value: str) -> None:
        """Keep a small value under a name."""
        self._put(kept_value, {"name": name, "value": value})

    def drop_value(self, name: str) -> None:
        """Forget a small value; nothing happens when there is none."""
        self._write().execute(_DROP_VALUE, {"name": name})


class SqlStore:
    """A store on an engine whose tables stand."""

    def __init__(
        self,
        engine: Engine,
        *,
        reading: Engine | None = None,
        peeking: Engine | None = None,
        readers: int = 2,
        let_go: Callable[[], None] | None = None,
        fingerprint: Callable[[], object] = lambda: None,
    ) -> None:
        """Take an engine that tells its faults, another to read with, and one for reads that ask one thing only.

        Where one is not given, the one before it serves. `let_go` is called once everything is closed;
        `fingerprint` gives something else when what was read meanwhile may be torn, and must be read again.
        """
        self._engine = engine
        self._reading = reading or engine
        self._peeking = peeking or self._reading
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="store-read")
        self._peekers = ThreadPoolExecutor(1, thread_name_prefix="store-peek")  # what steps and messages wait for
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="store-beside")  # what takes long, and nobody waits for
        self._sharing = Sharing(engine, self._transaction)
        self._let_go = let_go
        self._fingerprint = fingerprint
        self._known = Known()
        self._closed = False

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` and commit; once begun it is finished, even when whoever waits for it is cancelled."""
        self._check()
        with _told():
            return await self._sharing.run(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent view; whatever would write raises `NotSaved`."""
        return await self._in_a_reader(self._readers, self._reading, work)

    async def peek(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`, which asks one thing only; whatever would write raises `NotSaved`."""
        return await self._in_a_reader(self._peekers, self._peeking, work)

    async def look(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a connection that only reads, for what is no transaction of the desk's: a proof, say."""
        self._check()
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._beside, self._look, work))

    async def checkpoint(self, now: datetime) -> bool:
        """Append checkpoints for what was written since the last one; once begun it is finished."""
        self._check()
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._beside, self._checkpoint, now))

    async def close(self) -> None:
        """Wait for what runs, then let go of the database; a second time nothing happens."""
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._shut_down)

    def _check(self) -> None:
        if self._closed:
            raise NotSaved("the database is closed")

    def _transaction(self, connection: Connection) -> SqlTransaction:
        return SqlTransaction(connection, self._known, reading=False)

    async def _in_a_reader(self, readers: ThreadPoolExecutor, engine: Engine, work: Callable[[Transaction], T]) -> T:
        self._check()
        in_context = partial(copy_context().run, self._read, engine, work)
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(readers, in_context))

    def _read(self, engine: Engine, work: Callable[[Transaction], T]) -> T:
        with _told():
            try:
                return self._steadily(partial(self._read_once, engine, work))
            except NotTaken as error:
                if not error.again:
                    raise
                return self._read_once(engine, work)

    def _read_once(self, engine: Engine, work: Callable[[Transaction], T]) -> T:
        with engine.connect() as connection:
            return work(SqlTransaction(connection, self._known, reading=True))

    def _steadily(self, read: Callable[[], T]) -> T:
        """Read; and once more if somebody wrote meanwhile what is read without locks: they lock it by then."""
        before = self._fingerprint()
        try:
            found = read()
        except Exception:
            if self._fingerprint() == before:
                raise
            return read()
        return found if self._fingerprint() == before else read()

    def _look(self, work: Callable[[Connection], T]) -> T:
        def once() -> T:
            with self._reading.connect() as connection:
                without_limits(connection)
                return work(connection)

        with _told():
            return self._steadily(once)

    def _checkpoint(self, now: datetime) -> bool:
        with _told():
            return write_checkpoints(self._engine, self._reading, now)

    def _shut_down(self) -> None:
        self._sharing.close()
        self._beside.shutdown()
        self._readers.shutdown()
        self._peekers.shutdown()
        self._reading.dispose()
        self._engine.dispose()
        if self._let_go:
            self._let_go()


@contextmanager
def _told() -> Iterator[None]:
    """Leave out what PostgreSQL says beside an error: it may quote a row, and with it a visitor."""
    try:
        yield
    except NotTaken as error:
        if code_of(error.__cause__):
            raise (Unfit if isinstance(error, Unfit) else NotSaved)(str(error)) from None
        raise
