"""What comes in: who is it, was it seen before, which command is it; and what they are told at once.

Everything of one incoming happens in one transaction, its answer included: the same key again gives the same answer and
does nothing. What is refused is rolled back, told kindly, and journaled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from bot import answered, form_answers, forms, lost, presses
from bot.announcing import Announcing
from bot.answers import Answering
from bot.cleaning import cleaned
from bot.context import Context
from bot.desk import ERASED, FrontDesk
from bot.domain import events as e
from bot.domain.authority import Reading, may_read, responder_name, roles
from bot.domain.card import Phrase
from bot.domain.facts import Facts
from bot.errors import Hello30Error, NotSaved, Refused, Unreadable
from bot.language.wording import Reader, Wording
from bot.leaving import has_left
from bot.links import LINK_LASTS, PageLinks
from bot.logs import about, log_failure
from bot.messages import Act, Announce, AnnounceLine, Gone, Incoming, OpenArrival, Outcome, Press, Reply, Typed
from bot.ports import Clock, Directory, Store, Transaction
from bot.rows import Stored
from bot.since import ABOUT_THE_CHOICE, news
from bot.urgency import somebody_waits

log = structlog.get_logger(__name__)

KEYS_KEPT = timedelta(days=7)
"""No platform sends the same thing again after so long."""


class Inbox:
    """Takes what adapters bring. `changed` is called after each commit that may have moved a deadline or a card."""

    def __init__(  # noqa: PLR0913 - it joins what answering needs
        self,
        store: Store,
        desk: FrontDesk,
        directory: Directory,
        wording: Wording,
        clock: Clock,
        changed: Callable[[], None],
        *,
        pages: PageLinks | None = None,
    ) -> None:
        """Take what it works with; with `pages`, *My page* is answered with a link."""
        self._store = store
        self._desk = desk
        self._directory = directory
        self._wording = wording
        self._clock = clock
        self._changed = changed
        self._pages = pages or PageLinks()
        self._announcing = Announcing(desk)
        self._answering = Answering(desk)

    async def receive(self, incoming: Incoming) -> Reply:
        """Answer one incoming; never raises for what a person did, nor when the database does not take it."""
        incoming = cleaned(incoming)
        person = self._directory.person_at(incoming.sender)
        if person is None:
            reader = Reader(incoming.language or "en", "UTC")
            text = self._wording.say(Phrase("refused.unknown_person_sender"), reader, self._clock.now())
            return Reply(outcome=Outcome.REFUSED, text=text)
        reader = Reader(incoming.language or person.language, person.zone)
        context = Context(incoming=incoming, person=person, reader=reader, now=self._clock.now(), wording=self._wording)
        with about(getattr(incoming.act, "visit", "")), somebody_waits():
            return await self._answered(context)

    async def _answered(self, context: Context) -> Reply:
        act = context.incoming.act
        if isinstance(act, Press) and act.button == presses.PAGE:
            return self._page(context)
        if isinstance(act, OpenArrival):
            return self._opened(act, context)
        try:
            reply = await self._carried_out(context)
        except NotSaved as fault:
            log.warning("inbox.not_saved", fault=str(fault))
            return self._not_saved(context)
        except Unreadable as fault:
            log_failure(log, "inbox.visit_unreadable", fault)
            return self._not_saved(context)
        except Hello30Error as fault:  # a site that was taken out of the configuration, say
            log_failure(log, "inbox.not_decided", fault)
            return self._broken(context)
        self._changed()
        return reply

    async def forget(self) -> int:
        """Forget the keys of what came in long ago; give how many."""
        return await self._store.transact(lambda tx: tx.forget(self._clock.now() - KEYS_KEPT))

    # --- one transaction ---------------------------------------------------------------------------------------------

    async def _carried_out(self, context: Context) -> Reply:
        try:
            return await self._store.transact(partial(self._work, context=context))
        except form_answers.WrongAnswers as wrong:
            return await self._shown(partial(self._show_again, context=context, wrong=wrong), context)
        except Refused as refused:
            if isinstance(context.incoming.act, Press) and refused.reason == "number_first":
                return await self._shown(partial(self._form, context=context, button="visitor_left"), context)
            reply = await self._refused(context, refused)
            beside = form_answers.wrong_time(context.incoming.act, refused, reply.text)
            if beside is None:
                return reply
            return await self._shown(partial(self._show_again, context=context, wrong=beside), context, reply)

    async def _shown(
        self, show: Callable[[Transaction], Reply], context: Context, otherwise: Reply | None = None
    ) -> Reply:
        """Show a form; where that is refused by now (somebody was faster), say so, or say `otherwise`."""
        try:
            return await self._store.read(show)
        except Refused as refused:
            return otherwise or await self._refused(context, refused)

    async def _refused(self, context: Context, refused: Refused) -> Reply:
        return await self._store.transact(partial(self._refuse, context=context, refused=refused))

    def _work(self, tx: Transaction, *, context: Context) -> Reply:
        known = answered.same_again(tx, context)
        if known is not None:
            return known
        lost.forget(tx, context.incoming.sender)  # whoever writes from there is there
        reply = answered.answered_before(tx, context)
        if reply is not None:
            return reply
        reply = self._act(tx, context)
        if reply.outcome is Outcome.ASKED_BACK:
            reply = replace(reply, question=answered.question(context) or context.incoming.key)
        # what was only asked back, or opened, may come again under the same key with the answer
        if reply.ok:
            answered.settle(tx, reply, context)
        if reply.ok or (isinstance(context.incoming.act, Typed) and reply.visit):
            answered.remember(tx, reply, context)
        return reply

    def _act(self, tx: Transaction, context: Context) -> Reply:
        act = context.incoming.act
        if isinstance(act, Announce | AnnounceLine):
            return self._announcing.announce(tx, act, context)
        if isinstance(act, Typed):
            return self._typed(tx, act, context)
        if isinstance(act, OpenArrival):
            return self._announcing.opened(act, context)
        if isinstance(act, Gone):  # nobody is there to be told anything
            moved = has_left(self._desk, tx, context.person.id, context.incoming.sender, context.now)
            return Reply(outcome=Outcome.DONE if moved else Outcome.NOTHING_NEW)
        if act.submitted:
            return self._submitted(tx, act, context)
        if act.button in forms.FORMS and act.button != "visitor_left":
            return self._form(tx, context=context, button=act.button)
        command = presses.command(act.button, context.person.id, act.value, context.incoming.pressed_at)
        return self._answering.carry_out(tx, act.visit, (command,), None, context)

    def _typed(self, tx: Transaction, act: Typed, context: Context) -> Reply:
        """Read a line as an answer; of a receptionist to whom nothing is put, as an arrival if it is one."""
        if not context.person.reception_of or self._answering.is_asked(tx, act, context):
            return self._answering.typed(tx, act, context)
        if self._announcing.reads_as_arrival(act.text, context):
            return self._announcing.announce(tx, AnnounceLine(text=act.text, question=act.question), context)
        reply = self._answering.typed(tx, act, context)
        if reply.visit or reply.buttons:
            return reply
        return Reply(outcome=Outcome.REFUSED, text=context.say("replies.nothing_open_reception"))

    def _submitted(self, tx: Transaction, act: Press, context: Context) -> Reply:
        stored = self._desk.load(tx, act.visit)
        made = form_answers.read(self._form_context(tx, stored, context), act.button, act.values)
        if not made.commands:
            return self._answering.nothing_new(tx, act.visit, context)
        return self._answering.carry_out(tx, act.visit, made.commands, made.facts, context)

    def _form_context(self, tx: Transaction, stored: Stored, context: Context) -> forms.FormContext:
        visit, person = stored.visit, context.person
        house = self._desk.house(tx, visit.site, context.now)
        # a form holds the visitor's name and number, so it is no more for everybody than the visit's page is
        if not may_read(Reading.FORM, roles(visit, person.id, house)):
            raise Refused("not_yours", responder=responder_name(visit, house))
        return forms.FormContext(
            visit=visit,
            facts=tx.facts(visit.id) or ERASED,
            house=house,
            person=person,
            reader=context.reader,
            now=context.now,
            settings=self._desk.settings,
            wording=self._wording,
        )

    def _opened(self, act: OpenArrival, context: Context) -> Reply:
        """Let an arrival be filled in, also while the database is away: it may be back by the time it is sent."""
        try:
            return self._announcing.opened(act, context)
        except Refused as refused:
            return Reply(outcome=Outcome.REFUSED, text=context.say(f"refused.{refused.reason}"))

    def _page(self, context: Context) -> Reply:
        """Give a link to one's page: each time a new one, and nothing of it is kept, for whoever has it may sign in."""
        if not self._pages.lead_from(context.through):
            return Reply(outcome=Outcome.REFUSED, text=context.say("refused.nothing_asked"))
        url = self._pages.url(context.person.id)
        minutes = int(LINK_LASTS.total_seconds()) // 60
        return Reply(outcome=Outcome.DONE, text=context.say("reply.page", {"minutes": minutes, "text": url}))

    # --- what is not done --------------------------------------------------------------------------------------------

    def _form(self, tx: Transaction, *, context: Context, button: str) -> Reply:
        act: Any = context.incoming.act
        stored = self._desk.load(tx, act.visit)
        form = forms.make(self._form_context(tx, stored, context), button)
        return Reply(outcome=Outcome.FORM, text=form.title, visit=act.visit, form=form)

    def _show_again(self, tx: Transaction, *, context: Context, wrong: form_answers.WrongAnswers) -> Reply:
        """Show a form again with what was typed, and each error beside its field."""
        act: Any = context.incoming.act
        stored = self._desk.load(tx, act.visit)
        form = forms.make(self._form_context(tx, stored, context), act.button)
        filled = tuple(forms.filled_in(field, act.values) for field in form.fields)
        again = replace(form, fields=filled, errors=wrong.errors)
        text = next(iter(wrong.errors.values()))
        return Reply(outcome=Outcome.REFUSED, text=text, visit=act.visit, form=again, errors=wrong.errors)

    def _refuse(self, tx: Transaction, *, context: Context, refused: Refused) -> Reply:
        """Tell why, and journal that it was pressed; a visit that there is not has no journal."""
        known = answered.same_again(tx, context)
        if known is not None:  # it was journaled already, and only the answer to the commit was lost
            return known
        lost.forget(tx, context.incoming.sender)
        act = context.incoming.act
        visit = self._visit_of(tx, context)
        stored = tx.visit(visit) if visit else None
        if stored is not None and self._is_stranger(tx, stored, context):
            # Nobody learns from a refusal that a visit exists; that it was tried is journaled, once.
            self._note_refused(tx, stored, context, refused, once=True)
            reply = Reply(outcome=Outcome.REFUSED, text=context.say("refused.unknown_visit"), visit=visit)
            return answered.remember(tx, reply, context)
        facts: Facts = (tx.facts(visit) if visit else None) or ERASED
        owner = self._desk.name(stored.visit.owner) if stored else ""
        phrase = presses.refusal(refused, facts.visitor, owner)
        text = context.say(phrase.key, phrase.args)
        if stored is not None:
            text = self._since(tx, stored, context, refused, text)
            self._note_refused(tx, stored, context, refused)
        if isinstance(act, Press) and (typed := form_answers.typed_back(act.values, facts)):
            text = f"{text}\n{context.say('reply.typed_back', {'text': typed})}"
        reply = Reply(outcome=Outcome.REFUSED, text=text, visit=visit)
        # a refused form may be filled in again; anything else that is refused stays so, however often it comes
        if not (isinstance(act, Press) and act.submitted):
            answered.remember(tx, reply, context)
        return reply

    def _since(self, tx: Transaction, stored: Stored, context: Context, refused: Refused, text: str) -> str:
        """Say to somebody with an old card what has happened since; `text` is what their refusal says by itself."""
        told = news(tx, self._desk, stored, context, refused)
        if told is None:
            return text
        return f"{told.text} {text}" if refused.reason in ABOUT_THE_CHOICE else told.text

    def _visit_of(self, tx: Transaction, context: Context) -> str:
        """Give the visit that something was about; empty for none, and while it is not known which."""
        act = context.incoming.act
        if not isinstance(act, Typed) or act.visit:
            return str(getattr(act, "visit", ""))
        meant = self._answering.meant(tx, act, context)
        return meant[0].visit.id if len(meant) == 1 else ""

    def _is_stranger(self, tx: Transaction, stored: Stored, context: Context) -> bool:
        house = self._desk.house(tx, stored.visit.site, context.now)
        return not may_read(Reading.STORY, roles(stored.visit, context.person.id, house))

    def _note_refused(
        self, tx: Transaction, stored: Stored, context: Context, refused: Refused, *, once: bool = False
    ) -> None:
        """Journal that something was refused; with `once`, unless the same of the same person is there already."""
        by, command, visit = context.person.id, _named(context.incoming.act), stored.visit.id
        events = [entry.event for entry in tx.journal(visit)] if once else []
        if not any(isinstance(was, e.PressRefused) and (was.by, was.command) == (by, command) for was in events):
            pressed = e.PressRefused(at=context.now, by=by, command=command, reason=refused.reason)
            self._desk.record(tx, visit, pressed, context.through)

    def _broken(self, context: Context) -> Reply:
        """Say that it is our fault; an admin must know, for pressing again may change nothing."""
        text = f"{context.say('page.error.broken')} {context.say('page.error.broken_how')}"
        return Reply(outcome=Outcome.NOT_SAVED, text=text)

    def _not_saved(self, context: Context) -> Reply:
        act = context.incoming.act
        key, args = "page.error.not_saved", dict[str, str | int | datetime]()
        if isinstance(act, AnnounceLine | Typed) and not act.question:  # a line, rather than a button
            key = "reply.not_saved_line"
        elif isinstance(act, Announce):
            key, args = (
                "reception.not_saved",
                {"visitor": act.visitor, "owner": act.owner or self._desk.name(act.owner_id)},
            )
        return Reply(outcome=Outcome.NOT_SAVED, text=context.say(key, args))


def _named(act: Act) -> str:
    """Name what was pressed, for the journal: only what is a button of ours, never what a request happens to hold."""
    if not isinstance(act, Press):
        return "typed"
    return act.button if act.button in presses.PRESSES or act.button in forms.FORMS else "unknown"
