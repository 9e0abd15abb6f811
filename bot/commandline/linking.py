"""`hello30 people link`: who is who in Slack, written into config.yaml by hand or by e-mail address."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import typer

from adapters.registry import adapter_class
from bot import config
from bot.clock import SystemClock
from bot.commandline.meant import one_person
from bot.commandline.options import Platform
from bot.commandline.output import count, show_table, write
from bot.config_edit import put_addresses
from bot.domain.people import Person
from bot.errors import Hello30Error
from bot.platform_ids import read_member
from bot.settings import Settings, Slack
from bot.yaml_shape import Wrong

if TYPE_CHECKING:
    from adapters.slack.members import Member, Members

Answer = TypeVar("Answer")

COLUMNS: Final = ("Id", "Name", "In Slack", "Result")
LINKED: Final = "linked"
FOUND: Final = "found"
"""What is said of somebody who is to be linked: once they are, and until then."""
ALREADY: Final = "linked already"
NO_EMAIL: Final = "without an e-mail"
NOT_FOUND: Final = "not found"
_TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of the variable


class CannotLink(Hello30Error):
    """Somebody is not linked; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A configuration, what stood in its file when it was read, and who is linked there: a member's id by person."""

    path: Path
    before: bytes
    settings: Settings
    slack: Slack
    platform: Platform
    linked: Mapping[str, str]

    def holder(self, member: str) -> Person | None:
        """Give who is linked to a member."""
        return next((self.settings.people[who] for who, each in self.linked.items() if each == member), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one person: `said` of them, and with whom in Slack they are to be linked."""

    person: Person
    member: str = ""
    name: str = ""
    said: str

    @property
    def is_found(self) -> bool:
        """Tell whether this person is to be linked now."""
        return self.said == FOUND


# --- by hand ---------------------------------------------------------------------------------------------------------


def link(  # noqa: PLR0913 - an option each
    path: Path, text: str, member: str, *, platform: Platform, replace: bool, offline: bool, dry_run: bool
) -> None:
    """Link one person to a member; raises `ConfigError`, `BadParameter`, `CannotLink` or `NotWritten`."""
    house = _house(path, platform)
    person = one_person(text, house.settings.people, "'PERSON'")
    try:
        member = read_member(member)
    except Wrong as wrong:
        raise typer.BadParameter(str(wrong), param_hint="'MEMBER'") from None
    if house.linked.get(person.id) == member:
        typer.echo(f"{person.name} is linked to {member} already.")
        return
    _check_free(house, person, member, replace=replace)
    token = "" if offline else _token()
    if token:
        found = _ask(house, token, lambda members: members.with_id(member), "With --offline, Slack is not asked.")
        write(f"{member} is {_checked(found, member).name} in Slack.")
    else:
        why = "" if offline else f", because {_TOKEN} is not set"
        typer.echo(f"Slack was not asked who {member} is{why}.")
    _write(house, {person.id: member}, dry_run=dry_run)
    _tell(house, f"{person.name} is linked to {member}", dry_run=dry_run)


def _check_free(house: House, person: Person, member: str, *, replace: bool) -> None:
    """Raise `CannotLink` where somebody else has this member, or this person another one."""
    if holder := house.holder(member):
        raise CannotLink(
            f"{member} is linked to {holder.name} ({holder.id}) already. If it is not theirs, please take it out there "
            f"in {house.path}, and run this again."
        )
    if not replace and (now := house.linked.get(person.id)):
        raise CannotLink(f"{person.name} is linked to {now}. To put {member} in its place, please add --replace.")


def _checked(found: Member | None, member: str) -> Member:
    """Give a member who can be asked; raises `CannotLink` for anybody else."""
    if found is None:
        where = 'In Slack, open the profile, then "...", and copy the member ID.'
        raise CannotLink(f"In this workspace nobody has the id {member}. {where} Nothing was written.")
    if reason := _unfit(found):
        raise CannotLink(f"{member} is {found.name}, {reason}. Nothing was written.")
    return found


def _unfit(found: Member) -> str:
    """Say why a member cannot be asked anything; nothing when they can."""
    if found.is_bot:
        return "a bot"
    return "" if found.is_active else "deactivated in Slack"


# --- by e-mail -------------------------------------------------------------------------------------------------------


def link_by_email(path: Path, *, platform: Platform, dry_run: bool) -> None:
    """Link whoever has an `email` and no address; raises `ConfigError`, `CannotLink` or `NotWritten`."""
    house = _house(path, platform)
    if not (token := _token()):
        raise CannotLink(f"To ask Slack, please set {_TOKEN} where you run this. It begins with xoxb-.")
    rows = _ask(house, token, lambda members: _look_up(house, members), "Nothing was written.")
    found = {row.person.id: row.member for row in rows if row.is_found}
    if found:
        _write(house, found, dry_run=dry_run)
    show_table(COLUMNS, (_cells(row, dry_run=dry_run) for row in rows))
    typer.echo()
    if found:
        _tell(house, f"{count(len(found), 'person is', 'people are')} linked now", dry_run=dry_run)
    for line in _what_is_left(house, rows):
        write(line)


async def _look_up(house: House, members: Members) -> list[Row]:
    """Tell of each person who they are in Slack, as far as it is known or can be asked."""
    rows: list[Row] = []
    taken = {member: who for who, member in house.linked.items()}
    for person in house.settings.people.values():
        if member := house.linked.get(person.id):
            rows.append(Row(person=person, member=member, said=ALREADY))
        elif email := house.settings.emails.get(person.id):
            rows.append(_row(person, await members.with_email(email), taken))
        else:
            rows.append(Row(person=person, said=NO_EMAIL))
    return rows


def _row(person: Person, found: Member | None, taken: dict[str, str]) -> Row:
    if found is None:
        return Row(person=person, said=NOT_FOUND)
    said = _unfit(found)
    if not said:
        holder = taken.setdefault(found.id, person.id)
        said = FOUND if holder == person.id else f"linked to {holder} already"
    return Row(person=person, member=found.id, name=found.name, said=said)


def _cells(row: Row, *, dry_run: bool) -> tuple[str, ...]:
    member = f"{row.name} ({row.member})" if row.name else row.member
    said = LINKED if row.is_found and not dry_run else row.said
    return row.person.id, row.person.name, member, said


def _what_is_left(house: House, rows: list[Row]) -> Iterator[str]:
    """Say who is linked to nobody, and what to do about it."""
    file, left = house.path, [row for row in rows if not row.is_found and row.said != ALREADY]
    told = {
        NO_EMAIL: f"Please write under each of them in {file} the email that they have in Slack, and run this again.",
        NOT_FOUND: f"Please compare their email in {file} with the one that they have in Slack, and run this again.",
    }
    for said, what_to_do in told.items():
        if who := [f"{row.person.name} ({row.person.id})" for row in left if row.said == said]:
            yield f"{said.capitalize()}: {', '.join(who)}. {what_to_do}"
    if all(row.said == ALREADY for row in rows):
        yield "Everybody is linked."
    if left:
        yield f"By hand: hello30 people link {left[0].person.id} U012AB3CD"


# --- both ------------------------------------------------------------------------------------------------------------


def _house(path: Path, platform: Platform) -> House:
    settings = config.load(path)
    before = path.read_bytes()
    if settings.slack is None:
        raise CannotLink(
            f"Slack is not used in {path}. Please write slack: {{}} under adapters there, and run this again."
        )
    linked = {
        person: address.id
        for person, addresses in settings.addresses.items()
        for address in addresses
        if address.adapter == platform
    }
    return House(path=path, before=before, settings=settings, slack=settings.slack, platform=platform, linked=linked)


def _token() -> str:
    return os.environ.get(_TOKEN, "").strip()


def _ask(house: House, token: str, ask: Callable[[Members], Awaitable[Answer]], otherwise: str) -> Answer:
    """Ask Slack; raises `CannotLink`, which ends with what holds `otherwise`."""
    adapter_class(house.platform)  # where its libraries are missing, this says what to install
    from adapters.slack.members import NotAsked, open_members  # noqa: PLC0415 - for those alone who ask

    async def answer() -> Answer:
        async with open_members(house.slack, token, SystemClock(), _say) as members:
            return await ask(members)

    try:
        return asyncio.run(answer())
    except NotAsked as fault:
        raise CannotLink(f"{fault} {otherwise}") from None


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _write(house: House, ids: Mapping[str, str], *, dry_run: bool) -> None:
    if not dry_run:
        put_addresses(house.path, house.before, house.platform, ids)


def _tell(house: House, done: str, *, dry_run: bool) -> None:
    """Say what is done now; what is not, where nothing was to be."""
    again = "Please start hello30 again: it reads this file when it starts."
    write("Nothing was written (--dry-run)." if dry_run else f"{done}, in {house.path}. {again}")
