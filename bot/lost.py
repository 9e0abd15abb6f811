"""What is known of addresses at which nobody is reached any more: a small value each, for as long as it is so.

It is written where a message is given up or a platform says that somebody has left; it is dropped when a new message is
taken there, or whoever is found there writes. That an old message was amended proves nothing: some platforms let that
be done to somebody who has left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.messages import Address
from bot.ports import Transaction

_PREFIX: Final = "lost:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Since when, and why, nobody is reached at an address.

    why     a kind of a delivery error, or parked, as the journal has it in `NotDelivered`
    detail  the platform's own code, for admins; empty where it gave none
    """

    since: datetime
    why: str
    detail: str = ""


def note(tx: Transaction, address: Address, why: str, now: datetime, detail: str = "") -> None:
    """Keep that an address is lost; if it was so already, it stays so since then."""
    known = _read(tx.value(_name(address)))
    since = known.since if known else now
    tx.put_value(_name(address), json.dumps([since.isoformat(), why, detail]))


def forget(tx: Transaction, address: Address) -> None:
    """Forget that an address was lost."""
    tx.drop_value(_name(address))


def is_lost(tx: Transaction, address: Address) -> bool:
    """Tell whether nobody is reached at an address, as far as is known."""
    return tx.value(_name(address)) is not None


def everywhere(tx: Transaction) -> Mapping[Address, Lost]:
    """Give all addresses that are lost; what somebody has written there by hand is left out."""
    found = {}
    for name, value in tx.values(_PREFIX).items():
        adapter, _, place = name.removeprefix(_PREFIX).partition(":")
        if known := _read(value):
            found[Address(adapter, place)] = known
    return found


def _name(address: Address) -> str:
    return f"{_PREFIX}{address.adapter}:{address.id}"


def _read(value: str | None) -> Lost | None:
    if value is None:
        return None
    try:
        since, why, detail = json.loads(value)
        return Lost(since=datetime.fromisoformat(since), why=str(why), detail=str(detail))
    except (ValueError, TypeError):
        return None
