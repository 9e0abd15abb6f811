"""Takes pictures of the pages, to be looked at: python -m tests.peers.screenshots FOLDER."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from bot.logs import set_up_logs
from tests.conftest import CHROMIUM
from tests.peers.served import SIZES, Served, served
from tests.peers.test_layout import TWELVE


async def take(house: Served, folder: Path, name: str, person: str, path: str = "", language: str = "") -> None:
    """Take a page at each size."""
    for size in SIZES:
        page = await house.open(person, path, size=size, language=language)
        await page.screenshot(path=folder / f"{name}-{language or 'own'}-{size}.png", full_page=True)
        await page.context.close()


async def with_waiting(folder: Path, chromium: str, waiting: int) -> None:
    """Take reception's page and the pages of an owner, with so many waiting at different stages."""
    with tempfile.TemporaryDirectory() as place:
        async with served(Path(place), chromium) as house:
            for number, visitor in enumerate(TWELVE[:waiting]):
                owner = ("Martin", "Nadia")[number % 2] if waiting > 1 else "Martin"
                await house.announces(visitor, owner=owner, about="a signature", kind="supplier" if number % 3 else "")
                if number % 2:
                    await house.passes(1)
            for language in ("en", "fr"):
                await take(house, folder, f"reception-{waiting}", "nadia", language=language)
            await take(house, folder, f"me-{waiting}", "nadia", "/me", language="en")
            await take(house, folder, f"me-{waiting}", "martin", "/me", language="fr")


async def forms_and_story(folder: Path, chromium: str) -> None:
    """Take what opens when somebody presses, what a typed line is answered, and a story."""
    with tempfile.TemporaryDirectory() as place:
        async with served(Path(place), chromium) as house:
            await house.announces(TWELVE[0], about="a signature")
            for size in SIZES:
                nadia, martin = await house.open("nadia", size=size), await house.open("martin", size=size)
                await nadia.get_by_role("link", name="Answered by voice…").click()
                await nadia.locator("form.form").wait_for()
                await nadia.screenshot(path=folder / f"by-voice-en-{size}.png", full_page=True)
                await martin.locator("#reply").fill("occupé")
                await martin.locator("#reply").press("Enter")
                await martin.locator(".is-kind").wait_for()
                await martin.get_by_role("link", name="Rappeler…").first.click()
                await martin.locator("form.form").wait_for()
                await martin.screenshot(path=folder / f"call-back-fr-{size}.png", full_page=True)
                await martin.locator(".card .more > summary").first.click()
                await martin.get_by_role("link", name="Toute l'histoire").click()
                await martin.locator(".story").wait_for()
                await martin.screenshot(path=folder / f"story-fr-{size}.png", full_page=True)


async def main(folder: Path, chromium: str) -> None:
    """Take all pictures into a folder."""
    set_up_logs(level=40)
    for waiting in (0, 1, 12):
        await with_waiting(folder, chromium, waiting)
    await forms_and_story(folder, chromium)


if __name__ == "__main__":
    if len(sys.argv) != 2 or CHROMIUM is None:
        sys.exit("Usage: python -m tests.peers.screenshots FOLDER (it needs Chromium)")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(folder, CHROMIUM))
