"""A chat platform that is a file: each call is written down before it is taken and once it is, and so can be counted.

It finds no message again by its key, so whatever is sent twice is there twice.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from bot.domain.card import Nudge
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.ports import Capabilities, Deaf, Receive
from tests.processes.points import write_line

NAME = "chat"


class RecordingChat:
    """The platform as an adapter; `refuses` counts how many cards and nudges it refuses before it takes one.

    `away` counts of how many people who are asked it says that they do not look.
    """

    name = NAME
    capabilities = Capabilities(hints=True)
    deaf: Deaf | None = None

    def __init__(self, calls: Path) -> None:
        self._calls = calls
        self.refuses: Counter[str] = Counter()
        self.away = 0

    async def closed(self, to: Address) -> str:
        return ""

    async def start(self, receive: Receive) -> None:
        """Nothing comes in from here."""

    async def deliver(
        self,
        message: ShownCard | ShownNudge,
        to: Address,
        key: str,
        *,
        again: bool = False,
    ) -> Receipt:
        what = "nudge" if isinstance(message, Nudge) else "card"
        self._note("before", what, to, key)
        if self.refuses[what]:
            self.refuses[what] -= 1
            raise DeliveryError(DeliveryKind.RETRY, "told to refuse")
        self._note("after", what, to, key)
        return Receipt(address=to, ref=key)

    async def amend(self, receipt: Receipt, card: ShownCard, *, again: bool = False) -> Receipt:
        self._note("before", "amend", receipt.address, receipt.ref)
        self._note("after", "amend", receipt.address, receipt.ref)
        return receipt

    async def hint(self, to: Address) -> Hint | None:
        if not self.away:
            return None
        self.away -= 1
        return Hint.DND

    async def stop(self) -> None:
        """Nothing is under way here but calls that others wait for."""

    def _note(self, when: str, what: str, to: Address, key: str) -> None:
        write_line(self._calls, json.dumps({"when": when, "what": what, "to": to.id, "key": key}))


def nudges_taken(calls: Path) -> Counter[str]:
    """Count how often each nudge has reached the platform, by its key."""
    lines = calls.read_text().splitlines() if calls.exists() else []
    noted = map(json.loads, lines)
    return Counter(call["key"] for call in noted if (call["when"], call["what"]) == ("after", "nudge"))
