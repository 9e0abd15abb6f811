"""What may be said of a visit in a story: every command, and what each button of a card stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain import commands as c
from bot.domain.card import Button, Card, Phrase
from bot.domain.visit import Hint, Visit
from tests.domain.house import COUNTER, minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who says it, and all that may be filled in; `asking` is the one that stands, if there is one."""

    by: str
    to: str
    within: int
    due: datetime
    voice: str | None
    yes: bool
    asking: int = 0


COMMANDS: Final[Mapping[str, Callable[[Said], c.Command]]] = {
    "hello": lambda s: c.PromiseHello(by=s.by, entered_by=s.voice, within=minutes(s.within)),
    "call_back": lambda s: c.PromiseCallback(by=s.by, entered_by=s.voice, due=s.due),
    "go_myself": lambda s: c.TakeOver(by=s.by, entered_by=s.voice),
    "ask_colleague": lambda s: c.Delegate(by=s.by, entered_by=s.voice, to=s.to),
    "not_me": lambda s: c.NotMe(by=s.by, entered_by=s.voice),
    "seen": lambda s: c.MarkSeen(by=s.by, entered_by=s.voice),
    "not_safe": lambda s: c.MarkUnsafe(by=s.by, entered_by=s.voice),
    "not_right": lambda s: c.DisputeVoice(by=s.by),
    "typed": lambda s: c.TypeNoAnswer(by=s.by, reading="busy" if s.yes else "decline"),
    "note": lambda s: c.AddNote(by=s.by),
    "yes": lambda s: c.HasCome(by=s.by),
    "not_yet": lambda s: c.HasNotCome(by=s.by),
    "hello_happened": lambda s: c.HelloHappened(by=s.by, person=s.to if s.yes else None),
    "visitor_left": lambda s: c.LeaveVisit(by=s.by, without_number=s.yes),
    "mistake": lambda s: c.Withdraw(by=s.by),
    "add_phone": lambda s: c.AddPhone(by=s.by),
    "ask_someone_else": lambda s: c.AskSomeoneElse(by=s.by, to=s.to),
    "done": lambda s: c.KeepCallback(by=s.by, entered_by=s.voice),
    "no_answer": lambda s: c.TryCallback(by=s.by),
    "move": lambda s: c.MoveCallback(by=s.by, due=s.due),
    "pass_call": lambda s: c.PassCallback(by=s.by, to=s.to),
    "take_call": lambda s: c.TakeCallback(by=s.by),
    "drop_call": lambda s: c.DropCallback(by=s.by),
    "undo": lambda s: c.Undo(by=s.by),
    "unreachable": lambda s: c.ReportUnreachable(person=s.to, detail="channel_not_found"),
    "away": lambda s: c.ReportAway(
        person=s.by, asking=s.asking, adapter="slack", why=Hint.DND if s.yes else Hint.STATUS
    ),
}
"""Every command, under the name of the button that gives it where there is one."""

BY_VOICE: Final = ("hello", "call_back", "ask_colleague", "not_me", "not_safe", "seen")
"""What reception may choose from under "Answered by voice…"."""

ENDINGS: Final = frozenset({"mistake", "undo", "not_safe", "hello_happened", "visitor_left"})
"""What ends a visit, or takes its end back."""

SAID_ANEW: Final = (c.AddNote, c.AddPhone, c.TypeNoAnswer, c.TryCallback)
"""Each of these says something anew each time."""

NEVER_ON_A_CARD: Final = frozenset({"not_yours", "not_reception", "not_by_voice", "nothing_asked", "unknown_visit"})
"""Reasons for which no button that stands on a card may be refused."""


def buttons(cards: Mapping[str, Card[Phrase]]) -> Iterator[tuple[str, Button[Phrase]]]:
    """Give everything that can be pressed on these cards, and by whom."""
    for reader, card in cards.items():
        for button in (*card.buttons, *card.more):
            yield ("nadia" if reader == COUNTER else reader), button


def parts(visit: Visit) -> Mapping[str, str]:
    """Give who has which part in a visit; where nobody has it, the owner."""
    coming, call, late = visit.hello_promise, visit.callback_promise, visit.call_question
    asking = visit.visitor_question
    return {
        "owner": visit.owner,
        "asked": asking.responder if asking and not asking.with_reception else visit.asked[-1],
        "comes": coming.by if coming else visit.owner,
        "calls": call.by if call else visit.owner,
        "late": late.asked[-1] if late else visit.owner,
        "offered": visit.offered_call[-1] if visit.offered_call else visit.owner,
    }
