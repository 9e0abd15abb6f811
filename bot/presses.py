"""What each button means, and what is said at once to whoever pressed it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.card import Args, Phrase
from bot.domain.policy import Via
from bot.domain.visit import Callback, Visit
from bot.errors import Refused

PAGE = "page"
"""The button of a card in chat that leads to its reader's page; it is about no visit."""
DIGITS_AT_MOST = 3
"""Minutes of more digits were never on a button; the policy bounds those that were."""


def _hello(by: str, value: str, pressed_at: datetime | None) -> c.Command:
    if not (value.isascii() and value.isdigit()) or len(value) > DIGITS_AT_MOST:
        raise Refused("nothing_asked")
    return c.PromiseHello(by=by, within=timedelta(minutes=int(value)), pressed_at=pressed_at)


def _plain(kind: type[c.Command]) -> Callable[[str, str, datetime | None], c.Command]:
    def make(by: str, value: str, pressed_at: datetime | None) -> c.Command:  # noqa: ARG001 - one shape for all
        return kind(by=by)

    return make


PRESSES: Mapping[str, Callable[[str, str, datetime | None], c.Command]] = {
    "hello": _hello,
    "go_myself": _plain(c.TakeOver),
    "seen": _plain(c.MarkSeen),
    "not_safe": _plain(c.MarkUnsafe),
    "not_right": _plain(c.DisputeVoice),
    "not_me": _plain(c.NotMe),
    "yes": _plain(c.HasCome),
    "not_yet": _plain(c.HasNotCome),
    "hello_happened": _plain(c.HelloHappened),
    "visitor_left": _plain(c.LeaveVisit),
    "mistake": _plain(c.Withdraw),
    "undo": _plain(c.Undo),
    "done": _plain(c.KeepCallback),
    "no_answer": _plain(c.TryCallback),
    "drop_call": _plain(c.DropCallback),
    "take_call": _plain(c.TakeCallback),
}
"""The buttons that act at once, by their names; the others open a form."""


def command(button: str, by: str, value: str, pressed_at: datetime | None) -> c.Command:
    """Give what a button wants; `Refused` for a button that there is not."""
    make = PRESSES.get(button)
    if make is None:
        raise Refused("nothing_asked")
    return make(by, value, pressed_at)


SAID: Mapping[type[c.Command], str] = {
    c.PromiseHello: "hello_promised",
    c.TakeOver: "taken_over",
    c.PromiseCallback: "callback_promised",
    c.Delegate: "delegated",
    c.NotMe: "not_me",
    c.MarkSeen: "seen",
    c.MarkUnsafe: "unsafe",
    c.DisputeVoice: "disputed",
    c.HelloHappened: "noted",
    c.HasCome: "noted",
    c.HasNotCome: "noted",
    c.LeaveVisit: "left",
    c.Withdraw: "withdrawn",
    c.AddPhone: "phone_added",
    c.AskSomeoneElse: "asked_someone",
    c.KeepCallback: "done",
    c.TryCallback: "no_answer_next",
    c.MoveCallback: "moved",
    c.PassCallback: "call_passed",
    c.TakeCallback: "call_taken",
    c.DropCallback: "noted",
    c.Undo: "undone",
    c.AddNote: "noted",
}
"""What is said after each command, as a key under `reply`."""


def answer(wanted: c.Command, events: Sequence[e.Event], visit: Visit, names: Callable[[str], str]) -> Phrase:
    """Say what a command made of the visit; `names` gives the name of a person's id, the visitor's comes later."""
    key, args = SAID[type(wanted)], dict[str, str | int | datetime]()
    args |= {"owner": names(visit.owner), "by": names(visit.owner), "responder": names(wanted.by)}
    promise, call = visit.hello_promise, visit.callback_promise
    to = getattr(wanted, "to", None)
    if isinstance(to, str):
        args["responder"] = names(to)
    if wanted.entered_by is not None:
        return Phrase("reply.by_voice", {**args, "responder": names(wanted.by)})
    if any(isinstance(event, e.Disputed) for event in events):  # claimed: both what stands and the claim are shown
        key = "disputed"
    elif isinstance(wanted, c.PromiseHello) and promise:
        key, args = _hello_said(visit, args)
    elif isinstance(wanted, c.MarkUnsafe):
        args["by"] = names(visit.alerted[0]) if visit.alerted else names(visit.announced_by)
    elif isinstance(wanted, c.LeaveVisit) and call:
        key, args = "left_with_callback", {**args, "time": call.due, "owner": names(call.by)}
    elif isinstance(wanted, c.TryCallback) and visit.callback is Callback.UNREACHABLE:
        key = "unreachable_closed"
    if call and "time" not in args:
        args["time"] = call.due
    return Phrase(f"reply.{key}", args)


def _hello_said(visit: Visit, args: dict[str, str | int | datetime]) -> tuple[str, dict[str, str | int | datetime]]:
    promise = visit.hello_promise
    if promise is None:
        return "noted", args
    minutes = max(1, round((promise.due - promise.made) / timedelta(minutes=1)))
    if promise.at_once:
        return ("put_through" if visit.via is Via.PHONE else "coming_now"), args
    return "hello_promised", {**args, "minutes": minutes, "time": promise.due}


def refusal(refused: Refused, visitor: str, owner: str) -> Phrase:
    """Say why something was refused, with the names that such a sentence may need."""
    # what a refusal carries is what its sentence takes: text, numbers and moments
    args: Args = {"responder": owner, "owner": owner, "visitor": visitor, **refused.args_by_name}  # type: ignore[dict-item]
    if not args["visitor"]:
        args = {**args, "visitor": visitor}
    if not args["responder"]:
        args = {**args, "responder": owner}
    return Phrase(f"refused.{refused.reason}", args)
