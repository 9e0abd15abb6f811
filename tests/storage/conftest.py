"""What the tests of storage share: each database, and a store on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.ports import Store
from bot.settings import Database
from bot.storage.databases import open_store
from tests.postgres import Server


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give each database."""
    with ExitStack() as held:
        if request.param == "postgres":
            server: Server = request.getfixturevalue("postgres_server")
            yield held.enter_context(server.database())
        else:
            yield tmp_path / "visits.db"


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """Give a store on the database of this test."""
    opened = await open_store(database)
    yield opened
    await opened.close()
