"""A visit rebuilt from its journal, event by event, with what each event made of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from bot.domain.deadlines import next_deadline
from bot.domain.lifecycle import evolve
from bot.domain.visit import Asking, Promise, Visit
from bot.rows import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How a visit stands, as far as a person follows it; before it began, everything is None."""

    hello: str | None = None
    callback: str | None = None
    here: bool | None = None
    hello_promise: Promise | None = None
    callback_promise: Promise | None = None
    visitor_question: Asking | None = None
    call_question: Asking | None = None
    next: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry, the visit after it, and how it stood before and after."""

    entry: Entry
    visit: Visit
    before: Followed
    after: Followed


def steps(entries: Iterable[Entry]) -> Iterator[Step]:
    """Replay a visit's entries; raises `IllegalMove` where one cannot have followed the one before."""
    visit, before = None, Followed()
    for entry in entries:
        visit = evolve(visit, entry.event)
        after = _followed(visit)
        yield Step(entry=entry, visit=visit, before=before, after=after)
        before = after


def differences(replayed: Visit, stored: Visit) -> tuple[str, ...]:
    """Give the names of the fields in which two visits are not the same."""
    names = (field.name for field in fields(Visit))
    return tuple(name for name in names if getattr(replayed, name) != getattr(stored, name))


def _followed(visit: Visit) -> Followed:
    return Followed(
        hello=visit.hello.value,
        callback=visit.callback.value,
        here=visit.here,
        hello_promise=visit.hello_promise,
        callback_promise=visit.callback_promise,
        visitor_question=visit.visitor_question,
        call_question=visit.call_question,
        next=next_deadline(visit),
    )
