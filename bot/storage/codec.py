"""Events, visits, policies and the like as JSON, and back.

The text is canonical (sorted keys, no spaces), so equal values are equal text. Reading is strict: an unknown type or
field, a missing field without a default, or a value of another kind raises `Unreadable`, which names the place and
never what stands there. A field that was added later, with a default, may be missing in what was written before.

How a class is written follows from its type hints, worked out once per class. A policy inside a visit or an event is
written as its digest, and put back by whoever keeps the policies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from bot.domain import events
from bot.domain.card import Nudge, Phrase
from bot.domain.events import Event
from bot.domain.facts import Facts
from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.errors import Unreadable
from bot.messages import Receipt

T = TypeVar("T")
Policies: TypeAlias = Callable[[str], Policy]
"""Gives the policy of a digest; raises `Unreadable` when there is none."""

_MICROSECOND = timedelta(microseconds=1)


def no_policies(digest: str) -> NoReturn:
    """Stand in for `Policies` where no policy can occur."""
    raise Unreadable(f"the policy {digest} is not kept here")


@dataclass(frozen=True, slots=True)
class Part:
    """How one kind of value is written as plain JSON values, and read again."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any, Policies], Any]


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """A value as text, and back."""

    part: Part

    def dump(self, value: T) -> str:
        """Write a value; raises TypeError or ValueError when a field holds what its hint does not allow."""
        return json.dumps(self.part.encode(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def load(self, text: str, policies: Policies = no_policies) -> T:
        """Read what `dump` wrote; raises `Unreadable`."""
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Unreadable("it is not JSON") from error
        value: T = self.part.decode(raw, policies)
        return value


# --- single values ---------------------------------------------------------------------------------------------------


def _plain(kind: type) -> Part:
    """Write text, numbers and yes/no as they are; a yes is not a number."""

    def encode(value: Any) -> Any:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    def decode(raw: Any, _: Policies) -> Any:
        if type(raw) is not kind:
            raise Unreadable(f"expected {kind.__name__}, found {type(raw).__name__}")
        return raw

    return Part(encode, decode)


def _encode_moment(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ValueError("a moment without a zone cannot be kept")
    return value.astimezone(UTC).isoformat()


def _decode_moment(raw: Any, _: Policies) -> datetime:
    try:
        moment = datetime.fromisoformat(raw)
        if moment.utcoffset() is None:
            raise Unreadable("expected a moment with its zone")
        return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unreadable("expected a moment") from error


def _decode_length(raw: Any, _: Policies) -> timedelta:
    if type(raw) is not int:
        raise Unreadable(f"expected a whole number of microseconds, found {type(raw).__name__}")
    try:
        return timedelta(microseconds=raw)
    except OverflowError as error:
        raise Unreadable("expected a length of time") from error


def _enum(kind: type[Enum]) -> Part:
    members = {member.value: member for member in kind}

    def encode(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value.value

    def decode(raw: Any, _: Policies) -> Any:
        try:
            return members[raw]
        except (KeyError, TypeError) as error:
            raise Unreadable(f"expected one of {', '.join(map(str, members))}") from error

    return Part(encode, decode)


_TEXT, _NUMBER = _plain(str), _plain(int)
_MOMENT = Part(_encode_moment, _decode_moment)


def _encode_argument(value: Any) -> Any:
    """Write an argument of a phrase; moments are marked, because text could look like one."""
    if isinstance(value, datetime):
        return {"at": _encode_moment(value)}
    return (_TEXT if isinstance(value, str) else _NUMBER).encode(value)


def _decode_argument(raw: Any, policies: Policies) -> Any:
    if isinstance(raw, dict):
        if raw.keys() != {"at"}:
            raise Unreadable("expected a moment under `at`")
        return _decode_moment(raw["at"], policies)
    return (_TEXT if isinstance(raw, str) else _NUMBER).decode(raw, policies)


_BY_DIGEST = Part(lambda policy: policy.digest, lambda raw, policies: policies(_TEXT.decode(raw, policies)))
_PARTS: Mapping[Any, Part] = {
    str: _TEXT,
    int: _NUMBER,
    bool: _plain(bool),
    datetime: _MOMENT,
    timedelta: Part(lambda value: value // _MICROSECOND, _decode_length),
    str | int | datetime: Part(_encode_argument, _decode_argument),
    Policy: _BY_DIGEST,
}


# --- values made of others -------------------------------------------------------------------------------------------


def _optional(part: Part) -> Part:
    return Part(
        lambda value: None if value is None else part.encode(value),
        lambda raw, policies: None if raw is None else part.decode(raw, policies),
    )


def _many(part: Part) -> Part:
    def decode(raw: Any, policies: Policies) -> Any:
        if type(raw) is not list:
            raise Unreadable(f"expected a list, found {type(raw).__name__}")
        return tuple(part.decode(item, policies) for item in raw)

    return Part(lambda value: [part.encode(item) for item in value], decode)


def _named(part: Part) -> Part:
    def decode(raw: Any, policies: Policies) -> Any:
        return {name: part.decode(item, policies) for name, item in _object(raw).items()}

    return Part(lambda value: {_TEXT.encode(name): part.encode(item) for name, item in value.items()}, decode)


def _object(raw: Any) -> dict[str, Any]:
    if type(raw) is not dict:
        raise Unreadable(f"expected an object, found {type(raw).__name__}")
    return raw


@cache
def _part(hint: Any) -> Part:
    """Give how values of a type hint are written."""
    if hint in _PARTS:
        return _PARTS[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType} and NoneType in args and len(args) == 2:
        return _optional(_part(args[0] if args[1] is NoneType else args[1]))
    if origin is tuple and args[1:] == (...,):
        return _many(_part(args[0]))
    if origin is Mapping and args[0] is str:
        return _named(_part(args[1]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if is_dataclass(origin or hint):
        return _record(hint)
    raise TypeError(f"no way is known to write {hint}")


def _record(hint: Any) -> Part:
    """Write a dataclass as an object of its fields; a generic one with its argument put in, as in `Nudge[Phrase]`."""
    kind = get_origin(hint) or hint
    filled_in = dict(zip(getattr(kind, "__parameters__", ()), get_args(hint), strict=True))
    hints = get_type_hints(kind)
    parts = {field.name: _part(filled_in.get(hints[field.name], hints[field.name])) for field in fields(kind)}
    needed = {field.name for field in fields(kind) if _is_needed(field)}
    encoders = [(name, part.encode) for name, part in parts.items()]

    def encode(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return {name: encode_field(getattr(value, name)) for name, encode_field in encoders}

    def decode(raw: Any, policies: Policies) -> Any:
        found = _object(raw).keys()
        if found != parts.keys():
            _check_names(kind, unknown=found - parts.keys(), missing=needed - found)
        values = {}
        for name, item in raw.items():
            try:
                values[name] = parts[name].decode(item, policies)
            except Unreadable as error:
                raise Unreadable(f"{kind.__name__}.{name}: {error}") from error
        return kind(**values)

    return Part(encode, decode)


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _check_names(kind: type, *, unknown: set[str], missing: set[str]) -> None:
    if unknown:
        raise Unreadable(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    if missing:
        raise Unreadable(f"{kind.__name__} lacks {', '.join(sorted(missing))}")


# --- events, in an envelope that names their type --------------------------------------------------------------------

EVENT_TYPES: Mapping[str, type[Event]] = {
    name: kind for name, kind in vars(events).items() if isinstance(kind, type) and issubclass(kind, Event)
}
"""Every class of event by its name, as the journal writes it."""
_EVENT_PARTS: Mapping[str, Part] = {name: _record(kind) for name, kind in EVENT_TYPES.items()}


def _encode_event(event: Event) -> dict[str, Any]:
    name = type(event).__name__
    if EVENT_TYPES.get(name) is not type(event):
        raise TypeError(f"{name} is no event of the journal")
    return {"type": name, **_EVENT_PARTS[name].encode(event)}


def _decode_event(raw: Any, policies: Policies) -> Event:
    body = dict(_object(raw))
    part = _EVENT_PARTS.get(str(body.pop("type", "")))
    if part is None:
        raise Unreadable("no event of this type is known")
    event: Event = part.decode(body, policies)
    return event


EVENT: Codec[Event] = Codec(Part(_encode_event, _decode_event))
VISIT: Codec[Visit] = Codec(_part(Visit))
FACTS: Codec[Facts] = Codec(_part(Facts))
POLICY: Codec[Policy] = Codec(_record(Policy))
PHRASE: Codec[Phrase] = Codec(_part(Phrase))
NUDGE: Codec[Nudge[Phrase]] = Codec(_part(Nudge[Phrase]))
RECEIPT: Codec[Receipt] = Codec(_part(Receipt))
