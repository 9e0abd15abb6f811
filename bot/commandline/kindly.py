"""How errors are told at a terminal: one kind sentence on standard error, an exit status, and never a stack trace."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, Final

import typer
from typer.core import TyperGroup

from bot.errors import ConfigError, Hello30Error, Refused

FAULTS_FOUND: Final = 1
"""The exit status when faults were found, or it could not be done; wrong use has 2."""
INTERRUPTED: Final = 130
UNEXPECTED: Final = (
    "Something went wrong inside hello30; it is not your doing. Please run it again as `hello30 --debug ...`, and pass "
    "what it says on to whoever looks after hello30."
)


class KindGroup(TyperGroup):
    """The commands; whatever goes wrong in one of them is told kindly. `--debug` stands among its parameters."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # so that a closed pipe is met here
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _forget_output()
            raise typer.Exit from None
        except Exception as error:  # noqa: BLE001 - nobody is ever shown a stack trace
            if ctx.params.get("debug"):
                _log(error)
            for line in _lines(error) or [UNEXPECTED]:
                typer.echo(line, err=True)
            raise typer.Exit(FAULTS_FOUND) from None
        return result


def first_of(error: BaseException) -> BaseException:
    """Give what went wrong first, out of groups that parts which run side by side raise."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _lines(error: Exception) -> list[str]:
    """Give what a person can read of an error; nothing for one that nobody expected."""
    match first_of(error):
        case ConfigError(faults=faults):
            return [str(fault) for fault in faults]
        case Hello30Error() as known if not isinstance(known, Refused):
            return [str(known)]
        case OSError(filename=name, strerror=reason) if name and reason:
            return [f"{name} cannot be used ({reason}). Please check the path, and what you may do there."]
        case _:
            return []


def _log(error: Exception) -> None:
    import logging  # noqa: PLC0415 - only when asked for
    from traceback import TracebackException  # noqa: PLC0415

    import structlog  # noqa: PLC0415

    from bot.logs import set_up_logs  # noqa: PLC0415

    set_up_logs(logging.DEBUG)
    # Where it went wrong, and no values: they may hold what a visitor said.
    frames = TracebackException.from_exception(first_of(error)).stack
    at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    structlog.get_logger(__name__).debug("failed", error=type(first_of(error)).__name__, at=at)


def _forget_output() -> None:
    """Let nothing more be written, not even at the exit: whoever read it (`head`, say) has had enough."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
