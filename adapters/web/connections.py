"""Connections: how many there may be, how long one may keep silent, and what is said to bytes that are no request.

An application hears of requests only. What comes before one is aiohttp's: its own answers repeat what was sent, and go
without our headers; so each connection is ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import structlog
from aiohttp import web

from adapters.web.seldom import Seldom
from bot.logs import log_failure
from bot.settings import Web

ASKS_WITHIN_S: Final = 15.0
"""So long may the first request of a connection take to come, with all its headers."""
IDLE_S: Final = 300.0
"""So long a connection is kept for the next request: longer than proxies do, or one would send into a closed one."""
MOST: Final = 800
"""So many connections at once: fewer than the 1024 files that a process may have open where nobody says otherwise."""

_log = structlog.get_logger(__name__)


class Connections(web.BaseSite):
    """Takes connections at an address, up to `most`; `refuse` makes the answer to what is no request, by its status."""

    def __init__(self, runner: web.BaseRunner, at: Web, refuse: Callable[[int], web.Response], seldom: Seldom) -> None:
        """Take where to listen; port 0 takes any free one."""
        super().__init__(runner)
        self._host = at.host
        self._port = at.port
        self.refuse = refuse
        self._seldom = seldom
        self.asks_within_s = ASKS_WITHIN_S
        self.most = MOST

    @property
    def name(self) -> str:
        """Give the address, as aiohttp asks of each of its sites."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen; `OSError` when the port is taken."""
        await super().start()
        loop, answering = asyncio.get_running_loop(), self._runner.server
        assert answering is not None, "the runner is set up first"  # noqa: S101
        self._server = await loop.create_server(
            lambda: Connection(answering, loop, self), self._host, self._port, backlog=self._backlog
        )

    def has_room(self, taken: int) -> bool:
        """Tell whether one more may come; when none may, that is logged, now and then."""
        if taken >= self.most:
            self._seldom.warn("web.too_many_connections", connections=taken)
        return taken < self.most


class Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ("_answering", "_is_late", "_site")

    def __init__(self, answering: web.Server, loop: asyncio.AbstractEventLoop, site: Connections) -> None:
        """Take what answers requests, and where this connection came in."""
        quiet: Any = None  # what aiohttp's own runner hands on for no access log; its types know only a logger
        super().__init__(answering, loop=loop, access_log=quiet, keepalive_timeout=IDLE_S)
        self._answering = answering
        self._site = site
        self._is_late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, if there is room."""
        if not self._site.has_room(len(self._answering.connections)):
            self.force_close()
            assert isinstance(transport, asyncio.Transport)  # noqa: S101
            transport.abort()
            return
        super().connection_made(transport)
        self._is_late = self._loop.call_later(self._site.asks_within_s, self.force_close)

    def data_received(self, data: bytes) -> None:
        """Read on; a request that is there is not late any more."""
        super().data_received(data)
        if self._is_late and self._request_count:
            self._is_late.cancel()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        if self._is_late:
            self._is_late.cancel()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it repeats what was sent
    ) -> web.StreamResponse:
        """Answer what is no request; anybody can send that, so it is not worth a line in the log."""
        if status >= web.HTTPInternalServerError.status_code and exc is not None:
            log_failure(_log, "web.page_failed", exc, address="unknown", method=request.method)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        return self._refused(status)

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; to an expectation (`Expect`) that cannot be met, aiohttp answers before anybody is asked."""
        if isinstance(resp, web.HTTPExpectationFailed):
            resp = self._refused(resp.status)
        return await super().finish_response(request, resp, start_time)

    def _refused(self, status: int) -> web.StreamResponse:
        response = self._site.refuse(status)
        response.force_close()
        return response
