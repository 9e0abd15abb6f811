"""An office in Teams: hello30 between two playgrounds, Nadia's with reception's channel and Martin's with his chat.

Everything is pressed where it stands: a button is looked for by its label in the card as the playground keeps it, a
field by its label in the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from adapters.teams.adapter import TeamsAdapter
from bot import config
from bot.notebook import StoredNotebook
from bot.ports import Store
from bot.settings import Settings
from tests.adapters.teams.driver import read
from tests.adapters.teams.kit import faults
from tests.peers.teams.playground import BOT, DESK, NOTHING, Filled, Message, Playground, chat, object_id
from tests.world import WEDNESDAY, World, house

HOUSE = Path(__file__).parents[2] / "house" / "config.yaml"
POLICIES = HOUSE.parents[2] / "policies"
PEOPLE = {person.id: person.name for person in house().people.values()}
LINKED = ("nadia", "martin")
"""Who has Teams, each a playground; all others have their pages."""
US = (BOT, "hello30")
"""The bot, as somebody mentions it."""


class Office:
    """The house of the stories in Teams, and hello30 with its real adapter and a real database."""

    def __init__(self, playgrounds: Mapping[str, Playground], port: int, store: Store, folder: Path) -> None:
        """Take playgrounds that are open and post to this port; hello30 starts with `opens`."""
        self.playgrounds = playgrounds
        self.nadia, self.martin = playgrounds["nadia"], playgrounds["martin"]
        settings = house_in_teams(port, folder)
        self.world = World(store, WEDNESDAY, settings=settings)
        parts = self.world.parts
        self.teams = TeamsAdapter.configured(
            settings,
            {},
            notebook=StoredNotebook(store, "teams"),
            views=parts.views,
            wording=parts.wording,
            clock=parts.clock,
        )
        parts.add(self.teams)

    async def opens(self) -> None:
        """Start the adapter."""
        await self.teams.start(self.world.parts.inbox.receive)
        self.world.parts.running.started.update(self.world.parts.adapters)

    async def installs(self) -> None:
        """Reception's team has the app, and so do Nadia and Martin."""
        await self.nadia.installs(DESK)
        await self.nadia.installs(chat("nadia"))
        await self.martin.installs(chat("martin"))

    async def closes(self) -> None:
        """Stop the adapter."""
        await self.teams.stop()

    # --- time --------------------------------------------------------------------------------------------------------

    async def passes(self, *, minutes: float) -> None:
        """Time passes, and what is due happens."""
        await self.world.passes(minutes=minutes)
        await self.settles()

    async def settles(self) -> None:
        """Everything that can happen now happens: what is still said, what is carried; and everybody sees it."""
        assert self.teams._listeners is not None
        await self.teams._listeners.saying.settled()
        await self.world.settles()
        for playground in self.playgrounds.values():
            await playground.catches_up()

    # --- what people do ----------------------------------------------------------------------------------------------

    async def mentions(self, line: str, *others: tuple[str, str], thread: str = DESK) -> None:
        """Nadia mentions the bot in reception's channel, or in a thread there; in the line perhaps others as well."""
        await self.nadia.says(thread, f"<at>hello30</at> {line}", US, *others)
        await self.settles()

    async def announces(self, visitor: str, owner: str, kind: str) -> None:
        """Nadia announces somebody in the form."""
        await self.mentions("new")
        await self.presses("nadia", "Announce", {"Visitor and company": visitor, "Here for": owner, "Kind": kind})

    async def types(self, person: str, text: str) -> None:
        """Somebody types to the bot."""
        await self.playgrounds[person].says(chat(person), text)
        await self.settles()

    async def presses(self, person: str, label: str, filled: Filled = NOTHING, *, on: Message | None = None) -> None:
        """Somebody presses a button of their newest card, or of another message, and sends what they filled in."""
        await self.playgrounds[person].presses(on or self.card(person), label, filled)
        await self.settles()

    async def submits(self, person: str, label: str, filled: Filled = NOTHING, *, on: Message | None = None) -> None:
        """Somebody does so in a client that has no `Action.Execute`."""
        await self.playgrounds[person].submits(on or self.card(person), label, filled)
        await self.settles()

    # --- what they see -----------------------------------------------------------------------------------------------

    def messages(self, person: str) -> list[Message]:
        """Give what the bot wrote: to Nadia in reception's channel, to others in their chat."""
        where = DESK if person == "nadia" else chat(person)
        return [each for each in self.playgrounds[person].of_bot() if each.conversation.partition(";")[0] == where]

    def cards(self, person: str) -> list[Message]:
        """Give those that hold a card; each must be one that Teams shows whole."""
        found = [message for message in self.messages(person) if message.card]
        assert [fault for each in found for fault in faults(each.card or {})] == []
        return found

    def card(self, person: str) -> Message:
        """Give the newest of them."""
        found = self.cards(person)
        assert found, f"{person} has no card"
        return found[-1]

    def reads(self, person: str, message: Message | None = None) -> str:
        """Give all that somebody reads on their newest card, or where another message stands."""
        return read(self.playgrounds[person].card(message or self.card(person)))

    @property
    def refused(self) -> list[object]:
        """Give what did not go through: posts that hello30 refused, and calls of its own that were refused."""
        found = [each for one in self.playgrounds.values() for each in (*one.posted, *one.called)]
        return [each for each in found if each["response"]["statusCode"] >= 300]


def house_in_teams(port: int, folder: Path) -> Settings:
    """Read the house of the stories; whoever is linked has Teams, which posts to this port, beside their page."""
    text = HOUSE.read_text("utf-8").replace("../../policies", str(POLICIES))
    for person in LINKED:
        text = text.replace(f"{{web: {person}}}", f"{{teams: {object_id(person)}, web: {person}}}")
    text = text.replace("web: true", f'web: true\n      teams: "{DESK}"')
    file = folder / "config.yaml"
    file.write_text(f"{text}  teams: {{host: 127.0.0.1, port: {port}, insecure_local: true}}\n", "utf-8")
    return config.load(file)
