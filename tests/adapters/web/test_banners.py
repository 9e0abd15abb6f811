"""What stands above a page while a platform does not work: who reads what, in both languages, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from adapters.web.adapter import WebAdapter
from adapters.web.banners import Banner, Banners
from adapters.web.viewers import ME, PEOPLE, RECEPTION, Viewer, of
from bot.health import Running
from bot.messages import Address
from bot.ports import Deaf, WhyDeaf
from bot.settings import Settings
from bot.storage.memory import MemoryStore
from bot.troubles import Trouble, Troubles, What
from tests.adapters.web import house
from tests.adapters.web.html import Page
from tests.adapters.web.test_adapter import event
from tests.fakes import ALL, FakeChat
from tests.world import plain

SINCE = house.NOW - timedelta(minutes=2)
DESK = Address("slack", "C012AB3CD")


def trouble(what: What, why: str, **more: str) -> Trouble:
    return Trouble(what=what, adapter="slack", since=SINCE, why=why, **more)


REFUSED = trouble(What.REFUSED, "refused", detail="chat.postMessage: invalid_auth")
SILENT = trouble(What.SILENT, "silent")
CLOSED = trouble(What.CLOSED, "closed", detail="chat.postMessage: is_archived", site="montreal", at=DESK.id)
NOT_TOLD = "Slack does not work at the moment: nobody is told there. Please tell people yourself, and tell your admin."
NOT_HEARD = (
    "Slack does not work at the moment: answers given there do not arrive. Please ask people yourself, and tell your "
    "admin."
)


def deaf(why: WhyDeaf, detail: str = "") -> Trouble:
    return trouble(What.DEAF, why.value, detail=detail)


def settings() -> Settings:
    """Give the small house; Sophie is found in Slack as well, and Claire is an admin who is not."""
    base = house.settings()
    people = dict(base.people)
    people["claire"] = replace(people["claire"], roles=frozenset({"admin"}))
    addresses = {**base.addresses, "sophie": (Address("slack", "U1"), Address("web", "sophie"))}
    sites = {key: replace(site, reception=(DESK,)) for key, site in base.sites.items()}
    return replace(base, people=people, addresses=addresses, sites=sites)


def viewer(person: str, page: str, language: str = "en", *, admin: bool = False) -> Viewer:
    who = settings().people[person]
    if admin:
        who = replace(who, roles=frozenset({"admin"}))
    return of(page, replace(who, language=f"{language}-CA"), "", "proof")


def shown(to: Viewer, *troubles: Trouble) -> Sequence[Banner]:
    made = Banners(settings(), house.WORDING, house.FixedClock(), lambda: troubles).of(to)
    return tuple(replace(one, text=plain(one.text), why=tuple(map(plain, one.why))) for one in made)


def test_where_everything_works_nothing_is_said() -> None:
    assert shown(viewer("nadia", RECEPTION)) == ()


@pytest.mark.parametrize(
    "troubles, said",
    [
        ((REFUSED,), NOT_TOLD),
        ((SILENT,), NOT_TOLD),
        ((deaf(WhyDeaf.REMOVED),), NOT_TOLD),
        ((deaf(WhyDeaf.REFUSED),), NOT_TOLD),
        ((SILENT, deaf(WhyDeaf.NOT_OPEN)), NOT_TOLD),
        ((deaf(WhyDeaf.NOT_OPEN),), NOT_HEARD),
        ((deaf(WhyDeaf.NOT_KNOWN),), NOT_HEARD),
        ((deaf(WhyDeaf.NOT_LISTENING),), NOT_HEARD),
        ((CLOSED,), "Cards do not reach your channel in Slack; this page shows them. Please tell your admin."),
    ],
)
def test_the_counter_reads_what_to_do_and_no_reason(troubles: tuple[Trouble, ...], said: str) -> None:
    [banner] = shown(viewer("nadia", RECEPTION), *troubles)
    assert (banner.text, banner.why) == (said, ())
    [banner] = shown(viewer("nadia", RECEPTION, admin=True), *troubles)
    assert banner.why == (), "the visitor may read along"


def test_a_platform_and_a_channel_are_a_banner_each() -> None:
    assert [one.id for one in shown(viewer("nadia", RECEPTION), REFUSED, CLOSED)] == ["slack", "slack-montreal"]


def test_whoever_is_asked_there_reads_that_nothing_reaches_them() -> None:
    [banner] = shown(viewer("sophie", ME), SILENT, CLOSED)
    assert banner.text.startswith("Slack does not work at the moment: nothing reaches you there.")
    [banner] = shown(viewer("sophie", ME), deaf(WhyDeaf.NOT_OPEN))
    assert banner.text.startswith("Slack does not work at the moment: what you answer there does not arrive.")
    assert banner.why == ()


def test_whoever_is_not_asked_there_is_left_alone() -> None:
    assert shown(viewer("martin", ME), SILENT, deaf(WhyDeaf.NOT_OPEN), CLOSED) == ()


@pytest.mark.parametrize("page", [ME, PEOPLE])
def test_an_admin_reads_why(page: str) -> None:
    [banner] = shown(viewer("claire", page), REFUSED)
    [why] = banner.why
    assert why.startswith("Since 9:10 a.m., Slack refuses hello30 itself (chat.postMessage: invalid_auth). Please look")
    [banner] = shown(viewer("claire", page), CLOSED)
    assert banner.text == "Cards do not reach the channel of reception in Slack (Montréal); the web page shows them."
    assert "(C012AB3CD: chat.postMessage: is_archived)" in banner.why[0]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("one", [REFUSED, SILENT, CLOSED, *map(deaf, WhyDeaf)], ids=lambda one: f"{one.what}-{one.why}")
def test_everything_has_its_words_in_both_languages(one: Trouble, language: str) -> None:
    """The wording is strict: what has none raises."""
    [counter] = shown(viewer("nadia", RECEPTION, language), one)
    [admin] = shown(viewer("claire", ME, language), one)
    assert "Slack" in counter.text
    assert "Slack" in admin.text
    assert admin.why[0].startswith({"en": "Since 9:10", "fr": "Depuis 9 h 10"}[language])


def test_a_banner_is_another_one_when_it_says_something_else() -> None:
    marks = {
        shown(viewer("claire", ME, language), one)[0].mark
        for one in (REFUSED, SILENT, deaf(WhyDeaf.NOT_OPEN))
        for language in ("en", "fr")
    }
    assert len(marks) == 6
    [once], [again] = (shown(viewer("claire", ME), REFUSED) for _ in range(2))
    assert once.mark == again.mark


# --- on a page -------------------------------------------------------------------------------------------------------


class Platform:
    """The pages beside a platform, of which it is known what does not work."""

    def __init__(self) -> None:
        self.slack = FakeChat(name="slack", capabilities=replace(ALL, pages=False))
        clock = house.FixedClock()
        started = Running(started={"slack"})
        self.troubles = Troubles(MemoryStore(), clock, started, {"slack": self.slack}, settings().sites)
        self.web = WebAdapter(
            settings(),
            views=house.FakeViews(),
            wording=house.WORDING,
            clock=clock,
            demo=house.FakeDemo(),
            troubles=self.troubles,
        )

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.web.port}{path}"


async def test_an_open_page_is_told_when_it_begins_and_when_it_is_over() -> None:
    platform = Platform()
    await platform.web.start(house.FakeInbox().receive)
    async with ClientSession() as session:

        async def page(path: str) -> Page:
            async with session.get(platform.url(path)) as response:
                return Page(await response.text())

        stream = await session.get(platform.url("/events?page=reception"))
        await event(stream)
        assert NOT_HEARD not in (await page("/reception")).text

        platform.slack.deaf = Deaf(since=SINCE, why=WhyDeaf.NOT_OPEN)
        await platform.troubles.look()
        assert (await event(stream))[0] == "changed"
        for path in ("/reception", "/me?as=claire", "/visits/v3?as=nadia"):
            found = await page(path)
            assert found.faults == []
            assert "banner-slack" in found.ids, path
        assert NOT_HEARD in plain((await page("/reception?as=nadia")).text)

        platform.slack.deaf = None
        await platform.troubles.look()
        assert (await event(stream))[0] == "changed"
        assert "banner-slack" not in (await page("/reception?as=nadia")).ids
        stream.close()
    await platform.web.stop()


async def test_a_banner_is_read_aloud_and_says_it_in_words() -> None:
    platform = Platform()
    platform.slack.deaf = Deaf(since=SINCE, why=WhyDeaf.REMOVED, detail="<app_uninstalled>")
    await platform.troubles.look()
    await platform.web.start(house.FakeInbox().receive)
    async with ClientSession() as session, session.get(platform.url("/me?as=claire")) as response:
        html = await response.text()
    await platform.web.stop()
    assert 'id="banner-slack"' in html
    assert 'role="alert"' in html
    assert "<app_uninstalled>" not in html
