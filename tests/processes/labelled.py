"""The demo with labelled points and a second chat platform: `python -m tests.processes.labelled --data … --notes …`.

Two files of its own stand in the folder of notes: `died` tells at which point it killed itself, `chat` what reached the
second platform. It takes commands on standard input, one a line, and answers each with a line `ok`:

    kill LABEL N       die at the n-th passing of this point from now on
    refuse WHAT N      let the second platform refuse so many cards, or nudges
    away martin N      let the second platform say of so many people who are asked that they do not look
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

from adapters.registry import adapter_class
from bot.bootstrap import Parts, join, run
from bot.clock import SystemClock
from bot.demo.clock import DemoClock, first_moment
from bot.demo.serving import Demo, demo_settings
from bot.logs import set_up_logs
from bot.messages import Address
from bot.ports import Store
from bot.settings import Database, Postgres, Settings
from bot.storage.databases import open_store
from tests.processes.broken import BROKEN
from tests.processes.chat import NAME, RecordingChat
from tests.processes.points import LabelledAdapter, LabelledStore, Points
from tests.processes.program import READY

SPEED = 1.0


def settings_with_chat(port: int) -> Settings:
    """Give the demo's settings, with everybody on the second platform first: there the nudges go."""
    settings = demo_settings(port=port, database=Path())
    people = {person: (Address(NAME, person), *found) for person, found in settings.addresses.items()}
    sites = {
        key: replace(site, reception=(Address(NAME, key), *site.reception)) for key, site in settings.sites.items()
    }
    return replace(settings, addresses=people, sites=sites)


async def serve(port: int, database: Database, notes: Path, kill: str, broken: str) -> None:
    """Serve until killed, or until SIGTERM."""
    set_up_logs()
    points = Points(notes / "died")
    if kill:
        points.arm(kill)
    opened = await open_store(database)
    try:
        labelled = LabelledStore(opened, points)
        store: Store = BROKEN[broken](labelled) if broken else labelled
        parts, chat = await _joined(settings_with_chat(port), store, points, notes)
        ready = asyncio.Event()
        beside = [asyncio.create_task(_tell(ready, port)), asyncio.create_task(_listen(points, chat))]
        try:
            await run(parts, ready=ready)
        finally:
            for task in beside:
                task.cancel()
    finally:
        await opened.close()


async def _joined(settings: Settings, store: Store, points: Points, notes: Path) -> tuple[Parts, RecordingChat]:
    """Join the parts as the demo does."""
    zone = next(iter(settings.sites.values())).zone
    clock = await DemoClock.restored(SystemClock(), store, first_moment(zone), SPEED)
    parts = join(settings, store, clock)
    web = adapter_class("web")(settings, views=parts.views, wording=parts.wording, clock=clock, demo=Demo(parts, clock))
    chat = RecordingChat(notes / "chat")
    for adapter in (chat, web):
        parts.adapters[adapter.name] = LabelledAdapter(adapter, points)
    return parts, chat


async def _tell(ready: asyncio.Event, port: int) -> None:
    await ready.wait()
    print(f"{READY}http://127.0.0.1:{port}/reception", flush=True)  # noqa: T201 - what one waits for


async def _listen(points: Points, chat: RecordingChat) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode():
        what, name, times = line.split()
        if what == "kill":
            points.arm(name, int(times))
        elif what == "away":
            chat.away = int(times)
        else:
            chat.refuses[name] = int(times)
        print("ok", flush=True)  # noqa: T201 - what one waits for


def _database(given: str) -> Database:
    return Postgres(given) if "://" in given else Path(given)


def main() -> None:
    """Read the options, and serve."""
    parser = ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=_database, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--kill", default="")
    parser.add_argument("--broken", default="")
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.data, given.notes, given.kill, given.broken))


if __name__ == "__main__":
    main()
