"""What is asked back is answered once: whoever presses a second choice is told what the first one has done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from bot.messages import Act, Address, Announce, AnnounceLine, Incoming, Outcome, Reply, Typed
from bot.ports import Store, Transaction
from tests.fakes import ShakyStore, StoreAround
from tests.scenarios.test_counters import two_counters
from tests.world import COUNTER, KEYS, World, plain

T = TypeVar("T")
JULIE = Announce(visitor="Julie Tremblay", owner_id="martin", kind="client")
MARTIN = AnnounceLine(text="Julie Tremblay for Martin")


async def comes_in(world: World, act: Act, *, key: str = "", by: str = "nadia") -> Reply:
    incoming = Incoming(key=key or f"q{next(KEYS)}", sender=Address("web", by), act=act)
    reply = await world.parts.inbox.receive(incoming)
    await world.settles()
    return reply


async def is_asked(world: World, act: Act) -> Reply:
    reply = await comes_in(world, act)
    assert reply.outcome is Outcome.ASKED_BACK
    assert reply.question
    return reply


async def posted_twice(world: World) -> Announce:
    """Julie is announced once more, and it is asked whether it is the same; give what the answers carry."""
    await comes_in(world, JULIE)
    return replace(JULIE, question=(await is_asked(world, JULIE)).question)


async def test_another_person_tapped_twice_is_one_more_visit(world: World) -> None:
    carried = await posted_twice(world)
    first = await comes_in(world, replace(carried, another=True))
    assert first.outcome is Outcome.DONE
    second = await comes_in(world, replace(carried, another=True))
    assert (second.outcome, second.visit, second.news) == (Outcome.NOTHING_NEW, first.visit, True)
    assert plain(second.text) == (
        "Thank you. This question has its answer already; nothing has changed. "
        "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    )
    assert len(world.cards(COUNTER)) == 2


async def test_two_taps_at_the_same_moment_are_one_more_visit(world: World) -> None:
    another = replace(await posted_twice(world), another=True)
    replies = await asyncio.gather(*(comes_in(world, another) for _ in range(3)))
    assert sorted(reply.outcome for reply in replies) == [Outcome.DONE, Outcome.NOTHING_NEW, Outcome.NOTHING_NEW]
    assert len(world.cards(COUNTER)) == 2


async def test_another_person_after_the_same_announces_nobody(world: World) -> None:
    carried = await posted_twice(world)
    assert (await comes_in(world, replace(carried, same=True))).outcome is Outcome.NOTHING_NEW
    late = await comes_in(world, replace(carried, another=True))
    assert "The visit announced first is kept" in late.text
    assert len(world.cards(COUNTER)) == 1


@pytest.mark.parametrize("minutes", [0, 45, 60 * 24 * 6])
async def test_the_other_owner_of_the_name_pressed_later_announces_nobody(world: World, minutes: int) -> None:
    asked = await is_asked(world, MARTIN)
    one, other = (button.value for button in asked.buttons)
    line = replace(MARTIN, question=asked.question)
    assert (await comes_in(world, replace(line, owner_id=one))).outcome is Outcome.DONE
    await world.passes(minutes=minutes)
    for owner in (one, other):
        late = await comes_in(world, replace(line, owner_id=owner))
        assert late.outcome is Outcome.NOTHING_NEW
        assert "Posted at" in late.text
    visits = await world.store.read(lambda tx: tx.visits(open_only=False))
    assert len(visits) == 1


async def test_the_same_question_put_anew_is_another_one(world: World) -> None:
    for _ in range(2):
        asked = await is_asked(world, MARTIN)
        act = replace(MARTIN, question=asked.question, owner_id=asked.buttons[0].value, another=True)
        assert (await comes_in(world, act)).outcome is Outcome.DONE
    assert len(world.cards(COUNTER)) == 2


async def test_one_question_after_the_other_is_answered_once_as_a_whole(store: Store) -> None:
    world = World(store, settings=two_counters())
    where = await is_asked(world, MARTIN)
    at_montreal = replace(MARTIN, question=where.question, site="montreal")
    who = await is_asked(world, at_montreal)
    assert who.question == where.question
    assert (await comes_in(world, replace(at_montreal, owner_id="martin"))).outcome is Outcome.DONE
    elsewhere = await comes_in(world, replace(MARTIN, question=where.question, site="quebec"))
    assert elsewhere.outcome is Outcome.NOTHING_NEW
    assert len(await world.store.read(lambda tx: tx.visits())) == 1


async def test_a_typed_line_is_applied_to_the_visit_that_was_chosen_first(world: World) -> None:
    for visitor in ("Julie Tremblay", "Marc Roy"):
        await world.arrives(visitor, to_see="martin")
    asked = await comes_in(world, Typed(text="in 5 min"), by="martin")
    visits = {button.label: button.value for button in asked.buttons}
    line = Typed(text="in 5 min", question=asked.question)
    assert (await comes_in(world, replace(line, visit=visits["Julie Tremblay"]), by="martin")).outcome is Outcome.DONE
    late = await comes_in(world, replace(line, visit=visits["Marc Roy"]), by="martin")
    assert (late.outcome, late.news) == (Outcome.NOTHING_NEW, True)
    assert "HelloPromised" in await world.story("Julie Tremblay")
    assert "HelloPromised" not in await world.story("Marc Roy")


async def test_a_line_of_a_receptionist_that_is_an_arrival_is_asked_back_likewise(world: World) -> None:
    asked = await comes_in(world, Typed(text=MARTIN.text))
    one, other = (button.value for button in asked.buttons)
    line = replace(MARTIN, question=asked.question)
    assert (await comes_in(world, replace(line, owner_id=one))).outcome is Outcome.DONE
    assert (await comes_in(world, replace(line, owner_id=other))).outcome is Outcome.NOTHING_NEW
    assert len(world.cards(COUNTER)) == 1


async def test_what_was_refused_or_not_saved_leaves_the_question_open(store: Store) -> None:
    shaky = ShakyStore(store)
    world = World(shaky, settings=two_counters())
    asked = await is_asked(world, MARTIN)
    line = replace(MARTIN, question=asked.question, owner_id="martin")
    assert (await comes_in(world, replace(line, site="elsewhere"))).outcome is Outcome.REFUSED
    shaky.refuses = 1
    unsaved = await comes_in(world, replace(line, site="quebec"))
    assert unsaved.outcome is Outcome.NOT_SAVED
    assert "press again" in unsaved.text, "it was a button, which is still there"
    assert (await comes_in(world, replace(line, site="quebec"))).outcome is Outcome.DONE


# --- the same thing again --------------------------------------------------------------------------------------------


async def test_a_second_answer_that_is_delivered_again_is_known_again(world: World) -> None:
    another = replace(await posted_twice(world), another=True)
    await comes_in(world, another)
    first = await comes_in(world, another, key="tap")
    second = await comes_in(world, another, key="tap")
    assert (second, first.again, second.again) == (first, False, True)


async def test_what_comes_again_after_a_restart_says_so(world: World) -> None:
    first = await comes_in(world, JULIE, key="once")
    again = await comes_in(world.restarted(), JULIE, key="once")
    assert (again, first.again, again.again) == (first, False, True)
    kept = await world.store.read(lambda tx: tx.answered("web:once"))
    assert kept is not None
    assert '"again":true' not in kept


@dataclass
class LosesItsAnswer(StoreAround):
    """A store that has committed, hears nothing of it, and so runs the same work once more."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        await self.store.transact(work)
        return await self.store.transact(work)


async def test_what_only_our_commit_lost_did_not_come_again(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    world.held = True
    visit = world.card("martin").visit
    there = world.restarted(store=LosesItsAnswer(world.store))
    there.held = True
    done = await there.sends("martin", visit=visit, button="hello", value="2")
    refused = await there.sends("karim", visit=visit, button="hello", value="2")
    assert (done.outcome, done.again) == (Outcome.DONE, False)
    assert (refused.outcome, refused.again) == (Outcome.REFUSED, False)
    assert (await world.story()).count("HelloPromised") == 1
