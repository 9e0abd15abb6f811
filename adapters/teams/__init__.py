"""hello30 in Microsoft Teams: messages to the bot, Adaptive Cards with buttons, and cards with inputs."""

from typing import Final

MESSAGES: Final = "/api/messages"
"""Where Teams posts everything."""
