"""Stories at the counter: who may post, whom they mean, who was posted twice, and what never stands on its screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.events import PressRefused
from bot.domain.visit import Hello
from bot.messages import Address, Announce, Incoming, Outcome
from bot.settings import Settings
from tests.world import COUNTER, World, house, plain

NAMES = [
    "<script>alert(1)</script>",
    'O\'Brien & Sons "Ltd"',
    "{owner} %s {0}",
    "张伟",
    "Zoë 👩‍🔧 Ødegård",
    "=1+1",
    "*Julie* _T_",
]


def two_counters() -> Settings:
    """Give the house of the stories with a second counter, in Québec, where Olivier works."""
    settings = house()
    quebec = replace(
        settings.sites["montreal"],
        id="quebec",
        name="Québec",
        reception=(Address("web", "reception:quebec"),),
    )
    olivier = replace(
        settings.people["nadia"], id="olivier", name="Olivier Côté", given="Olivier", reception_of=("quebec",)
    )
    return replace(
        settings,
        sites={**settings.sites, "quebec": quebec},
        people={**settings.people, "olivier": olivier},
        addresses={**settings.addresses, "olivier": (Address("web", "olivier"),)},
    )


async def nothing_posted(world: World) -> bool:
    return not await world.store.read(lambda tx: tx.visits(open_only=False))


# --- whom they mean --------------------------------------------------------------------------------------------------


async def test_two_martins_are_a_choice_never_a_guess(world: World) -> None:
    reply = await world.arrives("Julie Tremblay", to_see="Martin")
    assert reply.outcome is Outcome.ASKED_BACK
    assert reply.text == "More than one person goes by the name Martin. Who is the visit for?"
    assert [(b.label, b.value) for b in reply.buttons] == [("Martin Gagnon", "martin"), ("Martin Tremblay", "tremblay")]
    assert await nothing_posted(world)
    chosen = await world.arrives("Julie Tremblay", to_see="tremblay")
    assert plain(chosen.text) == "Posted at 9:12 a.m.: Julie Tremblay for Martin Tremblay."


@pytest.mark.parametrize("written", ["gagnon", "MARTIN GAGNON", "Martin  Gagnon", "sophie", "Sophie-Roy"])
async def test_a_name_is_found_however_it_is_written(world: World, written: str) -> None:
    reply = await world.arrives("Julie Tremblay", to_see=written)
    assert reply.outcome is Outcome.DONE
    assert (await world.visit()).owner == ("sophie" if written.lower().startswith("sophie") else "martin")


@pytest.mark.parametrize("written", ["Robert", "Martn", "M", "everybody", "<b>Martin</b>"])
async def test_an_unknown_owner_is_told_beside_the_field(world: World, written: str) -> None:
    reply = await world.arrives("Julie Tremblay", to_see=written)
    assert reply.outcome is Outcome.REFUSED
    assert reply.errors == {"owner": f'No name matches "{written}". Pick one from the list, or write it again.'}
    assert await nothing_posted(world)


async def test_an_id_that_is_nobodys_is_told_too(world: World) -> None:
    reply = await world.arrives("Julie Tremblay", owner_id="nobody")
    assert set(reply.errors) == {"owner"}


async def test_nothing_typed_is_asked_back_all_at_once(world: World) -> None:
    reply = await world.arrives("  ", to_see="")
    assert reply.outcome is Outcome.REFUSED
    assert reply.errors == {"visitor": "Who has come?", "owner": "Who is it for?"}


@pytest.mark.parametrize("blank", ["\u200b", "\x00\x07", "\u202e\u2066", "\ufeff"])
async def test_a_name_of_nothing_that_can_be_read_is_no_name(world: World, blank: str) -> None:
    reply = await world.arrives(blank, to_see="martin")
    assert reply.errors == {"visitor": "Who has come?"}


async def test_what_is_too_long_is_told_beside_its_field(world: World) -> None:
    long = {"company": "c" * 121, "about": "a" * 501, "phone": "5" * 61}
    reply = await world.arrives("V" * 121, to_see="M" * 121, **long)
    assert reply.errors == {
        name: f"This is too long: {most} characters at most."
        for name, most in (("visitor", 120), ("company", 120), ("about", 500), ("owner", 120), ("phone", 60))
    }
    assert await nothing_posted(world)
    assert (await world.arrives("V" * 120, to_see="martin", about="a" * 500)).outcome is Outcome.DONE


async def test_a_wrong_number_is_told_and_a_right_one_kept(world: World) -> None:
    wrong = await world.arrives("Julie Tremblay", to_see="martin", phone="555-0142")
    assert wrong.errors == {"phone": 'I did not understand the number "555-0142"; for example 514 555-0142'}
    await world.arrives("Julie Tremblay", to_see="martin", phone="(514) 555-0142")
    assert (await world.facts()).phone == "+15145550142"


# --- in one line -----------------------------------------------------------------------------------------------------


async def test_an_arrival_in_one_line(world: World) -> None:
    reply = await world.announces("Julie Tremblay (Chambre de commerce) for Sophie: room booking, 514 555-0142")
    assert plain(reply.text) == "Posted at 9:12 a.m.: Julie Tremblay for Sophie Roy."
    facts = await world.facts()
    assert (facts.visitor, facts.company, facts.phone) == ("Julie Tremblay", "Chambre de commerce", "+15145550142")
    assert facts.about.startswith("room booking")


async def test_a_line_for_one_of_two_martins_is_a_choice(world: World) -> None:
    reply = await world.announces("Julie Tremblay pour Martin")
    assert reply.outcome is Outcome.ASKED_BACK
    assert [button.value for button in reply.buttons] == ["martin", "tremblay"]


@pytest.mark.parametrize("line", ["", "Julie Tremblay", "someone is here!", "for Martin", "x" * 10_000, "\x00\x1b[31m"])
async def test_a_line_that_says_too_little_is_asked_back(world: World, line: str) -> None:
    reply = await world.announces(line)
    assert reply.outcome is Outcome.REFUSED
    assert reply.errors
    assert await nothing_posted(world)


@pytest.mark.parametrize(
    "line",
    [f"{'x' * 121} for Martin Gagnon", f"{'x' * 130} (Chambre) for Martin Gagnon: a signature", "x" * 10_000],
    ids=["just too long", "with more", "nothing else"],
)
async def test_a_name_that_is_too_long_for_a_line_is_too_long_for_a_form_in_the_same_words(
    world: World, line: str
) -> None:
    beside = await world.arrives("x" * 121, to_see="martin")
    reply = await world.announces(line)
    assert reply.text == beside.errors["visitor"] == "This is too long: 120 characters at most."
    assert (await world.announces(f"{'x' * 120} for Martin Gagnon")).outcome is Outcome.DONE


async def test_an_unknown_owner_in_a_line_is_told_without_a_list(world: World) -> None:
    reply = await world.announces("Julie Tremblay for Zoé Nobody")
    assert reply.text == 'No name matches "Zoé Nobody". Please send it again with the full name.'


@pytest.mark.parametrize("written", ["<@U999>", "<@U999|olivia>"])
async def test_somebody_mentioned_whom_nobody_linked_is_told_by_name(world: World, written: str) -> None:
    line = await world.announces(f"Julie Tremblay for {written}: a signature")
    form = await world.arrives("Julie Tremblay", to_see=written)
    assert line.text == form.text == "hello30 does not know this person yet. Please write the name instead."


# --- twice -----------------------------------------------------------------------------------------------------------


async def test_announced_twice_is_asked_about_same_or_another_person(world: World) -> None:
    await world.arrives("Zoë Côté", to_see="martin")
    await world.passes(minutes=29)
    reply = await world.arrives("zoe  COTE", to_see="martin")
    assert reply.outcome is Outcome.ASKED_BACK
    assert (
        plain(reply.text) == "At 9:12 a.m., Nadia Benali announced zoe COTE for Martin Gagnon. Is this the same person?"
    )
    assert [button.label for button in reply.buttons] == ["Same", "Another person"]
    same = await world.arrives("zoe  COTE", to_see="martin", same=True)
    assert same.outcome is Outcome.NOTHING_NEW
    assert same.visit == world.card(COUNTER).visit
    assert len(world.cards(COUNTER)) == 1
    await world.arrives("zoe  COTE", to_see="martin", another=True)
    assert len(world.cards(COUNTER)) == 2


@pytest.mark.parametrize("minutes, owner", [(30, "martin"), (5, "sophie")])
async def test_half_an_hour_later_or_for_somebody_else_it_is_another_visit(
    world: World, minutes: int, owner: str
) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(minutes=minutes)
    assert (await world.arrives("Julie Tremblay", to_see=owner)).outcome is Outcome.DONE


async def test_a_closed_visit_is_not_the_same(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses(COUNTER, "Hello happened")
    assert (await world.arrives("Julie Tremblay", to_see="martin")).outcome is Outcome.DONE


async def test_the_same_announcement_delivered_twice_is_one_visit(world: World) -> None:
    act = Announce(visitor="Julie Tremblay", owner_id="martin")
    incoming = Incoming(key="twice", sender=Address("web", "nadia"), act=act)
    first, again = await world.parts.inbox.receive(incoming), await world.parts.inbox.receive(incoming)
    assert first == again
    assert len(await world.store.read(lambda tx: tx.visits())) == 1


# --- by mistake ------------------------------------------------------------------------------------------------------


async def test_posted_by_mistake_tells_everybody_asked_once(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(minutes=2)
    reply = await world.presses(COUNTER, "Posted by mistake")
    assert reply.text == "Taken back: everybody who was asked is told."
    for person in ("martin", "sophie"):
        assert world.nudges(person).count("Posted by mistake: Julie Tremblay") == 1
        assert world.labels(person) == []
        assert world.notes(person)[0].startswith("This visit was posted by mistake: Julie Tremblay.")
    visit = await world.visit()
    assert (visit.mistake, visit.hello, visit.is_open) == (True, Hello.DROPPED, False)
    await world.passes(hours=2)
    assert world.nudges("claire") == []


async def test_a_mistake_stays_out_of_what_is_counted(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses(COUNTER, "Posted by mistake")
    await world.arrives("Julie Tremblay", to_see="sophie")
    labels = [fact.label for fact in world.card("sophie").facts]
    assert "Visits before" not in labels


async def test_a_mistake_can_be_undone(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses(COUNTER, "Posted by mistake")
    await world.presses(COUNTER, "Undo")
    visit = await world.visit()
    assert (visit.mistake, visit.hello, visit.here) == (False, Hello.OWED, True)
    assert "I'm coming" in world.labels("martin")


# --- who may ---------------------------------------------------------------------------------------------------------


async def test_a_strangers_address_is_told_how_to_be_linked(world: World) -> None:
    act = Announce(visitor="Julie Tremblay", owner="Sophie")
    stranger = Incoming(key="k", sender=Address("web", "somebody"), act=act, language="fr-CA")
    reply = await world.parts.inbox.receive(stranger)
    assert reply.outcome is Outcome.REFUSED
    assert "hello30" in reply.text
    other = await world.parts.inbox.receive(replace(stranger, sender=Address("slack", "nadia"), language=None))
    assert other.text.startswith("I do not know you yet at hello30: ask an admin to link this account to your name.")
    assert await nothing_posted(world)


async def test_only_reception_announces(world: World) -> None:
    reply = await world.arrives("Julie Tremblay", to_see="martin", by="sophie")
    assert reply.outcome is Outcome.REFUSED
    assert reply.text.startswith("Thank you. This is for reception of this site; nothing has changed.")
    assert await nothing_posted(world)


@pytest.mark.parametrize("button", ["hello_happened", "visitor_left", "mistake", "ask_someone_else", "by_voice"])
async def test_what_is_receptions_is_refused_kindly_to_others_and_journaled(world: World, button: str) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    values = {"to": "sophie", "who": "martin", "what": "hello:2"}
    visit = world.card("martin").visit
    reply = (
        await world.sends("martin", visit=visit, button=button, submitted=True, values=values)
        if button
        in (
            "ask_someone_else",
            "by_voice",
        )
        else await world.sends("martin", visit=visit, button=button)
    )
    assert reply.outcome is Outcome.REFUSED
    assert "nothing has changed" in reply.text
    refused = (await world.journal())[-1]
    assert isinstance(refused, PressRefused)
    assert (refused.by, refused.command) == ("martin", button)


async def test_another_sites_reception_is_refused(world: World) -> None:
    there = world.restarted(two_counters())
    await there.arrives("Julie Tremblay", to_see="martin")
    visit = there.card(COUNTER).visit
    for button in ("hello_happened", "visitor_left", "mistake", "by_voice", "add_phone", "ask_someone_else", "note"):
        reply = await there.sends("olivier", visit=visit, button=button)
        assert reply.outcome is Outcome.REFUSED, button
        assert "Tremblay" not in reply.text
        assert reply.form is None
    elsewhere = await there.arrives("Marc Roy", to_see="martin", by="olivier", site="montreal")
    assert elsewhere.outcome is Outcome.REFUSED
    own = await there.arrives("Marc Roy", to_see="martin", by="olivier")
    assert own.outcome is Outcome.DONE
    assert [card.visitor for card in there.cards("reception:quebec")] == ["Marc Roy"]
    assert [card.visitor for card in there.cards(COUNTER)] == ["Julie Tremblay"]


async def test_a_button_that_there_is_not_is_refused_kindly(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    visit = world.card("martin").visit
    for press in (
        {"button": "give_up"},
        {"button": "hello", "value": "soon"},
        {"button": "hello", "value": "99999999999"},
        {"button": "hello", "value": "-5"},
        {"button": "hello", "value": "²"},
        {"button": "give_up", "submitted": True},
        {"button": "yes"},
        {"button": "not_right"},
        {"button": "take_call"},
    ):
        reply = await world.sends("martin", visit=visit, **press)
        assert reply.outcome is Outcome.REFUSED, press
        assert "Traceback" not in reply.text
    unknown = await world.sends("martin", visit="no-such-visit", button="hello", value="0")
    assert unknown.text.startswith("I cannot find this visit any more")
    assert (await world.visit()).hello is Hello.OWED


# --- what the visitor may read ---------------------------------------------------------------------------------------


async def test_receptions_card_never_holds_the_reason_or_what_was_typed(world: World) -> None:
    about, typed, note = "overdue invoice 991", "tell that bore I am out", "He paid late twice"
    await world.arrives("Julie Tremblay", to_see="martin", about=about, phone="514 555-0142")
    assert world.card("martin").about == about
    await world.types("martin", typed)
    await world.presses(COUNTER, "Add a note…", text=note)
    await world.presses("martin", "Not safe")
    await world.types("martin", "She threatened me")
    everything = repr(world.cards(COUNTER)) + repr(world.nudges(COUNTER))
    for said in (about, typed, note, "threatened", "safe"):
        assert said not in everything.replace("not_safe", "").replace("unsafe", "")
    assert (await world.facts()).notes == (note, "She threatened me")
    for said in (about, typed, note, "threatened"):
        assert said not in repr(await world.whole_journal())


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_comes_through_as_the_text_that_it_is(world: World, name: str) -> None:
    await world.arrives(name, to_see="martin", company=name, about=name)
    titles = {"martin": f"{name} ({name})", COUNTER: f"{name} ({name}) for Martin Gagnon"}
    for person, title in titles.items():
        card = world.card(person)
        assert (card.visitor, card.company, card.title) == (name, name, title)
    assert world.chat.nudges("martin") == [f"{name} is asking for you"]
    assert name not in repr(await world.whole_journal())


async def test_a_name_is_one_line_without_control_characters(world: World) -> None:
    await world.arrives("  Julie\n\x1b[31m\u202eTremblay\x00 ", to_see="martin")
    assert (await world.facts()).visitor == "Julie [31m Tremblay"


async def test_what_no_file_could_hold_is_left_out_of_what_is_kept(world: World) -> None:
    await world.arrives("Julie\ud800", to_see="martin", company="\udfff", about="two\x00lines\ud800\n\nof it\u2066")
    facts = await world.facts()
    assert (facts.visitor, facts.company, facts.about) == ("Julie", "", "two lines\n\nof it")
    await world.presses(COUNTER, "Add a note…", text="a\ud800b")
    await world.presses("martin", "Not safe")
    await world.types("martin", "\ud800c")
    assert (await world.facts()).notes == ("a b", "c")


async def test_a_group_is_one_visitor_with_a_count(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", party=3, how_long_s=600, kind="candidate")
    facts = {fact.label: fact.value for fact in world.card("martin").facts}
    assert facts == {"Kind": "Candidate", "How long": "10 minutes", "Together": "3 people"}


async def test_the_owner_reads_what_is_still_promised_and_who_else_waits(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier", phone="514 555-0142")
    await world.presses("martin", "Call back…")
    await world.passes(hours=1)
    await world.arrives("Marc Roy", to_see="martin")
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    card = world.card("martin")
    facts = {fact.label: fact.value for fact in card.facts}
    assert (facts["Visits before"], facts["Still promised"]) == ("1 visit", "1 promise")
    assert "1 other person is waiting for you." in card.notes
