"""What comes in while the visit, or its site, goes away under it: it is answered kindly, never raised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from bot.domain.events import PressRefused
from bot.errors import Refused
from bot.messages import Outcome
from bot.ports import Transaction
from tests.fakes import StoreAround
from tests.world import World, house

T = TypeVar("T")
FORMS = {
    "a wrong answer": ("call_back", {"phone": "no number"}),
    "a time that is past": ("call_back", {"phone": "514 555-0142", "when": "free", "free_time": "08:00"}),
}


@dataclass
class FasterElsewhere(StoreAround):
    """A store in which, as soon as a form is to be shown again, somebody else has settled what it was about."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        raise Refused("nothing_asked")


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_that_may_be_shown_no_more_is_refused(world: World, form: str) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    visit = (await world.visit()).id
    button, values = FORMS[form]
    world.held = True
    there = world.restarted(store=FasterElsewhere(world.store))
    there.held = True
    reply = await there.sends("martin", visit=visit, button=button, submitted=True, values=values)
    assert reply.outcome is Outcome.REFUSED
    assert reply.form is None
    assert reply.text
    refused = [event for event in await world.whole_journal() if isinstance(event, PressRefused)]
    assert len(refused) == 1


async def test_a_number_that_is_asked_for_first_is_not_where_the_form_may_be_shown_no_more(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    visit = (await world.visit()).id
    there = world.restarted(store=FasterElsewhere(world.store))
    there.held = True
    reply = await there.sends("nadia", visit=visit, button="visitor_left")
    assert (reply.outcome, reply.form) == (Outcome.REFUSED, None)


@pytest.mark.parametrize(
    "language, said",
    [("en", "Something went wrong here, not with you."), ("fr", "Un problème s'est produit ici, pas de votre côté.")],
)
async def test_a_press_on_a_visit_whose_site_is_no_more_is_told_kindly(world: World, language: str, said: str) -> None:
    await world.arrives("Julie Tremblay", to_see="claire" if language == "fr" else "martin")
    visit = (await world.visit()).id
    gone = world.restarted(replace(house(), sites={}))
    gone.held = True
    person = "claire" if language == "fr" else "martin"
    with capture_logs() as logs:
        reply = await gone.sends(person, visit=visit, button="hello", value="2")
    assert reply.outcome is Outcome.NOT_SAVED
    assert reply.text.startswith(said)
    assert "montreal" not in reply.text
    assert [(line["event"], line["error"]) for line in logs] == [("inbox.not_decided", "Hello30Error")]
    assert "HelloPromised" not in await world.story()
