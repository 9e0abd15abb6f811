"""A platform that does not answer, seen from several hands at once: what is held for it, and when that is lifted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.patience import Patience, Silence
from bot.ports import Store
from tests.world import WEDNESDAY

SECOND = timedelta(seconds=1)
FIVE_MINUTES = WEDNESDAY + timedelta(minutes=5)


async def settles(store: Store, patience: Patience) -> Silence | None:
    return await store.transact(lambda tx: patience.settle(tx, "slack"))


async def on_hold(store: Store) -> Mapping[str, datetime]:
    return await store.read(lambda tx: tx.waiting(WEDNESDAY).on_hold)


async def misconfigured(store: Store) -> None:
    await store.transact(lambda tx: tx.hold("slack", "*", FIVE_MINUTES))


async def test_a_platform_that_answers_just_as_its_silence_is_noted_is_held_no_more(store: Store) -> None:
    patience = Patience()
    patience.timed_out("slack", WEDNESDAY)
    noted = await settles(store, patience)
    assert noted is not None
    assert await on_hold(store) == {"slack": WEDNESDAY + 10 * SECOND}
    patience.answered("slack")  # another hand, before the first one goes on
    patience.settled("slack", noted)
    answer = await settles(store, patience)
    assert answer is not None
    assert await on_hold(store) == {}
    patience.settled("slack", answer)
    assert await settles(store, patience) is None


async def test_an_answer_lifts_no_hold_that_is_there_for_another_reason(store: Store) -> None:
    patience = Patience()
    patience.timed_out("slack", WEDNESDAY)
    await settles(store, patience)
    await misconfigured(store)
    patience.answered("slack")
    await settles(store, patience)
    assert await on_hold(store) == {"slack": FIVE_MINUTES}


async def test_a_silence_shortens_no_hold_that_is_there_for_another_reason(store: Store) -> None:
    patience = Patience()
    await misconfigured(store)
    patience.timed_out("slack", WEDNESDAY)
    await settles(store, patience)
    assert await on_hold(store) == {"slack": FIVE_MINUTES}
    await store.transact(lambda tx: patience.under_way(tx, "slack", WEDNESDAY + 60 * SECOND))
    assert await on_hold(store) == {"slack": FIVE_MINUTES}


async def test_what_was_held_for_one_try_is_lifted_when_another_hand_has_the_answer(store: Store) -> None:
    patience = Patience()
    patience.timed_out("slack", WEDNESDAY)
    noted = await settles(store, patience)
    await store.transact(lambda tx: patience.under_way(tx, "slack", WEDNESDAY + 60 * SECOND))
    assert await on_hold(store) == {"slack": WEDNESDAY + 60 * SECOND}
    patience.answered("slack")
    assert noted is not None
    patience.settled("slack", noted)
    await settles(store, patience)
    assert await on_hold(store) == {}
