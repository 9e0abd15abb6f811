"""What the token must be good for: all of it is used, and nothing beside it is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.slack.adapter import SCOPES, SlackAdapter
from adapters.slack.members import BY_EMAIL
from bot.errors import Hello30Error
from bot.language.wording import Wording
from bot.storage.memory import MemoryStore
from tests.peers.slack.office import SECRETS, Office, house_in_slack
from tests.peers.slack.workspace import SCOPES as INSTALLED
from tests.peers.slack.workspace import Fault, Workspace
from tests.world import World

pytestmark = pytest.mark.peer


@pytest.mark.parametrize(
    "workspace", [pytest.param({"scopes": SCOPES - {scope}}, id=scope) for scope in sorted(SCOPES)], indirect=True
)
async def test_a_token_without_a_scope_is_refused_at_the_start_by_its_name(
    workspace: Workspace, tmp_path: Path
) -> None:
    office = Office(workspace, MemoryStore(), tmp_path)
    (missing,) = SCOPES - workspace.scopes
    with pytest.raises(Hello30Error, match=f"The bot's token lacks {missing}."):
        await office.opens()
    assert office.slack.port == 0


def test_the_app_is_installed_with_what_the_start_asks_for() -> None:
    assert SCOPES | {BY_EMAIL} == INSTALLED  # which only `hello30 people link` needs


@pytest.mark.parametrize(
    "workspace",
    [
        pytest.param({"scopes": SCOPES - {scope}, "claimed": SCOPES}, id=scope)
        for scope in ("channels:history", "chat:write", "dnd:read", "im:history", "im:write")
    ],
    indirect=True,
)
async def test_each_scope_of_a_call_is_needed(office: Office) -> None:
    (missing,) = SCOPES - office.workspace.scopes
    office.workspace.faults["chat.postMessage"] = [Fault.LOST] * 3
    await office.commands("nadia", "Julie Tremblay for Martin Gagnon")
    await office.passes(seconds=10)
    assert {why.partition(": ")[2] for why in office.workspace.refused} == {f"missing_scope {missing}"}
    office.workspace.refused.clear()


async def test_a_token_that_slack_does_not_know_is_refused_at_the_start(workspace: Workspace, tmp_path: Path) -> None:
    settings = house_in_slack(workspace, tmp_path)
    wording = Wording.load(kinds=settings.kinds)
    views = World(MemoryStore(), settings=settings).parts.views
    wrong = {**SECRETS, "SLACK_BOT_TOKEN": "xoxb-wrong"}
    slack = SlackAdapter.configured(settings, wrong, views=views, wording=wording, clock=workspace.clock)
    with pytest.raises(Hello30Error, match="SLACK_BOT_TOKEN") as refused:
        await slack.start(lambda incoming: pytest.fail(f"nothing comes in: {incoming}"))
    assert "xoxb-wrong" not in str(refused.value)
    assert workspace.refused == ["auth.test: invalid_auth"]
    workspace.refused.clear()
