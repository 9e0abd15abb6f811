"""One rehearsal, moment by moment: who is told what and when, until nothing more would happen by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain import events as e
from bot.domain.card import Phrase
from bot.domain.deadlines import Why, moments, next_deadline
from bot.domain.visit import Visit
from bot.opening import SiteCalendar
from bot.rehearsal.answers import Answer
from bot.rehearsal.arrival import VISITOR, Arrival
from bot.rehearsal.open_time import open_between
from bot.rehearsal.stage import Stage, last_asked
from bot.settings import Settings
from bot.telling import Teller, tell

MOMENTS_AT_MOST: Final = 400
"""So many moments are played at most; a ladder has fewer."""
_SHOWN_OTHERWISE: Final = (
    *(e.AskingBegan, e.Asked, e.Reminded, e.Checked, e.CallbackReminded, e.CallbackDue),  # by whose phone buzzes
    e.StepTaken,  # by what the step brings about
)
"""Events which other lines of the same moment show already."""


class Kind(StrEnum):
    """What a line of a rehearsal is."""

    HAPPENED = "happened"  # an entry of the journal, told
    TOLD = "told"  # somebody's phone buzzes: `text` is what their card asks anew, `nudge` what the phone shows
    SAY = "say"  # what reception says to the visitor, who is here, has changed
    SAY_IF_ASKED = "say_if_asked"  # the same, when the visitor is no longer here
    TYPED = "typed"  # an answer of the rehearsal
    REPLY = "reply"  # what hello30 answers to it


class Ending(StrEnum):
    """How a rehearsal ends."""

    CLOSED = "closed"  # nothing is owed any more
    WITH_RECEPTION = "with_reception"  # reception has the late callback, day after day
    UNFINISHED = "unfinished"  # more would happen than is played


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `who` is a reader (a person's id, or `reception:<site>`), empty where something happened to nobody."""

    at: datetime
    after: timedelta
    open_time: timedelta
    kind: Kind
    who: str
    text: str
    nudge: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """All that would happen, earliest first; `visit` as it stands at the end."""

    arrival: Arrival
    lines: tuple[Line, ...]
    ending: Ending
    visit: Visit


async def rehearse(settings: Settings, arrival: Arrival, answers: Sequence[Answer], language: str) -> Rehearsal:
    """Play an arrival with these answers, told in this language; nobody answers anything else."""
    return await _Play(Stage(settings, arrival, language), answers).play()


class _Play:
    """A rehearsal while it runs."""

    def __init__(self, stage: Stage, answers: Sequence[Answer]) -> None:
        self._stage = stage
        self._waiting = list(answers)
        self._lines: list[Line] = []
        self._told_to = 0
        self._asked: dict[str, Phrase | None] = {}
        self._said: Phrase | None = None
        self._here = True

    async def play(self) -> Rehearsal:
        await self._stage.announce()
        await self._note()
        ending = await self._until_the_end()
        visit = (await self._stage.stored()).visit
        return Rehearsal(arrival=self._stage.arrival, lines=tuple(self._lines), ending=ending, visit=visit)

    async def _until_the_end(self) -> Ending:
        for _ in range(MOMENTS_AT_MOST):
            before = (await self._stage.stored()).visit
            deadline = next_deadline(before)
            answer_at = self._stage.arrival.at + self._waiting[0].after if self._waiting else None
            if answer_at is not None and (deadline is None or answer_at < deadline):
                await self._answer(answer_at)
            elif deadline is None:
                return Ending.CLOSED
            elif not self._waiting and _reception_keeps_it(before):
                return Ending.WITH_RECEPTION
            else:
                await self._pass_to(deadline)
        return Ending.UNFINISHED

    async def _pass_to(self, moment: datetime) -> None:
        """Let everything happen that happens at this moment."""
        self._stage.clock.moment = moment
        for _ in range(MOMENTS_AT_MOST):
            await self._stage.pass_time()
            deadline = next_deadline((await self._stage.stored()).visit)
            if deadline is None or deadline > moment:
                break
        await self._note()

    async def _answer(self, at: datetime) -> None:
        answer, *self._waiting = self._waiting
        self._stage.clock.moment = at
        by = answer.by or last_asked((await self._stage.stored()).visit)
        reply = await self._stage.types(by, answer.text)
        self._add(Kind.TYPED, by, answer.text)
        self._add(Kind.REPLY, by, reply.text)
        await self._note()

    # --- what there is to tell -------------------------------------------------------------------------------------

    async def _note(self) -> None:
        """Note what has happened since the last time: in the journal, on phones, and in reception's sentence."""
        for text in await self._happened():
            self._add(Kind.HAPPENED, "", text)
        cards = await self._stage.cards()
        buzzed = set[tuple[str, str]]()
        for who, nudge in await self._stage.nudged():
            if (who, nudge) not in buzzed:  # two steps may fall on one moment
                self._tell(who, cards[who].ask if who in cards else None, nudge)
            buzzed.add((who, nudge))
        visit = (await self._stage.stored()).visit
        say = cards[self._stage.counter].say
        if say and say != self._said:
            kind = Kind.SAY if visit.here or self._here else Kind.SAY_IF_ASKED
            self._add(kind, self._stage.counter, self._stage.say(say))
        self._said, self._here = say, visit.here

    def _tell(self, who: str, asks: Phrase | None, nudge: str) -> None:
        """Note a phone that buzzes: with what the card behind it asks now, unless that was told before."""
        news = asks if asks != self._asked.get(who) else None
        self._asked[who] = asks
        self._add(Kind.TOLD, who, self._stage.say(news) if news else nudge, nudge)

    async def _happened(self) -> list[str]:
        stage, journal = self._stage, await self._stage.journal()
        new, self._told_to = journal[self._told_to :], len(journal)
        shown = [entry for entry in new if not isinstance(entry.event, _SHOWN_OTHERWISE)]
        teller = Teller(
            visit=(await stage.stored()).visit,
            facts=VISITOR,
            names=stage.desk.name,
            wording=stage.wording,
            reader=stage.reader,
            now=stage.clock.now(),
        )
        return [line.text for line in tell(teller, shown).lines]

    def _add(self, kind: Kind, who: str, text: str, nudge: str = "") -> None:
        stage, arrived = self._stage, self._stage.arrival.at
        now = stage.clock.now()
        calendar = SiteCalendar(stage.settings.sites[stage.arrival.site])
        self._lines.append(
            Line(
                at=now,
                after=now - arrived,
                open_time=open_between(calendar, arrived, now),
                kind=kind,
                who=who,
                text=text,
                nudge=nudge,
            )
        )


def _reception_keeps_it(visit: Visit) -> bool:
    """Tell whether all that is left is a late callback which reception is asked about again each open day."""
    late = visit.call_question
    return late is not None and late.with_reception and all(why is Why.CALL_STEP for _, why in moments(visit))
