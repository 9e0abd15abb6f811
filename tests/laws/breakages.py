"""Kept breakages: small wrong cores, one or more a law, such as somebody in a hurry might write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.card import Card, Phrase
from bot.domain.cards import cards
from bot.domain.deadlines import Why, moments
from bot.domain.decide import decide
from bot.domain.facts import Facts, History
from bot.domain.lifecycle import evolve
from bot.domain.people import BOT, House
from bot.domain.policy import Ladder
from bot.domain.visit import Callback, Hello, Visit, Which
from bot.errors import Refused
from tests.domain.house import COUNTER, minutes
from tests.laws.world import FACTS, Core

# --- law 1 -----------------------------------------------------------------------------------------------------------


def one_moment_only(visit: Visit) -> list[tuple[datetime, Why]]:
    """Take a visit for something that has one deadline, as if the two tracks could not both wait."""
    return moments(visit)[:1]


def closed_visits_wait(visit: Visit) -> list[tuple[datetime, Why]]:
    """Look after closed visits as well."""
    return moments(visit) or [(visit.arrived, Why.VISITOR_STEP)]


# --- law 2 -----------------------------------------------------------------------------------------------------------


def dull_events_are_not_written(events: Sequence[e.Event]) -> Sequence[e.Event]:
    """Keep the journal short."""
    return [event for event in events if not isinstance(event, e.StepSkipped | e.CallbackReminded | e.Declined)]


# --- law 3 -----------------------------------------------------------------------------------------------------------


def the_question_stands_on(visit: Visit | None, event: e.Event) -> Visit:
    """Leave the question standing after somebody has promised to come."""
    asking = visit.visitor_question if visit else None
    if visit is None or asking is None:
        return evolve(visit, event)
    if visit.hello is Hello.PROMISED and isinstance(event, e.Reminded):
        more = event.step + 1 < len(asking.moments)
        return replace(visit, visitor_question=replace(asking, step=event.step + 1) if more else None)
    after = evolve(visit, event)
    return replace(after, visitor_question=asking) if after.hello is Hello.PROMISED else after


def the_ladder_goes_on(visit: Visit | None, command: c.Command, house: House, now: datetime) -> Sequence[e.Event]:
    """Remind somebody who has promised to come, as if they had not answered."""
    asking = visit.visitor_question if visit else None
    if visit is None or asking is None or visit.hello is not Hello.PROMISED:
        return decide(visit, command, house, now)
    if isinstance(command, c.PassTime) and asking.moments[asking.step] <= now:
        return [_reminded(now, Which.VISITOR, asking.no, asking.step)]
    return decide(replace(visit, visitor_question=None), command, house, now)


def _reminded(now: datetime, which: Which, asking: int, step: int) -> e.Event:
    return e.Reminded(at=now, by=BOT, person="martin", which=which, asking=asking, step=step)


def everything_fires_on_waking(
    visit: Visit | None, command: c.Command, house: House, now: datetime
) -> Sequence[e.Event]:
    """After downtime, send all that was missed."""
    return [
        _reminded(now, event.which, event.asking, event.step)
        if isinstance(event, e.StepSkipped) and event.why == "newer_due"
        else event
        for event in decide(visit, command, house, now)
    ]


# --- law 4 -----------------------------------------------------------------------------------------------------------


def busy_gets_more_time(visit: Visit | None, event: e.Event) -> Visit:
    """Take "busy" for an answer of sorts, and leave the person alone for a while."""
    after = evolve(visit, event)
    asking = after.visitor_question
    if asking is None or not isinstance(event, e.NoAnswerTyped):
        return after
    later = tuple(moment + minutes(10) for moment in asking.moments)
    return replace(after, visitor_question=replace(asking, moments=later))


# --- law 5 -----------------------------------------------------------------------------------------------------------


def the_last_one_wins(visit: Visit | None, command: c.Command, house: House, now: datetime) -> Sequence[e.Event]:
    """Let whoever presses last have the hello."""
    try:
        return decide(visit, command, house, now)
    except Refused as refused:
        if visit is None or not isinstance(command, c.PromiseHello) or refused.reason != "somebody_comes":
            raise
        back = e.HelloTakenBack(at=now, by=command.by, why="taken_over")
        return [back, *decide(evolve(visit, back), command, house, now)]


def the_other_is_told_nothing(
    visit: Visit | None, command: c.Command, house: House, now: datetime
) -> Sequence[e.Event]:
    """Refuse without saying who was faster."""
    try:
        return decide(visit, command, house, now)
    except Refused as refused:
        raise Refused(refused.reason) from refused


# --- law 6 -----------------------------------------------------------------------------------------------------------


def the_policy_of_today(visit: Visit | None, event: e.Event) -> Visit:
    """Read the policy again whenever somebody is asked, and find that an admin has edited it."""
    after = evolve(visit, event)
    asked_anew = visit is not None and isinstance(event, e.AskingBegan) and after.askings > 1
    return replace(after, policy=replace(after.policy, digest="edited")) if asked_anew else after


# --- law 7 -----------------------------------------------------------------------------------------------------------


def somebody_will_come(visit: Visit, facts: Facts, history: History, house: House) -> Mapping[str, Card[Phrase]]:
    """Let "the team" look after a visitor who is with reception."""
    made = cards(visit, facts, history, house)
    card = made[COUNTER]
    if card.state != "reception" or card.say is None:
        return made
    nobody: Mapping[str, str | int | datetime] = {"time": card.say.args["time"]}
    return {**made, COUNTER: replace(card, say=replace(card.say, args=nobody))}


def nothing_to_say(visit: Visit, facts: Facts, history: History, house: House) -> Mapping[str, Card[Phrase]]:
    """Have no sentence for an unsafe visit."""
    made = cards(visit, facts, history, house)
    card = made[COUNTER]
    return {**made, COUNTER: replace(card, say=None)} if card.state == "unsafe" else made


# --- law 8 -----------------------------------------------------------------------------------------------------------


def a_helpful_journal(visit: Visit | None, command: c.Command, house: House, now: datetime) -> Sequence[e.Event]:
    """Write into the journal about whom somebody could not be told."""
    events = decide(visit, command, house, now)
    return [
        replace(event, detail=f"about {FACTS.visitor}") if isinstance(event, e.Unreachable) else event
        for event in events
    ]


# --- law 9 -----------------------------------------------------------------------------------------------------------


def left_and_forgotten(visit: Visit | None, command: c.Command, house: House, now: datetime) -> Sequence[e.Event]:
    """Only note that the visitor left."""
    events = decide(visit, command, house, now)
    return events[:1] if isinstance(command, c.LeaveVisit) else events


def left_without_a_call(visit: Visit | None, command: c.Command, house: House, now: datetime) -> Sequence[e.Event]:
    """Settle the hello of whoever left, and book no call."""
    events = decide(visit, command, house, now)
    if visit is None or visit.callback is not Callback.NONE or not isinstance(command, c.LeaveVisit):
        return events
    return [event for event in events if not isinstance(event, e.CallbackPromised)]


# --- law 10 ----------------------------------------------------------------------------------------------------------


def asking_without_end(visit: Visit | None, command: c.Command, house: House, now: datetime) -> Sequence[e.Event]:
    """Ask the owner once more where the ladder ends."""
    events = decide(visit, command, house, now)
    ended = [event for event in events if isinstance(event, e.StepTaken) and event.which is Which.VISITOR]
    if visit is None or not ended:
        return events
    steps = visit.policy.steps(Ladder.UNANSWERED)
    again = e.AskingBegan(
        at=now,
        by=BOT,
        which=Which.VISITOR,
        ladder=Ladder.UNANSWERED,
        person=visit.owner,
        moments=tuple(now + step.after for step in steps),
    )
    return [ended[0], again]


def promises_without_end(visit: Visit | None, event: e.Event) -> Visit:
    """Forget broken promises, so that there may always be another."""
    after = evolve(visit, event)
    return replace(after, broken=()) if isinstance(event, e.HelloBroken) else after


@dataclass(frozen=True, slots=True)
class Breakage:
    """A wrong core, and the law that must catch it."""

    law: int
    name: str
    core: Core


BREAKAGES = (
    Breakage(1, "one_moment_only", Core(moments=one_moment_only)),
    Breakage(1, "closed_visits_wait", Core(moments=closed_visits_wait)),
    Breakage(2, "dull_events_are_not_written", Core(write=dull_events_are_not_written)),
    Breakage(3, "the_ladder_goes_on", Core(evolve=the_question_stands_on, decide=the_ladder_goes_on)),
    Breakage(3, "everything_fires_on_waking", Core(decide=everything_fires_on_waking)),
    Breakage(4, "busy_gets_more_time", Core(evolve=busy_gets_more_time)),
    Breakage(5, "the_last_one_wins", Core(decide=the_last_one_wins)),
    Breakage(5, "the_other_is_told_nothing", Core(decide=the_other_is_told_nothing)),
    Breakage(6, "the_policy_of_today", Core(evolve=the_policy_of_today)),
    Breakage(7, "somebody_will_come", Core(cards=somebody_will_come)),
    Breakage(7, "nothing_to_say", Core(cards=nothing_to_say)),
    Breakage(8, "a_helpful_journal", Core(decide=a_helpful_journal)),
    Breakage(9, "left_and_forgotten", Core(decide=left_and_forgotten)),
    Breakage(9, "left_without_a_call", Core(decide=left_without_a_call)),
    Breakage(10, "asking_without_end", Core(decide=asking_without_end)),
    Breakage(10, "promises_without_end", Core(evolve=promises_without_end)),
)
