"""The rules of tone, as far as a machine can hold them: what a sentence must say, and words that hello30 never says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

MAX_NUDGE: Final = 60
"""A notification is shorter than this, so that a phone shows all of it."""
MAX_BUTTON: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sentence as it stands in the catalogue (`text`, with its placeholders' `names`), and filled in (`shown`)."""

    language: str
    key: str
    text: str
    names: frozenset[str]
    shown: str

    @property
    def is_said(self) -> bool:
        """Tell whether a visitor hears it."""
        return self.key.startswith(("say.", "say_short."))

    @property
    def is_nudge(self) -> bool:
        """Tell whether it makes a phone buzz."""
        return self.key.endswith("_nudge")


Rule: TypeAlias = Callable[[Line], Iterator[str]]

_PEOPLE: Final = frozenset({"owner", "responder", "by"})
_NOW: Final = re.compile(r"\bnow\b|tout de suite")
_NAMES: Final = "visitor|owner|responder|by|person|to|colleague|company|entered_by"
_PREPOSITION: Final = re.compile(
    r"\b(?:at|on|by|for|until|since|before|after|from|à|pour|vers|depuis|avant|après|jusqu'à) \{time\}"
)
_NOT_SAID: Final = r"\b(?:[Tt]eam|(?i:guest|customer|host|employee|assignee|ticket|meeting|follow-up)s?)\b|front desk"
# A participle right behind the name that it agrees with; in "à {visitor} est prévu" it agrees with something else.
_PARTICIPLE: Final = (
    rf"(?<!à )(?<!et )(?<!pour )(?<!avec )(?<!par )\{{(?:{_NAMES})\}}"
    r" (?:est|sera|était|a été) \w+(?:é|u|i|is|it|rt)e?\b"
)
_NEVER: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "en": (
        (_NOT_SAID, "another word"),
        (r"(?i)\b(?:he|she|his|her|him)\b", "a name, or nobody's gender"),
        (r"(?i)\b(?:should|must|always)\b", "a choice, not a lesson"),
    ),
    "fr": (
        (r"(?i)\béquipe|\bcallback\b|\bcanceller\b", "another word"),
        (r"(?i)\b(?:devez|il faut)\b", "a choice, not a lesson"),
        (r"(?i)\b(?:tu|te|toi|ton|ta|tes)\b", "vous"),
        (r"(?i)\(e\)|·e\b|\bdésolée?\b|(?<!')\b(?:il|elle|ils|elles)\b(?! manque)", "nobody's gender"),
        (_PARTICIPLE, "nobody's gender"),
        (rf"\b(?:de|que|le|la|je|me|se|ne|ce|lorsque|puisque|jusque) \{{(?:{_NAMES})\}}", "no elision to guess"),
        (rf"\b(?:[dlnscjmt]|qu)'\{{(?:{_NAMES})\}}", "no elision to guess"),
        (r"(?<! )[:;?!](?= |$)", "a space before : ; ? !"),
    ),
}
_ANYWHERE: Final = (
    (r"[\U0001F000-\U0001FAFF\u2600-\u27BF\u2B00-\u2BFF]", "words, not emoji"),
    (r"[\u00a0\u202f\u2009]", "an ordinary space: rendering puts in the others"),
)


def words(line: Line) -> Iterator[str]:
    """Some words are never said."""
    for pattern, instead in (*_ANYWHERE, *_NEVER.get(line.language, ())):
        if found := re.search(pattern, line.text):
            yield f"{found[0]!r} is not for hello30: write {instead}"


def days_have_prepositions(line: Line) -> Iterator[str]:
    """A day and a clock bring their own preposition."""
    if "callback" in line.key.casefold() and (found := _PREPOSITION.search(line.text)):
        yield f"{found[0]!r}: in this key {{time}} is a day and a clock with their own preposition"


def says_who_and_when(line: Line) -> Iterator[str]:
    """A visitor hears one person, one deed, one time, in one sentence."""
    if not line.is_said:
        return
    if not line.names & _PEOPLE:
        yield "nobody is named: what a visitor hears names one person"
    if "time" not in line.names and not _NOW.search(line.text):
        yield "no time: what a visitor hears says by when"
    if re.search(r"[.?!] ", line.text):
        yield "more than one sentence"


def nudges_are_short(line: Line) -> Iterator[str]:
    """A notification is short and holds nothing private."""
    if not line.is_nudge:
        return
    if len(line.shown) >= MAX_NUDGE:
        yield f"{len(line.shown)} characters once filled in, a notification has less than {MAX_NUDGE}: {line.shown}"
    if line.names & {"number", "reason_text", "text", "company"}:
        yield "a notification holds no number and no reason"


def buttons_are_short(line: Line) -> Iterator[str]:
    """A button is read in a hurry."""
    if line.key.startswith("buttons.") and len(line.shown) > MAX_BUTTON:
        yield f"{len(line.shown)} characters, a button has at most {MAX_BUTTON}"


def is_typed_cleanly(line: Line) -> Iterator[str]:
    """No empty text, no doubled space or full stop."""
    if not line.text.strip() or line.text != line.text.strip():
        yield "empty, or with spaces around it"
    if "  " in line.shown or ".." in line.shown:
        yield f"two spaces or two full stops: {line.shown}"


RULES: Final[tuple[Rule, ...]] = (
    words,
    days_have_prepositions,
    says_who_and_when,
    nudges_are_short,
    buttons_are_short,
    is_typed_cleanly,
)
