"""Who is found in which conversation: a bot may write only where it was let in, so that is written down.

Everything that comes in refreshes it. People are named by their object id in Entra, which a configuration can hold; the
conversation with somebody, and where Teams takes messages for it, only Teams can tell. Nothing is kept of what did not
come from Teams itself: see `signing`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields, replace
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from bot.notebook import Notebook

_OBJECT_ID: Final = re.compile(r"[0-9a-f-]{1,64}")
HERE: Final = "here"
"""The name under which it is kept where Teams takes messages for us, as it was told last."""
BLOCKED: Final = "has_blocked_the_app"
UNINSTALLED: Final = "has_uninstalled_the_app"
NOT_INSTALLED: Final = "has_not_installed_the_app"
NOT_HEARD: Final = "nothing_has_come_from_Teams_yet"
"""Why somebody cannot be written to, as the log and `DeliveryError` have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where somebody, or a channel, is written to.

    user          whom Teams means by it: one id for each bot; empty for a channel
    conversation  the conversation with them; empty while there is none yet
    service_url   where Teams takes messages for it
    tenant, bot   the organisation, and the bot's own id there
    team          the team of a channel
    closed        why nothing may be written there; empty where it may
    """

    service_url: str
    user: str = ""
    conversation: str = ""
    tenant: str = ""
    bot: str = ""
    team: str = ""
    closed: str = ""

    def at(self, conversation: str, *, user: str = "") -> Reference:
        """Give another conversation in the same place."""
        return replace(self, conversation=conversation, user=user)


def part(activity: Mapping[str, Any], *names: str) -> str:
    """Give a text from within an activity, by its way down; empty where it is not there, or is no text."""
    found: Any = activity
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def person_of(account: Mapping[str, Any]) -> str:
    """Give the object id of an account; empty where Teams does not tell one."""
    found = part(account, "aadObjectId").lower()
    return found if _OBJECT_ID.fullmatch(found) else ""


def is_personal(activity: Mapping[str, Any]) -> bool:
    """Tell whether an activity is from the chat of one person with the bot."""
    kind = part(activity, "conversation", "conversationType")
    return kind == "personal" if kind else not is_channel(part(activity, "conversation", "id"))


def channel_of(activity: Mapping[str, Any]) -> str:
    """Give the channel or group chat of an activity, without the thread in it; empty in the chat of one person."""
    if is_personal(activity):
        return ""
    return part(activity, "channelData", "channel", "id") or part(activity, "conversation", "id").partition(";")[0]


def is_channel(address: str) -> bool:
    """Tell whether an address of Teams is that of a channel or a group chat: people are named otherwise."""
    return address.startswith("19:")


def tenants_of(activity: Mapping[str, Any]) -> frozenset[str]:
    """Give the organisations that an activity names as its own."""
    named = (part(activity, "channelData", "tenant", "id"), part(activity, "conversation", "tenantId"))
    return frozenset(tenant.lower() for tenant in named if tenant)


def may_be_called(url: str, *, local: bool) -> bool:
    """Tell whether messages may be sent to an address: by TLS; with `local` to this very machine instead."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if not local:
        return parts.scheme == "https" and bool(host)
    return parts.scheme in {"http", "https"} and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this very machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class References:
    """What is known of people and channels."""

    def __init__(self, notebook: Notebook, channels: Collection[str] = (), *, local: bool) -> None:
        """Keep it in a notebook; `channels` are reception's; with `local` only this machine is ever written to."""
        self._notebook = notebook
        self._channels = frozenset(channels)
        self._local = local

    async def person(self, person: str) -> Reference | None:
        """Give where somebody is found; None when nothing is known of them."""
        return await self._read(f"person:{person}")

    async def channel(self, channel: str) -> Reference | None:
        """Give where a channel is found: as it was told there, or else where Teams was heard from last."""
        return await self._read(f"channel:{channel}") or await self.here()

    async def here(self) -> Reference | None:
        """Give where Teams was heard from last; None before it ever was."""
        return await self._read(HERE)

    async def heard(self, activity: Mapping[str, Any]) -> None:
        """Note what an activity tells of where people and channels are."""
        url = part(activity, "serviceUrl")
        if not may_be_called(url, local=self._local):
            return
        tenant = next(iter(sorted(tenants_of(activity))), "")
        found = Reference(service_url=url, tenant=tenant, bot=part(activity, "recipient", "id"))
        await self._write(HERE, found)
        account = activity.get("from")
        person, user = person_of(account) if isinstance(account, Mapping) else "", part(activity, "from", "id")
        if is_personal(activity):
            conversation = part(activity, "conversation", "id")
            if person and user and conversation:
                await self._write(f"person:{person}", replace(found, user=user, conversation=conversation))
            return
        if (channel := channel_of(activity)) in self._channels:
            await self._write(f"channel:{channel}", replace(found, team=part(activity, "channelData", "team", "id")))
        if person and user:
            await self._met(person, replace(found, user=user))

    async def joined(self, person: str, user: str, activity: Mapping[str, Any]) -> None:
        """Note that somebody is a member where the bot is: a conversation with them may be begun."""
        here = await self.here()
        if here and may_be_called(part(activity, "serviceUrl"), local=self._local):
            await self._met(person, replace(here, user=user))

    async def opened(self, person: str, conversation: str, begun_at: Reference) -> None:
        """Note the conversation that was begun with somebody."""
        await self._write(f"person:{person}", replace(begun_at, conversation=conversation, closed=""))

    async def closed(self, person: str, why: str) -> None:
        """Note that somebody can be written to no more, until they write again."""
        known = await self.person(person) or Reference(service_url="")
        await self._write(f"person:{person}", replace(known, closed=why))

    async def closed_channel(self, channel: str, why: str) -> None:
        """Note that a channel takes nothing any more, until something comes from it again."""
        known = await self.channel(channel) or Reference(service_url="")
        await self._write(f"channel:{channel}", replace(known, closed=why))

    async def left(self, person: str) -> None:
        """Note that somebody is a member no more; a chat that they have with the bot stays theirs."""
        known = await self.person(person)
        if known and not known.conversation:
            await self._write(f"person:{person}", replace(known, closed=known.closed or NOT_INSTALLED))

    async def gone(self, person: str, conversation: str) -> None:
        """Note that a conversation is there no more: the next message begins another one."""
        known = await self.person(person)
        if known and known.conversation == conversation:
            await self._write(f"person:{person}", replace(known, conversation=""))

    async def _met(self, person: str, found: Reference) -> None:
        """Note somebody with whom there is no chat yet; that they closed theirs stays so."""
        known = await self.person(person)
        if known is None or known.closed == NOT_INSTALLED:
            await self._write(f"person:{person}", found)

    async def _read(self, name: str) -> Reference | None:
        text = await self._notebook.read(name)
        try:
            kept = json.loads(text or "")
            return Reference(**{field.name: str(kept[field.name]) for field in fields(Reference)})
        except (ValueError, TypeError, KeyError):
            return None

    async def _write(self, name: str, found: Reference) -> None:
        if await self._read(name) != found:
            await self._notebook.write(name, json.dumps(asdict(found)))
