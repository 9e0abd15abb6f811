"""Teams' side of the wire: conversations and the messages in them, and whatever can go wrong.

It refuses what Teams would refuse, and keeps a list of that: a test that ends with anything in it has failed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.adapters.teams.kit import faults

APP = "5f0c1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f"
BOT = f"28:{APP}"
TENANT = "11111111-2222-4333-8444-555555555555"
TEAM = "19:team@thread.tacv2"
DESK = "19:reception@thread.tacv2"
"""The team in which the app is, and the channel of it in which reception is."""
CARD = "application/vnd.microsoft.card.adaptive"
LARGEST = 28 * 1024


@dataclass
class Message:
    """A message as Teams keeps it, as last amended."""

    id: str
    conversation: str
    activity: dict[str, Any]
    amended: int = 0
    deleted: bool = False

    @property
    def card(self) -> dict[str, Any] | None:
        """Give the card that stands in it, if one does."""
        for attachment in self.activity.get("attachments", ()):
            content = attachment["content"]
            assert isinstance(content, dict)
            return content
        return None

    @property
    def text(self) -> str:
        """Give what is written in it beside a card."""
        return str(self.activity.get("text", "")).replace("\u00a0", " ").replace("\u202f", " ")


@dataclass(frozen=True)
class Fault:
    """What goes wrong: an answer of this status and code, a `lost` reply, or none until `hangs` is set."""

    status: int = 0
    code: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: Any = None
    lost: bool = False
    hangs: asyncio.Event | None = None


@dataclass
class Call:
    """One call as it came."""

    method: str
    path: str
    body: dict[str, Any]
    token: str


@dataclass
class Connector:
    """A Bot Connector. `installed` is whose chat the bot may write in: 29: ids and object ids, by conversation.

    `faults` are met by the next calls, whatever they are; those in `always` by each call that begins so.
    """

    installed: dict[str, tuple[str, str]] = field(default_factory=dict)
    channels: set[str] = field(default_factory=lambda: {TEAM, DESK})
    messages: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    always: dict[str, Fault] = field(default_factory=dict)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    amended: Callable[[Message], None] = lambda _: None
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Give where Teams takes messages."""
        return f"http://127.0.0.1:{self.port}/amer/"

    async def comes_up(self) -> None:
        """Begin to answer."""
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = int(self._runner.addresses[0][1])

    async def goes_down(self) -> None:
        """Answer no more."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def in_chat(self, conversation: str) -> list[Message]:
        """Give what stands in a conversation, its threads included, oldest first."""
        return [m for m in self.messages if m.conversation.partition(";")[0] == conversation and not m.deleted]

    # --- calls -------------------------------------------------------------------------------------------------------

    async def _take(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/amer")
        body = await request.json() if request.can_read_body else {}
        called = Call(request.method, path, body, request.headers.get("Authorization", ""))
        self.calls.append(called)
        self.began.set()
        fault = self._fault(called)
        if fault and fault.hangs:
            await fault.hangs.wait()
        if fault and fault.lost:
            self._answer(called)  # it is done, and nobody hears of it
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        if fault and fault.status:
            told = fault.body if fault.body is not None else {"error": {"code": fault.code, "message": "no"}}
            if isinstance(told, str):
                return web.Response(text=told, status=fault.status, content_type="text/html")
            return web.json_response(told, status=fault.status, headers=dict(fault.headers))
        status, answer = self._answer(called)
        if status >= 400:
            self.refused += [f"{called.method} {path}: {answer}"] if status not in {403, 404} else []
            return web.json_response({"error": {"code": answer, "message": "no"}}, status=status)
        return web.json_response(answer, status=status)

    def _fault(self, called: Call) -> Fault | None:
        for begins, fault in self.always.items():
            if f"{called.method} {called.path}".startswith(begins):
                return fault
        return self.faults.popleft() if self.faults else None

    def _answer(self, called: Call) -> tuple[int, Any]:
        match [called.method, *called.path.strip("/").split("/")]:
            case ["POST", "v3", "conversations"]:
                return self._opened(called.body)
            case ["POST", "v3", "conversations", where, "activities"]:
                return self._posted(where, called.body)
            case ["POST", "v3", "conversations", where, "activities", _]:
                return self._posted(where, called.body)
            case ["PUT", "v3", "conversations", where, "activities", message]:
                return self._put(where, message, called.body)
            case ["GET", "v3", "conversations", where, "pagedmembers"]:
                return (200, {"members": []}) if self._knows(where) else (403, "BotNotInConversationRoster")
            case _:
                return 405, "NotAllowed"

    def _opened(self, body: dict[str, Any]) -> tuple[int, Any]:
        (member,) = body["members"]
        tenant = body.get("tenantId") or body.get("tenantID")  # the SDK writes it so, and Teams reads both
        if body.get("isGroup") or not body["bot"]["id"] or tenant != body["channelData"]["tenant"]["id"]:
            return 400, "BadArgument"
        for conversation, ids in self.installed.items():
            if member["id"] in ids:
                return 201, {"id": conversation}
        return 403, "BotNotInConversationRoster"

    def _posted(self, where: str, activity: dict[str, Any]) -> tuple[int, Any]:
        if not self._knows(where):
            return 404, "ConversationNotFound"
        if wrong := [*_wrong_with(activity)]:
            return 400, f"BadSyntax: {wrong}"
        made = Message(f"{1_700_000_000_000 + len(self.messages)}", where, activity)
        self.messages.append(made)
        return 201, {"id": made.id}

    def _put(self, where: str, message: str, activity: dict[str, Any]) -> tuple[int, Any]:
        if not self._knows(where):
            return 404, "ConversationNotFound"
        channel = where.partition(";")[0]
        known = next((m for m in self.in_chat(channel) if m.id == message), None)
        if known is None:
            return 404, "ActivityNotFoundInConversation"
        if wrong := [*_wrong_with(activity)]:
            return 400, f"BadSyntax: {wrong}"
        known.activity = activity
        known.amended += 1
        self.amended(known)
        return 200, {"id": known.id}

    def _knows(self, where: str) -> bool:
        return where in self.installed or where.partition(";")[0] in self.channels


def _wrong_with(activity: dict[str, Any]) -> Iterator[str]:
    attachments = activity.get("attachments", [])
    if activity.get("type") != "message":
        yield "no message"
    if bool(activity.get("text")) == bool(attachments):
        yield "a text and a card are two messages, of which only one can be amended; and neither is nothing"
    if len(attachments) > 1 or any(each["contentType"] != CARD for each in attachments):
        yield "one card, and nothing else"
    if activity.get("text") and activity.get("textFormat") != "plain":
        yield "what people typed would be read as Markdown"
    for each in attachments:
        yield from faults(each["content"])
    if len(str(activity).encode("utf-16-le")) > LARGEST * 2:
        yield "too large"
