"""Law 10: when, at the latest, a visitor whom nobody comes to is with reception or has a callback.

Found by letting the core run: once with nobody answering, and through every way in which promises alone keep a visitor
waiting. A promise keeps them longest when it is made in the last moment before somebody else would have looked after
them, for the longest time that the policy allows, and broken; the owner may then still take it over in its last moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from bot.domain import commands as c
from bot.domain.deadlines import next_deadline
from bot.domain.decide import decide
from bot.domain.lifecycle import evolve, standing
from bot.domain.people import House
from bot.domain.visit import Callback, Visit
from bot.errors import Refused
from bot.opening import make_house
from bot.rehearsal.arrival import VISITOR, Arrival
from bot.rehearsal.open_time import open_between
from bot.settings import Settings

_CALLED: frozenset[Callback] = frozenset({Callback.PROMISED, Callback.LATE, Callback.KEPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A promise that keeps the visitor waiting: who makes it, when, and for when; `taken_over` from a colleague."""

    by: str
    made: datetime
    due: datetime
    taken_over: bool


Puts: TypeAlias = tuple[Put, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAfter:
    """The moment from which the visitor is with reception, or has a callback, or both; and which promises led there."""

    at: datetime
    after: timedelta
    open_time: timedelta
    with_reception: bool
    has_callback: bool
    promises: Puts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How long it lasts when nobody answers, and when everybody asked only promises, at worst."""

    silent: LookedAfter
    promising: LookedAfter

    @property
    def latest(self) -> LookedAfter:
        """Give the later one of both."""
        return max(self.silent, self.promising, key=lambda each: each.at)


def is_with_reception(visit: Visit) -> bool:
    """Tell whether reception has the question what to tell the visitor."""
    return visit.visitor_question is not None and visit.visitor_question.with_reception


def is_looked_after(visit: Visit) -> bool:
    """Tell whether the visitor is with reception or has a callback, or nothing is owed any more."""
    return not visit.is_open or is_with_reception(visit) or visit.callback in _CALLED


def bound(settings: Settings, arrival: Arrival) -> Bound:
    """Compute the bound of law 10 for an arrival."""
    core = _Core(settings, arrival)
    visit = core.given(None, announcement(arrival), arrival.at)
    return Bound(
        silent=core.told(*core.silence(visit, arrival.at), ()),
        promising=max((core.told(*end) for end in core.ends(visit, arrival.at, ())), key=lambda end: end.at),
    )


class _Core:
    """The core, with the house in which it decides."""

    def __init__(self, settings: Settings, arrival: Arrival) -> None:
        self._settings = settings
        self._arrival = arrival

    def house(self, now: datetime) -> House:
        return make_house(self._settings, self._arrival.site, now)

    def given(self, visit: Visit | None, command: c.Command, now: datetime) -> Visit:
        """Give the visit after a command; raises `Refused`."""
        for event in decide(visit, command, self.house(now), now):
            visit = evolve(visit, event)
        if visit is None:
            raise Refused("unknown_visit")
        return visit

    def silence(self, visit: Visit, now: datetime) -> tuple[Visit, datetime]:
        """Let time pass until the visitor is looked after."""
        while not is_looked_after(visit) and (when := next_deadline(visit)) is not None:
            now = when
            visit = self.given(visit, c.PassTime(), now)
        return visit, now

    def ends(self, visit: Visit, now: datetime, puts: Puts) -> Iterator[tuple[Visit, datetime, Puts]]:
        """Give every way in which it ends when promises are made in the last moment, and broken."""
        while not is_looked_after(visit) and (when := next_deadline(visit)) is not None:
            now = when
            after = self.given(visit, c.PassTime(), now)
            if is_looked_after(after) or visit.hello_promise is not None:
                for by, kept_waiting in self._kept_waiting(visit, now):
                    due = standing(kept_waiting.hello_promise).due
                    put = Put(by=by, made=now, due=due, taken_over=visit.hello_promise is not None)
                    yield from self.ends(kept_waiting, now, (*puts, put))
            visit = after
        yield visit, now, puts

    def _kept_waiting(self, visit: Visit, now: datetime) -> Iterator[tuple[str, Visit]]:
        """Give the visit after each longest promise that somebody may still make now."""
        longest = max(visit.policy.hello.within, visit.policy.hello.now)
        for by in dict.fromkeys((visit.owner, *visit.asked)):
            promised = visit
            for command in (c.TakeOver(by=by), c.PromiseHello(by=by, within=longest)):
                try:
                    if visit.hello_promise is not None or isinstance(command, c.PromiseHello):
                        promised = self.given(promised, command, now)
                except Refused:
                    continue
            if promised != visit:
                yield by, promised

    def told(self, visit: Visit, at: datetime, puts: Puts) -> LookedAfter:
        arrived = self._arrival.at
        return LookedAfter(
            at=at,
            after=at - arrived,
            open_time=open_between(self.house(at).calendar, arrived, at),
            with_reception=is_with_reception(visit),
            has_callback=visit.callback in _CALLED,
            promises=puts,
        )


def announcement(arrival: Arrival) -> c.AnnounceArrival:
    """Give the command with which the visitor of a rehearsal is announced."""
    return c.AnnounceArrival(
        by=arrival.receptionist,
        visit="rehearsal",
        site=arrival.site,
        owner=arrival.owner,
        via=arrival.via,
        kind=arrival.kind,
        policy=arrival.policy,
        phone_known=bool(VISITOR.phone),
    )
