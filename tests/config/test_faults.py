"""Wrong files, and exactly what an admin is told of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import config
from bot.errors import ConfigError
from tests.config.conftest import Folder

HERE = Path(__file__).parent


def _blocks() -> list[tuple[str, str, str, list[str]]]:
    blocks = []
    for file in ("config_faults.txt", "policy_faults.txt"):
        _, *rest = (HERE / file).read_text(encoding="utf-8").split("\n\n")
        for block in rest:
            name, *lines = block.strip("\n").split("\n")
            old = "\n".join(line[2:] for line in lines if line.startswith("- "))
            new = "\n".join(line[2:] for line in lines if line.startswith("+ "))
            blocks.append((name, old, new, [line for line in lines if line[:2] not in {"- ", "+ "}]))
    return blocks


@pytest.mark.parametrize("name,old,new,faults", _blocks())
def test_a_fault_is_named_with_its_place_and_what_to_write(
    folder: Folder, name: str, old: str, new: str, faults: list[str]
) -> None:
    folder.replace(name, old, new)
    assert folder.faults() == faults


def test_no_sentence_shows_what_is_under_the_bonnet() -> None:
    said = "\n".join(fault for *_, faults in _blocks() for fault in faults)
    for word in ("pydantic", "Traceback", "regex", "pattern", "type=", "Input should", "None", "True", "dict", "\\d"):
        assert word not in said


def test_the_good_configuration_has_no_fault(folder: Folder) -> None:
    assert folder.faults() == []


def test_all_faults_of_all_files_are_told_at_once(folder: Folder) -> None:
    folder.replace("config.yaml", "America/Montreal", "America/Montral")
    folder.replace("config.yaml", "deputies: [sophie]", "deputies: [sofie]")
    folder.replace("config.yaml", "manager: sophie", "manager: no")
    folder.replace("office.yaml", "tries: 3", "tries: 0")
    folder.replace("last.yaml", "policy: last", "polcy: last")
    places = [fault.split(" ", 1)[0] for fault in folder.faults()]
    assert places == [
        "config.yaml:4:11:",
        "config.yaml:18:14:",
        "office.yaml:16:10:",
        "last.yaml:1:1:",
        "last.yaml:1:1:",
    ]


def test_loading_raises_what_checking_tells(folder: Folder) -> None:
    folder.replace("config.yaml", "manager: sophie", "manager: zoe")
    with pytest.raises(ConfigError) as refused:
        config.load(folder.path / "config.yaml")
    assert refused.value.faults == config.check(folder.path / "config.yaml")


def test_a_missing_configuration_is_a_fault_like_any_other(tmp_path: Path) -> None:
    (fault,) = config.check(tmp_path / "config.yaml")
    assert (fault.line, fault.column) == (1, 1)
    assert fault.message == "there is no such file: check the path, and where it is counted from"


def test_a_file_that_is_a_list_is_told_what_is_needed(folder: Folder) -> None:
    folder.write("config.yaml", "- sites\n- people\n")
    assert folder.faults() == [
        "config.yaml:1:1: keys and values are needed here, found a list: write key: value, one a line, indented"
    ]


def test_an_empty_policy_file_is_told_once(folder: Folder) -> None:
    folder.write("office.yaml", "# nothing yet\n")
    assert folder.faults() == [
        "office.yaml:1:1: this file is empty: copy the example that comes with hello30, and change it"
    ]
