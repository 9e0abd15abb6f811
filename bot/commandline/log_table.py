"""The log for people: a line for each promise, in the words of the catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from bot.commandline.log_source import Source
from bot.desk import ERASED
from bot.domain.card import Phrase
from bot.domain.visit import Origin
from bot.language.wording import Reader, Wording
from bot.visit_log import Became, Fate, LogRow, Told

COLUMNS: Final = ("when", "visitor", "for_whom", "promised", "who", "became")
_ANY: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment at which something is said that speaks of none."""
_FULFILLED: Final = frozenset({Fate.KEPT, Fate.KEPT_LATE})


class LogTable:
    """The log in one language."""

    def __init__(self, source: Source, language: str) -> None:
        """Take where the log comes from, and the language's tag."""
        self._source = source
        self._language = language
        self._wording = Wording.load()

    def columns(self) -> list[str]:
        """Give the names of the columns."""
        return [self._wording.say(Phrase(f"log.{name}"), Reader(self._language, "UTC"), _ANY) for name in COLUMNS]

    def lines(self, row: LogRow) -> Iterator[tuple[str, ...]]:
        """Give a visit's lines: its promises, and what else became of it; who came stands on the first."""
        return _Lines(row, self._source, self._wording, self._language).all()


class _Lines:
    """The lines of one visit."""

    def __init__(self, row: LogRow, source: Source, wording: Wording, language: str) -> None:
        self._row = row
        self._source = source
        self._wording = wording
        self._zone = source.zone(row.visit.site)
        self._reader = Reader(language, str(self._zone))
        self._facts = row.facts or ERASED

    def all(self) -> Iterator[tuple[str, ...]]:
        facts, visit = self._facts, self._row.visit
        visitor = f"{facts.visitor} ({facts.company})" if facts.company else facts.visitor
        who_came = (self._when(visit.arrived), visitor, self._source.name(visit.owner))
        for rest in self._rest():
            yield (*who_came, *rest)
            who_came = ("", "", "")

    def _rest(self) -> Iterator[tuple[str, str, str]]:
        for told in self._row.promises:
            yield f"{self._word(told.what)}, {self._due(told.due)}", self._promised_by(told), self._fate(told)
        ending = self._ending()
        if not self._row.promises:
            yield self._word("none"), "", ending
        elif ending:
            yield "", "", ending

    def _promised_by(self, told: Told) -> str:
        name = self._source.name(told.by)
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
        return self._wording.say(Phrase(f"log.{name}"), self._reader, self._row.visit.arrived)

    def _story(self, name: str, person: str | None) -> str:
        args = {"visitor": self._facts.visitor, "person": self._source.name(person or self._row.visit.owner)}
        return self._wording.say(Phrase(f"story.{name}", args), self._reader, self._row.visit.arrived)

    def _when(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m-%d} {self._wording.clock(moment, self._reader)}"

    def _due(self, moment: datetime) -> str:
        """Write a due time; its day only where it is not that of the arrival."""
        arrived = self._row.visit.arrived.astimezone(self._zone).date()
        same_day = moment.astimezone(self._zone).date() == arrived
        return self._wording.clock(moment, self._reader) if same_day else self._when(moment)
