"""What has happened so far, told on a counter's card where the platform can show it beside the card, in its thread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import events
from bot.language.moments import zone_of
from bot.storage.memory import MemoryStore
from bot.telling import NO_STEPS
from tests.fakes import ALL, FakeChat
from tests.world import COUNTER, World, at, plain


@pytest.fixture
def threaded() -> World:
    """Give the world of a story whose counter is on a platform with threads."""
    return World(MemoryStore(), chat=FakeChat(capabilities=replace(ALL, threads=True)))


def steps(world: World, visitor: str = "", *, of: str = COUNTER) -> list[str]:
    """Give what somebody's card tells of the visit so far, each line with its clock in Montréal."""
    zone = zone_of("America/Montreal")
    return [f"{s.at.astimezone(zone):%H:%M} {plain(s.text)}" for s in world.card(of, visitor).steps]


async def test_an_arrival_alone_is_told_by_the_card_itself(threaded: World) -> None:
    await threaded.arrives("Julie Tremblay", to_see="martin", company="Chambre de commerce")
    assert steps(threaded) == []


async def test_from_the_first_step_on_all_of_them_are_told_newest_last(threaded: World) -> None:
    await threaded.arrives("Julie Tremblay", to_see="martin", company="Chambre de commerce")
    await threaded.passes(minutes=1)
    await threaded.presses("martin", "In 2 min")
    await threaded.passes(minutes=1)
    await threaded.presses(COUNTER, "Hello happened")
    assert steps(threaded) == [
        "09:12 Nadia Benali announced Julie Tremblay (Chambre de commerce) for Martin Gagnon.",
        "09:12 Martin Gagnon was asked.",
        "09:12 Martin Gagnon was reminded.",
        "09:13 Martin Gagnon promised a hello by 9:15 a.m.",
        "09:14 Martin Gagnon greeted Julie Tremblay, in time.",
    ]


async def test_an_answer_at_the_very_moment_of_the_arrival_is_a_step(threaded: World) -> None:
    await threaded.arrives("Julie Tremblay", to_see="martin")
    await threaded.presses(COUNTER, "Ask someone else…", to="sophie")
    assert steps(threaded)[-1] == "09:12 Sophie Roy was asked."


async def test_only_a_counter_and_only_where_there_are_threads_is_told(threaded: World, world: World) -> None:
    for each in (threaded, world):
        await each.arrives("Julie Tremblay", to_see="martin")
        await each.presses("martin", "In 2 min")
    assert steps(threaded, of="martin") == []
    assert steps(world) == []
    assert len(steps(threaded)) == 3


async def test_what_an_answer_by_voice_was_and_who_entered_it_is_told(threaded: World) -> None:
    await threaded.arrives("Julie Tremblay", to_see="martin")
    await threaded.presses(COUNTER, "Answered by voice…", who="martin", what="hello:2")
    assert steps(threaded)[-1].startswith("09:12 Martin Gagnon promised a hello by 9:14 a.m")
    assert steps(threaded)[-1].endswith("(said by voice, entered by Nadia Benali).")


async def test_a_step_says_today_as_of_its_own_day(threaded: World) -> None:
    await threaded.arrives("Julie Tremblay", to_see="martin", kind="supplier", phone="514 555-0142")
    await threaded.passes(minutes=10)
    booked = "hello30 booked a callback in the name of Martin Gagnon, today at"
    (before,) = [line for line in steps(threaded) if booked in line]
    await threaded.comes(at(9, 30, day=5))
    assert before in steps(threaded)
    assert "Nobody confirmed in time the call promised by Martin Gagnon." in "\n".join(steps(threaded))


async def test_whoever_cannot_be_reached_is_told_and_what_changes_nothing_is_not(threaded: World) -> None:
    await threaded.arrives("Julie Tremblay", to_see="martin")
    await threaded.types("martin", "busy")
    await threaded.sends("karim", visit=threaded.card("martin").visit, button="hello", value="2")
    assert steps(threaded) == []
    await threaded.presses("martin", "In 2 min")
    assert len(steps(threaded)) == 3
    assert {"NoAnswerTyped", "PressRefused"} <= set(await threaded.story())


async def test_nothing_is_told_that_the_visitor_may_not_read(threaded: World) -> None:
    await threaded.arrives("Julie Tremblay", to_see="martin", phone="514 555-0142", about="overdue invoice 991")
    await threaded.types("martin", "tell that bore I am out")
    await threaded.presses(COUNTER, "Add a note…", text="He paid late twice")
    await threaded.presses("martin", "Not safe")
    await threaded.types("martin", "She threatened me")
    assert {"MarkedUnsafe", "HelloDropped", "NoteAdded"} <= set(await threaded.story())
    assert steps(threaded)[2:] == [
        "09:12 Please read the message from Martin Gagnon.",
        "09:12 Reception was asked.",
    ]
    told = "\n".join(steps(threaded))
    for never in ("safe", "help", "991", "bore", "note", "paid", "threatened", "514"):
        assert never not in told
    await threaded.presses(COUNTER, "Visitor left")
    assert "safe" not in "\n".join(steps(threaded))


async def test_the_steps_are_told_in_the_language_of_the_site() -> None:
    world = World(MemoryStore(), chat=FakeChat(capabilities=replace(ALL, threads=True)))
    sites = {name: replace(site, language="fr-CA") for name, site in world.parts.settings.sites.items()}
    world = world.restarted(replace(world.parts.settings, sites=sites))
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "In 2 min")
    assert steps(world)[1] == "09:12 La question est posée à Martin Gagnon."


def test_of_each_event_it_was_decided_whether_a_counter_is_told() -> None:
    kinds = {kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)}
    told = kinds - {events.Event, events.StepEvent, *NO_STEPS}
    assert len(told) == 38, "a new event: may the visitor read its sentence over the counter, and is it news there?"
