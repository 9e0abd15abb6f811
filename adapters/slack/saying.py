"""What is said beside the cards: a word back, a question. It goes out after the answer, and nobody waits for it.

Whoever typed or pressed must read what was asked back, refused or not saved: nothing else tells them. So where Slack is
away for a while or wants patience it is said again, a few times, and then in the direct message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from adapters.slack.blocks import Message
from adapters.slack.calls import Calls
from bot.errors import DeliveryError, DeliveryKind
from bot.logs import log_failure
from bot.ports import Clock

log = structlog.get_logger(__name__)

SAID_WITHIN: Final = timedelta(seconds=5)
"""So long the end of the adapter waits for what is being said."""
PAUSES: Final = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
"""After each of these something is said again, or later where Slack names a moment."""
PATIENCE: Final = timedelta(minutes=1)
"""Whatever Slack would take only after longer is said in another way at once: by then nobody looks there any more."""
PASSES: Final = frozenset({DeliveryKind.RETRY, DeliveryKind.WAIT_UNTIL})
"""What goes wrong so that the same may work in a moment. What was said although Slack failed is said twice then."""

Body = Mapping[str, Any]
Say = Callable[[], Awaitable[None]]


class Saying:
    """Says things beside everything else, and knows what is still being said."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        """Take what says it, and the time."""
        self._calls = calls
        self._clock = clock
        self._beside: set[asyncio.Task[None]] = set()
        self._asleep: dict[asyncio.Task[Any] | None, datetime] = {}
        self._moved = asyncio.Event()
        self._ending = False

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the answer; nobody waits for it but the end of the adapter."""
        task = asyncio.get_running_loop().create_task(self._quietly(work))
        self._beside.add(task)
        task.add_done_callback(self._ended)

    async def settled(self) -> None:
        """Wait until everything is said but what waits for a moment that is yet to come."""
        while any(self._asleep.get(task, self._clock.now()) <= self._clock.now() for task in self._beside):
            self._moved.clear()
            await self._moved.wait()

    async def finish(self, within: timedelta = SAID_WITHIN) -> None:
        """Wait for what is being said; what takes too long, or waits, stays unsaid: Slack may not answer at all."""
        self._ending = True
        for task in self._beside & self._asleep.keys():
            task.cancel()
        if self._beside:
            _, unsaid = await asyncio.wait(self._beside, timeout=within.total_seconds())
            for task in unsaid:
                task.cancel()
            if unsaid:
                await asyncio.wait(unsaid)

    # --- where it is said --------------------------------------------------------------------------------------------

    async def back(self, body: Body, message: Message, *, keep: bool = False) -> None:
        """Say something to whoever pressed, or gave a command, where they did; else in the direct message with them.

        What only they saw is replaced, so that its buttons are gone; with `keep` it stands there as it was, and this
        below it.
        """
        channel, user = where(body)
        if is_ephemeral(body):
            await self._or_tell(
                lambda: self._calls.respond(body.get("response_url", ""), message, keep=keep), user, message
            )
        elif channel:
            await self.whisper(channel, user, message, (body.get("message") or {}).get("thread_ts", ""))
        else:
            await self.tell(user, message)

    async def instead(self, body: Body, message: Message) -> None:
        """Say something in the place of the message in which somebody pressed, so that its buttons are gone."""
        container = body.get("container") or {}
        channel, user = where(body)
        ref = f"{channel}:{container.get('message_ts', '')}"
        await self._or_tell(lambda: self._calls.amend(ref, message), user, message)

    async def show(self, view_id: str, view: Mapping[str, Any], user: str, message: Message) -> None:
        """Show something else in an open modal; in the direct message where that cannot be."""
        await self._or_tell(lambda: self._calls.update_view(view_id, view), user, message)

    async def whisper(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        """Say something that only one user of a channel sees, where they wrote."""
        await self._or_tell(lambda: self._calls.whisper(channel, user, message, thread), user, message)

    async def say(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        """Answer what somebody typed in the direct message, in the thread in which it stands."""
        await self._or_tell(lambda: self._calls.say(channel, message, thread), user, message)

    async def tell(self, user: str, message: Message) -> None:
        """Say something in the direct message with somebody: there it is found, wherever they pressed."""
        await self._insist(lambda: self._tell(user, message))

    async def _or_tell(self, say: Say, user: str, message: Message) -> None:
        try:
            await self._insist(say)
        except DeliveryError as fault:
            log.info("slack.said_elsewhere", fault=fault.detail)  # the bot may not be in that channel
            await self.tell(user, message)

    async def _tell(self, user: str, message: Message) -> None:
        await self._calls.say(await self._calls.conversation(user), message)

    # --- again -------------------------------------------------------------------------------------------------------

    async def _insist(self, say: Say) -> None:
        """Say something, again a few times where that may help; raise what it failed with at last."""
        for pause in PAUSES:
            try:
                await say()
            except DeliveryError as fault:
                now = self._clock.now()
                again = max(now + pause, fault.retry_at or now)
                if fault.kind not in PASSES or again - now > PATIENCE or self._ending:
                    raise
            else:
                return
            await self._sleep_until(again)
        await say()

    async def _sleep_until(self, moment: datetime) -> None:
        task = asyncio.current_task()
        self._asleep[task] = moment
        self._moved.set()
        try:
            while self._clock.now() < moment:
                await self._clock.sleep_until(moment)
        finally:
            del self._asleep[task]

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except DeliveryError as fault:
            log.warning("slack.not_said", fault=fault.detail)
        except Exception as error:  # noqa: BLE001 - it must not end anything else
            log_failure(log, "slack.not_said", error)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        self._moved.set()


def where(body: Body) -> tuple[str, str]:
    """Give where somebody pressed or gave a command, a channel or nowhere, and who it was."""
    channel = body.get("channel_id") or (body.get("channel") or {}).get("id", "")
    user = body.get("user_id") or (body.get("user") or {}).get("id", "")
    return str(channel), str(user)


def is_ephemeral(body: Body) -> bool:
    """Tell whether a button stood in what only one user saw."""
    return bool((body.get("container") or {}).get("is_ephemeral"))
