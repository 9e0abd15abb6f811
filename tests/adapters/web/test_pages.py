"""Every page, with nobody, somebody and many waiting, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.errors import NotSaved, Refused
from tests.adapters.web import house
from tests.adapters.web.conftest import Open
from tests.adapters.web.html import Page

WAITING = {0: (), 1: (house.AMELIE,), 5: house.FIVE, 12: house.twelve()}
PAGES = [
    "/reception",
    "/me",
    "/me?as=martin",
    "/me?as=martin&form=call_back&visit=v3",
    "/reception?form=by_voice&visit=v4",
    "/reception?form=move&visit=v20",
]
KEY = re.compile(r"\b(?:page|tag|buttons|say|say_short|note|ask|form|refused)\.[a-z_]+")


def views(count: int) -> house.FakeViews:
    waiting = WAITING[count]
    calls = (house.LUC, house.ROBERT) if count else ()
    closed = (house.CLOSED,) if count else ()
    return house.FakeViews(visitors=waiting, calls=calls, closed=closed, mine=(house.JULIE,) if count else ())


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("count", WAITING)
@pytest.mark.parametrize("path", PAGES)
async def test_a_page_is_sound_and_all_in_words(browse: Open, path: str, count: int, language: str) -> None:
    browser = await browse(views(count))
    status, html = await browser.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
    page = Page(html)
    assert status == 200
    assert page.faults == []
    assert not KEY.search(page.text)
    wanted = language if path.startswith("/reception") else None
    assert wanted is None or f'<html lang="{wanted}">' in html


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_story_of_a_visit(browse: Open, language: str) -> None:
    browser = await browse()
    status, html = await browser.get(f"/visits/v3?as=nadia&lang={language}")
    page = Page(html)
    assert (status, page.faults) == (200, [])
    assert "09:04:00" in page.text
    assert {"en": "What happened", "fr": "Ce qui s'est passé"}[language] in page.text


async def test_what_colleagues_wrote_is_a_block_of_the_story_where_there_is_something(browse: Open) -> None:
    browser = await browse()
    _, martins = await browser.get("/visits/v3?as=martin&lang=en")
    assert '<h2 id="notes-head">Notes</h2>' in martins
    assert "Takes &lt;b&gt;tea&lt;/b&gt;" in martins
    assert "notes-head" not in (await browser.get("/visits/v3?as=nadia&lang=en"))[1]


async def test_who_reads_in_which_language(browse: Open) -> None:
    browser = await browse()
    assert '<html lang="en">' in (await browser.get("/reception"))[1]
    assert '<html lang="fr">' in (await browser.get("/me?as=martin"))[1]
    assert '<html lang="fr">' in (await browser.get("/reception?lang=fr"))[1]
    assert '<html lang="fr">' in (await browser.get("/reception"))[1], "the switch is kept"
    assert '<html lang="en">' in (await browser.get("/me?as=sophie"))[1], "and is the counter's, not everybody's"


async def test_two_tabs_can_be_two_people(browse: Open) -> None:
    browser = await browse()
    await browser.get("/me?as=martin")
    await browser.get("/me?as=sophie")
    assert 'name="as" value="martin"' in (await browser.get("/me?as=martin"))[1]
    assert 'name="as" value="martin"' in (await browser.get("/me"))[1], "the cookie remembers the last one"
    assert 'name="as" value="nadia"' in (await browser.get("/reception?as=martin"))[1], "Martin is at no counter"


async def test_what_to_say_stands_on_each_row_and_the_short_form_when_many_wait(browse: Open) -> None:
    few, many = await browse(views(5)), await browse(views(12))
    assert "Sophie Roy is coming to greet you" in Page((await few.get("/reception"))[1]).text
    html = (await many.get("/reception"))[1]
    assert 'class="is-many"' in html
    assert "Sophie Roy is coming, by 9:14 a.m." in Page(html).text


async def test_your_turn_comes_first_and_each_group_longest_first(browse: Open) -> None:
    browser = await browse(views(12))
    html = (await browser.get("/reception"))[1]
    order = re.findall(r'id="visit-(v\d+)"', html)
    assert order == ["v1", "v2", "v3", "v6", "v12", "v11", "v10", "v9", "v8", "v7", "v4", "v5"]


async def test_waiting_is_coloured_and_worded(browse: Open) -> None:
    html = (await (await browse(views(5))).get("/reception"))[1]
    assert re.search(r'class="wait is-very-long">.*?very long wait', html, re.DOTALL)
    assert re.search(r'class="wait is-long">.*?long wait', html, re.DOTALL)
    assert "just arrived" in html


async def test_markup_in_a_name_is_only_text(browse: Open) -> None:
    bad = replace(house.DAVID, name="<script>alert(1)</script>", company='"><img src=x onerror=alert(1)>')
    browser = await browse(house.FakeViews(visitors=(bad,), mine=(bad,), calls=(bad,)))
    for path in ("/reception", "/me?as=martin"):
        page = Page((await browser.get(path))[1])
        assert page.faults == []
        assert "<script>alert(1)</script>" in page.text


async def test_long_names_are_never_cut(browse: Open) -> None:
    browser = await browse(house.FakeViews(visitors=(house.MARIE,)))
    text = Page((await browser.get("/reception"))[1]).text
    assert house.MARIE.name in text
    assert house.MARIE.company in text


async def test_a_form_opens_at_the_card_that_has_its_button(browse: Open) -> None:
    browser = await browse()
    html = (await browser.get("/reception?form=by_voice&visit=v4"))[1]
    assert html.index('id="visit-v4"') < html.index('id="form-v4"') < html.index('id="visit-v5"')
    html = (await browser.get("/reception?form=unheard_of&visit=v4"))[1]
    assert 'class="said is-refused"' in html


async def test_the_example_fills_in_the_arrival_form(browse: Open) -> None:
    browser = await browse(views(0))
    html = (await browser.get("/reception?visitor=Julie+Tremblay&owner=Martin"))[1]
    assert 'value="Julie Tremblay"' in html


async def test_what_cannot_be_found_or_read_is_said_kindly(browse: Open) -> None:
    browser = await browse()
    for path in ("/visits/unknown", "/nothing"):
        status, html = await browser.get(path)
        assert status == 404
        assert "This page does not exist." in Page(html).text
    status, html = await browser.get("/visits/unknown?as=martin")
    assert "Cette page n'existe pas." in Page(html).text
    assert (await browser.get("/static/nothing.css"))[0] == 404
    status, html = await browser.get("/demo/clock")
    assert status == 405
    assert Page(html).faults == []


@pytest.mark.parametrize(
    "fault,status", [(Refused("not_reception"), 403), (NotSaved("no"), 503), (ValueError("Julie Tremblay"), 500)]
)
async def test_a_fault_shows_no_stack_trace(
    browse: Open, fault: Exception, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = await browse(house.FakeViews(fault=fault))
    found, html = await browser.get("/reception")
    assert found == status
    assert "Traceback" not in html
    assert "Julie" not in html
    assert "Julie" not in "".join(capsys.readouterr())
