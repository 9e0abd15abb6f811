"""Who is who in Slack: a member by their id, or by the e-mail address that they have there.

Only `hello30 people link` asks for it; an address goes to Slack and nowhere else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import ClientSession, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.calls import Calls, wants_patience
from bot.errors import DeliveryError, DeliveryKind, Hello30Error
from bot.ports import Clock
from bot.settings import Slack

ANSWERS_WITHIN: Final = timedelta(seconds=10)
"""So long one call may take; somebody sits at the terminal."""
PATIENCE: Final = timedelta(minutes=2)
"""So long is waited at most for one answer, where Slack asks for patience."""
SHORTEST_WAIT: Final = timedelta(seconds=1)
SLACKBOT: Final = "USLACKBOT"
"""Slack's own bot, of which Slack does not say that it is one."""
BY_EMAIL: Final = "users:read.email"
"""What finding somebody by e-mail needs of the token; nothing else does, so the start does not ask for it."""


class NotAsked(Hello30Error):
    """Slack gave no answer; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody, or a bot, in the workspace; `is_active` until they are deactivated."""

    id: str
    name: str
    is_bot: bool
    is_active: bool


class Members:
    """Looks up members; raises only `NotAsked`. `say` is told when it has to wait."""

    def __init__(self, calls: Calls, clock: Clock, say: Callable[[str], None]) -> None:
        """Take what calls Slack."""
        self._calls = calls
        self._clock = clock
        self._say = say

    async def with_id(self, member: str) -> Member | None:
        """Give the member with this id; None when there is none."""
        return await self._found(lambda: self._calls.user(member))

    async def with_email(self, email: str) -> Member | None:
        """Give the member with this e-mail address; None when there is none."""
        return await self._found(lambda: self._calls.user_with_email(email))

    async def _found(self, ask: Callable[[], Awaitable[Mapping[str, Any]]]) -> Member | None:
        patient_until = self._clock.now() + PATIENCE
        while True:
            try:
                return _member(await ask())
            except DeliveryError as fault:
                if fault.kind is DeliveryKind.UNREACHABLE:  # this member, that is: there is none, or none to be seen
                    return None
                again = fault.retry_at if wants_patience(fault) else None
                if again is None or again > patient_until:
                    raise self._not_asked(fault) from None
            await self._wait(max(again, self._clock.now() + SHORTEST_WAIT))

    async def _wait(self, again: datetime) -> None:
        self._say(f"Slack takes no more questions just now; going on in {self._seconds(again)} s.")
        while self._clock.now() < again:
            await self._clock.sleep_until(again)

    def _seconds(self, moment: datetime) -> int:
        return -int((self._clock.now() - moment).total_seconds() // 1)

    def _not_asked(self, fault: DeliveryError) -> NotAsked:
        _, missing, scope = fault.detail.partition("missing_scope")
        if missing:
            return NotAsked(
                f"The bot's token lacks {scope.strip() or BY_EMAIL}. Please bring the app in Slack up to date with "
                "`hello30 slack manifest`, and install it again."
            )
        if fault.kind is DeliveryKind.MISCONFIGURED:
            return NotAsked(
                f"Slack does not take the bot's token ({fault.detail}). Please set SLACK_BOT_TOKEN to the one that "
                'stands in Slack under "OAuth & Permissions"; it begins with xoxb-.'
            )
        if fault.retry_at and wants_patience(fault):
            return NotAsked(
                f"Slack takes no more questions for the next {self._seconds(fault.retry_at)} seconds. Please run this "
                "again then."
            )
        return NotAsked(f"Slack cannot be asked at the moment ({fault.detail}). Please run this again in a while.")


@asynccontextmanager
async def open_members(slack: Slack, token: str, clock: Clock, say: Callable[[str], None]) -> AsyncIterator[Members]:
    """Give what looks up members, for as long as it is needed."""
    seconds = int(ANSWERS_WITHIN.total_seconds())
    async with ClientSession(timeout=ClientTimeout(total=seconds)) as session:
        client = AsyncWebClient(
            token=token, base_url=slack.api_url, session=session, timeout=seconds, retry_handlers=[]
        )
        yield Members(Calls(client, clock), clock, say)


def _member(user: Mapping[str, Any]) -> Member | None:
    found, profile = str(user.get("id") or ""), user.get("profile") or {}
    names = (user.get("real_name"), profile.get("real_name"), user.get("name"))
    is_bot = bool(user.get("is_bot")) or found == SLACKBOT
    name = next((str(name) for name in names if name), found)
    return Member(found, name, is_bot, not user.get("deleted")) if found else None
