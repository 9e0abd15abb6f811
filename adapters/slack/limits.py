"""How much Slack takes of each thing, and how a text is cut so that it fits. Pure.

The figures are those of Slack's reference on Block Kit; what is longer is refused there as a whole, so it is cut here.
"""

from __future__ import annotations

from typing import Final

SECTION: Final = 3000
FIELDS: Final = 10
CONTEXT_ELEMENTS: Final = 10
HEADER: Final = 150
BUTTON: Final = 75
ACTIONS: Final = 25
OVERFLOW: Final = 5
OPTION: Final = 75
OPTIONS: Final = 100
VIEW_BLOCKS: Final = 100
RADIO_OPTIONS: Final = 10
VIEW_TITLE: Final = 24
LABEL: Final = 2000
PLACEHOLDER: Final = 150
INITIAL_VALUE: Final = 3000
ACTION_ID: Final = 255
VALUE: Final = 2000
REVISION_DIGITS: Final = 9
SECOND_DIGITS: Final = 10
FALLBACK: Final = 149
"""A phone shows about so much of a message's own text."""

ELLIPSIS: Final = "…"


def cut(text: str, most: int) -> str:
    """Cut a text to so many characters, at the end, visibly."""
    return text if len(text) <= most else text[: most - 1].rstrip() + ELLIPSIS


def escaped(text: str, most: int) -> str:
    """Write what people typed so that Slack shows it as it is, in at most so many characters once it is escaped.

    Slack's own rule: `&`, `<` and `>` are all that can become a mention or a link. Nothing is cut within an entity.
    """
    written = _escape(text)
    if len(written) <= most:
        return written
    room = most - len(ELLIPSIS)
    kept = 0
    for character in text:
        room -= len(_escape(character))
        if room < 0:
            break
        kept += 1
    return _escape(text[:kept].rstrip()) + ELLIPSIS


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
