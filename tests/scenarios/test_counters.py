"""Who announces at which counter: of several, none is guessed; what is typed to the bot may be an arrival."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.messages import Address, Announce, AnnounceLine, Incoming, OpenArrival, Outcome, Reply
from bot.ports import Store
from bot.settings import Settings
from tests.world import KEYS, World, house, plain

LINE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: room booking"


def two_counters() -> Settings:
    """Give the house with a second counter, at which Nadia may stand as well."""
    settings = house()
    montreal = settings.sites["montreal"]
    quebec = replace(montreal, id="quebec", name="Québec", reception=(Address("web", "reception:quebec"),))
    nadia = replace(settings.people["nadia"], reception_of=("montreal", "quebec"))
    return replace(settings, sites={**settings.sites, "quebec": quebec}, people={**settings.people, "nadia": nadia})


@pytest.fixture
def both(store: Store) -> World:
    return World(store, settings=two_counters())


async def comes_in(world: World, act: Announce | AnnounceLine | OpenArrival, person: str = "nadia") -> Reply:
    incoming = Incoming(key=f"c{next(KEYS)}", sender=Address("web", person), act=act)
    reply = await world.parts.inbox.receive(incoming)
    await world.settles()
    return reply


def choices(reply: Reply) -> list[tuple[str, str, str]]:
    return [(button.name, button.label, button.value) for button in reply.buttons]


COUNTERS = [("site", "Montréal", "montreal"), ("site", "Québec", "quebec")]


# --- which counter ---------------------------------------------------------------------------------------------------


async def test_of_two_counters_none_is_guessed(both: World) -> None:
    asked = await comes_in(both, AnnounceLine(text=LINE))
    assert (asked.outcome, asked.text) == (Outcome.ASKED_BACK, "At which counter is Julie Tremblay?")
    assert choices(asked) == COUNTERS
    assert both.chat.messages == []
    done = await comes_in(both, AnnounceLine(text=LINE, site="quebec"))
    assert done.outcome is Outcome.DONE
    assert (await both.visit()).site == "quebec"


async def test_a_form_is_asked_likewise_and_the_choice_of_a_person_is_kept(both: World) -> None:
    form = Announce(visitor="Julie Tremblay", owner_id="martin", kind="client")
    assert choices(await comes_in(both, form)) == COUNTERS
    assert (await comes_in(both, replace(form, site="montreal"))).outcome is Outcome.DONE
    assert (await both.visit()).site == "montreal"


async def test_what_is_wrong_is_said_before_the_counter_is_asked_for(both: World) -> None:
    reply = await comes_in(both, AnnounceLine(text="Julie Tremblay for Zoé Nobody"))
    assert reply.outcome is Outcome.REFUSED
    assert list(reply.errors) == ["owner"]


async def test_two_counters_and_two_people_of_one_name_are_asked_for_one_after_the_other(both: World) -> None:
    assert choices(await comes_in(both, AnnounceLine(text="Julie for Martin"))) == COUNTERS
    who = await comes_in(both, AnnounceLine(text="Julie for Martin", site="quebec"))
    assert [name for name, _, _ in choices(who)] == ["owner_id", "owner_id"]
    done = await comes_in(both, AnnounceLine(text="Julie for Martin", site="quebec", owner_id="martin"))
    assert done.outcome is Outcome.DONE


async def test_a_counter_at_which_somebody_does_not_stand_is_refused(both: World) -> None:
    reply = await comes_in(both, AnnounceLine(text=LINE, site="elsewhere"))
    assert reply.outcome is Outcome.REFUSED
    assert (
        reply.text == "Thank you. This is for reception of this site; nothing has changed. Reception can do it for you."
    )


async def test_whoever_stands_at_one_counter_is_not_asked(world: World) -> None:
    assert (await comes_in(world, AnnounceLine(text=LINE))).outcome is Outcome.DONE
    assert (await world.visit()).site == "montreal"


# --- before a form is filled in --------------------------------------------------------------------------------------


@pytest.mark.parametrize("site, shown", [("", COUNTERS), ("quebec", [])])
async def test_an_arrival_may_be_filled_in_with_the_counters_to_choose_from(
    both: World, site: str, shown: list[tuple[str, str, str]]
) -> None:
    reply = await comes_in(both, OpenArrival(site=site))
    assert (reply.outcome, choices(reply)) == (Outcome.FORM, shown)


@pytest.mark.parametrize(
    "person, said",
    [
        ("martin", "Thank you. This is for reception of this site; nothing has changed. Reception can do it for you."),
        ("karim", "Merci. C'est réservé à l'accueil de ce site ; rien n'a changé. L'accueil peut le faire pour vous."),
    ],
)
async def test_whoever_stands_at_no_counter_is_told_before_filling_anything_in(
    world: World, person: str, said: str
) -> None:
    reply = await comes_in(world, OpenArrival(), person)
    assert (reply.outcome, plain(reply.text)) == (Outcome.REFUSED, said)


async def test_a_stranger_is_told_how_to_be_known(world: World) -> None:
    reply = await comes_in(world, OpenArrival(), "stranger")
    assert reply.outcome is Outcome.REFUSED
    assert "ask an admin to link this account" in reply.text


# --- whom somebody chose on their platform ---------------------------------------------------------------------------


async def test_whom_somebody_chose_on_their_platform_is_found_in_the_directory(world: World) -> None:
    done = await comes_in(world, Announce(visitor="Julie Tremblay", owner_at=Address("web", "martin")))
    assert done.outcome is Outcome.DONE
    assert (await world.visit()).owner == "martin"


async def test_a_name_that_was_written_goes_before_whom_somebody_chose(world: World) -> None:
    await comes_in(world, Announce(visitor="Julie Tremblay", owner="Sophie", owner_at=Address("web", "martin")))
    assert (await world.visit()).owner == "sophie"


async def test_somebody_whom_nobody_linked_is_told_beside_the_field(world: World) -> None:
    reply = await comes_in(world, Announce(visitor="Julie Tremblay", owner_at=Address("web", "nobody")))
    assert reply.errors == {"owner": "hello30 does not know this person yet. Please write the name instead."}


async def test_whoever_may_not_announce_is_told_that_and_not_who_is_linked(world: World) -> None:
    act = Announce(visitor="Julie Tremblay", owner_at=Address("web", "nobody"))
    assert "This is for reception of this site" in (await comes_in(world, act, "martin")).text


# --- typed where no question is open ---------------------------------------------------------------------------------


async def test_an_arrival_that_a_receptionist_types_is_announced(world: World) -> None:
    reply = await world.types("nadia", LINE)
    assert plain(reply.text) == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    assert (await world.facts()).about == "room booking"


async def test_what_is_missing_of_a_typed_arrival_is_asked_back(world: World) -> None:
    reply = await world.types("nadia", "Julie Tremblay for Martin")
    assert [button.name for button in reply.buttons] == ["owner_id", "owner_id"]


@pytest.mark.parametrize(
    "text", ["good morning", "thanks for the flowers", "in 5 min", "Julie Tremblay for Zoé Nobody"]
)
async def test_anything_else_gets_a_hint_at_how_to_announce(world: World, text: str) -> None:
    reply = await world.types("nadia", text)
    assert reply.outcome is Outcome.REFUSED
    assert 'write who it is and who the visit is for: "Julie Tremblay for Martin".' in reply.text
    assert world.chat.messages == []


async def test_a_receptionist_who_is_asked_something_answers_that_first(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="nadia")
    reply = await world.types("nadia", "Paul Roy for Martin Gagnon")
    assert reply.outcome is Outcome.ASKED_BACK
    assert "Julie Tremblay" in reply.text


async def test_nobody_else_announces_by_typing(world: World) -> None:
    reply = await world.types("martin", LINE)
    assert reply.text.startswith("Nothing is asked of you at the moment, so nothing has changed.")
    assert world.chat.messages == []
