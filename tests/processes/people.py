"""People of the demo who press whatever their pages offer, and remember what they were told is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import aiohttp

from bot.demo.pages import Page, PageUser

AT_ONCE = 4
"""So many visitors wait at most, so that the pages stay short."""
AT_RECEPTION = ("Not yet", "Yes", "Hello happened", "Visitor left", "Undo")
ANSWERS = ("J'arrive", "Dans 2 min", "Dans 5 min", "Appel fait")
DOINGS = ("announce", "announce", "nadia", "nadia", "martin", "martin", "sophie", "claire", "time", "time", "time")
GOES_WRONG = (aiohttp.ClientError, OSError)
"""What somebody meets who presses while the program is being killed."""


class People:
    """Nadia, Martin, Sophie and Claire at their pages, whom a seeded `random` lets press one thing after the other.

    answered  the visitors of whom Nadia has read that they are announced
    tried     those whom she has announced at least once
    """

    def __init__(self, base: str, random: Random) -> None:
        self.answered: list[str] = []
        self.tried: list[str] = []
        self.presses = 0
        self._base = base
        self._random = random
        self._unanswered: Page | None = None
        self._about_to_press: Callable[[], object] = int

    async def go_on(self, presses: int) -> None:
        """Press so many things."""
        for _ in range(presses):
            await self._do(self._random.choice(DOINGS))

    async def go_on_until_killed(self, first: str, kill_soon: Callable[[], object]) -> None:
        """Call `kill_soon` just before the press of `first`, and then press until the program answers no more."""
        self._about_to_press = kill_soon
        try:
            if first == "announce":
                await self.announce()
            elif first == "time":
                await self._press_one("nadia", "/reception", ("+15 min",))
            while True:
                await self._do(self._random.choice(DOINGS))
        except GOES_WRONG:
            return

    async def announce_again(self) -> bool:
        """Press Announce again on the page on which it was not answered, as a person does; False if there is none."""
        if self._unanswered is None:
            return False
        async with PageUser(self._base, "nadia", "/reception") as nadia:
            nadia.page = self._unanswered
            await self._announce(nadia)
        return True

    async def announce(self) -> None:
        """Announce one more visitor."""
        async with PageUser(self._base, "nadia", "/reception") as nadia:
            self.tried.append(f"Visitor {len(self.tried) + 1}")
            self._unanswered = nadia.page
            await self._announce(nadia)

    async def _announce(self, nadia: PageUser) -> None:
        self._pressing()
        page = await nadia.press("Announce", "/visits", visitor=self.tried[-1], owner="Martin")
        assert page.said.startswith("Posted at"), page.said
        self._unanswered = None
        self.answered.append(self.tried[-1])

    async def _do(self, doing: str) -> None:
        if doing == "time":
            await self._press_one("nadia", "/reception", ("+1 min",))
        elif doing == "announce":
            async with PageUser(self._base, "nadia", "/reception") as nadia:
                waiting = len(nadia.page.say)
            if waiting < AT_ONCE:
                await self.announce()
        elif doing == "nadia":
            await self._press_one("nadia", "/reception", AT_RECEPTION)
        else:
            await self._press_one(doing, "/me", ANSWERS)

    async def _press_one(self, person: str, path: str, labels: Sequence[str]) -> None:
        async with PageUser(self._base, person, path) as somebody:
            forms = [(form, label) for form in somebody.page.forms for label in form.buttons if label in labels]
            if forms:
                form, label = self._random.choice(forms)
                self._pressing()
                await somebody.press(label, form.action)

    def _pressing(self) -> None:
        self.presses += 1
        about_to_press, self._about_to_press = self._about_to_press, int
        about_to_press()


async def post(base: str, page: Page, **values: str) -> tuple[int, Page]:
    """Press Announce on a page, and give the answer itself, not the page that it leads to."""
    form = page.form_with("Announce", "/visits")
    async with (
        aiohttp.ClientSession(base) as session,
        session.post(form.action, data={**form.fields, **values}, allow_redirects=False) as answer,
    ):
        return answer.status, Page(await answer.text())
