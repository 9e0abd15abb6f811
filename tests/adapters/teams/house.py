"""The house of the stories, whose people are on Teams: reception in a channel, all others in a chat with the bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from dataclasses import field as of
from typing import Any

from aiohttp import ClientSession

from adapters.teams.adapter import TeamsAdapter
from bot import settings as configured
from bot.messages import Address
from bot.notebook import StoredNotebook
from bot.ports import Store
from bot.settings import Settings
from bot.storage.memory import MemoryStore
from tests.adapters.teams.connector import DESK, Connector, Message
from tests.adapters.teams.driver import Teams, fields, labels, more, read
from tests.world import WEDNESDAY, World, house


def on_teams(settings: Settings | None = None, *, web: tuple[str, ...] = ()) -> Settings:
    """Give a house whose people are on Teams; of these also on the web, where reception then is too."""
    settings = settings or house()
    addresses = {
        person: (Address("teams", Teams.object_id(person)), *((Address("web", person),) if person in web else ()))
        for person in settings.people
    }
    counters = {
        name: replace(
            site,
            reception=(Address("teams", DESK), *((Address("web", f"reception:{name}"),) if "nadia" in web else ())),
        )
        for name, site in settings.sites.items()
    }
    return replace(settings, addresses=addresses, sites=counters)


LOCAL = configured.Teams(host="127.0.0.1", port=0, insecure_local=True)


@dataclass
class Entra:
    """Where tokens come from: it gives one after the other; or says what stands in `says`, or `always`."""

    says: list[Any] = of(default_factory=list)
    asked: int = 0
    lasts: int = 3600
    always: Any = None

    def __call__(self) -> dict[str, Any]:
        self.asked += 1
        if self.says or self.always is not None:
            said = self.says.pop(0) if self.says else self.always
            if isinstance(said, Exception):
                raise said
            return dict(said)
        return {"access_token": f"token-{self.asked}", "expires_in": self.lasts, "token_type": "Bearer"}


class House(World):
    """One story on Teams. What people do is done in Teams, and what they see stands there."""

    adapter: TeamsAdapter

    def __init__(self, store: Store, session: ClientSession, settings: Settings) -> None:
        super().__init__(store, WEDNESDAY, settings=settings)
        self.connector = Connector()
        self.teams = Teams(self.connector, self.clock, session)
        self.connector.amended = self._is_amended
        self.entra = Entra()

    def is_joined(self, teams: configured.Teams = LOCAL, *, password: str = "", keys_url: str = "") -> None:
        """Join Teams to the house."""
        parts = self.parts
        self.adapter = TeamsAdapter(
            parts.settings,
            teams,
            password,
            notebook=StoredNotebook(self.store, "teams"),
            views=parts.views,
            wording=parts.wording,
            clock=self.clock,
            ask=self.entra,
            keys_url=keys_url,
        )
        self.parts.add(self.adapter)

    async def begins(self, *, installed: bool = True) -> None:
        """The adapter is started; everybody has the app, and it is in reception's team."""
        await self.adapter.start(self.parts.inbox.receive)
        self.teams.port = self.adapter.port
        if installed:
            await self.teams.adds_team()
            for person in self.parts.settings.people:
                await self.teams.installs(person)

    async def goes_on(self) -> None:
        """Everything that is still to be said is said, and everything that may be carried is carried."""
        assert self.adapter._listeners is not None
        await self.adapter._listeners.saying.settled()
        await self.settles()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what goes on beside by itself."""
        async with asyncio.timeout(5):
            while not holds():  # noqa: ASYNC110 - a thread sets no event of ours
                await asyncio.sleep(0.001)

    def _is_amended(self, message: Message) -> None:
        """What somebody saw alone gives way to what everybody sees now."""
        for person, known in list(self.teams.views):
            if known == message.id:
                del self.teams.views[person, known]

    # --- what people do ----------------------------------------------------------------------------------------------

    async def writes(self, person: str, text: str, **more: Any) -> None:
        """Somebody types in their chat with the bot."""
        await self.teams.types(person, text, **more)
        await self.goes_on()

    async def mentions(self, person: str, text: str, **more: Any) -> None:
        """Somebody mentions the bot in reception's channel."""
        await self.teams.mentions(person, text, **more)
        await self.goes_on()

    async def clicks(self, person: str, label: str, *, on: Message | None = None) -> None:
        """Somebody presses a button of their newest card, or of a message."""
        await self.teams.presses(person, on or self.message(person), label)
        await self.goes_on()

    async def submits(self, person: str, label: str, *, on: Message | None = None) -> None:
        """Likewise, in a client that knows no `Action.Execute`."""
        await self.teams.submits(person, on or self.message(person), label)
        await self.goes_on()

    async def fills(self, person: str, send: str, *, on: Message | None = None, **values: str) -> None:
        """Somebody fills in the form before them by the labels of its fields, spaces as underscores, and sends it."""
        message = on or self.message(person)
        filled = self.teams.filled(person, message, {self._label(person, message, n): v for n, v in values.items()})
        await self.teams.presses(person, message, send, filled)
        await self.goes_on()

    async def submits_form(self, person: str, send: str, *, on: Message | None = None, **values: str) -> None:
        """Likewise, in a client that knows no `Action.Execute`."""
        message = on or self.message(person)
        filled = self.teams.filled(person, message, {self._label(person, message, n): v for n, v in values.items()})
        await self.teams.submits(person, message, send, filled)
        await self.goes_on()

    # --- what people see ---------------------------------------------------------------------------------------------

    def shown(self, person: str) -> list[Message]:
        """Give what stands in somebody's chat, or in reception's channel."""
        return self.connector.in_chat(DESK if person == "nadia" else Teams.chat(person))

    def cards_of(self, person: str) -> list[Message]:
        """Give all messages of somebody that hold a card, oldest first."""
        return [m for m in self.shown(person) if m.card]

    def message(self, person: str, visitor: str = "") -> Message:
        """Give the newest card that somebody has, or reception's for whoever stands at the counter."""
        found = [m for m in self.cards_of(person) if m.card and visitor in read(m.card)]
        assert found, f"{person} has no card of {visitor or 'anybody'}"
        return found[-1]

    def reads(self, person: str, visitor: str = "") -> str:
        """Give all that somebody reads on their newest card."""
        return read(self.teams.card(person, self.message(person, visitor)))

    def buttons(self, person: str, visitor: str = "") -> list[str]:
        """Give the labels that stand visibly on somebody's newest card."""
        return labels(self.teams.card(person, self.message(person, visitor)))

    def more(self, person: str, visitor: str = "") -> list[str]:
        """Give the labels under *more* on somebody's newest card."""
        return more(self.teams.card(person, self.message(person, visitor)))

    def texts(self, person: str) -> list[str]:
        """Give what was said without a card, nudges too, oldest first."""
        return [m.text for m in self.shown(person) if not m.card]

    def told(self, person: str) -> list[str]:
        """Give the sentences with which somebody's presses were answered, oldest first."""
        return self.teams.said.get(person, [])

    def chat_of(self, person: str) -> list[Message]:
        """Give what stands in the chat that somebody has with the bot, a receptionist's too."""
        return self.connector.in_chat(Teams.chat(person))

    def _label(self, person: str, message: Message, name: str) -> str:
        known = list(fields(self.teams.card(person, message)))
        plain = {"".join(c if c.isalnum() else "_" for c in label).strip("_").casefold(): label for label in known}
        assert name.casefold() in plain, f"there is no {name!r}, only {list(plain)}"
        return plain[name.casefold()]


@asynccontextmanager
async def teams_house(
    *,
    store: Store | None = None,
    settings: Settings | None = None,
    starts: bool = True,
    installed: bool = True,
) -> AsyncIterator[House]:
    """Have a house on Teams; when it ends, Teams must not have refused anything that it was given."""
    async with ClientSession() as session:
        made = House(store or MemoryStore(), session, settings or on_teams())
        await made.connector.comes_up()
        made.is_joined()
        try:
            if starts:
                await made.begins(installed=installed)
            yield made
            assert made.connector.refused == []
        finally:
            await made.adapter.stop()
            await made.connector.goes_down()
