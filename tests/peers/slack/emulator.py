"""The third-party emulator of Slack's Web API, in a process of its own that ends with the tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

from tests.processes.program import free_port

FOLDER = Path(__file__).parent
NODE = shutil.which("node")
ENDS_WITHIN_S = 10.0


def missing() -> str:
    """Say what must be installed before the emulator can be started; nothing when all is there."""
    if NODE is None:
        return "Node.js is not installed; Slack's emulator needs 20.11 or newer"
    if not (FOLDER / "node_modules" / "emulate").is_dir():
        return "Slack's emulator is not installed: (cd tests/peers/slack && npm ci)"
    return ""


@contextmanager
def running() -> Iterator[str]:
    """Run the emulator, and give its address. It listens on all interfaces and cannot be told otherwise."""
    port = free_port()
    command = [NODE or "node", str(FOLDER / "emulator.mjs"), str(port)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n", "the emulator did not start; what it wrote stands above"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(ENDS_WITHIN_S)
