"""Reception in Teams: a line in the channel or in a chat, the form of an arrival, and the card that lives there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.policy import Via
from bot.messages import Address
from bot.settings import Settings
from bot.storage.memory import MemoryStore
from tests.adapters.teams.connector import BOT, DESK, Message
from tests.adapters.teams.driver import Teams, read
from tests.adapters.teams.house import House, on_teams, teams_house
from tests.adapters.teams.kit import of_type
from tests.fakes import ShakyStore

LINE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: room booking"


def buttons(message: Message) -> list[str]:
    """Give the labels of all buttons of a message."""
    return [str(each["title"]) for each in of_type(message.card or {}, "Action.Execute")]


async def test_a_line_in_the_channel_announces_a_visitor(world: House) -> None:
    await world.mentions("nadia", LINE)
    assert "Julie Tremblay (Chambre de commerce) for Martin Gagnon" in world.reads("nadia")
    assert "Say to the visitor" in world.reads("nadia")
    assert world.buttons("nadia") == ["Hello happened", "Answered by voice…"]
    assert len(world.shown("nadia")) == 1, "the card says enough"
    (card,) = world.shown("nadia")
    assert card.conversation == DESK, "it begins a thread of its own"
    assert "Julie Tremblay is at reception for you." in world.reads("martin")
    assert "room booking" in world.reads("martin")
    assert world.texts("martin") == [], "a card that is new makes the phone buzz by itself"


async def test_the_card_in_the_channel_is_amended_when_the_owner_answers_and_tells_the_steps(world: House) -> None:
    await world.mentions("nadia", LINE)
    await world.clicks("martin", "In 2 min")
    assert "Martin Gagnon is coming to greet you" in world.reads("nadia")
    (card,) = world.cards_of("nadia")
    assert card.amended
    assert "What has happened so far" in str(card.card)


async def test_a_line_in_a_chat_with_the_bot_is_answered_there(world: House) -> None:
    await world.writes("nadia", LINE)
    assert "Julie Tremblay (Chambre de commerce) for Martin Gagnon" in world.reads("nadia")
    (said,) = world.chat_of("nadia")
    assert said.text == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."


async def test_somebody_else_who_is_mentioned_in_the_line_keeps_their_name(world: House) -> None:
    made = world.teams.activity("nadia", in_channel=True)
    made["text"] = "<at>hello30</at>&nbsp;Julie Tremblay for <at>Martin Gagnon</at>: a &amp; b"
    made["entities"] = [
        {"type": "mention", "text": "<at>hello30</at>", "mentioned": {"id": BOT}},
        {"type": "mention", "text": "<at>Martin Gagnon</at>", "mentioned": {"id": "29:martin"}},
    ]
    await world.teams.sends(made)
    await world.goes_on()
    assert "Julie Tremblay is at reception for you." in world.reads("martin")
    assert "a & b" in world.reads("martin")


async def test_two_people_of_one_name_are_a_choice_and_never_a_guess(world: House) -> None:
    await world.mentions("nadia", "Julie Tremblay for Martin")
    asked = world.message("nadia")
    assert "More than one person goes by the name Martin." in read(asked.card or {})
    assert buttons(asked) == ["Martin Gagnon", "Martin Tremblay"]
    assert (world.cards_of("martin"), world.cards_of("tremblay")) == ([], [])
    await world.clicks("nadia", "Martin Tremblay", on=asked)
    assert "Julie Tremblay" in world.reads("tremblay")
    assert world.cards_of("martin") == []
    assert "Posted at 9:12 a.m.: Julie Tremblay for Martin Tremblay." in read(asked.card or {})
    assert buttons(asked) == [], "all others see that it was answered"


async def test_a_line_that_cannot_be_read_is_answered_in_its_thread(world: House) -> None:
    await world.mentions("nadia", "Julie Tremblay for Zebulon")
    (told,) = world.shown("nadia")
    assert told.conversation.startswith(f"{DESK};messageid=")
    assert 'No name matches "Zebulon".' in told.text


async def test_a_line_that_does_not_mention_the_bot_is_none_of_its_business(world: House) -> None:
    await world.teams.sends(world.teams.activity("nadia", in_channel=True, text=LINE))
    await world.goes_on()
    assert world.shown("nadia") == []


async def test_another_bot_announces_nobody(world: House) -> None:
    made = world.teams.activity("nadia", text=LINE)
    made["from"] = {"id": "28:another", "role": "bot", "aadObjectId": Teams.object_id("nadia")}
    await world.teams.sends(made)
    await world.goes_on()
    assert world.cards_of("nadia") == []


async def test_whoever_is_not_linked_learns_how_to_be(world: House) -> None:
    world.teams.has_app("stranger")
    await world.writes("stranger", LINE)
    assert world.shown("nadia") == []
    (call,) = [call for call in world.connector.calls if "a:stranger" in call.path]
    assert call.body["text"]


async def test_a_line_that_could_not_be_saved_is_said_to_be_lost() -> None:
    store = ShakyStore(MemoryStore())
    async with teams_house(store=store) as world:
        store.refuses = 1
        await world.mentions("nadia", LINE)
        (told,) = world.shown("nadia")
        assert "not saved" in told.text.casefold()


# --- the form --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where, word", [("channel", "new"), ("channel", "Nouveau"), ("channel", ""), ("chat", "New"), ("chat", "nouveau")]
)
async def test_new_opens_a_form_of_which_two_fields_are_enough(world: House, where: str, word: str) -> None:
    await (world.mentions if where == "channel" else world.writes)("nadia", word)
    form = world.connector.messages[-1]
    assert form.activity["summary"] == "Announce a visitor"
    await world.fills(
        "nadia",
        "Announce",
        on=form,
        visitor_and_company="Julie Tremblay (Chambre de commerce)",
        here_for="Sophie",
    )
    assert "Julie Tremblay (Chambre de commerce) for Sophie Roy" in world.reads("nadia", "Say to the visitor")
    assert (await world.facts()).company == "Chambre de commerce"
    assert "Julie Tremblay is at reception for you." in world.reads("sophie")
    assert "Posted at 9:12 a.m.: Julie Tremblay for Sophie Roy." in read(form.card or {})
    assert "Input." not in str(form.card), "it cannot be sent again, also by nobody else who sees it"


async def test_everything_that_is_filled_in_is_kept(world: House) -> None:
    await world.writes("nadia", "new")
    await world.fills(
        "nadia",
        "Announce",
        on=world.connector.messages[-1],
        visitor_and_company="Julie Tremblay",
        here_for="Martin Gagnon",
        company="Chambre de commerce",
        kind="Supplier",
        what_about="the key\nof the cellar",
        how_long="5 minutes",
        phone="514 555-0142",
        where_the_visitor_is="On the phone, not here",
        how_many_people="3",
    )
    facts, visit = await world.facts(), await world.visit()
    assert (facts.visitor, facts.company, facts.phone) == ("Julie Tremblay", "Chambre de commerce", "+15145550142")
    assert (facts.about, facts.how_long_s, facts.party) == ("the key\nof the cellar", 300, 3)
    assert (visit.owner, visit.kind, visit.via) == ("martin", "supplier", Via.PHONE)
    assert "Put them through" in world.buttons("martin")


@pytest.mark.parametrize("old", [False, True])
async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(world: House, *, old: bool) -> None:
    await world.writes("nadia", "new")
    form = world.connector.messages[-1]
    fills = world.submits_form if old else world.fills
    await fills("nadia", "Announce", on=form, visitor_and_company="Julie Tremblay", here_for="Zebulon", phone="12")
    shown = world.teams.card("nadia", form)
    assert 'the number "12"' in read(shown)
    assert 'No name matches "Zebulon".' in read(shown)
    assert "Julie Tremblay" in str(shown)
    await fills("nadia", "Announce", on=form, here_for="Sophie", phone="514 555-0142")
    assert "Julie Tremblay is at reception for you." in world.reads("sophie")
    assert (await world.facts()).phone == "+15145550142"


async def test_a_form_that_is_sent_twice_announces_once(world: House) -> None:
    await world.writes("nadia", "new")
    form = world.connector.messages[-1]
    filled = world.teams.filled("nadia", form, {"Visitor and company": "Julie Tremblay", "Here for": "Sophie"})
    for _ in range(2):
        await world.teams.sends(world.teams.pressed("nadia", form, "Announce", filled))
    await world.goes_on()
    assert len(world.cards_of("sophie")) == 1


async def test_two_people_of_one_name_are_chosen_from_in_the_form(world: House) -> None:
    await world.writes("nadia", "new")
    form = world.connector.messages[-1]
    await world.fills(
        "nadia", "Announce", on=form, visitor_and_company="Julie Tremblay", here_for="Martin", phone="514 555-0142"
    )
    await world.clicks("nadia", "Martin Gagnon", on=form)
    assert "Julie Tremblay" in world.reads("martin")
    assert (await world.facts()).phone == "+15145550142"


async def test_the_same_person_again_is_asked_about(world: House) -> None:
    await world.mentions("nadia", "Julie Tremblay for Sophie")
    for label, wanted in (("Same", 1), ("Another person", 2)):
        await world.mentions("nadia", "Julie Tremblay for Sophie")
        asked = world.shown("nadia")[-1]
        assert "Is this the same person?" in read(asked.card or {})
        await world.clicks("nadia", label, on=asked)
        assert len(world.cards_of("sophie")) == wanted


async def test_a_form_that_could_not_be_saved_keeps_what_was_typed() -> None:
    store = ShakyStore(MemoryStore())
    async with teams_house(store=store) as world:
        await world.writes("nadia", "new")
        form = world.connector.messages[-1]
        store.refuses = 1
        await world.fills("nadia", "Announce", on=form, visitor_and_company="Julie Tremblay", here_for="Sophie")
        shown = world.teams.card("nadia", form)
        assert "not saved" in read(shown).casefold()
        assert "Julie Tremblay" in str(shown)


async def test_whoever_stands_at_no_counter_is_told_so(world: House) -> None:
    await world.writes("martin", "new")
    (said,) = world.texts("martin")
    assert said


# --- two counters ----------------------------------------------------------------------------------------------------

QUEBEC = "19:quebec@thread.tacv2"


def two_counters() -> Settings:
    """Give the house with a second counter, which has a channel of its own."""
    settings = on_teams()
    quebec = replace(settings.sites["montreal"], id="quebec", name="Québec", reception=(Address("teams", QUEBEC),))
    nadia = replace(settings.people["nadia"], reception_of=("montreal", "quebec"))
    return replace(settings, sites={**settings.sites, "quebec": quebec}, people={**settings.people, "nadia": nadia})


async def test_a_channel_of_reception_tells_the_counter() -> None:
    async with teams_house(settings=two_counters()) as both:
        await both.mentions("nadia", "Julie Tremblay for Martin Gagnon")
        assert (await both.visit()).site == "montreal"


async def test_a_line_where_nothing_tells_the_counter_is_asked_about() -> None:
    async with teams_house(settings=two_counters()) as both:
        both.connector.channels.add(QUEBEC)
        await both.writes("nadia", "Julie Tremblay for Martin Gagnon")
        asked = both.chat_of("nadia")[-1]
        assert buttons(asked) == ["Montréal", "Québec"]
        await both.clicks("nadia", "Québec", on=asked)
        assert (await both.visit()).site == "quebec"
        assert "Julie Tremblay" in read(both.connector.in_chat(QUEBEC)[-1].card or {})


async def test_the_form_has_a_choice_of_the_counter_and_keeps_it() -> None:
    async with teams_house(settings=two_counters()) as both:
        both.connector.channels.add(QUEBEC)
        await both.writes("nadia", "new")
        form = both.chat_of("nadia")[-1]
        await both.fills(
            "nadia", "Announce", on=form, visitor_and_company="Julie", here_for="Zebulon", counter="Québec"
        )
        await both.fills("nadia", "Announce", on=form, here_for="Sophie")
        assert (await both.visit()).site == "quebec"


async def test_the_form_in_a_channel_of_reception_needs_no_counter() -> None:
    async with teams_house(settings=two_counters()) as both:
        await both.mentions("nadia", "new")
        form = both.connector.messages[-1]
        await both.fills("nadia", "Announce", on=form, visitor_and_company="Julie", here_for="Zebulon")
        await both.fills("nadia", "Announce", on=form, here_for="Sophie")
        assert (await both.visit()).site == "montreal"
