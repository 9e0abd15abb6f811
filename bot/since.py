"""What has happened to a visit since somebody looked at its card: said to whoever presses what no longer applies.

It is told from the journal with the sentences of the story, so it names who did what; nobody is told more than they may
read of the story.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.context import Context
from bot.desk import ERASED, FrontDesk
from bot.domain import events as e
from bot.domain.authority import Reading, Role, may_read, roles
from bot.domain.person_cards import standing_of
from bot.domain.visit import Visit
from bot.errors import Refused
from bot.messages import Press
from bot.ports import Transaction
from bot.rows import Entry, Stored
from bot.telling import Teller, tell

DECIDED = (
    e.MarkedUnsafe,
    e.VisitorLeft,
    e.Withdrawn,
    e.Reopened,
    e.Delegated,
    e.Declined,
    e.NotYet,
    e.HelloPromised,
    e.HelloMoved,
    e.HelloBroken,
    e.HelloTakenBack,
    e.HelloGiven,
    e.CallbackPromised,
    e.CallbackMoved,
    e.CallbackOffered,
    e.CallbackTried,
    e.CallbackLate,
    e.CallbackKept,
    e.CallbackDropped,
    e.CallbackUnreachable,
    e.CallbackTakenBack,
    e.Disputed,
)
"""What somebody decided, or time did: the last of these is what somebody who comes later wants to know."""
FOLLOWED = (
    e.AskingBegan,
    e.Asked,
    e.Checked,
    e.VisitorBack,
    e.HelloExcused,
    e.HelloUnseen,
    e.HelloDropped,
    e.HelloReopened,
    e.CallbackReopened,
)
"""What followed from a decision, beside it in the journal; told where there is no decision to be told."""
BY_ITSELF = frozenset({"met", "mistake", "not_safe", "number"})
"""Why something was dropped that followed likewise."""
ABOUT_THE_CHOICE = frozenset(
    {
        "already_asked",
        "callback_bounds",
        "closed_then",
        "hello_bounds",
        "hello_moved_already",
        "may_not_pass_to",
        "moved_too_often",
        "nobody_to_ask",
        "not_by_voice",
        "passed_too_often",
        "past_time",
        "person_away",
        "slot_taken",
        "two_broken",
        "undo_too_late",
        "unknown_person",
    }
)
"""Refusals of what somebody chose, rather than of when they pressed: what they say is worth reading all the same."""
DONE_WITH = frozenset({"taken", "told", "closed"})
"""What a visit is to somebody of whom nothing more is wanted."""


@dataclass(frozen=True, slots=True)
class News:
    """What has happened since, as a sentence; `by_others`: somebody else than the reader did it."""

    text: str
    by_others: bool


def news(
    tx: Transaction, desk: FrontDesk, stored: Stored, context: Context, refused: Refused | None = None
) -> News | None:
    """Say what has happened since the card was shown that somebody pressed, or how a closed visit ended.

    None where nothing was decided since then, or where it is not for them. `refused` is why their press was.
    """
    visit, person = stored.visit, context.person
    found = roles(visit, person.id, desk.house(tx, visit.site, context.now))
    entry = _last(visit, tx.journal(visit.id), context)
    if entry is None or not may_read(Reading.STORY, found):
        return None
    at_reception = Role.RECEPTION in found
    told = context.say(
        "reply.since" if visit.is_open else "reply.ended",
        {"time": entry.event.at, "text": _sentence(tx, desk, visit, entry, context, at_reception=at_reception)},
    )
    if refused is not None and refused.reason in ABOUT_THE_CHOICE:
        return News(told, by_others=True)
    done_with = not visit.is_open or (standing_of(visit, person.id) in DONE_WITH and not at_reception)
    rest = context.say("reply.nothing_more" if done_with else "reply.newest_card")
    return News(f"{told} {rest}", by_others=entry.event.by != person.id)


def _last(visit: Visit, journal: Sequence[Entry], context: Context) -> Entry | None:
    """Give the last decision after the revision that was looked at; of a closed visit, the one that closed it."""
    act = context.incoming.act
    revision = act.revision if isinstance(act, Press) else None
    if not visit.is_open:
        closing = [entry for entry in journal if entry.event.at == visit.closed_at]
        return _telling(visit, closing) or _telling(visit, journal)
    if revision is None:
        return None
    return _telling(visit, [entry for entry in journal if entry.seq > revision])


def _telling(visit: Visit, journal: Sequence[Entry]) -> Entry | None:
    decided = [entry for entry in journal if _is_decision(entry.event)]
    followed = [entry for entry in journal if isinstance(entry.event, FOLLOWED) and entry.event.at > visit.arrived]
    found = decided or followed
    return found[-1] if found else None


def _is_decision(event: e.Event) -> bool:
    return isinstance(event, DECIDED) and getattr(event, "why", "") not in BY_ITSELF


def _sentence(
    tx: Transaction, desk: FrontDesk, visit: Visit, entry: Entry, context: Context, *, at_reception: bool
) -> str:
    """Tell an entry; at the counter, where the visitor may read along, an unsafe visit is told as on its card."""
    if at_reception and isinstance(entry.event, e.MarkedUnsafe):
        return context.say("reception.read_message", {"responder": desk.name(entry.event.by)})
    teller = Teller(
        visit=visit,
        facts=tx.facts(visit.id) or ERASED,
        names=desk.name,
        wording=context.wording,
        reader=context.reader,
        now=context.now,
    )
    return tell(teller, [entry]).lines[0].text
