"""The story of a visit, told from its journal, in one reader's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from bot.domain import events as e
from bot.domain.card import Args, Phrase
from bot.domain.deadlines import next_deadline
from bot.domain.facts import Facts
from bot.domain.people import BOT, RECEPTION
from bot.domain.visit import OPEN_CALLBACK, OPEN_HELLO, Callback, Hello, Visit, Which
from bot.language.wording import Reader, Wording
from bot.ports import Entry, Story, StoryLine

AT_ONCE = timedelta(seconds=1)


def tell(  # noqa: PLR0913 - who reads what of which visit, when
    visit: Visit,
    facts: Facts,
    journal: Sequence[Entry],
    names: Callable[[str], str],
    wording: Wording,
    reader: Reader,
    now: datetime,
) -> Story:
    """Tell a visit to a reader; `names` gives the name of a person's id."""

    def say(key: str, **args: str | int | datetime) -> str:
        return wording.say(Phrase(key, args), reader, now)

    who: Args = {"visitor": facts.visitor, "company": facts.company, "owner": names(visit.owner)}
    return Story(
        visit=visit.id,
        title=say("reception.title" if facts.company else "reception.title_no_company", **who),
        intro=_intro(visit, say, wording, reader),
        summary=_summary(visit, names, say, wording, reader, now),
        lines=[_line(entry, visit, facts, names, say, wording, reader) for entry in journal],
    )


def _intro(visit: Visit, say: Callable[..., str], wording: Wording, reader: Reader) -> str:
    came = say(f"story.via.{visit.via}")
    if visit.kind:
        came = f"{came}, {say(f'kind.{visit.kind}').lower()}"
    day = wording.date(visit.arrived, reader)
    return say("story.intro", day=day, reason_text=came, text=visit.policy.name, time=visit.arrived)


# --- the lines -------------------------------------------------------------------------------------------------------


def _line(  # noqa: PLR0913 - one line of the above
    entry: Entry,
    visit: Visit,
    facts: Facts,
    names: Callable[[str], str],
    say: Callable[..., str],
    wording: Wording,
    reader: Reader,
) -> StoryLine:
    event = entry.event
    args = _args(event, facts, visit, names)
    text = say(f"story.{story_key(event, facts)}", **args)
    if event.entered_by is not None:
        text = f"{text.rstrip('.')} ({say('story.by_voice_suffix', entered_by=names(event.entered_by))})."
    late: int = getattr(event, "late_s", 0)
    if late:
        text = f"{text} {say('story.late', minutes=max(1, round(late / 60)))}."
    since = event.at - visit.arrived
    passed = wording.duration(since, reader)
    return StoryLine(
        at=event.at,
        who=_told_as(event),
        text=text,
        how=say(f"story.through.{entry.through}"),
        after=say("story.at_once") if since < AT_ONCE else say("story.after", text=passed),
    )


def _args(event: e.Event, facts: Facts, visit: Visit, names: Callable[[str], str]) -> dict[str, Any]:
    """Give what a line needs: the event's own fields, names for ids, and the moment that it speaks of."""
    args: dict[str, Any] = {"visitor": facts.visitor, "company": facts.company, "owner": names(visit.owner)}
    for part in fields(event):
        value = getattr(event, part.name)
        if part.name in ("by", "to", "person") and isinstance(value, str):
            args[part.name] = names(value)
    args["time"] = getattr(event, "due", event.at)
    args["adapter"] = getattr(event, "adapter", "")
    return args


def story_key(event: e.Event, facts: Facts) -> str:
    """Give the key of an event's sentence: its class, and a variant where what it says depends on a field."""
    name = type(event).__name__
    match event:
        case e.Arrived():
            return name if facts.company else f"{name}_no_company"
        case e.AskingBegan(person=person, which=which):
            if person == RECEPTION:
                return f"{name}_reception"
            return f"{name}_call" if which is Which.CALL else name
        case e.HelloGiven(fate=fate):
            return name if fate == "none" else f"{name}_{fate}"
        case e.CallbackPromised(origin=origin):
            return name if origin == "person" else f"{name}_{origin}"
        case e.CallbackKept(fate=fate):
            return f"{name}_late" if fate == "late" else name
        case e.VisitorLeft(why=why):
            return name if why == "said" else f"{name}_{why}"
        case (
            e.StepSkipped(why=why)
            | e.HelloTakenBack(why=why)
            | e.HelloDropped(why=why)
            | e.CallbackDropped(why=why)
            | e.CallbackUnreachable(why=why)
        ):
            return f"{name}_{why}"
        case e.Disputed(claim=claim):
            return f"{name}_{claim}"
        case _:
            return name


_TURNS = (e.HelloBroken, e.CallbackLate, e.NotDelivered, e.Unreachable)


def _told_as(event: e.Event) -> str:
    if isinstance(event, _TURNS) or getattr(event, "late_s", None):
        return "late"
    return "bot" if event.by == BOT or isinstance(event, e.AskingBegan | e.Delivered) else "person"


# --- the summary -----------------------------------------------------------------------------------------------------


def _summary(
    visit: Visit,
    names: Callable[[str], str],
    say: Callable[..., str],
    wording: Wording,
    reader: Reader,
    now: datetime,
) -> list[tuple[str, str, str]]:
    return [
        (say("story.summary.waited"), *_waited(visit, say, wording, reader, now)),
        (say("story.summary.hello"), *_hello(visit, names, say)),
        (say("story.summary.callback"), *_callback(visit, names, say)),
        (say("story.summary.still_owed"), *_owed(visit, say)),
    ]


def _waited(visit: Visit, say: Callable[..., str], wording: Wording, reader: Reader, now: datetime) -> tuple[str, str]:
    ends = [moment for moment in (visit.hello_settled_at, visit.left_at, visit.closed_at) if moment]
    until = min(ends, default=None)
    waited = wording.duration((until or now) - visit.arrived, reader, exact=True)
    if until is None:
        return waited, say("story.summary.waiting_since", time=visit.arrived)
    return waited, say("story.summary.waited_from_to", time=visit.arrived, until=until)


def _hello(visit: Visit, names: Callable[[str], str], say: Callable[..., str]) -> tuple[str, str]:
    broken = say("story.summary.hello_broken", count=len(visit.broken)) if visit.broken else ""
    args: dict[str, Any] = {}
    if visit.hello is Hello.PROMISED and visit.hello_promise:
        args = {"person": names(visit.hello_promise.by), "time": visit.hello_promise.due}
    elif visit.hello is Hello.GIVEN and visit.greeted_by:
        args = {"person": names(visit.greeted_by), "time": visit.hello_settled_at}
    return say(f"story.summary.hello_{visit.hello}", **args), broken


def _callback(visit: Visit, names: Callable[[str], str], say: Callable[..., str]) -> tuple[str, str]:
    args: dict[str, Any] = {}
    if visit.callback_promise:
        args = {"person": names(visit.callback_promise.by), "time": visit.callback_promise.due}
    elif visit.callback is Callback.KEPT and visit.called_by:
        args = {"person": names(visit.called_by), "time": visit.callback_settled_at}
    return say(f"story.summary.callback_{visit.callback}", **args), ""


def _owed(visit: Visit, say: Callable[..., str]) -> tuple[str, str]:
    owed = []
    if visit.hello in OPEN_HELLO:
        owed.append(say("story.summary.owed_hello"))
    if visit.callback in OPEN_CALLBACK:
        owed.append(say("story.summary.owed_callback"))
    deadline = next_deadline(visit)
    next_step = say("story.summary.next_at", time=deadline) if deadline else ""
    return ", ".join(owed) or say("story.summary.nothing"), next_step
