"""What is asked back on the pages is answered once, and no form opens there that would come to nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest

from bot.messages import Address, Incoming, Press
from tests.adapters.web.signed import Desk, desk
from tests.world import plain

ARRIVAL = {"visitor": "Julie Tremblay", "owner": "Martin Gagnon", "page": "reception"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk() as served:
        yield served


async def visits(at: Desk) -> int:
    return len(await at.parts.store.read(lambda tx: tx.visits()))


@pytest.mark.parametrize("first, wanted", [("another:yes", 2), ("same", 1)])
async def test_going_back_and_choosing_again_announces_nobody(at: Desk, first: str, wanted: int) -> None:
    nadia = await at.signs_in("nadia")
    assert (await nadia.presses("/visits", ARRIVAL, page="/reception")).status == 303
    asked = (await nadia.presses("/visits", ARRIVAL, page="/reception")).text
    form = asked.partition('class="asked"')[2].partition("</form>")[0]
    carried = {name: unescape(value) for name, value in HIDDEN.findall(form)}
    assert carried["question"].startswith("nadia:")
    assert (await nadia.post("/visits", {**carried, "choice": first})).status == 303
    assert await visits(at) == wanted
    again = await nadia.post("/visits", {**carried, "once": "another page", "choice": "another:yes"})
    assert again.status == 303
    assert "This question has its answer already" in (await nadia.get(again.headers["Location"])).text
    assert await visits(at) == wanted


@pytest.mark.parametrize("button", ["call_back", "ask_colleague", "note", "add_phone"])
async def test_a_link_to_a_form_of_a_closed_visit_says_how_it_ended(at: Desk, button: str) -> None:
    visit = await at.arrives()
    mistake = Incoming(key="mistake", sender=Address("web", "nadia"), act=Press(visit=visit, button="mistake"))
    assert (await at.parts.inbox.receive(mistake)).ok
    martin = await at.signs_in("martin")
    answer = await martin.get(f"/me?form={button}&visit={visit}")
    assert answer.status == 200
    assert "Thank you. This visit is closed; nothing has changed." in plain(answer.text)
    assert f'id="form-{visit}"' not in answer.text
    sent = await martin.presses(f"/visits/{visit}/form/{button}", {"page": "me", "phone": "no number"})
    assert (sent.status, "This visit is closed" in plain(sent.text)) == (422, True)
    assert f'id="form-{visit}"' not in sent.text
