"""The forms that buttons open, made of what the visit, the house and the reader say; `bot.form_answers` reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import commands as c
from bot.domain.authority import authorise
from bot.domain.card import Args, Phrase
from bot.domain.decide import decide
from bot.domain.facts import Facts
from bot.domain.people import House, Person
from bot.domain.person_cards import hellos, may_press
from bot.domain.turn import Turn
from bot.domain.visit import Visit
from bot.domain.visits import colleagues
from bot.errors import Refused
from bot.language.phones import show_phone
from bot.language.wording import Reader, Wording
from bot.messages import Field, FieldKind, Form, Option
from bot.settings import Settings

DAYS_AHEAD = 10
"""So many days may be picked for a callback; the policy bounds it further."""


SLOTS_LOOKED_AT = 80


APART = timedelta(hours=1)
"""Open slots are offered at least so far apart, where there are enough of them."""


SAID_BY_VOICE = {"not_me": "buttons.not_me", "seen": "buttons.seen", "not_safe": "form.voice.help"}
"""Buttons that somebody may also say by voice, and their labels: the visitor may see the screen of the counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormContext:
    """All that a form is made from: who looks at which visit, and when."""

    visit: Visit
    facts: Facts
    house: House
    person: Person
    reader: Reader
    now: datetime
    settings: Settings
    wording: Wording

    def say(self, key: str, **args: str | int | datetime) -> str:
        """Write a sentence for whoever fills in the form."""
        return self.wording.say(Phrase(key, args), self.reader, self.now)

    @property
    def who(self) -> Args:
        """Give the names that most sentences of a form need."""
        return {"visitor": self.facts.visitor, "owner": self.name(self.visit.owner)}

    def name(self, person: str) -> str:
        """Give the name of a person's id, or the id of somebody who is in the directory no more."""
        people = self.house.people
        return people[person].name if person in people else person

    @property
    def zone(self) -> ZoneInfo:
        """Give the zone in which hours are meant."""
        return ZoneInfo(self.reader.zone)


FORMS = frozenset(
    {
        "call_back",
        "move",
        "ask_colleague",
        "ask_someone_else",
        "pass_call",
        "by_voice",
        "add_phone",
        "visitor_left",
        "note",
    }
)
"""The buttons that open a form."""


_TRIED: Mapping[str, Callable[[str, datetime], c.Command]] = {
    "call_back": lambda by, now: c.PromiseCallback(by=by, due=now),
    "move": lambda by, now: c.MoveCallback(by=by, due=now),
    "ask_colleague": lambda by, _: c.Delegate(by=by, to=""),
    "ask_someone_else": lambda by, _: c.AskSomeoneElse(by=by, to=""),
    "pass_call": lambda by, _: c.PassCallback(by=by, to=""),
    "add_phone": lambda by, _: c.AddPhone(by=by),
    "visitor_left": lambda by, _: c.LeaveVisit(by=by, without_number=True),
    "note": lambda by, _: c.AddNote(by=by),
}
"""What each form comes to, with nothing chosen yet: refused for that alone, the form is worth filling in."""
_NOT_CHOSEN = frozenset({"past_time", "unknown_person"})


def make(desk: FormContext, button: str) -> Form:
    """Make the form which a button opens; `Refused` where there is none, or where it would come to nothing."""
    if button not in FORMS:
        raise Refused("nothing_asked")
    _check(desk, button)
    return _made(desk, button)


def _check(desk: FormContext, button: str) -> None:
    """Refuse a form that is not for this person, or of a visit that is closed, or asks what is settled by now."""
    visit, house = desk.visit, desk.house
    command = _TRIED[button](desk.person.id, desk.now) if button in _TRIED else None
    if command is None:  # by voice: each may say something else, but only reception enters it
        if not house.is_reception(desk.person.id):
            raise Refused("not_reception")
    else:
        authorise(visit, command, house)
    if button == "visitor_left":  # it may contradict what has closed the visit a moment ago
        return
    if not visit.is_open:
        raise Refused("closed")
    try:
        if command is not None:
            decide(visit, command, house, desk.now)
    except Refused as refused:
        if refused.reason not in _NOT_CHOSEN:
            raise


def _made(desk: FormContext, button: str) -> Form:
    if button == "call_back":
        return _form(desk, button, "callback", (*_when(desk, desk.person.id), _number(desk), *_line_and_points(desk)))
    if button == "move":
        promise = desk.visit.callback_promise
        return _form(desk, button, "move", _when(desk, promise.by if promise else desk.person.id))
    if button == "by_voice":
        return _form(desk, button, "voice", _voice(desk))
    if button == "add_phone":
        return _form(desk, button, "add_phone", (replace(_number(desk), required=True),))
    if button == "visitor_left":
        return _form(desk, button, "left", (_number(desk),))
    if button == "note":
        text = Field(
            name="text",
            kind=FieldKind.LONG_TEXT,
            label=desk.say("form.note.text"),
            hint=desk.say("form.note.text_hint"),
            required=True,
        )
        return _form(desk, button, "note", (text,))
    key = {"ask_colleague": "colleague", "ask_someone_else": "ask_someone", "pass_call": "pass"}[button]
    return _form(desk, button, key, (_whom(desk, button, f"form.{key}.who"),))


def _form(desk: FormContext, button: str, key: str, fields: Sequence[Field]) -> Form:
    who = dict(desk.who)
    asking = desk.visit.visitor_question
    someone = asking.responder if asking and not asking.with_reception else desk.visit.owner
    who["responder"] = desk.name(someone)
    return Form(
        visit=desk.visit.id,
        button=button,
        title=desk.say(f"form.{key}.title", **who),
        submit=desk.say(f"form.{key}.submit"),
        fields=tuple(fields),
        note=desk.say("form.callback.note") if button == "call_back" else "",
    )


def _slots(desk: FormContext, caller: str) -> tuple[datetime, ...]:
    """Give the caller's open slots that the policy lets them promise."""
    rules, calendar = desk.visit.policy.callback, desk.house.calendar
    latest = calendar.later(desk.now, rules.within)
    free = [slot for slot in calendar.slots(caller, desk.now, SLOTS_LOOKED_AT) if slot <= latest]
    return _spread(free, rules.offers, desk.zone)


def _spread(free: Sequence[datetime], count: int, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Pick slots that leave a choice: the next one, later ones an hour apart, and the first of another day at last."""
    picked = list(free[:1])
    for slot in free:
        if (
            len(picked) < count - 1
            and slot >= picked[-1] + APART
            and slot.astimezone(zone).date() == free[0].astimezone(zone).date()
        ):
            picked.append(slot)
    days = {slot.astimezone(zone).date() for slot in picked}
    picked += [slot for slot in free if slot.astimezone(zone).date() not in days][: count > len(picked)]
    picked += [slot for slot in free if slot not in picked][: count - len(picked)]
    return tuple(sorted(picked[:count]))


def _slot_option(desk: FormContext, slot: datetime, *, chosen: bool = False, prefix: str = "") -> Option:
    clock = desk.wording.clock(slot, desk.reader)
    days = (slot.astimezone(desk.zone).date() - desk.now.astimezone(desk.zone).date()).days
    day = _day_name(desk, slot, days)
    return Option(value=prefix + slot.isoformat(), label=f"{day} {clock}", chosen=chosen, day=day, clock=clock)


def _day_name(desk: FormContext, moment: datetime, days: int) -> str:
    if days in (0, 1):
        return desk.say("form.callback.today" if days == 0 else "form.callback.tomorrow")
    return desk.wording.date(moment, desk.reader)


def _when(desk: FormContext, caller: str) -> tuple[Field, ...]:
    slots = _slots(desk, caller)
    options = [_slot_option(desk, slot, chosen=slot == slots[0]) for slot in slots]
    options.append(Option(value="free", label=desk.say("form.callback.other_time"), chosen=not slots))
    label, hint = desk.say("form.callback.when"), desk.say("form.callback.when_hint")
    when = Field(name="when", kind=FieldKind.CHOICE, label=label, hint=hint, options=tuple(options), required=True)
    return when, _free(desk)


def _free(desk: FormContext) -> Field:
    """Make the two parts of a free time: a day out of a list in the reader's language, and an hour as text."""
    today = desk.now.astimezone(desk.zone).date()
    latest = desk.house.calendar.later(desk.now, desk.visit.policy.callback.within).astimezone(desk.zone).date()
    days = []
    for ahead in range(min(DAYS_AHEAD, (latest - today).days + 1)):
        day = today + timedelta(days=ahead)
        moment = datetime.combine(day, desk.now.astimezone(desk.zone).time(), desk.zone)
        days.append(Option(value=day.isoformat(), label=_day_name(desk, moment, ahead), chosen=ahead == 0))
    label = desk.say("form.callback.other_time")
    return Field(name="free", kind=FieldKind.DAY_AND_TIME, label=label, options=tuple(days))


def _number(desk: FormContext) -> Field:
    return Field(
        name="phone",
        kind=FieldKind.PHONE,
        label=desk.say("form.add_phone.number"),
        hint=desk.say("form.add_phone.number_hint"),
        value=show_phone(desk.facts.phone) if desk.facts.phone else "",
    )


def _line_and_points(desk: FormContext) -> tuple[Field, Field]:
    line = Field(
        name="line",
        kind=FieldKind.TEXT,
        label=desk.say("form.callback.line", **desk.who),
        hint=desk.say("form.callback.line_hint"),
        value=desk.facts.line,
    )
    points = Field(
        name="points",
        kind=FieldKind.LONG_TEXT,
        label=desk.say("form.callback.points"),
        hint=desk.say("form.callback.points_hint"),
        value="\n".join(desk.facts.points),
    )
    return line, points


def _people(desk: FormContext, button: str) -> tuple[str, ...]:
    """Give whom a form offers: whom the policy lets a responder ask, or everybody of the site for reception."""
    visit, house = desk.visit, desk.house
    if button == "ask_colleague":
        offered = colleagues(Turn(visit, house, desk.now, desk.person.id))
    else:
        offered = tuple(p.id for p in house.people.values() if not p.sites or visit.site in p.sites)
    asking = visit.visitor_question or visit.call_question
    asked_now = asking.responder if asking else ""
    out = {desk.person.id, asked_now, *house.absences}
    return tuple(person for person in offered if person not in out and not house.people[person].reception_of)


def _whom(desk: FormContext, button: str, label: str) -> Field:
    people = _people(desk, button)
    if not people:
        raise Refused("nobody_to_ask")
    options = tuple(Option(value=p, label=desk.house.people[p].name, chosen=p == people[0]) for p in people)
    return Field(name="to", kind=FieldKind.CHOICE, label=desk.say(label), options=options, required=True)


def _voice(desk: FormContext) -> tuple[Field, ...]:
    visit, people = desk.visit, desk.house.people
    asking = visit.visitor_question
    last = asking.responder if asking and asking.responder in people else visit.owner
    speakers = [p for p in dict.fromkeys((last, visit.owner, *visit.asked)) if p in people]
    who = tuple(Option(value=p, label=people[p].name, chosen=p == last) for p in speakers)
    said = [
        Option(value=f"hello:{b.value}", label=desk.wording.say(b.label, desk.reader, desk.now)) for b in hellos(visit)
    ]
    slots = _slots(desk, last)
    said += [_voice_slot(desk, slot) for slot in slots]
    said.append(Option(value="free", label=desk.say("form.voice.calls_free")))
    for person in _people(desk, "ask_colleague"):
        said.append(Option(value=f"to:{person}", label=desk.say("form.voice.asks", colleague=people[person].name)))
    theirs = frozenset[str]().union(*(may_press(visit, person) for person in speakers))
    said += [Option(value=f"press:{b}", label=desk.say(key)) for b, key in SAID_BY_VOICE.items() if b in theirs]
    if said:
        said[0] = replace(said[0], chosen=True)
    return (
        Field(name="who", kind=FieldKind.CHOICE, label=desk.say("form.voice.who"), options=who, required=True),
        Field(
            name="what", kind=FieldKind.CHOICE, label=desk.say("form.voice.what"), options=tuple(said), required=True
        ),
        replace(_free(desk), hint=desk.say("form.voice.free_hint")),
        _number(desk),
    )


def _voice_slot(desk: FormContext, slot: datetime) -> Option:
    option = _slot_option(desk, slot, prefix="at:")
    return replace(option, label=desk.say("form.voice.calls", text=option.label), day="", clock="")


def filled_in(made: Field, values: Mapping[str, str]) -> Field:
    """Give a field with what was typed or chosen in it, for a form that is shown again."""
    options = made.options
    if made.kind is FieldKind.CHOICE and made.name in values:
        options = tuple(replace(option, chosen=option.value == values[made.name]) for option in options)
    if made.kind is FieldKind.DAY_AND_TIME:
        day = values.get(f"{made.name}_day", "")
        options = tuple(replace(option, chosen=option.value == day) for option in options)
        return replace(made, options=options, value=values.get(f"{made.name}_time", ""))
    return replace(made, options=options, value=values.get(made.name, made.value))
