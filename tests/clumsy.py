"""Packing that fails: a fault of ours, in which no platform has a part."""

from __future__ import annotations

from datetime import datetime

from bot.parcels import CardParcel, Made, NudgeParcel, Packing
from bot.ports import Transaction
from bot.rows import CardRow, NudgeRow
from tests.world import World


class Clumsy(Packing):
    """Packing that fails at whatever is for Martin, and is of one kind."""

    def __init__(self, packing: Packing, fails_at: str) -> None:
        self.packing = packing
        self.fails_at = fails_at

    def card(self, tx: Transaction, row: CardRow, now: datetime, made: Made | None = None) -> CardParcel:
        if (self.fails_at, row.reader) == ("card", "martin"):
            raise ValueError("a fault of ours")
        return self.packing.card(tx, row, now, made)

    def nudge(self, tx: Transaction, row: NudgeRow, now: datetime) -> NudgeParcel:
        if (self.fails_at, row.nudge.person) == ("nudge", "martin"):
            raise ValueError("a fault of ours")
        return self.packing.nudge(tx, row, now)


def clumsy(world: World, fails_at: str) -> None:
    """Let nothing of one kind be made for Martin any more."""
    world.parts.courier.packing = Clumsy(world.parts.courier.packing, fails_at)
