"""hello30 in Slack as a chat adapter: cards are messages that are amended, forms are modals.

Slack is heard over a websocket that we open (Socket Mode, which needs no public address) or at an address of ours to
which it posts. What comes in is answered by `listeners`; cards and nudges go out when the courier says so.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog
from aiohttp import ClientSession, ClientTimeout
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.blocks import nudge_message
from adapters.slack.bolt import bolt_app, dispatched_by
from adapters.slack.calls import Bot, Calls
from adapters.slack.cards import Cards
from adapters.slack.front import Front
from adapters.slack.hearing import Hearing, refuses_us
from adapters.slack.hints import Hints
from adapters.slack.homes import SHOWN_WITHIN, Homes
from adapters.slack.leaving import Leaving
from adapters.slack.listeners import Listeners
from adapters.slack.payloads import known_as
from adapters.slack.tokens import Secrets, check
from adapters.slack.websocket import ANSWERED_WITHIN, Websocket
from adapters.slack.words import SlackWords
from bot.beside import SAID_WITHIN
from bot.domain.card import Nudge
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind, Hello30Error
from bot.language.wording import Wording
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.pages import Views
from bot.ports import Capabilities, Clock, Deaf, Receive, WhyDeaf
from bot.settings import Settings, Slack

log = structlog.get_logger(__name__)

CALL_WITHIN: Final = timedelta(seconds=16)
"""So long a call may take; Slack answers in a tenth of a second. The courier gives up first, and so learns of it."""
STOP_WITHIN: Final = timedelta(seconds=18)
"""So long the end may take in all: less than whoever stops us waits, and longer than a message may be under way."""
TRY_AGAIN: Final = timedelta(seconds=5)
"""After so long Slack is asked again who we are, where it could not be reached at the start."""
SCOPES: Final = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "chat:write",
        "commands",
        "dnd:read",
        "im:history",
        "im:write",
        "users:read",
    }
)
"""What the bot's token must be good for; adapters/slack/manifest.yaml asks for it, docs/slack.md says why."""
HEARING: Final = "hearing"
"""The name of the task that looks whether Slack is heard."""
REMOVED: Final = (
    "Nothing more is sent to Slack. Please install the app again in Slack, set SLACK_BOT_TOKEN to the token that then "
    "stands there, and start hello30 again."
)
"""What the log says once the app was removed from the workspace."""


class SlackAdapter:
    """hello30 in Slack; see `bot.ports.ChatAdapter`."""

    name = "slack"
    capabilities = Capabilities(threads=True, hints=True, buzzes=True)

    def __init__(
        self, settings: Settings, slack: Slack, secrets: Secrets, *, views: Views, wording: Wording, clock: Clock
    ) -> None:
        """Take how Slack is reached; raises `Hello30Error` for a token or a secret that is missing."""
        check(slack, secrets)
        self._settings = settings
        self._slack = slack
        self._secrets = secrets
        self._views = views
        self._clock = clock
        self._words = SlackWords(settings, wording, clock)
        self._cards = Cards(self._words)
        self._hints = Hints(clock)
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
        self._refused = ""  # how Slack refuses our token
        self._hearing = Hearing(clock, self._why_deaf)
        self.stop_within = STOP_WITHIN

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

    @property
    def deaf(self) -> Deaf | None:
        """Tell whether what people do in Slack reaches us."""
        return self._hearing.look()

    def _why_deaf(self) -> tuple[WhyDeaf, str] | None:
        if not self._is_on:
            return WhyDeaf.NOT_LISTENING, ""
        if self._removed:
            return WhyDeaf.REMOVED, self._removed
        if self._refused:
            return WhyDeaf.REFUSED, self._refused
        if not self._bot.user:
            return WhyDeaf.NOT_KNOWN, ""
        if self._slack.mode == "http":
            return None if self.port else (WhyDeaf.NOT_LISTENING, "")
        return None if self._socket and self._socket.is_open else (WhyDeaf.NOT_OPEN, "")

    async def closed(self, to: Address) -> str:
        """Ask Slack why it would take no message for a channel; a private or archived one tells only the message."""
        return await self._running().closed(to.id)

    async def start(self, receive: Receive) -> None:
        """Ask Slack who we are, and listen; where Slack cannot be reached, that is tried again beside it.

        Raises `Hello30Error` for a token that Slack refuses, or that lacks a scope, and when the port is taken.
        """
        self._removed = self._refused = ""
        self._is_on = True
        self._hearing = Hearing(self._clock, self._why_deaf)
        self._beside.append(asyncio.create_task(self._hearing.keep_looking(), name=HEARING))
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
        app = bolt_app(self._slack.api_url, self._session, self._secrets.bot, bot=lambda: self._bot.user)
        self._listeners.listen(app)
        self._hints = Hints(self._clock)  # what has changed while nobody listened is not known
        leaving = Leaving(
            self._settings, self._calls, self._hints, receive=receive, bot=lambda: self._bot, removed=self._was_removed
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
        self._front = Front(host, port, self._secrets.signing, self._clock, dispatched_by(app))
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
        async with self._carrying() as calls:
            if isinstance(message, Nudge):
                conversation = await calls.conversation(to.id)
                found = await calls.find(conversation, key) if again else None
                ref = found or await calls.post(conversation, nudge_message(message.text), key)
            else:
                ref = await self._cards.deliver(calls, message, to, key, again=again)
                self._home_changed(message)
        return Receipt(address=to, ref=ref, known_as=known_as(ref))

    async def amend(self, receipt: Receipt, card: ShownCard, *, again: bool = False) -> Receipt:
        """Change a card that was posted, and its steps; with `again` these are looked for before they are posted."""
        async with self._carrying() as calls:
            ref = await self._cards.amend(calls, receipt.ref, card, receipt.address, again=again)
        self._home_changed(card)
        return replace(receipt, ref=ref, known_as=known_as(ref))

    async def hint(self, to: Address) -> Hint | None:
        """Tell why whoever is at this address seems not to look now; no message waits for it, nor does the end."""
        return await self._hints.of(self._running(), to.id)

    @asynccontextmanager
    async def _carrying(self) -> AsyncIterator[Calls]:
        """Give what calls Slack, for one message; the end of the adapter waits for it, so that its outcome is known."""
        calls = self._running()
        self._under_way += 1
        self._idle.clear()
        try:
            yield calls
            self._refused = ""
        except DeliveryError as fault:
            if refuses_us(fault):
                self._refused = self._refused or fault.detail
            raise
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    def _home_changed(self, card: ShownCard) -> None:
        """Have the Home tabs published, beside, that show this card."""
        if self._homes:
            self._homes.changed(card.reader)

    async def stop(self) -> None:
        """Take nothing more, answer what was taken, and let go of Slack; all of it by one moment, whatever hangs."""
        self._is_on = False
        left = _until(self.stop_within)
        for task in self._beside:
            task.cancel()
        if self._beside:
            await asyncio.wait(self._beside, timeout=left(self.stop_within).total_seconds())
            self._beside.clear()
        if self._socket:
            await self._socket.finish(left(ANSWERED_WITHIN))
            self._socket = None
        if self._front:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._front.stop(), left(self.stop_within).total_seconds())
            self._front = None
        ends = [self._ended(left(CALL_WITHIN))]  # side by side: each may take as long as is left
        if self._listeners:
            ends.append(self._listeners.saying.finish(left(SAID_WITHIN)))
        if self._homes:
            ends.append(self._homes.finish(left(SHOWN_WITHIN)))
        self._listeners = self._homes = self._calls = None
        await asyncio.gather(*ends)
        if self._session:
            await self._session.close()
            self._session = None

    async def _ended(self, within: timedelta) -> None:
        """Wait for the messages that are under way; the courier gives up by then."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), within.total_seconds())

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
            self._hearing.look()
            log.error("slack.uninstalled", told_by=event, to_do=REMOVED)

    # --- who we are --------------------------------------------------------------------------------------------------

    async def _know_ourselves(self) -> bool:
        """Ask Slack who we are; False where it cannot be reached."""
        try:
            self._bot = await self._running().who()
        except DeliveryError as fault:
            if fault.kind is DeliveryKind.MISCONFIGURED:
                self._refused = fault.detail
                raise Hello30Error(
                    f"Slack does not take the bot's token ({fault.detail}). Please set SLACK_BOT_TOKEN to the one that "
                    'stands in Slack under "OAuth & Permissions"; it begins with xoxb-.'
                ) from None
            log.warning("slack.not_reached", fault=fault.detail)
            return False
        if self._bot.scopes is not None and (missing := SCOPES - self._bot.scopes):
            self._refused = f"auth.test: missing_scope {' '.join(sorted(missing))}"
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
        self._hearing.look()


def _until(within: timedelta) -> Callable[[timedelta], timedelta]:
    """Give what says how long something may still take: at most what it asks for, and what is left of `within`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within.total_seconds()
    return lambda at_most: min(at_most, timedelta(seconds=max(0.0, end - loop.time())))
