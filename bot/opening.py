"""Opening hours, closed days and open slots of one site; makes the `House` that `decide` sees.

Hours are meant by the wall clock, so each day's are turned into UTC by themselves; from there on only UTC is counted.
That keeps an hour an hour when the clocks change.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.people import Absence, House
from bot.domain.policy import Span, Unit
from bot.errors import Hello30Error
from bot.settings import Away, Settings, Site

LEAD: Final = timedelta(minutes=15)
"""A callback is promised for this much later at the earliest: nobody can call at once."""
_DAY: Final = timedelta(days=1)
_AWAY_AT_MOST: Final = 366
"""So many days ahead an absence is heeded: beyond that nobody plans a call, and a slot must be found."""


def _nothing(person: str) -> Collection[datetime]:  # noqa: ARG001 - nobody has promised anything
    return ()


@dataclass(frozen=True, slots=True)
class SiteCalendar:
    """The `Calendar` of a site. `away`: who is away, and on which of the site's days.

    `promised` gives the due times (UTC) of the callbacks that a person still owes; it is asked only for whom a time is
    looked for.
    """

    site: Site
    promised: Callable[[str], Collection[datetime]] = _nothing
    away: tuple[Away, ...] = ()

    def next_slot(self, person: str, after: datetime) -> datetime:
        """Give the first slot at least `LEAD` after `after` that overlaps no call of this person, who is here then."""
        return self.slots(person, after, 1)[0]

    def slots(self, person: str, after: datetime, count: int) -> tuple[datetime, ...]:
        """Give the next `count` slots of `next_slot`; each lies within opening hours as a whole."""
        # a call at an odd time overlaps two slots
        wanted = count + 2 * len(self.promised(person))
        free = (slot for slot in self._slots(person, after + LEAD, wanted) if self._has_no_call(person, slot))
        return tuple(islice(free, count))

    def closing(self, now: datetime) -> datetime:
        """Give when today's last opening hours end, or, if that is over, those of the next open day."""
        return next(end for end in self._day_ends(self._day(now), 2) if end > now)

    def later(self, at: datetime, span: Span) -> datetime:
        """Give the moment `span` after `at`; open days end with the last of them, and `at`'s own day is not counted."""
        match span.unit:
            case Unit.CLOCK:
                return at + span.length
            case Unit.OPEN:
                return self._later_open(at, span.length)
            case Unit.OPEN_DAYS:
                *_, end = self._day_ends(self._day(at) + _DAY, span.days)
                return end

    def is_free(self, person: str, at: datetime, *, besides: datetime | None = None) -> bool:
        """Tell whether this person is here that day, and a slot then overlaps no call but the one `besides`."""
        return self._is_here(person, self._day(at)) and self._has_no_call(person, at, besides)

    def is_open(self, at: datetime) -> bool:
        """Tell whether the site is open at that moment; it is closed from the minute at which the hours end."""
        return any(start <= at < end for start, end in self._ranges(self._day(at)))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _is_here(self, person: str, day: date) -> bool:
        return not any(away.person == person and away.first <= day <= away.last for away in self.away)

    def _has_no_call(self, person: str, at: datetime, besides: datetime | None = None) -> bool:
        dues = self.promised(person)
        return all(due == besides or abs(at - due) >= self.site.slot for due in dues)

    def _day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.site.zone)).date()

    def _moment(self, day: date, minutes: int) -> datetime:
        """Turn a time by the wall clock into UTC; one that the clocks leave out becomes as much later."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        return wall.replace(tzinfo=ZoneInfo(self.site.zone)).astimezone(UTC)

    def _ranges(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Give the opening hours of a day as moments, earliest first; none on a closed day."""
        if day in self.site.closed:
            return
        for opening in sorted(self.site.hours[day.weekday()]):
            start, end = self._moment(day, opening.start), self._moment(day, opening.end)
            if start < end:  # otherwise the clocks leave it out
                yield start, end

    def _days(self, first: date, wanted: int, *, extra: int = 0) -> Iterator[date]:
        """Give the days from `first` on, so many that `wanted` of them are open, and `extra` days more.

        A site opens at least once a week (the configuration is refused otherwise), closed days are counted, and the
        clocks can leave out opening hours twice a year: hence the bound.
        """
        weeks = wanted + len(self.site.closed) + 4
        for number in range(7 * weeks + extra):
            yield first + timedelta(days=number)
        raise self._shut()

    def _shut(self) -> Hello30Error:
        return Hello30Error(f'the site "{self.site.id}" does not open often enough: check its hours and closed days')

    def _day_ends(self, first: date, count: int) -> Iterator[datetime]:
        """Give when each of the first `count` open days from `first` on ends."""
        ends = (ranges[-1][1] for day in self._days(first, count) if (ranges := list(self._ranges(day))))
        return islice(ends, count)

    def _slots(self, person: str, earliest: datetime, wanted: int) -> Iterator[datetime]:
        """Give slots from `earliest` on, promised or not, on days on which `person` is here; `wanted` at least."""
        first = self._day(earliest)
        heeded = first + _AWAY_AT_MOST * _DAY
        for day in self._days(first, wanted + 1, extra=_AWAY_AT_MOST):
            for start, end in self._ranges(day) if day > heeded or self._is_here(person, day) else ():
                slot = self._on_step(max(start, earliest))
                while slot + self.site.slot <= end:
                    yield slot
                    slot += self.site.slot

    def _on_step(self, at: datetime) -> datetime:
        """Round up to the next step of the wall clock: :00, :15, :30 and :45 when slots have 15 minutes."""
        local = at.astimezone(ZoneInfo(self.site.zone))
        into_hour = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        over = into_hour % self.site.slot
        return at + (self.site.slot - over if over else timedelta())

    def _later_open(self, at: datetime, length: timedelta) -> datetime:
        left = length
        if not left:
            return at
        for day in self._days(self._day(at), left // timedelta(minutes=1) + 2):
            for start, end in self._ranges(day):
                begin = max(start, at)
                if begin + left <= end:
                    return begin + left
                left -= max(end - begin, timedelta())
        raise self._shut()


def make_house(
    settings: Settings, site: str, now: datetime, promised: Callable[[str], Collection[datetime]] = _nothing
) -> House:
    """Make what `decide` may know of a site at `now`; `promised` gives the due times of a person's callbacks.

    Raises `Hello30Error` for a site that was taken out of the configuration.
    """
    place = settings.sites.get(site)
    if place is None:
        raise Hello30Error(
            f'the site "{site}" is not in the configuration any more: put it back until nothing is owed there'
        )
    today = now.astimezone(ZoneInfo(place.zone)).date()
    gone = {away.person: away for away in settings.away if away.first <= today <= away.last}
    absences = {person: Absence(person, _here(away.stand_in, gone), away.note) for person, away in gone.items()}
    calendar = SiteCalendar(place, promised, settings.away)
    return House(site=site, people=settings.people, calendar=calendar, absences=absences)


def _here(stand_in: str | None, gone: Mapping[str, Away]) -> str | None:
    """Follow stand-ins who are away themselves; None when that leads to nobody."""
    seen: set[str] = set()
    while stand_in is not None and stand_in in gone and stand_in not in seen:
        seen.add(stand_in)
        stand_in = gone[stand_in].stand_in
    return None if stand_in in gone else stand_in
