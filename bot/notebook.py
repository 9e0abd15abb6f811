"""Where an adapter writes down what it must know again after a restart: small values of the store, under its name."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from bot.ports import Store, Transaction


class Notebook(Protocol):
    """What an adapter keeps. Both raise `NotSaved` when the database does not take it."""

    async def read(self, name: str) -> str | None:
        """Give what was written under a name; None when nothing was."""
        ...

    async def write(self, name: str, text: str) -> None:
        """Keep a text under a name, in the place of what stood there."""
        ...


class StoredNotebook:
    """The notebook of one adapter, kept in the store."""

    def __init__(self, store: Store, adapter: str) -> None:
        """Keep everything under the name of this adapter."""
        self._store = store
        self._adapter = adapter

    async def read(self, name: str) -> str | None:
        """Give what was written under a name; None when nothing was."""
        return await self._store.peek(partial(_value, name=f"{self._adapter}:{name}"))

    async def write(self, name: str, text: str) -> None:
        """Keep a text under a name, in the place of what stood there."""
        await self._store.transact(partial(_put_value, name=f"{self._adapter}:{name}", text=text))


def _value(tx: Transaction, *, name: str) -> str | None:
    return tx.value(name)


def _put_value(tx: Transaction, *, name: str, text: str) -> None:
    tx.put_value(name, text)
