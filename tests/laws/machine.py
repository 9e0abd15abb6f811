"""Random stories: every command, every person, what is owed, both ladder ends, clocks that jump, everything twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bot.domain import commands as c
from bot.domain.facts import History
from bot.domain.nudges import nudges
from bot.domain.people import RECEPTION
from bot.domain.policy import Owes, Policy
from bot.domain.visit import Hint
from tests.domain.house import BOOK, HAND_OVER, PEOPLE, make_policy, minutes
from tests.laws.laws import LAWS, law_2
from tests.laws.saying import BY_VOICE, COMMANDS, ENDINGS, NEVER_ON_A_CARD, SAID_ANEW, Said, buttons, parts
from tests.laws.world import AT_MOST, FACTS, Core, Deed, Tale, World, arrival, brief

FIRST: Final = st.sampled_from((0, 0, 0, 0, 1))
"""Most happens to the first of the two visits: a story about one goes deeper than two that stay at their beginnings."""
_PARTS: Final = ("owner", "asked", "comes", "calls", "late", "offered")
WHO: Final = st.sampled_from((*_PARTS, *_PARTS, *PEOPLE))
"""A person, or a part that somebody has in the visit."""
NAME: Final = st.sampled_from(tuple(COMMANDS))
TO: Final = st.sampled_from(tuple(PEOPLE))
WITHIN: Final = st.sampled_from((0, 0, 2, 5, 9, 25))
VOICE: Final = st.sampled_from((None, None, None, "nadia", "nadia", "lea"))
QUARTERS: Final = st.sampled_from((0, 1, 1, 2, 3, 4, 8, 20, 30, 60))
JUMPS: Final = st.sampled_from((0, 0, 0, 0, 1, 20, 61, 130, 200, 301, 600, 1800, 7200, 30_000, 86_400, 604_800))
"""Seconds; none of them means until the next moment of a visit."""
POLICY: Final = st.builds(make_policy, st.sampled_from(Owes), st.sampled_from((BOOK, HAND_OVER)))
PRESSES: Final = st.lists(
    st.tuples(FIRST, st.integers(min_value=0, max_value=1000), TO, QUARTERS, st.booleans()), min_size=1, max_size=4
)


class Stories(RuleBasedStateMachine):
    """Two visits for the same owner, and whatever may happen to them."""

    core: Core = Core()

    @initialize(
        policies=st.tuples(POLICY, POLICY),
        known=st.tuples(st.booleans(), st.booleans()),
        phone=st.booleans(),
        away=st.sampled_from(({}, {}, {}, {"martin": "sophie"}, {"martin": None}, {"sophie": None})),
    )
    def arrive(
        self,
        policies: tuple[Policy, Policy],
        known: tuple[bool, bool],
        phone: bool,  # noqa: FBT001 (Hypothesis gives it by name)
        away: Mapping[str, str | None],
    ) -> None:
        """Two visitors come at the same time."""
        self.world = self.begin(away)
        self.ended: list[Tale] = []
        for name, policy, phone_known in zip(("v1", "v2"), policies, known, strict=True):
            on_the_phone = phone and policy.owes is Owes.CALLBACK
            command = arrival(name, policy, phone_known=phone_known, on_the_phone=on_the_phone)
            self.world.tales.append(self.world.announce(command))

    @rule(number=FIRST, policy=POLICY, known=st.booleans())
    def another_arrives(self, number: int, policy: Policy, known: bool) -> None:  # noqa: FBT001
        """Where a visit has ended, another visitor comes."""
        tale = self.world.tales[number]
        if not tale.visit.is_open:
            self.ended.append(tale)
            command = arrival(f"{tale.visit.id}+", policy, phone_known=known, on_the_phone=False)
            self.world.tales[number] = self.world.announce(command)

    @rule(presses=PRESSES)
    def somebody_presses(self, presses: list[tuple[int, int, str, int, bool]]) -> None:
        """Some buttons are pressed that stand on somebody's card."""
        for number, choice, to, count, yes in presses:
            visit = self.world.tales[number].visit
            on_cards = [*buttons(self.core.cards(visit, FACTS, History(), self.world.house()))]
            by, button = on_cards[choice % len(on_cards)]
            if button.name in ENDINGS and choice % 3:
                continue  # stories are not to end before they have begun
            due = self.world.now + count * minutes(15)
            said = Said(by=by, to=to, within=int(button.value or 0), due=due, voice=None, yes=yes)
            name = button.name
            if name == "by_voice":
                name, said = BY_VOICE[choice % len(BY_VOICE)], replace(said, by=parts(visit)["asked"], voice="nadia")
            deed = self.give(number, COMMANDS[name](said))
            stale = deed.refused and deed.refused.reason in NEVER_ON_A_CARD and button.name != "by_voice"
            assert not stale, f"{deed.refused}: {button.name} on {by}'s card of {brief(visit)}"

    @rule(number=FIRST, name=NAME, who=WHO, to=TO, within=WITHIN, count=QUARTERS, voice=VOICE)
    def somebody_says(
        self, number: int, name: str, who: str, to: str, within: int, count: int, voice: str | None
    ) -> None:
        """Somebody wants something, whether or not they may, and whether or not it makes sense by now."""
        visit = self.world.tales[number].visit
        by = parts(visit).get(who, who)
        due = self.world.now + count * minutes(15)
        asking = visit.visitor_question.no if visit.visitor_question else 0
        said = Said(by=by, to=to, within=within, due=due, voice=voice, yes=count % 2 == 0, asking=asking)
        self.give(number, COMMANDS[name](said))

    @rule(number=FIRST, why=st.sampled_from(Hint))
    def a_platform_gives_a_hint(self, number: int, why: Hint) -> None:
        """Whoever is asked does not look, says the platform on which they were."""
        asking = self.world.tales[number].visit.visitor_question
        if asking is not None:
            self.give(number, c.ReportAway(person=asking.responder, asking=asking.no, adapter="slack", why=why))

    @rule(person=TO, stand_in=st.sampled_from((None, "sophie")))
    def somebody_goes_away(self, person: str, stand_in: str | None) -> None:
        self.world.away = {} if self.world.away else {person: stand_in}

    @rule(seconds=JUMPS, awake=st.booleans())
    def time_passes(self, seconds: int, awake: bool) -> None:  # noqa: FBT001
        """The clock goes on; while the bot is awake each moment comes in time, otherwise all at once afterwards."""
        until = self.world.now + timedelta(seconds=seconds)
        if seconds == 0:
            until = max(until, self.next_moment() or until)
        while awake and (moment := self.next_moment()) is not None and moment < until:
            self.world.now = max(self.world.now, moment)
            self.catch_up()
        self.world.now = until
        self.catch_up()

    def begin(self, away: Mapping[str, str | None]) -> World:
        """Give the world in which the story begins."""
        return World(self.core, away=dict(away))

    # --- how a command is given --------------------------------------------------------------------------------------

    def give(self, number: int, command: c.Command) -> Deed:
        """Carry out a command, then look whether the laws hold."""
        tale = self.world.tales[number]
        already = len(tale.journal)
        deed = self.world.give(tale, command)
        for law in LAWS:
            law(self.world, tale, deed)
        self.no_slot_twice()
        self.same_again(tale, deed)
        keys = [nudge.key for seq, event in enumerate(deed.events, already) for nudge in nudges(deed.after, event, seq)]
        assert len(keys) == len(set(keys)), f"the same nudge twice: {keys}"
        return deed

    def same_again(self, tale: Tale, deed: Deed) -> None:
        """The same press comes twice: asking for what is already so gives no events."""
        to = getattr(deed.command, "to", RECEPTION)
        if deed.refused or isinstance(deed.command, (*SAID_ANEW, c.PassTime)) or to in tale.visit.unreachable:
            return  # (whoever cannot be reached was passed over, and may be named again)
        alone, other = self.world.clone(tale)
        events = alone.give(other, deed.command).events
        assert not events, f"{deed.command} twice: {events}"

    def no_slot_twice(self) -> None:
        """Two visits never get the same slot."""
        promises = [tale.visit.callback_promise for tale in self.world.tales]
        slots = [(promise.by, promise.due) for promise in promises if promise]
        for one, other in combinations(slots, 2):
            apart = one[0] != other[0] or abs(one[1] - other[1]) >= minutes(15)
            assert apart, f"two visits, slots that overlap: {slots}"

    # --- the clock ---------------------------------------------------------------------------------------------------

    def next_moment(self) -> datetime | None:
        moments = [self.core.next_moment(tale.visit) for tale in self.world.tales]
        return min((moment for moment in moments if moment is not None), default=None)

    def catch_up(self) -> None:
        """Let all moments fire that have come; a visit is quiet again soon, and each firing does something."""
        for number, tale in enumerate(self.world.tales):
            for _ in range(AT_MOST):
                if not self.world.due(tale):
                    break
                assert self.give(number, c.PassTime()).events, f"nothing happens: {brief(tale.visit)}"
            assert not self.world.due(tale), f"never quiet: {brief(tale.visit)}"

    def teardown(self) -> None:
        """Replay each journal."""
        for tale in (*self.ended, *self.world.tales):
            visit = tale.visit
            deed = Deed(command=c.PassTime(), before=visit, after=visit, events=(), refused=None, now=self.world.now)
            law_2(self.world, tale, deed)
