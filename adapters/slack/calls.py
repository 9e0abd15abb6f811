"""Calls of Slack's Web API, with each refusal told as what is to be done about it.

One shared session, and no retries of the SDK's own: they would send a message again after a connection was lost, and
sleep where another message could go. Whoever calls decides when to try again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import Message
from bot.errors import DeliveryError, DeliveryKind, UnknownOutcome
from bot.ports import Clock

log = structlog.get_logger(__name__)

EVENT_TYPE: Final = "hello30"
"""What a message of ours is marked with, in its metadata, beside its key."""
LOOK_BACK: Final = 50
"""So many messages of a conversation are looked through for one whose reply was lost a moment ago."""
AWAY_FOR: Final = timedelta(seconds=10)
"""So long nothing is sent to a conversation after Slack could not be reached at all."""
DEFAULT_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)

UNREACHABLE: Final = frozenset(
    {
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
        "cannot_dm_bot",
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "restricted_action_read_only_channel",
        "messages_tab_disabled",
    }
)
"""This address takes nothing: somebody has left, or a channel is archived or closed to the bot."""
MISCONFIGURED: Final = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "org_login_required",
        "team_access_not_granted",
        "ekm_access_denied",
        "access_denied",
    }
)
"""The whole app takes nothing until an admin acts."""
GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"})
"""A message that cannot be amended any more: it is posted anew."""

UNSURE: Final = frozenset({"internal_error", "fatal_error"})
"""Slack failed in the midst of it: it may have been done all the same."""


@dataclass(frozen=True, slots=True)
class Bot:
    """Who the token is: the bot's own user, and its scopes (None where Slack does not say)."""

    user: str
    scopes: frozenset[str] | None


class Calls:
    """What the adapter wants of Slack; raises only `DeliveryError`."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        """Take a client that retries nothing by itself."""
        self._client = client
        self._clock = clock
        self._dms: dict[str, str] = {}

    async def who(self) -> Bot:
        """Ask whose token it is."""
        answer = await self._read("auth.test")
        scopes = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes")
        found = frozenset(scope.strip() for scope in scopes.split(",")) if scopes else None
        return Bot(answer.get("user_id", ""), found)

    async def socket_url(self, token: str) -> str:
        """Ask where a websocket is opened; `token` is the app's, which is good for that alone."""
        return str((await self._sent("apps.connections.open", {"params": {"token": token}}))["url"])

    async def conversation(self, address: str) -> str:
        """Give the conversation behind an address: that of a direct message for a user, a channel as it is."""
        if not address.startswith(("U", "W")):
            return address
        if address not in self._dms:
            answer = await self._read("conversations.open", users=address)
            self._dms[address] = str(answer["channel"]["id"])
        return self._dms[address]

    async def post(self, conversation: str, message: Message, key: str) -> str:
        """Post a message that is marked with its key; give what finds it again."""
        answer = await self._call(
            "chat.postMessage",
            channel=conversation,
            **_content(message),
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return f"{answer['channel']}:{answer['ts']}"

    async def amend(self, ref: str, message: Message) -> None:
        """Change a message; its mark stays."""
        channel, _, ts = ref.partition(":")
        await self._call("chat.update", channel=channel, ts=ts, **_content(message))

    async def find(self, conversation: str, key: str) -> str | None:
        """Look for a message of ours among the latest ones of a conversation, by its key.

        A private channel may not be looked into without a scope of its own: there it is not found, and comes twice.
        """
        try:
            answer = await self._read(
                "conversations.history", channel=conversation, limit=str(LOOK_BACK), include_all_metadata="true"
            )
        except DeliveryError as fault:
            if fault.kind is not DeliveryKind.MISCONFIGURED:
                raise
            log.warning("slack.not_looked_up", fault=fault.detail)
            return None
        for each in answer.get("messages", ()):
            if marked(each) == key:
                return f"{conversation}:{each['ts']}"
        return None

    async def parent(self, conversation: str, thread: str) -> str:
        """Give the key of the message at which a thread hangs; empty when it is none of ours."""
        answer = await self._read(
            "conversations.replies", channel=conversation, ts=thread, limit="1", include_all_metadata="true"
        )
        first: Mapping[str, Any] = next(iter(answer.get("messages", ())), {})
        return marked(first)

    async def whisper(self, conversation: str, user: str, message: Message) -> None:
        """Say something that only one user of a conversation sees."""
        await self._call("chat.postEphemeral", channel=conversation, user=user, **_content(message))

    async def say(self, conversation: str, message: Message) -> None:
        """Say something in a conversation, as an answer to what was typed there."""
        await self._call("chat.postMessage", channel=conversation, **_content(message))

    async def open_view(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Open a modal; the trigger is good for three seconds, and once."""
        await self._call("views.open", trigger_id=trigger, view=dict(view))

    async def update_view(self, view_id: str, view: Mapping[str, Any]) -> None:
        """Show something else in an open modal."""
        await self._call("views.update", view_id=view_id, view=dict(view))

    async def _call(self, method: str, **arguments: Any) -> Any:
        return await self._sent(method, {"json": arguments})

    async def _read(self, method: str, **arguments: str) -> Any:
        """Call a method that takes no JSON: Slack takes a form of all of them."""
        return await self._sent(method, {"data": arguments})

    async def _sent(self, method: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return await self._client.api_call(method, **arguments)
        except SlackApiError as error:
            raise self._refused(method, error) from None  # its text quotes what was sent
        except ClientConnectorError as error:
            # nothing was sent, and nobody is unreachable because Slack is: it is waited for, however long that takes
            again = self._clock.now() + AWAY_FOR
            detail = f"{method}: {type(error).__name__}"
            raise DeliveryError(DeliveryKind.WAIT_UNTIL, detail, retry_at=again) from None
        except (SlackClientError, ClientError, OSError, ValueError) as error:
            raise UnknownOutcome(DeliveryKind.RETRY, f"{method}: {type(error).__name__}") from None

    def _refused(self, method: str, error: SlackApiError) -> DeliveryError:
        answer: Any = error.response
        status = int(getattr(answer, "status_code", 0) or 0)
        data = getattr(answer, "data", None)
        why = str(data.get("error") or "") if isinstance(data, dict) else ""
        detail = f"{method}: {why or status}"
        if status == 429 or why == "ratelimited":
            return DeliveryError(DeliveryKind.WAIT_UNTIL, detail, retry_at=self._clock.now() + _wait(answer))
        if why in GONE:
            return DeliveryError(DeliveryKind.POST_ANEW, detail)
        if why in UNREACHABLE:
            return DeliveryError(DeliveryKind.UNREACHABLE, detail)
        if why in MISCONFIGURED:
            needed = str(data.get("needed") or "") if isinstance(data, dict) else ""
            return DeliveryError(DeliveryKind.MISCONFIGURED, f"{detail} {needed}".strip())
        fault = UnknownOutcome if status >= 500 or why in UNSURE else DeliveryError
        return fault(DeliveryKind.RETRY, detail)


def marked(message: Mapping[str, Any]) -> str:
    """Give the key with which a message of ours is marked; empty when it is none of ours."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return ""
    return str((metadata.get("event_payload") or {}).get("key", ""))


def _content(message: Message) -> dict[str, Any]:
    """Give a message's own text and its blocks; none at all takes away those that an amended message had."""
    return {"text": message.text, "blocks": list(message.blocks)}


def _wait(answer: Any) -> timedelta:
    headers = {name.lower(): value for name, value in (getattr(answer, "headers", None) or {}).items()}
    text = str(headers.get("retry-after", ""))
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
    return DEFAULT_WAIT if seconds is None else min(timedelta(seconds=seconds), LONGEST_WAIT)
