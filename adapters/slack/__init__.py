"""hello30 in Slack: slash command, messages with buttons, and modals."""

from typing import Final

EVENTS: Final = "/slack/events"
"""Where Slack posts everything that it does not send over a websocket."""
