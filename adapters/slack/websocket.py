"""The websocket over which Slack is heard in Socket Mode: what was taken is answered before it is closed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final

import structlog
from aiohttp import ClientWebSocketResponse
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.slack.shapes import readable
from bot.logs import log_failure

log = structlog.get_logger(__name__)

ANSWERED_WITHIN: Final = timedelta(seconds=10)
"""So long the end waits for what was taken; Slack delivers the rest again."""
CLOSED_WITHIN: Final = timedelta(seconds=2)
"""So long Slack may take to answer that the websocket is closed."""


class Websocket(AsyncSocketModeHandler):
    """Slack's own client, which would close the websocket in the midst of an answer."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """Take what Slack's client takes."""
        super().__init__(*args, **more)
        self.client.aiohttp_client_session = _OneTicketEach(self.client)  # type: ignore[assignment]  # as far as it is used
        self._taken: set[asyncio.Task[Any]] = set()
        self.closed_within = CLOSED_WITHIN

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Answer something that came in; Slack's client does that in a task of its own."""
        task = asyncio.current_task()
        if task is not None:
            self._taken.add(task)
            task.add_done_callback(self._taken.discard)
        body = readable(req.payload)
        if body is None:  # Slack would only deliver it again
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
            return
        req.payload = body
        await super().handle(client, req)

    @property
    def is_open(self) -> bool:
        """Tell whether Slack is heard over it now."""
        session = self.client.current_session
        return session is not None and not (session.closed or self.client.stale or self.client.closed)

    async def finish(self, within: timedelta = ANSWERED_WITHIN) -> None:
        """Take nothing more, answer what was taken, and close the websocket."""
        self.client.socket_mode_request_listeners.clear()
        if self._taken:
            await asyncio.wait(self._taken, timeout=within.total_seconds())
        try:
            async with asyncio.timeout(self.closed_within.total_seconds()):
                await self.close_async()  # type: ignore[no-untyped-call]  # slack_bolt left it untyped
        except TimeoutError:
            await self._let_go()

    async def _let_go(self) -> None:
        """End what Slack's client leaves running where the other side does not answer that the websocket is closed."""
        client = self.client
        for task in (client.message_processor, client.current_session_monitor, client.message_receiver):
            if task is not None:
                task.cancel()
        await client.aiohttp_client_session.close()


class _OneTicketEach:
    """The session of Slack's client, which would try the same address for ever: it is good once, and for a short time.

    After a try that failed, the client has none, and so asks Slack for another.
    """

    def __init__(self, client: SocketModeClient) -> None:
        self._client = client
        self._session = client.aiohttp_client_session
        self._is_said = False  # that it cannot be opened: once, until it was open again

    @property
    def closed(self) -> bool:
        return self._session.closed

    async def ws_connect(self, *args: Any, **more: Any) -> ClientWebSocketResponse:
        try:
            opened: ClientWebSocketResponse = await self._session.ws_connect(*args, **more)
        except Exception as error:
            self._client.wss_uri = None
            if not self._is_said:
                log_failure(log, "slack.not_heard", error)
                self._is_said = True
            raise
        self._is_said = False
        log.info("slack.heard")
        return opened

    async def close(self) -> None:
        await self._session.close()
