"""One visit, proved: the chain of its entries, and all that is kept beside the journal and follows from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.domain.cards import readers
from bot.domain.deadlines import next_deadline
from bot.domain.events import Event
from bot.domain.lifecycle import evolve
from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.errors import IllegalMove, Unreadable
from bot.storage import codec
from bot.storage.columns import people_of, promised_call, revised
from bot.storage.findings import Finding, RawRow, broken_seal, is_text, ordinal
from bot.storage.proof import entry_hash
from bot.storage.tables import LAST_MOMENT, MOST_TRIES, microseconds

MINUTE: Final = 60_000_000
DAY: Final = 24 * 60 * MINUTE
_PUT_OFF: Final = 2 * MINUTE
"""A visit that cannot be decided is put off by one minute, and somebody has to write that down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """The policies that visits have frozen in, by their digests, and all their seals: as kept, as they ought to be."""

    seals: frozenset[str]
    policies: Mapping[str, Policy]

    def policy(self, digest: str) -> Policy:
        """Give a policy; raises `Unreadable`."""
        if digest not in self.policies:
            raise Unreadable(f"the policy {digest} is not kept here, or cannot be read")
        return self.policies[digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRows:
    """All rows of one visit; `entries` by their place in it."""

    visit: RawRow
    entries: Sequence[RawRow]
    people: frozenset[str]
    facts: RawRow | None = None
    cards: Sequence[RawRow] = ()
    nudges: Sequence[RawRow] = ()


@dataclass(frozen=True, slots=True)
class _Replay:
    """What the entries make: the visit, the events, and everybody who ever was to have a card."""

    visit: Visit
    events: Sequence[Event]
    readers: frozenset[str] = field(default_factory=frozenset)


def name_of(entry: RawRow) -> str:
    """Name an entry of the journal."""
    seq = entry["seq"]
    place = f"{ordinal(seq)} entry" if isinstance(seq, int) and seq > 0 else f"seq {seq}"
    return f"entry {entry['number']} (visit {entry['visit']}, {place})"


def check_visit(rows: VisitRows, frozen: Frozen, now: int) -> Iterator[Finding]:
    """Give what is wrong with a visit; `now` in microseconds."""
    name = f"visit {rows.visit['id']}"
    if not is_text(rows.visit["id"]):
        yield Finding("visit", name, "has an id that is no text")
        return
    if not rows.entries:
        yield Finding("visit", name, "has no entry in the journal")
        return
    broken = [*_chain(rows, frozen), *_head(rows, name)]
    yield from broken
    # what follows from a journal that is not whole proves nothing
    made = None if broken else _replay(rows.entries, frozen)
    replay = made if isinstance(made, _Replay) else None
    if isinstance(made, Finding):
        yield made
    if replay:
        yield from _columns(rows.visit, name, replay)
        yield from _state(rows.visit, name, replay.visit, frozen)
        yield from _wake(rows.visit, name, replay.visit, now)
        yield from _people(rows.people, name, replay.visit)
    yield from _facts(rows.facts, name)
    for card in rows.cards:
        yield from _card(card, rows.visit, replay, now)
    for nudge in rows.nudges:
        yield from _nudge(nudge, now)


# --- the chain -------------------------------------------------------------------------------------------------------


def _chain(rows: VisitRows, frozen: Frozen) -> Iterator[Finding]:
    heads, place, number = frozen.seals, 1, 0
    for entry in rows.entries:
        made = {_hash(head, entry) for head in heads}
        if entry["seq"] != place:
            yield Finding("journal", name_of(entry), f"stands where the {ordinal(place)} entry of its visit should be")
        elif entry["hash"] not in made:
            yield Finding("journal", name_of(entry), "was altered")
        elif entry["number"] < number:
            yield Finding("journal", name_of(entry), "was moved before an earlier one of its visit")
        # one that was altered is named once: those after it follow from what it was, or from what it is
        heads = frozenset({entry["hash"], *made})
        place, number = entry["seq"] + 1 if isinstance(entry["seq"], int) else place + 1, entry["number"]


def _hash(previous: str, entry: RawRow) -> str:
    parts = {name: entry[name] for name in ("visit", "seq", "at", "through", "event")}
    try:
        return entry_hash(previous, **parts)
    except TypeError:  # no text and no number: hello30 did not write it
        return ""


def _head(rows: VisitRows, name: str) -> Iterator[Finding]:
    version, count, is_head = rows.visit["version"], len(rows.entries), rows.visit["head"] == rows.entries[-1]["hash"]
    if version == count and not is_head:
        yield Finding("visit", name, "has another `head` than its last entry")
    elif version != count and is_head:
        yield Finding("visit", name, f"has {count} entries, and its `version` is {version}")
    elif version != count:
        yield Finding("journal", name, f"has {count} entries, and was saved with {version}")


# --- what follows from it --------------------------------------------------------------------------------------------


def _replay(entries: Sequence[RawRow], frozen: Frozen) -> _Replay | Finding:
    visit: Visit | None = None
    events, seen = list[Event](), set[str]()
    for entry in entries:
        try:
            event = codec.EVENT.load(entry["event"], frozen.policy)
            visit = evolve(visit, event)
        except Unreadable as fault:
            return Finding("journal", name_of(entry), f"cannot be read ({fault})")
        except IllegalMove as fault:
            return Finding("journal", name_of(entry), f"cannot have happened ({fault})")
        events.append(event)
        seen.update(readers(visit))
    if visit is None:
        raise IllegalMove("no events at all")
    return _Replay(visit, events, frozenset(seen))


def _columns(row: RawRow, name: str, replay: _Replay) -> Iterator[Finding]:
    visit, call, news = replay.visit, promised_call(replay.visit), revised(replay.events, 0)
    told: Mapping[str, Any] = {
        "id": visit.id,
        "site": visit.site,
        "owner": visit.owner,
        "policy": visit.policy.digest,
        "arrived": microseconds(visit.arrived),
        "is_open": visit.is_open,
        "closed_at": microseconds(visit.closed_at) if visit.closed_at else None,
        "caller": call.by if call else None,
        "call_due": microseconds(call.due) if call else None,
        "revision": news[0] if news else None,
        "revised_at": microseconds(news[1]) if news else None,
    }
    for column, value in told.items():
        if row[column] != value:
            yield Finding("visit", name, f"has another `{column}` than its journal tells")


def _state(row: RawRow, name: str, visit: Visit, frozen: Frozen) -> Iterator[Finding]:
    try:
        stored = codec.VISIT.load(row["state"], frozen.policy)
    except (Unreadable, TypeError):
        yield Finding("visit", name, "has a `state` that cannot be read")
        return
    if stored != visit:
        yield Finding("visit", name, "has another `state` than its journal tells")


def _wake(row: RawRow, name: str, visit: Visit, now: int) -> Iterator[Finding]:
    """Look whether it wakes in time; a visit that cannot be decided is put off, again and again."""
    deadline, wake = next_deadline(visit), row["wake_at"]
    if wake is not None and not _is_moment(wake):
        yield Finding("visit", name, "has a `wake_at` that is no moment")
        return
    if deadline is None:  # to wake in vain does no harm
        return
    if wake is None or wake > max(microseconds(deadline), now) + _PUT_OFF:
        yield Finding("visit", name, "would not wake at its deadline: `wake_at` is not what its journal tells")


def _people(people: frozenset[str], name: str, visit: Visit) -> Iterator[Finding]:
    told = people_of(visit)
    for person in sorted(told - people, key=str):
        yield Finding("visit_person", f"{person} of {name}", "is missing")
    for person in sorted(people - told, key=str):
        yield Finding("visit_person", f"{person} of {name}", "is not in its journal")


# --- what stands by itself -------------------------------------------------------------------------------------------


def _facts(facts: RawRow | None, name: str) -> Iterator[Finding]:
    if facts is None:  # they were erased
        return
    if broken_seal("facts", facts, ("visit", "visitor_folded", "company_folded", "body")):
        yield Finding("facts", f"those of {name}", "were altered")
        return
    try:
        codec.FACTS.load(facts["body"])
    except Unreadable:
        yield Finding("facts", f"those of {name}", "cannot be read")


def _card(card: RawRow, visit: RawRow, replay: _Replay | None, now: int) -> Iterator[Finding]:
    name = f"the card of visit {card['visit']} for {card['reader']} at {card['adapter']}:{card['address']}"
    if broken_seal("card", card, ("visit", "reader", "adapter", "address")):
        yield Finding("card", name, "was altered")
    elif replay and card["reader"] not in replay.readers:
        yield Finding("card", name, "is for somebody whom the visit does not concern")
    shown, revision, version = (_count(value) for value in (card["shown"], visit["revision"], visit["version"]))
    if not 0 <= shown <= version:
        yield Finding("card", name, "shows a version that there never was")
    elif shown < revision and card["waiting_since"] is None and not card["parked"]:
        yield Finding("card", name, "is behind its visit, and would never be sent")
    yield from _waits("card", card, name, now)


def _nudge(nudge: RawRow, now: int) -> Iterator[Finding]:
    name = f"nudge {nudge['key']} at {nudge['adapter']}:{nudge['address']}"
    if broken_seal("nudge", nudge, ("key", "adapter", "address", "visit", "body")):
        yield Finding("nudge", name, "was altered")
        return
    if nudge["waiting_since"] is None and nudge["outcome"] is None:
        yield Finding("nudge", name, "has not been sent, and never would be")
    yield from _waits("nudge", nudge, name, now)


def _waits(table: str, row: RawRow, name: str, now: int) -> Iterator[Finding]:
    """Look whether what waits is sent one day, also when a platform asked for patience."""
    if not 0 <= _count(row["attempts"]) <= MOST_TRIES:
        yield Finding(table, name, "counts tries that there never were")
    since, ready = row["waiting_since"], row["ready_at"]
    for column, value in (("waiting_since", since), ("ready_at", ready)):
        if value is not None and not _is_moment(value):
            yield Finding(table, name, f"has a `{column}` that is no moment")
    if since is None:
        return
    if _is_moment(since) and since > now + DAY:
        yield Finding(table, name, "waits for its turn: `waiting_since` is not what hello30 writes")
    if ready is None or (_is_moment(ready) and ready > now + DAY):
        yield Finding(table, name, "waits for more than a day: `ready_at` is not what hello30 writes")


def _is_moment(value: Any) -> bool:
    """Tell whether this is a moment that hello30 could have written."""
    return isinstance(value, int) and 0 <= value <= LAST_MOMENT


def _count(value: Any) -> int:
    """Give a number that counts something; -1 for what counts nothing."""
    return value if isinstance(value, int) else -1
