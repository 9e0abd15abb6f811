"""The table that a run prints, and that docs/performance.md keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Line:
    """One measurement: ours, beside what, their ratio (None where the aim is absolute), and whether the aim is met."""

    what: str
    ours: str
    beside: str = ""
    ratio: float | None = None
    aim: str = ""
    met: bool = True


def markdown(lines: Sequence[Line]) -> str:
    """Write the table."""
    rows = [
        "| measured | hello30 | beside it | ratio | aim | met |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        met = ("yes" if line.met else "**no**") if line.aim else ""
        rows.append(f"| {line.what} | {line.ours} | {line.beside} | {ratio} | {line.aim} | {met} |")
    return "\n".join(rows)
