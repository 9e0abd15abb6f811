"""A small world in which the laws are tried: a house, a clock, two visits, and the core that is on trial.

The core is a value (`Core`), so that a kept breakage is nothing but another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain import cards as core_cards
from bot.domain import commands as c
from bot.domain import deadlines, lifecycle
from bot.domain import decide as core_decide
from bot.domain import events as e
from bot.domain.card import Card, Phrase
from bot.domain.deadlines import Why
from bot.domain.facts import Facts, History
from bot.domain.people import House
from bot.domain.policy import Policy, Via
from bot.domain.visit import Visit, Which
from bot.errors import Refused
from tests.domain.house import NINE, SITE, make_house

CANARY = "Zqx"
"""Stands in each of a visitor's own data, so that none of them goes anywhere unseen."""
FACTS = Facts(
    visitor=f"{CANARY} Tremblay",
    company=f"{CANARY} & Co",
    about=f"a {CANARY} matter",
    phone=f"+1514{CANARY}",
    line=f"{CANARY} line",
    points=(f"{CANARY} point",),
    notes=(f"{CANARY} note",),
)
AT_MOST = 60
"""So many moments at most may fire in one go before a visit is quiet."""

Decide = Callable[[Visit | None, c.Command, House, datetime], Sequence[e.Event]]
Evolve = Callable[[Visit | None, e.Event], Visit]
Moments = Callable[[Visit], list[tuple[datetime, Why]]]
Cards = Callable[[Visit, Facts, History, House], Mapping[str, Card[Phrase]]]
Write = Callable[[Sequence[e.Event]], Sequence[e.Event]]


class LawBroken(AssertionError):
    """A law of the design does not hold; `law` is its number."""

    def __init__(self, law: int, story: str) -> None:
        """Take the law's number and what was seen."""
        super().__init__(f"law {law}: {story}")
        self.law = law


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The functions on trial; `write` is what of the events gets into the journal: all of them."""

    decide: Decide = core_decide.decide
    evolve: Evolve = lifecycle.evolve
    moments: Moments = deadlines.moments
    cards: Cards = core_cards.cards
    write: Write = tuple

    def next_moment(self, visit: Visit) -> datetime | None:
        """Give the visit's earliest moment."""
        return min((when for when, _ in self.moments(visit)), default=None)


@dataclass(slots=True)
class Tale:
    """One visit as it is stored: how it stands, its journal, and the policy that was frozen in."""

    policy: Policy
    visit: Visit
    journal: list[e.Event] = field(default_factory=list)
    fired: set[tuple[int, int]] = field(default_factory=set)
    begun: dict[Which, set[int]] = field(default_factory=lambda: {which: set() for which in Which})
    stopped: set[int] = field(default_factory=set)

    def note(self, askings: int, events: Sequence[e.Event]) -> None:
        """Note which askings began (there were so many before), and which steps have fired."""
        for event in events:
            if isinstance(event, e.AskingBegan):
                askings += 1
                self.begun[event.which].add(askings)
            if isinstance(event, e.StepEvent):
                self.fired.add((event.asking, event.step))


def brief(visit: Visit) -> str:
    """Say where a visit stands, without its policy and its past."""
    questions = {str(which): visit.question(which) for which in Which}
    told = dict(here=visit.here, phone=visit.phone_known, unsafe=visit.unsafe_by, asked=visit.asked, **questions)
    promises = f"{visit.hello_promise}, callback {visit.callback} {visit.callback_promise}"
    return f"{visit.id} hello {visit.hello} {promises}, {told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One command and what it made of a visit."""

    command: c.Command
    before: Visit
    after: Visit
    events: Sequence[e.Event]
    refused: Refused | None
    now: datetime


@dataclass(slots=True)
class World:
    """The house and its visits at one moment."""

    core: Core
    now: datetime = NINE
    tales: list[Tale] = field(default_factory=list)
    away: dict[str, str | None] = field(default_factory=dict)

    def house(self) -> House:
        """Make the house as the desk does: with the callbacks that are promised in all visits."""
        promises = (tale.visit.callback_promise for tale in self.tales)
        return make_house(promised=((p.by, p.due) for p in promises if p), away=self.away)

    def announce(self, command: c.AnnounceArrival) -> Tale:
        """Let a visitor come."""
        events = self.core.decide(None, command, self.house(), self.now)
        visit: Visit | None = None
        for event in events:
            visit = self.core.evolve(visit, event)
        assert visit is not None
        tale = Tale(command.policy, visit, list(self.core.write(events)))
        tale.note(0, events)
        return tale

    def give(self, tale: Tale, command: c.Command) -> Deed:
        """Carry out a command as the desk does; a refused one changes nothing."""
        before = tale.visit
        try:
            events = self.core.decide(before, command, self.house(), self.now)
        except Refused as refused:
            return Deed(command=command, before=before, after=before, events=(), refused=refused, now=self.now)
        for event in events:
            tale.visit = self.core.evolve(tale.visit, event)
        tale.journal += self.core.write(events)
        return Deed(command=command, before=before, after=tale.visit, events=events, refused=None, now=self.now)

    def due(self, tale: Tale) -> bool:
        """Tell whether a moment of this visit has come."""
        moment = self.core.next_moment(tale.visit)
        return moment is not None and moment <= self.now

    def clone(self, tale: Tale) -> tuple[World, Tale]:
        """Give a world of its own in which one visit goes on; what happens there, happens there only."""
        other = replace(tale, journal=[])
        tales = [other if each is tale else each for each in self.tales]
        return replace(self, tales=tales, away=dict(self.away)), other


def arrival(name: str, policy: Policy, *, phone_known: bool, on_the_phone: bool) -> c.AnnounceArrival:
    """Give the command with which a visitor for Martin is announced."""
    via = Via.PHONE if on_the_phone else Via.IN_PERSON
    return c.AnnounceArrival(
        by="nadia",
        visit=name,
        site=SITE,
        owner="martin",
        via=via,
        kind="supplier",
        policy=policy,
        phone_known=phone_known,
    )
