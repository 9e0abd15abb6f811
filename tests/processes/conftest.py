"""Programs that a test starts; whatever still runs at its end is ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from bot.settings import Database
from tests.postgres import Server
from tests.processes import program
from tests.processes.program import Program


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Give the path of a database that is not there yet."""
    return tmp_path / "demo.db"


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, database: Path) -> Iterator[Database]:
    """Give a database of each kind that is not there yet, or is empty."""
    if request.param == "sqlite":
        yield database
        return
    server: Server = request.getfixturevalue("postgres_server")
    with server.database(empty=True) as empty:
        yield empty


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Give the folder of a labelled program's notes."""
    return tmp_path


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Awaitable[Program]]]:
    """Give `tests.processes.program.start`."""
    started: list[Program] = []

    async def start(
        database: Database, port: int | None = None, *, notes: Path | None = None, options: Sequence[str] = ()
    ) -> Program:
        started.append(await program.start(database, port, notes=notes, options=options))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        await one.gone()
        await one.logs
