"""What Microsoft's own packages need, and an office between two of Microsoft's playgrounds, for each test anew."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

from bot.storage.databases import open_sqlite
from tests.peers.teams.office import LINKED, PEOPLE, Office
from tests.peers.teams.playground import opened, running
from tests.processes.program import free_port

PACKAGES = Path(__file__).parent / "node_modules" / "@microsoft"
NODE = shutil.which("node")


def missing() -> str:
    """Say what must be installed before Microsoft's packages can be run; nothing when all is there."""
    if NODE is None:
        return "Node.js is not installed; Microsoft's packages need 20.11 or newer"
    if not all((PACKAGES / name).is_dir() for name in ("app-manifest", "m365agentsplayground")):
        return "Microsoft's packages are not installed: (cd tests/peers/teams && npm ci)"
    return ""


@pytest.fixture(scope="session")
def node() -> str:
    """Give Node.js with the packages; without them a test is skipped, or fails where peers are required."""
    if why := missing():
        if os.environ.get("HELLO30_PEERS") == "required":
            pytest.fail(why)
        pytest.skip(why)
    assert NODE is not None
    return NODE


@pytest.fixture(scope="session")
def bot_port() -> int:
    """Give the port on which hello30 is heard: the playgrounds run on while it starts anew for each test."""
    return free_port()


@pytest.fixture(scope="session")
def playgrounds(node: str, bot_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Run a playground for Nadia, who has reception's channel, and one for Martin; give their addresses."""
    with ExitStack() as held:
        yield {
            person: held.enter_context(running(node, tmp_path_factory.mktemp(person), person, PEOPLE, bot_port))
            for person in LINKED
        }


@pytest.fixture
async def office(playgrounds: Mapping[str, str], bot_port: int, tmp_path: Path) -> AsyncIterator[Office]:
    """Give an office in which everything runs; at the end, nobody may have refused what another one sent."""
    async with AsyncExitStack() as held:
        store = await open_sqlite(tmp_path / "visits.db")
        held.push_async_callback(store.close)
        seen = {person: await held.enter_async_context(opened(person, base)) for person, base in playgrounds.items()}
        office = Office(seen, bot_port, store, tmp_path)
        await office.opens()
        held.push_async_callback(office.closes)
        yield office
    assert office.refused == []
