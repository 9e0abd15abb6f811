"""A story that leads a labelled program to each of its points, and goes on after each kill.

A point belongs to what the point is about (`announce:before_commit` to `announce`); `WAYS` has the way to each.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bot.demo.pages import PageUser
from bot.domain import events as e
from bot.settings import Database
from tests.laws.world import CANARY
from tests.processes import checks, outside
from tests.processes.chat import nudges_taken
from tests.processes.kept import Kept
from tests.processes.posts import ACCEPTED, GOES_WRONG, REFUSED, Post, arrival
from tests.processes.program import Program

SETTLES_WITHIN_S = 20.0


async def settle(program: Program, database: Database) -> Kept:
    """Let the leases of a killed program run out, and look at a page until everything is sent; give what is kept then.

    Whatever comes later has its own reason: the clock goes on, and a step may be due as the program is stopped.
    """
    async with PageUser(program.base, "nadia", "/reception") as nadia, asyncio.timeout(SETTLES_WITHIN_S):
        await nadia.press("+1 min", "/demo")
        while outside.still_waits(database) or not _nothing_waits(found := outside.read_running(database)):
            await nadia.look()
        return found


def _nothing_waits(kept: Kept) -> bool:
    return not any(card.waits for card in kept.cards) and not any(nudge.waits for nudge in kept.nudges)


class Story:
    """What is posted, what was answered, and what the second platform got.

    `program` is the one that runs now, `notes` the folder of its notes.
    """

    def __init__(self, program: Program, database: Database, notes: Path) -> None:
        self.program = program
        self.database = database
        self.notes = notes
        self.accepted: list[Post] = []
        self.unanswered: Post | None = None
        self.killed_between: Counter[str] = Counter()
        self._visitors = 0
        self._posts = 0
        self._spoilt: dict[str, AbstractContextManager[None]] = {}

    # --- what people do ----------------------------------------------------------------------------------------------

    async def announces(self) -> None:
        """Nadia announces one more visitor."""
        async with PageUser(self.program.base, "nadia", "/reception") as nadia:
            form = nadia.page.form_with("Announce", "/visits")
        self._visitors += 1
        await self.posts(arrival(form, self._visitor))

    async def promises(self) -> None:
        """Martin promises to come."""
        await self.posts(self._post("martin", "/visits/{visit}", e.HelloPromised, press="hello:2"))

    async def promises_unasked(self) -> None:
        """Claire promises to come, who was not asked: it is refused, and journaled."""
        await self.posts(self._post("claire", "/visits/{visit}", e.PressRefused, press="hello:2"))

    async def adds_number(self) -> None:
        """Nadia fills in a form."""
        await self.posts(
            self._post("nadia", "/visits/{visit}/form/add_phone", e.PhoneAdded, page="reception", phone="514 555 0123")
        )

    async def types(self) -> None:
        """Martin types what is no answer."""
        await self.posts(self._post("martin", "/reply", e.NoAnswerTyped, text="occupé"))

    async def waits(self) -> None:
        """A minute passes; raises one of `GOES_WRONG` when the program is killed meanwhile."""
        async with PageUser(self.program.base, "nadia", "/reception") as nadia:
            await nadia.press("+1 min", "/demo")

    async def posts(self, post: Post) -> None:
        """Post something; remember whether it was accepted."""
        self.unanswered = post
        with suppress(*GOES_WRONG):
            status, page = await post.sent(self.program.base)
            assert status == _answer_to(post), f"not accepted: {status} {page.said}"
            self.unanswered = None
            self.accepted.append(post)

    # --- what happens to the program ---------------------------------------------------------------------------------

    async def settles(self) -> None:
        """Let everything be sent."""
        await settle(self.program, self.database)

    async def refuses(self, what: str) -> None:
        """Let the second platform refuse the next card or nudge."""
        await self.program.told(f"refuse {what} 1")

    async def looks_away(self) -> None:
        """Let the second platform say of whoever is asked next that they do not look."""
        await self.program.told("away martin 1")

    async def spoils(self) -> None:
        """Let the newest visit be unreadable until the program is killed."""
        visit = self._visit
        self._spoilt[visit] = outside.spoilt(self.database, visit)
        self._spoilt[visit].__enter__()

    def was_killed(self, label: str) -> Kept:
        """Read what the kill left, and see to it that nothing accepted is lost and nothing is there twice."""
        for spoilt in self._spoilt.values():
            spoilt.__exit__(None, None, None)
        kept = outside.read(self.database, put_off=tuple(self._spoilt))
        self._spoilt.clear()
        checks.done_once(kept, self.accepted)
        if self.unanswered is not None:
            checks.done_at_most_once(kept, self.unanswered)
            if label in EXACTLY:
                assert checks.times(kept, self.unanswered) == EXACTLY[label], label
        self.killed_between.update(checks.unsure(kept, self._taken()))
        return kept

    async def goes_on(self, program: Program) -> None:
        """Post again what was not answered, and also what was; let it settle, and look at everything."""
        self.program = program
        if self.unanswered is not None:
            await self.posts(self.unanswered)
        if self.accepted:
            again = self.accepted[-1]
            status, page = await again.sent(program.base)
            assert status == _answer_to(again), f"the same again was answered otherwise: {status} {page.said}"
        self.looks(await settle(self.program, self.database))

    def looks(self, kept: Kept) -> None:
        """See to it that everything accepted was done once, and everything was sent."""
        assert self.unanswered is None
        checks.done_once(kept, self.accepted)
        checks.settled(kept)
        checks.nudges_reached(kept, self._taken(), self.killed_between)

    # --- how it is done ----------------------------------------------------------------------------------------------

    @property
    def _visitor(self) -> str:
        return f"{CANARY} {self._visitors}"

    @property
    def _visit(self) -> str:
        (visit,) = outside.read_running(self.database).visits_of[self._visitor]
        return visit

    def _post(self, person: str, path: str, makes: type[e.Event], **fields: str) -> Post:
        self._posts += 1
        visit = self._visit
        fields = {"once": f"once-{self._posts}", "page": "me", "as": person, "visit": visit, **fields}
        return Post(path.format(visit=visit), fields, self._visitor, makes)

    def _taken(self) -> Counter[str]:
        return nudges_taken(self.notes / "chat")


def _answer_to(post: Post) -> int:
    """Give the status that a post is answered with."""
    return REFUSED if post.makes is e.PressRefused else ACCEPTED


# --- the ways to the points ------------------------------------------------------------------------------------------

Step: TypeAlias = Callable[[Story], Awaitable[None]]


@dataclass(frozen=True)
class Way:
    """What leads to a point: `before` it is armed, and `then` what passes it so many `times`.

    Without `then` the program passes it when it is started.
    """

    before: tuple[Step, ...] = ()
    then: Step | None = None
    times: int = 1


_ANNOUNCING = Way((), Story.announces)
_SHOWING = Way((), Story.announces, times=4)
"""Martin and reception have a card each, on both platforms."""

WAYS: Mapping[str, Way] = {
    "announce": _ANNOUNCING,
    "press": Way((Story.announces,), Story.promises),
    "form": Way((Story.announces,), Story.adds_number),
    "typed": Way((Story.announces,), Story.types),
    "refuse": Way((Story.announces,), Story.promises_unasked),
    "reply": _ANNOUNCING,
    "claim": _ANNOUNCING,
    "deliver_card": _SHOWING,
    "card_shown": _SHOWING,
    "amend": Way((Story.announces, Story.settles), Story.promises, times=4),
    "hint": _ANNOUNCING,
    "seems_away": Way((Story.looks_away,), Story.announces),
    "card_failed": Way((lambda story: story.refuses("card"),), Story.announces),
    "deliver_nudge": _ANNOUNCING,
    "nudge_done": _ANNOUNCING,
    "nudge_failed": Way((lambda story: story.refuses("nudge"),), Story.announces),
    "step": Way((Story.announces,), Story.waits),
    "put_off": Way((Story.announces, Story.settles, Story.spoils), Story.waits),
    "clock": Way((), Story.waits),
    "forget": Way(),
    "checkpoint": Way((Story.announces,)),
}
"""What leads to the points, by what they are about."""

EXACTLY: Mapping[str, int] = {
    **{f"{about}:before_commit": 0 for about in ("announce", "press", "form", "typed", "refuse")},
    **{f"{about}:after_commit": 1 for about in ("announce", "press", "form", "typed", "refuse")},
    "reply:before": 1,
}
"""How often what was not answered has been done when the program is killed at these points."""
