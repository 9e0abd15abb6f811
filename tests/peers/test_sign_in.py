"""A link, a sign-in, a press, a sign-out, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Request, Route, async_playwright, expect

from tests.adapters.web.signed import Desk, desk
from tests.peers.served import ARGUMENTS, SHOWN_WITHIN_MS, SIZES

pytestmark = pytest.mark.peer
REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium itself writes to its console when a page is refused."""
MINUTE_MS = 60_000


@dataclass
class Watched:
    """The pages, and a browser that tells what it would not do, such as run inline code."""

    desk: Desk
    browser: Browser
    faults: list[str] = field(default_factory=list)

    async def opens(self, path: str, *, size: str = "desktop", steered: bool = False) -> Page:
        """Open an address in a window of its own, with no session yet; `steered`, its clock is the test's."""
        width, height = SIZES[size]
        context = await self.browser.new_context(viewport={"width": width, "height": height})
        page = await context.new_page()
        if steered:
            await page.clock.install()
        page.set_default_timeout(SHOWN_WITHIN_MS)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on(
            "console",
            lambda said: (
                self.faults.append(said.text)
                if said.type in {"error", "warning"} and not said.text.startswith(REFUSED)
                else None
            ),
        )
        await page.goto(self.desk.origin + path)
        return page

    async def signs_in(self, person: str, *, size: str = "desktop", steered: bool = False) -> Page:
        page = await self.opens(self.desk.link(person), size=size, steered=steered)
        await page.locator("button.main").click()
        await (
            page.get_by_role("button", name="Sign out")
            .or_(page.get_by_role("button", name="Se déconnecter"))
            .wait_for()
        )
        return page


@asynccontextmanager
async def watched(chromium: str) -> AsyncIterator[Watched]:
    """Serve the pages, and start a browser."""
    async with desk() as served, async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        try:
            yield Watched(served, browser)
        finally:
            await browser.close()


async def test_from_a_link_to_a_press_and_out_again(chromium: str) -> None:
    async with watched(chromium) as house:
        await house.desk.arrives()
        page = await house.opens(house.desk.link("martin"))
        await page.reload()  # as a browser does that looks at it beforehand: nothing is used up
        await page.get_by_role("button", name="Sign in as Martin Gagnon").click()
        await expect(page.locator("#live")).to_have_text("Live")
        await expect(page.get_by_role("link", name="Reception")).to_have_count(0)

        await page.get_by_role("button", name="In 2 min").click()
        await expect(page.locator("#said")).to_contain_text("expects you within 2 minutes")
        (visit,) = await house.desk.parts.store.read(lambda tx: tx.visits())
        assert visit.visit.hello_promise is not None

        link = house.desk.link("martin")
        await page.goto(house.desk.origin + link)
        await page.get_by_role("button", name="Sign in as Martin Gagnon").click()
        await page.goto(house.desk.origin + link)
        await expect(page.get_by_role("heading")).to_have_text("This link has been used already")
        await page.get_by_role("link", name="To the first page").click()

        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_role("heading")).to_have_text("You are signed out")
        await page.go_back()
        await expect(page.get_by_role("heading", name="These pages open with a link")).to_be_visible()
        assert house.faults == []


async def test_a_link_is_told_to_nobody_before_it_is_used(chromium: str) -> None:
    async with watched(chromium) as house:
        page = await house.browser.new_page()
        page.set_default_timeout(SHOWN_WITHIN_MS)
        link = house.desk.link("martin")
        async with page.expect_request("**/static/look.css") as asked:
            await page.goto(house.desk.origin + link)
        headers = await (await asked.value).all_headers()
        assert headers["referer"] == f"{house.desk.origin}/"
        assert link.removeprefix("/in/") not in str(headers)

        async with page.expect_request("**/in/*") as pressed:
            await page.get_by_role("button", name="Sign in as Martin Gagnon").click()
        assert (await (await pressed.value).all_headers())["origin"] == house.desk.origin
        await page.get_by_role("button", name="Sign out").wait_for()


async def test_a_page_of_an_earlier_sign_in_keeps_what_was_typed_and_works_at_the_second_press(chromium: str) -> None:
    async with watched(chromium) as house:
        nadia = await house.signs_in("nadia")
        await nadia.get_by_label("Visitor and company").fill("Julie Tremblay")
        await nadia.get_by_label("Here for").fill("Sophie")
        other_tab = await nadia.context.new_page()
        await other_tab.goto(house.desk.origin + house.desk.link("nadia"))
        await other_tab.locator("button.main").click()
        await other_tab.locator("#live:not(.is-still)").wait_for()

        await nadia.keyboard.press("Enter")
        await expect(nadia.locator("#said")).to_contain_text("please press again")
        await expect(nadia.get_by_label("Visitor and company")).to_have_value("Julie Tremblay")
        await nadia.get_by_role("button", name="Announce").click()
        await expect(nadia.locator("#said")).to_contain_text("Posted at")
        assert house.faults == []


@pytest.mark.parametrize("size", SIZES)
async def test_an_admins_and_an_auditors_page_fit_their_screen(chromium: str, size: str) -> None:
    async with watched(chromium) as house:
        await house.desk.arrives("Marie-Christine Beauchemin-Létourneau (Regroupement des gestionnaires)")
        for person, name in (("claire", "Personnes"), ("tremblay", "Registre")):
            page = await house.signs_in(person, size=size)
            await page.get_by_role("link", name=name, exact=True).click()
            await page.get_by_role("heading", name=name).wait_for()
            if person == "claire":
                await page.get_by_role("button", name="Créer un lien pour Martin Gagnon").click()
                await expect(page.get_by_role("textbox", name="Un lien pour")).to_be_focused()
            width: int = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= SIZES[size][0]
        assert house.faults == []


# --- what an open page asks for --------------------------------------------------------------------------------------


def asked_by(page: Page) -> list[str]:
    """Give the paths of whatever a page asks for from now on; files aside, an icon is fetched whenever it is wanted."""
    asked: list[str] = []

    def note(request: Request) -> None:
        path = urlsplit(request.url).path
        if not path.startswith("/static/"):
            asked.append(path)

    page.on("request", note)
    return asked


@pytest.mark.parametrize("person, path", [("claire", "/people"), ("tremblay", "/log")])
async def test_a_page_without_a_stream_asks_for_nothing_however_long_it_is_open(
    chromium: str, person: str, path: str
) -> None:
    async with watched(chromium) as house:
        page = await house.signs_in(person, steered=True)
        await page.goto(house.desk.origin + path)
        asked = asked_by(page)
        await page.clock.run_for(10 * MINUTE_MS)
        assert asked == []
        assert house.faults == []


@pytest.mark.parametrize("status", [404, 429, 502])
async def test_a_stream_that_is_refused_is_tried_again_seldom_and_by_one_timer(chromium: str, status: int) -> None:
    async with watched(chromium) as house:
        page = await house.signs_in("nadia", steered=True)
        await expect(page.locator("#live")).to_have_text("Live")

        async def refused(route: Route) -> None:
            await route.fulfill(status=status)

        await page.route("**/events*", refused)
        await page.reload()
        asked = asked_by(page)
        for _ in range(10 * 60):  # second by second, so that each answer comes before the next pause begins
            await page.clock.run_for(1000)
        tries = asked.count("/events")
        assert 5 <= tries <= 14, "after 3, 6, 12, 24 and 48 seconds, and then once a minute"
        assert asked.count("/reception") <= tries + 1, "and the page itself is looked at once each time"

        await page.unroute("**/events*")
        await page.clock.run_for(MINUTE_MS)
        await expect(page.locator("#live")).to_have_text("Live")
        del asked[:]
        await page.clock.run_for(1000)
        assert "/events" not in asked


async def test_nothing_of_the_house_stays_on_the_screen_of_whoever_was_signed_out_everywhere(chromium: str) -> None:
    async with watched(chromium) as house:
        await house.desk.arrives()
        page = await house.signs_in("nadia")
        await expect(page.locator("#live")).to_have_text("Live")
        await expect(page.locator(".visit")).to_contain_text("Julie Tremblay")

        claire = await house.desk.signs_in("claire")
        await claire.presses("/people/nadia/sign-out", page="/people")
        house.desk.web.streams.tell({"nadia"}, "changed", {})  # as a beat does within 15 seconds
        await expect(page.get_by_role("heading", name="These pages open with a link")).to_be_visible()
        await expect(page.get_by_text("Julie")).to_have_count(0)
        assert await page.evaluate("document.scripts.length") == 0, "nothing is left that could ask for a stream"


async def test_a_form_that_may_not_be_opened_any_more_leads_to_the_page_that_says_so(chromium: str) -> None:
    async with watched(chromium) as house:
        await house.desk.arrives()
        page = await house.signs_in("martin")
        await expect(page.locator("#live")).to_have_text("Live")
        claire = await house.desk.signs_in("claire")
        await claire.presses("/people/martin/sign-out", page="/people")
        await page.get_by_role("link", name="Call back…").first.click()
        await expect(page.get_by_role("heading", name="These pages open with a link")).to_be_visible()
        await expect(page.get_by_text("Julie")).to_have_count(0)
