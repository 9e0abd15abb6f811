"""The person's side of Teams: lines, buttons found by their label, forms filled in by the labels of their fields.

What is sent goes over HTTP to the adapter, as Teams' service posts it, and can be posted again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from aiohttp import ClientSession

from adapters.teams import MESSAGES
from bot.ports import Clock
from tests.adapters.teams.connector import BOT, DESK, TEAM, TENANT, Connector, Message
from tests.adapters.teams.kit import of_type, parts, texts

CARD = "application/vnd.microsoft.card.adaptive"
SENTENCE = "application/vnd.microsoft.activity.message"
Activity = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the adapter answered to an activity."""

    status: int
    body: str

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body)) if self.body else {}


@dataclass
class Teams:
    """Whoever has Teams open. `views` are the cards that stand in the place of a message for one person alone."""

    connector: Connector
    clock: Clock
    session: ClientSession
    port: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    views: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)
    last: Activity = field(default_factory=dict)
    count: int = 0

    @staticmethod
    def object_id(person: str) -> str:
        return str(uuid5(NAMESPACE_DNS, person))

    @staticmethod
    def chat(person: str) -> str:
        return f"a:{person}"

    # --- over the wire -----------------------------------------------------------------------------------------------

    async def posts(self, body: bytes | str, headers: Mapping[str, str] | None = None, path: str = MESSAGES) -> Answer:
        """Post anything at all."""
        url = f"http://127.0.0.1:{self.port}{path}"
        made = {"Content-Type": "application/json", **self.headers, **(headers or {})}
        data = BytesIO(body.encode() if isinstance(body, str) else body)
        async with self.session.post(url, data=data, headers=made) as answer:
            return Answer(answer.status, await answer.text())

    async def sends(self, activity: Activity, *, status: int | None = None) -> Answer:
        """Post an activity."""
        self.last = activity
        answer = await self.posts(json.dumps(activity))
        expected = status or (200 if activity["type"] == "invoke" else 202)
        assert answer.status == expected, answer
        return answer

    async def sends_again(self) -> Answer:
        """Teams posts again what it posted last."""
        return await self.sends(self.last)

    def activity(self, person: str, *, kind: str = "message", in_channel: bool = False, **more: Any) -> Activity:
        """Give an activity of a person, as Teams makes them."""
        self.count += 1
        where: Activity = {"id": self.chat(person), "conversationType": "personal", "tenantId": TENANT}
        data: Activity = {"tenant": {"id": TENANT}}
        if in_channel:
            where = {
                "id": f"{DESK};messageid={self.count}",
                "conversationType": "channel",
                "tenantId": TENANT,
                "isGroup": True,
            }
            data |= {"channel": {"id": DESK}, "team": {"id": TEAM}}
        return {
            "type": kind,
            "id": f"f:{self.count}",
            "timestamp": self.clock.now().isoformat(),
            "channelId": "msteams",
            "serviceUrl": self.connector.url,
            "from": {"id": f"29:{person}", "name": person.title(), "aadObjectId": self.object_id(person)},
            "recipient": {"id": BOT, "name": "hello30"},
            "conversation": where,
            "channelData": data,
            **more,
        }

    # --- coming and going --------------------------------------------------------------------------------------------

    def has_app(self, person: str) -> None:
        """Somebody has the app, and Teams lets it write to them."""
        self.connector.installed[self.chat(person)] = (f"29:{person}", self.object_id(person))

    async def installs(self, person: str) -> Answer:
        """Somebody installs the app."""
        self.has_app(person)
        await self.sends(
            self.activity(
                person,
                kind="conversationUpdate",
                membersAdded=[{"id": BOT}, {"id": f"29:{person}", "aadObjectId": self.object_id(person)}],
            )
        )
        return await self.sends(self.activity(person, kind="installationUpdate", action="add"))

    async def uninstalls(self, person: str, *, status: int = 202) -> Answer:
        """Somebody takes the app out."""
        self.connector.installed.pop(self.chat(person), None)
        return await self.sends(self.activity(person, kind="installationUpdate", action="remove"), status=status)

    async def adds_team(self, by: str = "nadia") -> Answer:
        """Somebody adds the app to reception's team."""
        update = self.activity(by, kind="conversationUpdate", in_channel=True, membersAdded=[{"id": BOT}])
        return await self.sends(update)

    # --- lines -------------------------------------------------------------------------------------------------------

    async def types(self, person: str, text: str, **more: Any) -> Answer:
        """Somebody types in their chat with the bot."""
        return await self.sends(self.activity(person, text=text, **more))

    async def mentions(self, person: str, text: str, **more: Any) -> Answer:
        """Somebody mentions the bot in reception's channel."""
        mention = {"type": "mention", "text": "<at>hello30</at>", "mentioned": {"id": BOT, "name": "hello30"}}
        made = self.activity(person, in_channel=True, text=f"<at>hello30</at> {text}", entities=[mention], **more)
        return await self.sends(made)

    # --- buttons -----------------------------------------------------------------------------------------------------

    def card(self, person: str, message: Message) -> dict[str, Any]:
        """Give the card that somebody sees in the place of a message."""
        seen = self.views.get((person, message.id)) or message.card
        assert seen is not None, message.activity
        return seen

    def pressed(self, person: str, message: Message, label: str, filled: Mapping[str, str] | None = None) -> Activity:
        """Give the activity that a press of a button makes, found by its label."""
        card = self.card(person, message)
        buttons = [part for part in of_type(card, "Action.Execute") if _plain(part["title"]) == label]
        assert buttons, f"there is no {label!r}, only {labels(card)}"
        data = {**(filled or {}), **buttons[0]["data"]}
        made = self.activity(person, kind="invoke", in_channel=message.conversation.startswith("19:"))
        made["conversation"]["id"] = message.conversation
        action = {"type": "Action.Execute", "verb": buttons[0]["verb"], "data": data, "title": label}
        return made | {
            "name": "adaptiveCard/action",
            "replyToId": message.id,
            "value": {"action": action, "trigger": "manual"},
        }

    async def presses(
        self, person: str, message: Message, label: str, filled: Mapping[str, str] | None = None
    ) -> Answer:
        """Somebody presses a button (`Action.Execute`); what Teams is answered, they see."""
        answer = await self.sends(self.pressed(person, message, label, filled))
        told = answer.json()
        assert told["statusCode"] == 200
        if told["type"] == CARD:
            self.views[person, message.id] = told["value"]
        else:
            assert told["type"] == SENTENCE
            self.said.setdefault(person, []).append(_plain(told["value"]))
        return answer

    async def submits(
        self, person: str, message: Message, label: str, filled: Mapping[str, str] | None = None
    ) -> Answer:
        """Somebody presses a button in a client that knows no `Action.Execute`: it falls back to `Action.Submit`."""
        made = self.pressed(person, message, label, filled)
        data = made["value"]["action"]["data"]
        return await self.sends({**made, "type": "message", "name": None, "value": data})

    def filled(self, person: str, message: Message, values: Mapping[str, str]) -> dict[str, str]:
        """Give what the inputs of a form hold once they are filled in by their labels; choices by theirs."""
        card = self.card(person, message)
        inputs = [part for part in parts(card) if part["type"].startswith("Input.")]
        known = {_plain(part["label"]): part for part in inputs}
        assert set(values) <= set(known), f"there is no {set(values) - set(known)}, only {list(known)}"
        found = {part["id"]: str(part.get("value", "")) for part in inputs}
        for label, value in values.items():
            found[known[label]["id"]] = _chosen(known[label], value)
        for part in inputs:
            assert found[part["id"]] or not part.get("isRequired"), f"Teams wants {part['label']}"
        return found


def _chosen(part: Mapping[str, Any], value: str) -> str:
    if part["type"] != "Input.ChoiceSet":
        return value
    choices = {_plain(choice["title"]): str(choice["value"]) for choice in part["choices"]}
    assert value in choices, f"there is no {value!r}, only {list(choices)}"
    return choices[value]


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def read(card: dict[str, Any]) -> str:
    """Give all that is read on a card, what is folded too."""
    return _plain("\n".join(texts(card)))


def labels(card: dict[str, Any]) -> list[str]:
    """Give the labels of the buttons that stand visibly, without *More* and the one that unfolds the steps."""
    return [_plain(each["title"]) for each in card.get("actions", ()) if each["type"] == "Action.Execute"]


def more(card: dict[str, Any]) -> list[str]:
    """Give the labels under *more*."""
    below = [each["card"] for each in card.get("actions", ()) if each["type"] == "Action.ShowCard"]
    return [_plain(each["title"]) for card in below for each in of_type(card, "Action.Execute")]


def fields(card: dict[str, Any]) -> Iterator[str]:
    """Give the labels of what can be filled in."""
    for part in parts(card):
        if part["type"].startswith("Input."):
            yield _plain(part["label"])
