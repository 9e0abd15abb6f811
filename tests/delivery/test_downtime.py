"""Stories in which hello30 is down for a while, or starts again with other settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.deadlines import next_deadline
from bot.domain.events import Arrived, Asked, CallbackDue, Checked, StepEvent, StepSkipped, StepTaken
from bot.domain.policy import Owes, Policy
from bot.domain.visit import Callback, Hello
from bot.settings import Settings
from tests.world import COUNTER, World, at, house

NUMBER = "514 555-0142"


async def steps(world: World) -> list[tuple[str, int, int]]:
    """Give which steps fired (or were left out), their numbers, and how many seconds late."""
    return [
        (type(event).__name__, event.step, event.late_s)
        for event in await world.journal()
        if isinstance(event, StepEvent)
    ]


async def test_after_downtime_the_newest_step_fires_late_and_the_others_are_skipped(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.sleeps_through(minutes=3)
    assert await steps(world) == [("StepSkipped", 0, 0), ("Asked", 1, 90)]
    skipped = [event for event in await world.journal() if isinstance(event, StepSkipped)]
    assert [event.why for event in skipped] == ["newer_due"]
    assert world.nudges("martin") == ["Julie Tremblay is asking for you"]
    assert world.nudges("sophie") == ["Julie Tremblay is waiting: can you help?"]
    await world.passes(minutes=1)
    assert (await steps(world))[-1] == ("Asked", 2, 0)


async def test_after_a_long_downtime_the_visitor_has_a_callback_and_nobody_a_burst(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    await world.sleeps_through(hours=1)
    taken = [event for event in await world.journal() if isinstance(event, StepTaken)]
    assert [event.late_s for event in taken] == [55 * 60]
    promise = (await world.visit()).callback_promise
    assert promise is not None
    assert promise.due == at(10, 30)
    assert world.cards("sophie") == []
    assert world.nudges("martin") == ["Robert Lavoie is asking for you", "Call booked: Robert Lavoie"]


async def test_a_step_a_few_seconds_late_is_not_marked(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    world.held = True
    await world.passes(seconds=54)
    world.held = False
    await world.settles()
    assert await steps(world) == [("Reminded", 0, 0)]


async def test_nothing_happens_twice_however_often_it_starts_again(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone=NUMBER)
    there = world
    for _ in range(20):
        there = there.restarted()
        await there.sleeps_through(minutes=1)
    fired = [(event.asking, event.step) for event in await there.journal() if isinstance(event, StepEvent)]
    assert len(fired) == len(set(fired))
    assert len(there.nudges("sophie")) == 1
    assert (await there.story()).count("CallbackPromised") == 1
    assert len(there.chat.messages) == len({(m.key, m.to) for m in there.chat.messages})


async def test_a_hello_that_came_due_meanwhile_is_asked_about_first(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "In 2 min")
    await world.sleeps_through(minutes=20)
    assert [type(event) for event in await world.journal()][-1] is Checked
    assert world.labels("martin") == ["Yes", "Not yet"]
    await world.presses("martin", "Yes")
    visit = await world.visit()
    assert (visit.hello, visit.broken) == (Hello.GIVEN, ())


async def test_a_call_that_came_due_meanwhile_is_called_for_once(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.sleeps_through(minutes=53)
    due = [event for event in await world.journal() if isinstance(event, CallbackDue)]
    assert [event.late_s for event in due] == [5 * 60]
    assert world.nudges("martin")[1:] == ["Call Robert Lavoie now"]
    assert (await world.visit()).callback is Callback.PROMISED


async def test_a_call_that_was_missed_meanwhile_is_late_and_nobody_gets_a_burst(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.sleeps_through(minutes=70)
    assert (await world.visit()).callback is Callback.LATE
    assert set(world.nudges("martin")[1:]) == {"Robert Lavoie is waiting for a call"}


async def test_a_night_of_downtime_settles_whoever_was_at_the_counter(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone=NUMBER)
    await world.passes(minutes=7)
    await world.sleeps_through(hours=24)
    visit = await world.visit()
    assert (visit.hello, visit.here) == (Hello.UNSEEN, False)
    deadline = next_deadline(visit)
    assert deadline is not None
    assert deadline > world.clock.now()


async def test_what_came_in_before_a_restart_is_known_after_it(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    first = await world.presses("martin", "In 2 min", key="click")
    there = world.restarted()
    again = await there.sends("martin", key="click", visit=first.visit, button="hello", value="2")
    assert again == first
    assert (await there.story()).count("HelloPromised") == 1
    await there.passes(minutes=4)
    assert there.labels(COUNTER) == ["Yes", "Not yet"]


# --- the policy that was frozen in (law 6) ---------------------------------------------------------------------------


def edited() -> Settings:
    """Give the house of the stories after an admin has changed its policies: less is owed, and slowly."""
    return replace(house(), policies=tuple(map(slower, house().policies)))


def slower(policy: Policy) -> Policy:
    unanswered = tuple(replace(step, after=step.after * 10) for step in policy.unanswered)
    return replace(policy, digest=f"edited-{policy.digest}", owes=Owes.HELLO_OR_CALLBACK, unanswered=unanswered)


async def test_an_open_visit_keeps_the_policy_it_arrived_under(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    there = world.restarted(edited())
    await there.arrives("Marc Roy", to_see="tremblay")
    await there.passes(seconds=90)
    assert "I'm coming" in there.labels("sophie", "Julie Tremblay")
    assert [card.visitor for card in there.cards("sophie")] == ["Julie Tremblay"]
    await there.passes(minutes=15)
    assert [card.visitor for card in there.cards("sophie")] == ["Julie Tremblay", "Marc Roy"]
    old, new = await there.visit("Julie Tremblay"), await there.visit("Marc Roy")
    assert (old.policy.owes, new.policy.owes) == (Owes.HELLO, Owes.HELLO_OR_CALLBACK)
    assert old.policy == house().policies[-1]


async def test_the_journal_says_which_policy_it_was(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    there = world.restarted(edited())
    arrived = (await there.journal())[0]
    assert isinstance(arrived, Arrived)
    assert arrived.policy == house().policies[-1]
    asked = [event for event in await there.journal() if isinstance(event, Asked)]
    assert asked == []
    assert arrived.policy.unanswered[0].after == timedelta(seconds=45)
