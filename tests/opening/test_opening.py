"""Opening hours by the wall clock: lunch, closed days, and the nights on which the clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.domain.people import Calendar
from bot.domain.policy import Span, Unit
from bot.errors import Hello30Error
from bot.opening import SiteCalendar
from bot.settings import Away, OpenRange, Site

MORNING, AFTERNOON = OpenRange(8 * 60 + 30, 12 * 60), OpenRange(13 * 60, 17 * 60)
WORKDAYS = ((MORNING, AFTERNOON),) * 5 + ((), ())
MONTREAL = Site(
    id="montreal",
    name="Montréal office",
    zone="America/Montreal",
    language="fr-CA",
    hours=WORKDAYS,
    closed=frozenset({date(2026, 12, 25), date(2026, 12, 28)}),
    slot=timedelta(minutes=15),
    reception=(),
)
CASABLANCA = replace(MONTREAL, id="casablanca", zone="Africa/Casablanca", closed=frozenset())
ALL_DAY = (OpenRange(0, 24 * 60),)


def at(text: str, site: Site = MONTREAL) -> datetime:
    """Turn a wall clock of the site into UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(site.zone)).astimezone(UTC)


def wall(moment: datetime, site: Site = MONTREAL) -> str:
    """Turn a moment into the site's wall clock with its offset."""
    return moment.astimezone(ZoneInfo(site.zone)).isoformat(timespec="minutes")


def calendar(site: Site = MONTREAL, **promised: datetime) -> Calendar:
    return SiteCalendar(site, lambda person: {promised[person]} if person in promised else ())


# --- open or closed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment,is_open",
    [
        ("2026-11-23T08:29", False),
        ("2026-11-23T08:30", True),
        ("2026-11-23T11:59", True),
        ("2026-11-23T12:00", False),  # lunch
        ("2026-11-23T13:00", True),
        ("2026-11-23T17:00", False),
        ("2026-11-22T10:00", False),  # Sunday
        ("2026-12-25T10:00", False),  # closed
    ],
)
def test_a_site_is_open_within_its_hours(moment: str, *, is_open: bool) -> None:
    assert calendar().is_open(at(moment)) is is_open


@pytest.mark.parametrize(
    "now,closing",
    [
        ("2026-11-23T07:00", "2026-11-23T17:00-05:00"),
        ("2026-11-23T12:30", "2026-11-23T17:00-05:00"),  # lunch
        ("2026-11-23T16:59", "2026-11-23T17:00-05:00"),
        ("2026-11-23T17:00", "2026-11-24T17:00-05:00"),
        ("2026-11-27T18:00", "2026-11-30T17:00-05:00"),  # over the weekend
        ("2026-12-24T18:00", "2026-12-29T17:00-05:00"),  # over Christmas, the weekend and a closed Monday
    ],
)
def test_closing_is_the_end_of_the_day_or_of_the_next_open_one(now: str, closing: str) -> None:
    assert wall(calendar().closing(at(now))) == closing


# --- slots -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "after,slot",
    [
        ("2026-11-23T09:00", "2026-11-23T09:15-05:00"),
        ("2026-11-23T09:01", "2026-11-23T09:30-05:00"),  # at least a quarter of an hour, then the next step
        ("2026-11-23T11:30", "2026-11-23T11:45-05:00"),
        ("2026-11-23T11:31", "2026-11-23T13:00-05:00"),  # never in lunch, nor into it
        ("2026-11-23T16:31", "2026-11-24T08:30-05:00"),
        ("2026-12-24T16:45", "2026-12-29T08:30-05:00"),
    ],
)
def test_a_slot_is_open_and_leaves_a_lead(after: str, slot: str) -> None:
    assert wall(calendar().next_slot("martin", at(after))) == slot


def test_slots_follow_the_wall_clock_when_the_hours_begin_between_two() -> None:
    site = replace(MONTREAL, hours=((OpenRange(8 * 60 + 50, 10 * 60),), *((),) * 6), slot=timedelta(minutes=20))
    slots = SiteCalendar(site).slots("martin", at("2026-11-23T07:00"), 4)
    assert [wall(slot)[8:16] for slot in slots] == ["23T09:00", "23T09:20", "23T09:40", "30T09:00"]


def test_two_visits_never_get_the_same_slot_of_a_person() -> None:
    taken = at("2026-11-23T09:15")
    house = calendar(martin=taken)
    assert wall(house.next_slot("martin", at("2026-11-23T09:00"))) == "2026-11-23T09:30-05:00"
    assert house.next_slot("sophie", at("2026-11-23T09:00")) == taken
    assert not house.is_free("martin", taken)
    assert house.is_free("sophie", taken)


def test_slots_that_overlap_a_call_are_not_free_but_ones_own_is_no_hindrance() -> None:
    odd = at("2026-11-23T09:20")
    house = calendar(martin=odd)
    assert wall(house.next_slot("martin", at("2026-11-23T09:00"))) == "2026-11-23T09:45-05:00"
    assert not house.is_free("martin", at("2026-11-23T09:30"))
    assert house.is_free("martin", at("2026-11-23T09:35"))
    assert house.is_free("martin", at("2026-11-23T09:30"), besides=odd)


def _away(first: str, last: str) -> SiteCalendar:
    away = Away(person="martin", first=date.fromisoformat(first), last=date.fromisoformat(last), stand_in=None, note="")
    return SiteCalendar(MONTREAL, away=(away,))


def test_nobody_has_a_slot_on_the_days_of_an_absence() -> None:
    house, monday = _away("2026-11-23", "2026-11-24"), at("2026-11-23T09:00")
    assert wall(house.next_slot("martin", monday)) == "2026-11-25T08:30-05:00"
    assert wall(house.next_slot("sophie", monday)) == "2026-11-23T09:15-05:00"
    assert not house.is_free("martin", at("2026-11-24T16:45"))
    assert house.is_free("martin", at("2026-11-25T08:30"))
    assert house.is_free("sophie", monday)


def test_an_absence_without_end_is_heeded_for_a_year() -> None:
    house = _away("2026-11-23", "9999-12-31")
    assert wall(house.next_slot("martin", at("2026-11-23T09:00"))) == "2027-11-25T08:30-05:00"


def test_slots_are_each_one_once_and_in_order_however_many_are_promised() -> None:
    promised: set[datetime] = set()
    for _ in range(60):
        house = SiteCalendar(MONTREAL, lambda _: frozenset(promised))
        slot = house.next_slot("martin", at("2026-11-26T15:00"))
        assert slot not in promised
        assert house.is_open(slot)
        promised.add(slot)
    # 7 on Thursday, 30 on Friday, 14 on Monday morning, and 9 more
    assert max(promised) == at("2026-11-30T15:00")


def test_slots_are_as_many_as_wanted() -> None:
    slots = calendar().slots("martin", at("2026-11-23T16:15"), 3)
    assert [wall(slot)[5:16] for slot in slots] == ["11-23T16:30", "11-23T16:45", "11-24T08:30"]


# --- later -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "since,span,then",
    [
        ("2026-11-23T11:50", Span(Unit.CLOCK, timedelta(minutes=20)), "2026-11-23T12:10-05:00"),
        ("2026-11-23T11:50", Span(Unit.OPEN, timedelta(minutes=20)), "2026-11-23T13:10-05:00"),
        ("2026-11-23T11:50", Span(Unit.OPEN, timedelta(minutes=10)), "2026-11-23T12:00-05:00"),
        ("2026-11-23T12:30", Span(Unit.OPEN, timedelta()), "2026-11-23T12:30-05:00"),
        ("2026-11-27T16:00", Span(Unit.OPEN, timedelta(hours=4)), "2026-11-30T11:30-05:00"),
        ("2026-11-22T10:00", Span(Unit.OPEN, timedelta(minutes=30)), "2026-11-23T09:00-05:00"),
        ("2026-11-23T09:00", Span(Unit.OPEN_DAYS, days=1), "2026-11-24T17:00-05:00"),
        ("2026-11-27T09:00", Span(Unit.OPEN_DAYS, days=1), "2026-11-30T17:00-05:00"),
        ("2026-11-28T09:00", Span(Unit.OPEN_DAYS, days=1), "2026-11-30T17:00-05:00"),
        ("2026-12-24T09:00", Span(Unit.OPEN_DAYS, days=2), "2026-12-30T17:00-05:00"),
    ],
)
def test_later_counts_the_clock_open_time_or_open_days(since: str, span: Span, then: str) -> None:
    assert wall(calendar().later(at(since), span)) == then


# --- when the clocks change ------------------------------------------------------------------------------------------


def test_hours_keep_to_the_wall_clock_when_summer_time_begins() -> None:
    house = calendar()
    assert wall(house.next_slot("martin", at("2026-03-06T16:50"))) == "2026-03-09T08:30-04:00"
    assert wall(house.closing(at("2026-03-06T17:00"))) == "2026-03-09T17:00-04:00"
    assert wall(house.later(at("2026-03-06T16:00"), Span(Unit.OPEN, timedelta(hours=2)))) == "2026-03-09T09:30-04:00"


def test_hours_keep_to_the_wall_clock_when_summer_time_ends() -> None:
    house = calendar()
    assert wall(house.next_slot("martin", at("2026-10-30T16:50"))) == "2026-11-02T08:30-05:00"
    assert wall(house.later(at("2026-10-30T16:00"), Span(Unit.OPEN, timedelta(hours=2)))) == "2026-11-02T09:30-05:00"


@pytest.mark.parametrize("day,hours", [("2026-03-07", 24), ("2026-03-08", 23), ("2026-11-01", 25)])
def test_a_site_that_never_closes_has_a_shorter_and_a_longer_day(day: str, hours: int) -> None:
    house = calendar(replace(MONTREAL, hours=(ALL_DAY,) * 7, closed=frozenset()))
    midnight = at(f"{day}T00:00")
    assert house.closing(midnight) - midnight == timedelta(hours=hours)
    assert house.later(midnight, Span(Unit.OPEN, timedelta(hours=30))) == midnight + timedelta(hours=30)


def test_hours_that_the_clocks_leave_out_are_not_open() -> None:
    site = replace(MONTREAL, hours=(*((),) * 6, (OpenRange(2 * 60, 3 * 60),)), closed=frozenset())
    # On 8 March 2026 the clocks go from 02:00 to 03:00.
    house = SiteCalendar(site)
    assert wall(house.next_slot("martin", at("2026-03-07T12:00"))) == "2026-03-15T02:00-04:00"
    assert wall(house.closing(at("2026-03-07T12:00"))) == "2026-03-15T03:00-04:00"


def test_a_range_that_begins_in_the_gap_begins_when_the_clocks_go_on() -> None:
    site = replace(MONTREAL, hours=(*((),) * 6, (OpenRange(2 * 60, 5 * 60),)), closed=frozenset())
    assert wall(SiteCalendar(site).next_slot("martin", at("2026-03-07T12:00"))) == "2026-03-08T03:00-04:00"


def test_slots_are_a_quarter_of_an_hour_apart_in_the_hour_that_comes_twice() -> None:
    site = replace(MONTREAL, hours=(*((),) * 6, (OpenRange(0, 3 * 60),)), closed=frozenset())
    slots = SiteCalendar(site).slots("martin", at("2026-11-01T00:30"), 9)
    assert {later - earlier for earlier, later in pairwise(slots)} == {timedelta(minutes=15)}
    assert [wall(slot)[11:] for slot in slots[:2]] == ["00:45-04:00", "01:00-04:00"]
    assert wall(slots[-1]) == "2026-11-01T01:45-05:00"


def test_casablanca_changes_its_clocks_around_ramadan() -> None:
    house = calendar(CASABLANCA)
    # In 2026 the clocks go back on 15 February and on again on 22 March, both of them Sundays.
    before, within = at("2026-02-13T16:50", CASABLANCA), at("2026-03-20T16:50", CASABLANCA)
    assert wall(before, CASABLANCA) == "2026-02-13T16:50+01:00"
    assert wall(house.next_slot("martin", before), CASABLANCA) == "2026-02-16T08:30+00:00"
    assert wall(within, CASABLANCA) == "2026-03-20T16:50+00:00"
    assert wall(house.next_slot("martin", within), CASABLANCA) == "2026-03-23T08:30+01:00"
    assert wall(house.later(within, Span(Unit.OPEN_DAYS, days=1)), CASABLANCA) == "2026-03-23T17:00+01:00"


def test_slots_keep_to_the_wall_clock_where_the_offset_is_no_whole_hour() -> None:
    site = replace(MONTREAL, zone="Asia/Kathmandu", slot=timedelta(minutes=30))
    slot = SiteCalendar(site).next_slot("martin", at("2026-11-23T09:05", site))
    assert wall(slot, site) == "2026-11-23T09:30+05:45"


# --- a house that does not open --------------------------------------------------------------------------------------


def test_a_long_closure_is_walked_over() -> None:
    days = frozenset(date(2026, 11, 23) + timedelta(days=n) for n in range(800))
    site = replace(MONTREAL, closed=days)
    assert wall(SiteCalendar(site).next_slot("martin", at("2026-11-23T09:00"))) == "2029-01-31T08:30-05:00"


@pytest.mark.parametrize(
    "span", [Span(Unit.OPEN, timedelta(hours=1)), Span(Unit.OPEN_DAYS, days=1)], ids=["hours", "days"]
)
def test_a_site_that_never_opens_is_an_error_and_no_endless_walk(span: Span) -> None:
    house = SiteCalendar(replace(MONTREAL, hours=((),) * 7))
    with pytest.raises(Hello30Error, match="does not open often enough"):
        house.later(at("2026-11-23T09:00"), span)
    with pytest.raises(Hello30Error):
        house.next_slot("martin", at("2026-11-23T09:00"))
    with pytest.raises(Hello30Error):
        house.closing(at("2026-11-23T09:00"))
