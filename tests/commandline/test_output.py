"""What the commands share when they write."""

from __future__ import annotations

import pytest

from bot.commandline.output import count


@pytest.mark.parametrize("number, said", [(0, "0 visits"), (1, "1 visit"), (2, "2 visits"), (1200, "1,200 visits")])
def test_one_is_one_and_all_else_are_several(number: int, said: str) -> None:
    assert count(number, "visit", "visits") == said
