"""Which platforms do not answer: one message at a time is tried there, so that everything else is carried meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.ports import Transaction

FIRST_HOLD: Final = timedelta(seconds=10)
LONGEST_HOLD: Final = timedelta(minutes=1)
_WHOLE: Final = "*"


@dataclass(frozen=True, slots=True)
class _Silence:
    """How long an adapter is held this time, and until when; over as soon as it answers."""

    lasts: timedelta
    until: datetime
    over: bool = False


class Patience:
    """Keeps for each adapter how long it is held after a call that took too long; any answer, also a no, ends that."""

    def __init__(self) -> None:
        """Begin with nothing known against any adapter."""
        self._silent: dict[str, _Silence] = {}

    def timed_out(self, adapter: str, now: datetime) -> None:
        """Hold an adapter; for twice as long as before, unless several calls hung at the same time."""
        silence = self._silent.get(adapter)
        if silence is None or silence.over:
            self._silent[adapter] = _Silence(FIRST_HOLD, now + FIRST_HOLD)
        elif silence.until <= now:
            lasts = min(2 * silence.lasts, LONGEST_HOLD)
            self._silent[adapter] = _Silence(lasts, now + lasts)

    def answered(self, adapter: str) -> None:
        """Hold an adapter no more, if it was held for its silence."""
        if silence := self._silent.get(adapter):
            self._silent[adapter] = replace(silence, over=True)

    def under_way(self, tx: Transaction, adapter: str, until: datetime) -> None:
        """Let nobody else send a message to a silent adapter while one is tried."""
        silence = self._silent.get(adapter)
        if silence and not silence.over:
            tx.hold(adapter, _WHOLE, until)

    def settle(self, tx: Transaction, adapter: str) -> None:
        """Note what is known of an adapter together with what became of a message."""
        if silence := self._silent.get(adapter):
            tx.hold(adapter, _WHOLE, None if silence.over else silence.until)

    def settled(self, adapter: str) -> None:
        """Forget a silence that is over: the transaction of `settle` was committed."""
        silence = self._silent.get(adapter)
        if silence and silence.over:
            del self._silent[adapter]
