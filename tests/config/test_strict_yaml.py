from __future__ import annotations

from pathlib import Path

import pytest

from bot import strict_yaml
from bot.errors import ConfigError

QUOTE_OPEN = "a quote is opened here and never closed: close it, or take it out"
COLON = "a colon cannot stand here: put the text in quotes, or indent this line like its neighbours"
UNREADABLE = (
    "from here on this cannot be read as YAML: check quotes, colons and indentation, here and on the line before"
)
EMPTY = "this file is empty: copy the example that comes with hello30, and change it"


def _faults(content: bytes | str) -> list[str]:
    found = strict_yaml.parse(content if isinstance(content, bytes) else content.encode(), "f").faults
    return [str(fault).removeprefix("f:") for fault in found]


@pytest.mark.parametrize(
    "content,faults",
    [
        ("", [f"1:1: {EMPTY}"]),
        ("# only this\n", [f"1:1: {EMPTY}"]),
        # what two readers understand differently
        ("at: 10:30\n", ['1:5: 10:30 without quotes can be read as a number: write "10:30" with quotes']),
        ("at: [9:00]\n", ['1:6: 9:00 without quotes can be read as a number: write "9:00" with quotes']),
        ("a: no\n", ['1:4: no without quotes can be read as false or as text: write false, or "no" in quotes']),
        ("a:\n  - On\n", ['2:5: On without quotes can be read as true or as text: write true, or "On" in quotes']),
        ("no: kunde\n", ['1:1: a key is text: write "no" with quotes']),
        ("12: x\n", ['1:1: a key is text: write "12" with quotes']),
        ("? [a]\n: x\n", ["1:3: a key is text: write a name before the colon"]),
        ("? \n: x\n", ["1:2: a key is text: write a name before the colon"]),
        ("a: True\n", ['1:4: True is written small here: write true, or "True" in quotes if it is text']),
        # what hides a value
        ("a: 1\nb: 2\na: 3\n", ['3:1: "a" stands here twice, first at line 1, column 1: keep one']),
        ("a: {x: 1, 'x': 2}\n", ['1:11: "x" stands here twice, first at line 1, column 5: keep one']),
        (
            "a: &x 1\nb: *x\n",
            [
                "1:4: anchors (&x) are not used here: take it out, and write the value where it is needed",
                "2:4: aliases (*x) are not followed: write the value out again",
            ],
        ),
        ("a: *nowhere\n", ["1:4: aliases (*nowhere) are not followed: write the value out again"]),
        ("a: {<<: {b: 1}}\n", ["1:5: merge keys (<<) are not followed: write the keys out here"]),
        ("a: !!int '1'\n", ["1:4: tags (!…) are not used here: take it out"]),
        ("%YAML 1.2\n---\na: 1\n", ["1:1: lines that begin with % are not read: take this one out"]),
        ("a: 1\n---\nb: 2\n", ["2:1: a second document begins here (---): keep one file for each"]),
        # what cannot be seen
        ("a:\n\tb: 2\n", ["2:1: a tab indents this line: write spaces instead (two for each level)"]),
        (
            "a:\n  \tb: 2\n\tc: 1\n",
            [
                "2:3: a tab indents this line: write spaces instead (two for each level)",
                "3:1: a tab indents this line: write spaces instead (two for each level)",
            ],
        ),
        ("a:\u00a01\n", ["1:3: a non-breaking space stands here: write an ordinary space instead"]),
        ("a: \x00\n", ["1:4: an invisible control character stands here: take it out"]),
        (b"a: 1\nb: caf\xe9\n", ["2:7: this character is not UTF-8: save the file as UTF-8"]),
        (
            b"\xef\xbb\xbfa: 1\n",
            ['1:1: the file begins with an invisible mark (BOM): save it as "UTF-8", not "UTF-8 with BOM"'],
        ),
        ("a: 1\n".encode("utf-16"), ["1:1: this character is not UTF-8: save the file as UTF-8"]),
        ("x" * 300_000, ["1:1: this file is larger than 256 KB: is it the right one?"]),
        ("[" * 1000, ["1:22: this stands more than 20 levels deep: no setting needs that"]),
        # what is no YAML
        ("a: 'x\nb: 2\n", [f"1:4: {QUOTE_OPEN}"]),
        ('a: "x\n---\n', [f"1:4: {QUOTE_OPEN}"]),
        ("a: b: c\n", [f"1:5: {COLON}"]),
        ("a:1\nb: 2\n", [f"2:2: {COLON}"]),
        ("a: 1\nb\nc: 2\n", ["3:1: a colon and a space are missing after this key: write key: value"]),
        (
            "a:\n  b: 1\n c: 2\n",
            ["3:2: this line is not indented like the lines it belongs to: use the same number of spaces"],
        ),
        ("a: [1, 2\nb: 3\n", ["2:2: a list in square brackets needs a comma between its parts and a ] at its end"]),
        ("a: {b: 1\nc: 2\n", ["2:2: keys in curly brackets need a comma between them and a } at their end"]),
        ("a: @x\n", ["1:4: a text cannot begin with this character: put the text in quotes"]),
        ('a: "\\q"\n', ["1:6: a \\ in double quotes has a meaning of its own: use single quotes, or write \\\\"]),
        (
            "a: 'b' c\n",
            ["1:8: a text cannot stand here: put all of it in one pair of quotes, or indent it like its neighbours"],
        ),
        ("a: -\n", [f"1:4: {UNREADABLE}"]),
    ],
)
def test_a_fault_has_its_place_and_says_what_to_write(content: bytes | str, faults: list[str]) -> None:
    assert _faults(content) == faults


def test_faults_before_a_syntax_error_are_told_with_it() -> None:
    assert [fault[:4] for fault in _faults("a: no\nb: 10:30\nc: 'x\n")] == ["1:4:", "2:4:", "3:4:"]


def test_a_place_counts_characters_not_bytes() -> None:
    assert _faults("ééé: no\n")[0].startswith("1:6:")


@pytest.mark.parametrize(
    "text,value",
    [
        ("a: 1", {"a": 1}),
        ("a: -3", {"a": -3}),
        ("a: 007", {"a": "007"}),
        ("a: 0x1f", {"a": "0x1f"}),
        ("a: 1.5", {"a": "1.5"}),
        ("a: 1_000", {"a": "1_000"}),
        ("a: +15145550123", {"a": "+15145550123"}),
        ("a: true", {"a": True}),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ('a: "no"', {"a": "no"}),
        ("a: '10:30'", {"a": "10:30"}),
        ("a: 2026-12-25", {"a": "2026-12-25"}),
        ("a: [08:30-12:00, 13:00-17:00]", {"a": ["08:30-12:00", "13:00-17:00"]}),
        ("a: |\n  no\n  10:30\n", {"a": "no\n10:30\n"}),
        ("'no': x", {"no": "x"}),
        ("---\na: it's\n...\n", {"a": "it's"}),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
    ],
)
def test_what_stands_there_is_what_is_read(text: str, value: object) -> None:
    document = strict_yaml.parse(text.encode(), "f")
    assert document.faults == ()
    assert document.data == value


def test_a_file_is_loaded_or_refused_whole(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("a: 1\n", encoding="utf-8")
    assert strict_yaml.load(file).data == {"a": 1}
    file.write_text("a: no\nb: no\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        strict_yaml.load(file)
    assert len(refused.value.faults) == 2


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert strict_yaml.read(tmp_path).faults[0].message == "this is a folder: name a file in it"


def test_a_file_of_another_kind_is_refused_at_once() -> None:
    assert len(_faults("\x00" * 200_000)) == 20
