"""What is said in Slack beside the cards, from the catalogues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adapters.slack.blocks import ThreadWords, Words
from adapters.slack.home import HomeWords
from adapters.slack.modals import ArrivalWords
from bot.domain.card import Args, Phrase
from bot.language import choices
from bot.language.wording import Reader, Wording
from bot.messages import Option, ShownCard
from bot.ports import Clock
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class SlackWords:
    """Says what cards and modals in Slack need, in each reader's language."""

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

    def card(self, card: ShownCard, reader: Reader | None = None) -> Words:
        """Give what stands on a card beside what the core put there; its own reader reads it, or this one."""
        reader = reader or self.reader(card.reader)
        return Words(
            say=self.say("page.row.say_label", reader),
            number=self.say("form.add_phone.number", reader),
            since=self.since(card.since, reader) if card.since else "",
        )

    def since(self, moment: datetime, reader: Reader) -> str:
        """Say since when somebody waits; Slack writes the clock in the zone of whoever looks."""
        clock = self.wording.clock(moment, reader)
        token = f"<!date^{int(moment.timestamp())}^{{time}}|{clock}>"
        return self.say("slack.waiting_since", reader, {"text": token})

    def thread(self, card: ShownCard) -> ThreadWords:
        """Give what the thread of a card says beside the steps; a step of another day than the first has its day."""
        reader = self.reader(card.reader)
        days = [self.wording.date(step.at, reader) for step in card.steps]
        times = tuple(
            self._time(step.at, reader, day if day != days[0] else "")
            for step, day in zip(card.steps, days, strict=True)
        )
        return ThreadWords(times, lambda count: self.say("slack.earlier_steps", reader, {"count": count}))

    def _time(self, moment: datetime, reader: Reader, day: str) -> str:
        clock = self.wording.clock(moment, reader)
        shown, otherwise = ("{date_short} {time}", f"{day}, {clock}") if day else ("{time}", clock)
        return f"<!date^{int(moment.timestamp())}^{shown}|{otherwise}>"

    def home(self, reader: Reader) -> HomeWords:
        """Give the words of a Home tab."""
        nothing = self.say("page.empty.responder_title", reader)
        what_comes = self.say("page.empty.responder_how", reader)
        return HomeWords(
            waiting=self.say("slack.home_waiting", reader),
            nothing=f"{nothing}\n{what_comes}",
            promised=self.say("page.heading.promised_calls", reader),
            calls=self.say("page.heading.callbacks_due_today", reader),
            nobody=self.say("page.empty.title", reader),
            card=lambda card: self.card(card, reader),
            more=lambda count: self.say("slack.home_more", reader, {"count": count}),
        )

    def arrival(self, reader: Reader) -> ArrivalWords:
        """Give the words of the modal of a new arrival."""

        def page(name: str) -> str:
            return self.say(f"page.arrival.{name}", reader)

        def own(name: str) -> str:
            return self.say(f"slack.{name}", reader)

        return ArrivalWords(
            title=page("title"),
            submit=page("submit"),
            close=own("close"),
            visitor=page("visitor"),
            visitor_example=page("visitor_example"),
            owner=page("owner"),
            owner_example=page("owner_example"),
            somebody=own("somebody"),
            company=page("company"),
            kind=page("kind"),
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
        )

    def kinds(self, reader: Reader) -> tuple[Option, ...]:
        """Give the kinds of visitors to choose from."""
        return choices.kinds(self.settings.kinds, reader.language)

    def lengths(self, reader: Reader) -> tuple[Option, ...]:
        """Give how long a visit may take, to choose from."""
        return choices.lengths(lambda key, count: self.say(key, reader, {"count": count}))
