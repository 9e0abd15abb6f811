"""Words and a number that only a visitor or a person can have typed, and where they must not turn up."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from bot.logs import set_up_logs, take_over_libraries
from bot.ports import Store, Transaction
from bot.rows import Entry
from bot.storage import codec
from tests.operations.watched import Watched, asked

WORD = "Zanzibarakalele"
NUMBER = "+1 514-555-0199"
DIGITS = "5145550199"


def holds(text: str) -> bool:
    """Tell whether a text holds what only a visitor can have typed, however it is written."""
    folded = text.casefold()
    digits = "".join(c for c in text if c not in " -().\u00a0\u202f")
    return WORD.casefold() in folded or WORD[::-1].casefold() in folded or DIGITS in digits


@dataclass
class Evidence:
    """Everything that may be looked at without being allowed to know the visitor."""

    logs: str
    metrics: str
    readyz: str
    livez: str
    journal: str

    def leaks(self) -> set[str]:
        """Give where a canary is."""
        return {place for place, text in vars(self).items() if holds(text)}


async def collected(world: Watched, logs: io.StringIO) -> Evidence:
    """Look at everything there is."""
    async with asked(world) as ask:
        metrics, readyz, livez = [(await ask.text(path))[1] for path in ("/metrics", "/readyz", "/livez")]
    return Evidence(
        logs=logs.getvalue(), metrics=metrics, readyz=readyz, livez=livez, journal=await journal(world.store)
    )


async def journal(store: Store) -> str:
    """Give the whole journal as it is kept."""

    def read(tx: Transaction) -> Iterable[Entry]:
        return tx.entries(since=None, until=None)

    entries = await store.read(read)
    return "\n".join(f"{one.visit} {one.through} {codec.EVENT.dump(one.event)}" for one in entries)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Give all that is logged meanwhile, by us and by libraries, as the program logs it, and more of it."""
    root, hooks = logging.getLogger(), (sys.unraisablehook, threading.excepthook)
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logs(logging.DEBUG, stream)
    take_over_libraries()
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        sys.unraisablehook, threading.excepthook = hooks
        structlog.reset_defaults()
