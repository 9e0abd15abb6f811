"""A rehearsal as an admin reads it: what was assumed, the table, how it ends, and the time by which law 10 holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from bot.commandline.rehearsal_source import Source
from bot.domain.card import Args, Phrase
from bot.domain.policy import Via
from bot.language.wording import Reader, Wording
from bot.rehearsal.arrival import VISITOR
from bot.rehearsal.bound import Bound, LookedAfter, Put
from bot.rehearsal.play import Kind, Line, Rehearsal

COLUMNS: Final = ("after", "clock", "open_time", "who", "told")


class RehearsalText:
    """One rehearsal in one reader's words."""

    def __init__(self, source: Source, rehearsal: Rehearsal, reader: Reader) -> None:
        """Take what was rehearsed, and for whom it is written."""
        self._source = source
        self._rehearsal = rehearsal
        self._arrival = rehearsal.arrival
        self._reader = reader
        self._wording = Wording.load(kinds=source.settings.kinds)

    def assumed(self, *, answered: bool) -> Iterator[str]:
        """Say which policy this is, and what was assumed."""
        arrival, policy = self._arrival, self._arrival.policy
        yield f"{policy.name}: {policy.title}"
        yield self._say(
            "phones" if arrival.via is Via.PHONE else "comes",
            visitor=VISITOR.visitor,
            reason_text=self._say_key(f"kind.{arrival.kind or 'unknown'}").lower(),
            site=self._source.settings.sites[arrival.site].name,
            owner=self.name(arrival.owner),
            day=self._wording.date(arrival.at, self._reader),
            clock=self._wording.clock(arrival.at, self._reader),
        )
        state, answers = "open" if arrival.is_open else "closed", "answers" if answered else "silent"
        yield f"{self._say(state)} {self._say(answers)}"
        if self._source.invented:
            yield self._say("invented")
        elif not self._source.listed:
            yield self._say("not_listed")
        elif not arrival.reached:
            yield self._say("never_reached")

    def columns(self) -> list[str]:
        """Give the names of the columns; the open time only where it ever differs."""
        return [self._say(name) for name in COLUMNS if name != "open_time" or self._shows_open_time]

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Give the lines of the table; the times stand on the first line of each moment."""
        shown = None
        for line in self._rehearsal.lines:
            yield (*(self._when(line) if line.at != shown else self._when(None)), self._who(line), self._what(line))
            shown = line.at

    def ending(self) -> str:
        """Say how it ends."""
        return self._say(f"end_{self._rehearsal.ending}")

    def bound(self, bound: Bound) -> Iterator[str]:
        """Say when the visitor is looked after, at the latest; and how it can come to last so long."""
        yield self._say("bound")
        yield f"- {self._looked_after('silent', bound.silent)}"
        yield f"- {self._looked_after('promising', bound.promising)}"
        for promise in bound.promising.promises:
            yield f"    {self._promise(promise)}"
        yield self._looked_after("latest", bound.latest, either=_state(bound.silent) != _state(bound.promising))

    def name(self, person: str) -> str:
        """Give a person's name."""
        people = self._source.settings.people
        return people[person].name if person in people else person

    # --- inside ------------------------------------------------------------------------------------------------------

    def _say(self, key: str, **args: str) -> str:
        return self._wording.say(Phrase(f"rehearse.{key}", args), self._reader, self._arrival.at)

    def _say_key(self, key: str) -> str:
        return self._wording.say(Phrase(key), self._reader, self._arrival.at)

    def _length(self, length: timedelta) -> str:
        return self._wording.duration(length, self._reader, exact=True)

    @property
    def _shows_open_time(self) -> bool:
        return any(line.open_time != line.after for line in self._rehearsal.lines)

    def _when(self, line: Line | None) -> tuple[str, ...]:
        if line is None:
            return ("", "", "") if self._shows_open_time else ("", "")
        after = self._length(line.after) if line.after else self._say("at_once")
        clock = self._wording.near_clock(line.at, self._reader, self._arrival.at)
        open_time = self._length(line.open_time) if line.open_time != line.after else ""
        return (after, clock, open_time) if self._shows_open_time else (after, clock)

    def _who(self, line: Line) -> str:
        name = self._say("reception") if line.who.startswith("reception:") else self.name(line.who)
        match line.kind:
            case Kind.SAY:
                return self._say("says")
            case Kind.SAY_IF_ASKED:
                return self._say("says_if_asked")
            case Kind.TYPED:
                return self._say("types", person=name)
            case Kind.HAPPENED:
                return ""
            case _:
                return self._say("reads", person=name)

    def _what(self, line: Line) -> str:
        return line.text if line.kind is Kind.HAPPENED else self._say("quoted", text=line.text)

    def _promise(self, promise: Put) -> str:
        said: Args = {"time": promise.made, "until": promise.due, "responder": self.name(promise.by)}
        key = "rehearse.promise_taken_over" if promise.taken_over else "rehearse.promise"
        return self._wording.say(Phrase(key, said), self._reader, self._arrival.at)

    def _looked_after(self, case: str, each: LookedAfter, *, either: bool = False) -> str:
        open_time = self._say("of_open_time", text=self._length(each.open_time))
        return self._say(
            f"{case}_{'either' if either else _state(each)}",
            text=self._length(each.after),
            reason_text=open_time if each.open_time else self._say("no_open_time"),
        )


def _state(each: LookedAfter) -> str:
    if each.with_reception and each.has_callback:
        return "both"
    return "reception" if each.with_reception else "callback"
