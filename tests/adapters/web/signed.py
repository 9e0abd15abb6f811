"""The pages as `hello30 run` serves them: the real core on a store in memory, and browsers that sign in with links."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

from aiohttp import ClientResponse, ClientSession, DummyCookieJar

from adapters.web.adapter import WebAdapter
from bot.bootstrap import Parts, join
from bot.language.wording import Wording
from bot.links import Keys, Signing, new_key
from bot.messages import Address, Announce, Incoming
from bot.ports import Store
from bot.rows import Session
from bot.settings import Settings, Web
from bot.storage.memory import MemoryStore
from tests.fakes import FakeClock
from tests.world import WEDNESDAY, house

KEY, OLDER_KEY = new_key(), new_key()
PUBLIC = Web(
    host="127.0.0.1",
    port=0,
    url="https://desk.example.org",
    proxies=(ip_network("127.0.0.1"), ip_network("10.0.0.0/24")),
)
PROOF = re.compile(r'name="proof" value="([^"]+)"')


def settings(web: Web | None = None) -> Settings:
    """Give the house of the stories; Claire is an admin, Martin Tremblay an auditor."""
    base = house()
    roles = {"claire": frozenset({"admin"}), "tremblay": frozenset({"auditor"})}
    people = {id_: replace(person, roles=roles.get(id_, frozenset())) for id_, person in base.people.items()}
    return replace(base, people=people, web=web or Web(host="127.0.0.1", port=0))


@dataclass
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str]
    cookies: list[str]

    @property
    def proof(self) -> str:
        """Give what the forms of the page carry."""
        found = PROOF.search(self.text)
        return found[1] if found else ""


@dataclass
class Browser:
    """One browser: keeps its session, follows nothing by itself. `headers` go with each request."""

    origin: str
    client: ClientSession
    headers: dict[str, str] = field(default_factory=dict)
    public: str = ""
    cookie: str = ""

    async def asks(self, method: str, path: str, data: Mapping[str, str] | None = None, /, **headers: str) -> Answer:
        sent = dict(self.headers)
        if self.cookie:
            sent["Cookie"] = self.cookie
        if method not in {"GET", "HEAD"}:
            sent |= {"Origin": self.public or self.origin, "Sec-Fetch-Site": "same-origin"}
        sent |= headers
        async with self.client.request(
            method, self.origin + path, data=data, headers=sent, allow_redirects=False
        ) as response:
            self._keep(response)
            text = await response.text()
            return Answer(response.status, text, response.headers, response.headers.getall("Set-Cookie", []))

    async def get(self, path: str, /, **headers: str) -> Answer:
        return await self.asks("GET", path, **headers)

    async def post(self, path: str, data: Mapping[str, str] | None = None, /, **headers: str) -> Answer:
        return await self.asks("POST", path, data or {}, **headers)

    async def stream(self, path: str) -> ClientResponse:
        return await self.client.get(self.origin + path, headers={"Cookie": self.cookie})

    async def presses(self, path: str, data: Mapping[str, str] | None = None, *, page: str = "/me") -> Answer:
        """Post what a form of a page would, with its proof."""
        return await self.post(path, {**(data or {}), "proof": (await self.get(page)).proof})

    def _keep(self, response: ClientResponse) -> None:
        for name, morsel in response.cookies.items():
            if "hello30" in name:
                self.cookie = f"{name}={morsel.value}" if morsel.value else ""


@dataclass
class Desk:
    """The pages that are served, and everything behind them."""

    web: WebAdapter
    parts: Parts
    clock: FakeClock
    client: ClientSession

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.web.port}"

    def browser(self, **headers: str) -> Browser:
        return Browser(self.origin, self.client, headers)

    def link(self, person: str, *, key: str = KEY) -> str:
        """Give the path of a new link, as `hello30 link` makes it."""
        return f"/in/{Signing(Keys((key,)), self.clock, '').link(person)}"

    async def signs_in(self, person: str, **headers: str) -> Browser:
        browser = self.browser(**headers)
        answer = await browser.post(self.link(person))
        assert (answer.status, answer.headers["Location"]) == (303, "/")
        return browser

    async def arrives(self, visitor: str = "Julie Tremblay", owner: str = "martin") -> str:
        """Nadia announces somebody; give the visit's id."""
        act = Announce(visitor=visitor, owner_id=owner, kind="client")
        sender = Address("web", "nadia")
        reply = await self.parts.inbox.receive(Incoming(key=visitor, sender=sender, act=act))
        assert reply.visit, reply
        return reply.visit

    async def sessions(self) -> list[Session]:
        return list(await self.parts.store.read(lambda tx: tx.sessions()))


@asynccontextmanager
async def desk(
    web: Web | None = None,
    *,
    keys: tuple[str, ...] = (KEY, OLDER_KEY),
    after: Desk | None = None,
    store: Store | None = None,
    **more: Any,
) -> AsyncIterator[Desk]:
    """Serve the pages on a free port; `after` another one, on the same store, as after a restart."""
    configured = replace(settings(web), **more)
    clock = after.clock if after else FakeClock(WEDNESDAY)
    wording = Wording.load(kinds=configured.kinds, strict=True)
    store = after.parts.store if after else store or MemoryStore()
    parts = join(configured, store, clock, wording=wording, keys=Keys(keys))
    served = WebAdapter(configured, views=parts.views, wording=wording, clock=clock, entrance=parts.entrance)
    await served.start(parts.inbox.receive)
    async with ClientSession(cookie_jar=DummyCookieJar()) as client:
        try:
            yield Desk(served, parts, clock, client)
        finally:
            await served.stop()
