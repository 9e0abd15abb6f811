"""The house of the stories on two chat platforms and the web pages: where somebody reads and presses is part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace

from bot.domain.people import RECEPTION
from bot.messages import Address, Announce, AnnounceLine, Gone, Incoming, Press, Reply, ShownCard, Typed
from bot.ports import Capabilities, Store
from bot.settings import Settings
from tests.fakes import FakeChat
from tests.world import KEYS, World, house, plain

CHATS = ("slack", "teams")


def place(platform: str, reader: str) -> Address:
    """Give where a reader is found on a platform, whose ids are its own; Nadia's counter by its own name."""
    return Address(platform, reader if platform == "web" else f"{platform[0].upper()}-{reader}")


def mixed(chats: Mapping[str, Sequence[str]], settings: Settings | None = None) -> Settings:
    """Give the house with these people on these chat platforms, the preferred first; the web pages are everybody's."""
    settings = settings or house()

    def addresses(reader: str) -> tuple[Address, ...]:
        return tuple(place(platform, reader) for platform in (*chats.get(reader, ()), "web"))

    sites = {name: replace(site, reception=addresses(f"{RECEPTION}:{name}")) for name, site in settings.sites.items()}
    return replace(settings, sites=sites, addresses={person: addresses(person) for person in settings.people})


class Mixed(World):
    """One story; `on` says where what comes next is pressed or read. Without it that is the web pages."""

    def __init__(self, store: Store, chats: Mapping[str, Sequence[str]], *, buzzes: bool = False) -> None:
        super().__init__(store, settings=mixed(chats))
        can = Capabilities(buzzes=buzzes)
        self.chats = {"web": self.chat, **{name: FakeChat(name, can) for name in CHATS}}
        self.parts.adapters.update(self.chats)
        self.at = "web"

    def on(self, platform: str) -> Mixed:
        """Give the same story as somebody sees it on a platform."""
        there = copy(self)
        there.at = platform
        there.chat = self.chats[platform]
        return there

    async def leaves(self, person: str) -> Reply:
        """The platform says that somebody is there no more."""
        return await self._sends(person, Gone())

    async def _send(self, person: str, act: Announce | AnnounceLine | Press | Typed, *, key: str = "") -> Reply:
        return await self._sends(person, act, key)

    async def _sends(self, person: str, act: Announce | AnnounceLine | Gone | Press | Typed, key: str = "") -> Reply:
        sender, key = place(self.at, person), key or f"x{next(KEYS)}"
        self.last = await self.parts.inbox.receive(
            Incoming(key=key, sender=sender, act=act, pressed_at=self.clock.now())
        )
        await self.settles()
        return self.last

    def cards(self, person: str) -> list[ShownCard]:
        return self.chat.cards(self._place(person))

    def nudges(self, person: str) -> list[str]:
        return [plain(text) for text in self.chat.nudges(self._place(person))]

    def _place(self, person: str) -> str:
        return place(self.at, f"{RECEPTION}:montreal" if person == "nadia" else person).id
