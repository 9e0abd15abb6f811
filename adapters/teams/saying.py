"""What is said in Teams beside the cards: a word back, a question, a form; in their own chat where all else fails."""

from __future__ import annotations

import structlog

from adapters.teams.calls import Calls, Content
from adapters.teams.references import Reference
from bot.beside import Beside, Say
from bot.errors import DeliveryError
from bot.messages import Address
from bot.ports import Clock

log = structlog.get_logger(__name__)


class Saying(Beside):
    """Says things to people in Teams."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        """Take what says it, and the time."""
        super().__init__(clock, log, "teams")
        self._calls = calls

    async def say(self, at: Reference, content: Content, to: Address) -> None:
        """Say something where somebody has just typed or pressed."""
        await self._or_tell(lambda: self._calls.say(at, content), content, to)

    async def replace(self, at: Reference, message: str, content: Content, to: Address) -> None:
        """Put something in the place of the message in which somebody pressed."""
        await self._or_tell(lambda: self._calls.replace(at, message, content), content, to)

    async def _or_tell(self, say: Say, content: Content, to: Address) -> None:
        try:
            await self.insist(say)
        except DeliveryError as fault:
            log.info("teams.said_elsewhere", fault=fault.detail)
            await self.insist(lambda: self._calls.tell(to, content))
