"""Reception in Slack: a line behind `/visitor`, its modal, a mention; what is asked back, and what is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.policy import Via
from bot.messages import Address
from bot.storage.memory import MemoryStore
from tests.adapters.slack.api import Fault, refused
from tests.adapters.slack.driver import Slack, labels, said
from tests.adapters.slack.house import House, on_slack, slack_house
from tests.fakes import ShakyStore

LINE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: a key"


async def test_a_line_behind_the_command_announces_at_once(world: House) -> None:
    await world.commands(LINE)
    assert world.whispers("nadia") == ["Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."]
    assert "Julie Tremblay (Chambre de commerce) for Martin Gagnon* · Asking Martin" in world.reads("nadia")
    assert world.buttons("nadia") == ["Hello happened", "Answered by voice…"]
    assert "Julie Tremblay is at reception for you." in world.reads("martin")
    assert ">a key" in world.reads("martin")
    assert world.buzzes("martin") == [], "a card that is new makes the phone buzz by itself"
    assert world.buzzes("nadia") == []


async def test_a_cards_own_text_says_all_in_a_notification(world: House) -> None:
    await world.commands(LINE)
    text = world.message("martin").text
    assert text.startswith("Julie Tremblay (Chambre de commerce): Julie Tremblay is at reception for you.")


async def test_two_people_of_one_name_are_a_choice_and_never_a_guess(world: House) -> None:
    await world.commands("Julie Tremblay for Martin")
    asked = world.whispered("nadia")
    assert "More than one person goes by the name Martin." in said(asked)
    assert labels(asked.blocks) == ["Martin Gagnon", "Martin Tremblay"]
    assert (world.cards_of("martin"), world.cards_of("tremblay")) == ([], [])
    await world.answers("nadia", "Martin Tremblay")
    assert world.whispers("nadia")[-1] == "Posted at 9:12 a.m.: Julie Tremblay for Martin Tremblay."
    assert "Julie Tremblay" in world.reads("tremblay")
    assert world.cards_of("martin") == []


async def test_somebody_who_is_mentioned_in_the_line_is_whom_they_are_here_for(world: House) -> None:
    await world.commands("Julie Tremblay for <@UTREMBLAY|martin>: a key")
    assert "Julie Tremblay" in world.reads("tremblay")
    assert world.cards_of("martin") == []


@pytest.mark.parametrize("word", ["payload", "payload=", "a {payload} & more"])
async def test_whatever_stands_in_the_line_is_read(world: House, word: str) -> None:
    await world.commands(f"Julie Tremblay for Sophie: {word}")
    assert ">" + word.replace("&", "&amp;") in world.reads("sophie")


async def test_a_line_that_cannot_be_read_comes_back_with_what_is_missing(world: House) -> None:
    await world.commands("Julie Tremblay for Zebulon")
    [told] = world.whispers("nadia")
    assert 'No name matches "Zebulon".' in told
    assert "/visitor Julie Tremblay for Zebulon" in told
    assert world.shown("nadia") == []


async def test_the_command_alone_opens_a_modal(world: House) -> None:
    await world.commands()
    assert "Announce a visitor" in world.modal("nadia")
    await world.fills("nadia", visitor_and_company="Julie Tremblay (Chambre de commerce)", here_for="Sophie")
    assert not world.has_modal("nadia")
    assert "Julie Tremblay (Chambre de commerce) for Sophie Roy" in world.reads("nadia")
    assert (await world.facts()).company == "Chambre de commerce"
    assert "Julie Tremblay is at reception for you." in world.reads("sophie")


async def test_everything_that_is_filled_in_is_kept(world: House) -> None:
    await world.commands()
    await world.fills(
        "nadia",
        visitor_and_company="Julie Tremblay",
        or_someone_in_slack="martin",
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


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(world: House) -> None:
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Zebulon", phone="12")
    assert set(world.errors("nadia")) == {"Here for", "Phone"}
    assert 'the number "12"' in world.errors("nadia")["Phone"]
    await world.fills("nadia", visitor_and_company="Julie Tremblay")
    assert world.errors("nadia") == {"Here for": "Who is it for?"}
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie", phone="514 555-0142")
    assert not world.has_modal("nadia")
    assert "Julie Tremblay" in world.reads("sophie")


async def test_somebody_in_slack_whom_nobody_linked_is_told_beside_the_field(world: House) -> None:
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", or_someone_in_slack="stranger")
    assert world.errors("nadia") == {
        "Here for": "hello30 does not know this person yet. Please write the name instead."
    }


async def test_two_people_of_one_name_are_chosen_from_in_the_modal(world: House) -> None:
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Martin", phone="514 555-0142")
    assert "More than one person goes by the name Martin." in world.modal("nadia")
    await world.chooses("nadia", "Martin Gagnon")
    assert "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon." in world.modal("nadia")
    assert "Julie Tremblay" in world.reads("martin")
    assert (await world.facts()).phone == "+15145550142"


@pytest.mark.parametrize("by", ["line", "modal"])
async def test_the_same_person_again_is_asked_about(world: House, by: str) -> None:
    await world.commands("Julie Tremblay for Sophie")
    for label, wanted in (("Same", 1), ("Another person", 2)):
        if by == "line":
            await world.commands("Julie Tremblay for Sophie")
            assert "Is this the same person?" in world.whispers("nadia")[-1]
            await world.answers("nadia", label)
        else:
            await world.commands()
            await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie")
            assert "Is this the same person?" in world.modal("nadia")
            await world.chooses("nadia", label)
        assert len(world.cards_of("sophie")) == wanted


@pytest.mark.parametrize("written", ["three", "0", "-1", "1.5", "٣", "9999999999"])
async def test_how_many_have_come_is_a_number_from_1_or_said_to_be_none(world: House, written: str) -> None:
    await world.commands()
    [field] = [b for b in world.api.modal("UNADIA").view["blocks"] if b.get("block_id") == "party"]
    assert (field["element"]["type"], field["element"]["min_value"]) == ("number_input", "1")
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie", how_many_people=written)
    wanted = "How many have come, as a number from 1; leave it empty for one person."
    assert world.errors("nadia") == {"How many people": wanted}
    assert world.cards_of("sophie") == []
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie", how_many_people="4")
    assert (await world.facts()).party == 4


async def test_a_name_and_another_person_are_never_a_guess(world: House) -> None:
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie", or_someone_in_slack="martin")
    wanted = "Another name is written above. Please keep the name, or the person chosen here."
    assert world.errors("nadia") == {"Or someone in Slack": wanted}
    assert (world.cards_of("sophie"), world.cards_of("martin")) == ([], [])


async def test_somebody_who_is_chosen_says_which_of_two_of_a_name_is_meant(world: House) -> None:
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Martin", or_someone_in_slack="tremblay")
    assert not world.has_modal("nadia")
    assert "Julie Tremblay" in world.reads("tremblay")


async def test_a_name_helps_where_nobody_has_linked_who_is_chosen(world: House) -> None:
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie", or_someone_in_slack="stranger")
    assert "Julie Tremblay" in world.reads("sophie")


async def test_an_arrival_at_a_counter_without_a_channel_is_said_in_the_modal() -> None:
    settings = on_slack()
    sites = {
        name: replace(site, reception=(Address("web", f"reception:{name}"),)) for name, site in settings.sites.items()
    }
    async with slack_house(settings=replace(settings, sites=sites)) as world:
        await world.commands()
        await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie")
        assert "Posted at 9:12 a.m.: Julie Tremblay for Sophie Roy." in world.modal("nadia")
        assert "Julie Tremblay" in world.reads("sophie")


@pytest.mark.parametrize(
    "line", ["<@UGUEST|olivia> for <@UMARTIN|m>", "<@USOPHIE> (ACME) for Martin", "<@UG> for Martin"]
)
@pytest.mark.parametrize("by", ["command", "mention", "message"])
async def test_a_colleague_who_is_mentioned_is_no_visitor(world: House, by: str, line: str) -> None:
    await {"command": world.commands, "mention": lambda t: world.mentions("nadia", t)}.get(
        by, lambda t: world.writes("nadia", t)
    )(line)
    told = [*world.whispers("nadia"), *(said(m) for m in world.api.in_channel("UNADIA"))]
    assert len(told) == 1
    assert told[0].startswith("Who has come? Please write the visitor's name; a mention is somebody in Slack.")
    assert ("/visitor" in told[0]) is (by == "command")
    assert world.cards_of("martin") == []


async def test_a_colleague_may_still_be_written_about(world: House) -> None:
    await world.commands("Julie Tremblay for <@UMARTIN|martin>: a key from <@USOPHIE>")
    assert ">a key from Sophie Roy" in world.reads("martin")
    await world.commands("<@USOPHIE> for Martin", by="martin")
    assert "This is for reception of this site" in world.whispers("martin")[-1]


async def test_hello30_may_be_mentioned_in_the_direct_message_too(world: House) -> None:
    await world.writes("nadia", "<@UBOT> Julie Tremblay for Martin Gagnon")
    assert (await world.facts()).visitor == "Julie Tremblay"


# --- in the thread of a card -----------------------------------------------------------------------------------------


async def test_a_mention_in_the_thread_of_receptions_card_answers_it(world: House) -> None:
    await world.commands("Julie Tremblay for Martin Gagnon")
    await world.commands("Paul Roy for Martin Gagnon")
    card = world.message("nadia", "Julie Tremblay")
    await world.slack.mentions("martin", "in 5 min", thread_ts=card.ts)
    await world.goes_on()
    assert "Martin Gagnon is coming to greet you by 9:17 a.m." in world.reads("nadia", "Julie Tremblay")
    assert "expects you by" not in world.reads("martin", "Paul Roy")
    whisper = world.whispered("martin")
    assert (said(whisper), whisper.thread) == ("Thank you. Julie Tremblay expects you within 5 minutes.", card.ts)


@pytest.mark.parametrize("line", ["Paul Roy for Sophie Roy", "gone", "in 5 minutes he said"])
async def test_what_does_not_apply_there_gets_a_kind_word_and_announces_nobody(world: House, line: str) -> None:
    await world.commands("Julie Tremblay for Martin Gagnon")
    card = world.message("nadia")
    await world.slack.mentions("nadia", line, thread_ts=card.ts)
    await world.goes_on()
    assert "Nothing is asked of you at the moment, so nothing has changed." in world.whispers("nadia")[-1]
    assert world.whispered("nadia").thread == card.ts
    assert len(world.cards_of("nadia")) == 1


async def test_a_mention_in_a_thread_of_somebody_else_announces(world: House) -> None:
    await world.slack.mentions("nadia", "Julie Tremblay for Sophie", thread_ts="1772633520.9")
    await world.goes_on()
    assert "Julie Tremblay" in world.reads("sophie")


# --- while Slack is away ---------------------------------------------------------------------------------------------


async def test_a_form_that_may_not_open_is_said_at_once_while_slack_is_away(world: House) -> None:
    await world.api.goes_down()
    await world.commands("Julie Tremblay for Martin Gagnon")  # its cards do not get through
    await world.commands()
    assert "please write the visitor behind the command: /visitor Julie Tremblay for" in world.whispers("nadia")[-1]
    await world.api.comes_up()
    await world.passes(seconds=3)  # its cards get through
    said_before = len(world.whispers("nadia"))
    await world.commands()
    assert world.has_modal("nadia")
    assert "write the visitor behind" not in "".join(world.whispers("nadia")[said_before:])


async def test_a_form_that_slack_did_not_open_is_said_once_that_can_be_said(world: House) -> None:
    world.api.fails("views.open", Fault(status=503))
    await world.commands()
    assert not world.has_modal("nadia")
    assert "please write the visitor behind the command" in world.whispers("nadia")[-1]


async def test_a_mention_in_receptions_channel_announces(world: House) -> None:
    await world.mentions("nadia", "Julie Tremblay for Sophie: a key")
    assert "Julie Tremblay" in world.reads("sophie")
    assert ">a key" in world.reads("sophie")
    assert world.whispers("nadia") == []  # the card says it


async def test_a_mention_that_is_not_clear_is_asked_back_to_whoever_wrote_it(world: House) -> None:
    await world.mentions("nadia", "Julie Tremblay for Martin")
    await world.answers("nadia", "Martin Gagnon")
    assert world.whispers("nadia")[-1] == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
    assert "Julie Tremblay" in world.reads("martin")


async def test_a_mention_by_an_app_is_left_alone(world: House) -> None:
    await world.slack.mentions("nadia", "Julie Tremblay for Sophie", user=None, bot_id="B2", subtype="bot_message")
    await world.goes_on()
    assert world.api.messages == []


async def test_whoever_is_not_reception_is_told_who_can_announce(world: House) -> None:
    await world.commands("Julie Tremblay for Sophie", by="martin")
    assert "This is for reception of this site; nothing has changed." in world.whispers("martin")[-1]
    await world.commands(by="martin")
    assert "This is for reception of this site; nothing has changed." in world.whispers("martin")[-1]
    assert len(world.whispers("martin")) == 2
    assert not world.has_modal("martin")
    assert world.cards_of("sophie") == []


async def test_a_stranger_is_told_how_to_be_linked(world: House) -> None:
    await world.commands("Julie Tremblay for Sophie", by="stranger")
    await world.mentions("stranger", "Julie Tremblay for Sophie")
    await world.writes("stranger", "busy")
    told = [*world.whispers("stranger"), *(said(m) for m in world.shown("stranger"))]
    assert len(told) == 3
    assert all("ask an admin to link this account to your name. Nothing has changed." in text for text in told)
    assert world.cards_of("sophie") == []


async def test_a_modal_that_would_open_too_late_is_a_kind_word(world: House) -> None:
    world.api.fails_always("views.open", refused("expired_trigger_id"))
    await world.commands()
    assert not world.has_modal("nadia")
    assert world.whispers("nadia") == ["Slack took too long to open the form. Please press again; nothing has changed."]


async def test_reception_reads_in_its_own_language() -> None:
    settings = on_slack()
    people = {**settings.people, "nadia": replace(settings.people["nadia"], language="fr-CA")}
    sites = {name: replace(site, language="fr-CA") for name, site in settings.sites.items()}
    async with slack_house(settings=replace(settings, people=people, sites=sites)) as world:
        await world.commands()
        await world.fills("nadia", qui_vient_et_son_organisation="Julie Tremblay", pour_qui="Zebulon")
        assert list(world.errors("nadia")) == ["Pour qui"]
        assert "Fermer" in world.modal("nadia")
        await world.fills("nadia", qui_vient_et_son_organisation="Julie Tremblay", pour_qui="Sophie")
        assert "Julie Tremblay pour Sophie Roy" in world.reads("nadia")
        assert "Attend depuis" in world.reads("nadia")
        assert "Julie Tremblay is at reception for you." in world.reads("sophie")


async def test_what_is_not_saved_keeps_the_modal_open_with_what_was_typed() -> None:
    store = ShakyStore(MemoryStore())
    async with slack_house(store=store) as world:
        await world.commands()
        store.refuses = 1
        await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie")
        [text] = world.errors("nadia").values()
        assert text == "This visit is not saved: Julie Tremblay for Sophie. Please post it again."
        assert world.cards_of("sophie") == []
        await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie")
        assert not world.has_modal("nadia")
        assert len(world.cards_of("sophie")) == 1


async def test_what_is_not_saved_gives_the_line_back() -> None:
    store = ShakyStore(MemoryStore(), refuses=1)
    async with slack_house(store=store) as world:
        await world.commands("Julie Tremblay for Sophie: 1 < 2 & *so*")
        [told] = world.whispers("nadia")
        assert told.startswith("Not saved")
        assert told.endswith("/visitor Julie Tremblay for Sophie: 1 &lt; 2 &amp; so")
        assert world.cards_of("sophie") == []


async def test_a_mention_that_is_not_saved_is_said_and_the_next_one_announces() -> None:
    store = ShakyStore(MemoryStore(), refuses=1)
    async with slack_house(store=store) as world:
        await world.mentions("nadia", "Julie Tremblay for Sophie")
        assert world.whispers("nadia")[-1].startswith("Not saved")
        await world.mentions("nadia", "Julie Tremblay for Sophie")
        assert len(world.cards_of("sophie")) == 1


async def test_what_a_visitor_is_called_never_becomes_a_mention_or_a_link(world: House) -> None:
    await world.commands("&lt;!channel&gt; &lt;@UCLAIRE|x&gt; Tremblay for Sophie")
    for person in ("nadia", "sophie"):
        texts = [*(m.text for m in world.shown(person)), world.reads(person)]
        assert all("<!channel>" not in text and "<@" not in text for text in texts)
        assert "&lt;!channel&gt;" in world.reads(person)


async def test_a_site_is_known_by_its_channel_and_otherwise_by_who_announces(world: House) -> None:
    await world.slack.commands("nadia", "Julie Tremblay for Sophie", channel="CANYTHING")
    await world.goes_on()
    assert (await world.visit()).site == "montreal"
    assert world.whispered("nadia").channel == "CANYTHING"
    assert Slack.user("nadia") == world.whispered("nadia").only_for
