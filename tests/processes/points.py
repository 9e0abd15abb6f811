"""The labelled points at which a program can be made to kill itself: around each transaction and each call out.

They are wrapped around the ports, so the program itself has no hooks. A transaction is known by the function that it
runs; one that is not in `WORKS` ends the program, so that no new kind of transaction goes untested.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial, wraps
from pathlib import Path
from threading import Lock
from typing import Any, Final, NoReturn, TypeVar

from bot.domain.card import Nudge
from bot.domain.visit import Hint
from bot.messages import Address, Announce, AnnounceLine, Incoming, Press, Receipt, Reply, ShownCard, ShownNudge
from bot.ports import Capabilities, ChatAdapter, Deaf, Receive, Store, Transaction
from tests.fakes import StoreAround

T = TypeVar("T")

WORKS: Final[Mapping[str, tuple[str, ...]]] = {
    "bot.inbox.Inbox._work": ("announce", "press", "form", "typed"),
    "bot.inbox.Inbox._refuse": ("refuse",),
    "bot.inbox.Inbox.forget.<locals>.<lambda>": ("forget",),
    "bot.timekeeper.Timekeeper._one": ("step",),
    "bot.timekeeper._put_off": ("put_off",),
    "bot.courier.Courier._claim": ("claim",),
    "bot.settling.Settling._card_shown": ("card_shown",),
    "bot.settling.Settling._card_failed": ("card_failed",),
    "bot.settling.Settling._seems_away": ("seems_away",),
    "bot.settling._nudge_sent": ("nudge_done",),
    "bot.settling.Settling._nudge_failed": ("nudge_failed",),
    "bot.demo.clock.DemoClock.keep.<locals>.<lambda>": ("clock",),
}
"""What each transaction is called here, by the name of the function that it runs."""
BY_HAND_ONLY: Final = frozenset(
    {
        "bot.settling.Settling._nudge_unreadable",
        "bot.settling._card_parked",
        "bot.settling._card_shown_only",
        "bot.settling._nudge_parked",
        "bot.troubles._take_up",
        "bot.notebook._put_value",
    }
)
"""These run only where somebody changed a row by hand, or opened a channel: no story here does; see tests/delivery."""
TRANSACTIONS: Final = tuple(name for names in WORKS.values() for name in names)
CALLS: Final = ("deliver_card", "deliver_nudge", "amend", "hint")
MAY_FIND_NOTHING: Final = frozenset({"step", "claim"})
"""These look for something to do; when there is nothing they give nothing and change nothing: that is no passing."""
BEFORE_REPLY: Final = "reply:before"
BEFORE_CHECKPOINT: Final = "checkpoint:before"
AFTER_CHECKPOINT: Final = "checkpoint:after_commit"
LABELS: Final = (
    *(f"{name}:{when}" for name in TRANSACTIONS for when in ("before_commit", "after_commit")),
    *(f"{name}:{when}" for name in CALLS for when in ("before_call", "after_call")),
    BEFORE_REPLY,
    BEFORE_CHECKPOINT,
    AFTER_CHECKPOINT,
)
"""Before a commit: the work has run, and is not committed. After: it is, and nothing else has happened since."""
UNLABELLED: Final = 70
"""The exit code of a program that ran a transaction without a label."""


def write_line(path: Path, text: str) -> None:
    """Append a line, and return once it is on the disk."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, f"{text}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)


class Points:
    """Kills this process when it passes the armed label for the n-th time; `died` is the file that tells where."""

    def __init__(self, died: Path) -> None:
        self._died = died
        self._armed = ""
        self._left = 0
        self._guard = Lock()

    def arm(self, label: str, nth: int = 1) -> None:
        """Let the process die at the n-th passing of a label from now on."""
        if label not in LABELS or nth < 1:
            raise ValueError(f"there is no point {label} {nth}")
        with self._guard:
            self._armed, self._left = label, nth

    def passed(self, label: str) -> None:
        """Pass a point; this may be the end."""
        with self._guard:
            if label != self._armed:
                return
            self._left -= 1
            if self._left == 0:
                write_line(self._died, label)
                os.kill(os.getpid(), signal.SIGKILL)

    def unlabelled(self, name: str) -> NoReturn:
        """End the process because it ran a transaction that has no label."""
        write_line(self._died, f"unlabelled {name}")
        os._exit(UNLABELLED)


def work_of(work: Any) -> tuple[str, Mapping[str, Any]]:
    """Give the name of the function that a transaction runs, and the arguments that were put into it by name."""
    arguments: dict[str, Any] = {}
    while True:
        if isinstance(work, partial):
            arguments |= work.keywords
            work = work.keywords.get("work", work.func)  # what it does something beside, if there is that
        elif hasattr(work, "__wrapped__"):
            work = work.__wrapped__
        else:
            return f"{work.__module__}.{work.__qualname__}", arguments


def label_of(work: Any) -> str | None:
    """Give what a transaction is called here; None when it has no label."""
    name, arguments = work_of(work)
    labels = WORKS.get(name, ())
    return _came_in(arguments["context"].incoming) if len(labels) > 1 else next(iter(labels), None)


def _came_in(incoming: Incoming) -> str:
    act = incoming.act
    if isinstance(act, Announce | AnnounceLine):
        return "announce"
    if isinstance(act, Press):
        return "form" if act.submitted else "press"
    return "typed"


class LabelledStore(StoreAround):
    """A store each of whose transactions passes two points, one before and one after its commit.

    A checkpoint is a transaction of the store's own, so the point before it comes before it has begun.
    """

    def __init__(self, store: Store, points: Points) -> None:
        super().__init__(store)
        self._points = points

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        label = label_of(work)
        if label is None:
            self._points.unlabelled(work_of(work)[0])

        def passes(done: T) -> bool:
            return bool(done) or label not in MAY_FIND_NOTHING

        @wraps(work)
        def run(tx: Transaction) -> T:
            done = work(tx)
            if passes(done):
                self._points.passed(f"{label}:before_commit")
            return done

        done = await super().transact(run)
        if passes(done):
            self._points.passed(f"{label}:after_commit")
        return done

    async def checkpoint(self, now: datetime) -> bool:
        self._points.passed(BEFORE_CHECKPOINT)
        written = await super().checkpoint(now)
        if written:
            self._points.passed(AFTER_CHECKPOINT)
        return written


class LabelledAdapter:
    """An adapter each of whose calls out passes two points, and each reply to what came in one, before it is given."""

    def __init__(self, adapter: ChatAdapter, points: Points) -> None:
        self._adapter = adapter
        self._points = points

    @property
    def name(self) -> str:
        return self._adapter.name

    @property
    def capabilities(self) -> Capabilities:
        return self._adapter.capabilities

    @property
    def deaf(self) -> Deaf | None:
        return self._adapter.deaf

    async def closed(self, to: Address) -> str:
        return await self._adapter.closed(to)

    async def start(self, receive: Receive) -> None:
        async def labelled(incoming: Incoming) -> Reply:
            reply = await receive(incoming)
            self._points.passed(BEFORE_REPLY)
            return reply

        await self._adapter.start(labelled)

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str, *, again: bool = False) -> Receipt:
        label = "deliver_nudge" if isinstance(message, Nudge) else "deliver_card"
        self._points.passed(f"{label}:before_call")
        receipt = await self._adapter.deliver(message, to, key, again=again)
        self._points.passed(f"{label}:after_call")
        return receipt

    async def amend(self, receipt: Receipt, card: ShownCard, *, again: bool = False) -> Receipt:
        self._points.passed("amend:before_call")
        amended = await self._adapter.amend(receipt, card, again=again)
        self._points.passed("amend:after_call")
        return amended

    async def hint(self, to: Address) -> Hint | None:
        self._points.passed("hint:before_call")
        hint = await self._adapter.hint(to)
        self._points.passed("hint:after_call")
        return hint

    async def stop(self) -> None:
        await self._adapter.stop()
