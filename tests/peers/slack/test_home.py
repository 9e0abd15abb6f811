"""The Home tab: published when it is opened, again when a card on it changes, and pressed there."""

from __future__ import annotations

import pytest

from tests.peers.slack.office import Office, field, labels, said

pytestmark = pytest.mark.peer

JULIE = "Julie Tremblay for Martin Gagnon: a key"


def published(office: Office) -> int:
    """Count how often Home tabs were published."""
    return office.workspace.calls["views.publish"]


async def test_it_is_published_when_it_is_opened_and_changes_with_a_card(office: Office) -> None:
    await office.commands("nadia", JULIE)
    assert (await office.home("martin"), published(office)) == ("", 0)
    await office.opens_home("martin")
    assert "Julie Tremblay is at reception for you." in await office.home("martin")
    assert published(office) == 1
    await office.presses("martin", "In 2 min")
    assert "Julie Tremblay* · Coming" in await office.home("martin")
    assert published(office) == 2
    await office.presses("nadia", "Hello happened")
    assert "Nothing is asked of you." in await office.home("martin")


async def test_it_is_not_published_when_nothing_on_it_has_changed(office: Office) -> None:
    await office.commands("nadia", JULIE)
    await office.opens_home("martin")
    shown = await office.workspace.home("martin")
    await office.opens_home("martin")
    await office.commands("nadia", "Robert Lavoie for Sophie Roy")
    await office.presses("sophie", "I'm coming")
    assert published(office) == 1
    assert await office.workspace.home("martin") == shown


async def test_a_button_on_it_works(office: Office) -> None:
    await office.commands("nadia", JULIE)
    await office.opens_home("martin")
    await office.presses_at_home("martin", "In 2 min")
    assert "Martin Gagnon is coming to greet you by 9:14 a.m." in said(await office.card("nadia"))
    assert "I'm coming" not in labels(await office.card("martin"))
    assert "Julie Tremblay* · Coming" in await office.home("martin")
    assert len(await office.messages("martin")) == 1, "the tab itself shows what came of it"
    assert office.workspace.calls["views.update"] == 0


async def test_a_form_opens_from_it_and_the_call_stands_there(office: Office) -> None:
    await office.announces("Robert Lavoie", "Martin Gagnon", Kind="Supplier")
    await office.opens_home("martin")
    await office.presses_at_home("martin", "Call back…")
    modal = await office.modal("martin")
    when, (first, *_) = field(modal, "radio_buttons")
    assert await office.fills("martin", modal, **{when: first}, Number="514 555-0142") == {}
    home = await office.home("martin")
    assert "Your promised callbacks" in home
    assert "You are calling Robert Lavoie today at 9:30 a.m., on +1 514-555-0142." in home


async def test_reception_has_its_board_there(office: Office) -> None:
    await office.opens_home("nadia")
    assert "Julie Tremblay" not in await office.home("nadia")
    await office.commands("nadia", JULIE)
    assert "I have told Martin Gagnon" in await office.home("nadia")
    await office.presses_at_home("nadia", "Hello happened")
    assert "HelloGiven" in await office.world.story()
    assert "I have told Martin Gagnon" not in await office.home("nadia")
