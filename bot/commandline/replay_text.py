"""A visit that was replayed, as an operator reads it: each step, and what it made of the visit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from bot.clock import SystemClock
from bot.commandline.log_source import Source
from bot.domain.card import Phrase
from bot.domain.facts import Facts
from bot.domain.visit import Asking, Promise
from bot.language.catalogue import ENGLISH
from bot.language.wording import Reader, Wording
from bot.pages import Story
from bot.replaying import Followed, Step
from bot.telling import Teller, tell

NAMES: Final = ("hello", "callback", "here", "question", "late_callback", "next")


class ReplayText:
    """The steps of a visit in one language."""

    def __init__(self, source: Source, steps: Sequence[Step], facts: Facts, language: str) -> None:
        """Take where the visit comes from, its steps (one at least), the visitor's facts, and the language's tag."""
        self._source = source
        self._steps = steps
        self._visit = steps[-1].visit
        self._zone = source.zone(self._visit.site)
        self._reader = Reader(language, str(self._zone))
        self._wording = Wording.load(kinds=source.settings.kinds if source.settings else None)
        self._now = SystemClock().now()
        self._story = self._told(facts)

    def lines(self) -> Iterator[str]:
        """Give the lines: what visit this is, then each step with what it changed."""
        visit = self._visit
        yield self._story.title
        where = {"visit": visit.id, "site": visit.site, "policy": visit.policy.name, "zone": str(self._zone)}
        yield self.say(Phrase("replay.where", where))
        for step, line in zip(self._steps, self._story.lines, strict=True):
            yield ""
            yield f"{step.entry.seq:>3}  {self._moment(step.entry.event.at)}  {line.text}  [{step.entry.through}]"
            for name, (before, after) in self._changes(step, self._reader).items():
                change = f"{before} → {after}" if before else after
                yield f"       {self.say(Phrase(f'replay.{name}', {'text': change}))}"

    def as_json(self) -> dict[str, Any]:
        """Give the same as JSON. What changed is told in English in each language: a program compares these words."""
        english = Reader(ENGLISH, self._reader.zone)
        return {
            "visit": self._visit.id,
            "title": self._story.title,
            "steps": [
                {
                    "entry": step.entry.seq,
                    "number": step.entry.number,
                    "at": step.entry.event.at.astimezone(self._zone).isoformat(timespec="seconds"),
                    "through": step.entry.through,
                    "event": type(step.entry.event).__name__,
                    "text": line.text,
                    "changed": {
                        name: {"from": before or None, "to": after}
                        for name, (before, after) in self._changes(step, english).items()
                    },
                }
                for step, line in zip(self._steps, self._story.lines, strict=True)
            ],
        }

    def say(self, phrase: Phrase, reader: Reader | None = None) -> str:
        """Write a phrase."""
        return self._wording.say(phrase, reader or self._reader, self._now)

    # --- inside ------------------------------------------------------------------------------------------------------

    def _told(self, facts: Facts) -> Story:
        teller = Teller(
            visit=self._visit,
            facts=facts,
            names=self._source.name,
            wording=self._wording,
            reader=self._reader,
            now=self._now,
        )
        return tell(teller, [step.entry for step in self._steps])

    def _changes(self, step: Step, reader: Reader) -> dict[str, tuple[str, str]]:
        """Give what is different after a step; before the first one, nothing stood."""
        before, after = self._words(step.before, reader), self._words(step.after, reader)
        return {name: (before[name], after[name]) for name in NAMES if before[name] != after[name]}

    def _words(self, standing: Followed, reader: Reader) -> dict[str, str]:
        if standing.hello is None:  # it has not begun
            return dict.fromkeys(NAMES, "")
        values = (
            self._track(f"hello_{standing.hello}", standing.hello_promise, reader),
            self._track(f"callback_{standing.callback}", standing.callback_promise, reader),
            self.say(Phrase("replay.is_here" if standing.here else "replay.is_not_here"), reader),
            self._question(standing.visitor_question, reader),
            self._question(standing.call_question, reader),
            self._moment(standing.next) if standing.next else self.say(Phrase("replay.no_moment"), reader),
        )
        return dict(zip(NAMES, values, strict=True))

    def _track(self, state: str, promise: Promise | None, reader: Reader) -> str:
        said = self.say(Phrase(f"replay.{state}"), reader)
        if promise is None:
            return said
        person, due = self._source.name(promise.by), self._moment(promise.due)
        return self.say(Phrase("replay.promise", {"text": said, "person": person, "moment": due}), reader)

    def _question(self, asking: Asking | None, reader: Reader) -> str:
        if asking is None:
            return self.say(Phrase("replay.no_question"), reader)
        person = self._source.name(asking.responder)
        asked = Phrase("replay.asked", {"person": person, "count": asking.step, "total": len(asking.moments)})
        said = self.say(asked, reader)
        return self.say(Phrase("replay.checking", {"text": said}), reader) if asking.checking else said

    def _moment(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")
