"""Whoever is asked answers in Slack: with a button, a modal, a typed line."""

from __future__ import annotations

import pytest

from tests.peers.slack.office import Office, field, labels, said

pytestmark = pytest.mark.peer

JULIE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: room booking"


async def test_an_answer_amends_both_cards_where_they_stand(office: Office) -> None:
    await office.commands("nadia", JULIE)
    before = {person: await office.card(person) for person in ("nadia", "martin")}
    await office.presses("martin", "In 2 min")
    after = {person: await office.card(person) for person in ("nadia", "martin")}
    assert {person: card["ts"] for person, card in before.items()} == {p: card["ts"] for p, card in after.items()}
    assert "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes." in said(after["nadia"])
    assert "Julie Tremblay expects you by 9:14 a.m." in said(after["martin"])
    assert "I'm coming" not in labels(after["martin"])
    assert {person: card["metadata"] for person, card in before.items()} == {
        person: card["metadata"] for person, card in after.items()
    }


async def test_the_same_press_twice_is_one_answer(office: Office) -> None:
    await office.commands("nadia", JULIE)
    card = await office.card("martin")
    await office.presses("martin", "In 2 min", card)
    await office.presses("martin", "In 2 min", card)
    assert (await office.world.story()).count("HelloPromised") == 1
    assert len(await office.messages("nadia")) == 1


async def test_a_callback_is_promised_in_a_modal_and_the_cards_say_when(office: Office) -> None:
    await office.announces("Robert Lavoie", "Martin Gagnon", Kind="Supplier")
    await office.presses("martin", "Call back…")
    modal = await office.modal("martin")
    when, (first, *_) = field(modal, "radio_buttons")
    answer = await office.fills("martin", modal, **{when: first}, Number="514 555-0142")
    assert answer == {}
    assert "Martin Gagnon will call you today at 9:30 a.m., on +1 514-555-0142." in said(await office.card("nadia"))
    assert "9:30 a.m." in said(await office.card("martin"))


async def test_a_free_time_is_picked_on_slacks_own_calendar(office: Office) -> None:
    await office.announces("Robert Lavoie", "Martin Gagnon", Kind="Supplier")
    await office.presses("martin", "Call back…")
    modal = await office.modal("martin")
    picker, _ = field(modal, "datetimepicker")
    early = await office.fills("martin", modal, **{picker: "2026-03-04T03:00-05:00"}, Number="514 555-0142")
    assert early["response_action"] == "errors"
    assert await office.fills("martin", modal, **{picker: "2026-03-04T14:20-05:00"}, Number="514 555-0142") == {}
    assert "2:20 p.m." in said(await office.card("nadia"))


async def test_busy_is_no_answer_and_gets_the_choices_again(office: Office) -> None:
    await office.commands("nadia", JULIE)
    await office.types("martin", "busy")
    *_, reply = await office.messages("martin")
    assert "Julie Tremblay is at reception. Thirty seconds now, or a time I can pass on?" in said(reply)
    assert labels(reply)[:4] == ["I'm coming", "In 2 min", "In 5 min", "Call back…"]
    await office.presses("martin", "In 5 min", reply)
    assert "Martin Gagnon is coming to greet you by 9:17 a.m." in said(await office.card("nadia"))


async def test_an_answer_may_simply_be_typed(office: Office) -> None:
    await office.commands("nadia", JULIE)
    await office.types("martin", "in 2 minutes")
    assert "Martin Gagnon is coming to greet you by 9:14 a.m." in said(await office.card("nadia"))


async def test_a_line_in_the_thread_of_a_card_answers_that_card(office: Office) -> None:
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    julie = await office.card("martin")
    await office.commands("nadia", "Robert Lavoie for Martin Gagnon")
    await office.types("martin", "on my way", thread=julie["ts"])
    assert await office.world.story("Julie Tremblay") != await office.world.story("Robert Lavoie")
    assert "HelloPromised" in await office.world.story("Julie Tremblay")


async def test_an_entry_of_the_menu_is_taken_like_a_button(office: Office) -> None:
    await office.commands("nadia", JULIE)
    await office.presses("martin", "Not safe")
    assert "Please read the message from Martin Gagnon." in said(await office.card("nadia"))


async def test_an_old_card_is_answered_kindly(office: Office) -> None:
    await office.commands("nadia", JULIE)
    old = await office.card("martin")
    await office.presses("nadia", "Hello happened")
    await office.presses("martin", "In 2 min", old)
    (whisper,) = await office.whispered("martin")
    assert "This visit is closed; nothing has changed." in whisper
    assert "HelloPromised" not in await office.world.story()


async def test_a_forgotten_hello_goes_to_the_deputy(office: Office) -> None:
    await office.announces("Robert Lavoie", "Martin Gagnon", Kind="Supplier")
    await office.presses("martin", "In 2 min")
    await office.passes(minutes=4)
    assert "Has Martin come?" in said(await office.card("nadia"))
    await office.presses("nadia", "Not yet")
    await office.presses("sophie", "I'm coming")
    assert "Sophie Roy is coming to greet you" in said(await office.card("nadia"))


async def test_whatever_stands_on_a_card_can_be_pressed(office: Office) -> None:
    pressed: list[str] = []
    for person, one_of_theirs in (("nadia", "Visitor left"), ("martin", "Not safe")):
        await office.announces(f"First of {person}", "Martin Gagnon", Kind="Supplier")
        for label in labels(await office.message(person, one_of_theirs)):
            visitor = f"Visitor {len(pressed)}"
            await office.announces(visitor, "Martin Gagnon", Kind="Supplier", Phone="514 555-0142")
            modals, story = len(await office.workspace.views(person)), await office.world.story(visitor)
            await office.presses(person, label)
            opened = len(await office.workspace.views(person)) - modals
            assert opened == label.endswith(("…", "Add phone", "Change phone")), label
            assert opened or await office.world.story(visitor) != story, label
            pressed.append(label)
    assert len(pressed) == len(set(pressed)) == 14
