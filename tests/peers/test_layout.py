"""How the pages lie on a desk's screen and on a telephone, in both languages, with nobody, one and twelve waiting."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.peers.served import SIZES, Served

pytestmark = pytest.mark.peer
TWELVE = (
    "Julie Tremblay (Chambre de commerce de l'Est)",
    "Robert Lavoie (Plomberie Lavoie)",
    "Maximilienne-Alexandra Vandenbroucke-Charbonneau",
    "Li",
    "David Chen",
    "Amélie Côté-Desrosiers (Ville de Montréal)",
    "Jean-François Archambault",
    "Mme O'Neill",
    "Zoé",
    "Priya Ramanathan-Subramaniam (Intercontinental)",
    "Ève Ng",
    "Guillaume de la Chevrotière",
)
WIDER_THAN_THE_SCREEN = "document.documentElement.scrollWidth - innerWidth"
LARGER_THAN_WHAT_TO_SAY = """[...document.querySelectorAll('.visit')].filter(row => {
  const size = part => parseFloat(getComputedStyle(part).fontSize);
  const say = size(row.querySelector('.say q'));
  return [...row.querySelectorAll('*')]
    .some(part => part.checkVisibility() && part.innerText?.trim() && size(part) > say);
}).map(row => row.id)"""
CUT = """[...document.querySelectorAll('main .keep, main .who, main .say q, main .tag, main button, main .button')]
  .filter(part => part.checkVisibility())
  .filter(part => {
    const box = part.getBoundingClientRect();
    return box.right > innerWidth + 1 || box.left < -1
      || (getComputedStyle(part).display !== 'inline' && part.scrollWidth > part.clientWidth + 1);
  })
  .map(part => part.outerHTML)"""
BROKEN_OVER_TWO_LINES = """[...document.querySelectorAll('main .keep')]
  .filter(part => part.checkVisibility() && part.getClientRects().length > 1).map(part => part.outerHTML)"""

HANGS_OUT = """[...document.querySelectorAll('.visit > .form, .card > .form, .panel .form')].filter(form => {
  const [inner, outer] = [form, form.closest('.visit, .panel')].map(part => part.getBoundingClientRect());
  return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1;
}).map(form => form.id)"""


async def expect_a_calm_page(page: Page) -> None:
    """Nothing is wider than the screen, cut, or larger than what to say; what is typed into is in sight."""
    assert await page.evaluate(WIDER_THAN_THE_SCREEN) <= 0
    assert await page.evaluate(LARGER_THAN_WHAT_TO_SAY) == []
    assert await page.evaluate(CUT) == []
    assert await page.evaluate(BROKEN_OVER_TWO_LINES) == []
    assert await page.evaluate(HANGS_OUT) == []


@pytest.mark.parametrize("waiting", [0, 1, 12])
async def test_reception_is_calm_at_each_size_and_in_each_language(house: Served, waiting: int) -> None:
    await house.announces(*TWELVE[:waiting])
    for size in SIZES:
        for language in ("en", "fr"):
            page = await house.open("nadia", size=size, language=language)
            await expect(page.locator("html")).to_have_attribute("lang", language)
            await expect(page.locator(".visit")).to_have_count(waiting)
            await expect_a_calm_page(page)
            for field in ("#visitor", "#owner", "#about"):
                await expect(page.locator(field)).to_be_in_viewport(ratio=1)
            await page.context.close()


@pytest.mark.parametrize("waiting", [0, 1, 12])
async def test_a_persons_page_is_calm_at_each_size_and_in_each_language(house: Served, waiting: int) -> None:
    await house.announces(*TWELVE[:waiting], phone="514 555-0142")
    await house.announces(*TWELVE[:waiting], owner="Nadia")
    for size in SIZES:
        for person, language in (("martin", "fr"), ("nadia", "en")):
            page = await house.open(person, "/me", size=size)
            await expect(page.locator("html")).to_have_attribute("lang", language)
            await expect(page.locator(".card")).to_have_count(waiting)
            await expect_a_calm_page(page)
            await page.context.close()


@pytest.mark.parametrize("size", SIZES)
async def test_each_open_form_and_menu_stays_on_the_screen(house: Served, size: str) -> None:
    await house.announces(TWELVE[2])
    nadia, martin = await house.open("nadia", size=size), await house.open("martin", size=size)
    await nadia.get_by_text("More: company, kind").click()
    await nadia.get_by_role("link", name="Answered by voice…").click()
    await expect(nadia.locator("form.form")).to_be_visible()
    await nadia.locator(".visit .more > summary").click()
    await martin.get_by_role("link", name="Rappeler…").click()
    await expect(martin.locator("form.form")).to_be_visible()
    await martin.locator(".card .more > summary").first.click()
    for page in (nadia, martin):
        await expect_a_calm_page(page)
        menu = await page.locator(".more[open] .menu").bounding_box()
        assert menu is not None
        assert menu["x"] >= 0
        assert menu["x"] + menu["width"] <= SIZES[size][0]


COLOUR = "selector => getComputedStyle(document.querySelector(selector)).backgroundColor"


async def test_a_long_wait_is_worded_and_coloured(house: Served) -> None:
    await house.announces(TWELVE[0])
    nadia = await house.open("nadia")
    wait = nadia.locator(".visit .wait")
    seen: list[tuple[int, str]] = []
    for minutes, words in ((0, "just arrived"), (2, "waiting"), (3, "long wait"), (10, "very long wait")):
        await house.passes(minutes - (seen[-1][0] if seen else 0))
        await expect(wait.locator(".word")).to_have_text(words)
        # asked of whatever stands there now: the row may be replaced at any moment, and what is gone has no colour
        seen.append((minutes, await nadia.evaluate(COLOUR, ".visit .wait")))
    colours = [colour for _, colour in seen]
    assert colours[0] == colours[1]
    assert len(set(colours)) == 3
