"""Answers what Slack sends: command, mention, direct message, button, modal, Home tab.

Each listener gives what came in to the core, which has committed it when it answers, and then acknowledges; nothing may
raise after that, and nothing that takes long may come before. What is still to be said goes out beside it: if that is
lost, nothing is, for cards and nudges are the courier's.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp

from adapters.slack import modals, payloads
from adapters.slack.blocks import CHOICE, MORE, OPENS, PRESS, Message, reply_message
from adapters.slack.calls import Calls
from adapters.slack.home import HOME
from adapters.slack.homes import Homes
from adapters.slack.words import SlackWords
from bot.errors import DeliveryError
from bot.language.wording import Reader
from bot.logs import log_failure
from bot.messages import Announce, AnnounceLine, Incoming, Option, Outcome, Reply
from bot.ports import Receive
from bot.settings import Settings

log = structlog.get_logger(__name__)

COMMAND: Final = "/visitor"
ACTIONS: Final = re.compile(rf"^({PRESS}|{OPENS}|{MORE}|{CHOICE})(:|$)")
SAID_WITHIN: Final = timedelta(seconds=5)
"""So long the end of the adapter waits for what is being said."""
TYPED: Final = frozenset({None, "thread_broadcast", "file_share"})
"""The subtypes of a message that somebody typed: also sent to the conversation, or with a picture."""
TOLD_AT_MOST: Final = 2000
"""So many answers are remembered, so that one that Slack delivers again is not said again."""

Ack = Callable[..., Awaitable[Any]]
Body = Mapping[str, Any]


class Listeners:
    """What the bolt app calls. `bot` gives the bot's own user, empty while nobody knows it."""

    def __init__(
        self,
        settings: Settings,
        words: SlackWords,
        calls: Calls,
        homes: Homes,
        *,
        receive: Receive,
        bot: Callable[[], str],
    ) -> None:
        """Take what is needed to understand, who decides, and what answers are said with."""
        self._receive = receive
        self._settings = settings
        self._words = words
        self._calls = calls
        self._homes = homes
        self._bot = bot
        self._beside: set[asyncio.Task[None]] = set()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._people = {
            at.id: person for person, found in settings.addresses.items() for at in found if at.adapter == payloads.NAME
        }
        self._names = {user: settings.people[person].name for user, person in self._people.items()}
        self._sites = {
            at.id: site.id for site in settings.sites.values() for at in site.reception if at.adapter == payloads.NAME
        }

    def listen(self, app: AsyncApp) -> None:
        """Have an app call what is here."""
        app.action(ACTIONS)(self.pressed)
        app.view(modals.FORM)(self.form)
        app.view(modals.ARRIVAL)(self.arrival)
        app.command(COMMAND)(self.command)
        app.event("message")(self.message)
        app.event("app_mention")(self.mention)
        app.event("app_home_opened")(self.home_opened)

    async def finish(self, within: timedelta = SAID_WITHIN) -> None:
        """Wait for what is being said; what takes too long stays unsaid, for Slack may not answer at all."""
        if self._beside:
            _, unsaid = await asyncio.wait(self._beside, timeout=within.total_seconds())
            for task in unsaid:
                task.cancel()
            if unsaid:
                await asyncio.wait(unsaid)

    # --- reception ---------------------------------------------------------------------------------------------------

    async def command(self, ack: Ack, body: Body) -> None:
        """`/visitor` opens the modal of a new arrival; with a line behind it, that is announced at once."""
        site = self._sites.get(body.get("channel_id", ""), "")
        reader = self._reader(body.get("user_id", ""))
        if not body.get("text", "").strip():
            await self._arrival(ack, body, site, reader)
            return
        incoming = payloads.command(body, site, self._names)
        reply = await self._receive(self._read_by(incoming))
        if not reply.ok and not reply.buttons:  # what was typed is gone from the line in which it stood
            reply = replace(reply, text=f"{reply.text}\n{COMMAND} {_typed_line(incoming)}")
        message = self._reply(reply, incoming)
        await ack(text=message.text, blocks=list(message.blocks), response_type="ephemeral")

    async def _arrival(self, ack: Ack, body: Body, site: str, reader: Reader) -> None:
        """Open the modal of a new arrival, or say why not."""
        incoming = payloads.opened(body, site)
        reply = await self._receive(self._read_by(incoming))
        if reply.outcome is not Outcome.FORM:
            message = self._reply(reply, incoming)
            await ack(text=message.text, blocks=list(message.blocks), response_type="ephemeral")
            return
        view = modals.arrival_view(
            self._words.arrival(reader),
            self._words.kinds(reader),
            self._words.lengths(reader),
            site=site,
            sites=[Option(value=button.value, label=button.label) for button in reply.buttons],
        )
        await ack()
        self._soon(self._open(view, body, reader))

    async def mention(self, ack: Ack, body: Body) -> None:
        """Announce a line in which the bot was mentioned; only what is not simply done is said."""
        event = body["event"]
        if event.get("bot_id") or not event.get("user"):  # other apps announce nobody
            await ack()
            return
        site = self._sites.get(event.get("channel", ""), "")
        incoming = payloads.mention(body, _bot_in(body) or self._bot(), site, self._names)
        reply = await self._receive(self._read_by(incoming))
        message, channel = self._reply(reply, incoming), event.get("channel", "")
        await ack()
        is_shown = reply.outcome is Outcome.DONE and channel in self._sites  # its card stands there in a moment
        if not is_shown and self._is_first(incoming):
            self._soon(self._calls.whisper(channel, event["user"], message, event.get("thread_ts", "")))

    async def arrival(self, ack: Ack, body: Body) -> None:
        """Announce what was filled in; what is wrong stands beside its field, and nothing that was typed is lost."""
        view, reader = body["view"], self._reader(body["user"]["id"])
        incoming = payloads.announced(body)
        await self._sent(ack, view, incoming, await self._receive(self._read_by(incoming)), reader)

    # --- whoever is asked --------------------------------------------------------------------------------------------

    async def pressed(self, ack: Ack, body: Body, action: Body) -> None:
        """Take a button: of a card, or a choice that goes with a question."""
        if action.get("action_id", "").startswith(f"{CHOICE}:"):
            incoming = payloads.chosen(body, action, action.get("value", ""))
        else:
            incoming = payloads.pressed(body, action)
        if incoming is None:
            log.warning("slack.button_unknown")
            await ack()
            return
        reply = await self._receive(self._read_by(incoming))
        await ack()
        if _is_home(body):  # what was pressed there may be behind, where something could not be published
            self._homes.opened(body["user"]["id"])
        if self._is_first(incoming):
            self._soon(self._answer(body, incoming, reply))

    async def form(self, ack: Ack, body: Body) -> None:
        """Take a form that a button had opened."""
        view, user = body["view"], body["user"]["id"]
        reader = self._reader(user)
        incoming = payloads.submitted(body, reader.zone)
        if incoming is None:
            log.warning("slack.modal_unknown")
            await ack()
            return
        await self._sent(ack, view, incoming, await self._receive(self._read_by(incoming)), reader)

    async def message(self, ack: Ack, body: Body) -> None:
        """Read a line that was typed in a direct message, as an answer to the card in whose thread it stands."""
        event = body["event"]
        typed = event.get("subtype") in TYPED and not event.get("bot_id") and event.get("user")
        if event.get("channel_type") != "im" or not typed:
            await ack()
            return
        incoming = payloads.message(body, self._names)
        reply = await self._receive(self._read_by(incoming))
        message = self._reply(reply, incoming)
        await ack()
        if self._is_first(incoming):
            self._soon(self._calls.say(event["channel"], message, event.get("thread_ts", "")))

    async def home_opened(self, ack: Ack, body: Body) -> None:
        """Show somebody their Home tab; Slack says so of the tab with the messages too."""
        event = body["event"]
        await ack()
        if event.get("tab") == HOME and event.get("user"):
            self._homes.opened(event["user"], empty=not event.get("view"))

    # --- answering ---------------------------------------------------------------------------------------------------

    async def _sent(self, ack: Ack, view: Body, incoming: Incoming, reply: Reply, reader: Reader) -> None:
        """Answer a modal: it closes, or stays open with what is wrong, or says what became of it."""
        wrong = dict(reply.errors)
        if not wrong and reply.outcome is Outcome.NOT_SAVED:
            wrong = {"": reply.text}
        if wrong:
            await ack(response_action="errors", errors=modals.errors(wrong, view))
        elif reply.ok or not reply.text:
            await ack()
        else:
            await ack(response_action="update", view=self._said(view, reply, incoming, reader))

    async def _answer(self, body: Body, incoming: Incoming, reply: Reply) -> None:
        """Answer a button: open its form, or say what the card itself does not show in a moment."""
        user = body["user"]["id"]
        reader, view = self._reader(user), body.get("view")
        if reply.form is not None:
            revision = getattr(incoming.act, "revision", None)
            form = modals.form_view(reply.form, self._words.say("slack.close", reader), revision)
            await self._open(form, body, reader)
        elif _is_home(body):
            # the Home tab itself shows everything else
            if reply.text and (not reply.ok or not reply.visit or reply.news):
                await self._tell(user, self._reply(reply, incoming))
        elif view is not None:
            await self._calls.update_view(view["id"], self._said(view, reply, incoming, reader))
        elif reply.text and (not reply.ok or not reply.visit or reply.news or _is_chosen(body, incoming)):
            await self._back(body, self._reply(reply, incoming))

    async def _open(self, view: modals.View, body: Body, reader: Reader) -> None:
        """Open a modal; where that came too late, say so."""
        try:
            await self._calls.open_view(body.get("trigger_id", ""), view)
        except DeliveryError as fault:
            log.warning("slack.modal_not_opened", fault=fault.detail)
            again = Reply(outcome=Outcome.REFUSED, text=self._words.say("slack.press_again", reader))
            await self._back(body, reply_message(again))

    async def _back(self, body: Body, message: Message) -> None:
        """Say something to whoever pressed, or gave a command, where they did; else in the direct message with them.

        What only they saw is replaced, so that its buttons are gone.
        """
        channel = body.get("channel_id") or (body.get("channel") or {}).get("id", "")
        user = body.get("user_id") or (body.get("user") or {}).get("id", "")
        thread = (body.get("message") or {}).get("thread_ts", "")
        try:
            if _is_ephemeral(body):
                await self._calls.respond(body.get("response_url", ""), message)
            elif channel:
                await self._calls.whisper(channel, user, message, thread)
            else:
                await self._tell(user, message)
        except DeliveryError as fault:
            log.info("slack.said_elsewhere", fault=fault.detail)  # the bot may not be in that channel
            await self._tell(user, message)

    async def _tell(self, user: str, message: Message) -> None:
        """Say something in the direct message with somebody: there it is found, wherever they pressed."""
        await self._calls.say(await self._calls.conversation(user), message)

    def _said(self, view: Body, reply: Reply, incoming: Incoming, reader: Reader) -> modals.View:
        title = view.get("title", {}).get("text") or "hello30"
        return modals.said_view(title, self._words.say("slack.close", reader), self._reply(reply, incoming))

    def _reply(self, reply: Reply, incoming: Incoming) -> Message:
        act = incoming.act
        typed = payloads.carried(act) if isinstance(act, payloads.CARRIABLE) and reply.buttons else ""
        return reply_message(reply, typed)

    def _reader(self, user: str) -> Reader:
        return self._words.reader(self._people.get(user, ""))

    def _read_by(self, incoming: Incoming) -> Incoming:
        """Let somebody whom the directory does not know read the language of the house."""
        if incoming.sender.id in self._people:
            return incoming
        return replace(incoming, language=self._reader("").language)

    def _is_first(self, incoming: Incoming) -> bool:
        """Tell whether nothing was said to this yet: Slack delivers again what was answered too late."""
        first = incoming.key not in self._told
        self._told[incoming.key] = None
        while len(self._told) > TOLD_AT_MOST:
            self._told.popitem(last=False)
        return first

    # --- beside ------------------------------------------------------------------------------------------------------

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the answer; nobody waits for it but the end of the adapter."""
        task = asyncio.get_running_loop().create_task(self._quietly(work))
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except DeliveryError as fault:
            log.warning("slack.not_said", fault=fault.detail)
        except Exception as error:  # noqa: BLE001 - it must not end anything else
            log_failure(log, "slack.not_said", error)


def _bot_in(body: Body) -> str:
    """Give the bot's own user as an event names it; empty where it does not."""
    first: Body = next(iter(body.get("authorizations") or ()), {})
    return str(first.get("user_id", "")) if first.get("is_bot") else ""


def _is_chosen(body: Body, incoming: Incoming) -> bool:
    """Tell whether what was asked back was answered where no card shows what came of it."""
    return _is_ephemeral(body) or isinstance(incoming.act, Announce | AnnounceLine)


def _is_ephemeral(body: Body) -> bool:
    """Tell whether a button stood in what only one user saw."""
    return bool((body.get("container") or {}).get("is_ephemeral"))


def _is_home(body: Body) -> bool:
    """Tell whether a button stood on a Home tab: neither in a conversation nor in a modal."""
    return (body.get("view") or {}).get("type") == HOME


def _typed_line(incoming: Incoming) -> str:
    """Give the line that somebody typed behind a command."""
    return getattr(incoming.act, "text", "")
