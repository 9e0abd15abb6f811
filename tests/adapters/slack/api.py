"""A Slack for tests: as much of its Web API as hello30 uses, with its state, its refusals, and faults on purpose.

What Slack would refuse of a message or a modal is answered `invalid_blocks` and kept in `refused`: a test in which
that is not empty fails. Nothing sleeps: whatever takes long waits for an event, and time is the story's clock.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.ports import Clock
from tests.adapters.slack.kit import faults_of_message, faults_of_view

TOKEN = "xoxb-1"
APP_TOKEN = "xapp-1"
BOT = "UBOT"
DESK = "CDESK"
TRIGGER_LASTS = timedelta(seconds=3)
SCOPES = "app_mentions:read,channels:history,chat:write,commands,dnd:read,im:history,im:write,users:read"

Block = dict[str, Any]


@dataclass
class Message:
    """A message, as Slack keeps it; where it is ephemeral, only `only_for` sees it."""

    channel: str
    ts: str
    text: str
    blocks: list[Block]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    user: str = BOT
    thread: str = ""
    only_for: str = ""
    amended: int = 0
    deleted: bool = False


@dataclass
class Modal:
    """A modal as somebody has it before them; `errors` stand beside its fields."""

    id: str
    user: str
    view: dict[str, Any]
    hash: str
    errors: dict[str, str] = field(default_factory=dict)
    is_open: bool = True


@dataclass
class Fault:
    """What goes wrong with a call.

    status   an answer of this status, with `headers` and no JSON; 200: the JSON refusal `error`
    before   the connection is dropped before anything is stored
    after    everything is stored all the same; without status or error, the connection is dropped before the answer
    until    nothing is answered until this is set; then it goes on as if nothing were wrong
    """

    error: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    before: bool = False
    after: bool = False
    until: asyncio.Event | None = None


def too_many(seconds: int) -> Fault:
    """Slack wants no more for so many seconds."""
    return Fault("ratelimited", status=429, headers={"Retry-After": str(seconds)})


def refused(error: str, **more: str) -> Fault:
    """Slack says no, and why."""
    return Fault(error, more=more)


class Refusal(Exception):
    """Slack answers `ok: false`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class SlackApi:
    """Slack's side of the wire, at 127.0.0.1."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.port = 0
        self.bot = BOT
        self.scopes: str | None = SCOPES
        self.dnd: dict[str, dict[str, Any]] = {}
        self.profiles: dict[str, dict[str, Any]] = {}
        self.messages: list[Message] = []
        self.modals: list[Modal] = []
        self.homes: dict[str, Modal] = {}
        self.triggers: dict[str, tuple[str, datetime]] = {}
        self.refused: list[str] = []
        self.refuses_links = 0
        self.without_us: set[str] = {"CANYTHING"}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.arrived: Counter[str] = Counter()
        self.sockets: list[web.WebSocketResponse] = []
        self.acks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.connected: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self._called = asyncio.Event()
        self._faults: dict[tuple[str, str], list[Fault]] = defaultdict(list)
        self._always: dict[tuple[str, str], Fault] = {}
        self._used: set[str] = set()
        self._runner: web.AppRunner | None = None
        self._count = 0

    # --- up and down -------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    async def comes_up(self) -> None:
        """Answer; after `goes_down` at the same port as before."""
        app = web.Application()
        app.router.add_post("/api/{method}", self._answer)
        app.router.add_get("/link", self._link)
        app.router.add_post("/response/{ts}", self._respond)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = int(self._runner.addresses[0][1])

    async def goes_down(self) -> None:
        """Refuse every connection."""
        for link in self.sockets:
            await link.close()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    # --- faults ------------------------------------------------------------------------------------------------------

    def fails(self, method: str, *faults: Fault, at: str = "") -> None:
        """Let the next calls of a method go wrong, one each; `at` names the channel (or user) that they are for."""
        self._faults[method, at] += faults

    def fails_always(self, method: str, fault: Fault, *, at: str = "") -> None:
        """Let every call of a method go wrong, until `works`."""
        self._always[method, at] = fault

    def works(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()
        self._always.clear()

    async def is_called(self, method: str, *, at: str, times: int = 1) -> None:
        """Wait until a method was called so many times in all for a channel or user, answered or not."""
        while self.arrived[f"{method} {at}"] < times:
            self._called.clear()
            await self._called.wait()

    def _fault(self, method: str, at: str) -> Fault | None:
        for key in ((method, at), (method, "")):
            if self._faults[key]:
                return self._faults[key].pop(0)
            if key in self._always:
                return self._always[key]
        return None

    # --- what there is -----------------------------------------------------------------------------------------------

    def next_ts(self) -> str:
        """Give a moment as Slack writes it; no two are the same."""
        self._count += 1
        return f"{int(self.clock.now().timestamp())}.{self._count:06d}"

    def trigger(self, user: str) -> str:
        """Give what opens one modal for this user, within three seconds."""
        self._count += 1
        self.triggers[f"t{self._count}"] = (user, self.clock.now())
        return f"t{self._count}"

    def conversation(self, address: str) -> str:
        """Give the direct message with a user, or the channel itself."""
        return f"D{address}" if address.startswith("U") else address

    def in_channel(self, address: str) -> list[Message]:
        """Give what stands in a conversation for everybody, oldest first."""
        channel = self.conversation(address)
        return [m for m in self.messages if m.channel == channel and not m.only_for and not m.deleted]

    def whispers(self, user: str) -> list[Message]:
        """Give what only this user saw, oldest first."""
        return [m for m in self.messages if m.only_for == user]

    def modal(self, user: str) -> Modal:
        """Give the modal that a user has before them."""
        shown = [modal for modal in self.modals if modal.user == user and modal.is_open]
        assert shown, f"{user} has no modal before them"
        return shown[-1]

    def home(self, user: str) -> Modal:
        """Give the Home tab of a user, as it was published last."""
        assert user in self.homes, f"{user} has no Home tab"
        return self.homes[user]

    def check_message(self, text: str, blocks: list[Block]) -> None:
        """Refuse what Slack would refuse."""
        if faults := faults_of_message(text, blocks):
            self.refused += faults
            raise Refusal("invalid_blocks")

    def check_view(self, view: dict[str, Any]) -> None:
        """Refuse what Slack would refuse."""
        if faults := faults_of_view(view):
            self.refused += faults
            raise Refusal("invalid_arguments")

    # --- answering ---------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body = await request.text()
        args = json.loads(body) if "json" in request.headers.get("Content-Type", "") else dict(parse_qsl(body))
        at = str(args.get("channel") or args.get("users") or args.get("user_id") or args.get("user") or "")
        fault = self._fault(method, at)
        self.arrived.update((method, f"{method} {at}"))
        self._called.set()
        if fault and fault.until:
            await fault.until.wait()
        if fault and fault.before:
            return self._dropped(request)
        answer = self._answered(method, args, fault, request.headers.get("Authorization", ""))
        self.calls.append((method, args))
        if fault and fault.status != 200:
            return web.Response(status=fault.status, headers=fault.headers, text="{}" if fault.error else "<html>")
        if fault and fault.after and not fault.error:
            return self._dropped(request)
        scopes = {"X-OAuth-Scopes": self.scopes} if self.scopes is not None else {}
        return web.json_response(answer, headers=scopes)

    def _answered(self, method: str, args: dict[str, Any], fault: Fault | None, token: str) -> dict[str, Any]:
        wanted = APP_TOKEN if method == "apps.connections.open" else TOKEN
        if fault and (fault.error or fault.status != 200):
            if fault.after:
                self._do(method, args)
            return {"ok": False, "error": fault.error, **fault.more}
        if token != f"Bearer {wanted}":
            return {"ok": False, "error": "invalid_auth"}
        try:
            return {"ok": True, **self._do(method, args)}
        except Refusal as refusal:
            return {"ok": False, "error": refusal.error}

    def response_url(self, whisper: Message) -> str:
        """Give the address at which something takes the place of what only one user saw."""
        return f"http://127.0.0.1:{self.port}/response/{whisper.ts}"

    async def _respond(self, request: web.Request) -> web.Response:
        told = await request.json()
        fault = self._fault("response_url", "")
        if fault:
            return web.Response(status=fault.status, headers=fault.headers)
        assert told["response_type"] == "ephemeral", told
        self.check_message(told["text"], told["blocks"])
        [whisper] = [m for m in self.messages if m.only_for and m.ts == request.match_info["ts"]]
        if told["replace_original"]:
            whisper.text, whisper.blocks = told["text"], told["blocks"]
        else:
            self.messages.append(replace(whisper, ts=self.next_ts(), text=told["text"], blocks=told["blocks"]))
        return web.Response(text="ok")

    def _dropped(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    def _do(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        if method == "auth.test":
            return {"user_id": self.bot, "team_id": "T1", "bot_id": "B1"}
        if method in ("dnd.info", "users.info"):
            return self._of_user(method, args["user"])
        if method == "conversations.open":
            return {"channel": {"id": self.conversation(args["users"])}}
        if method in ("conversations.history", "conversations.replies"):
            return {"messages": list(self._history(method, args))}
        if method in ("chat.postMessage", "chat.postEphemeral"):
            return self._post(args)
        if method == "chat.update":
            return self._update(args)
        if method in ("views.open", "views.update"):
            return self._open(args)
        if method == "views.publish":
            return self._publish(args)
        if method == "apps.connections.open":
            return {"url": f"ws://127.0.0.1:{self.port}/link?ticket={self.arrived[method]}"}
        raise Refusal("unknown_method")

    def _of_user(self, method: str, user: str) -> dict[str, Any]:
        if method == "dnd.info":
            return self.dnd.get(user, {"dnd_enabled": False, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1})
        empty = {"status_text": "", "status_emoji": "", "status_expiration": 0}
        return {"user": {"id": user, "profile": {**empty, **self.profiles.get(user, {})}}}

    def _history(self, method: str, args: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        found = [m for m in self.messages if m.channel == args["channel"] and not m.only_for and not m.deleted]
        if method == "conversations.replies":
            found = [m for m in found if args["ts"] in (m.ts, m.thread)]
            if not found:
                raise Refusal("thread_not_found")
        else:  # the newest comes first, and what stands in threads not at all
            found = [m for m in reversed(found) if not m.thread]
        for m in found[: int(args.get("limit", "100"))]:
            told = {"metadata": m.metadata} if m.metadata and args.get("include_all_metadata") == "true" else {}
            yield {"type": "message", "user": m.user, "text": m.text, "ts": m.ts, "blocks": m.blocks, **told}

    def _post(self, args: dict[str, Any]) -> dict[str, Any]:
        if not args["channel"].startswith(("C", "D")):
            raise Refusal("channel_not_found")
        if args["channel"] in self.without_us:
            raise Refusal("not_in_channel")
        blocks = list(args.get("blocks", ()))
        self.check_message(args["text"], blocks)
        made = Message(
            args["channel"],
            self.next_ts(),
            args["text"],
            blocks,
            args.get("metadata", {}),
            thread=args.get("thread_ts", ""),
            only_for=args.get("user", ""),
        )
        self.messages.append(made)
        return {"channel": made.channel, "ts": made.ts, "message_ts": made.ts}

    def _update(self, args: dict[str, Any]) -> dict[str, Any]:
        channel, ts = args["channel"], args["ts"]
        found = [m for m in self.messages if (m.channel, m.ts, m.deleted) == (channel, ts, False) and not m.only_for]
        if not found:
            raise Refusal("message_not_found")
        self.check_message(args["text"], args["blocks"])
        [message] = found
        message.text, message.blocks = args["text"], args["blocks"]
        message.amended += 1
        return {"channel": channel, "ts": ts}

    def _open(self, args: dict[str, Any]) -> dict[str, Any]:
        if "view_id" in args:
            modal = next((m for m in self.modals if m.id == args["view_id"] and m.is_open), None)
            if modal is None:
                raise Refusal("not_found")
            self.check_view(args["view"])
            self.shows(modal, args["view"])
            return {"view": {"id": modal.id}}
        trigger = args["trigger_id"]
        if trigger not in self.triggers:
            raise Refusal("invalid_trigger_id")
        user, made = self.triggers[trigger]
        if trigger in self._used:
            raise Refusal("exchanged_trigger_id")
        if self.clock.now() - made > TRIGGER_LASTS:
            raise Refusal("expired_trigger_id")
        self.check_view(args["view"])
        self._used.add(trigger)
        self._count += 1
        self.modals.append(Modal(f"V{self._count}", user, args["view"], f"{self._count}.h"))
        return {"view": {"id": f"V{self._count}"}}

    def _publish(self, args: dict[str, Any]) -> dict[str, Any]:
        user, view = args["user_id"], args["view"]
        if view["type"] != "home":
            raise Refusal("invalid_arguments")
        self.check_view(view)
        self._count += 1
        self.homes[user] = Modal(f"V{self._count}", user, view, f"{self._count}.h")
        return {"view": {"id": f"V{self._count}"}}

    def shows(self, modal: Modal, view: dict[str, Any]) -> None:
        """Put another view into the place of a modal."""
        self._count += 1
        modal.view, modal.hash, modal.errors = view, f"{self._count}.h", {}

    # --- Socket Mode -------------------------------------------------------------------------------------------------

    async def _link(self, request: web.Request) -> web.StreamResponse:
        if request.query["ticket"] != str(self.arrived["apps.connections.open"]) or self.refuses_links:
            self.refuses_links = max(0, self.refuses_links - 1)
            return web.Response(status=403)
        link = web.WebSocketResponse()
        await link.prepare(request)
        self.sockets.append(link)
        await link.send_json({"type": "hello", "num_connections": 1})
        self.connected.put_nowait(link)
        async for message in link:
            self.acks.put_nowait(json.loads(message.data))
        return link
