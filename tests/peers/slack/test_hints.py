"""Whoever is asked does not look, as the workspace knows: hours of do not disturb, or the status that they chose."""

from __future__ import annotations

import json

import pytest

from tests.peers.slack.office import Office, said

pytestmark = pytest.mark.peer

ROBERT = "Robert Lavoie for Martin Gagnon: a delivery"


async def chooses_status(office: Office, emoji: str) -> None:
    """Martin chooses a status, or takes it away."""
    profile = {"status_text": "away", "status_emoji": emoji, "status_expiration": 0}
    await office.workspace.does("martin", "users.profile.set", profile=json.dumps(profile))
    await office.settles()


async def test_a_status_makes_the_deputy_be_asked_sooner_and_without_it_everything_is_as_ever(office: Office) -> None:
    await chooses_status(office, ":palm_tree:")
    await office.commands("nadia", ROBERT)
    assert (await office.world.story()).count("SeemsAway") == 1
    await office.passes(seconds=60)
    assert "Robert Lavoie is asking for Martin Gagnon." in said(await office.card("sophie"))
    await chooses_status(office, "")
    await office.commands("nadia", "Paul Roy for Martin Gagnon: a delivery")
    assert "SeemsAway" not in await office.world.story("Paul Roy")
    assert office.workspace.calls["users.info"] == 2, "it is kept until it changes"


async def test_hours_of_do_not_disturb_do_the_same(office: Office) -> None:
    now = int(office.workspace.clock.now().timestamp())
    office.workspace.dnd[office.workspace.users["martin"]] = (now - 60, now + 3600)
    await office.commands("nadia", ROBERT)
    assert (await office.world.story()).count("SeemsAway") == 1
    await office.passes(seconds=60)
    assert "Robert Lavoie is asking for Martin Gagnon." in said(await office.card("sophie"))
    assert (office.workspace.calls["dnd.info"], office.workspace.calls["users.info"]) == (1, 0)
