from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from bot.commandline.app import app
from tests.commandline import day

Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def logs_end_with_the_test() -> Iterator[None]:
    """Forget where a command wrote its logs: that stream is closed afterwards."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Give the file of a good configuration; nothing has happened there yet."""
    return day.make_house(tmp_path)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a configuration whose database holds the day; only to be read."""
    file = day.make_house(tmp_path_factory.mktemp("told"))
    day.tell(file)
    return file


@pytest.fixture
def hello30() -> Command:
    """Give what runs a command of the command line, each word by itself."""

    def command(*words: object) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return command
