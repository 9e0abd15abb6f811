"""Who came for whom, what was promised, and what became of it: told from the journal alone, without a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from typing import Any, Final, TypeAlias

from bot.domain import events as e
from bot.domain.facts import Facts
from bot.domain.lifecycle import replay
from bot.domain.visit import Callback, Hello, Origin, Visit
from bot.ports import Transaction
from bot.rows import Entry


class What(StrEnum):
    """What was promised."""

    HELLO = "hello"
    CALLBACK = "callback"


class Fate(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    KEPT = "kept"
    KEPT_LATE = "kept_late"
    MOVED = "moved"  # another promise took its place
    BROKEN = "broken"
    DROPPED = "dropped"  # it was no longer needed, or did not stand


class Became(StrEnum):
    """What became of a visit."""

    OPEN = "open"
    GIVEN = "given"  # a hello
    KEPT = "kept"  # a callback
    UNREACHABLE = "unreachable"
    UNSEEN = "unseen"
    DROPPED = "dropped"
    MISTAKE = "mistake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One promise as the visitor was told it; moved, it is followed by another one.

    id          the visit's id and the number of the entry that made it: the same whenever the log is read
    by          in whose name
    settled_at  when its fate was known; `broken_at` when it was late, whatever came after
    moved_to    the due time of the promise that took its place
    """

    id: str
    what: What
    by: str
    made: datetime
    due: datetime
    entered_by: str | None
    origin: Origin = Origin.PERSON
    fate: Fate = Fate.OPEN
    settled_at: datetime | None = None
    broken_at: datetime | None = None
    moved_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One visit of the log; `facts` are None once they were erased."""

    visit: Visit
    facts: Facts | None
    promises: tuple[Told, ...]

    @property
    def became(self) -> Became:
        """Tell what became of the visit; a hello counts for more than a callback."""
        visit = self.visit
        if visit.is_open:
            return Became.OPEN
        if visit.mistake:
            return Became.MISTAKE
        if visit.hello is Hello.GIVEN:
            return Became.GIVEN
        settled = {Callback.KEPT: Became.KEPT, Callback.UNREACHABLE: Became.UNREACHABLE}
        return settled.get(visit.callback, Became.UNSEEN if visit.hello is Hello.UNSEEN else Became.DROPPED)


# --- the promises of a visit -----------------------------------------------------------------------------------------

Promises: TypeAlias = tuple[Told, ...]
_STANDS: Final = frozenset({Fate.OPEN, Fate.BROKEN})
_FATES: Final = {"kept": Fate.KEPT, "late": Fate.KEPT_LATE}


def promises(entries: Iterable[Entry]) -> Promises:
    """Give every promise in a visit's entries (all of them, in order), each with its fate so far."""
    told: Promises = ()
    for entry in entries:
        tell = _TELL.get(type(entry.event))
        told = tell(told, entry, entry.event) if tell else told
    return told


def _last(told: Promises, what: What, fates: Iterable[Fate]) -> Told | None:
    wanted = frozenset(fates)
    return next((each for each in reversed(told) if each.what is what and each.fate in wanted), None)


def _settle(told: Promises, one: Told | None, fate: Fate, at: datetime) -> Promises:
    if one is None:
        return told
    return tuple(replace(each, fate=fate, settled_at=at) if each is one else each for each in told)


def _hello_promised(told: Promises, entry: Entry, event: e.HelloPromised) -> Promises:
    new = Told(id=_id(entry), what=What.HELLO, by=event.by, made=event.at, due=event.due, entered_by=event.entered_by)
    return (*told, new)


def _call_promised(told: Promises, entry: Entry, event: e.CallbackPromised) -> Promises:
    new = Told(
        id=_id(entry),
        what=What.CALLBACK,
        by=event.person,
        made=event.at,
        due=event.due,
        entered_by=event.entered_by,
        origin=event.origin,
    )
    return (*told, new)


def _moved(told: Promises, entry: Entry, event: e.HelloMoved | e.CallbackMoved | e.CallbackTried) -> Promises:
    """Let another promise take its place; one that was late by then stays broken. A try without answer is a move."""
    what = What.HELLO if isinstance(event, e.HelloMoved) else What.CALLBACK
    before = _last(told, what, _STANDS)
    if before is None:
        return told
    moved = replace(
        before,
        fate=before.fate if before.broken_at else Fate.MOVED,
        settled_at=before.settled_at or event.at,
        moved_to=event.due,
    )
    person = event.person if isinstance(event, e.CallbackMoved) else before.by
    chosen = not isinstance(event, e.CallbackTried)
    new = Told(
        id=_id(entry),
        what=what,
        by=person,
        made=event.at,
        due=event.due,
        origin=Origin.PERSON if chosen else before.origin,
        entered_by=event.entered_by if chosen else before.entered_by,
    )
    return (*(moved if each is before else each for each in told), new)


def _broken(told: Promises, _: Entry, event: e.HelloBroken | e.CallbackLate) -> Promises:
    """Count it as broken, for as long as it is not kept after all."""
    late = _last(told, What.HELLO if isinstance(event, e.HelloBroken) else What.CALLBACK, (Fate.OPEN,))
    return tuple(
        replace(each, fate=Fate.BROKEN, settled_at=event.at, broken_at=event.at) if each is late else each
        for each in told
    )


def _given(told: Promises, _: Entry, event: e.HelloGiven) -> Promises:
    """Keep the promise of whoever gave the hello, the broken one too if they came after all; free everybody else."""
    standing, broken = _last(told, What.HELLO, (Fate.OPEN,)), _last(told, What.HELLO, (Fate.BROKEN,))
    mine = next((each for each in (standing, broken) if each and each.by == event.person), None)
    if mine and event.fate in _FATES:
        told = _settle(told, mine, _FATES[event.fate], event.at)
    return _settle(told, _last(told, What.HELLO, (Fate.OPEN,)), Fate.DROPPED, event.at)


def _kept(told: Promises, _: Entry, event: e.CallbackKept) -> Promises:
    """Keep it; where a colleague called because it was late, it stays broken."""
    standing = _last(told, What.CALLBACK, _STANDS)
    if standing is None or (standing.broken_at and standing.by != event.person):
        return told
    return _settle(told, standing, _FATES.get(event.fate, Fate.KEPT), event.at)


def _no_hello(told: Promises, _: Entry, event: e.Event) -> Promises:
    return _settle(told, _last(told, What.HELLO, (Fate.OPEN,)), Fate.DROPPED, event.at)


def _no_call(told: Promises, _: Entry, event: e.Event) -> Promises:
    return _settle(told, _last(told, What.CALLBACK, (Fate.OPEN,)), Fate.DROPPED, event.at)


def _call_taken_back(told: Promises, _: Entry, event: e.Event) -> Promises:
    """Drop what was wrongly entered by voice, late or not: it was never promised."""
    return _settle(told, _last(told, What.CALLBACK, _STANDS), Fate.DROPPED, event.at)


def _reopened(told: Promises, _: Entry, event: e.HelloReopened | e.CallbackReopened) -> Promises:
    """Take back that it was kept: somebody is asked again, and the promise does not stand any more."""
    what = What.HELLO if isinstance(event, e.HelloReopened) else What.CALLBACK
    kept = _last(told, what, _FATES.values())
    if kept is not None and kept.broken_at:
        return _settle(told, kept, Fate.BROKEN, kept.broken_at)
    return _settle(told, kept, Fate.DROPPED, event.at)


def _id(entry: Entry) -> str:
    return f"{entry.visit}.{entry.seq}"


_TELL: Mapping[type[e.Event], Callable[[Promises, Entry, Any], Promises]] = {
    e.HelloPromised: _hello_promised,
    e.HelloMoved: _moved,
    e.HelloBroken: _broken,
    e.HelloTakenBack: _no_hello,
    e.HelloGiven: _given,
    e.HelloExcused: _no_hello,
    e.HelloUnseen: _no_hello,
    e.HelloDropped: _no_hello,
    e.HelloReopened: _reopened,
    e.CallbackPromised: _call_promised,
    e.CallbackMoved: _moved,
    e.CallbackTried: _moved,
    e.CallbackLate: _broken,
    e.CallbackKept: _kept,
    e.CallbackDropped: _no_call,
    e.CallbackUnreachable: _no_call,
    e.CallbackTakenBack: _call_taken_back,
    e.CallbackReopened: _reopened,
}
"""The events that say something of a promise; any other leaves all promises as they are."""


# --- which visits ----------------------------------------------------------------------------------------------------

ZoneOf: TypeAlias = Callable[[str], tzinfo]
"""Gives the zone of a site."""
_AHEAD: Final = timezone(timedelta(hours=14))
"""Nowhere does a day begin earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which visits the log tells of; days are those of arrival by the site's clock, both included."""

    since: date | None = None
    until: date | None = None
    owner: str | None = None
    site: str | None = None
    open_only: bool = False
    mistakes: bool = False

    def has(self, visit: Visit, zone_of: ZoneOf) -> bool:
        """Tell whether a visit is one of them."""
        day = visit.arrived.astimezone(zone_of(visit.site)).date()
        return (
            (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
            and self.owner in (None, visit.owner)
            and self.site in (None, visit.site)
            and (visit.is_open or not self.open_only)
            and (self.mistakes or not visit.mistake)
        )


def read_log(tx: Transaction, wanted: Wanted, zone_of: ZoneOf) -> list[LogRow]:
    """Read the log, first arrived first."""
    told = _open_visits(tx, wanted) if wanted.open_only else _all_visits(tx, wanted)
    rows = [
        LogRow(visit=visit, facts=tx.facts(visit.id), promises=promises(entries))
        for visit, entries in told
        if wanted.has(visit, zone_of)
    ]
    return sorted(rows, key=lambda row: (row.visit.arrived, row.visit.id))


def _open_visits(tx: Transaction, wanted: Wanted) -> Iterator[tuple[Visit, Sequence[Entry]]]:
    for stored in tx.visits(site=wanted.site, person=wanted.owner):
        yield stored.visit, tx.journal(stored.visit.id)


def _all_visits(tx: Transaction, wanted: Wanted) -> Iterator[tuple[Visit, Sequence[Entry]]]:
    """Replay each visit that arrived in time: all its entries are later than its arrival."""
    since = datetime.combine(wanted.since, time(), _AHEAD) if wanted.since else None
    journals: dict[str, list[Entry]] = {}
    for entry in tx.entries(since=since, until=None):
        if isinstance(entry.event, e.Arrived):
            journals[entry.visit] = []
        if entry.visit in journals:
            journals[entry.visit].append(entry)
    for entries in journals.values():
        yield replay(entry.event for entry in entries), entries
