"""hello30 in Microsoft Teams as a chat adapter: cards are messages that are amended, forms are cards with inputs.

Everything of Microsoft's SDK is in this file and, for what comes in, in `signing`: it is at its end, so all the rest
knows plain dictionaries only (docs/adr/0002-botbuilder-although-archived.md). What in it would stop the program, sleep,
or try again by itself is replaced, through its own points of extension.
"""

from __future__ import annotations

import asyncio
import errno
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Self

import structlog
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
)
from botframework.connector.aio import ConnectorClient
from botframework.connector.aiohttp_bf_pipeline import AsyncBfPipeline
from botframework.connector.auth.connector_factory import ConnectorFactory
from msrest import Serializer
from msrest.pipeline import AsyncHTTPSender, Request, Response, SansIOHTTPPolicy
from msrest.universal_http import ClientRequest
from msrest.universal_http.async_abc import AsyncClientResponse

from adapters.teams import cards
from adapters.teams.calls import Calls, Content, receipt_of
from adapters.teams.faults import Fault, NoAnswer, NotSent, TokenRefused, read_refusal
from adapters.teams.front import Front, check
from adapters.teams.listeners import Listeners, card_message
from adapters.teams.members import Members, channels_of
from adapters.teams.references import References
from adapters.teams.saying import Saying
from adapters.teams.signing import Signing, SigningKeys, Turns
from adapters.teams.tokens import Ask, Tokens, entra
from adapters.teams.words import TeamsWords
from bot.beside import SAID_WITHIN
from bot.domain.card import Nudge
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind, Hello30Error
from bot.language.wording import Wording
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.notebook import Notebook
from bot.pages import Views
from bot.ports import Capabilities, Clock, Deaf, Receive, WhyDeaf
from bot.settings import Settings, Teams

log = structlog.get_logger(__name__)

CALL_WITHIN: Final = ClientTimeout(total=13, connect=3.05, sock_read=10)
"""So many seconds a call may take. The courier gives up later, so it learns of it."""
STOP_WITHIN: Final = timedelta(seconds=18)
"""So long the end may take in all: less than whoever stops us waits, and longer than a message may be under way."""
TRY_AGAIN: Final = timedelta(seconds=5)
CLIENTS_AT_MOST: Final = 50
"""So many places at which Teams takes messages are kept ready; an organisation has one or two."""


class _Answer(AsyncClientResponse):
    """An answer of Teams that was read whole."""

    def __init__(self, request: ClientRequest, answer: ClientResponse, body: bytes) -> None:
        super().__init__(request, answer)
        self.status_code, self.headers, self.reason = answer.status, answer.headers, answer.reason
        self._body = body

    def body(self) -> bytes:
        return self._body


class _Sender(AsyncHTTPSender):
    """Sends what the SDK has made: once, with our token, and over a session of ours that waits in no thread."""

    def __init__(self, session: ClientSession, tokens: Tokens | None) -> None:
        self._session = session
        self._tokens = tokens

    async def send(self, request: Request, **_config: Any) -> Response:
        made = request.http_request
        token = await self._tokens.token() if self._tokens else ""
        answer, body = await self._sent(made, token)
        if answer.status == 401 and self._tokens:  # it may have been taken back before its end
            self._tokens.refused(token)
            answer, body = await self._sent(made, await self._tokens.token())
        if answer.status >= 300:
            raise read_refusal(answer.status, answer.headers, body)
        return Response(request, _Answer(made, answer, body))

    async def _sent(self, made: ClientRequest, token: str) -> tuple[ClientResponse, bytes]:
        headers = dict(made.headers) | ({"Authorization": f"Bearer {token}"} if token else {})
        call = self._session.request(made.method, made.url, headers=headers, data=made.data, allow_redirects=False)
        try:
            async with call as answer:
                return answer, await answer.read()
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise NotSent(type(error).__name__) from None
        except (ClientError, OSError, ValueError) as error:
            raise NoAnswer(type(error).__name__) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *details: object) -> None:
        """Do nothing: whoever opened the session closes it."""


class _AsItIs(Serializer):
    """Sends what we have made as it is: the SDK would make an object of a card, and a card of that again."""

    def body(self, data: Any, *_: object, **__: object) -> Any:
        return data


class Connectors(ConnectorFactory):
    """The SDK's clients, one for each place at which Teams takes messages: it would make two for each activity."""

    def __init__(self, sender: AsyncHTTPSender) -> None:
        """Take what sends."""
        self._sender = sender
        self._clients: OrderedDict[str, ConnectorClient] = OrderedDict()

    async def create(self, service_url: str, audience: str | None = None) -> ConnectorClient:  # noqa: ARG002 - its name
        """Give the client of a place."""
        if service_url not in self._clients:
            nobody = SansIOHTTPPolicy()  # the sender has our token
            client = ConnectorClient(nobody, base_url=service_url, pipeline_type=AsyncBfPipeline, sender=self._sender)
            client.conversations._serialize = _AsItIs()  # noqa: SLF001 - it has no other way in
            self._clients[service_url] = client
        self._clients.move_to_end(service_url)
        while len(self._clients) > CLIENTS_AT_MOST:
            self._clients.popitem(last=False)
        return self._clients[service_url]


class SdkWire:
    """Calls of Teams through the SDK; see `adapters.teams.calls.Wire`."""

    def __init__(self, connectors: Connectors) -> None:
        """Take the SDK's clients."""
        self._connectors = connectors

    async def send(self, url: str, conversation: str, activity: Content) -> str:
        """Post a message; give its id."""
        return await self._done(url, lambda all_of: all_of.send_to_conversation(conversation, dict(activity)))

    async def update(self, url: str, conversation: str, message: str, activity: Content) -> None:
        """Put something else in the place of a message."""
        await self._done(url, lambda all_of: all_of.update_activity(conversation, message, dict(activity)))

    async def open(self, url: str, member: str, tenant: str, bot: str) -> str:
        """Begin the conversation with one member of an organisation; give its id."""
        made = {"isGroup": False, "members": [{"id": member}], "bot": {"id": bot}}
        made |= {"tenantId": tenant, "channelData": {"tenant": {"id": tenant}}} if tenant else {}
        return await self._done(url, lambda all_of: all_of.create_conversation(made))

    async def look(self, url: str, conversation: str) -> None:
        """Ask for the members of a conversation."""
        await self._done(url, lambda all_of: all_of.get_conversation_paged_members(conversation, page_size=1))

    async def _done(self, url: str, call: Callable[[Any], Awaitable[Any]]) -> str:
        """Wait for a call; give the id that Teams answered, if it did."""
        try:
            answer = await call((await self._connectors.create(url)).conversations)
        except Fault:
            raise
        except Exception as error:  # noqa: BLE001 - the SDK could not read the answer, or not even make the request
            raise NoAnswer(type(error).__name__) from None
        return str(getattr(answer, "id", None) or "")


class TeamsAdapter:
    """hello30 in Teams; see `bot.ports.ChatAdapter`."""

    name = "teams"
    capabilities = Capabilities(threads=True, buzzes=True)

    def __init__(  # noqa: PLR0913 - it joins what carrying and answering need
        self,
        settings: Settings,
        teams: Teams,
        password: str,
        *,
        notebook: Notebook,
        views: Views,
        wording: Wording,
        clock: Clock,
        ask: Ask | None = None,
        keys_url: str = "",
    ) -> None:
        """Take where Teams posts to us, and who we are; raises `Hello30Error` for what may not be.

        `ask` and `keys_url` stand in for Entra, and for where Microsoft's signing keys are.
        """
        check(teams, password)
        self._settings = settings
        self._teams = teams
        self._views = views
        self._clock = clock
        self._words = TeamsWords(settings, wording, clock)
        self._references = References(notebook, channels_of(settings), local=teams.insecure_local)
        self._tokens = Tokens(ask or entra(teams.app_id, password, teams.tenant_id), clock) if teams.app_id else None
        self._keys_url = keys_url
        self._keys: SigningKeys | None = None
        self._session: ClientSession | None = None
        self._calls: Calls | None = None
        self._listeners: Listeners | None = None
        self._front: Front | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._silent_since = clock.now()
        self.stop_within = STOP_WITHIN

    @classmethod
    def configured(
        cls,
        settings: Settings,
        environ: Mapping[str, str],
        *,
        notebook: Notebook,
        views: Views,
        wording: Wording,
        clock: Clock,
    ) -> TeamsAdapter:
        """Make it as the configuration says, with the password of the environment; raises `Hello30Error`."""
        if settings.teams is None:
            raise Hello30Error("Teams is not in the configuration.")
        password = environ.get("TEAMS_APP_PASSWORD", "").strip()
        return cls(settings, settings.teams, password, notebook=notebook, views=views, wording=wording, clock=clock)

    @property
    def port(self) -> int:
        """Give the port on which Teams is heard; 0 while it is not."""
        return self._front.port if self._front else 0

    @property
    def deaf(self) -> Deaf | None:
        """Tell whether what people do in Teams reaches us: not without keys, for then nothing can be believed."""
        if not self.port:
            return Deaf(since=self._silent_since, why=WhyDeaf.NOT_LISTENING)
        if self._keys and not self._keys.are_known:
            return Deaf(since=self._keys.away_since, why=WhyDeaf.NOT_KNOWN, detail=self._keys.wrong)
        return None

    async def start(self, receive: Receive) -> None:
        """Listen; where Microsoft's keys or our token cannot be fetched, that is tried again beside it.

        Raises `Hello30Error` for a password that Entra refuses, and when the port is taken.
        """
        self._session = ClientSession(timeout=CALL_WITHIN)
        self._keys = SigningKeys(self._session, self._clock, self._keys_url) if self._teams.app_id else None
        connectors = Connectors(_Sender(self._session, self._tokens))
        local = self._teams.insecure_local
        self._calls = Calls(SdkWire(connectors), self._references, self._clock, local=local)
        members = Members(self._settings, self._references, receive=receive)
        saying = Saying(self._calls, self._clock)
        self._listeners = Listeners(
            self._settings, self._words, saying, members, self._views, receive=receive, bot=self._teams.app_id
        )
        turns = Turns(self._teams, Signing(self._teams, self._keys), connectors, self._listeners.take)
        self._front = Front(self._teams, turns.take)
        try:
            await self._know_ourselves()
            await self._serve(self._front)
        except BaseException:
            await self.stop()
            raise

    async def _know_ourselves(self) -> None:
        """Fetch keys and a token, and from then on beside everything else."""
        first: list[Coroutine[Any, Any, None]] = []
        if self._keys:
            self._beside.append(asyncio.create_task(self._keys.keep_fresh()))
            first.append(self._keys.first())
        if self._tokens:
            first.append(self._tokens.first())
        try:
            await asyncio.gather(*first)
        except TokenRefused as fault:
            raise Hello30Error(
                f"Entra does not take the app's password ({fault}). Please set TEAMS_APP_PASSWORD to the value of a "
                "client secret of the app, which stands in the Azure portal only while it is made, and look whether "
                "app_id and tenant_id are those of the Azure Bot."
            ) from None
        if self._tokens:
            self._beside.append(asyncio.create_task(self._tokens.keep_fresh()))

    async def _serve(self, front: Front) -> None:
        host, port = self._teams.host, self._teams.port
        try:
            await front.start()
        except OSError as error:
            why = "another program uses this port" if error.errno == errno.EADDRINUSE else str(error.strerror)
            raise Hello30Error(
                f"hello30 cannot take what Teams posts on {host}:{port}: {why}. Please give Teams another host or port "
                "in the configuration."
            ) from None

    async def closed(self, to: Address) -> str:
        """Ask Teams why it would take no message for a channel."""
        return await self._running().closed(to)

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str, *, again: bool = False) -> Receipt:
        """Post a message; with `again` what was sent under this key is amended, as far as it is remembered here.

        Teams itself cannot be asked for it. A message whose answer was lost on the way may therefore come twice.
        """
        content = self._content(message)
        name = f"{to.id} {key}"
        calls = self._running()
        ref = await calls.find(name) if again else None
        if ref and not isinstance(message, Nudge) and not await calls.amended(to, ref, content):
            ref = None
        return receipt_of(to, ref or await calls.post(to, content, name))

    async def amend(
        self,
        receipt: Receipt,
        card: ShownCard,
        *,
        again: bool = False,  # noqa: ARG002 - the whole card is one message, so the same change twice is one
    ) -> Receipt:
        """Change a card that was posted."""
        await self._running().amend(receipt.address, receipt.ref, self._content(card))
        return receipt

    async def hint(self, to: Address) -> Hint | None:  # noqa: ARG002 - Teams tells a bot nothing of whoever looks
        """Tell nothing."""
        return None

    def _content(self, message: ShownCard | ShownNudge) -> Content:
        if isinstance(message, Nudge):
            return {"text": message.text, "textFormat": "plain"}
        return card_message(cards.card_content(message, self._words), cards.summary(message))

    def _running(self) -> Calls:
        if self._calls is None or not self.port:
            again = self._clock.now() + TRY_AGAIN  # nothing is wrong with the message: we are starting, or stopping
            raise DeliveryError(DeliveryKind.WAIT_UNTIL, "Teams is not being listened to", retry_at=again)
        return self._calls

    async def stop(self) -> None:
        """Take nothing more, answer what was taken, and let go of Teams; all of it by one moment, whatever hangs."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.stop_within.total_seconds()

        def left(at_most: timedelta = STOP_WITHIN) -> timedelta:
            return min(at_most, timedelta(seconds=max(0.0, end - loop.time())))

        for task in self._beside:
            task.cancel()
        if self._beside:
            await asyncio.wait(self._beside)
            self._beside.clear()
        if self._front:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._front.stop(), left().total_seconds())
            self._front, self._silent_since = None, self._clock.now()
        if self._listeners:
            await self._listeners.saying.finish(left(SAID_WITHIN))
        if self._calls:
            await self._calls.finish(left())
        self._listeners = self._calls = None
        if self._session:
            await self._session.close()
            self._session = None
