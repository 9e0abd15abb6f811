"""What goes wrong between us and Teams, told as what is to be done about it. Pure.

Teams' own codes are read where they say more than the status; its sentences are not kept, for they quote what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.errors import DeliveryError, DeliveryKind, UnknownOutcome

AWAY_FOR: Final = timedelta(seconds=2)
"""So long nothing is sent to a conversation after Teams could not take it; longer each time it goes on."""
LONGEST_AWAY: Final = timedelta(minutes=2)
DEFAULT_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)

OF_THE_APP: Final = frozenset({"BotDisabledByAdmin", "BotNotRegistered", "AppDisabledByAdmin"})
"""The app itself was refused: nobody is reached until an admin acts."""
NO_CONVERSATION: Final = frozenset({"ConversationNotFound", "UserNotFound", "BotNotInConversationRoster"})
"""What an answer of 404 says where it is not the message that is gone."""


class Fault(Exception):
    """Something that went wrong with one call."""


class NotSent(Fault):
    """Teams could not be reached, so nothing was sent."""


class NoAnswer(Fault):
    """The answer was lost, or is none: nobody knows whether it was done."""


class NoToken(Fault):
    """Entra could not be asked for the token without which Teams takes nothing."""


class TokenRefused(Fault):
    """Entra refuses us a token; the text is its code."""


@dataclass
class Refusal(Fault):
    """Teams refused a call: the status, its code as far as there is one, and for how long to wait."""

    status: int
    code: str = ""
    wait: timedelta | None = None

    def __str__(self) -> str:
        """Name the code, or the status where there is none."""
        return self.code or str(self.status)


def read_refusal(status: int, headers: Mapping[str, str], written: bytes) -> Refusal:
    """Read an answer that refuses; not all of them are JSON."""
    body: Any = None
    with suppress(ValueError, RecursionError):
        body = json.loads(written)
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    if code is None and isinstance(body, dict):  # an older shape: {"errorCode": 209, "message": "{subCode: …}"}
        code = body.get("errorCode")
    named = str(code) if isinstance(code, str | int) else ""
    return Refusal(status, named if named.isascii() and named.isalnum() and len(named) <= 60 else "", _wait(headers))


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    text = headers.get("Retry-After", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return None
    return min(timedelta(seconds=int(text)), LONGEST_WAIT)


def told(what: str, fault: Fault, now: datetime, *, times: int = 0, amends: bool = False) -> DeliveryError:
    """Say what is to be done about a fault. `what` names the call; `times` counts those before it that failed likewise.

    `amends`: a message was to be changed, which may be gone.
    """
    away = now + min(AWAY_FOR * (1 << min(times, 10)), LONGEST_AWAY)
    detail = f"{what}: {fault}"
    match fault:
        case TokenRefused():
            return DeliveryError(DeliveryKind.MISCONFIGURED, detail)
        case NotSent() | NoToken():  # nobody is unreachable because of that
            return DeliveryError(DeliveryKind.WAIT_UNTIL, detail, retry_at=away)
        case Refusal():
            return _refused(detail, fault, now, away, amends=amends)
        case _:
            return UnknownOutcome(DeliveryKind.WAIT_UNTIL, detail, retry_at=away)


def _refused(detail: str, fault: Refusal, now: datetime, away: datetime, *, amends: bool) -> DeliveryError:
    status = fault.status
    if fault.code in OF_THE_APP or status == 401:
        return DeliveryError(DeliveryKind.MISCONFIGURED, detail)
    if status == 429:
        again = now + (DEFAULT_WAIT if fault.wait is None else fault.wait)
        return DeliveryError(DeliveryKind.WAIT_UNTIL, detail, retry_at=again, limited=True)
    if status == 403:
        return DeliveryError(DeliveryKind.UNREACHABLE, detail)
    if status in {404, 410}:
        gone = amends and fault.code not in NO_CONVERSATION
        return DeliveryError(DeliveryKind.POST_ANEW if gone else DeliveryKind.UNREACHABLE, detail)
    if status in {408, 412, 503}:  # Teams was at something else in this conversation, or is away: it was not done
        return DeliveryError(DeliveryKind.WAIT_UNTIL, detail, retry_at=away)
    if status >= 500:
        return UnknownOutcome(DeliveryKind.WAIT_UNTIL, detail, retry_at=away)
    return DeliveryError(DeliveryKind.RETRY, detail)
