"""What the tests of the core share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def writes_golden() -> Callable[[Path, str], None]:
    """Compare with a golden file; `HELLO30_WRITE_GOLDEN=1` writes it anew instead."""

    def compare(path: Path, text: str) -> None:
        if os.environ.get("HELLO30_WRITE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: HELLO30_WRITE_GOLDEN=1 writes it anew"

    return compare
