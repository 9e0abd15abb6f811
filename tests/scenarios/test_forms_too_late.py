"""A button that opens a form which would come to nothing: that is said at once, rather than when it is filled in."""

from __future__ import annotations

import pytest

from bot.domain.events import PressRefused
from bot.errors import Refused
from bot.forms import FORMS
from bot.messages import Outcome, Reply
from tests.world import COUNTER, World, at, plain

NUMBER = "514 555-0142"
OPENED_BY_A_PRESS = sorted(FORMS - {"visitor_left"})
"""*Visitor left* acts at once, and opens its form only where a number is asked for first."""
RESPONDERS = ("call_back", "ask_colleague")
RECEPTIONS = ("ask_someone_else", "by_voice")


async def opens(world: World, person: str, button: str, revision: int | None = None) -> Reply:
    """Press the button of an old card."""
    return await world.sends(person, visit=await world.visit_id(), button=button, revision=revision)


async def on_the_page(world: World, person: str, button: str) -> str:
    """Give what is said on the web pages where the form does not open."""
    with pytest.raises(Refused) as refused:
        await world.parts.views.form(person, await world.visit_id(), button)
    assert refused.value.reason == "moved_on", refused.value.reason
    return plain(str(refused.value.args_by_name["text"]))


@pytest.mark.parametrize("button", OPENED_BY_A_PRESS)
async def test_no_form_opens_on_a_closed_visit(world: World, button: str) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone=NUMBER)
    await world.presses(COUNTER, "Posted by mistake")
    person = "nadia" if button in RECEPTIONS else "martin"
    reply = await opens(world, person, button)
    assert (reply.outcome, reply.form) == (Outcome.REFUSED, None)
    told = "Thank you. This visit is closed; nothing has changed. At 9:12 a.m.: "
    assert plain(reply.text).startswith(told)
    assert (await on_the_page(world, person, button)).startswith(told)
    pressed = (await world.journal())[-1]
    assert isinstance(pressed, PressRefused)
    assert pressed.command == button


@pytest.mark.parametrize("button", RESPONDERS)
async def test_no_form_of_a_responder_opens_for_reception(world: World, button: str) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    reply = await opens(world, "nadia", button)
    assert (reply.outcome, reply.form) == (Outcome.REFUSED, None)
    assert reply.text == "Thank you. This button is for Martin Gagnon; nothing has changed."
    with pytest.raises(Refused, match="not_yours"):
        await world.parts.views.form("nadia", await world.visit_id(), button)


@pytest.mark.parametrize("button", RECEPTIONS)
async def test_no_form_of_reception_opens_for_a_responder(world: World, button: str) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    reply = await opens(world, "martin", button)
    assert (reply.outcome, reply.form) == (Outcome.REFUSED, None)
    assert "This is for reception of this site" in reply.text


async def test_visitor_left_is_opened_by_reception_alone(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    visit = await world.visit_id()
    assert (await world.presses(COUNTER, "Visitor left")).form is not None
    assert (await world.parts.views.form("nadia", visit, "visitor_left")).fields
    with pytest.raises(Refused, match="not_reception"):
        await world.parts.views.form("martin", visit, "visitor_left")


async def test_what_somebody_else_has_settled_meanwhile_opens_no_form(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    old = world.card("martin").revision
    await world.presses("martin", "Ask a colleague…", to="sophie")
    await world.presses("sophie", "In 2 min")
    reply = await opens(world, "martin", "call_back", old)
    assert (reply.outcome, reply.form) == (Outcome.REFUSED, None)
    assert "Sophie Roy" in reply.text
    assert (await opens(world, "nadia", "ask_someone_else")).form is None


@pytest.mark.parametrize("button", ["move", "pass_call"])
async def test_no_form_about_a_callback_opens_where_none_is_promised(world: World, button: str) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    reply = await opens(world, "nadia", button)
    assert (reply.outcome, reply.form) == (Outcome.REFUSED, None)
    assert reply.text == "Thank you. No callback is promised here; nothing has changed."


async def test_a_form_that_is_wrong_and_too_late_is_not_shown_again(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    visit = await world.visit_id()
    await world.presses(COUNTER, "Posted by mistake")
    values = {"when": at(16, 0).isoformat(), "phone": "no number", "line": "I call you"}
    reply = await world.sends("martin", visit=visit, button="call_back", submitted=True, values=values)
    assert (reply.outcome, reply.form) == (Outcome.REFUSED, None)
    assert "This visit is closed" in reply.text
    assert "I call you" in reply.text, "what was typed is not lost"


async def test_every_form_on_a_card_opens(world: World) -> None:
    """Whatever stands on a card now may be pressed."""
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    seen = set[str]()
    for label, values in (("Call back…", {"when": at(16, 0).isoformat()}), ("Add a note…", {"text": "early is best"})):
        for person in ("martin", COUNTER):
            card = world.card(person)
            for button in (*card.buttons, *card.more):
                if button.form:
                    reply = await opens(world, person, button.name, card.revision)
                    assert reply.form is not None, (person, button.name, reply)
                    seen.add(button.name)
        await world.presses("martin", label, **values)
    assert seen == set(OPENED_BY_A_PRESS)
