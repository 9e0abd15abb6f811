"""Whoever has no script, no mouse, or no screen: everything can be reached, and says what it is."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.peers.served import Served, row

pytestmark = pytest.mark.peer
JULIE = "Julie Tremblay"
WITHOUT_A_LABEL = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
  .filter(field => !field.labels.length && !field.getAttribute('aria-label')).map(field => field.outerHTML)"""
WITHOUT_A_NAME = """[...document.querySelectorAll('button, a, summary')]
  .filter(part => !(part.getAttribute('aria-label') || part.textContent).trim()).map(part => part.outerHTML)"""
TWICE = (
    """[...document.querySelectorAll('[id]')].map(part => part.id).filter((id, at, all) => all.indexOf(id) !== at)"""
)
NOWHERE = """[...document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls], label[for]')]
  .filter(part => ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'].some(name =>
    (part.getAttribute(name) || '').split(' ').some(id => id && !document.getElementById(id))))
  .map(part => part.outerHTML)"""


async def expect_well_named(page: Page, language: str) -> None:
    for fault in (WITHOUT_A_LABEL, WITHOUT_A_NAME, TWICE, NOWHERE):
        assert await page.evaluate(fault) == []
    assert await page.locator("h1").count() == 1
    assert await page.get_by_role("main").count() == 1
    assert await page.locator("html").get_attribute("lang") == language
    assert await page.title()


async def test_without_a_script_a_visitor_is_announced_answered_and_greeted(house: Served) -> None:
    nadia = await house.open("nadia", script=False)
    await expect(nadia.locator("#live")).to_contain_text("As of 9:12")
    await nadia.get_by_label("Visitor and company").fill(JULIE)
    await nadia.get_by_label("Here for").fill("Martin")
    await nadia.get_by_text("More: company, kind").click()
    await nadia.get_by_label("Kind").select_option("Supplier")
    await nadia.get_by_role("button", name="Announce").click()
    await expect(nadia.locator("#said")).to_contain_text("Posted at")

    martin = await house.open("martin", script=False)
    await martin.locator("#reply").fill("occupé")
    await martin.get_by_role("button", name="Envoyer").click()
    await expect(martin.locator(".is-kind p")).to_contain_text("Trente secondes")
    await martin.get_by_role("link", name="Rappeler…").first.click()
    form = martin.locator("form.form")
    await form.get_by_label("Numéro").fill("514 555-0142")
    await form.get_by_role("button", name="Promettre ce rappel").click()
    await expect(martin.locator("#said")).to_contain_text("Merci")

    await nadia.reload()
    await expect(row(nadia, JULIE).locator(".say q")).to_contain_text("on +1 514-555-0142")
    await row(nadia, JULIE).get_by_text("More", exact=True).click()
    await row(nadia, JULIE).get_by_role("button", name="Hello happened").click()
    await expect(nadia.locator("#said")).to_contain_text("Noted")


async def test_with_the_keyboard_alone_a_visitor_is_announced_and_answered(house: Served) -> None:
    nadia = await house.open("nadia")
    await expect(nadia.locator("#visitor")).to_be_focused()
    await nadia.keyboard.type("Julie Tremblay (Chambre de commerce)")
    await nadia.keyboard.press("Tab")
    await nadia.keyboard.type("Martin")
    await nadia.keyboard.press("Tab")
    await nadia.keyboard.type("a signature")
    await nadia.keyboard.press("Enter")
    await expect(row(nadia, JULIE)).to_be_visible()
    await expect(nadia.locator("#visitor")).to_be_focused()
    await expect(nadia.locator("#visitor")).to_have_value("")

    martin = await house.open("martin")
    await tab_to(martin, "J'arrive")
    await martin.keyboard.press("Enter")
    await expect(martin.locator("#said")).to_contain_text("Merci")

    await tab_to(nadia, "Hello happened")
    await nadia.keyboard.press("Enter")
    await tab_to(nadia, "Undo")
    await nadia.keyboard.press("Space")
    await expect(row(nadia, JULIE)).to_be_visible()


async def tab_to(page: Page, label: str) -> None:
    """Press Tab until the focus, which can be seen, is at this button."""
    button = page.get_by_role("button", name=label)
    await button.wait_for()
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await button.evaluate("part => part === document.activeElement"):
            assert await button.evaluate("part => getComputedStyle(part).outlineStyle") == "solid"
            return
    raise AssertionError(f"Tab does not lead to {label}")


async def test_every_page_says_what_stands_on_it(house: Served) -> None:
    nadia = await house.open("nadia")
    await expect_well_named(nadia, "en")
    await house.announces(JULIE, "Robert Lavoie", "David Chen")
    await house.passes(2)
    await nadia.goto(f"{house.base}/reception?as=nadia&lang=fr")
    await nadia.get_by_role("link", name="Réponse de vive voix…").first.click()
    await expect(nadia.locator("form.form")).to_be_visible()
    await expect_well_named(nadia, "fr")
    martin = await house.open("martin")
    await martin.get_by_role("link", name="Rappeler…").first.click()
    await expect(martin.locator("form.form")).to_be_visible()
    await expect_well_named(martin, "fr")
    await row(martin, JULIE).locator(".more > summary").click()
    await row(martin, JULIE).get_by_role("link", name="Toute l'histoire").click()
    await expect(martin.locator(".story")).to_be_visible()
    await expect_well_named(martin, "fr")
    missing = await house.open("nadia", "/visits/nobody", script=False)
    await expect_well_named(missing, "en")
    house.faults = [fault for fault in house.faults if "404" not in fault]
