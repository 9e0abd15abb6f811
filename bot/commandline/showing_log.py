"""`hello30 log`: who came for whom, what was promised, and what became of it."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Literal, TypeAlias

from bot.commandline.log_data import CSV_COLUMNS, as_csv, as_json
from bot.commandline.log_source import Source
from bot.commandline.log_table import LogTable
from bot.commandline.output import show_csv, show_json, show_table
from bot.logs import set_up_logs
from bot.storage.databases import read_store
from bot.visit_log import LogRow, Wanted

Form: TypeAlias = Literal["table", "json", "csv"]


def show(source: Source, wanted: Wanted, *, form: Form, language: str) -> None:
    """Write the log; raises `NotSaved` when there is no such database."""
    set_up_logs(logging.WARNING)  # on standard error: what is written here may be read by a program
    rows = asyncio.run(_read(source, wanted))
    if form == "json":
        show_json([as_json(row, source) for row in rows])
    elif form == "csv":
        show_csv(CSV_COLUMNS, (line for row in rows for line in as_csv(row, source)))
    else:
        table = LogTable(source, language)
        show_table(table.columns(), (line for row in rows for line in table.lines(row)))


async def _read(source: Source, wanted: Wanted) -> list[LogRow]:
    store = await read_store(source.database)
    try:
        return await store.read(partial(source.read, wanted=wanted))
    finally:
        await store.close()
