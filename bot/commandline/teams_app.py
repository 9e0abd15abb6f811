"""`hello30 teams package`: what makes the app in Microsoft Teams."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import typer

from adapters.teams import MESSAGES
from adapters.teams.package import App, package
from bot.errors import Hello30Error


class NotWritten(Hello30Error):
    """The package is not there; the message says why, and what to do."""


def write_package(app: App, out: Path) -> None:
    """Write the package to a new file, and say where Azure must post to; raises `NotWritten`."""
    made = package(app)
    try:
        _write(out, made)
    except FileExistsError:
        raise NotWritten(
            f"{out} is there already, and a package takes nothing's place. Please name a new file with --out."
        ) from None
    except OSError as error:
        raise NotWritten(f"{out} cannot be written ({error.strerror}). Please check its folder.") from None
    typer.echo(f"{out}: the app {app.app_id}, version {app.version}.")
    typer.echo(f"The messaging endpoint of its Azure Bot is https://{app.host}{MESSAGES}")


def _write(out: Path, made: bytes) -> None:
    """Write a new file; what was begun and cannot be finished is taken away again."""
    with out.open("xb") as file:
        try:
            file.write(made)
            file.flush()
        except OSError:
            with suppress(OSError):
                out.unlink()
            raise
