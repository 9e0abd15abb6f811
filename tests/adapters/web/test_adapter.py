"""The adapter itself: where it serves, to whom, and how a change reaches an open page."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientResponse

from adapters.web.adapter import WebAdapter
from bot.domain.card import Nudge
from bot.errors import ConfigError, DeliveryError, DeliveryKind
from bot.messages import Address, Incoming, Outcome, Reply
from tests.adapters.web import house
from tests.adapters.web.conftest import Browser, Open
from tests.adapters.web.html import Page

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def adapter(**more: Any) -> WebAdapter:
    settings = house.settings(**more)
    return WebAdapter(settings, views=house.FakeViews(), wording=house.WORDING, clock=house.FixedClock())


async def event(response: ClientResponse) -> tuple[str, dict[str, str]]:
    """Read the next event of a stream."""
    name = (await response.content.readline()).decode().removeprefix("event: ").strip()
    data = (await response.content.readline()).decode().removeprefix("data: ")
    await response.content.readline()
    return name, json.loads(data)


@pytest.mark.parametrize("host,port", [("0.0.0.0", 0), ("192.168.1.4", 0), ("", 0), ("localhost.evil", 0), ("::1", -1)])
def test_it_serves_this_machine_only(host: str, port: int) -> None:
    with pytest.raises(ConfigError, match=r"web\."):
        adapter(host=host, port=port)


@pytest.mark.parametrize(
    "path", ["/reception", "/me", "/visits/v3", "/events?page=reception", "/static/look.css", "/no"]
)
async def test_no_answer_goes_without_its_headers(browse: Open, path: str) -> None:
    browser: Browser = await browse()
    async with browser.session.get(browser.origin + path) as response:
        assert response.headers["Content-Security-Policy"] == POLICY
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        cached = "no-cache" if path.startswith("/static/") else "no-store"
        assert response.headers["Cache-Control"] == cached


async def test_cookies_are_not_for_scripts_or_other_sites(browse: Open) -> None:
    browser: Browser = await browse()
    async with browser.session.get(browser.origin + "/me?as=martin&lang=fr") as response:
        for cookie in response.cookies.values():
            assert cookie["httponly"]
            assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.4:8030", "[::2]", ""])
async def test_a_foreign_name_of_this_machine_is_refused(browse: Open, host: str) -> None:
    browser: Browser = await browse()
    status, html = await browser.get("/reception", headers={"Host": host})
    assert status == 421
    assert "Julie" not in html


@pytest.mark.parametrize("host", ["localhost:8030", "127.0.0.1", "[::1]:8030"])
async def test_the_names_of_loopback_are_served(browse: Open, host: str) -> None:
    browser: Browser = await browse()
    assert (await browser.get("/reception", headers={"Host": host}))[0] == 200


@pytest.mark.parametrize("path", ["/", "/reception", "/me?as=martin", "/visits/v3", "/events?page=reception", "/no"])
async def test_without_the_demo_nothing_is_shown(browse: Open, path: str) -> None:
    browser: Browser = await browse(demo=False)
    status, html = await browser.get(path)
    text = Page(html).text
    assert status == 403
    assert "These pages open with a link" in text
    assert "Demandez votre lien" in text
    for name in ("Nadia", "Martin", "Julie"):
        assert name not in html
    status, html = await browser.post("/visits", {"visitor": "Julie", "owner": "Martin"})
    assert (status, browser.inbox.taken) == (403, [])


async def test_without_the_demo_nobody_counts_as_reached(browse: Open) -> None:
    browser: Browser = await browse(demo=False)
    nudge = Nudge(key="n", visit="v3", person="martin", text="Julie Tremblay is asking for you")
    with pytest.raises(DeliveryError) as caught:
        await browser.web.deliver(nudge, Address("web", "martin"), "n")
    assert caught.value.kind is DeliveryKind.MISCONFIGURED


async def test_a_change_reaches_the_pages_of_its_reader_only(browse: Open) -> None:
    browser: Browser = await browse()
    (card, *_) = (await browser.views.board("nadia", reception="montreal")).cards
    reception = await browser.stream("/events?page=reception&as=nadia")
    martin = await browser.stream("/events?page=me&as=martin")
    assert [await event(reception), await event(martin)] == [("hello", {})] * 2

    receipt = await browser.web.deliver(card, Address("web", "reception:montreal"), "key")
    assert await event(reception) == ("changed", {"visit": card.visit})
    assert await browser.web.amend(receipt, card) == receipt
    assert await event(reception) == ("changed", {"visit": card.visit})

    nudge = Nudge(key="n", visit="v3", person="martin", text="Julie Tremblay is asking for you")
    await browser.web.deliver(nudge, Address("web", "martin"), "n")
    assert await event(martin) == ("nudge", {"visit": "v3", "say": "Julie Tremblay is asking for you"})

    await browser.post("/demo/clock", {"forward": "1m"})
    assert [(await event(reception))[0], (await event(martin))[0]] == ["clock", "clock"]


async def test_a_stream_gives_signs_of_life(browse: Open) -> None:
    browser: Browser = await browse(heartbeat_s=0.01)
    stream = await browser.stream("/events?page=reception")
    assert (await event(stream))[0] == "hello"
    assert await event(stream) == ("beat", {})


async def test_stopping_ends_streams_and_lets_a_post_be_answered(browse: Open) -> None:
    browser: Browser = await browse()
    stream = await browser.stream("/events?page=reception")
    await event(stream)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(incoming: Incoming) -> Reply:
        begun.set()
        await go_on.wait()
        return Reply(outcome=Outcome.DONE, text="Done.")

    browser.web._routes.receive = slow
    post = asyncio.create_task(browser.post("/visits/v3", {"press": "yes"}, allow_redirects=False))
    await begun.wait()
    stop = asyncio.create_task(browser.web.stop())
    assert await stream.content.read() == b""
    go_on.set()
    assert (await post)[0] == 303
    await stop
    assert browser.web.port == 0
    nudge = Nudge(key="n", visit="v3", person="martin", text="…")
    with pytest.raises(DeliveryError) as caught:
        await browser.web.deliver(nudge, Address("web", "martin"), "n")
    assert caught.value.kind is DeliveryKind.RETRY
