"""One turn: what a command makes of a visit, event by event; and how questions are put and ladders are climbed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain import events as e
from bot.domain.lifecycle import evolve
from bot.domain.people import BOT, RECEPTION, House
from bot.domain.policy import Ladder, Owes, Span, Step, Unit, Verb
from bot.domain.visit import Asking, Callback, Hello, Origin, Visit, Which
from bot.errors import Refused

FRESH_PRESS = timedelta(minutes=2)
"""A promise counts from the press, if the press is at most this old."""
UNDO_FOR = timedelta(minutes=5)
"""So long after it, what closed a visit can be undone."""
STILL_KEPT = timedelta(minutes=30)
"""So long after a hello was due, "yes, Martin has come" still makes it kept."""
MARKED_LATE = timedelta(seconds=10)
"""A step that fires later than this after its moment is marked late in the journal."""


@dataclass(slots=True)
class Turn:
    """The events so far, and the visit as they leave it. Lives as long as one call of `decide`."""

    seen: Visit | None
    house: House
    now: datetime
    by: str
    entered_by: str | None = None
    events: list[e.Event] = field(default_factory=list)

    @property
    def visit(self) -> Visit:
        """Give the visit as it stands after the events so far."""
        if self.seen is None:
            raise Refused("unknown_visit")
        return self.seen

    def add(self, kind_of: type[e.Event], /, *, by: str | None = None, **fields: Any) -> None:
        """Let one event happen, by whoever gave the command unless `by` says otherwise."""
        event = kind_of(at=self.now, by=by or self.by, entered_by=None if by else self.entered_by, **fields)
        self.seen = evolve(self.seen, event)
        self.events.append(event)

    def late_s(self, moment: datetime) -> int:
        """Give how many seconds late it is for something planned for `moment`; 0 when that is not worth a mark."""
        late = self.now - moment
        return int(late.total_seconds()) if late > MARKED_LATE else 0

    def name(self, person: str) -> str:
        """Give a person's name for a sentence."""
        people = self.house.people
        return people[person].name if person in people else person


def refuse_unsafe(turn: Turn) -> None:
    """Raise `Refused` while a visitor is here whom somebody called not safe: reception has them, and nobody is sent."""
    visit = turn.visit
    if visit.unsafe_by is not None and visit.here:
        raise Refused("with_safety", responder=turn.name(visit.unsafe_by))


# --- putting a question ----------------------------------------------------------------------------------------------


def ask(turn: Turn, which: Which, ladder: Ladder, person: str, passed_by: str | None = None) -> None:
    """Begin an asking of `person`; somebody who is away, or whom no message reaches, is passed over at once."""
    steps = turn.visit.policy.steps(ladder)
    if ladder is Ladder.CALLBACK_LATE:  # callbacks are followed in the site's open time
        later = turn.house.calendar.later
        moments = tuple(later(turn.now, Span(Unit.OPEN, step.after)) if step.after else turn.now for step in steps)
    else:
        moments = tuple(turn.now + step.after for step in steps)
    turn.add(e.AskingBegan, which=which, ladder=ladder, person=person, moments=moments, passed_by=passed_by)
    # "has Martin come?" is put to reception as well, so it is put even where Martin cannot be reached
    silent = person in turn.visit.unreachable or person in turn.house.absences
    if silent and ladder is not Ladder.HELLO_LATE:
        climb(turn, which, only_asks=True)


def hand_over(turn: Turn, which: Which) -> None:
    """Give a question to reception, until closing time."""
    closing = turn.house.calendar.closing(turn.now)
    turn.add(e.AskingBegan, which=which, ladder=Ladder.RECEPTION, person=RECEPTION, moments=(closing,))


# --- climbing a ladder -----------------------------------------------------------------------------------------------


def climb(turn: Turn, which: Which, *, only_asks: bool = False) -> None:
    """Fire the next step of a question's ladder that can be fired now; with `only_asks` no reminders or checks.

    A step with nobody left is skipped. Where its own time had come, the next one waits for its own as well; where an
    answer or an absence makes the next step happen now, that is the first of them that asks somebody. A ladder that has
    run out hands over to reception. With reception there is nothing to climb.
    """
    asking = turn.visit.question(which)
    if asking is None or asking.with_reception:
        return
    steps = turn.visit.policy.steps(asking.ladder)
    for number in range(asking.step, len(steps)):
        if not only_asks and asking.moments[number] > turn.now:
            return
        if _fire(turn, which, asking, number, steps[number], only_asks=only_asks):
            return
    hand_over(turn, which)


def not_begun(visit: Visit, person: str, now: datetime) -> Asking | None:
    """Give the asking of this person whose ladder still waits for its first step: a hint may let it start sooner.

    Only that of what the visitor is told; and not where the first step books or hands over, for a hint is no proof.
    """
    asking = visit.visitor_question
    if asking is None or asking.ladder is not Ladder.UNANSWERED or asking.responder != person:
        return None
    waits = asking.step == 0 and asking.moments[0] > now
    return asking if waits and visit.policy.unanswered[0].verb in (Verb.REMIND, Verb.ASK) else None


def _fire(turn: Turn, which: Which, asking: Asking, number: int, step: Step, *, only_asks: bool) -> bool:
    at = dict(which=which, asking=asking.no, step=number)
    on_time = dict(late_s=turn.late_s(asking.moments[number]))
    silent = asking.responder in turn.visit.unreachable
    if step.verb is Verb.REMIND and not only_asks and not silent:
        turn.add(e.Reminded, by=BOT, person=asking.responder, **at, **on_time)
    elif step.verb is Verb.CHECK and not only_asks:
        turn.add(e.Checked, by=BOT, person=asking.responder, **at, **on_time)
    elif step.verb is Verb.ASK and (person := target(turn.visit, asking, step.target, turn.house)):
        turn.add(e.Asked, by=BOT, person=person, **at, **on_time)
    elif step.verb is Verb.BOOK_CALLBACK:
        turn.add(e.StepTaken, by=BOT, **at, **on_time)
        book_for_silence(turn, which)
    elif step.verb is Verb.HAND_OVER_TO:
        turn.add(e.StepTaken, by=BOT, **at, **on_time)
        hand_over(turn, which)
    else:
        turn.add(e.StepSkipped, by=BOT, **at, why="nobody_left" if step.verb is Verb.ASK else "not_now")
        return False
    return True


def target(visit: Visit, asking: Asking, whom: str, house: House) -> str | None:
    """Give whom an `ask` step asks: the first of its people who was not asked, can be reached, and is not away."""
    people = {
        "deputy": house.deputies(visit.owner),
        "manager": house.managers(visit.owner),
        "owner": (visit.owner,),
    }.get(whom, (whom,))
    out = {*asking.asked, *visit.unreachable, *visit.declined, *house.absences}
    return next((person for person in people if person not in out), None)


# --- what silence ends in --------------------------------------------------------------------------------------------


def book_for_silence(turn: Turn, which: Which) -> None:
    """Book a callback in the owner's name; where a hello is owed in any case, reception has the visitor as well."""
    visit = turn.visit
    if visit.callback in (Callback.NONE, Callback.OWED) and not book(turn, Origin.SILENCE):
        hand_over(turn, which)
        return
    visit = turn.visit
    promised = visit.callback in (Callback.PROMISED, Callback.LATE)
    if visit.hello is Hello.OWED and promised and visit.policy.owes is not Owes.HELLO:
        turn.add(e.HelloExcused, by=BOT)
    elif turn.visit.question(which) is not None:
        hand_over(turn, which)


def book(turn: Turn, origin: Origin) -> bool:
    """Promise a callback in the owner's name at their next open slot; False where the policy has it earlier."""
    visit, calendar = turn.visit, turn.house.calendar
    due = calendar.next_slot(visit.owner, turn.now)
    if due > calendar.later(turn.now, visit.policy.callback.within):
        return False
    turn.add(e.CallbackPromised, by=BOT, person=visit.owner, origin=origin, **callback_moments(turn, due))
    return True


def callback_moments(turn: Turn, due: datetime) -> dict[str, Any]:
    """Give what a callback's event must hold: when it is due, when to remind of it, and from when on it is late."""
    rules = turn.visit.policy.callback
    remind_at = due - rules.remind_before
    late_at = turn.house.calendar.later(due, Span(Unit.OPEN, rules.grace))
    return dict(due=due, remind_at=remind_at if remind_at > turn.now else None, late_at=late_at)
