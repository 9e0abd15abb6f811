"""Stories in Microsoft's own playground: what it posts, hello30 takes; what hello30 writes, it shows."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.teams.driver import labels
from tests.peers.teams.office import Office
from tests.peers.teams.playground import DESK, chat, user
from tests.world import plain

pytestmark = pytest.mark.peer

JULIE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: room booking"
MARTIN = (user("martin"), "Martin Gagnon")
ASKED = ["I'm coming", "In 2 min", "In 5 min", "Call back…", "Ask a colleague…"]


@pytest.fixture
async def office(office: Office) -> Office:
    """Give an office where reception's team and whoever has Teams have the app."""
    await office.installs()
    return office


async def test_a_visitor_is_announced_asked_about_and_greeted(office: Office) -> None:
    await office.mentions(JULIE)
    before = {person: office.card(person) for person in ("nadia", "martin")}
    assert "I have told Martin Gagnon, and by 9:14 a.m. I will tell you more." in office.reads("nadia")
    assert "room booking" in office.reads("martin")
    assert labels(office.martin.card(before["martin"])) == ASKED
    await office.presses("martin", "In 2 min")
    assert office.martin.said == ["Thank you. Julie Tremblay expects you within 2 minutes."]
    assert "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes." in office.reads("nadia")
    assert "Julie Tremblay expects you by 9:14 a.m." in office.reads("martin")
    await office.presses("nadia", "Hello happened")
    for person, card in before.items():
        assert [each.id for each in office.messages(person)] == [card.id]
        assert "Greeted" in office.reads(person)
        assert labels(office.card(person).card or {}) == ["Undo"]
    assert office.martin.called[0]["request"]["body"]["summary"].startswith("Julie Tremblay (Chambre de commerce): ")


async def test_a_callback_is_promised_in_a_form_that_stands_in_the_place_of_the_card(office: Office) -> None:
    await office.announces("Robert Lavoie", "Martin Gagnon", "Supplier")
    await office.presses("martin", "Call back…")
    assert "Call Robert Lavoie back" in office.reads("martin")
    await office.presses("martin", "Back")
    assert labels(office.martin.card(office.card("martin"))) == ASKED
    await office.presses("martin", "Call back…")
    await office.presses("martin", "Promise this callback", {"When?": "Today 9:30 a.m.", "Number": "514"})
    assert "Not sent yet. Please look again at: Number" in office.reads("martin")
    assert "CallbackPromised" not in await office.world.story()
    await office.presses("martin", "Promise this callback", {"Number": "514 555-0142"})
    assert "Martin Gagnon will call you today at 9:30 a.m., on +1 514-555-0142." in office.reads("nadia")
    assert "9:30 a.m." in office.reads("martin")
    assert len(office.messages("martin")) == 1


async def test_whoever_forgets_is_written_to_beside_the_card(office: Office) -> None:
    await office.mentions("Robert Lavoie for Martin Gagnon")
    await office.presses("martin", "In 2 min")
    await office.passes(minutes=4)
    assert "Has Martin come?" in office.reads("nadia")
    assert [each.text for each in office.messages("martin")] == ["", "Have you met Robert Lavoie?"]
    assert [each.text for each in office.messages("nadia")] == ["", "Has Martin Gagnon come?"]


async def test_a_form_announces_and_then_says_so_to_everybody_in_the_channel(office: Office) -> None:
    await office.mentions("new")
    form = office.card("nadia")
    robert = {"Visitor and company": "Robert Lavoie (Purolator)", "Here for": "Nobody"}
    await office.presses("nadia", "Announce", robert)
    assert await office.world.store.read(lambda tx: list(tx.visits(open_only=False))) == []
    await office.presses("nadia", "Announce", {"Here for": "Martin Gagnon", "Kind": "Supplier"})
    said, card = office.messages("nadia")
    assert (said.id, said.amended) == (form.id, 1)
    assert labels(said.card or {}) == []
    assert "Robert Lavoie (Purolator)" in office.reads("nadia", card)
    assert labels(office.martin.card(office.card("martin"))) == ASKED
    facts = await office.world.facts()
    assert (facts.visitor, facts.company) == ("Robert Lavoie", "Purolator")
    assert (await office.world.visit()).kind == "supplier"


async def test_a_double_click_is_one_answer(office: Office) -> None:
    await office.mentions(JULIE)
    card = office.card("martin")
    await asyncio.gather(*(office.martin.presses(card, "In 2 min") for _ in range(2)))
    await office.settles()
    assert office.martin.said == ["Thank you. Julie Tremblay expects you within 2 minutes."] * 2
    assert (await office.world.story()).count("HelloPromised") == 1


async def test_an_old_card_is_answered_kindly_by_either_kind_of_button(office: Office) -> None:
    await office.mentions(JULIE)
    old = office.card("martin")
    await office.presses("nadia", "Hello happened")
    await office.presses("martin", "In 2 min", on=old)
    await office.submits("martin", "In 5 min", on=old)
    closed = "This visit is closed; nothing has changed. At 9:12 a.m.: Martin Gagnon greeted Julie Tremblay."
    _, told = office.messages("martin")
    assert closed in office.martin.said[0]
    assert closed in plain(told.text)
    assert "HelloPromised" not in await office.world.story()


async def test_a_client_without_execute_has_its_form_in_a_message_of_its_own(office: Office) -> None:
    await office.announces("Robert Lavoie", "Martin Gagnon", "Supplier")
    await office.submits("martin", "Call back…")
    card, form = office.messages("martin")
    filled = {"When?": "Today 9:30 a.m.", "Number": "514 555-0142"}
    await office.submits("martin", "Promise this callback", filled, on=form)
    assert "Martin Gagnon will call you today at 9:30 a.m." in office.reads("nadia")
    assert "9:30 a.m." in office.reads("martin", office.messages("martin")[0])
    assert [(each.id, each.amended) for each in office.messages("martin")] == [(card.id, 1), (form.id, 1)]
    assert labels(office.messages("martin")[1].card or {}) == []  # it cannot be sent again


async def test_a_mention_in_a_reply_announces_and_the_names_of_others_stay(office: Office) -> None:
    await office.mentions(JULIE)
    thread = office.card("nadia").conversation
    posted = len(office.nadia.posted)
    await office.nadia.says(thread, "She has a seat now")  # it mentions nobody, so only people read it
    await office.mentions("Robert Lavoie for <at>Martin Gagnon</at>: a delivery", MARTIN, thread=thread)
    assert len(office.nadia.posted) == posted + 1
    assert "Robert Lavoie for Martin Gagnon" in office.reads("nadia")
    assert [each.conversation for each in office.cards("nadia")] != [thread] * 2  # a visit has a thread of its own
    assert "a delivery" in office.reads("martin")


async def test_what_is_typed_in_the_chat_answers_and_what_is_missing_is_asked_there(office: Office) -> None:
    await office.mentions(JULIE)
    await office.types("martin", "busy")
    *_, again = office.messages("martin")
    await office.presses("martin", "In 5 min", on=again)
    assert "Martin Gagnon is coming to greet you by 9:17 a.m." in office.reads("nadia")
    await office.mentions("Robert Lavoie for Martin Gagnon")
    await office.types("martin", "in 2 minutes")
    *_, which = office.messages("martin")
    assert "Who is this answer for?" in office.reads("martin", which)
    await office.presses("martin", "Robert Lavoie", on=which)
    assert "Martin Gagnon is coming to greet you by 9:14 a.m." in office.reads("nadia")
    assert (await office.world.story("Julie Tremblay")).count("HelloPromised") == 1


async def test_whoever_takes_the_app_out_is_passed_over_until_they_write_again(office: Office) -> None:
    await office.mentions(JULIE)
    await office.martin.happens("uninstall", chat("martin"))
    await office.settles()
    assert "My message cannot reach Martin Gagnon" in office.reads("nadia")
    await office.mentions("Robert Lavoie for Martin Gagnon")
    assert len(office.messages("martin")) == 1
    assert "Sophie Roy" in office.reads("nadia")
    await office.types("martin", "hello")
    await office.mentions("Anne Roy for Martin Gagnon")
    assert "Anne Roy" in office.reads("martin")


async def test_the_channel_is_quiet_once_the_app_is_out_of_its_team(office: Office) -> None:
    await office.nadia.happens("uninstall", DESK)
    await office.types("nadia", "Robert Lavoie for Martin Gagnon")
    assert office.messages("nadia") == []
    assert "Robert Lavoie" in office.reads("martin")
