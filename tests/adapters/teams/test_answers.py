"""Whoever is asked, in Teams: buttons, forms and lines; what they are told at once, and what everybody then reads."""

from __future__ import annotations

import asyncio

import pytest

from adapters.teams import cards
from bot.storage.memory import MemoryStore
from tests.adapters.teams.connector import DESK, Fault
from tests.adapters.teams.driver import SENTENCE, Teams, labels, read
from tests.adapters.teams.house import House, on_teams, teams_house
from tests.adapters.teams.kit import of_type
from tests.fakes import ShakyStore
from tests.world import at

JULIE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: a key 514 555-0142"


async def test_in_two_minutes_is_read_on_both_cards_which_are_amended(world: House) -> None:
    await world.mentions("nadia", JULIE)
    before = (len(world.shown("martin")), len(world.shown("nadia")))
    await world.clicks("martin", "In 2 min")
    assert "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes." in world.reads("nadia")
    assert "Julie Tremblay expects you by 9:14 a.m." in world.reads("martin")
    assert (len(world.shown("martin")), len(world.shown("nadia"))) == before, "both were amended, nothing was posted"
    assert world.message("martin").amended == 1
    (told,) = world.told("martin")
    assert told == "Thank you. Julie Tremblay expects you within 2 minutes."
    await world.clicks("nadia", "Hello happened")
    assert "Greeted" in world.reads("nadia")
    assert world.buttons("nadia") == ["Undo"]
    assert world.buttons("martin") == ["Undo"]


async def test_a_double_click_has_one_effect_and_both_are_told_the_same(world: House) -> None:
    await world.mentions("nadia", JULIE)
    card = world.message("martin")
    press = world.teams.pressed("martin", card, "In 2 min")
    again = world.teams.pressed("martin", card, "In 2 min")
    assert press["id"] != again["id"]
    first, second = await asyncio.gather(world.teams.sends(press), world.teams.sends(again))
    await world.goes_on()
    assert first.json() == second.json()
    assert (await world.story()).count("HelloPromised") == 1
    assert len([m for m in world.shown("martin") if not m.card]) == 0


async def test_two_who_are_asked_answer_at_once_and_the_first_wins(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.clicks("martin", "Ask a colleague…")
    await world.fills("martin", "Ask", colleague="Sophie Roy")
    sophie, martin = world.message("sophie"), world.message("martin")
    late = world.teams.pressed("sophie", sophie, "In 2 min")
    await world.clicks("martin", "In 5 min", on=martin)
    answer = (await world.teams.sends(late)).json()
    await world.goes_on()
    assert answer["type"] == SENTENCE
    assert "Martin Gagnon" in answer["value"]
    promise = (await world.visit()).hello_promise
    assert promise is not None
    assert promise.by == "martin"


async def test_a_click_on_an_old_card_is_told_what_has_happened_since(world: House) -> None:
    await world.mentions("nadia", JULIE)
    old = world.teams.pressed("martin", world.message("martin"), "In 2 min")
    await world.clicks("nadia", "Posted by mistake")
    answer = (await world.teams.sends(old)).json()
    await world.goes_on()
    assert (answer["statusCode"], answer["type"]) == (200, SENTENCE)
    assert "posted by mistake" in answer["value"]
    assert "HelloPromised" not in await world.story()


async def test_a_card_of_a_visit_that_there_is_not_is_told_kindly(world: House) -> None:
    await world.mentions("nadia", JULIE)
    press = world.teams.pressed("martin", world.message("martin"), "In 2 min")
    press["value"]["action"]["data"][cards.OURS]["visit"] = "abcdefabcdef"
    answer = (await world.teams.sends(press)).json()
    assert (answer["statusCode"], answer["type"]) == (200, SENTENCE)
    assert answer["value"]


async def test_whoever_is_a_stranger_learns_how_to_be_linked(world: House) -> None:
    await world.mentions("nadia", JULIE)
    press = world.teams.pressed("martin", world.message("martin"), "In 2 min")
    press["from"] = {"id": "29:eve", "aadObjectId": Teams.object_id("eve")}
    answer = (await world.teams.sends(press)).json()
    assert answer["type"] == SENTENCE
    assert answer["value"]
    assert "HelloPromised" not in await world.story()
    press["value"]["action"]["data"][cards.OURS] = {"act": "back", "visit": (await world.visit()).id}
    answer = (await world.teams.sends(press)).json()
    assert "Julie" not in str(answer)


@pytest.mark.parametrize("ours", [None, 7, {}, {"act": "press"}, {"act": "never"}, {"act": "press", "button": 7}])
async def test_a_button_that_is_none_of_ours_does_nothing(world: House, ours: object) -> None:
    await world.mentions("nadia", JULIE)
    press = world.teams.pressed("martin", world.message("martin"), "In 2 min")
    before = await world.story()
    press["value"]["action"]["data"] = {"hello30": ours}
    answer = await world.teams.sends(press)
    assert answer.status == 200
    assert await world.story() == before


# --- forms -----------------------------------------------------------------------------------------------------------


async def test_a_call_is_promised_for_an_open_slot(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.clicks("martin", "Call back…")
    assert "Call Julie Tremblay back" in world.reads("martin")
    await world.fills(
        "martin",
        "Promise this callback",
        when="Today 10:30 a.m.",
        a_word_for_julie_tremblay="Sorry!",
        points_to_settle="key\nlock",
    )
    promise, facts = (await world.visit()).callback_promise, await world.facts()
    assert promise is not None
    assert promise.due == at(10, 30)
    assert (facts.line, facts.points) == ("Sorry!", ("key", "lock"))
    assert "10:30" in world.reads("nadia")
    assert "10:30" in world.reads("martin")
    assert "Input." not in str(world.teams.card("martin", world.message("martin"))), "the form is done with"


async def test_what_is_wrong_stands_in_the_form_and_what_was_typed_is_kept(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.clicks("martin", "Call back…")
    await world.fills(
        "martin", "Promise this callback", when="Today 10:30 a.m.", number="12", a_word_for_julie_tremblay="Sorry!"
    )
    assert 'the number "12"' in world.reads("martin")
    assert "Sorry!" in str(world.teams.card("martin", world.message("martin")))
    assert (await world.visit()).callback_promise is None
    await world.fills("martin", "Promise this callback", number="514 555-0142")
    promise = (await world.visit()).callback_promise
    assert promise is not None
    assert promise.due == at(10, 30)


async def test_back_shows_the_card_again(world: House) -> None:
    await world.mentions("nadia", JULIE)
    before = world.buttons("martin")
    await world.clicks("martin", "Call back…")
    assert world.buttons("martin") != before
    await world.clicks("martin", "Back")
    assert world.buttons("martin") == before
    assert "CallbackPromised" not in await world.story()


async def test_back_to_a_card_that_is_there_no_more_is_a_kind_word(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.clicks("martin", "Call back…")
    back = world.teams.pressed("martin", world.message("martin"), "Back")
    await world.clicks("nadia", "Posted by mistake")
    await world.passes(minutes=10)
    answer = (await world.teams.sends(back)).json()
    assert answer["type"] == SENTENCE
    assert answer["value"].startswith("This visit is on no card of yours any more.")


async def test_a_form_in_the_channel_is_seen_by_who_opened_it_alone(world: House) -> None:
    await world.mentions("nadia", JULIE)
    before = read(world.message("nadia").card or {})
    await world.clicks("nadia", "Answered by voice…")
    assert read(world.message("nadia").card or {}) == before
    assert "Input." in str(world.teams.card("nadia", world.message("nadia")))
    assert world.buttons("nadia") == ["Enter this answer", "Back"]
    await world.fills("nadia", "Enter this answer", who_said_it="Martin Gagnon", what_was_said="In 2 min")
    assert "HelloPromised" in await world.story()
    assert "Not right" in [*world.buttons("martin"), *world.more("martin")]


async def test_a_form_that_is_sent_after_the_visit_was_closed_says_so_and_shows_back_what_was_typed(
    world: House,
) -> None:
    await world.mentions("nadia", JULIE)
    await world.clicks("martin", "Call back…")
    form = world.message("martin")
    filled = world.teams.filled("martin", form, {"When?": "Today 10:30 a.m.", "A word for Julie Tremblay": "See you"})
    send = world.teams.pressed("martin", form, "Promise this callback", filled)
    await world.clicks("nadia", "Posted by mistake")
    answer = (await world.teams.sends(send)).json()
    assert "posted by mistake" in answer["value"]
    assert "See you" in answer["value"]


# --- clients that know no Action.Execute -----------------------------------------------------------------------------


async def test_a_press_in_an_older_client_is_answered_by_a_message(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.submits("martin", "In 2 min")
    assert "Julie Tremblay expects you by 9:14 a.m." in world.reads("martin")
    (told,) = world.texts("martin")
    assert told == "Thank you. Julie Tremblay expects you within 2 minutes."
    await world.teams.sends_again()
    await world.goes_on()
    assert world.texts("martin") == [told], "what comes twice is said once"


async def test_a_form_in_an_older_client_is_a_message_of_its_own(world: House) -> None:
    await world.mentions("nadia", JULIE)
    card = world.message("martin")
    await world.submits("martin", "Call back…")
    form = world.message("martin")
    assert form.id != card.id
    await world.submits_form("martin", "Promise this callback", on=form, when="Today 10:30 a.m.", number="12")
    assert 'the number "12"' in read(form.card or {})
    await world.submits_form("martin", "Promise this callback", on=form, number="514 555-0142")
    assert (await world.visit()).callback_promise is not None
    assert "Input." not in str(form.card), "it can be sent no more"
    assert "10:30" in read(card.card or {})


async def test_a_form_in_an_older_client_is_put_away(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.submits("martin", "Call back…")
    form = world.message("martin")
    await world.submits("martin", "Back", on=form)
    assert read(form.card or {}) == "Put away; nothing has changed."


# --- typed -----------------------------------------------------------------------------------------------------------


async def test_a_typed_answer_is_understood(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.writes("martin", "in 5 min")
    assert "Martin Gagnon is coming to greet you by 9:17 a.m." in world.reads("nadia")
    (said,) = world.texts("martin")
    assert said == "Thank you. Julie Tremblay expects you within 5 minutes."


async def test_busy_is_answered_with_the_question_and_its_buttons(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.writes("martin", "busy")
    said = world.message("martin")
    assert "Thirty seconds now" in read(said.card or {})
    assert "In 2 min" in labels(said.card or {}) or "In 2 min" in str(said.card)
    await world.clicks("martin", "In 2 min", on=said)
    assert "HelloPromised" in await world.story()


async def test_a_line_that_quotes_a_card_answers_that_one(world: House) -> None:
    await world.mentions("nadia", "Ann Lee for Martin Gagnon")
    ann = world.message("martin", "Ann Lee")
    await world.mentions("nadia", "Bob Roy for Martin Gagnon")
    quote = f'<blockquote itemscope itemtype="http://schema.skype.com/Reply" itemid="{ann.id}">x</blockquote><p>2</p>'
    await world.writes("martin", "in 2 min", attachments=[{"contentType": "text/html", "content": quote}])
    assert "HelloPromised" in await world.story("Ann Lee")
    assert "HelloPromised" not in await world.story("Bob Roy")


async def test_a_line_that_may_mean_several_is_asked_back(world: House) -> None:
    await world.mentions("nadia", "Ann Lee for Martin Gagnon")
    await world.mentions("nadia", "Bob Roy for Martin Gagnon")
    await world.writes("martin", "in 2 min")
    asked = world.message("martin")
    assert {"Ann Lee", "Bob Roy"} <= {label.partition(" (")[0] for label in _buttons(asked.card or {})}
    await world.clicks("martin", next(label for label in _buttons(asked.card or {}) if "Bob" in label), on=asked)
    assert "HelloPromised" in await world.story("Bob Roy")
    assert "Input." not in str(asked.card)
    assert _buttons(asked.card or {}) == [], "it was answered, also for whoever looks later"


def _buttons(card: dict[str, object]) -> list[str]:
    return [str(each["title"]) for each in of_type(card, "Action.Execute")]


async def test_a_line_that_is_posted_twice_is_answered_once(world: House) -> None:
    await world.mentions("nadia", JULIE)
    await world.writes("martin", "busy")
    before = len(world.shown("martin"))
    await world.teams.sends_again()
    await world.goes_on()
    assert len(world.shown("martin")) == before


# --- what goes wrong -------------------------------------------------------------------------------------------------


async def test_what_could_not_be_saved_is_told_and_the_card_stays_as_it_was() -> None:
    store = ShakyStore(MemoryStore())
    async with teams_house(store=store) as world:
        await world.mentions("nadia", JULIE)
        press = world.teams.pressed("martin", world.message("martin"), "In 2 min")
        store.refuses = 1
        answer = (await world.teams.sends(press)).json()
        assert answer["type"] == SENTENCE
        assert "not saved" in answer["value"].casefold()
        assert "HelloPromised" not in await world.story()
        await world.teams.sends(press)
        await world.goes_on()
        assert "HelloPromised" in await world.story()


async def test_an_answer_that_teams_does_not_take_loses_nothing(world: House) -> None:
    await world.mentions("nadia", JULIE)
    world.connector.faults.append(Fault(403))
    await world.teams.types("martin", "in 2 min")
    await world.goes_on()
    assert "HelloPromised" in await world.story()


async def test_an_arrival_in_the_channel_that_waits_for_nobody_is_kept_in_its_thread(world: House) -> None:
    await world.mentions("nadia", "Julie Tremblay for Zorro")
    (said,) = world.shown("nadia")
    assert said.conversation.startswith(f"{DESK};messageid="), "the answer stands below what was typed"


async def test_people_on_teams_and_on_the_web_see_the_same(world: House) -> None:
    async with teams_house(settings=on_teams(web=("martin", "nadia"))) as both:
        await both.mentions("nadia", JULIE)
        await both.presses("martin", "In 2 min")
        assert "Julie Tremblay expects you by 9:14 a.m." in both.reads("martin")
        assert "9:14" in both.reads("nadia")
