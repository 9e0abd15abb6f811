"""A row that somebody put into the database by hand, beside which nothing fits any more: it holds up no other visit."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.domain.card import Nudge
from bot.ports import Store
from bot.settings import Database, Postgres
from bot.storage.databases import open_store
from bot.storage.postgres import postgres_engine
from tests.postgres import Server
from tests.world import World

AHEAD = (
    "INSERT INTO journal (visit, seq, at, through, event, hash) "
    "SELECT visit, max(seq) + 1, max(at), 'hand', '{}', 'x' FROM journal WHERE visit = '{visit}' GROUP BY visit"
)
SOMEBODY = "INSERT INTO visit_person (person, visit) VALUES ('sophie', '{visit}')"


@dataclass
class Kept:
    """A story on a database which somebody can also change by hand."""

    world: World
    run: Callable[[str], None]


def by_hand(database: Database, statement: str) -> None:
    if isinstance(database, Postgres):
        engine = postgres_engine(database.url)
        with engine.begin() as connection:
            connection.execute(text(statement.replace(":", "\\:")))
        engine.dispose()
        return
    with closing(sqlite3.connect(database)) as raw, raw:
        raw.execute(statement)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with ExitStack() as held:
        if request.param == "sqlite":
            yield tmp_path / "visits.db"
        else:
            server: Server = request.getfixturevalue("postgres_server")
            yield held.enter_context(server.database())


@pytest.fixture
async def kept(place: Database) -> AsyncIterator[Kept]:
    store: Store = await open_store(place)
    yield Kept(World(store), lambda statement: by_hand(place, statement))
    await store.close()


@pytest.mark.parametrize("statement", [AHEAD, SOMEBODY], ids=["an entry ahead", "a person too many"])
async def test_a_row_put_in_by_hand_holds_up_no_other_visit(kept: Kept, statement: str) -> None:
    world = kept.world
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier")
    spoilt = await world.visit_id("Julie Tremblay")
    kept.run(statement.replace("{visit}", spoilt))
    await world.passes(minutes=3)
    assert "Asked" in await world.story("Robert Lavoie")
    assert "Robert Lavoie is waiting: can you help?" in world.nudges("sophie")


async def test_once_the_row_is_gone_the_visit_goes_on(kept: Kept) -> None:
    world = kept.world
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    visit = await world.visit_id()
    kept.run(SOMEBODY.replace("{visit}", visit))
    await world.passes(minutes=3)
    assert "Asked" not in await world.story()
    kept.run(f"DELETE FROM visit_person WHERE person = 'sophie' AND visit = '{visit}'")
    await world.passes(minutes=2)
    assert "Asked" in await world.story()


async def test_a_card_is_not_sent_again_and_again_because_its_journal_was_changed(kept: Kept) -> None:
    world = kept.world
    world.held = True
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    kept.run(AHEAD.replace("{visit}", await world.visit_id()))
    world.held = False
    for _ in range(10):
        await world.passes(minutes=2)
    assert len([m for m in world.chat.messages if m.to.id == "martin" and not isinstance(m.shown, Nudge)]) == 1
    assert world.chat.calls["martin"] < 10
