"""Chat platforms and the web pages, each behind `bot.ports.ChatAdapter`. None of them knows another."""
