"""One incoming with all that is known of it: passed along, so that each function says only what it does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.card import Args, Phrase
from bot.domain.people import Person
from bot.language.wording import Reader, Wording
from bot.messages import Incoming, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who sent what, when, and in which language they are answered.

    `noted` is what was written down as the answer, though perhaps not committed: the store may run work once more.
    """

    incoming: Incoming
    person: Person
    reader: Reader
    now: datetime
    wording: Wording
    noted: list[Reply] = field(default_factory=list)

    @property
    def through(self) -> str:
        """Give the name of the adapter through which it came, as the journal has it."""
        return self.incoming.sender.adapter

    def say(self, key: str, args: Args | None = None) -> str:
        """Write a sentence for the sender."""
        return self.wording.say(Phrase(key, args or {}), self.reader, self.now)
