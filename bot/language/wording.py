"""Phrases become sentences here, in the reader's language and zone. What is missing never takes the process down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any, Final, TypeAlias, cast

import structlog

from bot.domain.card import Card, Nudge, Phrase
from bot.errors import Hello30Error
from bot.language import moments
from bot.language.catalogue import ENGLISH, HARD, LANGUAGES, Catalogue, Sentence, Template, built_in, with_kinds
from bot.language.phones import show_phone

_log = structlog.get_logger(__name__)
_MISSING: Final = "…"
_NEAR_DAYS: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_Args: TypeAlias = Mapping[str, str | int | datetime]


class WordsMissing(Hello30Error):
    """A key, an argument or a zone that the wording does not know: a fault of ours, raised only by a strict wording."""


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom something is written: a language tag such as fr-CA, and an IANA zone."""

    language: str
    zone: str


class Wording:
    """The catalogues, ready to speak.

    A `strict` wording raises `WordsMissing`; another one logs it once, without the arguments, and says what it can: the
    English sentence, else the key's plain words; a missing argument is shown as "…".
    """

    def __init__(self, catalogues: Mapping[str, Catalogue], *, strict: bool = False) -> None:
        """Take a catalogue for each language; English must be among them."""
        self._catalogues = catalogues
        self._strict = strict
        self._told: set[str] = set()

    @classmethod
    def load(cls, *, kinds: Mapping[str, Mapping[str, str]] | None = None, strict: bool = False) -> Wording:
        """Load the catalogues that come with hello30; `kinds` are a house's own labels, by kind and language."""
        books = {language: with_kinds(built_in(language), kinds or {}) for language in LANGUAGES}
        return cls(books, strict=strict)

    # --- sentences ---------------------------------------------------------------------------------------------------

    def say(self, phrase: Phrase, reader: Reader, now: datetime) -> str:
        """Write a phrase for a reader; `now` decides what is today."""
        return self._say(phrase.key, phrase.args, reader, now)

    def card(self, card: Card[Phrase], reader: Reader, now: datetime) -> Card[str]:
        """Write every phrase of a card."""
        return cast("Card[str]", _worded(card, lambda phrase: self.say(phrase, reader, now)))

    def nudge(self, nudge: Nudge[Phrase], reader: Reader, now: datetime) -> Nudge[str]:
        """Write a nudge's phrase."""
        return cast("Nudge[str]", _worded(nudge, lambda phrase: self.say(phrase, reader, now)))

    # --- moments -----------------------------------------------------------------------------------------------------

    def clock(self, moment: datetime, reader: Reader) -> str:
        """Write a moment's clock in the reader's zone, without its day."""
        local = moment.astimezone(self._zone(reader))
        return moments.clock_text(local.hour, local.minute, moments.locale_of(reader.language))

    def day_and_clock(self, moment: datetime, reader: Reader, now: datetime) -> str:
        """Write a moment as a day and a clock with their preposition: `tomorrow at 10:00 a.m.`, `demain à 10 h`."""
        return self._dated("time.", moment, reader, now)

    def near_clock(self, moment: datetime, reader: Reader, now: datetime) -> str:
        """Write a clock alone if it is today's, else with its day behind it: `10:00 a.m. tomorrow`, `10 h demain`."""
        if self._days_ahead(moment, reader, now) == 0:
            return self.clock(moment, reader)
        return self._dated("time.clock_", moment, reader, now)

    def date(self, moment: datetime, reader: Reader, now: datetime | None = None) -> str:
        """Write a moment's day: `Wednesday, March 4`; with its year when `now` is given and in another one."""
        zone = self._zone(reader)
        day = moment.astimezone(zone).date()
        with_year = now is not None and now.astimezone(zone).year != day.year
        return moments.day_text(day, moments.locale_of(reader.language), with_year=with_year)

    def duration(self, span: timedelta, reader: Reader, *, exact: bool = False) -> str:
        """Write a length of time: `40 s`, `11 min`, `2 h 5 min`, `3 days`; `exact` keeps seconds below an hour.

        Rounded down, and nothing below zero: this tells what has passed or is left.
        """
        total = max(0, int(span.total_seconds()))
        hours, minutes, seconds = total // 3600, total // 60 % 60, total % 60
        if hours >= 48:
            key, count = "days", hours // 24
        elif hours:
            key, count = "hours_minutes" if minutes else "hours", hours
        elif minutes and exact and seconds:
            key, count = "minutes_seconds", seconds
        else:
            key, count = ("minutes", minutes) if minutes else ("seconds", seconds)
        return self._say(f"duration.{key}", {"count": count, "minutes": minutes}, reader).replace(" ", HARD)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _say(self, key: str, args: _Args, reader: Reader, now: datetime | None = None) -> str:
        sentence = self._sentence(key, moments.language_of(reader.language))
        if sentence is None:
            return key.rpartition(".")[2].replace("_", " ")
        form = self._form(sentence, args, reader)
        text = form.literals[0]
        for name, literal in zip(form.names, form.literals[1:], strict=True):
            text += self._value(name, sentence, args, reader, now)
            # "a.m." and "Inc." bring their own full stop.
            text += literal[1:] if text.endswith(".") and literal.startswith(".") else literal
        return text

    def _sentence(self, key: str, language: str) -> Sentence | None:
        for catalogue in (self._catalogues.get(language), self._catalogues[ENGLISH]):
            if catalogue is not None and key in catalogue.sentences:
                return catalogue.sentences[key]
            self._miss(f"no sentence for {key!r} in {language}")
        return None

    def _form(self, sentence: Sentence, args: _Args, reader: Reader) -> Template:
        if len(sentence.forms) == 1:
            return sentence.forms["other"]
        number = args.get("count", args.get("minutes"))
        if not isinstance(number, int):
            self._miss(f"{sentence.key!r} needs a number, in count or minutes")
            return sentence.forms["other"]
        plural = moments.locale_of(reader.language).plural_form(number)
        return sentence.forms.get(plural, sentence.forms["other"])

    def _value(self, name: str, sentence: Sentence, args: _Args, reader: Reader, now: datetime | None) -> str:
        value = args.get(name)
        if value is None:
            self._miss(f"{sentence.key!r} needs {{{name}}}")
            return _MISSING
        if isinstance(value, datetime):
            if now is None:
                return self.clock(value, reader)
            days = sentence.days and name != "until"
            return self.day_and_clock(value, reader, now) if days else self.near_clock(value, reader, now)
        return show_phone(value) if name == "number" and isinstance(value, str) else str(value)

    def _dated(self, group: str, moment: datetime, reader: Reader, now: datetime) -> str:
        ahead = self._days_ahead(moment, reader, now)
        key = _NEAR_DAYS.get(ahead, "weekday" if 0 < ahead < 7 else "date")
        words = {
            "clock": self.clock(moment, reader),
            "weekday": self._weekday(moment, reader),
            "day": self.date(moment, reader, now),
        }
        return self._say(group + key, words, reader)

    def _days_ahead(self, moment: datetime, reader: Reader, now: datetime) -> int:
        zone = self._zone(reader)
        return (moment.astimezone(zone).date() - now.astimezone(zone).date()).days

    def _weekday(self, moment: datetime, reader: Reader) -> str:
        day = moment.astimezone(self._zone(reader)).date()
        return moments.weekday_text(day, moments.locale_of(reader.language))

    def _zone(self, reader: Reader) -> tzinfo:
        zone = moments.zone_of(reader.zone)
        if zone is None:
            self._miss(f"there is no time zone {reader.zone!r}")
        return zone or UTC

    def _miss(self, what: str) -> None:
        if self._strict:
            raise WordsMissing(what)
        if what not in self._told:
            self._told.add(what)
            _log.error("words missing", what=what)


def _worded(value: object, say: Callable[[Phrase], str]) -> object:
    """Put words for every phrase in a card, a nudge or any of their parts."""
    if isinstance(value, Phrase):
        return say(value)
    if isinstance(value, tuple):
        return tuple([_worded(part, say) for part in value])
    kind: Any = type(value)
    names = _names_of(kind)
    return kind(**{name: _worded(getattr(value, name), say) for name in names}) if names else value


@cache
def _names_of(kind: type) -> tuple[str, ...]:
    """Give the names of what a class is made of; nothing for one that has no parts."""
    return tuple(part.name for part in fields(kind)) if is_dataclass(kind) else ()
