"""The card of a person who was asked, has promised, or was told: in a direct message, or on their page."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeAlias

from bot.domain.card import Args, Button, Card, Fact, Phrase
from bot.domain.facts import History
from bot.domain.hellos import BROKEN_AT_MOST
from bot.domain.policy import Verb, Via
from bot.domain.saying import Telling, state, whole_minute
from bot.domain.turn import target
from bot.domain.visit import OPEN_CALLBACK, Asking, Callback, Hello, Origin, Promise, Visit

Buttons: TypeAlias = tuple[tuple[Button[Phrase], ...], tuple[Button[Phrase], ...]]
NONE: Buttons = ((), ())


def person_card(telling: Telling, history: History, person: str, revision: int) -> Card[Phrase]:
    """Make the card of one person; what no longer applies to them is not on it."""
    visit, facts = telling.visit, telling.facts
    standing = standing_of(visit, person)
    shown, more = _buttons(visit, person, standing)
    needs_number = standing in ("calls", "call_asked", "offered")
    return Card(
        reader=person,
        visit=visit.id,
        revision=revision,
        state=_person_state(visit, standing),
        turn=standing in ("asked", "checked", "call_asked", "offered")
        or (standing == "calls" and _person_state(visit, standing) in ("call_now", "call_late")),
        tag=telling.tag(state(visit)),
        title=_title(telling, person),
        visitor=facts.visitor,
        company=facts.company,
        owner=telling.name(visit.owner),
        since=visit.arrived if visit.is_open and visit.here else None,
        say=None,
        ask=_asks(telling, person, standing),
        notes=tuple(_notes(telling, history, person, standing)),
        facts=tuple(_facts(telling, history)),
        about=facts.about,
        buttons=shown,
        more=more,
        due=telling.due() if standing in ("comes", "calls", "offered") else None,
        promised_at=telling.promised_at(),
        number=facts.phone if needs_number else "",
        points=facts.points if needs_number else (),
        closed=not visit.is_open,
    )


def standing_of(visit: Visit, person: str) -> str:
    """Tell in one word what the visit is to this person now.

    checked: have you come? · comes: has promised the hello · asked: may answer · calls: has promised the callback ·
    call_asked: asked about a late call · offered: asked to make somebody's call · taken: somebody else has it ·
    told: need do nothing · closed
    """
    asking, late = visit.visitor_question, visit.call_question
    if not visit.is_open:
        return "closed"
    if asking and asking.checking and asking.responder == person:
        return "checked"
    if visit.hello_promise:
        if visit.hello_promise.by == person:
            return "comes"
        return "taken"
    answering = person in visit.asked and person not in visit.declined
    if asking and visit.unsafe_by is None and (answering or person == visit.owner):
        promise = visit.callback_promise
        return "calls" if promise and promise.by == person else "asked"
    if visit.callback_promise and visit.callback_promise.by == person:
        return "calls"
    if late and person in late.asked and person not in visit.declined:
        return "call_asked"
    if person in visit.offered_call:
        return "offered"
    return "taken" if visit.callback_promise else "told"


def _person_state(visit: Visit, standing: str) -> str:
    if standing in ("calls", "call_asked", "offered"):
        if visit.callback is Callback.LATE:
            return "call_late"
        return "call_now" if visit.callback_promise and visit.callback_promise.called else "callback"
    return {"checked": "late", "asked": "asking", "comes": "coming", "closed": "closed"}.get(standing, state(visit))


def press(
    name: str, label: str | None = None, *, main: bool = False, form: bool = False, value: str = "", minutes: int = 0
) -> Button[Phrase]:
    """Make a button; the key of its label is its name unless `label` says otherwise."""
    words = Phrase(f"buttons.{label or name}", {"minutes": minutes} if minutes else {})
    return Button(name=name, label=words, main=main, form=name if form else None, value=value)


def _buttons(visit: Visit, person: str, standing: str) -> Buttons:
    answers = {
        "closed": _closed,
        "checked": _checked,
        "comes": _comes,
        "asked": _asked,
        "calls": _calls,
        "call_asked": _call_asked,
        "offered": _offered,
        "taken": _taken,
    }.get(standing)
    return answers(visit, person) if answers else NONE


def may_press(visit: Visit, person: str) -> frozenset[str]:
    """Give the names of all buttons on a person's card."""
    shown, more = _buttons(visit, person, standing_of(visit, person))
    return frozenset(button.name for button in (*shown, *more))


def hellos(visit: Visit) -> tuple[Button[Phrase], ...]:
    """Give the hellos that the policy offers, the first one filled; none after two broken ones, or to who has left."""
    if len(visit.broken) >= BROKEN_AT_MOST or not visit.here:
        return ()
    if visit.via is Via.PHONE:
        return (press("hello", "put_through", main=True, value="0"),)
    made = []
    for offer in visit.policy.hello.offers:
        minutes = int(offer / timedelta(minutes=1))
        if minutes:
            made.append(press("hello", "in_minutes", value=str(minutes), minutes=minutes))
        else:
            made.append(press("hello", "coming", main=True, value="0"))
    return tuple(made)


def _answers(visit: Visit, person: str) -> tuple[Button[Phrase], ...]:
    not_me = () if person == visit.owner else (press("not_me"),)
    return (
        *hellos(visit),
        press("call_back", form=True),
        press("ask_colleague", form=True),
        *not_me,
    )


def _asked(visit: Visit, person: str) -> Buttons:
    seen = () if visit.via is Via.PHONE else (press("seen"), press("not_safe"))
    return _answers(visit, person), seen


def _checked(visit: Visit, person: str) -> Buttons:
    answers = tuple(b for b in _answers(visit, person))
    unfilled = tuple(Button(name=b.name, label=b.label, form=b.form, value=b.value) for b in answers)
    return (press("yes", "has_come", main=True), press("not_yet")), (*unfilled, press("not_safe"))


def _comes(visit: Visit, person: str) -> Buttons:
    promise = visit.hello_promise
    voice = (press("not_right"),) if promise and promise.entered_by else ()
    later = () if promise and promise.moved else hellos(visit)[1:]
    more = (*later, press("call_back", form=True), press("not_safe"))
    return (press("seen", main=True), *voice), more


def _calls(visit: Visit, person: str) -> Buttons:
    promise = visit.callback_promise
    called = promise is not None and (promise.called or visit.callback is Callback.LATE)
    voice = (press("not_right"),) if promise and promise.entered_by else ()
    here = (press("seen"), *hellos(visit)) if visit.hello is Hello.OWED and visit.here else ()
    buttons = (press("done", main=called), press("no_answer"), press("move", form=True), *voice)
    return buttons, (*here, press("pass_call", form=True), press("drop_call"), press("note", form=True))


def _call_asked(visit: Visit, person: str) -> Buttons:
    buttons = (press("done", main=True), press("no_answer"), press("move", form=True), press("not_me"))
    return buttons, (press("note", form=True),)


def _offered(visit: Visit, person: str) -> Buttons:
    return (press("take_call", main=True), press("not_me")), ()


def _taken(visit: Visit, person: str) -> Buttons:
    if person == visit.owner and visit.hello_promise:
        return (press("go_myself"),), (press("seen"),)
    return NONE


def _closed(visit: Visit, person: str) -> Buttons:
    if visit.mistake:  # only reception takes back what it posted by mistake
        return NONE
    return ((press("undo"),), ()) if person in visit.asked or person == visit.owner else NONE


def _asks(telling: Telling, person: str, standing: str) -> Phrase | None:
    """Give the question that waits for this person, if one does."""
    visit, facts = telling.visit, telling.facts
    who: Args = {"visitor": facts.visitor}
    asking, promise = visit.visitor_question, visit.callback_promise
    if visit.unsafe_by == person and visit.is_open:
        told = visit.alerted[0] if visit.alerted else visit.announced_by
        return Phrase("responder.not_safe_follow_up", {"by": telling.name(told)})
    if standing == "checked":
        return Phrase("responder.have_you_spoken" if visit.via is Via.PHONE else "responder.have_you_come", who)
    if standing == "asked" and asking:
        return _asks_for_answer(telling, person, asking)
    if not promise:
        return None
    due: Args = {**who, "time": promise.due, "number": facts.phone}
    if standing == "calls":
        return Phrase(f"callback.{_call(visit, promise)}", due)
    if standing in ("call_asked", "offered"):
        key = "late_for_other" if visit.callback is Callback.LATE else "offered"
        return Phrase(f"callback.{key}", {**due, "owner": telling.name(promise.by)})
    return None


def _asks_for_answer(telling: Telling, person: str, asking: Asking) -> Phrase:
    """Ask for a hello or a time; where nobody is here any more, only for a call."""
    visit, own = telling.visit, person == telling.visit.owner
    who: Args = {"visitor": telling.facts.visitor, "owner": telling.name(visit.owner)}
    if not visit.here:
        return Phrase("responder.asked_call" if own else "responder.asked_call_for_other", who)
    if not own:
        return Phrase("responder.asked_for_other", who)
    if visit.via is Via.PHONE:
        return Phrase("responder.asked_phone", who)
    if asking.reminded:
        return Phrase("responder.reminder", {**who, "time": visit.arrived})
    return Phrase("responder.asked", who)


def _call(visit: Visit, promise: Promise) -> str:
    """Give the key of what somebody who has promised a call is told."""
    if visit.callback is Callback.LATE:
        return "late"
    if not visit.phone_known:
        return "number_missing"
    if promise.called:
        return "now"
    return "soon" if promise.origin is Origin.PERSON else "booked"


def _notes(telling: Telling, history: History, person: str, standing: str) -> list[Phrase]:
    """Say what was decided by whom, and what else this person should know."""
    visit, facts = telling.visit, telling.facts
    who: Args = {"visitor": facts.visitor}
    notes: list[Phrase] = []
    promise = visit.hello_promise
    if standing == "taken":
        other = promise or visit.callback_promise
        notes += [Phrase("responder.taken", {**who, "by": telling.name(other.by)})] if other else []
    if standing == "comes" and promise:
        notes.append(Phrase("note.you_come", {**who, "time": whole_minute(promise.due)}))
    entered = next((p for p in (promise, visit.callback_promise) if p and p.by == person and p.entered_by), None)
    if entered and entered.entered_by:
        notes.append(Phrase("responder.by_voice", {"by": telling.name(entered.entered_by), "time": entered.made}))
    if standing == "closed":
        notes.append(_ending(telling))
    if standing == "asked" and visit.visitor_question and visit.visitor_question.responder == person:
        notes += _without_answer(telling, visit.visitor_question)
    if visit.unsafe_by is not None and visit.is_open:
        notes.append(Phrase("note.unsafe", {"responder": telling.name(visit.unsafe_by), **who}))
    if history.others_waiting and standing in ("asked", "checked"):
        notes.append(Phrase("responder.others_wait", {"count": history.others_waiting}))
    absence = telling.house.absences.get(visit.owner)
    if absence and absence.note and person != visit.owner:
        notes.append(Phrase("note.handover", {"owner": telling.name(visit.owner), "text": absence.note}))
    notes += [Phrase("note.disputed", {"by": telling.name(p)}) for p in visit.disputed_by if p != person]
    return [*notes, *_written(telling, person)]


def _written(telling: Telling, person: str) -> list[Phrase]:
    """Give what colleagues wrote down; on a screen of the counter, which the visitor may see, not before they left."""
    if telling.house.is_reception(person) and telling.visit.left_at is None:
        return []
    return [Phrase("note.written", {"text": note}) for note in telling.facts.notes]


def _title(telling: Telling, person: str) -> Phrase:
    """Say who has come; the owner knows for whom."""
    facts = telling.facts
    if person != telling.visit.owner:
        return telling.title()
    return Phrase("plain.text", {"text": f"{facts.visitor} ({facts.company})" if facts.company else facts.visitor})


def _without_answer(telling: Telling, asking: Asking) -> list[Phrase]:
    """Say what happens if this person does not answer, and when."""
    visit = telling.visit
    for number, step in enumerate(visit.policy.steps(asking.ladder)):
        if number < asking.step:
            continue
        until = asking.moments[number]
        person = target(visit, asking, step.target, telling.house) if step.verb is Verb.ASK else None
        if person:
            return [Phrase("note.without_answer", {"colleague": telling.name(person), "until": until})]
        if step.verb is Verb.BOOK_CALLBACK and visit.callback_promise is None:
            if asking.responder == visit.owner:
                return [Phrase("note.without_answer_booking", {"until": until})]
            asked: Args = {"responder": telling.name(asking.responder), "time": asking.asked_at, "until": until}
            return [Phrase("note.asked_booking_next", asked)]
    return []


def _ending(telling: Telling) -> Phrase:
    visit = telling.visit
    who: Args = {"visitor": telling.facts.visitor}
    if visit.mistake:
        return Phrase("note.ended_mistake", who)
    if visit.callback is Callback.KEPT and visit.called_by and visit.callback_settled_at:
        return Phrase("callback.done", {**who, "time": visit.callback_settled_at})
    if visit.hello is Hello.GIVEN and visit.greeted_by and visit.hello_settled_at:
        greeted: Args = {**who, "responder": telling.name(visit.greeted_by), "time": visit.hello_settled_at}
        return Phrase("reception.hello_given", greeted)
    return Phrase("note.ended", who)


def _facts(telling: Telling, history: History) -> list[Fact[Phrase]]:
    """Give what a responder wants to know before answering; nothing that was not said."""
    visit, facts = telling.visit, telling.facts
    rows: list[Fact[Phrase]] = []
    if visit.kind:
        rows.append(Fact(label=Phrase("fact.kind"), value=Phrase(f"kind.{visit.kind}")))
    if facts.how_long_s is not None:
        rows.append(Fact(label=Phrase("fact.how_long"), value=how_long(facts.how_long_s)))
    if facts.party > 1:
        rows.append(Fact(label=Phrase("fact.party"), value=Phrase("fact.party_count", {"count": facts.party})))
    before, owed = history.visits_before, history.still_promised
    if before:
        rows.append(Fact(label=Phrase("fact.visits_before"), value=Phrase("fact.visits_count", {"count": before})))
    if owed:
        rows.append(Fact(label=Phrase("fact.still_promised"), value=Phrase("fact.promised_count", {"count": owed})))
    if visit.callback in OPEN_CALLBACK and not visit.phone_known:
        rows.append(Fact(label=Phrase("fact.number"), value=Phrase("fact.number_unknown")))
    return rows


def how_long(seconds: int) -> Phrase:
    """Say how long a visitor needs; an hour and more is only "longer"."""
    if seconds < 60:
        return Phrase("how_long.seconds", {"count": seconds})
    return Phrase("how_long.minutes", {"count": seconds // 60}) if seconds < 3600 else Phrase("how_long.longer")
