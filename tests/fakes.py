"""Fakes, mirrored from bot/ports.py: for what must be steered (time) or must fail on purpose (a chat platform)."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.card import Nudge
from bot.errors import DeliveryError
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.ports import Capabilities, Receive

ALL = Capabilities(buttons=True, forms=True, amend=True, channels=True, lookup=True)


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
    deleted: bool = False


@dataclass
class FakeChat:
    """A stateful chat platform: keeps every message, finds them by key, and fails when it was told to.

    `faults` are raised in order, one a call; with `lose_replies` so many messages are taken and the reply is lost.
    """

    name: str = "web"
    capabilities: Capabilities = ALL
    messages: list[Message] = field(default_factory=list)
    faults: deque[DeliveryError] = field(default_factory=deque)
    lose_replies: int = 0
    calls: int = 0
    receive: Receive | None = None

    async def start(self, receive: Receive) -> None:
        self.receive = receive

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str) -> Receipt:
        self._called()
        for known in self.messages:
            if known.key == key and known.to == to and not known.deleted and isinstance(message, Nudge):
                return Receipt(address=to, ref=known.ref)
        sent = Message(ref=f"m{len(self.messages) + 1}", to=to, key=key, shown=message)
        self.messages.append(sent)
        if self.lose_replies:
            self.lose_replies -= 1
            raise ConnectionError("the reply was lost")
        return Receipt(address=to, ref=sent.ref)

    async def amend(self, receipt: Receipt, card: ShownCard) -> Receipt:
        self._called()
        message = next(m for m in self.messages if m.ref == receipt.ref)
        if message.deleted:
            from bot.errors import DeliveryKind

            raise DeliveryError(DeliveryKind.POST_ANEW, "message_not_found")
        message.shown = card
        message.amended += 1
        return receipt

    async def stop(self) -> None:
        self.receive = None

    def cards(self, address: str) -> list[ShownCard]:
        """Give the cards that stand at an address now, oldest first."""
        return [
            m.shown for m in self.messages if m.to.id == address and not m.deleted and not isinstance(m.shown, Nudge)
        ]

    def nudges(self, address: str) -> list[str]:
        """Give the texts of the nudges that an address got."""
        return [m.shown.text for m in self.messages if m.to.id == address and isinstance(m.shown, Nudge)]

    def _called(self) -> None:
        self.calls += 1
        if self.faults:
            raise self.faults.popleft()
