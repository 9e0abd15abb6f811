"""The demo behind a real browser, for each test anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.peers.served import Served, served


@pytest.fixture
async def house(tmp_path: Path, chromium: str) -> AsyncIterator[Served]:
    """Serve the demo; at the end, no page may have done what none may do."""
    async with served(tmp_path, chromium) as house:
        yield house
    assert house.faults == []
