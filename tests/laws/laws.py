"""The ten laws of the design, one function each. Each looks at one deed (or at a visit as it stands after it)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.deadlines import Why
from bot.domain.facts import History
from bot.domain.people import RECEPTION
from bot.domain.policy import Ladder
from bot.domain.visit import OPEN_HELLO, Callback, Hello, Origin, Visit, Which
from tests.domain.house import COUNTER, NAMES, PEOPLE, minutes
from tests.laws.world import AT_MOST, CANARY, FACTS, Deed, LawBroken, Tale, World, brief

Law = Callable[[World, Tale, Deed], None]

CALLBACK_MOMENTS = {Why.CALLBACK_SOON, Why.CALLBACK_NOW, Why.CALLBACK_LATE}
FIRED = (e.Asked, e.Reminded, e.Checked, e.StepTaken)
SAYS_NOTHING = (c.TypeNoAnswer, c.AddNote, c.AddPhone)
TWO_DAYS = timedelta(days=2)


def _holds(law: int, what: object, story: object) -> None:
    if not what:
        raise LawBroken(law, str(story))


# --- 1: each track that owes something has its own deadline; a closed visit has none ---------------------------------


def law_1(world: World, tale: Tale, deed: Deed) -> None:
    """Each track that owes something has its own deadline; a closed visit has none."""
    visit = deed.after
    moments = {why for _, why in world.core.moments(visit)}
    if not visit.is_open:
        _holds(1, not moments, f"a closed visit waits for {moments}")
    if visit.hello is Hello.OWED or visit.unsafe_here:
        _holds(1, Why.VISITOR_STEP in moments, f"nobody looks after the visitor: {moments}")
    if visit.hello is Hello.PROMISED:
        _holds(1, Why.HELLO_LATE in moments, f"nobody looks whether the hello is given: {moments}")
    if visit.callback is Callback.OWED:
        _holds(1, moments & {Why.VISITOR_STEP, Why.HELLO_LATE}, f"nobody looks after the callback: {moments}")
    if visit.callback is Callback.PROMISED:
        _holds(1, len(moments & CALLBACK_MOMENTS) == 1, f"nobody looks whether the call is made: {moments}")
    if visit.callback is Callback.LATE:
        _holds(1, Why.CALL_STEP in moments, f"nobody looks after the late call: {moments}")


# --- 2: replaying the journal gives exactly the stored visit ---------------------------------------------------------


def law_2(world: World, tale: Tale, deed: Deed) -> None:
    """Replaying the journal gives exactly the stored visit."""
    visit: Visit | None = None
    for event in tale.journal:
        visit = world.core.evolve(visit, event)
    _holds(2, visit == tale.visit, f"the journal tells of {visit}, stored is {tale.visit}")


# --- 3: each step at most once per asking; an answer stops its ladder at once ----------------------------------------


def law_3(world: World, tale: Tale, deed: Deed) -> None:
    """Each step fires at most once per asking, and never after an answer; of many that are due, only the newest."""
    steps = [event for event in deed.events if isinstance(event, e.StepEvent)]
    rungs = [(event.asking, event.step) for event in steps]
    _holds(3, len(rungs) == len(set(rungs)) and not set(rungs) & tale.fired, f"a step fired twice: {steps}")
    stopped = [event for event in steps if event.asking in tale.stopped]
    _holds(3, not stopped, f"steps of a ladder that an answer had stopped: {stopped}")
    tale.note(deed.before.askings, deed.events)
    if isinstance(deed.command, c.PassTime):
        fired = [event for event in deed.events if isinstance(event, FIRED)]
        _holds(3, len(fired) <= 1, f"a burst: {fired}")
    visit = deed.after
    asks_visitor = visit.hello is Hello.OWED or visit.callback is Callback.OWED or visit.unsafe_here
    if not asks_visitor or visit.hello is Hello.PROMISED:
        tale.stopped |= tale.begun[Which.VISITOR]
    if visit.callback is not Callback.LATE:
        tale.stopped |= tale.begun[Which.CALL]


# --- 4: only an answer answers ---------------------------------------------------------------------------------------


def law_4(world: World, tale: Tale, deed: Deed) -> None:
    """What is typed, noted or added answers nothing: the questions, the promises and the deadlines stay as they are."""
    if not isinstance(deed.command, SAYS_NOTHING):
        return
    before, after = deed.before, deed.after
    for which in Which:
        _holds(4, before.question(which) == after.question(which), f"{deed.command} answered {which}")
    _holds(4, (before.hello, before.callback) == (after.hello, after.callback), f"{deed.command} moved a track")
    _holds(4, world.core.moments(before) == world.core.moments(after), f"{deed.command} moved a deadline")


# --- 5: the first wins, the other is told who did --------------------------------------------------------------------


def law_5(world: World, tale: Tale, deed: Deed) -> None:
    """Two people answer: the first wins, the other is told who did. Only the owner may take over, by saying so."""
    before, after, command = deed.before, deed.after, deed.command
    coming, comes = before.hello_promise, after.hello_promise
    if coming and comes and coming.by != comes.by:
        _holds(5, isinstance(command, c.TakeOver) and comes.by == after.owner, f"{coming} was overtaken by {comes}")
    first = _who_answered(before, command)
    if first:
        _holds(5, deed.refused is not None, f"{command} came after {first} and was taken")
    if first and deed.refused is not None:
        told = set(deed.refused.args_by_name.values())
        _holds(5, told & {PEOPLE[person].name for person in first}, f"told {deed.refused.reason} {told}, not {first}")


def _who_answered(visit: Visit, command: c.Command) -> set[str]:
    """Give who had answered already, before this command by somebody else."""
    coming, call, late = visit.hello_promise, visit.callback_promise, visit.call_question
    if not isinstance(command, c.PromiseHello | c.PromiseCallback) or visit.unsafe_here:
        return set()
    if command.entered_by not in (None, "nadia"):
        return set()
    first = {coming.by} if coming else set()
    if call and call.origin is Origin.PERSON and not (late and command.by in late.asked):
        settled = visit.hello in (Hello.NOT_OWED, Hello.EXCUSED)
        first |= {call.by} if settled or isinstance(command, c.PromiseCallback) else set()
    return set() if command.by in first else first


# --- 6: the policy is frozen in --------------------------------------------------------------------------------------


def law_6(world: World, tale: Tale, deed: Deed) -> None:
    """The policy of a visit is the one that it came under, whatever is edited meanwhile."""
    _holds(6, deed.after.policy == tale.policy, f"{deed.after.policy.digest} instead of {tale.policy.digest}")


# --- 7: no sentence without a named person, what happens, and by when ------------------------------------------------


def law_7(world: World, tale: Tale, deed: Deed) -> None:
    """While the visitor waits there is a sentence to say, and each names a person and a time."""
    visit = deed.after
    if not deed.events:
        return
    cards = world.core.cards(visit, FACTS, History(), world.house())
    card = cards[COUNTER]
    if visit.is_open and visit.here:
        _holds(7, card.say and card.say_short, "nothing to say to a visitor who waits")
    for phrase in (card.say, card.say_short):
        if phrase is None:
            continue
        who = {phrase.args.get(key) for key in ("owner", "responder", "by")}
        _holds(7, who & NAMES, f"{phrase} names nobody")
        timed = any(isinstance(value, datetime) for value in phrase.args.values())
        _holds(7, timed or "now" in phrase.key, f"{phrase} says no time")
        waits = world.core.next_moment(visit)
        quiet = waits is None or waits > world.now
        if quiet and visit.hello is not Hello.PROMISED:  # while its grace runs, a hello is still to come
            said = [value for value in phrase.args.values() if isinstance(value, datetime)]
            _holds(7, all(value >= world.now for value in said), f"{phrase} promises what has gone by")
    others = [other.say for reader, other in cards.items() if reader != COUNTER and other.say]
    _holds(7, not others, f"somebody else is told what to say: {others}")


# --- 8: no personal data in the journal ------------------------------------------------------------------------------


def law_8(world: World, tale: Tale, deed: Deed) -> None:
    """The journal, and the visit that it makes, hold no personal data of visitors."""
    for event in deed.events:
        _holds(8, CANARY not in repr(event), f"{event} tells of the visitor")
    if deed.events:
        _holds(8, CANARY not in repr(deed.after), "the visit tells of the visitor")


# --- 9: once the visitor has left ------------------------------------------------------------------------------------


def law_9(world: World, tale: Tale, deed: Deed) -> None:
    """Once the visitor has left, no hello is owed or asked; whoever left unseen with a number known has a callback."""
    visit = deed.after
    if deed.events and not visit.here:
        _holds(9, visit.hello not in OPEN_HELLO, f"a hello is {visit.hello} to somebody who is not here")
        for card in world.core.cards(visit, FACTS, History(), world.house()).values():
            asked = [button.name for button in (*card.buttons, *card.more) if button.name in ("hello", "go_myself")]
            _holds(9, not asked, f"{card.reader} is asked for a hello to somebody who is not here")
    if visit.hello is Hello.UNSEEN and visit.phone_known:
        _holds(9, visit.callback is not Callback.NONE, "somebody left unseen, and nobody calls")


# --- 10: nobody is forgotten -----------------------------------------------------------------------------------------


def law_10(world: World, tale: Tale, deed: Deed) -> None:
    """If nobody answers, or everybody only promises, the visitor is with reception or has a callback in time."""
    before, after = deed.before, deed.after
    if not deed.events:
        return
    _nobody_answers(world, tale)
    if after.hello in OPEN_HELLO:
        _everybody_only_promises(world, tale)
    if (before.callback_promise, before.call_question) != (after.callback_promise, after.call_question):
        _nobody_calls(world, tale)


def looked_after(visit: Visit) -> bool:
    """Tell whether reception has the visitor, or a callback is promised; or nothing is owed."""
    asking = visit.visitor_question
    with_reception = asking is not None and asking.with_reception
    return with_reception or visit.callback in (Callback.PROMISED, Callback.LATE) or not visit.is_open


def call_looked_after(visit: Visit) -> bool:
    """Tell whether reception has a callback that was not made; or none is promised."""
    late = visit.call_question
    return visit.callback_promise is None or (late is not None and late.with_reception)


def _ladders(visit: Visit) -> timedelta:
    return visit.policy.steps(Ladder.UNANSWERED)[-1].after + visit.policy.steps(Ladder.HELLO_LATE)[-1].after


def _nobody_answers(world: World, tale: Tale) -> None:
    """In a world of its own, let only time pass: reception has the visitor, or a callback is promised, soon."""
    visit = tale.visit
    promised = visit.hello_promise.late_at if visit.hello_promise else world.now
    alone, other = world.clone(tale)
    _live(alone, other, until=looked_after, by=max(world.now, promised) + _ladders(visit))


def _nobody_calls(world: World, tale: Tale) -> None:
    """In a world of its own, let only time pass: reception has the callback within two days after it was due."""
    promise = tale.visit.callback_promise
    if promise:
        alone, other = world.clone(tale)
        _live(alone, other, until=call_looked_after, by=max(world.now, promise.late_at) + TWO_DAYS)


def _live(world: World, tale: Tale, *, until: Callable[[Visit], bool], by: datetime) -> None:
    """Let the visit's moments come, one after the other."""
    for _ in range(AT_MOST):
        if until(tale.visit):
            return
        moment = world.core.next_moment(tale.visit)
        if moment is None:
            raise LawBroken(10, f"forgotten: {brief(tale.visit)}")
        world.now = max(world.now, moment)
        if world.now > by:
            raise LawBroken(10, f"not looked after by {by}: {brief(tale.visit)}")
        if not world.give(tale, c.PassTime()).events:
            raise LawBroken(10, f"nothing happens at {moment}: {brief(tale.visit)}")
    raise LawBroken(10, f"it goes on and on: {brief(tale.visit)}")


def _everybody_only_promises(world: World, tale: Tale) -> None:
    """In a world of its own, whoever is asked promises a hello, as late and as often as they may, and never comes."""
    rules = tale.visit.policy.hello
    bound = world.now + 6 * (rules.within + rules.grace) + 4 * _ladders(tale.visit)
    alone, other = world.clone(tale)
    for _ in range(4 * AT_MOST):
        visit = other.visit
        if looked_after(visit) and visit.hello_promise is None:
            return
        asking, coming = visit.visitor_question, visit.hello_promise
        someone = coming.by if coming else asking.responder if asking else RECEPTION
        if someone != RECEPTION:
            alone.give(other, c.PromiseHello(by=someone, within=rules.within))
        moment, promise = alone.core.next_moment(other.visit), other.visit.hello_promise
        if moment is None:
            raise LawBroken(10, f"forgotten: {brief(other.visit)}")
        # just before it is late there is a chance to promise once more
        eve = promise.late_at - minutes(1) if promise and not promise.moved else moment
        alone.now = eve if alone.now < eve < moment else max(alone.now, moment)
        if alone.now > bound:
            raise LawBroken(10, f"promises upon promises: {brief(other.visit)}")
        if moment <= alone.now:
            alone.give(other, c.PassTime())
    raise LawBroken(10, f"promises without end: {brief(tale.visit)}")


LAWS: tuple[Law, ...] = (law_1, law_3, law_4, law_5, law_6, law_7, law_8, law_9, law_10)
"""What is looked at after each deed; law 2 reads the whole journal, and is looked at when a story ends."""
