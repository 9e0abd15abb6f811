"""An arrival as only Slack knows it: it mentions somebody or chooses them, and its counter may have no channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.slack import modals
from adapters.slack.lines import mentioned
from adapters.slack.words import SlackWords
from bot.domain.people import Person
from bot.language.names import find
from bot.language.understand import understand
from bot.language.wording import Reader
from bot.messages import AnnounceLine, Incoming, Outcome, Reply, Typed
from bot.settings import Settings


class Arrivals:
    """Looks at arrivals beside the core. `people` are known by their users, `sites` by their channels."""

    def __init__(
        self, settings: Settings, words: SlackWords, people: Mapping[str, str], sites: Mapping[str, str]
    ) -> None:
        """Take who is known, and what is said."""
        self._settings = settings
        self._words = words
        self._people = people
        self._sites = frozenset(sites.values())
        self.names = {user: settings.people[person].name for user, person in people.items()}

    def asked_who(self, incoming: Incoming, written: str) -> Reply | None:
        """Ask who has come where a line announces somebody who is mentioned; `written` is what Slack wrote of it.

        Whoever can be mentioned is a colleague, who was written by mistake; None where all is well.
        """
        act, person = incoming.act, self._person(incoming)
        colleagues = mentioned(written, self.names)
        if not (colleagues and person and person.reception_of and isinstance(act, AnnounceLine | Typed)):
            return None
        read = understand(
            act.text,
            role="reception",
            now=self._words.clock.now(),
            zone=person.zone,
            language=person.language,
            people=tuple(self._settings.people.values()),
        )
        if read.intent != "announce" or read.visitor not in colleagues:
            return None
        reader = self._words.reader(person.id)
        return Reply(outcome=Outcome.ASKED_BACK, text=self._words.say("slack.who_has_come", reader))

    def wrong(self, view: Mapping[str, Any], reader: Reader) -> dict[str, str]:
        """Give what is wrong with a modal that was filled in, as far as only Slack's own fields can be so."""
        wrong = {}
        if modals.is_no_party(view):
            wrong[modals.PARTY] = self._words.say("slack.party_wrong", reader)
        chosen, typed = self._people.get(modals.chosen_somebody(view)), modals.arrival(view).owner
        people = self._settings.people
        if chosen and typed and people[chosen] not in find(typed, people.values()):
            wrong[modals.SOMEBODY] = self._words.say("slack.two_owners", reader)
        return wrong

    def is_shown(self, incoming: Incoming) -> bool:
        """Tell whether an arrival stands in a channel in a moment: its counter may be on the web page alone."""
        person, site = self._person(incoming), getattr(incoming.act, "site", "")
        counters = (site,) if site else person.reception_of if person else ()
        return not self._sites.isdisjoint(counters)

    def _person(self, incoming: Incoming) -> Person | None:
        return self._settings.people.get(self._people.get(incoming.sender.id, ""))
