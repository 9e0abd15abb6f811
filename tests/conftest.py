"""What all tests share: the peers that may be missing on a person's machine, and the world of the stories."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.links import new_key
from bot.ports import Store
from bot.storage.databases import open_postgres, open_sqlite
from bot.storage.memory import MemoryStore
from tests import postgres
from tests.postgres import Server
from tests.world import World

os.environ.setdefault("HELLO30_KEYS", new_key())  # for each `hello30 run` that a test starts

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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Give a real PostgreSQL server."""
    with postgres.server() as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Give each kind of store there is, empty."""
    with ExitStack() as held:
        opened: Store
        if request.param == "memory":
            opened = MemoryStore()
        elif request.param == "sqlite":
            opened = await open_sqlite(tmp_path / "visits.db")
        else:
            server: Server = request.getfixturevalue("postgres_server")
            opened = await open_postgres(held.enter_context(server.database()))
        try:
            yield opened
        finally:
            await opened.close()


@pytest.fixture
def world(store: Store) -> World:
    """Give the world of a story, on each store."""
    return World(store)
