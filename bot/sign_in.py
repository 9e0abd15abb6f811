"""Who is signed in: a link is used once and becomes a session, which a browser keeps until it ends.

Of a session only a hash is stored; what the browser keeps is random, signed, and names the person. So a row that was
altered in the database opens nothing, and whoever left the directory is signed out at their next step.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final

import structlog

from bot.domain.authority import Reading, may_read, standing
from bot.domain.people import Person
from bot.errors import Refused
from bot.links import LINK_LASTS, Link, LinkRefused, Signing, hashed
from bot.pages import Records
from bot.ports import Clock, Store, Transaction
from bot.rows import Session

log = structlog.get_logger(__name__)

LASTS: Final = timedelta(days=30)
LASTS_AT_A_COUNTER: Final = timedelta(hours=12)
"""For whoever stands at a counter, where others use the same machine, and for admins and auditors, who read more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What a browser is given to keep, and the session that it stands for."""

    cookie: str
    session: Session


@dataclass(frozen=True, slots=True)
class Entrance:
    """What the web pages need where people sign in."""

    sign_in: SignIn
    records: Records


class SignIn:
    """Makes links, and sessions of them."""

    def __init__(self, store: Store, people: Mapping[str, Person], signing: Signing, clock: Clock) -> None:
        """Take what it works with; `people` is the directory."""
        self._store = store
        self._people = people
        self._signing = signing
        self._clock = clock

    # --- a link is used ----------------------------------------------------------------------------------------------

    async def look(self, token: str) -> Person:
        """Tell for whom a link is, without using it; raises `LinkRefused`."""
        link = self._read(token)
        if why := await self._store.read(lambda tx: _refused(tx, link)):
            raise LinkRefused(why, link.person)
        return self._people[link.person]

    async def use(self, token: str, before: Session | None = None) -> SignedIn:
        """Sign in with a link, which is used then, and end the session `before`; raises `LinkRefused`."""
        link, now = self._read(token), self._clock.now()
        secret = secrets.token_urlsafe(32)
        until = now + _lasts(self._people[link.person])
        session = Session(key=hashed(secret), person=link.person, begun=now, until=until)
        if why := await self._store.transact(partial(_begin, link=link, session=session, before=before)):
            raise LinkRefused(why, link.person)
        log.info("sign_in.signed_in", person=link.person)
        return SignedIn(cookie=self._signing.cookie(secret, link.person), session=session)

    def _read(self, token: str) -> Link:
        link = self._signing.read_link(token)
        if link.person not in self._people:
            raise LinkRefused("altered")
        return link

    # --- a session ---------------------------------------------------------------------------------------------------

    async def session(self, cookie: str) -> Session | None:
        """Give the session that a browser keeps; None when nobody is signed in there (any more)."""
        read = self._signing.read_cookie(cookie)
        if read is None:
            return None
        secret, person = read
        key = hashed(secret)
        session = await self._store.read(lambda tx: tx.session(key))
        if session is None or self._ends(session) <= self._clock.now():
            return None
        if session.person != person or person not in self._people:
            log.warning("sign_in.session_removed", person=session.person, left=person not in self._people)
            await self._store.transact(lambda tx: tx.end_session(key))
            return None
        return session

    def _ends(self, session: Session) -> datetime:
        """Tell when a session ends: sooner than it was begun for, when its person has been given a role since."""
        person = self._people.get(session.person)
        return min(session.until, session.begun + _lasts(person)) if person else session.until

    def person(self, session: Session) -> Person:
        """Give who is signed in."""
        return self._people[session.person]

    def find(self, person: str) -> Person | None:
        """Give somebody of the directory."""
        return self._people.get(person)

    def proof(self, session: Session) -> str:
        """Give what each form of a session carries."""
        return self._signing.proof(session.key)

    def is_proof(self, session: Session, proof: str) -> bool:
        """Tell whether a form was made for this session."""
        return self._signing.is_proof(session.key, proof)

    async def sign_out(self, session: Session) -> None:
        """End a session."""
        await self._store.transact(lambda tx: tx.end_session(session.key))
        log.info("sign_in.signed_out", person=session.person)

    # --- for others --------------------------------------------------------------------------------------------------

    def link_for(self, by: Person, person: str, address: str = "") -> str:
        """Make a link for somebody else; raises `Refused` unless `by` is an admin and there is such a person."""
        self._check(by, person)
        log.info("sign_in.link_made", person=person, by=by.id)
        return self._signing.url(person, address)

    async def sign_out_everywhere(self, by: Person, person: str) -> int:
        """End all sessions of somebody; give how many. Raises what `link_for` raises."""
        self._check(by, person)
        ended = await self._store.transact(partial(end_everything, person=person, now=self._clock.now()))
        log.info("sign_in.signed_out_everywhere", person=person, by=by.id, sessions=ended)
        return ended

    async def sessions(self, by: Person) -> Mapping[str, Sequence[Session]]:
        """Give who is signed in, by their ids, the newest session first; raises `Refused` unless `by` is an admin."""
        self._check(by)
        now = self._clock.now()
        found = await self._store.read(lambda tx: tx.sessions())
        lasting = sorted(
            (session for session in found if self._ends(session) > now), key=lambda session: session.person
        )
        return {person: tuple(each) for person, each in groupby(lasting, key=lambda session: session.person)}

    async def forget(self) -> int:
        """Forget sessions that are over, and links that are refused for their age; give how many."""
        now = self._clock.now()
        return await self._store.transact(lambda tx: tx.forget_sessions(now))

    def _check(self, by: Person, person: str = "") -> None:
        if not may_read(Reading.DIRECTORY, standing(by)):
            raise Refused("other_role")
        if person and person not in self._people:
            raise Refused("unknown_person")


def _begin(tx: Transaction, *, link: Link, session: Session, before: Session | None) -> str:
    """Use a link; give why it is refused, nothing when it is not."""
    if tx.session(session.key):  # it was begun already, and only the answer to the commit was lost
        return ""
    # kept for as long again: the clocks of two machines may differ, and a link forgotten too early would be good again
    if why := _refused(tx, link) or ("" if tx.use_link(link.id, link.until + LINK_LASTS) else "used"):
        return why
    if before:
        tx.end_session(before.key)
    tx.begin_session(session)
    return ""


def _refused(tx: Transaction, link: Link) -> str:
    """Say why a link is good no more, though it is ours and not too old; nothing when it is good."""
    if tx.link_is_used(link.id):
        return "used"
    signed_out = tx.value(_signed_out(link.person))
    return "withdrawn" if signed_out and link.made <= _moment(signed_out) else ""


def end_everything(tx: Transaction, person: str, now: datetime) -> int:
    """End all sessions of somebody, and the links that they have not used yet; give how many sessions."""
    tx.put_value(_signed_out(person), now.isoformat())
    return tx.end_sessions(person)


def _signed_out(person: str) -> str:
    return f"signed out everywhere: {person}"


def _moment(kept: str) -> datetime:
    """Read when somebody was signed out; what nobody can read refuses every link, as one does that is not ours."""
    try:
        return datetime.fromisoformat(kept).astimezone(UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)


def _lasts(person: Person) -> timedelta:
    return LASTS_AT_A_COUNTER if person.reception_of or person.roles else LASTS
