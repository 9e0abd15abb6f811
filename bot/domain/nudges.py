"""Which events make a phone buzz, and with which words: under 60 characters, no reason, no number.

The visitor's name is not in here: it is one of the facts, and is filled in when a nudge is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.domain import events as e
from bot.domain.card import Nudge, Phrase
from bot.domain.people import RECEPTION
from bot.domain.policy import Ladder, Verb, Via
from bot.domain.visit import Origin, Visit, Which

Made = tuple[str, str, Mapping[str, str]]  # reader, key, arguments that are names (ids of people)


def nudges(visit: Visit, event: e.Event, seq: int, before: Visit | None = None) -> list[Nudge[Phrase]]:
    """Give the nudges of one event; `visit` is as it stands after it, `seq` the event's place in the journal.

    `before` is the visit as it stood before the event: it knows whose promise the event moved, dropped or took.
    """
    make, lose = NUDGES.get(type(event)), LOSING.get(type(event))
    made = [*(make(visit, event) if make else []), *(lose(before, event) if lose and before else [])]
    asking = visit.question(event.which) if isinstance(event, e.AskingBegan | e.StepEvent) else None
    return [
        Nudge(
            key=f"{visit.id}:{seq}:{reader}",
            visit=visit.id,
            person=reader,
            text=Phrase(key, args),
            asking=asking.no if asking else None,
        )
        for reader, key, args in made
    ]


def _counter(visit: Visit) -> str:
    return f"reception:{visit.site}"


def _asked(visit: Visit, event: e.AskingBegan | e.Asked) -> list[Made]:
    late_call = event.which is Which.CALL
    if event.person == RECEPTION:
        return [(_counter(visit), "callback.late_nudge" if late_call else "reception.gone_or_here_nudge", {})]
    if isinstance(event, e.AskingBegan) and (event.ladder is Ladder.HELLO_LATE or _reminded_at_once(visit, event)):
        return []  # the first step says it: whether they have come, or that a call is waited for
    if late_call:
        return [(event.person, "callback.late_nudge", {})]
    own = event.person == visit.owner
    return [(event.person, "responder.asked_nudge" if own else "responder.asked_for_other_nudge", {})]


def _reminded_at_once(visit: Visit, event: e.AskingBegan) -> bool:
    """Tell whether the ladder begins with reminding whoever it begins with: one buzz is enough."""
    if event.ladder is not Ladder.CALLBACK_LATE:
        return False
    first = visit.policy.callback_late[0]
    return first.verb is Verb.REMIND and not first.after


def _reminded(visit: Visit, event: e.Reminded) -> list[Made]:
    key = "callback.late_nudge" if event.which is Which.CALL else "responder.reminder_nudge"
    return [(event.person, key, {})]


def _checked(visit: Visit, event: e.Checked) -> list[Made]:
    by_phone = visit.via is Via.PHONE
    return [
        (event.person, "responder.have_you_spoken_nudge" if by_phone else "responder.have_you_come_nudge", {}),
        (
            _counter(visit),
            "reception.has_taken_call_nudge" if by_phone else "reception.has_come_nudge",
            {"responder": event.person},
        ),
    ]


def _caller(key: str) -> Callable[[Visit, e.Event], list[Made]]:
    def make(visit: Visit, event: e.Event) -> list[Made]:
        promise = visit.callback_promise
        return [(promise.by, key, {})] if promise else []

    return make


def _booked(visit: Visit, event: e.CallbackPromised) -> list[Made]:
    return [] if event.origin is Origin.PERSON else [(event.person, "callback.booked_nudge", {})]


def _unsafe(visit: Visit, event: e.MarkedUnsafe) -> list[Made]:
    said = {"responder": event.by}
    return [(p, "responder.not_safe_alert_nudge", said) for p in (*event.alerted, _counter(visit))]


def _withdrawn(visit: Visit, event: e.Withdrawn) -> list[Made]:
    return [(person, "responder.withdrawn_nudge", {}) for person in visit.asked]


def _offered(visit: Visit, event: e.CallbackOffered) -> list[Made]:
    return [(event.to, "callback.offered_nudge", {"by": event.by})]


def _call_moved(before: Visit, event: e.CallbackMoved) -> list[Made]:
    promise = before.callback_promise
    if promise is None or promise.by == event.by:
        return []
    key = "moved_nudge" if promise.by == event.person else "taken_nudge"
    return [(promise.by, f"callback.{key}", {})]


def _call_dropped(before: Visit, event: e.CallbackDropped) -> list[Made]:
    promise = before.callback_promise
    # that a visit was posted by mistake is told in one nudge to everybody who was asked
    told = promise is None or promise.by == event.by or (before.mistake and promise.by in before.asked)
    return [] if told or promise is None else [(promise.by, "callback.dropped_nudge", {})]


def _hello_taken(before: Visit, event: e.HelloTakenBack) -> list[Made]:
    promise = before.hello_promise
    taken = promise is not None and event.why == "taken_over"
    return [(promise.by, "responder.taken_over_nudge", {})] if promise and taken else []


NUDGES: Mapping[type[e.Event], Callable[[Visit, Any], list[Made]]] = {
    e.AskingBegan: _asked,
    e.Asked: _asked,
    e.Reminded: _reminded,
    e.Checked: _checked,
    e.CallbackReminded: _caller("callback.soon_nudge"),
    e.CallbackDue: _caller("callback.now_nudge"),
    e.CallbackPromised: _booked,
    e.MarkedUnsafe: _unsafe,
    e.Withdrawn: _withdrawn,
    e.CallbackOffered: _offered,
}

LOSING: Mapping[type[e.Event], Callable[[Visit, Any], list[Made]]] = {
    e.CallbackMoved: _call_moved,
    e.CallbackDropped: _call_dropped,
    e.HelloTakenBack: _hello_taken,
}
"""Events that somebody else may make of one's promise, told from the visit as it stood before."""
