"""(c) What a look costs when nothing is due, with a thousand and with a hundred thousand open visits.

A look is what timekeeper and courier do when they wake: they ask for the next moment of all visits and of everything
that is to be sent. The visits are copies of a real one, written past the desk.
"""

from __future__ import annotations

import asyncio
from statistics import median
from time import perf_counter

from sqlalchemy import Connection, text

from bench.house import DATABASES, Databases, announce, desk
from bench.table import Line
from bot.clock import SystemClock
from bot.courier import Courier
from bot.language.wording import Wording
from bot.ports import Transaction
from bot.storage import tables
from bot.timekeeper import Timekeeper

FEW, MANY = 1_000, 100_000
LOOKS = 300
RATIO, MS = 1.5, 1.0


def measure(where: Databases) -> list[Line]:
    """Measure on both databases."""
    lines = []
    for kind in DATABASES:
        few, many = (asyncio.run(_look_ms(where, kind, visits)) for visits in (FEW, MANY))
        lines.append(
            Line(
                what=f"(c) a look when nothing is due, {kind}, {MANY:,} open visits",
                ours=f"{many:.2f} ms",
                beside=f"{few:.2f} ms with {FEW:,}",
                ratio=many / few,
                aim=f"≤ {RATIO}, ≤ {MS:.0f} ms",
                met=many / few <= RATIO and many <= MS,
            )
        )
    return lines


async def _look_ms(where: Databases, kind: str, visits: int) -> float:
    clock = SystemClock()
    async with where.open(kind) as store:
        await store.transact(lambda tx: announce(tx, 0, clock.now()))
        await store.transact(lambda tx: _copy(tx, visits))
        assert await store.read(lambda tx: tx.next_wake()) is not None
        timekeeper = Timekeeper(store, desk(), clock, changed=lambda: None)
        courier = Courier(store, desk(), Wording.load(), clock, {})
        took = []
        for _ in range(LOOKS):
            began = perf_counter()
            wake = await timekeeper.look()
            await courier.look()
            took.append((perf_counter() - began) * 1000)
            assert wake is not None, "every visit has a moment to come"
        return median(took)


def _copy(tx: Transaction, visits: int) -> None:
    """Let so many visits be open, with cards that wait for nothing."""
    connection: Connection = tx._connection  # type: ignore[attr-defined]  # noqa: SLF001 - no command would do so
    for table in (tables.card, tables.nudge):
        connection.execute(table.update().values(waiting_since=None, ready_at=None))
    for table, key in ((tables.visit, "id"), (tables.card, "visit")):
        others = ", ".join(column.name for column in table.columns if column.name != key)
        connection.execute(
            text(
                # names of ours, and said as both databases read it
                f"WITH RECURSIVE copy(number) AS "  # noqa: S608
                "(SELECT 1 UNION ALL SELECT number + 1 FROM copy WHERE number < :copies) "
                f"INSERT INTO {table.name} ({key}, {others}) "
                f"SELECT 'copy' || copy.number, {others} FROM {table.name} CROSS JOIN copy WHERE {key} = 'v0'"
            ),
            {"copies": visits - 1},
        )
    if connection.dialect.name == "postgresql":  # what its autovacuum does by itself within a minute
        connection.execute(text("ANALYZE"))
