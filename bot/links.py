"""Keys, and what is signed with them: the links to sign in with, what a browser keeps, what a form carries.

Nothing in here asks a database: a link can be made beside a hello30 that runs. What a link has been used for, and who
is signed in, is in `bot.sign_in`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from itsdangerous import BadData, Signer, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode, want_bytes

from bot.errors import Hello30Error
from bot.ports import ChatAdapter, Clock

VARIABLE: Final = "HELLO30_KEYS"
LINK_LASTS: Final = timedelta(minutes=15)
AHEAD: Final = timedelta(minutes=1)
"""By so much may the clock of the machine that made a link be ahead of ours: no two clocks agree."""
SHORTEST_KEY: Final = 32
FEWEST_SIGNS: Final = 10
"""So many different signs a random key of that length has at least; one that somebody thought up seldom does."""
LONGEST: Final = 1000
"""Nothing that we sign comes near to so many signs."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class KeysWrong(Hello30Error):
    """There are no keys, or not such as nobody could guess."""


class LinkRefused(Hello30Error):
    """A link with which nobody is signed in; `person` is known only if the link is ours.

    `why` is altered, early (made by a clock that is far ahead), expired, used, or withdrawn. A link of somebody who
    left is altered as well: nobody learns from it who was here.
    """

    def __init__(self, why: str, person: str = "") -> None:
        """Take what is wrong with it."""
        super().__init__(why)
        self.why = why
        self.person = person


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Keys, newest first: that one signs, each of them is good for checking. Never shown, not even in a log."""

    newest_first: tuple[str, ...]


def new_key() -> str:
    """Make a key: 43 signs, 256 random bits."""
    return secrets.token_urlsafe(32)


def read_keys(environment: Mapping[str, str]) -> Keys:
    """Read the keys out of the environment; raises `KeysWrong`, which says how to make one."""
    keys = tuple(key for part in environment.get(VARIABLE, "").split(",") if (key := part.strip()))
    if not keys:
        raise KeysWrong(
            "hello30 needs a key to sign people in. Please make one with `hello30 key`, and set it where hello30 runs: "
            f"{VARIABLE}=… (newest first, then older ones, with commas between them)."
        )
    for place, key in enumerate(keys, start=1):
        if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_SIGNS:
            raise KeysWrong(
                f"Key {place} in {VARIABLE} could be guessed: it needs at least {SHORTEST_KEY} random signs. "
                "`hello30 key` makes a good one."
            )
    return Keys(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link carries: for whom it is, and when it was made, to the microsecond."""

    id: str
    person: str
    made: datetime

    @property
    def until(self) -> datetime:
        """Tell after which moment it is refused for its age."""
        return self.made + LINK_LASTS


class Signing:
    """Signs and checks. `address` is what links begin with; empty when nobody knows it."""

    def __init__(self, keys: Keys, clock: Clock, address: str) -> None:
        """Take the keys, the clock by which links grow old, and the address of the pages."""
        oldest_first = keys.newest_first[::-1]
        self.address = address
        self._clock = clock
        self._links: URLSafeSerializer = URLSafeSerializer(oldest_first, salt="hello30 link", signer=_CanonicalSigner)
        self._cookies: URLSafeSerializer = URLSafeSerializer(
            oldest_first, salt="hello30 session", signer=_CanonicalSigner
        )
        self._proofs = _CanonicalSigner(oldest_first, salt="hello30 form")

    # --- links -------------------------------------------------------------------------------------------------------

    def link(self, person: str) -> str:
        """Make what stands at the end of a new link for this person."""
        made = (self._clock.now() - _EPOCH) // _MICROSECOND
        return self._links.dumps([secrets.token_urlsafe(16), person, made])

    def url(self, person: str, address: str = "") -> str:
        """Make a whole link; `address` when the caller knows better than the configuration."""
        return f"{address or self.address}/in/{self.link(person)}"

    def read_link(self, token: str) -> Link:
        """Give what a link carries; raises `LinkRefused`."""
        try:
            if not _could_be_ours(token):
                raise LinkRefused("altered")
            name, person, microseconds = self._links.loads(token)
        except BadData:
            raise LinkRefused("altered") from None
        link = Link(id=name, person=person, made=_EPOCH + microseconds * _MICROSECOND)
        age = self._clock.now() - link.made
        if age < -AHEAD:
            raise LinkRefused("early", person)
        if age > LINK_LASTS:
            raise LinkRefused("expired", person)
        return link

    # --- what a browser keeps, and what a form carries ---------------------------------------------------------------

    def cookie(self, secret: str, person: str) -> str:
        """Make what a browser keeps."""
        return self._cookies.dumps([secret, person])

    def read_cookie(self, cookie: str) -> tuple[str, str] | None:
        """Give the secret and the person of a cookie; None for one that is not ours."""
        try:
            secret, person = self._cookies.loads(cookie) if _could_be_ours(cookie) else ("", "")
        except BadData:
            return None
        return (secret, person) if secret else None

    def proof(self, session: str) -> str:
        """Make what each form of a session carries: another site cannot know it."""
        return self._proofs.get_signature(session).decode()

    def is_proof(self, session: str, proof: str) -> bool:
        """Tell whether a form was made for this session."""
        return self._proofs.verify_signature(session.encode(), want_bytes(proof[:LONGEST], errors="replace"))


class PageLinks:
    """Leads from a card in chat to the pages; nowhere without keys, or while nobody knows the address of the pages."""

    def __init__(self, signing: Signing | None = None, adapters: Mapping[str, ChatAdapter] | None = None) -> None:
        """Take what signs links, and the adapters by their names."""
        self._signing = signing if signing and signing.address else None
        self._adapters = adapters or {}

    def lead_from(self, adapter: str) -> bool:
        """Tell whether cards of this adapter lead to the pages: those of the pages themselves do not."""
        carried_by = self._adapters.get(adapter)
        return self._signing is not None and carried_by is not None and not carried_by.capabilities.pages

    def url(self, person: str) -> str:
        """Make a link for a person; empty when there is none."""
        return self._signing.url(person) if self._signing else ""


def hashed(secret: str) -> str:
    """Hash what a browser keeps: whoever reads the database cannot sign in with what stands there."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _could_be_ours(text: str) -> bool:
    """Tell whether something is worth a check; a browser may send any bytes, also such as are no text."""
    return len(text) <= LONGEST and text.isascii()


class _CanonicalSigner(Signer):
    """HMAC with SHA-256, which takes a signature only as it was written: base64 has several spellings of one value."""

    default_digest_method = staticmethod(hashlib.sha256)
    default_key_derivation = "hmac"

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        """Compare in constant time, with each key."""
        try:
            is_canonical = base64_encode(base64_decode(sig)) == want_bytes(sig)
        except BadData:
            return False
        return is_canonical and super().verify_signature(value, sig)
