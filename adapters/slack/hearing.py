"""Since when Slack is not heard, and why: its client tells nobody that a websocket was lost, so that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeAlias

from bot.errors import DeliveryError, DeliveryKind
from bot.ports import Clock, Deaf, WhyDeaf

LOOK_EVERY: Final = timedelta(seconds=5)
"""So long at most it takes until a loss is noticed: it is told with its beginning as far as that is known."""
_TOKEN_REFUSED: Final = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired")

Why: TypeAlias = Callable[[], tuple[WhyDeaf, str] | None]


class Hearing:
    """Whether Slack is heard, from one start of the adapter on."""

    def __init__(self, clock: Clock, why: Why) -> None:
        """Take what says why Slack is not heard at this moment, None when it is."""
        self._clock = clock
        self._why = why
        self._deaf: Deaf | None = None
        self.look()

    def look(self) -> Deaf | None:
        """Look whether Slack is heard now; what began earlier keeps its beginning, though its reason may change."""
        why = self._why()
        if why is None:
            self._deaf = None
        else:
            since = self._deaf.since if self._deaf else self._clock.now()
            self._deaf = Deaf(since=since, why=why[0], detail=why[1])
        return self._deaf

    async def keep_looking(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            self.look()
            await self._clock.sleep_until(self._clock.now() + LOOK_EVERY)


def refuses_us(fault: DeliveryError) -> bool:
    """Tell whether Slack refused the token itself, with which it sends us nothing either."""
    is_ours = fault.kind is DeliveryKind.MISCONFIGURED
    return is_ours and any(code in fault.detail for code in _TOKEN_REFUSED)
