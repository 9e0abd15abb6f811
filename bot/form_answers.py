"""What the answers of a form want of a visit: commands, and facts to keep.

Whatever is wrong with an answer is told beside its field, and nothing is lost or done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from bot.domain import commands as c
from bot.domain.facts import Facts
from bot.errors import Hello30Error, Refused
from bot.forms import FORMS, FormContext
from bot.language.phones import read_phone, show_phone
from bot.language.when import at, read_clock
from bot.messages import Press
from bot.texts import lines

LONGEST = {"line": 200, "points": 1000, "text": 1000}
"""How many characters each free text may have."""


SPOKEN: Mapping[str, type[c.Command]] = {"not_me": c.NotMe, "seen": c.MarkSeen, "not_safe": c.MarkUnsafe}
"""What `bot.forms.SAID_BY_VOICE` offers, as commands."""


class WrongAnswers(Hello30Error):
    """Answers that cannot be used; `errors` has a sentence for each field concerned."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Take at least one error."""
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a filled-in form wants: commands, in order, and the facts as they are afterwards."""

    commands: tuple[c.Command, ...]
    facts: Facts = field(default_factory=lambda: Facts(visitor=""))


WRONG_TIMES = frozenset({"past_time", "slot_taken", "callback_bounds", "closed_then"})
"""Refusals that are about the time which somebody chose, so that the form can be filled in again."""


def typed_back(values: Mapping[str, str], facts: Facts) -> str:
    """Give what somebody typed into a form that comes too late, so that it is not lost; not what stood there before."""
    there = {"line": facts.line, "points": "\n".join(facts.points), "phone": show_phone(facts.phone)}
    typed = {name: lines(values.get(name, "")) for name in (*LONGEST, "phone")}
    new = {name: text for name, text in typed.items() if text.split() != there.get(name, "").split()}
    return "; ".join(_short(text, LONGEST.get(name, 40)) for name, text in new.items())


def wrong_time(act: object, refused: Refused, text: str) -> WrongAnswers | None:
    """Put a refused time beside the field in which it was chosen; None when no form is to be filled in again."""
    if not isinstance(act, Press) or not act.submitted or refused.reason not in WRONG_TIMES:
        return None
    field_of = {"call_back": "when", "move": "when", "by_voice": "what"}.get(act.button)
    if field_of is None:
        return None
    return WrongAnswers({"free" if act.values.get(field_of) == "free" else field_of: text})


def read(desk: FormContext, button: str, values: Mapping[str, str]) -> Answers:
    """Turn the answers of a form into what they want; raises `WrongAnswers`, or `Refused` for no such form."""
    if button not in FORMS:
        raise Refused("nothing_asked")
    by = desk.person.id
    if button in ("call_back", "move"):
        return _read_call(desk, button, values)
    if button == "by_voice":
        return _read_voice(desk, values)
    if button in ("ask_colleague", "ask_someone_else", "pass_call"):
        kinds = {"ask_colleague": c.Delegate, "ask_someone_else": c.AskSomeoneElse, "pass_call": c.PassCallback}
        return Answers(commands=(kinds[button](by=by, to=_read_whom(desk, values)),), facts=desk.facts)
    if button == "note":
        text = _read_text(desk, values, "text")
        if not text:
            raise WrongAnswers({"text": desk.say("form.errors.choice_missing")})
        return Answers(commands=(c.AddNote(by=by),), facts=replace(desk.facts, notes=(*desk.facts.notes, text)))
    return _read_phone_form(desk, button, values)


def _read_call(desk: FormContext, button: str, values: Mapping[str, str]) -> Answers:
    errors: dict[str, str] = {}
    when = values.get("when", "")
    _one_time_only(desk, when, values, errors)
    due = _read_due(desk, when, values, errors)
    phone = _read_number(desk, values, errors)
    facts = desk.facts
    if button == "call_back":
        line = _read_text(desk, values, "line")
        points = tuple(p.strip() for p in _read_text(desk, values, "points").splitlines() if p.strip())
        facts = replace(facts, line=line, points=points)
    if errors or due is None:
        raise WrongAnswers(errors)
    by = desk.person.id
    promise = c.PromiseCallback(by=by, due=due) if button == "call_back" else c.MoveCallback(by=by, due=due)
    return Answers(commands=(*_phone_first(desk, phone), promise), facts=replace(facts, phone=phone or facts.phone))


def _read_voice(desk: FormContext, values: Mapping[str, str]) -> Answers:
    errors: dict[str, str] = {}
    who, kind, value = values.get("who", ""), *values.get("what", "").partition(":")[::2]
    if who not in desk.house.people:
        errors["who"] = desk.say("form.errors.choice_missing")
    _one_time_only(desk, kind, values, errors)
    phone = _read_number(desk, values, errors)
    entered = desk.person.id
    command: c.Command | None = None
    if kind == "hello" and value.isascii() and value.isdigit() and len(value) < 4:
        command = c.PromiseHello(by=who, entered_by=entered, within=timedelta(minutes=int(value)))
    elif kind in ("at", "free"):
        due = _read_due(desk, value or "free", values, errors)
        command = c.PromiseCallback(by=who, entered_by=entered, due=due) if due else None
    elif kind == "to" and value in desk.house.people:
        command = c.Delegate(by=who, entered_by=entered, to=value)
    elif kind == "press" and value in SPOKEN:
        command = SPOKEN[value](by=who, entered_by=entered)
    else:
        errors["what"] = desk.say("form.errors.choice_missing")
    if errors or command is None:
        raise WrongAnswers(errors)
    facts = replace(desk.facts, phone=phone or desk.facts.phone)
    return Answers(commands=(*_phone_first(desk, phone), command), facts=facts)


def _read_phone_form(desk: FormContext, button: str, values: Mapping[str, str]) -> Answers:
    errors: dict[str, str] = {}
    phone = _read_number(desk, values, errors)
    by = desk.person.id
    if button == "add_phone" and not phone and not errors:
        errors["phone"] = desk.say("form.errors.number_missing")
    if errors:
        raise WrongAnswers(errors)
    facts = replace(desk.facts, phone=phone or desk.facts.phone)
    if button == "add_phone":
        return Answers(commands=(c.AddPhone(by=by),) if phone != desk.facts.phone else (), facts=facts)
    left = c.LeaveVisit(by=by, without_number=not phone)
    return Answers(commands=(*_phone_first(desk, phone), left), facts=facts)


def _phone_first(desk: FormContext, phone: str) -> tuple[c.Command, ...]:
    """A number that was given goes before what is promised on it; the same number again is no news."""
    return (c.AddPhone(by=desk.person.id),) if phone and phone != desk.facts.phone else ()


def _read_number(desk: FormContext, values: Mapping[str, str], errors: dict[str, str]) -> str:
    text = values.get("phone", "").strip()
    if not text:
        return ""
    number = read_phone(text, zone=desk.settings.sites[desk.visit.site].zone)
    if number is None:
        errors["phone"] = desk.say("form.errors.number_wrong", text=_short(text))
        return ""
    return number


def _read_due(desk: FormContext, when: str, values: Mapping[str, str], errors: dict[str, str]) -> datetime | None:
    if when == "free":
        return _read_free(desk, values, errors)
    try:
        due = datetime.fromisoformat(when)
    except ValueError:
        due = None
    if due is None or due.tzinfo is None or abs(due.year - desk.now.year) > 1:
        errors["when"] = desk.say("form.errors.time_missing")
        return None
    return due


def _read_free(desk: FormContext, values: Mapping[str, str], errors: dict[str, str]) -> datetime | None:
    text = values.get("free_time", "").strip()
    try:
        day = date.fromisoformat(values.get("free_day", ""))
    except ValueError:
        day = desk.now.astimezone(desk.zone).date()
    clock = read_clock(text)
    if clock is None or abs(day.year - desk.now.year) > 1:
        key = "time_wrong" if text else "time_missing"
        errors["free"] = desk.say(f"form.errors.{key}", text=_short(text))
        return None
    due = at(day, clock, desk.reader.zone)
    if due <= desk.now:
        errors["free"] = desk.say("form.errors.time_past", time=due)
        return None
    if not desk.house.calendar.is_open(due):
        errors["free"] = desk.say("form.errors.time_closed", site=desk.settings.sites[desk.visit.site].name)
        return None
    return due


def _one_time_only(desk: FormContext, chosen: str, values: Mapping[str, str], errors: dict[str, str]) -> None:
    """Ask back when an hour was written beside another choice: a visitor is told one time, so it is never guessed."""
    text = values.get("free_time", "").strip()
    if text and chosen != "free":
        errors["free"] = desk.say("form.errors.two_times", text=_short(text))


def _read_whom(desk: FormContext, values: Mapping[str, str]) -> str:
    to = values.get("to", "")
    if to not in desk.house.people:
        raise WrongAnswers({"to": desk.say("form.errors.choice_missing")})
    return to


def _read_text(desk: FormContext, values: Mapping[str, str], name: str) -> str:
    text = lines(values.get(name, ""))
    if len(text) > LONGEST[name]:
        raise WrongAnswers({name: desk.say("form.errors.too_long", count=LONGEST[name])})
    return text


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
