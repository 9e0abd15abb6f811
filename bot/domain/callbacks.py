"""What `decide` does with the commands about a callback."""

from __future__ import annotations

from datetime import datetime

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.policy import Ladder, Owes, Span, Unit
from bot.domain.turn import Turn, ask, callback_moments, climb
from bot.domain.visit import OPEN_HELLO, Callback, Hello, Origin, Promise, Visit, Which
from bot.errors import Refused


def promise_callback(turn: Turn, command: c.PromiseCallback) -> None:
    """I call at that time: instead of the hello, or where a hello is owed in any case on top of it."""
    visit = turn.visit
    promise, coming = visit.callback_promise, visit.hello_promise
    if coming and coming.by != command.by:
        raise Refused("somebody_comes", responder=turn.name(coming.by), time=coming.due)
    if promise and not _may_take(visit, promise, command.by):
        raise Refused("somebody_calls", responder=turn.name(promise.by), time=promise.due)
    if not promise and not _may_be_promised(visit):
        raise Refused("closed")
    if promise:
        _move(turn, promise, command.by, command.due)
    else:
        _check_time(turn, command.by, command.due)
        turn.add(e.CallbackPromised, person=command.by, **callback_moments(turn, command.due))
    _what_of_the_hello(turn)


def _may_take(visit: Visit, promise: Promise, person: str) -> bool:
    """Tell whether `person` may have this call: their own, one nobody chose, or a late one they are asked about."""
    late = visit.call_question
    return promise.by == person or promise.origin is not Origin.PERSON or (late is not None and person in late.asked)


def _may_be_promised(visit: Visit) -> bool:
    """Tell whether there is anything left that a callback could settle, or be added to."""
    if visit.callback is Callback.NONE:
        return visit.hello not in (Hello.UNSEEN, Hello.DROPPED)
    return visit.callback is Callback.OWED


def _what_of_the_hello(turn: Turn) -> None:
    visit = turn.visit
    if visit.policy.owes is not Owes.HELLO:
        if visit.hello in OPEN_HELLO:
            turn.add(e.HelloExcused)
    elif visit.hello is Hello.OWED and turn.events:
        # the visitor is owed a hello all the same: a colleague is asked at once
        climb(turn, Which.VISITOR, only_asks=True)


def move_callback(turn: Turn, command: c.MoveCallback) -> None:
    """At another time. A colleague who was asked about a late call makes it theirs; others move it for the caller."""
    promise = _promised(turn)
    late = turn.visit.call_question
    caller = command.by if late and command.by in late.asked else promise.by
    _move(turn, promise, caller, command.due)


def _move(turn: Turn, promise: Promise, caller: str, due: datetime) -> None:
    visit = turn.visit
    if due == promise.due and caller == promise.by and visit.callback is Callback.PROMISED:
        return
    # taking over what hello30 chose is no move
    if promise.moved >= visit.policy.callback.moves and caller == promise.by and promise.origin is Origin.PERSON:
        raise Refused("moved_too_often", moves=visit.policy.callback.moves)
    _check_time(turn, caller, due)
    turn.add(e.CallbackMoved, person=caller, **callback_moments(turn, due))


def keep_callback(turn: Turn, command: c.KeepCallback) -> None:
    """The call was made, by whoever promised it, or by a colleague who was asked."""
    visit = turn.visit
    if visit.callback is Callback.KEPT:
        return
    promise = _promised(turn)
    late = visit.call_question
    caller = command.by if late and command.by in late.asked else promise.by
    fate = "kept" if visit.callback is Callback.PROMISED and turn.now <= promise.late_at else "late"
    turn.add(e.CallbackKept, person=caller, fate=fate)


def try_callback(turn: Turn, command: c.TryCallback) -> None:
    """Nobody answered: again later, as often as the policy has it. After "done" it is somebody's claim."""
    visit = turn.visit
    if visit.callback is Callback.KEPT:
        _claim_not_called(turn, command.by)
        return
    promise, rules = _promised(turn), visit.policy.callback
    if promise.tries + 1 >= rules.tries:
        turn.add(e.CallbackUnreachable, why="tries")
        return
    calendar = turn.house.calendar
    due = calendar.next_slot(promise.by, calendar.later(turn.now, Span(Unit.OPEN, rules.retry)))
    turn.add(e.CallbackTried, **callback_moments(turn, due))


def _claim_not_called(turn: Turn, person: str) -> None:
    """Note that the call was not made, against "done"; the caller's word stands, unless it was their own "done"."""
    visit = turn.visit
    callers_word = person == visit.called_by
    if person == visit.kept_by or (not callers_word and person in visit.disputed_by):
        return
    turn.add(e.Disputed, claim="not_called")
    if callers_word and not visit.mistake:
        turn.add(e.CallbackReopened)
        if turn.visit.hello is not Hello.PROMISED and turn.visit.visitor_question is None:
            ask(turn, Which.VISITOR, Ladder.UNANSWERED, person)


def pass_callback(turn: Turn, command: c.PassCallback) -> None:
    """Ask a colleague to make the call; the promise stands until they say so, for one promises only for oneself."""
    promise = _promised(turn)
    if command.to not in turn.house.people:
        raise Refused("unknown_person")
    if command.to == promise.by or command.to in turn.visit.offered_call:
        raise Refused("already_asked", responder=turn.name(command.to))
    if command.to in turn.house.absences:
        raise Refused("person_away", responder=turn.name(command.to))
    turn.add(e.CallbackOffered, to=command.to)


def take_callback(turn: Turn, command: c.TakeCallback) -> None:
    """I make it: at its time, or now that it is late."""
    promise = _promised(turn)
    if promise.by == command.by:
        return
    due = max(turn.now, promise.due)
    _check_free(turn, command.by, due)
    turn.add(e.CallbackMoved, person=command.by, **callback_moments(turn, due))


def drop_callback(turn: Turn, command: c.DropCallback) -> None:
    """The visitor wants no call any more."""
    if turn.visit.callback is Callback.DROPPED:
        return
    _promised(turn)
    turn.add(e.CallbackDropped, why="visitor")


def _promised(turn: Turn) -> Promise:
    promise = turn.visit.callback_promise
    if promise is None:
        raise Refused("no_callback")
    return promise


def _check_time(turn: Turn, caller: str, due: datetime) -> None:
    calendar = turn.house.calendar
    if due <= turn.now:
        raise Refused("past_time", time=due)
    latest = calendar.later(turn.now, turn.visit.policy.callback.within)
    if due > latest:
        raise Refused("callback_bounds", time=latest)
    if not calendar.is_open(due):
        opens = calendar.next_slot(caller, due)
        raise Refused("closed_then", time=opens) if opens <= latest else Refused("callback_bounds", time=latest)
    _check_free(turn, caller, due)


def _check_free(turn: Turn, caller: str, due: datetime) -> None:
    promise = turn.visit.callback_promise
    own = promise.due if promise and promise.by == caller else None
    if not turn.house.calendar.is_free(caller, due, besides=own):
        raise Refused("slot_taken", time=due)
