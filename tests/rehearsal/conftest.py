from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import pytest
import structlog

from bot import config, policy_file
from bot.domain.policy import Policy
from bot.policy_file import Known
from bot.rehearsal.arrival import Arrival, choose
from bot.settings import Settings

ROOT: Final = Path(config.__file__).parent.parent
READY: Final = sorted((ROOT / "policies").glob("*.yaml"))
HOUSE: Final = config.load(ROOT / "bot" / "demo" / "config.yaml")
TUESDAY: Final = date(2026, 3, 3)


@pytest.fixture(autouse=True)
def logs_end_with_the_test() -> Iterator[None]:
    """Forget where a command wrote its logs: that stream is closed afterwards."""
    yield
    structlog.reset_defaults()


def policy_of(file: Path, settings: Settings = HOUSE) -> Policy:
    known = Known(people=settings.people, sites=settings.sites, kinds=settings.kinds)
    policy = policy_file.read(file, known, last=False).policy
    assert policy is not None
    return policy


def arrival_of(file: Path) -> Arrival:
    return choose(HOUSE, policy_of(file), today=TUESDAY)
