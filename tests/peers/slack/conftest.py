"""An office in Slack, for each test anew; the emulator runs once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.storage.databases import open_sqlite
from tests.fakes import FakeClock
from tests.peers.slack import emulator as peer
from tests.peers.slack.office import Office
from tests.peers.slack.workspace import Workspace
from tests.world import WEDNESDAY


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """Give the address of Slack's emulator; without it a test is skipped, or fails where peers are required."""
    if missing := peer.missing():
        if os.environ.get("HELLO30_PEERS") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    with peer.running() as address:
        yield address


@pytest.fixture
async def workspace(emulator: str, request: pytest.FixtureRequest) -> AsyncIterator[Workspace]:
    """Give a new workspace, as a test wants it; at the end, the bot may have done nothing that Slack does not take."""
    workspace = Workspace(emulator, FakeClock(WEDNESDAY), **getattr(request, "param", {}))
    await workspace.opens()
    try:
        yield workspace
    finally:
        await workspace.closes()
    assert workspace.refused == []


@pytest.fixture
async def office(workspace: Workspace, tmp_path: Path) -> AsyncIterator[Office]:
    """Give an office in which everything runs, on a real database."""
    store = await open_sqlite(tmp_path / "visits.db")
    office = Office(workspace, store, tmp_path)
    try:
        await office.opens()
        try:
            yield office
        finally:
            await office.closes()
    finally:
        await store.close()
