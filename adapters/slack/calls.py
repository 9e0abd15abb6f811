"""Calls of Slack's Web API, with each refusal told as what is to be done about it.

One shared session, and no retries of the SDK's own: they would send a message again after a connection was lost, and
sleep where another message could go. Whoever calls decides when to try again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import Message
from bot.errors import DeliveryError, DeliveryKind, Held, UnknownOutcome
from bot.ports import Clock

log = structlog.get_logger(__name__)

EVENT_TYPE: Final = "hello30"
"""What a message of ours is marked with, in its metadata, beside its key."""
HOOKS: Final = "https://hooks.slack.com/"
"""Where Slack takes answers to what only one user saw."""
LOOK_BACK: Final = 50
"""So many messages of a conversation are looked through for one whose reply was lost a moment ago."""
AWAY_FOR: Final = timedelta(seconds=2)
"""So long nothing is sent to a conversation after Slack could not be reached at all."""
AWAY_LATELY: Final = timedelta(seconds=30)
"""So long after a call that did not get through the next one may not get through either."""
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
        "is_inactive",
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
GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "not_found"})
"""A message that cannot be amended any more, or a modal that was closed: it is posted anew."""

AWAY: Final = frozenset({"service_unavailable", "request_timeout"})
"""Slack itself is away for a while, or slow."""
UNSURE: Final = frozenset({"internal_error", "fatal_error"})
"""Slack failed in the midst of it: it may have been done all the same."""

ONLY: Final[Mapping[str, Held]] = {
    "conversations.open": Held.NEW,
    "conversations.history": Held.NEW,
    "chat.postMessage": Held.NEW,
    "chat.update": Held.AMENDED,
}
"""Slack counts the calls of each method by itself, so that too many of one hold up only what needs it."""


@dataclass(frozen=True, slots=True)
class Bot:
    """Who the token is: the bot's own user, its scopes (None where Slack does not say), and its workspace."""

    user: str
    scopes: frozenset[str] | None
    team: str = ""


class Calls:
    """What the adapter wants of Slack; raises only `DeliveryError`."""

    def __init__(self, client: AsyncWebClient, clock: Clock) -> None:
        """Take a client that retries nothing by itself."""
        self._client = client
        self._clock = clock
        self._dms: dict[str, str] = {}
        self._away_at: datetime | None = None  # when Slack was away last; None since a call that got through

    @property
    def is_away(self) -> bool:
        """Tell whether Slack could not be called a moment ago, and has not been since."""
        return self._away_at is not None and self._clock.now() - self._away_at < AWAY_LATELY

    async def who(self) -> Bot:
        """Ask whose token it is."""
        answer = await self._read("auth.test")
        scopes = {name.lower(): value for name, value in answer.headers.items()}.get("x-oauth-scopes")
        found = frozenset(scope.strip() for scope in scopes.split(",")) if scopes else None
        return Bot(answer.get("user_id", ""), found, answer.get("team_id", ""))

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

    def forget(self, address: str) -> None:
        """Ask Slack anew for the direct message of a user, who may have none any more."""
        self._dms.pop(address, None)

    async def post(self, conversation: str, message: Message, key: str) -> str:
        """Post a message that is marked with its key; give what finds it again."""
        answer = await self._call(
            "chat.postMessage",
            channel=conversation,
            **_content(message),
            **_mark(key),
            **_AS_IT_IS,
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

    async def closed(self, conversation: str) -> str:
        """Ask why a channel would take no message, by looking into it; empty when nothing is known against it.

        One into which nobody may look (a private one) tells nothing, and neither does one that was archived.
        """
        try:
            await self._read("conversations.history", channel=conversation, limit="1")
        except DeliveryError as fault:
            if fault.kind is DeliveryKind.UNREACHABLE:
                return fault.detail
            if fault.kind is not DeliveryKind.MISCONFIGURED:
                raise
        return ""

    async def reply(self, ref: str, message: Message, key: str) -> str:
        """Post a message that is marked with its key in the thread of another one, and nowhere else; give its `ts`."""
        channel, _, thread = ref.partition(":")
        answer = await self._call(
            "chat.postMessage", channel=channel, thread_ts=thread, **_content(message), **_mark(key), **_AS_IT_IS
        )
        return str(answer["ts"])

    async def find_reply(self, ref: str, key: str) -> str:
        """Look for a message of ours in the thread of another one, by its key; give its `ts`, empty if it is not there.

        A private channel may not be looked into, as in `find`.
        """
        channel, _, thread = ref.partition(":")
        try:
            answer = await self._read(
                "conversations.replies",
                channel=channel,
                ts=thread,
                limit=str(LOOK_BACK),
                include_all_metadata="true",
            )
        except DeliveryError as fault:
            if fault.kind is not DeliveryKind.MISCONFIGURED:
                raise
            log.warning("slack.not_looked_up", fault=fault.detail)
            return ""
        found = [str(each["ts"]) for each in answer.get("messages", ()) if marked(each) == key]
        return found[-1] if found else ""

    async def user(self, member: str) -> Mapping[str, Any]:
        """Give what Slack tells of a user."""
        return dict((await self._read("users.info", user=member)).get("user") or {})

    async def do_not_disturb(self, user: str) -> Mapping[str, Any]:
        """Give what Slack tells of the hours in which a user is not to be disturbed."""
        return dict((await self._read("dnd.info", user=user)).data)

    async def user_with_email(self, email: str) -> Mapping[str, Any]:
        """Give what Slack tells of the user who has this e-mail address there; takes a scope of its own."""
        return dict((await self._read("users.lookupByEmail", email=email)).get("user") or {})

    async def whisper(self, conversation: str, user: str, message: Message, thread: str = "") -> None:
        """Say something that only one user of a conversation sees, in a thread if one is given."""
        where = {"thread_ts": thread} if thread else {}
        await self._call("chat.postEphemeral", channel=conversation, user=user, **_content(message), **where)

    async def say(self, conversation: str, message: Message, thread: str = "") -> None:
        """Say something in a conversation, as an answer to what was typed there, in a thread if one is given."""
        where = {"thread_ts": thread} if thread else {}
        await self._call("chat.postMessage", channel=conversation, **_content(message), **_AS_IT_IS, **where)

    async def respond(self, url: str, message: Message, *, keep: bool = False) -> None:
        """Put something in the place of what only one user saw, or below it with `keep`.

        `url` is what Slack gave along with their press.
        """
        await self._answered(url, {"replace_original": not keep, "response_type": "ephemeral", **_content(message)})

    async def open_view(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Open a modal; the trigger is good for three seconds, and once."""
        await self._call("views.open", trigger_id=trigger, view=dict(view))

    async def update_view(self, view_id: str, view: Mapping[str, Any]) -> None:
        """Show something else in an open modal."""
        await self._call("views.update", view_id=view_id, view=dict(view))

    async def publish(self, user: str, view: Mapping[str, Any]) -> None:
        """Show a user their Home tab; it takes the place of what stood there."""
        await self._call("views.publish", user_id=user, view=dict(view))

    async def _call(self, method: str, **arguments: Any) -> Any:
        return await self._sent(method, {"json": arguments})

    async def _read(self, method: str, **arguments: str) -> Any:
        """Call a method that takes no JSON: Slack takes a form of all of them."""
        return await self._sent(method, {"data": arguments})

    async def _sent(self, method: str, arguments: Mapping[str, Any]) -> Any:
        try:
            answer = await self._client.api_call(method, **arguments)
        except SlackApiError as error:
            raise self._refused(method, error) from None  # its text quotes what was sent
        except ClientConnectorError as error:  # nothing was sent
            raise self._away(DeliveryError, f"{method}: {type(error).__name__}") from None
        except (ClientError, OSError) as error:
            raise self._away(UnknownOutcome, f"{method}: {type(error).__name__}") from None
        except (SlackClientError, ValueError, TypeError, AttributeError) as error:  # an answer that is none
            raise UnknownOutcome(DeliveryKind.RETRY, f"{method}: {type(error).__name__}") from None
        self._away_at = None
        return answer

    def _away(self, kind: type[DeliveryError], detail: str) -> DeliveryError:
        """Tell that Slack is away: nobody is unreachable because of that, and it is waited for as long as it takes."""
        self._away_at = self._clock.now()
        return kind(DeliveryKind.WAIT_UNTIL, detail, retry_at=self._away_at + AWAY_FOR)

    async def _answered(self, url: str, body: Mapping[str, Any]) -> None:
        session = self._client.session
        api = urlsplit(self._client.base_url)
        ours = f"{api.scheme}://{api.netloc}/"
        if session is None or not url.startswith((HOOKS, ours)):
            raise DeliveryError(DeliveryKind.UNREACHABLE, "response_url: there is none")
        try:
            async with session.post(url, json=dict(body)) as answer:
                if answer.status == 429:
                    again = self._clock.now() + _wait(answer)
                    raise DeliveryError(DeliveryKind.WAIT_UNTIL, "response_url: 429", retry_at=again)
                if answer.status >= 400:  # it is good for half an hour, and five times
                    kind = DeliveryKind.RETRY if answer.status >= 500 else DeliveryKind.UNREACHABLE
                    raise DeliveryError(kind, f"response_url: {answer.status}")
        except (ClientError, OSError) as error:
            raise DeliveryError(DeliveryKind.RETRY, f"response_url: {type(error).__name__}") from None

    def _refused(self, method: str, error: SlackApiError) -> DeliveryError:
        answer: Any = error.response
        status = int(getattr(answer, "status_code", 0) or 0)
        data = getattr(answer, "data", None)
        why = str(data.get("error") or "") if isinstance(data, dict) else ""
        detail = f"{method}: {why or status}"
        if status == 429 or why == "ratelimited":
            again, only = self._clock.now() + _wait(answer), ONLY.get(method, Held.ALL)
            return DeliveryError(DeliveryKind.WAIT_UNTIL, detail, retry_at=again, limited=True, only=only)
        if why in GONE:
            return DeliveryError(DeliveryKind.POST_ANEW, detail)
        if why in UNREACHABLE:
            return DeliveryError(DeliveryKind.UNREACHABLE, detail)
        if why in MISCONFIGURED:
            needed = str(data.get("needed") or "") if isinstance(data, dict) else ""
            return DeliveryError(DeliveryKind.MISCONFIGURED, f"{detail} {needed}".strip())
        if status >= 500 or status == 408 or why in AWAY:
            return self._away(UnknownOutcome, detail)
        fault = DeliveryError if why and why not in UNSURE else UnknownOutcome  # without a reason, anything may be
        return fault(DeliveryKind.RETRY, detail)


_AS_IT_IS: Final[Mapping[str, Any]] = {"unfurl_links": False, "unfurl_media": False}
"""Nothing that somebody typed is fetched and shown as a preview."""


def wants_patience(fault: DeliveryError) -> bool:
    """Tell whether Slack named the moment from which it takes more, and is not away."""
    return fault.kind is DeliveryKind.WAIT_UNTIL and fault.detail.rpartition(": ")[2] in {"ratelimited", "429"}


def marked(message: Mapping[str, Any]) -> str:
    """Give the key with which a message of ours is marked; empty when it is none of ours."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return ""
    return str((metadata.get("event_payload") or {}).get("key", ""))


def _mark(key: str) -> dict[str, Any]:
    """Give what marks a message as ours, with its key."""
    return {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}}}


def _content(message: Message) -> dict[str, Any]:
    """Give a message's own text and its blocks; none at all takes away those that an amended message had."""
    return {"text": message.text, "blocks": list(message.blocks)}


def _wait(answer: Any) -> timedelta:
    headers = {name.lower(): value for name, value in (getattr(answer, "headers", None) or {}).items()}
    text = str(headers.get("retry-after", ""))
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
    return DEFAULT_WAIT if seconds is None else min(timedelta(seconds=seconds), LONGEST_WAIT)
