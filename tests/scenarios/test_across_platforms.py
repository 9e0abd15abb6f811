"""Stories of a mixed house: announced on one platform, answered on another; cards stay in step, the first wins."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.card import Nudge
from bot.domain.events import HelloPromised
from bot.messages import Announce, Incoming, Outcome, Press, Reply
from bot.ports import Store
from tests.mixed import Mixed, place
from tests.world import at, carry_all, plain

COUNTER = "reception:montreal"
LINE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: room booking"
TO_REACH = {
    COUNTER: ("slack",),
    "nadia": ("slack",),
    "martin": ("teams", "slack"),
    "sophie": ("teams",),
    "claire": ("slack",),
}
EVERYWHERE = ("slack", "teams", "web")


@pytest.fixture
def world(store: Store) -> Mixed:
    """Give a house whose reception is on Slack, Martin on both platforms, Sophie on Teams, Karim on the web pages."""
    return Mixed(store, TO_REACH)


def in_step(world: Mixed, visitor: str = "Julie Tremblay") -> bool:
    """Tell whether every card of a visitor, wherever it stands, shows the visit at the same version."""
    shown = [message.shown for chat in world.chats.values() for message in chat.messages]
    cards = [card for card in shown if not isinstance(card, Nudge)]
    return len({card.revision for card in cards if card.visitor == visitor}) == 1


def left_to_press(world: Mixed, person: str) -> list[str]:
    card = world.card(person)
    return [button.label for button in (*card.buttons, *card.more)]


async def supplier(world: Mixed) -> None:
    await world.on("slack").arrives("Julie Tremblay", to_see="martin", kind="supplier", phone="514 555-0142")


# --- announced here, answered there ----------------------------------------------------------------------------------


async def test_announced_in_slack_answered_in_teams(world: Mixed) -> None:
    reply = await world.on("slack").announces(LINE)
    assert reply.outcome is Outcome.DONE
    assert world.on("slack").card("nadia").visitor == "Julie Tremblay"
    for platform in EVERYWHERE:
        assert world.on(platform).asks("martin").startswith("Julie Tremblay is at reception for you.")
    await world.on("teams").presses("martin", "In 2 min")
    for platform in ("slack", "web"):
        assert world.on(platform).say() == "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes."
        assert world.on(platform).labels("martin") == world.on("teams").labels("martin")
    assert in_step(world)
    await world.on("slack").presses("nadia", "Hello happened")
    for platform in EVERYWHERE:
        assert world.on(platform).card("martin").closed
    assert in_step(world)


async def test_announced_in_teams_answered_in_slack(store: Store) -> None:
    world = Mixed(store, {COUNTER: ("teams",), "nadia": ("teams",), "martin": ("slack",)})
    await world.on("teams").announces(LINE)
    await world.on("slack").presses("martin", "In 5 min")
    assert world.on("teams").say() == "Martin Gagnon is coming to greet you by 9:17 a.m., within 5 minutes."
    assert in_step(world)


@pytest.mark.parametrize("platform", ["slack", "teams"])
async def test_announced_on_the_web_page_for_somebody_in_a_chat_and_the_other_way_round(
    store: Store, platform: str
) -> None:
    world = Mixed(store, {"nadia": (platform,), "martin": (platform,)})
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.on(platform).presses("martin", "In 2 min")
    assert "Martin Gagnon is coming" in world.say("Julie Tremblay")
    await world.on(platform).announces("Paul Roy for Karim Benali")
    assert world.nudges("karim") == ["Paul Roy vous demande"]
    await world.presses("karim", "Dans 2 min")
    assert "Karim Benali is coming" in world.say("Paul Roy")
    assert in_step(world, "Julie Tremblay")
    assert in_step(world, "Paul Roy")


async def test_answered_on_one_platform_and_taken_back_from_the_other(world: Mixed) -> None:
    await supplier(world)
    await world.on("teams").presses("martin", "In 2 min")
    await world.on("slack").presses("martin", "In 5 min")
    assert world.on("slack").say() == "Martin Gagnon is coming to greet you by 9:17 a.m., within 5 minutes."
    assert in_step(world)


# --- the first answer wins -------------------------------------------------------------------------------------------


async def test_the_card_on_the_other_platform_says_who_answered_and_leaves_nothing_to_press(world: Mixed) -> None:
    await supplier(world)
    await world.passes(minutes=2)
    assert world.on("teams").nudges("sophie") == ["Julie Tremblay is waiting: can you help?"]
    await world.on("slack").presses("martin", "In 2 min")
    for platform in ("teams", "web"):
        there = world.on(platform)
        assert there.notes("sophie") == [
            "Martin Gagnon is looking after Julie Tremblay. Nothing more for you to do, thank you."
        ]
        assert left_to_press(there, "sophie") == []
    assert in_step(world)


async def test_a_press_on_a_card_that_is_not_yet_amended_is_told_who_was_faster(world: Mixed) -> None:
    await supplier(world)
    await world.passes(minutes=2)
    old = world.on("teams").card("sophie")
    world.held = True  # the amended card is still on its way
    await world.on("slack").presses("martin", "In 2 min")
    assert world.on("teams").card("sophie") == old
    button = world.on("teams").button(old, "In 2 min")
    late = Press(visit=old.visit, button=button.name, value=button.value, revision=old.revision)
    reply = await comes_in(world, "teams", "sophie", late)
    assert reply.outcome is Outcome.REFUSED
    assert "Martin Gagnon" in plain(reply.text)
    promised = [event.by for event in await world.journal() if isinstance(event, HelloPromised)]
    assert promised == ["martin"]


async def test_two_people_on_two_platforms_press_at_the_same_moment(world: Mixed) -> None:
    await supplier(world)
    await world.passes(minutes=2)
    visit = await world.visit_id()
    press = Press(visit=visit, button="hello", value="2", revision=world.card("martin").revision)
    replies = await asyncio.gather(
        *(comes_in(world, platform, who, press) for platform, who in (("slack", "martin"), ("teams", "sophie")))
    )
    assert sorted(reply.outcome for reply in replies) == [Outcome.DONE, Outcome.REFUSED]
    await carry_all(world.parts.courier)
    promised = [event.by for event in await world.journal() if isinstance(event, HelloPromised)]
    assert len(promised) == 1
    assert in_step(world)


async def test_one_person_presses_the_same_on_two_platforms_and_it_is_done_once(world: Mixed) -> None:
    await supplier(world)
    press = Press(visit=await world.visit_id(), button="hello", value="2", revision=world.card("martin").revision)
    replies = [await comes_in(world, platform, "martin", press) for platform in EVERYWHERE]
    assert [reply.outcome for reply in replies] == [Outcome.DONE, Outcome.NOTHING_NEW, Outcome.NOTHING_NEW]
    assert (await world.story()).count("HelloPromised") == 1


async def test_the_same_key_from_two_platforms_is_two_things(world: Mixed) -> None:
    for platform, visitor in (("slack", "Julie Tremblay"), ("web", "Paul Roy")):
        act = Announce(visitor=visitor, owner_id="martin", kind="client")
        assert (await comes_in(world, platform, "nadia", act, key="event:1")).outcome is Outcome.DONE
    await world.settles()
    assert len(world.cards("nadia")) == 2


# --- one platform fails ----------------------------------------------------------------------------------------------


async def test_while_one_platform_is_away_the_others_go_on_and_it_catches_up(world: Mixed) -> None:
    await supplier(world)
    world.chats["teams"].down = dict.fromkeys(("T-martin", "T-sophie"), ConnectionError("away"))
    await world.on("slack").presses("martin", "In 2 min")
    assert "Martin Gagnon is coming" in world.on("slack").say()
    assert not in_step(world)
    world.chats["teams"].down.clear()
    await world.passes(seconds=30)
    assert in_step(world)


async def test_a_callback_is_followed_on_both_platforms(world: Mixed) -> None:
    await supplier(world)
    await world.on("slack").presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.comes(at(10, 1))
    assert world.on("teams").nudges("martin")[-1] == "Call Julie Tremblay now"
    for platform in EVERYWHERE:
        assert "Done" in world.on(platform).labels("martin")
    await world.on("slack").presses("martin", "Done")
    assert all(world.on(platform).card("martin").closed for platform in EVERYWHERE)
    assert in_step(world)


async def test_the_story_says_on_which_platform_each_thing_was_done(world: Mixed) -> None:
    await supplier(world)
    await world.on("teams").presses("martin", "In 2 min")
    await world.on("slack").presses("nadia", "Hello happened")
    visit = await world.visit_id()
    entries = await world.store.read(lambda tx: tx.journal(visit))
    through = {type(entry.event).__name__: entry.through for entry in entries}
    assert (through["Arrived"], through["HelloPromised"], through["HelloGiven"]) == ("slack", "teams", "slack")


async def comes_in(world: Mixed, platform: str, person: str, act: Announce | Press, key: str = "") -> Reply:
    """Let something come in, and nothing be carried after it."""
    sender = place(platform, person)
    return await world.parts.inbox.receive(Incoming(key=key or f"{platform}-{person}", sender=sender, act=act))
