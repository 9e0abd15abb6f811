"""What `decide` does with the commands about a hello."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.people import RECEPTION
from bot.domain.policy import Ladder
from bot.domain.turn import FRESH_PRESS, STILL_KEPT, UNDO_FOR, Turn, ask, climb, refuse_unsafe
from bot.domain.visit import Callback, Hello, Origin, Promise, Which
from bot.errors import Refused

SAME_CHOICE = timedelta(seconds=30)
"""A hello promised again for at most this much later is the same choice, pressed twice."""
BROKEN_AT_MOST = 2
"""After so many hellos that were promised and not given, only a callback or a colleague is an answer."""


def promise_hello(turn: Turn, command: c.PromiseHello) -> None:
    """I come within so many minutes; pressed again, it moves the hello (once), or changes nothing."""
    visit, rules = turn.visit, turn.visit.policy.hello
    within = command.within or rules.now
    due = _pressed_at(turn, command) + within
    promise = visit.hello_promise
    _check_still_asked(turn, command.by)
    if promise and promise.by != command.by:
        raise Refused("somebody_comes", responder=turn.name(promise.by), time=promise.due)
    if promise and (due <= promise.due + SAME_CHOICE or _pressed_twice(turn, promise, within)):
        return
    if promise and command.pressed_at and command.pressed_at < promise.made:
        return  # it was chosen before what stands, and came late: platforms deliver in any order
    if len(visit.broken) >= BROKEN_AT_MOST:
        raise Refused("two_broken")
    if within > rules.within or (promise and not promise.moved and due - promise.made > rules.within):
        raise Refused("hello_bounds", minutes=_minutes(rules.within))
    if promise is None:
        turn.add(e.HelloPromised, due=due, late_at=due + rules.grace, at_once=not command.within)
    elif promise.moved:
        raise Refused("hello_moved_already")
    else:
        turn.add(e.HelloMoved, due=due, late_at=due + rules.grace)


def _pressed_twice(turn: Turn, promise: Promise, within: timedelta) -> bool:
    """Tell whether the choice that was made a moment ago is made once more: that moves nothing."""
    same = _rounded(promise.due - promise.made) == _rounded(within)
    return same and not promise.moved and turn.now - promise.made <= FRESH_PRESS


def _check_still_asked(turn: Turn, person: str) -> None:
    """Refuse a hello that nobody waits for any more; whoever answered first is named."""
    visit, call = turn.visit, turn.visit.callback_promise
    refuse_unsafe(turn)
    if visit.hello in (Hello.NOT_OWED, Hello.EXCUSED) and call and call.origin is Origin.PERSON and call.by != person:
        raise Refused("somebody_calls", responder=turn.name(call.by), time=call.due)
    if visit.is_open and visit.hello is Hello.EXCUSED:
        raise Refused("old_card")
    if visit.hello is Hello.GIVEN and visit.greeted_by and visit.greeted_by != person:
        raise Refused("already_greeted", responder=turn.name(visit.greeted_by))
    if not visit.is_open or visit.hello not in (Hello.NOT_OWED, Hello.OWED, Hello.PROMISED):
        raise Refused("closed")
    if not visit.here:
        raise Refused("visitor_left", visitor="")


def take_over(turn: Turn, command: c.TakeOver) -> None:
    """The owner goes in person: whoever had promised is free, and has broken nothing."""
    promise = turn.visit.hello_promise
    if promise and promise.by != command.by:
        turn.add(e.HelloTakenBack, why="taken_over")
    promise_hello(turn, c.PromiseHello(by=command.by, within=timedelta()))


def mark_seen(turn: Turn, command: c.MarkSeen) -> None:
    """I have seen the visitor; where reception said otherwise, its word stands and this is noted beside it."""
    visit = turn.visit
    if visit.hello is Hello.GIVEN:
        return
    if visit.hello in (Hello.UNSEEN, Hello.DROPPED) or visit.mistake:
        if command.by not in visit.disputed_by:
            turn.add(e.Disputed, claim="met")
        return
    _give(turn, command.by)


def hello_happened(turn: Turn, command: c.HelloHappened) -> None:
    """Reception saw it; without a name it was whoever promised, or else whoever was asked last."""
    visit = turn.visit
    if visit.hello is Hello.GIVEN:
        return
    if visit.hello in (Hello.UNSEEN, Hello.DROPPED) or visit.mistake:
        raise Refused("closed")
    _give(turn, command.person or _most_likely(turn))


def has_come(turn: Turn, command: c.HasCome) -> None:
    """To "has Martin come?": yes. For half an hour after it was due that keeps the promise."""
    visit = turn.visit
    if visit.hello is Hello.GIVEN:
        return
    if visit.hello not in (Hello.OWED, Hello.EXCUSED) or not visit.broken:
        raise Refused("nothing_asked")
    _give(turn, visit.broken[-1].by)


def has_not_come(turn: Turn, command: c.HasNotCome) -> None:
    """To "has Martin come?": not yet. The next one is asked now."""
    asking, greeted_by = turn.visit.visitor_question, turn.visit.greeted_by
    if greeted_by and turn.house.is_reception(command.by) and contradict_hello(turn):
        ask(turn, Which.VISITOR, Ladder.UNANSWERED, greeted_by)
        return
    if asking is None or not asking.checking:
        raise Refused("nothing_asked")
    turn.add(e.NotYet)
    climb(turn, Which.VISITOR, only_asks=True)


def contradict_hello(turn: Turn) -> bool:
    """Let reception's word stand where only a responder said, a moment ago, that they had met the visitor.

    What that closed is owed again. False, and nothing has happened, where there is no such claim.
    """
    visit, at = turn.visit, turn.visit.closed_at
    if visit.hello is not Hello.GIVEN or at is None or turn.now - at > UNDO_FOR or visit.mistake:
        return False
    if visit.hello_settled_at != at or visit.given_by is None or turn.house.is_reception(visit.given_by):
        return False
    turn.add(e.Disputed, claim="not_met")
    turn.add(e.HelloReopened)
    if visit.callback is Callback.DROPPED and visit.callback_settled_at == at:
        turn.add(e.CallbackReopened)
    return True


def dispute_voice(turn: Turn, command: c.DisputeVoice) -> None:
    """What was entered as said by me is not right: it no longer stands, and I am asked again."""
    visit = turn.visit
    hello = _entered_for(visit.hello_promise, command.by)
    call = _entered_for(visit.callback_promise, command.by)
    if not hello and not call:
        raise Refused("nothing_asked")
    turn.add(e.Disputed, claim="voice")
    if call:
        turn.add(e.CallbackTakenBack)
    if hello or (call and _still_waits(turn)):
        turn.add(e.HelloTakenBack, why="voice")
    if turn.visit.hello is not Hello.PROMISED and not turn.visit.unsafe_here:
        ask(turn, Which.VISITOR, Ladder.UNANSWERED, command.by)


def _still_waits(turn: Turn) -> bool:
    """Tell whether the visitor may still be here for the hello from which somebody was excused a moment ago."""
    visit, excused_at = turn.visit, turn.visit.hello_settled_at
    if visit.hello is not Hello.EXCUSED or excused_at is None or visit.left_at is not None:
        return False
    return turn.now - excused_at <= UNDO_FOR


def _entered_for(promise: Promise | None, person: str) -> bool:
    return promise is not None and promise.by == person and promise.entered_by is not None


def _pressed_at(turn: Turn, command: c.PromiseHello) -> datetime:
    pressed = command.pressed_at
    return pressed if pressed and turn.now - FRESH_PRESS <= pressed <= turn.now else turn.now


def _rounded(length: timedelta) -> int:
    return round(length / timedelta(minutes=1))


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


def _most_likely(turn: Turn) -> str:
    """Give who greeted the visitor when reception does not say: who promised, who was late, who was asked last."""
    visit = turn.visit
    if visit.hello_promise:
        return visit.hello_promise.by
    if visit.broken and turn.now - visit.broken[-1].due <= STILL_KEPT:
        return visit.broken[-1].by
    asking = visit.visitor_question
    return asking.responder if asking and asking.responder != RECEPTION else visit.owner


def _give(turn: Turn, person: str) -> None:
    """Let the hello be given; a callback that nobody chose is no longer owed then."""
    turn.add(e.HelloGiven, person=person, fate=_fate(turn, person))
    visit = turn.visit
    promise = visit.callback_promise
    if visit.callback is Callback.OWED or (promise and promise.origin is not Origin.PERSON):
        turn.add(e.CallbackDropped, why="met")


def _fate(turn: Turn, person: str) -> str:
    visit = turn.visit
    promise = visit.hello_promise
    if promise and promise.by == person:
        return "kept" if turn.now <= promise.late_at else "late"
    if visit.broken and visit.broken[-1].by == person and turn.now - visit.broken[-1].due <= STILL_KEPT:
        # while it is only being checked, nobody knows better than that the promise was kept and a press forgotten
        asking = visit.visitor_question
        return "kept" if asking and asking.ladder is Ladder.HELLO_LATE and asking.checking else "late"
    return "none"
