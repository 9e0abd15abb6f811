"""Whose word it is that comes in: nothing is believed that Teams' service has not signed for this very app.

The checks of the signature are those of Microsoft's library. What it leaves out is added here: a key must be endorsed
for Teams, a token must end, an activity must say where it comes from; and only tokens of the service that speaks for
Teams are looked at, not those of emulators and other bots. The keys are fetched beside everything else: the library
would stop the whole program while it fetches them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout
from botbuilder.core import CloudAdapterBase, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ChannelAccount, ConversationAccount, InvokeResponse
from botframework.connector.auth import (
    AuthenticationConstants,
    BotFrameworkAuthentication,
    ChannelValidation,
    ClaimsIdentity,
    VerifyOptions,
)
from botframework.connector.auth.authenticate_request_result import AuthenticateRequestResult
from botframework.connector.auth.connector_factory import ConnectorFactory
from botframework.connector.auth.jwt_token_extractor import JwtTokenExtractor
from jwt.algorithms import RSAAlgorithm

from adapters.teams.front import Answered, Turned, check_tenant
from adapters.teams.references import part
from bot.ports import Clock
from bot.settings import Teams

log = structlog.get_logger(__name__)

CHANNEL: Final = "msteams"
FRESH_FOR: Final = timedelta(hours=12)
"""So long signing keys are used before they are fetched anew."""
GOOD_FOR: Final = timedelta(days=2)
"""So long they are used where they cannot be fetched."""
UNKNOWN_AGAIN: Final = timedelta(minutes=5)
"""So often at most they are fetched for a key that is not among them: anybody may write such a token."""
AWAY_AGAIN: Final = timedelta(seconds=5)
"""So often at most it is tried while they cannot be fetched."""
FETCHED_WITHIN: Final = ClientTimeout(total=10, connect=3.05)
CLOCKS_DIFFER_S: Final = 300
Take: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Answered]]
"""What is done with an activity that is from Teams."""


class NotBelieved(Exception):
    """Somebody has posted what is not from Teams, or not for us; the text is a code for the log."""


class KeysAway(Exception):
    """Nobody can tell whether something is from Teams: the keys cannot be fetched."""


class _Key:
    """A signing key, as the library wants it."""

    def __init__(self, public_key: Any, endorsements: list[str]) -> None:
        self.public_key = public_key
        self.endorsements = endorsements


class SigningKeys:
    """The keys with which the service behind Teams signs what it posts."""

    def __init__(self, session: ClientSession, clock: Clock, url: str = "") -> None:
        """Fetch them over a session; `url` is where their list stands, another one than Microsoft's for tests."""
        self._session = session
        self._clock = clock
        self._url = url or ChannelValidation.open_id_metadata_endpoint
        self._url = self._url or AuthenticationConstants.TO_BOT_FROM_CHANNEL_OPENID_METADATA_URL
        self._keys: dict[str, _Key] = {}
        self._fetched: datetime | None = None
        self._tried: datetime | None = None
        self._lock = asyncio.Lock()
        self.wrong = ""  # why they could not be fetched when that was last tried
        self.away_since = clock.now()

    @property
    def are_known(self) -> bool:
        """Tell whether there are keys that may be used."""
        return self._fetched is not None and self._clock.now() - self._fetched <= GOOD_FOR

    async def get(self, key_id: str | None) -> _Key:
        """Give the key of this id; raises `NotBelieved` where there is none, and `KeysAway` where nobody knows."""
        if not isinstance(key_id, str):
            raise NotBelieved("no_key_named")
        if not self.are_known or (key_id not in self._keys and self._may_be_new()):
            await self._fetch_once()
        if not self.are_known:
            raise KeysAway
        if key_id not in self._keys:
            raise NotBelieved("unknown_key")
        key = self._keys[key_id]
        if CHANNEL not in key.endorsements:
            raise NotBelieved("key_not_endorsed")
        return key

    async def first(self) -> None:
        """Fetch them for the first time; where that fails, it is tried again later."""
        await self._fetch_once()

    async def keep_fresh(self) -> None:
        """Fetch them anew in time, until cancelled."""
        while True:
            now = self._clock.now()
            if self._fetched is None or now - self._fetched >= FRESH_FOR:
                await self._fetch_once()
            due = self._fetched + FRESH_FOR if self._fetched else now
            await self._clock.sleep_until(max(due, self._clock.now() + AWAY_AGAIN))

    def _may_be_new(self) -> bool:
        return self._fetched is not None and self._clock.now() - self._fetched >= UNKNOWN_AGAIN

    async def _fetch_once(self) -> None:
        """Fetch them, one request at a time, and not again at once where that has just failed."""
        asked = self._clock.now()
        async with self._lock:
            if self._fetched and self._fetched >= asked:
                return  # somebody else has while we waited
            if self.wrong and self._tried and self._clock.now() - self._tried < AWAY_AGAIN:
                return
            self._tried = self._clock.now()
            try:
                self._keys = await self._fetch()
            except (ClientError, OSError, TimeoutError, ValueError, KeyError, TypeError, RecursionError) as error:
                if not self.wrong:
                    log.warning("teams.no_signing_keys", error=type(error).__name__)
                    self.away_since = self._tried
                self.wrong = type(error).__name__
            else:
                self._fetched, self.wrong = self._clock.now(), ""

    async def _fetch(self) -> dict[str, _Key]:
        listed = await self._json((await self._json(self._url))["jwks_uri"])
        keys = (key for key in listed["keys"] if key.get("kty") == "RSA" and isinstance(key.get("kid"), str))
        return {
            key["kid"]: _Key(RSAAlgorithm.from_jwk(json.dumps(key)), list(key.get("endorsements") or ()))
            for key in keys
        }

    async def _json(self, url: str) -> Any:
        async with self._session.get(url, timeout=FETCHED_WITHIN) as answer:
            answer.raise_for_status()
            return json.loads(await answer.read())


class Signing:
    """Tells whether what comes in is from Teams and for us."""

    def __init__(self, teams: Teams, keys: SigningKeys | None) -> None:
        """Take who we are; without an app id everything is believed, which only `insecure_local` allows."""
        self._is_on = keys is not None or not teams.insecure_local
        self._app_id = teams.app_id
        self._extractor = JwtTokenExtractor(
            VerifyOptions(
                issuer=[AuthenticationConstants.TO_BOT_FROM_CHANNEL_TOKEN_ISSUER],
                audience=None,  # looked at by hand, in `is_valid_appid`
                clock_tolerance=CLOCKS_DIFFER_S,
                ignore_expiration=False,
            ),
            "",
            AuthenticationConstants.ALLOWED_SIGNING_ALGORITHMS,
        )
        self._extractor.open_id_metadata = keys

    async def check(self, header: str, activity: Mapping[str, Any]) -> ClaimsIdentity:
        """Give who has posted an activity; raises `NotBelieved`, and `KeysAway` where nobody can tell."""
        if not self._is_on:
            return ClaimsIdentity({}, True, AuthenticationConstants.ANONYMOUS_AUTH_TYPE)  # noqa: FBT003 - its signature
        if part(activity, "channelId") != CHANNEL:
            raise NotBelieved("not_from_teams")
        try:
            claimed = await self._extractor.get_identity_from_auth_header(header, CHANNEL)
            identity = await ChannelValidation.validate_identity(claimed, self)
        except (NotBelieved, KeysAway):
            raise
        except Exception as error:  # noqa: BLE001 - the library says it in many ways, and each means no
            raise NotBelieved(type(error).__name__) from None
        if identity.get_claim_value("exp") is None:
            raise NotBelieved("without_end")
        url = part(activity, "serviceUrl")
        if not url or identity.get_claim_value(AuthenticationConstants.SERVICE_URL_CLAIM) != url:
            raise NotBelieved("other_service_url")
        return identity

    async def is_valid_appid(self, app_id: Any) -> bool:
        """Tell whether a token is for us, as the library asks it."""
        return isinstance(app_id, str) and app_id.lower() == self._app_id


class Turns(CloudAdapterBase):
    """The SDK's own adapter: it makes a turn of each activity that comes in, and an answer of what a turn leaves.

    It is told only who wrote where, and that once it is known that Teams says so.
    """

    def __init__(self, teams: Teams, signing: Signing, connectors: ConnectorFactory, take: Take) -> None:
        """Take who we are, who tells what is from Teams, and what is done with that."""
        super().__init__(_Authentication(connectors))
        self._teams = teams
        self._signing = signing
        self._connectors = connectors
        self._take = take

    async def take(self, header: str, activity: dict[str, Any]) -> Answered:
        """Answer an activity; raises `Turned` where it is not taken."""
        try:
            identity = await self._signing.check(header, activity)
        except NotBelieved as why:
            raise Turned(401, str(why)) from None
        except KeysAway:
            raise Turned(503, "no_signing_keys") from None
        check_tenant(self._teams, activity)
        envelope = _envelope(activity)
        answered = Answered()

        async def logic(context: TurnContext) -> None:
            nonlocal answered
            answered = await self._take(activity)
            if envelope.type == ActivityTypes.invoke:
                value = InvokeResponse(status=answered.status, body=answered.body)
                await context.send_activity(Activity(type=ActivityTypes.invoke_response, value=value))

        result = AuthenticateRequestResult()
        result.claims_identity, result.connector_factory = identity, self._connectors
        result.audience = AuthenticationConstants.TO_CHANNEL_FROM_BOT_OAUTH_SCOPE
        response = await self.process_activity(result, envelope, logic)
        return Answered(int(response.status), response.body) if response else answered


def _envelope(activity: Mapping[str, Any]) -> Activity:
    """Give what the SDK is told of an activity, which is no more than it needs."""
    return Activity(
        type=part(activity, "type"),
        id=part(activity, "id"),
        channel_id=part(activity, "channelId"),
        service_url=part(activity, "serviceUrl"),
        from_property=ChannelAccount(id=part(activity, "from", "id")),
        recipient=ChannelAccount(id=part(activity, "recipient", "id")),
        conversation=ConversationAccount(id=part(activity, "conversation", "id")),
    )


class _Authentication(BotFrameworkAuthentication):
    """What the SDK asks of us during a turn; what it could ask otherwise, nothing of ours lets it."""

    def __init__(self, connectors: ConnectorFactory) -> None:
        self._connectors = connectors

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:  # noqa: ARG002 - its name
        return self._connectors

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:
        """Give none: nobody signs in through the bot."""

    async def authenticate_request(self, *_: object) -> AuthenticateRequestResult:
        raise NotBelieved("asked_elsewhere")  # `Signing` does it, before there is a turn

    async def authenticate_streaming_request(self, *_: object) -> AuthenticateRequestResult:
        raise NotBelieved("no_streams")
