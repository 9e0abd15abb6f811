"""A disk that is full: whoever presses learns that it was not saved, nothing ends, and it works again afterwards."""

from __future__ import annotations

import resource
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from bot.demo.pages import PageUser
from tests.processes import outside
from tests.processes.people import post
from tests.processes.program import Program

Start: TypeAlias = Callable[..., Awaitable[Program]]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux lets one process limit another")
async def test_on_a_full_disk_nadia_reads_that_it_is_not_saved_and_presses_again_when_there_is_space(
    start: Start, database: Path
) -> None:
    program = await start(database)
    async with PageUser(program.base, "nadia", "/reception") as nadia:
        await nadia.press("Announce", "/visits", visitor="Julie Tremblay", owner="Martin")

        program.fill_disk()
        status, page = await post(program.base, nadia.page, visitor="Robert Lavoie", owner="Martin", about="invoice 12")
        assert status == 503
        assert page.said == "This visit is not saved: Robert Lavoie for Martin. Please post it again."
        typed = page.form_with("Announce", "/visits").fields
        assert (typed["visitor"], typed["owner"], typed["about"]) == ("Robert Lavoie", "Martin", "invoice 12")
        assert program.process.returncode is None
        assert len((await nadia.look()).say) == 1

        program.free_disk()
        status, _ = await post(program.base, page)
        assert status == 303
        status, _ = await post(program.base, page)
        assert status == 303
        assert len((await nadia.look()).say) == 2
        await nadia.press("+1 min", "/demo")

    program.process.terminate()
    assert await program.gone() == 0, await program.logged()
    assert "Traceback" not in await program.logged()
    kept = outside.read(database)
    assert {name: len(visits) for name, visits in kept.visits_of.items()} == {"Julie Tremblay": 1, "Robert Lavoie": 1}
