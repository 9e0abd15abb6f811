"""One of several processes on one PostgreSQL: `python -m tests.storage.replica URL NAME VISITORS`.

It does as it is told, a word a line: `arrivals` announces its visitors, all for Martin and all at once; `minutes N`
moves its clock on; `turn` does what timekeeper and courier do until nothing is due. Each is answered with a
line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta

from bot.domain.card import Nudge
from bot.logs import set_up_logs
from bot.messages import Address, Announce, Incoming, Receipt, ShownCard
from bot.settings import Postgres
from bot.storage.databases import open_postgres
from tests.fakes import FakeChat
from tests.world import World, carry_all


class SharedChat(FakeChat):
    """A platform on which the other process has messages as well, which this one may amend."""

    async def amend(self, receipt: Receipt, card: ShownCard, *, again: bool = False) -> Receipt:
        mine = any(message.ref == receipt.ref for message in self.messages)
        return await super().amend(receipt, card, again=again) if mine else receipt


class Replica:
    """A whole hello30 on a store that others use as well."""

    def __init__(self, world: World, name: str, visitors: int) -> None:
        self._world = world
        self._name = name
        self._visitors = visitors

    async def arrivals(self) -> list[str]:
        """Announce everybody; give what became of each."""
        return list(await asyncio.gather(*(self._arrival(number) for number in range(self._visitors))))

    async def turn(self) -> list[str]:
        """Let everything happen that is due, with several at it; give the keys of what was sent."""
        parts, chat = self._world.parts, self._world.chat
        before = len(chat.messages)
        for _ in range(100):
            done = await asyncio.gather(
                *(parts.timekeeper.catch_up() for _ in range(3)), *(carry_all(parts.courier) for _ in range(3))
            )
            if not any(done):
                break
        return [message.key for message in chat.messages[before:] if isinstance(message.shown, Nudge)]

    def minutes(self, number: int) -> list[str]:
        """Move the clock on."""
        self._world.clock.move_to(self._world.clock.now() + timedelta(minutes=number))
        return []

    async def _arrival(self, number: int) -> str:
        who = f"{self._name}{number}"
        act = Announce(visitor=f"Visitor {who}", owner_id="martin", kind="supplier", phone="514 523-4567")
        came_in = Incoming(key=who, sender=Address("web", "nadia"), act=act, pressed_at=self._world.clock.now())
        return (await self._world.parts.inbox.receive(came_in)).outcome.value


async def main(url: str, name: str, visitors: int) -> None:
    store = await open_postgres(Postgres(url))
    set_up_logs()  # to standard error: here only what was asked for is said
    replica = Replica(World(store, chat=SharedChat()), name, visitors)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().split():
        match line:
            case ["arrivals"]:
                said = await replica.arrivals()
            case ["turn"]:
                said = await replica.turn()
            case ["minutes", number]:
                said = replica.minutes(int(number))
            case _:
                raise SystemExit(f"no such word: {line}")
        print(json.dumps(said), flush=True)  # noqa: T201 - what the test waits for
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
