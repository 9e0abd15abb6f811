"""The Home tab in plays: made when it is opened, published again when something on it changed, in nobody's way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.slack import homes
from adapters.slack.homes import Homes
from tests.adapters.slack.api import Fault, refused, too_many
from tests.adapters.slack.driver import labels, said
from tests.adapters.slack.house import House, on_slack, slack_house
from tests.operations.canary import logged
from tests.world import house

LINE = "Julie Tremblay (Chambre de commerce) for Martin Gagnon: a key"
ANSWERS = ["I'm coming", "In 2 min", "In 5 min", "Call back…", "Ask a colleague…"]
STRANGER = (
    "hello30 does not know you yet. Please ask an admin to link this account to your name; its member ID is USTRANGER."
)


# --- what stands there -----------------------------------------------------------------------------------------------


async def test_an_owner_sees_what_waits_for_them(world: House) -> None:
    await world.commands(LINE)
    await world.opens_home("martin")
    read = world.home("martin")
    assert read.startswith("Waiting for you\n*Julie Tremblay (Chambre de commerce)* · Asking Martin\n")
    assert "Julie Tremblay is at reception for you." in read
    assert "Waiting since <!date^" in read
    assert world.home_buttons("martin") == ANSWERS
    assert "Your promised callbacks" not in read


async def test_an_owner_for_whom_nothing_waits_is_told_so(world: House) -> None:
    await world.opens_home("martin")
    assert world.home("martin") == (
        "Waiting for you\nNothing is asked of you.\n"
        "When a visitor asks for you, a card appears here with your answers on it."
    )


async def test_what_is_pressed_there_is_an_answer_and_shows_at_once(world: House) -> None:
    await world.commands(LINE)
    await world.opens_home("martin")
    await world.clicks_home("martin", "In 2 min")
    assert "HelloPromised" in await world.story()
    assert world.home_buttons("martin") != ANSWERS
    assert "Asking Martin" not in world.home("martin")
    assert "Martin Gagnon" in world.reads("nadia")
    assert world.replies("martin") == []
    assert not world.has_modal("martin")


async def test_what_is_under_more_can_be_pressed_as_well(world: House) -> None:
    await world.commands(LINE)
    await world.opens_home("martin")
    await world.clicks_home("martin", "I've seen them")
    assert "HelloGiven" in await world.story()
    assert "Nothing is asked of you." in world.home("martin")


async def test_a_form_opens_as_a_modal_and_the_call_stands_among_the_promised_ones(world: House) -> None:
    await world.commands("Julie Tremblay for Martin Gagnon")
    await world.opens_home("martin")
    await world.clicks_home("martin", "Call back…")
    assert world.has_modal("martin")
    await world.fills("martin", when="Today 10:30 a.m.", number="514 555-0142")
    assert not world.has_modal("martin")
    read = world.home("martin")
    assert "Your promised callbacks\n*Julie Tremblay*" in read
    assert "You are calling Julie Tremblay today at 10:30 a.m., on +1 514-555-0142." in read
    assert "*Number* +15145550142" in read
    assert "Done" in world.home_buttons("martin")


async def test_reception_sees_its_board_below_what_is_its_own(world: House) -> None:
    await world.opens_home("nadia")
    assert world.home("nadia").endswith("Reception, Montréal\nNobody is waiting.")
    await world.commands(LINE)
    own, _, board = world.home("nadia").partition("Reception, Montréal\n")
    assert "Nothing is asked of you." in own
    assert "*Julie Tremblay (Chambre de commerce) for Martin Gagnon* · Asking Martin" in board
    assert "Say to the visitor\n*" in board
    assert "Waiting since <!date^" in board
    assert world.home_buttons("nadia") == ["Hello happened", "Answered by voice…"]
    await world.clicks_home("nadia", "Hello happened")
    assert "HelloGiven" in await world.story()
    assert world.home("nadia").endswith("Nobody is waiting.")


async def test_nobody_sees_what_is_another_persons(world: House) -> None:
    await world.opens_home("sophie")
    await world.opens_home("nadia")
    await world.commands(LINE)
    await world.opens_home("sophie")
    assert "Julie" not in world.home("sophie")
    assert "a key" not in world.home("sophie")
    assert world.times_published("sophie") == 1
    assert "Reception" not in world.home("sophie")


async def test_everybody_reads_it_in_their_own_language() -> None:
    settings = on_slack(house())
    people = {**settings.people, "nadia": replace(settings.people["nadia"], language="fr-CA")}
    async with slack_house(settings=replace(settings, people=people)) as world:
        await world.commands(LINE)
        await world.opens_home("nadia")
        assert "Ce qui vous attend" in world.home("nadia")
        assert "Attend depuis" in world.home("nadia")
        assert "Waiting since" not in world.home("nadia")


async def test_a_stranger_is_told_how_to_be_linked(world: House) -> None:
    await world.commands(LINE)
    await world.opens_home("stranger")
    assert world.home("stranger") == STRANGER
    assert labels(world.api.home("USTRANGER").view["blocks"]) == []
    await world.opens_home("stranger")
    assert world.times_published("stranger") == 1


async def test_many_visitors_are_more_than_slack_takes_and_are_counted(world: House) -> None:
    world.held = True
    for number in range(40):
        await world.slack.commands("nadia", f"Visitor{number} Roy for Martin Gagnon")
    world.held = False
    await world.goes_on()
    await world.opens_home("nadia")
    await world.opens_home("martin")
    for person in ("nadia", "martin"):
        shown = world.home(person).count("Waiting since")
        assert f"And {40 - shown} more, on the web page." in world.home(person)


# --- when it is published --------------------------------------------------------------------------------------------


async def test_only_a_home_tab_that_was_opened_is_published(world: House) -> None:
    await world.commands(LINE)
    await world.clicks("martin", "In 2 min")
    assert world.api.arrived["views.publish"] == 0
    await world.opens_home("martin", tab="messages")
    assert world.api.arrived["views.publish"] == 0


async def test_it_is_published_again_when_something_changed_and_not_otherwise(world: House) -> None:
    await world.opens_home("martin")
    assert world.times_published("martin") == 1
    await world.opens_home("martin")
    assert world.times_published("martin") == 1
    await world.commands(LINE)
    assert "Julie Tremblay" in world.home("martin")
    assert world.times_published("martin") == 2
    await world.opens_home("martin")
    assert world.times_published("martin") == 2
    await world.clicks("martin", "In 2 min")
    assert world.times_published("martin") == 3
    assert "Asking Martin" not in world.home("martin")


async def test_what_time_changes_is_published_as_well(world: House) -> None:
    await world.commands(LINE)
    await world.opens_home("sophie")
    assert "Nothing is asked of you." in world.home("sophie")
    await world.passes(minutes=2)
    await world.published()
    assert "Julie Tremblay" in world.home("sophie")


async def test_a_home_tab_that_slack_has_lost_is_published_anew(world: House) -> None:
    await world.opens_home("martin")
    world.api.homes.clear()
    await world.opens_home("martin")
    assert world.times_published("martin") == 2
    assert "Nothing is asked of you." in world.home("martin")


async def test_a_burst_is_published_once_more_and_not_once_each(world: House) -> None:
    await world.opens_home("martin")
    go_on = asyncio.Event()
    world.api.fails("views.publish", Fault(until=go_on), at="UMARTIN")
    await world.slack.commands("nadia", "Visitor0 Roy for Martin Gagnon")
    await world.settles()
    await world.api.is_called("views.publish", at="UMARTIN", times=2)
    for number in range(1, 6):
        await world.slack.commands("nadia", f"Visitor{number} Roy for Martin Gagnon")
        await world.settles()
    assert world.api.arrived["views.publish UMARTIN"] == 2
    go_on.set()
    await world.goes_on()
    assert world.api.arrived["views.publish UMARTIN"] == 3
    assert all(f"Visitor{number} Roy" in world.home("martin") for number in range(6))


async def test_after_a_restart_a_press_brings_it_up_to_date(world: House) -> None:
    await world.commands(LINE)
    await world.opens_home("martin")
    await world.adapter.stop()
    world.is_joined()
    await world.begins()
    await world.clicks_home("martin", "In 2 min")
    assert "Asking Martin" not in world.home("martin")


async def test_only_so_many_are_kept_up_to_date_and_those_opened_last(
    world: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(homes, "HOMES_AT_MOST", 2)
    for person in ("sophie", "martin", "sophie", "nadia"):
        await world.opens_home(person)
    await world.commands(LINE)
    assert (world.times_published("martin"), world.times_published("nadia")) == (1, 2)
    await world.passes(minutes=2)
    await world.published()
    assert "Julie Tremblay" in world.home("sophie")
    assert "Julie Tremblay" not in world.home("martin")


# --- what is refused there -------------------------------------------------------------------------------------------


async def test_a_press_that_is_refused_is_answered_in_the_direct_message(world: House) -> None:
    await world.commands(LINE)
    await world.opens_home("martin")
    world.api.fails("views.publish", refused("internal_error"), at="UMARTIN")
    await world.clicks("nadia", "Posted by mistake")
    assert world.home_buttons("martin") == ANSWERS
    await world.clicks_home("martin", "In 2 min")
    [told] = world.replies("martin")
    assert said(told).strip()
    assert not world.has_modal("martin")
    assert "Nothing is asked of you." in world.home("martin")
    await world.comes_again()
    assert len(world.replies("martin")) == 1


async def test_a_form_that_slack_opens_too_late_is_told_in_the_direct_message(world: House) -> None:
    await world.commands(LINE)
    await world.opens_home("martin")
    await world.clicks_home("martin", "Call back…", late=4)
    assert not world.has_modal("martin")
    [told] = world.replies("martin")
    assert "Slack took too long to open the form." in said(told)


# --- when Slack does not take it -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [refused("not_enabled"), refused("internal_error"), too_many(30), Fault(status=503), Fault(before=True)],
    ids=["refused", "unsure", "too many", "503", "dropped"],
)
async def test_a_failing_publish_harms_nothing_and_is_made_up_for_by_the_next_change(
    world: House, fault: Fault
) -> None:
    await world.opens_home("martin")
    world.api.fails_always("views.publish", fault)
    with logged() as logs:
        await world.commands(LINE)
    [line] = [line for line in logs.getvalue().splitlines() if "slack.home_not_published" in line]
    assert "views.publish: " in line
    assert '"visit"' not in line  # it is about all that stands there
    assert "Julie" not in logs.getvalue()
    assert world.buttons("martin") == ANSWERS
    assert "Nothing is asked of you." in world.home("martin")
    world.api.works()
    await world.clicks("martin", "In 2 min")
    assert "Julie Tremblay" in world.home("martin")


async def test_after_a_lost_reply_nobody_believes_that_slack_has_what_it_had(world: House) -> None:
    await world.opens_home("martin")
    world.api.fails("views.publish", Fault(after=True), at="UMARTIN")
    await world.commands(LINE)
    assert "Julie Tremblay" in world.home("martin")
    await world.clicks("nadia", "Posted by mistake")
    assert "Nothing is asked of you." in world.home("martin")


async def test_a_publish_that_hangs_delays_no_card(world: House) -> None:
    await world.opens_home("martin")
    go_on = asyncio.Event()
    world.api.fails_always("views.publish", Fault(until=go_on))
    await world.slack.commands("nadia", LINE)
    await world.settles()
    await world.slack.presses("martin", "In 2 min", world.message("martin"))
    await world.settles()
    assert world.buttons("martin") != ANSWERS
    assert "Nothing is asked of you." in world.home("martin")
    go_on.set()
    await world.goes_on()
    assert "Julie Tremblay" in world.home("martin")


async def test_a_board_that_cannot_be_read_ends_nothing(world: House) -> None:
    await world.opens_home("martin")
    adapter = world.adapter
    assert adapter._homes is not None
    views, adapter._homes._views = adapter._homes._views, Broken()  # type: ignore[assignment]
    with logged() as logs:
        await world.commands(LINE)
    assert "slack.home_not_published" in logs.getvalue()
    assert world.buttons("martin") == ANSWERS
    adapter._homes._views = views
    await world.clicks("martin", "In 2 min")
    assert "Julie Tremblay" in world.home("martin")


class Broken:
    async def board(self, person: str, *, reception: str | None) -> None:
        raise RuntimeError("the disk is gone")


async def test_stopping_waits_for_what_is_being_published_and_takes_nothing_more() -> None:
    before = asyncio.all_tasks()
    async with slack_house() as world:
        go_on = asyncio.Event()
        world.api.fails("views.publish", Fault(until=go_on), at="UMARTIN")
        await world.slack.opens_home("martin")
        await world.api.is_called("views.publish", at="UMARTIN")
        stop = asyncio.create_task(world.adapter.stop())
        done, _ = await asyncio.wait([stop], timeout=0.2)
        assert done == set()
        go_on.set()
        await stop
        assert "Nothing is asked of you." in world.home("martin")
        servers = {task for task in asyncio.all_tasks() if "RequestHandler" in repr(task)}
        assert asyncio.all_tasks() - before - servers == set()


async def test_what_hangs_when_everything_ends_is_given_up(world: House) -> None:
    before = asyncio.all_tasks()
    world.api.fails_always("views.publish", Fault(until=asyncio.Event()))
    await world.slack.opens_home("martin")
    await world.api.is_called("views.publish", at="UMARTIN")
    found: Homes | None = world.adapter._homes
    assert found is not None
    await found.finish(within=timedelta(milliseconds=20))
    assert not any("_publish" in repr(task) for task in asyncio.all_tasks() - before)
    found.opened("UMARTIN")
    found.changed("martin")
    assert not any("_publish" in repr(task) for task in asyncio.all_tasks() - before)
