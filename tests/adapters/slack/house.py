"""The house of the stories, whose people are on Slack: reception in a channel, everybody else in a direct message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from aiohttp import ClientSession

from adapters.slack.adapter import SlackAdapter
from adapters.slack.tokens import Secrets
from bot import settings as configured
from bot.messages import Address
from bot.ports import Store
from bot.settings import Settings
from bot.storage.memory import MemoryStore
from tests.adapters.slack.api import APP_TOKEN, DESK, TOKEN, Message, SlackApi
from tests.adapters.slack.driver import SECRET, Slack, labels, menu, read, said
from tests.world import WEDNESDAY, World, house


def on_slack(settings: Settings | None = None, *, web: tuple[str, ...] = ()) -> Settings:
    """Give a house whose people are on Slack; of these also on the web, where reception then is too."""
    settings = settings or house()
    addresses = {
        person: (Address("slack", Slack.user(person)), *((Address("web", person),) if person in web else ()))
        for person in settings.people
    }
    counters = {
        name: replace(
            site,
            reception=(Address("slack", DESK), *((Address("web", f"reception:{name}"),) if "nadia" in web else ())),
        )
        for name, site in settings.sites.items()
    }
    return replace(settings, addresses=addresses, sites=counters)


def settings_of(api: SlackApi, *, mode: str = "http", port: int = 0) -> configured.Slack:
    """Give how Slack is heard and called in tests."""
    return configured.Slack(mode=mode, host="127.0.0.1", port=port, api_url=api.url)


SECRETS = Secrets(TOKEN, APP_TOKEN, SECRET)


class House(World):
    """One story on Slack. What people do is done in Slack, and what they see stands there."""

    adapter: SlackAdapter

    def __init__(self, store: Store, session: ClientSession, settings: Settings) -> None:
        super().__init__(store, WEDNESDAY, settings=settings)
        self.api = SlackApi(self.clock)
        self.slack = Slack(self.api, self.clock, session)

    def is_joined(self, *, mode: str = "http", port: int = 0, secrets: Secrets = SECRETS) -> None:
        """Join Slack to the house, once it is known where its Web API is."""
        how, parts = settings_of(self.api, mode=mode, port=port), self.parts
        self.adapter = SlackAdapter(
            parts.settings, how, secrets, views=parts.views, wording=parts.wording, clock=self.clock
        )
        self.parts.add(self.adapter)

    async def begins(self) -> None:
        """The adapter is started."""
        await self.adapter.start(self.parts.inbox.receive)
        self.slack.port = self.adapter.port

    async def goes_on(self) -> None:
        """Everything that is still to be said is said, and everything that may be carried is carried."""
        assert self.adapter._listeners is not None
        await self.adapter._listeners.saying.settled()
        await self.settles()
        await self.published()

    async def published(self) -> None:
        """Every Home tab is as it should be, or was refused by Slack."""
        assert self.adapter._homes is not None
        await self.adapter._homes.settled()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what Slack's own client does by itself."""
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - Slack's client sets no event
                await asyncio.sleep(0.01)

    # --- what people do ----------------------------------------------------------------------------------------------

    async def commands(self, line: str = "", *, by: str = "nadia") -> None:
        """Reception types `/visitor`, with or without a line behind it."""
        await self.slack.commands(by, line)
        await self.goes_on()

    async def clicks(self, person: str, label: str, *, on: Message | None = None, late: float = 0) -> None:
        """Somebody presses a button of their newest card, or of a message."""
        await self.slack.presses(person, label, on or self.message(person), late=late)
        await self.goes_on()

    async def answers(self, person: str, label: str) -> None:
        """Somebody presses a button of what was last said to them alone."""
        await self.slack.presses(person, label, self.whispered(person))
        await self.goes_on()

    async def chooses(self, person: str, label: str) -> None:
        """Somebody presses a button of the modal before them."""
        await self.slack.presses(person, label, self.api.modal(Slack.user(person)))
        await self.goes_on()

    async def fills(self, person: str, **values: str | datetime) -> None:
        """Somebody fills in and sends the modal before them; spaces of a label are written as underscores."""
        named = {self._label(person, name): value for name, value in values.items()}
        await self.slack.fills(person, named)
        await self.goes_on()

    async def writes(self, person: str, text: str, *, under: Message | None = None, status: int = 200) -> None:
        """Somebody types in their direct message, perhaps in the thread of a message there."""
        await self.slack.types(person, text, under=under, status=status)
        await self.goes_on()

    async def mentions(self, person: str, text: str) -> None:
        """Somebody mentions the bot in reception's channel."""
        await self.slack.mentions(person, text)
        await self.goes_on()

    async def opens_home(self, person: str, *, tab: str = "home") -> None:
        """Somebody opens the app's Home tab, or the one with the messages."""
        await self.slack.opens_home(person, tab=tab)
        await self.goes_on()

    async def clicks_home(self, person: str, label: str, *, late: float = 0) -> None:
        """Somebody presses a button of their Home tab."""
        await self.slack.presses(person, label, self.api.home(Slack.user(person)), late=late)
        await self.goes_on()

    async def comes_again(self, times: int = 2) -> None:
        """Slack delivers again what it delivered last."""
        for number in range(1, times + 1):
            await self.slack.delivers_again(number=number)
            await self.goes_on()

    # --- what people see ---------------------------------------------------------------------------------------------

    def message(self, person: str, visitor: str = "") -> Message:
        """Give the newest card that somebody has, or reception's for whoever stands at the counter."""
        found = [m for m in self.cards_of(person) if visitor in said(m)]
        assert found, f"{person} has no card of {visitor or 'anybody'}"
        return found[-1]

    def shown(self, person: str) -> list[Message]:
        """Give what stands in somebody's direct message, or in reception's channel."""
        return self.api.in_channel(DESK if person == "nadia" else Slack.user(person))

    def cards_of(self, person: str) -> list[Message]:
        """Give all cards that somebody has, oldest first."""
        return [m for m in self.shown(person) if m.metadata and not m.thread and not is_nudge(m)]

    def steps(self, visitor: str = "") -> list[Message]:
        """Give what tells the steps of a visit, in the thread of reception's newest card."""
        card = self.message("nadia", visitor)
        return [m for m in self.shown("nadia") if m.metadata and m.thread == card.ts]

    def reads(self, person: str, visitor: str = "") -> str:
        """Give all that somebody reads on their newest card."""
        return said(self.message(person, visitor))

    def buttons(self, person: str, visitor: str = "") -> list[str]:
        """Give the labels that stand visibly on somebody's newest card."""
        return labels(self.message(person, visitor).blocks)

    def more(self, person: str) -> list[str]:
        """Give the labels under *more* on somebody's newest card."""
        return menu(self.message(person).blocks)

    def buzzes(self, person: str) -> list[str]:
        """Give the nudges that somebody got, oldest first."""
        return [said(m) for m in self.shown(person) if is_nudge(m)]

    def replies(self, person: str) -> list[Message]:
        """Give what was said in a direct message to what was typed there."""
        return [m for m in self.shown(person) if not m.metadata]

    def whispers(self, person: str) -> list[str]:
        """Give what was said to somebody alone, oldest first."""
        return [said(m) for m in self.api.whispers(Slack.user(person))]

    def whispered(self, person: str) -> Message:
        """Give what was last said to somebody alone."""
        found = self.api.whispers(Slack.user(person))
        assert found, f"nothing was said to {person} alone"
        return found[-1]

    def modal(self, person: str) -> str:
        """Give all that somebody reads in the modal before them."""
        return "\n".join(read(self.api.modal(Slack.user(person)).view)).replace("\u00a0", " ").replace("\u202f", " ")

    def home(self, person: str) -> str:
        """Give all that somebody reads on their Home tab."""
        return "\n".join(read(self.api.home(Slack.user(person)).view)).replace("\u00a0", " ").replace("\u202f", " ")

    def home_buttons(self, person: str) -> list[str]:
        """Give the labels that stand visibly on somebody's Home tab."""
        return labels(self.api.home(Slack.user(person)).view["blocks"])

    def times_published(self, person: str) -> int:
        """Count how often somebody's Home tab was published."""
        return sum(m == "views.publish" and a["user_id"] == Slack.user(person) for m, a in self.api.calls)

    def errors(self, person: str) -> dict[str, str]:
        """Give what stands beside the fields of the modal before somebody, by their labels."""
        modal = self.api.modal(Slack.user(person))
        named = {b["block_id"]: b["label"]["text"] for b in modal.view["blocks"] if b["type"] == "input"}
        return {named[name]: text.replace("\u00a0", " ") for name, text in modal.errors.items()}

    def has_modal(self, person: str) -> bool:
        """Tell whether somebody has a modal before them."""
        return any(m.is_open and m.user == Slack.user(person) for m in self.api.modals)

    def _label(self, person: str, name: str) -> str:
        view = self.api.modal(Slack.user(person)).view
        labels = [str(b["label"]["text"]) for b in view["blocks"] if b["type"] == "input"]
        plain = {"".join(c if c.isalnum() else "_" for c in label).strip("_").casefold(): label for label in labels}
        assert name.casefold() in plain, f"there is no {name!r}, only {list(plain)}"
        return plain[name.casefold()]


def is_nudge(message: Message) -> bool:
    """Tell whether a message of ours is a nudge: plain text alone, in no thread."""
    only = message.blocks[0] if len(message.blocks) == 1 else {}
    return bool(message.metadata) and only.get("text", {}).get("type") == "plain_text"


@asynccontextmanager
async def slack_house(
    *, store: Store | None = None, settings: Settings | None = None, mode: str = "http", starts: bool = True
) -> AsyncIterator[House]:
    """Have a house on Slack; when it ends, Slack must not have refused anything that it was given."""
    async with ClientSession() as session:
        made = House(store or MemoryStore(), session, settings or on_slack())
        await made.api.comes_up()
        made.is_joined(mode=mode)
        try:
            if starts:
                await made.begins()
            yield made
            assert made.api.refused == []
        finally:
            await made.adapter.stop()
            await made.api.goes_down()
