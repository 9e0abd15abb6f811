"""Signing in, as it is tried from outside: over HTTP, with links that are used, old, altered, or somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import reduce

import pytest

from adapters.web.door import OPEN
from bot.links import LINK_LASTS, new_key
from bot.settings import Settings
from bot.sign_in import LASTS, LASTS_AT_A_COUNTER
from tests.adapters.web.html import Page
from tests.adapters.web.signed import KEY, OLDER_KEY, PUBLIC, Answer, Browser, Desk, desk, settings
from tests.adapters.web.test_adapter import POLICY

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
THROUGH_PROXY = {"Host": "desk.example.org", "X-Forwarded-Proto": "https"}


def without(person: str) -> Settings:
    """Give the house after somebody left."""
    base = settings()
    return replace(base, people={id_: each for id_, each in base.people.items() if id_ != person})


async def through_proxy(served: Desk, person: str) -> tuple[Browser, Answer]:
    """Sign in through a proxy; give the browser, and what it was answered."""
    browser = served.browser(**THROUGH_PROXY)
    browser.public = PUBLIC.url
    answer = await browser.post(served.link(person))
    assert answer.status == 303
    return browser, answer


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk() as served:
        yield served


def addresses(served: Desk, visit: str) -> list[str]:
    """Give each address that there is, filled in, so that a new one cannot be forgotten; and one that there is not."""
    app = served.web._routes.app()
    found = {resource.canonical for resource in app.router.resources()} - OPEN
    assert {"/", "/me", "/reception", "/events", "/log", "/people", "/sign-out", "/visits/{visit}"} <= found
    parts = {"{visit}": visit, "{person}": "martin", "{button}": "call_back"}
    filled = [reduce(lambda text, part: text.replace(*part), parts.items(), address) for address in sorted(found)]
    return [*filled, "/nothing", "/demo/clock", "/me?as=martin", f"/events?page=reception&as=nadia&visit={visit}"]


# --- without a session -----------------------------------------------------------------------------------------------


async def test_without_a_session_every_address_refuses_every_method_and_says_nothing(at: Desk) -> None:
    visit = await at.arrives()
    browser = at.browser()
    for address in addresses(at, visit):
        for method in METHODS:
            data = {"visitor": "X", "owner": "martin", "press": "hello:2", "as": "nadia"} if method == "POST" else None
            answer = await browser.asks(method, address, data)
            assert answer.status in {401, 403}, (method, address, answer.status)
            for secret in ("Julie", "Tremblay", "Martin", "Nadia", "Benali", "Claire", visit, "Montréal"):
                assert secret not in answer.text, (method, address)
            assert not answer.cookies
    assert len(await at.parts.store.read(lambda tx: tx.visits())) == 1


async def test_it_says_kindly_how_to_get_in_in_both_languages(at: Desk) -> None:
    page = Page((await at.browser().get("/me")).text)
    assert page.faults == []
    assert "Ask an admin for your link" in page.text
    assert "Demandez votre lien" in page.text


@pytest.mark.parametrize("cookie", ["", "x", "WyJhIiwibWFydGluIl0.c2ln", "é", "a" * 5000])
async def test_a_cookie_that_is_not_ours_opens_nothing(at: Desk, cookie: str) -> None:
    browser = at.browser()
    browser.cookie = f"hello30={cookie}"
    assert (await browser.get("/me")).status == 403


async def test_nobody_is_somebody_by_saying_so(at: Desk) -> None:
    browser = at.browser()
    browser.cookie = "as=nadia"
    assert (await browser.get("/reception?as=nadia")).status == 403
    martin = await at.signs_in("martin")
    martin.cookie += "; as=nadia"
    assert (await martin.get("/reception?as=nadia")).status == 403
    assert "Martin Gagnon" in (await martin.get("/me?as=nadia")).text


async def test_only_files_are_for_everybody(at: Desk) -> None:
    assert {"/static", "/in/{token}"} == OPEN
    browser = at.browser()
    assert (await browser.get("/static/look.css")).status == 200
    for path in ("/static/../pages.py", "/static/%2e%2e/pages.py", "/static/", "/static/..%2fpages.py"):
        assert (await browser.get(path)).status in {403, 404}


# --- a link ----------------------------------------------------------------------------------------------------------


async def test_looking_at_a_link_uses_nothing_and_pressing_does(at: Desk) -> None:
    browser, link = at.browser(), at.link("martin")
    for method in ("GET", "HEAD", "GET"):
        answer = await browser.asks(method, link)
        assert (answer.status, answer.cookies) == (200, [])
    page = Page((await browser.get(link)).text)
    assert page.faults == []
    assert "Sign in as Martin Gagnon" in page.text
    assert (await browser.post(link)).status == 303
    assert (await browser.get("/")).headers["Location"] == "/me"
    assert "Martin Gagnon" in (await browser.get("/me")).text


async def test_a_link_speaks_the_language_of_whom_it_is_for(at: Desk) -> None:
    assert "Se connecter comme Claire Bouchard" in (await at.browser().get(at.link("claire"))).text


async def test_the_title_of_a_link_names_nobody_where_a_chat_unfurls_it(at: Desk) -> None:
    title = (await at.browser().get(at.link("martin"))).text.partition("<title>")[2].partition("</title>")[0]
    assert title == "Sign in · hello30"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_works_once(at: Desk, method: str) -> None:
    link = at.link("martin")
    first, second = at.browser(), at.browser()
    assert (await first.post(link)).status == 303
    answer = await second.asks(method, link)
    assert (answer.status, answer.cookies) == (403, [])
    text = Page(answer.text).text
    assert "This link has been used already" in text
    assert "Gagnon" not in text
    assert (await second.get("/me")).status == 403
    assert (await first.get("/me")).status == 200


async def test_a_used_link_is_not_forgotten_while_it_would_still_be_good(at: Desk) -> None:
    at.clock.move_to(at.clock.now() + timedelta(milliseconds=900))
    link = at.link("martin")
    assert (await at.browser().post(link)).status == 303
    for _ in range(20):
        at.clock.move_to(at.clock.now() + LINK_LASTS / 10)
        assert at.parts.entrance
        await at.parts.entrance.sign_in.forget()
        assert (await at.browser().post(link)).status == 403


async def test_of_two_who_press_at_once_one_is_signed_in(at: Desk) -> None:
    link = at.link("martin")
    browsers = [at.browser() for _ in range(6)]
    answers = await asyncio.gather(*(browser.post(link) for browser in browsers))
    assert sorted(answer.status for answer in answers) == [303] + [403] * 5
    assert sum(bool(browser.cookie) for browser in browsers) == len(await at.sessions()) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_old_link_is_refused_kindly_in_the_right_language(at: Desk, method: str) -> None:
    link = at.link("claire")
    at.clock.move_to(at.clock.now() + LINK_LASTS + timedelta(seconds=1))
    answer = await at.browser().asks(method, link)
    assert (answer.status, answer.cookies) == (403, [])
    text = Page(answer.text).text
    assert "Ce lien est trop ancien" in text
    assert "Pour un nouveau lien" in text
    assert "These" not in text


async def test_an_altered_link_is_refused_wherever_it_was_altered(at: Desk) -> None:
    browser, link = at.browser(), at.link("martin")
    for place in range(len("/in/"), len(link)):
        other = "A" if link[place] != "A" else "B"
        for method in ("GET", "POST"):
            answer = await browser.asks(method, link[:place] + other + link[place + 1 :])
            assert (answer.status, answer.cookies) == (403, []), place
            assert "This link does not work" in answer.text
            assert "Ce lien ne fonctionne pas" in answer.text
    assert (await browser.post(link)).status == 303, "the link itself is as good as before"


async def test_a_link_of_somebody_who_left_looks_like_an_altered_one(at: Desk) -> None:
    altered = await at.browser().get(at.link("martin")[:-1] + "!")
    for link in (at.link("nobody"), at.link("")):
        for method in ("GET", "POST"):
            answer = await at.browser().asks(method, link)
            assert (answer.status, answer.text) == (altered.status, altered.text)


async def test_a_link_that_was_good_when_somebody_left_is_good_no_more(at: Desk) -> None:
    link = at.link("martin")
    async with desk(after=at, people=without("martin").people) as later:
        assert (await later.browser().post(link)).status == 403


async def test_keys_are_rotated(at: Desk) -> None:
    older, removed = at.link("martin", key=OLDER_KEY), at.link("martin", key=new_key())
    browser = at.browser()
    assert (await browser.post(removed)).status == 403
    assert (await browser.post(older)).status == 303
    signed_by_the_newest = await at.signs_in("sophie")
    newer = new_key()
    async with desk(after=at, keys=(newer, KEY)) as rotated:
        signed_by_the_newest.origin = rotated.origin
        assert (await signed_by_the_newest.get("/me")).status == 200
        assert (await rotated.browser().post(rotated.link("martin", key=OLDER_KEY))).status == 403
    async with desk(after=at, keys=(newer,)) as without_it:
        signed_by_the_newest.origin = without_it.origin
        assert (await signed_by_the_newest.get("/me")).status == 403


# --- a session -------------------------------------------------------------------------------------------------------


async def test_the_cookie_is_for_no_script_and_no_other_site(at: Desk) -> None:
    (cookie,) = (await at.browser().post(at.link("martin"))).cookies
    parts = {part.strip() for part in cookie.split(";")}
    assert {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={int(LASTS.total_seconds())}"} <= parts
    assert cookie.startswith("hello30=")
    assert not any(part.startswith(("Domain", "Secure")) for part in parts)


async def test_behind_tls_the_cookie_is_secure_and_bound_to_the_host() -> None:
    async with desk(PUBLIC) as served:
        browser, signed_in = await through_proxy(served, "nadia")
        answer = await browser.get("/reception?lang=fr")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        (lang,) = answer.cookies
        assert "Secure" in lang
        assert browser.cookie.startswith("__Host-hello30=")
        (cookie,) = signed_in.cookies
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie


async def test_what_the_browser_keeps_is_not_what_is_stored(at: Desk) -> None:
    browser = await at.signs_in("martin")
    (session,) = await at.sessions()
    assert session.key not in browser.cookie
    assert len(session.key) == 64


@pytest.mark.parametrize(
    "person, lasts", [("martin", LASTS), ("nadia", LASTS_AT_A_COUNTER), ("claire", LASTS_AT_A_COUNTER)]
)
async def test_a_session_ends_by_itself_and_no_use_makes_it_longer(at: Desk, person: str, lasts: timedelta) -> None:
    browser = await at.signs_in(person)
    at.clock.move_to(at.clock.now() + lasts - timedelta(seconds=1))
    assert (await browser.get("/me")).status == 200
    at.clock.move_to(at.clock.now() + timedelta(seconds=1))
    assert (await browser.get("/me")).status == 403
    assert at.parts.entrance
    at.clock.move_to(at.clock.now() + timedelta(seconds=1))
    assert await at.parts.entrance.sign_in.forget() == 2
    assert await at.sessions() == []


async def test_a_row_that_was_altered_to_another_person_opens_nothing_and_goes(at: Desk) -> None:
    browser = await at.signs_in("martin")
    (session,) = await at.sessions()
    await at.parts.store.transact(lambda tx: tx.begin_session(replace(session, person="claire")))
    assert (await browser.get("/people")).status == 403
    assert await at.sessions() == []


async def test_whoever_left_is_out_at_the_next_step_and_the_row_goes(at: Desk) -> None:
    browser = await at.signs_in("martin")
    async with desk(after=at, people=without("martin").people) as later:
        browser.origin = later.origin
        answer = await browser.get("/me")
        assert answer.status == 403
        assert "Martin" not in answer.text
        assert await later.sessions() == []


async def test_signing_in_anew_ends_the_session_before(at: Desk) -> None:
    browser = await at.signs_in("martin")
    before = browser.cookie
    assert (await browser.post(at.link("sophie"))).status == 303
    assert "Sophie Roy" in (await browser.get("/me")).text
    browser.cookie = before
    assert (await browser.get("/me")).status == 403


async def test_signing_out_ends_the_session_and_says_so(at: Desk) -> None:
    browser = await at.signs_in("martin")
    cookie = browser.cookie
    answer = await browser.presses("/sign-out")
    assert answer.status == 200
    assert "You are signed out" in Page(answer.text).text
    assert browser.cookie == ""
    browser.cookie = cookie
    assert (await browser.get("/me")).status == 403
    assert await at.sessions() == []


async def test_whoever_is_signed_in_can_go_back_from_a_link_that_does_not_work(at: Desk) -> None:
    browser = await at.signs_in("martin")
    assert 'href="/"' in (await browser.get("/in/x")).text
    assert 'href="/"' not in (await at.browser().get("/in/x")).text


async def test_an_open_page_is_told_nothing_more_after_signing_out(at: Desk) -> None:
    browser = await at.signs_in("martin")
    stream = await browser.stream("/events?page=me")
    assert (await stream.content.readline()).startswith(b"event: hello")
    await browser.presses("/sign-out")
    visit = await at.arrives()
    at.web.streams.tell({"martin"}, "nudge", {"visit": visit, "say": "Julie Tremblay is asking for you"})
    rest = await stream.content.read()
    assert b"Julie" not in rest
    assert visit.encode() not in rest


# --- forms -----------------------------------------------------------------------------------------------------------


async def test_a_press_without_its_proof_changes_nothing(at: Desk) -> None:
    visit = await at.arrives()
    martin, sophie = await at.signs_in("martin"), await at.signs_in("sophie")
    before = await at.parts.store.read(lambda tx: tx.journal(visit))
    others = (await sophie.get("/me")).proof
    assert others
    for proof in ("", "x", others):
        answer = await martin.post(f"/visits/{visit}", {"press": "hello:2", "page": "me", "proof": proof})
        assert answer.status == 403
        assert "please press again" in Page(answer.text).text
    assert await at.parts.store.read(lambda tx: tx.journal(visit)) == before
    assert (await martin.presses(f"/visits/{visit}", {"press": "hello:2", "page": "me"})).status == 303
    assert len(await at.parts.store.read(lambda tx: tx.journal(visit))) > len(before)


async def test_what_was_typed_is_kept_when_the_page_was_of_an_earlier_session(at: Desk) -> None:
    nadia = await at.signs_in("nadia")
    old = (await nadia.get("/reception")).proof
    await nadia.post(at.link("nadia"))
    arrival = {"visitor": "Zoé Roy", "owner": "Martin", "about": "a signature", "page": "reception"}
    answer = await nadia.post("/visits", {**arrival, "proof": old})
    assert answer.status == 403
    assert 'value="Zoé Roy"' in answer.text
    assert await at.parts.store.read(lambda tx: tx.visits()) == []
    assert (await nadia.post("/visits", {**arrival, "owner": "Sophie", "proof": answer.proof})).status == 303


@pytest.mark.parametrize("path", ["/sign-out", "/people/martin/link", "/people/martin/sign-out"])
async def test_other_posts_without_proof_are_refused_as_a_whole(at: Desk, path: str) -> None:
    claire = await at.signs_in("claire")
    answer = await claire.post(path)
    assert answer.status == 403
    assert "/in/" not in answer.text
    assert len(await at.sessions()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_can_post_nothing_even_with_the_proof(at: Desk, headers: dict[str, str]) -> None:
    visit = await at.arrives()
    martin = await at.signs_in("martin")
    data = {"press": "hello:2", "page": "me", "proof": (await martin.get("/me")).proof}
    assert (await martin.post(f"/visits/{visit}", data, **headers)).status == 403
    assert (await at.browser().post(at.link("martin"), **headers)).status == 403
    assert len(await at.sessions()) == 1


async def test_every_form_of_every_page_carries_the_proof_and_no_page_needs_inline_code(at: Desk) -> None:
    await at.arrives()
    for person, pages in (
        ("nadia", ("/reception", "/me")),
        ("martin", ("/me", "/me?form=call_back")),
        ("claire", ("/people", "/me")),
        ("tremblay", ("/log",)),
    ):
        browser = await at.signs_in(person)
        for path in pages:
            answer = await browser.get(path)
            page = Page(answer.text)
            assert (answer.status, page.faults) == (200, []), path
            assert answer.text.count('name="proof"') == answer.text.count("<form"), path
            assert answer.headers["Content-Security-Policy"] == POLICY
            assert "unsafe" not in POLICY
            assert "as=" not in answer.text
            assert "Demo" not in page.text


# --- where the pages are ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "desk.example.org:8030", "evil.example", "desk.example.org.evil"]
)
async def test_only_the_public_address_is_served(host: str) -> None:
    async with desk(PUBLIC) as served:
        assert (await served.browser(**(THROUGH_PROXY | {"Host": host})).get("/static/look.css")).status == 421
        for name in ("desk.example.org", "desk.example.org:443", "DESK.example.org"):
            assert (await served.browser(**(THROUGH_PROXY | {"Host": name})).get("/static/look.css")).status == 200


async def test_what_did_not_come_by_tls_is_refused() -> None:
    async with desk(PUBLIC) as served:
        for how in ("http", "https, http"):
            assert (await served.browser(**(THROUGH_PROXY | {"X-Forwarded-Proto": how})).get("/me")).status == 421
        for how in ("https", "http, https"):
            assert (await served.browser(**(THROUGH_PROXY | {"X-Forwarded-Proto": how})).get("/me")).status == 403


async def test_whoever_is_no_proxy_of_ours_is_not_believed() -> None:
    elsewhere = replace(PUBLIC, proxies=PUBLIC.proxies[1:])
    async with desk(elsewhere) as served:
        assert (await served.browser(**THROUGH_PROXY).get("/static/look.css")).status == 421
    async with desk(replace(PUBLIC, proxies=())) as served:
        for how in ("http", "https"):
            browser = served.browser(**(THROUGH_PROXY | {"X-Forwarded-Proto": how}))
            assert (await browser.get("/static/look.css")).status == 200


@pytest.mark.parametrize(
    "proxies, said, logged",
    [
        (2, "203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        (2, "198.51.100.1, nonsense", "127.0.0.1"),
        (0, "203.0.113.9", "127.0.0.1"),
    ],
)
async def test_a_refused_link_is_logged_with_where_it_came_from_and_without_the_link(
    proxies: int, said: str, logged: str, logs: list[dict[str, object]]
) -> None:
    async with desk(replace(PUBLIC, proxies=PUBLIC.proxies[:proxies])) as served:
        browser = served.browser(**THROUGH_PROXY, **{"X-Forwarded-For": said})
        browser.public = PUBLIC.url
        token = served.link("martin")[:-3]
        await browser.post(token)
    (entry,) = [entry for entry in logs if entry["event"] == "sign_in.refused"]
    assert (entry["why"], entry["came_from"]) == ("altered", logged)
    assert token.removeprefix("/in/") not in str(logs)


async def test_a_post_from_the_public_address_is_ours_although_the_proxy_speaks_plainly() -> None:
    async with desk(PUBLIC) as served:
        browser, _ = await through_proxy(served, "martin")
        visit = await served.arrives()
        assert (await browser.presses(f"/visits/{visit}", {"press": "hello:2", "page": "me"})).status == 303


async def test_while_the_database_does_not_answer_nobody_is_let_in_and_it_is_said_kindly(at: Desk) -> None:
    browser = await at.signs_in("martin")
    stream = await browser.stream("/events?page=me")
    assert (await stream.content.readline()).startswith(b"event: hello")
    await at.parts.store.close()
    answer = await browser.get("/me")
    assert (answer.status, "Martin" in answer.text) == (503, False)
    assert "Something went wrong here" in Page(answer.text).text
    at.web.streams.tell({"martin"}, "nudge", {"visit": "v", "say": "Julie Tremblay is asking for you"})
    assert b"Julie" not in await stream.content.read()
