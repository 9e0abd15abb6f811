"""What the adapter wants of Teams, with each fault told as what is to be done about it.

A message of ours cannot be looked for in Teams: there is no look-up by a key. So a message is sent in a task of its own
that goes on when nobody waits for it any more, and what came of it is remembered for a while: that finds again what was
sent and could not be noted. Where Teams' own answer is lost, though, a message may come twice.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import structlog

from adapters.teams.activities import known_as
from adapters.teams.faults import Fault, Refusal, told
from adapters.teams.references import (
    BLOCKED,
    NOT_HEARD,
    NOT_INSTALLED,
    Reference,
    References,
    is_channel,
    may_be_called,
)
from bot.errors import DeliveryError, DeliveryKind, NotSaved, UnknownOutcome
from bot.messages import Address, Receipt
from bot.ports import Clock

log = structlog.get_logger(__name__)

Content: TypeAlias = Mapping[str, Any]
"""What a message holds: its `text`, or its `attachments` and `summary`."""
T = TypeVar("T")

REMEMBERED: Final = 2000
"""So many messages are remembered by their keys."""
AWAY_KEPT: Final = 1000
"""Of so many conversations it is remembered how often Teams failed there without a break."""
NOT_NOTED: Final = timedelta(seconds=1)
"""After so long it is tried again where the database did not say where somebody is found."""


class Wire(Protocol):
    """Calls of Teams, one request each; `url` is where Teams takes them. Raises `Fault`."""

    async def send(self, url: str, conversation: str, activity: Content) -> str:
        """Post a message; give its id."""
        ...

    async def update(self, url: str, conversation: str, message: str, activity: Content) -> None:
        """Put something else in the place of a message."""
        ...

    async def open(self, url: str, member: str, tenant: str, bot: str) -> str:
        """Begin the conversation with one member of an organisation; give its id."""
        ...

    async def look(self, url: str, conversation: str) -> None:
        """Ask for the members of a conversation, which Teams tells only to those who are in it."""
        ...


class Calls:
    """Sends messages to people and channels; raises only `DeliveryError`."""

    def __init__(self, wire: Wire, references: References, clock: Clock, *, local: bool) -> None:
        """Take what reaches Teams, and what knows where people are; with `local` only this machine is called."""
        self._wire = wire
        self._references = references
        self._clock = clock
        self._local = local
        self._under_way: set[asyncio.Task[Any]] = set()
        self._sent: OrderedDict[str, asyncio.Task[str]] = OrderedDict()
        self._away: OrderedDict[str, int] = OrderedDict()

    # --- cards and nudges --------------------------------------------------------------------------------------------

    async def post(self, to: Address, content: Content, key: str) -> str:
        """Send a message; give what finds it again."""
        task = self._task(self._posted(to, content))
        self._sent[key] = task
        self._sent.move_to_end(key)
        while len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        return await asyncio.shield(task)

    async def find(self, key: str) -> str | None:
        """Give what finds a message that was sent under a key; waits for one that is still under way."""
        task = self._sent.get(key)
        if task is None:
            return None
        await asyncio.wait([task])
        return None if task.cancelled() or task.exception() else task.result()

    async def amend(self, to: Address, ref: str, content: Content) -> None:
        """Change a message."""
        await self._task(self._changed(to, ref, content))

    async def _changed(self, to: Address, ref: str, content: Content) -> None:
        message, _, conversation = ref.partition(" ")
        if not (message and conversation):
            raise DeliveryError(DeliveryKind.POST_ANEW, "amend: nobody knows which message it is")
        found = await self._found(to)
        try:
            await self._called(conversation, "amend", self._update(found, conversation, message, content))
        except DeliveryError as fault:
            await self._learn(to, conversation, fault)
            raise

    async def amended(self, to: Address, ref: str, content: Content) -> bool:
        """Change a message; False when it is gone."""
        try:
            await self.amend(to, ref, content)
        except DeliveryError as fault:
            if fault.kind is not DeliveryKind.POST_ANEW:
                raise
            return False
        return True

    async def _posted(self, to: Address, content: Content) -> str:
        found = await self._found(to)
        conversation = found.conversation or await self._begun(to, found)
        try:
            message = await self._called(conversation, "post", self._send(found, conversation, content))
        except DeliveryError as fault:
            await self._learn(to, conversation, fault)
            raise
        return f"{message} {conversation}"

    async def closed(self, to: Address) -> str:
        """Ask why an address would take no message; empty when nothing is known against it."""
        try:
            found = await self._found(to)
            if found.conversation:
                await self._called(found.conversation, "members", self._look(found))
        except DeliveryError as fault:
            if fault.kind is DeliveryKind.UNREACHABLE:
                return fault.detail
            if fault.kind is not DeliveryKind.MISCONFIGURED:
                raise
        return ""

    async def finish(self, within: timedelta) -> None:
        """Wait for what is being sent, so that its outcome is known; what takes too long is given up."""
        if self._under_way:
            _, unknown = await asyncio.wait(self._under_way, timeout=within.total_seconds())
            for task in unknown:
                task.cancel()
            if unknown:
                await asyncio.wait(unknown)

    def _task(self, call: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(call)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        task.add_done_callback(_looked_at)
        return task

    # --- answers -----------------------------------------------------------------------------------------------------

    async def say(self, at: Reference, content: Content) -> None:
        """Answer in the conversation, or the thread of a channel, in which somebody has just written."""
        self._may_call(at.service_url)
        await self._called(at.conversation, "say", self._send(at, at.conversation, content))

    async def tell(self, to: Address, content: Content) -> None:
        """Say something to somebody in their own chat with the bot: there it is found, wherever they pressed."""
        await self._posted(to, content)

    async def replace(self, at: Reference, message: str, content: Content) -> None:
        """Put something in the place of a message in the conversation in which somebody has just pressed."""
        self._may_call(at.service_url)
        await self._called(at.conversation, "replace", self._update(at, at.conversation, message, content))

    # --- where -------------------------------------------------------------------------------------------------------

    async def _found(self, to: Address) -> Reference:
        """Give where somebody or a channel is found; raises UNREACHABLE where nothing may be sent."""
        try:
            found = await self._reference(to)
        except NotSaved as fault:
            again = self._clock.now() + NOT_NOTED
            raise DeliveryError(DeliveryKind.WAIT_UNTIL, "where it is sent to is not known", retry_at=again) from fault
        self._may_call(found.service_url)
        return found

    async def _reference(self, to: Address) -> Reference:
        if is_channel(to.id):
            channel = await self._references.channel(to.id)
            if channel is None:
                raise DeliveryError(DeliveryKind.UNREACHABLE, NOT_HEARD)
            if channel.closed:
                raise DeliveryError(DeliveryKind.UNREACHABLE, channel.closed)
            return channel.at(to.id)
        person = await self._references.person(to.id)
        if person is None:  # they may have installed the app while nobody listened: Teams knows
            here = await self._references.here()
            if here is None:
                raise DeliveryError(DeliveryKind.UNREACHABLE, NOT_INSTALLED)
            return here.at("", user=to.id)
        if person.closed:
            raise DeliveryError(DeliveryKind.UNREACHABLE, person.closed)
        return person

    async def _begun(self, to: Address, found: Reference) -> str:
        """Begin the conversation with somebody, which Teams allows only where they have the app."""
        opens = self._wire.open(found.service_url, found.user, found.tenant, found.bot)
        try:
            conversation = await self._called(to.id, "open", opens)
        except DeliveryError as fault:
            if fault.kind is DeliveryKind.UNREACHABLE:
                raise DeliveryError(DeliveryKind.UNREACHABLE, f"{fault.detail} {NOT_INSTALLED}") from None
            if isinstance(fault, UnknownOutcome):  # begun twice, it is still one conversation
                raise DeliveryError(fault.kind, fault.detail, retry_at=fault.retry_at) from None
            raise
        await self._noting(self._references.opened(to.id, conversation, found))
        return conversation

    async def _learn(self, to: Address, conversation: str, fault: DeliveryError) -> None:
        """Remember that somebody is not to be written to, or that a conversation is there no more."""
        if fault.kind is not DeliveryKind.UNREACHABLE or is_channel(to.id):
            return
        if isinstance(fault.__cause__, Refusal) and fault.__cause__.status == 403:
            await self._noting(self._references.closed(to.id, BLOCKED))
        else:
            await self._noting(self._references.gone(to.id, conversation))

    async def _noting(self, noting: Awaitable[None]) -> None:
        """Write something down that the next call would find out again."""
        try:
            await noting
        except NotSaved as fault:
            log.warning("teams.not_noted", fault=str(fault))

    def _may_call(self, url: str) -> None:
        if not may_be_called(url, local=self._local):
            raise DeliveryError(DeliveryKind.UNREACHABLE, NOT_HEARD)

    # --- one call ----------------------------------------------------------------------------------------------------

    def _send(self, at: Reference, conversation: str, content: Content) -> Awaitable[str]:
        return self._wire.send(at.service_url, conversation, _message(at, conversation, content))

    def _update(self, at: Reference, conversation: str, message: str, content: Content) -> Awaitable[None]:
        made = {**_message(at, conversation, content), "id": message}
        return self._wire.update(at.service_url, conversation, message, made)

    def _look(self, at: Reference) -> Awaitable[None]:
        return self._wire.look(at.service_url, at.conversation)

    async def _called(self, conversation: str, what: str, call: Awaitable[T]) -> T:
        """Wait for a call, and say what is to be done where it failed; Teams gets longer to come back each time."""
        try:
            done = await call
        except Fault as fault:
            times = self._away.get(conversation, 0)
            error = told(what, fault, self._clock.now(), times=times, amends=what in {"amend", "replace"})
            if error.kind is DeliveryKind.WAIT_UNTIL:
                self._away[conversation] = times + 1
                while len(self._away) > AWAY_KEPT:
                    self._away.popitem(last=False)
            raise error from fault
        self._away.pop(conversation, None)
        return done


def receipt_of(to: Address, ref: str) -> Receipt:
    """Give the receipt of a message by what finds it again."""
    message, _, conversation = ref.partition(" ")
    return Receipt(address=to, ref=ref, known_as=known_as(conversation, message))


def _message(at: Reference, conversation: str, content: Content) -> dict[str, Any]:
    """Make the activity that says something, addressed as far as Teams needs it."""
    made: dict[str, Any] = {"type": "message", "channelId": "msteams", "serviceUrl": at.service_url}
    made["conversation"] = {"id": conversation}
    made |= {"from": {"id": at.bot}} if at.bot else {}
    made |= {"recipient": {"id": at.user}} if at.user else {}
    return made | dict(content)


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Take note of what went wrong, also where nobody waits for it any more."""
    if not task.cancelled():
        task.exception()
