"""From a card in chat to one's page: a link for the one who presses, where there are pages to sign in to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.bootstrap import join
from bot.language.wording import Wording
from bot.links import Keys, Signing, new_key
from bot.messages import Address, Announce, Incoming, Outcome, Press, Reply, ShownCard
from bot.ports import Capabilities, Store
from bot.settings import Web
from bot.storage.memory import MemoryStore
from tests.fakes import ALL, FakeChat, FakeClock
from tests.world import WEDNESDAY, carry_all, house

KEYS = Keys((new_key(),))
SLACK = Capabilities()
MARTIN, NADIA = Address("slack", "U1"), Address("web", "nadia")


class Chat:
    """Martin is in chat, everybody else on the web pages; Nadia has announced Julie for him."""

    def __init__(self, store: Store | None = None, *, keys: Keys | None = KEYS, web: Web | None = None) -> None:
        base = house()
        addresses = {**base.addresses, "martin": (MARTIN,)}
        site = replace(base.sites["montreal"], reception=(Address("slack", "C1"),))
        settings = replace(base, addresses=addresses, sites={"montreal": site}, web=web or base.web)
        self.clock = FakeClock(WEDNESDAY)
        self.slack, self.web = FakeChat("slack", SLACK), FakeChat("web", ALL)
        wording = Wording.load(kinds=settings.kinds, strict=True)
        adapters = {"slack": self.slack, "web": self.web}
        self.parts = join(settings, store or MemoryStore(), self.clock, wording=wording, adapters=adapters, keys=keys)
        self.visit = ""

    async def arrives(self, owner: str = "martin") -> None:
        act = Announce(visitor="Julie Tremblay", owner_id=owner, kind="client")
        self.visit = (await self.parts.inbox.receive(Incoming(key="a", sender=NADIA, act=act))).visit
        await carry_all(self.parts.courier)

    async def presses_my_page(self, sender: Address = MARTIN, key: str = "k") -> Reply:
        act = Press(visit=self.visit, button="page", revision=1)
        return await self.parts.inbox.receive(Incoming(key=key, sender=sender, act=act))


def buttons(card: ShownCard) -> list[str]:
    return [button.label for button in (*card.buttons, *card.more)]


async def test_a_card_in_chat_leads_to_the_page_of_its_reader() -> None:
    chat = Chat()
    await chat.arrives()
    (card,) = chat.slack.cards("U1")
    assert card.more[-1].label == "My page"
    reply = await chat.presses_my_page()
    assert reply.outcome is Outcome.DONE
    text, _, token = reply.text.partition("http://127.0.0.1:8031/in/")
    assert "For 15 minutes" in text
    assert Signing(KEYS, chat.clock, "").read_link(token).person == "martin"


async def test_each_press_makes_a_new_link_and_nothing_of_it_is_kept() -> None:
    chat = Chat()
    await chat.arrives()
    journal = await chat.parts.store.read(lambda tx: tx.journal(chat.visit))
    first, again = await chat.presses_my_page(), await chat.presses_my_page()
    assert first.text != again.text
    assert await chat.parts.store.read(lambda tx: tx.answered("slack:k")) is None
    assert await chat.parts.store.read(lambda tx: tx.journal(chat.visit)) == journal


async def test_a_counters_card_leads_nowhere_for_it_is_read_by_several() -> None:
    chat = Chat()
    await chat.arrives()
    (card,) = chat.slack.cards("C1")
    assert "My page" not in buttons(card)


async def test_on_the_pages_themselves_there_is_no_such_button_and_no_link_to_be_had() -> None:
    chat = Chat()
    await chat.arrives("sophie")
    (card,) = chat.web.cards("sophie")
    assert "My page" not in buttons(card)
    reply = await chat.presses_my_page(Address("web", "sophie"))
    assert (reply.outcome, "/in/" in reply.text) == (Outcome.REFUSED, False)


async def test_a_stranger_gets_no_link() -> None:
    chat = Chat()
    await chat.arrives()
    reply = await chat.presses_my_page(Address("slack", "U9"))
    assert (reply.outcome, "/in/" in reply.text) == (Outcome.REFUSED, False)


@pytest.mark.parametrize("chat", [Chat(keys=None), Chat(web=Web(host="127.0.0.1", port=0))], ids=["keys", "address"])
async def test_without_keys_or_an_address_nobody_is_led_astray(chat: Chat) -> None:
    await chat.arrives()
    (card,) = chat.slack.cards("U1")
    assert "My page" not in buttons(card)
    assert (await chat.presses_my_page()).outcome is Outcome.REFUSED


async def test_the_public_address_stands_in_the_link() -> None:
    chat = Chat(web=Web(host="127.0.0.1", port=8030, url="https://desk.example.org"))
    await chat.arrives()
    assert "https://desk.example.org/in/" in (await chat.presses_my_page()).text


async def test_a_closed_card_leads_nowhere_any_more() -> None:
    chat = Chat()
    await chat.arrives()
    act = Press(visit=chat.visit, button="mistake", revision=1)
    await chat.parts.inbox.receive(Incoming(key="m", sender=NADIA, act=act))
    await carry_all(chat.parts.courier)
    (card,) = chat.slack.cards("U1")
    assert "My page" not in buttons(card)
