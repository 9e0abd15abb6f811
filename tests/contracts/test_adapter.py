"""What every chat adapter keeps to; each test runs on every adapter there is, and on the fake that stands for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import ClientError, ClientSession

from adapters.web.adapter import WebAdapter
from bot.domain.card import Button, Card, Nudge
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Address, Incoming, Outcome, Press, Receipt, Reply, ShownCard, ShownNudge
from bot.ports import Capabilities, ChatAdapter
from bot.settings import Web
from bot.storage.memory import MemoryStore
from tests.fakes import FakeChat
from tests.world import WEDNESDAY, World, house


@dataclass
class Demo:
    """The people of the web pages."""

    speed: float = 1.0
    persons: tuple[str, ...] = ("nadia", "martin")

    async def forward(self, what: str) -> None:
        raise AssertionError(what)


@dataclass
class Subject:
    """An adapter under test, not started yet.

    `press` is Martin pressing "In 2 min" on the platform's side: it gives True once the platform has its answer, and
    False when nobody takes it. `breaks` makes the platform take no message.
    """

    adapter: ChatAdapter
    press: Callable[[str], Awaitable[bool]]
    breaks: Callable[[], Awaitable[None]]
    taken: list[Incoming] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, incoming: Incoming) -> Reply:
        self.taken.append(incoming)
        self.begun.set()
        await self.go_on.wait()
        return Reply(outcome=Outcome.DONE, text="Thank you.", visit="v1")


def fake() -> Subject:
    chat = FakeChat()

    async def press(key: str) -> bool:
        act = Press(visit="v1", button="hello", value="2", revision=3)
        try:
            reply = await chat.comes_in(Incoming(key=key, sender=Address("web", "martin"), act=act))
        except ConnectionError:
            return False
        return reply.text == "Thank you."

    async def breaks() -> None:
        chat.faults.append(DeliveryError(DeliveryKind.RETRY, "503"))

    return Subject(chat, press, breaks)


def web() -> Subject:
    settings = replace(house(), web=Web(host="127.0.0.1", port=0))
    parts = World(MemoryStore(), WEDNESDAY, settings=settings).parts
    adapter = WebAdapter(settings, views=parts.views, wording=parts.wording, clock=parts.clock, demo=Demo())
    ports: list[int] = []

    async def press(key: str) -> bool:
        ports.append(adapter.port or ports[-1])
        origin = f"http://127.0.0.1:{ports[-1]}"
        form = {"as": "martin", "page": "me", "once": key, "press": "hello:2", "revision": "3"}
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        async with ClientSession(headers=headers) as session:
            try:
                async with session.post(f"{origin}/visits/v1", data=form, allow_redirects=False) as answer:
                    return answer.status == 303
            except ClientError:
                return False

    async def breaks() -> None:
        await adapter.stop()

    return Subject(adapter, press, breaks)


@pytest.fixture(params=[fake, web])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    made: Subject = request.param()
    yield made
    made.go_on.set()
    await made.adapter.stop()


MARTIN = Address("web", "martin")


def card(revision: int = 3) -> ShownCard:
    return Card(
        reader="martin",
        visit="v1",
        revision=revision,
        state="asking",
        turn=True,
        tag="Asking Martin",
        title="Julie Tremblay (Chambre de commerce)",
        visitor="Julie Tremblay",
        company="Chambre de commerce",
        owner="Martin Gagnon",
        since=WEDNESDAY,
        ask="Julie Tremblay is at reception for you.",
        buttons=(Button(name="hello", label="In 2 min", value="2"),),
    )


def nudge() -> ShownNudge:
    return Nudge(key="v1:2:martin", visit="v1", person="martin", text="Julie Tremblay is asking for you", asking=1)


def test_it_says_what_it_is_and_what_it_can(subject: Subject) -> None:
    adapter = subject.adapter
    assert adapter.name == "web"
    assert isinstance(adapter.capabilities, Capabilities)


async def test_what_comes_in_is_received_with_its_sender_and_key_and_is_answered(subject: Subject) -> None:
    subject.go_on.set()
    await subject.adapter.start(subject.receive)
    assert await subject.press("once-1")
    (incoming,) = subject.taken
    assert incoming.sender == MARTIN
    assert "once-1" in incoming.key
    assert incoming.act == Press(visit="v1", button="hello", value="2", revision=3)


async def test_the_same_thing_twice_has_the_same_key_and_another_has_another(subject: Subject) -> None:
    subject.go_on.set()
    await subject.adapter.start(subject.receive)
    for once in ("once-1", "once-1", "once-2"):
        assert await subject.press(once)
    first, again, other = (incoming.key for incoming in subject.taken)
    assert first == again != other


@pytest.mark.parametrize("message", [card(), nudge()], ids=["card", "nudge"])
async def test_a_delivered_message_has_a_receipt(subject: Subject, message: ShownCard | ShownNudge) -> None:
    await subject.adapter.start(subject.receive)
    receipt = await subject.adapter.deliver(message, MARTIN, "v1:martin:martin")
    assert isinstance(receipt, Receipt)
    assert receipt.address == MARTIN
    assert receipt.ref


async def test_a_card_is_amended_as_often_as_it_changes(subject: Subject) -> None:
    await subject.adapter.start(subject.receive)
    receipt = await subject.adapter.deliver(card(), MARTIN, "v1:martin:martin")
    for revision in (4, 5):
        receipt = await subject.adapter.amend(receipt, card(revision))
        assert receipt.address == MARTIN
    if isinstance(subject.adapter, FakeChat):
        assert [shown.revision for shown in subject.adapter.cards("martin")] == [5]


@pytest.mark.parametrize("message", [card(), nudge()], ids=["card", "nudge"])
async def test_the_same_key_again_is_the_same_message(subject: Subject, message: ShownCard | ShownNudge) -> None:
    assert subject.adapter.capabilities.lookup, "this adapter needs a contract of its own for lost replies"
    await subject.adapter.start(subject.receive)
    first = await subject.adapter.deliver(message, MARTIN, "key")
    assert await subject.adapter.deliver(message, MARTIN, "key", again=True) == first
    other = await subject.adapter.deliver(message, MARTIN, "other key")
    assert other.ref != first.ref


@pytest.mark.parametrize("amends", [False, True])
async def test_whatever_goes_wrong_is_a_delivery_error(subject: Subject, *, amends: bool) -> None:
    await subject.adapter.start(subject.receive)
    receipt = await subject.adapter.deliver(card(), MARTIN, "key")
    await subject.breaks()
    with pytest.raises(DeliveryError) as caught:
        await (subject.adapter.amend(receipt, card()) if amends else subject.adapter.deliver(nudge(), MARTIN, "n"))
    assert caught.value.kind is DeliveryKind.RETRY
    assert "Tremblay" not in caught.value.detail


async def test_stopping_answers_what_was_taken_and_takes_nothing_more(subject: Subject) -> None:
    await subject.adapter.start(subject.receive)
    press = asyncio.ensure_future(subject.press("once-1"))
    await subject.begun.wait()
    stop = asyncio.create_task(subject.adapter.stop())
    await asyncio.sleep(0)
    assert not press.done()
    subject.go_on.set()
    assert await press
    await stop
    assert not await subject.press("once-2")
    assert len(subject.taken) == 1


async def test_stopping_twice_or_before_the_start_does_no_harm(subject: Subject) -> None:
    await subject.adapter.stop()
    await subject.adapter.start(subject.receive)
    await subject.adapter.stop()
    await subject.adapter.stop()
