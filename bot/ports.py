"""What the core needs of the world, each as a protocol. `tests/fakes.py` and `tests/contracts/` mirror this file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

from bot.domain.card import Nudge, Phrase
from bot.domain.events import Event
from bot.domain.facts import Facts
from bot.domain.people import Person
from bot.domain.policy import Policy
from bot.domain.visit import Hint, Visit
from bot.messages import Address, Incoming, Receipt, Reply, ShownCard, ShownNudge
from bot.rows import CardRow, Entry, NudgeRow, Session, Stored, Tally, Waiting

T = TypeVar("T")


class Clock(Protocol):
    """The time. Everything takes `now` as an argument; only the edges ask a clock."""

    def now(self) -> datetime:
        """Give the present moment, aware and in UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return once `moment` has come, or earlier (the clock was moved, say): look again, then sleep again."""
        ...


class Directory(Protocol):
    """Who there is, and where they are found."""

    def addresses(self, reader: str) -> Sequence[Address]:
        """Give where a reader (a person's id, or `reception:<site>`) is found, the preferred address first."""
        ...

    def person_at(self, address: Address) -> Person | None:
        """Tell who is behind an address; None for a stranger."""
        ...


# --- the adapter -----------------------------------------------------------------------------------------------------

Receive: TypeAlias = Callable[[Incoming], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What not every platform can do; the core never asks for its name."""

    pages: bool = False  # it is the web pages themselves: elsewhere a card leads to them
    threads: bool = False  # a counter's card has a thread, in which the visit's steps are told without a sound
    hints: bool = False  # it knows of somebody that they do not look now
    buzzes: bool = False  # a card that is new there makes the phone buzz by itself


class WhyDeaf(StrEnum):
    """Why nothing that people do on a platform reaches us; each has a sentence in the catalogues, for admins."""

    NOT_LISTENING = "not_listening"  # we have not begun to, or have stopped
    NOT_OPEN = "not_open"  # the connection over which the platform is heard
    NOT_KNOWN = "not_known"  # the platform has not said yet who we are
    REFUSED = "refused"  # the platform refuses us: a token, a permission
    REMOVED = "removed"  # hello30 was taken out of the platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaf:
    """Since when, and why, nothing that people do on a platform reaches us; `detail` is a code, for admins."""

    since: datetime
    why: WhyDeaf
    detail: str = ""


class ChatAdapter(Protocol):
    """A chat platform, or the web pages. Everything that goes wrong on its side is raised as a `DeliveryError`."""

    @property
    def name(self) -> str:
        """Give the adapter's name, as addresses and the configuration use it."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Tell what this platform can do."""
        ...

    @property
    def deaf(self) -> Deaf | None:
        """Tell whether what people do there reaches us; None while it does. Quick: nothing is asked of the platform."""
        ...

    async def start(self, receive: Receive) -> None:
        """Begin to take what comes in; return once it can be taken. Called once."""
        ...

    async def closed(self, to: Address) -> str:
        """Ask why a counter's address would take no message; empty when nothing is known against it. Sends nothing."""
        ...

    async def deliver(self, message: ShownCard | ShownNudge, to: Address, key: str, *, again: bool = False) -> Receipt:
        """Send a new message; with `again` an earlier try's result is unknown, so look for one of this `key` first."""
        ...

    async def amend(self, receipt: Receipt, card: ShownCard, *, again: bool = False) -> Receipt:
        """Change a card that was sent; raise POST_ANEW when it is gone.

        With `again` an earlier try's result is unknown: what it may have put beside the card is looked for first.
        """
        ...

    async def hint(self, to: Address) -> Hint | None:
        """Tell why whoever is at this address seems not to look now, as the platform says; None: nothing says so."""
        ...

    async def stop(self) -> None:
        """Take nothing more, and finish what was taken."""
        ...


# --- the store -------------------------------------------------------------------------------------------------------


class Transaction(Protocol):
    """One atomic change. Plain functions, called in one thread; everything is undone when the work raises.

    All moments are aware and in UTC, and come back so. Two transactions never see each other half done.
    """

    # visits and their journal
    def visit(self, visit: str) -> Stored | None:
        """Load a visit, with its policy."""
        ...

    def save(
        self, visit: Visit, *, version: int, events: Sequence[Event], through: str, wake_at: datetime | None
    ) -> int:
        """Append events and save what they made of the visit; give the new version.

        `version` is what was loaded (0: a new visit); raises `Conflict` when the stored one is another. A policy is
        kept once per digest. `wake_at` is when the timekeeper must look again.
        """
        ...

    def journal(self, visit: str) -> Sequence[Entry]:
        """Give a visit's entries in order."""
        ...

    def entries(self, *, since: datetime | None, until: datetime | None) -> Sequence[Entry]:
        """Give entries of all visits, in the order in which they were written; since ≤ at < until."""
        ...

    def visits(
        self,
        *,
        site: str | None = None,
        person: str | None = None,
        open_only: bool = True,
        closed_after: datetime | None = None,
    ) -> Sequence[Stored]:
        """List visits, first arrived first: of a site, or with `person` as owner or among those asked or promising.

        `open_only` leaves out closed visits, except those closed at or after `closed_after` when it is given.
        """
        ...

    def promised(self, person: str) -> Sequence[datetime]:
        """Give the due times of the callbacks that this person has promised and not yet kept."""
        ...

    # the visitor's own data
    def facts(self, visit: str) -> Facts | None:
        """Give the facts of a visit; None when they were erased."""
        ...

    def put_facts(self, visit: str, facts: Facts) -> None:
        """Save the facts of a visit, replacing those there were."""
        ...

    def waiting_for(self, owner: str) -> Sequence[Stored]:
        """Give the open visits that ask for this person, first arrived first."""
        ...

    def open_visits_of(self, folded: str, *, site: str, owner: str) -> Sequence[Stored]:
        """Give the open visits of a visitor of this folded name for one owner at one site, first arrived first."""
        ...

    def same_visitor(self, folded: str, company_folded: str) -> Sequence[str]:
        """Give the ids of all visits of a visitor of this folded name and organisation, oldest first."""
        ...

    # what came in
    def answered(self, key: str) -> str | None:
        """Give what was remembered under this idempotency key, or None."""
        ...

    def remember(self, key: str, answer: str, at: datetime) -> None:
        """Remember the answer to what came in under this key; raises `Conflict` when it is there already."""
        ...

    def forget(self, before: datetime) -> int:
        """Forget keys remembered before this moment; give how many."""
        ...

    # the timekeeper
    def due(self, now: datetime) -> str | None:
        """Claim one visit whose `wake_at` has come, the most overdue first; nobody else gets it until the commit."""
        ...

    def next_wake(self) -> datetime | None:
        """Give the earliest `wake_at` of all visits."""
        ...

    def put_off(self, visit: str, wake_at: datetime | None, *, due: datetime | None = None) -> None:
        """Move a visit's `wake_at` without touching the visit (it was claimed too early, or deciding it failed).

        With `due`, only where its `wake_at` has come by then: else somebody changed the visit meanwhile.
        """
        ...

    # the courier
    def show(self, visit: str, places: Iterable[tuple[str, Address]]) -> Collection[tuple[str, Address]]:
        """See to it that each of these readers has a card at their address; give who had none there."""
        ...

    def card_places(self, visit: str, reader: str) -> Mapping[Address, bool]:
        """Give where a reader has a card of a visit that was not given up; True where it was shown already."""
        ...

    def queue(self, nudge: Nudge[Phrase], address: Address, at: datetime) -> None:
        """Queue a nudge; nothing happens when its key was queued for this address before."""
        ...

    def claim_cards(
        self, now: datetime, lease_until: datetime, token: str, *, most: int = 1, busy: Collection[Address] = ()
    ) -> Sequence[CardRow]:
        """Claim cards that are behind their visit's version, not leased, parked or waiting; oldest first.

        At most one for an address, and none for one that is `busy`. Fewer than there are may be claimed, but some.
        """
        ...

    def claim_nudges(
        self,
        now: datetime,
        lease_until: datetime,
        token: str,
        *,
        most: int = 1,
        busy: Collection[Address] = (),
        unreadable: list[tuple[str, Address]] | None = None,
    ) -> Sequence[NudgeRow]:
        """Claim nudges that are neither sent nor superseded, leased, parked or waiting; oldest first.

        At most one for an address, and none for one that is `busy`. One that cannot be read is parked; its visit and
        address are put into `unreadable`.
        """
        ...

    def card_shown(self, row: CardRow, version: int, receipt: Receipt) -> bool:
        """Note what a card shows now; False (and nothing changes) when the lease was lost to another token."""
        ...

    def card_failed(
        self,
        row: CardRow,
        *,
        not_before: datetime | None,
        unknown: bool,
        forget_receipt: bool = False,
        parked: bool = False,
        counts: bool = True,
    ) -> bool:
        """Give a card back after a failed try: wait until `not_before`, post anew, or park it for now.

        The try `counts` unless it is the platform that is waited for.
        """
        ...

    def take_up(self, address: Address, now: datetime) -> int:
        """Let the cards of open visits that were given up at an address wait to be sent again; give how many."""
        ...

    def nudge_done(self, row: NudgeRow, outcome: str, receipt: Receipt | None = None) -> bool:
        """Note that a nudge was `sent`, `superseded` or `parked`; False when the lease was lost."""
        ...

    def nudge_failed(self, row: NudgeRow, *, not_before: datetime, unknown: bool, counts: bool = True) -> bool:
        """Give a nudge back until `not_before`; whether the try counts is said as for cards."""
        ...

    def shown_at(self, adapter: str, known_as: str) -> str | None:
        """Give the visit that a message is about, a card or a nudge, by what its receipt says in `known_as`."""
        ...

    def hold(self, adapter: str, bucket: str, until: datetime | None, *, unless_after: datetime | None = None) -> None:
        """Let nothing be claimed for a bucket until then; None lifts it.

        A bucket is an address, or what alone is held there (`bot.rows.bucket`), or `*` for the whole adapter. With
        `unless_after`, a hold that ends later than that stays as it is: it is there for another reason.
        """
        ...

    def next_delivery(self, *, busy: Collection[Address] = ()) -> datetime | None:
        """Give the earliest moment at which a card or nudge that waits may be claimed; None when nothing waits.

        What is for an address that is `busy` is left aside.
        """
        ...

    # whoever looks after hello30
    def waiting(self, now: datetime) -> Waiting:
        """Give what has waited for longest; quick, however much there is, because it is asked every few seconds."""
        ...

    def tally(self, now: datetime) -> Tally:
        """Count what is open, overdue and unsent, what is on hold included."""
        ...

    # signing in
    def use_link(self, link: str, until: datetime) -> bool:
        """Note that a sign-in link is used, which is refused for its age after `until`; False: it was used before.

        Also by the same `work`, if it is run again after its commit: look for the session that it began first.
        """
        ...

    def link_is_used(self, link: str) -> bool:
        """Tell whether a sign-in link was used."""
        ...

    def begin_session(self, session: Session) -> None:
        """Keep a new session."""
        ...

    def session(self, key: str) -> Session | None:
        """Give the session of this key, also one that is over."""
        ...

    def sessions(self) -> Sequence[Session]:
        """Give all sessions, those begun last first."""
        ...

    def end_session(self, key: str) -> bool:
        """Forget a session; False when there was none."""
        ...

    def end_sessions(self, person: str) -> int:
        """Forget all sessions of a person; give how many."""
        ...

    def forget_sessions(self, before: datetime) -> int:
        """Forget sessions and used links whose time was over before this moment; give how many."""
        ...

    # policies and small values
    def policy(self, digest: str) -> Policy | None:
        """Give a policy that some visit has frozen in."""
        ...

    def value(self, name: str) -> str | None:
        """Give a small value kept under a name (the demo's clock, say)."""
        ...

    def values(self, prefix: str) -> Mapping[str, str]:
        """Give all small values whose names begin so, by their names, in the order of these."""
        ...

    def put_value(self, name: str, value: str) -> None:
        """Keep a small value under a name."""
        ...

    def drop_value(self, name: str) -> None:
        """Forget a small value; nothing happens when there is none."""
        ...


class Store(Protocol):
    """Where everything is kept."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one transaction and commit it; raises `NotSaved` when the database did not take it.

        `work` may be run again from the start, also after it was committed and only the answer was lost: it keeps
        nothing outside, or clears it first, and finds out by itself what it has done already.
        What `work` raises comes out unchanged, after everything was undone.
        """
        ...

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on a consistent view, writing nothing."""
        ...

    async def peek(self, work: Callable[[Transaction], T]) -> T:
        """Run `work`, which asks one thing only, and so needs no view that stays the same: quicker than `read`."""
        ...

    async def checkpoint(self, now: datetime) -> bool:
        """Write down which entries of the journal there are, so that `log verify` can prove that they still are.

        False when there is nothing new. Raises `NotSaved` when the database did not take it.
        """
        ...

    async def close(self) -> None:
        """Finish what runs and let go of the database."""
        ...
