"""What Slack sends, as what the core takes: payload → Incoming. Pure.

Each key is Slack's own id of what happened: an event's id, a command's trigger, a press's moment with who pressed what,
a modal's id and hash. Slack delivers again what it has no answer to in three seconds, with the same ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

from pydantic import TypeAdapter, ValidationError

from adapters.slack import limits, modals
from adapters.slack.blocks import read_pressed
from adapters.slack.lines import plain, without
from bot.messages import Address, Announce, AnnounceLine, Gone, Incoming, OpenArrival, Press, Typed
from bot.texts import lines

NAME: Final = "slack"
Carriable: TypeAlias = Announce | AnnounceLine | Typed
CARRIABLE: Final = (Announce, AnnounceLine, Typed)
_KINDS: Final[Mapping[str, tuple[type[Carriable], TypeAdapter[Any]]]] = {
    "arrival": (Announce, TypeAdapter(Announce)),
    "line": (AnnounceLine, TypeAdapter(AnnounceLine)),
    "typed": (Typed, TypeAdapter(Typed)),
}


def address(user: str) -> Address:
    """Give where a user of Slack's is found."""
    return Address(NAME, user)


def known_as(ref: str) -> str:
    """Give how a line in its thread calls a message: the channel and the moment with which `ref` begins."""
    return ":".join(ref.split(":")[:2])


# --- what was typed --------------------------------------------------------------------------------------------------


def command(form: Mapping[str, str], site: str, names: Mapping[str, str]) -> Incoming:
    """Read `/visitor` with a line behind it."""
    act = AnnounceLine(text=plain(form.get("text", ""), names), site=site)
    return Incoming(key=f"command:{form.get('trigger_id', '')}", sender=address(form.get("user_id", "")), act=act)


def opened(form: Mapping[str, str], site: str) -> Incoming:
    """Read `/visitor` with nothing behind it."""
    act = OpenArrival(site=site)
    return Incoming(key=f"command:{form.get('trigger_id', '')}", sender=address(form.get("user_id", "")), act=act)


def mention(envelope: Mapping[str, Any], bot: str, site: str, names: Mapping[str, str]) -> Incoming:
    """Read a line in which the bot was mentioned; `bot` is its own user.

    It announces somebody, but in a thread of a counter's channel: there it is about the card at which that hangs.
    """
    event = envelope["event"]
    if site and _answers(event):
        return message(envelope, bot, names)
    act = AnnounceLine(text=plain(without(event.get("text", ""), bot), names), site=site)
    return Incoming(key=f"event:{envelope.get('event_id', '')}", sender=address(event.get("user", "")), act=act)


def message(envelope: Mapping[str, Any], bot: str, names: Mapping[str, str]) -> Incoming:
    """Read a line that was typed in a direct message; in a thread, it answers the message at which that hangs."""
    event = envelope["event"]
    act = Typed(text=plain(without(event.get("text", ""), bot), names), answers=_answers(event))
    typed_at = moment(event.get("ts", ""))
    key = f"event:{envelope.get('event_id', '')}"
    return Incoming(key=key, sender=address(event.get("user", "")), act=act, pressed_at=typed_at)


def _answers(event: Mapping[str, Any]) -> str:
    """Give what the message is known as in whose thread something was typed; empty outside of a thread."""
    thread = event.get("thread_ts", "")
    return f"{event.get('channel', '')}:{thread}" if thread and thread != event.get("ts") else ""


# --- who has left ----------------------------------------------------------------------------------------------------


def left(envelope: Mapping[str, Any]) -> str:
    """Give the user who is in the workspace no more, as a change of a profile tells it; empty when nobody has left.

    They were deactivated, or are such as take no direct message of ours any more: a bot, a stranger.
    """
    user = envelope["event"].get("user") or {}
    has_left = any(user.get(name) is True for name in ("deleted", "is_bot", "is_stranger"))
    return str(user.get("id", "")) if has_left else ""


def gone(envelope: Mapping[str, Any], user: str) -> Incoming:
    """Say to the core that this user is there no more."""
    return Incoming(key=f"event:{envelope.get('event_id', '')}", sender=address(user), act=Gone())


# --- buttons and modals ----------------------------------------------------------------------------------------------


def pressed(payload: Mapping[str, Any], action: Mapping[str, Any]) -> Incoming | None:
    """Read a button of a card, or an entry of its menu; None for anything that is not ours."""
    option = action.get("selected_option")
    value = option.get("value", "").partition(":")[2] if option else action.get("value", "")
    carried = read_pressed(value)
    if carried is None:
        return None
    act = Press(visit=carried.visit, button=carried.button, value=carried.value, revision=carried.revision)
    return _pressed(payload, action, act, value)


def chosen(payload: Mapping[str, Any], action: Mapping[str, Any], carried: str) -> Incoming | None:
    """Read an answer to what was asked back, with what had been typed before; None for anything that is not ours."""
    _, _, rest = action.get("action_id", "").partition(":")
    _, _, rest = rest.partition(":")
    name, _, value = rest.partition(":")
    act = uncarried(carried)
    if act is None:
        return None
    if isinstance(act, Typed) and name == "visit":
        return _pressed(payload, action, replace(act, visit=value), rest)
    if isinstance(act, Typed):  # it was read as an arrival, of which something was asked back
        act = AnnounceLine(text=act.text, question=act.question)
    answers: Mapping[str, Mapping[str, Any]] = {
        "site": {"site": value},
        "owner_id": {"owner_id": value},
        "same": {"same": True},
        "another": {"another": True},
    }
    return _pressed(payload, action, replace(act, **answers[name]), rest) if name in answers else None


def _pressed(
    payload: Mapping[str, Any], action: Mapping[str, Any], act: Announce | AnnounceLine | Press | Typed, what: str
) -> Incoming:
    user, at = payload["user"]["id"], action.get("action_ts", "")
    return Incoming(key=f"press:{user}:{at}:{what}", sender=address(user), act=act, pressed_at=moment(at))


def submitted(payload: Mapping[str, Any], zone: str) -> Incoming | None:
    """Read a form that was filled in; None for a modal that is not ours. Times are meant in this zone."""
    view = payload["view"]
    opened = modals.read_opened(view.get("private_metadata", ""))
    if opened is None:
        return None
    act = Press(
        visit=opened.visit,
        button=opened.button,
        revision=opened.revision,
        values=modals.values(view, zone),
        submitted=True,
    )
    return Incoming(key=_view_key(view), sender=address(payload["user"]["id"]), act=act)


def announced(payload: Mapping[str, Any], linked: Collection[str]) -> Incoming:
    """Read a new arrival that was filled in; `linked` are the users who are known here."""
    view = payload["view"]
    act = modals.arrival(view)
    somebody = modals.chosen_somebody(view)
    if somebody and (not act.owner or somebody in linked):  # a name may stand beside somebody whom nobody linked
        act = replace(act, owner="", owner_at=address(somebody))
    return Incoming(key=_view_key(view), sender=address(payload["user"]["id"]), act=act)


def _view_key(view: Mapping[str, Any]) -> str:
    return f"view:{view.get('id', '')}:{view.get('hash', '')}"


# --- what goes along with a question ---------------------------------------------------------------------------------


def carried(act: Carriable, question: str = "") -> str:
    """Write what somebody typed so that a button can carry it; of a line, as much from its beginning as fits.

    That is all that counts: the core reads less of it. `question` is that of the reply, which goes with each answer.
    """
    words: dict[str, Any] = {
        field.name: lines(getattr(act, field.name)) for field in fields(act) if field.type == "str"
    }
    act = replace(act, **words)  # the core reads no more of it either
    act = replace(act, question=question or act.question)
    written = _written(act)
    while len(written) > limits.VALUE and (shorter := _shorter(act)) != act:
        act, written = shorter, _written(shorter)
    return written


def _shorter(act: Carriable) -> Carriable:
    """Leave out the end of what may be long."""
    if isinstance(act, Announce):
        return replace(act, about=act.about[: len(act.about) * 3 // 4])
    return replace(act, text=act.text[: len(act.text) * 3 // 4])


def _written(act: Carriable) -> str:
    kind = next(name for name, (made, _) in _KINDS.items() if isinstance(act, made))
    return f"{kind}:{_KINDS[kind][1].dump_json(act, exclude_defaults=True).decode()}"


def uncarried(text: str) -> Carriable | None:
    """Read what `carried` wrote; None for anything else."""
    kind, _, body = text.partition(":")
    try:
        return cast("Carriable", _KINDS[kind][1].validate_json(body))
    except (KeyError, ValidationError):
        return None


def moment(ts: str) -> datetime | None:
    """Read a moment as Slack writes it (`1766000000.123456`, seconds since 1970); None when it is none."""
    seconds, _, parts = ts.partition(".")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= limits.SECOND_DIGITS):
        return None
    micros = int(parts[:6].ljust(6, "0")) if parts.isascii() and parts.isdigit() else 0
    return datetime.fromtimestamp(int(seconds), tz=UTC).replace(microsecond=micros)
