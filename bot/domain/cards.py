"""What each reader sees of a visit as it stands: one card a reader, made of phrases whose language is chosen later.

Nothing stands on reception's card that the visitor may not read over the counter. The sentence to say to the visitor is
in `bot.domain.saying`, the responders' cards are in `bot.domain.person_cards`, the nudges in `bot.domain.nudges`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.domain import saying
from bot.domain.card import Args, Button, Card, Phrase
from bot.domain.facts import Facts, History
from bot.domain.people import House
from bot.domain.person_cards import person_card, press
from bot.domain.policy import Verb, Via
from bot.domain.saying import Telling
from bot.domain.turn import target
from bot.domain.visit import OPEN_CALLBACK, Asking, Callback, Hello, Promise, Visit

RECEPTION_READER = "reception:"
"""A reader that is a counter: this, and the site's id."""


def readers(visit: Visit) -> tuple[str, ...]:
    """Give everybody who has a card of this visit: the counter, whoever was asked, promised, was offered or alerted."""
    promises = (visit.hello_promise, visit.callback_promise, *visit.broken)
    people = (*visit.asked, *(p.by for p in promises if p), *visit.offered_call, *visit.alerted)
    return tuple(dict.fromkeys((RECEPTION_READER + visit.site, *people)))


def cards(
    visit: Visit, facts: Facts, history: History, house: House, *, revision: int = 0, also: Iterable[str] = ()
) -> Mapping[str, Card[Phrase]]:
    """Give each reader's card; `also` are readers who have one from before, when the visit was something to them."""
    telling = Telling(visit, facts, house)
    made = {}
    for reader in dict.fromkeys((*readers(visit), *also)):
        if reader.startswith(RECEPTION_READER):
            made[reader] = reception_card(telling, reader, revision)
        elif reader in house.people:
            made[reader] = person_card(telling, history, reader, revision)
    return made


def reception_card(telling: Telling, reader: str, revision: int) -> Card[Phrase]:
    """Make the counter's card."""
    visit, facts = telling.visit, telling.facts
    state = saying.state(visit)
    shown, more = _reception_buttons(visit, state)
    return Card(
        reader=reader,
        visit=visit.id,
        revision=revision,
        state=state,
        turn=_receptions_turn(visit, state),
        tag=telling.tag(state),
        title=telling.title(),
        visitor=facts.visitor,
        company=facts.company,
        owner=telling.name(visit.owner),
        since=visit.arrived if visit.is_open and visit.left_at is None else None,
        say=telling.say(),
        say_short=telling.say(short=True),
        ask=_reception_asks(telling, state),
        notes=tuple(_reception_notes(telling, state)),
        buttons=shown,
        more=more,
        due=telling.due(),
        promised_at=telling.promised_at(),
        caller=telling.name(visit.callback_promise.by) if visit.callback_promise else "",
        number=facts.phone if visit.callback in OPEN_CALLBACK else "",
        closed=not visit.is_open,
    )


def _receptions_turn(visit: Visit, state: str) -> bool:
    late = visit.call_question
    return (
        state in ("reception", "unsafe")
        or (visit.visitor_question is not None and visit.visitor_question.checking)
        or _number_wanted(visit)
        or (late is not None and late.with_reception)
    )


def _number_wanted(visit: Visit) -> bool:
    """Tell whether a callback is promised to somebody who may still be asked for a number."""
    return visit.callback is Callback.PROMISED and not visit.phone_known and visit.left_at is None


def _reception_asks(telling: Telling, state: str) -> Phrase | None:
    visit = telling.visit
    asking = visit.visitor_question
    if visit.unsafe_by is not None and visit.here:
        return Phrase("reception.read_message", {"responder": telling.name(visit.unsafe_by)})
    if asking and asking.checking:
        key = "ask.has_taken_call" if visit.via is Via.PHONE else "ask.has_come"
        return Phrase(key, {"responder": telling.given(asking.responder)})
    if asking and asking.with_reception:
        return Phrase("ask.gone_or_here", {"visitor": telling.facts.visitor})
    if _number_wanted(visit):
        return Phrase("ask.number", {"visitor": telling.facts.visitor})
    if visit.call_question and visit.call_question.with_reception:
        return Phrase("ask.call_late", {"visitor": telling.facts.visitor})
    return None


def _reception_notes(telling: Telling, state: str) -> list[Phrase]:
    visit = telling.visit
    notes: list[Phrase] = []
    asking = visit.visitor_question
    if telling.facts.line and visit.callback_promise:  # whoever calls wrote it to be read out
        notes.append(Phrase("plain.text", {"text": telling.facts.line}))
    if visit.hello_promise:
        notes.append(_promise_note(telling, visit.hello_promise))
    elif asking and asking.with_reception and visit.unsafe_by is None:
        notes.append(Phrase("note.with_you_since", {"time": asking.since}))
    elif asking and not asking.with_reception:
        notes.append(_asked_note(telling, asking))
    if _number_wanted(visit) and visit.callback_promise:
        notes.append(Phrase("note.number_needed", {"responder": telling.given(visit.callback_promise.by)}))
    notes += [Phrase("note.unreachable", {"responder": telling.name(p)}) for p in visit.unreachable]
    notes += [Phrase("note.disputed", {"by": telling.name(p)}) for p in visit.disputed_by]
    return notes


def _promise_note(telling: Telling, promise: Promise) -> Phrase:
    responder = telling.name(promise.by)
    if promise.entered_by:
        entered: Args = {"responder": responder, "by": telling.name(promise.entered_by), "time": promise.made}
        return Phrase("reception.by_voice", entered)
    return Phrase("note.promised_by", {"responder": responder})


def _asked_note(telling: Telling, asking: Asking) -> Phrase:
    """Say who was asked when, and what comes next if nobody answers."""
    visit = telling.visit
    asked: Args = {"responder": telling.name(asking.responder), "time": asking.asked_at}
    if asking.checking and visit.broken:
        asked = {"responder": telling.name(asking.responder), "time": saying.whole_minute(visit.broken[-1].due)}
    for number, step in enumerate(visit.policy.steps(asking.ladder)):
        if number < asking.step:
            continue
        person = target(visit, asking, step.target, telling.house) if step.verb is Verb.ASK else None
        until: datetime = asking.moments[number]
        key = "note.promised_for" if asking.checking else "note.asked"
        if person:
            return Phrase(f"{key}_next", {**asked, "colleague": telling.name(person), "until": until})
        if step.verb is Verb.BOOK_CALLBACK:
            return Phrase(f"{key}_booking_next", {**asked, "until": until})
        if step.verb is Verb.HAND_OVER_TO:
            return Phrase(f"{key}_reception_next", {**asked, "until": until})
    return Phrase("note.asked", asked)


def _reception_buttons(visit: Visit, state: str) -> tuple[tuple[Button[Phrase], ...], tuple[Button[Phrase], ...]]:
    """Give the two visible buttons and those under *more*; the answers to a question come first."""
    happened, voice = press("hello_happened"), press("by_voice", "answered_by_voice", form=True)
    left, mistake = press("visitor_left"), press("mistake", "posted_by_mistake")
    phone = press("add_phone", "change_phone" if visit.phone_known else None, form=True)
    someone = press("ask_someone_else", form=True)
    note = press("note", form=True)
    asking = visit.visitor_question
    if not visit.is_open:
        return (press("undo"),), ()
    if visit.unsafe_by is not None and visit.here:
        return (press("visitor_left", main=True), press("note", form=True)), (mistake,)
    if asking and asking.checking:
        return (press("yes", "has_come", main=True), press("not_yet")), (happened, voice, phone, someone, left, mistake)
    if asking and asking.with_reception:
        someone_first = press("ask_someone_else", form=True, main=True)
        return (someone_first, left), (happened, voice, phone, mistake)
    if visit.hello in (Hello.OWED, Hello.PROMISED) or visit.callback is Callback.OWED:
        someone_too = (someone,) if visit.hello is not Hello.PROMISED else ()
        return (happened, voice), (phone, *someone_too, left, mistake, note)
    back = (press("undo"),) if visit.hello is Hello.UNSEEN else ()
    calls = (press("done"), press("no_answer"), press("move", form=True), press("drop_call"))
    if _number_wanted(visit):
        return (press("add_phone", form=True, main=True), left), (happened, *calls, mistake)
    late = visit.call_question is not None
    if late and visit.call_question and visit.call_question.with_reception:
        return (press("done", main=True), press("move", form=True)), (press("no_answer"), someone, calls[3], note)
    changed = press("add_phone", "change_phone", form=True)
    if visit.left_at is None:
        return (left, happened), (*calls, changed, mistake)
    return (calls[0],), (*back, *calls[1:], changed, mistake)
