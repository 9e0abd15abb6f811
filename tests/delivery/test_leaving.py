"""A platform says that somebody is there no more: whatever waits for them goes on at once, on each store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from structlog.testing import capture_logs

from bot.domain.events import NotDelivered
from bot.errors import Conflict
from bot.messages import Address, Gone, Incoming, Outcome, Reply
from bot.ports import Transaction
from tests.fakes import ShakyStore, StoreAround
from tests.world import World, at, house

T = TypeVar("T")


@dataclass
class FasterElsewhere(StoreAround):
    """A store in which somebody else has changed the visit that is to be saved."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        return await super().transact(lambda tx: work(cast("Transaction", Overtaken(tx))))


class Overtaken:
    """A transaction that was overtaken: it reads as ever, and saves nothing."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def save(self, *_: object, **__: object) -> int:
        raise Conflict("somebody was faster")


async def leaves(world: World, person: str, key: str = "event:Ev1") -> Reply:
    reply = await world.parts.inbox.receive(Incoming(key=key, sender=Address("web", person), act=Gone()))
    await world.settles()
    return reply


async def lost(world: World, visitor: str) -> list[tuple[str, str]]:
    return [(e.person, e.why) for e in await world.deliveries(visitor) if isinstance(e, NotDelivered)]


async def test_every_visit_that_waits_for_them_goes_on_and_no_other(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    await world.arrives("Paul Roy", to_see="martin", kind="supplier")
    await world.arrives("Anne Roy", to_see="karim", kind="supplier")
    reply = await leaves(world, "martin")
    assert reply == Reply(outcome=Outcome.DONE), "nobody is there to be told anything"
    for visitor in ("Julie Tremblay", "Paul Roy"):
        assert await lost(world, visitor) == [("martin", "unreachable")]
        assert "I'm coming" in world.labels("sophie", visitor)
    assert await lost(world, "Anne Roy") == []
    assert "Unreachable" not in await world.story("Anne Roy")


async def test_the_same_again_does_nothing(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    first = await leaves(world, "martin")
    once = await world.story()
    assert once[-3:] == ["Unreachable", "StepSkipped", "Asked"]
    assert [await leaves(world, "martin") for _ in range(2)] == [first, first]
    assert (await leaves(world, "martin", "event:Ev2")).outcome is Outcome.NOTHING_NEW
    assert await world.story() == once
    assert len(world.nudges("sophie")) == 1


async def test_somebody_unknown_leaves_and_nothing_happens(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    before = await world.story()
    await leaves(world, "stranger")
    assert await world.story() == before


async def test_a_visit_that_waits_for_somebody_else_by_now_is_left_alone(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(minutes=2)
    assert "I'm coming" in world.labels("sophie")
    before = await world.story()
    assert (await leaves(world, "martin")).outcome is Outcome.NOTHING_NEW
    assert await world.story() == before


async def test_a_late_callback_goes_on_as_well(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone="514 555-0142", kind="supplier")
    await world.types("martin", "call at 10 am")
    await world.presses("nadia", "Visitor left")
    assert (await leaves(world, "martin", "event:Ev0")).outcome is Outcome.NOTHING_NEW, "it is not late yet"
    await world.comes(at(10, 16))
    assert "CallbackLate" in await world.story()
    await leaves(world, "martin")
    assert (await world.story())[-1] != "Unreachable"
    assert await lost(world, "Julie Tremblay") == [("martin", "unreachable")]
    assert any(card.visitor == "Julie Tremblay" for card in world.cards("sophie"))


async def test_one_visit_that_cannot_be_decided_holds_up_no_other(world: World) -> None:
    settings = house()
    quebec = replace(settings.sites["montreal"], id="quebec", reception=(Address("web", "reception:quebec"),))
    nadia = replace(settings.people["nadia"], reception_of=("montreal", "quebec"))
    both = replace(settings, sites={**settings.sites, "quebec": quebec}, people={**settings.people, "nadia": nadia})
    there = world.restarted(both)
    await there.arrives("Marc Roy", to_see="martin", site="quebec")
    await there.arrives("Julie Tremblay", to_see="martin", site="montreal")
    here = there.restarted(house())
    here.held = True
    with capture_logs() as logs:
        assert (await leaves(here, "martin")).outcome is Outcome.DONE
    assert [line["event"] for line in logs] == ["inbox.not_decided"]
    assert await lost(here, "Marc Roy") == await lost(here, "Julie Tremblay") == [("martin", "unreachable")]
    assert "Unreachable" in await here.story("Julie Tremblay")


async def test_whoever_was_overtaken_is_not_taken_for_done(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    there = world.restarted(store=FasterElsewhere(world.store))
    there.held = True
    with capture_logs():
        assert (await leaves(there, "martin")).outcome is Outcome.NOT_SAVED
    assert (await leaves(world, "martin")).outcome is Outcome.DONE
    assert await lost(world, "Julie Tremblay") == [("martin", "unreachable")]


async def test_what_was_not_saved_is_done_when_it_comes_again(world: World) -> None:
    store = ShakyStore(world.store)
    there = world.restarted(store=store)
    await there.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    store.refuses = 1
    with capture_logs():
        assert (await leaves(there, "martin")).outcome is Outcome.NOT_SAVED
    assert await lost(there, "Julie Tremblay") == []
    assert (await leaves(there, "martin")).outcome is Outcome.DONE
    assert await lost(there, "Julie Tremblay") == [("martin", "unreachable")]
