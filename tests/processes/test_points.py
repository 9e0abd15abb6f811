"""kill -9 at each labelled point: what was answered is there, nothing is there twice, and everything is sent.

`HELLO30_CRASHES=many` tells every story on PostgreSQL as well.
"""

from __future__ import annotations

import ast
import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

import adapters
import bot
from bot.ports import Store
from bot.settings import Database
from bot.storage.databases import read_store
from bot.storage.verifying import verify_store
from tests.processes import outside
from tests.processes.points import BY_HAND_ONLY, LABELS, WORKS
from tests.processes.posts import GOES_WRONG
from tests.processes.program import STOPS_WITHIN_S, Program, spawn
from tests.processes.story import WAYS, Story

Start: TypeAlias = Callable[..., Awaitable[Program]]
CHAINS = {
    "people": ("announce", "press", "form", "typed", "refuse"),
    "cards": ("reply", "deliver_card", "card_shown", "amend"),
    "nudges": ("claim", "deliver_nudge", "nudge_done", "nudge_failed", "hint", "seems_away"),
    "time": ("card_failed", "step", "put_off", "clock", "forget", "checkpoint"),
}
"""What is passed in one story, each point of it once; the stories may be told side by side."""


MANY = os.environ.get("HELLO30_CRASHES") == "many"
ON_POSTGRES = tuple(CHAINS) if MANY else ("nudges",)
"""What is claimed goes through PostgreSQL's own locks; the rest is told there when there is time."""
STORIES = [*(("sqlite", chain) for chain in CHAINS), *(("postgres", chain) for chain in ON_POSTGRES)]


def test_each_point_is_on_the_way_of_one_story() -> None:
    told = [about for chain in CHAINS.values() for about in chain]
    assert sorted(told) == sorted({label.partition(":")[0] for label in LABELS}) == sorted(WAYS)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("place, chain", STORIES, indirect=["place"])
async def test_killed_at_each_point_the_story_goes_on_and_nothing_is_lost_or_done_twice(
    start: Start, place: Database, notes: Path, chain: str
) -> None:
    labels = [label for about in CHAINS[chain] for label in LABELS if label.partition(":")[0] == about]
    program = await start(place, notes=notes)
    story = Story(program, place, notes)
    for number, label in enumerate(labels):
        await die(story, label, 1 + number % WAYS[label.partition(":")[0]].times)
        assert (notes / "died").read_text().splitlines()[number:] == [label]
        story.was_killed(label)
        await story.goes_on(await start(place, program.port, notes=notes))
    await end(story)


async def test_killed_while_it_catches_up_after_downtime_each_step_is_done_once(
    start: Start, place: Database, notes: Path
) -> None:
    program = await start(place, notes=notes)
    story = Story(program, place, notes)
    await story.announces()
    await story.settles()
    program.kill()
    await program.gone()
    outside.has_been_down(place, timedelta(minutes=2))
    for label in ("step:before_commit", "step:after_commit"):
        await die_starting(story, label)
        story.was_killed(label)
    await story.goes_on(await start(place, program.port, notes=notes))
    await end(story)


async def die(story: Story, label: str, nth: int) -> None:
    """Go the way to a point, and see the program killed there."""
    way, program = WAYS[label.partition(":")[0]], story.program
    for step in way.before:
        await step(story)
    if way.then is None:
        program.kill()
        await program.gone()
        await die_starting(story, label)
    else:
        await program.told(f"kill {label} {nth}")
        with suppress(*GOES_WRONG):  # what an earlier visit waits for may pass the point first
            await way.then(story)
        assert await program.gone() == -9, await program.logged()


async def die_starting(story: Story, label: str) -> None:
    """Start the program, and see it killed at a point which it passes by itself."""
    process = await spawn(story.database, story.program.port, notes=story.notes, options=["--kill", label])
    try:
        _, logged = await asyncio.wait_for(process.communicate(), STOPS_WITHIN_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == -9, logged.decode()


async def end(story: Story) -> None:
    """Stop the program as an admin does, and look at everything once more."""
    story.program.process.terminate()
    assert await story.program.gone() == 0, await story.program.logged()
    assert "Traceback" not in await story.program.logged()
    story.looks(outside.read(story.database))
    store = await read_store(story.database)
    try:
        proof = await verify_store(store, datetime.now(UTC))
    finally:
        await store.close()
    assert list(proof.findings) == []
    assert proof.visits > 0


# --- no transaction without a label ----------------------------------------------------------------------------------


NOT_RUNNING = ("bot.storage.", "bot.commandline.", "bot.rehearsal.", "bot.sign_in")
"""Modules whose transactions are in no story here.

Stores run what they are given; a command is a program of its own; a rehearsal has a store of its own, in memory; the
demo has no sign-in, whose transactions touch no visit.
"""
PASS_ON = ("transact", "_settle")
"""The methods that take transactions; `_settle` gives what it takes to `transact`, until one is committed."""


def test_a_store_is_written_through_nothing_but_transactions_and_checkpoints() -> None:
    assert {name for name in vars(Store) if not name.startswith("_")} == {
        "transact",
        "checkpoint",
        "read",
        "peek",
        "close",
    }


def test_each_transaction_that_a_running_program_makes_has_a_label() -> None:
    roots = [Path(package.__path__[0]) for package in (bot, adapters)]
    modules = {_module(path, root): path for root in roots for path in root.rglob("*.py")}
    running = {name: path for name, path in modules.items() if not name.startswith(NOT_RUNNING)}
    found = {work for name, path in running.items() for work in _Transactions(name, path).works}
    assert found == set(WORKS) | BY_HAND_ONLY


def _module(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root.parent).with_suffix("").parts)


class _Transactions(ast.NodeVisitor):
    """Finds the functions that a module has run as transactions, named as `points.work_of` names them."""

    def __init__(self, module: str, path: Path) -> None:
        self.works: list[str] = []
        self._module = module
        self._class = ""
        self._inside: list[str] = []
        self.visit(ast.parse(path.read_text()))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._class = node.name
        self.generic_visit(node)
        self._class = ""

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._inside.append(node.name)
        self.generic_visit(node)
        self._inside.pop()

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in PASS_ON:
            for work in node.args:
                self._given(work)
        self.generic_visit(node)

    def _given(self, work: ast.expr) -> None:
        if isinstance(work, ast.Call):  # partial(…), which may do something beside the work that it is given
            inner = [keyword.value for keyword in work.keywords if keyword.arg == "work"]
            self._given(inner[0] if inner else work.args[0])
        elif isinstance(work, ast.Attribute):
            self.works.append(f"{self._module}.{self._class}.{work.attr}")
        elif isinstance(work, ast.Lambda):
            self.works.append(".".join([self._module, self._class, *self._inside, "<locals>", "<lambda>"]))
        elif isinstance(work, ast.Name) and self._inside[-1] not in PASS_ON:
            self.works.append(f"{self._module}.{work.id}")
