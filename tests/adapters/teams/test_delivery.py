"""What goes out to Teams: each refusal told as what is to be done about it, and nobody forgotten."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from adapters.teams.calls import receipt_of
from adapters.teams.references import BLOCKED, NOT_HEARD, NOT_INSTALLED
from bot.errors import DeliveryError, DeliveryKind, UnknownOutcome
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from tests.adapters.teams.connector import CARD, DESK, TENANT, Fault
from tests.adapters.teams.driver import Teams
from tests.adapters.teams.house import House, teams_house
from tests.contracts.test_adapter import card, nudge

MARTIN = Address("teams", Teams.object_id("martin"))
RECEPTION = Address("teams", DESK)


async def delivered(world: House, to: Address = MARTIN, key: str = "k1") -> Receipt:
    return await world.adapter.deliver(card(), to, key)


async def fault_of(world: House, message: ShownCard | ShownNudge | None = None, to: Address = MARTIN) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await world.adapter.deliver(message or card(), to, "k1")
    return caught.value


def refuses(status: int, code: str = "", **more: Any) -> Fault:
    return Fault(status, code, **more)


async def test_a_card_is_alone_in_its_message_and_has_a_summary_for_the_toast(world: House) -> None:
    await delivered(world)
    (message,) = world.shown("martin")
    assert message.activity["attachments"][0]["contentType"] == CARD
    assert (
        message.activity["summary"] == "Julie Tremblay (Chambre de commerce): Julie Tremblay is at reception for you."
    )
    assert "text" not in message.activity
    assert message.activity["conversation"]["id"] == Teams.chat("martin")


async def test_a_nudge_is_plain_text(world: House) -> None:
    await world.adapter.deliver(nudge(), MARTIN, "n1")
    (message,) = world.shown("martin")
    assert (message.text, message.activity["textFormat"]) == ("Julie Tremblay is asking for you", "plain")


async def test_a_card_is_amended_in_place(world: House) -> None:
    receipt = await delivered(world)
    await world.adapter.amend(receipt, card(4))
    (message,) = world.shown("martin")
    assert message.amended == 1
    assert world.connector.calls[-1].method == "PUT"


async def test_a_receipt_tells_how_an_answer_calls_the_message(world: House) -> None:
    receipt = await delivered(world, RECEPTION)
    (message,) = world.shown("nadia")
    assert receipt == receipt_of(RECEPTION, f"{message.id} {DESK}")
    assert receipt.known_as == f"{DESK}:{message.id}"


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault, kind",
    [
        (refuses(403, "ConversationBlockedByUser"), DeliveryKind.UNREACHABLE),
        (refuses(403, "BotNotInConversationRoster"), DeliveryKind.UNREACHABLE),
        (refuses(403, body={"errorCode": 209, "message": "{}"}), DeliveryKind.UNREACHABLE),
        (refuses(403, body="<html>no</html>"), DeliveryKind.UNREACHABLE),
        (refuses(404, "ConversationNotFound"), DeliveryKind.UNREACHABLE),
        (refuses(403, "BotDisabledByAdmin"), DeliveryKind.MISCONFIGURED),
        (refuses(401, "BotNotRegistered"), DeliveryKind.MISCONFIGURED),
        (refuses(401), DeliveryKind.MISCONFIGURED),
        (refuses(412, "PreconditionFailed"), DeliveryKind.WAIT_UNTIL),
        (refuses(429), DeliveryKind.WAIT_UNTIL),
        (refuses(503), DeliveryKind.WAIT_UNTIL),
        (refuses(502, body="<html>bad gateway</html>"), DeliveryKind.WAIT_UNTIL),
        (refuses(504, "GatewayTimeout"), DeliveryKind.WAIT_UNTIL),
        (refuses(413, "MessageSizeTooBig"), DeliveryKind.RETRY),
        (refuses(400, "BadSyntax"), DeliveryKind.RETRY),
        (refuses(302), DeliveryKind.RETRY),
    ],
)
async def test_a_refusal_says_what_is_to_be_done(world: House, fault: Fault, kind: DeliveryKind) -> None:
    world.connector.faults.append(fault)
    told = await fault_of(world)
    assert told.kind is kind
    assert (told.retry_at is not None) == (kind is DeliveryKind.WAIT_UNTIL)
    assert isinstance(told, UnknownOutcome) == (fault.status in {502, 504})
    assert "Tremblay" not in told.detail


@pytest.mark.parametrize(
    "written, seconds", [("17", 17), ("0", 0), ("", 30), ("soon", 30), ("-3", 30), ("99999", 3600), ("9" * 30, 30)]
)
async def test_teams_says_for_how_long_to_wait(world: House, written: str, seconds: int) -> None:
    world.connector.faults.append(refuses(429, "Throttled", headers=(("Retry-After", written),)))
    told = await fault_of(world)
    assert told.retry_at == world.clock.now() + timedelta(seconds=seconds)


async def test_teams_gets_longer_to_come_back_each_time_and_starts_anew_when_it_is_back(world: House) -> None:
    waits = []
    for _ in range(9):
        world.connector.faults.append(refuses(502))
        told = await fault_of(world)
        assert told.retry_at is not None
        waits.append((told.retry_at - world.clock.now()).total_seconds())
    assert waits == [2, 4, 8, 16, 32, 64, 120, 120, 120]
    await delivered(world)
    world.connector.faults.append(refuses(412))
    told = await fault_of(world)
    assert told.retry_at == world.clock.now() + timedelta(seconds=2)


async def test_where_nothing_answers_nothing_was_sent(world: House) -> None:
    await world.connector.goes_down()
    told = await fault_of(world)
    assert told.kind is DeliveryKind.WAIT_UNTIL
    assert not isinstance(told, UnknownOutcome)


async def test_a_lost_reply_may_have_been_done(world: House) -> None:
    world.connector.faults.append(Fault(lost=True))
    assert isinstance(await fault_of(world), UnknownOutcome)
    assert len(world.shown("martin")) == 1
    await world.adapter.deliver(card(), MARTIN, "k1", again=True)  # Teams cannot be asked for it, so it comes twice
    assert len(world.shown("martin")) == 2


async def test_an_answer_that_cannot_be_read_may_have_been_done(world: House) -> None:
    world.connector.faults.append(Fault(200, body=[1, 2]))
    assert isinstance(await fault_of(world), UnknownOutcome)


async def test_an_answer_without_an_id_was_taken_and_is_posted_anew_when_it_must_change(world: House) -> None:
    world.connector.faults.append(Fault(201, body={}))
    receipt = await delivered(world)
    with pytest.raises(DeliveryError) as caught:
        await world.adapter.amend(receipt, card(4))
    assert caught.value.kind is DeliveryKind.POST_ANEW


async def test_a_message_whose_call_was_given_up_is_found_again_when_it_arrived_after_all(world: House) -> None:
    late = asyncio.Event()
    world.connector.faults.append(Fault(hangs=late))
    world.connector.began.clear()
    given_up = asyncio.create_task(world.adapter.deliver(card(), MARTIN, "k1"))
    await world.connector.began.wait()
    given_up.cancel()
    await asyncio.wait([given_up])
    again = asyncio.create_task(world.adapter.deliver(card(5), MARTIN, "k1", again=True))
    await asyncio.sleep(0)
    late.set()
    receipt = await again
    (message,) = world.shown("martin")
    assert receipt == receipt_of(MARTIN, f"{message.id} {Teams.chat('martin')}")
    assert message.amended == 1


async def test_what_is_found_again_and_was_deleted_meanwhile_is_posted_anew(world: House) -> None:
    await delivered(world)
    (first,) = world.shown("martin")
    first.deleted = True
    await world.adapter.deliver(card(), MARTIN, "k1", again=True)
    (second,) = world.shown("martin")
    assert second.id != first.id


# --- amending --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault, kind",
    [
        (refuses(404, "ActivityNotFoundInConversation"), DeliveryKind.POST_ANEW),
        (refuses(404), DeliveryKind.POST_ANEW),
        (refuses(404, "ConversationNotFound"), DeliveryKind.UNREACHABLE),
        (refuses(403, "MessageWritesBlocked"), DeliveryKind.UNREACHABLE),
        (refuses(412), DeliveryKind.WAIT_UNTIL),
        (refuses(429), DeliveryKind.WAIT_UNTIL),
    ],
)
async def test_a_card_that_cannot_be_amended(world: House, fault: Fault, kind: DeliveryKind) -> None:
    receipt = await delivered(world)
    world.connector.faults.append(fault)
    with pytest.raises(DeliveryError) as caught:
        await world.adapter.amend(receipt, card(4))
    assert caught.value.kind is kind


async def test_a_card_that_somebody_deleted_is_posted_anew(world: House) -> None:
    await world.mentions("nadia", "Julie Tremblay for Martin Gagnon")
    world.message("martin").deleted = True
    await world.mentions("nadia", "Ann Lee for Sophie Roy")
    await world.writes("sophie", "2")
    await world.passes(minutes=1)
    assert "Julie Tremblay" in world.reads("martin")


# --- where people are ------------------------------------------------------------------------------------------------


async def test_whoever_has_not_installed_the_app_is_unreachable_and_the_next_step_happens_now() -> None:
    async with teams_house(installed=False) as world:
        await world.teams.adds_team()
        for person in ("nadia", "sophie", "claire"):
            await world.teams.installs(person)
        await world.mentions("nadia", "Julie Tremblay for Martin Gagnon")
        assert world.shown("martin") == []
        assert "Julie Tremblay" in world.reads("sophie")
        assert any("NotDelivered" in type(event).__name__ for event in await world.deliveries())
        told = await fault_of(world)
        assert (told.kind, NOT_INSTALLED in told.detail) == (DeliveryKind.UNREACHABLE, True)


async def test_before_teams_was_ever_heard_nobody_is_reachable() -> None:
    async with teams_house(installed=False) as world:
        told = await fault_of(world)
        assert (told.kind, told.detail) == (DeliveryKind.UNREACHABLE, NOT_INSTALLED)
        told = await fault_of(world, to=RECEPTION)
        assert (told.kind, told.detail) == (DeliveryKind.UNREACHABLE, NOT_HEARD)
        assert await world.adapter.closed(RECEPTION) == NOT_HEARD
        await world.teams.adds_team()
        assert await world.adapter.closed(RECEPTION) == ""


async def test_whoever_installed_the_app_while_nobody_listened_is_reached_all_the_same() -> None:
    async with teams_house(installed=False) as world:
        await world.teams.adds_team()
        world.teams.has_app("martin")
        await delivered(world)
        opened = [call for call in world.connector.calls if call.path == "/v3/conversations"]
        assert [call.body["members"] for call in opened] == [[{"id": MARTIN.id}]]
        assert opened[0].body["channelData"] == {"tenant": {"id": TENANT}}
        await delivered(world, key="k2")
        assert len(world.shown("martin")) == 2
        assert sum(call.path == "/v3/conversations" for call in world.connector.calls) == 1  # begun once


async def test_whoever_blocks_the_app_is_asked_nothing_more_until_they_write_again(world: House) -> None:
    world.connector.faults.append(refuses(403, "ConversationBlockedByUser"))
    await fault_of(world)
    before = len(world.connector.calls)
    told = await fault_of(world)
    assert (told.kind, told.detail) == (DeliveryKind.UNREACHABLE, BLOCKED)
    assert len(world.connector.calls) == before
    await world.mentions("martin", "hello")  # in the channel: their chat stays closed
    assert (await fault_of(world)).detail == BLOCKED
    await world.writes("martin", "hello")
    await delivered(world)


async def test_a_conversation_that_is_gone_is_begun_anew(world: House) -> None:
    world.connector.faults.append(refuses(404, "ConversationNotFound"))
    assert (await fault_of(world)).kind is DeliveryKind.UNREACHABLE
    await delivered(world)
    assert len(world.shown("martin")) == 1


async def test_where_teams_takes_messages_is_learnt_from_everything_that_comes(world: House) -> None:
    other = world.connector.url.replace("/amer/", "/amer/v2/")
    await world.teams.sends(world.teams.activity("martin", kind="messageReaction", serviceUrl=other))
    known = await world.adapter._references.person(MARTIN.id)
    assert known is not None
    assert known.service_url == other


async def test_what_is_known_outlives_a_restart(world: House) -> None:
    await world.adapter.stop()
    world.is_joined()
    await world.begins(installed=False)
    await delivered(world)
    assert len(world.shown("martin")) == 1


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"service_url": 1}', "null"])
async def test_what_was_written_down_and_cannot_be_read_counts_as_nothing(world: House, kept: str) -> None:
    await world.adapter._references._notebook.write(f"person:{MARTIN.id}", kept)
    await delivered(world)  # begun anew
    assert len(world.shown("martin")) == 1


async def test_a_channel_that_the_app_is_not_in_is_told_without_sending_anything(world: House) -> None:
    assert await world.adapter.closed(RECEPTION) == ""
    world.connector.channels.remove(DESK)
    assert "BotNotInConversationRoster" in await world.adapter.closed(RECEPTION)
    world.connector.always["GET"] = refuses(401)
    assert await world.adapter.closed(RECEPTION) == ""  # of the channel nothing is known by that
    world.connector.always["GET"] = refuses(502)
    with pytest.raises(DeliveryError):
        await world.adapter.closed(RECEPTION)


async def test_only_this_machine_is_written_to_where_anybody_on_it_is_believed(world: House) -> None:
    before = await world.adapter._references.person(MARTIN.id)
    for url in ("https://smba.example.org/", "http://192.0.2.1/", "file:///etc/passwd", "http://[", "//127.0.0.1/"):
        await world.teams.sends(world.teams.activity("martin", text="hello", serviceUrl=url))
        await world.goes_on()
    assert await world.adapter._references.person(MARTIN.id) == before


async def test_before_the_start_and_after_the_end_messages_wait(world: House) -> None:
    await world.adapter.stop()
    told = await fault_of(world)
    assert told.kind is DeliveryKind.WAIT_UNTIL
    assert told.retry_at is not None


async def test_the_end_waits_for_a_message_that_is_under_way(world: House) -> None:
    late = asyncio.Event()
    world.connector.faults.append(Fault(hangs=late))
    world.connector.began.clear()
    sending = asyncio.create_task(world.adapter.deliver(card(), MARTIN, "k1"))
    await world.connector.began.wait()
    stopping = asyncio.create_task(world.adapter.stop())
    await asyncio.sleep(0.01)
    assert not stopping.done()
    late.set()
    assert (await sending).ref
    await stopping


async def test_the_end_comes_though_teams_never_answers(world: House) -> None:
    never = asyncio.Event()
    world.connector.faults.append(Fault(hangs=never))
    world.connector.began.clear()
    sending = asyncio.create_task(world.adapter.deliver(card(), MARTIN, "k1"))
    await world.connector.began.wait()
    world.adapter.stop_within = timedelta(milliseconds=50)
    await world.adapter.stop()
    with pytest.raises((asyncio.CancelledError, DeliveryError)):
        await sending
    never.set()


async def test_what_people_typed_is_no_markdown_and_mentions_nobody(world: House) -> None:
    await world.mentions("nadia", "*Ju_lie* [x](http://evil) for Martin Gagnon: **now**")
    for person in ("nadia", "martin"):
        shown = json.dumps(world.message(person).card)
        assert '"type": "TextBlock"' not in shown
        assert '"type": "FactSet"' not in shown
