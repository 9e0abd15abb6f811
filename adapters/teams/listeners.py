"""Answers what Teams sends: lines, buttons, forms.

Each thing is given to the core, which has committed it when it answers, and only then acknowledged; whatever goes wrong
after that must not look as if it had not been done. A button may be answered in the very same exchange: with a form,
with the card as it stands now, or with a sentence. What else is to be said goes out beside it: if that is lost, nothing
is, for cards and nudges are the courier's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeAlias

import structlog

from adapters.teams import activities, cards, forms, limits
from adapters.teams.calls import Content
from adapters.teams.front import Answered
from adapters.teams.members import Members
from adapters.teams.references import Reference, part
from adapters.teams.saying import Saying
from adapters.teams.words import TeamsWords
from bot.errors import NotSaved, Refused
from bot.language.wording import Reader
from bot.logs import log_failure
from bot.messages import Address, Announce, Incoming, Option, Outcome, Press, Reply, ShownCard
from bot.pages import Views
from bot.ports import Receive
from bot.settings import Settings

log = structlog.get_logger(__name__)

CARD: Final = "application/vnd.microsoft.card.adaptive"
SENTENCE: Final = "application/vnd.microsoft.activity.message"
"""What a button is answered with: a card that is shown in the place of the one that was pressed, or a sentence."""
TOLD_AT_MOST: Final = 2000
"""So many answers are remembered, so that one to what comes twice is not said twice."""
TAKEN: Final = Answered()
NOTHING: Final = Answered(200)
"""The answer to a request of a kind that we know nothing of: it is understood as far as it goes."""

Activity: TypeAlias = Mapping[str, Any]
Shown: TypeAlias = Content | str
"""A card, or a sentence."""


class Listeners:
    """What is done with an activity that is from Teams."""

    def __init__(  # noqa: PLR0913 - it joins what answering needs
        self,
        settings: Settings,
        words: TeamsWords,
        saying: Saying,
        members: Members,
        views: Views,
        *,
        receive: Receive,
        bot: str,
    ) -> None:
        """Take what is needed to understand, who decides, and what answers are said with; `bot` is our app's id."""
        self._settings = settings
        self._words = words
        self.saying = saying
        self._members = members
        self._views = views
        self._receive = receive
        self._bot = bot
        self._told: OrderedDict[str, None] = OrderedDict()
        self._people = {
            at.id: person
            for person, found in settings.addresses.items()
            for at in found
            if at.adapter == activities.NAME
        }
        self._sites = {
            at.id: site.id for site in settings.sites.values() for at in site.reception if at.adapter == activities.NAME
        }

    async def take(self, activity: Activity) -> Answered:
        """Do what an activity asks for; one of a kind that we know nothing of does nothing."""
        await self._members.heard(activity)
        data = activities.data_of(activity)
        if data is not None:
            return await self._acted(activity, data)
        if activity.get("type") == "message":
            return await self._typed(activity)
        if activity.get("type") == "invoke":
            return NOTHING
        await self._members.changed(activity)
        return TAKEN

    # --- lines -------------------------------------------------------------------------------------------------------

    async def _typed(self, activity: Activity) -> Answered:
        """Take a line; of an arrival in reception's own channel, the card that stands there in a moment says enough."""
        incoming = activities.typed(activity, self._bot, self._sites)
        if incoming is None:
            return TAKEN
        reply = await self._received(incoming)
        is_shown = reply.outcome is Outcome.DONE and activities.conversation(activity) in self._sites
        if not is_shown and not reply.again and self._is_first(activity, incoming, reply):
            self.saying.soon(self._say(_where(activity), reply, incoming))
        return TAKEN

    async def _say(self, at: Reference, reply: Reply, incoming: Incoming) -> None:
        """Say what was answered to a line, with the form or the choices that belong to it."""
        if reply.outcome is Outcome.FORM and reply.form is None:
            title = self._words.arrival(self._reader(incoming)).title
            form = card_message(self._arrival(incoming, reply), title)
            await self.saying.say(at, form, incoming.sender)
        elif content := cards.reply_content(reply, activities.carried(incoming.act)):
            await self.saying.say(at, card_message(content, reply.text), incoming.sender)
        elif reply.text:
            await self.saying.say(at, {"text": reply.text, "textFormat": "plain"}, incoming.sender)

    # --- buttons and forms -------------------------------------------------------------------------------------------

    async def _acted(self, activity: Activity, data: cards.Data) -> Answered:
        """Take a button or a form, and answer it: in the same exchange, or beside, where Teams leaves no room for it.

        There (`Action.Submit`) a form is a message of its own, for nothing can be shown to one person alone.
        """
        at_once = activity.get("type") == "invoke"
        who, incoming, back = activities.sender(activity), activities.acted(activity, data), activities.goes_back(data)
        if who is None or (incoming is None and not back):
            log.warning("teams.button_unknown")
            return NOTHING if at_once else TAKEN
        if not at_once:
            await self._beside_of(activity, data, incoming, who)
            return TAKEN
        shown = await (self._card_of(who.id, back) if incoming is None else self._shown(activity, incoming, data))
        kind = SENTENCE if isinstance(shown, str) else CARD
        return Answered(200, {"statusCode": 200, "type": kind, "value": shown})

    async def _shown(self, activity: Activity, incoming: Incoming, data: cards.Data) -> Shown:
        """Have something done that was pressed; give what stands there now, or the sentence that says what was done."""
        act, reply = incoming.act, await self._received(incoming)
        try:
            if isinstance(act, Press) and act.submitted and reply.ok:  # the form is done with
                return await self._card_of(incoming.sender.id, act.visit)
            shown = self._answer(reply, incoming, data)
            at = _where(activity)
            if isinstance(shown, str):
                if reply.buttons:  # the card that was pressed stays
                    self.saying.soon(self._say(at, reply, incoming))
            elif reply.ok and not isinstance(act, Press):  # all others see it too, and it must not be sent again
                done = card_message(shown)
                self.saying.soon(self.saying.replace(at, part(activity, "replyToId"), done, incoming.sender))
        except Exception as error:  # noqa: BLE001 - it is done all the same
            log_failure(log, "teams.answer_not_made", error)
            return _sentence_card(self._words.say("teams.not_shown", self._reader(incoming)))
        return shown

    async def _beside_of(self, activity: Activity, data: cards.Data, incoming: Incoming | None, who: Address) -> None:
        """Have something done that was pressed, and say beside it what came of it; a form's message says it itself."""
        at, message = _where(activity), part(activity, "replyToId")
        if incoming is None:
            put_away = self._words.say("teams.put_away", self._words.reader(self._people.get(who.id, "")))
            shown = card_message(_sentence_card(put_away))
            self.saying.soon(self.saying.replace(at, message, shown, who))
            return
        reply = await self._received(incoming)
        if not (reply.again and reply.ok) and self._is_first(activity, incoming, reply):
            self.saying.soon(self._tell(at, message, reply, incoming, data))

    async def _tell(self, at: Reference, message: str, reply: Reply, incoming: Incoming, data: cards.Data) -> None:
        shown, act = self._answer(reply, incoming, data), incoming.act
        opens = isinstance(act, Press) and not act.submitted
        if isinstance(shown, str) and opens:
            await self._say(at, reply, incoming)
        elif opens and not isinstance(shown, str):
            await self.saying.say(at, card_message(shown, reply.text), incoming.sender)
        else:
            made = _sentence_card(shown) if isinstance(shown, str) else shown
            await self.saying.replace(at, message, card_message(made), incoming.sender)

    def _answer(self, reply: Reply, incoming: Incoming, data: cards.Data) -> Shown:
        """Give the form that a button opened, or what else stands in the place of what was sent; or a sentence."""
        act = incoming.act
        if reply.form is not None:
            revision = act.revision if isinstance(act, Press) else None
            return forms.form_content(reply.form, self._words.form(self._reader(incoming)), revision)
        if isinstance(act, Announce) and not reply.ok and not reply.buttons:
            return self._arrival_again(act, reply, incoming, data)
        if isinstance(act, Press):
            return reply.text  # the card is the courier's, and shows the rest in a moment
        return cards.reply_content(reply, activities.carried(act)) or _sentence_card(reply.text)

    async def _card_of(self, user: str, visit: str) -> Shown:
        """Give somebody's card as it stands now; a sentence where they have none of this visit any more."""
        person = self._people.get(user, "")
        shown = await self._find(person, visit) if person else None
        if shown is None:
            return self._words.say("teams.no_card", self._words.reader(person))
        return cards.card_content(shown, self._words)

    async def _find(self, person: str, visit: str) -> ShownCard | None:
        for site in (None, *self._settings.people[person].reception_of):
            with suppress(Refused, NotSaved):
                board = await self._views.board(person, reception=site)
                for card in (*board.cards, *board.calls, *board.closed):
                    if card.visit == visit:
                        return card
        return None

    # --- parts -------------------------------------------------------------------------------------------------------

    async def _received(self, incoming: Incoming) -> Reply:
        """Have something decided; somebody whom the directory does not know reads the language of the house."""
        if incoming.sender.id not in self._people:
            incoming = replace(incoming, language=self._reader(incoming).language)
        return await self._receive(incoming)

    def _arrival(self, incoming: Incoming, reply: Reply) -> Content:
        """Make the form of a new arrival."""
        reader = self._reader(incoming)
        return forms.arrival_content(
            self._words.arrival(reader),
            self._words.kinds(reader),
            self._words.lengths(reader),
            site=getattr(incoming.act, "site", ""),
            sites=[Option(value=button.value, label=button.label) for button in reply.buttons],
        )

    def _arrival_again(self, act: Announce, reply: Reply, incoming: Incoming, data: cards.Data) -> Content:
        """Make the form of an arrival again, with what was filled in, and what is wrong with it."""
        reader, ours = self._reader(incoming), data.get(cards.OURS)
        kept = part(ours, forms.SITE) if isinstance(ours, Mapping) else ""
        return forms.arrival_content(
            self._words.arrival(reader),
            self._words.kinds(reader),
            self._words.lengths(reader),
            site=kept,
            sites=() if kept else self._counters(incoming.sender.id),
            again=(act, reply.errors or {"": reply.text}),
        )

    def _counters(self, user: str) -> tuple[Option, ...]:
        """Give the counters to choose from, where somebody stands at several."""
        person = self._settings.people.get(self._people.get(user, ""))
        sites = [self._settings.sites[site] for site in (person.reception_of if person else ())]
        return tuple(Option(value=site.id, label=site.name) for site in sites) if len(sites) > 1 else ()

    def _reader(self, incoming: Incoming) -> Reader:
        return self._words.reader(self._people.get(incoming.sender.id, ""))

    def _is_first(self, activity: Activity, incoming: Incoming, reply: Reply) -> bool:
        """Tell whether nothing was said to this yet: Teams posts again what was answered too late.

        What was done is said once, however often it was clicked; what was not may be tried again, and is told again.
        """
        name = incoming.key if reply.ok else f"{activities.conversation(activity)}:{part(activity, 'id')}"
        first = name not in self._told or reply.outcome is Outcome.NOT_SAVED
        self._told[name] = None
        while len(self._told) > TOLD_AT_MOST:
            self._told.popitem(last=False)
        return first


def card_message(content: Content, summary: str = "") -> Content:
    """Make what a message holds of a card: that alone, for a message with a text as well could not be amended."""
    made: dict[str, Any] = {"attachments": [{"contentType": CARD, "content": content}]}
    return made | ({"summary": limits.cut(summary, limits.SUMMARY)} if summary else {})


def _sentence_card(text: str) -> Content:
    return cards.adaptive([cards.line(cards.run(text, limits.VALUE))])


def _where(activity: Activity) -> Reference:
    """Give the conversation, or the thread in a channel, in which something was typed or pressed."""
    return Reference(
        service_url=part(activity, "serviceUrl"),
        user=part(activity, "from", "id"),
        conversation=part(activity, "conversation", "id"),
        bot=part(activity, "recipient", "id"),
    )
