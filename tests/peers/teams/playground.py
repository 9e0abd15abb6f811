"""Microsoft's own Agents Playground: Teams as one person has it, in a process of its own that ends with the tests.

What its page does is done here by the same requests, and what its page shows comes over the same sockets. It knows no
tokens and no app packages, and lets the bot write to anybody: what Teams refuses is played in tests/adapters.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen, TimeoutExpired
from threading import Thread
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote
from uuid import NAMESPACE_DNS, uuid5

import yaml
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from adapters.teams import MESSAGES
from tests.adapters.teams.driver import CARD, SENTENCE
from tests.adapters.teams.kit import faults, of_type, parts
from tests.processes.program import free_port
from tests.world import plain

FOLDER = Path(__file__).parent
CLI = FOLDER / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
ENDS_WITHIN_S = 10.0
SEEN_WITHIN_S = 15.0
SHOWN = "/_ws_conversation/v1/conversations/stream"
"""The socket over which the page is told of messages."""
LOG = "/_ws/log/stream"
"""And the one over which it is told what was posted to the bot and by it."""
INSTALLED = ("installationUpdate", "conversationUpdate")
"""What is posted to the bot when its app is installed somewhere."""
APPLICATION = "User Application"
"""What the playground's log calls the bot."""
BOT = "28:3f9a1c52-7d40-4b8e-9c11-0a2b4c6d8e0f"
TENANT = "8a1b2c3d-4e5f-4061-8273-8495a6b7c8d9"
TEAM = "19:reception-team@thread.tacv2"
DESK = "19:front-desk@thread.tacv2"
JSON: TypeAlias = dict[str, Any]
Filled: TypeAlias = Mapping[str, str]
"""What is filled in, by the labels of the fields; of a choice, the label that is chosen."""
NOTHING: Filled = {}
T = TypeVar("T")


def object_id(person: str) -> str:
    """Give somebody's object id in Entra."""
    return str(uuid5(NAMESPACE_DNS, person))


def user(person: str) -> str:
    """Give what Teams calls somebody towards the bot."""
    return f"29:{person}"


def chat(person: str) -> str:
    """Give the conversation of somebody with the bot."""
    return f"a:{person}"


@contextmanager
def running(node: str, folder: Path, person: str, people: Mapping[str, str], bot_port: int) -> Iterator[str]:
    """Run somebody's playground, where all people (id to name) are known; give its address.

    It listens on all interfaces and cannot be told otherwise. What it writes lies in the folder.
    """
    port = free_port()
    (folder / ".m365agentsplayground.yml").write_text(yaml.safe_dump(_tenant(person, people)), "utf-8")
    base = f"http://127.0.0.1:{port}"
    command = [node, str(CLI), "start", "--dt", "-c", "msteams", "-p", str(port), "--su", f"{base}/_connector"]
    command += ["-e", f"http://127.0.0.1:{bot_port}{MESSAGES}"]
    alone = {"TEAMSAPPTESTER_BROWSER": "none", "APPLICATION_INSIGHTS_NO_STATSBEAT": "true"}
    with (
        (folder / "said.log").open("w") as said,
        Popen(command, cwd=folder, stdout=PIPE, stderr=STDOUT, text=True, env={**os.environ, **alone}) as process,
    ):
        assert process.stdout is not None
        first = process.stdout.readline()
        rest = Thread(target=shutil.copyfileobj, args=(process.stdout, said))  # a full pipe would hold it up
        rest.start()
        try:
            assert first == f"Listening on {port}\n", f"the playground did not start, and said {first!r}"
            yield base
        finally:
            process.terminate()
            try:
                process.wait(ENDS_WITHIN_S)
            except TimeoutExpired:
                process.kill()
            rest.join()


def _tenant(person: str, people: Mapping[str, str]) -> JSON:
    """Give an organisation: the playground wants one who looks at it, and five others."""
    known = {each: _user(each, name) for each, name in people.items()}
    return {
        "version": "0.1.1",
        "tenantId": TENANT,
        "bot": {"id": BOT, "name": "hello30"},
        "currentUser": known.pop(person),
        "users": list(known.values()),
        "personalChat": {"id": chat(person)},
        "groupChat": {"id": "19:group@thread.v2", "name": "Group"},
        "team": {
            "id": TEAM,
            "name": "Reception",
            "aadGroupId": object_id("reception"),
            "channels": [{"id": DESK, "name": "Front desk"}],
        },
    }


def _user(person: str, name: str) -> JSON:
    given, _, surname = name.partition(" ")
    address = f"{person}@example.org"
    return {
        "id": user(person),
        "name": name,
        "userPrincipleName": address,
        "aadObjectId": object_id(person),
        "givenName": given,
        "surname": surname,
        "email": address,
    }


@dataclass
class Message:
    """A message as it stands: its text, or its card, as last amended."""

    id: str
    conversation: str
    sender: str
    text: str
    card: JSON | None
    amended: int = 0


@dataclass
class Playground:
    """What somebody does in their playground over HTTP, and all that was shown there since it was opened.

    messages  as they stand
    posted    what was posted to the bot, with what it answered
    called    what the bot called, with what it was answered
    views     the cards that were answered to a press: they stand in the place of the message until that is amended
    said      the sentences that presses were answered
    """

    person: str
    base: str
    http: ClientSession
    sockets: list[ClientWebSocketResponse] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    posted: list[JSON] = field(default_factory=list)
    called: list[JSON] = field(default_factory=list)
    views: dict[str, JSON] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    pongs: set[bytes] = field(default_factory=set)
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    pings: int = 0

    # --- what it shows -----------------------------------------------------------------------------------------------

    async def until(self, seen: Callable[[], T]) -> T:
        """Wait until something is so, which may change with all that the playground tells; give it."""
        try:
            async with asyncio.timeout(SEEN_WITHIN_S):
                while not (found := seen()):
                    self.moved.clear()
                    await self.moved.wait()
        except TimeoutError:
            raise AssertionError(f"{self.person} waits in vain; there is {[*self.messages.values()]}") from None
        return found

    async def catches_up(self) -> None:
        """Have seen all that it had to show when this was called: an answer comes behind what was sent before it."""
        self.pings += 1
        pings = {f"{self.pings} {number}".encode(): socket for number, socket in enumerate(self.sockets)}
        for ping, socket in pings.items():
            await socket.ping(ping)
        await self.until(lambda: pings.keys() <= self.pongs)

    async def listens(self, socket: ClientWebSocketResponse) -> None:
        """Take what a socket tells, until it is closed."""
        async for frame in socket:
            if frame.type is WSMsgType.PONG:
                self.pongs.add(bytes(frame.data))
            elif frame.type is WSMsgType.PING:
                await socket.pong(frame.data)
            elif frame.type is WSMsgType.TEXT:
                self._told(frame.json())
            self.moved.set()

    def _told(self, told: JSON) -> None:
        if "log" in told:
            log = told["log"]
            if log.get("type") == "bot":
                (self.posted if log["to"] == APPLICATION else self.called).append(log)
        elif told["action"] in {"createMessage", "updateMessage"}:
            shown = told["message"]
            held = [each["content"] for each in shown["attachments"] if each["contentType"] == CARD]
            known = self.messages.get(shown["messageId"])
            self.messages[shown["messageId"]] = Message(
                shown["messageId"],
                known.conversation if known else shown.get("postConversationId") or told["actionConversationId"],
                shown["from"]["id"],
                shown.get("text") or "",
                held[0] if held else None,
                known.amended + 1 if known else 0,
            )
            self.views.pop(shown["messageId"], None)

    def of_bot(self) -> list[Message]:
        """Give what the bot has written, oldest first."""
        return [message for message in self.messages.values() if message.sender == BOT]

    def card(self, message: Message) -> JSON:
        """Give the card that stands in the place of a message."""
        card = self.views.get(message.id) or message.card
        assert card is not None, message
        return card

    # --- what somebody does ------------------------------------------------------------------------------------------

    async def installs(self, conversation: str) -> None:
        """The app is installed: for a team with its channel, for somebody with their chat."""
        async with self.hears(*INSTALLED):
            await self._asks(f"/_debug/conversation/{quote(conversation)}/installation", {})

    async def happens(self, kind: str, conversation: str) -> None:
        """Something happens that has no button: one of the playground's own templates, sent as it is."""
        query = f"conversationId={quote(conversation)}&type={kind}"
        async with self.http.get(f"{self.base}/_internal/v1/customActivities/template?{query}") as answer:
            activity = await answer.json()
        async with self.hears(activity["type"]):
            await self._asks("/_internal/v1/customActivities", activity)

    async def says(self, conversation: str, text: str, *mentioned: tuple[str, str]) -> str:
        """Type a line, in which the bot or people may be mentioned (id and name); give where it stands.

        In a channel that is a thread of its own; the line goes to the bot only if that is mentioned.
        """
        mentions = [{"mentioned": {"id": each, "name": name}, "text": f"<at>{name}</at>"} for each, name in mentioned]
        line = {"type": "text", "text": text, "textFormat": "plain", "from": {"id": user(self.person)}}
        is_for_bot = conversation == chat(self.person) or any(each == BOT for each, _ in mentioned)
        async with self.hears(*(["message"] if is_for_bot else [])):
            path = f"/_conversation/v1/conversations/{quote(conversation)}/messages"
            made = await self._asks(path, line | ({"mentions": mentions} if mentions else {}))
        return str(made.get("postConversationId") or conversation)

    async def presses(self, message: Message, label: str, filled: Filled = NOTHING) -> None:
        """Press a button of a card, and see what is answered: another card in its place, or a sentence."""
        action, data = self.pressed(message, label, filled)
        execute = {"type": "Action.Execute", "verb": action["verb"], "data": data}
        answer = await self._asks(
            "/_conversation/v1/invoke",
            {
                "name": "adaptiveCard/action",
                **self._on(message),
                "value": {"action": execute, "trigger": "manual"},
            },
        )
        shown = answer.get("body", answer)
        if shown["type"] == CARD:
            assert faults(shown["value"]) == []
            self.views[message.id] = shown["value"]
        else:
            assert shown["type"] == SENTENCE
            self.said.append(plain(shown["value"]))

    async def submits(self, message: Message, label: str, filled: Filled = NOTHING) -> None:
        """Press a button in a client that has no `Action.Execute`."""
        _, data = self.pressed(message, label, filled)
        async with self.hears("message"):
            await self._asks("/_conversation/v1/submit", {**self._on(message), "value": data})

    def pressed(self, message: Message, label: str, filled: Filled) -> tuple[JSON, JSON]:
        """Give a button by its label, and what it brings with what was filled in."""
        card = self.card(message)
        buttons = {plain(each["title"]): each for each in of_type(card, "Action.Execute")}
        assert label in buttons, f"there is no {label!r}, only {list(buttons)}"
        return buttons[label], {**_filled(card, filled), **buttons[label]["data"]}

    def _on(self, message: Message) -> JSON:
        return {
            "conversation": {"id": message.conversation},
            "replyToId": message.id,
            "from": {"id": user(self.person)},
        }

    @asynccontextmanager
    async def hears(self, *kinds: str) -> AsyncIterator[None]:
        """Wait, after what is done in this, until the bot has answered one more activity of each of these kinds."""

        def answered(kind: str) -> int:
            return sum(each["activityName"] == kind for each in self.posted)

        before = {kind: answered(kind) for kind in kinds}
        yield
        await self.until(lambda: all(answered(kind) > count for kind, count in before.items()))

    async def _asks(self, path: str, body: JSON) -> JSON:
        async with self.http.post(self.base + path, json=body) as answer:
            assert answer.status < 300, f"{path}: {answer.status} {await answer.text()}"
            return dict(await answer.json(content_type=None) or {}) if await answer.text() else {}


@asynccontextmanager
async def opened(person: str, base: str) -> AsyncIterator[Playground]:
    """Open somebody's playground, as its page does."""
    async with AsyncExitStack() as held:
        http = await held.enter_async_context(ClientSession())
        made = Playground(person, base, http)
        group = await held.enter_async_context(asyncio.TaskGroup())
        for path in (SHOWN, LOG):
            socket = await held.enter_async_context(http.ws_connect(base + path, autoping=False))
            made.sockets.append(socket)
            group.create_task(made.listens(socket))
        await made.catches_up()
        yield made


def _filled(card: JSON, filled: Filled) -> dict[str, str]:
    """Give what the inputs of a card hold once they are filled in; those that are empty are not sent."""
    inputs = {plain(part["label"]): part for part in parts(card) if part["type"].startswith("Input.")}
    assert filled.keys() <= inputs.keys(), f"there is no {filled.keys() - inputs.keys()}, only {list(inputs)}"
    found = {}
    for label, part in inputs.items():
        value = filled.get(label, str(part.get("value", "")))
        if label in filled and part["type"] == "Input.ChoiceSet":
            value = {plain(choice["title"]): str(choice["value"]) for choice in part["choices"]}[value]
        assert value or not part.get("isRequired"), f"Teams wants {label}"
        if value:
            found[part["id"]] = value
    return found
