"""What Slack does not take: held, tried again, looked up, posted anew, or given up, and nobody else waits for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.card import Nudge, StepLine
from bot.domain.events import NotDelivered
from bot.errors import DeliveryError, DeliveryKind, UnknownOutcome
from bot.messages import Address, ShownCard
from tests.adapters.slack.api import DESK, Fault, refused, too_many
from tests.adapters.slack.driver import said
from tests.adapters.slack.house import House, on_slack, slack_house
from tests.contracts.test_adapter import card, nudge
from tests.world import WEDNESDAY, at

MARTIN = Address("slack", "UMARTIN")
DM = "DUMARTIN"
LINE = "Julie Tremblay for Martin Gagnon: a key"


# --- one message -----------------------------------------------------------------------------------------------------


async def test_a_card_whose_reply_was_lost_is_found_and_amended(world: House) -> None:
    world.api.fails("chat.postMessage", Fault(after=True))
    with pytest.raises(DeliveryError):
        await world.adapter.deliver(card(3), MARTIN, "key")
    receipt = await world.adapter.deliver(card(4), MARTIN, "key", again=True)
    [message] = world.api.in_channel("UMARTIN")
    assert (receipt.address, receipt.ref) == (MARTIN, f"{DM}:{message.ts}")
    assert message.amended == 1
    assert await world.adapter.amend(receipt, card(5)) == receipt
    assert message.amended == 2


async def test_a_nudge_whose_reply_was_lost_is_found_and_not_sent_again(world: House) -> None:
    world.api.fails("chat.postMessage", Fault(after=True))
    with pytest.raises(DeliveryError):
        await world.adapter.deliver(nudge(), MARTIN, "key")
    await world.adapter.deliver(nudge(), MARTIN, "key", again=True)
    [message] = world.api.in_channel("UMARTIN")
    assert (message.text, message.amended) == ("Julie Tremblay is asking for you", 0)


async def test_what_never_got_there_is_sent_after_it_was_looked_for(world: House) -> None:
    await world.adapter.deliver(nudge(), MARTIN, "another key")
    world.api.fails("chat.postMessage", Fault(before=True))
    for again in (False, True):
        if again:
            await world.adapter.deliver(card(), MARTIN, "key", again=True)
        else:
            with pytest.raises(DeliveryError):
                await world.adapter.deliver(card(), MARTIN, "key")
    assert len(world.api.in_channel("UMARTIN")) == 2


async def test_what_was_found_once_and_deleted_since_is_sent(world: House) -> None:
    await world.adapter.deliver(card(), MARTIN, "key")
    world.api.messages[0].deleted = True
    await world.adapter.deliver(card(), MARTIN, "key", again=True)
    assert len(world.api.in_channel("UMARTIN")) == 1


async def test_nothing_is_looked_up_that_was_never_tried(world: House) -> None:
    await world.adapter.deliver(card(), MARTIN, "key")
    await world.adapter.deliver(nudge(), MARTIN, "other key")
    assert world.api.arrived["conversations.history"] == 0
    assert world.api.arrived["conversations.open"] == 1


async def test_whoever_writes_the_key_of_a_message_into_a_channel_is_not_taken_for_us(world: House) -> None:
    await world.adapter.deliver(nudge(), Address("slack", DESK), "other key")
    world.api.messages[0].metadata = {"event_type": "theirs", "event_payload": {"key": "key"}}
    await world.adapter.deliver(card(), Address("slack", DESK), "key", again=True)
    assert len(world.api.in_channel(DESK)) == 2


@pytest.mark.parametrize(
    "fault, kind",
    [
        (refused("user_disabled"), DeliveryKind.UNREACHABLE),
        (refused("is_archived"), DeliveryKind.UNREACHABLE),
        (refused("channel_not_found"), DeliveryKind.UNREACHABLE),
        (refused("token_revoked"), DeliveryKind.MISCONFIGURED),
        (refused("account_inactive"), DeliveryKind.MISCONFIGURED),
        (refused("internal_error"), DeliveryKind.RETRY),
        (refused("anything_new"), DeliveryKind.RETRY),
        (Fault(status=500), DeliveryKind.WAIT_UNTIL),
        (Fault(status=503), DeliveryKind.WAIT_UNTIL),
        (Fault(before=True), DeliveryKind.WAIT_UNTIL),
        (Fault(after=True), DeliveryKind.WAIT_UNTIL),
    ],
)
async def test_each_refusal_says_what_is_to_be_done(world: House, fault: Fault, kind: DeliveryKind) -> None:
    world.api.fails("chat.postMessage", fault)
    with pytest.raises(DeliveryError) as caught:
        await world.adapter.deliver(card(), MARTIN, "key")
    assert caught.value.kind is kind
    assert "Tremblay" not in str(caught.value)


async def test_a_missing_scope_is_named(world: House) -> None:
    world.api.fails("conversations.open", refused("missing_scope", needed="im:write", provided="chat:write"))
    with pytest.raises(DeliveryError) as caught:
        await world.adapter.deliver(card(), MARTIN, "key")
    assert caught.value.kind is DeliveryKind.MISCONFIGURED
    assert "im:write" in caught.value.detail


@pytest.mark.parametrize(
    "after, waits",
    [("30", 30), ("0", 0), ("soon", 30), ("", 30), ("-1", 30), ("\u0663", 30), ("9" * 30, 30), ("999999", 3600)],
)
async def test_slack_says_for_how_long_it_wants_no_more(world: House, after: str, waits: int) -> None:
    world.api.fails("chat.postMessage", Fault("ratelimited", status=429, headers={"Retry-After": after}))
    with pytest.raises(DeliveryError) as caught:
        await world.adapter.deliver(card(), MARTIN, "key")
    assert caught.value.kind is DeliveryKind.WAIT_UNTIL
    assert caught.value.retry_at == WEDNESDAY + timedelta(seconds=waits)


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
async def test_a_card_that_cannot_be_amended_is_to_be_posted_anew(world: House, error: str) -> None:
    receipt = await world.adapter.deliver(card(), MARTIN, "key")
    world.api.fails("chat.update", refused(error))
    with pytest.raises(DeliveryError) as caught:
        await world.adapter.amend(receipt, card(4))
    assert caught.value.kind is DeliveryKind.POST_ANEW


async def test_the_reader_of_a_card_need_not_be_in_the_directory_any_more(world: House) -> None:
    left = Nudge(key="n", visit="v1", person="nobody", text="Hello", asking=1)
    assert (await world.adapter.deliver(left, MARTIN, "n")).ref


# --- the thread of reception's card ----------------------------------------------------------------------------------


COUNTER = Address("slack", DESK)


def counters(*steps: str, revision: int = 3) -> ShownCard:
    """Give reception's card with these steps."""
    told = tuple(StepLine(at=WEDNESDAY, text=text) for text in steps)
    return replace(card(revision), reader="reception:montreal", steps=told)


async def test_steps_go_into_the_thread_of_their_card_and_what_finds_both_says_so(world: House) -> None:
    first = await world.adapter.deliver(counters(), COUNTER, "key")
    receipt = await world.adapter.amend(first, counters("Martin was asked."))
    own, steps = world.api.in_channel(DESK)
    assert (first.ref, receipt.ref) == (f"{DESK}:{own.ts}", f"{DESK}:{own.ts}:{steps.ts}")
    assert (own.thread, steps.thread) == ("", own.ts)
    assert await world.adapter.amend(receipt, counters("Martin was asked.", "Martin comes.")) == receipt
    assert (own.amended, steps.amended) == (2, 1)
    assert [line.partition(" · ")[2] for line in said(steps).splitlines()] == ["Martin was asked.", "Martin comes."]


async def test_a_card_that_comes_late_comes_with_its_steps(world: House) -> None:
    receipt = await world.adapter.deliver(counters("Martin comes."), COUNTER, "key")
    own, steps = world.api.in_channel(DESK)
    assert receipt.ref == f"{DESK}:{own.ts}:{steps.ts}"
    assert world.api.arrived["conversations.replies"] == 0


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("fault", [too_many(30), Fault(after=True), Fault(status=500)])
async def test_steps_that_must_wait_make_no_second_card(world: House, fault: Fault, *, private: bool) -> None:
    if private:
        world.api.fails_always("conversations.history", refused("missing_scope", needed="groups:history"))
    world.api.fails("chat.postMessage", Fault(until=_set()), fault)
    with pytest.raises(UnknownOutcome) as caught:
        await world.adapter.deliver(counters("Martin comes."), COUNTER, "key")
    assert caught.value.kind is DeliveryKind.WAIT_UNTIL
    receipt = await world.adapter.deliver(counters("Martin comes."), COUNTER, "key", again=True)
    own, steps = world.api.in_channel(DESK)
    assert receipt.ref == f"{DESK}:{own.ts}:{steps.ts}"


async def test_a_card_that_is_gone_before_its_steps_came_is_posted_anew(world: House) -> None:
    world.api.fails("chat.postMessage", Fault(until=_set()), too_many(30))
    with pytest.raises(UnknownOutcome):
        await world.adapter.deliver(counters("Martin comes."), COUNTER, "key")
    world.api.messages[0].deleted = True
    receipt = await world.adapter.deliver(counters("Martin comes."), COUNTER, "key", again=True)
    own, steps = world.api.in_channel(DESK)
    assert receipt.ref == f"{DESK}:{own.ts}:{steps.ts}"


async def test_steps_whose_reply_was_lost_are_found_also_after_a_restart(world: House) -> None:
    receipt = await world.adapter.deliver(counters(), COUNTER, "key")
    world.api.fails("chat.postMessage", Fault(after=True))
    with pytest.raises(UnknownOutcome):
        await world.adapter.amend(receipt, counters("Martin comes."))
    await world.adapter.stop()
    world.is_joined()
    await world.begins()
    amended = await world.adapter.amend(receipt, counters("Martin comes.", "Martin came."), again=True)
    own, steps = world.api.in_channel(DESK)
    assert amended.ref == f"{DESK}:{own.ts}:{steps.ts}"
    assert "Martin came." in said(steps)


async def test_in_a_private_channel_steps_whose_reply_was_lost_come_rather_twice_than_never(world: House) -> None:
    receipt = await world.adapter.deliver(counters(), COUNTER, "key")
    world.api.fails("chat.postMessage", Fault(after=True))
    with pytest.raises(UnknownOutcome):
        await world.adapter.amend(receipt, counters("Martin comes."))
    world.api.fails_always("conversations.replies", refused("missing_scope", needed="groups:history"))
    amended = await world.adapter.amend(receipt, counters("Martin comes."), again=True)
    *_, newest = world.api.in_channel(DESK)
    assert amended.ref.endswith(f":{newest.ts}")
    assert len(world.api.in_channel(DESK)) == 3


@pytest.mark.parametrize(
    "fault",
    [
        refused("restricted_action_thread_locked"),
        refused("channel_not_found"),
        refused("no_permission"),
        Fault("internal_error", after=True),
        Fault("internal_error"),
    ],
)
async def test_a_card_does_not_wait_for_its_steps_and_these_come_once_with_the_next_change(
    world: House, fault: Fault
) -> None:
    receipt = await world.adapter.deliver(counters(), COUNTER, "key")
    world.api.fails("chat.postMessage", fault)
    same = await world.adapter.amend(receipt, counters("Martin comes."))
    assert same == receipt
    amended = await world.adapter.amend(same, counters("Martin comes.", "Martin came."))
    own, steps = world.api.in_channel(DESK)
    assert (own.amended, amended.ref) == (2, f"{DESK}:{own.ts}:{steps.ts}")


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


# --- through the courier ---------------------------------------------------------------------------------------------


async def test_a_channel_that_wants_no_more_is_held_and_the_others_go_on(world: House) -> None:
    world.api.fails("chat.postMessage", too_many(30), at=DM)
    await world.commands(LINE)
    assert world.shown("martin") == []
    assert "Julie Tremblay" in world.reads("nadia")
    calls = world.api.arrived["chat.postMessage"]
    await world.passes(seconds=29)
    assert (world.shown("martin"), world.api.arrived["chat.postMessage"]) == ([], calls)
    await world.passes(seconds=1)
    assert len(world.cards_of("martin")) == 1
    assert world.buzzes("martin") == [], "a card that is new makes the phone buzz by itself"


async def test_a_passing_fault_is_tried_again(world: House) -> None:
    world.api.fails("chat.postMessage", Fault(status=500), refused("service_unavailable"), at=DM)
    await world.commands(LINE)
    await world.passes(seconds=10)
    assert (len(world.cards_of("martin")), len(world.buzzes("martin"))) == (1, 0)


async def test_an_amendment_that_failed_comes_later(world: House) -> None:
    await world.commands(LINE)
    world.api.fails("chat.update", Fault(status=500), Fault(after=True), at=DM)
    await world.clicks("martin", "In 2 min")
    await world.passes(seconds=10)
    assert "expects you by 9:14" in world.reads("martin")
    assert len(world.cards_of("martin")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(after=True), id="stored and dropped"),
        pytest.param(Fault(before=True), id="dropped"),
        pytest.param(Fault(status=500, after=True), id="stored, and 500"),
        pytest.param(Fault("internal_error", after=True), id="stored, and refused"),
    ],
)
async def test_a_lost_reply_makes_no_second_message(world: House, fault: Fault) -> None:
    world.api.fails("chat.postMessage", fault, fault, fault, fault)
    await world.commands(LINE)
    await world.passes(seconds=10)
    for person in ("nadia", "martin"):
        assert len(world.cards_of(person)) == 1
    assert world.buzzes("martin") == [], "a card that is new makes the phone buzz by itself"
    await world.clicks("martin", "In 2 min")
    assert "expects you by 9:15" in world.reads("martin")
    assert "Martin Gagnon is coming to greet you" in world.reads("nadia")


async def test_a_message_that_was_deleted_is_posted_anew(world: House) -> None:
    await world.commands(LINE)
    world.message("martin").deleted = True
    await world.writes("martin", "in 5 min")
    assert len(world.cards_of("martin")) == 1
    assert "expects you by 9:17" in world.reads("martin")
    await world.clicks("nadia", "Hello happened")
    assert "Greeted" in world.reads("martin")
    assert len(world.cards_of("martin")) == 1


async def test_the_steps_of_a_visit_stand_in_the_thread_of_receptions_card_and_notify_nobody(world: House) -> None:
    await world.commands(LINE)
    assert world.steps() == []
    await world.passes(seconds=60)
    await world.clicks("martin", "In 2 min")
    await world.clicks("nadia", "Hello happened")
    [steps] = world.steps()
    assert said(steps).splitlines() == [
        "<!date^1772633520^{time}|9:12 a.m.> · Nadia Benali announced Julie Tremblay for Martin Gagnon.",
        "<!date^1772633520^{time}|9:12 a.m.> · Martin Gagnon was asked.",
        "<!date^1772633565^{time}|9:12 a.m.> · Martin Gagnon was reminded.",
        "<!date^1772633580^{time}|9:13 a.m.> · Martin Gagnon promised a hello by 9:15 a.m.",
        "<!date^1772633580^{time}|9:13 a.m.> · Martin Gagnon greeted Julie Tremblay, in time.",
    ]
    assert steps.text == "Martin Gagnon greeted Julie Tremblay, in time."
    posted = [args for method, args in world.api.calls if method == "chat.postMessage" and "thread_ts" in args]
    assert len(posted) == 1
    assert "reply_broadcast" not in posted[0]
    assert "@" not in said(steps)
    assert all(not m.thread for m in world.shown("martin"))
    assert len(world.cards_of("nadia")) == 1


async def test_a_step_of_another_day_says_which() -> None:
    async with slack_house(settings=on_slack(web=("nadia",))) as world:
        await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone="514 555-0142")
        await world.comes(at(9, day=5))
        await world.clicks("martin", "Done")
        [steps] = world.steps()
    first, *_, newest = said(steps).splitlines()
    assert first.startswith("<!date^1772633520^{time}|9:12 a.m.> · ")
    assert newest.startswith(
        "<!date^1772719200^{date_short} {time}|Thursday, March 5, 9:00 a.m.> · Martin Gagnon called"
    )


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(after=True), id="stored and dropped"),
        pytest.param(Fault(before=True), id="dropped"),
        pytest.param(Fault(status=500, after=True), id="stored, and 500"),
        pytest.param(Fault("internal_error", after=True), id="stored, and refused"),
        pytest.param(too_many(30), id="too many"),
    ],
)
async def test_a_lost_reply_makes_no_second_message_in_the_thread(world: House, fault: Fault) -> None:
    await world.commands(LINE)
    world.api.fails("chat.postMessage", fault, at=DESK)
    await world.clicks("martin", "In 2 min")
    assert "Martin Gagnon is coming to greet you" in world.reads("nadia")
    await world.passes(seconds=30)
    await world.clicks("nadia", "Hello happened")
    [steps] = world.steps()
    assert "Martin Gagnon greeted Julie Tremblay, in time." in said(steps)
    assert len(world.cards_of("nadia")) == 1


async def test_steps_that_were_deleted_are_posted_anew_and_their_card_is_not(world: House) -> None:
    await world.commands(LINE)
    await world.clicks("martin", "In 2 min")
    card, [steps] = world.message("nadia"), world.steps()
    steps.deleted = True
    world.api.fails("chat.postMessage", Fault(after=True), at=DESK)
    await world.clicks("nadia", "Hello happened")
    await world.passes(seconds=5)
    [anew] = world.steps()
    assert "Martin Gagnon greeted Julie Tremblay" in said(anew)
    assert world.cards_of("nadia") == [card]


async def test_a_card_that_was_deleted_is_posted_anew_with_its_steps(world: House) -> None:
    await world.commands(LINE)
    await world.clicks("martin", "In 2 min")
    world.message("nadia").deleted = True
    await world.clicks("martin", "In 5 min")
    assert len(world.cards_of("nadia")) == 1
    [steps] = world.steps()
    assert "Martin Gagnon moved the hello to 9:17 a.m." in said(steps)


async def test_a_thread_that_slack_has_locked_holds_up_nothing(world: House) -> None:
    await world.commands(LINE)
    world.api.fails_always("chat.postMessage", refused("restricted_action_thread_locked"), at=DESK)
    await world.clicks("martin", "In 2 min")
    await world.clicks("nadia", "Hello happened")
    assert "Greeted" in world.reads("nadia")
    assert world.steps() == []
    assert not [e for e in await world.deliveries() if isinstance(e, NotDelivered)]


async def test_whoever_has_left_slack_is_unreachable_and_the_next_step_happens_now(world: House) -> None:
    world.api.fails_always("conversations.open", refused("user_disabled"), at="UMARTIN")
    await world.commands(LINE)
    assert "Julie Tremblay is asking for Martin Gagnon." in world.reads("sophie")
    assert "Asking Sophie" in world.reads("nadia")
    assert {(e.person, e.why) for e in await world.deliveries() if isinstance(e, NotDelivered)} == {
        ("martin", "unreachable")
    }


async def test_an_archived_channel_takes_nothing_and_the_owner_is_told_all_the_same(world: House) -> None:
    world.api.fails_always("chat.postMessage", refused("is_archived"), at=DESK)
    await world.commands(LINE)
    assert "Julie Tremblay is at reception for you." in world.reads("martin")
    assert world.whispers("nadia") == ["Posted at 9:12 a.m.: Julie Tremblay for Martin Gagnon."]
    lost = [e for e in await world.deliveries() if isinstance(e, NotDelivered)]
    assert [e.person for e in lost] == ["reception:montreal"]


async def test_a_token_that_was_revoked_stops_slack_alone() -> None:
    async with slack_house(settings=on_slack(web=("nadia", "martin"))) as world:
        for method in ("conversations.open", "chat.postMessage"):
            world.api.fails_always(method, refused("token_revoked"))
        await world.commands(LINE)
        assert len(world.chat.cards("martin")) == 1
        assert len(world.chat.cards("reception:montreal")) == 1
        assert world.api.in_channel(DESK) == world.shown("martin") == []
        tried = world.api.arrived["chat.postMessage"] + world.api.arrived["conversations.open"]
        assert tried == 1
        await world.passes(seconds=40)
        assert world.api.arrived["chat.postMessage"] + world.api.arrived["conversations.open"] == tried
        assert not [e for e in await world.deliveries() if isinstance(e, NotDelivered)]
        world.api.works()
        await world.passes(minutes=5)
        assert len(world.cards_of("martin")) == 1
        assert len(world.cards_of("nadia")) == 1


async def test_slack_is_down_for_a_minute_and_everything_comes_after_in_order_once() -> None:
    async with slack_house(settings=on_slack(web=("nadia",))) as world:
        await world.arrives("Paul Roy", to_see="martin")
        await world.api.goes_down()
        assert (await world.arrives("Julie Tremblay", to_see="martin")).ok
        await world.passes(seconds=10)
        assert (await world.arrives("Anne Roy", to_see="karim")).ok
        await world.passes(seconds=50)
        assert [c.visitor for c in world.chat.cards("reception:montreal")] == ["Paul Roy", "Julie Tremblay", "Anne Roy"]
        assert len(world.cards_of("martin")) == 1
        await world.api.comes_up()
        await world.passes(seconds=65)
        for person, visitors in (("martin", ["Paul Roy", "Julie Tremblay"]), ("karim", ["Anne Roy"])):
            assert [next(v for v in visitors if v in said(c)) for c in world.cards_of(person)] == visitors
            assert len(world.buzzes(person)) == len(set(world.buzzes(person)))
        assert len(world.cards_of("nadia")) == 3
        assert not [
            e for v in ("Paul Roy", "Anne Roy") for e in await world.deliveries(v) if isinstance(e, NotDelivered)
        ]


async def test_nobody_is_unreachable_because_slack_is_however_long_that_takes() -> None:
    async with slack_house(settings=on_slack(web=("nadia",))) as world:
        await world.api.goes_down()
        assert (await world.arrives("Julie Tremblay", to_see="martin")).ok
        await world.passes(minutes=30)
        assert not [e for e in await world.deliveries("Julie Tremblay") if isinstance(e, NotDelivered)]
        await world.api.comes_up()
        await world.passes(seconds=15)
        assert len(world.cards_of("martin")) == 1


async def test_slack_that_answers_with_503_for_long_makes_nobody_unreachable() -> None:
    async with slack_house(settings=on_slack(web=("nadia",))) as world:
        world.api.fails_always("chat.postMessage", Fault(status=503))
        assert (await world.arrives("Julie Tremblay", to_see="martin")).ok
        await world.passes(minutes=10)
        assert not [e for e in await world.deliveries("Julie Tremblay") if isinstance(e, NotDelivered)]
        world.api.works()
        await world.passes(seconds=15)
        assert len(world.cards_of("martin")) == 1


async def test_what_is_under_way_at_the_end_is_finished_and_its_outcome_is_known(world: House) -> None:
    until = asyncio.Event()
    world.api.fails("chat.postMessage", Fault(until=until))
    sent = asyncio.create_task(world.adapter.deliver(card(), MARTIN, "key"))
    await world.api.is_called("chat.postMessage", at=DM)
    end = asyncio.create_task(world.adapter.stop())
    await asyncio.sleep(0)
    with pytest.raises(DeliveryError) as refused_now:
        await world.adapter.deliver(card(), MARTIN, "another key")
    until.set()
    assert (await sent).ref
    await end
    assert refused_now.value.kind is DeliveryKind.WAIT_UNTIL


async def test_a_call_that_hangs_holds_up_no_press(world: House) -> None:
    await world.commands(LINE)
    until = asyncio.Event()
    world.api.fails("chat.update", Fault(until=until), at=DM)
    pressed = asyncio.create_task(world.clicks("martin", "In 2 min"))
    await world.api.is_called("chat.update", at=DM)
    await world.slack.commands("nadia", "Paul Roy for Sophie")
    assert world.whispers("nadia")[-1] == "Posted at 9:12 a.m.: Paul Roy for Sophie Roy."
    until.set()
    await pressed
    assert "expects you by 9:14" in world.reads("martin")
    assert "Paul Roy" in world.reads("sophie")


async def test_a_call_that_never_ends_is_given_up_and_looked_for_later(world: House) -> None:
    until = asyncio.Event()
    world.api.fails("chat.postMessage", Fault(until=until), at=DM)
    world.parts.courier.call_within = timedelta(milliseconds=50)
    await world.commands(LINE)
    until.set()
    world.parts.courier.call_within = timedelta(seconds=15)
    await world.passes(seconds=30)
    assert (len(world.cards_of("martin")), len(world.cards_of("nadia"))) == (1, 1)
    assert world.buzzes("martin") == [], "a card that is new makes the phone buzz by itself"
