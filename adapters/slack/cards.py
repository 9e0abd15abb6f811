"""Cards in Slack: each is a message that is amended; in the thread of a counter's card, a second one tells the steps.

That one is amended too as the visit goes on, and so makes nothing buzz. It is part of the card, but whatever is wrong
with it alone must not hold the card up: the card comes first, and only where Slack wants us to wait both come again.

What finds a card again is `channel:ts`, or `channel:ts:ts of the steps` once those stand there.
"""

from __future__ import annotations

from typing import Final

import structlog

from adapters.slack.blocks import Message, card_message, thread_message
from adapters.slack.calls import Calls
from adapters.slack.payloads import known_as
from adapters.slack.words import SlackWords
from bot.errors import DeliveryError, DeliveryKind, UnknownOutcome
from bot.messages import Address, ShownCard

log = structlog.get_logger(__name__)

STEPS: Final = "steps"
"""What the key of a card's steps ends with; before it stands the card's own."""


class Cards:
    """Posts and amends cards, with their steps."""

    def __init__(self, words: SlackWords) -> None:
        """Take what says what stands on a card beside its own words."""
        self._words = words
        self._alone: dict[str, str] = {}  # by key: cards that stand there, as yet without their steps
        self._unsure: set[str] = set()  # cards whose steps may stand there, although Slack failed

    async def deliver(self, calls: Calls, card: ShownCard, to: Address, key: str, *, again: bool) -> str:
        """Post a card; with `again` one of the same key is looked for first, and amended. Give what finds it again."""
        conversation = await calls.conversation(to.id)
        found = (self._alone.get(key) or await calls.find(conversation, key)) if again else None
        message = card_message(card, self._words.card(card))
        amended = found is not None and await _amended(calls, found, message)
        ref = found if found and amended else await calls.post(conversation, message, key)
        self._alone[key] = ref
        try:
            whole = await self._with_steps(calls, ref, card, to, again=amended)
        except DeliveryError as fault:  # the card stands there, so it must be looked for and not be posted again
            raise UnknownOutcome(fault.kind, fault.detail, retry_at=fault.retry_at) from None
        self._alone.pop(key, None)
        return whole

    async def amend(self, calls: Calls, ref: str, card: ShownCard, to: Address, *, again: bool) -> str:
        """Change a card that was posted, and its steps; give what finds both again."""
        await calls.amend(known_as(ref), card_message(card, self._words.card(card)))
        return await self._with_steps(calls, ref, card, to, again=again)

    async def _with_steps(self, calls: Calls, ref: str, card: ShownCard, to: Address, *, again: bool) -> str:
        """Tell the steps of a card in its thread, if there are any; raise only where Slack wants us to wait."""
        if not card.steps:
            return ref
        own = known_as(ref)
        known = ref.removeprefix(own).removeprefix(":")
        message = thread_message(card, self._words.thread(card))
        key = f"{card.visit}:{card.reader}:{to.id}:{STEPS}"
        try:
            steps = await _told(calls, own, known, message, key, look=again or own in self._unsure)
        except DeliveryError as fault:
            if isinstance(fault, UnknownOutcome):
                self._unsure.add(own)
            if fault.kind is DeliveryKind.WAIT_UNTIL:
                raise
            log.warning("slack.steps_not_told", fault=fault.detail)
            return ref
        self._unsure.discard(own)
        return f"{own}:{steps}"


async def _told(calls: Calls, own: str, known: str, message: Message, key: str, *, look: bool) -> str:
    """Amend the steps below a card, or post them where there are none (any more); give their `ts`."""
    channel = own.partition(":")[0]
    if known and await _amended(calls, f"{channel}:{known}", message):
        return known
    found = await calls.find_reply(own, key) if look else ""
    if found not in ("", known) and await _amended(calls, f"{channel}:{found}", message):
        return found
    return await calls.reply(own, message, key)


async def _amended(calls: Calls, ref: str, message: Message) -> bool:
    """Amend a message; False when it is gone."""
    try:
        await calls.amend(ref, message)
    except DeliveryError as fault:
        if fault.kind is not DeliveryKind.POST_ANEW:
            raise
        return False
    return True
