"""What a visit says of itself: its state in one word, its tag, and the one sentence that reception says to the visitor.

Law 7: no sentence to a visitor is without a named person, what happens, and by when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.card import Args, Phrase
from bot.domain.facts import Facts
from bot.domain.people import House
from bot.domain.policy import Ladder, Verb, Via
from bot.domain.visit import Asking, Callback, Hello, Origin, Promise, Visit


def state(visit: Visit) -> str:
    """Give the state of a card; the words for it are `tag.*` in the catalogues."""
    asking = visit.visitor_question
    if not visit.is_open:
        return "closed"
    if visit.unsafe_by is not None and visit.here:
        return "unsafe"
    if visit.hello is Hello.PROMISED:
        return "coming"
    if asking is not None:
        if asking.with_reception:
            return "reception"
        return "late" if asking.ladder is Ladder.HELLO_LATE else "asking"
    if visit.callback is Callback.LATE:
        return "call_late"
    return "call_now" if visit.callback_promise and visit.callback_promise.called else "callback"


@dataclass(frozen=True, slots=True)
class Telling:
    """A visit with what is needed to put it into words."""

    visit: Visit
    facts: Facts
    house: House

    def name(self, person: str) -> str:
        """Give a person's full name."""
        return self.house.people[person].name if person in self.house.people else person

    def given(self, person: str) -> str:
        """Give a person's first name."""
        return self.house.people[person].given if person in self.house.people else person

    def title(self) -> Phrase:
        """Say who has come for whom."""
        names: Args = {"visitor": self.facts.visitor, "owner": self.name(self.visit.owner)}
        if self.facts.company:
            return Phrase("reception.title", {**names, "company": self.facts.company})
        return Phrase("reception.title_no_company", names)

    def tag(self, state: str) -> Phrase:
        """Say the state in a word or two."""
        visit = self.visit
        if state == "asking" and visit.visitor_question:
            return Phrase("tag.asking", {"responder": self.given(visit.visitor_question.responder)})
        if state == "callback":
            return Phrase(f"tag.{self._callback_tag()}")
        keys = {"late": "hello_late", "reception": "with_reception", "closed": f"closed_{self._ending()}"}
        return Phrase(f"tag.{keys.get(state, state)}")

    def _callback_tag(self) -> str:
        if not self.visit.phone_known:
            return "number_missing"
        promise = self.visit.callback_promise
        return "callback_promised" if promise and promise.origin is Origin.PERSON else "callback_booked"

    def _ending(self) -> str:
        visit = self.visit
        if visit.mistake:
            return "mistake"
        if visit.callback in (Callback.KEPT, Callback.UNREACHABLE):
            return "callback_kept" if visit.callback is Callback.KEPT else "unreachable"
        if visit.hello is Hello.GIVEN:
            return "given"
        return "left" if visit.hello is Hello.UNSEEN else "dropped"

    def due(self) -> datetime | None:
        """Give when what is promised is due; the hello first."""
        promise = self.visit.hello_promise or self.visit.callback_promise
        return promise.due if promise else None

    def promised_at(self) -> datetime | None:
        """Give when the hello that is awaited was promised."""
        return self.visit.hello_promise.made if self.visit.hello_promise else None

    # --- the sentence ------------------------------------------------------------------------------------------------

    def say(self, *, short: bool = False) -> Phrase | None:
        """Give what reception says to the visitor now; None when nothing is left to say."""
        phrase = self._say()
        return Phrase("say_short" + phrase.key.removeprefix("say"), phrase.args) if phrase and short else phrase

    def _say(self) -> Phrase | None:
        visit, asking = self.visit, self.visit.visitor_question
        if not visit.is_open:
            return None
        if visit.unsafe_by is not None and visit.here and asking:
            return Phrase("say.unsafe", {"owner": self.name(visit.owner), "time": asking.moments[0]})
        if visit.hello_promise:
            return self._hello_promised(visit.hello_promise)
        if visit.callback_promise and (asking is None or asking.with_reception):
            return self._callback_promised(visit.callback_promise)
        return self._asking(asking) if asking else None

    def _hello_promised(self, promise: Promise) -> Phrase:
        minutes = max(1, round((promise.due - promise.made).total_seconds() / 60))
        who: Args = {"responder": self.name(promise.by), "time": whole_minute(promise.due)}
        if self.visit.via is Via.PHONE:
            if promise.at_once:
                return Phrase("say.put_through", who)
            return Phrase("say.phone_hello_promised", {**who, "minutes": minutes})
        if promise.by != self.visit.owner:
            return Phrase("say.colleague_comes", {**who, "owner": self.name(self.visit.owner)})
        if promise.at_once:
            return Phrase("say.coming_now", who)
        return Phrase("say.hello_promised", {**who, "minutes": minutes})

    def _callback_promised(self, promise: Promise) -> Phrase:
        if self.visit.callback is Callback.LATE or promise.called:
            return self._callback_late(promise)
        told: Args = {"owner": self.name(promise.by), "responder": self.name(promise.by), "time": promise.due}
        booked = promise.origin is Origin.SILENCE and self.visit.left_at is None
        if not self.visit.phone_known:
            return Phrase("say.callback_booked_number_missing" if booked else "say.callback_number_missing", told)
        key = "callback_promised"
        if booked:
            greeting_missed = self.visit.broken and self.visit.via is Via.IN_PERSON
            key = "callback_sorry_nobody_came" if greeting_missed else "callback_booked"
        return Phrase(f"say.{key}", {**told, "number": self.facts.phone})

    def _callback_late(self, promise: Promise) -> Phrase:
        """Say that the call has not come, whom reception contacts, and when there is more to say."""
        late = self.visit.call_question
        caller = late.responder if late and not late.with_reception else promise.by
        news = self._news(late) if late else promise.late_at
        return Phrase("say.callback_late", {"responder": self.name(caller), "time": whole_minute(news)})

    def _news(self, asking: Asking) -> datetime:
        """Give when reception will know more if nobody answers: at the next step, reminders aside."""
        if asking.with_reception:
            return asking.moments[0]
        steps = enumerate(self.visit.policy.steps(asking.ladder))
        coming = (n for n, step in steps if n >= asking.step and step.verb is not Verb.REMIND)
        return asking.moments[next(coming, len(asking.moments) - 1)]

    def _asking(self, asking: Asking) -> Phrase:
        visit = self.visit
        told: Args = {
            "owner": self.name(visit.owner),
            "responder": self.name(asking.responder),
            "time": whole_minute(self._news(asking)),
        }
        if asking.with_reception:
            return Phrase("say.with_reception", told)
        if asking.checking:
            return Phrase("say.has_come", told)
        if asking.responder == visit.owner:
            return Phrase("say.reminded" if asking.reminded else "say.asked", told)
        if visit.owner in self.house.absences:
            return Phrase("say.asked_stand_in", told)
        return Phrase("say.phone_asked" if visit.via is Via.PHONE else "say.hello_late_colleague_asked", told)


def whole_minute(moment: datetime) -> datetime:
    """Round up to the minute: what is said as "by 9:14" must hold at 9:14."""
    floor = moment.replace(second=0, microsecond=0)
    return floor if floor == moment else floor + timedelta(minutes=1)
