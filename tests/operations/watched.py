"""A world whose hello30 is looked after: it is asked how it is, on a port of its own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

import aiohttp
from prometheus_client.parser import text_string_to_metric_families as families

from bot.bootstrap import Watch
from bot.messages import Address, Announce, AnnounceLine, Incoming, Press, Reply, Typed
from bot.ports import Store
from bot.settings import Operations, Settings
from tests.world import KEYS, WEDNESDAY, World, house

Act: TypeAlias = Announce | AnnounceLine | Press | Typed
ANYWHERE = Operations(host="127.0.0.1", port=0)


@dataclass
class Machine:
    """The clock of the machine that nobody sets, in seconds."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Watched(World):
    """A world that counts, and in which everything comes in through an adapter; it must be started first."""

    def __init__(self, store: Store, now: datetime = WEDNESDAY, *, settings: Settings | None = None) -> None:
        super().__init__(store, now, settings=replace(settings or house(), operations=ANYWHERE))
        self.parts.add(self.chat)

    async def _send(self, person: str, act: Act, *, key: str = "") -> Reply:
        assert self.chat.receive is not None, "nothing can come in yet"
        incoming = Incoming(
            key=key or f"k{next(KEYS)}", sender=Address("web", person), act=act, pressed_at=self.clock.now()
        )
        self.last = await self.chat.receive(incoming)
        await self.settles()
        return self.last


def watch(world: World) -> Watch:
    """Give what looks after this world."""
    assert world.parts.watch is not None
    return world.parts.watch


async def starts(world: World) -> None:
    """The adapters of this world take what comes in."""
    for adapter in world.parts.adapters.values():
        await adapter.start(world.parts.inbox.receive)
        world.parts.running.started.add(adapter.name)


@dataclass(frozen=True)
class Asked:
    """Whoever asks over HTTP."""

    session: aiohttp.ClientSession

    async def text(self, path: str) -> tuple[int, str]:
        """Give the status and the body of an answer."""
        async with self.session.get(path) as answer:
            return answer.status, await answer.text()

    async def health(self, path: str) -> tuple[int, dict[str, Any]]:
        """Give the status and the JSON of /livez or /readyz."""
        status, body = await self.text(path)
        return status, json.loads(body)

    async def metrics(self) -> dict[tuple[str, ...], float]:
        """Give each sample by its name and the values of its labels."""
        _, body = await self.text("/metrics")
        return samples(body)


def samples(body: str) -> dict[tuple[str, ...], float]:
    """Read what Prometheus reads."""
    return {
        (sample.name, *(value for label, value in sorted(sample.labels.items()) if label != "le")): sample.value
        for family in families(body)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


@asynccontextmanager
async def asked(world: World) -> AsyncIterator[Asked]:
    """Serve the answers of a world, and ask for them."""
    server = watch(world).server
    await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as session:
            yield Asked(session)
    finally:
        await server.stop()
