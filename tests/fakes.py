"""Fakes, mirrored from bot/ports.py: for what must be steered (time) or must fail on purpose (a chat platform)."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.domain.card import Nudge
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind, NotSaved
from bot.messages import Address, Incoming, Receipt, Reply, ShownCard, ShownNudge
from bot.ports import Capabilities, Deaf, Receive, Store, Transaction

T = TypeVar("T")

ALL = Capabilities(pages=True)


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, moment: datetime) -> None:
        while self._now < moment:
            moved = self._moved
            await moved.wait()
            return

    def move_to(self, moment: datetime) -> None:
        self._now = max(self._now, moment)
        self._moved.set()
        self._moved = asyncio.Event()


@dataclass
class Message:
    """A message as the platform keeps it: its card (as last amended) or its nudge."""

    ref: str
    to: Address
    key: str
    shown: ShownCard | ShownNudge
    amended: int = 0
    found: int = 0
    deleted: bool = False


@dataclass
class FakeChat:
    """A stateful chat platform: keeps every message, finds them by key, and fails when it was told to.

    `faults` are raised in order, one a call; at an address in `down` the fault there, at each call; with `lose_replies`
    so many messages are taken and the reply is lost. A call waits for `slow`, if
    that is given, and its address is in `under_way`. What
    comes in is given to `comes_in`. `shut` says why an address would take nothing, as far as one can ask.
    `hints` says who does not look, or what goes wrong when that is asked, which waits for `thinks`.
    """

    name: str = "web"
    capabilities: Capabilities = ALL
    finds: bool = True  # a message by its key, after a lost reply
    messages: list[Message] = field(default_factory=list)
    faults: deque[Exception] = field(default_factory=deque)
    down: dict[str, Exception] = field(default_factory=dict)
    lose_replies: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    slow: asyncio.Event | None = None
    under_way: asyncio.Queue[Address] = field(default_factory=asyncio.Queue)
    receive: Receive | None = None
    taken: set[asyncio.Task[Reply]] = field(default_factory=set)
    deaf: Deaf | None = None
    shut: dict[str, str] = field(default_factory=dict)
    hints: dict[str, Hint | Exception] = field(default_factory=dict)
    thinks: asyncio.Event | None = None

    async def closed(self, to: Address) -> str:
        self.calls[f"closed {to.id}"] += 1
        if self.faults:
            raise self.faults.popleft()
        return self.shut.get(to.id, "")

    async def start(self, receive: Receive) -> None:
        self.receive = receive

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str, *, again: bool = False) -> Receipt:
        await self._called(to)
        for known in self.messages if again and self.finds else ():
            if (known.key, known.to, known.deleted) == (key, to, False):
                known.shown = message
                known.found += 1
                return Receipt(address=to, ref=known.ref, known_as=known.ref)
        sent = Message(ref=f"m{len(self.messages) + 1}", to=to, key=key, shown=message)
        self.messages.append(sent)
        if self.lose_replies:
            self.lose_replies -= 1
            raise ConnectionError("the reply was lost")
        return Receipt(address=to, ref=sent.ref, known_as=sent.ref)

    async def amend(self, receipt: Receipt, card: ShownCard, *, again: bool = False) -> Receipt:
        await self._called(receipt.address)
        message = next((m for m in self.messages if m.ref == receipt.ref), None)
        if message is None or message.deleted:
            raise DeliveryError(DeliveryKind.POST_ANEW, "message_not_found")
        message.shown = card
        message.amended += 1
        return receipt

    async def hint(self, to: Address) -> Hint | None:
        self.calls[f"hint {to.id}"] += 1
        if self.thinks:
            await self.thinks.wait()
        found = self.hints.get(to.id)
        if isinstance(found, Exception):
            raise found
        return found

    async def stop(self) -> None:
        self.receive = None
        if self.taken:
            await asyncio.wait(self.taken)

    async def comes_in(self, incoming: Incoming) -> Reply:
        """Take what comes in, as the platform would bring it."""
        if self.receive is None:
            raise ConnectionError("nobody listens")
        task = asyncio.ensure_future(self.receive(incoming))
        self.taken.add(task)
        task.add_done_callback(self.taken.discard)
        return await task

    def cards(self, address: str) -> list[ShownCard]:
        """Give the cards that stand at an address now, oldest first."""
        return [
            m.shown for m in self.messages if m.to.id == address and not m.deleted and not isinstance(m.shown, Nudge)
        ]

    def nudges(self, address: str) -> list[str]:
        """Give the texts of the nudges that an address got."""
        return [m.shown.text for m in self.messages if m.to.id == address and isinstance(m.shown, Nudge)]

    async def _called(self, to: Address) -> None:
        self.calls[to.id] += 1
        if self.slow:
            self.under_way.put_nowait(to)
            await self.slow.wait()
        if self.faults:
            raise self.faults.popleft()
        if to.id in self.down:
            raise self.down[to.id]


@dataclass
class StoreAround:
    """A store around another one, which does all the work; whoever wants something else overrides it."""

    store: Store

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        return await self.store.transact(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self.store.read(work)

    async def peek(self, work: Callable[[Transaction], T]) -> T:
        return await self.store.peek(work)

    async def checkpoint(self, now: datetime) -> bool:
        return await self.store.checkpoint(now)

    async def close(self) -> None:
        await self.store.close()


@dataclass
class ShakyStore(StoreAround):
    """A store whose disk takes so many `more` transactions, and then refuses so many; reading goes on.

    `refused` is put each time; `went_on` is set by the first transaction that was taken after a refusal.
    """

    more: int = 0
    refuses: int = 0
    has_refused: bool = False
    refused: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    went_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        if self.refuses and not self.more:
            self.refuses -= 1
            self.has_refused = True
            self.refused.put_nowait(None)
            raise NotSaved("the disk is full")
        self.more = max(0, self.more - 1)
        result = await super().transact(work)
        if self.has_refused:
            self.went_on.set()
        return result
