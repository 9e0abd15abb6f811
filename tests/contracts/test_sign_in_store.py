"""What each store keeps of signing in: links that were used, and sessions."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.errors import NotSaved
from bot.ports import Store
from bot.rows import Session

NOW = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)


def session(key: str, person: str = "martin", *, begun: datetime = NOW, until: datetime = LATER) -> Session:
    return Session(key=key, person=person, begun=begun, until=until)


async def begin(store: Store, *sessions: Session) -> None:
    for one in sessions:
        await store.transact(lambda tx, one=one: tx.begin_session(one))  # type: ignore[misc]


async def test_a_link_is_used_once(store: Store) -> None:
    assert not await store.read(lambda tx: tx.link_is_used("a"))
    assert await store.transact(lambda tx: tx.use_link("a", LATER))
    assert not await store.transact(lambda tx: tx.use_link("a", LATER))
    assert await store.read(lambda tx: tx.link_is_used("a"))
    assert await store.transact(lambda tx: tx.use_link("b", LATER))


async def test_of_many_at_once_one_uses_the_link(store: Store) -> None:
    used = await asyncio.gather(*(store.transact(lambda tx: tx.use_link("a", LATER)) for _ in range(8)))
    assert sorted(used) == [False] * 7 + [True]


async def test_a_link_is_not_used_when_what_came_with_it_failed(store: Store) -> None:
    def work(tx: object) -> None:
        tx.use_link("a", LATER)  # type: ignore[attr-defined]
        raise LookupError

    with pytest.raises(LookupError):
        await store.transact(work)
    assert not await store.read(lambda tx: tx.link_is_used("a"))


async def test_a_session_is_kept_exactly_and_ends_once(store: Store) -> None:
    await begin(store, session("k", begun=NOW.astimezone(timezone(timedelta(hours=-5)))))
    assert await store.read(lambda tx: tx.session("k")) == session("k")
    assert (await store.read(lambda tx: tx.session("k"))).begun.tzinfo is UTC  # type: ignore[union-attr]
    assert await store.read(lambda tx: tx.session("other")) is None
    assert [await store.transact(lambda tx: tx.end_session("k")) for _ in range(2)] == [True, False]
    assert await store.read(lambda tx: tx.session("k")) is None


async def test_all_sessions_of_one_person_end_and_nobody_elses(store: Store) -> None:
    await begin(store, session("a"), session("b"), session("c", "sophie"))
    assert await store.transact(lambda tx: tx.end_sessions("martin")) == 2
    assert await store.transact(lambda tx: tx.end_sessions("martin")) == 0
    assert [one.key for one in await store.read(lambda tx: tx.sessions())] == ["c"]


async def test_sessions_are_listed_those_begun_last_first(store: Store) -> None:
    await begin(store, session("a"), session("b", begun=NOW + timedelta(seconds=1)), session("c"))
    assert [one.key for one in await store.read(lambda tx: tx.sessions())] == ["b", "a", "c"]


async def test_what_is_over_is_forgotten(store: Store) -> None:
    await begin(store, session("old", until=NOW), session("new"))
    await store.transact(lambda tx: tx.use_link("old", NOW))
    await store.transact(lambda tx: tx.use_link("new", LATER))
    assert await store.transact(lambda tx: tx.forget_sessions(NOW)) == 0
    assert await store.transact(lambda tx: tx.forget_sessions(LATER)) == 2
    assert [one.key for one in await store.read(lambda tx: tx.sessions())] == ["new"]
    assert not await store.read(lambda tx: tx.link_is_used("old"))
    assert await store.read(lambda tx: tx.link_is_used("new"))


async def test_reading_signs_nobody_in_or_out(store: Store) -> None:
    for work in (
        lambda tx: tx.use_link("a", LATER),
        lambda tx: tx.begin_session(session("k")),
        lambda tx: tx.end_session("k"),
    ):
        with pytest.raises(NotSaved):
            await store.read(work)
