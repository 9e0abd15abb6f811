"""What `decide` does when a visit's moment has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.deadlines import Why, moments
from bot.domain.lifecycle import standing
from bot.domain.people import BOT
from bot.domain.policy import Ladder
from bot.domain.turn import Turn, ask, climb, hand_over
from bot.domain.visit import Which
from bot.domain.visits import settle_unseen

Firing: TypeAlias = Callable[[Turn, datetime], None]


def pass_time(turn: Turn, command: c.PassTime) -> None:
    """Fire the visit's earliest moment that has come; nothing when none has. Call it until nothing is due."""
    if turn.seen is None:
        return
    due = [(when, why) for when, why in moments(turn.seen) if when <= turn.now]
    if due:
        when, why = due[0]
        FIRE[why](turn, when)


def _visitor_step(turn: Turn, when: datetime) -> None:
    _step(turn, Which.VISITOR)


def _call_step(turn: Turn, when: datetime) -> None:
    _step(turn, Which.CALL)


def _step(turn: Turn, which: Which) -> None:
    asking = standing(turn.visit.question(which))
    if asking.with_reception:
        CLOSING[which](turn)
        return
    # after downtime only the newest step that is due fires: nobody wants a burst of stale messages
    due = [number for number in range(asking.step, len(asking.moments)) if asking.moments[number] <= turn.now]
    for number in due[:-1]:
        turn.add(e.StepSkipped, by=BOT, which=which, asking=asking.no, step=number, why="newer_due")
    climb(turn, which)


def _closing_visitor(turn: Turn) -> None:
    """Nobody said what became of the visitor: at closing time they are no longer here."""
    if turn.visit.here:
        turn.add(e.VisitorLeft, by=BOT, why="closing")
    settle_unseen(turn)


def _closing_call(turn: Turn) -> None:
    """Nobody called: reception has it for another day, unless there is no number to call."""
    if turn.visit.phone_known:
        hand_over(turn, Which.CALL)
    else:
        turn.add(e.CallbackUnreachable, by=BOT, why="number")


def _hello_late(turn: Turn, when: datetime) -> None:
    person = standing(turn.visit.hello_promise).by
    turn.add(e.HelloBroken, by=BOT, person=person)
    ask(turn, Which.VISITOR, Ladder.HELLO_LATE, person)


def _callback_soon(turn: Turn, when: datetime) -> None:
    turn.add(e.CallbackReminded, by=BOT, late_s=turn.late_s(when))


def _callback_now(turn: Turn, when: datetime) -> None:
    turn.add(e.CallbackDue, by=BOT, late_s=turn.late_s(when))


def _callback_late(turn: Turn, when: datetime) -> None:
    person = standing(turn.visit.callback_promise).by
    turn.add(e.CallbackLate, by=BOT, person=person, late_s=turn.late_s(when))
    ask(turn, Which.CALL, Ladder.CALLBACK_LATE, person)


CLOSING: Mapping[Which, Callable[[Turn], None]] = {Which.VISITOR: _closing_visitor, Which.CALL: _closing_call}

FIRE: Mapping[Why, Firing] = {
    Why.VISITOR_STEP: _visitor_step,
    Why.CALL_STEP: _call_step,
    Why.HELLO_LATE: _hello_late,
    Why.CALLBACK_SOON: _callback_soon,
    Why.CALLBACK_NOW: _callback_now,
    Why.CALLBACK_LATE: _callback_late,
}
