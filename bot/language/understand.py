"""What did they mean? Buttons come first; this reads the obvious and calls everything else unclear: no guessing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final, Literal, TypeAlias, cast

from bot.domain.people import Person
from bot.language import catalogue, heard
from bot.language.names import find, fold
from bot.language.phones import find_phone
from bot.language.when import read_time

Intent: TypeAlias = Literal[
    "announce",
    "hello_now",
    "hello_in",
    "callback",
    "delegate",
    "done",
    "no_answer",
    "move",
    "busy",
    "decline",
    "question",
    "thanks",
    "unclear",
]
Role: TypeAlias = Literal["owner", "reception"]

MAX_LENGTH: Final = 300
"""What is longer is cut: nobody answers a visitor with more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One line as it was read. Only `certain` readings may be acted upon without asking back.

    in_minutes        with hello_in
    at, precision     with callback, if a time was said (aware, UTC)
    to                with delegate: ids of whoever may be meant
    visitor, company, owner, owner_candidates, phone (E.164), reason
                      with announce; `owner` as it was written, the candidates' ids beside it
    """

    intent: Intent
    in_minutes: int | None = None
    at: datetime | None = None
    precision: str = ""
    to: tuple[str, ...] = ()
    visitor: str = ""
    company: str = ""
    owner: str = ""
    owner_candidates: tuple[str, ...] = ()
    phone: str = ""
    reason: str = ""
    certain: bool = False


UNCLEAR: Final = Understood(intent="unclear")


def understand(
    text: str,
    *,
    role: Role,
    now: datetime,
    zone: str,
    language: str,
    people: Sequence[Person],
) -> Understood:
    """Read one line that a responder (`owner`) or reception wrote; never raises, whatever the line is."""
    line = _clean(text)
    if not line:
        return UNCLEAR
    if role == "reception":
        return _announcement(line, zone, people) or _line(line)
    return _callback(line, now, zone, language) or _line(line)


def _clean(text: str) -> str:
    """Cut a text, and make one line of it without control characters."""
    cut = text[:MAX_LENGTH]
    return " ".join("".join(c if c.isprintable() or c == "\u200d" else " " for c in cut).split())


# --- what a responder writes -----------------------------------------------------------------------------------------

_IN_MINUTES = re.compile(
    r"(?:(?:i'm coming|i am coming|coming|be there|there|j'arrive|je viens|je descends|ok|oui|yes),? )?"
    r"(?:(?:in|dans|d'ici|give me|donne moi|donnez moi) )?"
    r"(?P<minutes>[0-9]{1,3}) ?(?P<unit>minutes?|mins?|mn)?(?: please| s'il te plait| s'il vous plait| stp| svp)?"
)
_IN = re.compile(r"\b(?:in|dans|d'ici)\b")


def _line(line: str) -> Understood:
    plain = fold(line).rstrip(".!?…, ").strip()
    intent = _whole_lines().get(plain)
    if intent:
        return Understood(intent=intent, certain=True)
    minutes = _IN_MINUTES.fullmatch(plain)
    if minutes and (minutes["unit"] or _IN.search(plain)) and int(minutes["minutes"]):
        return Understood(intent="hello_in", in_minutes=int(minutes["minutes"]), certain=True)
    return Understood(intent="question", certain=True) if line.endswith("?") else UNCLEAR


@cache
def _whole_lines() -> Mapping[str, Intent]:
    """Give what each known line means, button labels of all languages among them."""
    lines = {line: cast("Intent", intent) for intent, known in heard.LINES.items() for line in known}
    for language in catalogue.LANGUAGES:
        sentences = catalogue.built_in(language).sentences
        for name, intent in heard.BUTTONS.items():
            label = sentences[f"buttons.{name}"].forms["other"].literals[0]
            lines[fold(label).rstrip(".… ")] = cast("Intent", intent)
    return lines


_CALL = re.compile(
    r"(?:(?:i'll |i will )?call(?: (?:back|her|him|them))?"
    r"|rappel|rappelle(?: la| le)?|(?:je |on )(?:la |le |les )?rappelle|je l'appelle|j'appelle) "
)


def _callback(line: str, now: datetime, zone: str, language: str) -> Understood | None:
    """Read a plain hour as the time of a callback: "15 h", "I'll call her at 3 pm"."""
    plain = fold(line).rstrip("!, ")
    said = _CALL.match(plain)
    when = read_time(plain[said.end() :] if said else plain, now=now, zone=zone, language=language)
    if when is None:
        return None
    return Understood(intent="callback", at=when.moment, precision=when.precision, certain=not when.others)


# --- what reception writes -------------------------------------------------------------------------------------------

_ANNOUNCEMENT = re.compile(
    r"(?P<visitor>[^():]+?)\s*(?:\((?P<company>[^()]+)\)\s*|\s)(?:for|pour)\s+"
    r"(?P<owner>[^():]+?)\s*(?::\s*(?P<reason>.*))?",
    re.IGNORECASE,
)


def _announcement(line: str, zone: str, people: Sequence[Person]) -> Understood | None:
    """Read `NAME (ORGANISATION) for OWNER: REASON`; the parts in brackets and after the colon may be left out."""
    phone, rest = find_phone(line, zone=zone)
    found = _ANNOUNCEMENT.fullmatch(rest.rstrip(" ,;.") if phone else rest)
    if found is None or not any(c.isalpha() for c in found["visitor"]):
        return None
    owners = find(found["owner"], people)
    return Understood(
        intent="announce",
        visitor=found["visitor"].strip(" ,"),
        company=(found["company"] or "").strip(),
        owner=found["owner"].strip(" ,."),
        owner_candidates=tuple(person.id for person in owners),
        phone=phone or "",
        reason=(found["reason"] or "").strip(),
        certain=len(owners) == 1,
    )
