"""YAML without surprises: what stands in the file is what is read, or a fault says where and what to write instead.

Plain text becomes text, a whole number, `true`, `false` or nothing, and never anything else. Whatever two readers of
YAML understand differently (`10:30`, `no`), and whatever hides a value (anchors, tags, a key twice), is a fault.
Reading goes on after a fault as long as the YAML itself can be followed, so that an admin sees all of them at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from bot.errors import ConfigError, Fault
from bot.yaml_syntax import layout_faults, line_and_column, syntax_fault

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 20

Place: TypeAlias = tuple[str | int, ...]
"""The way to a value from the top: keys, and positions in lists (from 0)."""
_NOWHERE: Final = -1
"""Stands in a place for what is read only to find its faults: a key twice, say."""


class Broken:
    """Stands in the data where a fault was found, so that no second fault is made of the same mistake."""


BROKEN: Final = Broken()


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; both count from 1, in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file as it was read: `data` (dicts, lists, str, int, bool, None, `BROKEN`), and where each part stands."""

    file: str
    data: Any = BROKEN
    values: Mapping[Place, Mark] = field(default_factory=dict)
    keys: Mapping[Place, Mark] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def fault(self, place: Place, message: str, *, at_key: bool = False) -> Fault:
        """Make a fault that points to a value, or to its key; to the nearest part around it if it is not there."""
        mark = self.keys.get(place) if at_key else None
        while mark is None:
            mark = self.values.get(place) or (Mark(1, 1) if not place else None)
            place = place[:-1]
        return Fault(self.file, mark.line, mark.column, message)


def load(path: Path) -> Document:
    """Read a file that must have no fault; raises `ConfigError` with all of them."""
    document = read(path)
    if document.faults:
        raise ConfigError(list(document.faults))
    return document


def read(path: Path) -> Document:
    """Read a file; what is wrong with it, even that it is not there, is in the document's `faults`."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return _refused(path, "there is no such file: check the path, and where it is counted from")
    except IsADirectoryError:
        return _refused(path, "this is a folder: name a file in it")
    except OSError as error:
        return _refused(path, f"this file cannot be opened ({error.strerror}): check that hello30 may read it")
    return parse(content, str(path))


def parse(content: bytes, file: str) -> Document:
    """Read the content of a file; `file` is its name as faults should show it."""
    if len(content) > MAX_BYTES:
        return _refused(file, f"this file is larger than {MAX_BYTES // 1024} KB: is it the right one?")
    if content.startswith(b"\xef\xbb\xbf"):
        return _refused(file, 'the file begins with an invisible mark (BOM): save it as "UTF-8", not "UTF-8 with BOM"')
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        mark = Mark(*line_and_column(content[: error.start].decode("utf-8")))
        return _refused(file, "this character is not UTF-8: save the file as UTF-8", mark)
    faults = list(layout_faults(text, file))
    return Document(file=file, faults=tuple(faults)) if faults else _Composer(text, file).document()


def _refused(file: Path | str, message: str, mark: Mark = Mark(1, 1)) -> Document:
    return Document(file=str(file), faults=(Fault(str(file), mark.line, mark.column, message),))


# --- text to values --------------------------------------------------------------------------------------------------

_WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_LIKE_A_CLOCK = re.compile(r"[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?")
_PLAIN: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_YES_NO: Final = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def _resolve(text: str) -> str | int | bool | None:
    """Give the value of text without quotes; raises `ValueError` with what to write when it is not clear."""
    if text in _PLAIN:
        return _PLAIN[text]
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if _LIKE_A_CLOCK.fullmatch(text):
        raise ValueError(f'{text} without quotes can be read as a number: write "{text}" with quotes')
    folded = text.lower()
    if folded in _YES_NO:
        clear = _YES_NO[folded]
        raise ValueError(
            f'{text} without quotes can be read as {clear} or as text: write {clear}, or "{text}" in quotes'
        )
    if folded in _PLAIN:
        raise ValueError(f'{text} is written small here: write {folded}, or "{text}" in quotes if it is text')
    return text


_KEY_ADVICE: Final = {
    "<<": "merge keys (<<) are not followed: write the keys out here",
    "": "a key is text: write a name before the colon",
}


# --- the composer ----------------------------------------------------------------------------------------------------


class _Stop(Exception):
    """Reading cannot go on."""


class _Composer:
    """Makes a document of PyYAML's events: they carry marks, and an alias in them has not been followed yet."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._faults: list[Fault] = []
        self._values: dict[Place, Mark] = {}
        self._keys: dict[Place, Mark] = {}
        self._events: Iterator[yaml.Event] = iter(())

    def document(self) -> Document:
        """Read it all."""
        data: Any = BROKEN
        try:
            # The parser in Python, and not the one in C that some machines have: they differ in what they accept.
            self._events = yaml.parse(self._text, Loader=yaml.SafeLoader)
            data = self._top()
        except _Stop:
            pass
        except yaml.YAMLError as error:
            self._faults.append(syntax_fault(self._file, error))
        faults = tuple(sorted(self._faults, key=lambda fault: (fault.line, fault.column)))
        return Document(file=self._file, data=data, values=self._values, keys=self._keys, faults=faults)

    def _top(self) -> Any:
        next(self._events)  # the stream begins
        event = next(self._events)
        if not isinstance(event, yaml.DocumentStartEvent):
            self._fault(Mark(1, 1), "this file is empty: copy the example that comes with hello30, and change it")
            raise _Stop
        if event.version or event.tags:
            self._fault(_mark(event), "lines that begin with % are not read: take this one out")
        data = self._node(next(self._events), ())
        next(self._events)  # the document ends
        event = next(self._events)
        if isinstance(event, yaml.DocumentStartEvent):
            self._fault(_mark(event), "a second document begins here (---): keep one file for each")
        return data

    def _fault(self, mark: Mark, message: str) -> None:
        self._faults.append(Fault(self._file, mark.line, mark.column, message))

    def _node(self, event: yaml.Event, place: Place) -> Any:
        mark = _mark(event)
        self._values[place] = mark
        if len(place) > MAX_DEPTH:
            self._fault(mark, f"this stands more than {MAX_DEPTH} levels deep: no setting needs that")
            raise _Stop
        if isinstance(event, yaml.AliasEvent):
            self._fault(mark, f"aliases (*{event.anchor}) are not followed: write the value out again")
            return BROKEN
        self._check_node(event, mark)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(place)
        if not isinstance(event, yaml.ScalarEvent):
            raise _Stop  # there is no other event that begins a value
        return self._scalar(event, mark)

    def _check_node(self, event: yaml.Event, mark: Mark) -> None:
        """Note what may stand before no value."""
        if anchor := getattr(event, "anchor", None):
            self._fault(
                mark, f"anchors (&{anchor}) are not used here: take it out, and write the value where it is needed"
            )
        if getattr(event, "tag", None) is not None:
            self._fault(mark, "tags (!…) are not used here: take it out")

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> Any:
        if event.style:  # quoted or a block, so it is text
            return event.value
        try:
            return _resolve(event.value)
        except ValueError as error:
            self._fault(mark, str(error))
            return BROKEN

    def _sequence(self, place: Place) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*place, len(items))))
        return items

    def _mapping(self, place: Place) -> dict[str, Any]:
        items: dict[str, Any] = {}
        marks: dict[str, Mark] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            mark = _mark(event)
            key = self._key(event, (*place, _NOWHERE))
            if key is None:
                self._node(next(self._events), (*place, _NOWHERE))
            elif first := marks.get(key):
                self._fault(
                    mark, f'"{key}" stands here twice, first at line {first.line}, column {first.column}: keep one'
                )
                self._node(next(self._events), (*place, _NOWHERE))
            else:
                marks[key] = self._keys[*place, key] = mark
                items[key] = self._node(next(self._events), (*place, key))
        return items

    def _key(self, event: yaml.Event, place: Place) -> str | None:
        """Read a key; None when it has a fault, which is noted."""
        if not isinstance(event, yaml.ScalarEvent):
            self._node(event, place)
            self._fault(_mark(event), "a key is text: write a name before the colon")
            return None
        before = len(self._faults)
        self._check_node(event, _mark(event))
        if len(self._faults) > before:
            return None
        if event.style or self._is_text(event.value):
            return event.value
        self._fault(_mark(event), _KEY_ADVICE.get(event.value, f'a key is text: write "{event.value}" with quotes'))
        return None

    def _is_text(self, key: str) -> bool:
        try:
            return key not in _KEY_ADVICE and isinstance(_resolve(key), str)
        except ValueError:
            return False


def _mark(event: yaml.Event) -> Mark:
    mark = event.start_mark
    return Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
