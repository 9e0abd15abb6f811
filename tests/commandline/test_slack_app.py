"""`hello30 slack manifest`: what an admin pastes into Slack, and what the adapter needs of it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from adapters.slack.adapter import SCOPES
from adapters.slack.listeners import COMMAND
from adapters.slack.members import BY_EMAIL
from tests.commandline.conftest import Command


def manifest(hello30: Command, *words: str) -> Any:
    result = hello30("slack", "manifest", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    return yaml.safe_load(result.stdout)


def test_the_app_has_what_the_adapter_needs_and_no_more(hello30: Command) -> None:
    made = manifest(hello30)
    assert sorted(made["oauth_config"]["scopes"]["bot"]) == sorted({*SCOPES, BY_EMAIL})
    assert made["features"]["app_home"]["home_tab_enabled"] is True
    assert sorted(made["settings"]["event_subscriptions"]["bot_events"]) == [
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "dnd_updated_user",
        "message.im",
        "tokens_revoked",
        "user_change",
    ]
    [command] = made["features"]["slash_commands"]
    assert command["command"] == COMMAND


def test_without_an_address_slack_is_heard_over_a_websocket(hello30: Command) -> None:
    made = manifest(hello30)
    assert made["settings"]["socket_mode_enabled"] is True
    assert "url" not in made["features"]["slash_commands"][0]
    assert "request_url" not in made["settings"]["interactivity"]


def test_an_address_is_filled_in_wherever_slack_posts(hello30: Command) -> None:
    made = manifest(hello30, "--url", "https://desk.example.org/")
    address = "https://desk.example.org/slack/events"
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == address
    assert made["settings"]["interactivity"]["request_url"] == address
    assert made["features"]["slash_commands"][0]["url"] == address


@pytest.mark.parametrize(
    "url", ["desk.example.org", "http://desk.example.org", "https://", "https://a.b/x", "https://a:b"]
)
def test_an_address_to_which_slack_cannot_post_is_refused(hello30: Command, url: str) -> None:
    result = hello30("slack", "manifest", "--url", url)
    assert result.exit_code == 2
    assert f'"{url}" is no address that Slack can post to: write one such as https://desk.example.org' in " ".join(
        result.stderr.split()
    )
