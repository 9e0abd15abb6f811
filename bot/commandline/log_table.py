"""The log for people at a terminal: who came stands on the first line of each visit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from bot.commandline.log_source import Source
from bot.domain.card import Phrase
from bot.language.wording import Reader, Wording
from bot.log_lines import LogLines, LogWords
from bot.visit_log import LogRow

COLUMNS: Final = ("when", "visitor", "for_whom", "promised", "who", "became")
_ANY: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment at which something is said that speaks of none."""


class LogTable:
    """The log in one language."""

    def __init__(self, source: Source, language: str) -> None:
        """Take where the log comes from, and the language's tag."""
        self._words = LogWords(Wording.load(), language, source.name, source.zone)

    def columns(self) -> list[str]:
        """Give the names of the columns."""
        reader = Reader(self._words.language, "UTC")
        return [self._words.wording.say(Phrase(f"log.{name}"), reader, _ANY) for name in COLUMNS]

    def lines(self, row: LogRow) -> Iterator[tuple[str, ...]]:
        """Give a visit's lines: its promises, and what else became of it."""
        lines = LogLines(row, self._words)
        who_came = lines.who_came()
        for promise in lines.promises():
            yield (*who_came, *promise)
            who_came = ("", "", "")
