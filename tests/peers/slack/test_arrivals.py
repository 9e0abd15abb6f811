"""Reception announces somebody in Slack: with a command, a modal, a mention."""

from __future__ import annotations

import pytest

from tests.peers.slack.office import Office, labels, said

pytestmark = pytest.mark.peer

HELLOS = ["I'm coming", "In 2 min", "In 5 min", "Call back…", "Ask a colleague…"]


async def test_one_line_puts_a_card_into_the_channel_and_one_before_the_owner(office: Office) -> None:
    read = await office.commands("nadia", "Julie Tremblay (Chambre de commerce) for Martin Gagnon: room booking")
    assert read == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    counter, martin = await office.card("nadia"), await office.card("martin")
    assert "I have told Martin Gagnon, and by 9:14 a.m. I will tell you more." in said(counter)
    assert labels(counter)[:2] == ["Hello happened", "Answered by voice…"]
    assert "Julie Tremblay is at reception for you." in said(martin)
    assert ">room booking" in said(martin)
    assert labels(martin) == [*HELLOS, "I've seen them", "Not safe"]


async def test_what_people_typed_can_mention_nobody_and_link_nowhere(office: Office) -> None:
    await office.commands("nadia", "Ada &lt;!channel&gt; &amp; Söns for Martin Gagnon: *now*")
    assert "Ada &lt;!channel&gt; &amp; Söns" in said(await office.card("martin"))
    assert (await office.world.facts()).visitor == "Ada <!channel> & Söns"


async def test_a_person_who_is_mentioned_as_the_owner_is_asked(office: Office) -> None:
    user = office.workspace.users["sophie"]
    assert "for Sophie Roy" in await office.commands("nadia", f"Julie Tremblay for <@{user}|sophie>")
    assert "Julie Tremblay is at reception for you." in said(await office.card("sophie"))


async def test_a_name_that_two_people_have_is_asked_back_and_one_press_settles_it(office: Office) -> None:
    await office.mentions("nadia", "Julie Tremblay for Martin: a signature")
    (whisper,) = await office.workspace.whispers("nadia")
    assert labels(whisper) == ["Martin Gagnon", "Martin Tremblay"]
    assert await office.cards("nadia") == []
    await office.presses("nadia", "Martin Gagnon", whisper)
    assert "Julie Tremblay is at reception for you." in said(await office.card("martin"))


async def test_it_is_asked_back_also_about_a_line_longer_than_a_button_can_carry(office: Office) -> None:
    await office.mentions("nadia", f"Julie Tremblay for Martin: {'a ' * 1500}")
    (whisper,) = await office.workspace.whispers("nadia")
    await office.presses("nadia", "Martin Gagnon", whisper)
    assert "Julie Tremblay is at reception for you." in said(await office.card("martin"))


async def test_in_a_modal_it_is_asked_back_in_that_modal(office: Office) -> None:
    await office.commands("nadia")
    answer = await office.fills(
        "nadia",
        await office.modal("nadia"),
        Visitor_and_company="Julie Tremblay",
        Here_for="Martin",
        What_about="a bill",
    )
    assert answer["response_action"] == "update"
    assert "Who is the visit for?" in said(await office.modal("nadia"))
    await office.chooses("nadia", "Martin Gagnon")
    assert said(await office.modal("nadia")) == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    assert ">a bill" in said(await office.card("martin"))


async def test_the_same_visitor_again_is_no_second_visit(office: Office) -> None:
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    await office.mentions("nadia", "Julie Tremblay for Martin Gagnon")
    (whisper,) = await office.workspace.whispers("nadia")
    assert "Is this the same person?" in said(whisper)
    await office.presses("nadia", "Same", whisper)
    assert len(await office.cards("nadia")) == 1


async def test_without_a_line_the_modal_opens_and_what_is_filled_in_is_announced(office: Office) -> None:
    assert await office.commands("nadia") == ""
    modal = await office.modal("nadia")
    answer = await office.fills(
        "nadia",
        modal,
        Visitor_and_company="Robert Lavoie (Plomberie Lavoie)",
        Here_for="Sophie Roy",
        Kind="Supplier",
        How_long="5 minutes",
        How_many_people="2",
    )
    assert answer == {}
    assert "I have told Sophie Roy" in said(await office.card("nadia"))
    sophie = said(await office.card("sophie"))
    assert "Robert Lavoie is at reception for you." in sophie
    assert "Supplier" in sophie
    facts = await office.world.facts()
    assert (facts.company, facts.party, facts.how_long_s) == ("Plomberie Lavoie", 2, 300)


async def test_the_owner_may_be_chosen_among_those_in_slack(office: Office) -> None:
    await office.commands("nadia")
    chosen = {"Or_someone_in_Slack": office.workspace.users["tremblay"]}
    await office.fills("nadia", await office.modal("nadia"), Visitor_and_company="Julie Tremblay", **chosen)
    assert "Julie Tremblay est à l'accueil pour vous." in said(await office.card("tremblay"))


async def test_what_is_wrong_stands_beside_its_field_and_the_modal_stays(office: Office) -> None:
    await office.commands("nadia")
    modal = await office.modal("nadia")
    answer = await office.fills("nadia", modal, Visitor_and_company="Julie Tremblay", Here_for="Nobody Here")
    assert answer["response_action"] == "errors"
    assert list(answer["errors"]) == ["owner"]
    assert await office.cards("nadia") == []
    again = await office.fills("nadia", modal, Visitor_and_company="Julie Tremblay", Here_for="Karim")
    assert again == {}


async def test_a_mention_announces_and_says_nothing_beside_the_card(office: Office) -> None:
    await office.mentions("nadia", "Julie Tremblay for Sophie: a signature")
    assert "I have told Sophie Roy" in said(await office.card("nadia"))
    assert await office.whispered("nadia") == []
    assert len(await office.messages("nadia")) == 1


async def test_slack_tells_the_same_twice_and_it_is_done_and_said_once(office: Office) -> None:
    line = {
        "type": "app_mention",
        "user": office.workspace.users["nadia"],
        "text": "<@U0HELLO30> who are you?",
        "channel": office.workspace.channel,
        "ts": "1772633520.900000",
    }
    await office.workspace.posts_event(line, number=77)
    await office.workspace.posts_event(line, number=77, retry=1)
    await office.settles()
    assert len(await office.whispered("nadia")) == 1


async def test_a_modal_that_slack_opens_no_more_is_explained(office: Office) -> None:
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    before = len(await office.workspace.views("nadia"))
    await office.presses("nadia", "Add phone", late_s=4)
    assert office.workspace.refused == ["views.open: expired_trigger_id"]
    office.workspace.refused.clear()
    assert await office.whispered("nadia") == [
        "Slack took too long to open the form. Please press again; nothing has changed."
    ]
    await office.presses("nadia", "Add phone")
    assert len(await office.workspace.views("nadia")) == before + 1


async def test_the_steps_of_a_visit_stand_in_the_thread_of_its_card(office: Office) -> None:
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    assert await office.steps() == []
    await office.presses("martin", "In 2 min")
    (first,) = await office.steps()
    await office.passes(minutes=4)
    await office.presses("nadia", "Not yet")
    await office.presses("sophie", "I'm coming")
    (steps,) = await office.steps()
    assert (steps["ts"], steps["thread_ts"]) == (first["ts"], (await office.card("nadia"))["ts"])
    assert [line.partition(" · ")[2] for line in said(steps).splitlines()] == [
        "Nadia Benali announced Julie Tremblay for Martin Gagnon.",
        "Martin Gagnon was asked.",
        "Martin Gagnon promised a hello by 9:14 a.m.",
        "Nobody confirmed in time the hello promised by Martin Gagnon.",
        "The question is back with Martin Gagnon.",
        "Reception and Martin Gagnon were asked: has the hello happened?",
        "Nadia Benali answered: not yet.",
        "Sophie Roy was asked as well.",
        "Sophie Roy promised a hello by 9:18 a.m.",
    ]
    assert steps["ts"] not in [message["ts"] for message in await office.messages("nadia")]  # in the channel itself


@pytest.mark.parametrize("workspace", [{"private": True}], indirect=True)
async def test_a_private_channel_may_be_receptions(office: Office) -> None:
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    await office.presses("martin", "I'm coming")
    assert "Martin Gagnon is coming to greet you" in said(await office.card("nadia"))
