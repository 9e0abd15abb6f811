"""`hello30 people link` in a workspace: people are found by e-mail, and written into the configuration."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from adapters.slack.members import BY_EMAIL
from bot import config
from bot.commandline.app import app
from bot.messages import Address
from tests.peers.slack.office import HOUSE, POLICIES
from tests.peers.slack.workspace import BOT, BOT_TOKEN, PEOPLE, SCOPES, Workspace

pytestmark = pytest.mark.peer


@pytest.fixture
def file(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of a house that uses Slack, and in which nobody is linked; all but Karim have an e-mail address."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT_TOKEN)
    text = HOUSE.read_text("utf-8").replace("../../policies", str(POLICIES))
    for person in PEOPLE[:-1]:
        text = text.replace(f"\n  {person}:\n", f"\n  {person}:\n    email: {person}@emulate.dev\n")
    file = tmp_path / "config.yaml"
    file.write_text(f"{text}  slack: {{api_url: '{workspace.api}'}}\n", "utf-8")
    return file


async def hello30(*words: object) -> Result:
    """Run a command beside the workspace, which answers it meanwhile."""
    return await asyncio.to_thread(CliRunner().invoke, app, [str(word) for word in words])


def in_slack(file: Path) -> dict[str, str]:
    found = config.load(file).addresses.items()
    return {person: each.id for person, addresses in found for each in addresses if each.adapter == "slack"}


async def test_people_are_found_by_email_and_the_last_one_is_linked_by_hand(workspace: Workspace, file: Path) -> None:
    await workspace.deactivates("claire")
    result = await hello30("people", "link", "--by-email", "--config", file)
    assert (result.exit_code, result.stderr) == (0, "")
    found = {person: workspace.users[person] for person in PEOPLE if person not in {"claire", "karim"}}
    assert in_slack(file) == found
    last = {line.split()[0]: line.split("  ")[-1].strip() for line in result.stdout.split("\n\n")[0].splitlines()[1:]}
    assert last == {**dict.fromkeys(found, "linked"), "claire": "deactivated in Slack", "karim": "without an e-mail"}

    result = await hello30("people", "link", "karim", workspace.users["karim"], "--config", file)
    assert result.stdout.startswith(f"{workspace.users['karim']} is karim in Slack.\n")
    assert config.load(file).addresses["karim"][0] == Address("slack", workspace.users["karim"])
    assert workspace.calls == {"users.lookupByEmail": 5, "users.info": 1}


async def test_a_bot_and_whoever_is_not_there_are_not_linked(workspace: Workspace, file: Path) -> None:
    result = await hello30("people", "link", "martin", BOT, "--config", file)
    assert (result.exit_code, "a bot. Nothing was written." in result.stderr) == (1, True)
    result = await hello30("people", "link", "martin", "U0NOBODY", "--config", file)
    assert (result.exit_code, "nobody has the id U0NOBODY" in result.stderr) == (1, True)
    assert in_slack(file) == {}
    assert workspace.refused == ["users.info: user_not_found"]
    workspace.refused.clear()


@pytest.mark.parametrize("workspace", [{"scopes": SCOPES - {BY_EMAIL}}], indirect=True)
async def test_without_its_scope_nobody_is_found_and_that_is_said(workspace: Workspace, file: Path) -> None:
    result = await hello30("people", "link", "--by-email", "--config", file)
    assert (result.exit_code, result.stderr.startswith(f"The bot's token lacks {BY_EMAIL}.")) == (1, True)
    assert in_slack(file) == {}
    assert workspace.refused == [f"users.lookupByEmail: missing_scope {BY_EMAIL}"]
    workspace.refused.clear()
