"""What the commands take: options and arguments that several share, and how what was written is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit
from uuid import UUID

import typer

CONFIG: Final = Path("config.yaml")
"""The configuration where none is named."""
FASTEST: Final = 600
LAST_PORT: Final = 65535

Language: TypeAlias = Literal["en", "fr"]
Platform: TypeAlias = Literal["slack"]
Role: TypeAlias = Literal["owner", "reception"]


# --- readers: each gives a value, or says what to write instead -------------------------------------------------------


def read_one_of(choices: object) -> Callable[[str], str]:
    """Give what reads one of a `Literal`'s values."""
    known: tuple[str, ...] = get_args(choices)

    def read(text: str) -> str:
        if text not in known:
            raise typer.BadParameter(f'"{text}" is not known here: please choose {" or ".join(known)}.')
        return text

    return read


def read_port(text: str) -> int:
    """Read the number of a port."""
    with suppress(ValueError):
        if 1 <= int(text) <= LAST_PORT:
            return int(text)
    raise typer.BadParameter(f'"{text}" is no port: please choose a number from 1 to {LAST_PORT}.')


def read_public_url(text: str) -> str:
    """Read the address at which a platform finds us."""
    wanted = urlsplit(text)
    with suppress(ValueError):
        if (
            wanted.scheme == "https"
            and wanted.hostname
            and wanted.path in {"", "/"}
            and not wanted.query
            and wanted.port != 0
        ):
            return text.rstrip("/")
    raise typer.BadParameter(
        f'"{text}" is no address that Slack can post to: write one such as https://desk.example.org'
    )


def read_app_id(text: str) -> str:
    """Read the id of an app in Entra."""
    with suppress(ValueError):
        if str(UUID(text)) == text.lower():
            return text.lower()
    raise typer.BadParameter(
        f'"{text}" is no app ID: it reads like 1b2c3d4e-0000-4000-8000-5f6a7b8c9d0e, and stands in the Azure Bot under '
        "Configuration, as Microsoft App ID."
    )


def read_host(text: str) -> str:
    """Read the name under which a platform finds us, without anything around it."""
    from adapters.teams.package import is_host  # noqa: PLC0415 - read only by the command that needs it

    with suppress(ValueError):
        name = (urlsplit(text if "://" in text else f"//{text}").hostname or "").removesuffix(".")
        if name == text.lower() and is_host(name):
            return name
        if is_host(name):
            raise typer.BadParameter(f'"{text}" is more than a name: please write {name} alone.')
    raise typer.BadParameter(
        f'"{text}" is no name under which Teams can find hello30: please write one such as desk.example.org'
    )


def read_page(text: str) -> str:
    """Read the address of a page that people can open."""
    with suppress(ValueError):
        wanted = urlsplit(text)
        if wanted.scheme == "https" and wanted.hostname and text.isascii() and text.isprintable() and " " not in text:
            return text
    raise typer.BadParameter(
        f'"{text}" is no page that Teams can link to: please write one such as https://www.example.org/privacy'
    )


def read_version(text: str) -> str:
    """Read the version of an app: three numbers."""
    if re.fullmatch(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){2}", text):
        return text
    raise typer.BadParameter(f'"{text}" is no version: please write three numbers, as in 1.0.1')


def read_speed(text: str) -> float:
    """Read how many seconds pass in one."""
    with suppress(ValueError):
        if 0 < float(text) <= FASTEST:
            return float(text)
    raise typer.BadParameter(
        f'"{text}" is no speed: please choose more than 0 and at most {FASTEST}; 60 makes a minute pass in a second.'
    )


def read_hash(text: str) -> str:
    """Read the hash of a checkpoint."""
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise typer.BadParameter("a checkpoint's hash has 64 characters, 0 to 9 and a to f: please write all of it.")
    return text


def read_day(text: str) -> date:
    """Read a day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is not a day that can be read: please write it as 2026-03-04.') from None


# --- what several commands take ---------------------------------------------------------------------------------------

Config: TypeAlias = Annotated[Path, typer.Option(metavar="FILE", help="The configuration.")]
Lang: TypeAlias = Annotated[
    Language,
    typer.Option("--lang", parser=read_one_of(Language), metavar="en|fr", help="The language of times and words."),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Write JSON.")]
ReadConfig: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help=f"The configuration.  [default: {CONFIG}]")
]
ReadDatabase: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="FILE|URL",
        help="Read this database instead of the configuration's. Without --config, people and sites are told by "
        "their ids, and times in UTC.",
    ),
]
Person: TypeAlias = Annotated[str, typer.Argument(metavar="PERSON", help="A name, or an id.")]

# --- what `hello30 teams package` takes -------------------------------------------------------------------------------

AppId: TypeAlias = Annotated[
    str, typer.Option("--app-id", parser=read_app_id, metavar="ID", help="The Microsoft App ID of the Azure Bot.")
]
HostName: TypeAlias = Annotated[
    str, typer.Option("--host", parser=read_host, metavar="NAME", help="The name under which Teams finds hello30.")
]
AppVersion: TypeAlias = Annotated[
    str,
    typer.Option(
        "--app-version",
        parser=read_version,
        metavar="VERSION",
        help="A higher one each time a package replaces another.",
    ),
]
Page: TypeAlias = Annotated[
    str | None,
    typer.Option(
        parser=read_page,
        metavar="URL",
        help="A page that the app's details in Teams link to.  [default: --website, else the one at --host]",
    ),
]
