"""The tokens and the secret with which hello30 is let into Slack, and knows Slack again."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import Hello30Error
from bot.settings import Slack


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What only the environment holds: never in a file, a log or an error. `app` and `signing` may be empty."""

    bot: str
    app: str = ""
    signing: str = ""


def check(slack: Slack, secrets: Secrets) -> None:
    """Raise `Hello30Error` where what this way of hearing Slack needs is not set."""
    if not secrets.bot:
        raise Hello30Error("Slack is configured, but SLACK_BOT_TOKEN is not set. It begins with xoxb-.")
    if slack.mode == "http" and not secrets.signing.strip():
        raise Hello30Error(
            'Slack is to post to us (mode: http), but SLACK_SIGNING_SECRET is not set. It stands in Slack under "Basic '
            'Information"; without it anybody could speak for Slack.'
        )
    if slack.mode == "socket" and not secrets.app:
        raise Hello30Error(
            "Slack is to be heard over a websocket (mode: socket), but SLACK_APP_TOKEN is not set. It begins with "
            'xapp-, and is made in Slack under "Basic Information", with the scope connections:write.'
        )
