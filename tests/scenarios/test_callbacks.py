"""Stories about a callback: promised, recalled, kept, late, moved, passed on, and never twice at the same time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.domain.events import CallbackKept, CallbackPromised, Disputed, PressRefused
from bot.domain.visit import Callback, Hello, Promise
from bot.messages import Outcome
from tests.world import COUNTER, World, at, plain

NUMBER = "514 555-0142"
SHOWN = "+1 514-555-0142"
CALL = ["Done", "No answer", "Move…"]


async def promised(world: World, visitor: str = "Robert Lavoie", *, by: str = "martin", **values: str) -> Promise:
    """A supplier comes, and whoever is asked promises to call."""
    await world.arrives(visitor, to_see=by, kind="supplier", phone=NUMBER)
    reply = await world.presses(by, "Call back…", visitor=visitor, **values)
    assert reply.ok, reply
    return await callback(world, visitor)


async def callback(world: World, visitor: str = "") -> Promise:
    promise = (await world.visit(visitor)).callback_promise
    assert promise is not None
    return promise


# --- promising -------------------------------------------------------------------------------------------------------


async def test_a_callback_is_promised_with_a_slot_a_number_a_line_and_points(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    reply = await world.presses(
        "martin",
        "Call back…",
        phone=NUMBER,
        line="I have your delivery note.",
        points="Invoice 1182\n\n  Delivery date  ",
    )
    assert reply.outcome is Outcome.DONE
    assert plain(reply.text) == "Thank you. Reception tells Robert Lavoie that you will call today at 9:30 a.m."
    assert world.say() == f"Martin Gagnon will call you today at 9:30 a.m., on {SHOWN}."
    assert "I have your delivery note." in world.notes(COUNTER)
    card = world.card("martin")
    assert card.points == ("Invoice 1182", "Delivery date")
    assert card.number == "+15145550142"
    visit = await world.visit()
    assert (visit.hello, visit.callback) == (Hello.EXCUSED, Callback.PROMISED)
    assert (await world.facts()).phone == "+15145550142"
    assert await world.story() == [
        "Arrived",
        "AskingBegan",
        "PhoneAdded",
        "CallbackPromised",
        "HelloExcused",
    ]


async def test_the_form_offers_open_slots_and_days_within_the_bounds(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    visit = world.card("martin").visit
    form = await world.parts.views.form("martin", visit, "call_back")
    when, free, number, line, points = form.fields
    assert [plain(option.label) for option in when.options] == [
        "Today 9:30 a.m.",
        "Today 10:30 a.m.",
        "Today 11:30 a.m.",
        "Tomorrow 8:30 a.m.",
        "Another time",
    ]
    assert [option.chosen for option in when.options] == [True, False, False, False, False]
    assert [option.value for option in free.options] == ["2026-03-04", "2026-03-05"]
    assert plain(number.value) == SHOWN
    assert not line.required
    assert not points.required


async def test_a_free_time_is_a_day_and_an_hour_as_people_write_it(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Call back…", when="free", free_day="2026-03-05", free_time="10 h 45")
    assert (await callback(world)).due == at(10, 45, day=5)
    assert world.say() == f"Martin Gagnon will call you tomorrow at 10:45 a.m., on {SHOWN}."


@pytest.mark.parametrize(
    "values, field, says",
    [
        ({"phone": "12"}, "phone", 'I did not understand the number "12"; for example 514 555-0142'),
        ({"phone": "call me maybe"}, "phone", "I did not understand the number"),
        ({"when": "free", "free_time": "8:45"}, "free", "8:45 a.m. has gone by; a later time works."),
        ({"when": "free", "free_time": "12 h 15"}, "free", "Montréal is closed then."),
        ({"when": "free", "free_time": "19:00"}, "free", "Montréal is closed then."),
        ({"when": "free", "free_time": "soonish"}, "free", 'I did not understand the time "soonish"'),
        ({"when": "free", "free_time": ""}, "free", "Which time suits you?"),
        ({"when": "free", "free_time": "10:00", "free_day": "2026-03-12"}, "free", "at the latest, tomorrow at 5:00"),
        ({"when": "nonsense"}, "when", "Which time suits you?"),
        ({"when": "2026-03-04T10:00:00"}, "when", "Which time suits you?"),
        ({"when": at(8, 30).isoformat()}, "when", "8:30 a.m. has gone by; nothing has changed."),
        ({"when": at(8, 30, day=20).isoformat()}, "when", "at the latest, tomorrow at 5:00 p.m."),
        ({"line": "x" * 201}, "line", "This is too long: 200 characters at most."),
        ({"points": "x" * 1001}, "points", "This is too long: 1000 characters at most."),
    ],
)
async def test_a_wrong_answer_is_told_beside_its_field_and_nothing_is_lost(
    world: World, values: dict[str, str], field: str, says: str
) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    typed = {"phone": NUMBER, "line": "See you soon.", "points": "Invoice 1182", "free_day": "2026-03-04", **values}
    reply = await world.presses("martin", "Call back…", **typed)
    assert reply.outcome is Outcome.REFUSED
    assert says in plain(reply.errors.get(field, f"nothing beside {field}: {reply}"))
    assert reply.form is not None
    assert reply.form.errors == reply.errors
    shown = {made.name: made.value for made in reply.form.fields}
    assert shown["phone"] == typed["phone"]
    assert shown["points"] == typed["points"]
    assert shown["line"] == typed["line"]
    assert shown["free"] == typed.get("free_time", "")
    visit = await world.visit()
    assert (visit.callback, visit.phone_known) == (Callback.NONE, False)
    assert (await world.facts()).phone == ""


async def test_several_wrong_answers_are_told_at_once(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    reply = await world.presses("martin", "Call back…", when="free", free_time="?", phone="0")
    assert set(reply.errors) == {"free", "phone"}


async def test_two_visits_never_get_the_same_slot(world: World) -> None:
    first = await promised(world)
    assert first.due == at(9, 30)
    await world.arrives("Lucie Roy", to_see="martin", kind="supplier", phone=NUMBER)
    reply = await world.presses("martin", "Call back…", visitor="Lucie Roy", when=first.due.isoformat())
    assert reply.outcome is Outcome.REFUSED
    assert reply.errors["when"].startswith("Another call is promised at that time; nothing has changed.")
    assert isinstance((await world.journal("Lucie Roy"))[-1], PressRefused)
    assert reply.form is not None
    assert first.due.isoformat() not in [option.value for option in reply.form.fields[0].options]
    await world.presses("martin", "Call back…", visitor="Lucie Roy")
    assert (await callback(world, "Lucie Roy")).due == at(9, 45)


async def test_a_form_for_somebody_who_spoke_offers_their_own_free_slots(world: World) -> None:
    await promised(world, by="sophie")
    await world.arrives("Lucie Roy", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Ask a colleague…", visitor="Lucie Roy", to="sophie")
    form = await world.parts.views.form("nadia", world.card(COUNTER, "Lucie Roy").visit, "by_voice")
    said = [option.value for field in form.fields if field.name == "what" for option in field.options]
    assert f"at:{at(9, 30).isoformat()}" not in said
    assert f"at:{at(9, 45).isoformat()}" in said


# --- keeping ---------------------------------------------------------------------------------------------------------


async def test_the_caller_is_reminded_ten_minutes_before_and_told_when_it_is_time(world: World) -> None:
    await promised(world, when=at(10, 0).isoformat(), points="Invoice 1182")
    await world.comes(at(9, 49))
    assert "Soon: call Robert Lavoie" not in world.nudges("martin")
    await world.comes(at(9, 50))
    assert world.nudges("martin")[-1] == "Soon: call Robert Lavoie"
    await world.comes(at(10, 0))
    card = world.card("martin")
    assert world.nudges("martin")[-1] == "Call Robert Lavoie now"
    assert world.asks("martin") == f"Call Robert Lavoie now, on {SHOWN}."
    assert (card.state, card.turn, card.number, card.points) == ("call_now", True, "+15145550142", ("Invoice 1182",))
    world.expect("martin", "Robert Lavoie", buttons=CALL)
    reply = await world.presses("martin", "Done")
    assert plain(reply.text) == "Thank you. The call to Robert Lavoie is noted as made."
    kept = (await world.journal())[-1]
    assert isinstance(kept, CallbackKept)
    assert (kept.person, kept.fate) == ("martin", "kept")
    assert not (await world.visit()).is_open


async def test_done_within_the_grace_is_kept_and_after_it_late(world: World) -> None:
    await promised(world, "In Time", when=at(10, 0).isoformat())
    await promised(world, "Too Late", when=at(10, 15).isoformat())
    await world.comes(at(10, 14))
    await world.presses("martin", "Done", visitor="In Time")
    await world.comes(at(10, 31))
    assert world.asks("martin", "Too Late") == (
        "The call to Too Late was to take place today at 10:15 a.m.: a call now, or a new time?"
    )
    await world.presses("martin", "Done", visitor="Too Late")
    fates = [
        e.fate for name in ("In Time", "Too Late") for e in await world.journal(name) if isinstance(e, CallbackKept)
    ]
    assert fates == ["kept", "late"]


async def test_three_calls_without_an_answer_close_the_callback(world: World) -> None:
    await promised(world)
    await world.comes(at(9, 30))
    reply = await world.presses("martin", "No answer")
    assert plain(reply.text) == "Noted. The next try is at 11:45 a.m."
    assert world.say() == f"Martin Gagnon will call you today at 11:45 a.m., on {SHOWN}."
    await world.comes(at(11, 45))
    assert world.asks("martin").startswith("Call Robert Lavoie now")
    await world.presses("martin", "No answer")
    # two hours of open time and the lead before a slot: 12:00 to 13:00 does not count
    assert (await callback(world)).due == at(15, 0)
    await world.comes(at(15, 0))
    reply = await world.presses("martin", "No answer")
    assert reply.text == "Noted, after several tries. Nothing more for you to do, thank you."
    visit = await world.visit()
    assert (visit.callback, visit.is_open) == (Callback.UNREACHABLE, False)


async def test_a_call_may_be_moved_twice_and_its_reminder_moves_with_it(world: World) -> None:
    await promised(world)
    await world.presses("martin", "Move…", when=at(10, 0).isoformat())
    await world.presses("martin", "Move…", when="free", free_day="2026-03-04", free_time="11:00")
    await world.comes(at(9, 45))
    assert "Soon: call Robert Lavoie" not in world.nudges("martin")
    visit = world.card("martin").visit
    later = {"when": at(11, 30).isoformat()}
    for submitted in (False, True):  # said at once, rather than when it is filled in
        values = later if submitted else {}
        refused = await world.sends("martin", visit=visit, button="move", submitted=submitted, values=values)
        assert (refused.outcome, refused.form) == (Outcome.REFUSED, None)
        assert "moved as often as it can be" in refused.text
    assert (await callback(world)).due == at(11, 0)
    await world.comes(at(10, 50))
    assert world.nudges("martin")[-1] == "Soon: call Robert Lavoie"


async def test_the_same_time_again_is_no_move(world: World) -> None:
    first = await promised(world)
    reply = await world.presses("martin", "Move…", when=first.due.isoformat())
    assert reply.outcome is Outcome.NOTHING_NEW
    assert (await callback(world)).moved == 0


async def test_a_call_that_nobody_needs_is_dropped(world: World) -> None:
    await promised(world)
    await world.presses("martin", "No call needed")
    visit = await world.visit()
    assert (visit.callback, visit.is_open) == (Callback.DROPPED, False)
    assert world.labels("martin") == ["Undo"]
    await world.comes(at(9, 45))
    assert "Call Robert Lavoie now" not in world.nudges("martin")


async def test_done_can_be_undone_and_the_caller_is_asked_again(world: World) -> None:
    await promised(world)
    await world.comes(at(9, 30))
    await world.presses("martin", "Done")
    await world.presses("martin", "Undo")
    visit = await world.visit()
    assert visit.callback is Callback.OWED
    assert visit.visitor_question is not None
    assert visit.visitor_question.responder == "martin"
    await world.presses("martin", "Call back…")
    assert (await callback(world)).due == at(9, 45)


async def test_reception_may_say_that_the_call_was_made(world: World) -> None:
    await promised(world)
    await world.presses(COUNTER, "Done")
    kept = (await world.journal())[-1]
    assert isinstance(kept, CallbackKept)
    assert (kept.by, kept.person) == ("nadia", "martin")


# --- late ------------------------------------------------------------------------------------------------------------


async def asked_about(world: World) -> str:
    asking = (await world.visit()).call_question
    return asking.responder if asking else ""


async def test_a_late_call_goes_to_the_deputy_and_then_to_reception(world: World) -> None:
    await promised(world)
    await world.comes(at(9, 44))
    assert await asked_about(world) == ""
    await world.comes(at(9, 45))
    assert await asked_about(world) == "martin"
    assert world.nudges("martin")[-1] == "Robert Lavoie is waiting for a call"
    await world.comes(at(10, 15))
    assert await asked_about(world) == "sophie"
    assert world.nudges("sophie") == ["Robert Lavoie is waiting for a call"]
    assert world.asks("sophie") == (
        "A call between Martin Gagnon and Robert Lavoie was to take place today at 9:30 a.m.: can you make it now?"
    )
    assert world.card("sophie").number == "+15145550142"
    await world.comes(at(11, 45))
    assert await asked_about(world) == "reception"
    assert world.asks(COUNTER) == "Robert Lavoie is waiting for a call. A call now, or a new time?"
    assert world.labels(COUNTER) == ["Done", "Move…"]
    await world.presses(COUNTER, "Done")
    assert not (await world.visit()).is_open


async def test_a_colleague_who_makes_a_late_call_is_the_one_who_called(world: World) -> None:
    await promised(world)
    await world.comes(at(10, 15))
    await world.presses("sophie", "Done")
    kept = (await world.journal())[-1]
    assert isinstance(kept, CallbackKept)
    assert (kept.person, kept.fate) == ("sophie", "late")


async def test_a_colleague_who_cannot_make_a_late_call_passes_it_to_reception(world: World) -> None:
    await promised(world)
    await world.comes(at(10, 15))
    await world.presses("sophie", "Not me")
    assert await asked_about(world) == "reception"


async def test_a_colleague_who_moves_a_late_call_makes_it_theirs(world: World) -> None:
    await promised(world)
    await world.comes(at(10, 15))
    await world.presses("sophie", "Move…", when=at(11, 0).isoformat())
    promise = await callback(world)
    assert (promise.by, promise.due) == ("sophie", at(11, 0))
    assert (await world.visit()).callback is Callback.PROMISED
    assert world.say() == f"Sophie Roy will call you today at 11:00 a.m., on {SHOWN}."


@pytest.mark.parametrize(
    "arrives, due, late, deputy",
    [
        # over lunch: 12:00 to 13:00 does not count
        (at(11, 20), at(11, 45), at(12, 0), at(13, 30)),
        # over night: due at the last slot, late as the site closes, so the deputy is asked next morning
        (at(16, 20), at(16, 45), at(17, 0), at(9, 0, day=5)),
        # over a weekend, in which the clocks change
        (at(16, 20, day=6), at(16, 45, day=6), at(17, 0, day=6), at(9, 0, day=9)),
    ],
)
async def test_a_late_call_is_followed_in_open_time(
    world: World, arrives: datetime, due: datetime, late: datetime, deputy: datetime
) -> None:
    await world.comes(arrives)
    await promised(world, when=due.isoformat())
    await world.comes(late - timedelta(seconds=1))
    assert (await world.visit()).callback is Callback.PROMISED
    await world.comes(late)
    assert await asked_about(world) == "martin"
    await world.comes(deputy - timedelta(seconds=1))
    assert await asked_about(world) == "martin"
    await world.comes(deputy)
    assert await asked_about(world) == "sophie"


async def test_a_late_call_that_reception_leaves_until_closing_is_asked_about_the_next_day_again(world: World) -> None:
    await promised(world)
    await world.comes(at(17, 0))
    assert await asked_about(world) == "reception"
    await world.comes(at(16, 59, day=5))
    assert await asked_about(world) == "reception"
    assert (await world.visit()).is_open


# --- passing a call on -----------------------------------------------------------------------------------------------


async def test_a_call_is_offered_to_a_colleague_and_stays_promised_until_they_take_it(world: World) -> None:
    await promised(world, when=at(10, 0).isoformat())
    await world.presses("martin", "Pass to…", to="sophie")
    assert (await callback(world)).by == "martin"
    assert world.nudges("sophie") == ["Martin Gagnon asks you to make a call"]
    world.expect("sophie", "Robert Lavoie", buttons=["I'll make this call", "Not me"])
    assert (
        world.asks("sophie")
        == f"Martin Gagnon asks whether you can call Robert Lavoie today at 10:00 a.m., on {SHOWN}."
    )
    await world.presses("sophie", "I'll make this call")
    promise = await callback(world)
    assert (promise.by, promise.due, promise.moved) == ("sophie", at(10, 0), 1)
    assert world.say() == f"Sophie Roy will call you today at 10:00 a.m., on {SHOWN}."
    world.expect("sophie", "Robert Lavoie", buttons=CALL)
    assert world.labels("martin") == []
    await world.comes(at(10, 0))
    assert world.nudges("sophie")[-1] == "Call Robert Lavoie now"
    assert "Call Robert Lavoie now" not in world.nudges("martin")


async def test_a_colleague_who_cannot_call_leaves_the_call_where_it_was(world: World) -> None:
    await promised(world, when=at(10, 0).isoformat())
    await world.presses("martin", "Pass to…", to="sophie")
    await world.presses("sophie", "Not me")
    assert (await callback(world)).by == "martin"
    assert world.labels("sophie") == []
    world.expect("martin", "Robert Lavoie", buttons=CALL)


async def test_a_call_is_not_offered_twice_nor_taken_at_a_time_that_is_promised(world: World) -> None:
    await promised(world, "Lucie Roy", by="sophie", when=at(10, 0).isoformat())
    await promised(world, when=at(10, 0).isoformat())
    await world.presses("martin", "Pass to…", visitor="Robert Lavoie", to="sophie")
    again = await world.presses("martin", "Pass to…", visitor="Robert Lavoie", to="sophie")
    assert "Sophie Roy has been asked already" in again.text
    refused = await world.presses("sophie", "I'll make this call", visitor="Robert Lavoie")
    assert "Another call is promised at that time" in refused.text
    assert (await callback(world, "Robert Lavoie")).by == "martin"


async def test_a_late_call_is_taken_from_now_on(world: World) -> None:
    await promised(world)
    await world.presses("martin", "Pass to…", to="claire")
    await world.comes(at(9, 50))
    assert (await world.visit()).callback is Callback.LATE
    await world.presses("claire", "Je fais cet appel")
    promise = await callback(world)
    assert (promise.by, promise.due) == ("claire", at(9, 50))
    assert (await world.visit()).callback is Callback.PROMISED
    await world.presses("claire", "Appel fait")
    kept = (await world.journal())[-1]
    assert isinstance(kept, CallbackKept)
    assert kept.person == "claire"


async def test_somebody_else_may_not_touch_a_promised_call_nor_see_its_number(world: World) -> None:
    await promised(world)
    card = world.card("martin")
    for button, value in (("done", ""), ("no_answer", ""), ("drop_call", ""), ("move", ""), ("call_back", "")):
        reply = await world.sends("karim", visit=card.visit, button=button, value=value)
        assert reply.outcome is Outcome.REFUSED
        assert reply.text == (await world.sends("karim", visit="nowhere", button=button, value=value)).text
        assert "Martin" not in repr(reply)
        assert "555" not in repr(reply)
        assert "Lavoie" not in repr(reply)
    wrong = await world.sends("karim", visit=card.visit, button="move", submitted=True, values={"when": "?"})
    assert wrong.form is None
    assert (await world.visit()).callback is Callback.PROMISED


async def test_a_contrary_claim_about_a_call_is_shown_to_both_and_changes_nothing(world: World) -> None:
    await promised(world)
    card = world.card(COUNTER)
    await world.presses("martin", "Done")
    reply = await world.sends("nadia", visit=card.visit, button="no_answer")
    assert reply.ok
    disputed = (await world.journal())[-1]
    assert isinstance(disputed, Disputed)
    assert disputed.claim == "not_called"
    assert (await world.visit()).callback is Callback.KEPT
    assert "Nadia Benali notes it otherwise." in world.notes("martin")
    assert (await world.sends("nadia", visit=card.visit, button="no_answer")).outcome is Outcome.NOTHING_NEW


async def test_a_callback_entered_by_voice_says_so_and_can_be_set_right(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses(
        COUNTER, "Answered by voice…", who="martin", what="free", free_day="2026-03-04", free_time="10:30"
    )
    made = next(event for event in await world.journal() if isinstance(event, CallbackPromised))
    assert (made.by, made.entered_by, made.due) == ("martin", "nadia", at(10, 30))
    assert world.notes("martin")[0].startswith("Nadia Benali noted at 9:12 a.m. what you said by voice.")
    await world.presses("martin", "Not right")
    visit = await world.visit()
    assert (visit.hello, visit.callback) == (Hello.OWED, Callback.OWED)


async def test_an_hour_written_beside_another_choice_is_asked_about_and_never_guessed(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone=NUMBER)
    await world.presses("martin", "Call back…", free_time="10:15")
    assert world.last.outcome is Outcome.REFUSED
    assert "10:15" in world.last.errors["free"]
    assert (await world.visit()).callback_promise is None
