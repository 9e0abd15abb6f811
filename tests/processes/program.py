"""The real program in a process of its own: started, killed, stopped, and starved of disk space."""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.settings import Database, Postgres

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 20.0
STOPS_WITHIN_S = 20.0
READY = "hello30 demo: "


@dataclass
class Program:
    """A demo that runs on a database file; `base` is the address of its pages."""

    process: Process
    base: str
    logs: asyncio.Task[bytes]

    @property
    def port(self) -> int:
        """Give the port of its pages."""
        return int(self.base.rpartition(":")[2])

    def kill(self) -> None:
        """End it as `kill -9` does; it may be gone already."""
        if self.process.returncode is None:
            self.process.kill()

    async def gone(self) -> int:
        """Wait until it has ended, and give its exit code."""
        return await asyncio.wait_for(self.process.wait(), STOPS_WITHIN_S)

    async def told(self, command: str) -> None:
        """Give a labelled program a command, and wait until it has taken it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{command}\n".encode())
        await self.process.stdin.drain()
        assert await asyncio.wait_for(self.process.stdout.readline(), STARTS_WITHIN_S) == b"ok\n"

    async def logged(self) -> str:
        """Give what it wrote to standard error, once it has ended."""
        return (await self.logs).decode()

    def fill_disk(self) -> None:
        """Let it write to no file any more; that needs no disk of its own, and holds for root as well."""
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, most))

    def free_disk(self) -> None:
        """Let it write again."""
        _, most = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (most, most))


def free_port() -> int:
    """Find a port that nobody uses."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


async def spawn(database: Database, port: int, *, notes: Path | None = None, options: Sequence[str] = ()) -> Process:
    """Start the program as a person does; or, with a folder for its notes, the labelled one (see `labelled.py`)."""
    data = database.url if isinstance(database, Postgres) else str(database)
    command = ["-m", "bot", "demo"] if notes is None else ["-m", "tests.processes.labelled", "--notes", str(notes)]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        "--port",
        str(port),
        "--data",
        data,
        *options,
        cwd=ROOT,
        stdin=DEVNULL if notes is None else PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )


async def start(
    database: Database, port: int | None = None, *, notes: Path | None = None, options: Sequence[str] = ()
) -> Program:
    """Start the program, and wait until it says where its pages are; `AssertionError` tells why it did not start."""
    process = await spawn(database, port or free_port(), notes=notes, options=options)
    assert process.stdout is not None
    assert process.stderr is not None
    logs = asyncio.create_task(process.stderr.read())
    try:
        async with asyncio.timeout(STARTS_WITHIN_S):
            while line := (await process.stdout.readline()).decode():
                if line.startswith(READY):
                    return Program(process, line.removeprefix(READY).partition("/reception")[0], logs)
    except TimeoutError:
        process.kill()
    await process.wait()
    raise AssertionError(f"it did not start:\n{(await logs).decode()}")
