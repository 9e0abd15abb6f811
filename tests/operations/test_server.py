"""The server for whoever looks after hello30: its port, its stop, and a hello30 that runs as configured."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from secrets import token_urlsafe
from typing import TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import config
from bot.health import Health, Running
from bot.metrics import Metrics
from bot.operations import OperationsServer
from bot.ports import Store, Transaction
from bot.settings import Operations
from bot.storage.memory import MemoryStore
from tests.commandline import day
from tests.fakes import FakeClock
from tests.operations.canary import WORD, holds, logged
from tests.operations.watched import Watched, asked
from tests.processes.program import free_port
from tests.world import WEDNESDAY

ROOT = Path(__file__).parents[2]
QUICK_S = 30
T = TypeVar("T")


@pytest.fixture
async def watched() -> Watched:
    return Watched(MemoryStore())


def server_at(port: int, store: Store | None = None) -> OperationsServer:
    clock = FakeClock(WEDNESDAY)
    health = Health(store or MemoryStore(), clock, Running(), {})
    return OperationsServer(Operations(host="127.0.0.1", port=port), health, Metrics(), clock)


# --- what is answered ------------------------------------------------------------------------------------------------


async def test_only_three_addresses_are_answered_and_nothing_is_taken(watched: Watched) -> None:
    async with asked(watched) as ask:
        assert (await ask.text("/"))[0] == 404
        assert (await ask.text(f"/readyz/{WORD}"))[0] == 404
        assert WORD not in (await ask.text(f"/readyz?who={WORD}"))[1]
        async with ask.session.post("/readyz", data={"x": WORD}) as answer:
            assert answer.status == 405
        async with ask.session.get("/livez") as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.content_type == "application/json"
        async with ask.session.get("/metrics") as answer:
            assert answer.content_type == "text/plain"
            assert answer.headers["Cache-Control"] == "no-store"


async def test_nobody_can_send_more_than_a_little() -> None:
    app = server_at(0)._app()

    async def reads(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    app.router.add_post("/reads", reads)
    async with TestClient(TestServer(app)) as client:
        assert (await client.post("/reads", data=b"x" * 1000)).status == 200
        assert (await client.post("/reads", data=b"x" * 2000)).status == 413


class Broken(MemoryStore):
    """A store that fails in a way of its own."""

    async def read(self, work: Callable[[Transaction], T]) -> T:
        raise KeyError(WORD)


async def test_what_fails_while_it_is_asked_is_a_500_and_not_a_word_of_it() -> None:
    server = server_at(0, Broken())
    with logged() as logs:
        await server.start()
        status, body = await asyncio.to_thread(get, server.port, "/readyz")
        await server.stop()
    assert status == 500
    assert WORD not in body
    assert "operations.failed" in logs.getvalue()
    assert WORD not in logs.getvalue()


async def test_a_port_that_is_taken_holds_up_nobody_and_is_tried_again() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, logged() as logs:
        port = taken.getsockname()[1]
        server = server_at(port)
        server.try_again_s = 0.01
        await server.start()
        assert server.port == 0
        assert "operations.not_served" in logs.getvalue()
        taken.close()
        while "operations.served" not in logs.getvalue():  # noqa: ASYNC110 - the port is another's to give
            await asyncio.sleep(0.01)
        assert (await asyncio.to_thread(get, port, "/livez"))[0] == 200
        await server.stop()
    assert server.port == 0


async def test_stopping_while_a_port_is_waited_for_ends_at_once() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, logged():
        server = server_at(taken.getsockname()[1])
        await server.start()
        await server.stop()
        await server.stop()


# --- the configuration -----------------------------------------------------------------------------------------------


def configured(folder: Path, operations: str) -> Path:
    house = day.make_house(folder)
    text = house.read_text(encoding="utf-8").replace("port: 8030", f"port: {free_port()}")
    before, _, _ = text.partition("\noperations:")
    house.write_text(f"{before}\n{operations}\n", encoding="utf-8")
    return house


def test_nobody_asks_unless_it_is_configured(tmp_path: Path) -> None:
    assert config.load(configured(tmp_path, "")).operations is None


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    found = config.load(configured(tmp_path, "operations: {}")).operations
    assert found == Operations(host="127.0.0.1", port=8031)


def test_another_machine_may_ask_because_the_answers_name_nobody(tmp_path: Path) -> None:
    found = config.load(configured(tmp_path, "operations: {host: 0.0.0.0, port: 9000}")).operations
    assert found == Operations(host="0.0.0.0", port=9000)


@pytest.mark.parametrize(
    "operations, said",
    [
        ("operations: {port: 8030}", "the web pages have port 8030 already: write another one"),
        ("operations: {host: everywhere}", '"everywhere" is no address of a machine'),
        ("operations: {prot: 1}", "prot"),
        ("operations: yes please", 'keys and values are needed here, found "yes please"'),
    ],
)
def test_faults_are_told(tmp_path: Path, operations: str, said: str) -> None:
    house = configured(tmp_path, operations)
    text = house.read_text(encoding="utf-8")
    house.write_text(re.sub(r"^    port: \d+", "    port: 8030", text, count=1, flags=re.MULTILINE), encoding="utf-8")
    assert [fault.message for fault in config.check(house) if said in fault.message]


# --- the real program ------------------------------------------------------------------------------------------------


def get(port: int, path: str) -> tuple[int, str]:
    """Give the status and the body of an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=QUICK_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextmanager
def running(house: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a hello30 that is ready."""
    command = [sys.executable, "-m", "bot", "run", "--config", str(house)]
    keyed = os.environ | {"HELLO30_KEYS": token_urlsafe(32)}
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=keyed) as process:
        assert process.stderr is not None
        try:
            said = next((line for line in process.stderr if "hello30.ready" in line), "")
            assert said, "it ended before it was ready"
            yield process
        finally:
            process.kill()


def test_a_hello30_that_runs_tells_how_it_is_until_it_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    with running(configured(tmp_path, f"operations: {{port: {port}}}")) as process:
        assert get(port, "/livez") == (200, '{"live": true, "because": []}')
        status, body = get(port, "/readyz")
        assert status == 200, body
        assert json.loads(body)["adapters"] == {"web": {"state": "ready"}}
        _, metrics = get(port, "/metrics")
        assert "hello30_build_info{" in metrics
        assert "hello30_database_up 1.0" in metrics
        assert "process_resident_memory_bytes" in metrics
        process.send_signal(signal.SIGTERM)
        assert process.wait(QUICK_S) == 0
    with pytest.raises(urllib.error.URLError):
        get(port, "/livez")


def test_words_sent_to_pages_that_nobody_has_opened_yet_are_not_logged(tmp_path: Path) -> None:
    port = free_port()
    house = configured(tmp_path, f"operations: {{port: {port}}}")
    web = config.load(house).web
    assert web is not None
    with running(house) as process:
        for path in ("/in", "/people", "/log", "/reception", "/visits", "/sign-out", "/people/martin"):
            for address in (f"{path}/{WORD}", f"{path}?next={WORD}&since={WORD}&{WORD}=1", f"{path}/{WORD}/link"):
                send(web.port, address)
                send(web.port, address, f"once={WORD}&page={WORD}&visitor={WORD}".encode())
        said = get(port, "/metrics")[1] + get(port, "/readyz")[1]
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        logs = process.stderr.read()
        assert process.wait(QUICK_S) == 0
    assert "hello30.stopping" in logs
    assert not holds(said + logs), logs
    assert "web.page_failed" not in logs, logs


def send(port: int, path: str, body: bytes | None = None) -> None:
    """Send something to the pages, with words in its headers too; what they answer is no matter here."""
    origin = {"Origin": f"http://127.0.0.1:{port}", "Cookie": f"session={WORD}; {WORD}=1", "X-Forwarded-For": WORD}
    wanted = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers=origin)
    with suppress(urllib.error.HTTPError), urllib.request.urlopen(wanted, timeout=QUICK_S):
        pass


def test_a_process_that_hangs_gives_no_answer(tmp_path: Path) -> None:
    port = free_port()
    with running(configured(tmp_path, f"operations: {{port: {port}}}")) as process:
        process.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(TimeoutError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=0.3)
        finally:
            process.send_signal(signal.SIGCONT)
        assert get(port, "/livez")[0] == 200


def test_a_program_that_only_prints_does_not_load_what_counts() -> None:
    code = "import sys; import bot.commandline.app; print('prometheus_client' in sys.modules, 'aiohttp' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "False False\n"
    code = "import sys; import bot.bootstrap; print('prometheus_client' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
