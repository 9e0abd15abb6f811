from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import config
from bot.errors import Hello30Error
from bot.opening import make_house
from bot.settings import Away, Settings

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # Monday noon in Montréal
DEMO = Path(config.__file__).parent / "demo" / "config.yaml"


@pytest.fixture(scope="module")
def settings() -> Settings:
    return config.load(DEMO)


def _away(person: str, stand_in: str | None, first: str = "2026-11-23", last: str = "2026-11-23") -> Away:
    return Away(
        person=person,
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
        stand_in=stand_in,
        note="Blue folder",
    )


def test_both_days_of_an_absence_are_included_by_the_sites_calendar(settings: Settings) -> None:
    settings = replace(settings, away=(_away("martin", "sophie", "2026-11-23", "2026-11-24"),))
    midnight = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
    minute = timedelta(minutes=1)
    for now, gone in (
        (midnight - minute, False),
        (midnight, True),
        (midnight + timedelta(days=2) - minute, True),
        (midnight + timedelta(days=2), False),
    ):
        assert ("martin" in make_house(settings, "montreal", now).absences) is gone


def test_the_house_knows_the_stand_in_and_the_note(settings: Settings) -> None:
    house = make_house(replace(settings, away=(_away("martin", "sophie"),)), "montreal", NOON)
    assert house.stand_in("martin") == "sophie"
    assert house.absences["martin"].note == "Blue folder"


@pytest.mark.parametrize(
    "aways,stand_in",
    [
        ((_away("martin", "sophie"), _away("sophie", "claire")), "claire"),
        ((_away("martin", "sophie"), _away("sophie", None)), None),
        ((_away("martin", "sophie"), _away("sophie", "martin")), None),
    ],
    ids=["the next one", "nobody", "in a circle"],
)
def test_a_stand_in_who_is_away_is_followed_to_theirs(
    settings: Settings, aways: tuple[Away, ...], stand_in: str | None
) -> None:
    assert make_house(replace(settings, away=aways), "montreal", NOON).stand_in("martin") == stand_in


def test_promised_slots_reach_the_calendar(settings: Settings) -> None:
    free = make_house(settings, "montreal", NOON).calendar.next_slot("martin", NOON)
    house = make_house(settings, "montreal", NOON, lambda person: {free} if person == "martin" else ())
    assert house.calendar.next_slot("martin", NOON) == free + timedelta(minutes=15)


def test_absences_reach_the_calendar(settings: Settings) -> None:
    house = make_house(replace(settings, away=(_away("martin", None),)), "montreal", NOON)
    assert house.calendar.next_slot("martin", NOON).date() == date(2026, 11, 24)


def test_a_site_that_was_taken_out_is_an_error_that_says_so(settings: Settings) -> None:
    with pytest.raises(Hello30Error, match="not in the configuration any more"):
        make_house(settings, "laval", NOON)
