"""`hello30 teams package`: what an admin uploads to Teams, and what is said where it cannot be made."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from adapters.teams import MESSAGES
from adapters.teams.activities import NEW
from adapters.teams.icons import COLOR, GROUND, OUTLINE, SYMBOL
from tests.commandline.conftest import Command
from tests.commandline.day import ROOT

APP_ID = "3f9a1c52-7d40-4b8e-9c11-0a2b4c6d8e0f"
HOST = "desk.example.org"
WHITE = (255, 255, 255)

Pixel = tuple[int, int, int, int]


def made(hello30: Command, out: Path, *words: str) -> ZipFile:
    result = hello30("teams", "package", "--app-id", APP_ID, "--host", HOST, "--out", out, *words)
    assert (result.exit_code, result.stderr) == (0, "")
    return ZipFile(BytesIO(out.read_bytes()))


@pytest.fixture
def package(hello30: Command, tmp_path: Path) -> ZipFile:
    return made(hello30, tmp_path / "app.zip")


def manifest(package: ZipFile) -> Any:
    return json.loads(package.read("manifest.json"))


def pixels(png: bytes) -> list[list[Pixel]]:
    """Read a picture back: red, green, blue and alpha, 8 bits each, in rows without a filter."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    found = dict[bytes, bytes]()
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + data),)
        found[kind] = data
        at += 12 + length
    width, height, *form = struct.unpack(">IIBBBBB", found[b"IHDR"])
    assert form == [8, 6, 0, 0, 0]
    raw = zlib.decompress(found[b"IDAT"])
    rows = [raw[start : start + 1 + 4 * width] for start in range(0, len(raw), 1 + 4 * width)]
    assert len(rows) == height
    assert {row[0] for row in rows} == {0}
    return [list(zip(*(row[1 + each :: 4] for each in range(4)), strict=True)) for row in rows]


# --- what is in it ---------------------------------------------------------------------------------------------------


def test_the_package_holds_what_the_manifest_names_and_nothing_else(package: ZipFile) -> None:
    made = manifest(package)
    named = {*made["icons"].values(), *(each["file"] for each in made["localizationInfo"]["additionalLanguages"])}
    assert sorted(package.namelist()) == sorted({"manifest.json", *named})
    assert package.testzip() is None


def test_the_manifest_is_of_this_app(package: ZipFile) -> None:
    made = manifest(package)
    [bot] = made["bots"]
    assert (made["id"], bot["botId"]) == (APP_ID, APP_ID)
    assert made["version"] == "1.0.0"
    assert made["validDomains"] == [HOST]
    assert {made["developer"][url] for url in ("websiteUrl", "privacyUrl", "termsOfUseUrl")} == {f"https://{HOST}/"}
    assert made["accentColor"] == GROUND
    assert "filled in" not in json.dumps(made)


def test_the_app_may_do_what_it_needs_and_no_more(package: ZipFile) -> None:
    made = manifest(package)
    [bot] = made["bots"]
    assert bot["scopes"] == ["personal", "team"]
    assert made["permissions"] == ["identity", "messageTeamMembers"]
    assert bot["isNotificationOnly"] is False
    assert bot["supportsFiles"] is False
    assert not made.keys() & {"authorization", "webApplicationInfo", "devicePermissions", "staticTabs", "extensions"}


def test_what_people_read_is_there_in_both_languages(package: ZipFile) -> None:
    made, french = manifest(package), json.loads(package.read("fr.json"))
    assert made["localizationInfo"]["defaultLanguageTag"] == "en"
    assert set(texts(made)) == {key for key in french if key != "$schema"}
    for key, english in texts(made).items():
        assert key == "name.short" or english != french[key]
    offered = [command["title"] for command in commands(made)]
    assert [*offered, french["bots[0].commandLists[0].commands[0].title"]] == ["new", "nouveau"]
    assert {"new", "nouveau"} <= NEW  # and hello30 understands what Teams offers


def commands(made: Any) -> Iterator[Any]:
    for bot in made["bots"]:
        for each in bot["commandLists"]:
            assert each["scopes"] == bot["scopes"]
            yield from each["commands"]


def texts(made: Any) -> dict[str, str]:
    """Give every text of a manifest that can be read, by the key that a file of another language has for it."""
    found = {f"{part}.{length}": made[part][length] for part in ("name", "description") for length in ("short", "full")}
    for number, command in enumerate(commands(made)):
        for name, text in command.items():
            found[f"bots[0].commandLists[0].commands[{number}].{name}"] = text
    return found


def test_the_colour_icon_is_as_teams_wants_it(package: ZipFile) -> None:
    icon = pixels(package.read("color.png"))
    ground = (*bytes.fromhex(GROUND.removeprefix("#")), 255)
    assert {len(icon), *map(len, icon)} == {COLOR} == {192}
    edge = (COLOR - SYMBOL) // 2
    drawn = {(x, y) for y, row in enumerate(icon) for x, pixel in enumerate(row) if pixel != ground}
    assert {pixel[3] for row in icon for pixel in row} == {255}  # Teams cuts the corners, so there is something to cut
    assert all(edge <= x < COLOR - edge and edge <= y < COLOR - edge for x, y in drawn)
    assert {icon[y][x][:3] for x, y in drawn} >= {WHITE}
    assert {x for x, _ in drawn} >= {edge, COLOR - edge - 1}


def test_the_outline_icon_is_white_on_nothing(package: ZipFile) -> None:
    icon = pixels(package.read("outline.png"))
    assert {len(icon), *map(len, icon)} == {OUTLINE} == {32}
    assert {pixel[:3] for row in icon for pixel in row} == {WHITE}
    shades = {pixel[3] for row in icon for pixel in row}
    assert {0, 255} < shades
    assert max(row[0][3] for row in icon) > 0 < max(row[-1][3] for row in icon)  # no padding around it


# --- how it is made --------------------------------------------------------------------------------------------------


def test_it_is_said_where_azure_must_post_to(hello30: Command, tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    result = hello30("teams", "package", "--app-id", APP_ID.upper(), "--host", "Desk.Example.ORG", "--out", out)
    assert result.stdout == (
        f"{out}: the app {APP_ID}, version 1.0.0.\n"
        f"The messaging endpoint of its Azure Bot is https://{HOST}{MESSAGES}\n"
    )


def test_without_a_name_it_is_written_where_one_stands(
    hello30: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert hello30("teams", "package", "--app-id", APP_ID, "--host", HOST).exit_code == 0
    assert [file.name for file in tmp_path.iterdir()] == ["hello30-teams.zip"]


def test_the_same_app_gives_the_same_package(hello30: Command, tmp_path: Path) -> None:
    made(hello30, tmp_path / "one.zip")
    made(hello30, tmp_path / "two.zip")
    made(hello30, tmp_path / "three.zip", "--app-version", "1.0.1")
    one, two, three = ((tmp_path / f"{name}.zip").read_bytes() for name in ("one", "two", "three"))
    assert one == two != three


def test_a_house_may_link_to_pages_of_its_own(hello30: Command, tmp_path: Path) -> None:
    pages = {each: f"https://www.example.org/{each}" for each in ("website", "privacy", "terms")}
    options = [word for each, url in pages.items() for word in (f"--{each}", url)]
    all_three = manifest(made(hello30, tmp_path / "one.zip", *options))["developer"]
    assert all_three == {
        "name": "hello30",
        "websiteUrl": pages["website"],
        "privacyUrl": pages["privacy"],
        "termsOfUseUrl": pages["terms"],
    }
    only_one = manifest(made(hello30, tmp_path / "two.zip", *options[:2]))["developer"]
    assert only_one == {"name": "hello30"} | dict.fromkeys(
        ("websiteUrl", "privacyUrl", "termsOfUseUrl"), pages["website"]
    )


# --- what cannot be made ---------------------------------------------------------------------------------------------


def refused(hello30: Command, out: Path, **changed: str) -> str:
    words = {"app-id": APP_ID, "host": HOST} | {name.replace("_", "-"): text for name, text in changed.items()}
    options = [word for name, text in words.items() for word in (f"--{name}", text)]
    result = hello30("teams", "package", "--out", out, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not out.exists()
    return re.sub(r"[\s│]+", " ", result.stderr)


@pytest.mark.parametrize(
    "app_id", ["", "hello30", APP_ID[:-1], APP_ID.replace("-", ""), f"{{{APP_ID}}}", f"{APP_ID} ", "g" + APP_ID[1:]]
)
def test_an_app_id_that_is_none(hello30: Command, tmp_path: Path, app_id: str) -> None:
    told = refused(hello30, tmp_path / "app.zip", app_id=app_id)
    assert "is no app ID: it reads like 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e, and stands in the Azure Bot" in told


@pytest.mark.parametrize(
    "host",
    [
        f"https://{HOST}",
        f"http://{HOST}/",
        f"{HOST}/api/messages",
        f"{HOST}:443",
        f"nadia@{HOST}",
        f"{HOST}?a=b",
        f"{HOST}.",
    ],
)
def test_a_host_with_something_around_it(hello30: Command, tmp_path: Path, host: str) -> None:
    told = refused(hello30, tmp_path / "app.zip", host=host)
    assert f'"{host}" is more than a name: please write {HOST} alone.' in told


@pytest.mark.parametrize(
    "host",
    [
        *("", "desk", "localhost", "127.0.0.1", "[::1]", "http://[::1", "*.example.org", "desk..example.org"),
        *("-desk.example.org", "desk_1.example.org", "réception.example.org", "desk.example.org desk.example.org"),
        *("a" * 64 + ".example.org", ".".join(["desk"] * 60), "https://"),
    ],
)
def test_a_host_that_teams_cannot_find(hello30: Command, tmp_path: Path, host: str) -> None:
    told = refused(hello30, tmp_path / "app.zip", host=host)
    assert "is no name under which Teams can find hello30: please write one such as desk.example.org" in told


@pytest.mark.parametrize("option", ["website", "privacy", "terms"])
@pytest.mark.parametrize(
    "url", ["", "www.example.org", "http://www.example.org", "https://", "https://a b", "https://["]
)
def test_a_page_that_teams_cannot_link_to(hello30: Command, tmp_path: Path, option: str, url: str) -> None:
    told = refused(hello30, tmp_path / "app.zip", **{option: url})
    assert "is no page that Teams can link to: please write one such as https://www.example.org/privacy" in told


@pytest.mark.parametrize("version", ["", "1", "1.0", "1.0.0.0", "1.0.01", "1.0.x", "v1.0.0", "1.0.-1", "1" * 5000])
def test_a_version_that_is_none(hello30: Command, tmp_path: Path, version: str) -> None:
    told = refused(hello30, tmp_path / "app.zip", app_version=version)
    assert "is no version: please write three numbers, as in 1.0.1" in told


def test_what_is_there_already_is_kept(hello30: Command, tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    out.write_text("mine", encoding="utf-8")
    result = hello30("teams", "package", "--app-id", APP_ID, "--host", HOST, "--out", out)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        f"{out} is there already, and a package takes nothing's place. Please name a new file with --out.\n"
    )
    assert out.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("folder, why", [("nowhere", "No such file or directory"), ("file", "Not a directory")])
def test_a_folder_in_which_nothing_can_be_written(hello30: Command, tmp_path: Path, folder: str, why: str) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / folder / "app.zip"
    result = hello30("teams", "package", "--app-id", APP_ID, "--host", HOST, "--out", out)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{out} cannot be written ({why}). Please check its folder.\n"


def test_a_package_that_does_not_fit_on_the_disk_is_not_begun(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    command = [sys.executable, "-m", "bot", "teams", "package", "--app-id", APP_ID, "--host", HOST, "--out", str(out)]
    limited = ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *command]  # files end after a block
    done = subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{out} cannot be written (File too large). Please check its folder.\n"
    assert not out.exists()
