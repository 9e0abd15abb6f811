"""kill -9 at any moment: what was answered is there, nothing is there twice, and the story goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest

from bot.demo.pages import PageUser
from bot.domain import events as e
from tests.processes import file
from tests.processes.people import People
from tests.processes.program import Program

Start: TypeAlias = Callable[..., Awaitable[Program]]
KILLED_DURING = ("announce", "time", "announce", "press") * 3
"""At what people are when the kill comes."""
PRESSES_BEFORE = 6
WITHIN_S = 0.03
"""The kill comes within so many seconds of a press, which takes about as long."""


@pytest.mark.parametrize("seed", [30])
async def test_killed_at_any_moment_the_story_goes_on_and_nothing_is_lost_or_done_twice(
    start: Start, database: Path, seed: int
) -> None:
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when this fails
    random, port, announced_again = Random(seed), None, 0
    people: People | None = None
    for during in KILLED_DURING:
        program = await start(database, port)
        port = program.port
        people = people or People(program.base, random)
        announced_again += await people.announce_again()
        await people.go_on(random.randint(1, PRESSES_BEFORE))
        kill_soon = partial(asyncio.get_running_loop().call_later, random.uniform(0, WITHIN_S), program.kill)
        await people.go_on_until_killed(during, kill_soon)
        assert await program.gone() == -9, await program.logged()
        file.read(database)
    program = await start(database, port)
    assert people is not None
    announced_again += await people.announce_again()
    await people.announce()
    program.process.terminate()
    assert await program.gone() == 0, await program.logged()
    assert "Traceback" not in await program.logged()
    kept = file.read(database)
    assert people.answered == people.tried
    assert {name: len(visits) for name, visits in kept.visits_of.items()} == dict.fromkeys(people.tried, 1)
    assert announced_again > 0


async def test_after_downtime_the_newest_step_is_marked_late_and_older_ones_are_skipped(
    start: Start, database: Path
) -> None:
    program = await start(database)
    async with PageUser(program.base, "nadia", "/reception") as nadia:
        await nadia.press("Announce", "/visits", visitor="Julie Tremblay", owner="Martin")
    program.kill()
    await program.gone()
    file.has_been_down(database, timedelta(minutes=5))

    program = await start(database, program.port)
    async with PageUser(program.base, "nadia", "/reception") as nadia:
        await said(nadia, "Claire Bouchard")
    program.kill()
    await program.gone()
    journal = file.read(database).only("Julie Tremblay")
    (manager,) = [event for event in journal if isinstance(event, e.Asked)]
    assert (manager.person, manager.step) == ("claire", 2)
    assert 60 <= manager.late_s < 120
    skipped = [event for event in journal if isinstance(event, e.StepSkipped)]
    assert [(event.step, event.why) for event in skipped] == [(0, "newer_due"), (1, "newer_due")]


async def said(nadia: PageUser, words: str) -> None:
    """Look at reception's page until what to say holds these words."""
    async with asyncio.timeout(10):
        while not any(words in sentence for sentence in nadia.page.say):
            await nadia.look()
