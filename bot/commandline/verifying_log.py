"""`hello30 log verify`: proves that nobody changed the journal, or what follows from it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import typer
from sqlalchemy.engine.default import DefaultDialect

from bot.clock import SystemClock
from bot.commandline.kindly import FAULTS_FOUND
from bot.commandline.log_source import Source
from bot.commandline.output import count, printable, show_json
from bot.logs import set_up_logs
from bot.storage.databases import read_store
from bot.storage.tables import Moment
from bot.storage.verifying import Newest, Proof, verify_store


def verify(source: Source, *, expected: str | None, as_json: bool) -> None:
    """Write what was found, and end with status 1 if that is anything; raises `NotSaved` for no readable database."""
    set_up_logs(logging.WARNING)
    proof = asyncio.run(_verify(source, expected))
    if as_json:
        show_json(_as_json(proof))
    else:
        for line in _lines(proof, expected):
            typer.echo(printable(line))
    if proof.findings:
        raise typer.Exit(FAULTS_FOUND)


async def _verify(source: Source, expected: str | None) -> Proof:
    store = await read_store(source.database)
    try:
        return await verify_store(store, SystemClock().now(), expected=expected)
    finally:
        await store.close()


def _lines(proof: Proof, expected: str | None) -> list[str]:
    if proof.findings:
        more = ["There is more. It is not told, for nothing here can be relied on any more."] if proof.more else []
        found = len(proof.findings)
        last = f"Found: {count(found, 'thing', 'things')} not as hello30 wrote {'it' if found == 1 else 'them'}."
        return [*map(str, proof.findings), *more, last]
    entries, visits = count(proof.entries, "entry", "entries"), count(proof.visits, "visit", "visits")
    checkpoints = count(proof.checkpoints, "checkpoint", "checkpoints")
    proved = f"Proved: {entries} of {visits}, {checkpoints}."
    if proof.newest is None:
        return [proved, "hello30 writes a checkpoint every minute when something has happened, and when it stops."]
    newest = f"Newest checkpoint: {proof.newest.number}, {proof.newest.hash}"
    if expected is not None:
        return [f"{proved} The checkpoint that was expected is among them.", newest]
    advice = (
        f"Write this hash down elsewhere: `hello30 log verify --expect {proof.newest.hash}` then also finds out "
        "whether somebody wrote the whole journal anew."
    )
    return [proved, newest, advice]


def _as_json(proof: Proof) -> dict[str, Any]:
    return {
        "proved": not proof.findings,
        "entries": proof.entries,
        "visits": proof.visits,
        "checkpoints": proof.checkpoints,
        "newest_checkpoint": _newest(proof.newest) if proof.newest else None,
        "findings": [{"table": each.table, "row": each.row, "what": each.what} for each in proof.findings],
        "more": proof.more,
    }


def _newest(newest: Newest) -> dict[str, Any]:
    at = Moment().process_result_value(newest.at, DefaultDialect())  # also what hello30 never wrote
    return {"number": newest.number, "at": at.isoformat(timespec="seconds") if at else None, "hash": newest.hash}
