"""hello30 in Slack as a chat adapter: cards are messages that are amended, forms are modals.

Slack is heard over a websocket that we open (Socket Mode, which needs no public address) or at an address of ours to
which it posts. What comes in is answered by `listeners`; cards and nudges go out when the courier says so.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from aiohttp import ClientSession, ClientTimeout
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import card_message, nudge_message
from adapters.slack.calls import Bot, Calls
from adapters.slack.front import Front
from adapters.slack.homes import Homes
from adapters.slack.leaving import Leaving
from adapters.slack.listeners import Listeners
from adapters.slack.websocket import Websocket
from adapters.slack.words import SlackWords
from bot.domain.card import Nudge
from bot.errors import DeliveryError, DeliveryKind, Hello30Error
from bot.language.wording import Wording
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.pages import Views
from bot.ports import Capabilities, Clock, Receive
from bot.settings import Settings, Slack

log = structlog.get_logger(__name__)

CALL_WITHIN: Final = timedelta(seconds=16)
"""So long a call may take; Slack answers in a tenth of a second. The courier gives up first, and so learns of it."""
TRY_AGAIN: Final = timedelta(seconds=5)
"""After so long Slack is asked again who we are, where it could not be reached at the start."""
SCOPES: Final = frozenset(
    {"app_mentions:read", "channels:history", "chat:write", "commands", "im:history", "im:write", "users:read"}
)
"""What the bot's token must be good for; adapters/slack/manifest.yaml asks for it, docs/slack.md says why."""
REMOVED: Final = (
    "Nothing more is sent to Slack. Please install the app again in Slack, set SLACK_BOT_TOKEN to the token that then "
    "stands there, and start hello30 again."
)
"""What the log says once the app was removed from the workspace."""


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What only the environment holds: never in a file, a log or an error. `app` and `signing` may be empty."""

    bot: str
    app: str = ""
    signing: str = ""


class SlackAdapter:
    """hello30 in Slack; see `bot.ports.ChatAdapter`."""

    name = "slack"
    capabilities = Capabilities(buttons=True, forms=True, amend=True, channels=True, lookup=True)

    def __init__(
        self, settings: Settings, slack: Slack, secrets: Secrets, *, views: Views, wording: Wording, clock: Clock
    ) -> None:
        """Take how Slack is reached; raises `Hello30Error` for a token or a secret that is missing."""
        _check(slack, secrets)
        self._settings = settings
        self._slack = slack
        self._secrets = secrets
        self._views = views
        self._clock = clock
        self._words = SlackWords(settings, wording, clock)
        self._bot = Bot("", None)
        self._session: ClientSession | None = None
        self._calls: Calls | None = None
        self._homes: Homes | None = None
        self._listeners: Listeners | None = None
        self._front: Front | None = None
        self._socket: Websocket | None = None
        self._beside: list[asyncio.Task[None]] = []
        self._is_on = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._removed = ""  # the event that told so

    @classmethod
    def configured(
        cls, settings: Settings, environ: Mapping[str, str], *, views: Views, wording: Wording, clock: Clock
    ) -> SlackAdapter:
        """Make it as the configuration says, with the tokens of the environment; raises `Hello30Error`."""
        if settings.slack is None:
            raise Hello30Error("Slack is not in the configuration.")
        secrets = Secrets(
            bot=environ.get("SLACK_BOT_TOKEN", "").strip(),
            app=environ.get("SLACK_APP_TOKEN", "").strip(),
            signing=environ.get("SLACK_SIGNING_SECRET", "").strip(),
        )
        return cls(settings, settings.slack, secrets, views=views, wording=wording, clock=clock)

    @property
    def port(self) -> int:
        """Give the port on which Slack is heard; 0 in Socket Mode, or while it is not."""
        return self._front.port if self._front else 0

    async def start(self, receive: Receive) -> None:
        """Ask Slack who we are, and listen; where Slack cannot be reached, that is tried again beside it.

        Raises `Hello30Error` for a token that Slack refuses, or that lacks a scope, and when the port is taken.
        """
        self._removed = ""
        self._is_on = True
        self._session = ClientSession(timeout=ClientTimeout(total=CALL_WITHIN.total_seconds()))
        client = AsyncWebClient(
            token=self._secrets.bot,
            base_url=self._slack.api_url,
            session=self._session,
            timeout=int(CALL_WITHIN.total_seconds()),
            retry_handlers=[],
        )
        self._calls = Calls(client, self._clock)
        self._homes = Homes(self._settings, self._words, self._calls, self._views)
        self._listeners = Listeners(
            self._settings, self._words, self._calls, self._homes, receive=receive, bot=lambda: self._bot.user
        )
        app = AsyncApp(
            logger=_quiet(),
            client=AsyncWebClient(base_url=self._slack.api_url, session=self._session),  # bolt itself calls nothing
            request_verification_enabled=False,  # the front does, before anything is read
            ssl_check_enabled=False,
            process_before_response=True,  # the other way polls every 10 ms
            authorize=self._authorized_as(),
        )
        app.error(_failed)
        self._listeners.listen(app)
        leaving = Leaving(
            self._settings, self._calls, receive=receive, bot=lambda: self._bot, removed=self._was_removed
        )
        leaving.listen(app, self._clock.now())
        try:
            if not await self._know_ourselves():
                self._beside.append(asyncio.create_task(self._ask_again()))
            if self._slack.mode == "http":
                await self._serve(app)
            else:
                self._socket = Websocket(app, self._secrets.app, web_client=client)
                self._socket.client.wss_uri = await self._where_to_connect()
                self._beside.append(asyncio.create_task(self._connect(self._socket)))
        except BaseException:
            await self.stop()
            raise

    async def _serve(self, app: AsyncApp) -> None:
        host, port = self._slack.host, self._slack.port
        self._front = Front(host, port, self._secrets.signing, self._clock, _of(app))
        try:
            await self._front.start()
        except OSError as error:
            why = "another program uses this port" if error.errno == errno.EADDRINUSE else str(error.strerror)
            raise Hello30Error(
                f"hello30 cannot take what Slack posts on {host}:{port}: {why}. Please give Slack another host or port "
                "in the configuration."
            ) from None

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str, *, again: bool = False) -> Receipt:
        """Post a message; with `again` one of the same key is looked for first, and amended."""
        shown = nudge_message(message.text) if isinstance(message, Nudge) else card_message(message, self._for(message))
        async with self._carrying() as calls:
            conversation = await calls.conversation(to.id)
            found = await calls.find(conversation, key) if again else None
            if found is None:
                found = await calls.post(conversation, shown, key)
            elif not isinstance(message, Nudge):
                await calls.amend(found, shown)
        if not isinstance(message, Nudge):
            self._home_changed(message)
        return Receipt(address=to, ref=found)

    async def amend(self, receipt: Receipt, card: ShownCard) -> Receipt:
        """Change a card that was posted."""
        async with self._carrying() as calls:
            await calls.amend(receipt.ref, card_message(card, self._for(card)))
        self._home_changed(card)
        return receipt

    @asynccontextmanager
    async def _carrying(self) -> AsyncIterator[Calls]:
        """Give what calls Slack, for one message; the end of the adapter waits for it, so that its outcome is known."""
        calls = self._running()
        self._under_way += 1
        self._idle.clear()
        try:
            yield calls
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    def _home_changed(self, card: ShownCard) -> None:
        """Have the Home tabs published, beside, that show this card."""
        if self._homes:
            self._homes.changed(card.reader)

    async def stop(self) -> None:
        """Take nothing more, answer what was taken, and let go of Slack."""
        self._is_on = False
        for task in self._beside:
            task.cancel()
        if self._beside:
            await asyncio.wait(self._beside)
            self._beside.clear()
        if self._socket:
            await self._socket.finish()
            self._socket = None
        if self._front:
            await self._front.stop()
            self._front = None
        if self._listeners:
            await self._listeners.finish()
            self._listeners = None
        if self._homes:
            await self._homes.finish()
            self._homes = None
        self._calls = None
        with suppress(TimeoutError):  # the courier gives up by then
            await asyncio.wait_for(self._idle.wait(), CALL_WITHIN.total_seconds())
        if self._session:
            await self._session.close()
            self._session = None

    def _for(self, card: ShownCard) -> Any:
        return self._words.card(card)

    def _running(self) -> Calls:
        if self._calls is None or not self._is_on:
            again = self._clock.now() + TRY_AGAIN  # nothing is wrong with the message: we are starting, or stopping
            raise DeliveryError(DeliveryKind.WAIT_UNTIL, "Slack is not being listened to", retry_at=again)
        if self._removed:
            raise DeliveryError(DeliveryKind.MISCONFIGURED, f"hello30 was removed from Slack ({self._removed})")
        return self._calls

    def _was_removed(self, event: str) -> None:
        """Ask nothing of Slack until we are started again: it may refuse the token only a while later."""
        if not self._removed:  # Slack tells it twice, in any order
            self._removed = event
            log.error("slack.uninstalled", told_by=event, to_do=REMOVED)

    # --- who we are --------------------------------------------------------------------------------------------------

    async def _know_ourselves(self) -> bool:
        """Ask Slack who we are; False where it cannot be reached."""
        try:
            self._bot = await self._running().who()
        except DeliveryError as fault:
            if fault.kind is DeliveryKind.MISCONFIGURED:
                raise Hello30Error(
                    f"Slack does not take the bot's token ({fault.detail}). Please set SLACK_BOT_TOKEN to the one that "
                    'stands in Slack under "OAuth & Permissions"; it begins with xoxb-.'
                ) from None
            log.warning("slack.not_reached", fault=fault.detail)
            return False
        if self._bot.scopes is not None and (missing := SCOPES - self._bot.scopes):
            raise Hello30Error(
                f"The bot's token lacks {', '.join(sorted(missing))}. Please bring the app in Slack up to date with "
                "`hello30 slack manifest`, and install it again."
            )
        return True

    async def _ask_again(self) -> None:
        """Ask who we are until Slack answers; what an admin must set right can only be logged by then."""
        known = False
        while not known:
            again = self._clock.now() + TRY_AGAIN
            while self._clock.now() < again:
                await self._clock.sleep_until(again)
            try:
                known = await self._know_ourselves()
            except Hello30Error as fault:
                log.error("slack.refused_us", fault=str(fault))  # noqa: TRY400 - the sentence says it all
                return

    def _authorized_as(self) -> Callable[[], Awaitable[AuthorizeResult]]:
        """Give what tells bolt who we are: it would ask Slack, and lose what came in when Slack does not answer."""

        async def authorize() -> AuthorizeResult:
            bot = self._bot.user or None
            return AuthorizeResult(enterprise_id=None, team_id=None, bot_user_id=bot, bot_token=self._secrets.bot)

        return authorize

    async def _where_to_connect(self) -> str | None:
        """Ask Slack where a websocket is opened; None where it cannot be reached, so that it is asked later."""
        try:
            return await self._running().socket_url(self._secrets.app)
        except DeliveryError as fault:
            if fault.kind is DeliveryKind.MISCONFIGURED:
                raise Hello30Error(
                    f"Slack does not take the app's token ({fault.detail}). Please set SLACK_APP_TOKEN to the one that "
                    'stands in Slack under "Basic Information"; it begins with xapp-, and has the scope '
                    "connections:write."
                ) from None
            log.warning("slack.not_reached", fault=fault.detail)
            return None

    async def _connect(self, socket: Websocket) -> None:
        """Open the websocket; it is tried until it is open, and opened again by itself whenever it is lost."""
        await socket.connect_async()  # type: ignore[no-untyped-call]  # likewise
        log.info("slack.heard")


def _quiet() -> logging.Logger:
    """Give bolt a logger for errors only: it warns of tokens in the environment, and may quote what came in."""
    logger = logging.getLogger("slack_bolt")
    logger.setLevel(logging.ERROR)
    return logger


def _of(app: AsyncApp) -> Any:
    async def dispatch(request: AsyncBoltRequest) -> BoltResponse:
        return await app.async_dispatch(request)

    return dispatch


async def _failed(error: Exception) -> None:
    """Let what failed in a listener come out, without bolt logging its words: Slack delivers it again."""
    raise error


def _check(slack: Slack, secrets: Secrets) -> None:
    if not secrets.bot:
        raise Hello30Error("Slack is configured, but SLACK_BOT_TOKEN is not set. It begins with xoxb-.")
    if slack.mode == "http" and not secrets.signing.strip():
        raise Hello30Error(
            'Slack is to post to us (mode: http), but SLACK_SIGNING_SECRET is not set. It stands in Slack under "Basic '
            'Information"; without it anybody could speak for Slack.'
        )
    if slack.mode == "socket" and not secrets.app:
        raise Hello30Error(
            "Slack is to be heard over a websocket (mode: socket), but SLACK_APP_TOKEN is not set. It begins with "
            'xapp-, and is made in Slack under "Basic Information", with the scope connections:write.'
        )
