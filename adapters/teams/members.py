"""Who has the app and who has it no more, as Teams tells it by itself: installed, taken out, added, removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import structlog

from adapters.teams import activities
from adapters.teams.references import UNINSTALLED, References, channel_of, is_personal, part, person_of
from bot.errors import NotSaved
from bot.messages import Address, Gone, Incoming, Outcome
from bot.ports import Receive
from bot.settings import Settings

log = structlog.get_logger(__name__)

Activity: TypeAlias = Mapping[str, Any]


def channels_of(settings: Settings) -> tuple[str, ...]:
    """Give the channels in which receptions are."""
    counters = (at for site in settings.sites.values() for at in site.reception)
    return tuple(at.id for at in counters if at.adapter == activities.NAME)


class Members:
    """Keeps the references in step with what Teams tells, and tells the core who has gone."""

    def __init__(self, settings: Settings, references: References, *, receive: Receive) -> None:
        """Take who is linked, where it is written down, and who decides."""
        self._references = references
        self._receive = receive
        found = [at for each in settings.addresses.values() for at in each]
        self._linked = {at.id for at in found if at.adapter == activities.NAME}
        self._channels = channels_of(settings)

    async def heard(self, activity: Activity) -> None:
        """Note where an activity comes from; that it cannot be noted now must not keep it from being taken."""
        if takes_out(activity):
            return
        try:
            await self._references.heard(activity)
        except NotSaved as fault:
            log.warning("teams.not_noted", fault=str(fault))

    async def changed(self, activity: Activity) -> None:
        """Note who has come and gone; raises `NotSaved` where that could not be, so that it is told again."""
        if takes_out(activity):
            await self._taken_out(activity)
            return
        channel = channel_of(activity)
        if part(activity, "channelData", "eventType") == "channelDeleted" and channel in self._channels:
            await self._references.closed_channel(channel, UNINSTALLED)
        for person, user in _people(activity, "membersAdded"):
            await self._references.joined(person, user, activity)
        for person, _ in _people(activity, "membersRemoved"):
            await self._references.left(person)

    async def _taken_out(self, activity: Activity) -> None:
        if not is_personal(activity):
            team = part(activity, "channelData", "team", "id")
            for channel in self._channels:
                known = await self._references.channel(channel)
                if channel == channel_of(activity) or (team and known and known.team == team):
                    await self._references.closed_channel(channel, UNINSTALLED)
            return
        account = activity.get("from")
        person = person_of(account) if isinstance(account, Mapping) else ""
        if not person:
            return
        await self._references.closed(person, UNINSTALLED)
        if person in self._linked:
            name = part(activity, "id") or part(activity, "timestamp")
            key = f"gone:{activities.conversation(activity)}:{name}"
            gone = Incoming(key=key, sender=Address(activities.NAME, person), act=Gone())
            if (await self._receive(gone)).outcome is Outcome.NOT_SAVED:
                raise NotSaved("that somebody has taken the app out")


def takes_out(activity: Activity) -> bool:
    """Tell whether the app was taken out: by somebody from their chat, or from a team."""
    if activity.get("type") == "installationUpdate":
        return activity.get("action") == "remove"
    bot = part(activity, "recipient", "id")
    return any(user == bot for user in _ids(activity, "membersRemoved"))


def _people(activity: Activity, name: str) -> Iterator[tuple[str, str]]:
    for each in _listed(activity, name):
        person, user = person_of(each), part(each, "id")
        if person and user:
            yield person, user


def _ids(activity: Activity, name: str) -> Iterator[str]:
    for each in _listed(activity, name):
        yield part(each, "id")


def _listed(activity: Activity, name: str) -> Iterator[Mapping[str, Any]]:
    listed = activity.get(name) if activity.get("type") == "conversationUpdate" else None
    yield from (each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, Mapping))
