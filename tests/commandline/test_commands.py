"""The other commands, their help, and how errors are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot import config
from bot.commandline import houses
from bot.commandline.kindly import UNEXPECTED, KindGroup
from bot.errors import Conflict, Refused
from tests.commandline.conftest import Command

COMMANDS = [
    *("run", "demo", "check", "replay", "understand", "rehearse", "key", "link", "sign-out"),
    *("log", "log verify", "people", "people list", "people link", "slack", "slack manifest"),
    *("teams", "teams package", "db", "db backup"),
]


# --- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(hello30: Command, command: str) -> None:
    result = hello30(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"Example: hello30 {command}" in result.stdout


def test_the_help_names_each_command_on_one_line(hello30: Command) -> None:
    out = hello30("--help").stdout
    lines = out[out.index("Commands:") :].splitlines()[1:]
    named = [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")]
    assert [name for name in COMMANDS if " " not in name] == named[: len(named) - 1]  # after them, where to begin
    assert not any("..." in line for line in lines)


@pytest.mark.parametrize(
    "words, advice",
    [
        ("chek", "Did you mean 'check'?"),
        ("check --fast", "No such option: --fast"),
        ("demo --speed 0", "please choose more than 0 and at most 600"),
        ("demo --speed 601", "please choose more than 0 and at most 600"),
        ("demo --speed nan", "please choose more than 0 and at most 600"),
        ("demo --port 70000", "please choose a number from 1 to 65535"),
        ("understand", "TEXT"),
        ("understand hi --as guest", "please choose owner or reception"),
        ("understand hi --zone Mars/Base", "please write it as in America/Montreal"),
        ("understand hi --now soon", "please write it as 2026-03-04T09:12"),
    ],
)
def test_wrong_use_has_status_2(hello30: Command, words: str, advice: str) -> None:
    result = hello30(*words.split())
    assert result.exit_code == 2
    assert advice in result.stderr
    assert result.stdout == ""


# --- check -----------------------------------------------------------------------------------------------------------


def test_a_good_configuration(house: Path, hello30: Command) -> None:
    result = hello30("check", house)
    assert (result.exit_code, result.stdout) == (0, "No faults: 1 site, 4 people, 4 policies.\n")


def test_every_fault_is_told_with_its_place(house: Path, hello30: Command) -> None:
    text = house.read_text(encoding="utf-8")
    house.write_text(text.replace("slots: 15m", "slots: 7m").replace("port: 8030", "port: x"), encoding="utf-8")
    for command in ("check", "run --config"):
        result = hello30(*command.split(), house)
        assert result.exit_code == 1
        places = [line.removeprefix(f"{house}:").split(": ")[0] for line in result.stderr.splitlines()]
        assert len(places) == 2
        assert all(place.replace(":", "").isdecimal() for place in places)


def test_a_configuration_that_is_not_there(tmp_path: Path, hello30: Command) -> None:
    result = hello30("check", tmp_path / "config.yaml")
    assert result.exit_code == 1
    assert "there is no such file" in result.stderr


# --- people ----------------------------------------------------------------------------------------------------------


def test_people_are_listed(house: Path, hello30: Command) -> None:
    lines = hello30("people", "list", "--config", house).stdout.splitlines()
    assert lines[0].split("  ")[0] == "Id"
    assert lines[1].split()[:5] == ["nadia", "Nadia", "Benali", "montreal", "(reception)"]
    assert [line.split()[0] for line in lines[1:]] == ["nadia", "martin", "sophie", "claire"]


@pytest.mark.parametrize(
    "now, away",
    [
        (datetime(2026, 12, 21, 4, 59, tzinfo=UTC), ""),  # still the 20th in Montréal
        (datetime(2026, 12, 21, 5, tzinfo=UTC), "until 2026-12-31, sophie stands in"),
        (datetime(2027, 1, 1, 5, tzinfo=UTC), ""),
    ],
)
def test_who_is_away_by_the_calendar_of_their_site(house: Path, now: datetime, away: str) -> None:
    by_id = {row[0]: row for row in houses.rows(config.load(house), now, {})}
    assert by_id["martin"] == ("martin", "Martin Gagnon", "montreal", "sophie", "claire", "web:martin", away, "")


# --- understand ------------------------------------------------------------------------------------------------------


def test_an_announcement_is_read_with_the_people_of_the_configuration(house: Path, hello30: Command) -> None:
    words = ("understand", "Julie Tremblay (Chambre) for Marty: keys", "--as", "reception", "--config", house)
    lines = dict(line.split(maxsplit=1) for line in hello30(*words).stdout.splitlines())
    assert lines["intent"] == "announce"
    assert lines["visitor"] == "Julie Tremblay"
    assert lines["who"] == "that is  Martin Gagnon (martin)"
    assert lines["certain"] == "yes"
    read = json.loads(hello30(*words, "--json").stdout)
    assert (read["owner_candidates"], read["company"], read["reason"]) == (["martin"], "Chambre", "keys")


def test_without_a_configuration_nobody_is_known(hello30: Command) -> None:
    out = hello30("understand", "Julie Tremblay for Martin", "--as", "reception").stdout
    assert "nobody known" in out
    assert "hello30 asks back" in out


def test_an_hour_is_read_at_a_moment_in_a_zone(house: Path, hello30: Command) -> None:
    zone = ("--zone", "America/Montreal")
    for more in (("--now", "2026-03-02T09:00", *zone), ("--now", "2026-03-02T14:00Z", "--config", house)):
        assert "2026-03-02 15:00 (America/Montreal)" in hello30("understand", "15 h", *more).stdout
        read = json.loads(hello30("understand", "15 h", "--json", *more).stdout)
        assert (read["intent"], read["at"]) == ("callback", "2026-03-02T15:00:00-05:00")


@pytest.mark.parametrize(
    "text, intent", [("busy", "busy"), ("in 5 min", "hello_in"), ("\x1b[2J", "unclear"), ("", "unclear")]
)
def test_what_a_responder_types(hello30: Command, text: str, intent: str) -> None:
    out = hello30("understand", text).stdout
    assert out.split()[:2] == ["intent", intent]
    assert "\x1b" not in out


# --- what goes wrong -------------------------------------------------------------------------------------------------


def failing(error: BaseException) -> typer.Typer:
    app = typer.Typer(cls=KindGroup, rich_markup_mode=None, pretty_exceptions_enable=False)

    @app.callback()
    def options(*, debug: bool = False) -> None:
        pass

    @app.command()
    def fail() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    "error, status, told",
    [
        (Conflict("it is no longer at version 3"), 1, "it is no longer at version 3\n"),
        (PermissionError(13, "Permission denied", "config.yaml"), 1, "config.yaml cannot be used (Permission denied)"),
        (ExceptionGroup("parts", [ExceptionGroup("part", [Conflict("late")])]), 1, "late\n"),
        (ValueError("Julie Tremblay"), 1, UNEXPECTED),
        (OSError("no name"), 1, UNEXPECTED),
        (Refused("closed"), 1, UNEXPECTED),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 0, ""),
        (typer.Exit(7), 7, ""),
    ],
)
def test_whatever_goes_wrong_is_one_kind_sentence(error: BaseException, status: int, told: str) -> None:
    result = CliRunner().invoke(failing(error), ["fail"])
    assert result.exit_code == status
    assert result.stderr.startswith(told)
    assert bool(result.stderr) == bool(told)
    assert "Traceback" not in result.output
    assert "Julie" not in result.output


def test_debug_logs_where_it_went_wrong_and_no_values() -> None:
    result = CliRunner().invoke(failing(ValueError("Julie Tremblay")), ["--debug", "fail"])
    logged, *rest = result.stderr.splitlines()
    assert json.loads(logged)["error"] == "ValueError"
    assert "test_commands.py" in json.loads(logged)["at"][-1]
    assert "Julie" not in result.output
    assert " ".join(rest) == UNEXPECTED
