"""The command line as a process of its own: its streams, its signals, its port."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.commandline.day import ROOT

HELLO30 = (sys.executable, "-m", "bot")
QUICK = 30


def hello30(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
    command = [*HELLO30, *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=QUICK, env=environment)


def free_port() -> int:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture
def served(house: Path) -> Path:
    text = house.read_text(encoding="utf-8")
    house.write_text(text.replace("port: 8030", f"port: {free_port()}"), encoding="utf-8")
    return house


@contextmanager
def running(*words: object) -> Iterator[subprocess.Popen[str]]:
    """Run a command that goes on, and end it whatever happens."""
    command = [*HELLO30, *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if "hello30.ready" in line:
            return
    raise AssertionError("it ended before it was ready")


def test_it_is_a_module_and_finds_its_own_package() -> None:
    result = hello30("--help")
    assert result.returncode == 0
    assert result.stdout.startswith("Usage: hello30 ")


def test_without_a_command_it_shows_its_help() -> None:
    result = hello30()
    assert result.returncode == 2
    assert "Commands:" in result.stderr


def test_output_is_json_and_nothing_else(told: Path) -> None:
    result = hello30("log", "--config", told, "--json")
    assert (len(json.loads(result.stdout)), result.stderr) == (7, "")


def test_a_terminal_of_few_letters_is_no_reason_to_stop(told: Path) -> None:
    result = hello30("log", "--config", told, PYTHONIOENCODING="iso-8859-5:strict")
    assert (result.returncode, result.stderr) == (0, "")
    assert r"Robert C\xf4t\xe9" in result.stdout


@pytest.mark.parametrize("form", ["--csv", "--json", "--open"])
def test_whoever_stops_reading_ends_it_in_silence(told: Path, form: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [*HELLO30, "log", "--config", str(told), form]
    result = subprocess.run(
        command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=QUICK
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_until_it_is_told_to_stop(served: Path, number: signal.Signals) -> None:
    with running("run", "--config", served) as process:
        until_ready(process)
        process.send_signal(number)
        assert process.wait(QUICK) == 0


def test_two_on_one_database_is_refused(served: Path) -> None:
    with running("run", "--config", served) as process:
        until_ready(process)
        second = hello30("run", "--config", served)
        assert second.returncode == 1
        assert second.stderr.startswith("Another hello30 is running on ")
        listed = hello30("log", "--config", served, "--json")
        assert (listed.returncode, listed.stdout) == (0, "[]\n")


def test_a_port_in_use_is_told(served: Path, tmp_path: Path) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        text = served.read_text(encoding="utf-8").split("    port: ")[0]
        served.write_text(f"{text}    port: {port}\n", encoding="utf-8")
        for words in (("run", "--config", served), ("demo", "--port", port, "--data", tmp_path / "demo.db")):
            result = hello30(*words)
            assert result.returncode == 1
            last = result.stderr.splitlines()[-1]
            assert last.startswith(f"hello30 cannot serve its pages on 127.0.0.1:{port}: another program uses it.")
            assert "Traceback" not in result.stderr


def test_the_demo_says_where_it_is(tmp_path: Path) -> None:
    port = free_port()
    with running("demo", "--port", port, "--speed", "600", "--data", tmp_path / "demo.db") as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(QUICK) == 0


def test_the_demo_plays_by_itself() -> None:
    result = hello30("demo", "--play")
    assert result.returncode == 0
    assert "Julie" in result.stdout
