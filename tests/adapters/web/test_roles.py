"""Who sees what once they have signed in: reception of a site, somebody who is asked, an auditor, an admin."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.adapters.web.html import Page
from tests.adapters.web.signed import Desk, desk

NAV = {
    "nadia": ["Reception", "My cards"],
    "martin": ["My cards"],
    "claire": ["Mes cartes", "Personnes"],
    "tremblay": ["Mes cartes", "Registre"],
}
JULIES_ROW = "Julie Tremblay</b>"
"""What only her row has: the arrival form has her name as an example."""
ALLOWED = {"nadia": {"/reception"}, "martin": set(), "claire": {"/people"}, "tremblay": {"/log"}}


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk() as served:
        yield served


@pytest.mark.parametrize("person", NAV)
async def test_each_sees_links_to_their_own_pages_and_opens_no_others(at: Desk, person: str) -> None:
    visit = await at.arrives(owner="sophie")
    browser = await at.signs_in(person)
    navigation = (await browser.get("/me")).text.partition("<nav")[2].partition("</nav>")[0]
    assert [name.strip() for name in re.findall(r">([^<>]+)</a>", navigation)] == NAV[person]
    for path in ("/reception", "/log", "/people"):
        answer = await browser.get(path)
        assert answer.status == (200 if path in ALLOWED[person] else 403), path
        if answer.status == 403:
            assert "Julie" not in answer.text
            assert visit not in answer.text


async def test_a_receptions_stream_is_receptions(at: Desk) -> None:
    martin = await at.signs_in("martin")
    assert (await martin.get("/events?page=reception")).status == 403


async def test_a_receptionist_is_of_their_own_site_only(at: Desk) -> None:
    await at.arrives()
    elsewhere = replace(at.parts.settings.sites["montreal"], id="quebec", name="Québec")
    people = dict(at.parts.settings.people)
    people["sophie"] = replace(people["sophie"], reception_of=("quebec",))
    async with desk(after=at, people=people, sites={**at.parts.settings.sites, "quebec": elsewhere}) as both:
        sophie, nadia = await both.signs_in("sophie"), await both.signs_in("nadia")
        assert JULIES_ROW in (await nadia.get("/reception")).text
        answer = await sophie.get("/reception")
        assert answer.status == 200
        assert JULIES_ROW not in answer.text


async def test_a_visit_is_there_only_for_whoever_is_something_to_it(at: Desk) -> None:
    visit = await at.arrives()
    unknown = (await (await at.signs_in("karim")).get("/visits/nothing")).text
    for person, sees in (
        *(("nadia", True), ("martin", True), ("claire", True), ("tremblay", True)),  # claire is martin's manager
        *(("sophie", False), ("karim", False)),
    ):
        browser = await at.signs_in(person)
        answer = await browser.get(f"/visits/{visit}")
        assert (answer.status, "Julie" in answer.text) == ((200, True) if sees else (404, False)), person
        if person == "karim":
            assert answer.text == unknown


async def test_an_admin_reads_no_story_by_being_one(at: Desk) -> None:
    visit = await at.arrives(owner="claire")
    people = dict(at.parts.settings.people)
    people["karim"] = replace(people["karim"], roles=frozenset({"admin"}))
    async with desk(after=at, people=people) as later:
        karim = await later.signs_in("karim")
        assert (await karim.get("/people")).status == 200
        assert (await karim.get(f"/visits/{visit}")).status == 404


async def test_somebody_elses_card_cannot_be_pressed_nor_its_form_opened(at: Desk) -> None:
    visit = await at.arrives()
    karim = await at.signs_in("karim")
    answer = await karim.presses(f"/visits/{visit}", {"press": "hello:2", "page": "me"})
    assert answer.status == 422
    assert "Julie" not in answer.text
    answer = await karim.get(f"/me?form=call_back&visit={visit}")
    assert "Julie" not in answer.text
    answer = await karim.presses(
        f"/visits/{visit}/form/call_back", {"page": "me", "when": "free", "free_time": "10:00"}
    )
    assert (answer.status, "Julie" in answer.text) == (422, False)
    auditor = await at.signs_in("tremblay")
    answer = await auditor.get(f"/me?form=call_back&visit={visit}")
    assert "Julie" not in answer.text


# --- the log ---------------------------------------------------------------------------------------------------------


async def test_an_auditor_reads_who_came_for_whom_and_what_became_of_it(at: Desk) -> None:
    visit = await at.arrives()
    martin = await at.signs_in("martin")
    await martin.presses(f"/visits/{visit}", {"press": "hello:2", "page": "me"})
    auditor = await at.signs_in("tremblay")
    answer = await auditor.get("/log")
    page = Page(answer.text)
    assert page.faults == []
    for words in ("1 visite", "Julie Tremblay", "Martin Gagnon", "Montréal", "rencontre, 9 h 14", "en cours"):
        assert words in page.text, words
    assert f'href="/visits/{visit}"' in answer.text
    assert (await auditor.get(f"/visits/{visit}")).status == 200


async def test_the_log_goes_back_as_many_days_as_were_chosen_and_is_read_in_pages(at: Desk) -> None:
    for number in range(60):
        await at.arrives(f"Visitor {number}")
        at.clock.move_to(at.clock.now() + timedelta(seconds=1))
    auditor = await at.signs_in("tremblay")
    first = await auditor.get("/log")
    assert first.text.count('scope="row"') == 50
    assert "60 visites" in Page(first.text).text
    assert "Visitor 59<" in first.text
    (earlier,) = re.findall(r'href="(/log\?[^"]*page=2)"', first.text)
    second = await auditor.get(earlier.replace("&amp;", "&"))
    assert second.text.count('scope="row"') == 10
    assert "Visitor 0<" in second.text
    assert "page=1" in second.text
    for odd in ("page=0", "page=x", "page=99999999999", "days=9999", "days=-1", "page=٣"):
        assert (await auditor.get(f"/log?{odd}")).status == 200

    at.clock.move_to(at.clock.now().replace(day=12))
    auditor = await at.signs_in("tremblay")
    assert "Visitor 59" not in (await auditor.get("/log?days=7")).text
    assert "Visitor 59" in (await auditor.get("/log?days=31")).text
    empty = Page((await auditor.get("/log?days=1")).text)
    assert empty.faults == []
    assert "Personne" in empty.text


# --- the people ------------------------------------------------------------------------------------------------------


async def test_an_admin_makes_a_link_that_works_once_and_nobody_else_does(at: Desk) -> None:
    claire = await at.signs_in("claire")
    answer = await claire.presses("/people/martin/link", page="/people")
    page = Page(answer.text)
    assert (answer.status, page.faults) == (200, [])
    (link,) = re.findall(r'value="(http://127\.0\.0\.1:\d+/in/[^"]+)"', answer.text)
    assert link.startswith(at.origin)
    assert "Un lien pour Martin Gagnon" in page.text
    martin = at.browser()
    assert (await martin.post(link.removeprefix(at.origin))).status == 303
    assert "Martin Gagnon" in (await martin.get("/me")).text

    for person in ("nadia", "tremblay", "martin"):
        other = await at.signs_in(person)
        refused = await other.presses("/people/claire/link")
        assert (refused.status, "/in/" in refused.text) == (403, False)


async def test_an_admin_sees_who_is_signed_in_and_signs_them_out_everywhere(at: Desk) -> None:
    martin = [await at.signs_in("martin") for _ in range(2)]
    sophie, claire = await at.signs_in("sophie"), await at.signs_in("claire")
    text = Page((await claire.get("/people")).text).text
    assert "2 navigateurs, le dernier depuis : mercredi 4 mars, 9 h 12" in text
    for words in ("Accueil, Montréal", "Administration", "Audit", "karim la page web"):
        assert words in text

    answer = await claire.presses("/people/martin/sign-out", page="/people")
    assert "Sessions terminées pour Martin Gagnon, dans 2 navigateurs." in Page(answer.text).text
    assert [(await browser.get("/me")).status for browser in (*martin, sophie, claire)] == [403, 403, 200, 200]


async def test_nobody_else_signs_others_out(at: Desk) -> None:
    martin, sophie = await at.signs_in("martin"), await at.signs_in("sophie")
    assert (await sophie.presses("/people/martin/sign-out")).status == 403
    assert (await martin.get("/me")).status == 200


async def test_an_admin_who_signs_themselves_out_everywhere_is_out(at: Desk) -> None:
    claire = await at.signs_in("claire")
    answer = await claire.presses("/people/claire/sign-out", page="/people")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (await claire.get("/people")).status == 403


async def test_a_link_for_nobody_is_refused(at: Desk) -> None:
    claire = await at.signs_in("claire")
    for path in ("/people/nobody/link", "/people/nobody/sign-out"):
        answer = await claire.presses(path, page="/people")
        assert (answer.status, "/in/" in answer.text) == (403, False)


async def test_the_log_goes_on_telling_of_a_site_that_is_closed_for_good(at: Desk) -> None:
    await at.arrives()
    sites = {"quebec": replace(at.parts.settings.sites["montreal"], id="quebec", name="Québec")}
    people = {
        id_: replace(person, sites=("quebec",), reception_of=("quebec",) if person.reception_of else ())
        for id_, person in at.parts.settings.people.items()
    }
    async with desk(after=at, sites=sites, people=people) as later:
        auditor = await later.signs_in("tremblay")
        page = Page((await auditor.get("/log")).text)
        assert page.faults == []
        assert "montreal" in page.text
        assert "Julie Tremblay" in page.text
