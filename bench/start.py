"""(d) How long it takes to say how to use it, how long until it serves, and how much memory it takes then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.table import Line
from tests.processes.program import free_port

ROUNDS = 5
HELP_S, READY_S, MEMORY_MB = 0.4, 2.0, 120.0
HELLO30 = (sys.executable, "-m", "bot")
ROOT = Path(__file__).parents[1]


def measure() -> list[Line]:
    """Measure three commands, each in processes of its own."""
    _help_s()  # the files are in memory after this, as they are on a machine that is in use
    bare = median(_timed(sys.executable, "-c", "pass") for _ in range(ROUNDS))
    helped = median(_help_s() for _ in range(ROUNDS))
    started = [_ready() for _ in range(ROUNDS)]
    ready, memory = median(s for s, _ in started), median(mb for _, mb in started)
    return [
        Line(
            what="(d) `hello30 --help`",
            ours=f"{helped:.2f} s",
            beside=f"{bare:.2f} s, Python that does nothing",
            ratio=helped / bare,
            aim=f"≤ {HELP_S} s",
            met=helped <= HELP_S,
        ),
        Line(
            what="(d) from the start to pages that are served (the demo, on a new database)",
            ours=f"{ready:.2f} s",
            aim=f"≤ {READY_S:.0f} s",
            met=ready <= READY_S,
        ),
        Line(
            what="(d) memory then",
            ours=f"{memory:.0f} MB",
            aim=f"≤ {MEMORY_MB:.0f} MB",
            met=memory <= MEMORY_MB,
        ),
    ]


def _help_s() -> float:
    return _timed(*HELLO30, "--help")


def _timed(*command: str) -> float:
    began = perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    return perf_counter() - began


def _ready() -> tuple[float, float]:
    """Give after how many seconds the demo says where its pages are, and how many MB it has in memory then."""
    with TemporaryDirectory(prefix="hello30-bench-") as folder:
        began = perf_counter()
        with _running(*HELLO30, "demo", "--port", str(free_port()), "--data", f"{folder}/demo.db") as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            took = perf_counter() - began
            assert said.startswith("hello30 demo: http"), said
            return took, _memory_mb(process.pid)


@contextmanager
def _running(*command: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(  # noqa: S603 - our own
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def _memory_mb(process: int) -> float:
    """Give the memory that a process has to itself and shares, as Linux counts it; elsewhere ps knows."""
    status = Path(f"/proc/{process}/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], check=True, capture_output=True, text=True)  # noqa: S603, S607
    return int(told.stdout) / 1024
