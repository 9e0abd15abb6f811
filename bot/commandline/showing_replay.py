"""`hello30 replay`: a visit rebuilt from the journal, step by step."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import typer

from bot.clock import SystemClock
from bot.commandline.kindly import FAULTS_FOUND
from bot.commandline.log_source import Source
from bot.commandline.output import printable, show_json
from bot.desk import ERASED
from bot.domain.facts import Facts
from bot.domain.visit import Asking, Promise, Visit
from bot.errors import Hello30Error, IllegalMove, Unreadable
from bot.language.wording import Reader, Wording
from bot.logs import set_up_logs
from bot.pages import Story
from bot.ports import Transaction
from bot.replaying import Standing, Step, differences, steps
from bot.rows import Entry
from bot.storage.databases import read_store
from bot.storage.lookup import visits_beginning
from bot.telling import Teller, tell

_NAMES: Final = ("hello", "callback", "here", "question", "late call", "next")


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
    shown = _Replay(source, kept, made, language)
    verdict = stopped or _gap(kept) or _verdict(made[-1].visit, kept.stored)
    if as_json:
        show_json(shown.as_json() | {"same": not verdict, "verdict": verdict})
    else:
        for line in (*shown.lines(), "", verdict or _same(len(made))):
            typer.echo(printable(line))
    if verdict:
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


def _steps(entries: Sequence[Entry]) -> tuple[Sequence[Step], str]:
    """Give the steps, and why there are no more if one could not follow."""
    made: list[Step] = []
    try:
        made.extend(steps(entries))
    except IllegalMove as fault:
        where = f"Entry {entries[len(made)].seq} cannot have happened then ({fault})."
        if not made:
            raise NoVisit(f"{where} `hello30 log verify` tells what was changed.") from fault
        return made, f"{where} `hello30 log verify` tells what was changed."
    return made, ""


def _same(entries: int) -> str:
    return (
        f"The {entries} entries make exactly the visit that is stored. Whether anything was changed since they were "
        "written: hello30 log verify."
    )


def _gap(kept: Kept) -> str:
    """Say which entries are missing, or are there although the visit was not saved with them."""
    there, saved = {entry.seq for entry in kept.entries}, set(range(1, kept.version + 1))
    if wrong := sorted(there ^ saved):
        what = "is missing" if wrong[0] in saved else "was not saved with the visit"
        return f"Entry {wrong[0]} {what}. `hello30 log verify` tells what was changed."
    return ""


def _verdict(replayed: Visit, stored: Visit | None) -> str:
    """Say what is not the same; nothing when all is."""
    advice = "`hello30 log verify` tells what was changed."
    if stored is None:
        return f"There is no stored visit to compare it with, or it cannot be read. {advice}"
    names = differences(replayed, stored)
    return f"The visit that is stored is another one, in: {', '.join(names)}. {advice}" if names else ""


# --- showing ---------------------------------------------------------------------------------------------------------


class _Replay:
    """The steps of a visit in words."""

    def __init__(self, source: Source, kept: Kept, made: Sequence[Step], language: str) -> None:
        self._source = source
        self._made = made
        self._visit = made[-1].visit
        self._zone = source.zone(self._visit.site)
        self._story = self._told(kept, language)

    def _told(self, kept: Kept, language: str) -> Story:
        kinds = self._source.settings.kinds if self._source.settings else None
        teller = Teller(
            visit=self._visit,
            facts=kept.facts,
            names=self._source.name,
            wording=Wording.load(kinds=kinds),
            reader=Reader(language, str(self._zone)),
            now=SystemClock().now(),
        )
        return tell(teller, [step.entry for step in self._made])

    def lines(self) -> Iterator[str]:
        visit = self._visit
        yield self._story.title
        yield f"Visit {visit.id}, site {visit.site}, policy {visit.policy.name}, times by {self._zone}"
        for step, line in zip(self._made, self._story.lines, strict=True):
            yield ""
            yield f"{step.entry.seq:>3}  {self._moment(step.entry.event.at)}  {line.text}  [{step.entry.through}]"
            for name, (before, after) in self._changes(step).items():
                yield f"       {name}: {before} → {after}" if before else f"       {name}: {after}"

    def as_json(self) -> dict[str, Any]:
        return {
            "visit": self._visit.id,
            "title": self._story.title,
            "steps": [
                {
                    "entry": step.entry.seq,
                    "number": step.entry.number,
                    "at": step.entry.event.at.astimezone(self._zone).isoformat(timespec="seconds"),
                    "through": step.entry.through,
                    "event": type(step.entry.event).__name__,
                    "text": line.text,
                    "changed": {
                        name: {"from": before or None, "to": after}
                        for name, (before, after) in self._changes(step).items()
                    },
                }
                for step, line in zip(self._made, self._story.lines, strict=True)
            ],
        }

    def _changes(self, step: Step) -> dict[str, tuple[str, str]]:
        """Give what is different after a step; before the first one, nothing stood."""
        before, after = self._words(step.before), self._words(step.after)
        return {name: (before[name], after[name]) for name in _NAMES if before[name] != after[name]}

    def _words(self, standing: Standing) -> dict[str, str]:
        began = standing.hello is not None
        values = (
            _state(standing.hello) + self._promise(standing.hello_promise),
            _state(standing.callback) + self._promise(standing.callback_promise),
            ("yes" if standing.here else "no") if began else "",
            self._question(standing.visitor_question) if began else "",
            self._question(standing.call_question) if began else "",
            (self._moment(standing.next) if standing.next else "none") if began else "",
        )
        return dict(zip(_NAMES, values, strict=True))

    def _promise(self, promise: Promise | None) -> str:
        return f" ({self._source.name(promise.by)}, {self._moment(promise.due)})" if promise else ""

    def _question(self, asking: Asking | None) -> str:
        if asking is None:
            return "none"
        checking = ", has the responder come?" if asking.checking else ""
        fired = f"{asking.step} of {len(asking.moments)} steps fired"
        return f"{self._source.name(asking.responder)}, {fired}{checking}"

    def _moment(self, moment: datetime) -> str:
        return moment.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")


def _state(state: str | None) -> str:
    return (state or "").replace("_", " ")
