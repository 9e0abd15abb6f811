"""hello30 in Slack: slash command, messages with buttons, modals, and the Home tab."""
