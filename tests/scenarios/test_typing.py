"""Stories about what people type: the obvious acts, everything else is answered kindly and stops nothing."""

from __future__ import annotations

import pytest

from bot.domain.card import Card, Nudge
from bot.domain.deadlines import next_deadline
from bot.domain.events import NoAnswerTyped, PressRefused
from bot.domain.visit import Callback, Hello
from bot.messages import Outcome
from tests.world import COUNTER, World, at, plain

ANSWERS = ["I'm coming", "In 2 min", "In 5 min", "Call back…", "Ask a colleague…"]
NUMBER = "514 555-0142"
NO_ANSWERS = [
    ("busy", "busy", "Julie Tremblay is at reception. Thirty seconds now, or a time I can pass on?"),
    ("je suis occupé", "busy", "Julie Tremblay is at reception."),
    ("later", "busy", "Julie Tremblay is at reception."),
    ("Not now!!", "busy", "Julie Tremblay is at reception."),
    ("no", "decline", "Understood. Julie Tremblay is waiting: who could help, or when can you call?"),
    ("non merci", "decline", "Understood."),
    ("who is it?", "question", "Nadia Benali, at reception, can tell you more."),
    ("merci", "thanks", "Thank you too. For Julie Tremblay: thirty seconds now, or a time I can pass on?"),
    ("", "unclear", "I did not quite get that. For Julie Tremblay: now, in a few minutes, or a call at what time?"),
    ("   \n\t", "unclear", "I did not quite get that."),
    ("x" * 10_000, "unclear", "I did not quite get that."),
    ("busy " * 2_000, "unclear", "I did not quite get that."),
    ("<script>alert(1)</script>", "unclear", "I did not quite get that."),
    ("\x00\x1b[2J\u202e\ud800", "unclear", "I did not quite get that."),
    ("'; DROP TABLE visit; --", "unclear", "I did not quite get that."),
    ("tell her I left for the day", "unclear", "I did not quite get that."),
    ("Move", "unclear", "I did not quite get that."),
    ("Call back…", "unclear", "I did not quite get that."),
    ("3", "unclear", "I did not quite get that."),
]


@pytest.mark.parametrize(
    "text, reading, says", NO_ANSWERS, ids=[text[:14].encode("unicode_escape").decode() for text, *_ in NO_ANSWERS]
)
async def test_what_answers_nothing_stops_nothing(world: World, text: str, reading: str, says: str) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(seconds=50)
    before = await world.visit()
    reply = await world.types("martin", text)
    after = await world.visit()
    assert next_deadline(after) == next_deadline(before)
    assert after == before
    assert reply.outcome is Outcome.ASKED_BACK
    assert plain(reply.text).startswith(says)
    assert [button.label for button in reply.buttons] == ANSWERS
    typed = (await world.journal())[-1]
    assert isinstance(typed, NoAnswerTyped)
    assert (typed.by, typed.reading) == ("martin", reading)
    kept = repr(await world.whole_journal()).replace(f"reading='{reading}'", "")
    assert len(text.strip()) < 4 or text.strip() not in kept
    await world.passes(seconds=40)
    assert "I'm coming" in world.labels("sophie")


async def test_typing_again_and_again_stops_nothing_either(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    for _ in range(9):
        await world.passes(seconds=10)
        await world.types("martin", "busy")
    assert "I'm coming" in world.labels("sophie")


@pytest.mark.parametrize(
    "text, due",
    [
        ("in 5 min", at(9, 17)),
        ("dans 3 minutes", at(9, 15)),
        ("j'arrive dans 2 min", at(9, 14)),
        ("j'arrive", at(9, 14)),
        ("I'm coming", at(9, 14)),
        ("I\u2019M COMING!", at(9, 14)),
        ("J'arrive", at(9, 14)),
        ("oui", at(9, 14)),
    ],
)
async def test_what_is_obvious_promises_a_hello(world: World, text: str, due: object) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    assert (await world.types("martin", text)).outcome is Outcome.DONE
    promise = (await world.visit()).hello_promise
    assert promise is not None
    assert (promise.by, promise.due) == ("martin", due)


async def test_a_time_promises_a_callback(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier", phone=NUMBER)
    reply = await world.types("martin", "call back at 10:45")
    assert plain(reply.text) == "Thank you. Reception tells Julie Tremblay that you will call today at 10:45 a.m."
    promise = (await world.visit()).callback_promise
    assert promise is not None
    assert promise.due == at(10, 45)


async def test_a_typed_hello_keeps_its_bounds(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    reply = await world.types("martin", "in 45 min")
    assert reply.outcome is Outcome.REFUSED
    assert reply.text.startswith("A hello can be promised within 10 minutes; nothing has changed.")
    assert (await world.visit()).hello is Hello.OWED


async def test_done_and_no_answer_may_be_typed_about_a_call(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Call back…")
    await world.comes(at(9, 30))
    await world.types("martin", "no answer")
    assert (await world.visit()).callback is Callback.PROMISED
    await world.types("martin", "14:30")
    promise = (await world.visit()).callback_promise
    assert promise is not None
    assert (promise.due, promise.tries) == (at(14, 30), 1)
    await world.comes(at(14, 30))
    await world.types("martin", "Done")
    assert (await world.visit()).callback is Callback.KEPT


async def test_whoever_has_promised_a_call_is_not_told_that_the_visitor_waits(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Call back…")
    reply = await world.types("martin", "busy")
    assert plain(reply.text) == "You are calling Julie Tremblay today at 9:30 a.m., on +1 514-555-0142."
    assert [button.label for button in reply.buttons] == ["Done", "No answer", "Move…"]
    on_my_way = await world.types("martin", "I'm coming")
    assert on_my_way.outcome is Outcome.ASKED_BACK


async def test_have_you_come_is_not_answered_by_yes_alone(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "In 2 min")
    await world.passes(minutes=4)
    reply = await world.types("martin", "yes")
    assert reply.text == "Have you been able to greet Julie Tremblay?"
    assert [button.label for button in reply.buttons] == ["Yes", "Not yet"]


async def test_several_open_visits_are_asked_about(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(seconds=1)
    await world.arrives("Marc Roy", to_see="martin")
    reply = await world.types("martin", "in 5 min")
    assert reply.outcome is Outcome.ASKED_BACK
    assert reply.text == "Who is this answer for?"
    assert [button.label for button in reply.buttons] == ["Julie Tremblay", "Marc Roy"]
    assert await world.story("Julie Tremblay") == await world.story("Marc Roy") == ["Arrived", "AskingBegan"]
    chosen = next(button.value for button in reply.buttons if button.label == "Marc Roy")
    assert (await world.types("martin", "in 5 min", visit=chosen)).outcome is Outcome.DONE
    assert (await world.visit("Marc Roy")).hello is Hello.PROMISED
    assert (await world.visit("Julie Tremblay")).hello is Hello.OWED


async def test_nothing_open_is_said_kindly(world: World) -> None:
    reply = await world.types("martin", "I'm coming")
    assert reply.outcome is Outcome.REFUSED
    assert reply.text.startswith("Nothing is asked of you at the moment")
    await world.arrives("Julie Tremblay", to_see="martin")
    visit = world.card("martin").visit
    for person in ("karim", "tremblay"):
        assert (await world.types(person, "busy", visit=visit)).outcome is Outcome.REFUSED
    assert (await world.types("nadia", "busy", visit=visit)).text.startswith("Nothing is asked of you")


async def test_a_reply_to_a_card_belongs_to_that_card(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.arrives("Marc Roy", to_see="sophie")
    await world.passes(seconds=90)
    visit = world.card("sophie", "Julie Tremblay").visit
    await world.types("sophie", "coming", visit=visit)
    assert (await world.visit("Julie Tremblay")).hello is Hello.PROMISED
    assert (await world.visit("Marc Roy")).hello is Hello.OWED


async def test_a_line_on_an_old_card_is_answered_with_what_stands(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    visit = world.card("martin").visit
    await world.passes(minutes=2)
    await world.presses("sophie", "I'm coming")
    reply = await world.types("martin", "I'm coming", visit=visit)
    assert reply.text == "Thank you. Sophie Roy is already on the way; nothing has changed."
    await world.presses(COUNTER, "Hello happened")
    closed = await world.types("martin", "I'm coming", visit=visit)
    assert closed.text.startswith("Nothing is asked of you at the moment")


async def test_a_reader_of_french_is_answered_in_french(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="tremblay")
    reply = await world.types("tremblay", "busy")
    assert "Julie Tremblay est à l'accueil" in plain(reply.text)
    assert [plain(button.label) for button in reply.buttons][:3] == ["J'arrive", "Dans 2 min", "Dans 5 min"]


async def test_a_line_in_answer_to_a_message_is_about_its_visit(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.arrives("Marc Roy", to_see="martin")
    to_martin = [message for message in world.chat.messages if message.to.id == "martin"]
    [marcs] = [m for m in to_martin if isinstance(m.shown, Card) and m.shown.visitor == "Marc Roy"]
    await world.types("martin", "in 2 min", answers=marcs.ref)
    assert (await world.visit("Marc Roy")).hello is Hello.PROMISED
    assert (await world.visit("Julie Tremblay")).hello is Hello.OWED
    julies = next(m for m in to_martin if isinstance(m.shown, Nudge) and "Julie" in m.shown.text)
    await world.types("martin", "in 5 min", answers=julies.ref)
    assert (await world.visit("Julie Tremblay")).hello is Hello.PROMISED


async def test_a_line_in_answer_to_any_other_message_is_taken_like_one_by_itself(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.types("martin", "in 2 min", answers="no message of ours")
    assert (await world.visit()).hello is Hello.PROMISED


async def test_what_is_refused_of_a_line_names_the_visitor_and_is_in_the_journal(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(minutes=2)
    card = next(m for m in world.chat.messages if m.to.id == "martin")
    await world.presses("sophie", "I'm coming")
    reply = await world.types("martin", "I'm coming", answers=card.ref)
    assert reply.text == "Thank you. Sophie Roy is already on the way; nothing has changed."
    assert isinstance((await world.journal())[-1], PressRefused)
