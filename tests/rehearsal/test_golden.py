"""What `hello30 rehearse` writes for each ready policy, word for word; HELLO30_WRITE_GOLDEN=1 writes it down anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commandline.app import app
from tests.rehearsal.conftest import READY, ROOT

GOLDEN = ROOT / "tests" / "golden" / "rehearse"
ANSWERS = {
    "after_hours": "50s: je suis occupé, 90s: 10 h",
    "anything_else": "1m: busy, 2m: in 5 min, 8m martin: j'arrive",
    "office": "2m: busy, 3m: in 5 min",
    "phone": "40s: who is it?, 70s sophie: in 2 min",
}


@pytest.mark.parametrize("lang", ["en", "fr"])
@pytest.mark.parametrize("answered", [False, True], ids=["silent", "answered"])
@pytest.mark.parametrize("file", READY, ids=lambda file: file.stem)
def test_a_ready_policy_is_rehearsed_as_it_is_written_down(
    file: Path, lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answered: bool
) -> None:
    monkeypatch.chdir(tmp_path)  # no config.yaml is there
    words = ["rehearse", str(file), "--lang", lang, *(["--answers", ANSWERS[file.stem]] if answered else [])]
    result = CliRunner().invoke(app, words)
    assert (result.exit_code, result.stderr) == (0, "")
    name = ".".join((file.stem, *(["answers"] if answered else []), *([lang] if lang != "en" else []), "txt"))
    golden = GOLDEN / name
    if os.environ.get("HELLO30_WRITE_GOLDEN"):
        golden.write_text(result.stdout, encoding="utf-8")
    assert result.stdout == golden.read_text(encoding="utf-8")
