"""SIGTERM, and a second program on the same database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import aiohttp

from bot.demo.pages import PageUser
from tests.processes import outside
from tests.processes.people import post
from tests.processes.program import Program, free_port, spawn

Start: TypeAlias = Callable[..., Awaitable[Program]]
POSTS = 16


async def test_stopped_with_posts_in_flight_all_that_was_answered_is_kept_and_a_new_start_works_at_once(
    start: Start, database: Path
) -> None:
    program = await start(database)
    async with PageUser(program.base, "nadia", "/reception") as nadia, aiohttp.ClientSession(program.base) as session:
        stream = await session.get("/events", params={"page": "reception", "as": "nadia"})
        names = [f"Visitor {number}" for number in range(POSTS)]
        posting = {
            asyncio.create_task(post(program.base, nadia.page, visitor=name, owner="Martin", once=name)): name
            for name in names
        }
        await asyncio.wait(posting, return_when=asyncio.FIRST_COMPLETED)
        program.process.terminate()
        await asyncio.wait(posting)
        assert await program.gone() == 0, await program.logged()
        assert b"hello" in await stream.read()  # the stream was ended, not cut off
    answered = {name for task, name in posting.items() if not task.exception() and task.result()[0] == 303}
    assert answered
    assert {type(error) for task in posting if (error := task.exception())} <= {
        aiohttp.ServerDisconnectedError,
        aiohttp.ClientConnectorError,
        aiohttp.ClientOSError,
    }
    kept = outside.read(database).visits_of
    assert answered <= set(kept) <= set(names)
    assert all(len(visits) == 1 for visits in kept.values())

    again = await start(database, program.port)
    async with PageUser(again.base, "nadia", "/reception") as nadia:
        assert (await post(again.base, nadia.page, visitor="One more", owner="Martin"))[0] == 303
    again.process.terminate()
    assert await again.gone() == 0
    assert len(outside.read(database).only("One more")) >= 2


async def test_a_second_program_on_the_same_database_is_turned_away_kindly_and_the_first_goes_on(
    start: Start, database: Path
) -> None:
    first = await start(database)
    second = await spawn(database, free_port())
    out, err = await asyncio.wait_for(second.communicate(), 20)
    assert second.returncode == 1
    assert err.decode().strip() == (
        f"Another hello30 is running on {database}. Please stop it first, or give this one a database of its own."
    )
    assert out == b""
    async with PageUser(first.base, "nadia", "/reception") as nadia:
        assert (await post(first.base, nadia.page, visitor="Julie Tremblay", owner="Martin"))[0] == 303
