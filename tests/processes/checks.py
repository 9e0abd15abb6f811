"""What must hold of a database whenever its program was killed, and once it has settled; read from outside.

Each function raises `AssertionError` (a law: `LawBroken`), which names what it found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.cards import readers
from bot.domain.deadlines import next_deadline
from bot.domain.lifecycle import evolve
from bot.domain.nudges import nudges
from bot.domain.visit import Visit
from tests.laws import laws
from tests.laws.world import Core, Deed, Tale, World
from tests.processes.chat import NAME as CHAT
from tests.processes.kept import Kept, KeptEntry, KeptVisit
from tests.processes.posts import Post

FROM_JOURNAL = (laws.law_1, laws.law_3, laws.law_4, laws.law_6, laws.law_8, laws.law_9)
"""The laws that a journal alone can tell of, besides law 2."""
SAYS_NOTHING = (e.NoAnswerTyped, e.NoteAdded, e.PhoneAdded)


def holds(kept: Kept, *, put_off: Collection[str] = ()) -> None:
    """See to it that each visit holds together, whenever its program was killed.

    `put_off` are visits that could not be decided: they are woken later than their deadline.
    """
    known = [visit for visits in kept.visits_of.values() for visit in visits]
    assert sorted(known) == sorted(kept.visits), "visits without a visitor, or visitors without a visit"
    for key, one in kept.visits.items():
        assert [entry.seq for entry in one.entries] == list(range(1, one.version + 1)), f"{key}: gaps in the journal"
        _laws_hold(one)
        told = Counter((event.asking, event.person) for event in one.events if isinstance(event, e.Delivered))
        assert not [who for who, times in told.items() if times > 1], f"{key}: told twice of one delivery"
        if key not in put_off:
            _is_woken(one)
        shown_to = {card.reader for card in kept.cards if card.visit == key}
        assert shown_to == set(readers(one.visit)), f"{key}: has cards for {shown_to}"
        queued = Counter(nudge.key for nudge in kept.nudges if nudge.visit == key)
        assert queued == Counter(_nudges_of(one.events)), f"{key}: nudges that its journal does not tell of, or lacks"


def _is_woken(one: KeptVisit) -> None:
    deadline = next_deadline(one.visit)
    if deadline is None:
        assert one.wake_at is None, f"{one.visit.id}: is woken at {one.wake_at} for nothing"
    else:
        assert one.wake_at is not None, f"{one.visit.id}: is never woken, and is due at {deadline}"
        assert one.wake_at <= deadline, f"{one.visit.id}: is woken at {one.wake_at}, and is due at {deadline}"


def _nudges_of(events: Sequence[e.Event]) -> Iterator[str]:
    """Give the keys of the nudges that these events made."""
    visit: Visit | None = None
    for seq, event in enumerate(events, start=1):
        before, visit = visit, evolve(visit, event)
        for nudge in nudges(visit, event, seq, before):
            yield nudge.key


# --- the laws --------------------------------------------------------------------------------------------------------


def _laws_hold(one: KeptVisit) -> None:
    """Tell the journal again as the deeds that made it, and look at each as the laws' own stories do."""
    first, *later = (
        list(entries) for _, entries in groupby(one.entries, key=lambda entry: (entry.event.at, entry.through))
    )
    before = _after(None, first)
    tale = Tale(before.policy, one.visit, list(one.events))
    tale.note(0, [entry.event for entry in first])
    world = World(core=Core(), now=before.arrived)
    for entries in later:
        after = _after(before, entries)
        deed = _deed(before, after, entries)
        for law in FROM_JOURNAL:
            law(world, tale, deed)
        before = after
    laws.law_2(world, tale, _deed(before, before, ()))


def _deed(before: Visit, after: Visit, entries: Sequence[KeptEntry]) -> Deed:
    """Give what one transaction made; the journal does not tell the command, only whether it may answer anything."""
    events = [entry.event for entry in entries]
    says_nothing = events and all(isinstance(event, SAYS_NOTHING) for event in events)
    command = c.TypeNoAnswer(by="", reading="") if says_nothing else c.Undo(by="")
    now = events[-1].at if events else after.arrived
    return Deed(command=command, before=before, after=after, events=events, refused=None, now=now)


def _after(visit: Visit | None, entries: Sequence[KeptEntry]) -> Visit:
    for entry in entries:
        visit = evolve(visit, entry.event)
    assert visit is not None
    return visit


# --- once it has settled ---------------------------------------------------------------------------------------------


def settled(kept: Kept) -> None:
    """See to it that no card is left behind its visit, and that something became of each nudge."""
    for card in kept.cards:
        behind = card.waits or card.parked or card.shown < kept.visits[card.visit].revision
        assert not behind, f"left behind: {card}, its visit is at {kept.visits[card.visit].revision}"
    for nudge in kept.nudges:
        assert not nudge.waits, f"left lying: {nudge}"
        assert nudge.outcome in {"sent", "superseded"}, f"nothing became of {nudge}"


def unsure(kept: Kept, taken: Mapping[str, int]) -> set[str]:
    """Give the nudges that had reached the platform when the program was killed, and were not noted as sent."""
    return {nudge.key for nudge in kept.nudges if taken.get(nudge.key) and nudge.outcome != "sent"}


def nudges_reached(kept: Kept, taken: Mapping[str, int], killed_between: Mapping[str, int]) -> None:
    """See to it that no nudge was lost, nor sent again except after a kill between its call and its note.

    `taken` counts how often each has reached the platform, `killed_between` how often a kill came between.
    """
    outcomes = {nudge.key: nudge.outcome for nudge in kept.nudges if nudge.adapter == CHAT}
    lost = [key for key, outcome in outcomes.items() if outcome == "sent" and not taken.get(key)]
    assert not lost, f"noted as sent, and never sent: {lost}"
    often = {key: times for key, times in taken.items() if times > 1 + killed_between.get(key, 0)}
    assert not often, f"sent too often: {often}"
    assert set(taken) <= set(outcomes), "sent, and never queued"


# --- what was posted -------------------------------------------------------------------------------------------------


def times(kept: Kept, post: Post) -> int:
    """Count how often what a post wants was done."""
    made = [event for visit in kept.of(post.visitor) for event in visit.events]
    return len([event for event in made if isinstance(event, post.makes) and event.by == post.person])


def done_once(kept: Kept, accepted: Sequence[Post]) -> None:
    """See to it that each accepted post was done once, and that its answer is remembered under its key."""
    for post in accepted:
        assert times(kept, post) == 1, f"done {times(kept, post)} times: {post}"
        remembered(kept, post)


def remembered(kept: Kept, post: Post) -> None:
    """See to it that an accepted post would be known again."""
    mine = [key for key in kept.keys if key.startswith(f"web:{post.person}:{post.once}:")]
    assert len(mine) == 1, f"remembered {len(mine)} times: {post}"


def done_at_most_once(kept: Kept, post: Post) -> None:
    """See to it that a post which was not answered was not done twice."""
    assert times(kept, post) <= 1, f"done {times(kept, post)} times: {post}"
