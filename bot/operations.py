"""A small server for whoever looks after hello30: /livez, /readyz and /metrics.

It is apart from the web pages, so that an installation without pages has it, and so that it needs no sign-in: what it
answers names visits by their ids, and nobody. Whatever happens to it, hello30 goes on greeting visitors.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.health import Answer, Health
from bot.logs import log_failure
from bot.metrics import CONTENT_TYPE, Metrics
from bot.ports import Clock
from bot.settings import Operations

log = structlog.get_logger(__name__)

TRY_AGAIN_S: Final = 30.0
"""A port that is taken may be free by then."""
LAG_EVERY_S: Final = 1.0
STOP_WITHIN_S: Final = 1.0
NOTHING_LONGER: Final = 1024
"""So many bytes at most are read of what somebody sends; 0 would be no limit at all."""


class OperationsServer:
    """Answers on the address that is configured, from `start` to `stop`."""

    def __init__(self, where: Operations, health: Health, metrics: Metrics, clock: Clock) -> None:
        """Take what is asked."""
        self._where = where
        self._health = health
        self._metrics = metrics
        self._clock = clock
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.try_again_s = TRY_AGAIN_S

    @property
    def port(self) -> int:
        """Give the port that is served; 0 while none is."""
        addresses = self._runner.addresses if self._runner else []
        return int(addresses[0][1]) if addresses else 0

    async def start(self) -> None:
        """Serve; a port that cannot be had is logged and tried again, for visitors must not wait for it."""
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=STOP_WITHIN_S)
        await self._runner.setup()
        self._tasks.append(asyncio.create_task(self._measure_lag(), name="lag"))
        if not await self._listen(self._runner):
            self._tasks.append(asyncio.create_task(self._listen_later(self._runner), name="operations"))

    async def stop(self) -> None:
        """Answer nothing more."""
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _listen(self, runner: web.AppRunner) -> bool:
        site = web.TCPSite(runner, self._where.host, self._where.port)
        try:
            await site.start()
        except OSError as error:
            log.error("operations.not_served", host=self._where.host, port=self._where.port, errno=error.errno)  # noqa: TRY400 - what the error says may be anything
            with suppress(RuntimeError):
                await site.stop()
            return False
        return True

    async def _listen_later(self, runner: web.AppRunner) -> None:
        while True:
            await asyncio.sleep(self.try_again_s)
            if await self._listen(runner):
                log.info("operations.served", port=self.port)
                return

    async def _measure_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            wanted = loop.time() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            self._metrics.lag(loop.time() - wanted)

    # --- what is answered --------------------------------------------------------------------------------------------

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=NOTHING_LONGER, middlewares=[_quietly])
        app.router.add_get("/livez", self._live)
        app.router.add_get("/readyz", self._ready)
        app.router.add_get("/metrics", self._all_metrics)
        return app

    async def _live(self, _: web.Request) -> web.StreamResponse:
        return _json(self._health.live())

    async def _ready(self, _: web.Request) -> web.StreamResponse:
        return _json(await self._health.ready())

    async def _all_metrics(self, _: web.Request) -> web.StreamResponse:
        found = await self._health.tally()
        text = self._metrics.text(found, self._clock.now(), tuple(self._health.adapters), self._health.deaf())
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})


@web.middleware
async def _quietly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let no failure out that says what it failed on."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the monitor reads a 500
        log_failure(log, "operations.failed", error)
        return web.Response(status=500, text="this failed; the log says where")


def _json(answer: Answer) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    return web.json_response(answer.body, status=200 if answer.well else 503, headers=headers)
