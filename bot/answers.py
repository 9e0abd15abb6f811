"""What somebody answers about a visit, by a press, a form or a typed line; and the words that they get back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot import presses
from bot.context import Context
from bot.desk import ERASED, FrontDesk
from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.card import Button
from bot.domain.facts import Facts
from bot.domain.person_cards import standing_of
from bot.domain.policy import Via
from bot.domain.visit import Hello, Visit
from bot.language.understand import Understood, understand
from bot.messages import Outcome, Reply, ShownCard, Typed
from bot.ports import Transaction
from bot.rows import Stored
from bot.since import news
from bot.texts import lines

ANSWERING = frozenset({"asked", "checked", "comes", "calls", "call_asked", "offered"})
"""What a visit is to somebody who may answer it by typing."""
NO_ANSWER = {"busy": "busy", "decline": "said_no", "question": "question", "thanks": "thanks"}
"""What is said to what answers nothing, as a key under `replies`; everything else is unclear."""
LONGEST_NOTE = 1000


class Answering:
    """Carries out answers inside the transaction of the inbox."""

    def __init__(self, desk: FrontDesk) -> None:
        """Take what decides."""
        self._desk = desk

    def carry_out(
        self, tx: Transaction, visit: str, commands: Sequence[c.Command], facts: Facts | None, context: Context
    ) -> Reply:
        """Carry out commands in order, keep the facts that go with them, and say what became of the last one."""
        happened = list[e.Event]()
        after = self._desk.load(tx, visit).visit
        for command in commands:
            acted = self._desk.act(tx, visit, command, context.now, context.through)
            happened += acted.events
            after = acted.visit
        if facts is not None:
            tx.put_facts(visit, facts)
        if not happened:
            return self.nothing_new(tx, visit, context)
        known = tx.facts(visit) or ERASED
        phrase = presses.answer(commands[-1], happened, after, self._desk.name)
        text = context.say(phrase.key, {**phrase.args, "visitor": known.visitor})
        return Reply(outcome=Outcome.DONE, text=text, visit=visit)

    def nothing_new(self, tx: Transaction, visit: str, context: Context) -> Reply:
        """Say that it was so already; to somebody with an old card, what has happened since."""
        told = news(tx, self._desk, self._desk.load(tx, visit), context)
        if told is None:
            return Reply(outcome=Outcome.NOTHING_NEW, text=context.say("reply.already_so"), visit=visit)
        return Reply(outcome=Outcome.NOTHING_NEW, text=told.text, visit=visit, news=told.by_others)

    # --- typed -------------------------------------------------------------------------------------------------------

    def typed(self, tx: Transaction, act: Typed, context: Context) -> Reply:
        """Read a typed line as an answer to the card that it belongs to, or else to the only one that is open."""
        stored = self.meant(tx, act, context)
        if not stored:
            return Reply(outcome=Outcome.REFUSED, text=context.say("replies.nothing_open"))
        if len(stored) > 1:
            return self._which(tx, stored, context)
        visit = stored[0].visit
        if visit.unsafe_by == context.person.id:
            return self._reason(tx, visit, act.text, context)
        read = self._read(act.text, context)
        command = _command(read, visit, context)
        if command is None:
            return self._no_answer(tx, stored[0], read, context)
        return self.carry_out(tx, visit.id, (command,), None, context)

    def _read(self, text: str, context: Context) -> Understood:
        return understand(
            text,
            role="owner",
            now=context.now,
            zone=context.person.zone,
            language=context.reader.language,
            people=tuple(self._desk.settings.people.values()),
        )

    def meant(self, tx: Transaction, act: Typed, context: Context) -> Sequence[Stored]:
        """Give the visits that a typed line may be about: that of the message which it answers, or the open ones."""
        answered = act.visit or tx.shown_at(context.through, act.answers)
        if answered:
            return [self._desk.load(tx, answered)]
        person = context.person.id
        visits = tx.visits(person=person)
        # Where a colleague answers already, whoever types is told so, rather than that nothing is asked of them.
        return _asked(visits, person) or [s for s in visits if standing_of(s.visit, person) == "taken"]

    def is_asked(self, tx: Transaction, act: Typed, context: Context) -> bool:
        """Tell whether a typed line answers a message, or comes from somebody to whom a question is put."""
        person = context.person.id
        about = act.visit or tx.shown_at(context.through, act.answers)
        return bool(about or _asked(tx.visits(person=person), person))

    def _which(self, tx: Transaction, stored: Sequence[Stored], context: Context) -> Reply:
        buttons = tuple(
            Button(name="visit", label=(tx.facts(s.visit.id) or ERASED).visitor, value=s.visit.id) for s in stored
        )
        return Reply(outcome=Outcome.ASKED_BACK, text=context.say("reply.choose_visit"), buttons=buttons)

    def _no_answer(self, tx: Transaction, stored: Stored, read: Understood, context: Context) -> Reply:
        """Journal that something was typed which answers nothing, and offer the answers again."""
        visit, person = stored.visit, context.person.id
        reading = read.intent if read.intent in NO_ANSWER else "unclear"
        self._desk.act(tx, visit.id, c.TypeNoAnswer(by=person, reading=reading), context.now, context.through)
        standing = standing_of(visit, person)
        card = self._card(tx, visit.id, context)
        if standing != "asked":  # no visitor waits for this answer, so the card says best what does
            asks = (card.ask if card and standing in ANSWERING else None) or context.say("replies.nothing_open")
            return Reply(outcome=Outcome.ASKED_BACK, text=asks, visit=visit.id, buttons=card.buttons if card else ())
        facts = tx.facts(visit.id) or ERASED
        key = NO_ANSWER.get(reading, "unclear")
        if key == "busy" and visit.via is Via.PHONE:
            key = "busy_phone"
        text = context.say(f"replies.{key}", {"visitor": facts.visitor, "by": self._desk.name(visit.announced_by)})
        return Reply(outcome=Outcome.ASKED_BACK, text=text, visit=visit.id, buttons=card.buttons if card else ())

    def _card(self, tx: Transaction, visit: str, context: Context) -> ShownCard | None:
        card = self._desk.cards(tx, self._desk.load(tx, visit), context.now).get(context.person.id)
        return context.wording.card(card, context.reader, context.now) if card else None

    def _reason(self, tx: Transaction, visit: Visit, text: str, context: Context) -> Reply:
        """Keep what somebody writes after "not safe", for colleagues only: it is a fact, and can be erased."""
        note = lines(text[:LONGEST_NOTE])
        if note:
            facts = tx.facts(visit.id) or ERASED
            tx.put_facts(visit.id, replace(facts, notes=(*facts.notes, note)))
            self._desk.act(tx, visit.id, c.AddNote(by=context.person.id), context.now, context.through)
        return Reply(outcome=Outcome.DONE, text=context.say("reply.noted"), visit=visit.id)


def _asked(visits: Sequence[Stored], person: str) -> list[Stored]:
    """Give the visits that wait for a word of this person."""
    return [s for s in visits if standing_of(s.visit, person) in ANSWERING or s.visit.unsafe_by == person]


def _command(read: Understood, visit: Visit, context: Context) -> c.Command | None:
    """Give what a certain reading wants; None when it answers nothing, or could mean two things here."""
    if not read.certain:
        return None
    by, pressed = context.person.id, context.incoming.pressed_at or context.now
    standing = standing_of(visit, by)
    may_greet = standing in ("asked", "comes", "taken") or (standing == "calls" and visit.hello is Hello.OWED)
    if read.intent == "hello_now" and may_greet:
        return c.PromiseHello(by=by, within=timedelta(), pressed_at=pressed)
    if read.intent == "hello_in" and read.in_minutes and (may_greet or standing == "checked"):
        return c.PromiseHello(by=by, within=timedelta(minutes=read.in_minutes), pressed_at=pressed)
    if read.intent == "callback" and read.at is not None:
        moving = standing in ("calls", "call_asked")
        return c.MoveCallback(by=by, due=read.at) if moving else c.PromiseCallback(by=by, due=read.at)
    if read.intent == "delegate" and len(read.to) == 1:
        return c.Delegate(by=by, to=read.to[0])
    if standing in ("calls", "call_asked"):
        return {"done": c.KeepCallback(by=by), "no_answer": c.TryCallback(by=by)}.get(read.intent)
    return None
