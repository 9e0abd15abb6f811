"""Stories on the phone: a callback is owed, a call may be filtered, and nobody holds the line for long."""

from __future__ import annotations

from bot.domain.events import HelloGiven
from bot.domain.visit import Callback, Hello, Origin
from bot.messages import Outcome
from tests.world import COUNTER, World, at

NUMBER = "514 555-0142"
SHOWN = "+1 514-555-0142"
ANSWERS = ["Put them through", "Call back…", "Ask a colleague…"]


async def phones(world: World, *, phone: str = NUMBER) -> None:
    """Julie Tremblay phones for Martin."""
    await world.arrives("Julie Tremblay", to_see="martin", by_phone=True, phone=phone)


async def test_a_callback_is_owed_to_whoever_phones(world: World) -> None:
    await phones(world)
    visit = await world.visit()
    assert (visit.hello, visit.callback, visit.here) == (Hello.NOT_OWED, Callback.OWED, True)
    world.expect("martin", "Julie Tremblay", buttons=ANSWERS)
    assert (
        world.asks("martin")
        == "Julie Tremblay is on the line for you. Take the call now, or give a time I can pass on?"
    )
    assert world.card("martin").more == ()


async def test_a_callback_settles_a_call(world: World) -> None:
    await phones(world)
    await world.presses("martin", "Call back…", when=at(10, 0).isoformat())
    assert world.say() == f"Martin Gagnon will call you today at 10:00 a.m., on {SHOWN}."
    visit = await world.visit()
    assert (visit.hello, visit.callback) == (Hello.NOT_OWED, Callback.PROMISED)
    await world.comes(at(10, 0))
    await world.presses("martin", "Done")
    assert not (await world.visit()).is_open


async def test_a_caller_is_put_through_and_that_settles_it(world: World) -> None:
    await phones(world)
    reply = await world.presses("martin", "Put them through")
    assert reply.text == "Thank you. Reception is putting Julie Tremblay through to you."
    assert world.say() == "I am putting you through to Martin Gagnon now; please stay on the line."
    await world.presses(COUNTER, "Hello happened")
    visit = await world.visit()
    assert (visit.hello, visit.callback, visit.is_open) == (Hello.GIVEN, Callback.DROPPED, False)
    given = next(event for event in await world.journal() if isinstance(event, HelloGiven))
    assert (given.person, given.fate) == ("martin", "kept")


async def test_hello_happened_settles_a_call_that_nobody_answered_in_writing(world: World) -> None:
    await phones(world)
    await world.presses(COUNTER, "Hello happened")
    assert not (await world.visit()).is_open


async def test_the_deputy_is_asked_after_a_minute_and_a_callback_is_booked_after_two(world: World) -> None:
    await phones(world)
    await world.passes(seconds=30)
    assert world.nudges("martin")[-1] == "Julie Tremblay is still waiting for you"
    await world.passes(seconds=30)
    assert world.say() == (
        "I am asking Sophie Roy for you: please stay on the line, and by 9:14 a.m. I will tell you more."
    )
    await world.passes(minutes=1)
    promise = (await world.visit()).callback_promise
    assert promise is not None
    assert (promise.by, promise.origin, promise.due) == ("martin", Origin.SILENCE, at(9, 30))
    assert world.asks(COUNTER) == ""


async def test_put_through_but_nobody_took_the_call(world: World) -> None:
    await phones(world)
    await world.presses("martin", "Put them through")
    await world.passes(minutes=2)
    assert world.labels(COUNTER) == ["Yes", "Not yet"]
    await world.presses(COUNTER, "Not yet")
    world.expect("sophie", "Julie Tremblay", buttons=[*ANSWERS, "Not me"])
    await world.passes(minutes=2)
    visit = await world.visit()
    assert (visit.hello, visit.callback) == (Hello.EXCUSED, Callback.PROMISED)
    assert world.say() == (
        f"I am sorry not to have had an answer in time: Martin Gagnon will call you today at 9:45 a.m., on {SHOWN}."
    )


async def test_whoever_hangs_up_with_a_number_known_has_a_callback(world: World) -> None:
    await phones(world)
    await world.presses(COUNTER, "Visitor left")
    visit = await world.visit()
    assert (visit.callback, visit.here) == (Callback.PROMISED, False)
    assert visit.callback_promise is not None
    assert visit.callback_promise.origin is Origin.LEFT


async def test_whoever_hangs_up_without_a_number_cannot_be_called(world: World) -> None:
    await phones(world, phone="")
    visit = world.card(COUNTER).visit
    asked = await world.sends("nadia", visit=visit, button="visitor_left")
    assert asked.outcome is Outcome.FORM
    await world.sends("nadia", visit=visit, button="visitor_left", submitted=True, values={"phone": ""})
    after = await world.visit()
    assert (after.callback, after.is_open) == (Callback.UNREACHABLE, False)
    assert world.card(COUNTER).tag == "Could not be reached"
    await world.presses(COUNTER, "Undo")
    after = await world.visit()
    assert (after.callback, after.here) == (Callback.OWED, True)


async def test_busy_is_no_answer_on_the_phone_either(world: World) -> None:
    await phones(world)
    reply = await world.types("martin", "busy")
    assert reply.text == "Julie Tremblay is on the line. Thirty seconds now, or a time I can pass on?"
    assert [button.label for button in reply.buttons] == ANSWERS
