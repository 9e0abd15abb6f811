"""The command line: `hello30`, or `python -m bot`."""

from __future__ import annotations

import io
import sys

from bot.commandline.app import app


def main() -> None:
    """Run one command; ends the process with its exit status (1: faults were found, 2: wrong use)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that a terminal cannot show is no reason to stop
    app(prog_name="hello30")


if __name__ == "__main__":
    main()
