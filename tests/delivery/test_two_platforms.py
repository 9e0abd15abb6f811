"""People who are found on two platforms: cards on both, one buzz at a time, and nobody is given up too early."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bot import lost
from bot.domain.events import NotDelivered
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Outcome
from bot.ports import Capabilities, Store, Transaction
from tests.clumsy import clumsy
from tests.mixed import Mixed, place
from tests.world import at

BOTH = {"martin": ("slack", "teams"), "sophie": ("teams", "slack")}
GONE = DeliveryError(DeliveryKind.UNREACHABLE, "conversations.open: user_disabled")
RETRY = DeliveryError(DeliveryKind.RETRY, "503")
ASKED, AGAIN = "Julie Tremblay is asking for you", "Julie Tremblay is still waiting for you"


@pytest.fixture
def world(store: Store) -> Mixed:
    """Give a house in which Martin and Sophie are on both platforms, and the others on the web pages."""
    return Mixed(store, BOTH)


def fails(world: Mixed, platform: str, person: str, fault: Exception = GONE) -> None:
    world.chats[platform].down[place(platform, person).id] = fault


async def not_delivered(world: Mixed, visitor: str = "") -> list[tuple[str, str, str]]:
    return [(e.person, e.adapter, e.why) for e in await world.deliveries(visitor) if isinstance(e, NotDelivered)]


async def told(world: Mixed, person: str) -> dict[str, list[str]]:
    return {platform: world.on(platform).nudges(person) for platform in ("slack", "teams", "web")}


async def supplier(world: Mixed, visitor: str = "Julie Tremblay") -> None:
    """A supplier comes: a hello or a callback is owed, and the first step is a reminder after a minute."""
    await world.arrives(visitor, to_see="martin", kind="supplier", phone="514 555-0142")


# --- who is nudged where ---------------------------------------------------------------------------------------------


async def test_cards_are_everywhere_and_the_buzz_where_they_are_found_first(world: Mixed) -> None:
    await supplier(world)
    assert [len(world.on(platform).cards("martin")) for platform in ("slack", "teams", "web")] == [1, 1, 1]
    assert await told(world, "martin") == {"slack": [ASKED], "teams": [], "web": []}


async def test_the_first_reminder_goes_to_the_other_platform_and_whatever_follows_to_the_first_again(
    world: Mixed,
) -> None:
    await supplier(world)
    await world.passes(minutes=1)
    assert await told(world, "martin") == {"slack": [ASKED], "teams": [AGAIN], "web": []}
    await world.on("teams").presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.comes(at(10, 0))
    slack = world.on("slack").nudges("martin")
    assert len(slack) == 3, "that the call is due soon, and that it is due"
    assert world.on("teams").nudges("martin") == [AGAIN]


async def test_each_has_an_order_of_their_own(world: Mixed) -> None:
    await supplier(world)
    await world.passes(minutes=2)
    assert await told(world, "sophie") == {
        "slack": [],
        "teams": ["Julie Tremblay is waiting: can you help?"],
        "web": [],
    }


async def test_a_question_that_begins_with_a_reminder_buzzes_first_where_they_are_found_first(world: Mixed) -> None:
    await supplier(world)
    await world.on("teams").presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.comes(at(10, 16))
    assert "CallbackLate" in await world.story()
    assert [len(nudges) for nudges in (await told(world, "martin")).values()] == [4, 0, 0]


async def test_one_chat_platform_beside_the_web_pages_is_buzzed_by_every_reminder(store: Store) -> None:
    world = Mixed(store, {"martin": ("teams",)})
    await supplier(world)
    await world.passes(minutes=1)
    assert await told(world, "martin") == {"slack": [], "teams": [ASKED, AGAIN], "web": []}


async def test_a_card_that_is_new_where_they_are_found_first_buzzes_by_itself(store: Store) -> None:
    world = Mixed(store, BOTH, buzzes=True)
    await supplier(world)
    assert await told(world, "martin") == {"slack": [], "teams": [], "web": []}
    await world.passes(minutes=1)
    assert await told(world, "martin") == {"slack": [], "teams": [AGAIN], "web": []}


# --- one of two is lost ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform, other", [("slack", "teams"), ("teams", "slack")])
async def test_whoever_is_reached_on_one_platform_is_waited_for(world: Mixed, platform: str, other: str) -> None:
    fails(world, platform, "martin")
    await supplier(world)
    assert await not_delivered(world) == [("martin", platform, "unreachable")]
    assert (await world.visit()).unreachable == ()
    assert (await told(world, "martin"))[other] == [ASKED], "nobody misses the buzz"
    assert world.on("teams").cards("sophie") == []
    await world.passes(minutes=1)
    assert (await told(world, "martin"))[other] == [ASKED, AGAIN]
    await world.on(other).presses("martin", "In 2 min")
    assert (await world.visit()).hello_promise is not None


async def test_a_reminder_that_the_other_platform_does_not_take_comes_to_the_first(world: Mixed) -> None:
    await supplier(world)
    fails(world, "teams", "martin")
    await world.passes(minutes=1)
    assert await told(world, "martin") == {"slack": [ASKED, AGAIN], "teams": [], "web": []}
    assert (await world.visit()).unreachable == ()


async def test_a_nudge_that_fails_again_and_again_goes_to_the_other_platform(world: Mixed) -> None:
    await supplier(world)
    await world.on("slack").presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.passes(minutes=1)
    before = len(world.on("slack").nudges("martin"))
    fails(world, "slack", "martin", RETRY)
    await world.comes(at(9, 55))
    assert len(world.on("slack").nudges("martin")) == before
    assert world.on("teams").nudges("martin") == ["Soon: call Julie Tremblay"]
    assert (await not_delivered(world))[0] == ("martin", "slack", "parked")
    assert (await world.visit()).unreachable == ()


async def test_where_the_lost_card_would_have_buzzed_and_the_other_does_not_they_are_nudged(store: Store) -> None:
    world = Mixed(store, BOTH, buzzes=True)
    world.chats["teams"].capabilities = Capabilities()
    fails(world, "slack", "martin")
    await supplier(world)
    assert await told(world, "martin") == {"slack": [], "teams": [ASKED], "web": []}


async def test_where_the_other_card_buzzes_by_itself_no_nudge_comes_on_top(store: Store) -> None:
    world = Mixed(store, BOTH, buzzes=True)
    fails(world, "slack", "martin")
    await supplier(world)
    assert await told(world, "martin") == {"slack": [], "teams": [], "web": []}
    assert len(world.on("teams").cards("martin")) == 1


@pytest.mark.parametrize("buzzes", [False, True])
async def test_where_a_card_that_stood_is_lost_they_are_nudged_once_where_the_other_stands(
    store: Store, *, buzzes: bool
) -> None:
    world = Mixed(store, BOTH, buzzes=buzzes)
    await supplier(world)
    fails(world, "slack", "martin")
    for text in ("in a hurry", "brought flowers"):
        await world.presses("nadia", "Add a note…", text=text)
    assert world.on("teams").nudges("martin") == [ASKED]


async def test_whoever_is_not_the_one_asked_last_is_not_nudged_anew(world: Mixed) -> None:
    await supplier(world)
    await world.passes(minutes=2)
    assert len(world.on("teams").nudges("sophie")) == 1
    fails(world, "teams", "martin")
    await world.presses("nadia", "Add a note…", text="in a hurry")
    assert await told(world, "martin") == {"slack": [ASKED], "teams": [AGAIN], "web": []}


# --- all are lost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("slack", "teams"), ("teams", "slack")])
async def test_only_when_the_last_address_is_lost_the_next_step_happens_at_once(
    world: Mixed, order: tuple[str, str]
) -> None:
    await supplier(world)
    for platform in order:
        assert (await world.visit()).unreachable == ()
        fails(world, platform, "martin")
        await world.presses("nadia", "Add a note…", text=f"not on {platform}")
    assert (await world.visit()).unreachable == ("martin",)
    assert sorted(platform for _, platform, _ in await not_delivered(world)) == ["slack", "teams"]
    assert len(world.on("teams").cards("sophie")) == 1


async def test_both_lost_from_the_beginning_is_one_report(world: Mixed) -> None:
    for platform in ("slack", "teams"):
        fails(world, platform, "martin")
    await supplier(world)
    assert (await world.story()).count("Unreachable") == 1
    assert "My message cannot reach Martin Gagnon; the next step is happening now." in world.notes("nadia")
    assert len(world.on("teams").cards("sophie")) == 1
    assert await world.store.read(lambda tx: tx.next_delivery()) is None


async def test_where_they_were_lost_everywhere_before_a_first_card_is_still_tried_everywhere(world: Mixed) -> None:
    for platform in ("slack", "teams"):
        await world.on(platform).leaves("martin")
    fails(world, "slack", "martin")  # and they are back on the other one
    await supplier(world)
    assert (await world.visit()).unreachable == ()
    assert await told(world, "martin") == {"slack": [], "teams": [ASKED], "web": []}


async def test_the_web_pages_are_no_other_platform(store: Store) -> None:
    world = Mixed(store, {"martin": ("slack",), "sophie": ("teams",)})
    fails(world, "slack", "martin")
    await supplier(world)
    assert (await world.visit()).unreachable == ("martin",)
    assert len(world.cards("martin")) == 1


async def test_the_web_pages_failing_says_nothing_of_somebody_who_is_on_a_chat_platform(world: Mixed) -> None:
    fails(world, "web", "martin")
    await supplier(world)
    assert await not_delivered(world) == [("martin", "web", "unreachable")]
    assert (await world.visit()).unreachable == ()
    assert await told(world, "martin") == {"slack": [ASKED], "teams": [], "web": []}


# --- what a platform says by itself ----------------------------------------------------------------------------------


async def test_whoever_leaves_one_platform_is_nudged_on_the_other(world: Mixed) -> None:
    await supplier(world)
    assert (await world.on("slack").leaves("martin")).outcome is Outcome.DONE
    assert await told(world, "martin") == {"slack": [ASKED], "teams": [ASKED], "web": []}
    assert (await world.visit()).unreachable == ()
    await world.on("teams").leaves("martin")
    assert (await world.visit()).unreachable == ("martin",)
    assert len(world.on("teams").cards("sophie")) == 1


async def test_the_card_that_stands_where_they_have_left_counts_no_more(world: Mixed) -> None:
    await supplier(world)
    await world.on("slack").leaves("martin")
    await world.presses("nadia", "Add a note…", text="the old card is still amended there")
    assert world.on("slack").card("martin").revision == world.on("teams").card("martin").revision
    fails(world, "teams", "martin")
    await world.passes(minutes=1)
    assert (await world.visit()).unreachable == ("martin",)


async def test_the_next_visit_buzzes_where_they_are_reached(world: Mixed) -> None:
    await supplier(world)
    await world.on("slack").leaves("martin")
    fails(world, "slack", "martin")
    calls = world.chats["slack"].calls[place("slack", "martin").id]
    await supplier(world, "Paul Roy")
    assert world.on("teams").nudges("martin")[1:] == ["Paul Roy is asking for you"]
    assert world.chats["slack"].calls[place("slack", "martin").id] == calls + 1, "the new card alone was tried there"


# --- what is kept of it ----------------------------------------------------------------------------------------------


async def known(world: Mixed) -> dict[tuple[str, str], tuple[str, str]]:
    found = await world.store.read(lost.everywhere)
    return {(where.adapter, where.id): (is_lost.why, is_lost.detail) for where, is_lost in found.items()}


LOST = {("slack", "S-martin"): ("unreachable", GONE.detail)}


async def test_a_lost_address_is_known_until_it_takes_a_new_message(world: Mixed) -> None:
    fails(world, "slack", "martin")
    await supplier(world)
    begun = world.clock.now()
    assert await known(world) == LOST
    await supplier(world, "Paul Roy")
    await world.passes(minutes=1)
    [kept] = (await world.store.read(lost.everywhere)).values()
    assert kept.since == begun, "it is so since it was first"
    world.chats["slack"].down.clear()
    await supplier(world, "Anne Roy")
    assert await known(world) == {}


async def test_a_nudge_that_is_taken_there_is_a_new_message_too(store: Store) -> None:
    world = Mixed(store, {"martin": ("slack",)})
    await supplier(world)
    await world.on("slack").presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.on("slack").leaves("martin")
    assert len(await known(world)) == 1
    await world.comes(at(9, 50))
    assert world.on("slack").nudges("martin")[-1] == "Soon: call Julie Tremblay"
    assert await known(world) == {}


async def test_an_old_card_that_is_amended_proves_nothing(world: Mixed) -> None:
    await supplier(world)
    await world.on("slack").leaves("martin")
    await world.presses("nadia", "Add a note…", text="in a hurry")
    assert world.on("slack").card("martin").revision == (world.on("web").card("martin")).revision
    assert await known(world) == {("slack", "S-martin"): ("unreachable", "")}


@pytest.mark.parametrize("text", ["in 2 min", "what?"])
async def test_whoever_writes_from_there_is_there(world: Mixed, text: str) -> None:
    await supplier(world)
    await world.on("slack").leaves("martin")
    await world.on("teams").types("martin", "busy")
    assert len(await known(world)) == 1
    await world.on("slack").types("martin", text)
    assert await known(world) == {}


async def test_a_refused_press_is_a_sign_of_life_as_well(world: Mixed) -> None:
    await supplier(world)
    await world.on("slack").leaves("martin")
    reply = await world.on("slack").sends("martin", visit=await world.visit_id(), button="left")
    assert reply.outcome is Outcome.REFUSED
    assert await known(world) == {}


async def test_that_messages_fail_again_and_again_is_kept_as_well(world: Mixed) -> None:
    fails(world, "slack", "martin", RETRY)
    await supplier(world)
    await world.passes(minutes=3)
    assert await known(world) == {("slack", "S-martin"): ("parked", "503")}


@pytest.mark.parametrize("what", ["card", "nudge"])
async def test_what_could_not_even_be_made_says_nothing_of_an_address(world: Mixed, what: str) -> None:
    clumsy(world, what)
    with capture_logs():
        await supplier(world)
        await world.passes(minutes=5)
    assert ("martin", "slack", "parked") in await not_delivered(world)
    assert await known(world) == {}


async def test_of_a_counter_nothing_is_kept(world: Mixed) -> None:
    fails(world, "web", "reception:montreal")
    await supplier(world)
    assert ("reception:montreal", "web", "unreachable") in await not_delivered(world)
    assert await known(world) == {}


@pytest.mark.parametrize("written", ["", "null", "[]", '["today", "unreachable", ""]', "3"])
async def test_what_somebody_wrote_there_by_hand_is_left_out(store: Store, written: str) -> None:
    def work(tx: Transaction) -> None:
        tx.put_value("lost:slack:U1", written)
        lost.note(tx, place("teams", "martin"), "parked", at(9))

    await store.transact(work)
    assert list(await store.read(lost.everywhere)) == [place("teams", "martin")]
    await store.transact(lambda tx: lost.note(tx, place("slack", "martin"), "parked", at(9)))
    assert len(await store.read(lost.everywhere)) == 2
