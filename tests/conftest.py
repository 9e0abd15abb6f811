"""What all tests share: the peers that may be missing on a person's machine, and the world of the stories."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage.memory import MemoryStore
from bot.storage.sql import open_sqlite
from tests.world import World

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


@pytest.fixture
def chromium() -> str:
    """Give the path of a real Chromium; without one the test is skipped, or fails where peers are required."""
    if CHROMIUM is None:
        missing = "Chromium is not installed; on Debian: apt-get install chromium"
        if os.environ.get("HELLO30_PEERS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return CHROMIUM


@pytest.fixture(params=["memory", "sqlite"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    """Give the world of a story, on each store."""
    store = MemoryStore() if request.param == "memory" else await open_sqlite(tmp_path / "visits.db")
    try:
        yield World(store)
    finally:
        await store.close()
