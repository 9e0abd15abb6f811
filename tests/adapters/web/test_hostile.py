"""What no browser of ours would send, byte by byte: it is answered kindly, at once, and tells nobody anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse

from adapters.web.connections import Connections
from adapters.web.seldom import Seldom
from adapters.web.streams import Streams
from tests.adapters.web.html import Page
from tests.adapters.web.signed import PUBLIC, Browser, Desk, desk
from tests.adapters.web.test_adapter import POLICY

FORM = "application/x-www-form-urlencoded"
NAMED = b'--x\r\nContent-Disposition: form-data; name="visitor"\r\n'
PART = NAMED + b"Content-Type: text/plain; charset=%s\r\n\r\nA\r\n--x--\r\n"


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk() as served:
        yield served


async def says(served: Desk, sent: bytes) -> tuple[int, str]:
    """Send bytes on a connection of their own; give the status and everything that came back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.web.port)
    writer.write(sent)
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split(" ", 2)[1]), answer


async def posts(browser: Browser, kind: str, body: bytes, **headers: str) -> tuple[int, str]:
    """Post a body of a kind, from one of our own pages."""
    sent = {"Cookie": browser.cookie, "Origin": browser.origin, "Content-Type": kind, **headers}
    async with browser.client.post(f"{browser.origin}/visits", data=body, headers=sent) as response:
        return response.status, await response.text()


# --- bytes that are no request ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        b"SECRET /me HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"get /secret HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /me HTTP/1.1\r\nHost: localhost\r\nHost: secret\r\n\r\n",
        b"GET /me HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"secret" * 2000 + b"\r\n\r\n",
        b"GET http://[secret HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01secret\r\n\r\n",
    ],
)
async def test_what_is_no_request_gets_a_kind_page_that_repeats_nothing(
    at: Desk, sent: bytes, logs: list[dict[str, object]]
) -> None:
    status, answer = await says(at, sent)
    assert status == 400
    assert "secret" not in answer.lower()
    text = Page(answer).text
    assert "This could not be read" in text
    assert "Cette demande n'a pas pu être lue" in text
    assert "form is too old" not in text, "nobody has sent one"
    for line in (f"Content-Security-Policy: {POLICY}", "X-Content-Type-Options: nosniff", "Cache-Control: no-store"):
        assert line in answer
    assert logs == []


async def test_an_expectation_that_nobody_can_meet_gets_a_kind_page(at: Desk) -> None:
    for path in (b"/me", b"/no"):
        request = b"GET " + path + b" HTTP/1.1\r\nHost: evil.example\r\nExpect: secret\r\n\r\n"
        status, answer = await says(at, request)
        assert status == 417
        assert "secret" not in answer
        assert "This page does not exist" in Page(answer).text
        assert f"Content-Security-Policy: {POLICY}" in answer


async def test_no_answer_says_with_what_it_was_made(at: Desk) -> None:
    for request in (b"GET /me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", b"x\r\n\r\n"):
        _, answer = await says(at, request)
        assert "aiohttp" not in answer
        assert "Python" not in answer


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example@localhost:18030",
        "localhost/evil?x",
        "localhost?x",
        "localhost#x",
        "localhost:",
        "localhost:99999",
        "localhost:x",
        "localhost, evil.example",
        "[::1",
        "::1",
        "[::1]x",
        "local\thost",
        "loc\xe4lhost",
    ],
)
async def test_a_name_is_a_host_and_a_port_and_nothing_else(at: Desk, host: str) -> None:
    request = f"GET /static/look.css HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert (await says(at, request.encode("latin-1")))[0] in {400, 421}


@pytest.mark.parametrize("origin", ["http://evil@{0}", "http://{0}/", "http://{0}?x", "{0}", "null", "http://\xff"])
async def test_an_origin_is_a_scheme_and_a_name_and_nothing_else(at: Desk, origin: str) -> None:
    host = at.origin.removeprefix("http://")
    answer = await at.browser().post(at.link("martin"), Origin=origin.format(host))
    assert (answer.status, answer.cookies) == (403, [])


async def test_links_begin_with_the_public_address_when_it_is_known() -> None:
    async with desk(replace(PUBLIC, proxies=())) as served:
        browser = served.browser(Host="DESK.example.org:443")
        browser.public = PUBLIC.url
        await browser.post(served.link("claire"))
        made = await browser.presses("/people/martin/link", page="/people")
        assert made.status == 200
        assert 'value="https://desk.example.org/in/' in made.text


async def test_a_proxy_that_does_not_say_how_somebody_came_is_not_passed(logs: list[dict[str, object]]) -> None:
    async with desk(PUBLIC) as served:
        assert (await served.browser(Host="desk.example.org").get("/static/look.css")).status == 421
        for how in ("", "https,", "HTTPS", "http"):
            browser = served.browser(**{"Host": "desk.example.org", "X-Forwarded-Proto": how})
            assert (await browser.get("/static/look.css")).status == 421
    assert logs == [{"event": "web.not_by_tls", "log_level": "warning"}]


async def test_another_name_is_logged_without_it_and_said_for_what_it_is(
    at: Desk, logs: list[dict[str, object]]
) -> None:
    martin = await at.signs_in("martin")
    logs.clear()
    for host in ("evil.example", "evil.example", "evil/example"):
        martin.headers["Host"] = host
        answer = await martin.get("/me")
        page = Page(answer.text)
        assert (answer.status, page.faults) == (421, [])
        assert "This is not the address of these pages." in page.text
        assert "Ce n'est pas l'adresse de ces pages." in page.text
        assert 'href="/"' not in answer.text
        assert "evil" not in answer.text
    assert logs == [{"event": "web.wrong_host", "log_level": "warning"}]


async def test_whoever_comes_past_the_proxy_is_logged_once(logs: list[dict[str, object]]) -> None:
    async with desk(replace(PUBLIC, proxies=PUBLIC.proxies[1:])) as served:
        for _ in range(3):
            assert (await served.browser(Host="desk.example.org").get("/me")).status == 421
    assert [(entry["event"], entry["came_from"]) for entry in logs] == [("web.not_through_proxy", "127.0.0.1")]


def test_what_anybody_can_make_happen_is_said_again_after_a_minute(logs: list[dict[str, object]]) -> None:
    now = 5.0
    seldom = Seldom(lambda: now)
    said = []
    for now in (5.0, 6.0, 64.9, 65.0, 65.1, 124.9, 126.0):
        before = len(logs)
        seldom.warn("web.wrong_host")
        said.append((now, len(logs) > before))
    assert [moment for moment, is_said in said if is_said] == [5.0, 65.0, 126.0]
    seldom.warn("web.not_by_tls", connections=3)
    assert logs[-1] == {"event": "web.not_by_tls", "connections": 3, "log_level": "warning"}


async def test_where_somebody_came_from_is_told_to_no_other_page(at: Desk) -> None:
    assert (await at.browser().get(at.link("martin"))).headers["Referrer-Policy"] == "strict-origin"


# --- cookies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cookie", [b"hello30=\xff", b"hello30=\xc3\xa9.x", b"as=\xff; lang=\xff", b"lang=\xed\xa0\x80"]
)
@pytest.mark.parametrize("path", [b"/me", b"/in/x", b"/in/%FF", b"/in/%C3%A9"])
async def test_cookies_and_links_of_other_signs_are_simply_not_ours(at: Desk, cookie: bytes, path: bytes) -> None:
    request = b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie + b"\r\nConnection: close\r\n\r\n"
    assert (await says(at, request))[0] == 403


async def test_a_language_of_other_signs_leaves_everybody_their_own(at: Desk) -> None:
    nadia = await at.signs_in("nadia")
    request = f"GET /reception HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {nadia.cookie}; lang="
    assert (await says(at, request.encode() + b"\xff; as=\xff\r\n\r\n"))[0] == 200


# --- what is posted --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["punycode", "utf-7", "utf-16", "no-such", "base64"])
async def test_what_is_posted_is_read_as_utf_8_or_not_at_all(at: Desk, charset: str) -> None:
    browser = await at.signs_in("nadia")
    status, text = await posts(browser, f"{FORM}; charset={charset}", b"visitor=" + b"a" * 250_000)
    assert status == 415
    assert "Nothing has changed" in Page(text).text


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
async def test_what_says_that_it_is_utf_8_is_read(at: Desk, charset: str) -> None:
    browser = await at.signs_in("nadia")
    status, text = await posts(browser, f"{FORM}; charset={charset}", "visitor=Zoé".encode())
    assert status == 403  # it is without proof, and shown again with what was typed
    assert 'value="Zoé"' in text


@pytest.mark.parametrize(
    "body",
    [b"--x\r\nfoo", b"", b"--x", PART % b"punycode", b"--x\r\nContent-Disposition: form-data\r\n\r\nA\r\n--x--\r\n"],
)
async def test_forms_in_parts_are_none_of_ours(at: Desk, body: bytes) -> None:
    browser = await at.signs_in("nadia")
    status, text = await posts(browser, "multipart/form-data; boundary=x", body)
    assert status == 415
    assert "Nothing has changed" in Page(text).text


@pytest.mark.parametrize("body, said", [(b"not gzip", {"Content-Encoding": "gzip"}), (b"visitor=\xff", {})])
async def test_a_body_that_cannot_be_read_is_refused_kindly(at: Desk, body: bytes, said: dict[str, str]) -> None:
    browser = await at.signs_in("nadia")
    status, text = await posts(browser, FORM, body, **said)
    assert status == 400
    assert "This form could not be read. Nothing has changed." in Page(text).text


async def test_only_a_form_is_called_too_old(at: Desk) -> None:
    looked = Page((await at.browser().get("/static/")).text).text
    assert "This page does not exist" in looked
    assert "too old" not in looked
    claire = await at.signs_in("claire")
    posted = await claire.post("/people/martin/link")
    assert (posted.status, "Ce formulaire est trop ancien" in Page(posted.text).text) == (403, True)


# --- too many, and too slow ------------------------------------------------------------------------------------------


async def hello(stream: ClientResponse) -> None:
    assert (await stream.content.readline()).startswith(b"event: hello")


async def test_a_session_has_so_many_streams_and_no_more_until_one_has_ended(at: Desk) -> None:
    at.web.streams = limited(at, each=2, all_=10)
    nadia, martin = await at.signs_in("nadia"), await at.signs_in("martin")
    streams = [await nadia.stream("/events?page=me") for _ in range(2)]
    for stream in streams:
        await hello(stream)
    refused = await nadia.get("/events?page=me")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "5")
    assert "Nothing has changed" in Page(refused.text).text
    await hello(await martin.stream("/events?page=me"))
    at.web.streams.close()
    for stream in streams:
        await stream.read()
    await hello(await nadia.stream("/events?page=me"))


async def test_there_are_so_many_streams_in_all(at: Desk) -> None:
    at.web.streams = limited(at, each=10, all_=2)
    nadia, martin = await at.signs_in("nadia"), await at.signs_in("martin")
    for browser in (nadia, martin):
        await hello(await browser.stream("/events?page=me"))
    assert (await martin.get("/events?page=me")).status == 429
    assert (await martin.get("/me")).status == 200


def limited(served: Desk, *, each: int, all_: int) -> Streams:
    """Let the pages have fewer streams."""
    streams: Streams = served.web.streams
    streams.most_of_one, streams.most = each, all_
    return streams


def connections(served: Desk) -> Connections:
    site: Any = next(iter(served.web._runner.sites))  # type: ignore[union-attr]
    assert isinstance(site, Connections)
    return site


@pytest.mark.parametrize("sent", [b"", b"GET /me HTT", b"GET /me HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
async def test_whoever_connects_and_does_not_ask_is_let_go(at: Desk, sent: bytes) -> None:
    connections(at).asks_within_s = 0.05
    reader, writer = await asyncio.open_connection("127.0.0.1", at.web.port)
    writer.write(sent)
    assert await reader.read() == b""
    writer.close()


async def test_a_stream_is_not_let_go_for_being_silent(at: Desk) -> None:
    connections(at).asks_within_s = 0.05
    nadia = await at.signs_in("nadia")
    stream = await nadia.stream("/events?page=me")
    await hello(stream)
    reader, writer = await asyncio.open_connection("127.0.0.1", at.web.port)
    assert await reader.read() == b""  # so much time has passed
    writer.close()
    at.web.streams.tell({"nadia"}, "changed", {})
    assert b"changed" in await stream.content.readuntil(b"changed")


async def test_more_connections_than_there_may_be_are_dropped_and_said_once(
    at: Desk, logs: list[dict[str, object]]
) -> None:
    site = connections(at)
    site.most = 2
    held = [await asyncio.open_connection("127.0.0.1", at.web.port) for _ in range(2)]
    for reader, writer in held:
        writer.write(b"GET /static/look.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200" in await reader.readline()
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", at.web.port)
        assert await reader.read() == b""
        writer.close()
    for _, writer in held:
        writer.close()
        await writer.wait_closed()
    assert [entry["event"] for entry in logs] == ["web.too_many_connections"]
    for _ in range(100):
        await asyncio.sleep(0)
    assert (await says(at, b"GET /me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))[0] == 403
