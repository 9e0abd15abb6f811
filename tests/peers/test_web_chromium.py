"""The web pages in a real browser: what the script adds, and that nothing needs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from playwright.async_api import Browser, Page, async_playwright

from adapters.web.adapter import WebAdapter
from bot.messages import Address
from tests.adapters.web import house
from tests.adapters.web.preview import Preview

CHROMIUM = shutil.which("chromium") or ""
REQUIRED = os.environ.get("HELLO30_PEERS") == "required"
pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not CHROMIUM and not REQUIRED, reason="Chromium is not installed"),
]
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
LARGER_THAN_WHAT_TO_SAY = """[...document.querySelectorAll('.visit')].filter(row => {
  const size = e => parseFloat(getComputedStyle(e).fontSize);
  const say = size(row.querySelector('.say q'));
  return [...row.querySelectorAll('*')].some(e => e.textContent.trim() && size(e) > say);
}).map(row => row.id)"""
CUT = """[...document.querySelectorAll('main *')].filter(e => {
  const style = getComputedStyle(e);
  return style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
}).map(e => e.outerHTML)"""


@dataclass
class Desk:
    """The served pages, what they show, and a browser that looks at them."""

    web: WebAdapter
    views: house.FakeViews
    browser: Browser
    faults: list[str]

    async def open(self, path: str, *, size: str = "desktop", script: bool = True) -> Page:
        width, height = SIZES[size]
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=script
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda said: self.faults.append(said.text) if "Content Security" in said.text else None)
        await page.goto(f"http://127.0.0.1:{self.web.port}{path}")
        if script:
            await page.locator("#live:not(.is-still)").wait_for()
        return page

    async def changed(self) -> None:
        """Tell the open pages of reception to look again."""
        (card, *_) = (await self.views.board("nadia", reception="montreal")).cards
        await self.web.deliver(card, Address("web", "reception:montreal"), "key")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    views = house.FakeViews(closed=(house.CLOSED,))
    web = WebAdapter(
        house.settings(), views=views, wording=house.WORDING, clock=house.FixedClock(), demo=house.FakeDemo()
    )
    await web.start(Preview().receive)
    faults: list[str] = []
    async with async_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield Desk(web, views, browser, faults)
        await browser.close()
    await web.stop()
    assert faults == []


@pytest.mark.parametrize("size", SIZES)
async def test_what_to_say_is_the_largest_text_and_nothing_is_cut_or_wider_than_the_screen(
    desk: Desk, size: str
) -> None:
    for waiting in ((), house.FIVE, house.twelve()):
        desk.views.visitors = waiting
        for path in ("/reception?lang=en", "/reception?lang=fr", "/me?as=martin&form=call_back&visit=v3"):
            page = await desk.open(path, size=size)
            assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
            assert await page.evaluate(LARGER_THAN_WHAT_TO_SAY) == [], path
            assert await page.evaluate(CUT) == [], path


async def test_enter_announces_and_the_form_is_ready_for_the_next(desk: Desk) -> None:
    page = await desk.open("/reception")
    await page.keyboard.type("Julie Tremblay (Chambre de commerce)")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Claire")
    await page.keyboard.press("Enter")
    await page.locator("#said:has-text('Posted')").wait_for()
    assert await page.input_value("#visitor") == ""
    assert await page.evaluate("document.activeElement.id") == "visitor"


async def test_asked_back_the_first_choice_has_the_focus(desk: Desk) -> None:
    page = await desk.open("/reception")
    await page.fill("#visitor", "Julie Tremblay")
    await page.fill("#owner", "Martin")
    await page.press("#owner", "Enter")
    await page.locator(".asked").wait_for()
    assert await page.evaluate("document.activeElement.textContent") == "Same"
    assert await page.input_value("#visitor") == "Julie Tremblay"


async def test_a_change_keeps_what_is_typed_and_open_and_says_one_sentence(desk: Desk) -> None:
    page = await desk.open("/reception")
    await page.fill("#phone-v2", "514 555")
    await page.fill("#visitor", "Half typed")
    await page.locator("#visit-v4 details.more").evaluate("fold => { fold.open = true }")
    desk.views.visitors = (replace(house.ROBERT, notes=()), replace(house.DAVID, tag="tag.hello_late"), house.AMELIE)
    await desk.changed()
    await page.locator("#visit-v4 .tag:has-text('Hello late')").wait_for()
    await page.locator("#visit-v1").wait_for(state="detached")
    assert await page.input_value("#phone-v2") == "514 555"
    assert await page.input_value("#visitor") == "Half typed"
    assert await page.locator("#visit-v4 details.more").evaluate("fold => fold.open")
    assert "David Chen (candidate) for Sophie Roy. Hello late." in await page.inner_text("#status")


async def test_a_row_stays_while_somebody_points_at_it(desk: Desk) -> None:
    page = await desk.open("/reception")
    await page.hover("#visit-v3 .main")
    before = await page.locator("#visit-v3").bounding_box()
    desk.views.visitors = (house.JULIE,)
    await desk.changed()
    await page.locator("#count:has-text('1 waiting')").wait_for()
    assert await page.locator("#visit-v3").bounding_box() == before
    await page.locator("#visit-v1").wait_for(state="detached")


async def test_a_form_opens_in_place_and_a_press_that_is_refused_says_why_in_its_row(desk: Desk) -> None:
    page = await desk.open("/reception")
    await page.fill("#visitor", "Half typed")
    await page.click("#visit-v4 .do > a.button")
    await page.locator("#form-v4").wait_for()
    await page.click("#visit-v3 button.main")
    await page.locator("#visit-v3 .wrong").wait_for()
    assert await page.input_value("#visitor") == "Half typed"


async def test_waiting_counts_by_itself(desk: Desk) -> None:
    page = await desk.open("/reception")
    before = await page.inner_text("#visit-v5 .wait time")
    await page.wait_for_function("old => document.querySelector('#visit-v5 .wait time').innerText !== old", arg=before)


async def test_when_the_stream_breaks_the_page_says_so(desk: Desk) -> None:
    page = await desk.open("/reception")
    await desk.web.stop()
    await page.locator("#live.is-off:has-text('Not live since 9:12')").wait_for()


@pytest.mark.parametrize("script", [True, False])
async def test_a_typed_reply_is_answered_with_and_without_a_script(desk: Desk, script: bool) -> None:  # noqa: FBT001
    page = await desk.open("/me?as=martin", size="phone", script=script)
    await page.fill("#reply", "occupé")
    await page.press("#reply", "Enter")
    await page.locator("[role=log]:has-text('Trente secondes maintenant')").wait_for()
    assert await page.locator(".talk-again button").count() == 3


async def test_without_a_script_the_page_tells_its_hour_and_everything_works(desk: Desk) -> None:
    page = await desk.open("/reception", script=False)
    assert "9:12" in await page.inner_text("#live")
    await page.fill("#visitor", "Julie Tremblay")
    await page.fill("#owner", "Claire")
    await page.press("#owner", "Enter")
    await page.locator("#said:has-text('Posted')").wait_for()
    await page.click("#visit-v4 .do > a.button")
    await page.locator("#form-v4").wait_for()
