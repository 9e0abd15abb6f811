"""The two stories that play by themselves, word for word; HELLO30_WRITE_GOLDEN=1 writes them down anew."""

from __future__ import annotations

import os
from pathlib import Path

from bot.demo.play import play

GOLDEN = Path(__file__).parents[1] / "golden" / "play.txt"


async def test_both_stories_are_told_as_they_are_written_down() -> None:
    lines: list[str] = []
    assert await play(lines.append) == 0
    told = "\n".join(lines) + "\n"
    if os.environ.get("HELLO30_WRITE_GOLDEN"):
        GOLDEN.write_text(told, encoding="utf-8")
    assert told == GOLDEN.read_text(encoding="utf-8")
