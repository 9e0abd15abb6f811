"""The pages that are made from the code: fresh, complete, and told about when they are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot import docs, presses
from bot.domain import commands as c
from bot.domain.authority import MAY, Role
from bot.domain.lifecycle import CALLBACK, HELLO
from bot.errors import Hello30Error

WITHOUT_A_BUTTON = {c.TypeNoAnswer, c.ReportUnreachable, c.ReportAway, c.PassTime}
EMPTY = f"# hello30\n\n{docs.MARKS[0]}\n{docs.MARKS[1]}\n\nmore\n"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the made pages and nothing else."""
    for name in docs.PAGES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(docs.ROOT / name, tmp_path / name)
    return tmp_path


def put_story(root: Path, story: str) -> None:
    (root / docs.TRANSCRIPT).parent.mkdir(parents=True)
    (root / docs.TRANSCRIPT).write_text(story, encoding="utf-8")


def test_every_page_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", list(docs.PAGES))
@pytest.mark.parametrize("missing", [True, False], ids=["missing", "altered"])
def test_a_stale_page_is_named_and_renewed(
    copy: Path, name: str, capsys: pytest.CaptureFixture[str], *, missing: bool
) -> None:
    page = copy / name
    fresh = page.read_text(encoding="utf-8")
    if missing:
        page.unlink()
    else:
        page.write_text(fresh.replace("|", "!", 1), encoding="utf-8")
    before = missing or page.read_text(encoding="utf-8")

    assert docs.main(["--check"], copy) == 1
    told = capsys.readouterr().err
    assert name in told
    assert "python -m bot.docs" in told
    assert missing is not page.is_file(), "a check writes nothing"
    assert missing or page.read_text(encoding="utf-8") == before

    assert docs.main([], copy) == 0
    assert page.read_text(encoding="utf-8") == fresh
    assert docs.main(["--check"], copy) == 0


def test_without_a_transcript_the_readme_is_left_alone(copy: Path) -> None:
    (copy / docs.README).write_text(EMPTY, encoding="utf-8")
    assert docs.main([], copy) == 0
    assert (copy / docs.README).read_text(encoding="utf-8") == EMPTY
    assert docs.main(["--check"], copy) == 0


def test_the_readme_shows_the_transcript(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / docs.README).write_text(EMPTY, encoding="utf-8")
    put_story(copy, "09:12  Nadia announces\n")
    assert docs.main(["--check"], copy) == 1
    assert docs.README in capsys.readouterr().err
    assert docs.main([], copy) == 0
    readme = (copy / docs.README).read_text(encoding="utf-8")
    assert f"{docs.MARKS[0]}\n```text\n09:12  Nadia announces\n```\n{docs.MARKS[1]}\n\nmore\n" in readme
    assert docs.main(["--check"], copy) == 0

    (copy / docs.TRANSCRIPT).write_text("09:13  another story\n", encoding="utf-8")
    assert docs.main(["--check"], copy) == 1


@pytest.mark.parametrize("readme", ["# hello30\n", f"{docs.MARKS[1]} {docs.MARKS[0]}\n", None])
def test_lost_marks_are_told(copy: Path, readme: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    if readme is not None:
        (copy / docs.README).write_text(readme, encoding="utf-8")
    put_story(copy, "a story\n")
    for arguments in (["--check"], []):
        assert docs.main(arguments, copy) == 1
        assert docs.MARKS[0] in capsys.readouterr().err
    with pytest.raises(Hello30Error):
        docs.with_transcript(readme or "", "a story")


def test_unknown_arguments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--chekc"]) == 2
    assert "usage" in capsys.readouterr().err


def test_every_event_has_its_line() -> None:
    page = docs.lifecycle_markdown()
    events = list(docs.all_events())
    assert {*HELLO, *CALLBACK} <= set(events)
    for event in events:
        assert f"\n| `{event.__name__}` | " in page
        assert event.__doc__


def test_every_command_has_its_line_and_every_press_its_button() -> None:
    page = docs.buttons_markdown()
    for command in MAY:
        assert f"| `{command.__name__}` | " in page
    assert {c for c in MAY if c not in docs.LABELS} == WITHOUT_A_BUTTON
    pressed = {type(presses.command(button, "martin", "2", None)) for button in presses.PRESSES}
    assert pressed <= docs.LABELS.keys()
    assert docs.ROLES.keys() == set(Role)
