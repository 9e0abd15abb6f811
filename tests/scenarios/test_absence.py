"""Stories in which the owner is away: a stand-in answers, and reads the hand-over note."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.domain.visit import Hello
from bot.settings import Away, Settings
from tests.world import COUNTER, World, at, house

MONDAY = at(9, 12, day=9)
NOTE = "Karim Benali left this note: The lease is in the blue folder."


def away(*who: tuple[str, str | None]) -> Settings:
    """Give the house of the stories with these people away on the day of the stories, and their stand-ins."""
    day = date(2026, 3, 4)
    absences = (Away(person=person, first=day, last=day, stand_in=stand_in, note="") for person, stand_in in who)
    return replace(house(), away=tuple(absences))


async def responder(world: World) -> str:
    asking = (await world.visit()).visitor_question
    return asking.responder if asking else ""


async def test_the_stand_in_is_asked_at_once_and_reads_the_note(world: World) -> None:
    await world.comes(MONDAY)
    await world.arrives("Julie Tremblay", to_see="karim")
    assert await responder(world) == "sophie"
    assert world.chat.cards("karim") == []
    assert world.nudges("sophie") == ["Julie Tremblay is waiting: can you help?"]
    assert NOTE in world.notes("sophie")
    assert world.say() == ("Karim Benali is away today; I have told Sophie Roy, and by 9:14 a.m. I will tell you more.")
    assert (await world.visit()).owner == "karim"


async def test_the_note_is_for_colleagues_only(world: World) -> None:
    await world.comes(MONDAY)
    await world.arrives("Julie Tremblay", to_see="karim")
    assert "blue folder" not in repr(world.cards(COUNTER))


async def test_before_and_after_the_absence_the_owner_is_asked(world: World) -> None:
    await world.comes(at(9, 12, day=6))
    await world.arrives("Julie Tremblay", to_see="karim")
    assert await responder(world) == "karim"
    await world.presses(COUNTER, "Hello happened")
    await world.comes(at(9, 12, day=16))
    await world.arrives("Julie Tremblay", to_see="karim")
    assert await responder(world) == "karim"


async def test_a_stand_in_comes_in_place_of_the_owner(world: World) -> None:
    await world.comes(MONDAY)
    await world.arrives("Julie Tremblay", to_see="karim")
    await world.presses("sophie", "I'm coming")
    assert world.say() == "Sophie Roy is coming to greet you by 9:14 a.m., in place of Karim Benali."
    await world.presses(COUNTER, "Hello happened")
    visit = await world.visit()
    assert (visit.hello, visit.greeted_by) == (Hello.GIVEN, "sophie")


async def test_a_silent_stand_in_is_followed_by_whoever_is_left(world: World) -> None:
    await world.comes(MONDAY)
    await world.arrives("Julie Tremblay", to_see="karim")
    await world.passes(seconds=90)
    # Karim's only deputy is Sophie, who is asked already: that step is skipped, and the manager is next at its time
    assert await responder(world) == "sophie"
    await world.passes(minutes=4)
    assert await responder(world) == "claire"
    assert "Note laissée par Karim Benali : The lease is in the blue folder." in world.notes("claire")
    assert not any("à votre nom" in note for note in world.notes("claire"))


async def test_nobody_is_passed_to_who_is_away(world: World) -> None:
    await world.comes(MONDAY)
    await world.arrives("Julie Tremblay", to_see="martin")
    form = await world.parts.views.form("martin", world.card("martin").visit, "ask_colleague")
    offered = [option.value for option in form.fields[0].options]
    assert "karim" not in offered
    assert offered[0] == "sophie"
    visit = world.card("martin").visit
    reply = await world.sends("martin", visit=visit, button="ask_colleague", submitted=True, values={"to": "karim"})
    assert reply.text == "Karim Benali is away; nothing has changed. Who else could help?"


async def test_an_owner_without_a_stand_in_is_passed_over_to_the_deputy(world: World) -> None:
    there = world.restarted(away(("martin", None)))
    await there.arrives("Julie Tremblay", to_see="martin")
    assert await responder(there) == "sophie"
    assert "Sophie Roy" in there.say()


async def test_a_stand_in_who_is_away_too_has_one_of_their_own(world: World) -> None:
    there = world.restarted(away(("martin", "sophie"), ("sophie", "karim")))
    await there.arrives("Julie Tremblay", to_see="martin")
    assert await responder(there) == "karim"


async def test_stand_ins_in_a_circle_leave_the_visitor_with_the_next_step(world: World) -> None:
    there = world.restarted(away(("martin", "sophie"), ("sophie", "martin")))
    await there.arrives("Julie Tremblay", to_see="martin")
    assert await responder(there) == "claire"


async def test_with_everybody_away_reception_knows_at_once(world: World) -> None:
    there = world.restarted(away(("martin", None), ("sophie", None), ("claire", None)))
    await there.arrives("Julie Tremblay", to_see="martin", phone="514 555-0142")
    visit = await there.visit()
    assert visit.visitor_question is not None
    assert visit.visitor_question.with_reception
    assert visit.callback_promise is not None
    assert there.labels(COUNTER) == ["Ask someone else…", "Visitor left"]


async def test_an_owner_who_is_away_may_still_answer(world: World) -> None:
    await world.comes(MONDAY)
    await world.arrives("Julie Tremblay", to_see="karim")
    visit = world.card("sophie").visit
    await world.sends("karim", visit=visit, button="hello", value="5")
    assert world.say() == "Karim Benali is coming to greet you by 9:17 a.m., within 5 minutes."


async def test_a_late_call_of_somebody_away_goes_to_the_deputy_at_once(world: World) -> None:
    await world.comes(at(16, 40, day=6))
    await world.arrives("Julie Tremblay", to_see="karim", kind="supplier", phone="514 555-0142")
    await world.presses("karim", "Rappeler…", when=at(16, 55, day=6).isoformat())
    await world.comes(at(9, 15, day=9))
    asking = (await world.visit()).call_question
    assert asking is not None
    assert asking.responder == "sophie"
    assert NOTE in world.notes("sophie")
