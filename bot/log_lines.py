"""The log in words: a line for each promise, in the words of the catalogues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.desk import ERASED
from bot.domain.card import Phrase
from bot.domain.visit import Origin
from bot.language.wording import Reader, Wording
from bot.visit_log import Became, Fate, LogRow, Told, ZoneOf

_FULFILLED: Final = frozenset({Fate.KEPT, Fate.KEPT_LATE})


@dataclass(frozen=True, slots=True)
class LogWords:
    """What the log is told with: `name` gives that of a person's id, `zone` that of a site."""

    wording: Wording
    language: str
    name: Callable[[str], str]
    zone: ZoneOf


class LogLines:
    """The lines of one visit."""

    def __init__(self, row: LogRow, words: LogWords) -> None:
        """Take the visit, and what it is told with."""
        self._row = row
        self._words = words
        self._zone = words.zone(row.visit.site)
        self._reader = Reader(words.language, str(self._zone))
        self._facts = row.facts or ERASED

    def who_came(self) -> tuple[str, str, str]:
        """Give when somebody came, who it was, and for whom."""
        facts, visit = self._facts, self._row.visit
        visitor = f"{facts.visitor} ({facts.company})" if facts.company else facts.visitor
        return self._when(visit.arrived), visitor, self._words.name(visit.owner)

    def promises(self) -> Iterator[tuple[str, str, str]]:
        """Give what was promised, by whom, and what became of it; last, what else became of the visit."""
        for told in self._row.promises:
            yield f"{self._word(told.what)}, {self._due(told.due)}", self._promised_by(told), self._fate(told)
        ending = self._ending()
        if not self._row.promises:
            yield self._word("none"), "", ending
        elif ending:
            yield "", "", ending

    def _promised_by(self, told: Told) -> str:
        name = self._words.name(told.by)
        return name if told.origin is Origin.PERSON else f"{name} (hello30)"

    def _fate(self, told: Told) -> str:
        word = self._word(told.fate)
        return f"{word} → {self._due(told.moved_to)}" if told.fate is Fate.MOVED and told.moved_to else word

    def _ending(self) -> str:
        """Say what became of the visit, where the fates of its promises do not say so."""
        row, fates = self._row, {told.fate for told in self._row.promises}
        match row.became:
            case Became.OPEN:
                return "" if Fate.OPEN in fates else self._word("open")
            case Became.GIVEN:
                return "" if fates & _FULFILLED else self._story("HelloGiven", row.visit.greeted_by)
            case Became.KEPT:
                return "" if fates & _FULFILLED else self._story("CallbackKept", row.visit.called_by)
            case Became.MISTAKE:
                return self._story("VisitorLeft_mistake", None)
            case Became.DROPPED:
                return "" if Fate.DROPPED in fates else self._word("dropped")
            case Became.UNSEEN | Became.UNREACHABLE:
                return self._word(row.became)

    # --- words -------------------------------------------------------------------------------------------------------

    def _word(self, name: str) -> str:
        return self._words.wording.say(Phrase(f"log.{name}"), self._reader, self._row.visit.arrived)

    def _story(self, name: str, person: str | None) -> str:
        args = {"visitor": self._facts.visitor, "person": self._words.name(person or self._row.visit.owner)}
        return self._words.wording.say(Phrase(f"story.{name}", args), self._reader, self._row.visit.arrived)

    def _when(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m-%d} {self._words.wording.clock(moment, self._reader)}"

    def _due(self, moment: datetime) -> str:
        """Write a due time; its day only where it is not that of the arrival."""
        arrived = self._row.visit.arrived.astimezone(self._zone).date()
        same_day = moment.astimezone(self._zone).date() == arrived
        return self._words.wording.clock(moment, self._reader) if same_day else self._when(moment)
