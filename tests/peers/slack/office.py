"""An office that works in Slack: who types, presses and fills in what, and what then stands in each conversation.

Everything is pressed where it stands: a button is looked for by its label in the message as the emulator keeps it, a
field by its label in the modal that it was given.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from adapters.slack import EVENTS
from adapters.slack.adapter import SlackAdapter
from bot import config
from bot.ports import Store
from bot.settings import Settings
from tests.adapters.slack.kit import texts
from tests.operations.watched import ANYWHERE
from tests.peers.slack.pauses import SlowStore
from tests.peers.slack.workspace import APP, BOT, BOT_TOKEN, COMMAND, JSON, PEOPLE, SIGNING_SECRET, TEAM, Workspace
from tests.world import World, plain

HOUSE = Path(__file__).parents[2] / "house" / "config.yaml"
POLICIES = HOUSE.parents[2] / "policies"
SECRETS = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}
TEAM_OF_ALL = {"id": TEAM, "domain": "emulate"}


class Office:
    """The house of the stories in a workspace, and hello30 with its real adapter and a real database."""

    def __init__(self, workspace: Workspace, store: Store, folder: Path) -> None:
        """Take a workspace that is open; hello30 starts with `opens`."""
        settings = replace(house_in_slack(workspace, folder), operations=ANYWHERE)
        self.store = SlowStore(store)
        self.world = World(self.store, workspace.clock.now(), settings=settings)
        self.workspace = workspace
        self.workspace.clock = self.world.clock  # the emulator and all of hello30 live by the same
        parts = self.world.parts
        self.slack = SlackAdapter.configured(
            settings, SECRETS, views=parts.views, wording=parts.wording, clock=parts.clock
        )
        parts.add(self.slack)

    async def opens(self) -> None:
        """Start the adapter, and tell Slack where it listens."""
        await self.slack.start(self.world.parts.inbox.receive)
        self.world.parts.running.started.update(self.world.parts.adapters)
        self.workspace.bot_at = f"http://127.0.0.1:{self.slack.port}{EVENTS}"

    async def closes(self) -> None:
        """Stop the adapter."""
        await self.workspace.quiet()
        await self.slack.stop()

    # --- time --------------------------------------------------------------------------------------------------------

    async def passes(self, *, minutes: float = 0, seconds: float = 0) -> None:
        """Time passes, and what is due happens."""
        await self.world.passes(minutes=minutes, seconds=seconds)
        await self.settles()

    async def settles(self) -> None:
        """Everything that can happen now happens: what Slack still tells, what is still said, what is carried."""
        busy = True
        while busy:
            busy = await self.workspace.quiet()
            if self.slack._listeners:
                await self.slack._listeners.saying.settled()
            await self.world.settles()
            if self.slack._homes:  # it shows what the cards say, once they say it
                await self.slack._homes.settled()

    # --- what people do ----------------------------------------------------------------------------------------------

    async def commands(self, person: str, text: str = "") -> str:
        """Somebody types the command in reception's channel; give what they alone read thereupon."""
        user, channel = self.workspace.users[person], self.workspace.channel
        answer = await self.workspace.posts_form(
            {
                "command": COMMAND,
                "text": text,
                "user_id": user,
                "user_name": person,
                "team_id": TEAM,
                "channel_id": channel,
                "channel_name": "front-desk",
                "api_app_id": APP,
                "trigger_id": await self.workspace.trigger(person),
                "response_url": "https://hooks.slack.invalid/commands/1",
            }
        )
        await self.settles()
        return said(answer)

    async def announces(self, visitor: str, owner: str, **by_label: str) -> None:
        """Nadia announces somebody in the modal."""
        await self.commands("nadia")
        fields = {"Visitor_and_company": visitor, "Here_for": owner, **by_label}
        assert await self.fills("nadia", await self.modal("nadia"), **fields) == {}

    async def types(self, person: str, text: str, *, thread: str = "") -> None:
        """Somebody types a line to the bot, perhaps in the thread of a message."""
        where = {"channel": await self.workspace.dm(person), **({"thread_ts": thread} if thread else {})}
        await self.workspace.does(person, "chat.postMessage", text=text, **where)
        await self.settles()

    async def mentions(self, person: str, text: str) -> None:
        """Somebody mentions the bot in reception's channel."""
        line = f"<@{BOT}> {text}"
        await self.workspace.does(person, "chat.postMessage", channel=self.workspace.channel, text=line)
        await self.settles()

    async def presses(self, person: str, label: str, message: JSON | None = None, *, late_s: float = 0) -> None:
        """Somebody presses a button of a message, or takes an entry of its menu; by default where it stands last.

        With `late_s` the bot hears of it only so much later.
        """
        await self.clicks(person, label, message, late_s=late_s)
        await self.settles()

    async def clicks(self, person: str, label: str, message: JSON | None = None, *, late_s: float = 0) -> None:
        """Somebody presses a button, and Slack has its answer; what follows from it may still be under way."""
        conversation = await self._conversation(person)
        message = message or await self.message(person, label)
        action = next(action for action in actions(message) if action["text"]["text"] == label)
        trigger = await self.workspace.trigger(person)
        is_whisper = "target_user" in message
        pressed = {
            "type": "block_actions",
            "trigger_id": trigger,
            "container": {
                "type": "message",
                "message_ts": message["ts"],
                "channel_id": conversation,
                "is_ephemeral": is_whisper,
            },
            "channel": {"id": conversation, "name": "directmessage"},
            **({} if is_whisper else {"message": message}),
            "response_url": "https://hooks.slack.invalid/actions/1",
            "state": {"values": {}},
            "actions": [{**action["sent"], "action_ts": f"{self.world.clock.now().timestamp():.6f}"}],
        }
        if late_s:
            await self.passes(seconds=late_s)
        await self._interacts(person, pressed)

    async def chooses(self, person: str, label: str) -> None:
        """Somebody presses a button in the modal that they have before them."""
        await self._presses_in(person, await self.modal(person), label)

    async def opens_home(self, person: str) -> None:
        """Somebody opens the Home tab; Slack sends along what was published there last."""
        home = await self.workspace.home(person)
        opened = {
            "type": "app_home_opened",
            "user": self.workspace.users[person],
            "channel": await self.workspace.dm(person),
            "tab": "home",
            "event_ts": f"{self.world.clock.now().timestamp():.6f}",
            **({"view": home} if home else {}),
        }
        await self.workspace.posts_event(opened)
        await self.settles()

    async def presses_at_home(self, person: str, label: str) -> None:
        """Somebody presses a button of their Home tab, or takes an entry of a menu there."""
        home = await self.workspace.home(person)
        assert home
        await self._presses_in(person, home, label)

    async def _presses_in(self, person: str, view: JSON, label: str) -> None:
        action = next(action for action in actions(view) if action["text"]["text"] == label)
        pressed = {
            "type": "block_actions",
            "trigger_id": await self.workspace.trigger(person),
            "container": {"type": "view", "view_id": view["id"]},
            "view": view,
            "actions": [{**action["sent"], "action_ts": f"{self.world.clock.now().timestamp():.6f}"}],
        }
        await self._interacts(person, pressed)
        await self.settles()

    async def fills(self, person: str, modal: JSON, **by_label: str) -> JSON:
        """Somebody fills in a modal and sends it; `Here_for="Martin"`. Give Slack's answer: empty, and it is closed."""
        wanted = {label.replace("_", " "): text for label, text in by_label.items()}
        values = {}
        for block in modal["blocks"]:
            if block["type"] == "input":
                element = block["element"]
                entered = _entered(element, wanted.pop(block["label"]["text"], None))
                values[block["block_id"]] = {element["action_id"]: entered}
        assert not wanted, f"no such field: {list(wanted)}"
        view = {**modal, "state": {"values": values}}
        answer = await self._interacts(person, {"type": "view_submission", "trigger_id": "1.2.3", "view": view})
        if answer.get("response_action") == "update":
            await self.workspace.does("hello30", "views.update", view_id=modal["id"], view=answer["view"])
        await self.settles()
        return answer

    async def _interacts(self, person: str, payload: JSON) -> JSON:
        user = {"id": self.workspace.users[person], "username": person, "name": person, "team_id": TEAM}
        whole = {"api_app_id": APP, "token": "t", "team": TEAM_OF_ALL, "enterprise": None, "user": user, **payload}
        return await self.workspace.posts_form({"payload": json.dumps(whole)})

    # --- what they see -----------------------------------------------------------------------------------------------

    async def _conversation(self, person: str) -> str:
        """Give where somebody reads the bot: Nadia in reception's channel, everybody else in direct messages."""
        return self.workspace.channel if person == "nadia" else await self.workspace.dm(person)

    async def messages(self, person: str) -> list[JSON]:
        """Give what the bot wrote to somebody, oldest first."""
        conversation = await self._conversation(person)
        found = await self.workspace.messages(person, conversation) if conversation else []
        return [message for message in found if message["user"] == BOT]

    async def cards(self, person: str) -> list[JSON]:
        """Give the cards among them: nothing else is marked with a key and has blocks that are named."""
        marked = [message for message in await self.messages(person) if "metadata" in message]
        return [message for message in marked if any("block_id" in block for block in message.get("blocks") or ())]

    async def card(self, person: str) -> JSON:
        """Give the only card that somebody has."""
        (card,) = await self.cards(person)
        return card

    async def steps(self) -> list[JSON]:
        """Give what stands in the thread of reception's only card."""
        card = await self.card("nadia")
        where = {"channel": self.workspace.channel, "ts": card["ts"]}
        found = (await self.workspace.does("nadia", "conversations.replies", **where))["messages"]
        return [message for message in found if message["ts"] != card["ts"]]

    async def message(self, person: str, label: str) -> JSON:
        """Give the newest message with such a button."""
        found = [message for message in await self.messages(person) if label in labels(message)]
        assert found, f"{person} sees no {label!r}: {[labels(message) for message in await self.messages(person)]}"
        return found[-1]

    async def modal(self, person: str) -> JSON:
        """Give the modal that was opened last."""
        return (await self.workspace.views(person))[-1]

    async def home(self, person: str) -> str:
        """Give what somebody reads on their Home tab; nothing while none was published."""
        return said(await self.workspace.home(person) or {})

    async def whispered(self, person: str) -> list[str]:
        """Give what the bot said to somebody alone."""
        return [said(each) for each in await self.workspace.whispers(person)]


def house_in_slack(workspace: Workspace, folder: Path) -> Settings:
    """Read the house of the stories, with everybody's address in this workspace."""
    text = HOUSE.read_text("utf-8").replace("../../policies", str(POLICIES))
    for person in PEOPLE:
        text = text.replace(f"{{web: {person}}}", f"{{web: {person}, slack: {workspace.users[person]}}}")
    text = text.replace("web: true", f"web: true\n      slack: {workspace.channel}")
    file = folder / "config.yaml"
    file.write_text(f"{text}  slack: {{mode: http, port: 0, api_url: '{workspace.api}'}}\n", "utf-8")
    return config.load(file)


def said(message: JSON) -> str:
    """Give everything that a message says, or its own text where it has no blocks."""
    return plain("\n".join(texts(message.get("blocks") or ())) or message.get("text", ""))


def labels(message: JSON) -> list[str]:
    """Give the labels of a message's buttons and of the entries of its menu."""
    return [action["text"]["text"] for action in actions(message)]


def actions(message: JSON) -> Iterator[JSON]:
    """Give all that can be pressed in a message: its label, and what Slack sends when it is."""
    for number, block in enumerate(message.get("blocks") or ()):
        for element in block["elements"] if block["type"] == "actions" else ():
            sent = {key: element[key] for key in ("type", "action_id", "value", "text") if key in element}
            sent["block_id"] = block.get("block_id", f"b{number}")
            if element["type"] == "overflow":
                for option in element["options"]:
                    yield {"text": option["text"], "sent": {**sent, "selected_option": option}}
            else:
                yield {"text": element["text"], "sent": sent}


def _entered(element: JSON, wanted: str | None) -> JSON:
    """Give what Slack sends of a field: what was entered, chosen by its label, or stood there beforehand."""
    kind = element["type"]
    if kind in ("plain_text_input", "number_input"):
        return {"type": kind, "value": wanted or element.get("initial_value")}
    if kind == "users_select":
        return {"type": kind, "selected_user": wanted}
    if kind == "datetimepicker":
        moment = int(datetime.fromisoformat(wanted).timestamp()) if wanted else element.get("initial_date_time")
        return {"type": kind, "selected_date_time": moment}
    options = {plain(option["text"]["text"]): option for option in element["options"]}
    return {"type": kind, "selected_option": options[wanted] if wanted else element.get("initial_option")}


def field(modal: JSON, kind: str) -> tuple[str, list[str]]:
    """Give the label of the only field of a kind, and what may be chosen there."""
    fields: Iterable[JSON] = (block for block in modal["blocks"] if block["type"] == "input")
    (found,) = (block for block in fields if block["element"]["type"] == kind)
    return found["label"]["text"], [plain(option["text"]["text"]) for option in found["element"].get("options", ())]
