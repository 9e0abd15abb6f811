"""Checks a document against pydantic models, and turns whatever does not fit into faults at the right place.

The sentences are ours: what is wrong, what was found, what to write. Models derive from `Shape`; the first of a field's
`examples` is what its faults tell an admin to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from bot.errors import Fault
from bot.strict_yaml import Broken, Document, Place

Model = TypeVar("Model", bound="Shape")
Value = TypeVar("Value")
_SENTENCE: Final = "sentence"


class Shape(BaseModel):
    """What may stand in a part of a file: these keys, no others, and no value of another kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Wrong(ValueError):
    """A value that cannot stand there; its text is the sentence for the admin."""


# --- words for the sentences -----------------------------------------------------------------------------------------


def found(value: object) -> str:
    """Name a value as it stands in the file, shortened."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:40]}…"'
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "keys and values"
    return "a list" if isinstance(value, list) else str(value)


def did_you_mean(written: str, known: Iterable[str], *, also: Iterable[str] = ()) -> str:
    """Say which known word was probably meant, or, if there are few, what may be written.

    What is taken `also` may have been meant, and is not listed: people's names beside their ids.
    """
    words = list(known)
    by_folded = {word.casefold(): word for word in (*words, *also)}
    if near := get_close_matches(written.casefold(), by_folded, n=1, cutoff=0.6):
        return f'did you mean "{by_folded[near[0]]}"?'
    if not words:
        return "there are none yet"
    return f"write {either(words)}" if len(words) <= 12 else "check how it is written"


def either(words: Iterable[str]) -> str:
    """List words as a choice: `a`, `b or c`."""
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last


# --- values ----------------------------------------------------------------------------------------------------------


def written(read: Callable[[str], Value], *, or_number: bool = False) -> BeforeValidator:
    """Make a pydantic validator of a function that reads text, and raises `Wrong` when it cannot.

    With `or_number`, a bare number is given to it as well, because it can say what is missing beside the number.
    """

    def validate(value: object) -> Value:
        if isinstance(value, Broken):
            raise refused("this was noted when the file was read")
        bare = isinstance(value, int) and not isinstance(value, bool)
        if not isinstance(value, str) and not (bare and or_number):
            advice = f': write "{value}" with quotes' if bare else ""
            raise refused(f"a text is needed here, found {found(value)}{advice}")
        try:
            return read(str(value))
        except Wrong as wrong:
            raise refused(str(wrong)) from None

    return BeforeValidator(validate)


def refused(sentence: str) -> PydanticCustomError:
    """Make the error that carries one of our sentences through pydantic."""
    return PydanticCustomError(_SENTENCE, "{sentence}", {"sentence": sentence})


def one_of(*words: str) -> BeforeValidator:
    """Make a validator that takes one of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise Wrong(f'"{text}" cannot stand here: {did_you_mean(text, words)}')
        return text

    return written(read)


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DURATION = re.compile(r"([0-9]{1,6}) ?([smh])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours"}
LONGEST: Final = timedelta(days=7)


def read_duration(text: str) -> timedelta:
    """Read `90s`, `2m` or `2h`; raises `Wrong`."""
    if not (parts := _DURATION.fullmatch(text)):
        raise Wrong(f'"{text}" is no length of time: write a number and its unit, such as 90s, 2m or 2h')
    length = timedelta(**{_UNITS[parts[2]]: int(parts[1])})
    if length > LONGEST:
        raise Wrong(f'"{text}" is longer than a week: write less')
    return length


_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def read_id(text: str) -> str:
    """Read an id; raises `Wrong`."""
    if not _ID.fullmatch(text):
        raise Wrong(f'"{text}" is no id: begin with a letter, and write only small letters a to z, digits, - and _')
    return text


def read_date(text: str) -> date:
    """Read a day such as 2026-12-25; raises `Wrong`."""
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise Wrong(f'"{text}" is no day of the calendar: write year-month-day, such as 2026-12-25') from None


def _read_words(text: str) -> str:
    if not text.strip():
        raise Wrong("a text is needed here, and this one is empty")
    return text


Duration = Annotated[timedelta, written(read_duration, or_number=True)]
Id = Annotated[str, written(read_id)]
Day = Annotated[date, written(read_date)]
Words = Annotated[str, written(_read_words)]


# --- a part of a document against a model ----------------------------------------------------------------------------


def fit(document: Document, place: Place, data: Any, model: type[Model], faults: list[Fault]) -> Model | None:
    """Check `data`, which stands at `place`, against a model; add its faults, and give None when there are any."""
    try:
        return TypeAdapter(model).validate_python(data)
    except ValidationError as error:
        faults.extend(
            _fault(document, place, model, details)
            for details in error.errors(include_url=False)
            if not isinstance(details["input"], Broken)  # that was noted when the file was read
        )
        return None


def _fault(document: Document, place: Place, model: type[Shape], details: ErrorDetails) -> Fault:
    kind, loc = details["type"], details["loc"]
    if loc and loc[-1] == "[key]":  # pydantic's own mark for a key that does not fit
        return document.fault((*place, *loc[:-1]), _sentence(kind, details), at_key=True)
    key = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        known = _keys(_model_at(model, loc[:-1]))
        return document.fault((*place, *loc), f'"{key}" is not known here: {did_you_mean(key, known)}', at_key=True)
    if kind == "missing":
        example = _example(_keys(_model_at(model, loc[:-1]))[key], key)
        return document.fault((*place, *loc[:-1]), f'"{key}" is missing here: write {example}', at_key=True)
    return document.fault((*place, *loc), _sentence(kind, details))


def _keys(model: type[Shape]) -> dict[str, FieldInfo]:
    """Give a model's fields by the keys that stand in the file."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


_KEYS_NEEDED: Final = "keys and values are needed here, found {found}: write key: value, one a line, indented"
_SENTENCES: Final = {
    "sentence": "{sentence}",
    "model_type": _KEYS_NEEDED,
    "dict_type": _KEYS_NEEDED,
    "list_type": "a list is needed here, found {found}: write [{plain}]",
    "string_type": 'a text is needed here, found {found}: write "{plain}" with quotes',
    "int_type": "a whole number is needed here, found {found}",
    "bool_type": "true or false is needed here, found {found}",
    "too_short": "this is empty: write at least {min_length}",
    "too_long": "there are {actual_length} here: write at most {max_length}",
    "greater_than_equal": "{found} is too small: write at least {ge}",
    "less_than_equal": "{found} is too large: write at most {le}",
}
"""Our sentence for each of pydantic's kinds of error."""


def _sentence(kind: str, details: ErrorDetails) -> str:
    given = details["input"]
    plain = str(given) if isinstance(given, str | int) else "…"
    return _SENTENCES.get(kind, "{found} cannot stand here").format(
        **details.get("ctx", {}), found=found(given), plain=plain
    )


def _example(info: FieldInfo, key: str) -> str:
    return f"{key}: {info.examples[0]}" if info.examples else f"{key}: and its value"


def _model_at(model: type[Shape], way: tuple[str | int, ...]) -> type[Shape]:
    """Give the model that describes what stands `way` below `model`."""
    kind: Any = model
    for part in way:
        inner = _unwrapped(kind)
        if isinstance(inner, type) and issubclass(inner, Shape):
            kind = _keys(inner)[str(part)].annotation
        else:
            kind = get_args(inner)[-1]  # what a list holds, or a mapping's values
    inner = _unwrapped(kind)
    return inner if isinstance(inner, type) and issubclass(inner, Shape) else model


def _unwrapped(kind: Any) -> Any:
    """Take away `| None` and `Annotated`."""
    while get_origin(kind) not in {None, list, dict}:
        kind = get_args(kind)[0]
    return kind
