"""(e) Arrivals in Slack: `hello30 run` beside a bare bolt app that posts directly and keeps nothing.

Three processes: the one that is measured, a Slack (`slack_api`), and this one, which types `/visitor`. A round starts
both peers anew; they take turns at each case of it. All of an arrival counts as its work: the CPU until every message
of it was posted and noted, not only until reception has its answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlencode

from aiohttp import ClientSession, TCPConnector

from adapters.slack import EVENTS
from bench.slack_house import (
    COMMAND,
    NAMES,
    SECRET,
    TOKEN,
    VISITOR,
    Arrival,
    channel,
    config,
    conversation,
    receptionist,
    user,
)
from bench.start import HELLO30, ROOT
from bench.table import Line
from bot.links import VARIABLE, new_key
from tests.processes.program import free_port

ROUNDS: Final = 3
STARTS_WITHIN_S: Final = 20.0
STOPS_WITHIN_S: Final = 20.0
ACKNOWLEDGED_WITHIN_S: Final = 30.0
DELIVERED_WITHIN_S: Final = 30.0
LOOK_S: Final = 0.02
STILL_S, STILL_MS = 0.05, 1.0
"""Nothing is done any more once a process took less CPU than this within that time, in which Slack answers."""
RATE, ACK_MS, CPU, DIRECT = 0.9, 50.0, 3.0, 2.0
"""What is aimed at, beside the bare app where it is a ratio."""
MINE: Final = re.compile(rf"{VISITOR} (\w+)")


@dataclass(frozen=True)
class Case:
    """So many arrivals, so many at once, and how long Slack takes for an answer; or so many `a_second`, at any rate."""

    at_once: int
    delay_s: float
    arrivals: int
    a_second: float = 0

    @property
    def name(self) -> str:
        """Say which one it is."""
        slack = f", Slack answers in {self.delay_s * 1000:.0f} ms" if self.delay_s else ""
        return f"{self.at_once} at once{slack}"


CASES: Final = (Case(1, 0, 80), Case(32, 0, 256), Case(1, 0.1, 20), Case(32, 0.1, 192))
"""Nobody answers, so that all of them wait in the end: ten for each owner, which is more than in any house."""
STEADY: Final = CASES[-1]
"""This one is measured once more, with as many arrivals a second as the bare app could just take."""
WARM_UP: Final = Case(8, 0, len(NAMES))
"""Each conversation is used before anything is measured."""


@dataclass(frozen=True)
class Peer:
    """A process that is measured; an arrival with it is so many messages."""

    process: int
    port: int
    messages: int


@dataclass(frozen=True)
class Seen:
    """What one case showed in one round; each pair is p50 and p99."""

    rate: float
    cpu_ms: float
    ack_ms: tuple[float, float]
    direct_ms: tuple[float, float]


@dataclass
class Kept:
    """What one of the two showed in all rounds: each case, and the steady one."""

    of: defaultdict[Case, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    steady: list[Seen] = field(default_factory=list)


def measure() -> list[Line]:
    """Measure all cases, in rounds that take turns."""
    ours, bare = Kept(), Kept()
    numbers = count()
    with TemporaryDirectory(prefix="hello30-bench-") as made, _serving_slack(Path(made)) as api:
        for number in range(ROUNDS):
            folder = Path(made) / f"round{number}"
            folder.mkdir()
            with _hello30(folder, api) as hello30, _bare(folder, api) as beside:
                turns = ((hello30, ours), (beside, bare))
                asyncio.run(_round(turns if number % 2 else turns[::-1], bare, api, numbers))
    return [*(line for case in CASES for line in _lines(case, ours.of[case], bare.of[case])), _steadily(ours, bare)]


def _steadily(ours: Kept, bare: Kept) -> Line:
    p50, p99 = (median(seen.ack_ms[place] for seen in ours.steady) for place in (0, 1))
    beside = tuple(median(seen.ack_ms[place] for seen in bare.steady) for place in (0, 1))
    rate = median(seen.rate for seen in ours.steady)
    slack = f"Slack answers in {STEADY.delay_s * 1000:.0f} ms"
    return Line(
        what=f"(e) acknowledged at {RATE} of the bare app's rate, {slack}: p50 / p99",
        ours=f"{p50:.1f} / {p99:.0f} ms at {rate:,.0f}/s",
        beside=f"{beside[0]:.1f} / {beside[1]:.0f} ms, a bare bolt app",
        ratio=p50 / beside[0],
        aim=f"p99 ≤ {ACK_MS:.0f} ms",
        met=p99 <= ACK_MS,
    )


def _lines(case: Case, ours: Sequence[Seen], bare: Sequence[Seen]) -> list[Line]:
    slow = bool(case.delay_s)

    def both(what: Callable[[Seen], float]) -> tuple[float, float]:
        return median(map(what, ours)), median(map(what, bare))

    rate, cpu = both(lambda seen: seen.rate), both(lambda seen: seen.cpu_ms)
    ack, ack_p99 = both(lambda seen: seen.ack_ms[0]), both(lambda seen: seen.ack_ms[1])
    direct, direct_p99 = both(lambda seen: seen.direct_ms[0]), both(lambda seen: seen.direct_ms[1])
    alone = case.at_once == 1 and not slow
    return [
        Line(
            what=f"(e) arrivals in Slack, {case.name}: acknowledged, p50 / p99",
            ours=f"{rate[0]:,.0f}/s, {ack[0]:.1f} / {ack_p99[0]:.0f} ms",
            beside=f"{rate[1]:,.0f}/s, {ack[1]:.1f} / {ack_p99[1]:.0f} ms, a bare bolt app",
            ratio=rate[0] / rate[1],
            aim=f"≥ {RATE}" if slow else "",
            met=rate[0] / rate[1] >= RATE,
        ),
        Line(
            what=f"(e) CPU of an arrival until all is delivered, {case.name}",
            ours=f"{cpu[0]:.2f} ms",
            beside=f"{cpu[1]:.2f} ms, a bare bolt app",
            ratio=cpu[0] / cpu[1],
            aim=f"≤ {CPU:.0f}",
            met=cpu[0] / cpu[1] <= CPU,
        ),
        Line(
            what=f"(e) from the arrival to the owner's message, {case.name}: p50 / p99",
            ours=f"{direct[0]:.1f} / {direct_p99[0]:.0f} ms",
            beside=f"{direct[1]:.1f} / {direct_p99[1]:.0f} ms, a bare bolt app",
            ratio=direct[0] / direct[1],
            aim=f"p50 ≤ {DIRECT:.0f}" if alone else "",
            met=direct[0] / direct[1] <= DIRECT,
        ),
    ]


# --- a round ---------------------------------------------------------------------------------------------------------


async def _round(turns: Sequence[tuple[Peer, Kept]], bare: Kept, api: str, numbers: Iterator[int]) -> None:
    async with ClientSession(connector=TCPConnector(limit=0)) as session:
        drivers = [(Driver(session, peer, api), kept) for peer, kept in turns]
        for driver, _ in drivers:
            await driver.drive(WARM_UP, numbers)
        for case in CASES:
            for driver, kept in drivers:
                kept.of[case].append(await driver.drive(case, numbers))
        steady = replace(STEADY, a_second=RATE * bare.of[STEADY][-1].rate)
        for driver, kept in drivers:
            kept.steady.append(await driver.drive(steady, numbers))


class Driver:
    """Whoever types `/visitor`, and watches what comes of it."""

    def __init__(self, session: ClientSession, peer: Peer, api: str) -> None:
        """Take the process to which Slack hands it, and where that Slack is."""
        self._session = session
        self._peer = peer
        self._bench = api.replace("/api/", "/bench")

    async def drive(self, case: Case, numbers: Iterator[int]) -> Seen:
        """Let visitors come, until everything about them was delivered."""
        async with self._session.post(f"{self._bench}/delay", data=str(case.delay_s)) as answer:
            answer.raise_for_status()
        arrivals = [Arrival(number) for number in islice(numbers, case.arrivals)]
        left, typed, acknowledged = iter(arrivals), dict[str, float](), dict[str, float]()

        async def comes(arrival: Arrival) -> None:
            typed[arrival.visitor] = time.monotonic()
            await self._types(arrival)
            acknowledged[arrival.visitor] = time.monotonic()

        async def hand() -> None:
            for arrival in left:
                await comes(arrival)

        async def steadily(number: int, arrival: Arrival) -> None:
            await asyncio.sleep(number / case.a_second)
            await comes(arrival)

        before = cpu_s(self._peer.process)
        async with asyncio.timeout(ACKNOWLEDGED_WITHIN_S):
            if case.a_second:
                await asyncio.gather(*(steadily(number, arrival) for number, arrival in enumerate(arrivals)))
            else:
                await asyncio.gather(*(hand() for _ in range(case.at_once)))
        told = await self._delivered(arrivals)
        cpu = await self._still(case.delay_s + STILL_S) - before
        return Seen(
            rate=case.arrivals / (max(acknowledged.values()) - min(typed.values())),
            cpu_ms=cpu * 1000 / case.arrivals,
            ack_ms=_spread([acknowledged[name] - typed[name] for name in typed]),
            direct_ms=_spread([told[name] - typed[name] for name in typed]),
        )

    async def _types(self, arrival: Arrival) -> None:
        """Post the command as Slack does, signed."""
        form = {
            "token": "old",
            "team_id": "T1",
            "channel_id": channel(arrival.counter),
            "user_id": receptionist(arrival.counter),
            "command": COMMAND,
            "text": arrival.line,
            "api_app_id": "A1",
            "is_enterprise_install": "false",
            "response_url": "https://hooks.slack.invalid/commands/1",
            "trigger_id": str(arrival.number),
        }
        body, stamp = urlencode(form).encode(), str(int(time.time()))
        digest = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        }
        url = f"http://127.0.0.1:{self._peer.port}{EVENTS}"
        async with self._session.post(url, data=body, headers=headers) as answer:
            said = await answer.text()
            assert answer.status == 200, (answer.status, said)
            assert arrival.visitor in said, said
            assert COMMAND not in said, said  # it would give back what it could not take

    async def _delivered(self, arrivals: Sequence[Arrival]) -> Mapping[str, float]:
        """Wait until all is delivered; give when each visitor's owner was sent the first message."""
        messages = defaultdict[str, list[tuple[float, str]]](list)
        until, missing = time.monotonic() + DELIVERED_WITHIN_S, True
        while missing:
            await asyncio.sleep(LOOK_S)
            async with self._session.get(f"{self._bench}/noted") as answer:
                told = await answer.json()
            for came, where, text in told["noted"]:
                if named := MINE.search(text):
                    messages[named[1]].append((came, where))
            owed = sum(max(self._peer.messages - len(messages[arrival.visitor]), 0) for arrival in arrivals)
            missing = owed > 0 or told["under_way"] > 0
            assert not missing or time.monotonic() < until, f"{owed} messages of {len(arrivals)} arrivals did not come"
        return {
            arrival.visitor: min(
                came for came, where in messages[arrival.visitor] if where == conversation(user(arrival.owner))
            )
            for arrival in arrivals
        }

    async def _still(self, within_s: float) -> float:
        """Wait until the process has done nothing for so long, and give its CPU."""
        async with asyncio.timeout(DELIVERED_WITHIN_S):
            before, now = 0.0, cpu_s(self._peer.process)
            while (now - before) * 1000 > STILL_MS:
                await asyncio.sleep(within_s)
                before, now = now, cpu_s(self._peer.process)
            return now


def _spread(seconds: Sequence[float]) -> tuple[float, float]:
    found = quantiles(seconds, n=100, method="inclusive")
    return found[49] * 1000, found[98] * 1000


def cpu_s(process: int) -> float:
    """Give how much CPU a process of ours has had, all its threads together; elsewhere than on Linux ps knows."""
    if Path("/proc/self/stat").exists():
        return time.clock_gettime(~process << 3 | 2)  # the clock of another process, as clock_getcpuclockid makes it
    told = subprocess.run(["ps", "-o", "time=", "-p", str(process)], check=True, capture_output=True, text=True)  # noqa: S603, S607
    seconds = 0.0
    for part in told.stdout.strip().replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


# --- processes -------------------------------------------------------------------------------------------------------


@contextmanager
def _serving_slack(folder: Path) -> Iterator[str]:
    port = free_port()
    with _running(folder / "slack.log", port, sys.executable, "-m", "bench.slack_api", str(port)):
        yield f"http://127.0.0.1:{port}/api/"


@contextmanager
def _hello30(folder: Path, api: str) -> Iterator[Peer]:
    """Run hello30 on a new database; a card for the owner and one for the counter."""
    port = free_port()
    path = config(folder, port=port, api=api)
    secrets = {VARIABLE: new_key(), "SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET}
    with _running(folder / "hello30.log", port, *HELLO30, "run", "--config", str(path), **secrets) as process:
        yield Peer(process, port, 2)


@contextmanager
def _bare(folder: Path, api: str) -> Iterator[Peer]:
    port = free_port()
    with _running(folder / "bare.log", port, sys.executable, "-m", "bench.slack_bare", str(port), api) as process:
        yield Peer(process, port, 1)


@contextmanager
def _running(log: Path, port: int, *command: str, **more: str) -> Iterator[int]:
    """Run a process until the end of the block, once its port takes connections; give its id."""
    outside = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with (
        log.open("wb") as said,
        subprocess.Popen(  # noqa: S603 - our own
            command, cwd=ROOT, env=outside | more, stdout=said, stderr=said
        ) as process,
    ):
        try:
            _wait_for(port, process, log)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"it did not start:\n{log.read_text(encoding='utf-8')}")
