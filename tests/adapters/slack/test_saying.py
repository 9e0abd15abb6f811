"""What is said beside the cards reaches whoever must read it, also where Slack wants patience or is away."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.beside import PAUSES, SAID_WITHIN
from bot.storage.memory import MemoryStore
from tests.adapters.slack.api import DESK, Fault, Message, refused, too_many
from tests.adapters.slack.driver import Slack, labels, said
from tests.adapters.slack.house import House, slack_house
from tests.fakes import ShakyStore
from tests.operations.canary import logged

LINE = "Julie Tremblay for Martin"
ASKED = "More than one person goes by the name Martin."


async def waits(world: House, *, seconds: float) -> None:
    """Time passes for what is still to be said."""
    world.clock.move_to(world.clock.now() + timedelta(seconds=seconds))
    await world.goes_on()


def told(world: House, person: str) -> list[str]:
    """Give what was said in the direct message with somebody, beside cards and nudges."""
    return [said(m) for m in world.api.in_channel(Slack.user(person)) if not m.metadata]


def as_it_was(message: Message) -> Message:
    """Keep a message as somebody has it before them, whatever becomes of it."""
    return replace(message, blocks=list(message.blocks))


# --- again -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [too_many(3), Fault(status=503), Fault(before=True), refused("internal_error")])
async def test_a_question_that_slack_did_not_take_is_put_again(world: House, fault: Fault) -> None:
    world.api.fails("chat.postEphemeral", fault)
    await world.mentions("nadia", LINE)
    assert world.whispers("nadia") == []
    await waits(world, seconds=4)
    [asked] = world.whispers("nadia")
    assert ASKED in asked
    await world.answers("nadia", "Martin Gagnon")
    assert "Julie Tremblay" in world.reads("martin")


async def test_an_answer_in_the_direct_message_that_slack_did_not_take_comes_later(world: House) -> None:
    await world.commands("Julie Tremblay for Martin Gagnon")
    world.api.fails("chat.postMessage", too_many(5), Fault(status=500), at="DUMARTIN")
    await world.slack.types("martin", "busy")
    await world.goes_on()
    assert world.replies("martin") == []
    for _ in range(2):
        await waits(world, seconds=6)
    [reply] = world.replies("martin")
    assert "Thirty seconds now" in said(reply)


async def test_what_slack_refuses_for_long_is_said_in_the_direct_message(world: House) -> None:
    world.api.fails_always("chat.postEphemeral", Fault(status=503))
    await world.mentions("nadia", LINE)
    for pause in PAUSES:
        assert told(world, "nadia") == []
        await waits(world, seconds=pause.total_seconds())
    [asked] = told(world, "nadia")
    assert ASKED in asked


async def test_what_slack_takes_nowhere_is_given_up_and_said_in_the_log(world: House) -> None:
    world.api.fails_always("chat.postEphemeral", too_many(3600))
    world.api.fails_always("conversations.open", Fault(status=503))
    with logged() as logs:
        await world.mentions("nadia", LINE)
        for pause in PAUSES:
            assert "slack.not_said" not in logs.getvalue()
            await waits(world, seconds=pause.total_seconds())
    assert logs.getvalue().count("slack.not_said") == 1
    assert world.api.arrived["conversations.open"] == len(PAUSES) + 1
    world.api.works()
    await waits(world, seconds=3600)
    assert told(world, "nadia") == []


async def test_what_slack_takes_only_much_later_is_said_in_the_direct_message_at_once(world: House) -> None:
    world.api.fails("chat.postEphemeral", too_many(3600))
    await world.mentions("nadia", LINE)
    [asked] = told(world, "nadia")
    assert ASKED in asked


async def test_the_end_does_not_wait_for_what_is_said_again_later(world: House) -> None:
    world.api.fails_always("chat.postEphemeral", too_many(30))
    await world.mentions("nadia", LINE)
    began = asyncio.get_running_loop().time()
    await world.adapter.stop()
    assert asyncio.get_running_loop().time() - began < SAID_WITHIN.total_seconds() / 2
    assert (world.whispers("nadia"), told(world, "nadia")) == ([], [])


async def test_what_is_under_way_at_the_end_is_not_tried_again(world: House) -> None:
    until = asyncio.Event()
    world.api.fails("chat.postEphemeral", Fault(status=503, until=until))
    await world.slack.mentions("nadia", LINE)
    await world.api.is_called("chat.postEphemeral", at=DESK)
    assert world.adapter._listeners is not None
    end = asyncio.create_task(world.adapter._listeners.saying.finish())
    await asyncio.sleep(0)
    until.set()
    async with asyncio.timeout(SAID_WITHIN.total_seconds() / 2):
        await end
    assert world.api.arrived["chat.postEphemeral"] == 1


async def test_where_hello30_is_no_member_a_mention_is_answered_in_the_direct_message(world: House) -> None:
    await world.slack.mentions("nadia", LINE, channel="CANYTHING")
    await world.slack.mentions("stranger", LINE, channel="CANYTHING")
    await world.goes_on()
    [asked] = told(world, "nadia")
    assert ASKED in asked
    [kindly] = told(world, "stranger")
    assert "ask an admin to link this account to your name." in kindly


# --- a choice --------------------------------------------------------------------------------------------------------


async def test_a_choice_that_was_not_saved_can_be_pressed_again() -> None:
    store = ShakyStore(MemoryStore())
    async with slack_house(store=store) as world:
        await world.commands(f"{LINE}: a long story")
        asked = world.whispered("nadia")
        store.refuses = 1
        await world.answers("nadia", "Martin Gagnon")
        assert world.whispers("nadia")[-1].startswith("Not saved")
        assert labels(asked.blocks) == ["Martin Gagnon", "Martin Tremblay"]
        await world.clicks("nadia", "Martin Gagnon", on=asked)
        assert labels(asked.blocks) == []
        assert said(asked) == "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."
        assert (await world.facts()).about == "a long story"


async def test_a_choice_in_a_modal_that_was_not_saved_can_be_pressed_again() -> None:
    store = ShakyStore(MemoryStore())
    async with slack_house(store=store) as world:
        await world.commands()
        await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Martin", what_about="a long story")
        for _ in range(2):
            store.refuses = 1
            await world.chooses("nadia", "Martin Gagnon")
            assert world.modal("nadia").count("not saved") == 1
            assert ASKED in world.modal("nadia")
        await world.chooses("nadia", "Martin Gagnon")
        assert "not saved" not in world.modal("nadia")
        assert "Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon." in world.modal("nadia")
        assert (await world.facts()).about == "a long story"


async def test_what_came_of_a_choice_is_said_elsewhere_where_its_modal_was_closed(world: House) -> None:
    await world.commands()
    await world.fills("nadia", visitor_and_company="Julie Tremblay", here_for="Martin")
    modal = world.api.modal("UNADIA")
    modal.is_open = False
    await world.slack.presses("nadia", "Martin Gagnon", modal)
    await world.goes_on()
    assert told(world, "nadia") == ["Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."]


async def test_a_choice_in_the_direct_message_that_was_not_saved_can_be_pressed_again() -> None:
    store = ShakyStore(MemoryStore())
    async with slack_house(store=store) as world:
        await world.writes("nadia", LINE)
        [asked] = world.api.in_channel("UNADIA")
        store.refuses = 1
        await world.clicks("nadia", "Martin Gagnon", on=asked)
        assert world.whispers("nadia")[-1].startswith("Not saved")
        assert labels(asked.blocks) == ["Martin Gagnon", "Martin Tremblay"]
        await world.clicks("nadia", "Martin Gagnon", on=asked)
        assert len(world.cards_of("martin")) == 1


async def test_what_was_chosen_in_the_direct_message_takes_the_place_of_the_question(world: House) -> None:
    await world.writes("nadia", LINE)
    [asked] = world.api.in_channel("UNADIA")
    old = as_it_was(asked)
    await world.clicks("nadia", "Martin Gagnon", on=asked)
    assert (said(asked), labels(asked.blocks)) == ("Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon.", [])
    await world.passes(minutes=45)
    await world.clicks("nadia", "Martin Gagnon", on=old)  # somebody's phone still showed it
    assert len(world.cards_of("martin")) == 1


async def test_which_of_two_visits_was_meant_takes_the_place_of_the_question(world: House) -> None:
    await world.commands("Julie Tremblay for Martin Gagnon")
    await world.commands("Paul Roy for Martin Gagnon")
    await world.writes("martin", "in 5 min")
    [asked] = world.replies("martin")
    await world.clicks("martin", "Paul Roy", on=asked)
    assert (said(asked), labels(asked.blocks)) == ("Thank you. Paul Roy expects you within 5 minutes.", [])
    assert world.whispers("martin") == []


async def test_a_question_that_was_deleted_meanwhile_is_answered_all_the_same(world: House) -> None:
    await world.writes("nadia", LINE)
    [asked] = world.api.in_channel("UNADIA")
    asked.deleted = True
    await world.clicks("nadia", "Martin Gagnon", on=asked)
    assert told(world, "nadia") == ["Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."]


@pytest.mark.parametrize("fault, seconds", [(too_many(3), 4), (Fault(status=500), 4), (Fault(status=404), 0)])
async def test_what_takes_no_answer_in_its_place_is_tried_again_or_answered_elsewhere(
    world: House, fault: Fault, seconds: float
) -> None:
    await world.commands(LINE)
    world.api.fails("response_url", fault)
    await world.answers("nadia", "Martin Gagnon")
    await waits(world, seconds=seconds)
    said_where = told(world, "nadia") if fault.status == 404 else world.whispers("nadia")
    assert said_where == ["Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."]
