"""The door for what Slack sends over HTTP: nothing is read that Slack has not signed.

What is no request of Slack's is answered here and goes no further: bolt would answer some of it with a 500, and would
log the body of a request whose signature is wrong.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from adapters.slack import EVENTS
from adapters.slack.shapes import readable
from bot.logs import log_failure
from bot.ports import Clock

log = structlog.get_logger(__name__)

LARGEST: Final = 1024 * 1024
"""So many bytes a request may have; a modal's is a few thousand."""
STOP_WITHIN_S: Final = 10.0
STAMP_DIGITS: Final = 12
SIGNED_WITHIN: Final = timedelta(minutes=5)
"""So old a signature may be: whoever copied a request cannot send it again for long."""
READ_WITHIN: Final = timedelta(seconds=10)
"""So long a request may take to come in whole; Slack's own comes at once, and waits three seconds for an answer."""

Dispatch = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]


class Front:
    """Serves one address, to which Slack posts everything."""

    def __init__(self, host: str, port: int, secret: str, clock: Clock, dispatch: Dispatch) -> None:
        """Take the app's signing secret, which must not be empty, and what is done with a request of Slack's."""
        self._host = host
        self._port = port
        self._verifier = SignatureVerifier(secret, _Seconds(clock))
        self._dispatch = dispatch
        self._runner: web.AppRunner | None = None
        self._clock = clock
        self.read_within = READ_WITHIN

    @property
    def port(self) -> int:
        """Give the port on which Slack is heard; 0 while it is not."""
        addresses = self._runner.addresses if self._runner else []
        return int(addresses[0][1]) if addresses else 0

    async def start(self) -> None:
        """Listen; `OSError` when the port is taken."""
        app = web.Application(client_max_size=LARGEST)
        app.router.add_post(EVENTS, self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_WITHIN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()

    async def stop(self) -> None:
        """Take nothing more, and answer what was taken."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.Response:
        stamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        if not self._may_be_slacks(stamp, signature):  # before anything is read of it
            return _not_signed()
        try:
            async with asyncio.timeout(self.read_within.total_seconds()):
                raw = await request.read()  # raises 413 by itself
        except TimeoutError:
            return web.json_response({"error": "too slow"}, status=408)
        if not self._is_slacks(raw, stamp, signature):
            return _not_signed()
        try:
            body = readable(_as_object(raw.decode(), request.content_type))
        except (ValueError, RecursionError):  # no JSON, though it says so
            return web.json_response({"error": "unreadable"}, status=400)
        if body is None:  # Slack would only deliver it again
            return web.Response()
        wanted = AsyncBoltRequest(body=json.dumps(body), headers=dict(request.headers))
        try:
            return await to_aiohttp_response(await self._dispatch(wanted))
        except Exception as error:  # noqa: BLE001 - Slack delivers it again; what it said stays out of the log
            log_failure(log, "slack.failed", error)
            return web.json_response({"error": "failed"}, status=500)

    def _may_be_slacks(self, stamp: str, signature: str) -> bool:
        """Tell whether something is said to be signed within five minutes; what cannot be a signature is none."""
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= STAMP_DIGITS):
            return False
        is_recent = abs(self._clock.now().timestamp() - int(stamp)) <= SIGNED_WITHIN.total_seconds()
        return is_recent and bool(signature) and signature.isascii()

    def _is_slacks(self, raw: bytes, stamp: str, signature: str) -> bool:
        """Tell whether Slack signed this."""
        try:
            return bool(self._verifier.is_valid(raw, stamp, signature))
        except UnicodeDecodeError:
            return False


def _not_signed() -> web.Response:
    log.info("slack.not_signed")
    return web.json_response({"error": "invalid request"}, status=401)


def _as_object(body: str, kind: str) -> dict[str, Any]:
    """Give what Slack posted, once it is read as JSON; `ValueError` for what is no object.

    Bolt would take a form for one that holds a `payload` wherever that word stands, also in what somebody typed.
    """
    form = {} if kind == "application/json" else dict(parse_qsl(body, keep_blank_values=True))
    read = json.loads(form.get("payload", body)) if "payload" in form or not form else form
    if not isinstance(read, dict):
        raise ValueError("no object")  # noqa: TRY004 - it is as unreadable as what is no JSON
    return read


class _Seconds(SlackClock):
    """Our clock, as Slack's SDK asks it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()
