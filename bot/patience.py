"""Which platforms do not answer: one message at a time is tried there, so that everything else is carried meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from bot.ports import Transaction

FIRST_HOLD: Final = timedelta(seconds=10)
LONGEST_HOLD: Final = timedelta(minutes=1)
_WHOLE: Final = "*"


@dataclass(frozen=True, slots=True, eq=False)
class Silence:
    """How long an adapter is held this time, and until when; over as soon as it answers.

    `latest` is the latest end of all holds that were put for it: one that ends later is for another reason.
    """

    lasts: timedelta
    until: datetime
    latest: datetime
    over: bool = False


class Patience:
    """Keeps for each adapter how long it is held after a call that took too long; any answer, also a no, ends that.

    Stores run `under_way` and `settle` in threads of their own while answers come in, hence the lock.
    """

    def __init__(self) -> None:
        """Begin with nothing known against any adapter."""
        self._silent: dict[str, Silence] = {}
        self._guard = Lock()

    def timed_out(self, adapter: str, now: datetime) -> bool:
        """Hold an adapter; for twice as long as before, unless several calls hung at the same time.

        True where it was silent already: then nothing is wrong with this message in particular.
        """
        with self._guard:
            silence = self._silent.get(adapter)
            was_silent = silence is not None and not silence.over
            if silence is None or silence.over:
                until = now + FIRST_HOLD
                self._silent[adapter] = Silence(FIRST_HOLD, until, max(silence.latest, until) if silence else until)
            elif silence.until <= now:
                lasts = min(2 * silence.lasts, LONGEST_HOLD)
                self._silent[adapter] = Silence(lasts, now + lasts, max(silence.latest, now + lasts))
        return was_silent

    def answered(self, adapter: str) -> None:
        """Hold an adapter no more, if it was held for its silence."""
        with self._guard:
            silence = self._silent.get(adapter)
            if silence and not silence.over:
                self._silent[adapter] = replace(silence, over=True)

    @property
    def is_needed(self) -> bool:
        """Tell whether any adapter is silent: then no two messages are claimed at once."""
        with self._guard:
            return any(not silence.over for silence in self._silent.values())

    def under_way(self, tx: Transaction, adapter: str, until: datetime) -> None:
        """Let nobody else send a message to a silent adapter while one is tried."""
        with self._guard:
            silence = self._silent.get(adapter)
            if silence is None or silence.over:
                return
            self._silent[adapter] = replace(silence, latest=max(silence.latest, until))
        tx.hold(adapter, _WHOLE, until, unless_after=until)

    def settle(self, tx: Transaction, adapter: str) -> Silence | None:
        """Note what is known of an adapter together with what became of a message; give what was noted."""
        silence = self._silent.get(adapter)
        if silence:
            tx.hold(adapter, _WHOLE, None if silence.over else silence.until, unless_after=silence.latest)
        return silence

    def settled(self, adapter: str, noted: Silence) -> None:
        """Forget a silence that was noted to be over, and committed; unless something else is known by now."""
        with self._guard:
            if noted.over and self._silent.get(adapter) is noted:
                del self._silent[adapter]
