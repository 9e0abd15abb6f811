"""Somebody waits for an answer: what they wait for goes before what nobody watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_WAITED_FOR: ContextVar[bool] = ContextVar("somebody_waits", default=False)


@contextmanager
def somebody_waits() -> Iterator[None]:
    """Let the transactions that are begun in here go first: a platform takes an answer for only so long."""
    before = _WAITED_FOR.set(True)
    try:
        yield
    finally:
        _WAITED_FOR.reset(before)


def is_waited_for() -> bool:
    """Tell whether somebody waits for what is being done."""
    return _WAITED_FOR.get()
