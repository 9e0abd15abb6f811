"""A platform stops working, and works again, while somebody has a page open: in a real browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, async_playwright, expect

from bot.ports import Deaf, WhyDeaf
from tests.adapters.web import house
from tests.adapters.web.test_banners import NOT_HEARD, SINCE, Platform
from tests.peers.served import ARGUMENTS, SIZES

pytestmark = pytest.mark.peer


@dataclass
class Counter:
    """Reception's page, and the platform beside it."""

    platform: Platform
    page: Page

    async def slack_works(self, *, works: bool) -> None:
        """Slack is heard or not, and it was looked at that."""
        self.platform.slack.deaf = None if works else Deaf(since=SINCE, why=WhyDeaf.NOT_OPEN)
        await self.platform.troubles.look()


@pytest.fixture
async def counter(chromium: str) -> AsyncIterator[Counter]:
    platform = Platform()
    await platform.web.start(house.FakeInbox().receive)
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        width, height = SIZES["desktop"]
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.goto(platform.url("/reception?as=nadia"))
        await page.locator("#live:not(.is-still)").wait_for()
        yield Counter(platform, page)
        await browser.close()
    await platform.web.stop()


async def test_a_banner_comes_and_goes_on_an_open_page(counter: Counter) -> None:
    banner = counter.page.get_by_role("alert")
    await expect(banner).to_have_count(0)
    await counter.page.evaluate("window.untouched = true")
    await counter.slack_works(works=False)
    await expect(banner).to_have_text(NOT_HEARD)
    await counter.slack_works(works=True)
    await expect(banner).to_have_count(0)
    assert await counter.page.evaluate("window.untouched")


async def test_a_banner_pushes_no_button_away_from_under_a_pointer(counter: Counter) -> None:
    button = counter.page.get_by_role("button", name="Visitor left").first
    before = await button.bounding_box()
    assert before is not None
    x, y = before["x"] + 5, before["y"] + 5
    await counter.page.mouse.move(x, y)
    await counter.slack_works(works=False)
    for step in range(8):  # for two seconds somebody is about to press
        await counter.page.mouse.move(x + step % 2, y)
        await asyncio.sleep(0.25)
        assert await button.bounding_box() == before
    await counter.page.get_by_role("alert").wait_for()  # once they pause
    assert await button.bounding_box() != before
