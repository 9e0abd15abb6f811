"""What the courier carries: each card and nudge made of the visit as it stands when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

import structlog

from bot.desk import ERASED, FrontDesk
from bot.domain.card import Args, Button, Card, Nudge, Phrase
from bot.domain.cards import RECEPTION_READER
from bot.domain.visit import Callback, Visit
from bot.language.wording import Reader, Wording
from bot.links import PageLinks
from bot.messages import Address, ShownCard, ShownNudge
from bot.ports import ChatAdapter, Transaction
from bot.presses import PAGE
from bot.rows import CardRow, NudgeRow, Stored
from bot.telling import AT_ARRIVAL, Teller, tell_steps

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CardParcel:
    """A claimed card. `shown` is None when there is nothing to send; `askings` are those that it puts to its reader."""

    row: CardRow
    shown: ShownCard | None = None
    version: int = 0
    askings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NudgeParcel:
    """A claimed nudge. `shown` is None when there is nothing to send."""

    row: NudgeRow
    shown: ShownNudge | None = None


Cards: TypeAlias = Mapping[str, Card[Phrase]]


@dataclass(frozen=True, slots=True)
class Made:
    """The cards that were made in one transaction, by their visits: whoever is concerned by one mostly gets theirs."""

    of: dict[str, tuple[Stored, Cards]] = field(default_factory=dict)


class Packing:
    """Makes parcels inside the transaction in which their rows were claimed."""

    def __init__(
        self,
        desk: FrontDesk,
        wording: Wording,
        pages: PageLinks | None = None,
        adapters: Mapping[str, ChatAdapter] | None = None,
    ) -> None:
        """Take what they are made with; with `pages`, cards elsewhere have *My page*.

        `adapters` are asked by their names what they can show.
        """
        self._desk = desk
        self._wording = wording
        self._pages = pages or PageLinks()
        self._adapters = adapters or {}

    def card(self, tx: Transaction, row: CardRow, now: datetime, made: Made | None = None) -> CardParcel:
        """Make a card; somebody who is in the directory no more, or no more at that address, gets none.

        `made` remembers, within one transaction, all cards of the visits of which one was made.
        """
        stored, cards = self._cards(tx, row.visit, now, made or Made())
        card = cards.get(row.reader)
        if card is None:
            card = self._desk.cards(tx, stored, now, also=(row.reader,)).get(row.reader)
        if card is None:
            return CardParcel(row)
        questions = (stored.visit.visitor_question, stored.visit.call_question)
        askings = tuple(asking.no for asking in questions if asking and asking.responder == row.reader)
        shown = self._wording.card(card, self._reader(row.reader), now)
        if not self._is_theirs(row.visit, row.reader, row.address):
            return CardParcel(row)
        whole = self._with_steps(tx, self._with_page(shown, row, now), row, stored, now)
        return CardParcel(row, whole, stored.version, askings)

    def _cards(self, tx: Transaction, visit: str, now: datetime, made: Made) -> tuple[Stored, Cards]:
        if visit not in made.of:
            stored = self._desk.load(tx, visit)
            made.of[visit] = stored, self._desk.cards(tx, stored, now)
        return made.of[visit]

    def _with_page(self, shown: ShownCard, row: CardRow, now: datetime) -> ShownCard:
        """Add *My page* to a person's card elsewhere; a counter's is read by several, and its page is nobody's own."""
        is_persons = row.reader in self._desk.settings.people
        if shown.closed or not (is_persons and self._pages.lead_from(row.address.adapter)):
            return shown
        label = self._wording.say(Phrase("buttons.page"), self._reader(row.reader), now)
        return replace(shown, more=(*shown.more, Button(name=PAGE, label=label)))

    def _with_steps(self, tx: Transaction, shown: ShownCard, row: CardRow, stored: Stored, now: datetime) -> ShownCard:
        """Add what has happened so far to a counter's card, where its platform shows that; else no journal is read."""
        adapter = self._adapters.get(row.address.adapter)
        if adapter is None or not adapter.capabilities.threads or not row.reader.startswith(RECEPTION_READER):
            return shown
        visit = stored.visit
        if stored.version <= AT_ARRIVAL:
            return shown
        teller = Teller(
            visit=visit,
            facts=tx.facts(visit.id) or ERASED,
            names=self._desk.name,
            wording=self._wording,
            reader=self._reader(row.reader),
            now=now,
        )
        return replace(shown, steps=tell_steps(teller, tx.journal(visit.id)))

    def nudge(self, tx: Transaction, row: NudgeRow, now: datetime) -> NudgeParcel:
        """Make a nudge; one that is not worth sending any more is none."""
        nudge = row.nudge
        is_counter = ":" in nudge.person
        if not is_counter and nudge.person not in self._desk.settings.people:
            return NudgeParcel(row)
        if _superseded(nudge, self._desk.load(tx, nudge.visit).visit):
            return NudgeParcel(row)
        facts = tx.facts(nudge.visit) or ERASED
        args: Args = {**nudge.text.args, "visitor": facts.visitor}
        named = replace(nudge, text=Phrase(nudge.text.key, args))
        reader = self._reader(nudge.person)
        if not self._is_theirs(nudge.visit, nudge.person, row.address):
            return NudgeParcel(row)
        return NudgeParcel(row, self._wording.nudge(named, reader, now))

    def _is_theirs(self, visit: str, reader: str, address: Address) -> bool:
        """Look whether an address is still its reader's: an admin may have changed it, or somebody put it there."""
        theirs = self._desk.is_at(reader, address)
        if not theirs:
            log.warning("courier.not_theirs", visit=visit)
        return theirs

    def _reader(self, reader: str) -> Reader:
        """Give a reader's language and zone; a counter's are those of its site."""
        settings = self._desk.settings
        if reader in settings.people:
            return Reader(settings.people[reader].language, settings.people[reader].zone)
        site = settings.sites[reader.partition(":")[2]]
        return Reader(site.language, site.zone)


def _superseded(nudge: Nudge[Phrase], visit: Visit) -> bool:
    """Tell whether a nudge is not worth sending any more: what it asks was answered, asked anew, or is not theirs."""
    if nudge.asking is not None:
        open_askings = {asking.no for asking in (visit.visitor_question, visit.call_question) if asking}
        return nudge.asking not in open_askings or nudge.person in visit.unreachable
    if nudge.text.key.startswith("callback."):
        return not _call_awaited(nudge, visit)
    return visit.mistake and not nudge.text.key.endswith("withdrawn_nudge")


def _call_awaited(nudge: Nudge[Phrase], visit: Visit) -> bool:
    """Tell whether what a nudge says of a callback is still so: whose it is, and whether it is soon, now or late."""
    promise = visit.callback_promise
    if promise is None:
        return False
    if nudge.person != promise.by:
        return nudge.person in visit.offered_call
    late = visit.callback is Callback.LATE
    awaited = {
        "callback.soon_nudge": promise.remind_at is None and not promise.called,
        "callback.now_nudge": promise.called and not late,
    }
    return awaited.get(nudge.text.key, not late)
