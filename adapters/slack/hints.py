"""What Slack tells of whether somebody looks: do not disturb, or a status that says that they are elsewhere.

Slack tells a bot the hours of do not disturb, and no pause that somebody began by hand. Presence is not asked for: with
a phone in the pocket one is `away`. What Slack said is kept, so that most askings cost no call, and it says by itself
when something of it has changed. Of a status only the picture and the end are read, never the words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any, Final

import structlog

from adapters.slack.calls import Calls
from bot.domain.visit import Hint
from bot.errors import DeliveryError
from bot.ports import Clock

log = structlog.get_logger(__name__)

ELSEWHERE: Final = frozenset(
    {":palm_tree:", ":face_with_thermometer:", ":no_entry:", ":spiral_calendar_pad:", ":calendar:"}
)
"""The pictures of a status that say so: on holiday, ill, not to be disturbed, in a meeting."""
DND_KEPT_FOR: Final = timedelta(minutes=10)
"""So long it is taken for true that somebody may be disturbed; while they may not, until the end of that."""
KEPT_AT_MOST: Final = timedelta(hours=1)
"""Then Slack is asked anew: what has changed may have been told to another replica, or got lost."""


@dataclass(frozen=True, slots=True)
class _Said:
    """That somebody does not look from `begins` until `ends`; it is kept until `kept_until`. Seconds since 1970."""

    begins: float
    ends: float
    kept_until: float = 0.0

    def holds(self, now: float) -> bool:
        """Tell whether they do not look now."""
        return self.begins <= now < self.ends


_NOTHING: Final = _Said(0.0, 0.0)


class Hints:
    """What Slack said of people, for a while."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing."""
        self._clock = clock
        self._said: dict[tuple[Hint, str], _Said] = {}
        self._asked: set[tuple[Hint, str]] = set()
        self._quiet_until = clock.now()
        self._is_off = False

    async def of(self, calls: Calls, user: str) -> Hint | None:
        """Tell why a user seems not to look now, with two calls at most; raises `DeliveryError`.

        Where a scope is missing it is said once in the log, and nothing is asked any more.
        """
        try:
            for hint in Hint:
                if (await self._known(calls, hint, user)).holds(self._now()):
                    return hint
        except DeliveryError as fault:
            if fault.retry_at is not None:
                self._quiet_until = fault.retry_at
            if "missing_scope" not in fault.detail:
                raise
            self._is_off = True
            log.warning("slack.no_hints", fault=fault.detail)
        return None

    def changed(self, hint: Hint, user: str) -> None:
        """Forget what Slack said of a user: it is so no more."""
        self._said.pop((hint, user), None)
        self._asked.discard((hint, user))  # an answer that is under way may be older than this

    async def _known(self, calls: Calls, hint: Hint, user: str) -> _Said:
        key = (hint, user)
        known = self._said.get(key, _NOTHING)
        if self._now() < known.kept_until:
            return known
        if self._is_off or self._clock.now() < self._quiet_until:
            return _NOTHING
        self._asked.add(key)
        said = await _ASK[hint](calls, user, self._now())
        if key in self._asked:
            self._asked.discard(key)
            self._said[key] = said
        return said

    def _now(self) -> float:
        return self._clock.now().timestamp()


async def _dnd(calls: Calls, user: str, now: float) -> _Said:
    found = await calls.do_not_disturb(user)
    begins, ends = _seconds(found.get("next_dnd_start_ts")), _seconds(found.get("next_dnd_end_ts"))
    if found.get("dnd_enabled") is not True:
        begins = ends = 0.0
    kept_for = min(ends - now, KEPT_AT_MOST.total_seconds()) if begins <= now < ends else DND_KEPT_FOR.total_seconds()
    return _Said(begins, ends, now + kept_for)


async def _status(calls: Calls, user: str, now: float) -> _Said:
    profile: Mapping[str, Any] = (await calls.user(user)).get("profile") or {}
    elsewhere = profile.get("status_emoji") in ELSEWHERE
    ends = (_seconds(profile.get("status_expiration")) or inf) if elsewhere else 0.0  # zero: it does not end by itself
    return _Said(0.0, ends, now + KEPT_AT_MOST.total_seconds())


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int) else 0.0


_ASK: Final[Mapping[Hint, Callable[[Calls, str, float], Awaitable[_Said]]]] = {Hint.DND: _dnd, Hint.STATUS: _status}
