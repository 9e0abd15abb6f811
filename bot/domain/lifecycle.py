"""How a visit lives: two tracks, each a table of which event may move it from where to where.

A visit carries what is owed in person (the *hello*) and what is owed by telephone (the *callback*). They are separate
tracks because each can be owed, promised and settled without the other: a callback may be booked on top of a hello, and
a hello given to somebody who already has a callback. An event that a table does not name leaves that track where it is;
an event that is named, but not from the present state, is an `IllegalMove`: whoever made it has a fault, and nothing
changes.

`evolve` never refuses for a reason of policy and never looks anything up: what it needs stands in the event. So
replaying the journal gives exactly the stored visit (law 2), whatever the policies and the opening hours are by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from bot.domain import events as e
from bot.domain.people import RECEPTION
from bot.domain.policy import Ladder, Owes
from bot.domain.visit import Asking, Callback, Hello, Origin, Promise, Visit, Which
from bot.errors import IllegalMove

S = TypeVar("S", Hello, Callback)
Stands = TypeVar("Stands", Promise, Asking)
Track: TypeAlias = Mapping[type[e.Event], Mapping[S, S]]

HELLO: Track[Hello] = {
    e.HelloPromised: {Hello.OWED: Hello.PROMISED, Hello.NOT_OWED: Hello.PROMISED},
    e.HelloMoved: {Hello.PROMISED: Hello.PROMISED},
    e.HelloBroken: {Hello.PROMISED: Hello.OWED},
    e.HelloTakenBack: {Hello.PROMISED: Hello.OWED, Hello.EXCUSED: Hello.OWED},
    e.HelloGiven: dict.fromkeys((Hello.NOT_OWED, Hello.OWED, Hello.PROMISED, Hello.EXCUSED), Hello.GIVEN),
    e.HelloExcused: {Hello.OWED: Hello.EXCUSED, Hello.PROMISED: Hello.EXCUSED},
    e.HelloUnseen: {Hello.OWED: Hello.UNSEEN, Hello.PROMISED: Hello.UNSEEN},
    e.HelloDropped: {Hello.OWED: Hello.DROPPED, Hello.PROMISED: Hello.DROPPED},
    e.HelloReopened: dict.fromkeys((Hello.GIVEN, Hello.UNSEEN, Hello.DROPPED), Hello.OWED),
}
"""The hello track."""

CALLBACK: Track[Callback] = {
    e.CallbackPromised: {Callback.NONE: Callback.PROMISED, Callback.OWED: Callback.PROMISED},
    e.CallbackMoved: {Callback.PROMISED: Callback.PROMISED, Callback.LATE: Callback.PROMISED},
    e.CallbackTried: {Callback.PROMISED: Callback.PROMISED, Callback.LATE: Callback.PROMISED},
    e.CallbackLate: {Callback.PROMISED: Callback.LATE},
    e.CallbackKept: {Callback.PROMISED: Callback.KEPT, Callback.LATE: Callback.KEPT},
    e.CallbackDropped: dict.fromkeys((Callback.OWED, Callback.PROMISED, Callback.LATE), Callback.DROPPED),
    e.CallbackUnreachable: dict.fromkeys((Callback.OWED, Callback.PROMISED, Callback.LATE), Callback.UNREACHABLE),
    e.CallbackTakenBack: {Callback.PROMISED: Callback.OWED, Callback.LATE: Callback.OWED},
    e.CallbackReopened: dict.fromkeys((Callback.KEPT, Callback.DROPPED, Callback.UNREACHABLE), Callback.OWED),
}
"""The callback track."""

START: Mapping[Owes, tuple[Hello, Callback]] = {
    Owes.HELLO: (Hello.OWED, Callback.NONE),
    Owes.HELLO_OR_CALLBACK: (Hello.OWED, Callback.NONE),
    Owes.CALLBACK: (Hello.NOT_OWED, Callback.OWED),
}
"""Where both tracks begin, by what is owed."""

SETTLED_HELLO = frozenset({Hello.GIVEN, Hello.EXCUSED, Hello.UNSEEN, Hello.DROPPED})
SETTLED_CALLBACK = frozenset({Callback.KEPT, Callback.DROPPED, Callback.UNREACHABLE})


def evolve(visit: Visit | None, event: e.Event) -> Visit:
    """Give the visit as it is after `event`; only `Arrived` may come without a visit. Raises `IllegalMove`."""
    if isinstance(event, e.Arrived):
        return _arrived(visit, event)
    if visit is None:
        raise IllegalMove(f"{type(event).__name__} before an arrival")
    hello = _move(HELLO, visit.hello, event)
    callback = _move(CALLBACK, visit.callback, event)
    moved = replace(
        visit,
        hello=hello,
        callback=callback,
        hello_settled_at=_stamp(visit.hello, hello, SETTLED_HELLO, visit.hello_settled_at, event),
        callback_settled_at=_stamp(visit.callback, callback, SETTLED_CALLBACK, visit.callback_settled_at, event),
    )
    apply = APPLY.get(type(event))
    return _tidy(apply(moved, event) if apply else moved, event)


def replay(events: Iterable[e.Event]) -> Visit:
    """Give the visit that these events make, in their order."""
    visit: Visit | None = None
    for event in events:
        visit = evolve(visit, event)
    if visit is None:
        raise IllegalMove("no events at all")
    return visit


def _move(track: Track[S], state: S, event: e.Event) -> S:
    moves = track.get(type(event))
    if moves is None:
        return state
    if state not in moves:
        raise IllegalMove(f"{type(event).__name__} while {type(state).__name__} is {state}")
    return moves[state]


def _stamp(before: S, after: S, settled: frozenset[S], stamp: Any, event: e.Event) -> Any:
    if after not in settled:
        return None
    return stamp if before is after else event.at


def _tidy(visit: Visit, event: e.Event) -> Visit:
    """Clear what no longer holds: the question and the promise of a settled track, and when the visit closed."""
    asks_visitor = (
        visit.hello is Hello.OWED
        or (visit.callback is Callback.OWED and visit.hello is not Hello.PROMISED)
        or visit.unsafe_here
    )
    calls = visit.callback in (Callback.PROMISED, Callback.LATE)
    return replace(
        visit,
        visitor_question=visit.visitor_question if asks_visitor else None,
        call_question=visit.call_question if visit.callback is Callback.LATE else None,
        hello_promise=visit.hello_promise if visit.hello is Hello.PROMISED else None,
        callback_promise=visit.callback_promise if calls else None,
        offered_call=visit.offered_call if calls else (),
        closed_at=None if visit.is_open else (visit.closed_at or event.at),
    )


def _arrived(visit: Visit | None, event: e.Arrived) -> Visit:
    if visit is not None:
        raise IllegalMove("Arrived twice")
    hello, callback = START[event.owes]
    return Visit(
        id=event.visit,
        site=event.site,
        owner=event.owner,
        via=event.via,
        kind=event.kind,
        policy=event.policy,
        announced_by=event.by,
        arrived=event.at,
        hello=hello,
        callback=callback,
        here=event.here,
        phone_known=event.phone_known,
    )


# --- one small function an event: what it changes beside the tracks ---------------------------------------------------


def _once(people: tuple[str, ...], person: str) -> tuple[str, ...]:
    return people if person in people else (*people, person)


def _put(visit: Visit, which: Which, asking: Asking | None) -> Visit:
    if which is Which.VISITOR:
        return replace(visit, visitor_question=asking)
    return replace(visit, call_question=asking)


def _asking(visit: Visit, event: e.StepEvent) -> Asking:
    asking = standing(visit.question(event.which))
    if asking.no != event.asking or asking.step > event.step:
        raise IllegalMove(f"step {event.step} of asking {event.asking} does not stand open")
    return asking


def standing(what: Stands | None) -> Stands:
    """Give the promise or asking that must stand by now; raises `IllegalMove` when there is none."""
    if what is None:
        raise IllegalMove("nothing stands that this could be about")
    return what


def _asking_began(visit: Visit, event: e.AskingBegan) -> Visit:
    passed = () if event.passed_by is None else (event.passed_by,)
    asking = Asking(
        no=visit.askings + 1,
        ladder=event.ladder,
        since=event.at,
        asked_at=event.at,
        moments=event.moments,
        responder=event.person,
        asked=(*passed, event.person),
        passed_by=event.passed_by,
    )
    asked = visit.asked if event.person == RECEPTION else _once(visit.asked, event.person)
    # whoever answered "not me" before and is asked anew may answer again
    declined = tuple(person for person in visit.declined if person != event.person)
    return _put(replace(visit, askings=asking.no, asked=asked, declined=declined), event.which, asking)


def _asked(visit: Visit, event: e.Asked) -> Visit:
    asking = _asking(visit, event)
    asking = replace(
        asking,
        responder=event.person,
        asked_at=event.at,
        asked=_once(asking.asked, event.person),
        step=event.step + 1,
        checking=False,
        reminded=False,
    )
    return _put(replace(visit, asked=_once(visit.asked, event.person)), event.which, asking)


def _reminded(visit: Visit, event: e.Reminded) -> Visit:
    return _put(visit, event.which, replace(_asking(visit, event), step=event.step + 1, reminded=True))


def _checked(visit: Visit, event: e.Checked) -> Visit:
    return _put(visit, event.which, replace(_asking(visit, event), step=event.step + 1, checking=True))


def _step_done(visit: Visit, event: e.StepEvent) -> Visit:
    return _put(visit, event.which, replace(_asking(visit, event), step=event.step + 1))


def _seems_away(visit: Visit, event: e.SeemsAway) -> Visit:
    asking = standing(visit.visitor_question)
    if asking.no != event.asking or asking.step:
        raise IllegalMove(f"the ladder of asking {event.asking} does not wait for its first step")
    return replace(visit, visitor_question=replace(asking, moments=event.moments))


def _not_yet(visit: Visit, event: e.NotYet) -> Visit:
    asking = visit.visitor_question
    return visit if asking is None else replace(visit, visitor_question=replace(asking, checking=False))


def _delegated(visit: Visit, event: e.Delegated) -> Visit:
    return replace(visit, delegations=visit.delegations + 1)


def _declined(visit: Visit, event: e.Declined) -> Visit:
    offered = tuple(p for p in visit.offered_call if p != event.by)
    return replace(visit, declined=_once(visit.declined, event.by), offered_call=offered)


def _unreachable(visit: Visit, event: e.Unreachable) -> Visit:
    return replace(visit, unreachable=_once(visit.unreachable, event.person))


def _marked_unsafe(visit: Visit, event: e.MarkedUnsafe) -> Visit:
    return replace(visit, unsafe_by=event.by, alerted=event.alerted)


def _visitor_left(visit: Visit, event: e.VisitorLeft) -> Visit:
    return replace(visit, here=False, left_at=event.at)


def _visitor_back(visit: Visit, event: e.Event) -> Visit:
    return replace(visit, here=True, left_at=None)


def _withdrawn(visit: Visit, event: e.Withdrawn) -> Visit:
    return replace(visit, mistake=True)


def _reopened(visit: Visit, event: e.Reopened) -> Visit:
    return replace(visit, mistake=False)


def _hello_promised(visit: Visit, event: e.HelloPromised) -> Visit:
    promise = Promise(
        by=event.by,
        due=event.due,
        made=event.at,
        late_at=event.late_at,
        entered_by=event.entered_by,
        at_once=event.at_once,
    )
    return replace(visit, hello_promise=promise)


def _hello_moved(visit: Visit, event: e.HelloMoved) -> Visit:
    promise = standing(visit.hello_promise)
    moved = replace(promise, due=event.due, late_at=event.late_at, moved=promise.moved + 1, at_once=False)
    return replace(visit, hello_promise=moved)


def _hello_broken(visit: Visit, event: e.HelloBroken) -> Visit:
    return replace(visit, broken=(*visit.broken, standing(visit.hello_promise)))


def _hello_given(visit: Visit, event: e.HelloGiven) -> Visit:
    # whoever came after all, even a little late, has broken nothing; but a promise kept now mends none from before
    broken, promise = visit.broken, visit.hello_promise
    mended = event.fate != "none" and (promise is None or promise.by != event.person)
    if mended and broken and broken[-1].by == event.person:
        broken = broken[:-1]
    return replace(visit, here=False, greeted_by=event.person, given_by=event.entered_by or event.by, broken=broken)


def _hello_excused(visit: Visit, event: e.HelloExcused) -> Visit:
    return replace(visit, here=False)


def _callback_promised(visit: Visit, event: e.CallbackPromised) -> Visit:
    promise = Promise(
        by=event.person,
        due=event.due,
        made=event.at,
        late_at=event.late_at,
        remind_at=event.remind_at,
        origin=event.origin,
        entered_by=event.entered_by,
    )
    return replace(visit, callback_promise=promise)


def _callback_again(visit: Visit, event: e.CallbackMoved | e.CallbackTried) -> Visit:
    promise = standing(visit.callback_promise)
    again = replace(promise, due=event.due, late_at=event.late_at, remind_at=event.remind_at, called=False)
    if isinstance(event, e.CallbackTried):
        return replace(visit, callback_promise=replace(again, tries=promise.tries + 1))
    # somebody chose this time: it is no longer a time that hello30 chose for them, and choosing it was no move
    moved = promise.moved + (promise.origin is Origin.PERSON)
    taken = replace(again, by=event.person, moved=moved, origin=Origin.PERSON, entered_by=event.entered_by)
    return replace(visit, callback_promise=taken, offered_call=())


def _callback_offered(visit: Visit, event: e.CallbackOffered) -> Visit:
    return replace(visit, offered_call=_once(visit.offered_call, event.to))


def _callback_reminded(visit: Visit, event: e.Event) -> Visit:
    return replace(visit, callback_promise=replace(standing(visit.callback_promise), remind_at=None))


def _callback_due(visit: Visit, event: e.Event) -> Visit:
    called = replace(standing(visit.callback_promise), remind_at=None, called=True)
    return replace(visit, callback_promise=called)


def _callback_kept(visit: Visit, event: e.CallbackKept) -> Visit:
    return replace(visit, called_by=event.person, kept_by=event.by)


def _phone_added(visit: Visit, event: e.PhoneAdded) -> Visit:
    return replace(visit, phone_known=True)


def _disputed(visit: Visit, event: e.Disputed) -> Visit:
    return replace(visit, disputed_by=_once(visit.disputed_by, event.by))


APPLY: Mapping[type[e.Event], Callable[[Visit, Any], Visit]] = {
    e.AskingBegan: _asking_began,
    e.Asked: _asked,
    e.Reminded: _reminded,
    e.Checked: _checked,
    e.StepTaken: _step_done,
    e.StepSkipped: _step_done,
    e.SeemsAway: _seems_away,
    e.NotYet: _not_yet,
    e.Delegated: _delegated,
    e.Declined: _declined,
    e.Unreachable: _unreachable,
    e.MarkedUnsafe: _marked_unsafe,
    e.VisitorLeft: _visitor_left,
    e.VisitorBack: _visitor_back,
    e.Withdrawn: _withdrawn,
    e.Reopened: _reopened,
    e.HelloPromised: _hello_promised,
    e.HelloMoved: _hello_moved,
    e.HelloBroken: _hello_broken,
    e.HelloGiven: _hello_given,
    e.HelloExcused: _hello_excused,
    e.HelloReopened: _visitor_back,
    e.HelloTakenBack: _visitor_back,
    e.CallbackPromised: _callback_promised,
    e.CallbackMoved: _callback_again,
    e.CallbackTried: _callback_again,
    e.CallbackOffered: _callback_offered,
    e.CallbackReminded: _callback_reminded,
    e.CallbackDue: _callback_due,
    e.CallbackKept: _callback_kept,
    e.PhoneAdded: _phone_added,
    e.Disputed: _disputed,
}

LADDER_OF: Mapping[Which, Ladder] = {Which.VISITOR: Ladder.UNANSWERED, Which.CALL: Ladder.CALLBACK_LATE}
"""The ladder with which a question is put anew."""
