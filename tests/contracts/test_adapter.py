"""What every chat adapter keeps to; each test runs on every adapter there is, and on the fake that stands for one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import pytest
from aiohttp import ClientError, ClientSession

from adapters.slack.adapter import SlackAdapter
from adapters.slack.blocks import Pressed
from adapters.teams import cards
from adapters.teams.activities import EXECUTE
from adapters.teams.adapter import TeamsAdapter
from adapters.teams.references import References
from adapters.web.adapter import WebAdapter
from bot.domain.card import Button, Card, Nudge, StepLine
from bot.errors import DeliveryError, DeliveryKind
from bot.language.wording import Wording
from bot.messages import Address, Incoming, Outcome, Press, Receipt, Reply, ShownCard, ShownNudge
from bot.notebook import StoredNotebook
from bot.ports import Capabilities, ChatAdapter, WhyDeaf
from bot.settings import Web
from bot.storage.memory import MemoryStore
from tests.adapters.slack.api import Fault, SlackApi
from tests.adapters.slack.driver import FORM, Slack, signed
from tests.adapters.slack.house import SECRETS, on_slack, settings_of
from tests.adapters.teams.connector import Connector
from tests.adapters.teams.connector import Fault as TeamsFault
from tests.adapters.teams.driver import Teams
from tests.adapters.teams.house import LOCAL, on_teams
from tests.fakes import FakeChat, FakeClock
from tests.world import WEDNESDAY, World, house


@dataclass
class Demo:
    """The people of the web pages."""

    speed: float = 1.0
    persons: tuple[str, ...] = ("nadia", "martin")

    async def forward(self, what: str) -> None:
        raise AssertionError(what)


ON_THE_WEB = Address("web", "martin")


@dataclass
class Subject:
    """An adapter under test, not started yet.

    `press` is Martin pressing "In 2 min" on the platform's side: it gives True once the platform has its answer, and
    False when nobody takes it. `breaks` makes the platform take no message; `ends` is called when the test is over.
    """

    adapter: ChatAdapter
    press: Callable[[str], Awaitable[bool]]
    breaks: Callable[[], Awaitable[None]]
    martin: Address = ON_THE_WEB
    ends: Callable[[], Awaitable[None]] | None = None
    taken: list[Incoming] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, incoming: Incoming) -> Reply:
        self.taken.append(incoming)
        self.begun.set()
        await self.go_on.wait()
        return Reply(outcome=Outcome.DONE, text="Thank you.", visit="v1")


async def fake() -> Subject:
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


async def web() -> Subject:
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


async def slack() -> Subject:
    clock = FakeClock(WEDNESDAY)
    api = SlackApi(clock)
    await api.comes_up()
    views = World(MemoryStore(), WEDNESDAY, settings=on_slack()).parts.views
    adapter = SlackAdapter(on_slack(), settings_of(api), SECRETS, views=views, wording=Wording.load(), clock=clock)
    session = ClientSession()
    driver = Slack(api, clock, session)

    async def press(key: str) -> bool:
        driver.port = adapter.port or driver.port
        action = {"action_id": "press:0", "action_ts": key, "value": Pressed("v1", 3, "hello", "2").written()}
        where = {"container": {"is_ephemeral": False}, "channel": {"id": "DUMARTIN"}}
        sent = {"type": "block_actions", "user": {"id": "UMARTIN"}, "team": {"id": "T1"}, "actions": [action], **where}
        body = urlencode({"payload": json.dumps(sent)})
        try:
            answer = await driver.posts(body, {"Content-Type": FORM, **signed(body, clock)})
        except ClientError:
            return False
        return answer.status == 200

    async def breaks() -> None:
        for method in ("chat.postMessage", "chat.update"):
            api.fails_always(method, Fault(status=503))

    async def ends() -> None:
        await session.close()
        await api.goes_down()
        assert api.refused == []

    return Subject(adapter, press, breaks, Address("slack", "UMARTIN"), ends)


async def teams() -> Subject:
    clock = FakeClock(WEDNESDAY)
    connector, store = Connector(), MemoryStore()
    await connector.comes_up()
    views = World(store, WEDNESDAY, settings=on_teams()).parts.views
    notebook = StoredNotebook(store, "teams")
    adapter = TeamsAdapter(on_teams(), LOCAL, "", notebook=notebook, views=views, wording=Wording.load(), clock=clock)
    session = ClientSession()
    driver = Teams(connector, clock, session)
    driver.has_app("martin")
    first = driver.activity("martin", kind="installationUpdate", action="add")
    await References(notebook, local=True).heard(first)
    data = cards.press("v1", Button(name="hello", label="In 2 min", value="2"), 3)

    async def press(key: str) -> bool:
        driver.port = adapter.port or driver.port
        made = driver.activity("martin", kind="invoke", name=EXECUTE, replyToId=key)
        made["value"] = {"action": {"type": "Action.Execute", "data": {cards.OURS: data}}}
        try:
            answer = await driver.posts(json.dumps(made))
        except ClientError:
            return False
        return answer.status == 200 and answer.json()["value"] == "Thank you."

    async def breaks() -> None:
        connector.always[""] = TeamsFault(503)

    async def ends() -> None:
        await session.close()
        await connector.goes_down()
        assert connector.refused == []

    return Subject(adapter, press, breaks, Address("teams", driver.object_id("martin")), ends)


@pytest.fixture(params=[fake, web, slack, teams])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    made: Subject = await request.param()
    yield made
    made.go_on.set()
    await made.adapter.stop()
    if made.ends:
        await made.ends()


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
    assert adapter.name == subject.martin.adapter
    assert isinstance(adapter.capabilities, Capabilities)


async def test_it_is_heard_from_its_start_to_its_end(subject: Subject) -> None:
    if not isinstance(subject.adapter, FakeChat):
        before = subject.adapter.deaf
        assert before is not None
        assert before.why is WhyDeaf.NOT_LISTENING
    await subject.adapter.start(subject.receive)
    assert subject.adapter.deaf is None
    await subject.adapter.stop()
    assert isinstance(subject.adapter, FakeChat) or subject.adapter.deaf is not None


async def test_nothing_is_known_against_an_address_that_takes_messages(subject: Subject) -> None:
    await subject.adapter.start(subject.receive)
    assert await subject.adapter.closed(subject.martin) == ""


async def test_of_somebody_of_whom_nothing_is_known_there_is_no_hint(subject: Subject) -> None:
    await subject.adapter.start(subject.receive)
    assert await subject.adapter.hint(subject.martin) is None


async def test_what_comes_in_is_received_with_its_sender_and_key_and_is_answered(subject: Subject) -> None:
    subject.go_on.set()
    await subject.adapter.start(subject.receive)
    assert await subject.press("once-1")
    (incoming,) = subject.taken
    assert incoming.sender == subject.martin
    assert incoming.key  # of what it is made is the platform's; that it is always the same, the next test looks at
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
    receipt = await subject.adapter.deliver(message, subject.martin, "v1:martin:martin")
    assert isinstance(receipt, Receipt)
    assert receipt.address == subject.martin
    assert receipt.ref


async def test_a_card_is_amended_as_often_as_it_changes(subject: Subject) -> None:
    await subject.adapter.start(subject.receive)
    receipt = await subject.adapter.deliver(card(), subject.martin, "v1:martin:martin")
    for revision in (4, 5):
        receipt = await subject.adapter.amend(receipt, card(revision))
        assert receipt.address == subject.martin
    if isinstance(subject.adapter, FakeChat):
        assert [shown.revision for shown in subject.adapter.cards("martin")] == [5]


async def test_a_card_whose_amendment_is_unknown_is_amended_once_more_and_stays_the_same_message(
    subject: Subject,
) -> None:
    told = (StepLine(at=WEDNESDAY, text="Martin Gagnon was asked."),)
    await subject.adapter.start(subject.receive)
    receipt = await subject.adapter.deliver(card(), subject.martin, "v1:martin:martin")
    first = await subject.adapter.amend(receipt, replace(card(4), steps=told))
    for known in (first, receipt):  # what the first try gave may be lost as well
        assert await subject.adapter.amend(known, replace(card(4), steps=told), again=True) == first


@pytest.mark.parametrize("message", [card(), nudge()], ids=["card", "nudge"])
async def test_the_same_key_again_is_the_same_message(subject: Subject, message: ShownCard | ShownNudge) -> None:
    await subject.adapter.start(subject.receive)
    first = await subject.adapter.deliver(message, subject.martin, "key")
    assert await subject.adapter.deliver(message, subject.martin, "key", again=True) == first
    other = await subject.adapter.deliver(message, subject.martin, "other key")
    assert other.ref != first.ref


@pytest.mark.parametrize("amends", [False, True])
async def test_whatever_goes_wrong_is_a_delivery_error(subject: Subject, *, amends: bool) -> None:
    await subject.adapter.start(subject.receive)
    receipt = await subject.adapter.deliver(card(), subject.martin, "key")
    await subject.breaks()
    with pytest.raises(DeliveryError) as caught:
        await (
            subject.adapter.amend(receipt, card()) if amends else subject.adapter.deliver(nudge(), subject.martin, "n")
        )
    assert caught.value.kind in {DeliveryKind.RETRY, DeliveryKind.WAIT_UNTIL}
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
