"""A workspace in Slack, kept by a third-party emulator, with Slack's own part played where the emulator has none.

The bot calls us instead of Slack. We look at what it sends with Slack's eyes, for the emulator takes any block; fail
where a test wants that; pass everything else on. What the emulator tells of goes to the bot as Slack sends it: in its
envelope, signed, and beside the call that caused it, which the emulator would otherwise keep waiting.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from itertools import count
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, urlencode

import aiohttp
import yaml
from aiohttp import web
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from bot.ports import Clock
from tests.adapters.slack.kit import faults_of_message, faults_of_view
from tests.peers.slack.pauses import Pause

JSON: TypeAlias = dict[str, Any]

MANIFEST: Final[JSON] = yaml.safe_load(files("adapters.slack").joinpath("manifest.yaml").read_text("utf-8"))
"""The app as an admin installs it: what it may do, and what it is told of."""
SCOPES: Final = frozenset(MANIFEST["oauth_config"]["scopes"]["bot"])
EVENTS: Final = frozenset(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
COMMAND: Final = MANIFEST["features"]["slash_commands"][0]["command"]
BOT: Final = "U0HELLO30"
BOT_TOKEN: Final = "xoxb-hello30"
SIGNING_SECRET: Final = "of-the-tests"
APP: Final = "A0HELLO30"
TEAM: Final = "T000000001"
CHANNEL: Final = "front-desk"
PEOPLE: Final = ("nadia", "martin", "tremblay", "sophie", "claire", "karim")
RETRY_AFTER_S: Final = 45
ANSWERS_WITHIN_S: Final = 3.0
"""So long Slack waits for an answer to what it posts."""
FORM: Final = "application/x-www-form-urlencoded"
TAKES_NO_JSON: Final = frozenset(
    {"auth.test", "conversations.history", "conversations.replies", "dnd.info", "users.info", "users.lookupByEmail"}
)
"""Methods of which Slack reads the arguments of a form only; the emulator reads both."""
WITH_BLOCKS: Final = frozenset({"chat.postMessage", "chat.postEphemeral", "chat.update"})
ENDS_WITHIN_S: Final = 1.0


class Fault(StrEnum):
    """How Slack fails at a call: not at all doing it, or (the last two) having done it."""

    LIMITED = "there were too many"
    BROKEN = "an error of its own"
    UNSURE = "done, and an error of its own"
    LOST = "done, and the answer got lost"


@dataclass
class Workspace:
    """One workspace, new for each test. `bot_at` is where the bot hears what comes in.

    scopes     what the bot's token is good for
    claimed    what Slack says that it is good for, if that is something else
    faults     the next faults of each method, one a call
    calls      how often the bot called each method with success
    refused    what the bot did that Slack does not take: a test must expect it and clear it
    dnd        from when to when a user is not to be disturbed, by the user's id
    slow       calls that wait before they are done, by their method and channel; with no channel, in each
    told       what the emulator told of, by its subtype or type, whether or not the app is told of it
    held_back  what people typed, if the app is told of that later, and in another order perhaps; None: at once
    """

    emulator: str
    clock: Clock
    scopes: frozenset[str] = SCOPES
    claimed: frozenset[str] | None = None
    private: bool = False
    bot_at: str = ""
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    users: dict[str, str] = field(default_factory=dict)
    dnd: dict[str, tuple[int, int]] = field(default_factory=dict)
    slow: dict[tuple[str, str], Pause] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    held_back: list[JSON] | None = None
    channel: str = ""
    address: str = ""
    _joined: set[str] = field(default_factory=set)
    _archived: set[str] = field(default_factory=set)
    _events: Iterator[int] = field(default_factory=lambda: count(1))
    _relayed: set[asyncio.Task[None]] = field(default_factory=set)
    _session: aiohttp.ClientSession | None = None
    _told_at: web.AppRunner | None = None
    _called_at: web.AppRunner | None = None

    async def opens(self) -> None:
        """Begin anew: the people of the house, reception's channel, and the app, which is in that channel."""
        self._session = aiohttp.ClientSession()
        self._told_at = await _serves(web.post("/", self._told))
        await self.comes_up()
        seeded = await self._ask("/_test/reset", {"workspace": self._seed(), "url": _address(self._told_at)})
        ids = {user["name"]: user["user_id"] for user in seeded["users"]}
        self.users = {person: ids[person] for person in PEOPLE}
        self.channel = next(each["channel_id"] for each in seeded["channels"] if each["name"] == CHANNEL)
        await self.invites()

    async def closes(self) -> None:
        """Let go of everything."""
        assert self._session
        assert self._told_at
        await self.quiet()
        await self.goes_down()
        await self._told_at.cleanup()
        await self._session.close()

    async def comes_up(self) -> None:
        """Take calls of the Web API, where it was before if it was down."""
        port = int(self.address.rpartition(":")[2] or 0)
        self._called_at = await _serves(web.route("*", "/api/{method}", self._called), port)
        self.address = _address(self._called_at)

    async def goes_down(self) -> None:
        """Refuse connections to the Web API, and drop those that are open."""
        if self._called_at:
            await self._called_at.cleanup()
            self._called_at = None

    @property
    def api(self) -> str:
        """Give the address of the Web API, as the bot is told it."""
        return f"{self.address}/api/"

    def _seed(self) -> JSON:
        app = {"client_id": "1.2", "app_id": APP, "bot_id": "B0HELLO30", "bot_user_id": BOT}
        installed = {**app, "client_secret": "s", "name": "hello30", "bot_name": "hello30", "redirect_uris": []}
        of_bot = {**app, "token": BOT_TOKEN, "type": "bot", "user_id": BOT, "scopes": sorted(self.scopes)}
        return {
            "strict_scopes": True,
            "users": [{"name": person} for person in PEOPLE],
            "channels": [{"name": CHANNEL, "is_private": self.private}],
            "oauth_apps": [installed],
            "tokens": [of_bot, *({"token": _token(person), "type": "user", "user": person} for person in PEOPLE)],
        }

    # --- what people do in Slack, without the bot --------------------------------------------------------------------

    async def invites(self) -> None:
        """Nadia invites the bot into reception's channel."""
        await self.does("nadia", "conversations.invite", channel=self.channel, users=BOT)
        self._joined.add(self.channel)

    async def removes(self) -> None:
        """Nadia takes the bot out of reception's channel."""
        await self.does("nadia", "conversations.kick", channel=self.channel, user=BOT)
        self._joined.discard(self.channel)

    async def does(self, person: str, method: str, **arguments: Any) -> JSON:
        """Somebody does something in Slack; `hello30` is what Slack does for the app."""
        token = BOT_TOKEN if person == "hello30" else _token(person)
        answer = await self._ask(f"/api/{method}", arguments, token)
        assert answer["ok"], (method, answer)
        return answer

    async def archives(self) -> None:
        """Nadia archives reception's channel."""
        await self.does("nadia", "conversations.archive", channel=self.channel)
        self._archived.add(self.channel)

    async def unarchives(self) -> None:
        """Nadia takes reception's channel out of the archive."""
        await self.does("nadia", "conversations.unarchive", channel=self.channel)
        self._archived.discard(self.channel)

    async def deactivates(self, person: str) -> None:
        """Somebody has left: their account is closed, and the emulator tells of it."""
        await self._ask(f"/_test/deactivate/{self.users[person]}", {})

    async def dm(self, person: str) -> str:
        """Give somebody's direct messages with the bot; empty while there are none."""
        found = (await self.does(person, "conversations.list", types="im"))["channels"]
        return next((str(each["id"]) for each in found), "")

    async def messages(self, person: str, conversation: str) -> list[JSON]:
        """Give what somebody reads in a conversation, oldest first."""
        answer = await self.does(person, "conversations.history", channel=conversation)
        return [message for message in reversed(answer["messages"]) if "subtype" not in message]

    async def views(self, person: str) -> list[JSON]:
        """Give the modals that were opened for somebody, oldest first, as Slack sends them."""
        return [view for view in await self._views(person) if view["type"] == "modal"]

    async def home(self, person: str) -> JSON | None:
        """Give the Home tab that was published for somebody, as Slack sends it; None while there is none."""
        return next((view for view in await self._views(person) if view["type"] == "home"), None)

    async def _views(self, person: str) -> list[JSON]:
        views = [view for view in await self._look("/_test/views") if view["user_id"] == self.users[person]]
        there = [{name: value for name, value in view.items() if value is not None} for view in views]
        return [{**view, "id": view["view_id"]} for view in there]

    async def whispers(self, person: str) -> list[JSON]:
        """Give what was said to somebody alone, oldest first."""
        return [each for each in await self._look("/_test/whispers") if each["target_user"] == self.users[person]]

    async def trigger(self, person: str) -> str:
        """Give what lets the bot open a modal for somebody within three seconds."""
        answer = await self.does("hello30", "views.generateTriggerId", user_id=self.users[person])
        return str(answer["trigger_id"])

    # --- what Slack posts to the bot ---------------------------------------------------------------------------------

    async def posts_form(self, fields: Mapping[str, str]) -> JSON:
        """Post a command or what was pressed, and give the answer; an empty one is only an acknowledgement."""
        return await self._posts(urlencode(fields).encode(), FORM)

    async def posts_event(self, event: JSON, *, number: int = 0, retry: int = 0) -> None:
        """Post an event in its envelope; the same `number` again is the same event."""
        stamp = int(self.clock.now().timestamp())
        envelope = {
            "type": "event_callback",
            "team_id": TEAM,
            "api_app_id": APP,
            "event": event,
            "event_id": f"Ev{number or next(self._events):08}",
            "event_time": stamp,
            "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": BOT, "is_bot": True}],
        }
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        await self._posts(json.dumps(envelope).encode(), "application/json", headers)

    async def quiet(self) -> bool:
        """Wait until the bot has answered every event; tell whether there was one."""
        was_busy = bool(self._relayed)
        while self._relayed:
            await asyncio.gather(*self._relayed)
        return was_busy

    async def _posts(self, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> JSON:
        assert self._session
        stamp = str(int(self.clock.now().timestamp()))
        signature = SignatureVerifier(SIGNING_SECRET, SlackClock()).generate_signature(timestamp=stamp, body=body)
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or "", "Content-Type": kind}
        limit = aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S)
        async with self._session.post(
            self.bot_at, data=body, headers={**signed, **(headers or {})}, timeout=limit
        ) as answer:
            text = await answer.text()
            assert answer.status == 200, (answer.status, text)
        found: JSON = json.loads(text) if text else {}
        if "blocks" in found:
            self.refused += faults_of_message(found["text"], found["blocks"])
        if "view" in found:
            self.refused += faults_of_view(found["view"])
        return found

    # --- what the emulator tells of ----------------------------------------------------------------------------------

    async def _told(self, request: web.Request) -> web.Response:
        """Answer at once: the emulator lets the call wait that caused this."""
        told = (await request.json())["event"]
        self.told[told.get("subtype") or told["type"]] += 1
        for event in self._heard(told) if self.bot_at else ():
            if self.held_back is not None and event.get("user") in self.users.values():
                self.held_back.append(event)
                continue
            task = asyncio.create_task(self.posts_event(event))
            self._relayed.add(task)
            task.add_done_callback(self._relayed.discard)
        return web.Response()

    def _heard(self, event: JSON) -> Iterator[JSON]:
        """Give what Slack makes of it, as far as the app has subscribed to that."""
        if event["type"] != "message":
            if event["type"] in EVENTS:
                yield {**event, "event_ts": f"{self.clock.now().timestamp():.6f}"}
            return
        whole = {**event, "event_ts": event["ts"], "team": TEAM}
        if event.get("user") == BOT:
            whole["bot_id"] = "B0HELLO30"
        if event["channel"].startswith("D"):
            if "message.im" in EVENTS:
                yield {**whole, "channel_type": "im"}
        elif "app_mention" in EVENTS and "subtype" not in event and f"<@{BOT}>" in event["text"]:
            yield {**whole, "type": "app_mention"}

    # --- what the bot calls ------------------------------------------------------------------------------------------

    async def _called(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        fault = next(iter(self.faults.get(method, ())), None)
        if fault:
            self.faults[method].pop(0)
        if fault is Fault.LIMITED:
            refusal = {"ok": False, "error": "ratelimited"}
            return web.json_response(refusal, status=429, headers={"Retry-After": str(RETRY_AFTER_S)})
        if fault is Fault.BROKEN:
            return web.Response(status=500, text="<html>Something went wrong</html>")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        arguments = await _arguments(method, request)
        await self._held_up(method, arguments)
        answer = self._refusal(method, token, arguments) or self._told_by_us(method, arguments)
        answer = answer or await self._ask(f"/api/{method}", arguments, token)
        if answer["ok"]:
            self.calls[method] += 1
        else:
            self.refused.append(f"{method}: {answer['error']} {answer.get('needed', '')}".strip())
        if fault is Fault.UNSURE:
            return web.json_response(_no("internal_error"))
        if fault is Fault.LOST:
            assert request.transport
            request.transport.abort()
        if not arguments.get("include_all_metadata"):
            for message in answer.get("messages", ()):
                message.pop("metadata", None)  # Slack tells it only to whoever asks for it
        claimed = self.scopes if self.claimed is None else self.claimed
        return web.json_response(answer, headers={"x-oauth-scopes": ",".join(sorted(claimed))})

    async def _held_up(self, method: str, arguments: JSON) -> None:
        for where in {"", str(arguments.get("channel", ""))}:
            if pause := self.slow.get((method, where)):
                await pause.holds_up()

    def _told_by_us(self, method: str, arguments: JSON) -> JSON | None:
        """Give Slack's answer to the one call that the emulator does not know."""
        if method != "dnd.info":
            return None
        if "dnd:read" not in self.scopes:
            return {**_no("missing_scope"), "needed": "dnd:read"}
        begins, ends = self.dnd.get(arguments["user"], (1, 1))
        enabled = arguments["user"] in self.dnd
        return {"ok": True, "dnd_enabled": enabled, "next_dnd_start_ts": begins, "next_dnd_end_ts": ends}

    def _refusal(self, method: str, token: str, arguments: JSON) -> JSON | None:
        """Give Slack's refusal of what the emulator would take."""
        channel = arguments.get("channel", "")
        if token != BOT_TOKEN:
            return _no("invalid_auth")
        if method in WITH_BLOCKS and channel == self.channel and channel not in self._joined:
            return _no("channel_not_found" if self.private else "not_in_channel")
        if method == "chat.update" and channel in self._archived:
            return _no("is_inactive")
        if method in WITH_BLOCKS and (wrong := faults_of_message(arguments["text"], arguments["blocks"])):
            return _no(f"invalid_blocks: {wrong}")
        if "view" in arguments and (wrong := faults_of_view(arguments["view"])):
            return _no(f"invalid_view: {wrong}")
        return None

    # --- the emulator ------------------------------------------------------------------------------------------------

    async def _ask(self, path: str, arguments: JSON, token: str = "") -> JSON:
        assert self._session
        headers = {"X-Now": str(int(self.clock.now().timestamp() * 1000)), "Authorization": f"Bearer {token}"}
        async with self._session.post(f"{self.emulator}{path}", json=arguments, headers=headers) as answer:
            assert answer.status == 200, (path, answer.status, await answer.text())
            found: JSON = await answer.json()
            return found

    async def _look(self, path: str) -> list[JSON]:
        assert self._session
        async with self._session.get(f"{self.emulator}{path}") as answer:
            found: list[JSON] = await answer.json()
            return found


async def _serves(route: web.RouteDef, port: int = 0) -> web.AppRunner:
    app = web.Application()
    app.add_routes([route])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=ENDS_WITHIN_S)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


def _address(runner: web.AppRunner) -> str:
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


def _token(person: str) -> str:
    return f"xoxp-{person}"


def _no(error: str) -> JSON:
    return {"ok": False, "error": error}


async def _arguments(method: str, request: web.Request) -> JSON:
    """Read the arguments of a call wherever Slack takes them: in the address, in a form, as JSON."""
    found: JSON = dict(request.query)
    body = await request.text()
    if request.content_type == "application/json":
        return found if method in TAKES_NO_JSON else {**found, **json.loads(body or "{}")}
    return {**found, **dict(parse_qsl(body))}
