"""Which events make a phone buzz, and with which words: under 60 characters, no reason, no number.

The visitor's name is not in here: it is one of the facts, and is filled in when a nudge is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.domain import events as e
from bot.domain.card import Nudge, Phrase
from bot.domain.people import RECEPTION
from bot.domain.visit import Origin, Visit, Which

Made = tuple[str, str, Mapping[str, str]]  # reader, key, arguments that are names (ids of people)


def nudges(visit: Visit, event: e.Event, seq: int) -> list[Nudge[Phrase]]:
    """Give the nudges of one event; `visit` is as it stands after it, `seq` the event's place in the journal."""
    make = NUDGES.get(type(event))
    asking = visit.question(event.which) if isinstance(event, e.AskingBegan | e.StepEvent) else None
    return [
        Nudge(
            key=f"{visit.id}:{seq}:{reader}",
            visit=visit.id,
            person=reader,
            text=Phrase(key, args),
            asking=asking.no if asking else None,
        )
        for reader, key, args in (make(visit, event) if make else [])
    ]


def _counter(visit: Visit) -> str:
    return f"reception:{visit.site}"


def _asked(visit: Visit, event: e.AskingBegan | e.Asked) -> list[Made]:
    if event.person == RECEPTION:
        return [(_counter(visit), "reception.gone_or_here_nudge", {})]
    if event.which is Which.CALL:
        return [(event.person, "callback.late_nudge", {})]
    if isinstance(event, e.AskingBegan) and event.ladder.value == "hello_late":
        return []  # the first step of that ladder asks whether they have come
    own = event.person == visit.owner
    return [(event.person, "responder.asked_nudge" if own else "responder.asked_for_other_nudge", {})]


def _reminded(visit: Visit, event: e.Reminded) -> list[Made]:
    key = "callback.late_nudge" if event.which is Which.CALL else "responder.reminder_nudge"
    return [(event.person, key, {})]


def _checked(visit: Visit, event: e.Checked) -> list[Made]:
    return [
        (event.person, "responder.have_you_come_nudge", {}),
        (_counter(visit), "reception.has_come_nudge", {"responder": event.person}),
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
