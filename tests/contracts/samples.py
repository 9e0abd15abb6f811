"""A policy, visits and events, made by hand and small, for tests of what keeps and carries them; how they are saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.domain.card import Nudge, Phrase
from bot.domain.events import Arrived, AskingBegan, Event, PhoneAdded
from bot.domain.policy import (
    AppliesTo,
    CallbackRules,
    DelegateRules,
    HelloRules,
    Ladder,
    Owes,
    Policy,
    Span,
    Step,
    Unit,
    Verb,
    Via,
)
from bot.domain.visit import Asking, Callback, Hello, Promise, Visit, Which
from bot.messages import Address, Receipt
from bot.ports import Store, Transaction
from bot.rows import CardRow

T = TypeVar("T")

START = datetime(2026, 11, 22, 14, 0, 0, 123456, tzinfo=UTC)
DESK = Address("web", "counter")
MARTIN = Address("slack", "U1")
LEASE = 30
"""Seconds."""


def at(seconds: float = 0) -> datetime:
    """Give a moment so many seconds after the start of the day's story."""
    return START + timedelta(seconds=seconds)


def policy(name: str = "office") -> Policy:
    """Give a policy; another name is another content and another digest."""
    return Policy(
        name=name,
        title="Somebody comes to the counter",
        digest=f"digest-of-{name}",
        applies_to=AppliesTo(via=(Via.IN_PERSON,), kinds=("supplier",), hours="open"),
        owes=Owes.HELLO_OR_CALLBACK,
        hello=HelloRules(
            offers=(timedelta(), timedelta(minutes=2)),
            now=timedelta(minutes=2),
            within=timedelta(minutes=10),
            grace=timedelta(minutes=2),
        ),
        callback=CallbackRules(
            offers=4,
            within=Span(Unit.OPEN_DAYS, days=1),
            remind_before=timedelta(minutes=10),
            grace=timedelta(minutes=15),
            tries=3,
            retry=timedelta(hours=2),
            moves=2,
        ),
        delegate=DelegateRules(to=("deputy", "anyone"), at_most=2),
        alert="manager",
        unanswered=(
            Step(timedelta(minutes=2), Verb.ASK, "deputy"),
            Step(timedelta(minutes=8), Verb.BOOK_CALLBACK, "owner"),
        ),
        hello_late=(Step(timedelta(), Verb.CHECK, "both"), Step(timedelta(minutes=5), Verb.BOOK_CALLBACK, "owner")),
        callback_late=(Step(timedelta(hours=4), Verb.HAND_OVER_TO, "reception"),),
    )


def visit(name: str = "v1", *, owner: str = "martin", site: str = "quebec", after: float = 0) -> Visit:
    """Give a visit that has just begun: the owner was asked."""
    return Visit(
        id=name,
        site=site,
        owner=owner,
        via=Via.IN_PERSON,
        kind="supplier",
        policy=policy(),
        announced_by="nadia",
        arrived=at(after),
        hello=Hello.OWED,
        callback=Callback.NONE,
        here=True,
        phone_known=False,
        visitor_question=Asking(
            no=1,
            ladder=Ladder.UNANSWERED,
            since=at(after),
            asked_at=at(after),
            moments=(at(after + 120), at(after + 480)),
            responder=owner,
            asked=(owner,),
        ),
        askings=1,
        asked=(owner,),
    )


def arrival(visit: Visit) -> tuple[Event, ...]:
    """Give the events that a visit begins with."""
    return (
        Arrived(
            at=visit.arrived,
            by="nadia",
            visit=visit.id,
            site=visit.site,
            owner=visit.owner,
            via=visit.via,
            kind=visit.kind,
            policy=visit.policy,
            owes=visit.policy.owes,
            here=True,
            phone_known=False,
        ),
        AskingBegan(
            at=visit.arrived,
            by="nadia",
            which=Which.VISITOR,
            ladder=Ladder.UNANSWERED,
            person=visit.owner,
            moments=(visit.arrived + timedelta(minutes=2), visit.arrived + timedelta(minutes=8)),
        ),
    )


def calls_back(visit: Visit, person: str, due: datetime) -> Visit:
    """Give the visit after somebody promised a callback."""
    promise = Promise(by=person, due=due, made=visit.arrived, late_at=due + timedelta(minutes=15))
    return replace(
        visit, hello=Hello.EXCUSED, callback=Callback.PROMISED, callback_promise=promise, visitor_question=None
    )


def closed(visit: Visit, moment: datetime) -> Visit:
    """Give the visit after the hello was given."""
    return replace(visit, hello=Hello.GIVEN, here=False, visitor_question=None, closed_at=moment)


def nudge(key: str = "n1", visit: str = "v1") -> Nudge[Phrase]:
    """Give a nudge for Martin."""
    return Nudge(
        key=key,
        visit=visit,
        person="martin",
        text=Phrase("nudge.waiting", {"visitor": "Julie Tremblay", "count": 2, "since": at()}),
        asking=1,
    )


def receipt(ref: str = "m1", address: Address = MARTIN, known_as: str = "") -> Receipt:
    """Give a platform's proof that it took a message."""
    return Receipt(address=address, ref=ref, known_as=known_as)


def begin(tx: Transaction, begun: Visit, wake_at: datetime | None = None) -> int:
    """Save a visit that has just begun."""
    return tx.save(begun, version=0, events=arrival(begun), through="web", wake_at=wake_at)


async def begins(store: Store, *visits: Visit, wake_at: datetime | None = None) -> None:
    """Save visits that have just begun, in one transaction."""

    def work(tx: Transaction) -> None:
        for begun in visits:
            begin(tx, begun, wake_at)

    await store.transact(work)


async def goes_on(store: Store, changed: Visit, version: int, *events: Event) -> int:
    """Save what some events made of a visit; give its new version."""
    return await store.transact(
        lambda tx: tx.save(changed, version=version, events=events, through="slack", wake_at=None)
    )


def phone_added(seconds: float = 10) -> PhoneAdded:
    """Give an event that every card tells of."""
    return PhoneAdded(at=at(seconds), by="nadia")


async def listed(store: Store, work: Callable[[Transaction], object]) -> list[str]:
    """Give the ids of the visits that are listed."""
    stored = await store.read(work)
    assert isinstance(stored, (list, tuple))
    return [each.visit.id for each in stored]


def first(claimed: Sequence[T]) -> T | None:
    """Give the first of what was claimed."""
    return next(iter(claimed), None)


async def claims(store: Store, seconds: float, token: str = "token") -> CardRow | None:
    """Claim a card."""
    return await store.transact(lambda tx: first(tx.claim_cards(at(seconds), at(seconds + LEASE), token)))


async def has_a_card(store: Store) -> None:
    """Begin a visit of which Martin has a card."""
    await begins(store, visit())
    await store.transact(lambda tx: tx.show("v1", [("martin", MARTIN)]))


async def has_a_card_shown(store: Store) -> CardRow:
    """Likewise, and it was sent."""
    await has_a_card(store)
    row = await claims(store, 1)
    assert row is not None
    assert await store.transact(lambda tx: tx.card_shown(row, 2, receipt()))
    return row
