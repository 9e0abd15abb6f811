"""Whoever is signed in acts as themselves, whatever their address is called; and for no longer than they may."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from bot.messages import Address
from bot.ports import Transaction
from bot.storage.memory import MemoryStore
from tests.adapters.web.signed import Desk, desk, settings
from tests.world import carry_all

T = TypeVar("T")

SWAPPED = {"martin": "sophie", "sophie": "martin"}
OTHERWISE = {"martin": "m.gagnon", "sophie": "s.roy", "nadia": "desk-1"}


@pytest.fixture
async def at() -> AsyncIterator[Desk]:
    async with desk() as opened:
        yield opened


def addresses(called: Mapping[str, str]) -> dict[str, tuple[Address, ...]]:
    return {person: (Address("web", called.get(person, person)),) for person in settings().people}


async def promised_by(at: Desk, visit: str) -> str:
    stored = await at.parts.store.read(lambda tx: tx.visit(visit))
    assert stored is not None
    promise = stored.visit.hello_promise
    return promise.by if promise else ""


@pytest.mark.parametrize("called", [SWAPPED, OTHERWISE], ids=["swapped", "otherwise"])
async def test_a_press_is_that_of_whoever_is_signed_in_whatever_their_address(called: dict[str, str]) -> None:
    async with desk(addresses=addresses(called)) as at:
        nadia, martin, sophie = [await at.signs_in(person) for person in ("nadia", "martin", "sophie")]
        arrival = {"visitor": "Julie Tremblay", "owner": "Martin Gagnon", "kind": "client"}
        assert (await nadia.presses("/visits", arrival, page="/reception")).status == 303
        (stored,) = await at.parts.store.read(lambda tx: tx.visits())
        press = {"press": "hello:2"}
        assert (await sophie.presses(f"/visits/{stored.visit.id}", press)).status == 422
        assert await promised_by(at, stored.visit.id) == ""
        assert (await martin.presses(f"/visits/{stored.visit.id}", press)).status == 303
        assert await promised_by(at, stored.visit.id) == "martin"


async def test_what_is_for_somebody_is_told_to_no_page_of_another() -> None:
    async with desk(addresses=addresses(SWAPPED)) as swapped:
        sophie = await swapped.signs_in("sophie")
        stream = await sophie.stream("/events?page=me")
        assert b"hello" in await stream.content.readuntil(b"\n\n")
        visit = await swapped.arrives()
        await carry_all(swapped.parts.courier)
        await swapped.parts.store.transact(lambda tx: tx.put_off(visit, None))
        swapped.web.streams.tell({"sophie"}, "changed", {"visit": "hers"})
        assert b"hers" in await stream.content.readuntil(b"\n\n")
        stream.close()


async def test_signed_out_everywhere_not_even_an_unused_link_is_good(at: Desk) -> None:
    claire, unused = await at.signs_in("claire"), at.link("martin")
    at.clock.move_to(at.clock.now() + timedelta(seconds=2))
    assert (await claire.presses("/people/martin/sign-out", page="/people")).status == 200
    for method in ("GET", "POST"):
        refused = await at.browser().asks(method, unused)
        assert refused.status == 403
        assert "This link was withdrawn" in refused.text
    at.clock.move_to(at.clock.now() + timedelta(seconds=2))
    assert (await at.browser().post(at.link("martin"))).status == 303


async def test_whoever_is_given_a_role_has_no_longer_session_for_it(at: Desk) -> None:
    sophie = await at.signs_in("sophie")
    at.clock.move_to(at.clock.now() + timedelta(hours=13))
    assert (await sophie.get("/me")).status == 200
    admin = {"sophie": replace(settings().people["sophie"], roles=frozenset({"admin"}))}
    async with desk(after=at, people={**settings().people, **admin}) as later:
        sophie.origin = later.origin
        assert (await sophie.get("/people")).status == 403


class Twice(MemoryStore):
    """Runs each transaction a second time, as after a commit whose answer was lost."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        await super().transact(work)
        return await super().transact(work)


async def test_a_link_whose_answer_was_lost_as_it_was_used_still_signs_in() -> None:
    async with desk(store=Twice()) as at:
        browser = at.browser()
        assert (await browser.post(at.link("martin"))).status == 303
        assert (await browser.get("/me")).status == 200
