"""The command: which policy and house it takes, what it assumes, how wrong use is told."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import config
from bot.commandline.app import app
from bot.domain.policy import Via
from bot.errors import Hello30Error
from bot.opening import SiteCalendar
from bot.rehearsal.answers import UnreadableAnswers, read_answers
from bot.rehearsal.arrival import choose
from bot.rehearsal.open_time import open_between
from bot.rehearsal.play import Ending, Kind, rehearse
from bot.settings import OpenRange
from tests.rehearsal.conftest import HOUSE, READY, ROOT, TUESDAY, arrival_of, policy_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with an admin's configuration and policies, and go there."""
    shutil.copy(ROOT / "config.example.yaml", tmp_path / "config.yaml")
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hello30(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


# --- which policy ----------------------------------------------------------------------------------------------------


def test_a_policy_of_the_configuration_goes_by_its_name_or_its_file(folder: Path) -> None:
    by_name, by_file = hello30("rehearse", "office"), hello30("rehearse", "policies/office.yaml")
    assert by_name.exit_code == 0
    assert by_name.stdout == by_file.stdout
    assert "comes to Montréal office for Martin Gagnon" in by_name.stdout
    assert "invented" not in by_name.stdout


def test_a_policy_that_is_not_listed_yet_is_rehearsed_all_the_same(folder: Path) -> None:
    text = (folder / "policies" / "office.yaml").read_text(encoding="utf-8")
    (folder / "mine.yaml").write_text(text.replace("policy: office", "policy: mine"), encoding="utf-8")
    out = hello30("rehearse", "mine.yaml").stdout
    assert "The configuration does not list this policy yet" in out
    assert "Sophie Roy reads" in out


def test_a_policy_that_no_visit_reaches_says_so(folder: Path) -> None:
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    first = (folder / "policies" / "office.yaml").read_text(encoding="utf-8").replace("policy: office", "policy: first")
    (folder / "policies" / "first.yaml").write_text(first, encoding="utf-8")
    listed = text.replace("  - policies/office.yaml", "  - policies/first.yaml\n  - policies/office.yaml")
    (folder / "config.yaml").write_text(listed, encoding="utf-8")
    assert "In life no visit falls under this policy" in hello30("rehearse", "office").stdout
    assert "In life" not in hello30("rehearse", "first").stdout


def test_a_wrong_policy_is_told_with_its_place(folder: Path) -> None:
    file = folder / "policies" / "phone.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("ask: manager", "ask: manger"), encoding="utf-8")
    result = hello30("rehearse", "policies/phone.yaml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("policies/phone.yaml:48:24:")
    assert 'did you mean "manager"?' in result.stderr


@pytest.mark.parametrize(
    "wanted, advice",
    [
        ("ofice", 'did you mean "office"?'),
        ("policies/ofice.yaml", "policies/ofice.yaml:1:1: there is no such file"),
        ("config.yaml", "Name one of them: hello30 rehearse"),
    ],
)
def test_a_policy_that_is_not_there(folder: Path, wanted: str, advice: str) -> None:
    result = hello30("rehearse", wanted)
    assert (result.exit_code, result.stdout) == (1, "")
    assert advice in result.stderr


def test_a_name_needs_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = hello30("rehearse", "office")
    assert result.exit_code == 1
    assert "there is no config.yaml here" in result.stderr


# --- what is assumed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, via, kind, is_open, clock",
    [
        ("office", Via.IN_PERSON, "supplier", True, "14:00"),
        ("anything_else", Via.IN_PERSON, "client", True, "14:00"),
        ("phone", Via.PHONE, "client", True, "14:00"),
        ("after_hours", Via.IN_PERSON, "client", False, "22:30"),
    ],
)
def test_the_arrival_is_one_that_the_policy_covers(
    name: str, via: Via, kind: str, clock: str, *, is_open: bool
) -> None:
    arrival = arrival_of(READY[0].with_stem(name))
    assert (arrival.via, arrival.kind, arrival.is_open, arrival.owner) == (via, kind, is_open, "martin")
    assert f"{arrival.at:%H:%M}" == clock
    assert SiteCalendar(HOUSE.sites[arrival.site]).is_open(arrival.at) is is_open


def test_in_a_configuration_no_earlier_policy_would_take_the_arrival() -> None:
    example = config.load(ROOT / "config.example.yaml")
    for policy in example.policies:
        arrival = choose(example, policy, today=TUESDAY)
        taken = example.policy_for(
            via=arrival.via, kind=arrival.kind, owner=arrival.owner, site=arrival.site, is_open=arrival.is_open
        )
        assert taken is policy


def test_the_owner_is_here_that_day() -> None:
    example = config.load(ROOT / "config.example.yaml")  # Martin is away until New Year's Eve; New Year's Day is closed
    policy = policy_of(ROOT / "policies" / "office.yaml", example)
    arrival = choose(example, policy, today=TUESDAY.replace(month=12, day=22))
    assert f"{arrival.at:%Y-%m-%d}" == "2027-01-04"


def test_a_policy_for_closed_hours_needs_a_site_that_closes() -> None:
    always = replace(HOUSE.sites["montreal"], hours=((OpenRange(0, 1440),),) * 7)
    with pytest.raises(Hello30Error, match='no visit falls under "after_hours"'):
        choose(
            replace(HOUSE, sites={"montreal": always}), policy_of(ROOT / "policies" / "after_hours.yaml"), today=TUESDAY
        )


# --- what happens ----------------------------------------------------------------------------------------------------


async def test_busy_answers_nothing_and_the_ladder_goes_on() -> None:
    arrival = arrival_of(READY[0].with_stem("office"))
    answers = read_answers("90s: busy", HOUSE.people.values())
    silent, busy = [await rehearse(HOUSE, arrival, given, "en") for given in ((), answers)]
    typed = [line for line in busy.lines if line.after == timedelta(seconds=90)]
    assert [(line.kind, line.who) for line in typed[:2]] == [(Kind.TYPED, "martin"), (Kind.REPLY, "martin")]
    assert "Thirty seconds now" in typed[1].text
    assert [line for line in busy.lines if line not in typed] == list(silent.lines)


async def test_whoever_was_asked_last_answers_unless_somebody_is_named() -> None:
    arrival = arrival_of(READY[0].with_stem("office"))
    for text, who in (("2m: 15 h", "sophie"), ("2m martin: 15 h", "martin"), ("2m Martin Gagnon: 15 h", "martin")):
        played = await rehearse(HOUSE, arrival, read_answers(text, HOUSE.people.values()), "en")
        assert [line.who for line in played.lines if line.kind is Kind.TYPED] == [who]
        assert played.visit.callback_promise is not None
        assert played.visit.callback_promise.by == who


async def test_a_visit_that_is_kept_ends_closed() -> None:
    arrival = arrival_of(READY[0].with_stem("office"))
    answers = read_answers("30s: 9:30, 40m: done, 50m: done", HOUSE.people.values())
    played = await rehearse(HOUSE, arrival, answers, "en")
    assert played.ending is Ending.CLOSED
    assert played.lines[-1].text.startswith("Nothing is asked of you")


async def test_open_time_stands_still_while_the_site_is_closed() -> None:
    arrival = arrival_of(READY[0].with_stem("after_hours"))
    played = await rehearse(HOUSE, arrival, (), "en")
    late = next(line for line in played.lines if "Nobody confirmed in time" in line.text)
    assert (late.after, late.open_time) == (timedelta(hours=15, minutes=15), timedelta(minutes=15))
    calendar = SiteCalendar(HOUSE.sites["montreal"])
    noon = arrival_of(READY[0].with_stem("office")).at + timedelta(hours=3)
    assert open_between(calendar, noon, noon + timedelta(minutes=90)) == timedelta(minutes=30)
    assert open_between(calendar, noon, noon) == timedelta()


def test_json_holds_the_same_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = json.loads(hello30("rehearse", str(ROOT / "policies" / "office.yaml"), "--json").stdout)
    assert told["assumed"]["at"] == "2026-03-04T09:00:00-05:00"
    assert told["assumed"]["invented_house"] is True
    assert told["looked_after"]["if_nobody_answers"]["after_s"] == 300
    assert told["looked_after"]["at_the_latest"]["after_s"] == 3780
    assert told["ending"] == "with_reception"
    assert {line["who"] for line in told["lines"]} == {"", "martin", "sophie", "reception:montreal"}


# --- answers ---------------------------------------------------------------------------------------------------------


def test_answers_are_read_in_their_order_with_their_own_commas() -> None:
    answers = read_answers("3m sophie: ok, in 2 min, 2m30s: busy,90s : 10:45", HOUSE.people.values())
    assert [(a.after.total_seconds(), a.by, a.text) for a in answers] == [
        (90, None, "10:45"),
        (150, None, "busy"),
        (180, "sophie", "ok, in 2 min"),
    ]


@pytest.mark.parametrize(
    "text, advice",
    [
        ("soon: busy", 'please write "2m: busy'),
        ("2m busy", 'please write "2m: busy'),
        ("2x: busy", "write a number and its unit"),
        ("2m:", 'please write "2m: busy'),
        (",", 'please write "2m: busy'),
        ("2m sofie: busy", 'did you mean "sophie"?'),
    ],
)
def test_answers_that_cannot_be_read_are_told_kindly(text: str, advice: str) -> None:
    with pytest.raises(UnreadableAnswers) as wrong:
        read_answers(text, HOUSE.people.values())
    assert advice in str(wrong.value)
    result = hello30("rehearse", str(ROOT / "policies" / "office.yaml"), "--answers", text)
    assert result.exit_code == 2
    assert "--answers" in result.stderr


def test_a_name_that_two_people_share_is_no_answer() -> None:
    house = config.load(ROOT / "tests" / "house" / "config.yaml")
    with pytest.raises(UnreadableAnswers, match="several people go by the name"):
        read_answers("3m Benali: busy", house.people.values())
