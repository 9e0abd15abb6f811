"""(a) Commands a second through the desk, against bare inserts of the same rows.

A command is an arrival or the promise that answers it, in one transaction of its own. The bare inserts write what the
commands wrote: each row that a command inserted or changed is inserted once, by command, in one transaction a command
and one thread hop a transaction, with the same library, engine and settings; and once more with the bare driver.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, TypeAlias

from sqlalchemy import Engine, Table, insert, select

from bench.house import DATABASES, Databases, announce, promise
from bench.table import Line
from bot.clock import SystemClock
from bot.storage import tables

ROUNDS = 3
VISITS = {1: 250, 32: 600}
"""So many visits a round, of two commands each, alone and with 32 at once."""
WRITTEN = (tables.visit, tables.visit_person, tables.journal, tables.facts, tables.card, tables.nudge)
WRITERS = {"SQLite": 1, "PostgreSQL": 4}
"""So many threads insert at a time: what each database is quickest with."""
AIM = {1: 0.4, 32: 0.5}

Row: TypeAlias = Mapping[str, Any]
Command: TypeAlias = Mapping[Table, Sequence[Row]]
"""What one command wrote, table by table, in an order in which it can be inserted."""


@dataclass(frozen=True)
class Written:
    """What all commands wrote: of each visit its two commands, and the policies that they need."""

    policies: Sequence[Row]
    visits: Sequence[tuple[Command, Command]]


@dataclass(frozen=True)
class Rates:
    """Commands a second, round by round."""

    desk: list[float] = field(default_factory=list)
    core: list[float] = field(default_factory=list)
    driver: list[float] = field(default_factory=list)


def measure(where: Databases) -> list[Line]:
    """Measure everything, in rounds that take turns."""
    return [_measured(where, kind, at_once) for kind in DATABASES for at_once in VISITS]


def _measured(where: Databases, kind: str, at_once: int) -> Line:
    rates = Rates()
    for _ in range(ROUNDS):
        rate, written = asyncio.run(_through_the_desk(where, kind, at_once))
        rates.desk.append(rate)
        rates.core.append(asyncio.run(_inserted(where, kind, written, at_once, _by_core)))
        rates.driver.append(asyncio.run(_inserted(where, kind, written, at_once, _by_driver)))
    ours, core, driver = median(rates.desk), median(rates.core), median(rates.driver)
    return Line(
        what=f"(a) commands through the desk, {kind}, {at_once} at once",
        ours=f"{ours:,.0f}/s",
        beside=f"{core:,.0f}/s bare inserts ({driver:,.0f}/s by the bare driver)",
        ratio=ours / core,
        aim=f"≥ {AIM[at_once]}",
        met=ours / core >= AIM[at_once],
    )


# --- through the desk ------------------------------------------------------------------------------------------------


async def _through_the_desk(where: Databases, kind: str, at_once: int) -> tuple[float, Written]:
    now, visits = SystemClock().now(), VISITS[at_once]
    numbers = iter(range(visits))
    async with where.open(kind) as store:

        async def hand() -> None:
            for number in numbers:
                await store.transact(partial(announce, number=number, now=now))
                await store.transact(partial(promise, number=number, now=now + timedelta(seconds=1)))

        began = perf_counter()
        await asyncio.gather(*(hand() for _ in range(at_once)))
        took = perf_counter() - began
        return 2 * visits / took, await store.read(_written)


def _written(tx: Any) -> Written:
    """Read what the commands wrote; what they changed counts as written, under another key."""
    found: dict[str, dict[Table, list[dict[str, Any]]]] = {}
    for table in WRITTEN:
        for row in tx._connection.execute(select(table)).mappings():  # noqa: SLF001 - no port gives rows
            visit = row["id" if table is tables.visit else "visit"]
            found.setdefault(visit, {each: [] for each in WRITTEN})[table].append(
                {name: value for name, value in row.items() if name != "number"}
            )
    policies = [dict(row) for row in tx._connection.execute(select(tables.policy)).mappings()]  # noqa: SLF001
    return Written(policies, [_by_command(rows) for rows in found.values()])


def _by_command(rows: dict[Table, list[dict[str, Any]]]) -> tuple[Command, Command]:
    journal = rows[tables.journal]
    first = [row for row in journal if '"HelloPromised"' not in row["event"]]
    assert len(first) < len(journal), "the second command was a promise"
    second = {
        tables.visit: [row | {"id": f"{row['id']} again"} for row in rows[tables.visit]],
        tables.journal: [row for row in journal if row not in first],
        tables.card: [row | {"reader": f"{row['reader']} again"} for row in rows[tables.card]],
    }
    return rows | {tables.journal: first}, second


# --- bare inserts ----------------------------------------------------------------------------------------------------


async def _inserted(
    where: Databases, kind: str, written: Written, at_once: int, how: Callable[[Engine, Command], None]
) -> float:
    loop, visits = asyncio.get_running_loop(), iter(written.visits)
    with where.engine(kind) as engine, ThreadPoolExecutor(WRITERS[kind]) as threads:
        _by_core(engine, {tables.policy: written.policies})

        async def hand() -> None:
            for commands in visits:
                for command in commands:
                    await loop.run_in_executor(threads, how, engine, command)

        began = perf_counter()
        await asyncio.gather(*(hand() for _ in range(at_once)))
        return 2 * len(written.visits) / (perf_counter() - began)


def _by_core(engine: Engine, command: Command) -> None:
    with engine.begin() as connection:
        for table, rows in command.items():
            connection.execute(insert(table), rows)


def _by_driver(engine: Engine, command: Command) -> None:
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        if engine.dialect.name == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        for table, rows in command.items():
            names = rows[0].keys()
            marks = ", ".join(mark for _ in names)
            values = [[_plain(row[name]) for name in names] for row in rows]
            cursor.executemany(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608
        raw.commit()
    finally:
        raw.close()


def _plain(value: Any) -> Any:
    return tables.microseconds(value) if isinstance(value, datetime) else value
