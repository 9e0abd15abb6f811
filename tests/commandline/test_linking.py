"""`hello30 people link`: who is who in Slack, asked of a Slack that answers, and written into config.yaml."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from bot import config
from bot.clock import SystemClock
from tests.adapters.slack.api import TOKEN, Fault, refused, too_many
from tests.adapters.slack.staff import Staff
from tests.commandline.conftest import Command
from tests.commandline.test_signing import changed

AGAIN = "Please start hello30 again: it reads this file when it starts."
ANSWERS_WITHIN_S = 10.0


@pytest.fixture
def slack() -> Iterator[Staff]:
    """Give a Slack in a thread of its own: a command has its own loop, and ends before it returns."""
    loop, api = asyncio.new_event_loop(), Staff(SystemClock())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def does(what: Future[None]) -> None:
        what.result(ANSWERS_WITHIN_S)

    does(asyncio.run_coroutine_threadsafe(api.comes_up(), loop))
    try:
        yield api
    finally:
        does(asyncio.run_coroutine_threadsafe(api.goes_down(), loop))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def file(house: Path, slack: Staff, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of a house that uses this Slack, where its token is set."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", f" {TOKEN}\n")
    return changed(house, "# slack: {} ", f"slack: {{api_url: '{slack.url}'}} ")


def with_emails(file: Path, *people: str) -> Path:
    for person in people:
        changed(file, f"\n  {person}:\n", f"\n  {person}:\n    email: {person}@example.org\n")
    return file


def added(file: Path, before: str) -> list[str]:
    """Give the lines that stand in the file now and did not before; all others are as they were."""
    old, new = before.splitlines(), file.read_text(encoding="utf-8").splitlines()
    more = [line for line in new if line not in old]
    assert [line for line in new if line not in more] == old
    return more


# --- by hand ---------------------------------------------------------------------------------------------------------


def test_somebody_is_linked_by_hand(hello30: Command, file: Path, slack: Staff) -> None:
    slack.hires("U012AB3CD", "Martin \x1bGagnon")
    before = file.read_text(encoding="utf-8")
    result = hello30("people", "link", "Gagnon", "U012AB3CD", "--config", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "U012AB3CD is Martin  Gagnon in Slack.",
        f"Martin Gagnon is linked to U012AB3CD, in {file}. {AGAIN}",
    ]
    assert added(file, before) == ["      slack: U012AB3CD"]
    assert "slack:U012AB3CD, web:martin" in hello30("people", "list", "--config", file).stdout
    again = hello30("people", "link", "martin", "U012AB3CD", "--config", file)
    assert (again.exit_code, again.stdout) == (0, "Martin Gagnon is linked to U012AB3CD already.\n")


def test_a_dry_run_writes_nothing(hello30: Command, file: Path, slack: Staff) -> None:
    slack.hires("U012AB3CD", "Martin G.")
    before = file.read_text(encoding="utf-8")
    result = hello30("people", "link", "martin", "U012AB3CD", "--dry-run", "--config", file)
    assert result.stdout == "U012AB3CD is Martin G. in Slack.\nNothing was written (--dry-run).\n"
    assert added(file, before) == []


@pytest.mark.parametrize(
    "more, told",
    [
        ({"deleted": True}, "U012AB3CD is Martin G., deactivated in Slack. Nothing was written."),
        ({"is_bot": True}, "U012AB3CD is Martin G., a bot. Nothing was written."),
        (None, "In this workspace nobody has the id U012AB3CD."),
    ],
)
def test_who_cannot_be_asked_in_slack_is_not_linked(
    hello30: Command, file: Path, slack: Staff, more: dict[str, Any] | None, told: str
) -> None:
    if more:
        slack.hires("U012AB3CD", "Martin G.", **more)
    before = file.read_text(encoding="utf-8")
    result = hello30("people", "link", "martin", "U012AB3CD", "--config", file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(told)
    assert added(file, before) == []
    assert hello30("people", "link", "martin", "U012AB3CD", "--offline", "--config", file).exit_code == 0
    assert added(file, before) == ["      slack: U012AB3CD"]


@pytest.mark.parametrize(
    "token, words, why",
    [(None, (), ", because SLACK_BOT_TOKEN is not set"), (TOKEN, ("--offline",), "")],
)
def test_slack_need_not_be_asked(
    hello30: Command,
    file: Path,
    slack: Staff,
    monkeypatch: pytest.MonkeyPatch,
    token: str | None,
    words: tuple[str, ...],
    why: str,
) -> None:
    if token is None:
        monkeypatch.delenv("SLACK_BOT_TOKEN")
    result = hello30("people", "link", "martin", "U012AB3CD", *words, "--config", file)
    assert result.stdout.splitlines()[0] == f"Slack was not asked who U012AB3CD is{why}."
    assert slack.calls == []
    assert config.load(file).addresses["martin"][0].id == "U012AB3CD"


def test_a_slack_that_gives_no_answer_is_told(hello30: Command, file: Path, slack: Staff) -> None:
    slack.fails("users.info", Fault(status=500))
    before = file.read_text(encoding="utf-8")
    result = hello30("people", "link", "martin", "U012AB3CD", "--config", file)
    assert result.exit_code == 1
    assert result.stderr == (
        "Slack cannot be asked at the moment (users.info: 500). Please run this again in a while. "
        "With --offline, Slack is not asked.\n"
    )
    assert added(file, before) == []


def test_another_member_is_put_in_the_place_of_one_only_if_that_is_said(hello30: Command, file: Path) -> None:
    link = ("people", "link", "martin", "--offline", "--config", file)
    hello30(*link, "U012AB3CD")
    before = file.read_text(encoding="utf-8")
    result = hello30(*link, "U012AB3CE")
    assert result.exit_code == 1
    assert result.stderr == (
        "Martin Gagnon is linked to U012AB3CD. To put U012AB3CE in its place, please add --replace.\n"
    )
    assert file.read_text(encoding="utf-8") == before
    assert hello30(*link, "U012AB3CE", "--replace").exit_code == 0
    assert file.read_text(encoding="utf-8") == before.replace(
        "slack: U012AB3CD\n    away", "slack: U012AB3CE\n    away"
    )


@pytest.mark.parametrize("more", [(), ("--replace",)])
def test_a_member_is_one_person(hello30: Command, file: Path, slack: Staff, more: tuple[str, ...]) -> None:
    hello30("people", "link", "martin", "U012AB3CD", "--offline", "--config", file)
    result = hello30("people", "link", "sophie", "U012AB3CD", *more, "--config", file)
    assert result.exit_code == 1
    assert result.stderr.startswith("U012AB3CD is linked to Martin Gagnon (martin) already.")
    assert slack.calls == []


def test_where_slack_is_not_used_nobody_is_linked(hello30: Command, house: Path) -> None:
    for words in (("martin", "U012AB3CD"), ("--by-email",)):
        result = hello30("people", "link", *words, "--config", house)
        assert result.exit_code == 1
        assert result.stderr == (
            f"Slack is not used in {house}. Please write slack: {{}} under adapters there, and run this again.\n"
        )


def test_a_read_only_file_is_changed_by_hand(hello30: Command, file: Path) -> None:
    file.chmod(0o444)
    result = hello30("people", "link", "martin", "U012AB3CD", "--offline", "--config", file)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "  under martin, addresses:  slack: U012AB3CD"
    assert "is linked" not in result.stdout


@pytest.mark.parametrize(
    "words, advice",
    [
        ("", "please name both, as in: hello30 people link martin U012AB3CD; or use --by-email"),
        ("martin", "please name both"),
        ("martin nobody", '"nobody" is no member of Slack: write an id such as U012AB3CD'),
        ("martn U012AB3CD", 'did you mean "martin"?'),
        ("martin U012AB3CD --platform teams", '"teams" is not known here: please choose slack'),
        ("martin --by-email", "please leave out PERSON, --replace and --offline"),
        ("--by-email --replace", "please leave out PERSON, --replace and --offline"),
        ("--by-email --offline", "please leave out PERSON, --replace and --offline"),
    ],
)
def test_wrong_use(hello30: Command, file: Path, words: str, advice: str) -> None:
    result = hello30("people", "link", *words.split(), "--config", file)
    assert result.exit_code == 2
    assert advice in result.stderr


# --- by e-mail -------------------------------------------------------------------------------------------------------


def table(out: str) -> dict[str, list[str]]:
    """Give the cells of each row behind its id."""
    lines = out.split("\n\n", maxsplit=1)[0].splitlines()[1:]
    return {line.split()[0]: [cell.strip() for cell in line.split("  ")[1:] if cell.strip()] for line in lines}


def test_everybody_with_an_email_is_linked(hello30: Command, file: Path, slack: Staff) -> None:
    slack.hires("U0MARTIN", "Martin G.", "martin@example.org")
    slack.hires("U0CLAIRE", "Claire B.", "claire@example.org", deleted=True)
    slack.hires("U0NADIA", "Nadia B.", "nadia@example.org")
    with_emails(file, "nadia", "martin", "sophie", "claire")
    hello30("people", "link", "nadia", "U0NADIA", "--config", file)
    before = file.read_text(encoding="utf-8")
    dry = hello30("people", "link", "--by-email", "--dry-run", "--config", file)
    assert table(dry.stdout)["martin"] == ["Martin Gagnon", "Martin G. (U0MARTIN)", "found"]
    assert "Nothing was written (--dry-run)." in dry.stdout
    assert added(file, before) == []
    result = hello30("people", "link", "--by-email", "--config", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert table(result.stdout) == {
        "nadia": ["Nadia Benali", "U0NADIA", "linked already"],
        "martin": ["Martin Gagnon", "Martin G. (U0MARTIN)", "linked"],
        "sophie": ["Sophie Roy", "not found"],
        "claire": ["Claire Bouchard", "Claire B. (U0CLAIRE)", "deactivated in Slack"],
    }
    compare = f"Please compare their email in {file} with the one that they have in Slack, and run this again."
    assert result.stdout.split("\n\n")[1].splitlines() == [
        f"1 person is linked now, in {file}. {AGAIN}",
        f"Not found: Sophie Roy (sophie). {compare}",
        "By hand: hello30 people link sophie U012AB3CD",
    ]
    assert added(file, before) == ["      slack: U0MARTIN"]
    assert [args["email"] for method, args in slack.calls if method == "users.lookupByEmail"] == [
        *("martin@example.org", "sophie@example.org", "claire@example.org") * 2
    ]


def test_whoever_has_no_email_is_named(hello30: Command, file: Path, slack: Staff) -> None:
    slack.hires("U0MARTIN", "Martin G.", "martin@example.org")
    result = hello30("people", "link", "--by-email", "--config", with_emails(file, "martin"))
    assert "Without an e-mail: Nadia Benali (nadia), Sophie Roy (sophie), Claire Bouchard (claire)." in result.stdout
    assert "1 person is linked now" in result.stdout


def test_where_everybody_is_linked_nothing_is_left_to_say(hello30: Command, file: Path, slack: Staff) -> None:
    people = ("nadia", "martin", "sophie", "claire")
    for person in people:
        slack.hires(f"U0{person.upper()}", person, f"{person}@example.org")
    result = hello30("people", "link", "--by-email", "--config", with_emails(file, *people))
    assert result.stdout.split("\n\n")[1] == f"4 people are linked now, in {file}. {AGAIN}\n"
    assert [config.load(file).addresses[person][0].id for person in people] == [
        f"U0{person.upper()}" for person in people
    ]
    before = file.read_text(encoding="utf-8")
    assert hello30("people", "link", "--by-email", "--config", file).stdout.endswith("\n\nEverybody is linked.\n")
    assert added(file, before) == []


def test_a_member_who_is_somebody_already_is_not_linked_twice(hello30: Command, file: Path, slack: Staff) -> None:
    for person in ("martin", "sophie", "claire"):
        slack.hires("U0DESK", "The desk", f"{person}@example.org")
    hello30("people", "link", "nadia", "U0NADIA", "--offline", "--config", file)
    slack.hires("U0NADIA", "Nadia B.", "claire@example.org")
    result = hello30("people", "link", "--by-email", "--config", with_emails(file, "martin", "sophie", "claire"))
    said = {person: cells[-1] for person, cells in table(result.stdout).items()}
    assert said == {
        "nadia": "linked already",
        "martin": "linked",
        "sophie": "linked to martin already",
        "claire": "linked to nadia already",
    }
    assert config.check(file) == []


@pytest.mark.parametrize(
    "fault, told",
    [
        (refused("missing_scope", needed="users:read.email"), "The bot's token lacks users:read.email."),
        (too_many(600), "Slack takes no more questions for the next 600 seconds."),
        (Fault(status=503), "Slack cannot be asked at the moment"),
    ],
)
def test_where_slack_stops_to_answer_nothing_is_half_written(
    hello30: Command, file: Path, slack: Staff, fault: Fault, told: str
) -> None:
    slack.hires("U0NADIA", "Nadia B.", "nadia@example.org")
    with_emails(file, "nadia", "martin")
    before = file.read_text(encoding="utf-8")
    slack.fails("users.lookupByEmail", Fault(), fault)  # Nadia is found, and then
    result = hello30("people", "link", "--by-email", "--config", file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(told)
    assert result.stderr.endswith("Nothing was written.\n")
    assert "@example.org" not in result.stderr
    assert added(file, before) == []


def test_without_a_token_slack_cannot_be_asked(hello30: Command, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", " ")
    result = hello30("people", "link", "--by-email", "--config", file)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "To ask Slack, please set SLACK_BOT_TOKEN where you run this. It begins with xoxb-.\n"


# --- who is left -----------------------------------------------------------------------------------------------------


def test_the_list_says_who_is_not_in_slack_where_slack_is_used(hello30: Command, file: Path) -> None:
    hello30("people", "link", "martin", "U012AB3CD", "--offline", "--config", file)
    lines = hello30("people", "list", "--config", file).stdout.splitlines()[1:]
    assert ["not in Slack" in line for line in lines] == [True, False, True, True]
