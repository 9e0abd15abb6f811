"""People of the demo who press whatever their pages offer, and remember what they were told is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from bot.demo.pages import Page, PageUser
from tests.laws.world import CANARY
from tests.processes.posts import ACCEPTED, GOES_WRONG, Post, arrival

AT_ONCE = 4
"""So many visitors wait at most, so that the pages stay short."""
AT_RECEPTION = ("Not yet", "Yes", "Hello happened", "Visitor left", "Undo")
ANSWERS = ("J'arrive", "Dans 2 min", "Dans 5 min", "Appel fait")
DOINGS = ("announce", "announce", "nadia", "nadia", "martin", "martin", "sophie", "claire", "time", "time", "time")


class People:
    """Nadia, Martin, Sophie and Claire at their pages, whom a seeded `random` lets press one thing after the other.

    announced   the arrivals that were accepted
    pressed     what else was accepted
    unanswered  what was posted and not answered, because the program was killed
    tried       the visitors whom Nadia has announced at least once; their names may stand in no journal
    """

    def __init__(self, base: str, random: Random) -> None:
        self.announced: list[Post] = []
        self.pressed: list[Post] = []
        self.unanswered: Post | None = None
        self.tried: list[str] = []
        self._base = base
        self._random = random
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
                await self._pass_time("+15 min")
            while True:
                await self._do(self._random.choice(DOINGS))
        except GOES_WRONG:
            return

    async def post_again(self) -> Post | None:
        """Post again what was not answered, as a person does; give it, or None when everything was."""
        post = self.unanswered
        if post is not None:
            await self._post(post)
        return post

    async def announce(self) -> None:
        """Announce one more visitor."""
        async with PageUser(self._base, "nadia", "/reception") as nadia:
            self.tried.append(f"{CANARY} {len(self.tried) + 1}")
            await self._post(arrival(nadia.page.form_with("Announce", "/visits"), self.tried[-1]))

    async def _do(self, doing: str) -> None:
        if doing == "time":
            await self._pass_time("+1 min")
        elif doing == "announce":
            async with PageUser(self._base, "nadia", "/reception") as nadia:
                waiting = len(nadia.page.say)
            if waiting < AT_ONCE:
                await self.announce()
        elif doing == "nadia":
            await self._press_one("nadia", "/reception", AT_RECEPTION)
        else:
            await self._press_one(doing, "/me", ANSWERS)

    async def _pass_time(self, label: str) -> None:
        async with PageUser(self._base, "nadia", "/reception") as nadia:
            self._pressing()
            await nadia.press(label, "/demo")

    async def _press_one(self, person: str, path: str, labels: Sequence[str]) -> None:
        async with PageUser(self._base, person, path) as somebody:
            forms = [(form, label) for form in somebody.page.forms for label in form.buttons if label in labels]
        if forms:
            form, label = self._random.choice(forms)
            name, value = form.buttons[label]
            await self._post(Post(form.action, {**form.fields, name: value}))

    async def _post(self, post: Post) -> None:
        self._pressing()
        self.unanswered = post
        status, page = await post.sent(self._base)
        self.unanswered = None
        if status == ACCEPTED:
            (self.announced if post.visitor else self.pressed).append(post)
        else:  # what somebody else did meanwhile may be a reason to refuse a press; an arrival is always taken
            assert not post.visitor, (status, page.said)
            assert status < 500, (status, page.said)

    def _pressing(self) -> None:
        about_to_press, self._about_to_press = self._about_to_press, int
        about_to_press()


async def post(base: str, page: Page, **values: str) -> tuple[int, Page]:
    """Press Announce on a page, and give the answer itself, not the page that it leads to."""
    form = page.form_with("Announce", "/visits")
    return await Post(form.action, {**form.fields, **values}).sent(base)
