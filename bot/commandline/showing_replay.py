"""`hello30 replay`: a visit rebuilt from the journal, step by step."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import typer

from bot.commandline.kindly import FAULTS_FOUND
from bot.commandline.log_source import Source
from bot.commandline.output import show_json, write
from bot.commandline.replay_text import ReplayText
from bot.desk import ERASED
from bot.domain.card import Phrase
from bot.domain.facts import Facts
from bot.domain.visit import Visit
from bot.errors import Hello30Error, IllegalMove, Unreadable
from bot.logs import set_up_logs
from bot.ports import Transaction
from bot.replaying import Step, differences, steps
from bot.rows import Entry
from bot.storage.databases import read_store
from bot.storage.lookup import visits_beginning


class NoVisit(Hello30Error):
    """No visit, or more than one, has an id that begins so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a visit: its entries, and beside them its state (None: none that can be read) and its facts."""

    entries: Sequence[Entry]
    stored: Visit | None
    facts: Facts
    version: int


def replay(source: Source, visit: str, *, language: str, as_json: bool) -> None:
    """Write each step, and end with status 1 unless they make exactly the visit that is stored; raises `NoVisit`."""
    set_up_logs(logging.WARNING)
    kept = asyncio.run(_read(source, visit))
    made, stopped = _steps(kept.entries)
    text = ReplayText(source, made, kept.facts, language)
    wrong = stopped or _gap(kept) or _difference(made[-1].visit, kept.stored)
    if as_json:
        show_json(text.as_json() | {"same": wrong is None, "verdict": text.say(wrong) if wrong else ""})
    else:
        verdict = wrong or Phrase("replay.same", {"count": len(made)})
        for line in (*text.lines(), "", text.say(verdict)):
            write(line)
    if wrong:
        raise typer.Exit(FAULTS_FOUND)


# --- reading ---------------------------------------------------------------------------------------------------------


async def _read(source: Source, prefix: str) -> Kept:
    store = await read_store(source.database)
    try:
        found = await store.look(partial(visits_beginning, prefix=prefix)) if prefix else []
        if len(found) > 1:
            raise NoVisit(f'Several visits begin with "{prefix}": {", ".join(found)}. Please write more of the id.')
        if not found:
            raise NoVisit(f'There is no visit whose id begins with "{prefix}". `hello30 log --json` shows all ids.')
        return await store.read(partial(_kept, visit=found[0]))
    finally:
        await store.close()


def _kept(tx: Transaction, visit: str) -> Kept:
    try:
        stored = tx.visit(visit)
    except Unreadable:
        stored = None
    try:
        facts = tx.facts(visit)
    except Unreadable:
        facts = None
    try:
        entries = tx.journal(visit)
    except Unreadable as fault:
        raise Unreadable(
            f"An entry of visit {visit} cannot be read ({fault}). `hello30 log verify` tells which one."
        ) from fault
    version = stored.version if stored else len(entries)
    return Kept(entries=entries, stored=stored.visit if stored else None, facts=facts or ERASED, version=version)


def _steps(entries: Sequence[Entry]) -> tuple[Sequence[Step], Phrase | None]:
    """Give the steps, and why there are no more if one could not follow; raises `NoVisit` when there is none."""
    made: list[Step] = []
    try:
        made.extend(steps(entries))
    except IllegalMove as fault:
        wrong = entries[len(made)].seq
        if not made:
            raise NoVisit(
                f"Entry {wrong} cannot have happened then ({fault}). `hello30 log verify` tells what was changed."
            ) from fault
        return made, Phrase("replay.impossible", {"count": wrong, "text": str(fault)})
    return made, None


# --- comparing -------------------------------------------------------------------------------------------------------


def _gap(kept: Kept) -> Phrase | None:
    """Say which entry is missing, or is there although the visit was not saved with it."""
    there, saved = {entry.seq for entry in kept.entries}, set(range(1, kept.version + 1))
    if wrong := sorted(there ^ saved):
        return Phrase("replay.missing" if wrong[0] in saved else "replay.not_saved", {"count": wrong[0]})
    return None


def _difference(replayed: Visit, stored: Visit | None) -> Phrase | None:
    """Say what is not the same; nothing when all is."""
    if stored is None:
        return Phrase("replay.nothing_stored")
    names = differences(replayed, stored)
    return Phrase("replay.another", {"text": ", ".join(names)}) if names else None
