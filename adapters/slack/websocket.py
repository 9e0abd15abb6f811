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

from bot.logs import log_failure

log = structlog.get_logger(__name__)

ANSWERED_WITHIN: Final = timedelta(seconds=10)
"""So long the end waits for what was taken; Slack delivers the rest again."""


class Websocket(AsyncSocketModeHandler):
    """Slack's own client, which would close the websocket in the midst of an answer."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """Take what Slack's client takes."""
        super().__init__(*args, **more)
        self.client.aiohttp_client_session = _OneTicketEach(self.client)  # type: ignore[assignment]  # as far as it is used
        self._taken: set[asyncio.Task[Any]] = set()

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Answer something that came in; Slack's client does that in a task of its own."""
        task = asyncio.current_task()
        if task is not None:
            self._taken.add(task)
            task.add_done_callback(self._taken.discard)
        await super().handle(client, req)

    async def finish(self) -> None:
        """Take nothing more, answer what was taken, and close the websocket."""
        self.client.socket_mode_request_listeners.clear()
        if self._taken:
            await asyncio.wait(self._taken, timeout=ANSWERED_WITHIN.total_seconds())
        await self.close_async()  # type: ignore[no-untyped-call]  # slack_bolt left it untyped


class _OneTicketEach:
    """The session of Slack's client, which would try the same address for ever: it is good once, and for a short time.

    After a try that failed, the client has none, and so asks Slack for another.
    """

    def __init__(self, client: SocketModeClient) -> None:
        self._client = client
        self._session = client.aiohttp_client_session

    @property
    def closed(self) -> bool:
        return self._session.closed

    async def ws_connect(self, *args: Any, **more: Any) -> ClientWebSocketResponse:
        try:
            opened: ClientWebSocketResponse = await self._session.ws_connect(*args, **more)
        except Exception as error:
            self._client.wss_uri = None
            log_failure(log, "slack.not_heard", error)
            raise
        return opened

    async def close(self) -> None:
        await self._session.close()
