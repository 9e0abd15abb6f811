"""Stories in which the disk takes nothing for a while: people are told, and everything goes on afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from structlog.testing import capture_logs

from bot.domain.visit import Callback, Hello
from bot.messages import Outcome
from tests.fakes import ShakyStore
from tests.world import COUNTER, World, plain

NUMBER = "514 555-0142"
SECOND = timedelta(seconds=1)


def shaken(world: World) -> tuple[World, ShakyStore]:
    """Give the same world on a store that can refuse."""
    store = ShakyStore(world.store)
    return world.restarted(store=store), store


async def test_an_arrival_that_was_not_saved_is_said_to_be_not_saved(world: World) -> None:
    there, store = shaken(world)
    store.refuses = 1
    reply = await there.arrives("Julie Tremblay", to_see="martin")
    assert reply.outcome is Outcome.NOT_SAVED
    assert reply.text == "This visit is not saved: Julie Tremblay for Martin Gagnon. Please post it again."
    assert not await there.store.read(lambda tx: tx.visits())
    assert (await there.arrives("Julie Tremblay", to_see="martin")).outcome is Outcome.DONE
    assert len(there.cards(COUNTER)) == 1


async def test_a_line_that_was_not_saved_is_said_to_be_not_saved(world: World) -> None:
    there, store = shaken(world)
    store.refuses = 1
    reply = await there.announces("Julie Tremblay for Sophie")
    assert reply.outcome is Outcome.NOT_SAVED
    assert reply.text == "Not saved: nothing has changed. Please send it again."


async def test_a_press_that_was_not_saved_counts_when_it_is_pressed_again(world: World) -> None:
    there, store = shaken(world)
    await there.arrives("Julie Tremblay", to_see="martin")
    store.refuses = 1
    reply = await there.presses("martin", "In 2 min", key="click")
    assert reply.outcome is Outcome.NOT_SAVED
    assert plain(reply.text).startswith("Not saved. Please press again")
    assert (await there.visit()).hello is Hello.OWED
    assert (await there.presses("martin", "In 2 min", key="click")).outcome is Outcome.DONE
    assert (await there.visit()).hello is Hello.PROMISED


async def test_a_form_that_was_not_saved_has_changed_nothing(world: World) -> None:
    there, store = shaken(world)
    await there.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    store.refuses = 1
    form = {"phone": NUMBER, "when": "free", "free_time": "10:00"}
    visit = there.card("martin").visit
    reply = await there.sends("martin", visit=visit, button="call_back", submitted=True, values=form)
    assert reply.outcome is Outcome.NOT_SAVED
    assert (await there.visit()).callback is Callback.NONE
    assert (await there.facts()).phone == ""
    assert (await there.presses("martin", "Call back…", phone=NUMBER)).ok


async def test_a_refusal_that_cannot_be_journaled_is_not_saved_either(world: World) -> None:
    there, store = shaken(world)
    await there.arrives("Julie Tremblay", to_see="martin")
    store.more, store.refuses = 1, 1
    reply = await there.sends("karim", visit=there.card(COUNTER).visit, button="hello", value="2")
    assert reply.outcome is Outcome.NOT_SAVED
    assert (await there.visit()).hello is Hello.OWED


async def test_a_typed_line_that_was_not_saved_is_said_so(world: World) -> None:
    there, store = shaken(world)
    await there.arrives("Julie Tremblay", to_see="martin")
    store.refuses = 1
    reply = await there.types("martin", "busy")
    assert reply.outcome is Outcome.NOT_SAVED
    assert reply.text == "Not saved: nothing has changed. Please send it again."
    assert (await there.story())[-1] == "AskingBegan"


async def test_the_timekeeper_goes_on_once_the_disk_is_back(world: World) -> None:
    there, store = shaken(world)
    await there.arrives("Julie Tremblay", to_see="martin")
    there.held = True
    await there.passes(seconds=90)
    store.refuses = 2
    with capture_logs() as logs:
        running = asyncio.create_task(there.parts.timekeeper.run())
        await store.refused.get()
        there.clock.move_to(there.clock.now() + SECOND)
        await store.refused.get()
        there.clock.move_to(there.clock.now() + SECOND)
        await store.went_on.wait()
        there.parts.timekeeper.alarm.stop()
        await running
    assert [line["event"] for line in logs] == ["timekeeper.not_saved"] * 2
    assert await there.story() == ["Arrived", "AskingBegan", "StepSkipped", "Asked"]


async def test_the_courier_goes_on_once_the_disk_is_back(world: World) -> None:
    there, store = shaken(world)
    there.held = True
    await there.arrives("Julie Tremblay", to_see="martin")
    store.refuses = 2
    with capture_logs() as logs:
        running = asyncio.create_task(there.parts.courier.run())
        await store.refused.get()
        there.clock.move_to(there.clock.now() + SECOND)
        await store.refused.get()
        there.clock.move_to(there.clock.now() + SECOND)
        await store.went_on.wait()
        there.parts.courier.alarm.stop()
        await running
    assert [line["event"] for line in logs] == ["courier.not_saved"] * 2
    there.held = False
    await there.settles()
    assert len(there.chat.messages) == 3
    assert there.nudges("martin") == ["Julie Tremblay is asking for you"]


async def test_one_visit_that_fails_leaves_courier_and_timekeeper_running(world: World) -> None:
    there, _ = shaken(world)
    await there.arrives("Julie Tremblay", to_see="martin")
    there.chat.faults.extend([RuntimeError("broken"), KeyError("broken")])
    await there.presses("martin", "In 2 min")
    await there.passes(seconds=10)
    assert there.say().startswith("Martin Gagnon is coming")
    assert there.labels("martin") == ["I've seen them"]
