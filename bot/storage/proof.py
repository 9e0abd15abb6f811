"""How the journal can be proved: what each entry and each checkpoint is hashed with. Pure.

The entries of a visit are a chain: each one's hash takes in the hash before it, and the first one's the seal of the
policy that was frozen in. Checkpoints are a chain across all visits: each takes in the one before it, and the hash of
every entry that was written since. A seal is the hash of a row that stands alone. Whoever alters a row by hand and not
everything that hangs on it is found by `bot.storage.verifying`; whoever alters all of it is found by the hash of a
checkpoint that was written down elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from bot.errors import Unreadable

_OF_ENTRY = 32
"""So many hexadecimal digits of an entry's hash stand in a checkpoint: too many to make another entry that has them."""
_LAST_NUMBER = 2**63 - 1
"""No database gives out a higher one."""


def seal(*parts: object) -> str:
    """Give the SHA-256 of some values, as 64 hexadecimal digits; what is no JSON by itself raises TypeError."""
    canonical = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def entry_hash(previous: str, *, visit: str, seq: int, at: int, through: str, event: str) -> str:
    """Give the hash of an entry: `at` in microseconds since 1970, `event` as canonical JSON.

    `previous` is the hash of the visit's entry before it; for the first one, the seal of the visit's policy.
    """
    return seal("entry", previous, visit, seq, at, through, event)


def checkpoint_entries(hashes: Mapping[int, str]) -> str:
    """Write which entries a checkpoint stands for, by their numbers; what `read_entries` reads."""
    short = {str(number): hashes[number][:_OF_ENTRY] for number in sorted(hashes)}
    return json.dumps(short, separators=(",", ":"))


def read_entries(text: str) -> Mapping[int, str]:
    """Give the entries of a checkpoint, each with the beginning of its hash; raises `Unreadable`."""
    try:
        held = {int(number): str(short) for number, short in json.loads(text).items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise Unreadable("the entries of a checkpoint are an object of numbers and hashes") from error
    if not all(1 <= number <= _LAST_NUMBER for number in held):
        raise Unreadable("no entry of the journal has such a number")
    return held


def is_entry(short: str, whole: str) -> bool:
    """Tell whether this is the hash whose beginning a checkpoint holds."""
    return whole[:_OF_ENTRY] == short


def checkpoint_hash(previous: str, *, at: int, entries: str) -> str:
    """Give the hash of a checkpoint; `previous` is that of the checkpoint before it, empty for the first one."""
    return seal("checkpoint", previous, at, entries)
