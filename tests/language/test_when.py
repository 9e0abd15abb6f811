from datetime import UTC, date, datetime, time

import pytest

from bot.language.phones import find_phone, read_phone, show_phone
from bot.language.when import at, read_clock, read_time

NOW = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)  # 9:12 in Montréal


@pytest.mark.parametrize(
    "text", ["10 h 45", "10h45", "10:45", "10.45", "10\u00a0h\u00a045", "10:45 am", "à 10 h 45", "10 heures 45"]
)
def test_a_quarter_to_eleven_in_many_ways(text: str) -> None:
    assert read_clock(text) == time(10, 45)


@pytest.mark.parametrize(
    "text, hour, minute",
    [
        ("2:30 pm", 14, 30),
        ("2:30 p.m.", 14, 30),
        ("2:30\u202fPM", 14, 30),
        ("2pm", 14, 0),
        ("14 h", 14, 0),
        ("14:30", 14, 30),
        ("02:30", 2, 30),
        ("9h", 9, 0),
        ("at 9:05", 9, 5),
        ("midi", 12, 0),
        ("à midi", 12, 0),
        ("Noon", 12, 0),
        ("12 am", 0, 0),
        ("12:15 pm", 12, 15),
    ],
)
def test_an_hour_is_read(text: str, hour: int, minute: int) -> None:
    assert read_clock(text) == time(hour, minute)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2",
        "10",
        "2:30",
        "2 h",
        "6h15",
        "25:00",
        "10:60",
        "24 h",
        "13 pm",
        "0 am",
        "10:",
        "h",
        "1045",
        "soon",
        "9" * 999,
    ],
)
def test_what_is_no_hour_or_has_two_readings_is_not_read(text: str) -> None:
    assert read_clock(text) is None


def test_an_hour_alone_is_its_next_coming() -> None:
    def read(text: str) -> datetime | None:
        when = read_time(text, now=NOW, zone="America/Montreal", language="fr")
        return when.moment if when else None

    assert read("10 h 45") == datetime(2026, 3, 4, 15, 45, tzinfo=UTC)
    assert read("8h45") == datetime(2026, 3, 5, 13, 45, tzinfo=UTC)
    assert read("demain") is None


def test_an_hour_that_the_clocks_skip_becomes_the_one_after_it() -> None:
    assert at(date(2026, 3, 8), time(2, 30), "America/Montreal") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert at(date(2026, 3, 9), time(9), "America/Montreal") == datetime(2026, 3, 9, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text, zone, number",
    [
        ("514 555-0142", "America/Montreal", "+15145550142"),
        ("(514) 555 0142", "America/Toronto", "+15145550142"),
        ("514 523 4567 poste 1430", "America/Montreal", "+15145234567"),
        ("06 12 34 56 78", "Europe/Paris", "+33612345678"),
        ("+212 661-234567", "America/Montreal", "+212661234567"),
        ("523-4567", "America/Montreal", None),
        ("no", "America/Montreal", None),
        ("", "Mars/Base", None),
        ("5" * 5000, "America/Montreal", None),
    ],
)
def test_a_number_is_read_as_it_is_dialled_there(text: str, zone: str, number: str | None) -> None:
    assert read_phone(text, zone=zone) == number


def test_a_number_is_taken_out_of_a_line() -> None:
    assert find_phone("Julie, 514 523-4567, room 204", zone="America/Toronto")[0] == "+15145234567"
    assert find_phone("Julie at 14:30", zone="America/Toronto") == (None, "Julie at 14:30")
    assert show_phone("+33612345678") == "+33\u00a06\u00a012\u00a034\u00a056\u00a078"
