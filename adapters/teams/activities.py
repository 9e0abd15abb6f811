"""What Teams sends, as what the core takes: activity → Incoming. Pure, and never raises, whatever comes.

The key of a line is made of Teams' own ids of it and its conversation. Each click has an id of its own, also the second
of a double click; so the key of what was pressed or sent is made of the card, the person and what they sent, within ten
minutes: the same again in that time is the same thing, and later it is for the core to say what has become of it. Keys
are digests, and so are short: each choice that answers a question carries the key of what it was asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2s
from html import unescape
from typing import Any, Final, TypeAlias, cast

from pydantic import TypeAdapter, ValidationError

from adapters.teams import cards, forms, limits
from adapters.teams.cards import OURS, Data
from bot.messages import Act, Address, Announce, AnnounceLine, Incoming, OpenArrival, Press, Typed
from bot.texts import lines

NAME: Final = "teams"
EXECUTE: Final = "adaptiveCard/action"
"""The name of the invoke that an `Action.Execute` makes."""
PERSONAL: Final = "personal"
NEW: Final = frozenset({"new", "nouveau", "nouvelle"})
"""What opens the form of a new arrival when nothing else is typed."""
SAME_WITHIN: Final = timedelta(minutes=10)
QUOTED_WITHIN: Final = 4000
"""So many characters of a line's HTML are looked at: a quotation stands at its beginning."""
WAS: Final = "was"
"""Under this name stands which of these something typed was; beside it stand its fields."""
Carriable: TypeAlias = Announce | AnnounceLine | Typed
_KINDS: Final[Mapping[str, tuple[type[Carriable], TypeAdapter[Any]]]] = {
    "arrival": (Announce, TypeAdapter(Announce)),
    "line": (AnnounceLine, TypeAdapter(AnnounceLine)),
    "typed": (Typed, TypeAdapter(Typed)),
}
_TAG: Final = re.compile(r"</?(?:at|quoted)(?:\s[^<>]*)?/?>", re.IGNORECASE)
"""What Teams itself writes into a line: around a name, and where something is quoted."""
_QUOTE: Final = re.compile(r"""<blockquote\b[^<>]*schema\.skype\.com/Reply[^<>]*\bitemid=["']([^"'<>]+)""")
"""Where the HTML of a line quotes a message: that message's id."""


# --- who and where ---------------------------------------------------------------------------------------------------


def sender(activity: Mapping[str, Any]) -> Address | None:
    """Give who sends something: their object id in Entra, else what Teams calls them; None for an app, or nobody."""
    found = _part(activity, "from")
    user = _string(found, "aadObjectId").lower() or _string(found, "id")
    is_app = _string(found, "role") == "bot" or _string(found, "id").startswith("28:")
    return Address(NAME, user) if user and not is_app else None


def conversation(activity: Mapping[str, Any]) -> str:
    """Give the conversation in which something was sent; of a thread, the channel in which that hangs."""
    return _string(_part(activity, "conversation"), "id").partition(";")[0]


def known_as(where: str, message: str) -> str:
    """Give how an answer calls the message that it answers: by the conversation and the message's own id."""
    return f"{where.partition(';')[0]}:{message}"


# --- what was typed --------------------------------------------------------------------------------------------------


def typed(activity: Mapping[str, Any], bot_id: str, sites: Mapping[str, str]) -> Incoming | None:
    """Read a line: in a chat with the bot, or one in which it is mentioned elsewhere; None for anything else.

    `bot_id` is the bot's app id; `sites` are the sites whose reception is in a channel, by its conversation.
    """
    who, where, name = sender(activity), conversation(activity), _string(activity, "id")
    is_line = activity.get("type") == "message" and not isinstance(activity.get("value"), Mapping)
    is_personal = _string(_part(activity, "conversation"), "conversationType") == PERSONAL
    text, is_mentioned = _without_mentions(activity, bot_id)
    if who is None or not (is_line and where and name and (is_personal or is_mentioned)):
        return None
    act: Act
    if text.casefold().strip(" .!…") in NEW or not (text or is_personal):
        act = OpenArrival(site=sites.get(where, ""))
    elif is_personal:
        answered = _answered(activity)
        act = Typed(text=text, answers=known_as(where, answered) if answered else "")
    else:
        act = AnnounceLine(text=text, site=sites.get(where, ""))
    return Incoming(key=_key("line", where, name), sender=who, act=act, pressed_at=moment(activity))


def _without_mentions(activity: Mapping[str, Any], bot_id: str) -> tuple[str, bool]:
    """Give a line as it was typed, and tell whether the bot is mentioned in it; others who are keep their names."""
    text, is_mentioned = _string(activity, "text"), False
    ours = {bot_id, f"28:{bot_id}", _string(_part(activity, "recipient"), "id")} - {"", "28:"}
    for entity in _parts(activity, "entities"):
        if entity.get("type") != "mention" or _string(_part(entity, "mentioned"), "id") not in ours:
            continue
        is_mentioned, written = True, _string(entity, "text")
        before, found, after = text.partition(written) if written else (text, "", "")
        if found:
            text = f"{before.rstrip()} {after.lstrip(' :,')}"
    plain = unescape(_TAG.sub("", text)).replace("\xa0", " ")
    return plain.strip(), is_mentioned


def _answered(activity: Mapping[str, Any]) -> str:
    """Give the message that a line answers: in a chat Teams says so only by the quotation that stands in it."""
    quoted = (_string(_part(each, "quotedReply"), "messageId") for each in _parts(activity, "entities"))
    html = (_string(each, "content")[:QUOTED_WITHIN] for each in _parts(activity, "attachments"))
    named = (found[1] for found in map(_QUOTE.search, html) if found)
    return _string(activity, "replyToId") or next((message for message in (*quoted, *named) if message), "")


# --- buttons and forms -----------------------------------------------------------------------------------------------


def data_of(activity: Mapping[str, Any]) -> Data | None:
    """Give what a button brings, by either kind of action; None for what is no press at all."""
    value = _part(activity, "value")
    if activity.get("type") == "invoke" and activity.get("name") == EXECUTE:
        return dict(_part(_part(value, "action"), "data"))
    return dict(value) if activity.get("type") == "message" and value else None


def goes_back(data: Mapping[str, Any]) -> str:
    """Give the visit whose card somebody wants to see again instead of a form; empty for any other button."""
    ours = _part(data, OURS)
    return _string(ours, "visit") if ours.get("act") == forms.BACK else ""


def acted(activity: Mapping[str, Any], data: Mapping[str, Any]) -> Incoming | None:
    """Read what a button brought; None for *Back*, and for anything that is not ours."""
    who, where = sender(activity), conversation(activity)
    act = _act(data)
    if who is None or not where or act is None:
        return None
    at = moment(activity)
    window = int(at.timestamp() // SAME_WITHIN.total_seconds()) if at else 0
    key = _key("act", where, _string(activity, "replyToId"), who.id, window, act)
    return Incoming(key=key, sender=who, act=act, pressed_at=at)


def _act(data: Mapping[str, Any]) -> Act | None:
    ours = _part(data, OURS)
    match ours.get("act"):
        case cards.PRESS:
            return _press(ours)
        case forms.FORM:
            pressed = _press(ours)
            return replace(pressed, values=forms.values(data), submitted=True) if pressed else None
        case forms.ANNOUNCE:
            return forms.arrival(data)
        case cards.CHOICE:
            return _chosen(ours)
        case _:
            return None


def _press(ours: Mapping[str, Any]) -> Press | None:
    visit, button, value = (_string(ours, name) for name in ("visit", "button", "value"))
    revision = ours.get("revision")
    known = isinstance(revision, int) and not isinstance(revision, bool) and 0 <= revision < 10**limits.DIGITS
    if not button or not (known or revision is None):
        return None
    return Press(visit=visit, button=button, value=value, revision=cast("int | None", revision))


def _chosen(ours: Mapping[str, Any]) -> Act | None:
    """Read an answer to what was asked back, with what had been typed before."""
    name, value, act = _string(ours, "name"), _string(ours, "value"), uncarried(_part(ours, "typed"))
    if act is None or name not in cards.CHOICES:
        return None
    if isinstance(act, Typed) and name == "visit":
        return replace(act, visit=value)
    if isinstance(act, Typed):  # it was read as an arrival, of which something was asked back
        act = AnnounceLine(text=act.text, question=act.question)
    answers: Mapping[str, Mapping[str, Any]] = {
        "site": {"site": value},
        "owner_id": {"owner_id": value},
        "same": {"same": True},
        "another": {"another": True},
    }
    return replace(act, **answers[name]) if name in answers else None


# --- what goes along with a question ---------------------------------------------------------------------------------


def carried(act: Act) -> Data | None:
    """Give what somebody typed so that a choice can carry it; None for what nobody typed."""
    for name, (made, adapter) in _KINDS.items():
        if isinstance(act, made):
            words: dict[str, Any] = {
                field.name: lines(getattr(act, field.name)) for field in fields(act) if field.type == "str"
            }
            found = adapter.dump_python(replace(act, **words), mode="json", exclude_defaults=True)
            return {WAS: name, **found}
    return None


def uncarried(found: Mapping[str, Any]) -> Carriable | None:
    """Read what `carried` made; None for anything else."""
    kind = found.get(WAS)
    if not isinstance(kind, str) or kind not in _KINDS:
        return None
    with suppress(ValidationError):
        return cast("Carriable", _KINDS[kind][1].validate_python(dict(found)))
    return None


def _key(kind: str, *of: object) -> str:
    return f"{kind}:{blake2s(repr(of).encode(), digest_size=16).hexdigest()}"


# --- parts -----------------------------------------------------------------------------------------------------------


def moment(activity: Mapping[str, Any]) -> datetime | None:
    """Give when Teams took an activity; None when it does not say."""
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(_string(activity, "timestamp"))
        return at.astimezone(UTC) if at.tzinfo else None
    return None


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, Mapping) else {}


def _parts(found: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    parts = found.get(name)
    yield from (part for part in (parts if isinstance(parts, list) else ()) if isinstance(part, Mapping))


def _string(found: Mapping[str, Any], name: str) -> str:
    text = found.get(name)
    return text if isinstance(text, str) else ""
