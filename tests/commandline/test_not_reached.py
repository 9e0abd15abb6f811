"""`hello30 people list` says who is not reached, where, why, and since when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.teams.references import BLOCKED, NOT_INSTALLED, UNINSTALLED
from bot import config, lost
from bot.commandline import houses
from bot.lost import Lost
from bot.messages import Address
from bot.ports import Transaction
from bot.settings import Postgres, Settings
from bot.storage.databases import open_store
from tests.commandline.conftest import Command
from tests.commandline.day import file_of
from tests.postgres import Server

SINCE = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)  # 09:12 in Montréal
SLACK, TEAMS, WEB = Address("slack", "U012AB3CD"), Address("teams", "6f1d"), Address("web", "martin")


def on_chats(settings: Settings) -> Settings:
    """Give a house in which Martin is on two chat platforms, and nobody else on any."""
    return replace(settings, addresses={**settings.addresses, "martin": (SLACK, TEAMS, WEB)})


def told_of(house: Path, known: dict[Address, Lost]) -> dict[str, str]:
    rows = houses.rows(on_chats(config.load(house)), SINCE, known)
    return {row[0]: row[-1] for row in rows}


@pytest.mark.parametrize(
    "at, why, detail, said",
    [
        (SLACK, "unreachable", "", "not in Slack any more, since 2026-03-04 09:12"),
        (SLACK, "unreachable", "conversations.open: user_disabled", "not in Slack any more, since 2026-03-04 09:12"),
        (
            SLACK,
            "unreachable",
            "conversations.open: user_not_found",
            "Slack takes no message (user_not_found), since 2026-03-04 09:12",
        ),
        (SLACK, "parked", "chat.postMessage: 500", "no message gets through to Slack, since 2026-03-04 09:12"),
        (TEAMS, "unreachable", NOT_INSTALLED, "has not installed the app in Teams, since 2026-03-04 09:12"),
        (
            TEAMS,
            "unreachable",
            f"open: 404 {NOT_INSTALLED}",
            "has not installed the app in Teams, since 2026-03-04 09:12",
        ),
        (TEAMS, "unreachable", "", "has taken the app out of Teams, since 2026-03-04 09:12"),
        (TEAMS, "unreachable", UNINSTALLED, "has taken the app out of Teams, since 2026-03-04 09:12"),
        (TEAMS, "unreachable", BLOCKED, "has blocked the app in Teams, since 2026-03-04 09:12"),
        (TEAMS, "unreachable", "send: 403 X", "Teams takes no message (X), since 2026-03-04 09:12"),
        (TEAMS, "parked", "502", "no message gets through to Teams, since 2026-03-04 09:12"),
        (WEB, "parked", "", "no message gets through to the web pages, since 2026-03-04 09:12"),
    ],
)
def test_why_somebody_is_not_reached_and_since_when_by_their_clock(
    house: Path, at: Address, why: str, detail: str, said: str
) -> None:
    found = told_of(house, {at: Lost(since=SINCE, why=why, detail=detail)})
    assert found == {"nadia": "", "martin": said, "sophie": "", "claire": ""}


def test_each_address_is_told_in_the_order_of_the_configuration(house: Path) -> None:
    gone = Lost(since=SINCE, why="unreachable")
    assert told_of(house, {TEAMS: gone, SLACK: gone, Address("slack", "U9"): gone})["martin"] == (
        "not in Slack any more, since 2026-03-04 09:12; has taken the app out of Teams, since 2026-03-04 09:12"
    )


def keep(settings: Settings, work: Callable[[Transaction], None]) -> None:
    async def kept() -> None:
        store = await open_store(settings.database)
        await store.transact(work)
        await store.close()

    asyncio.run(kept())


def martin_is_lost(tx: Transaction) -> None:
    lost.note(tx, WEB, "parked", SINCE)


def line_of(out: str, person: str) -> str:
    return next(line for line in out.splitlines() if line.startswith(person))


def test_it_is_read_from_the_database(house: Path, hello30: Command) -> None:
    keep(config.load(house), martin_is_lost)
    result = hello30("people", "list", "--config", house)
    assert (result.exit_code, result.stderr) == (0, "")
    assert line_of(result.stdout, "martin").endswith("no message gets through to the web pages, since 2026-03-04 09:12")
    assert "no message" not in line_of(result.stdout, "sophie")


def test_it_is_read_beside_a_running_hello30(house: Path, hello30: Command) -> None:
    async def runs() -> str:
        store = await open_store(config.load(house).database)
        await store.transact(martin_is_lost)
        result = await asyncio.to_thread(hello30, "people", "list", "--config", house)
        await store.transact(lambda tx: lost.forget(tx, WEB))
        again = await asyncio.to_thread(hello30, "people", "list", "--config", house)
        await store.close()
        assert "no message" not in str(again.stdout)
        return str(result.stdout)

    assert "no message gets through" in line_of(asyncio.run(runs()), "martin")


def test_it_is_read_from_postgresql(house: Path, hello30: Command, postgres_server: Server) -> None:
    with postgres_server.database() as database:
        assert isinstance(database, Postgres)
        text = house.read_text(encoding="utf-8")
        settings = config.load(house)
        name = file_of(settings).name
        assert f"database: {name}" in text
        house.write_text(text.replace(f"database: {name}", f"database: {database.url}"), encoding="utf-8")
        keep(config.load(house), martin_is_lost)
        result = hello30("people", "list", "--config", house)
    assert result.stderr == ""
    assert "no message gets through" in line_of(result.stdout, "martin")


def test_before_hello30_has_run_nobody_is_lost_and_no_database_is_made(house: Path, hello30: Command) -> None:
    result = hello30("people", "list", "--config", house)
    assert (result.exit_code, result.stderr) == (0, "")
    assert not file_of(config.load(house)).exists()


def test_where_the_database_cannot_be_read_the_people_are_told_all_the_same(house: Path, hello30: Command) -> None:
    file_of(config.load(house)).write_text("not a database", encoding="utf-8")
    result = hello30("people", "list", "--config", house)
    assert result.exit_code == 0
    assert line_of(result.stdout, "martin")
    assert result.stderr.startswith("Who is not reached cannot be told: ")
    assert "Please check that it is the database of a hello30" in result.stderr
