"""The token with which Teams takes what we send: asked of Entra in a thread, before the one that we have runs out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import structlog
from msal import ConfidentialClientApplication
from requests import RequestException

from adapters.teams.faults import Fault, NoToken, TokenRefused
from bot.ports import Clock

log = structlog.get_logger(__name__)

LOGIN: Final = "https://login.microsoftonline.com"
SCOPE: Final = "https://api.botframework.com/.default"
WITHOUT_A_TENANT: Final = "botframework.com"
"""Where the token of an app is asked for that is bound to no organisation."""
ANSWERS_WITHIN_S: Final = 10
IN_TIME: Final = timedelta(minutes=10)
"""So long before the end of a token the next one is asked for."""
RUNS_OUT: Final = timedelta(minutes=1)
"""So long before its end a token is used no more."""
AGAIN: Final = timedelta(minutes=1)
"""After so long Entra is asked again where it did not answer, or refused us."""
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error"})

Ask: TypeAlias = Callable[[], Mapping[str, Any]]
"""Asks Entra for a new token, and waits for it; gives what OAuth says: `access_token` and `expires_in`, or `error`.

Raises `RequestException` where Entra cannot be reached, `ValueError` for an organisation that there is not.
"""


def entra(app_id: str, password: str, tenant: str, *, http: Any = None) -> Ask:
    """Give what asks Entra, by Microsoft's own library; `http` stands in for the network."""
    apps: list[ConfidentialClientApplication] = []  # it asks Entra when it is made, so that waits for the first token

    def ask() -> Mapping[str, Any]:
        if not apps:
            more = {"http_client": http} if http else {"timeout": ANSWERS_WITHIN_S}
            authority = f"{LOGIN}/{tenant or WITHOUT_A_TENANT}"
            made = ConfidentialClientApplication(
                app_id, client_credential=password, authority=authority, instance_discovery=False, **more
            )
            apps.append(made)
        apps[0].remove_tokens_for_client()  # what is to be kept is kept here
        return dict(apps[0].acquire_token_for_client(scopes=[SCOPE]))

    return ask


@dataclass(frozen=True, slots=True, repr=False)
class _Token:
    text: str
    ends: datetime


class Tokens:
    """Gives a token that is good now. It is asked for by one task at a time, whoever waits for it."""

    def __init__(self, ask: Ask, clock: Clock) -> None:
        """Begin without one."""
        self._ask = ask
        self._clock = clock
        self._token: _Token | None = None
        self._asking: asyncio.Task[_Token] | None = None
        self._wrong = ""  # what was said last

    async def token(self) -> str:
        """Give a token; raises `NoToken` where Entra cannot be asked, and `TokenRefused` where it gives none."""
        if self._token is None or self._token.ends - RUNS_OUT <= self._clock.now():
            return (await self._new()).text
        return self._token.text

    async def first(self) -> None:
        """Ask for the first token; where Entra cannot be asked, that is tried again later."""
        try:
            await self.token()
        except NoToken as fault:
            self._tell(str(fault))

    def refused(self, token: str) -> None:
        """Use a token no more that Teams has refused."""
        if self._token and self._token.text == token:
            self._token = None

    async def keep_fresh(self) -> None:
        """Ask for the next token in time, until cancelled; what goes wrong is told once, until it is well again."""
        while True:
            wrong = ""
            try:
                if self._token is None or self._token.ends - IN_TIME <= self._clock.now():
                    await self._new()
            except Fault as fault:
                wrong = str(fault)
            self._tell(wrong)
            now = self._clock.now()
            until = self._token.ends - IN_TIME if self._token and not wrong else now + AGAIN
            await self._clock.sleep_until(max(until, now + AGAIN))

    def _tell(self, wrong: str) -> None:
        if wrong and wrong != self._wrong:
            log.warning("teams.no_token", fault=wrong)
        self._wrong = wrong

    async def _new(self) -> _Token:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._asked())
            self._asking.add_done_callback(_looked_at)
        return await asyncio.shield(self._asking)

    async def _asked(self) -> _Token:
        now = self._clock.now()
        try:
            answer = await asyncio.to_thread(self._ask)
        except ValueError as error:
            raise TokenRefused("there is no such tenant") from error
        except (RequestException, RuntimeError, OSError) as error:
            raise NoToken(type(error).__name__) from None
        text, seconds = answer.get("access_token"), answer.get("expires_in")
        if isinstance(text, str) and text and isinstance(seconds, int):
            self._token = _Token(text, now + timedelta(seconds=seconds))
            return self._token
        code = str(answer.get("error") or "no token")
        raise NoToken(code) if code in _PASSING else TokenRefused(_named(code, answer))


def _looked_at(task: asyncio.Task[_Token]) -> None:
    """Take note of what went wrong, also where nobody waits for it any more."""
    if not task.cancelled():
        task.exception()


def _named(code: str, answer: Mapping[str, Any]) -> str:
    """Name a refusal by its codes alone: the sentence beside them quotes what was asked."""
    codes = answer.get("error_codes")
    numbers = [f"AADSTS{number}" for number in codes if isinstance(number, int)] if isinstance(codes, list) else []
    return " ".join([code, *numbers])
