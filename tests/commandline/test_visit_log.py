"""What became of each promise, told from the journal alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from bot import config
from bot.domain import commands as c
from bot.domain.lifecycle import replay
from bot.domain.policy import Via
from bot.domain.visit import Promise
from bot.ports import Transaction
from bot.rows import Entry
from bot.storage.memory import MemoryStore
from bot.visit_log import Became, Fate, LogRow, Told, Wanted, What, promises, read_log
from tests.commandline.day import ZONE, Counter, a_day, at, front_desk, minutes

Story = Callable[[Counter], None]


async def log_of(file: Path, story: Story, wanted: Wanted | None = None) -> list[LogRow]:
    desk = front_desk(config.load(file))
    store = MemoryStore()

    def live(tx: Transaction) -> list[LogRow]:
        story(Counter(tx, desk))
        return read_log(tx, wanted or Wanted(), lambda _: ZONE)

    return await store.transact(live)


async def fates(file: Path, story: Story) -> list[tuple[str, str, str]]:
    [row] = await log_of(file, story)
    return [(told.by, told.what, told.fate) for told in row.promises]


def comes(counter: Counter, owner: str = "martin", *, phone: str = "", via: Via = Via.IN_PERSON) -> None:
    counter.comes(at("09:00"), "v1", "Julie Tremblay", owner, phone=phone, via=via)


# --- hellos ----------------------------------------------------------------------------------------------------------


async def test_a_hello_that_was_moved_is_followed_by_another(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter)
        counter.does(at("09:01"), "v1", c.PromiseHello(by="martin", within=minutes(2)))
        counter.does(at("09:02"), "v1", c.PromiseHello(by="martin", within=minutes(5)))
        counter.does(at("09:06"), "v1", c.HelloHappened(by="nadia"))

    [row] = await log_of(house, story)
    first, second = row.promises
    assert (first.fate, first.moved_to, first.due) == (Fate.MOVED, second.due, at("09:03"))
    assert (second.fate, second.due, second.settled_at) == (Fate.KEPT, at("09:07"), at("09:06"))
    assert first.id != second.id


async def test_whoever_forgot_the_button_has_broken_nothing(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter)
        counter.does(at("09:01"), "v1", c.PromiseHello(by="martin", within=minutes(2)))
        counter.does(at("09:06"), "v1", c.HasCome(by="nadia"))

    assert await fates(house, story) == [("martin", "hello", "kept")]


async def test_a_broken_hello_stays_broken_when_a_colleague_comes(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter)
        counter.does(at("09:01"), "v1", c.PromiseHello(by="martin", within=minutes(2)))
        counter.does(at("09:06"), "v1", c.HasNotCome(by="nadia"))
        counter.does(at("09:06"), "v1", c.PromiseHello(by="sophie", within=minutes(2)))
        counter.does(at("09:07"), "v1", c.HelloHappened(by="nadia"))

    assert await fates(house, story) == [("martin", "hello", "broken"), ("sophie", "hello", "kept")]


async def test_whom_the_owner_frees_has_broken_nothing(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter)
        counter.does(at("09:01"), "v1", c.Delegate(by="martin", to="sophie"))
        counter.does(at("09:01"), "v1", c.PromiseHello(by="sophie", within=minutes(5)))
        counter.does(at("09:02"), "v1", c.TakeOver(by="martin"))
        counter.does(at("09:03"), "v1", c.MarkSeen(by="martin"))

    assert await fates(house, story) == [("sophie", "hello", "dropped"), ("martin", "hello", "kept")]


async def test_undo_takes_back_that_it_was_kept(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter)
        counter.does(at("09:01"), "v1", c.PromiseHello(by="martin", within=minutes(2)))
        counter.does(at("09:02"), "v1", c.HelloHappened(by="nadia"))
        counter.does(at("09:02"), "v1", c.Undo(by="nadia"))

    [row] = await log_of(house, story)
    assert [told.fate for told in row.promises] == [Fate.DROPPED]
    assert row.became is Became.OPEN


async def test_undo_leaves_what_was_broken_before(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter)
        counter.does(at("09:01"), "v1", c.PromiseHello(by="martin", within=minutes(2)))
        counter.does(at("09:06"), "v1", c.HasCome(by="nadia"))
        counter.does(at("09:07"), "v1", c.Undo(by="nadia"))

    [row] = await log_of(house, story)
    [told] = row.promises
    assert (told.fate, told.settled_at) == (Fate.BROKEN, told.broken_at)


async def test_a_callback_instead_of_a_hello_drops_the_hello(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter, phone="+15145550142")
        counter.does(at("09:01"), "v1", c.PromiseHello(by="martin", within=minutes(2)))
        counter.does(at("09:02"), "v1", c.PromiseCallback(by="martin", due=at("10:00")))

    assert await fates(house, story) == [("martin", "hello", "dropped"), ("martin", "callback", "open")]


# --- callbacks -------------------------------------------------------------------------------------------------------


async def test_a_late_call_is_broken_until_it_is_made(house: Path) -> None:
    def story(counter: Counter, *, made: bool = False) -> None:
        comes(counter, phone="+15145550142")
        counter.does(at("09:01"), "v1", c.PromiseCallback(by="martin", due=at("10:00")))
        counter.passes(at("10:20"))
        if made:
            counter.does(at("10:21"), "v1", c.KeepCallback(by="martin"))

    assert await fates(house, story) == [("martin", "callback", "broken")]
    assert await fates(house, lambda counter: story(counter, made=True)) == [("martin", "callback", "kept_late")]


async def test_a_late_call_that_a_colleague_takes_over_stays_broken(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter, phone="+15145550142")
        counter.does(at("09:01"), "v1", c.PromiseCallback(by="martin", due=at("10:00")))
        counter.does(at("10:50"), "v1", c.TakeCallback(by="sophie"))
        counter.does(at("10:55"), "v1", c.KeepCallback(by="sophie"))

    [row] = await log_of(house, story)
    assert [(told.by, told.fate) for told in row.promises] == [("martin", Fate.BROKEN), ("sophie", Fate.KEPT)]
    assert row.promises[0].moved_to == row.promises[1].due
    assert row.became is Became.KEPT


async def test_what_was_wrongly_entered_by_voice_was_never_promised(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter, phone="+15145550142")
        counter.does(at("09:01"), "v1", c.PromiseCallback(by="martin", entered_by="nadia", due=at("10:00")))
        counter.does(at("10:20"), "v1", c.DisputeVoice(by="martin"))

    [row] = await log_of(house, story)
    assert [(told.fate, told.entered_by) for told in row.promises] == [(Fate.DROPPED, "nadia")]


async def test_an_undone_call_is_owed_again(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter, phone="+15145550142")
        counter.does(at("09:01"), "v1", c.PromiseCallback(by="martin", due=at("10:00")))
        counter.does(at("10:01"), "v1", c.KeepCallback(by="martin"))
        counter.does(at("10:02"), "v1", c.Undo(by="martin"))

    assert await fates(house, story) == [("martin", "callback", "dropped")]


async def test_what_hello30_booked_says_so_until_somebody_chooses(house: Path) -> None:
    def story(counter: Counter) -> None:
        comes(counter, phone="+15145550142")
        counter.does(at("09:10"), "v1", c.MoveCallback(by="martin", due=at("11:00")))

    [row] = await log_of(house, story)
    assert [(told.origin, told.fate) for told in row.promises] == [("silence", "moved"), ("person", "open")]


# --- which visits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted, expected",
    [
        (Wanted(), "v1 v2 v3 v4 v5 v7 v8"),
        (Wanted(mistakes=True), "v1 v2 v3 v4 v5 v6 v7 v8"),
        (Wanted(open_only=True), "v8"),
        (Wanted(open_only=True, owner="martin"), ""),
        (Wanted(owner="claire"), "v5 v7"),
        (Wanted(site="quebec"), ""),
        (Wanted(since=date(2026, 3, 3)), "v8"),
        (Wanted(until=date(2026, 3, 2), owner="sophie"), "v2"),
        (Wanted(since=date.min, until=date.max, owner="sophie"), "v2 v8"),
    ],
)
async def test_only_what_is_wanted(house: Path, wanted: Wanted, expected: str) -> None:
    assert [row.visit.id for row in await log_of(house, a_day, wanted)] == expected.split()


async def test_the_day_is_that_of_the_site(house: Path) -> None:
    def story(counter: Counter) -> None:
        counter.comes(at("23:30"), "late", "Julie Tremblay", "martin")  # the day after, in UTC

    assert await log_of(house, story, Wanted(since=date(2026, 3, 3))) == []
    assert len(await log_of(house, story, Wanted(since=date(2026, 3, 2), until=date(2026, 3, 2)))) == 1


async def test_what_became_of_each_visit(house: Path) -> None:
    rows = await log_of(house, a_day, Wanted(mistakes=True))
    expected = ["given", "kept", "given", "kept", "unseen", "mistake", "unreachable", "open"]
    assert [row.became for row in rows] == expected


# --- the log and the visit never disagree ----------------------------------------------------------------------------


def stands(told: Sequence[Told], what: What) -> Told | None:
    """Give the promise of which the log says that it stands; a late callback stands until something comes of it."""
    of_kind = [each for each in told if each.what is what]
    late = what is What.CALLBACK and of_kind and of_kind[-1].fate is Fate.BROKEN
    return of_kind[-1] if of_kind and (late or of_kind[-1].fate is Fate.OPEN) else None


def agree(told: Told | None, promise: Promise | None) -> bool:
    if promise is None:
        return told is None or told.fate is Fate.BROKEN
    return told is not None and (told.by, told.due, told.origin) == (promise.by, promise.due, promise.origin)


async def test_after_each_event_the_log_tells_of_the_promises_that_stand(house: Path) -> None:
    desk = front_desk(config.load(house))

    def journals(tx: Transaction) -> list[Sequence[Entry]]:
        a_day(Counter(tx, desk))
        return [tx.journal(f"v{number}") for number in range(1, 9)]

    for journal in await MemoryStore().transact(journals):
        for count in range(1, len(journal) + 1):
            told, visit = promises(journal[:count]), replay(entry.event for entry in journal[:count])
            assert agree(stands(told, What.HELLO), visit.hello_promise)
            assert agree(stands(told, What.CALLBACK), visit.callback_promise)
