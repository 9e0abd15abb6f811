"""What Martin types into his box, in a real browser: a kind answer to anything, and the ladder goes on."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from bot.domain import events as e
from tests.peers.served import Served, row

pytestmark = pytest.mark.peer
JULIE = "Julie Tremblay"
OFFERS = "Trente secondes maintenant, ou une heure à transmettre"
TYPED = {
    "busy": OFFERS,
    "je suis occupé": OFFERS,
    "later": JULIE,
    "no": JULIE,
    "occupé " * 1430: JULIE,
    "<script>alert(1)</script><img src=x onerror=alert(2)>": JULIE,
}


async def test_whatever_is_typed_is_answered_kindly_and_the_ladder_goes_on(house: Served) -> None:
    await house.announces(JULIE)
    martin = await house.open("martin")
    reply, heard, kind = martin.locator("#reply"), martin.locator(".talk-line p"), martin.locator(".is-kind p")
    for text, answer in TYPED.items():
        await reply.fill(text)
        await reply.press("Enter")
        await expect(heard.first).to_have_text(text.strip())
        await expect(kind).to_contain_text(answer)
        await expect(reply).to_have_value("")
        assert await martin.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert await martin.get_by_role("main").count() == 1
    for nothing in ("", "   "):
        await reply.fill(nothing)
        await reply.press("Enter")
        await expect(martin.locator("#said > span")).to_contain_text(JULIE)
        await martin.reload()
    await expect(row(martin, JULIE).locator(".choices").get_by_role("button", name="J'arrive")).to_be_visible()
    await house.passes(2)
    asked = [event.person for event in await house.journal(JULIE) if isinstance(event, e.Asked)]
    assert asked == ["sophie"]


async def test_what_is_longer_than_any_post_is_refused_kindly_and_stays_in_its_box(house: Served) -> None:
    await house.announces(JULIE)
    martin = await house.open("martin")
    await martin.locator("#reply").fill("x" * 300_000)
    await martin.locator("#reply").press("Enter")
    await expect(martin.locator("#said")).to_contain_text("Ce texte est trop long pour partir.")
    assert len(await martin.locator("#reply").input_value()) == 300_000
    await martin.locator("#reply").fill("dans 2 min")
    await martin.locator("#reply").press("Enter")
    await expect(martin.locator(".is-kind p")).to_contain_text("Merci")
    house.faults = [fault for fault in house.faults if "413" not in fault]
