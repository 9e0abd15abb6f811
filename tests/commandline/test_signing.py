"""`hello30 key`, `hello30 link`, `hello30 sign-out`, and a real `hello30 run` behind them."""

from __future__ import annotations

import asyncio
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from bot import config
from bot.links import new_key
from bot.rows import Session
from bot.storage.databases import open_store
from tests.commandline.conftest import Command
from tests.commandline.test_process import free_port, running, until_ready
from tests.commandline.test_process import hello30 as process
from tests.postgres import Server

KEY = new_key()
NOW = datetime.now(UTC)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HELLO30_KEYS", KEY)
    return KEY


def changed(house: Path, before: str, after: str) -> Path:
    text = house.read_text(encoding="utf-8")
    assert before in text
    house.write_text(text.replace(before, after), encoding="utf-8")
    return house


def sign_in(file: Path, *people: str) -> None:
    """Let these people be signed in, in the database of a configuration."""

    async def put() -> None:
        store = await open_store(config.load(file).database)
        for number, person in enumerate(people):
            session = Session(key=f"{person}{number}", person=person, begun=NOW, until=NOW + timedelta(days=1))
            await store.transact(lambda tx, session=session: tx.begin_session(session))  # type: ignore[misc]
        await store.close()

    asyncio.run(put())


# --- keys and links --------------------------------------------------------------------------------------------------


def test_a_key_is_printed_and_nothing_else(hello30: Command) -> None:
    assert re.fullmatch(r"[\w-]{43}\n", hello30("key").stdout)


@pytest.mark.parametrize("who", ["martin", "Martin Gagnon", "gagnon"])
def test_a_link_is_made_for_whoever_is_meant(hello30: Command, house: Path, keys: str, who: str) -> None:
    result = hello30("link", who, "--config", house)
    assert result.exit_code == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:8030/in/[\w.-]+\n", result.stdout)


def test_a_link_begins_with_the_public_address(hello30: Command, house: Path, keys: str) -> None:
    changed(house, "port: 8030", "port: 8030\n    url: https://desk.example.org/")
    assert hello30("link", "martin", "--config", house).stdout.startswith("https://desk.example.org/in/")


@pytest.mark.parametrize(
    "who, advice",
    [
        ("martn", 'did you mean "martin"?'),
        ("Martin Gagno", 'did you mean "Martin Gagnon"?'),
        ("Zebulon", 'nobody goes by the name "Zebulon": write nadia, martin, sophie or claire'),
    ],
)
@pytest.mark.parametrize("command", ["link", "sign-out"])
def test_nobody_is_guessed(hello30: Command, house: Path, keys: str, command: str, who: str, advice: str) -> None:
    result = hello30(command, who, "--config", house)
    assert result.exit_code == 2
    assert advice in result.stderr


def test_without_keys_no_link_is_made(hello30: Command, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HELLO30_KEYS", raising=False)
    result = hello30("link", "martin", "--config", house)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "hello30 key" in result.stderr


def test_without_an_address_no_link_is_made(hello30: Command, house: Path, keys: str) -> None:
    result = hello30("link", "martin", "--config", changed(house, "port: 8030", "port: 0"))
    assert result.exit_code == 1
    assert "url or the port" in result.stderr


# --- signing out -----------------------------------------------------------------------------------------------------


def test_somebody_is_signed_out_in_every_browser(hello30: Command, house: Path) -> None:
    sign_in(house, "martin", "martin", "sophie")
    assert hello30("sign-out", "martin", "--config", house).stdout == "Martin Gagnon is signed out in 2 browsers.\n"
    assert hello30("sign-out", "martin", "--config", house).stdout == "Martin Gagnon was signed in nowhere.\n"
    assert hello30("sign-out", "sophie", "--config", house).stdout == "Sophie Roy is signed out in 1 browser.\n"


def test_on_postgresql_somebody_is_signed_out_beside_a_hello30_that_runs(
    hello30: Command, house: Path, keys: str, postgres_server: Server
) -> None:
    with postgres_server.database() as database:
        changed(house, "database: hello30.db", f'database: "{database.url}"')
        changed(house, "port: 8030", f"port: {free_port()}")
        with running("run", "--config", house) as served:
            until_ready(served)
            base = config.load(house).web
            assert base is not None
            martin = Person()
            link = process("link", "martin", "--config", house).stdout.strip()
            assert martin.asks(link, b"")[0] == 200
            told = hello30("sign-out", "martin", "--config", house).stdout
            assert told == "Martin Gagnon is signed out in 1 browser.\n"
            assert martin.asks(f"{base.address}/me")[0] == 403


# --- the real program ------------------------------------------------------------------------------------------------


class Person:
    """Somebody with a browser of the standard library's."""

    def __init__(self) -> None:
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open

    def asks(self, url: str, data: bytes | None = None) -> tuple[int, str]:
        try:
            with self._open(url, data, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def test_run_without_a_key_ends_kindly(house: Path) -> None:
    result = process("run", "--config", house, HELLO30_KEYS="")
    assert (result.returncode, result.stdout) == (1, "")
    assert "hello30 key" in result.stderr
    assert "Traceback" not in result.stderr


def test_run_serves_the_pages_to_whoever_has_a_link_and_to_nobody_else(house: Path, keys: str) -> None:
    port = free_port()
    changed(house, "port: 8030", f"port: {port}")
    base = f"http://127.0.0.1:{port}"
    with running("run", "--config", house) as served:
        until_ready(served)
        nadia, other = Person(), Person()
        assert nadia.asks(f"{base}/reception")[0] == 403
        link = process("link", "nadia", "--config", house).stdout.strip()
        assert nadia.asks(link)[0] == 200
        status, page = nadia.asks(link, b"")
        assert (status, "Announce a visitor" in page) == (200, True)
        assert other.asks(link, b"")[0] == 403
        assert other.asks(f"{base}/reception")[0] == 403
        busy = process("sign-out", "nadia", "--config", house)
        assert busy.returncode == 1
        assert f"{base}/people" in busy.stderr
        assert KEY not in busy.stderr
        served.terminate()
        assert served.stderr is not None
        logged = served.stderr.read()
    assert "sign_in.refused" in logged
    assert KEY not in logged
    assert link.rpartition("/")[2] not in logged
