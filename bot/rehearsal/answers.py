"""What is answered in a rehearsal, as an admin writes it: `2m: busy, 3m sophie: in 5 min`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.people import Person
from bot.errors import Hello30Error
from bot.language.meant import NotOnePerson, one_person
from bot.yaml_shape import Wrong, read_duration

FORM: Final = '"2m: busy, 3m: in 5 min", or with a name: "3m sophie: in 5 min"'
_PART: Final = r"\d+\s?[a-z]+"
_HEAD: Final = rf"(?:{_PART})+"  # 2m, or 2m30s
# Only a comma before another "3m:" or "3m sophie:" parts two answers: an answer may hold commas of its own.
_BETWEEN: Final = re.compile(rf",(?=\s*{_HEAD}(?:\s[^,:]*)?:)")
_ANSWER: Final = re.compile(rf"(?P<after>{_HEAD})(?:\s+(?P<who>[^:]*?))?\s*:\s*(?P<text>.+)", re.DOTALL)


class UnreadableAnswers(Hello30Error):
    """What stands in the answers of a rehearsal cannot be read; the text says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Somebody types `text` so long after the arrival; `by` is a person's id, or None for whoever was asked last."""

    after: timedelta
    text: str
    by: str | None = None


def read_answers(text: str, people: Iterable[Person]) -> tuple[Answer, ...]:
    """Read answers, earliest first; raises `UnreadableAnswers`."""
    known = {person.id: person for person in people}
    answers = [_read(part.strip(), known) for part in _BETWEEN.split(text)]
    return tuple(sorted(answers, key=lambda answer: answer.after))


def _read(part: str, people: Mapping[str, Person]) -> Answer:
    found = _ANSWER.fullmatch(part)
    if found is None:
        raise UnreadableAnswers(f'"{part}" is no answer that can be read: please write {FORM}.')
    try:
        after = sum(map(read_duration, re.findall(_PART, found["after"])), timedelta())
    except Wrong as wrong:
        raise UnreadableAnswers(f"{wrong}. Please write {FORM}.") from None
    try:
        by = one_person(found["who"], people).id if found["who"] else None
    except NotOnePerson as wrong:
        raise UnreadableAnswers(str(wrong)) from None
    return Answer(after=after, text=found["text"].strip(), by=by)
