"""Programs that a test starts; whatever still runs at its end is ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.processes import program
from tests.processes.program import Program


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Give the path of a database that is not there yet."""
    return tmp_path / "demo.db"


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[Program]]]:
    """Give `tests.processes.program.start`."""
    started: list[Program] = []

    async def start(database: Path, port: int | None = None) -> Program:
        started.append(await program.start(database, port))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        await one.gone()
        await one.logs
