"""Reception's channel is archived, and taken out of the archive again."""

from __future__ import annotations

import pytest

from adapters.web.banners import Banners
from adapters.web.viewers import RECEPTION, find
from bot.domain.events import NotDelivered
from tests.operations.watched import asked
from tests.peers.slack.office import Office, said
from tests.world import plain

pytestmark = pytest.mark.peer

JULIE = "Julie Tremblay for Martin Gagnon"
CLOSED = "Cards do not reach your channel in Slack; this page shows them. Please tell your admin."


async def banners(office: Office) -> list[str]:
    """Give what stands above Nadia's page."""
    parts = office.world.parts
    await parts.troubles.look()
    nadia = find(RECEPTION, parts.settings.people, ["nadia"], [], "")
    found = Banners(parts.settings, parts.wording, parts.clock, parts.troubles.all).of(nadia)
    return [plain(banner.text) for banner in found]


async def because(office: Office) -> list[str]:
    """Give why hello30 is not ready, as /readyz says it."""
    async with asked(office.world) as ask:
        return list((await ask.health("/readyz"))[1]["because"])


async def lost(office: Office, visitor: str = "") -> list[tuple[str, str, str]]:
    """Give who was not reached of a visit, as the journal has it."""
    found = await office.world.deliveries(visitor)
    return [(event.person, event.adapter, event.why) for event in found if isinstance(event, NotDelivered)]


def refused(office: Office) -> list[str]:
    """Give what Slack has refused since the last time."""
    found = list(office.workspace.refused)
    office.workspace.refused.clear()
    return found


async def test_reception_is_told_elsewhere_while_its_channel_is_archived_and_there_again_afterwards(
    office: Office,
) -> None:
    assert (await banners(office), await because(office)) == ([], [])
    await office.workspace.archives()
    assert "Posted at 9:12 a.m." in await office.commands("nadia", JULIE)
    assert refused(office) == ["chat.postMessage: is_archived"]
    assert "I have told Martin Gagnon" in office.world.say()
    assert "Julie Tremblay is at reception for you." in said(await office.card("martin"))
    assert await lost(office) == [("reception:montreal", "slack", "unreachable")]
    assert await banners(office) == [CLOSED]
    (why,) = await because(office)
    assert why.endswith(f"montreal at {office.workspace.channel} in slack: chat.postMessage: is_archived")
    assert refused(office) == []

    await office.workspace.unarchives()
    await office.commands("nadia", "Robert Lavoie for Sophie Roy")
    assert "Robert Lavoie" in said(await office.card("nadia"))
    assert (await banners(office), await because(office)) == ([], [])
    await office.presses("martin", "I'm coming")
    earlier = [said(card) for card in await office.cards("nadia")][-1]
    assert "Julie Tremblay" in earlier
    assert "Martin Gagnon is coming to greet you" in earlier
    assert await lost(office, "Robert Lavoie") == []


async def test_what_an_archived_channel_does_not_let_be_amended_is_told_elsewhere_and_there_afterwards(
    office: Office,
) -> None:
    await office.commands("nadia", JULIE)
    await office.workspace.archives()
    await office.presses("martin", "In 2 min")
    assert refused(office) == ["chat.update: is_inactive"]
    assert "Martin Gagnon is coming to greet you" in office.world.say()
    assert await lost(office) == [("reception:montreal", "slack", "unreachable")]
    assert await banners(office) == [CLOSED]
    await office.workspace.unarchives()
    await office.presses("martin", "In 5 min")
    (card,) = await office.cards("nadia")
    assert "Martin Gagnon is coming to greet you by 9:17 a.m." in said(card)
    assert (await banners(office), await because(office)) == ([], [])
