"""Beginning the demo again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.demo.serving import begin_again
from bot.errors import DatabaseBusy
from bot.storage.databases import open_sqlite


async def test_a_fresh_demo_has_nothing_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    store = await open_sqlite(path)
    await store.transact(lambda tx: tx.put_value("demo.clock", "{}"))
    await store.close()
    begin_again(path)
    store = await open_sqlite(path)
    assert await store.read(lambda tx: tx.value("demo.clock")) is None
    await store.close()


async def test_a_demo_that_runs_is_not_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    store = await open_sqlite(path)
    with pytest.raises(DatabaseBusy):
        begin_again(path)
    await store.close()


def test_there_is_nothing_to_forget_at_first(tmp_path: Path) -> None:
    begin_again(tmp_path / "demo.db")
