"""The story of a visit, told from its journal, in one reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain import events as e
from bot.domain.card import Args, Phrase, StepLine
from bot.domain.deadlines import next_deadline
from bot.domain.facts import Facts
from bot.domain.people import BOT, RECEPTION
from bot.domain.policy import Ladder
from bot.domain.visit import OPEN_CALLBACK, OPEN_HELLO, Callback, Hello, Origin, Visit, Which
from bot.language.wording import Reader, Wording
from bot.pages import Story, StoryLine
from bot.rows import Entry

AT_ONCE = timedelta(seconds=1)
AT_ARRIVAL = 2
"""So many lines a visit begins with, of which its card already says everything: who came, and who was asked."""
NO_STEPS = (e.Delivered, e.PressRefused, e.NoAnswerTyped, e.SeemsAway, e.StepTaken, e.StepSkipped, e.NoteAdded)
"""What reception need not be told: it changes nothing for the visitor, or is no business of theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Who tells which visit to whom, and when; `names` gives the name of a person's id."""

    visit: Visit
    facts: Facts
    names: Callable[[str], str]
    wording: Wording
    reader: Reader
    now: datetime

    def say(self, key: str, **args: str | int | datetime) -> str:
        """Write a sentence for the reader."""
        return self.wording.say(Phrase(key, args), self.reader, self.now)


def tell(teller: Teller, journal: Sequence[Entry], notes: Sequence[str] = ()) -> Story:
    """Tell a visit from its journal, with the notes that this reader may see."""
    visit, facts = teller.visit, teller.facts
    who: Args = {"visitor": facts.visitor, "company": facts.company, "owner": teller.names(visit.owner)}
    return Story(
        visit=visit.id,
        title=teller.say("reception.title" if facts.company else "reception.title_no_company", **who),
        intro=_intro(teller),
        summary=_summary(teller),
        lines=[_line(teller, entry) for entry in journal],
        notes=notes,
    )


def tell_steps(teller: Teller, journal: Sequence[Entry]) -> tuple[StepLine[str], ...]:
    """Tell a counter what has happened so far, newest last; nothing while that is only what its card says anyhow.

    The visitor may read along, so nothing in it says more than the card does of a visit that is not safe. Each line is
    told as of its own moment: what was promised for "today" stays true on the next day.
    """
    steps = [entry.event for entry in journal if _is_step(entry.event)]
    if len(steps) <= AT_ARRIVAL:
        return ()
    return tuple(StepLine(at=event.at, text=_step(replace(teller, now=event.at), event)) for event in steps)


def _is_step(event: e.Event) -> bool:
    if isinstance(event, e.NotDelivered):
        return ":" not in event.person  # what did not reach the counter itself is no news there once it does
    not_safe = isinstance(event, e.HelloDropped | e.CallbackDropped) and event.why == "not_safe"
    return not (not_safe or isinstance(event, NO_STEPS))


def _step(teller: Teller, event: e.Event) -> str:
    if isinstance(event, e.MarkedUnsafe):
        return teller.say("reception.read_message", responder=teller.names(event.by))
    return _text(teller, event)


def _intro(teller: Teller) -> str:
    visit = teller.visit
    came = teller.say(f"story.via.{visit.via}")
    if visit.kind:
        came = f"{came}, {teller.say(f'kind.{visit.kind}').lower()}"
    day = teller.wording.date(visit.arrived, teller.reader)
    return teller.say("story.intro", day=day, reason_text=came, text=visit.policy.name, time=visit.arrived)


# --- the lines -------------------------------------------------------------------------------------------------------


def _line(teller: Teller, entry: Entry) -> StoryLine:
    event, visit = entry.event, teller.visit
    since = event.at - visit.arrived
    passed = teller.wording.duration(since, teller.reader)
    return StoryLine(
        at=event.at,
        who=_told_as(event),
        text=_text(teller, event),
        how=teller.say(f"story.through.{entry.through}"),
        after=teller.say("story.at_once") if since < AT_ONCE else teller.say("story.after", text=passed),
    )


def _text(teller: Teller, event: e.Event) -> str:
    text = teller.say(f"story.{story_key(event, teller.facts)}", **_args(teller, event))
    if event.entered_by is not None:
        suffix = teller.say("story.by_voice_suffix", entered_by=teller.names(event.entered_by))
        text = f"{text.rstrip('.')} ({suffix})."
    late: int = getattr(event, "late_s", 0)
    return f"{text} ({teller.say('story.late', minutes=max(1, round(late / 60)))})" if late else text


def _args(teller: Teller, event: e.Event) -> dict[str, Any]:
    """Give what a line needs: names for the ids in the event, and the moment that it speaks of."""
    facts, names = teller.facts, teller.names
    args: dict[str, Any] = {"visitor": facts.visitor, "company": facts.company, "owner": names(teller.visit.owner)}
    for part in fields(event):
        value = getattr(event, part.name)
        if part.name in ("by", "to", "person") and isinstance(value, str):
            args[part.name] = names(value)
    args["time"] = getattr(event, "due", event.at)
    adapter = getattr(event, "adapter", "")
    args["adapter"] = teller.say(f"adapter.{adapter}") if adapter else ""
    return args


def _asking_variant(event: e.AskingBegan) -> str:
    if event.person == RECEPTION:
        return "reception"
    if event.ladder is Ladder.HELLO_LATE:
        return "again"
    return "call" if event.which is Which.CALL else ""


VARIANTS: Mapping[type[e.Event], Callable[[Any], str]] = {
    e.AskingBegan: _asking_variant,
    e.HelloGiven: lambda event: "" if event.fate == "none" else event.fate,
    e.CallbackPromised: lambda event: "" if event.origin is Origin.PERSON else event.origin,
    e.CallbackKept: lambda event: "late" if event.fate == "late" else "",
    e.VisitorLeft: lambda event: "" if event.why == "said" else event.why,
    e.StepSkipped: lambda event: event.why,
    e.HelloTakenBack: lambda event: event.why,
    e.HelloDropped: lambda event: event.why,
    e.CallbackDropped: lambda event: event.why,
    e.CallbackUnreachable: lambda event: event.why,
    e.Disputed: lambda event: event.claim,
    e.PressRefused: lambda event: "typed" if event.command == "typed" else "",
    e.SeemsAway: lambda event: event.why,
}
"""Events whose sentence depends on one of their fields: what is added to the key."""


def story_key(event: e.Event, facts: Facts) -> str:
    """Give the key of an event's sentence: its class, and a variant where what it says depends on a field."""
    name = type(event).__name__
    if isinstance(event, e.Arrived):
        return name if facts.company else f"{name}_no_company"
    variant = VARIANTS[type(event)](event) if type(event) in VARIANTS else ""
    return f"{name}_{variant}" if variant else name


_TURNS = (e.HelloBroken, e.CallbackLate, e.NotDelivered, e.Unreachable)


def _told_as(event: e.Event) -> str:
    if isinstance(event, _TURNS) or getattr(event, "late_s", None):
        return "late"
    return "bot" if event.by == BOT or isinstance(event, e.AskingBegan | e.Delivered) else "person"


# --- the summary -----------------------------------------------------------------------------------------------------


def _summary(teller: Teller) -> list[tuple[str, str, str]]:
    rows = {"waited": _waited, "hello": _hello, "callback": _callback, "still_owed": _owed}
    return [(teller.say(f"story.summary.{name}"), *tell_row(teller)) for name, tell_row in rows.items()]


def _waited(teller: Teller) -> tuple[str, str]:
    visit = teller.visit
    ends = [moment for moment in (visit.hello_settled_at, visit.left_at, visit.closed_at) if moment]
    until = min(ends, default=None)
    waited = teller.wording.duration((until or teller.now) - visit.arrived, teller.reader, exact=True)
    if until is None:
        return waited, teller.say("story.summary.waiting_since", time=visit.arrived)
    return waited, teller.say("story.summary.waited_from_to", time=visit.arrived, until=until)


def _hello(teller: Teller) -> tuple[str, str]:
    visit = teller.visit
    broken = teller.say("story.summary.hello_broken", count=len(visit.broken)) if visit.broken else ""
    args: dict[str, Any] = {}
    if visit.hello is Hello.PROMISED and visit.hello_promise:
        args = {"person": teller.names(visit.hello_promise.by), "time": visit.hello_promise.due}
    elif visit.hello is Hello.GIVEN and visit.greeted_by:
        args = {"person": teller.names(visit.greeted_by), "time": visit.hello_settled_at}
    return teller.say(f"story.summary.hello_{visit.hello}", **args), broken


def _callback(teller: Teller) -> tuple[str, str]:
    visit = teller.visit
    args: dict[str, Any] = {}
    if visit.callback_promise:
        args = {"person": teller.names(visit.callback_promise.by), "time": visit.callback_promise.due}
    elif visit.callback is Callback.KEPT and visit.called_by:
        args = {"person": teller.names(visit.called_by), "time": visit.callback_settled_at}
    return teller.say(f"story.summary.callback_{visit.callback}", **args), ""


def _owed(teller: Teller) -> tuple[str, str]:
    visit = teller.visit
    owed = []
    if visit.hello in OPEN_HELLO:
        owed.append(teller.say("story.summary.owed_hello"))
    if visit.callback in OPEN_CALLBACK:
        owed.append(teller.say("story.summary.owed_callback"))
    deadline = next_deadline(visit)
    next_step = teller.say("story.summary.next_at", time=deadline) if deadline else ""
    return ", ".join(owed) or teller.say("story.summary.nothing"), next_step
