"""Whoever is asked, in Slack: buttons, modals and typed lines; and what everybody then reads on the same cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.links import Keys, PageLinks, Signing, new_key
from bot.storage.memory import MemoryStore
from tests.adapters.slack.api import refused
from tests.adapters.slack.driver import labels, said
from tests.adapters.slack.house import House, is_nudge, on_slack, slack_house
from tests.fakes import ShakyStore
from tests.world import at

JULIE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: a key 514 555-0142"


async def a_supplier_comes(world: House, *, to_see: str) -> None:
    """Reception announces a supplier, who is owed a hello or a call."""
    await world.commands()
    await world.fills(
        "nadia", visitor_and_company="Julie Tremblay", here_for=to_see, kind="Supplier", phone="514 555-0142"
    )


async def test_in_two_minutes_is_read_on_both_cards_which_are_amended(world: House) -> None:
    await world.commands(JULIE)
    before = (len(world.shown("martin")), len(world.cards_of("nadia")))
    await world.clicks("martin", "In 2 min")
    assert "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes." in world.reads("nadia")
    assert "Julie Tremblay expects you by 9:14 a.m." in world.reads("martin")
    assert (len(world.shown("martin")), len(world.cards_of("nadia"))) == before
    assert (world.message("martin").amended, world.message("nadia").amended) == (1, 1)
    assert world.whispers("martin") == []  # the card says it
    await world.clicks("nadia", "Hello happened")
    assert "Greeted" in world.reads("nadia")
    assert world.buttons("nadia") == ["Undo"]
    assert world.buttons("martin") == ["Undo"]


async def test_an_entry_of_the_menu_acts_like_a_button(world: House) -> None:
    await world.commands(JULIE)
    assert world.more("martin") == ["I've seen them", "Not safe"]
    await world.clicks("martin", "I've seen them")
    assert "HelloGiven" in await world.story()
    assert "Greeted" in world.reads("nadia")


async def test_an_entry_of_the_menu_opens_a_form(world: House) -> None:
    await world.commands("Julie Tremblay for Martin Gagnon")
    await world.clicks("nadia", "Add phone")
    assert "A number for Julie Tremblay" in world.modal("nadia")
    await world.fills("nadia", number="12")
    assert 'the number "12"' in world.errors("nadia")["Number"]
    await world.fills("nadia", number="514 555-0142")
    assert not world.has_modal("nadia")
    assert (await world.facts()).phone == "+15145550142"
    assert "Change phone" in world.more("nadia")


async def test_my_page_is_a_link_that_can_be_followed(world: House) -> None:
    signing = Signing(Keys((new_key(),)), world.clock, "https://desk.example.org")
    pages = PageLinks(signing, world.parts.adapters)
    world.parts.inbox._pages = world.parts.courier.packing._pages = pages
    await world.commands(JULIE)
    await world.clicks("martin", "My page")
    text = world.whispered("martin").blocks[0]["text"]["text"]
    sentence, _, link = text.partition("<https://desk.example.org/in/")
    assert sentence.endswith("please keep it to yourself: ")
    token, label = link.removesuffix(">").split("|")
    assert signing.read_link(token).person == "martin"
    assert label == "My page"


# --- a call ----------------------------------------------------------------------------------------------------------


async def test_a_call_is_promised_for_an_open_slot(world: House) -> None:
    await a_supplier_comes(world, to_see="Martin Gagnon")
    await world.clicks("martin", "Call back…")
    assert "Call Julie Tremblay back" in world.modal("martin")
    assert "Reception passes on your name, the day, the time and the number." in world.modal("martin")
    await world.fills(
        "martin", when="Today 10:30 a.m.", a_word_for_julie_tremblay="Sorry!", points_to_settle="key\nlock"
    )
    assert not world.has_modal("martin")
    promise, facts = (await world.visit()).callback_promise, await world.facts()
    assert promise is not None
    assert promise.due == at(10, 30)
    assert (facts.line, facts.points) == ("Sorry!", ("key", "lock"))
    assert "10:30" in world.reads("nadia")
    assert "10:30" in world.reads("martin")


async def test_a_moment_that_is_picked_is_the_same_moment_in_every_zone() -> None:
    settings = on_slack()
    people = {**settings.people, "sophie": replace(settings.people["sophie"], zone="Europe/Paris")}
    async with slack_house(settings=replace(settings, people=people)) as world:
        await a_supplier_comes(world, to_see="Sophie")
        await world.clicks("sophie", "Call back…")
        picked = datetime(2026, 3, 4, 17, 40, tzinfo=ZoneInfo("Europe/Paris"))  # 11:40 in Montréal
        await world.fills("sophie", another_time=picked)
        promise = (await world.visit()).callback_promise
        assert promise is not None
        assert promise.due == at(11, 40)
        assert "11:40" in world.reads("nadia")
        assert "5:40" in world.reads("sophie")


@pytest.mark.parametrize(
    "values, field, text",
    [
        ({}, "When?", "Which time suits you?"),
        ({"when": "Another time"}, "Another time", "Which time suits you?"),
        ({"another_time": at(9)}, "Another time", "has gone by"),
        ({"another_time": at(20)}, "Another time", "Montréal is closed then."),
        ({"another_time": at(10, day=18)}, "Another time", "at the latest"),
        ({"when": "Today 10:30 a.m.", "another_time": at(11)}, "Another time", "Another choice stands beside"),
        ({"when": "Today 10:30 a.m.", "number": "12"}, "Number", 'the number "12"'),
        ({"when": "Today 10:30 a.m.", "points_to_settle": "x" * 1001}, "Points to settle", "1000 characters at most"),
    ],
)
async def test_what_is_wrong_with_a_call_stands_beside_its_field(
    world: House, values: dict[str, str | datetime], field: str, text: str
) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Call back…")
    await world.fills("martin", **values)
    assert list(world.errors("martin")) == [field]
    assert text in world.errors("martin")[field]
    assert (await world.visit()).callback_promise is None
    await world.fills("martin", when="Today 10:30 a.m.")
    assert not world.has_modal("martin")
    assert (await world.visit()).callback_promise is not None


async def test_a_modal_that_is_sent_after_somebody_else_answered_says_who_did(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Ask a colleague…")
    await world.fills("martin", colleague="Sophie Roy")
    await world.clicks("sophie", "Call back…")
    await world.clicks("martin", "Call back…")
    await world.fills("martin", when="Today 10:30 a.m.")
    await world.fills("sophie", when="Today 9:30 a.m.")
    assert "At 9:12 a.m.: Martin Gagnon promised to call today at 10:30 a.m." in world.modal("sophie")
    promise = (await world.visit()).callback_promise
    assert promise is not None
    assert promise.by == "martin"


async def test_a_modal_that_is_sent_after_the_visit_was_closed_is_a_kind_word(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Call back…")
    await world.clicks("nadia", "Posted by mistake")
    await world.fills("martin", when="Today 10:30 a.m.")
    assert "This visit is closed; nothing has changed." in world.modal("martin")
    assert (await world.visit()).callback_promise is None


async def test_what_was_typed_into_a_form_that_came_too_late_is_shown_back(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Call back…")
    await world.clicks("nadia", "Posted by mistake")
    await world.fills("martin", when="Today 10:30 a.m.", a_word_for_julie_tremblay="See you <soon>")
    assert "Nadia Benali noted that this visit was posted by mistake." in world.modal("martin")
    assert "What you wrote: See you &lt;soon&gt;" in world.modal("martin")


async def test_a_colleague_is_asked(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Ask a colleague…")
    await world.fills("martin", colleague="Sophie Roy")
    assert "Julie Tremblay is asking for Martin Gagnon." in world.reads("sophie")
    assert world.buzzes("sophie") == [], "a card that is new makes the phone buzz by itself"
    assert "Asking Sophie" in world.reads("nadia")


async def test_an_answer_by_voice_with_a_moment_that_is_picked(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("nadia", "Answered by voice…")
    await world.fills("nadia", who_said_it="Martin Gagnon", another_time=at(11, 40))
    promise = (await world.visit()).callback_promise
    assert promise is not None
    assert (promise.by, promise.due) == ("martin", at(11, 40))
    assert "Not right" in [*world.buttons("martin"), *world.more("martin")]


async def test_a_form_that_opens_too_late_is_a_kind_word_and_the_next_press_opens_it(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Call back…", late=4)
    assert not world.has_modal("martin")
    [told] = world.whispers("martin")
    assert told == "Slack took too long to open the form. Please press again; nothing has changed."
    await world.clicks("martin", "Call back…")
    assert world.has_modal("martin")


async def test_a_form_that_slack_cannot_open_is_a_kind_word(world: House) -> None:
    await world.commands(JULIE)
    world.api.fails("views.open", refused("internal_error"))
    await world.clicks("martin", "Call back…")
    assert "Please press again; nothing has changed." in world.whispers("martin")[-1]


# --- typed -----------------------------------------------------------------------------------------------------------


async def test_a_typed_answer_is_understood(world: House) -> None:
    await world.commands(JULIE)
    await world.writes("martin", "in 5 min")
    assert [said(m) for m in world.replies("martin")] == ["Thank you. Julie Tremblay expects you within 5 minutes."]
    assert "within 5 minutes" in world.reads("nadia")


@pytest.mark.parametrize(
    "typed, wanted",
    [
        ("*in 5 min*", "within 5 minutes"),
        ("in 5 min :+1:", "within 5 minutes"),
        ("&gt; in 5 min", "within 5 minutes"),
        ("`in 5 min`", "within 5 minutes"),
        (":+1:", "expects you now"),
        ("_coming_ :running:", "expects you now"),
        ("<@UBOT> coming", "expects you now"),
    ],
)
async def test_an_answer_is_understood_however_it_is_marked_up(world: House, typed: str, wanted: str) -> None:
    await world.commands(JULIE)
    await world.writes("martin", typed)
    assert wanted in said(world.replies("martin")[-1])


@pytest.mark.parametrize("typed", ["busy", "not now", "*I* am &lt;in&gt; a meeting"])
async def test_busy_is_no_answer_and_gets_a_kind_word_with_the_buttons(world: House, typed: str) -> None:
    await world.commands(JULIE)
    await world.writes("martin", typed)
    [reply] = world.replies("martin")
    assert "Julie Tremblay" in said(reply)
    assert labels(reply.blocks) == ["I'm coming", "In 2 min", "In 5 min", "Call back…", "Ask a colleague…"]
    await world.clicks("martin", "In 2 min", on=reply)
    assert "Julie Tremblay expects you by 9:14 a.m." in world.reads("martin")


async def test_a_button_that_goes_with_a_kind_word_opens_its_form(world: House) -> None:
    await world.commands(JULIE)
    await world.writes("martin", "busy")
    await world.clicks("martin", "Call back…", on=world.replies("martin")[-1])
    await world.fills("martin", when="Today 10:30 a.m.")
    assert (await world.visit()).callback_promise is not None


async def test_a_typed_answer_in_the_thread_of_a_card_is_about_that_visit(world: House) -> None:
    await world.commands(JULIE)
    await world.commands("Paul Roy for Martin Gagnon")
    await world.writes("martin", "in 5 min", under=world.message("martin", "Julie Tremblay"))
    assert "expects you by 9:17" in world.reads("martin", "Julie Tremblay")
    assert "Paul Roy is at reception for you." in world.reads("martin", "Paul Roy")
    assert "Julie Tremblay expects you within 5 minutes." in said(world.replies("martin")[-1])


async def test_a_typed_answer_in_the_thread_of_a_nudge_is_about_its_visit(world: House) -> None:
    await world.commands(JULIE)
    await world.passes(seconds=1)
    await world.commands("Paul Roy for Martin Gagnon")
    await world.passes(minutes=2)
    nudge = [m for m in world.shown("martin") if is_nudge(m) and "Paul" in m.text][-1]
    await world.writes("martin", "in 5 min", under=nudge)
    assert "expects you by" in world.reads("martin", "Paul Roy")
    assert "expects you by" not in world.reads("martin", "Julie Tremblay")


async def test_which_of_two_visits_a_typed_answer_is_about_is_asked(world: House) -> None:
    await world.commands(JULIE)
    await world.passes(seconds=1)
    await world.commands("Paul Roy for Martin Gagnon")
    await world.writes("martin", "in 5 min")
    [reply] = world.replies("martin")
    assert labels(reply.blocks) == ["Julie Tremblay", "Paul Roy"]
    await world.clicks("martin", "Paul Roy", on=reply)
    assert "expects you by 9:18" in world.reads("martin", "Paul Roy")
    assert "Julie Tremblay is at reception for you." in world.reads("martin", "Julie Tremblay")


async def test_whose_thread_it_is_needs_no_look_at_slack(world: House) -> None:
    await world.commands(JULIE)
    await world.commands("Paul Roy for Martin Gagnon")
    asked = world.api.arrived.copy()
    await world.slack.types("martin", "in 5 min", under=world.message("martin", "Julie Tremblay"))
    assert world.api.arrived - asked == {}
    await world.goes_on()
    assert "expects you by 9:17" in world.reads("martin", "Julie Tremblay")


async def test_a_typed_answer_in_the_thread_of_a_card_that_was_amended_is_about_that_visit(world: House) -> None:
    await world.commands(JULIE)
    await world.commands("Paul Roy for Martin Gagnon")
    await world.writes("martin", "in 5 min", under=world.message("martin", "Julie Tremblay"))
    await world.writes("martin", "in 2 min", under=world.message("martin", "Julie Tremblay"))
    assert "Paul Roy is at reception for you." in world.reads("martin", "Paul Roy")


async def test_a_line_in_a_thread_that_is_not_ours_is_read_like_any_other(world: House) -> None:
    await world.commands(JULIE)
    await world.writes("martin", "busy")
    await world.writes("martin", "in 5 min", under=world.replies("martin")[-1])
    assert "expects you by 9:17" in world.reads("martin")


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B1", "user": "UBOT"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"user": None},
        {"channel_type": "channel", "channel": "CDESK"},
    ],
)
async def test_what_nobody_typed_to_the_bot_is_left_alone(world: House, more: dict[str, Any]) -> None:
    await world.commands(JULIE)
    before = len(world.api.messages)
    await world.slack.types("martin", "in 5 min", **more)
    await world.goes_on()
    assert len(world.api.messages) == before
    assert "HelloPromised" not in await world.story()


async def test_a_reason_that_is_typed_after_not_safe_is_kept_for_colleagues(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Not safe")
    await world.writes("martin", "He shouted last week.")
    assert "He shouted last week." in (await world.facts()).notes
    assert "shouted" not in world.reads("nadia")


async def test_everybody_reads_in_their_own_language(world: House) -> None:
    await world.commands("Julie Tremblay for Martin Tremblay 514 555-0142")
    assert world.buttons("tremblay") == ["J'arrive", "Dans 2 min", "Dans 5 min", "Rappeler…", "Passer le relais…"]
    await world.writes("tremblay", "occupé")
    assert "Trente secondes" in said(world.replies("tremblay")[-1])
    await world.clicks("tremblay", "Rappeler…")
    await world.fills("tremblay", numéro="12")
    assert "12" in world.errors("tremblay")["Numéro"]
    assert "Fermer" in world.modal("tremblay")
    await world.clicks("tremblay", "Dans 2 min")
    assert "Martin Tremblay is coming to greet you by 9:14 a.m." in world.reads("nadia")


# --- not theirs, too late, twice, not saved --------------------------------------------------------------------------


async def test_a_strangers_press_does_nothing_and_is_answered_kindly(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("stranger", "Hello happened", on=world.message("nadia"))
    assert "ask an admin to link this account to your name." in world.whispers("stranger")[-1]
    assert "HelloGiven" not in await world.story()


async def test_a_press_that_is_not_theirs_does_nothing_and_is_answered_kindly(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("karim", "Hello happened", on=world.message("nadia"))
    assert "rien n'a changé" in world.whispers("karim")[-1]
    assert "Julie" not in world.whispers("karim")[-1]
    assert "HelloGiven" not in await world.story()


async def test_a_click_on_an_old_card_is_answered_kindly(world: House) -> None:
    await world.commands(JULIE)
    card = world.message("martin")
    old = replace(card, blocks=list(card.blocks))
    await world.clicks("nadia", "Hello happened")
    await world.clicks("martin", "In 2 min", on=old)
    [told] = world.whispers("martin")
    assert told == (
        "Thank you. This visit is closed; nothing has changed. At 9:12 a.m.: Martin Gagnon greeted Julie Tremblay. "
        "Nothing more for you to do."
    )
    assert "HelloPromised" not in await world.story()


async def test_what_somebody_else_did_meanwhile_is_said_also_where_nothing_has_changed(world: House) -> None:
    await world.commands(JULIE)
    card = world.message("nadia")
    old = replace(card, blocks=list(card.blocks))
    await world.clicks("martin", "In 2 min")
    await world.clicks("martin", "I've seen them")
    await world.clicks("nadia", "Hello happened", on=old)
    told = world.whispers("nadia")[-1]
    assert "Martin Gagnon greeted Julie Tremblay, in time." in told


async def test_pressing_twice_is_no_news(world: House) -> None:
    await world.commands(JULIE)
    card = world.message("martin")
    old = replace(card, blocks=list(card.blocks))
    await world.clicks("martin", "In 2 min", on=old)
    await world.clicks("martin", "In 2 min", on=old)
    assert world.whispers("martin") == []


async def test_a_press_that_is_delivered_three_times_is_done_once(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "In 2 min")
    await world.comes_again()
    assert (await world.story()).count("HelloPromised") == 1
    assert world.whispers("martin") == []


async def test_a_refused_press_that_is_delivered_three_times_gets_one_word(world: House) -> None:
    await world.commands(JULIE)
    for person in ("karim", "stranger"):
        await world.clicks(person, "Hello happened", on=world.message("nadia"))
        await world.comes_again()
        assert len(world.whispers(person)) == 1


async def test_a_press_that_opens_a_form_opens_it_once_however_often_it_is_delivered(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Call back…")
    await world.comes_again()
    assert len(world.api.modals) == 1
    assert world.whispers("martin") == []


async def test_a_modal_that_is_delivered_three_times_is_done_once(world: House) -> None:
    await world.commands(JULIE)
    await world.clicks("martin", "Call back…")
    await world.fills("martin", when="Today 10:30 a.m.")
    await world.comes_again()
    assert (await world.story()).count("CallbackPromised") == 1
    assert not world.has_modal("martin")


async def test_an_arrival_that_is_delivered_three_times_is_announced_once(world: House) -> None:
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Sophie")
    await world.comes_again()
    assert (len(world.cards_of("sophie")), len(world.buzzes("sophie"))) == (1, 0)
    assert not world.has_modal("nadia")
    await world.mentions("nadia", "Paul Roy for Sophie")
    await world.comes_again()
    assert (len(world.cards_of("sophie")), world.whispers("nadia")) == (2, [])


@pytest.mark.parametrize("typed, by", [("busy", "martin"), ("in 5 min", "martin"), ("hello", "stranger")])
async def test_a_typed_line_that_is_delivered_three_times_gets_one_word(world: House, typed: str, by: str) -> None:
    await world.commands(JULIE)
    await world.writes(by, typed)
    await world.comes_again()
    assert len(world.replies(by)) == 1


async def test_a_choice_that_is_delivered_three_times_announces_once(world: House) -> None:
    await world.commands("Julie Tremblay for Martin")
    await world.answers("nadia", "Martin Gagnon")
    await world.comes_again()
    assert len(world.cards_of("martin")) == 1
    assert len([text for text in world.whispers("nadia") if text.startswith("Posted")]) == 1


async def test_a_press_that_is_not_saved_is_said_and_the_next_one_works() -> None:
    store = ShakyStore(MemoryStore())
    async with slack_house(store=store) as world:
        await world.commands(JULIE)
        store.refuses = 1
        await world.clicks("martin", "In 2 min")
        assert world.whispers("martin") == ["Not saved. Please press again; what you typed is still here."]
        await world.clicks("martin", "In 2 min")
        assert "expects you by 9:14" in world.reads("martin")


async def test_a_modal_that_is_not_saved_stays_open_with_what_was_typed() -> None:
    store = ShakyStore(MemoryStore())
    async with slack_house(store=store) as world:
        await world.commands(JULIE)
        await world.clicks("martin", "Call back…")
        store.refuses = 1
        await world.fills("martin", when="Today 10:30 a.m.")
        assert list(world.errors("martin").values()) == ["Not saved. Please press again; what you typed is still here."]
        await world.fills("martin", when="Today 10:30 a.m.")
        assert not world.has_modal("martin")
        assert (await world.visit()).callback_promise is not None
