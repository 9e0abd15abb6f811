"""The app package, read and checked by Microsoft's own package for manifests."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from bot.commandline.app import app

pytestmark = pytest.mark.peer

FOLDER = Path(__file__).parent
APP_ID = "3f9a1c52-7d40-4b8e-9c11-0a2b4c6d8e0f"
Checked = Callable[[], Any]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Give the folder in which a package was unpacked that the command made."""
    made = tmp_path / "app.zip"
    words = ["teams", "package", "--app-id", APP_ID, "--host", "desk.example.org", "--out", str(made)]
    assert CliRunner().invoke(app, words).exit_code == 0
    with ZipFile(made) as unpacked:
        unpacked.extractall(tmp_path / "app")
    return tmp_path / "app"


@pytest.fixture
def checked(node: str, package: Path) -> Checked:
    """Give what checks the package as it is then."""

    def check() -> Any:
        command = [node, "manifest.mjs", str(package / "manifest.json")]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return check


def change(file: Path, change: Callable[[Any], object]) -> None:
    made = json.loads(file.read_text(encoding="utf-8"))
    change(made)
    file.write_text(json.dumps(made), encoding="utf-8")


def test_the_package_is_as_microsofts_schemas_want_it(package: Path, checked: Checked) -> None:
    said = checked()
    assert said["faults"] == {"manifest.json": [], "fr.json": []}
    written = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    assert said["read"] == written  # nothing of it is unknown to what reads it there


@pytest.mark.parametrize(
    "breakage, place",
    [
        (lambda made: made["bots"][0].update(botId="desk"), "/bots/0/botId"),
        (lambda made: made["bots"][0]["scopes"].append("lobby"), "/bots/0/scopes/2"),
        (lambda made: made["developer"].update(privacyUrl="desk.example.org"), "/developer/privacyUrl"),
        (lambda made: made["description"].update(short="hello " * 30), "/description/short"),
        (lambda made: made.pop("accentColor"), ""),
        (lambda made: made.update(colour="#fff"), ""),
    ],
    ids=["bot", "scope", "page", "long", "missing", "unknown"],
)
def test_a_manifest_that_is_not_as_it_should_be_is_noticed(
    package: Path, checked: Checked, breakage: Callable[[Any], object], place: str
) -> None:
    change(package / "manifest.json", breakage)
    faults = checked()["faults"]
    assert [fault.split(" ")[0] for fault in faults["manifest.json"]] == [place]
    assert faults["fr.json"] == []


def test_a_translation_of_what_there_is_not_is_noticed(package: Path, checked: Checked) -> None:
    change(package / "fr.json", lambda made: made.update({"bots[1].name": "hello30"}))
    faults = checked()["faults"]
    assert faults["manifest.json"] == []
    assert len(faults["fr.json"]) == 1
