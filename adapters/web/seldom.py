"""What anybody can make happen as often as they like is logged now and then, so that they cannot fill the log."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

SAID_AGAIN_S: Final = 60.0

_log = structlog.get_logger(__name__)


class Seldom:
    """Warns of each event once a minute at most."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing said; `seconds` is the clock."""
        self._seconds = seconds
        self._said: dict[str, float] = {}

    def warn(self, event: str, **more: object) -> None:
        """Log that something happened, unless the same was said in the last minute; `event` is a name of ours."""
        now, said_at = self._seconds(), self._said.get(event)
        if said_at is None or now - said_at >= SAID_AGAIN_S:
            self._said[event] = now
            _log.warning(event, **more)
