"""What pages read: boards, forms and stories, each only for those who may see it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from bot import forms
from bot.context import Context
from bot.desk import ERASED, FrontDesk
from bot.domain.authority import Reading, may_read, roles
from bot.domain.card import Card, Phrase
from bot.domain.people import Person
from bot.domain.person_cards import standing_of
from bot.domain.turn import UNDO_FOR
from bot.domain.visit import OPEN_CALLBACK, OPEN_HELLO, Hello, Visit
from bot.errors import Refused
from bot.language.wording import Reader, Wording
from bot.messages import Address, Form, Incoming, Press, ShownCard
from bot.pages import Board, Story
from bot.ports import Clock, Store, Transaction
from bot.rows import Stored
from bot.since import ABOUT_THE_CHOICE, news
from bot.telling import Teller, tell

STAYS_ON_BOARD = timedelta(minutes=15)
"""A visitor who was told of a callback stays on reception's board for so long, unless *Visitor left* is pressed."""
CALLING = frozenset({"calls", "call_asked", "offered"})


class PageViews:
    """The views of `bot.pages.Views`, read from the store at the moment of asking."""

    def __init__(self, store: Store, desk: FrontDesk, wording: Wording, clock: Clock) -> None:
        """Take what it reads with."""
        self._store = store
        self._desk = desk
        self._wording = wording
        self._clock = clock

    async def board(self, person: str, *, reception: str | None, language: str | None = None) -> Board:
        """Give a person's cards, or with `reception` (a site) those of that counter; `Refused` if not theirs."""
        who = self._person(person)
        return await self._store.read(partial(self._board, who=who, site=reception, language=language))

    async def form(self, person: str, visit: str, button: str, *, language: str | None = None) -> Form:
        """Give the form which a button opens for this person, filled in with what is known; or `Refused`."""
        who = self._person(person)
        return await self._store.read(
            partial(self._form, who=who, visit=visit, button=button, reader=_reader(who, language))
        )

    async def story(self, person: str, visit: str, *, language: str | None = None) -> Story:
        """Tell a visit from its journal; `Refused` when this person may not read it or there is no such visit."""
        who = self._person(person)
        return await self._store.read(partial(self._story, who=who, visit=visit, reader=_reader(who, language)))

    def _person(self, person: str) -> Person:
        people = self._desk.settings.people
        if person not in people:
            raise Refused("unknown_person_sender")
        return people[person]

    # --- boards ------------------------------------------------------------------------------------------------------

    def _board(self, tx: Transaction, *, who: Person, site: str | None, language: str | None) -> Board:
        now = self._clock.now()
        if site is not None and not self._at_the_counter(tx, who, site, now):
            raise Refused("not_reception")
        reader_id = f"reception:{site}" if site else who.id
        listed = tx.visits(site=site, person=None if site else who.id, closed_after=now - UNDO_FOR)
        shown = [(s.visit, self._card(tx, s, reader_id, _reader(who, language), now)) for s in listed]
        cards, calls, closed = list[ShownCard](), list[ShownCard](), list[ShownCard]()
        for visit, card in shown:
            if card is None:
                continue
            if not visit.is_open:
                closed.append(card)
            elif _at_counter(visit, now) if site else standing_of(visit, who.id) not in CALLING:
                cards.append(card)
                if site and visit.callback in OPEN_CALLBACK and visit.callback_promise:
                    calls.append(card)
            elif visit.callback in OPEN_CALLBACK:
                calls.append(card)
        return Board(
            made_at=now,
            cards=sorted(cards, key=lambda card: card.since or now),
            calls=sorted(calls, key=lambda card: card.due or now),
            closed=closed,
        )

    def _at_the_counter(self, tx: Transaction, who: Person, site: str, now: datetime) -> bool:
        known = site in self._desk.settings.sites
        return known and may_read(Reading.BOARD, roles(None, who.id, self._desk.house(tx, site, now)))

    def _card(self, tx: Transaction, stored: Stored, reader_id: str, reader: Reader, now: datetime) -> ShownCard | None:
        card: Card[Phrase] | None = self._desk.cards(tx, stored, now).get(reader_id)
        return self._wording.card(card, reader, now) if card else None

    # --- forms and stories -------------------------------------------------------------------------------------------

    def _form(self, tx: Transaction, *, who: Person, visit: str, button: str, reader: Reader) -> Form:
        stored = self._readable(tx, who, visit, Reading.FORM)
        now = self._clock.now()
        made = forms.FormContext(
            visit=stored.visit,
            facts=tx.facts(visit) or ERASED,
            house=self._desk.house(tx, stored.visit.site, now),
            person=who,
            reader=reader,
            now=now,
            settings=self._desk.settings,
            wording=self._wording,
        )
        try:
            return forms.make(made, button)
        except Refused as refused:
            raise self._kindly(tx, stored, made, button, refused) from None

    def _kindly(
        self, tx: Transaction, stored: Stored, desk: forms.FormContext, button: str, refused: Refused
    ) -> Refused:
        """Say what has happened since, where that is why a form opens no more."""
        act = Press(visit=stored.visit.id, button=button)
        incoming = Incoming(key="", sender=Address("web", ""), act=act)
        context = Context(
            incoming=incoming, person=desk.person, reader=desk.reader, now=desk.now, wording=self._wording
        )
        told = news(tx, self._desk, stored, context, refused) if refused.reason not in ABOUT_THE_CHOICE else None
        return Refused("moved_on", text=told.text) if told else refused

    def _story(self, tx: Transaction, *, who: Person, visit: str, reader: Reader) -> Story:
        stored = self._readable(tx, who, visit, Reading.STORY)
        facts = tx.facts(visit) or ERASED
        now = self._clock.now()
        teller = Teller(
            visit=stored.visit, facts=facts, names=self._desk.name, wording=self._wording, reader=reader, now=now
        )
        return tell(teller, tx.journal(visit), () if _read_along(who, stored.visit, now) else facts.notes)

    def _readable(self, tx: Transaction, who: Person, visit: str, what: Reading) -> Stored:
        """Load a visit for somebody who may read that of it; nobody else learns that it exists."""
        stored = self._desk.load(tx, visit)
        house = self._desk.house(tx, stored.visit.site, self._clock.now())
        if not may_read(what, roles(stored.visit, who.id, house)):
            raise Refused("unknown_visit")
        return stored


def _reader(person: Person, language: str | None) -> Reader:
    return Reader(language or person.language, person.zone)


def _read_along(who: Person, visit: Visit, now: datetime) -> bool:
    """Tell whether the visitor may still see the screen of whoever reads this: it stands on the counter."""
    if visit.site not in who.reception_of or visit.left_at is not None:
        return False
    return visit.closed_at is None or now - visit.closed_at < STAYS_ON_BOARD


def _at_counter(visit: Visit, now: datetime) -> bool:
    """Tell whether a visit is on reception's board: the visitor is here, or was just told when they will be called."""
    if visit.here or visit.hello in OPEN_HELLO:
        return True
    told = visit.hello_settled_at if visit.hello is Hello.EXCUSED else None
    on_the_line = visit.callback_promise.made if visit.hello is Hello.NOT_OWED and visit.callback_promise else None
    since = told or on_the_line
    return visit.left_at is None and since is not None and now - since < STAYS_ON_BOARD
