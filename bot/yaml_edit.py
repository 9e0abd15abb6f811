"""Small changes of a YAML text that leave every other character as it was: comments, blank lines, quotes and order.

A text is changed at the marks that PyYAML's composer gives; it is never written anew from its values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

import yaml

from bot.errors import Hello30Error

Way: TypeAlias = tuple[str, ...]
"""The keys that lead to a value from the top."""
Edit: TypeAlias = tuple[int, int, str]
"""From where to where, and what stands there then."""

_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_QUOTES: Final = frozenset({"'", '"'})


class NotEditable(Hello30Error):
    """A text that cannot be changed at that place without changing more than that."""


def with_values(text: str, values: Mapping[Way, str]) -> str:
    """Give the text in which these keys have these values, which are words that need no quotes.

    A key that is not there yet is put behind the last one of its mapping, which must be there, in the way in which that
    one is written. No two of the keys may stand in the same mapping. `text` must have been read without a fault.

    Raises `NotEditable`. Whoever relies on it compares what is read of both texts: there are many ways to write YAML.
    """
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    for start, end, new in sorted((_edit(text, top, way, value) for way, value in values.items()), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _edit(text: str, top: yaml.Node | None, way: Way, value: str) -> Edit:
    *above, key = way
    inside = top
    for name in above:
        inside = _value(inside, name)
    if not isinstance(inside, yaml.MappingNode):
        raise NotEditable(f"there is no mapping at {' '.join(above)}")
    there = _value(inside, key)
    if there is not None:
        return _replaced(text, there, value)
    return _added_within(inside, key, value) if inside.flow_style else _added_below(text, inside, key, value)


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if isinstance(name, yaml.ScalarNode) and name.value == key), None)


def _replaced(text: str, there: yaml.Node, value: str) -> Edit:
    start, end = there.start_mark.index, there.end_mark.index
    if not isinstance(there, yaml.ScalarNode) or there.style in {"|", ">"}:
        raise NotEditable("what stands there is more than a word")
    if start < end:
        return start, end, _like(there, value)
    if text[start - 1 : start] != ":":  # a key alone, which YAML allows between curly brackets
        raise NotEditable("there is a key without a colon")
    return start, end, f" {value}"


def _added_within(inside: yaml.MappingNode, key: str, value: str) -> Edit:
    """Put a key between curly brackets, behind the last value: a comma or a comment behind that stays there."""
    if not inside.value:
        at = inside.start_mark.index + 1
        return at, at, f"{key}: {value}"
    last_key, last_value = inside.value[-1]
    at = last_value.end_mark.index
    return at, at, f", {_like(last_key, key)}: {_like(last_value, value)}"


def _added_below(text: str, inside: yaml.MappingNode, key: str, value: str) -> Edit:
    """Put a key on a line of its own, below the line on which the last value ends."""
    last_key, last_value = inside.value[-1]
    line = f"{' ' * inside.start_mark.column}{_like(last_key, key)}: {_like(last_value, value)}"
    end = _last_leaf(last_value).end_mark
    first_end = _LINE_END.search(text)
    line_end = first_end.group() if first_end else "\n"
    if end.column == 0:  # a text of several lines ends with its line
        return end.index, end.index, line + line_end
    if behind := _LINE_END.search(text, end.index):
        return behind.end(), behind.end(), line + behind.group()
    return len(text), len(text), line_end + line  # the file ends without the end of a line, and so it may stay


def _last_leaf(node: yaml.Node) -> yaml.Node:
    """Give what ends where a value ends: PyYAML lets a block end where the next one begins, behind all comments."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return node


def _like(neighbour: yaml.Node, word: str) -> str:
    """Write a word with such quotes as its neighbour has: what is JSON as well may stay so."""
    style = neighbour.style if isinstance(neighbour, yaml.ScalarNode) else None
    return f"{style}{word}{style}" if style in _QUOTES else word
