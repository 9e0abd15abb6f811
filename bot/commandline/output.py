"""Tables, CSV and JSON on standard output: coloured on a terminal only, plain text everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import typer

Row: TypeAlias = Sequence[str]

_PLAIN_WIDTH: Final = 10_000
"""Wide enough for any line: nothing is folded where a program reads."""
_HARMLESS: Final = "\u00a0\u202f\u200d"
_PLAIN_SPACES: Final = str.maketrans("\u00a0\u202f", "  ")
"""Times hold spaces that do not break, for which nobody would search."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def show_table(columns: Row, rows: Iterable[Row]) -> None:
    """Write a table with a line for its columns; a row that begins with an empty cell goes on with the one above."""
    from rich import box  # noqa: PLC0415 - slow to load
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    on_terminal = sys.stdout.isatty()
    console = Console() if on_terminal else Console(width=_PLAIN_WIDTH, color_system=None, force_terminal=False)
    table = Table(box=box.SIMPLE_HEAD if on_terminal else None, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(Text(column))
    listed = list(rows)
    apart = on_terminal and not all(row[0] for row in listed)
    for number, row in enumerate(listed):
        if apart and number and row[0]:
            table.add_row()
        table.add_row(*(Text(printable(cell)) for cell in row))
    with console.capture() as written:
        console.print(table)
    for line in written.get().splitlines():
        typer.echo(line.rstrip() if on_terminal else line.rstrip().translate(_PLAIN_SPACES))


def show_csv(columns: Row, rows: Iterable[Row]) -> None:
    """Write CSV with a heading; no cell is a formula to a spreadsheet, whatever somebody typed at the counter."""
    import csv  # noqa: PLC0415

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)


def show_json(value: Any) -> None:
    """Write JSON for people and programs."""
    import json  # noqa: PLC0415

    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def count(number: int, one: str, many: str) -> str:
    """Write a number with what it counts: 1 visit, 1,200 visits."""
    return f"{number:,} {one if number == 1 else many}"


def write(line: str) -> None:
    """Write a line; where a program reads, with ordinary spaces alone."""
    shown = printable(line)
    typer.echo(shown if sys.stdout.isatty() else shown.translate(_PLAIN_SPACES))


def printable(text: str) -> str:
    """Put a space for what is no character: a visitor's name must not steer the terminal."""
    return "".join(c if c.isprintable() or c in _HARMLESS else " " for c in text)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
