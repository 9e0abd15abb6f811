"""Nadia, Martin and Sophie at their pages: what they press, and what they read, in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.peers.served import Served, row

pytestmark = pytest.mark.peer
JULIE = "Julie Tremblay"


async def test_a_client_whose_owner_forgets_is_greeted_by_a_colleague(house: Served) -> None:
    nadia, martin = await house.open("nadia"), await house.open("martin")
    await nadia.get_by_label("Visitor and company").fill("Julie Tremblay (Chambre de commerce)")
    await nadia.get_by_label("Here for").fill("Martin")
    await nadia.get_by_label("What about").fill("a signature")
    await nadia.keyboard.press("Enter")
    sentence = nadia.locator(".visit .say q")
    await expect(sentence).to_have_text("I have told Martin Gagnon, and by 9:14 a.m. I will tell you more.")

    card = row(martin, JULIE)
    await expect(card).to_contain_text("a signature")
    await martin.get_by_role("textbox", name="Répondre par écrit").fill("je suis occupé")
    await martin.keyboard.press("Enter")
    await expect(martin.get_by_role("log")).to_contain_text("Trente secondes maintenant")
    await expect(martin.get_by_role("textbox", name="Répondre par écrit")).to_have_value("")
    await expect(martin.get_by_role("textbox", name="Répondre par écrit")).to_be_focused()
    await card.locator(".choices").get_by_role("button", name="Dans 2 min").click()
    await expect(sentence).to_contain_text("Martin Gagnon is coming to greet you by 9:14 a.m.")

    for _ in range(3):
        await nadia.get_by_role("button", name="+1 min").click()
    await expect(row(nadia, JULIE)).to_contain_text("Has Martin come?")
    await expect(nadia.get_by_role("heading", name="Your turn")).to_be_visible()
    await row(nadia, JULIE).get_by_role("button", name="Not yet").click()
    await expect(sentence).to_contain_text("I have also asked Sophie Roy")

    sophie = await house.open("sophie")
    await row(sophie, JULIE).get_by_role("button", name="J'arrive").click()
    await expect(sentence).to_contain_text("Sophie Roy is coming to greet you")
    await row(nadia, JULIE).get_by_role("button", name="Hello happened").click()
    await expect(nadia.get_by_text("Nobody is waiting.")).to_be_visible()

    closed = nadia.get_by_role("listitem").filter(has_text=JULIE)
    await closed.get_by_role("button", name="Undo").click()
    await expect(sentence).to_be_visible()
    await row(nadia, JULIE).get_by_text("More", exact=True).click()
    await row(nadia, JULIE).get_by_role("link", name="The whole story").click()
    story = nadia.locator(".story .what")
    await expect(story.first).to_have_text(
        "Nadia Benali announced Julie Tremblay (Chambre de commerce) for Martin Gagnon."
    )
    await expect(story.filter(has_text="Sophie Roy greeted Julie Tremblay")).to_have_count(1)
