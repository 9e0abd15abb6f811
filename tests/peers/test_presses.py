"""Presses that come twice or at once, and what reception does beside the usual two buttons, in a real browser."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from bot.domain import events as e
from tests.peers.served import Served, row

pytestmark = pytest.mark.peer
JULIE = "Julie Tremblay"


async def more(nadia: Page, choice: str) -> None:
    """Open the menu of Julie's row, and press what stands in it."""
    await row(nadia, JULIE).get_by_text("More", exact=True).click()
    await row(nadia, JULIE).locator(".menu").get_by_text(choice, exact=True).click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no_script"])
async def test_a_double_click_on_im_coming_is_one_promise(house: Served, script: bool) -> None:  # noqa: FBT001
    await house.announces(JULIE)
    martin = await house.open("martin", script=script)
    await row(martin, JULIE).get_by_role("button", name="J'arrive").dblclick()
    await expect(martin.locator("#said")).to_contain_text("Merci")
    journal = await house.journal(JULIE)
    assert [type(event) for event in journal].count(e.HelloPromised) == 1
    assert not [event for event in journal if isinstance(event, e.PressRefused)]


async def test_of_two_who_press_at_once_the_first_comes_and_the_other_reads_who(house: Served) -> None:
    await house.announces(JULIE)
    await house.passes(2)
    martin, sophie = await house.open("martin"), await house.open("sophie")
    coming = [row(page, JULIE).get_by_role("button", name="J'arrive") for page in (martin, sophie)]
    await asyncio.gather(*(button.wait_for() for button in coming))
    await asyncio.gather(*(button.dispatch_event("click") for button in coming))
    await expect(martin.locator("#said")).not_to_be_empty()
    await expect(sophie.locator("#said")).not_to_be_empty()
    (promised,) = [event for event in await house.journal(JULIE) if isinstance(event, e.HelloPromised)]
    name, other = ("Martin Gagnon", sophie) if promised.by == "martin" else ("Sophie Roy", martin)
    await expect(other.locator("#said")).to_contain_text(f"{name} a promis une rencontre à 9 h 16 au plus tard")
    await expect(row(other, JULIE)).to_contain_text(name)


async def test_an_answer_by_voice_is_entered_by_nadia_and_martin_may_say_that_it_is_not_right(house: Served) -> None:
    await house.announces(JULIE)
    nadia, martin = await house.open("nadia"), await house.open("martin")
    await row(nadia, JULIE).get_by_role("link", name="Answered by voice…").click()
    form = row(nadia, JULIE).locator("form.form")
    await expect(form).to_be_visible()
    await form.get_by_label("What was said").select_option("In 2 min")
    await form.get_by_role("button", name="Enter this answer").click()
    await expect(row(nadia, JULIE).locator(".say q")).to_contain_text("Martin Gagnon is coming to greet you by 9:14")
    (promised,) = [event for event in await house.journal(JULIE) if isinstance(event, e.HelloPromised)]
    assert (promised.by, promised.entered_by) == ("martin", "nadia")
    await expect(row(martin, JULIE)).to_contain_text("Nadia Benali")
    await row(martin, JULIE).get_by_role("button", name="Ce n'est pas exact").click()
    await expect(row(martin, JULIE).get_by_role("button", name="J'arrive")).to_be_visible()


async def test_nadia_adds_a_number_and_asks_somebody_else(house: Served) -> None:
    await house.announces(JULIE)
    nadia, sophie = await house.open("nadia"), await house.open("sophie")
    await more(nadia, "Add phone")
    number = row(nadia, JULIE).get_by_role("textbox", name="Number")
    await number.fill("514")
    await number.press("Enter")
    await expect(row(nadia, JULIE).locator(".wrong")).to_be_visible()
    await number.fill("514 555-0142")
    await number.press("Enter")
    await expect(nadia.locator("#said")).to_have_text("The number is added.")
    await more(nadia, "Change phone")
    await expect(number).to_have_value("+1\u00a0514-555-0142")

    await more(nadia, "Ask someone else…")
    await row(nadia, JULIE).get_by_role("combobox").select_option("Sophie Roy")
    await row(nadia, JULIE).get_by_role("button", name="Ask", exact=True).click()
    await expect(row(sophie, JULIE).get_by_role("button", name="J'arrive")).to_be_visible()
    await expect(row(nadia, JULIE).locator(".say q")).to_contain_text("Sophie Roy")


async def test_whoever_leaves_is_asked_for_a_number_first_and_then_has_a_callback(house: Served) -> None:
    await house.announces(JULIE)
    nadia = await house.open("nadia")
    await more(nadia, "Visitor left")
    form = row(nadia, JULIE).locator("form.form")
    await expect(form).to_contain_text("Has Julie Tremblay left a number?")
    assert not [event for event in await house.journal(JULIE) if isinstance(event, e.VisitorLeft)]
    await form.get_by_role("textbox").fill("514 555-0142")
    await form.get_by_role("button", name="Visitor left").click()
    callback = nadia.locator("#calls li").filter(has_text=JULIE)
    await expect(callback).to_contain_text("+1 514-555-0142")
    assert [event for event in await house.journal(JULIE) if isinstance(event, e.CallbackPromised)]


async def test_the_same_visitor_again_is_asked_about(house: Served) -> None:
    await house.announces(JULIE)
    nadia = await house.open("nadia")

    async def announces_again(answer: str) -> None:
        await nadia.get_by_label("Visitor and company").fill(JULIE)
        await nadia.get_by_label("Here for").fill("Martin")
        await nadia.keyboard.press("Enter")
        await expect(nadia.locator(".asked")).to_contain_text("Nadia Benali announced Julie Tremblay")
        await nadia.get_by_role("button", name=answer).click()
        await expect(nadia.locator(".asked")).to_have_count(0)

    await announces_again("Same")
    await expect(nadia.locator(".visit")).to_have_count(1)
    await announces_again("Another person")
    await expect(nadia.locator(".visit")).to_have_count(2)
