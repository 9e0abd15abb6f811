"""A small frozen house for the tests of the core, and a way to tell a visit's story in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeVar

import pytest

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.card import Card, Nudge, Phrase
from bot.domain.cards import cards
from bot.domain.deadlines import next_deadline
from bot.domain.decide import decide
from bot.domain.facts import Facts, History
from bot.domain.lifecycle import evolve
from bot.domain.nudges import nudges
from bot.domain.people import Absence, House, Person
from bot.domain.policy import (
    AppliesTo,
    CallbackRules,
    DelegateRules,
    HelloRules,
    Owes,
    Policy,
    Span,
    Step,
    Unit,
    Verb,
    Via,
)
from bot.domain.visit import Callback, Hello, Visit
from bot.errors import Refused

E = TypeVar("E", bound=e.Event)

SITE: Final = "quebec"
COUNTER: Final = f"reception:{SITE}"
NINE: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning, half an hour after the house opened."""
HANDOVER: Final = "The file lies on my desk."
BOOK: Final = Verb.BOOK_CALLBACK
HAND_OVER: Final = Verb.HAND_OVER_TO

_OPENS, _CLOSES = time(8, 30, tzinfo=UTC), time(17, 0, tzinfo=UTC)
_SLOT = timedelta(minutes=15)
_DAY = timedelta(days=1)


def minutes(count: float) -> timedelta:
    """Give a number of minutes."""
    return timedelta(minutes=count)


def at(clock: str, *, days: int = 0) -> datetime:
    """Give a time of that Monday, or of so many days later."""
    return datetime.combine(NINE.date(), time.fromisoformat(clock), UTC) + timedelta(days=days)


# --- the calendar ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar that is open every day from 08:30 to 17:00 UTC, with slots of 15 minutes.

    `promised` are taken; whoever is in `away` is away all day on that day.
    """

    promised: frozenset[tuple[str, datetime]] = frozenset()
    away: frozenset[tuple[str, date]] = frozenset()

    def next_slot(self, person: str, after: datetime) -> datetime:
        return self.slots(person, after, 1)[0]

    def slots(self, person: str, after: datetime, count: int) -> tuple[datetime, ...]:
        found: list[datetime] = []
        start = after + _SLOT
        moment = start + -(start - NINE) % _SLOT
        while len(found) < count:
            if self.is_open(moment) and self.is_free(person, moment):
                found.append(moment)
            moment += _SLOT
        return tuple(found)

    def closing(self, now: datetime) -> datetime:
        today = _moment(now.date(), _CLOSES)
        return today if now < today else today + _DAY

    def later(self, at: datetime, span: Span) -> datetime:
        if span.unit is Unit.CLOCK:
            return at + span.length
        if span.unit is Unit.OPEN_DAYS:
            return _moment(at.date(), _CLOSES) + span.days * _DAY
        day, left = at.date(), span.length
        while True:
            begin, end = max(_moment(day, _OPENS), at), _moment(day, _CLOSES)
            if begin + left <= end:
                return begin + left
            left -= max(end - begin, timedelta())
            day += _DAY

    def is_free(self, person: str, at: datetime, *, besides: datetime | None = None) -> bool:
        dues = [due for who, due in self.promised if who == person and due != besides]
        return (person, at.date()) not in self.away and all(abs(at - due) >= _SLOT for due in dues)

    def is_open(self, at: datetime) -> bool:
        return _OPENS <= at.timetz() < _CLOSES


def _moment(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock)


# --- people ----------------------------------------------------------------------------------------------------------


def _person(key: str, name: str, *, deputies: tuple[str, ...] = (), manager: str | None = None) -> Person:
    at_the_counter = (SITE,) if key == "nadia" else ()
    return Person(
        id=key,
        name=name,
        given=name.split(maxsplit=1)[0],
        language="en",
        zone="UTC",
        sites=(SITE,),
        reception_of=at_the_counter,
        deputies=deputies,
        manager=manager,
    )


PEOPLE: Final[Mapping[str, Person]] = {
    person.id: person
    for person in (
        _person("martin", "Martin Gagnon", deputies=("sophie",), manager="claire"),
        _person("sophie", "Sophie Roy", manager="claire"),
        _person("claire", "Claire Fortin"),
        _person("karim", "Karim Haddad"),
        _person("lea", "Léa Bouchard"),
        _person("nadia", "Nadia Pelletier"),
    )
}
NAMES: Final = frozenset(person.name for person in PEOPLE.values())


def make_house(
    *,
    promised: Iterable[tuple[str, datetime]] = (),
    away: Mapping[str, str | None] | None = None,
    people: Mapping[str, Person] = PEOPLE,
    days: Iterable[tuple[str, date]] = (),
) -> House:
    """Give the house; `away` maps who is away to who stands in, and `days` has the days of which the calendar knows."""
    absences = {person: Absence(person, stand_in, HANDOVER) for person, stand_in in (away or {}).items()}
    return House(site=SITE, people=people, calendar=Hours(frozenset(promised), frozenset(days)), absences=absences)


# --- policies --------------------------------------------------------------------------------------------------------


def _ladders(end: Verb) -> dict[str, tuple[Step, ...]]:
    whom = "owner" if end is Verb.BOOK_CALLBACK else "reception"
    return {
        "unanswered": (
            Step(minutes(1), Verb.REMIND, "responder"),
            Step(minutes(2), Verb.ASK, "deputy"),
            Step(minutes(5), Verb.ASK, "manager"),
            Step(minutes(8), end, whom),
        ),
        "hello_late": (
            Step(timedelta(), Verb.CHECK, "both"),
            Step(minutes(2), Verb.ASK, "deputy"),
            Step(minutes(5), end, whom),
        ),
        "callback_late": (
            Step(timedelta(), Verb.REMIND, "responder"),
            Step(minutes(30), Verb.ASK, "deputy"),
            Step(timedelta(hours=2), Verb.ASK, "manager"),
            Step(timedelta(hours=4), Verb.HAND_OVER_TO, "reception"),
        ),
    }


def make_policy(owes: Owes = Owes.HELLO_OR_CALLBACK, end: Verb = BOOK) -> Policy:
    """Give a policy as an office would have it, which owes this and whose ladders end so."""
    return Policy(
        name=f"{owes}-{end}",
        title="A test",
        digest=f"{owes}-{end}",
        applies_to=AppliesTo(),
        owes=owes,
        hello=HelloRules(
            offers=(timedelta(), minutes(2), minutes(5)), now=minutes(2), within=minutes(10), grace=minutes(2)
        ),
        callback=CallbackRules(
            offers=4,
            within=Span(Unit.OPEN_DAYS, days=1),
            remind_before=minutes(10),
            grace=minutes(15),
            tries=3,
            retry=timedelta(hours=2),
            moves=2,
        ),
        delegate=DelegateRules(to=("deputy", "manager", "anyone"), at_most=2),
        alert="manager",
        **_ladders(end),
    )


JULIE: Final = Facts(
    visitor="Julie Tremblay",
    company="Chambre de commerce",
    about="the invoice of January",
    phone="+15145550123",
    points=("which invoice",),
    notes=("she was short with me",),
)


# --- a story ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Story:
    """One visit from its arrival on: who does what, and what became of it. Time stands still unless it passes."""

    owes: Owes = Owes.HELLO_OR_CALLBACK
    end: Verb = BOOK
    via: Via = Via.IN_PERSON
    kind: str | None = "supplier"
    phone_known: bool = True
    policy: Policy | None = None
    house: House = field(default_factory=make_house)
    facts: Facts = JULIE
    now: datetime = NINE
    journal: list[e.Event] = field(default_factory=list)
    _visit: Visit | None = None

    def __post_init__(self) -> None:
        """Let the visitor come."""
        self.does(
            c.AnnounceArrival(
                by="nadia",
                visit="v1",
                site=SITE,
                owner="martin",
                via=self.via,
                kind=self.kind,
                policy=self.policy or make_policy(self.owes, self.end),
                phone_known=self.phone_known,
            )
        )

    @property
    def visit(self) -> Visit:
        """Give the visit as it stands."""
        assert self._visit is not None
        return self._visit

    # --- doing -------------------------------------------------------------------------------------------------------

    def does(self, *commands: c.Command) -> Sequence[e.Event]:
        """Carry out commands, one after the other; give the events of the last one."""
        events: Sequence[e.Event] = ()
        for command in commands:
            events = decide(self._visit, command, self.house, self.now)
            self._append(events)
        return events

    def refuses(self, command: c.Command) -> Refused:
        """Expect a refusal that changes nothing; give it."""
        with pytest.raises(Refused) as refused:
            decide(self._visit, command, self.house, self.now)
        return refused.value

    def passes(self, **length: float) -> Sequence[e.Event]:
        """Let time pass, waking at each moment of the visit; give what happened of itself."""
        until, before = self.now + timedelta(**length), len(self.journal)
        while (moment := next_deadline(self.visit)) is not None and moment <= until:
            self.now = max(self.now, moment)
            self.does(c.PassTime())
        self.now = until
        return self.journal[before:]

    def sleeps(self, **length: float) -> Sequence[e.Event]:
        """Let time pass while nothing runs, and then catch up; give what happened on waking."""
        self.now += timedelta(**length)
        return self.passes()

    def closes_for_the_day(self) -> Sequence[e.Event]:
        """Let time pass until the house closes."""
        return self.passes(seconds=(self.house.calendar.closing(self.now) - self.now).total_seconds())

    def _append(self, events: Sequence[e.Event]) -> None:
        for event in events:
            self._visit = evolve(self._visit, event)
            self.journal.append(event)

    # --- looking -----------------------------------------------------------------------------------------------------

    @property
    def tracks(self) -> tuple[Hello, Callback]:
        """Give where both tracks stand."""
        return self.visit.hello, self.visit.callback

    @property
    def responder(self) -> str | None:
        """Give who is asked about the visitor now."""
        asking = self.visit.visitor_question
        return asking.responder if asking else None

    @property
    def caller(self) -> str | None:
        """Give who is asked about the late callback now."""
        asking = self.visit.call_question
        return asking.responder if asking else None

    def all(self, kind: type[E]) -> list[E]:
        """Give all events of a kind."""
        return [event for event in self.journal if isinstance(event, kind)]

    def last(self, kind: type[E]) -> E:
        """Give the newest event of a kind."""
        return self.all(kind)[-1]

    def card(self, reader: str = COUNTER, history: History | None = None) -> Card[Phrase]:
        """Give somebody's card."""
        return self.cards(history)[reader]

    def cards(self, history: History | None = None) -> Mapping[str, Card[Phrase]]:
        """Give all cards."""
        return cards(self.visit, self.facts, history or History(), self.house, revision=len(self.journal))

    def nudges(self, events: Sequence[e.Event]) -> list[tuple[str, str]]:
        """Give who is nudged by these events, the newest, and with which key."""
        return [(nudge.person, nudge.text.key) for nudge in self.whole_nudges(events)]

    def whole_nudges(self, events: Sequence[e.Event]) -> list[Nudge[Phrase]]:
        """Give the nudges that these events, the newest of the journal, made as they happened."""
        first = len(self.journal) - len(events)
        visit: Visit | None = None
        made: list[Nudge[Phrase]] = []
        for seq, event in enumerate(self.journal):
            before, visit = visit, evolve(visit, event)
            made += nudges(visit, event, seq, before) if seq >= first else []
        return made

    def is_away(self, person: str, stand_in: str | None = None) -> None:
        """From now on somebody is away."""
        absence = Absence(person, stand_in, HANDOVER)
        self.house = replace(self.house, absences={**self.house.absences, person: absence})


def names(events: Sequence[e.Event]) -> list[str]:
    """Give the events' names."""
    return [type(event).__name__ for event in events]


def labels(card: Card[Phrase]) -> tuple[list[str], list[str]]:
    """Give the names of a card's buttons: those that are seen, and those under *more*."""
    return [button.name for button in card.buttons], [button.name for button in card.more]
