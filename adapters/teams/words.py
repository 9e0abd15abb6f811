"""What is said in Teams beside the cards, from the catalogues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.card import Args, Phrase
from bot.language import choices
from bot.language.moments import language_of
from bot.language.wording import Reader, Wording
from bot.messages import Option, ShownCard
from bot.ports import Clock
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWords:
    """What a card in Teams says that is not on the card itself, in its reader's language.

    `since` is the sentence that says since when the visitor waits, empty when nobody waits; `times` are when each step
    was; `earlier` says how many steps are left out. `language` is the reader's, of two letters.
    """

    language: str
    more: str
    say: str
    number: str
    about: str
    steps: str
    since: str
    times: tuple[str, ...]
    earlier: Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormWords:
    """What each form says beside its own words; `beyond` says how many options are left out."""

    language: str
    back: str
    day: str
    hour: str
    missing: str
    choose: str
    look_again: Callable[[str], str]
    beyond: Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalWords:
    """What the form of a new arrival says, in the receptionist's language."""

    title: str
    submit: str
    visitor: str
    visitor_example: str
    visitor_missing: str
    owner: str
    owner_example: str
    owner_missing: str
    company: str
    kind: str
    not_said: str
    about: str
    about_hint: str
    how_long: str
    phone: str
    phone_example: str
    via: str
    here: str
    by_phone: str
    party: str
    counter: str
    form: FormWords


@dataclass(frozen=True, slots=True)
class TeamsWords:
    """Says what cards and forms in Teams need, in each reader's language."""

    settings: Settings
    wording: Wording
    clock: Clock

    def reader(self, name: str) -> Reader:
        """Give how somebody reads: a person's id, or `reception:<site>`."""
        person = self.settings.people.get(name)
        if person is not None:
            return Reader(person.language, person.zone)
        site = self.settings.sites.get(name.partition(":")[2])
        home = site or next(iter(self.settings.sites.values()))  # for whom nobody knows, as the house reads
        return Reader(home.language, home.zone)

    def say(self, key: str, reader: Reader, args: Args | None = None) -> str:
        """Write a sentence."""
        return self.wording.say(Phrase(key, args or {}), reader, self.clock.now())

    def card(self, card: ShownCard) -> CardWords:
        """Give what stands on a card beside what the core put there; a step of another day than the first has its day.

        Times are written here, in the zone of whom the card is for, and not as the date macros of Adaptive Cards:
        Teams does not support those, and a sentence that holds a time is ready text in any case.
        """
        reader = self.reader(card.reader)
        days = [self.wording.date(step.at, reader) for step in card.steps]
        return CardWords(
            language=language_of(reader.language),
            more=self.say("teams.more", reader),
            say=self.say("page.row.say_label", reader),
            number=self.say("form.add_phone.number", reader),
            about=self.say("page.arrival.about", reader),
            steps=self.say("teams.steps", reader),
            since=self.say("teams.waiting_since", reader, {"time": card.since}) if card.since else "",
            times=tuple(
                self._time(step.at, reader, day if day != days[0] else "")
                for step, day in zip(card.steps, days, strict=True)
            ),
            earlier=lambda count: self.say("teams.earlier_steps", reader, {"count": count}),
        )

    def _time(self, moment: datetime, reader: Reader, day: str) -> str:
        clock = self.wording.clock(moment, reader)
        return f"{day}, {clock}" if day else clock

    def form(self, reader: Reader) -> FormWords:
        """Give the words that each form needs."""
        return FormWords(
            language=language_of(reader.language),
            back=self.say("teams.back", reader),
            day=self.say("form.callback.day", reader),
            hour=self.say("form.callback.hour", reader),
            missing=self.say("teams.missing", reader),
            choose=self.say("form.errors.choice_missing", reader),
            look_again=lambda text: self.say("teams.look_again", reader, {"text": text}),
            beyond=lambda count: self.say("teams.more_choices", reader, {"count": count}),
        )

    def arrival(self, reader: Reader) -> ArrivalWords:
        """Give the words of the form of a new arrival."""

        def page(name: str) -> str:
            return self.say(f"page.arrival.{name}", reader)

        def own(name: str) -> str:
            return self.say(f"teams.{name}", reader)

        return ArrivalWords(
            title=page("title"),
            submit=page("submit"),
            visitor=page("visitor"),
            visitor_example=page("visitor_example"),
            visitor_missing=self.say("form.errors.visitor_missing", reader),
            owner=page("owner"),
            owner_example=page("owner_example"),
            owner_missing=self.say("form.errors.person_missing", reader),
            company=page("company"),
            kind=page("kind"),
            not_said=page("not_said"),
            about=page("about"),
            about_hint=page("about_hint"),
            how_long=page("how_long"),
            phone=page("phone"),
            phone_example=page("phone_example"),
            via=own("via"),
            here=own("here"),
            by_phone=page("by_phone"),
            party=page("party"),
            counter=own("counter"),
            form=self.form(reader),
        )

    def kinds(self, reader: Reader) -> tuple[Option, ...]:
        """Give the kinds of visitors to choose from."""
        return choices.kinds(self.settings.kinds, reader.language)

    def lengths(self, reader: Reader) -> tuple[Option, ...]:
        """Give how long a visit may take, to choose from."""
        return choices.lengths(lambda key, count: self.say(key, reader, {"count": count}))
