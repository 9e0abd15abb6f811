"""What keeps a file from being YAML at all, in words for an admin: PyYAML's own are for programmers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import yaml

from bot.errors import Fault

_MOST: Final = 20  # a file of another kind would have thousands


def line_and_column(before: str) -> tuple[int, int]:
    """Give the place right after `before`, which is all of the text up to there; both count from 1."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


# --- what cannot be seen ---------------------------------------------------------------------------------------------

_LAYOUT = re.compile(
    r"^[ ]*(?P<tab>\t)[ \t]*(?=[^\s#])"  # a tab that indents something
    r"|^[ ]*(?:-[ ]+)?(?:[\w.-]+:)?(?P<space>[\u00a0\u202f])"  # a space that is none, before a key or after its colon
    r"|(?P<control>[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff])",
    re.MULTILINE,
)
_LAYOUT_MESSAGE: Final = {
    "tab": "a tab indents this line: write spaces instead (two for each level)",
    "space": "a non-breaking space stands here: write an ordinary space instead",
    "control": "an invisible control character stands here: take it out",
}


def layout_faults(text: str, file: str) -> Iterator[Fault]:
    """Find tabs that indent, spaces that are none, and control characters; the first twenty at most."""
    for found in islice(_LAYOUT.finditer(text), _MOST):
        kind = str(found.lastgroup)
        yield Fault(file, *line_and_column(text[: found.start(kind)]), _LAYOUT_MESSAGE[kind])


# --- when it is no YAML ----------------------------------------------------------------------------------------------

_SYNTAX: Final = (
    ("found character '\\t'", "a tab stands here: write spaces instead"),
    ("found unexpected end of stream", "a quote is opened here and never closed: close it, or take it out"),
    ("found unexpected document", "a quote is opened here and never closed: close it, or take it out"),
    (
        "mapping values are not allowed",
        "a colon cannot stand here: put the text in quotes, or indent this line like its neighbours",
    ),
    ("could not find expected ':'", "a colon and a space are missing after this key: write key: value"),
    (
        "but found '<scalar>'",
        "a text cannot stand here: put all of it in one pair of quotes, or indent it like its neighbours",
    ),
    ("expected <block end>", "this line is not indented like the lines it belongs to: use the same number of spaces"),
    ("expected ',' or ']'", "a list in square brackets needs a comma between its parts and a ] at its end"),
    ("expected ',' or '}'", "keys in curly brackets need a comma between them and a } at their end"),
    ("cannot start any token", "a text cannot begin with this character: put the text in quotes"),
    ("unknown escape character", "a \\ in double quotes has a meaning of its own: use single quotes, or write \\\\"),
)


def syntax_fault(file: str, error: yaml.YAMLError) -> Fault:
    """Say in our words why a file is no YAML, at the place where that is seen."""
    problem = str(getattr(error, "problem", "") or "")
    message = next(
        (ours for theirs, ours in _SYNTAX if theirs in problem),
        "from here on this cannot be read as YAML: check quotes, colons and indentation, here and on the line before",
    )
    place = getattr(error, "context_mark", None) if "never closed" in message else None
    place = place or getattr(error, "problem_mark", None)
    return Fault(file, place.line + 1, place.column + 1, message) if place else Fault(file, 1, 1, message)
