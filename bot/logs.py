"""Logs: one line an event, ids only. Nothing that a visitor or a person typed is ever given to a logger.

While hello30 runs, what libraries log goes the same way, and of each line only who says it and where is kept: their
sentences quote requests, rows and errors, and so what somebody typed.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

import structlog

_VISIT: Final = re.compile(r"(?=.*[a-f])[0-9a-f]{12}")
"""A visit's id as hello30 makes them; one without a letter could be a number that somebody typed."""
_FRAMES: Final = 6
SAID_AGAIN_S: Final = 1.0


def log_failure(log: structlog.typing.FilteringBoundLogger, what: str, error: BaseException, **ids: str) -> None:
    """Log where something failed, as file:line function; what its message says may be a visitor's and is left out."""
    log.error(what, error=type(error).__name__, where=_where(error.__traceback__), **ids)


@contextmanager
def about(visit: str) -> Iterator[None]:
    """Name the visit on every line that is logged meanwhile; what is no id of ours, is not named."""
    known = {"visit": visit} if _VISIT.fullmatch(visit) else {}
    with structlog.contextvars.bound_contextvars(**known):
        yield


def set_up_logs(level: int = logging.INFO, to: TextIO | None = None) -> None:
    """Write logs to standard error, or `to` a stream: for people on a terminal, as JSON lines elsewhere."""
    stream = to or sys.stderr
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _errors_without_words,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=stream),
    )


def _errors_without_words(_: Any, __: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """Keep of an error that is logged its type and where it came from, never what it says."""
    given = line.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        line["error"], line["where"] = type(error).__name__, _where(error.__traceback__)
    return line


def _where(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


# --- libraries -------------------------------------------------------------------------------------------------------


class FromLibraries(logging.Handler):
    """Logs that a library said something, of which level and where, and the type of an error; never its words.

    The same is said once a second at most: the next line counts under `unsaid` what was left out.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin; `seconds` is the clock."""
        super().__init__()
        self._seconds = seconds
        self._said: dict[tuple[str, ...], tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Log one line of a library."""
        at = f"{Path(record.pathname).name}:{record.lineno} {record.funcName}"
        line: dict[str, Any] = {"library": record.name, "at": at}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line |= {"error": type(error).__name__, "where": _where(error.__traceback__)}
        unsaid = self._unsaid((record.name, at, line.get("error", "")))
        if unsaid is None:
            return
        line |= {"unsaid": unsaid} if unsaid else {}
        log = structlog.get_logger(record.name)
        say = log.error if record.levelno >= logging.ERROR else log.warning
        with suppress(ValueError, OSError):  # nobody may fail because a line could not be written
            say("library.said", **line)

    def _unsaid(self, what: tuple[str, ...]) -> int | None:
        """Count how often the same was left out since it was last said; None when this is to be left out too."""
        now, (said_at, left_out) = self._seconds(), self._said.get(what, (-SAID_AGAIN_S, 0))
        is_due = now - said_at >= SAID_AGAIN_S
        self._said[what] = (now, 0) if is_due else (said_at, left_out + 1)
        return left_out if is_due else None


def take_over_libraries() -> None:
    """Let what libraries log from warnings on, warn of, or fail at where nobody catches it, go our way.

    For a process that goes on: what is not caught would be printed by Python itself, with its words.
    """
    logging.basicConfig(level=logging.WARNING, handlers=[FromLibraries()], force=True)
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_failed
    sys.unraisablehook = _not_raised


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        log_failure(structlog.get_logger(__name__), "thread.failed", failed.exc_value)


def _not_raised(failed: Any) -> None:
    if failed.exc_value is not None:
        log_failure(structlog.get_logger(__name__), "failure.not_raised", failed.exc_value)
