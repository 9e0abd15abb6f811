from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.teams.house import House, teams_house


@pytest.fixture
async def world() -> AsyncIterator[House]:
    """Give a house whose people are on Teams."""
    async with teams_house() as house:
        yield house
