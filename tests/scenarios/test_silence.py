"""Stories in which nobody answers: reminded, asked further, booked, handed to reception; and visitors who leave."""

from __future__ import annotations

from bot.domain.events import CallbackPromised
from bot.domain.visit import Callback, Hello, Origin, Promise
from bot.messages import Outcome
from tests.world import COUNTER, World, at, plain

NUMBER = "514 555-0142"
SHOWN = "+1 514-555-0142"


async def supplier(world: World, *, to_see: str = "martin", phone: str = NUMBER) -> None:
    """Robert Lavoie comes with a delivery: a hello or a callback is owed."""
    await world.arrives("Robert Lavoie", to_see=to_see, kind="supplier", phone=phone)


async def client(world: World, *, phone: str = "") -> None:
    """Julie Tremblay comes: a hello is owed in any case."""
    await world.arrives("Julie Tremblay", to_see="martin", phone=phone)


async def callback(world: World) -> Promise:
    promise = (await world.visit()).callback_promise
    assert promise is not None
    return promise


# --- the ladder ------------------------------------------------------------------------------------------------------


async def test_the_owner_is_reminded_then_the_deputy_is_asked_too(world: World) -> None:
    await supplier(world)
    await world.passes(minutes=1)
    assert world.nudges("martin") == ["Robert Lavoie is asking for you", "Robert Lavoie is still waiting for you"]
    assert world.asks("martin").startswith("Robert Lavoie has been waiting since 9:12 a.m.")
    assert world.say() == "I am letting Martin Gagnon know again, and by 9:14 a.m. I will tell you more."
    await world.passes(minutes=1)
    assert world.nudges("sophie") == ["Robert Lavoie is waiting: can you help?"]
    assert world.asks("sophie") == (
        "Robert Lavoie is asking for Martin Gagnon. Can you give thirty seconds now, or a time to call?"
    )
    assert world.say() == (
        "I am sorry for the wait: I have also asked Sophie Roy to come and greet you, "
        "and by 9:17 a.m. I will tell you more."
    )


async def test_everybody_asked_may_still_answer(world: World) -> None:
    await supplier(world)
    await world.passes(minutes=3)
    await world.presses("martin", "In 2 min")
    assert world.say() == "Martin Gagnon is coming to greet you by 9:17 a.m., within 2 minutes."
    assert world.labels("sophie") == []
    assert world.notes("sophie") == [
        "Martin Gagnon is looking after Robert Lavoie. Nothing more for you to do, thank you."
    ]


async def test_silence_books_a_callback_in_the_owners_name_and_says_so(world: World) -> None:
    await supplier(world)
    await world.passes(minutes=5)
    promise = await callback(world)
    assert (promise.by, promise.origin, promise.due) == ("martin", Origin.SILENCE, at(9, 45))
    assert world.nudges("martin")[-1] == "Call booked: Robert Lavoie"
    assert world.asks("martin") == (
        f"Booked by hello30, not by you: call Robert Lavoie today at 9:45 a.m., on {SHOWN}. One press moves it."
    )
    assert world.card(COUNTER).tag == "Callback booked"
    assert world.say() == (
        f"I am sorry not to have had an answer in time: Martin Gagnon will call you today at 9:45 a.m., on {SHOWN}."
    )
    assert (await world.visit()).hello is Hello.EXCUSED


async def test_one_press_moves_what_was_booked_and_that_is_no_move(world: World) -> None:
    await supplier(world)
    await world.passes(minutes=5)
    await world.presses("martin", "Move…", when=at(11, 0).isoformat())
    promise = await callback(world)
    assert (promise.due, promise.origin, promise.moved) == (at(11, 0), Origin.PERSON, 0)
    assert world.card(COUNTER).tag == "Callback promised"
    assert world.asks("martin") == f"You are calling Robert Lavoie today at 11:00 a.m., on {SHOWN}."


async def test_two_callbacks_booked_at_once_get_two_slots(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    await world.arrives("Lucie Roy", to_see="martin", kind="supplier", phone=NUMBER)
    await world.passes(minutes=5)
    made = {
        event.due
        for visitor in ("Robert Lavoie", "Lucie Roy")
        for event in await world.journal(visitor)
        if isinstance(event, CallbackPromised)
    }
    assert made == {at(9, 45), at(10, 0)}


async def test_a_client_is_owed_a_hello_all_the_same_so_reception_has_them_too(world: World) -> None:
    await client(world, phone=NUMBER)
    await world.passes(minutes=6)
    assert [type(e).__name__ for e in await world.journal()] == [
        "Arrived",
        "AskingBegan",
        "Reminded",
        "Asked",
        "Asked",
        "StepTaken",
        "CallbackPromised",
        "AskingBegan",
    ]
    assert world.nudges("claire") == ["Julie Tremblay attend : pouvez-vous aider ?"]
    visit = await world.visit()
    assert (visit.hello, visit.callback) == (Hello.OWED, Callback.PROMISED)
    assert visit.visitor_question is not None
    assert visit.visitor_question.with_reception
    assert world.asks(COUNTER) == "Julie Tremblay: gone or here?"
    assert world.labels(COUNTER) == ["Ask someone else…", "Visitor left"]
    assert world.nudges(COUNTER) == ["Julie Tremblay: gone or here?"]


async def test_a_client_met_after_all_needs_no_call_that_nobody_chose(world: World) -> None:
    await client(world, phone=NUMBER)
    await world.passes(minutes=7)
    await world.presses("martin", "I've seen them")
    visit = await world.visit()
    assert (visit.hello, visit.callback, visit.is_open) == (Hello.GIVEN, Callback.DROPPED, False)


async def test_a_client_met_after_all_still_gets_the_call_that_somebody_promised(world: World) -> None:
    await client(world, phone=NUMBER)
    await world.presses("martin", "Call back…", when=at(10, 0).isoformat())
    visit = await world.visit()
    assert (visit.hello, visit.callback) == (Hello.OWED, Callback.PROMISED)
    assert "I'm coming" in world.labels("sophie")
    await world.presses("sophie", "I'm coming")
    await world.presses(COUNTER, "Hello happened")
    visit = await world.visit()
    assert (visit.hello, visit.greeted_by, visit.callback) == (Hello.GIVEN, "sophie", Callback.PROMISED)


async def test_reception_asks_somebody_else(world: World) -> None:
    await client(world)
    await world.passes(minutes=6)
    await world.presses(COUNTER, "Ask someone else…", to="karim")
    assert world.nudges("karim") == ["Julie Tremblay attend : pouvez-vous aider ?"]
    await world.presses("karim", "J'arrive")
    assert world.say() == "Karim Benali is coming to greet you by 9:20 a.m., in place of Martin Gagnon."


async def test_after_hours_nobody_else_is_disturbed(world: World) -> None:
    await world.comes(at(18, 30))
    await supplier(world)
    await world.passes(minutes=2)
    assert world.cards("sophie") == []
    assert (await callback(world)).due == at(8, 30, day=5)
    assert world.say().endswith(f"Martin Gagnon will call you tomorrow at 8:30 a.m., on {SHOWN}.")


# --- without a number ------------------------------------------------------------------------------------------------


async def test_without_a_number_reception_asks_for_one(world: World) -> None:
    await supplier(world, phone="")
    await world.passes(minutes=5)
    assert world.say() == (
        "I am sorry not to have had an answer in time: Martin Gagnon will call you today at 9:45 a.m.; "
        "on which number, please?"
    )
    assert world.asks(COUNTER) == "Ask for a number"
    assert world.asks("martin") == (
        "A call to Robert Lavoie is promised, today at 9:45 a.m.: a number is still needed. Can you add it?"
    )
    assert world.labels(COUNTER) == ["Add phone", "Visitor left"]
    wrong = await world.presses(COUNTER, "Add phone", phone="555")
    assert wrong.errors["phone"].startswith('I did not understand the number "555"')
    missing = await world.presses(COUNTER, "Add phone", phone=" ")
    assert missing.errors["phone"] == "A number is needed for a call."
    await world.presses(COUNTER, "Add phone", phone=NUMBER)
    assert world.say().endswith(f"Martin Gagnon will call you today at 9:45 a.m., on {SHOWN}.")
    assert world.card("martin").number == "+15145550142"


async def test_whoever_leaves_without_a_number_is_asked_first(world: World) -> None:
    await client(world)
    reply = await world.sends("nadia", visit=world.card(COUNTER).visit, button="visitor_left")
    assert reply.outcome is Outcome.FORM
    assert reply.form is not None
    assert reply.form.title == "Has Julie Tremblay left a number?"
    assert (await world.visit()).here
    reply = await world.sends(
        "nadia",
        visit=reply.visit,
        button="visitor_left",
        submitted=True,
        values={"phone": NUMBER},
    )
    assert plain(reply.text) == "Noted: Julie Tremblay has left. Martin Gagnon will call today at 9:30 a.m."
    promise = await callback(world)
    assert (promise.by, promise.origin, promise.due) == ("martin", Origin.LEFT, at(9, 30))
    visit = await world.visit()
    assert (visit.hello, visit.here) == (Hello.UNSEEN, False)
    assert visit.visitor_question is None


async def test_a_wrong_number_of_somebody_who_leaves_is_told_beside_its_field(world: World) -> None:
    await client(world)
    visit = world.card(COUNTER).visit
    reply = await world.sends("nadia", visit=visit, button="visitor_left", submitted=True, values={"phone": "12"})
    assert reply.outcome is Outcome.REFUSED
    assert set(reply.errors) == {"phone"}
    assert (await world.visit()).here


async def test_whoever_leaves_and_gives_no_number_closes_the_visit_as_unseen(world: World) -> None:
    await client(world)
    visit = world.card(COUNTER).visit
    await world.sends("nadia", visit=visit, button="visitor_left", submitted=True, values={"phone": ""})
    after = await world.visit()
    assert (after.hello, after.callback, after.is_open) == (Hello.UNSEEN, Callback.NONE, False)
    assert world.card(COUNTER).tag == "Left"
    await world.passes(hours=1)
    assert "Julie Tremblay is still waiting for you" not in world.nudges("martin")


async def test_whoever_leaves_with_a_booked_call_and_no_number_cannot_be_called(world: World) -> None:
    await supplier(world, phone="")
    await world.passes(minutes=5)
    await world.sends(
        "nadia", visit=world.card(COUNTER).visit, button="visitor_left", submitted=True, values={"phone": ""}
    )
    visit = await world.visit()
    assert (visit.callback, visit.is_open) == (Callback.UNREACHABLE, False)


# --- gone, or here ---------------------------------------------------------------------------------------------------


async def test_whoever_left_unseen_with_a_number_has_a_callback_and_is_asked_for_no_more(world: World) -> None:
    await client(world, phone=NUMBER)
    await world.presses(COUNTER, "Visitor left")
    assert (await callback(world)).origin is Origin.LEFT
    assert world.labels("martin") == ["Done", "No answer", "Move…"]
    assert "I'm coming" not in [button.label for button in (*world.card("martin").buttons, *world.card("martin").more)]
    await world.passes(minutes=10)
    assert world.cards("sophie") == []


async def test_visitor_left_can_be_undone_for_five_minutes(world: World) -> None:
    await client(world, phone=NUMBER)
    await world.presses(COUNTER, "Visitor left")
    await world.passes(minutes=5)
    await world.presses(COUNTER, "Undo")
    visit = await world.visit()
    assert (visit.hello, visit.here, visit.callback) == (Hello.OWED, True, Callback.PROMISED)
    assert visit.visitor_question is not None
    assert visit.visitor_question.responder == "martin"
    await world.presses(COUNTER, "Visitor left")
    await world.passes(minutes=5, seconds=1)
    late = await world.presses(COUNTER, "Undo")
    assert late.text.startswith("Undo works for five minutes; nothing has changed.")


async def test_visitor_left_without_a_number_can_be_undone_too(world: World) -> None:
    await client(world)
    await world.presses("martin", "In 5 min")
    await world.sends(
        "nadia", visit=world.card(COUNTER).visit, button="visitor_left", submitted=True, values={"phone": ""}
    )
    await world.presses(COUNTER, "Undo")
    visit = await world.visit()
    assert (visit.hello, visit.here, visit.is_open) == (Hello.OWED, True, True)
    assert "I'm coming" in world.labels("martin")


async def test_left_twice_is_noted_once(world: World) -> None:
    await client(world, phone=NUMBER)
    card = world.card(COUNTER)
    await world.presses(COUNTER, "Visitor left")
    again = await world.sends("nadia", visit=card.visit, button="visitor_left")
    assert again.outcome is Outcome.NOTHING_NEW
    assert (await world.story()).count("VisitorLeft") == 1


async def test_nobody_says_what_became_of_them_so_closing_time_does(world: World) -> None:
    await client(world, phone=NUMBER)
    await world.comes(at(16, 59))
    assert (await world.visit()).here
    await world.comes(at(17, 0))
    visit = await world.visit()
    assert (visit.hello, visit.here) == (Hello.UNSEEN, False)
    # the call that was booked at 09:18 is late by now, and is followed until it is made
    assert visit.callback is Callback.LATE


async def test_at_closing_time_an_unseen_visitor_without_a_number_is_let_go(world: World) -> None:
    await client(world)
    await world.comes(at(17, 0))
    visit = await world.visit()
    assert (visit.hello, visit.is_open) == (Hello.UNSEEN, False)
    assert visit.callback is Callback.UNREACHABLE


async def test_a_hello_that_nobody_came_for_gets_an_apology_with_a_time(world: World) -> None:
    await supplier(world)
    await world.presses("martin", "In 2 min")
    await world.passes(minutes=9)
    assert world.say() == (
        f"I am sorry that nobody came to greet you: Martin Gagnon will call you today at 9:45 a.m., on {SHOWN}."
    )


async def test_after_two_broken_hellos_only_a_call_or_a_colleague_is_offered(world: World) -> None:
    await client(world)
    for person in ("martin", "sophie"):
        await world.presses(person, "In 2 min")
        await world.passes(minutes=4)
        await world.presses(COUNTER, "Not yet")
    assert "I'm coming" not in world.labels("martin")
    assert world.labels("martin") == ["Call back…", "Ask a colleague…"]
    reply = await world.types("martin", "I'm coming")
    assert reply.text.startswith("Two hellos did not come about in this visit")
