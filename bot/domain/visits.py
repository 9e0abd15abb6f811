"""What `decide` does with the commands about a visit as a whole: arrival, passing on, leaving, and taking back."""

from __future__ import annotations

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.hellos import contradict_hello
from bot.domain.lifecycle import LADDER_OF
from bot.domain.people import BOT
from bot.domain.policy import Ladder
from bot.domain.turn import UNDO_FOR, Turn, ask, book, callback_moments, climb, hand_over, not_begun, refuse_unsafe
from bot.domain.visit import OPEN_CALLBACK, OPEN_HELLO, Asking, Callback, Hello, Origin, Which
from bot.errors import Refused


def announce(turn: Turn, command: c.AnnounceArrival) -> None:
    """A visitor has come: the owner is asked, or whoever stands in while the owner is away."""
    turn.add(
        e.Arrived,
        visit=command.visit,
        site=command.site,
        owner=command.owner,
        via=command.via,
        kind=command.kind,
        policy=command.policy,
        owes=command.policy.owes,
        here=True,
        phone_known=command.phone_known,
    )
    ask(turn, Which.VISITOR, Ladder.UNANSWERED, turn.house.stand_in(command.owner) or command.owner)


def delegate(turn: Turn, command: c.Delegate) -> None:
    """Ask a colleague instead of me; counts as often as they are asked."""
    visit, to = turn.visit, command.to
    which, asking = _open_question(turn)
    if to not in turn.house.people:
        raise Refused("unknown_person")
    if to in (asking.responder, command.by):
        raise Refused("already_asked", responder=turn.name(to))
    if to in turn.house.absences:
        raise Refused("person_away", responder=turn.name(to))
    if visit.delegations >= visit.policy.delegate.at_most:
        raise Refused("passed_too_often")
    if to not in colleagues(turn):
        raise Refused("may_not_pass_to", responder=turn.name(to))
    turn.add(e.Delegated, which=which, to=to)
    ask(turn, which, LADDER_OF[which], to, passed_by=command.by)


def colleagues(turn: Turn) -> tuple[str, ...]:
    """Give everybody to whom the policy lets a responder pass this visit on."""
    house, owner = turn.house, turn.visit.owner
    groups = {
        "deputy": house.deputies(owner),
        "manager": house.managers(owner),
        "anyone": tuple(house.people),
    }
    return tuple(dict.fromkeys(p for group in turn.visit.policy.delegate.to for p in groups.get(group, (group,))))


def not_me(turn: Turn, command: c.NotMe) -> None:
    """Back to whoever passed it on; where the ladder had asked, on to the next. The owner passes it on instead."""
    visit, person = turn.visit, command.by
    which = next((w for w in Which if (asking := visit.question(w)) and asking.responder == person), None)
    if which is None and person in visit.offered_call:
        turn.add(e.Declined, which=Which.CALL)
    elif person == visit.owner and which is not Which.CALL:
        raise Refused("nothing_asked")
    elif which is not None:
        turn.add(e.Declined, which=which)
        _put_back(turn, which)
    elif person not in visit.declined:
        turn.add(e.Declined, which=_open_question(turn)[0])


def _put_back(turn: Turn, which: Which) -> None:
    asking = turn.visit.question(which)
    if asking is not None and asking.passed_by is not None:
        ask(turn, which, LADDER_OF[which], asking.passed_by)
    else:
        climb(turn, which, only_asks=True)


def ask_someone_else(turn: Turn, command: c.AskSomeoneElse) -> None:
    """Reception asks somebody: whom it likes, for it sees who is in the house."""
    to, coming = command.to, turn.visit.hello_promise
    if coming:
        raise Refused("somebody_comes", responder=turn.name(coming.by), time=coming.due)
    which, asking = _open_question(turn)
    if to not in turn.house.people:
        raise Refused("unknown_person")
    if to == asking.responder:
        raise Refused("already_asked", responder=turn.name(to))
    if to in turn.house.absences:
        raise Refused("person_away", responder=turn.name(to))
    ask(turn, which, LADDER_OF[which], to)


def _open_question(turn: Turn) -> tuple[Which, Asking]:
    """Give what is asked, the visitor's question first; an unsafe visit stays with reception."""
    refuse_unsafe(turn)
    for which in Which:
        asking = turn.visit.question(which)
        if asking is not None:
            return which, asking
    raise Refused("nothing_asked")


def leave(turn: Turn, command: c.LeaveVisit) -> None:
    """The visitor left: whoever left unseen has a callback, and is asked for a number before.

    Said of a visit that a responder closed a moment ago with "I have seen them", it says the contrary of that.
    """
    contradict_hello(turn)
    visit = turn.visit
    if not visit.here and (visit.left_at is not None or not visit.is_open):
        return
    owed = visit.hello in OPEN_HELLO or visit.callback in OPEN_CALLBACK
    if owed and not visit.phone_known and not command.without_number and visit.unsafe_by is None:
        raise Refused("number_first")
    turn.add(e.VisitorLeft)
    settle_unseen(turn)


def settle_unseen(turn: Turn) -> None:
    """Settle what was owed to a visitor who is no longer here: a callback where there is a number."""
    visit = turn.visit
    owes_call = visit.callback is Callback.OWED or (visit.hello in OPEN_HELLO and visit.callback is Callback.NONE)
    if visit.hello in OPEN_HELLO:
        turn.add(e.HelloUnseen)
    if not visit.phone_known:
        _let_go_without_number(turn)
    elif owes_call and not book(turn, Origin.LEFT):
        # beyond what the policy has for callbacks, but still better than none: the owner can move it
        book_whenever(turn)


def book_whenever(turn: Turn) -> None:
    """Book the owner's next open slot, however late that is."""
    due = turn.house.calendar.next_slot(turn.visit.owner, turn.now)
    owner = turn.visit.owner
    turn.add(e.CallbackPromised, by=BOT, person=owner, origin=Origin.LEFT, **callback_moments(turn, due))


def _let_go_without_number(turn: Turn) -> None:
    """Let go of a callback that nobody can make: owed, or booked by hello30. A person who promised may know how."""
    promise = turn.visit.callback_promise
    if turn.visit.callback is Callback.OWED or (promise and promise.origin is not Origin.PERSON):
        turn.add(e.CallbackUnreachable, why="number")


def withdraw(turn: Turn, command: c.Withdraw) -> None:
    """Posted by mistake: nothing is owed, and the visit stays out of reports."""
    visit = turn.visit
    if not visit.is_open:
        return
    turn.add(e.Withdrawn)
    if visit.here:
        turn.add(e.VisitorLeft, why="mistake")
    if visit.hello in OPEN_HELLO:
        turn.add(e.HelloDropped, why="mistake")
    if visit.callback in OPEN_CALLBACK:
        turn.add(e.CallbackDropped, why="mistake")


def mark_unsafe(turn: Turn, command: c.MarkUnsafe) -> None:
    """No hello is forced on anybody: reception has the visitor, and whom the policy names is told."""
    visit, house = turn.visit, turn.house
    if visit.unsafe_by is not None:
        return
    if not visit.here or not visit.is_open:
        raise Refused("not_here")
    alerted = house.managers(visit.owner) if visit.policy.alert == "manager" else ()
    turn.add(e.MarkedUnsafe, alerted=tuple(p for p in alerted if p != command.by))
    if visit.hello in OPEN_HELLO:
        turn.add(e.HelloDropped, why="not_safe")
    if visit.callback is Callback.OWED:
        turn.add(e.CallbackDropped, why="not_safe")
    hand_over(turn, Which.VISITOR)


def undo(turn: Turn, command: c.Undo) -> None:
    """What settled the visit last was pressed by mistake: it is owed again, and somebody is asked again."""
    visit, now = turn.visit, turn.now
    # a callback that is owed is what the first of two presses has already reopened
    unseen = visit.hello is Hello.UNSEEN and visit.callback is not Callback.OWED
    left_unseen = unseen and visit.left_at == visit.hello_settled_at
    at = visit.closed_at or (visit.hello_settled_at if left_unseen else None)
    if at is None:
        return
    if now - at > UNDO_FOR:
        raise Refused("undo_too_late")
    if visit.mistake and not turn.house.is_reception(turn.by):
        raise Refused("not_reception")
    turn.add(e.Reopened)
    if visit.hello_settled_at == at and visit.hello is not Hello.EXCUSED and visit.unsafe_by is None:
        turn.add(e.HelloReopened)
    if visit.callback_settled_at == at:
        turn.add(e.CallbackReopened)
    if visit.left_at == at and not turn.visit.here:
        turn.add(e.VisitorBack)
    if turn.visit.unsafe_here:
        hand_over(turn, Which.VISITOR)
        return
    again = visit.called_by if turn.visit.hello is not Hello.OWED else visit.greeted_by
    ask(turn, Which.VISITOR, Ladder.UNANSWERED, again or turn.house.stand_in(visit.owner) or visit.owner)


def add_phone(turn: Turn, command: c.AddPhone) -> None:
    """The visitor's number is known now (it stands among the facts)."""
    if not turn.visit.is_open:
        raise Refused("closed")
    turn.add(e.PhoneAdded)


def add_note(turn: Turn, command: c.AddNote) -> None:
    """Something was written down (it stands among the facts)."""
    turn.add(e.NoteAdded)


def type_no_answer(turn: Turn, command: c.TypeNoAnswer) -> None:
    """Something was typed that answers nothing: it is journaled, and stops no ladder."""
    turn.add(e.NoAnswerTyped, reading=command.reading)


def report_unreachable(turn: Turn, command: c.ReportUnreachable) -> None:
    """No message reaches this person: where they were the last one asked, the next step happens now."""
    visit = turn.visit
    if not visit.is_open or command.person in visit.unreachable:
        return
    turn.add(e.Unreachable, person=command.person, detail=command.detail)
    for which in Which:
        asking = turn.visit.question(which)
        if asking is not None and asking.responder == command.person:
            climb(turn, which, only_asks=True)


def report_away(turn: Turn, command: c.ReportAway) -> None:
    """Whoever was asked does not look now, says a platform: the first step happens now, each later one as much earlier.

    They are still asked, and may still answer. Once a step has fired, or in another asking, it changes nothing.
    """
    asking = not_begun(turn.visit, command.person, turn.now)
    if asking is None or asking.no != command.asking:
        return
    sooner = asking.moments[0] - turn.now
    turn.add(
        e.SeemsAway,
        person=command.person,
        asking=asking.no,
        adapter=command.adapter,
        why=command.why,
        moments=tuple(moment - sooner for moment in asking.moments),
    )
    climb(turn, Which.VISITOR)
