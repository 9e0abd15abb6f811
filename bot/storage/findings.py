"""What a proof finds, and how it looks at rows: as they are, whatever somebody may have written into them by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Select, Table, TableClause, column
from sqlalchemy import table as bare_table

from bot.storage.proof import seal

RawRow: TypeAlias = Mapping[str, Any]
"""A row by the names of its columns; moments are microseconds, unless somebody put something else there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as hello30 wrote it: in which table, which row, and what of it. Nothing of a visitor's.

    Whatever somebody put into a key, it can be written to a terminal or a file.
    """

    table: str
    row: str
    what: str

    def __post_init__(self) -> None:
        """Spell out bytes that are no text."""
        for name in ("row", "what"):
            object.__setattr__(self, name, spelt_out(getattr(self, name)))

    def __str__(self) -> str:
        """Give it as a line."""
        return f"{self.table}: {self.row} {self.what}."


def spelt_out(text: str) -> str:
    """Give text that can be written anywhere, with the numbers of what is no text in it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_text(value: object) -> bool:
    """Tell whether this is text that a database can be asked for."""
    return isinstance(value, str) and spelt_out(value) == value


def raw(table: Table) -> TableClause:
    """Give a table whose columns have no type, so that nothing that stands in them fails to be read."""
    return bare_table(table.name, *(column(each.name) for each in table.columns))


def read(connection: Connection, query: Select[Any]) -> Iterator[RawRow]:
    """Give what a query finds, row by row."""
    for row in connection.execute(query):
        yield row._asdict()


def read_together(connection: Connection, query: Select[Any], number: int) -> Iterator[Sequence[RawRow]]:
    """Give what a query finds, so many rows together; there are never more in memory."""
    streaming = query.execution_options(yield_per=number)
    for rows in connection.execute(streaming).partitions():
        yield [row._asdict() for row in rows]


def sealed(*parts: object) -> str:
    """Give the seal of some values; empty, and so nobody's, for what hello30 never writes."""
    try:
        return seal(*parts)
    except TypeError:
        return ""


def broken_seal(kind: str, row: RawRow, names: Iterable[str]) -> bool:
    """Tell whether a row's seal is not that of these columns of it."""
    return bool(row["seal"] != sealed(kind, *(row[name] for name in names)))


def ordinal(number: int) -> str:
    """Write a number as in `3rd`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
