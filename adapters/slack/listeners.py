"""Answers what Slack sends: command, mention, direct message, button, modal, Home tab.

Each listener gives what came in to the core, which has committed it when it answers, and then acknowledges; nothing may
raise after that, and nothing that takes long may come before. What is still to be said goes out beside it: if that is
lost, nothing is, for cards and nudges are the courier's.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp

from adapters.slack import modals, payloads
from adapters.slack.arrivals import Arrivals
from adapters.slack.blocks import CHOICE, MORE, OPENS, PRESS, Message, reply_message
from adapters.slack.calls import Calls
from adapters.slack.home import HOME
from adapters.slack.homes import Homes
from adapters.slack.saying import Saying, is_ephemeral
from adapters.slack.words import SlackWords
from bot.errors import DeliveryError, DeliveryKind
from bot.language.wording import Reader
from bot.messages import Announce, AnnounceLine, Incoming, Option, Outcome, Press, Reply
from bot.ports import Receive
from bot.presses import PAGE
from bot.settings import Settings

log = structlog.get_logger(__name__)

COMMAND: Final = "/visitor"
ACTIONS: Final = re.compile(rf"^({PRESS}|{OPENS}|{MORE}|{CHOICE})(:|$)")
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
        self._words = words
        self._calls = calls
        self._homes = homes
        self._bot = bot
        self.saying = Saying(calls, words.clock)
        self._told: OrderedDict[str, None] = OrderedDict()
        self._people = {
            at.id: person for person, found in settings.addresses.items() for at in found if at.adapter == payloads.NAME
        }
        self._sites = {
            at.id: site.id for site in settings.sites.values() for at in site.reception if at.adapter == payloads.NAME
        }
        self._arrivals = Arrivals(settings, words, self._people, self._sites)
        self._names = self._arrivals.names

    def listen(self, app: AsyncApp) -> None:
        """Have an app call what is here."""
        app.action(ACTIONS)(self.pressed)
        app.view(modals.FORM)(self.form)
        app.view(modals.ARRIVAL)(self.arrival)
        app.command(COMMAND)(self.command)
        app.event("message")(self.message)
        app.event("app_mention")(self.mention)
        app.event("app_home_opened")(self.home_opened)

    # --- reception ---------------------------------------------------------------------------------------------------

    async def command(self, ack: Ack, body: Body) -> None:
        """`/visitor` opens the modal of a new arrival; with a line behind it, that is announced at once."""
        site = self._sites.get(body.get("channel_id", ""), "")
        reader = self._reader(body.get("user_id", ""))
        if not body.get("text", "").strip():
            await self._arrival(ack, body, site, reader)
            return
        incoming = payloads.command(body, site, self._names)
        reply = await self._line(incoming, body.get("text", ""))
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
        if self._calls.is_away:  # nothing may get through but this answer
            await ack(text=self._words.say("slack.write_behind", reader), response_type="ephemeral")
        else:
            await ack()
        self.saying.soon(self._open(view, body, reader))

    async def mention(self, ack: Ack, body: Body) -> None:
        """Announce a line in which the bot was mentioned; only what is not simply done is said.

        In the thread of a card of a counter it is an answer about that card.
        """
        event = body["event"]
        if event.get("bot_id") or not event.get("user"):  # other apps announce nobody
            await ack()
            return
        site = self._sites.get(event.get("channel", ""), "")
        incoming = payloads.mention(body, _bot_in(body) or self._bot(), site, self._names)
        reply = await self._line(incoming, event.get("text", ""))
        message, channel = self._reply(reply, incoming), event.get("channel", "")
        await ack()
        is_arrival = isinstance(incoming.act, AnnounceLine)
        is_shown = reply.outcome is Outcome.DONE and is_arrival and channel in self._sites  # as a card, in a moment
        if not is_shown and self._is_first(incoming, reply):
            self.saying.soon(self.saying.whisper(channel, event["user"], message, event.get("thread_ts", "")))

    async def arrival(self, ack: Ack, body: Body) -> None:
        """Announce what was filled in; what is wrong stands beside its field, and nothing that was typed is lost."""
        view, reader = body["view"], self._reader(body["user"]["id"])
        if wrong := self._arrivals.wrong(view, reader):
            await ack(response_action="errors", errors=modals.errors(wrong, view))
            return
        incoming = payloads.announced(body, self._people)
        reply = await self._receive(self._read_by(incoming))
        await self._sent(ack, view, incoming, reply, reader, shown=self._arrivals.is_shown(incoming))

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
        if self._is_first(incoming, reply):
            self.saying.soon(self._answer(body, incoming, reply))

    async def form(self, ack: Ack, body: Body) -> None:
        """Take a form that a button had opened."""
        view, user = body["view"], body["user"]["id"]
        reader = self._reader(user)
        incoming = payloads.submitted(body, reader.zone)
        if incoming is None:
            log.warning("slack.modal_unknown")
            await ack()
            return
        reply = await self._receive(self._read_by(incoming))
        await self._sent(ack, view, incoming, reply, reader, shown=True)

    async def message(self, ack: Ack, body: Body) -> None:
        """Read a line that was typed in a direct message, as an answer to the card in whose thread it stands."""
        event = body["event"]
        typed = event.get("subtype") in TYPED and not event.get("bot_id") and event.get("user")
        if event.get("channel_type") != "im" or not typed:
            await ack()
            return
        incoming = payloads.message(body, _bot_in(body) or self._bot(), self._names)
        reply = await self._line(incoming, event.get("text", ""))
        message = self._reply(reply, incoming)
        await ack()
        if self._is_first(incoming, reply):
            self.saying.soon(self.saying.say(event["channel"], event["user"], message, event.get("thread_ts", "")))

    async def home_opened(self, ack: Ack, body: Body) -> None:
        """Show somebody their Home tab; Slack says so of the tab with the messages too."""
        event = body["event"]
        await ack()
        if event.get("tab") == HOME and event.get("user"):
            self._homes.opened(event["user"], empty=not event.get("view"))

    # --- reading -----------------------------------------------------------------------------------------------------

    async def _line(self, incoming: Incoming, written: str) -> Reply:
        """Have a line carried out, unless something must be asked back about what Slack wrote of it."""
        return self._arrivals.asked_who(incoming, written) or await self._receive(self._read_by(incoming))

    # --- answering ---------------------------------------------------------------------------------------------------

    async def _sent(
        self, ack: Ack, view: Body, incoming: Incoming, reply: Reply, reader: Reader, *, shown: bool
    ) -> None:
        """Answer a modal: it closes, or stays open with what is wrong, or says what became of it.

        `shown`: what was done is seen in Slack by itself.
        """
        wrong = dict(reply.errors)
        if not wrong and reply.outcome is Outcome.NOT_SAVED:
            wrong = {"": reply.text}
        if beside := modals.errors(wrong, view):
            await ack(response_action="errors", errors=beside)
        elif (reply.ok and shown) or not reply.text:
            await ack()
        else:
            await ack(response_action="update", view=self._said(view, self._reply(reply, incoming), reader))

    async def _answer(self, body: Body, incoming: Incoming, reply: Reply) -> None:
        """Answer a button: open its form, or say what the card itself does not show in a moment."""
        user, message = body["user"]["id"], self._reply(reply, incoming)
        reader, view = self._reader(user), body.get("view")
        is_lost = reply.outcome is Outcome.NOT_SAVED  # so it must be possible to press the same again
        if reply.form is not None:
            revision = getattr(incoming.act, "revision", None)
            form = modals.form_view(reply.form, self._words.say("slack.close", reader), revision)
            await self._open(form, body, reader)
        elif _is_home(body):
            # the Home tab itself shows everything else
            if reply.text and (not reply.ok or not reply.visit or reply.news):
                await self.saying.tell(user, message)
        elif view is not None:
            said = self._again(view, message, reader) if is_lost else self._said(view, message, reader)
            await self.saying.show(view["id"], said, user, message)
        elif reply.text and not is_lost and _is_question(body):
            await self.saying.instead(body, message)
        elif reply.text and (not reply.ok or not reply.visit or reply.news or _is_chosen(body, incoming)):
            await self.saying.back(body, message, keep=is_lost)

    async def _open(self, view: modals.View, body: Body, reader: Reader) -> None:
        """Open a modal; where that came too late, say so."""
        try:
            await self._calls.open_view(body.get("trigger_id", ""), view)
        except DeliveryError as fault:
            log.warning("slack.modal_not_opened", fault=fault.detail)
            behind = "command" in body and fault.kind is DeliveryKind.WAIT_UNTIL  # the same again may fail again
            text = self._words.say("slack.write_behind" if behind else "slack.press_again", reader)
            await self.saying.back(body, reply_message(Reply(outcome=Outcome.REFUSED, text=text)))

    def _said(self, view: Body, message: Message, reader: Reader) -> modals.View:
        return modals.said_view(_title(view), self._words.say("slack.close", reader), message)

    def _again(self, view: Body, message: Message, reader: Reader) -> modals.View:
        return modals.again_view(view, _title(view), self._words.say("slack.close", reader), message)

    def _reply(self, reply: Reply, incoming: Incoming) -> Message:
        act = incoming.act
        typed = payloads.carried(act, reply.question) if isinstance(act, payloads.CARRIABLE) and reply.buttons else ""
        is_page = isinstance(act, Press) and act.button == PAGE and reply.ok
        link = self._words.say("buttons.page", self._reader(incoming.sender.id)) if is_page else ""
        return reply_message(reply, typed, link)

    def _reader(self, user: str) -> Reader:
        return self._words.reader(self._people.get(user, ""))

    def _read_by(self, incoming: Incoming) -> Incoming:
        """Let somebody whom the directory does not know read the language of the house."""
        if incoming.sender.id in self._people:
            return incoming
        return replace(incoming, language=self._reader("").language)

    def _is_first(self, incoming: Incoming, reply: Reply) -> bool:
        """Tell whether nothing was said to this yet: Slack delivers again what was answered too late."""
        first = incoming.key not in self._told and not reply.again
        self._told[incoming.key] = None
        while len(self._told) > TOLD_AT_MOST:
            self._told.popitem(last=False)
        return first


def _bot_in(body: Body) -> str:
    """Give the bot's own user as an event names it; empty where it does not."""
    first: Body = next(iter(body.get("authorizations") or ()), {})
    return str(first.get("user_id", "")) if first.get("is_bot") else ""


def _is_chosen(body: Body, incoming: Incoming) -> bool:
    """Tell whether what was asked back was answered where no card shows what came of it."""
    return is_ephemeral(body) or isinstance(incoming.act, Announce | AnnounceLine)


def _is_question(body: Body) -> bool:
    """Tell whether a choice was pressed that goes with what was asked back in the direct message."""
    is_choice = body["actions"][0].get("action_id", "").startswith(f"{CHOICE}:")
    return is_choice and not is_ephemeral(body) and bool((body.get("container") or {}).get("message_ts"))


def _is_home(body: Body) -> bool:
    """Tell whether a button stood on a Home tab: neither in a conversation nor in a modal."""
    return (body.get("view") or {}).get("type") == HOME


def _typed_line(incoming: Incoming) -> str:
    """Give the line that somebody typed behind a command."""
    return getattr(incoming.act, "text", "")


def _title(view: Body) -> str:
    """Give the title of a modal."""
    return str((view.get("title") or {}).get("text") or "hello30")
