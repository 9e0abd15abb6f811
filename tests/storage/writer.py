"""A process of its own that opens a database: `python -m tests.storage.writer FILE`.

It says `open`, or why it cannot; then it saves one visit after the other, saying the id of each after its commit, until
it is killed.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

from bot.domain.facts import Facts
from bot.domain.visit import Visit
from bot.errors import Hello30Error
from bot.ports import Transaction
from bot.storage.databases import open_sqlite
from tests.contracts.samples import MARTIN, arrival, visit


def announce(tx: Transaction, begun: Visit) -> None:
    tx.save(begun, version=0, events=arrival(begun), through="web", wake_at=begun.arrived)
    tx.put_facts(begun.id, Facts(visitor="Julie Tremblay"))
    tx.show(begun.id, [(begun.owner, MARTIN)])


async def main(path: Path) -> None:
    try:
        store = await open_sqlite(path)
    except Hello30Error as error:
        print(f"{type(error).__name__}: {error}", flush=True)  # noqa: T201  # what the test reads
        return
    print("open", flush=True)  # noqa: T201
    number = 0
    while True:
        begun = visit(f"v{number:05}", after=number)
        await store.transact(partial(announce, begun=begun))
        print(begun.id, flush=True)  # noqa: T201
        number += 1


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
