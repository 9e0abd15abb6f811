"""Nadia and Martin in the pages of Microsoft's playground, in a real browser: cards and forms as Teams draws them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.peers.served import ARGUMENTS, SHOWN_WITHIN_MS
from tests.peers.teams.office import Office
from tests.peers.teams.playground import INSTALLED, SHOWN

pytestmark = pytest.mark.peer

FRONT_DESK = "Reception - Front desk"


@dataclass
class Pages:
    """The office, and the pages on which Nadia and Martin look at it; the pictures of a test are kept with its files.

    Each click is waited for until hello30 has answered it. What it then writes comes with `office.settles`.
    """

    office: Office
    browser: Browser
    folder: Path

    async def open(self, person: str, channel: str = "") -> Page:
        """Open somebody's playground at their chat with the bot, or at a channel. It shows what comes from then on.

        Whatever is opened there has the app installed anew, which tells that the page is ready. Its fonts, which are
        elsewhere, are not fetched.
        """
        playground = self.office.playgrounds[person]
        context = await self.browser.new_context(viewport={"width": 1400, "height": 1000})
        await context.route(lambda url: not url.startswith(f"{playground.base}/"), lambda route: route.abort())
        page = await context.new_page()
        page.set_default_timeout(SHOWN_WITHIN_MS)
        async with playground.hears(*INSTALLED), page.expect_websocket(lambda socket: socket.url.endswith(SHOWN)):
            await page.goto(playground.base)
        if channel:
            async with playground.hears(*INSTALLED):
                await page.get_by_role("treeitem", name=channel).click()
        return page

    async def clicks(self, person: str, page: Page, button: str) -> None:
        """Somebody clicks a button of a card."""
        async with self.office.playgrounds[person].hears("invoke"):
            await page.get_by_role("button", name=button, exact=True).last.click()

    async def posts(self, page: Page, *parts: str) -> None:
        """Nadia writes a new post in the channel; of its parts each with an @ is chosen in the menu of mentions."""
        await page.get_by_role("textbox").last.click()
        for part in parts:
            await page.keyboard.type(part[:1] if part.startswith("@") else part)
            if part.startswith("@"):
                await page.get_by_role("menuitem", name=part[1:]).click()
        async with self.office.nadia.hears("message"):
            await page.get_by_role("button", name="Post").click()
        await self.office.settles()

    async def pictures(self, page: Page, name: str) -> None:
        """Keep a picture of a page, to be looked at."""
        await page.screenshot(path=self.folder / f"{name}.png")


@pytest.fixture
async def pages(office: Office, chromium: str, tmp_path: Path) -> AsyncIterator[Pages]:
    """Give an office where everybody has the app, and a browser."""
    await office.installs()
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        try:
            yield Pages(office, browser, tmp_path)
        finally:
            await browser.close()


async def test_a_visitor_is_announced_in_the_channel_and_an_answer_amends_both_cards(pages: Pages) -> None:
    nadia = await pages.open("nadia", FRONT_DESK)
    martin = await pages.open("martin")
    await pages.posts(
        nadia, "@hello30", " Julie Tremblay (Chambre de commerce) for ", "@Martin Gagnon", ": room booking"
    )
    await expect(nadia.get_by_text("I have told Martin Gagnon, and by 9:14 a.m. I will tell you more.")).to_be_visible()
    await expect(martin.get_by_text("Julie Tremblay is at reception for you.")).to_be_visible()
    await pages.pictures(martin, "card")
    await pages.clicks("martin", martin, "In 2 min")
    await expect(martin.get_by_text("Thank you. Julie Tremblay expects you within 2 minutes.")).to_be_visible()
    await pages.office.settles()
    await expect(martin.get_by_text("Julie Tremblay expects you by 9:14 a.m.")).to_be_visible()
    await expect(martin.get_by_role("button", name="I'm coming")).to_have_count(0)
    await expect(nadia.get_by_text("Martin Gagnon is coming to greet you by 9:14 a.m.")).to_be_visible()
    step = nadia.get_by_text("Martin Gagnon promised a hello by 9:14 a.m.")
    await expect(step).to_be_hidden()
    await nadia.get_by_role("button", name="What has happened so far").click()
    await expect(step).to_be_visible()
    await pages.pictures(nadia, "reception")


async def test_forms_say_what_is_missing_or_wrong_and_keep_what_was_typed(pages: Pages) -> None:
    nadia, martin = await pages.open("nadia", FRONT_DESK), await pages.open("martin")
    await pages.posts(nadia, "@hello30", " new")
    await nadia.get_by_role("button", name="Announce", exact=True).click()
    await expect(nadia.get_by_text("Who has come?")).to_be_visible()
    await expect(nadia.get_by_text("Who is it for?")).to_be_visible()
    await pages.pictures(nadia, "arrival")
    await nadia.get_by_role("textbox", name="Visitor and company").fill("Robert Lavoie (Purolator)")
    await nadia.get_by_role("textbox", name="Here for").fill("Martin Gagnon")
    await nadia.get_by_role("combobox", name="Kind").click()
    await nadia.get_by_role("option", name="Supplier").click()
    await pages.clicks("nadia", nadia, "Announce")
    await pages.office.settles()

    await pages.clicks("martin", martin, "Call back…")
    await martin.get_by_role("radio", name="Today 9:30 a.m.").click()
    await martin.get_by_role("textbox", name="Number").fill("514")
    await pages.clicks("martin", martin, "Promise this callback")
    await expect(martin.get_by_text("Not sent yet. Please look again at: Number")).to_be_visible()
    await expect(martin.get_by_role("radio", name="Today 9:30 a.m.")).to_be_checked()
    await expect(martin.get_by_role("textbox", name="Number")).to_have_value("514")
    await pages.pictures(martin, "callback")
    await martin.get_by_role("textbox", name="Number").fill("514 555-0142")
    await pages.clicks("martin", martin, "Promise this callback")
    await pages.office.settles()
    promised = "Martin Gagnon will call you today at 9:30 a.m., on +1 514-555-0142."
    await expect(nadia.get_by_text(promised)).to_be_visible()
    await expect(martin.get_by_role("button", name="Promise this callback")).to_have_count(0)
