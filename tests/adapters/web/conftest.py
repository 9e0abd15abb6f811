from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from aiohttp import ClientResponse, ClientSession, CookieJar

from adapters.web.adapter import WebAdapter
from tests.adapters.web import house


@dataclass
class Browser:
    """Asks the served pages, as a browser would: same origin, cookies kept, redirects followed or not."""

    web: WebAdapter
    session: ClientSession
    views: house.FakeViews
    inbox: house.FakeInbox
    demo: house.FakeDemo | None
    seen: list[ClientResponse] = field(default_factory=list)
    streams: list[ClientResponse] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.web.port}"

    async def get(self, path: str, **more: Any) -> tuple[int, str]:
        return await self._ask("GET", path, **more)

    async def post(self, path: str, data: dict[str, str], **more: Any) -> tuple[int, str]:
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", **more.pop("headers", {})}
        return await self._ask("POST", path, data=data, headers=headers, **more)

    async def stream(self, path: str) -> ClientResponse:
        response = await self.session.get(self.origin + path)
        self.streams.append(response)
        return response

    async def _ask(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        async with self.session.request(method, self.origin + path, **more) as response:
            self.seen.append(response)
            return response.status, await response.text()


Open = Callable[..., Any]


@pytest.fixture
async def browse() -> AsyncIterator[Open]:
    """Serve the pages on a free port and give a browser for them."""
    opened: list[Browser] = []

    async def start(views: house.FakeViews | None = None, *, demo: bool = True, heartbeat_s: float = 15.0) -> Browser:
        views, inbox = views or house.FakeViews(), house.FakeInbox()
        pages = house.FakeDemo() if demo else None
        web = WebAdapter(
            house.settings(),
            views=views,
            wording=house.WORDING,
            clock=house.FixedClock(),
            demo=pages,
        )
        web.streams.heartbeat_s = heartbeat_s
        await web.start(inbox.receive)
        session = ClientSession(cookie_jar=CookieJar(unsafe=True))
        opened.append(Browser(web, session, views, inbox, pages))
        return opened[-1]

    yield start
    for browser in opened:
        for response in browser.streams:
            response.close()
        await browser.session.close()
        await browser.web.stop()


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """Give what is logged."""
    with structlog.testing.capture_logs() as entries:
        yield entries
