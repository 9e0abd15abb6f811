"""An adapter whose calls are looked at, so that it is known what does not work there; see `bot.troubles`."""

from __future__ import annotations

from typing import Any, cast

from bot.errors import DeliveryError
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.ports import ChatAdapter
from bot.troubles import Troubles


def noticed(adapter: ChatAdapter, troubles: Troubles) -> ChatAdapter:
    """Give an adapter of which `troubles` learns what became of each message."""
    return cast("ChatAdapter", _Noticing(adapter, troubles))


class _Noticing:
    """Looks at what is sent; everything else goes straight through."""

    def __init__(self, adapter: ChatAdapter, troubles: Troubles) -> None:
        self._adapter = adapter
        self._troubles = troubles

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str, **more: Any) -> Receipt:
        try:
            receipt = await self._adapter.deliver(message, to, key, **more)
        except DeliveryError as fault:
            self._troubles.not_taken(to, fault)
            raise
        self._troubles.taken(to)
        return receipt

    async def amend(self, receipt: Receipt, card: ShownCard, **more: Any) -> Receipt:
        try:
            amended = await self._adapter.amend(receipt, card, **more)
        except DeliveryError as fault:
            self._troubles.not_taken(receipt.address, fault)
            raise
        self._troubles.taken(receipt.address)
        return amended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)
