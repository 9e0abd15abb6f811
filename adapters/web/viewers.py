"""Who is looking at a page, from where, and in which language. Pure.

Where people sign in, whoever did so looks. In the demo the address says who (`?as=`), so that two tabs can be two
people, and the cookie only remembers it for an address without; there, on /reception one is always somebody of a
reception.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from bot.domain.people import Person
from bot.errors import Refused
from bot.language.catalogue import LANGUAGES
from bot.language.moments import language_of
from bot.language.wording import Reader

RECEPTION, ME, VISIT, LOG, PEOPLE = "reception", "me", "visit", "log", "people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who looks at `page`; `site` is their counter's (empty on their own page).

    `switched` is the language tag that they read in when it is not their own; `proof` is what their forms carry, when
    they have signed in.
    """

    page: str
    person: Person
    site: str
    reader: Reader
    switched: str | None = None
    visit: str = ""
    proof: str = ""

    @property
    def language(self) -> str:
        """Give the page's language, one that has a catalogue."""
        return language_of(self.reader.language)

    @property
    def at_reception(self) -> bool:
        """Tell whether they look as the reception of a site."""
        return bool(self.site)

    @property
    def streams(self) -> tuple[str, ...]:
        """Give the readers whose cards are on this page, and on the pages next to it."""
        return (self.person.id, f"reception:{self.site}") if self.site else (self.person.id,)

    def url(self, **query: str) -> str:
        """Give the address of this page for this person; `said`, `form` and the like go into the query."""
        return self.url_of(f"/visits/{quote(self.visit, safe='')}" if self.page == VISIT else f"/{self.page}", **query)

    def url_of(self, path: str, **query: str) -> str:
        """Give an address for this person; in the demo it says who they are."""
        query = query if self.proof else {"as": self.person.id, **query}
        return f"{path}?{urlencode(query)}" if query else path


def of(page: str, person: Person, lang: str, proof: str) -> Viewer:
    """Give the viewer who has signed in; `Refused` on the page of a reception of which they are not."""
    if page == RECEPTION and not person.reception_of:
        raise Refused("not_reception")
    return replace(_viewer(page, person, lang), proof=proof)


def find(page: str, people: Mapping[str, Person], persons: Sequence[str], asked: Sequence[str], lang: str) -> Viewer:
    """Give who looks: the first of `asked` (most telling first) who is among `persons` and may see such a page.

    `lang` is what a receptionist switched to; others read in their own language.
    """
    able = [p for p in persons if p in people and (page != RECEPTION or people[p].reception_of)]
    return _viewer(page, people[next((p for p in asked if p in able), able[0])], lang)


def _viewer(page: str, person: Person, lang: str) -> Viewer:
    at_counter = bool(person.reception_of) and page != ME
    switched = _switched(person.language, lang) if person.reception_of else None
    return Viewer(
        page=page,
        person=person,
        site=person.reception_of[0] if at_counter else "",
        reader=Reader(switched or person.language, person.zone),
        switched=switched,
    )


def _switched(own: str, lang: str) -> str | None:
    """Give the tag of another language in the same country, or None when it is one's own or none we speak."""
    if lang not in LANGUAGES or lang == language_of(own):
        return None
    _, _, country = own.partition("-")
    return f"{lang}-{country}" if country else lang
