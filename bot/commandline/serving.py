"""`hello30 run` and `hello30 demo`: what goes on until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

from bot import config
from bot.bootstrap import serve
from bot.commandline.kindly import first_of
from bot.demo import serving
from bot.errors import Hello30Error
from bot.links import read_keys

_NO_PORT: Final = {
    errno.EADDRINUSE: "another program uses it. Please stop that one, or choose another port",
    errno.EACCES: "this user may not. Please choose a port from 1024 on",
    errno.EADDRNOTAVAIL: "this machine has no such address. Please check the host",
}


class NoPort(Hello30Error):
    """The pages cannot be served where they were to be."""


def run(path: Path) -> None:
    """Run hello30 as configured until SIGTERM or SIGINT; `KeysWrong` when its pages would be open to nobody."""
    settings = config.load(path)
    _run(serve(settings, read_keys(os.environ)), f"{settings.web.host}:{settings.web.port}")


def demo(*, port: int, speed: float, database: Path | None, fresh: bool) -> None:
    """Serve the demo until SIGTERM or SIGINT."""
    _run(serving.serve_demo(port=port, speed=speed, database=database, fresh=fresh), f"127.0.0.1:{port}")


def play() -> int:
    """Print a day at the counter; give the exit status."""
    from bot.demo.play import play  # noqa: PLC0415 - the pages do not need it

    return asyncio.run(play())


def _run(serving_on: Coroutine[Any, Any, None], address: str) -> None:
    try:
        asyncio.run(serving_on)
    except (OSError, ExceptionGroup) as error:
        first = first_of(error)
        if isinstance(first, OSError) and first.errno in _NO_PORT:
            raise NoPort(f"hello30 cannot serve its pages on {address}: {_NO_PORT[first.errno]}.") from error
        raise
