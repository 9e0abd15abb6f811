"""`hello30 link` and `hello30 sign-out`: who may open the web pages."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial
from pathlib import Path
from typing import Final

import typer

from bot import config
from bot.clock import SystemClock
from bot.commandline.meant import one_person
from bot.commandline.output import count
from bot.domain.people import Person
from bot.errors import DatabaseBusy, Hello30Error
from bot.links import Signing, read_keys
from bot.logs import set_up_logs
from bot.settings import Database, Settings
from bot.sign_in import end_everything
from bot.storage.databases import open_store

_WHO: Final = "'PERSON'"


class CannotSign(Hello30Error):
    """There is no link to make, or nobody can be signed out from here."""


def link(path: Path, text: str) -> None:
    """Print a link for a person; raises `KeysWrong`, and `CannotSign` where nobody knows the address of the pages."""
    settings = config.load(path)
    person = one_person(text, settings.people, _WHO)
    if not settings.web.address:
        raise CannotSign(
            f"{path} does not say where the web pages are: please write the url or the port under adapters: web."
        )
    typer.echo(Signing(read_keys(os.environ), SystemClock(), settings.web.address).url(person.id))


def sign_out(path: Path, text: str) -> None:
    """End all sessions of a person; raises `CannotSign` while a hello30 has the file of the database for itself."""
    settings = config.load(path)
    person = one_person(text, settings.people, _WHO)
    set_up_logs(logging.WARNING)
    try:
        ended = asyncio.run(_end_sessions(settings.database, person.id))
    except DatabaseBusy:
        raise CannotSign(_busy(settings, person)) from None
    browsers = count(ended, "browser", "browsers")
    typer.echo(f"{person.name} is signed out in {browsers}." if ended else f"{person.name} was signed in nowhere.")


async def _end_sessions(database: Database, person: str) -> int:
    store = await open_store(database)
    try:
        return await store.transact(partial(end_everything, person=person, now=SystemClock().now()))
    finally:
        await store.close()


def _busy(settings: Settings, person: Person) -> str:
    admins = [each.name for each in settings.people.values() if "admin" in each.roles]
    who = f"Please ask an admin ({', '.join(admins)})" if admins else "Please give somebody roles: [admin], who is able"
    page = f"{settings.web.address}/people"
    return (
        f"hello30 is running, and its database takes one program at a time. {who} to press "
        f'"Sign out everywhere" beside {person.name} on {page}; or stop hello30, and run this again.'
    )
