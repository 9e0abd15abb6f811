"""Two stories that play by themselves, through the pages that people use, on a real database with the real desk.

The clock stands still but for what the story moves it, so the transcript is the same each time.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.bootstrap import Parts, run
from bot.demo.pages import Page, PageUser
from bot.demo.serving import demo_parts
from bot.logs import set_up_logs

SPACES = re.compile("[\u00a0\u202f]")
INDENT = " " * 10
A_BLINK = 0.005


class StandingClock:
    """A machine whose time stands still."""

    def __init__(self) -> None:
        """Stand at this moment."""
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        """Give always the same moment."""
        return self._now

    async def sleep_until(self, moment: datetime) -> None:  # noqa: ARG002 - a clock has it
        """Wait for ever: this clock moves no further."""
        await asyncio.Event().wait()


class Transcript:
    """Writes the story down as it happens."""

    def __init__(self, parts: Parts, write: Callable[[str], object]) -> None:
        """Take the parts, for their clock, and where lines go."""
        self._parts = parts
        self._write = write

    def title(self, text: str) -> None:
        """Begin a story."""
        self._write(f"\n{text}\n{'=' * len(text)}")

    async def does(self, text: str) -> None:
        """Say what somebody does, and when; everything that was to be carried has reached its reader before."""
        await self.carried()
        zone = next(iter(self._parts.settings.people.values())).zone
        self._write(f"{_clock(self._parts.clock.now(), zone):>8}  {text}")

    async def carried(self) -> None:
        """Wait until nothing is to be carried any more."""
        while await self._parts.store.read(lambda tx: tx.next_delivery()) is not None:  # noqa: ASYNC110 - a table has no event
            await asyncio.sleep(A_BLINK)

    def reads(self, who: str, text: str) -> None:
        """Say what somebody reads thereupon."""
        if text:
            self._write(f"{INDENT}{who} reads: {SPACES.sub(' ', text)}")

    def says(self, page: Page) -> None:
        """Say what reception can say to the visitor now."""
        for sentence in page.say[:1]:
            self._write(f'{INDENT}Nadia says: "{SPACES.sub(" ", sentence)}"')

    def journal(self, page: Page) -> None:
        """Tell the visit from its journal."""
        self._write(f"{INDENT}The journal:")
        for number, line in enumerate(page.story, start=1):
            self._write(f"{INDENT}{number:>3}. {SPACES.sub(' ', line)}")


def _clock(now: datetime, zone: str) -> str:
    return now.astimezone(ZoneInfo(zone)).strftime("%H:%M")


async def forgotten_owner(base: str, told: Transcript) -> None:
    """A client whose owner forgets: a colleague gives the hello."""
    told.title("A client, and an owner who forgets")
    async with (
        PageUser(base, "nadia", "/reception") as nadia,
        PageUser(base, "martin", "/me") as martin,
        PageUser(base, "sophie", "/me") as sophie,
    ):
        await told.does("Julie Tremblay comes to the counter. Nadia announces her for Martin.")
        page = await nadia.press(
            "Announce", "/visits", visitor="Julie Tremblay (Chambre de commerce)", owner="Martin", about="a signature"
        )
        told.reads("Nadia", page.said)
        told.says(page)

        await told.does("Martin has a card, and types: je suis occupé")
        await martin.look()
        page = await martin.press("Envoyer", "/reply", text="je suis occupé")
        told.reads("Martin", " ".join(page.log))

        await told.does('Martin presses "Dans 2 min".')
        page = await martin.press("Dans 2 min", "/visits")
        told.reads("Martin", page.said)
        told.says(await nadia.look())

        for _ in range(3):
            await nadia.press("+1 min", "/demo")
        await told.does("Martin has forgotten. Nadia is asked.")
        page = await nadia.look()
        told.reads("Nadia", " ".join(page.asks))
        told.says(page)

        await told.does('Nadia presses "Not yet".')
        page = await nadia.press("Not yet", "/visits")
        told.says(await nadia.look())

        await told.does('Sophie has a card, and presses "J\'arrive".')
        await sophie.look()
        page = await sophie.press("J'arrive", "/visits")
        told.reads("Sophie", page.said)
        told.says(await nadia.look())

        await nadia.press("+1 min", "/demo")
        await told.does('Sophie has greeted Julie. Nadia presses "Hello happened".')
        await nadia.look()
        page = await nadia.press("Hello happened", "/visits")
        told.reads("Nadia", page.said)
        await told.carried()
        told.journal(await nadia.follow("The whole story"))


async def kept_callback(base: str, told: Transcript) -> None:
    """A supplier met with "busy"; then a callback that is kept."""
    told.title('A supplier, "busy", and a callback that is kept')
    async with (
        PageUser(base, "nadia", "/reception") as nadia,
        PageUser(base, "martin", "/me") as martin,
    ):
        await told.does("Robert Lavoie comes with a delivery note. Nadia announces him for Martin.")
        page = await nadia.press(
            "Announce",
            "/visits",
            visitor="Robert Lavoie (Plomberie Lavoie)",
            owner="Martin Gagnon",
            kind="supplier",
            phone="514 555-0142",
        )
        told.says(page)

        await told.does("Martin types: busy")
        await martin.look()
        page = await martin.press("Envoyer", "/reply", text="busy")
        told.reads("Martin", " ".join(page.log))

        await told.does('Martin opens "Rappeler…" and promises the first open slot.')
        await martin.follow("Rappeler…")
        page = await martin.press("Promettre ce rappel", "/visits", points="Facture 1182")
        told.reads("Martin", page.said)
        told.says(await nadia.look())

        await told.does('Robert has heard it and goes. Nadia presses "Visitor left".')
        page = await nadia.press("Visitor left", "/visits")
        told.reads("Nadia", page.said)

        for _ in range(2):
            await nadia.press("+15 min", "/demo")
        await told.does("The time to call has come.")
        told.reads("Martin", " ".join((await martin.look()).asks))
        await told.does('Martin has called, and presses "Appel fait".')
        page = await martin.press("Appel fait", "/visits")
        told.reads("Martin", page.said)
        await told.carried()
        told.journal(await martin.follow("Toute l'histoire"))


async def play(write: Callable[[str], object] = print) -> int:
    """Play both stories on a database of their own and write the transcript; give the exit code."""
    set_up_logs(level=40)
    with tempfile.TemporaryDirectory() as folder:
        async with demo_parts(port=0, speed=1.0, database=Path(folder) / "play.db", machine=StandingClock()) as parts:
            stop, ready = asyncio.Event(), asyncio.Event()
            running = asyncio.create_task(run(parts, stop=stop, ready=ready))
            try:
                await ready.wait()
                base = f"http://127.0.0.1:{parts.adapters['web'].port}"  # type: ignore[attr-defined]  # only pages have one
                told = Transcript(parts, write)
                await forgotten_owner(base, told)
                await kept_callback(base, told)
            finally:
                stop.set()
                await running
    return 0
