"""The person's side of Slack: commands, buttons found by their label, modals filled in by the labels of their fields.

What is sent goes over HTTP to the adapter, signed as Slack signs it, and can be delivered again as Slack does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession

from bot.ports import Clock
from tests.adapters.slack.api import BOT, DESK, Block, Message, Modal, SlackApi

SECRET = "a-signing-secret"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
EVENTS = "/slack/events"


@dataclass(frozen=True)
class Answer:
    """What the adapter answered to a request."""

    status: int
    text: str

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.text)) if self.text else {}


@dataclass(frozen=True)
class Sent:
    """A request as it was sent, so that it can be delivered again."""

    body: str
    kind: str
    user: str = ""
    channel: str = ""
    modal: Modal | None = None


def signed(body: str | bytes, clock: Clock, secret: str = SECRET) -> dict[str, str]:
    """Give the headers with which Slack signs a request."""
    raw = body.encode() if isinstance(body, str) else body
    stamp = str(int(clock.now().timestamp()))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def said(message: Message) -> str:
    """Give everything that is read in a message, with plain spaces."""
    shown = "\n".join(read(message.blocks)) if message.blocks else message.text
    return shown.replace("\u00a0", " ").replace("\u202f", " ")


def read(part: Any) -> Iterator[str]:
    """Give every text of blocks, as it is read."""
    if isinstance(part, dict):
        if part.get("type") in {"plain_text", "mrkdwn"}:
            yield str(part["text"])
        for value in part.values():
            yield from read(value)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from read(each)


def labels(blocks: list[Block]) -> list[str]:
    """Give the labels of the buttons that stand visibly."""
    return [str(b["text"]["text"]).replace("\u00a0", " ") for b in _elements(blocks) if b["type"] == "button"]


def menu(blocks: list[Block]) -> list[str]:
    """Give the labels under *more*."""
    return [str(o["text"]["text"]) for b in _elements(blocks) for o in b.get("options", ())]


def _elements(blocks: list[Block]) -> list[Block]:
    return [element for block in blocks if block["type"] == "actions" for element in block["elements"]]


class Slack:
    """Whoever has Slack open. People are named by their ids of the directory; Martin's user is UMARTIN."""

    def __init__(self, api: SlackApi, clock: Clock, session: ClientSession) -> None:
        self.api = api
        self.clock = clock
        self.port = 0
        self.last: Sent | None = None
        self._session = session
        self._count = 0

    @staticmethod
    def user(person: str) -> str:
        return f"U{person.upper()}"

    # --- over the wire -----------------------------------------------------------------------------------------------

    async def posts(self, body: str | bytes, headers: Mapping[str, str], path: str = EVENTS) -> Answer:
        """Post something as it is."""
        url = f"http://127.0.0.1:{self.port}{path}"
        raw = BytesIO(body.encode() if isinstance(body, str) else body)
        async with self._session.post(url, data=raw, headers=dict(headers)) as response:
            return Answer(response.status, await response.text())

    async def sends(self, sent: Sent, *, again: int = 0, status: int = 200) -> Answer:
        """Send a request and show what it is answered with; `again` is the number of the retry."""
        self.last = sent
        retry = {"X-Slack-Retry-Num": str(again), "X-Slack-Retry-Reason": "http_timeout"} if again else {}
        answer = await self.posts(sent.body, {"Content-Type": sent.kind, **signed(sent.body, self.clock), **retry})
        assert answer.status == status, answer
        if status == 200:
            self._shows(sent, answer)
        return answer

    async def delivers_again(self, *, number: int = 1, status: int = 200) -> Answer:
        """Slack delivers what it sent last once more."""
        assert self.last is not None
        return await self.sends(self.last, again=number, status=status)

    def _shows(self, sent: Sent, answer: Answer) -> None:
        told = answer.json() if answer.text.startswith("{") else {}
        if sent.modal is not None:
            self._modal_answered(sent.modal, told)
        elif told.get("text") and sent.user:  # a command is answered where it was typed, for whoever typed it
            blocks = list(told.get("blocks", ()))
            self.api.check_message(told["text"], blocks)
            assert told.get("response_type") == "ephemeral", told
            self.api.messages.append(
                Message(sent.channel, self.api.next_ts(), told["text"], blocks, only_for=sent.user)
            )
        else:
            assert not answer.text or "challenge" in told, answer

    def _modal_answered(self, modal: Modal, told: Mapping[str, Any]) -> None:
        if not told:
            modal.is_open = False
        elif told["response_action"] == "errors":
            inputs = {block["block_id"] for block in modal.view["blocks"] if block["type"] == "input"}
            assert told["errors"], told
            assert set(told["errors"]) <= inputs, told
            assert all(told["errors"].values()), told
            modal.errors = dict(told["errors"])
        else:
            assert told["response_action"] == "update", told
            self.api.check_view(told["view"])
            self.api.shows(modal, told["view"])

    # --- reception ---------------------------------------------------------------------------------------------------

    async def commands(self, person: str, text: str = "", *, channel: str = DESK, command: str = "/visitor") -> Answer:
        """Somebody types a slash command."""
        user = self.user(person)
        form = {
            "token": "old",
            "team_id": "T1",
            "channel_id": channel,
            "user_id": user,
            "command": command,
            "text": text,
            "api_app_id": "A1",
            "is_enterprise_install": "false",
            "response_url": "https://hooks.slack.invalid/commands/1",
            "trigger_id": self.api.trigger(user),
        }
        return await self.sends(Sent(urlencode(form), FORM, user, channel))

    async def mentions(self, person: str, text: str, *, channel: str = DESK, **more: Any) -> Answer:
        """Somebody mentions the bot in a channel."""
        event = {"type": "app_mention", "user": self.user(person), "text": f"<@{BOT}> {text}", "channel": channel}
        return await self._event({**event, **more})

    # --- the Home tab ------------------------------------------------------------------------------------------------

    async def opens_home(self, person: str, *, tab: str = "home") -> Answer:
        """Somebody opens the Home tab, or another one; Slack sends along what it shows there, if anything."""
        user = self.user(person)
        event = {"type": "app_home_opened", "user": user, "channel": self.api.conversation(user), "tab": tab}
        home = self.api.homes.get(user)
        return await self._event({**event, **({"view": self._sent_view(home, {})} if home and tab == "home" else {})})

    # --- direct messages ---------------------------------------------------------------------------------------------

    async def types(
        self, person: str, text: str, *, under: Message | None = None, status: int = 200, **more: Any
    ) -> Answer:
        """Somebody types in the direct message with the bot, perhaps in the thread of a message there."""
        user = self.user(person)
        event = {"type": "message", "channel_type": "im", "user": user, "text": text}
        thread = {"thread_ts": under.ts} if under else {}
        return await self._event({**event, "channel": self.api.conversation(user), **thread, **more}, status)

    # --- leaving -----------------------------------------------------------------------------------------------------

    async def profile_changes(self, person: str, *, status: int = 200, **user: Any) -> Answer:
        """Slack tells a change of somebody's profile: `deleted=True` where they were deactivated."""
        told = {"id": self.user(person), "team_id": "T1", "name": person, "deleted": False, "is_bot": False, **user}
        return await self._event({"type": "user_change", "user": told}, status)

    async def dnd_changes(self, person: str) -> Answer:
        """Slack tells that somebody's hours of do not disturb have changed, or began, or ended."""
        told = {"dnd_enabled": True, "next_dnd_start_ts": 1, "next_dnd_end_ts": 1}
        return await self._event({"type": "dnd_updated_user", "user": self.user(person), "dnd_status": told})

    async def is_uninstalled(self, **envelope: Any) -> Answer:
        """Somebody removes the app from the workspace."""
        return await self._event({"type": "app_uninstalled"}, **envelope)

    async def revokes(self, *, bot: tuple[str, ...] = (), oauth: tuple[str, ...] = (), **envelope: Any) -> Answer:
        """Somebody revokes tokens of the app: those of these bots, and of these users."""
        return await self._event({"type": "tokens_revoked", "tokens": {"bot": bot, "oauth": oauth}}, **envelope)

    async def _event(self, event: Mapping[str, Any], status: int = 200, **more: Any) -> Answer:
        self._count += 1
        ts = self.api.next_ts()
        envelope = {
            "token": "old",
            "team_id": "T1",
            "api_app_id": "A1",
            "type": "event_callback",
            "event_id": f"Ev{self._count}",
            "event_time": int(self.clock.now().timestamp()),
            "authorizations": [{"team_id": "T1", "user_id": BOT, "is_bot": True, "is_enterprise_install": False}],
            "event": {"ts": ts, "event_ts": ts, **event},
            **more,
        }
        return await self.sends(Sent(json.dumps(envelope), JSON), status=status)

    # --- buttons -----------------------------------------------------------------------------------------------------

    async def presses(self, person: str, label: str, on: Message | Modal, *, late: float = 0) -> Answer:
        """Somebody presses a button, or an entry of the menu, of a message or a modal, found by its label.

        `late` is how many seconds it takes until the press gets through.
        """
        user = self.user(person)
        blocks = on.blocks if isinstance(on, Message) else on.view["blocks"]
        at = self.clock.now().timestamp()
        self._count += 1
        action = {**self._action(blocks, label), "action_ts": f"{at:.0f}.{self._count:06d}"}
        trigger = self.api.trigger(user)
        if late:
            made = self.api.triggers[trigger][1]
            self.api.triggers[trigger] = (user, datetime.fromtimestamp(made.timestamp() - late, tz=made.tzinfo))
        payload: dict[str, Any] = {
            "type": "block_actions",
            "user": {"id": user, "username": person, "team_id": "T1"},
            "api_app_id": "A1",
            "team": {"id": "T1", "domain": "house"},
            "is_enterprise_install": False,
            "trigger_id": trigger,
            "actions": [action],
        }
        if isinstance(on, Message):
            payload["container"] = {
                "type": "message",
                "message_ts": on.ts,
                "channel_id": on.channel,
                "is_ephemeral": bool(on.only_for),
            }
            payload["channel"] = {"id": on.channel, "name": "directmessage" if on.channel[0] == "D" else "desk"}
            payload["response_url"] = self.api.response_url(on)
            if not on.only_for:
                payload["message"] = {"type": "message", "user": BOT, "ts": on.ts, "text": on.text, "blocks": on.blocks}
        else:
            payload["container"] = {"type": "view", "view_id": on.id}
            payload["view"] = self._sent_view(on, {})
        return await self.sends(Sent(urlencode({"payload": json.dumps(payload)}), FORM))

    def _action(self, blocks: list[Block], label: str) -> Block:
        for element in _elements(blocks):
            if element["type"] == "button" and element["text"]["text"].replace("\u00a0", " ") == label:
                return {"type": "button", "action_id": element["action_id"], "value": element["value"]}
            for option in element.get("options", ()):
                if option["text"]["text"] == label:
                    return {"type": "overflow", "action_id": element["action_id"], "selected_option": option}
        raise AssertionError(f"there is no {label!r}, only {labels(blocks)} and {menu(blocks)}")

    # --- modals ------------------------------------------------------------------------------------------------------

    async def fills(self, person: str, values: Mapping[str, str | datetime]) -> Answer:
        """Somebody fills in the modal before them, by the labels of its fields, and sends it.

        Choices are given by their labels, somebody in Slack by the id of the directory, a moment as it is.
        """
        user = self.user(person)
        modal = self.api.modal(user)
        payload = {
            "type": "view_submission",
            "team": {"id": "T1", "domain": "house"},
            "user": {"id": user, "username": person, "team_id": "T1"},
            "api_app_id": "A1",
            "is_enterprise_install": False,
            "trigger_id": self.api.trigger(user),
            "view": self._sent_view(modal, values),
        }
        return await self.sends(Sent(urlencode({"payload": json.dumps(payload)}), FORM, user, modal=modal))

    def _sent_view(self, modal: Modal, values: Mapping[str, str | datetime]) -> dict[str, Any]:
        inputs = [block for block in modal.view["blocks"] if block["type"] == "input"]
        found = {str(block["label"]["text"]) for block in inputs}
        assert set(values) <= found, f"there is no {set(values) - found}, only {found}"
        state: dict[str, dict[str, Any]] = {}
        for block in inputs:
            filled = self._filled(block["element"], values.get(block["label"]["text"]))
            needed = not block.get("optional", False)
            assert any(v for k, v in filled.items() if k != "type") or not needed, f"Slack wants {block['label']}"
            state[block["block_id"]] = {block["element"]["action_id"]: filled}
        return {"id": modal.id, "hash": modal.hash, "team_id": "T1", **modal.view, "state": {"values": state}}

    def _filled(self, element: Block, value: str | datetime | None) -> Block:
        kind = element["type"]
        if kind == "plain_text_input":
            return {"type": kind, "value": (element.get("initial_value") if value is None else value) or None}
        if kind == "number_input":  # Slack itself lets nothing else through; another client might
            return {"type": kind, "value": value or None}
        if kind == "datetimepicker":
            return {"type": kind, "selected_date_time": int(value.timestamp()) if isinstance(value, datetime) else None}
        if kind == "users_select":
            return {"type": kind, "selected_user": self.user(str(value)) if value else None}
        chosen = element.get("initial_option")
        if value is not None:
            plain = {o["text"]["text"].replace("\u00a0", " ").replace("\u202f", " "): o for o in element["options"]}
            assert value in plain, f"there is no {value!r}, only {list(plain)}"
            chosen = plain[str(value)]
        return {"type": kind, "selected_option": chosen}
