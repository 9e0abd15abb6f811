"""What a command makes of a visit. Dispatches only: each command has one small function, beside its like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain import callbacks, hellos, passing_time, visits
from bot.domain import commands as c
from bot.domain.authority import authorise
from bot.domain.events import Event
from bot.domain.people import House
from bot.domain.turn import Turn
from bot.domain.visit import Visit

DECIDE: Mapping[type[c.Command], Callable[[Turn, Any], None]] = {
    c.AnnounceArrival: visits.announce,
    c.Delegate: visits.delegate,
    c.NotMe: visits.not_me,
    c.AskSomeoneElse: visits.ask_someone_else,
    c.LeaveVisit: visits.leave,
    c.Withdraw: visits.withdraw,
    c.MarkUnsafe: visits.mark_unsafe,
    c.Undo: visits.undo,
    c.AddPhone: visits.add_phone,
    c.AddNote: visits.add_note,
    c.TypeNoAnswer: visits.type_no_answer,
    c.ReportUnreachable: visits.report_unreachable,
    c.ReportAway: visits.report_away,
    c.PromiseHello: hellos.promise_hello,
    c.TakeOver: hellos.take_over,
    c.MarkSeen: hellos.mark_seen,
    c.HelloHappened: hellos.hello_happened,
    c.HasCome: hellos.has_come,
    c.HasNotCome: hellos.has_not_come,
    c.DisputeVoice: hellos.dispute_voice,
    c.PromiseCallback: callbacks.promise_callback,
    c.MoveCallback: callbacks.move_callback,
    c.KeepCallback: callbacks.keep_callback,
    c.TryCallback: callbacks.try_callback,
    c.PassCallback: callbacks.pass_callback,
    c.TakeCallback: callbacks.take_callback,
    c.DropCallback: callbacks.drop_callback,
    c.PassTime: passing_time.pass_time,
}


def decide(visit: Visit | None, command: c.Command, house: House, now: datetime) -> Sequence[Event]:
    """Give the events that this command makes happen at `now`; none when what is wanted is so already.

    Raises `Refused`, with a reason that a person can read, when it may not be; nothing has changed then.
    """
    authorise(visit, command, house)
    turn = Turn(visit, house, now, command.by, command.entered_by)
    DECIDE[type(command)](turn, command)
    return turn.events
