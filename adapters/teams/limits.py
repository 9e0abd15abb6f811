"""How much Teams takes of each thing, and how a text is made fit for a card. Pure.

Microsoft's pages do not agree on how large a message may be; the smallest figure among them is 28 KB, counted in
UTF-16, so nothing here is larger. What people typed stands in a card only as a `TextRun` or in an input: there Markdown
and mentions are not read at all, whereas a `TextBlock` or a `Fact` reads both, and no way of escaping them works in
each of Teams' clients.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

T = TypeVar("T")
Content: TypeAlias = dict[str, Any]
"""An Adaptive Card, or a part of one."""

ENVELOPE: Final = 2 * 1024
"""So many bytes are left for what stands around a card in its message: who, where, and the summary."""
CONTENT: Final = 28 * 1024 - ENVELOPE
"""So many bytes at most of a card's own JSON, in UTF-16."""
ACTIONS: Final = 6
"""Teams shows so many buttons of one row, and drops the others."""
CHOICES: Final = 24
"""So many buttons at most that answer what was asked back."""
EXPANDED: Final = 10
"""Up to so many options all are in sight; among more of them one searches by typing."""
BUTTON: Final = 75
BUTTON_AT_LEAST: Final = 20
"""So many characters has a button also on a card that is too full."""
SUMMARY: Final = 149
"""A phone shows about so much of a message in its notification."""
VALUE: Final = 3000
"""So many characters at most stand in an input beforehand: more than any field of ours may hold."""
DIGITS: Final = 9
ELLIPSIS: Final = "…"
_BRACES: Final = re.compile(r"\{(?=\{)")
SHARES: Final = (1, 2, 4, 8)
"""What does not fit is made again with half, a quarter, an eighth of the room for each text."""


def cut(text: str, most: int) -> str:
    """Cut a text to so many characters, at the end, visibly."""
    return text if len(text) <= most else text[: most - 1].rstrip() + ELLIPSIS


def plain(text: str, most: int) -> str:
    """Give a text as a `TextRun` shows it as it is, in at most so many characters.

    Two braces would begin a date that some clients write in their own way: a joiner that nobody sees parts them.
    """
    return _BRACES.sub("{\u2060", cut(text, most))


def size(content: Any) -> int:
    """Give how many bytes a card's JSON is in UTF-16, with spaces as the SDK writes it."""
    return len(json.dumps(content, ensure_ascii=False).encode("utf-16-le", "surrogatepass"))


def fits(content: Any) -> bool:
    """Tell whether Teams takes a card of this size."""
    return size(content) <= CONTENT


def fitting(tries: Sequence[T], make: Callable[[T], Content]) -> Content:
    """Make a card with as much room as Teams has for it: by the first of these tries that fits, else by the last."""
    made = make(tries[0])
    for each in tries[1:]:
        if fits(made):
            break
        made = make(each)
    return made
