"""What is posted: what the core is given, and what comes back."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.domain.card import Button
from bot.language.wording import Reader
from bot.messages import Announce, Outcome, Press, Reply, Typed
from tests.adapters.web import house
from tests.adapters.web.conftest import Browser, Open
from tests.adapters.web.html import Page

ARRIVAL = {"visitor": "Julie Tremblay (Chambre de commerce)", "owner": "Martin", "about": "a signature"}


def refused(**more: object) -> Reply:
    return Reply(outcome=Outcome.REFUSED, text="Nothing has changed.", **more)  # type: ignore[arg-type]


async def test_three_fields_and_enter_announce(browse: Open) -> None:
    browser: Browser = await browse()
    status, html = await browser.post("/visits", {**ARRIVAL, "once": "k", "page": "reception", "as": "nadia"})
    (incoming,) = browser.inbox.taken
    assert incoming.sender.id == "nadia"
    assert incoming.act == Announce(
        visitor="Julie Tremblay", company="Chambre de commerce", owner="Martin", about="a signature", site="montreal"
    )
    assert status == 200
    assert browser.seen[-1].history[0].status == 303
    assert "It is done." in html
    assert "It is done." not in (await browser.get(str(browser.seen[-1].url.relative())))[1], "said once"


async def test_everything_else_of_an_arrival(browse: Open) -> None:
    browser = await browse()
    more = {"company": "Ville", "kind": "client", "phone": "514 555-0142", "long": "300", "via": "phone", "party": "3"}
    await browser.post("/visits", {**ARRIVAL, **more})
    act = browser.inbox.taken[0].act
    assert isinstance(act, Announce)
    assert (act.company, act.kind, act.phone, act.how_long_s) == ("Ville", "client", "514 555-0142", 300)
    assert (act.by_phone, act.party) == (True, 3)


async def test_a_double_click_has_one_key_and_another_page_another(browse: Open) -> None:
    browser = await browse()
    html = (await browser.get("/reception"))[1]
    once = re.findall(r'name="once" value="([^"]+)"', html)
    assert len(once) == len(set(once)) > 5
    for key in (once[1], once[1], once[2]):
        await browser.post("/visits/v3", {"press": "yes", "once": key, "page": "reception", "as": "nadia"})
    keys = [incoming.key for incoming in browser.inbox.taken]
    assert keys[0] == keys[1] != keys[2]


async def test_a_press_comes_with_its_value_and_the_card_that_was_seen(browse: Open) -> None:
    browser = await browse()
    await browser.post("/visits/v3", {"press": "hello:5", "revision": "3", "page": "me", "as": "martin"})
    (incoming,) = browser.inbox.taken
    assert incoming.sender.id == "martin"
    assert incoming.act == Press(visit="v3", button="hello", value="5", revision=3)


async def test_a_form_comes_with_its_answers_only(browse: Open) -> None:
    browser = await browse()
    data = {"when": "free", "free_day": "2026-03-05", "free_time": "10 h 45", "once": "k", "page": "me", "as": "martin"}
    await browser.post("/visits/v3/form/call_back", data)
    act = browser.inbox.taken[0].act
    assert isinstance(act, Press)
    assert (act.button, act.submitted) == ("call_back", True)
    assert act.values == {"when": "free", "free_day": "2026-03-05", "free_time": "10 h 45"}


async def test_what_is_not_right_stands_beside_its_field_and_nothing_typed_is_lost(browse: Open) -> None:
    browser = await browse()
    browser.inbox.reply = refused(errors={"phone": "Not a number."})
    data = {"when": "free", "free_time": "25 h", "phone": "12", "line": "Bonjour", "page": "me", "as": "martin"}
    status, html = await browser.post("/visits/v3/form/call_back", data)
    page = Page(html)
    assert (status, page.faults) == (422, [])
    assert 'id="wrong-v3-phone">Not a number.' in html
    assert 'aria-invalid="true" aria-describedby="wrong-v3-phone"' in html
    for typed in ('value="25 h"', 'value="12"', 'value="Bonjour"'):
        assert typed in html
    assert re.search(r'value="free" id="[^"]+" checked', html)


async def test_a_number_is_asked_for_in_the_row_itself(browse: Open) -> None:
    browser = await browse()
    browser.inbox.reply = refused(errors={"phone": "Not a number."})
    data = {"phone": "12", "in_row": "yes", "page": "reception", "as": "nadia"}
    status, html = await browser.post("/visits/v2/form/add_phone", data)
    act = browser.inbox.taken[0].act
    assert isinstance(act, Press)
    assert (act.button, act.values) == ("add_phone", {"phone": "12"})
    assert (status, Page(html).faults) == (422, [])
    assert re.search(r'id="phone-v2" name="phone" type="tel" value="12"[^>]*aria-invalid', html)
    assert 'id="form-v2"' not in html


async def test_a_refused_arrival_keeps_what_was_typed(browse: Open) -> None:
    browser = await browse()
    browser.inbox.reply = refused(errors={"owner": "No such name."})
    status, html = await browser.post("/visits", {**ARRIVAL, "company": "<b>", "once": "k"})
    assert (status, Page(html).faults) == (422, [])
    assert 'class="said is-refused"' in html
    assert 'aria-describedby="wrong-owner"' in html
    assert 'value="Julie Tremblay (Chambre de commerce)"' in html
    assert 'value="&lt;b&gt;"' in html
    assert '<details class="extra" open>' in html
    assert 'name="once" value="k"' not in html


async def test_what_was_not_saved_keeps_its_key_so_that_again_is_still_once(browse: Open) -> None:
    browser = await browse()
    browser.inbox.reply = Reply(outcome=Outcome.NOT_SAVED, text="Not saved.")
    status, html = await browser.post("/visits", {**ARRIVAL, "once": "k"})
    assert status == 503
    assert 'name="once" value="k"' in html
    assert 'value="a signature"' in html
    assert "Not saved." in html


async def test_two_martins_are_a_choice_and_the_choice_goes_on(browse: Open) -> None:
    browser = await browse()
    choices = (
        Button(name="owner_id", label="Martin Gagnon", value="martin"),
        Button(name="owner_id", label="Martin Tremblay", value="mtremblay"),
    )
    question = "nadia:k:announce:"
    asked = Reply(outcome=Outcome.ASKED_BACK, text="Which Martin?", buttons=choices, question=question)
    browser.inbox.reply = asked
    status, html = await browser.post("/visits", ARRIVAL)
    assert (status, Page(html).faults) == (200, [])
    assert html.count(f'<input type="hidden" name="question" value="{question}">') == 1
    assert 'name="choice" value="owner_id:martin"' in html
    twice = (Button(name="same", label="Same", value="v3"), Button(name="another", label="Another person"))
    browser.inbox.reply = replace(asked, text="The same?", buttons=twice)
    status, html = await browser.post("/visits", {**ARRIVAL, "choice": "owner_id:martin", "question": question})
    assert html.count(f'name="question" value="{question}"') == 1
    assert '<input type="hidden" name="owner_id" value="martin">' in html
    await browser.post("/visits", {**ARRIVAL, "owner_id": "martin", "choice": "another", "question": question})
    acts = [incoming.act for incoming in browser.inbox.taken]
    assert [(act.owner_id, act.another, act.question) for act in acts if isinstance(act, Announce)] == [
        ("", False, ""),
        ("martin", False, question),
        ("martin", True, question),
    ]


async def test_a_typed_reply_and_the_kind_answer(browse: Open) -> None:
    browser = await browse()
    answer = house.WORDING.card(house.asked(house.JULIE, "martin"), Reader("fr-CA", house.ZONE), house.NOW)
    browser.inbox.reply = Reply(outcome=Outcome.ASKED_BACK, text="Trente secondes ?", buttons=answer.buttons)
    status, html = await browser.post("/reply", {"text": "occupé", "visit": "v3", "page": "me", "as": "martin"})
    assert browser.inbox.taken[0].act == Typed(text="occupé", visit="v3")
    assert (status, Page(html).faults) == (200, [])
    assert re.search(r"Vous</b> <p>occupé</p>", html)
    assert 'class="talk-again"' in html


async def test_a_refused_reply_stays_in_its_box(browse: Open) -> None:
    browser = await browse()
    browser.inbox.reply = refused(visit="v3")
    status, html = await browser.post("/reply", {"text": "hier", "visit": "v3", "page": "me", "as": "martin"})
    assert status == 422
    assert 'value="hier"' in html
    assert "Nothing has changed." in html


async def test_ten_thousand_characters_are_the_cores_to_judge(browse: Open) -> None:
    browser = await browse()
    browser.inbox.reply = refused(errors={"about": "Too long."})
    status, html = await browser.post("/visits", {**ARRIVAL, "about": "é" * 10_000})
    act = browser.inbox.taken[0].act
    assert isinstance(act, Announce)
    assert len(act.about) == 10_000
    assert status == 422
    assert "é" * 10_000 in html


async def test_more_than_a_page_can_hold_is_refused_kindly(browse: Open) -> None:
    browser = await browse()
    status, html = await browser.post("/visits", {**ARRIVAL, "about": "x" * 300_000})
    assert status == 413
    assert "too long" in Page(html).text
    assert browser.inbox.taken == []


async def test_the_demo_clock_moves(browse: Open) -> None:
    browser = await browse()
    await browser.post("/demo/clock", {"forward": "15m", "page": "me", "as": "martin"})
    assert browser.demo.moved == ["15m"]
    assert browser.seen[-1].url.path == "/me"
    assert (await browser.post("/demo/clock", {"forward": "year"}))[0] == 404


@pytest.mark.parametrize("path", ["/visits", "/visits/v3", "/visits/v3/form/call_back", "/reply", "/demo/clock"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_post_from_another_site_does_nothing(browse: Open, path: str, headers: dict[str, str]) -> None:
    browser = await browse()
    status, html = await browser.post(path, {**ARRIVAL, "press": "yes", "forward": "1m"}, headers=headers)
    assert status == 403
    assert Page(html).faults == []
    assert (browser.inbox.taken, browser.demo.moved) == ([], [])
