"""Random stories of people who are found on two platforms, of which some fail: nobody is given up while one is left.

These are told on everything but a database and a platform: what fails is no part of what `decide` knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVar, cast

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.card import Nudge, Phrase
from bot.domain.nudges import nudges
from bot.domain.visit import Asking, Visit, Which
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Address, ShownCard
from bot.ports import Store, Transaction
from bot.rows import Stored
from bot.storage.memory import MemoryStore
from tests.fakes import StoreAround
from tests.laws.laws import law_1, law_2, law_3, law_6
from tests.laws.world import Core, Deed, Tale, World
from tests.mixed import Mixed, place

T = TypeVar("T")
CHATS: Final[Mapping[str, Sequence[str]]] = {
    "martin": ("slack", "teams"),
    "sophie": ("teams", "slack"),
    "claire": ("slack",),
    "karim": (),
}
GONE: Final = DeliveryError(DeliveryKind.UNREACHABLE, "gone")
SOMEWHERE: Final = st.sampled_from([(person, chat) for person, chats in CHATS.items() for chat in chats])
JUMPS: Final = st.sampled_from((0, 1, 10, 60, 61, 120, 300, 900, 7200, 86_400))


@dataclass(slots=True)
class Seen:
    """A visit as it was looked at last; the journal of the tale has everything since it began."""

    tale: Tale
    entries: int = 0


@dataclass(slots=True)
class Fates:
    """Since when each address has failed, and which have ever failed."""

    down: dict[tuple[str, str], datetime] = field(default_factory=dict)
    ever: set[tuple[str, str]] = field(default_factory=set)


class AddressStories(RuleBasedStateMachine):
    """Visits for Martin, Sophie and Claire, while platforms take what is for one of them, or do not."""

    runner: ClassVar[asyncio.Runner]
    around: ClassVar[Sequence[Callable[[Store], Store]]] = ()

    @initialize(buzzes=st.booleans())
    def begin(self, buzzes: bool) -> None:  # noqa: FBT001 (Hypothesis gives it by name)
        """Nobody has come yet, and everybody is found everywhere."""
        store: Store = MemoryStore()
        for wrong in self.around:
            store = wrong(store)
        self.world = Mixed(store, CHATS, buzzes=buzzes)
        self.fates = Fates()
        self.seen: dict[str, Seen] = {}
        self.laws = World(core=Core())

    @rule(owner=st.sampled_from(("martin", "martin", "sophie", "claire")), kind=st.sampled_from(("client", "supplier")))
    def somebody_comes(self, owner: str, kind: str) -> None:
        if len(self.seen) < 3:
            visitor = f"Visitor {len(self.seen)}"
            self.runner.run(self.world.arrives(visitor, to_see=owner, kind=kind, phone="514 555-0142"))

    @rule(where=SOMEWHERE)
    def an_address_fails(self, where: tuple[str, str]) -> None:
        self._fails(where)

    @rule(where=SOMEWHERE)
    def somebody_leaves(self, where: tuple[str, str]) -> None:
        """The platform says so by itself, and takes nothing more for them."""
        person, chat = where
        self._fails(where)
        self.runner.run(self.world.on(chat).leaves(person))

    @rule(where=SOMEWHERE)
    def an_address_works_again(self, where: tuple[str, str]) -> None:
        person, chat = where
        self.world.chats[chat].down.pop(place(chat, person).id, None)
        self.fates.down.pop(where, None)

    @rule(choice=st.integers(min_value=0, max_value=10_000))
    def somebody_presses(self, choice: int) -> None:
        """Some button is pressed that stands on some card, on some platform, old or not."""
        buttons = [(at, card, b) for at, card in self._cards() for b in (*card.buttons, *card.more) if not b.form]
        if buttons:
            platform, card, button = buttons[choice % len(buttons)]
            press: dict[str, Any] = dict(
                visit=card.visit, button=button.name, value=button.value, revision=card.revision
            )
            self.runner.run(self.world.on(platform).sends(card.reader, **press))

    @rule(seconds=JUMPS)
    def time_passes(self, seconds: int) -> None:
        self.runner.run(self.world.passes(seconds=seconds))

    def _fails(self, where: tuple[str, str]) -> None:
        person, chat = where
        self.world.chats[chat].down[place(chat, person).id] = GONE
        self.fates.down.setdefault(where, self.world.clock.now())
        self.fates.ever.add(where)

    def _cards(self) -> Iterator[tuple[str, ShownCard]]:
        for platform, chat in self.world.chats.items():
            yield from ((platform, m.shown) for m in chat.messages if not isinstance(m.shown, Nudge))

    # --- what holds --------------------------------------------------------------------------------------------------

    @invariant()
    def it_holds(self) -> None:
        """Look at every visit as it stands by now, with all that has happened to it since it was looked at last."""
        if hasattr(self, "world"):
            for stored, journal in self.runner.run(self.world.store.read(_everything)):
                visit = stored.visit
                self._laws_hold(visit, journal)
                for person in visit.unreachable:
                    whole = {(person, chat) for chat in CHATS[person]} - self.fates.ever
                    assert not whole, f"{person} was given up, whom {whole} has always reached"
                for which in Which:
                    asking = visit.question(which)
                    if asking is not None and CHATS.get(asking.responder):
                        self._is_asked(visit, asking, which, journal)

    def _laws_hold(self, visit: Visit, journal: list[e.Event]) -> None:
        seen = self.seen.setdefault(visit.id, Seen(Tale(visit.policy, visit)))
        before, new = seen.tale.visit, journal[seen.entries :]
        if not seen.entries:
            seen.tale.note(0, new)
        seen.tale.visit, seen.tale.journal = visit, journal
        command = c.AddPhone(by="nadia")  # whatever it was: these laws hold of all commands alike
        deed = Deed(command=command, before=before, after=visit, events=new, refused=None, now=self.world.clock.now())
        for law in (law_1, law_2, law_6, law_3)[: 4 if seen.entries else 3]:
            law(self.laws, seen.tale, deed)
        seen.entries = len(journal)

    def _is_asked(self, visit: Visit, asking: Asking, which: Which, journal: list[e.Event]) -> None:
        """Whoever is asked was buzzed on some platform of theirs and sees it there; or they are known to be lost."""
        person, lost = asking.responder, self.fates.down
        if all(lost.get((person, chat), asking.asked_at) < asking.asked_at for chat in CHATS[person]):
            assert person in visit.unreachable, f"{person} is waited for, and was lost before they were asked"
        if person in visit.unreachable:
            return
        for chat in CHATS[person]:
            if (person, chat) not in self.fates.ever:
                stands = [
                    card for card in self.world.chats[chat].cards(place(chat, person).id) if card.visit == visit.id
                ]
                assert [bool(card.buttons) for card in stands] == [True], f"{person} cannot answer in {chat}"
        keys = {m.key for chat in CHATS[person] for m in self.world.chats[chat].messages}
        asked = _asked_by(visit, which, person, journal)
        buzzed_by_card = any(self.world.chats[chat].capabilities.buzzes for chat in CHATS[person])
        assert buzzed_by_card or not asked or keys & set(asked), f"{person} misses the buzz: {asked}"


def _asked_by(visit: Visit, which: Which, person: str, journal: list[e.Event]) -> list[str]:
    """Give the keys of the nudges that put the open asking of a question to somebody."""
    began = [seq for seq, event in enumerate(journal) if isinstance(event, e.AskingBegan) and event.which is which]
    asking = [(seq, event) for seq, event in enumerate(journal) if seq >= began[-1]]
    putting = [
        (seq, event)
        for seq, event in asking
        if isinstance(event, e.AskingBegan | e.Asked) and event.which is which and event.person == person
    ]
    return [nudge.key for seq, event in putting for nudge in nudges(visit, event, seq + 1) if nudge.person == person]


def _everything(tx: Transaction) -> list[tuple[Stored, list[e.Event]]]:
    visits = tx.visits(open_only=False)
    return [(stored, [entry.event for entry in tx.journal(stored.visit.id)]) for stored in visits]


# --- kept breakages --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Wrong:
    """A transaction that is asked for everything but what a breakage changes."""

    tx: Transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tx, name)


class OneLossIsTheEnd(StoreAround):
    """A store that knows of no other card of anybody, so that whoever is lost somewhere is given up."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        return await super().transact(lambda tx: work(cast("Transaction", _NoOtherCard(tx))))


class _NoOtherCard(_Wrong):
    def card_places(self, visit: str, reader: str) -> Mapping[Address, bool]:
        return {}


@dataclass
class TheFirstNudgeIsTheLast(StoreAround):
    """A store in which what one platform did not take is queued for no other."""

    queued: dict[str, Address] = field(default_factory=dict)

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        return await super().transact(lambda tx: work(cast("Transaction", _QueuedOnce(tx, self.queued))))


@dataclass(slots=True)
class _QueuedOnce(_Wrong):
    queued: dict[str, Address]

    def queue(self, nudge: Nudge[Phrase], address: Address, at: datetime) -> None:
        if self.queued.setdefault(nudge.key, address) == address:
            self.tx.queue(nudge, address, at)


BREAKAGES: Final[Mapping[str, Callable[[Store], Store]]] = {
    "was given up, whom": OneLossIsTheEnd,
    "misses the buzz": TheFirstNudgeIsTheLast,
}
"""Wrong stores, by the words with which each is caught."""
