"""kill -9 at any moment: what was answered is there, nothing is there twice, and the story goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest

from bot.demo.pages import PageUser
from bot.domain import events as e
from tests.processes import checks, outside
from tests.processes.chat import nudges_taken
from tests.processes.kept import Kept
from tests.processes.people import People
from tests.processes.program import Program
from tests.processes.story import settle

Start: TypeAlias = Callable[..., Awaitable[Program]]
KILLED_DURING = ("announce", "time", "announce", "press", "press") * 2
"""At what people are when the kill comes."""
PRESSES_BEFORE = 6
WITHIN_S = 0.012
"""The kill comes within so many seconds of a press, which takes about as long."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed, nudges_counted", [(30, False), (31, False), (32, False), (33, True), (34, True)])
async def test_killed_at_any_moment_the_story_goes_on_and_nothing_is_lost_or_done_twice(
    start: Start, database: Path, notes: Path, seed: int, *, nudges_counted: bool
) -> None:
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when this fails
    random, killed_between, cut_off = Random(seed), Counter[str](), 0
    noted = notes if nudges_counted else None  # the labelled program, at no label, writes down what it sends
    program = await start(database, notes=noted)
    people = People(program.base, random)
    for during in KILLED_DURING:
        await people.go_on(random.randint(1, PRESSES_BEFORE))
        kill_soon = partial(asyncio.get_running_loop().call_later, random.uniform(0, WITHIN_S), program.kill)
        await people.go_on_until_killed(during, kill_soon)
        assert await program.gone() == -9, await program.logged()
        kept = outside.read(database)
        nothing_lost(kept, people)
        killed_between.update(checks.unsure(kept, nudges_taken(notes / "chat")))
        program = await start(database, program.port, notes=noted)
        cut_off += await people.post_again() is not None
    assert cut_off, "no kill came while something was posted"
    await people.announce()
    checks.settled(await settle(program, database))
    program.process.terminate()
    assert await program.gone() == 0, await program.logged()
    assert "Traceback" not in await program.logged()
    kept = outside.read(database)
    nothing_lost(kept, people)
    assert people.unanswered is None
    assert sorted(kept.visits_of) == sorted(people.tried)
    if nudges_counted:
        checks.nudges_reached(kept, nudges_taken(notes / "chat"), killed_between)


def nothing_lost(kept: Kept, people: People) -> None:
    """See to it that whatever was accepted is there once, and what was not answered at most once."""
    checks.done_once(kept, people.announced)
    for post in people.pressed:
        checks.remembered(kept, post)
    if people.unanswered is not None:
        checks.done_at_most_once(kept, people.unanswered)
    assert set(kept.visits_of) <= set(people.tried)


async def test_after_downtime_the_newest_step_is_marked_late_and_older_ones_are_skipped(
    start: Start, database: Path
) -> None:
    program = await start(database)
    async with PageUser(program.base, "nadia", "/reception") as nadia:
        await nadia.press("Announce", "/visits", visitor="Julie Tremblay", owner="Martin")
    program.kill()
    await program.gone()
    outside.has_been_down(database, timedelta(minutes=5))

    program = await start(database, program.port)
    async with PageUser(program.base, "nadia", "/reception") as nadia:
        await said(nadia, "Claire Bouchard")
    program.kill()
    await program.gone()
    journal = outside.read(database).only("Julie Tremblay")
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
