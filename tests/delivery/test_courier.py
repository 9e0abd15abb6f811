"""Stories about messages on their way: in bursts, lost, refused, late, and never of a visitor in the log."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
import structlog
from structlog.testing import capture_logs

from bot.bootstrap import join
from bot.domain.card import Nudge, Phrase
from bot.domain.events import Delivered, NotDelivered
from bot.domain.visit import Callback, Hello
from bot.errors import DeliveryError, DeliveryKind, Held
from bot.language.wording import Wording
from bot.messages import Address, Announce, Incoming
from bot.ports import Transaction
from bot.settings import Settings
from bot.settling import PARK_AFTER
from tests.fakes import FakeChat, Message, ShakyStore
from tests.world import COUNTER, WEDNESDAY, World, at, carry_all, house

T = TypeVar("T")
NUMBER = "514 555-0142"
RETRY = DeliveryError(DeliveryKind.RETRY, "503")
GONE = DeliveryError(DeliveryKind.UNREACHABLE, "user_not_found")


def sent(world: World, address: str) -> list[Message]:
    return [message for message in world.chat.messages if message.to.id == address]


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


# --- cards -----------------------------------------------------------------------------------------------------------


async def test_a_burst_of_changes_is_one_message(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    before = world.chat.calls.copy()
    world.held = True
    await world.presses("martin", "In 2 min")
    await world.presses("martin", "In 5 min")
    await world.presses(COUNTER, "Add phone", phone=NUMBER)
    await world.presses(COUNTER, "Add a note…", text="brought flowers")
    world.held = False
    await world.settles()
    assert world.chat.calls - before == {"martin": 1, COUNTER: 1}
    assert world.say() == "Martin Gagnon is coming to greet you by 9:17 a.m., within 5 minutes."


async def test_what_is_shown_already_is_not_sent_again(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    before = world.chat.calls.copy()
    await world.settles()
    await world.restarted().settles()
    assert world.chat.calls == before


async def test_a_deleted_message_is_posted_anew(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    sent(world, COUNTER)[0].deleted = True
    await world.presses("martin", "In 2 min")
    old, new = sent(world, COUNTER)
    assert old.deleted
    assert new.shown.visit == old.shown.visit
    assert world.say() == "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes."
    await world.presses(COUNTER, "Hello happened")
    assert len(sent(world, COUNTER)) == 2


async def test_a_platform_that_always_wants_it_anew_is_not_asked_for_ever(world: World) -> None:
    world.chat.down[COUNTER] = DeliveryError(DeliveryKind.POST_ANEW, "message_not_found")
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(minutes=3)
    assert world.chat.calls[COUNTER] == 8


async def test_whoever_had_a_card_sees_what_became_of_it(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Call back…", when=at(10, 0).isoformat())
    await world.presses("martin", "Pass to…", to="karim")
    await world.presses("martin", "Pass to…", to="sophie")
    await world.presses("sophie", "I'll make this call")
    assert world.labels("karim") == []
    assert world.card("karim").number == ""
    await world.presses("sophie", "Done")
    assert world.card("karim").closed


# --- passing faults --------------------------------------------------------------------------------------------------


async def test_a_passing_fault_is_tried_again_with_growing_waits_and_given_up_after_eight_until_the_visit_changes(
    world: World,
) -> None:
    world.chat.down[COUNTER] = RETRY
    await world.arrives("Julie Tremblay", to_see="martin")
    begun = world.clock.now()
    for tries, after in enumerate((0, 1, 3, 7, 15, 31, 63, 127), start=1):
        await world.comes(begun + seconds(after - 0.1))
        assert world.chat.calls[COUNTER] == max(1, tries - 1)
        await world.comes(begun + seconds(after))
        assert world.chat.calls[COUNTER] == tries
    lost = [event for event in await world.deliveries() if isinstance(event, NotDelivered)]
    assert [(event.person, event.why) for event in lost] == [(COUNTER, "parked")]
    world.chat.down.clear()
    await world.passes(minutes=3)
    # the ladder went on without it, and the next change of the visit took the card up again
    assert "I'm coming" in world.labels("sophie")
    assert world.card(COUNTER).visitor == "Julie Tremblay"


async def test_after_a_fault_the_message_shows_what_is_so_by_then(world: World) -> None:
    world.chat.down[COUNTER] = RETRY
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "In 2 min")
    world.chat.down.clear()
    await world.passes(seconds=10)
    (message,) = sent(world, COUNTER)
    assert message.amended == 0
    assert world.say() == "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes."


async def test_what_a_platform_asks_to_wait_for_holds_that_bucket_only(world: World) -> None:
    world.chat.down["martin"] = DeliveryError(
        DeliveryKind.WAIT_UNTIL, "ratelimited", retry_at=world.clock.now() + seconds(40)
    )
    await world.arrives("Julie Tremblay", to_see="martin")
    assert world.chat.calls == {COUNTER: 1, "martin": 1}
    await world.arrives("Marc Roy", to_see="sophie")
    await world.passes(seconds=39)
    assert world.chat.calls["martin"] == 1
    assert len(world.cards("sophie")) == 1
    world.chat.down.clear()
    await world.passes(seconds=1)
    assert world.nudges("martin") == ["Julie Tremblay is asking for you"]
    assert len(world.cards("martin")) == 1


async def test_too_many_changes_of_cards_hold_up_no_new_card_and_no_nudge(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    until = world.clock.now() + seconds(40)
    before = world.card(COUNTER, "Julie Tremblay").revision
    fault = DeliveryError(DeliveryKind.WAIT_UNTIL, "ratelimited", until, limited=True, only=Held.AMENDED)
    world.chat.down[COUNTER] = fault
    await world.presses("martin", "In 2 min")
    world.chat.down.clear()
    await world.arrives("Marc Roy", to_see="sophie")
    assert {card.visitor for card in world.cards(COUNTER)} == {"Julie Tremblay", "Marc Roy"}
    await world.passes(seconds=39)
    assert world.card(COUNTER, "Julie Tremblay").revision == before
    await world.passes(seconds=1)
    assert world.card(COUNTER, "Julie Tremblay").revision > before


async def test_a_moment_that_is_past_already_is_waited_for_all_the_same(world: World) -> None:
    world.chat.down["martin"] = DeliveryError(DeliveryKind.WAIT_UNTIL, "ratelimited", retry_at=world.clock.now())
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(seconds=5)
    assert world.chat.calls["martin"] <= 6


@pytest.mark.parametrize("kind", [DeliveryKind.WAIT_UNTIL, DeliveryKind.MISCONFIGURED])
async def test_however_long_a_platform_is_waited_for_nothing_is_given_up(world: World, kind: DeliveryKind) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Call back…", when=at(16, 0).isoformat())
    for number in range(12):
        fault = DeliveryError(kind, "later", retry_at=world.clock.now() + timedelta(minutes=5))
        world.chat.down = dict.fromkeys((COUNTER, "martin"), fault)
        await world.presses("martin", "Add a note…", text=f"note {number}")
        await world.passes(minutes=5)
    world.chat.down = {}
    await world.passes(minutes=5)
    assert not [event for event in await world.deliveries() if isinstance(event, NotDelivered)]
    assert world.card("martin").revision == world.card(COUNTER).revision
    assert await world.store.read(lambda tx: tx.next_delivery()) is None


async def test_a_misconfigured_platform_is_left_alone_and_tried_again_later(world: World) -> None:
    world.chat.faults.append(DeliveryError(DeliveryKind.MISCONFIGURED, "invalid_auth"))
    with capture_logs() as logs:
        await world.arrives("Julie Tremblay", to_see="martin")
    assert world.chat.calls.total() == 1
    told = [line for line in logs if line["event"] == "courier.misconfigured"]
    assert [(line["log_level"], line["adapter"], line["detail"]) for line in told] == [("error", "web", "invalid_auth")]
    await world.passes(minutes=4, seconds=59)
    assert world.chat.calls.total() == 1
    asking = (await world.visit()).visitor_question
    assert asking is not None
    assert asking.responder == "claire"
    await world.passes(seconds=1)
    assert "Claire Bouchard" in world.say()
    assert "J'arrive" in world.labels("claire")


async def test_an_adapter_that_is_not_there_counts_as_misconfigured(world: World) -> None:
    settings = replace(house(), addresses={**house().addresses, "martin": (Address("slack", "U1"),)})
    there = world.restarted(settings)
    with capture_logs() as logs:
        await there.arrives("Julie Tremblay", to_see="martin")
    assert [line["adapter"] for line in logs if line["event"] == "courier.misconfigured"] == ["slack"]
    assert len(there.cards(COUNTER)) == 1


# --- nobody there ----------------------------------------------------------------------------------------------------


async def test_whoever_cannot_be_reached_is_passed_over_at_once(world: World) -> None:
    world.chat.down["martin"] = GONE
    await world.arrives("Julie Tremblay", to_see="martin")
    assert "I'm coming" in world.labels("sophie")
    assert "My message cannot reach Martin Gagnon; the next step is happening now." in world.notes(COUNTER)
    assert "Sophie Roy" in world.say()
    assert (await world.story())[-3:] == ["Unreachable", "StepSkipped", "Asked"]
    lost = [event for event in await world.deliveries() if isinstance(event, NotDelivered)]
    assert [(event.person, event.adapter, event.why) for event in lost] == [("martin", "web", "unreachable")]
    # the nudge of a question that cannot be put is not tried either
    assert world.chat.calls["martin"] == 1
    await world.passes(minutes=3)
    assert world.chat.calls["martin"] == 1


async def test_with_nobody_to_be_reached_reception_has_the_visitor_at_once(world: World) -> None:
    world.chat.down = dict.fromkeys(("martin", "sophie", "claire"), GONE)
    await world.arrives("Julie Tremblay", to_see="martin", phone=NUMBER)
    visit = await world.visit()
    assert visit.unreachable == ("martin", "sophie", "claire")
    assert visit.visitor_question is not None
    assert visit.visitor_question.with_reception
    assert visit.callback_promise is not None
    assert world.labels(COUNTER) == ["Ask someone else…", "Visitor left"]


async def test_somebody_unreachable_may_still_be_entered_by_voice(world: World) -> None:
    world.chat.down["martin"] = GONE
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses(COUNTER, "Answered by voice…", who="martin", what="hello:2")
    await world.presses(COUNTER, "Hello happened")
    visit = await world.visit()
    assert (visit.hello, visit.greeted_by) == (Hello.GIVEN, "martin")


async def test_a_nudge_that_is_given_up_reports_the_person_once(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    world.chat.down["martin"] = GONE
    await world.passes(seconds=45)
    assert (await world.visit()).unreachable == ("martin",)
    assert "I'm coming" in world.labels("sophie")
    assert len([event for event in await world.deliveries() if isinstance(event, NotDelivered)]) == 1


# --- lost replies ----------------------------------------------------------------------------------------------------


async def test_after_a_lost_reply_the_message_is_found_by_its_key(world: World) -> None:
    world.chat.lose_replies = 3  # both cards and the nudge
    with capture_logs() as logs:
        await world.arrives("Julie Tremblay", to_see="martin")
        await world.passes(seconds=5)
    assert len(sent(world, COUNTER)) == 1
    assert len(sent(world, "martin")) == 2
    assert [message.found for message in world.chat.messages] == [1, 1, 1]
    assert len([line for line in logs if line["event"] == "courier.sent_again"]) == 3
    await world.presses("martin", "In 2 min")
    assert len(sent(world, COUNTER)) == 1


async def test_where_nothing_can_be_looked_up_a_lost_reply_makes_one_duplicate_at_most(world: World) -> None:
    world.chat.finds = False
    world.chat.lose_replies = 1
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(seconds=5)
    assert len(sent(world, COUNTER)) + len(sent(world, "martin")) == 4


async def test_a_message_whose_sending_was_not_noted_is_found_when_its_lease_runs_out(world: World) -> None:
    shaky = ShakyStore(world.store)
    there = world.restarted(store=shaky)
    there.held = True
    await there.arrives("Julie Tremblay", to_see="martin")
    shaky.more, shaky.refuses = 1, 1  # the claim is taken, what became of it is not
    with capture_logs() as logs:
        assert await there.parts.courier.carry_one()
    assert [line["event"] for line in logs] == ["courier.result_not_saved"]
    there.held = False
    await there.settles()
    assert len(there.chat.messages) == 3
    await there.passes(seconds=59)
    assert sum(message.found for message in there.chat.messages) == 0
    await there.passes(seconds=1)
    assert sum(message.found for message in there.chat.messages) == 1
    assert len([message for message in there.chat.messages if message.to.id == COUNTER]) == 1


# --- nudges ----------------------------------------------------------------------------------------------------------


async def test_a_nudge_is_not_sent_any_more_once_it_was_answered(world: World) -> None:
    world.held = True
    reply = await world.arrives("Julie Tremblay", to_see="martin")
    await world.sends("martin", visit=reply.visit, button="hello", value="2")
    world.held = False
    await world.settles()
    assert world.nudges("martin") == []
    assert world.labels("martin") == ["I've seen them"]


async def test_a_call_that_was_made_meanwhile_is_not_nudged_for(world: World) -> None:
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone=NUMBER)
    await world.presses("martin", "Call back…", when=at(10, 0).isoformat())
    world.chat.down["martin"] = RETRY
    await world.comes(at(10, 0))
    await world.presses(COUNTER, "Done")
    world.chat.down.clear()
    await world.comes(at(10, 10))
    assert not [text for text in world.nudges("martin") if "Call" in text]


async def test_what_is_taken_back_is_said_even_where_the_question_never_arrived(world: World) -> None:
    world.held = True
    reply = await world.arrives("Julie Tremblay", to_see="martin")
    await world.sends("nadia", visit=reply.visit, button="mistake")
    world.held = False
    await world.settles()
    assert world.nudges("martin") == ["Posted by mistake: Julie Tremblay"]


# --- what is journaled of it -----------------------------------------------------------------------------------------


async def told(world: World) -> list[tuple[str, int]]:
    return [(event.person, event.asking) for event in await world.deliveries() if isinstance(event, Delivered)]


async def test_delivered_is_journaled_once_per_asking_and_person(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(seconds=50)
    await world.presses(COUNTER, "Add phone", phone=NUMBER)
    assert await told(world) == [("martin", 1)]
    await world.passes(seconds=40)
    assert await told(world) == [("martin", 1), ("sophie", 1)]
    await world.presses("sophie", "Ask a colleague…", to="claire")
    await world.presses("claire", "Pas moi")
    assert await told(world) == [("martin", 1), ("sophie", 1), ("claire", 2), ("sophie", 3)]


async def test_a_late_call_is_journaled_as_delivered_also_while_reception_has_the_visitor(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone=NUMBER)
    await world.comes(at(10, 1))
    visit = await world.visit()
    assert visit.callback is Callback.LATE
    assert visit.call_question is not None
    assert ("martin", visit.call_question.no) in await told(world)


async def test_a_question_put_while_an_older_card_was_under_way_is_not_yet_delivered(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    world.held = True
    await world.presses(COUNTER, "Hello happened")
    world.chat.slow = asyncio.Event()
    carrying = [asyncio.create_task(world.parts.courier.carry_one()) for _ in range(2)]
    assert {(await world.chat.under_way.get()).id for _ in carrying} == {"martin", COUNTER}
    await world.sends("nadia", visit=world.card(COUNTER).visit, button="undo")
    world.chat.slow.set()
    assert await asyncio.gather(*carrying) == [True, True]
    assert ("martin", 2) not in await told(world)
    world.held = False
    await world.settles()
    assert ("martin", 2) in await told(world)


async def test_facts_of_delivery_make_no_card_stale(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    assert await told(world) == [("martin", 1)]
    assert await world.store.read(lambda tx: tx.next_delivery()) is None


# --- what cannot be made ---------------------------------------------------------------------------------------------


def without(person: str) -> Settings:
    settings = house()
    people = {key: who for key, who in settings.people.items() if key != person}
    addresses = {key: found for key, found in settings.addresses.items() if key != person}
    return replace(settings, people=people, addresses=addresses)


def second_site() -> Settings:
    settings = house()
    quebec = replace(settings.sites["montreal"], id="quebec", reception=(Address("web", "reception:quebec"),))
    nadia = replace(settings.people["nadia"], reception_of=("montreal", "quebec"))
    return replace(settings, sites={**settings.sites, "quebec": quebec}, people={**settings.people, "nadia": nadia})


async def test_an_owner_who_left_the_directory_leaves_no_visitor_behind(world: World) -> None:
    world.held = True
    await world.arrives("Julie Tremblay", to_see="karim", phone=NUMBER)
    there = world.restarted(without("karim"))
    await there.settles()
    await there.passes(minutes=7)
    visit = await there.visit()
    assert visit.visitor_question is not None
    assert visit.visitor_question.with_reception
    form = await there.parts.views.form("nadia", visit.id, "ask_someone_else")
    assert [option.value for option in form.fields[0].options] == ["martin", "tremblay", "sophie", "claire"]
    assert (await there.parts.views.form("nadia", visit.id, "by_voice")).fields
    await there.presses(COUNTER, "Ask someone else…", to="sophie")
    await there.presses("sophie", "I'm coming")
    assert "Sophie Roy" in there.say()


async def test_a_visit_that_cannot_be_shown_holds_up_no_other_and_comes_back(world: World) -> None:
    there = world.restarted(second_site())
    there.held = True
    await there.arrives("Marc Roy", to_see="martin", site="quebec")
    gone = there.restarted(house())
    with capture_logs() as logs:
        await gone.settles()
        await gone.arrives("Julie Tremblay", to_see="sophie")
        await gone.passes(seconds=50)
    assert {line["event"] for line in logs} == {"courier.not_made", "timekeeper.visit_failed"}
    assert "Tremblay" not in repr(logs)
    assert world.nudges("sophie") == ["Julie Tremblay is asking for you", "Julie Tremblay is still waiting for you"]
    back = gone.restarted(second_site())
    await back.passes(minutes=2)
    assert [card.visitor for card in back.cards("reception:quebec")] == ["Marc Roy"]


# --- to whom ---------------------------------------------------------------------------------------------------------


def moved_to(person: str, address: Address) -> Settings:
    settings = house()
    return replace(settings, addresses={**settings.addresses, person: (address,)})


async def test_nothing_goes_to_an_address_that_is_its_readers_no_more(world: World) -> None:
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin", phone=NUMBER)
    there = world.restarted(moved_to("martin", Address("web", "martin.now")))
    with capture_logs() as logs:
        await there.settles()
    assert sent(there, "martin") == []
    assert [line["event"] for line in logs] == ["courier.not_theirs"] * 2
    assert "Tremblay" not in repr(logs)
    await there.passes(minutes=3)
    assert sent(there, "martin") == []
    assert [card.visitor for card in there.chat.cards("martin.now")] == ["Julie Tremblay"]


async def test_a_row_that_somebody_put_there_carries_nothing_away(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone=NUMBER)
    visit, elsewhere = (await world.visit()).id, Address("web", "elsewhere")
    nudge = Nudge(key="k", visit=visit, person="martin", text=Phrase("visitor.asked_nudge"))

    def forge(tx: Transaction) -> None:
        tx.show(visit, [("martin", elsewhere), (COUNTER, elsewhere)])
        tx.queue(nudge, elsewhere, world.clock.now())

    await world.store.transact(forge)
    await world.passes(minutes=10)
    assert sent(world, "elsewhere") == []
    assert world.chat.calls["elsewhere"] == 0


# --- a platform that does not answer ---------------------------------------------------------------------------------


class TwoPlatforms:
    """Martin is found on a platform that hangs, everybody else on one that does not; four hands carry."""

    def __init__(self, world: World) -> None:
        self.clock, self.web, self.slack = world.clock, FakeChat(), FakeChat(name="slack", slow=asyncio.Event())
        settings = moved_to("martin", Address("slack", "U1"))
        wording = Wording.load(kinds=settings.kinds, strict=True)
        adapters = {"web": self.web, "slack": self.slack}
        self.parts = join(settings, world.store, self.clock, wording=wording, adapters=adapters)
        self.parts.courier.call_within = timedelta(0)  # whatever does not answer at once takes too long

    async def arrives(self, visitor: str, to_see: str) -> None:
        act = Announce(visitor=visitor, owner_id=to_see, kind="client", another=True)
        await self.parts.inbox.receive(Incoming(key=visitor, sender=Address("web", "nadia"), act=act))

    async def carries(self, after: float = 0) -> int:
        """Carry with four hands what may be carried after so many seconds; give how many calls hung."""
        self.clock.move_to(self.clock.now() + seconds(after))
        before = self.slack.calls.total()
        await asyncio.gather(*(carry_all(self.parts.courier) for _ in range(4)))
        return self.slack.calls.total() - before


async def test_a_platform_that_hangs_holds_up_no_other(world: World) -> None:
    two = TwoPlatforms(world)
    for number in range(8):
        await two.arrives(f"Visitor {number}", to_see="martin")
    await two.arrives("Anne Roy", to_see="sophie")
    # no hand hangs twice before everything else is carried
    assert 1 <= await two.carries() <= 4
    assert [card.visitor for card in two.web.cards("sophie")] == ["Anne Roy"]
    assert len(two.web.cards(COUNTER)) == 9


async def test_a_platform_that_hangs_is_tried_with_one_message_at_a_time_and_more_and_more_seldom(world: World) -> None:
    two = TwoPlatforms(world)
    for number in range(8):
        await two.arrives(f"Visitor {number}", to_see="martin")
    await two.carries()
    for wait in (10, 20, 40, 60, 60):
        assert await two.carries(wait - 0.1) == 0
        assert await two.carries(0.1) == 1


async def test_a_platform_that_hangs_for_long_makes_nobody_unreachable(world: World) -> None:
    two = TwoPlatforms(world)
    await two.arrives("Julie Tremblay", to_see="martin")
    for _ in range(2 * PARK_AFTER):
        await two.carries(60)
    events = [entry.event for entry in await world.store.read(lambda tx: tx.entries(since=None, until=None))]
    assert not [event for event in events if isinstance(event, NotDelivered)]
    assert two.slack.slow is not None
    two.slack.slow.set()
    await two.carries(60)
    assert [card.visitor for card in two.slack.cards("U1")] == ["Julie Tremblay"]


async def test_a_platform_that_answers_again_gets_everything_at_once(world: World) -> None:
    two = TwoPlatforms(world)
    for number in range(8):
        await two.arrives(f"Visitor {number}", to_see="martin")
    await two.carries()
    assert two.slack.slow is not None
    two.slack.slow.set()
    await two.carries(10)
    assert len(two.slack.cards("U1")) == 8
    two.slack.slow.clear()
    await two.arrives("Anne Roy", to_see="martin")
    await two.carries()
    assert await two.carries(9.9) == 0
    assert await two.carries(0.1) == 1


class Watched(ShakyStore):
    """A store that knows how many transactions are under way."""

    under_way = 0

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        self.under_way += 1
        try:
            return await super().transact(work)
        finally:
            self.under_way -= 1


async def test_the_timekeeper_is_rung_for_once_the_step_is_saved(world: World) -> None:
    store, rang = Watched(world.store), list[tuple[int, bool]]()
    there = world.restarted(store=store)
    main = threading.current_thread()
    there.parts.courier.moved = lambda: rang.append((store.under_way, threading.current_thread() is main))
    there.chat.down["martin"] = GONE
    await there.arrives("Julie Tremblay", to_see="martin")
    assert rang
    assert set(rang) == {(0, True)}


# --- the log ---------------------------------------------------------------------------------------------------------

CANARIES = {
    "visitor": "Zyxquil Vantorre",
    "company": "Brontofax",
    "about": "qwertzuiop dispute",
    "phone": "514 555-0199",
}
SECRETS = ("Zyxquil", "Vantorre", "Brontofax", "qwertzuiop", "5550199", "555-0199", "plumbago", "marzipan")


async def test_nothing_of_a_visitor_is_in_the_log_whatever_fails(world: World) -> None:
    shaky = ShakyStore(world.store)
    there = world.restarted(store=shaky)
    with capture_logs(processors=[structlog.processors.format_exc_info]) as logs:
        there.chat.faults.extend([RuntimeError(f"cannot render {CANARIES}"), ValueError("Zyxquil"), RETRY])
        visitor = CANARIES["visitor"]
        more = {name: value for name, value in CANARIES.items() if name != "visitor"}
        await there.arrives(visitor, to_see="martin", **more)
        await there.passes(seconds=10)
        await there.types("martin", "tell Zyxquil plumbago")
        await there.presses("martin", "In 2 min")
        await there.sends("karim", visit=there.card("martin").visit, button="done")
        await there.passes(minutes=4)
        shaky.refuses = 1
        await there.presses(COUNTER, "Not yet")
        shaky.refuses = 1
        await there.types("martin", "plumbago")
        there.chat.down["sophie"] = GONE
        await there.presses(COUNTER, "Not yet")
        await there.presses(COUNTER, "Add a note…", text="marzipan")
        there.chat.faults.append(DeliveryError(DeliveryKind.MISCONFIGURED, "invalid_auth"))
        await there.presses(COUNTER, "Visitor left")
        await there.comes(at(17, 0))
        await there.announces("Zyxquil Vantorre (Brontofax) for nobody")
    events = {line["event"] for line in logs}
    assert {"courier.adapter_failed", "courier.sent_again", "courier.misconfigured", "inbox.not_saved"} <= events
    for secret in SECRETS:
        assert secret not in repr(logs), secret
        assert secret not in repr(await there.whole_journal()), secret


def test_the_stories_begin_on_a_wednesday_morning() -> None:
    assert at(9, 12) == WEDNESDAY
