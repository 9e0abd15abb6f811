"""A house with its people, for stories: who does what when, never how. On every store, by a clock that is moved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot import config
from bot.bootstrap import Parts, join
from bot.courier import Courier
from bot.domain.events import Delivered, Event, NotDelivered
from bot.domain.facts import Facts
from bot.domain.visit import Visit
from bot.language.wording import Wording
from bot.messages import Address, Announce, AnnounceLine, Incoming, Outcome, Press, Reply, ShownButton, ShownCard, Typed
from bot.ports import Store, Transaction
from bot.settings import Settings
from tests.fakes import FakeChat, FakeClock

WEDNESDAY = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)
"""Wednesday 4 March 2026, 09:12 in Montréal."""
COUNTER = "reception:montreal"
STEPS_AT_MOST = 300
KEYS = count(1)


DELIVERY = (Delivered, NotDelivered)


def plain(text: str) -> str:
    """Give a sentence with plain spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def at(hour: int, minute: int = 0, *, day: int = 4) -> datetime:
    """Give an hour of a day in March 2026 by the wall clock in Montréal; the 4th is the Wednesday of the stories."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("America/Montreal")).astimezone(UTC)


async def carry_all(courier: Courier) -> int:
    """Carry everything that may be carried now; give how many messages that were."""
    carried = 0
    while await courier.carry_one():
        await courier.looking.ended()
        carried += 1
    return carried


@cache
def house() -> Settings:
    """Read the house of the stories, once for all of them: it is frozen."""
    return config.load(Path(__file__).parent / "house" / "config.yaml")


class World:
    """One story. People are named by their ids; reception is Nadia, at the counter in Montréal."""

    def __init__(
        self,
        store: Store,
        now: datetime = WEDNESDAY,
        *,
        settings: Settings | None = None,
        chat: FakeChat | None = None,
    ) -> None:
        self.clock = FakeClock(now)
        self.chat = chat or FakeChat()
        self.store = store
        settings = settings or house()
        wording = Wording.load(kinds=settings.kinds, strict=True)
        self.parts: Parts = join(settings, store, self.clock, wording=wording, adapters={"web": self.chat})
        self.last: Reply = Reply(outcome=Outcome.DONE)
        self.held = False  # timekeeper and courier have not come round to it yet

    def restarted(self, settings: Settings | None = None, store: Store | None = None) -> World:
        """The process starts anew on the same database, perhaps with other settings."""
        settings = settings or self.parts.settings
        known = getattr(self.store, "_known", None)
        if known is not None:
            known.visits.clear()  # a new process has read nothing
        return World(store or self.store, self.clock.now(), settings=settings, chat=self.chat)

    # --- what people do ----------------------------------------------------------------------------------------------

    async def arrives(self, visitor: str, *, to_see: str = "", by: str = "nadia", **more: object) -> Reply:
        """Reception announces somebody; `to_see` is a name or a person's id."""
        owner = {"owner_id": to_see} if to_see in self.parts.settings.people else {"owner": to_see}
        fields = {"kind": "client", **owner, **more}
        return await self._send(by, Announce(visitor=visitor, **fields))  # type: ignore[arg-type]

    async def announces(self, line: str, *, by: str = "nadia") -> Reply:
        """Reception announces somebody in one line."""
        return await self._send(by, AnnounceLine(text=line))

    async def presses(self, person: str, label: str, *, visitor: str = "", key: str = "", **values: str) -> Reply:
        """Somebody presses a button of the card that they see, by its label; with values, its form is filled in."""
        card = self.card(person, visitor)
        button = self.button(card, label)
        act = Press(visit=card.visit, button=button.name, value=button.value, revision=card.revision)
        if button.form:
            opened = await self._send(self._who(person), act)
            assert opened.form is not None, opened
            filled = {f.name: next((o.value for o in f.options if o.chosen), f.value) for f in opened.form.fields}
            act = replace(act, submitted=True, values={**filled, **values})
        return await self._send(self._who(person), act, key=key)

    async def sends(self, person: str, *, key: str = "", **press: Any) -> Reply:
        """Somebody sends a press as it comes, whether or not a card of theirs has such a button."""
        return await self._send(self._who(person), Press(**press), key=key)

    async def types(self, person: str, text: str, *, visit: str = "", answers: str = "") -> Reply:
        """Somebody types a line, perhaps in answer to a message."""
        return await self._send(person, Typed(text=text, visit=visit, answers=answers))

    async def passes(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Time passes, and everything that is due on the way happens at its moment."""
        await self.comes(self.clock.now() + timedelta(hours=hours, minutes=minutes, seconds=seconds))

    async def comes(self, moment: datetime) -> None:
        """A moment comes."""
        for _ in range(STEPS_AT_MOST):
            wakes = await self.store.read(lambda tx: (tx.next_wake(), tx.next_delivery()))
            wake = min((wake for wake in wakes if wake is not None), default=None)
            if wake is None or wake > moment or self.held:
                break
            self.clock.move_to(wake)
            await self.settles()
        self.clock.move_to(moment)
        await self.settles()

    async def sleeps_through(self, *, hours: float = 0, minutes: float = 0) -> None:
        """The process is down for so long: nothing happens until it is back, all at once."""
        self.clock.move_to(self.clock.now() + timedelta(hours=hours, minutes=minutes))
        await self.settles()

    async def settles(self) -> None:
        """Everything that can happen now happens: what is due, and what is to be carried."""
        for _ in range(0 if self.held else STEPS_AT_MOST):
            if not await self.parts.timekeeper.catch_up() + await carry_all(self.parts.courier):
                return
        assert self.held, "it never settles"

    async def _send(self, person: str, act: Announce | AnnounceLine | Press | Typed, *, key: str = "") -> Reply:
        sender = Address("web", person)
        incoming = Incoming(key=key or f"k{next(KEYS)}", sender=sender, act=act, pressed_at=self.clock.now())
        self.last = await self.parts.inbox.receive(incoming)
        await self.settles()
        return self.last

    # --- what people see ---------------------------------------------------------------------------------------------

    def _who(self, person: str) -> str:
        return "nadia" if person == COUNTER else person

    def cards(self, person: str) -> list[ShownCard]:
        """Give the cards that somebody has; Nadia's are those of her counter."""
        return self.chat.cards(COUNTER if person == "nadia" else person)

    def card(self, person: str, visitor: str = "") -> ShownCard:
        """Give the newest card that somebody has, or the one of this visitor."""
        found = [card for card in self.cards(person) if not visitor or card.visitor == visitor]
        assert found, f"{person} has no card of {visitor or 'anybody'}"
        return found[-1]

    def button(self, card: ShownCard, label: str) -> ShownButton:
        """Give a card's button by its label."""
        buttons = {b.label: b for b in (*card.buttons, *card.more)}
        assert label in buttons, f"{card.reader} has no {label!r}, only {list(buttons)}"
        return buttons[label]

    def labels(self, person: str, visitor: str = "") -> list[str]:
        """Give the labels that stand visibly on somebody's card."""
        return [button.label for button in self.card(person, visitor).buttons]

    def expect(self, person: str, visitor: str, *, buttons: list[str]) -> None:
        """Somebody has a card of this visitor, and exactly these buttons stand visibly on it."""
        assert self.labels(person, visitor) == buttons

    def say(self, visitor: str = "") -> str:
        """Give what reception says to the visitor now."""
        return plain(self.card(COUNTER, visitor).say or "")

    def asks(self, person: str, visitor: str = "") -> str:
        """Give the question on somebody's card."""
        return plain(self.card(person, visitor).ask or "")

    def notes(self, person: str, visitor: str = "") -> list[str]:
        """Give the small print of somebody's card."""
        return [plain(note) for note in self.card(person, visitor).notes]

    def nudges(self, person: str) -> list[str]:
        """Give the nudges that somebody got, oldest first."""
        return [plain(text) for text in self.chat.nudges(COUNTER if person == "nadia" else person)]

    # --- what is kept ------------------------------------------------------------------------------------------------

    async def visit_id(self, visitor: str = "") -> str:
        """Give the id of a visitor's newest visit, whether or not anybody has a card of it."""

        def look(tx: Transaction) -> str:
            found = [s.visit.id for s in tx.visits(open_only=False)]
            named = [v for v in found if not visitor or ((facts := tx.facts(v)) and facts.visitor == visitor)]
            assert named, f"there is no visit of {visitor or 'anybody'}"
            return named[-1]

        return await self.store.read(look)

    async def visit(self, visitor: str = "") -> Visit:
        """Give a visit as the store has it."""
        visit = await self.visit_id(visitor)
        stored = await self.store.read(lambda tx: tx.visit(visit))
        assert stored is not None
        return stored.visit

    async def journal(self, visitor: str = "") -> list[Event]:
        """Give the events of a visit, without those of delivery."""
        return [event for event in await self.whole_journal(visitor) if not isinstance(event, DELIVERY)]

    async def deliveries(self, visitor: str = "") -> list[Delivered | NotDelivered]:
        """Give the events of delivery."""
        return [event for event in await self.whole_journal(visitor) if isinstance(event, DELIVERY)]

    async def whole_journal(self, visitor: str = "") -> list[Event]:
        """Give all events of a visit."""
        visit = await self.visit_id(visitor)
        entries = await self.store.read(lambda tx: tx.journal(visit))
        return [entry.event for entry in entries]

    async def facts(self, visitor: str = "") -> Facts:
        """Give what a visitor told us."""
        visit = await self.visit_id(visitor)
        facts = await self.store.read(lambda tx: tx.facts(visit))
        assert facts is not None
        return facts

    async def story(self, visitor: str = "") -> list[str]:
        """Give the names of a visit's events, in order."""
        return [type(event).__name__ for event in await self.journal(visitor)]
