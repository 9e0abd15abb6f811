"""What is said in Slack beside the cards: a word back, a question; in the direct message where all else fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from adapters.slack.blocks import Message
from adapters.slack.calls import Calls
from bot.beside import Beside, Say
from bot.errors import DeliveryError
from bot.ports import Clock

log = structlog.get_logger(__name__)

Body = Mapping[str, Any]


class Saying(Beside):
    """Says things to people in Slack."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        """Take what says it, and the time."""
        super().__init__(clock, log, "slack")
        self._calls = calls

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
        await self.insist(lambda: self._tell(user, message))

    async def _or_tell(self, say: Say, user: str, message: Message) -> None:
        try:
            await self.insist(say)
        except DeliveryError as fault:
            log.info("slack.said_elsewhere", fault=fault.detail)  # the bot may not be in that channel
            await self.tell(user, message)

    async def _tell(self, user: str, message: Message) -> None:
        await self._calls.say(await self._calls.conversation(user), message)


def where(body: Body) -> tuple[str, str]:
    """Give where somebody pressed or gave a command, a channel or nowhere, and who it was."""
    channel = body.get("channel_id") or (body.get("channel") or {}).get("id", "")
    user = body.get("user_id") or (body.get("user") or {}).get("id", "")
    return str(channel), str(user)


def is_ephemeral(body: Body) -> bool:
    """Tell whether a button stood in what only one user saw."""
    return bool((body.get("container") or {}).get("is_ephemeral"))
