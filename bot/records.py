"""What auditors and admins read: the log of all sites, and everybody in the directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.desk import FrontDesk
from bot.domain.authority import Reading, may_read, standing
from bot.domain.people import Person
from bot.errors import Refused
from bot.language.wording import Wording
from bot.log_lines import LogLines, LogWords
from bot.opening import make_house
from bot.pages import Listed, LoggedVisit, LogPage
from bot.ports import Clock, Store, Transaction
from bot.visit_log import Wanted, read_log

A_PAGE = 50
"""So many visits stand on one page of the log."""


class HouseRecords:
    """The records of `bot.pages.Records`, read from the store and the configuration at the moment of asking."""

    def __init__(self, store: Store, desk: FrontDesk, wording: Wording, clock: Clock) -> None:
        """Take what it reads with."""
        self._store = store
        self._desk = desk
        self._wording = wording
        self._clock = clock

    async def log(self, person: str, *, days: int, page: int) -> LogPage:
        """Give a page of the log, last arrived first; `Refused` unless this person is an auditor."""
        who = self._allowed(person, Reading.LOG)
        return await self._store.read(partial(self._log, who=who, days=days, page=page))

    def people(self, person: str) -> Sequence[Listed]:
        """List everybody, in the order of the configuration; `Refused` unless this person is an admin."""
        self._allowed(person, Reading.DIRECTORY)
        now = self._clock.now()
        return [self._listed(each, now) for each in self._desk.settings.people.values()]

    def _allowed(self, person: str, what: Reading) -> Person:
        who = self._desk.settings.people.get(person)
        if who is None or not may_read(what, standing(who)):
            raise Refused("other_role")
        return who

    def _log(self, tx: Transaction, *, who: Person, days: int, page: int) -> LogPage:
        now = self._clock.now()
        since = now.astimezone(ZoneInfo(who.zone)).date() - timedelta(days=days - 1)
        rows = read_log(tx, Wanted(since=since, mistakes=True), self._zone)[::-1]
        words = LogWords(self._wording, who.language, self._desk.name, self._zone)
        first = (page - 1) * A_PAGE
        visits = [
            LoggedVisit(row.visit.id, self._site(row.visit.site), *lines.who_came(), promises)
            for row in rows[first : first + A_PAGE]
            for lines in [LogLines(row, words)]
            for promises in [tuple(lines.promises())]
        ]
        return LogPage(made_at=now, visits=visits, counted=len(rows), more=len(rows) > first + A_PAGE)

    def _site(self, site: str) -> str:
        sites = self._desk.settings.sites
        return sites[site].name if site in sites else site

    def _zone(self, site: str) -> ZoneInfo:
        sites = self._desk.settings.sites
        return ZoneInfo(sites[site].zone if site in sites else "UTC")

    def _listed(self, person: Person, now: datetime) -> Listed:
        """Tell of a person what an admin must know; who is away is told by the calendar of their first site."""
        settings = self._desk.settings
        site = settings.sites[person.sites[0]]
        absence = make_house(settings, site.id, now).absences.get(person.id)
        return Listed(
            person=person,
            addresses=settings.addresses.get(person.id, ()),
            is_away=absence is not None,
            stand_in=self._desk.name(absence.stand_in) if absence and absence.stand_in else "",
        )
