"""The demo's clock: its start, its speed, its buttons, and that a restart does not make it jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.demo.clock import DemoClock, first_moment
from bot.demo.serving import FORWARD, demo_settings
from bot.storage.memory import MemoryStore
from tests.fakes import FakeClock

REAL = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
START = first_moment("America/Montreal")


def test_it_starts_on_a_wednesday_at_12_past_9() -> None:
    local = START.astimezone(ZoneInfo("America/Montreal"))
    assert (local.strftime("%A"), local.hour, local.minute) == ("Wednesday", 9, 12)


def test_speed_multiplies_it() -> None:
    machine = FakeClock(REAL)
    clock = DemoClock(machine, START, speed=60)
    machine.move_to(REAL + timedelta(seconds=2))
    assert clock.now() == START + timedelta(minutes=2)


def test_it_is_moved_forward_and_never_back() -> None:
    clock = DemoClock(FakeClock(REAL), START, speed=1)
    clock.move_to(START + timedelta(minutes=15))
    clock.move_to(START)
    assert clock.now() == START + timedelta(minutes=15)


async def test_a_restart_goes_on_where_it_was_also_at_another_speed() -> None:
    machine, store = FakeClock(REAL), MemoryStore()
    clock = await DemoClock.restored(machine, store, START, speed=1)
    clock.move_to(START + timedelta(minutes=15))
    await clock.keep(store)
    machine.move_to(REAL + timedelta(minutes=1))
    again = await DemoClock.restored(machine, store, START, speed=10)
    assert again.now() == START + timedelta(minutes=16)
    machine.move_to(REAL + timedelta(minutes=2))
    assert again.now() == START + timedelta(minutes=26)


@pytest.mark.parametrize(
    "what, expected",
    [("1m", "Wednesday 09:13"), ("15m", "Wednesday 09:27"), ("morning", "Thursday 08:30")],
)
def test_the_buttons_move_it(what: str, expected: str, tmp_path: Path) -> None:
    settings = demo_settings(port=0, database=tmp_path / "demo.db")
    moved = FORWARD[what](settings, START).astimezone(ZoneInfo("America/Montreal"))
    assert moved.strftime("%A %H:%M") == expected


def test_the_next_morning_after_friday_is_monday(tmp_path: Path) -> None:
    settings = demo_settings(port=0, database=tmp_path / "demo.db")
    moved = FORWARD["morning"](settings, START + timedelta(days=2)).astimezone(ZoneInfo("America/Montreal"))
    assert moved.strftime("%A %H:%M") == "Monday 08:30"
