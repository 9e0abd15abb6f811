from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.slack.house import House, slack_house


@pytest.fixture
async def world() -> AsyncIterator[House]:
    """Give a house whose people are on Slack."""
    async with slack_house() as house:
        yield house
