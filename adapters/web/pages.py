"""The pages, rendered from the present state at each request: what goes into a template, and what comes out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from adapters.web import rows, together, viewers
from adapters.web.banners import Banners
from adapters.web.demo import DemoPages
from adapters.web.forms import pressed_as
from adapters.web.shown import Said, Shown
from adapters.web.viewers import Viewer
from bot.domain.authority import Reading, may_read, standing
from bot.domain.card import Phrase
from bot.domain.people import Person
from bot.errors import Refused
from bot.language import choices
from bot.language.catalogue import LANGUAGES
from bot.language.moments import language_of, zone_of
from bot.language.phones import show_phone
from bot.language.wording import Reader, Wording
from bot.messages import Form, Option, ShownButton, ShownCard
from bot.pages import Board, Views
from bot.ports import Clock
from bot.settings import Settings

PHONE_FIELD = "phone"
"""The field of the form `add_phone`, which stands in the row itself when a number is asked for."""
WAITS = ("just_arrived", "waiting", "long", "very_long")
EXTRA = ("company", "kind", "phone", "long", "via")


class Pages:
    """Renders every page; knows no request and sends nothing."""

    def __init__(
        self,
        settings: Settings,
        views: Views,
        wording: Wording,
        clock: Clock,
        demo: DemoPages | None,
        banners: Banners,
    ) -> None:
        """Take what the pages are made of; with a demo they have its clock and its people."""
        self._banners = banners
        self._settings = settings
        self._views = views
        self._wording = wording
        self._clock = clock
        self._demo = demo
        self.site_names = {site.id: site.name for site in settings.sites.values()}
        self._names = tuple(person.name for person in settings.people.values())
        self._templates = Environment(
            loader=PackageLoader("adapters.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        helpers: dict[str, Any] = {
            "keep": lambda number: together.keep(show_phone(number)),
            "shown": show_phone,
            "dialled": lambda number: "".join(sign for sign in number if sign in "+0123456789"),
            "headed": together.headed,
            "fields": rows.fields,
            "pressed_as": pressed_as,
        }
        self._templates.globals.update(helpers)

    # --- the pages ---------------------------------------------------------------------------------------------------

    async def reception(self, viewer: Viewer, shown: Shown) -> str:
        """Render the arrival form and the live board of a counter; raises `Refused` when it is not theirs."""
        board = await self._views.board(viewer.person.id, reception=viewer.site, language=viewer.switched)
        ordered = rows.rows(board, _answer(shown))
        own = {
            "rows": ordered,
            "is_many": ordered.is_many,
            "on_board": {card.visit for card in board.cards},
            "phone_field": PHONE_FIELD,
            "owners": [p.name for p in self._settings.people.values() if viewer.site in p.sites],
            "kinds": choices.kinds(self._settings.kinds, viewer.reader.language),
            "longs": self._lengths(viewer.reader),
            "extra_open": any(shown.typed.get(name) or shown.errors.get(name) for name in EXTRA),
            "focus_arrival": shown.form is None and shown.asked is None,
            "soon": board.made_at + timedelta(minutes=3),
            # its people are the demo's
            "example_url": self._example(viewer) if self._demo else "",
        }
        return self._render("reception.html", viewer, shown, board, own)

    async def me(self, viewer: Viewer, shown: Shown) -> str:
        """Render a person's cards."""
        board = await self._views.board(viewer.person.id, reception=None, language=viewer.switched)
        ordered = rows.rows(board, _answer(shown))
        own = {"rows": ordered, "mine": ordered.turn + ordered.others, "questions": len(ordered.turn)}
        return self._render("me.html", viewer, shown, board, own)

    async def story(self, viewer: Viewer) -> str:
        """Render a visit's story; raises `Refused` when they may not read it, or there is none."""
        story = await self._views.story(viewer.person.id, viewer.visit, language=viewer.switched)
        board = Board(made_at=self._clock.now(), cards=(), calls=(), closed=())
        return self._render("visit.html", viewer, Shown(), board, {"story": story})

    def framed(self, template: str, viewer: Viewer, own: Mapping[str, Any], said: Said | None = None) -> str:
        """Render a page that has no board, as it stands now."""
        board = Board(made_at=self._clock.now(), cards=(), calls=(), closed=())
        return self._render(template, viewer, Shown(said=said), board, {"live": False, **own})

    def sign_in(self, person: Person) -> str:
        """Render the page behind a link: for whom it is, and the button that uses it."""
        reader = Reader(person.language, person.zone)

        def t(key: str, **args: str) -> str:
            return self.say(key, reader, **args)

        return self._templates.get_template("sign_in.html").render(
            language=language_of(person.language), person=person, t=t, kept=together.kept
        )

    def plain(self, what: str, languages: Sequence[str] = LANGUAGES, back: str = "") -> str:
        """Render a page that says `page.error.<what>` in each language, and what to do: `page.error.<what>_how`."""
        back_key = "page.error.to_board" if self._demo else "page.error.to_start"
        messages = [
            {
                "language": language,
                "head": self.say(f"page.error.{what}", Reader(language, "UTC")),
                "text": "" if what == "expired" else self.say(f"page.error.{what}_how", Reader(language, "UTC")),
                "back": self.say(back_key, Reader(language, "UTC")),
            }
            for language in languages
        ]
        head = messages[0]["head"]
        return self._templates.get_template("plain.html").render(
            language=languages[0], head=head, messages=messages, back=back
        )

    # --- words -------------------------------------------------------------------------------------------------------

    def say(self, key: str, reader: Reader, **args: str | int | datetime) -> str:
        """Say a key of the catalogues to a reader."""
        return self._wording.say(Phrase(key, args), reader, self._clock.now())

    def refusal(self, refused: Refused, reader: Reader) -> str:
        """Say why something was refused; ids of people become their names."""
        args = {name: self._named(value) for name, value in refused.args_by_name.items()}
        return self.say(f"refused.{refused.reason}", reader, **args)

    def _named(self, value: object) -> str | int | datetime:
        if isinstance(value, (int, datetime)):
            return value
        person = self._settings.people.get(str(value))
        return person.name if person else str(value)

    def _lengths(self, reader: Reader) -> tuple[Option, ...]:
        return choices.lengths(lambda key, count: self.say(key, reader, count=count))

    # --- the frame ---------------------------------------------------------------------------------------------------

    def _render(self, template: str, viewer: Viewer, shown: Shown, board: Board, own: Mapping[str, Any]) -> str:
        reader, wording, now = viewer.reader, self._wording, board.made_at
        visitors = tuple(card.visitor for card in (*board.cards, *board.calls, *board.closed))
        frame: dict[str, Any] = {
            "v": viewer,
            "now": now,
            "live": True,
            "is_many": False,
            "names": self._names + visitors,
            "said": shown.said,
            "form": shown.form,
            "typed": shown.typed,
            "errors": shown.errors,
            "asked": shown.asked,
            "banners": self._banners.of(viewer),
            "here": viewer.url(),
            "site_name": self._site_name(viewer),
            "script_words": self._script_words(reader),
            "t": lambda key, **args: wording.say(Phrase(key, args), reader, now),
            "kept": together.kept,
            "clock": lambda at: wording.clock(at, reader),
            "day": lambda at: f"{wording.date(at, reader)}, {wording.clock(at, reader)}",
            "day_or_clock": lambda at: wording.near_clock(at, reader, now),
            "seconds": lambda at: _local(at, reader),
            "waited": lambda s: wording.duration(timedelta(seconds=s), reader),
            "span": lambda s: wording.duration(timedelta(seconds=s), reader, exact=True),
            "ours": lambda revision=None: _ours(viewer, shown.once or secrets.token_urlsafe(9), revision),
            "open_url": lambda card, button: _open_url(viewer, shown.form, card, button),
            "story_url": lambda card: replace(viewer, page=viewers.VISIT, visit=card.visit).url(),
        }
        frame.update(self._ways(viewer))
        frame.update(own)
        return self._templates.get_template(template).render(frame)

    def _ways(self, viewer: Viewer) -> dict[str, Any]:
        """Give the links of the frame, and who one can be in the demo."""
        demo, people = self._demo, self._settings.people
        others = [language for language in LANGUAGES if language != viewer.language]
        return {
            "nav": [(page, viewer.url_of(f"/{page}"), self.say(key, viewer.reader)) for page, key in self._nav(viewer)],
            "reception_url": viewer.url_of("/reception"),
            "me_url": viewer.url_of("/me"),
            "events": viewer.url_of("/events", page=viewer.page),
            "speed": demo.speed if demo else 1,
            "other_language": others[0],
            "language_url": viewer.url(lang=others[0]) if viewer.person.reception_of else "",
            "demo_people": [
                {
                    "name": self._role(people[person].id, viewer.reader),
                    "url": f"/{'reception' if people[person].reception_of else 'me'}?{urlencode({'as': person})}",
                    "current": person == viewer.person.id,
                }
                for person in (demo.persons if demo else ())
            ],
        }

    def _nav(self, viewer: Viewer) -> Iterator[tuple[str, str]]:
        """Give the pages of a viewer, each with the key of its name."""
        found = standing(viewer.person)
        if self._demo or viewer.person.reception_of:
            yield viewers.RECEPTION, "page.nav.reception"
        yield viewers.ME, "page.nav.my_cards"
        if viewer.proof and may_read(Reading.LOG, found):
            yield viewers.LOG, "page.nav.log"
        if viewer.proof and may_read(Reading.DIRECTORY, found):
            yield viewers.PEOPLE, "page.nav.people"

    def _role(self, person: str, reader: Reader) -> str:
        given, at_counter = self._settings.people[person].given, self._settings.people[person].reception_of
        return self.say("page.demo.person_at_reception", reader, by=given) if at_counter else given

    def _site_name(self, viewer: Viewer) -> str:
        site = viewer.site or next(iter(viewer.person.sites), "")
        return self._settings.sites[site].name if site in self._settings.sites else ""

    def _script_words(self, reader: Reader) -> dict[str, str]:
        """Give the script what it says by itself, with its gaps left open."""
        waits = {word: self.say(f"page.wait.{word}", reader) for word in WAITS}
        return {
            **waits,
            "live": self.say("page.live", reader),
            "not_live": self.say("page.not_live", reader, time="{time}"),
            "left": self.say("page.wait.left", reader, text="{text}"),
            "late": self.say("page.wait.late", reader, text="{text}"),
        }

    def _example(self, viewer: Viewer) -> str:
        reader = viewer.reader
        names = {name: self.say(f"page.arrival.{name}_example", reader) for name in ("visitor", "owner", "about")}
        return f"{viewer.url(**names)}#visitor"


def _answer(shown: Shown) -> rows.Answer:
    said = shown.said
    refused = said is not None and said.refused
    return rows.Answer(
        visit=shown.form.visit if shown.form else said.visit if said else "",
        form=shown.form,
        wrong=said.text if said and refused and not (shown.form and shown.form.errors) else "",
        number=shown.typed.get(PHONE_FIELD, "") if refused else "",
    )


def _open_url(viewer: Viewer, form: Form | None, card: ShownCard, button: ShownButton) -> str:
    """Give the address at which a button's form is open, or, when it is, at which it is closed."""
    if form and form.visit == card.visit and form.button == button.name:
        return f"{viewer.url()}#visit-{quote(card.visit)}"
    return f"{viewer.url(form=button.name, visit=card.visit)}#form-{quote(card.visit)}"


def _ours(viewer: Viewer, once: str, revision: int | None) -> Markup:
    """Make the hidden fields that stand in each form."""
    who = {"proof": viewer.proof} if viewer.proof else {"as": viewer.person.id}
    ours = {"once": once, "page": viewer.page, **who}
    if viewer.page == viewers.VISIT:
        ours["visit"] = viewer.visit
    if revision is not None:
        ours["revision"] = str(revision)
    line = Markup('<input type="hidden" name="{}" value="{}">')
    return Markup("").join(line.format(name, value) for name, value in ours.items())


def _local(at: datetime, reader: Reader) -> str:
    return f"{at.astimezone(zone_of(reader.zone)):%H:%M:%S}"
