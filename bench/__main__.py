"""Measures, and prints a table: `python -m bench` (all), or with some of a b c d e. `--write` keeps it in the docs."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from bench import commands, deadlines, slack, start, tick
from bench.house import Databases, databases
from bench.table import Line, markdown

KEPT = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
PARTS = "abcde"


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="a, b, c, d or e; all when none is named")
    parser.add_argument("--write", action="store_true", help="keep the table in docs/performance.md")
    asked = parser.parse_args()
    parts = asked.parts or list(PARTS)
    if unknown := sorted(set(parts) - set(PARTS)):
        parser.error(f"there is no part {unknown[0]!r}: please choose among a, b, c, d and e")
    if asked.write and set(parts) != set(PARTS):
        parser.error("only a whole run is kept: please name no part with --write")
    began = perf_counter()
    with databases() as where:
        lines = [line for part in parts for line in _part(part, where)]
    text = f"{_machine()}\n\n{markdown(lines)}\n\nThe run took {perf_counter() - began:.0f} s."
    print(text)
    if asked.write:
        kept = KEPT.read_text(encoding="utf-8")
        KEPT.write_text(
            re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{text}\n{END}", kept, flags=re.DOTALL), encoding="utf-8"
        )


def _part(part: str, where: Databases) -> list[Line]:
    print(f"measuring ({part}) …", file=sys.stderr, flush=True)
    match part:
        case "a":
            return commands.measure(where)
        case "b":
            return deadlines.measure(where)
        case "c":
            return tick.measure(where)
        case "d":
            return start.measure()
        case _:
            return slack.measure()


def _machine() -> str:
    """Name the machine, and how busy it was."""
    model = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists() and (found := re.search(r"model name\s*: (.*)", information.read_text())):
        model = found[1]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}{load} at the end."
    )


if __name__ == "__main__":
    main()
