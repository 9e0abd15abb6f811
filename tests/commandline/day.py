"""A day at a real counter, told line by line, in a real database: what the command line reads afterwards."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from bot import config
from bot.desk import FrontDesk
from bot.directory import Directory
from bot.domain import commands as c
from bot.domain.facts import Facts
from bot.domain.policy import Via
from bot.ports import Transaction
from bot.settings import Settings
from bot.storage.databases import open_store

ROOT: Final = Path(__file__).parents[2]
SITE: Final = "montreal"
ZONE: Final = ZoneInfo("America/Montreal")


def at(clock: str, *, tuesday: bool = False) -> datetime:
    """Give a time of Monday 2 March 2026, or of the day after, by the wall clock of the site."""
    local = datetime.fromisoformat(f"2026-03-0{3 if tuesday else 2}T{clock}").replace(tzinfo=ZONE)
    return local.astimezone(UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@dataclass(frozen=True, slots=True)
class Counter:
    """The front desk in one transaction; before anything happens, all that was due until then has happened."""

    tx: Transaction
    desk: FrontDesk

    def comes(
        self,
        when: datetime,
        visit: str,
        visitor: str,
        owner: str,
        *,
        company: str = "",
        kind: str | None = "walk_in",
        phone: str = "",
        via: Via = Via.IN_PERSON,
    ) -> None:
        self.passes(when)
        command = c.AnnounceArrival(
            by="nadia",
            visit=visit,
            site=SITE,
            owner=owner,
            via=via,
            kind=kind,
            policy=self.desk.settings.policy_for(via=via, kind=kind, owner=owner, site=SITE, is_open=True),
            phone_known=bool(phone),
        )
        self.desk.announce(self.tx, command, Facts(visitor=visitor, company=company, phone=phone), when, "web")

    def does(self, when: datetime, visit: str, command: c.Command) -> None:
        self.passes(when)
        self.desk.act(self.tx, visit, command, when, "web")

    def passes(self, until: datetime) -> None:
        while (wake := self.tx.next_wake()) is not None and wake <= until:
            due = self.tx.due(wake)
            assert due is not None
            self.desk.pass_time(self.tx, due, wake)


def a_day(counter: Counter) -> None:
    """Tell the visits that the tests look for, v1 to v8."""
    comes, does = counter.comes, counter.does
    comes(at("09:12"), "v1", "Julie Tremblay", "martin", company="Chambre de commerce", kind="supplier")
    does(at("09:13"), "v1", c.PromiseHello(by="martin", within=minutes(2)))
    does(at("09:14"), "v1", c.HelloHappened(by="nadia"))

    comes(at("09:30"), "v2", "=1+1", "sophie", company="@home", phone="+15145550142")
    does(at("09:31"), "v2", c.PromiseCallback(by="sophie", due=at("14:00")))

    comes(at("10:00"), "v3", "Robert Côté", "martin")
    does(at("10:01"), "v3", c.PromiseHello(by="martin", within=minutes(2)))
    does(at("10:06"), "v3", c.HasNotCome(by="nadia"))
    does(at("10:07"), "v3", c.HelloHappened(by="nadia", person="martin"))

    comes(at("10:30"), "v4", "Anne Roy", "martin", phone="+15145550143")  # nobody answers; the call is late
    does(at("11:50"), "v4", c.KeepCallback(by="sophie"))

    comes(at("11:52"), "v5", "Luc Fortin", "claire")
    does(at("11:53"), "v5", c.LeaveVisit(by="nadia", without_number=True))
    comes(at("11:54"), "v6", "Nobody", "claire")
    does(at("11:55"), "v6", c.Withdraw(by="nadia"))

    comes(at("11:56"), "v7", "Eva Lam", "claire", via=Via.PHONE, phone="+15145550144")
    does(at("11:57"), "v7", c.PromiseCallback(by="claire", due=at("13:30")))
    does(at("13:31"), "v7", c.TryCallback(by="claire"))
    does(at("13:40"), "v2", c.MoveCallback(by="sophie", due=at("15:00")))
    does(at("15:05"), "v2", c.KeepCallback(by="sophie"))
    does(at("15:46"), "v7", c.TryCallback(by="claire"))
    does(at("09:20", tuesday=True), "v7", c.TryCallback(by="claire"))

    comes(at("09:38", tuesday=True), "v8", "Paul Nguyen", "sophie")
    does(at("09:39", tuesday=True), "v8", c.PromiseHello(by="sophie", within=minutes(5)))


def make_house(folder: Path) -> Path:
    """Put the example configuration with its policies into a folder; give its file."""
    shutil.copytree(ROOT / "policies", folder / "policies")
    return Path(shutil.copy(ROOT / "config.example.yaml", folder / "config.yaml"))


def front_desk(settings: Settings) -> FrontDesk:
    return FrontDesk(settings, Directory(settings))


def file_of(settings: Settings) -> Path:
    """Give the file that a configuration keeps everything in."""
    assert isinstance(settings.database, Path)
    return settings.database


def tell(file: Path) -> Path:
    """Live through the day in the database of a configuration; give its file."""
    settings = config.load(file)

    async def live() -> None:
        store = await open_store(settings.database)
        await store.transact(lambda tx: a_day(Counter(tx, front_desk(settings))))
        await store.close()

    asyncio.run(live())
    return file_of(settings)
