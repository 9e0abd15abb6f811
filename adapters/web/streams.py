"""Server-sent events: tells open pages that something on them has changed. What it is, the page asks by itself."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

from aiohttp import web

HEARTBEAT_S = 15.0
MOST, MOST_OF_ONE = 500, 12
"""So many streams in all, and in one browser."""
TRY_AGAIN_S = "5"
BACKLOG = 100
"""A page that is so far behind reads everything anew anyway, so what is more than this is left out."""


class Streams:
    """All open streams, each with the readers it listens for (person ids, and `reception:<site>`)."""

    def __init__(self) -> None:
        """Begin with none; each is sent a sign of life every `heartbeat_s` seconds."""
        self.heartbeat_s = HEARTBEAT_S
        self.most, self.most_of_one = MOST, MOST_OF_ONE
        self._open: dict[asyncio.Queue[str | None], frozenset[str]] = {}
        self._of: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def tell(self, readers: Iterable[str], what: str, data: Mapping[str, str]) -> None:
        """Send an event to every page of these readers."""
        wanted = frozenset(readers)
        self._send([queue for queue, heard in self._open.items() if heard & wanted], what, data)

    def tell_all(self, what: str) -> None:
        """Send an event to every page."""
        self._send(self._open, what, {})

    def close(self) -> None:
        """End every stream; each page tries again by itself."""
        for queue in self._open:
            _put(queue, None)

    async def serve(
        self, request: web.Request, readers: Iterable[str], may_go_on: Callable[[], Awaitable[bool]], browser: str
    ) -> web.StreamResponse:
        """Answer with a stream that ends when the page goes away, `close` is called, or it may not go on.

        That is asked before each event: whoever has signed out is told nothing more. `browser` is the key of a session,
        empty in the demo; raises `HTTPTooManyRequests` when it has too many streams, or all together have.
        """
        if len(self._open) >= self.most or (browser and self._of[browser] >= self.most_of_one):
            raise web.HTTPTooManyRequests(headers={"Retry-After": TRY_AGAIN_S})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        queue: asyncio.Queue[str | None] = asyncio.Queue(BACKLOG)
        self._open[queue] = frozenset(readers)
        self._of[browser] += 1
        with suppress(ConnectionResetError):
            try:
                await response.prepare(request)
                await response.write(_event("hello", {}))
                while (message := await self._next(queue)) is not None and await may_go_on():
                    await response.write(message.encode())
            finally:
                del self._open[queue]
                self._of -= Counter([browser])
        return response

    async def _next(self, queue: asyncio.Queue[str | None]) -> str | None:
        try:
            async with asyncio.timeout(self.heartbeat_s):
                return await queue.get()
        except TimeoutError:
            return _event("beat", {}).decode()

    @staticmethod
    def _send(queues: Iterable[asyncio.Queue[str | None]], what: str, data: Mapping[str, str]) -> None:
        for queue in queues:
            _put(queue, _event(what, data).decode())


def _put(queue: asyncio.Queue[str | None], message: str | None) -> None:
    """Put a message; in a full queue the oldest makes room, because only that something changed matters."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(message)


def _event(what: str, data: Mapping[str, str]) -> bytes:
    return f"event: {what}\ndata: {json.dumps(data)}\n\n".encode()
