"""The pages of a real program, sent words in every place that HTTP has: none of them is logged or journaled."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

import aiohttp
import pytest

from adapters.web import forms
from bot.demo.pages import PageUser
from tests.operations.canary import NUMBER, WORD, holds
from tests.processes import program
from tests.processes.program import Program

MAY_HOLD = {"facts", "nudge", "inbox"}
"""The tables that can be erased."""
CONTROL = re.compile(r'<(?:input|select|textarea|button)\b[^>]*? name="([^"]+)"')
OPENS = re.compile(r'<a\b[^>]*? href="([^"]+[?&;]form=[^"]+)"')
ASKED_FOR = {"as", "lang", "page", "visit", "form", "said", "days"}
"""What stands behind the `?` of an address."""


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Program]:
    started = await program.start(tmp_path / "demo.db")
    yield started
    started.kill()
    await started.gone()
    await started.logs


class Noted(Mapping[str, str]):
    """An empty form that notes under which names something is looked for in it."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def names_read() -> set[str]:
    """Give the names that are read of what is posted."""
    form, sender = Noted(), forms.Sender(person="nadia", address="nadia")
    forms.announce(sender, "once", form)
    forms.announced(form)
    forms.press(sender, "once", "visit", form)
    forms.submitted(sender, "once", "visit", "button", form)
    forms.typed(sender, "once", form)
    return form.names | forms.OWN_FIELDS


async def names_shown(base: str) -> set[str]:
    """Give the names of everything that can be filled in or pressed on the pages, and in the forms that they open."""
    names: set[str] = set()
    async with aiohttp.ClientSession(base) as session:
        opened = ["/reception?as=nadia", "/me?as=martin"]
        for path in opened:
            async with session.get(path) as answer:
                html = await answer.text()
            names |= {unescape(name) for name in CONTROL.findall(html)}
            opened += [there for found in OPENS.findall(html) if (there := unescape(found)) not in opened]
    return names


def posts(names: Iterable[str]) -> Iterator[dict[str, str]]:
    """Give what may be posted, well and badly: a word in each place, and in all of them."""
    yield dict.fromkeys(names, WORD)
    for name in names:
        yield {"visitor": "Robert Lavoie", "owner": "Martin", name: WORD}
    yield {"visitor": WORD, "owner": "Martin", "phone": NUMBER, "once": WORD, "about": f"{WORD}\x00\r\n{WORD}"}
    yield {"visitor": WORD * 40_000, "owner": "Martin"}
    yield {"text": f"for Martin: {WORD}", "as": "martin"}
    yield {WORD: WORD}


def addresses(visit: str, names: Iterable[str]) -> Iterator[str]:
    """Give addresses with words in them."""
    everywhere = urlencode(dict.fromkeys([*names, WORD], WORD))
    pages = ("/reception", "/me", f"/visits/{visit}", "/events", "/demo/clock")
    for page in (*pages, f"/visits/{WORD}", f"/{WORD}", f"/static/{WORD}"):
        yield page
        yield f"{page}?{everywhere}"
        yield f"{page}?as=martin&visit={visit}&form=call_back&phone={quote(NUMBER)}&x=%ff%00{WORD}"


async def test_nothing_that_is_sent_is_logged_or_journaled(demo: Program, tmp_path: Path) -> None:
    async with PageUser(demo.base, "nadia", "/reception") as nadia:
        await nadia.press("Announce", "/visits", visitor=f"{WORD} Tremblay", owner="Martin", about=WORD, phone=NUMBER)
    with closing(sqlite3.connect(tmp_path / "demo.db")) as connection:
        (visit,) = connection.execute("SELECT id FROM visit").fetchone()

    names = sorted(names_read() | await names_shown(demo.base) | ASKED_FOR)
    assert {"press", "choice", "another", "proof", "long", "via", "forward", "in_row", "free_time", "text"} <= set(
        names
    )

    odd = {"Cookie": f"as={WORD}; lang={WORD}; {WORD}=1", "User-Agent": WORD, "X-Forwarded-For": WORD, "Referer": WORD}
    async with aiohttp.ClientSession(demo.base, timeout=aiohttp.ClientTimeout(total=2)) as session:
        for address in addresses(visit, names):
            for headers in ({}, odd, {"Origin": f"https://{WORD}.example"}):
                await _sent(session, "GET", address, headers=headers)
        at = (
            "/visits",
            f"/visits/{visit}",
            f"/visits/{visit}/form/call_back",
            "/reply",
            "/demo/clock",
            f"/visits/{WORD}",
        )
        for posted in posts(names):
            for address in at:
                await _sent(session, "POST", address, data=posted)
                await _sent(session, "POST", address, data=posted, headers={"Origin": demo.base, **odd})
        body = f"visitor={WORD}&owner=Martin".encode() + b"\xff\xfe\x00"
        form = "application/x-www-form-urlencoded; charset"
        for kind in (f"{form}=utf-16", f"{form}={WORD}", "multipart/form-data", "application/json"):
            headers = {"Origin": demo.base, "Content-Type": kind}
            await _sent(session, "POST", "/visits", data=body, headers=headers)
        await _sent(session, WORD.upper(), "/reception")
    await _raw(demo.port, f"GET /{WORD} HTTP/9.9\r\n{WORD}\r\n\r\n".encode())
    await _raw(demo.port, WORD.encode() + b"\xff\x00\r\n\r\n")
    await _raw(demo.port, f"POST /visits HTTP/1.1\r\nHost: {WORD}\r\nContent-Length: 1000\r\n\r\n{WORD}".encode())
    async with PageUser(demo.base, "martin", "/me") as martin:
        await martin.press("Dans 2 min")
        assert "Merci" in martin.page.said

    demo.process.terminate()
    assert await demo.gone() == 0
    logs = await demo.logged()
    assert not holds(logs), logs
    assert "hello30.stopping" in logs
    assert "web.page_failed" not in logs, logs
    tables = _tables_that_hold(tmp_path / "demo.db")
    assert "facts" in tables, "the visitor was announced"
    assert tables <= MAY_HOLD


async def _sent(session: aiohttp.ClientSession, method: str, path: str, **more: object) -> None:
    """Send something; that the connection is closed, or a stream goes on for ever, is no matter here."""
    try:
        async with session.request(method, path, **more) as answer:  # type: ignore[arg-type]
            await answer.content.read(100)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return


async def _raw(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    writer.write_eof()
    await reader.read(1000)
    writer.close()


def _tables_that_hold(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    return {name for name, found in rows.items() if any(holds(str(value)) for row in found for value in row)}
