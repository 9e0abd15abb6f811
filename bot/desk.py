"""The front desk: one command is one atomic change, in one transaction.

Load the visit at its version, let `decide` say what happens, append the events, save what they made of the visit, see
to it that everybody concerned has a card, queue the nudges. Whoever calls commits; nothing in here waits for anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from bot import lost
from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.card import Args, Card, Nudge, Phrase
from bot.domain.cards import cards, readers
from bot.domain.deadlines import next_deadline
from bot.domain.decide import decide
from bot.domain.facts import Facts, History
from bot.domain.lifecycle import evolve
from bot.domain.nudges import nudges
from bot.domain.people import House, Person
from bot.domain.visit import Callback, Visit, Which
from bot.errors import Hello30Error, Refused, Unreadable
from bot.language.names import fold
from bot.messages import Address
from bot.opening import make_house
from bot.ports import Capabilities, Directory, Transaction
from bot.rows import Stored
from bot.settings import Settings

TIME = "time"
"""Through what an event came when nobody pressed or typed anything."""
ERASED = Facts(visitor="…")
"""What stands for the facts of a visit once they were erased."""
PASSES_AT_MOST = 40
"""So many moments of one visit may fire in one go; a ladder has fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """What a command made: the visit after it, at which version, and the events (none: it was so already)."""

    visit: Visit
    version: int
    events: Sequence[e.Event]


class FrontDesk:
    """What decides. Its functions run inside a transaction of whoever calls them."""

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        *,
        can: Callable[[str], Capabilities] = lambda _adapter: Capabilities(),
    ) -> None:
        """Take the configuration, where people are found, and what an adapter of a name can do."""
        self.settings = settings
        self._directory = directory
        self._can = can

    # --- commands ----------------------------------------------------------------------------------------------------

    def announce(self, tx: Transaction, command: c.AnnounceArrival, facts: Facts, now: datetime, through: str) -> Acted:
        """Begin a visit and keep what the visitor said."""
        house = self.house(tx, command.site, now)
        events = decide(None, command, house, now)
        tx.put_facts(command.visit, facts)
        return self._save(tx, None, 0, events, through)

    def act(self, tx: Transaction, visit: str, command: c.Command, now: datetime, through: str) -> Acted:
        """Carry out a command on a visit; raises `Refused`, and then nothing was saved."""
        stored = self.load(tx, visit)
        house = self.house(tx, stored.visit.site, now)
        events = decide(stored.visit, command, house, now)
        return self._save(tx, stored.visit, stored.version, events, through)

    def record(self, tx: Transaction, visit: str, event: e.Event, through: str) -> None:
        """Append an event that nobody decides: a refused press, or what became of a message."""
        stored = self.load(tx, visit)
        self._append(tx, stored.visit, stored.version, [event], through)

    def pass_time(self, tx: Transaction, visit: str, now: datetime) -> Sequence[timedelta]:
        """Fire all moments of a visit that have come; give by how much each was late, nothing when none had come.

        Raises `Hello30Error` where they come to no end (nothing happened at one of them, say): a fault of ours.
        """
        late: list[timedelta] = []
        stored = self.load(tx, visit)
        for _ in range(PASSES_AT_MOST):
            deadline = next_deadline(stored.visit)
            if deadline is None or deadline > now:
                if not late:
                    tx.put_off(visit, deadline)
                return late
            house = self.house(tx, stored.visit.site, now)
            events = decide(stored.visit, c.PassTime(), house, now)
            acted = self._save(tx, stored.visit, stored.version, events, TIME)
            stored = Stored(visit=acted.visit, version=acted.version)
            late.append(now - deadline)
        raise Hello30Error(f"the moments of visit {visit} come to no end")

    # --- reading -----------------------------------------------------------------------------------------------------

    def load(self, tx: Transaction, visit: str) -> Stored:
        """Load a visit; `Refused` when there is none of this id."""
        stored = tx.visit(visit)
        if stored is None:
            raise Refused("unknown_visit")
        return stored

    def house(self, tx: Transaction, site: str, now: datetime) -> House:
        """Make the house of a site; what somebody has promised is asked for only when a time is looked for."""
        return make_house(self.settings, site, now, cache(tx.promised))

    def cards(
        self, tx: Transaction, stored: Stored, now: datetime, also: Sequence[str] = ()
    ) -> Mapping[str, Card[Phrase]]:
        """Make all cards of a visit as it stands; `also` are readers who have one from before."""
        visit = stored.visit
        facts = tx.facts(visit.id) or ERASED
        house = self.house(tx, visit.site, now)
        return cards(visit, facts, self._history(tx, visit, facts), house, revision=stored.version, also=also)

    def is_at(self, reader: str, address: Address) -> bool:
        """Tell whether a reader is found at an address, as the directory stands now."""
        return address in self._directory.addresses(reader)

    def person_at(self, address: Address) -> Person | None:
        """Tell who of the directory is behind an address."""
        return self._directory.person_at(address)

    def platforms(self, reader: str) -> Sequence[Address]:
        """Give where somebody is found who may not be looking: the web pages only where there is nothing else."""
        found = self._directory.addresses(reader)
        return [address for address in found if not self._can(address.adapter).pages] or found

    def reached_at(self, tx: Transaction, visit: str, reader: str, *, but: Address | None = None) -> Sequence[Address]:
        """Give where messages about a visit reach somebody, as far as is known, the preferred platform first.

        An address counts while its card of this visit stands, or is still to be sent. One at which nobody was found
        lately counts only where there is no better one, and while its first card is still to be tried.
        """
        others = [address for address in self.platforms(reader) if address != but]
        cards = tx.card_places(visit, reader) if others else {}
        there = [address for address in others if address in cards]
        good = [address for address in there if not lost.is_lost(tx, address)]
        return good or [address for address in there if not cards[address]]

    def buzzes_new(self, address: Address) -> bool:
        """Tell whether a card that is new at an address makes the phone buzz by itself."""
        return self._can(address.adapter).buzzes

    def name(self, person: str) -> str:
        """Give the name of a person of the directory, or what was given."""
        people = self.settings.people
        return people[person].name if person in people else person

    def _history(self, tx: Transaction, visit: Visit, facts: Facts) -> History:
        """Look up earlier visits of the same visitor, and who else waits for the same owner."""
        earlier = [other for other in tx.same_visitor(fold(facts.visitor), fold(facts.company)) if other != visit.id]
        others = [_readable(tx, other) for other in earlier[-20:]]
        before = [stored.visit for stored in others if stored and stored.visit.arrived < visit.arrived]
        owed = [other for other in before if other.callback in (Callback.PROMISED, Callback.LATE)]
        waiting = [stored.visit for stored in tx.waiting_for(visit.owner) if stored.visit.here]
        return History(
            visits_before=len([other for other in before if not other.mistake]),
            still_promised=len(owed),
            others_waiting=len([other for other in waiting if other.id != visit.id]),
        )

    # --- nudging anew ------------------------------------------------------------------------------------------------

    def nudge_anew(self, tx: Transaction, visit: str, person: str, to: Address, now: datetime) -> None:
        """Queue for another address what last nudged somebody who is asked: where that went, it reached nobody."""
        stored = self.load(tx, visit).visit
        for which in Which:
            asking = stored.question(which)
            if asking is not None and asking.responder == person:
                for _, nudge in _nudged_so_far(tx, stored, which, person)[:1]:
                    tx.queue(self._with_names(nudge), to, now)

    # --- saving ------------------------------------------------------------------------------------------------------

    def _save(
        self,
        tx: Transaction,
        visit: Visit | None,
        version: int,
        events: Sequence[e.Event],
        through: str,
    ) -> Acted:
        if visit is not None and not events:
            return Acted(visit=visit, version=version, events=())
        after, saved = self._append(tx, visit, version, events, through)
        return Acted(visit=after, version=saved, events=events)

    def _append(
        self, tx: Transaction, visit: Visit | None, version: int, events: Sequence[e.Event], through: str
    ) -> tuple[Visit, int]:
        queued: list[tuple[e.Event, Nudge[Phrase]]] = []
        for seq, event in enumerate(events, start=version + 1):
            before, visit = visit, evolve(visit, event)
            queued += [(event, nudge) for nudge in nudges(visit, event, seq, before)]
        if visit is None:
            raise Refused("unknown_visit")
        saved = tx.save(visit, version=version, events=events, through=through, wake_at=next_deadline(visit))
        places = [(reader, at) for reader in readers(visit) for at in self._directory.addresses(reader)]
        new = tx.show(visit.id, places)
        for event, nudge in queued:
            # one buzz is enough: a nudge goes to one address only, unless a card comes there that buzzes
            address = self._nudged_at(tx, visit, event, nudge.person)
            if address and ((nudge.person, address) not in new or not self.buzzes_new(address)):
                tx.queue(self._with_names(nudge), address, events[-1].at)
        return visit, saved

    def _nudged_at(self, tx: Transaction, visit: Visit, event: e.Event, reader: str) -> Address | None:
        """Choose where somebody's nudge of an event goes.

        That is the preferred platform; only the first reminder that they get of a question goes to the next one.
        """
        found = self.platforms(reader)
        if len(found) > 1:
            found = self.reached_at(tx, visit.id, reader) or found
            if isinstance(event, e.Reminded) and self._is_first_reminder(tx, visit, event):
                return found[:2][-1]
        return next(iter(found), None)

    def _is_first_reminder(self, tx: Transaction, visit: Visit, event: e.Reminded) -> bool:
        """Tell whether a reminder is the first; one by which a question began was no reminder to whoever got it."""
        told = [by for by, _ in _nudged_so_far(tx, visit, event.which, event.person)]
        reminders = [by for by in told if isinstance(by, e.Reminded)]
        return len(reminders) == (1 if len(told) > len(reminders) else 2)

    def _with_names(self, nudge: Nudge[Phrase]) -> Nudge[Phrase]:
        """Put names for the ids of people among a nudge's arguments."""
        args: Args = {k: self.name(v) if isinstance(v, str) else v for k, v in nudge.text.args.items()}
        return replace(nudge, text=Phrase(nudge.text.key, args))


def _readable(tx: Transaction, visit: str) -> Stored | None:
    """Load an earlier visit, unless what is stored of it cannot be read: then it is no part of the history."""
    try:
        return tx.visit(visit)
    except Unreadable:
        return None


def _nudged_so_far(
    tx: Transaction, visit: Visit, which: Which, reader: str
) -> Sequence[tuple[e.StepEvent | e.AskingBegan, Nudge[Phrase]]]:
    """Give each nudge that a reader was to get of the open asking of a question, and its event; the newest first."""
    made: list[tuple[e.StepEvent | e.AskingBegan, Nudge[Phrase]]] = []
    for entry in reversed(tx.journal(visit.id)):
        event = entry.event
        if isinstance(event, e.StepEvent | e.AskingBegan) and event.which is which:
            made += [(event, nudge) for nudge in nudges(visit, event, entry.seq) if nudge.person == reader]
            if isinstance(event, e.AskingBegan):
                break
    return made
