"""Hears that somebody has left the workspace, or looks again or no more, and that the app itself was removed from it.

Slack tells it at once; the next message that it refuses would tell that somebody has left too, but may be far away.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from slack_bolt.async_app import AsyncApp

from adapters.slack import payloads
from adapters.slack.calls import Bot, Calls
from adapters.slack.hints import Hints
from bot.domain.visit import Hint
from bot.errors import NotSaved
from bot.messages import Outcome
from bot.ports import Receive
from bot.settings import Settings

Ack = Callable[..., Awaitable[Any]]
Body = Mapping[str, Any]


class Leaving:
    """What the bolt app calls. `bot` gives who we are, as far as it is known; `removed` is told by which event."""

    def __init__(
        self,
        settings: Settings,
        calls: Calls,
        hints: Hints,
        *,
        receive: Receive,
        bot: Callable[[], Bot],
        removed: Callable[[str], None],
    ) -> None:
        """Take who is linked, who decides, and who must know what has changed."""
        self._calls = calls
        self._hints = hints
        self._receive = receive
        self._bot = bot
        self._removed = removed
        self._linked = {at.id for found in settings.addresses.values() for at in found if at.adapter == payloads.NAME}
        self._since = 0

    def listen(self, app: AsyncApp, since: datetime) -> None:
        """Have an app call what is here; what came to an end before `since` is an earlier token."""
        self._since = int(since.timestamp())
        app.event("user_change")(self.user_changed)
        app.event("dnd_updated_user")(self.dnd_changed)
        app.event("app_uninstalled")(self.uninstalled)
        app.event("tokens_revoked")(self.revoked)

    async def user_changed(self, ack: Ack, body: Body) -> None:
        """Tell the core who has left. Slack sends each change of each profile, and nearly all of them say nothing."""
        self._hints.changed(Hint.STATUS, str((body["event"].get("user") or {}).get("id", "")))
        user = payloads.left(body)
        if user in self._linked:
            self._calls.forget(user)
            reply = await self._receive(payloads.gone(body, user))
            if reply.outcome is Outcome.NOT_SAVED:
                raise NotSaved("that somebody has left")  # nobody presses again: Slack must deliver it again
        await ack()

    async def dnd_changed(self, ack: Ack, body: Body) -> None:
        """Look anew, when it matters next, whether somebody is to be disturbed."""
        self._hints.changed(Hint.DND, str(body["event"].get("user", "")))
        await ack()

    async def uninstalled(self, ack: Ack, body: Body) -> None:
        """Take it that nothing can be said any more: the app was removed from the workspace."""
        if self._is_ours(body):
            self._removed("app_uninstalled")
        await ack()

    async def revoked(self, ack: Ack, body: Body) -> None:
        """Likewise, where the token of the bot is among those that were revoked."""
        tokens = body["event"].get("tokens") or {}
        bots, ours = tokens.get("bot") or (), self._bot().user
        if self._is_ours(body) and (ours in bots if ours else bots):
            self._removed("tokens_revoked")
        await ack()

    def _is_ours(self, body: Body) -> bool:
        """Tell whether an end is that of our token: in our workspace, and since the start, which asked Slack itself."""
        ours = self._bot().team
        is_here = not ours or body.get("team_id", ours) == ours
        return is_here and int(body.get("event_time", self._since)) >= self._since
