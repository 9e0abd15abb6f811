"""Logs: one line an event, ids only. Nothing that a visitor or a person typed is ever given to a logger."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

import structlog


def log_failure(log: structlog.typing.FilteringBoundLogger, what: str, error: BaseException, **ids: str) -> None:
    """Log where something failed, as file:line function; what its message says may be a visitor's and is left out."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    log.error(what, error=type(error).__name__, where=where, **ids)


def set_up_logs(level: int = logging.INFO) -> None:
    """Write logs to standard error: for people on a terminal, as JSON lines elsewhere."""
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # the trace, never the values of its variables: those hold names and numbers
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
