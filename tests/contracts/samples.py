"""A policy, visits and events, made by hand and small, for tests of what keeps and carries them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.card import Nudge, Phrase
from bot.domain.events import Arrived, AskingBegan, Event
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

START = datetime(2026, 11, 22, 14, 0, 0, 123456, tzinfo=UTC)
DESK = Address("web", "counter")
MARTIN = Address("slack", "U1")


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


def receipt(ref: str = "m1", address: Address = MARTIN) -> Receipt:
    """Give a platform's proof that it took a message."""
    return Receipt(address=address, ref=ref)
