"""What people write in Slack, as the plain words that they mean. Pure.

Slack marks up what was typed: mentions, links, bold and code, and a picture by its short name. None of it is part of a
name, a time or an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Final

PICTURES: Final[Mapping[str, str]] = {
    "+1": "👍",
    "thumbsup": "👍",
    "-1": "👎",
    "thumbsdown": "👎",
    "ok": "👌",
    "ok_hand": "👌",
    "wave": "👋",
    "pray": "🙏",
    "clap": "👏",
    "raised_hands": "🙌",
    "running": "🏃",
    "runner": "🏃",
    "walking": "🚶",
    "white_check_mark": "✅",
    "heavy_check_mark": "✅",
    "ballot_box_with_check": "✅",
    "x": "❌",
    "no_entry": "⛔",
    "telephone_receiver": "📞",
    "phone": "📞",
    "slightly_smiling_face": "🙂",
    "smile": "😄",
}
"""The short names with which alone somebody may answer; beside words they say nothing, and go like any other."""
_MENTION: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^>]*))?>")
_LINK: Final = re.compile(r"<(?:[^>|]*)\|([^>]+)>")
_BARE: Final = re.compile(r"<((?:https?|mailto|tel):[^>]+)>")
_PICTURE: Final = re.compile(r" ?(?<!\w):([a-z][a-z0-9_+-]*|[+-]1):(?::skin-tone-[2-6]:)?(?!\w) ?")
_MARKED: Final = re.compile(r"(?<![^\s(\[{\"'*_~`>])(```|[*_~`])(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
_QUOTED: Final = re.compile(r"^(?:> ?)+", re.MULTILINE)
_DEEPEST: Final = 4
"""So many marks at most around the same words: bold, italic, struck through, code."""


def plain(text: str, names: Mapping[str, str]) -> str:
    """Turn Slack's way of writing into what was typed: mentions by the `names` of people, links by their words."""
    text = _MENTION.sub(lambda found: _named(found, names), text)
    text = _LINK.sub(lambda found: found[1], text)
    text = _BARE.sub(lambda found: found[1].removeprefix("mailto:").removeprefix("tel:"), text)
    text = _QUOTED.sub("", unescape(text))
    for _ in range(_DEEPEST):
        text = _MARKED.sub(lambda found: found[2], text)
    words = _PICTURE.sub(" ", text).strip() if _PICTURE.search(text) else text.strip()
    return words or _PICTURE.sub(lambda found: PICTURES.get(found[1], ""), text).strip()


def without(text: str, bot: str) -> str:
    """Leave out the first mention of the bot, whose own user is `bot`; nothing while nobody knows it."""
    return re.sub(rf"<@{re.escape(bot)}(\|[^>]*)?>[:,]?", "", text, count=1) if bot else text


def mentioned(text: str, names: Mapping[str, str]) -> frozenset[str]:
    """Give how those are named in the plain text who are mentioned in it."""
    return frozenset(plain(found[0], names) for found in _MENTION.finditer(text))


def _named(found: re.Match[str], names: Mapping[str, str]) -> str:
    return names.get(found[1]) or found[2] or found[0]
