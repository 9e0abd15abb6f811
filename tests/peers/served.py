"""The demo served in this process, by a clock that only its buttons move, and a real browser that looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Locator, Page, Request, async_playwright

from bot.bootstrap import Parts, run
from bot.demo.pages import PageUser
from bot.demo.play import StandingClock
from bot.demo.serving import demo_parts
from bot.domain.events import Event

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOWN_WITHIN_MS = 15_000
REFUSED = "Failed to load resource: the server responded with a status of 422"
"""What Chromium itself writes to its console when an answer says that something was not right."""


@dataclass
class Served:
    """The demo and its browser; `faults` is what no page may do: errors, requests elsewhere, dialogs."""

    parts: Parts
    base: str
    browser: Browser
    stop: asyncio.Event
    running: asyncio.Task[None]
    faults: list[str] = field(default_factory=list)

    async def open(
        self, person: str, path: str = "", *, size: str = "desktop", script: bool = True, language: str = ""
    ) -> Page:
        """Open a person's page in a window of its own; with a script, wait until it is live."""
        width, height = SIZES[size]
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script
        )
        page = await self._watched(context)
        path = path or ("/reception" if person == "nadia" else "/me")
        await page.goto(f"{self.base}{path}?as={person}{f'&lang={language}' if language else ''}")
        if script:
            await page.locator("#live:not(.is-still)").wait_for()
        return page

    async def _watched(self, context: BrowserContext) -> Page:
        def asked(request: Request) -> None:
            if not request.url.startswith(f"{self.base}/"):
                self.faults.append(f"asked elsewhere: {request.url}")

        page = await context.new_page()
        page.set_default_timeout(SHOWN_WITHIN_MS)
        page.on("request", asked)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))
        page.on(
            "console",
            lambda said: (
                self.faults.append(f"console: {said.text} ({said.location.get('url')})")
                if said.type in {"error", "warning"} and not said.text.startswith(REFUSED)
                else None
            ),
        )
        return page

    async def announces(self, *visitors: str, owner: str = "Martin", **more: str) -> None:
        """Announce visitors without a browser."""
        async with PageUser(self.base, "nadia", "/reception") as nadia:
            for visitor in visitors:
                await nadia.press("Announce", "/visits", visitor=visitor, owner=owner, **more)
                assert nadia.page.said.startswith("Posted at"), nadia.page.said
                await nadia.look()

    async def passes(self, minutes: int) -> None:
        """Move the demo's clock by its button."""
        async with PageUser(self.base, "nadia", "/reception") as nadia:
            for _ in range(minutes):
                await nadia.press("+1 min", "/demo")

    async def journal(self, visitor: str) -> list[Event]:
        """Give the events of a visitor's visits, first to last."""
        return await self.parts.store.read(
            lambda tx: [
                entry.event
                for stored in tx.visits(open_only=False)
                if (facts := tx.facts(stored.visit.id)) and facts.visitor == visitor
                for entry in tx.journal(stored.visit.id)
            ]
        )

    async def ends(self) -> None:
        """Stop the server, as at SIGTERM."""
        self.stop.set()
        await self.running


@asynccontextmanager
async def served(folder: Path, chromium: str) -> AsyncIterator[Served]:
    """Serve the demo on a free port, and start a browser."""
    async with (
        demo_parts(port=0, speed=1.0, database=folder / "demo.db", machine=StandingClock()) as parts,
        async_playwright() as play,
    ):
        stop, ready = asyncio.Event(), asyncio.Event()
        running = asyncio.create_task(run(parts, stop=stop, ready=ready))
        await ready.wait()
        base = f"http://127.0.0.1:{parts.adapters['web'].port}"  # type: ignore[attr-defined]
        browser = await play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        house = Served(parts, base, browser, stop, running)
        try:
            yield house
        finally:
            await browser.close()
            await house.ends()


def row(page: Page, visitor: str) -> Locator:
    """Find a visitor's row on reception's board, or their card on a person's page."""
    return page.locator(".visit, .card").filter(has_text=visitor)
