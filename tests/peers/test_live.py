"""A window that nobody touches: it changes by itself, and says so when it no longer does."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.peers.served import Served, row

pytestmark = pytest.mark.peer
JULIE = "Julie Tremblay"


async def test_a_second_window_changes_by_itself_without_being_loaded_anew(house: Served) -> None:
    await house.announces(JULIE)
    first, second = await house.open("nadia"), await house.open("nadia")
    martin = await house.open("martin")
    for window in (first, second):
        await expect(window.locator("#live")).to_have_text("Live")
        await window.evaluate("window.untouched = true")
    await row(martin, JULIE).get_by_role("button", name="J'arrive").click()
    for window in (first, second):
        await expect(row(window, JULIE).locator(".say q")).to_contain_text("Martin Gagnon is coming to greet you now")
        await expect(window.locator("#status")).to_contain_text(JULIE)
        assert await window.evaluate("window.untouched")

    await house.announces("Robert Lavoie")
    await expect(second.locator(".visit")).to_have_count(2)
    await expect(second).to_have_title("Reception · hello30")


async def test_what_is_half_typed_stays_while_the_board_changes(house: Served) -> None:
    await house.announces(JULIE)
    nadia = await house.open("nadia")
    await nadia.get_by_label("Visitor and company").fill("Robert La")
    await house.announces("David Chen")
    await expect(nadia.locator(".visit")).to_have_count(2)
    await expect(nadia.get_by_label("Visitor and company")).to_have_value("Robert La")
    await expect(nadia.get_by_label("Visitor and company")).to_be_focused()


async def test_when_the_server_stops_the_page_says_since_when_it_is_not_live(house: Served) -> None:
    await house.announces(JULIE)
    nadia = await house.open("nadia")
    await house.ends()
    await expect(nadia.locator("#live")).to_have_text("Not live since 9:12 a.m., reload")
    await expect(row(nadia, JULIE).locator(".say q")).to_be_visible()
    await nadia.context.close()  # what is open goes on looking whether the server is back
    house.faults = [fault for fault in house.faults if "net::ERR_" not in fault]
