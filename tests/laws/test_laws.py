"""The ten laws hold in random stories, and each kept breakage is caught by the law that it breaks.

`HELLO30_LAWS=many` tells ten times as many stories, and makes a failing one short.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypeVar, cast, get_type_hints

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.decide import DECIDE
from bot.domain.facts import Facts, History
from bot.ports import Store, Transaction
from bot.rows import Entry
from bot.settings import Database
from bot.storage.databases import open_store
from bot.storage.memory import MemoryStore
from tests.domain.house import NINE
from tests.laws import addresses, laws
from tests.laws.addresses import AddressStories
from tests.laws.breakages import BREAKAGES, Breakage
from tests.laws.machine import Stories
from tests.laws.saying import COMMANDS, Said
from tests.laws.stored import Keeping, StoredStories
from tests.laws.world import Core, LawBroken
from tests.postgres import Server

T = TypeVar("T")

MANY: Final = os.environ.get("HELLO30_LAWS") == "many"
PARTS: Final = 4
"""The stories are told in so many tests, which may run side by side."""
STORIES: Final = settings(
    max_examples=500 if MANY else 50,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink) if MANY else (Phase.generate,),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
"""The same stories each time: what is found today is found tomorrow."""
ON_A_STORE: Final = settings(STORIES, max_examples=200 if MANY else 12)
UNTIL_CAUGHT: Final = settings(STORIES, max_examples=2000, phases=(Phase.generate,))


def _stories(core: Core, part: int = 0) -> type[Stories]:
    """Give the machine with this core; each part tells stories of its own, for its name is their seed."""
    return type(f"Stories{part}", (Stories,), {"core": core})


@pytest.mark.timeout(1800 if MANY else 120)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_laws_hold(part: int) -> None:
    run_state_machine_as_test(_stories(Core(), part), settings=STORIES)


@pytest.mark.timeout(1800 if MANY else 120)
@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_the_laws_hold_of_what_a_store_gives_back(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with ExitStack() as held:
        if kind == "postgres":
            server: Server = request.getfixturevalue("postgres_server")
            place: Database = held.enter_context(server.database())
        else:
            place = tmp_path / "visits.db"
        runner = held.enter_context(asyncio.Runner())
        store = MemoryStore() if kind == "memory" else runner.run(open_store(place))
        held.callback(lambda: runner.run(store.close()))
        run_state_machine_as_test(_stored_stories(store, runner), settings=ON_A_STORE)


@pytest.mark.timeout(1800 if MANY else 120)
def test_nobody_is_given_up_while_one_of_their_addresses_is_left() -> None:
    with asyncio.Runner() as runner:
        run_state_machine_as_test(_address_stories(runner), settings=STORIES)


@pytest.mark.parametrize("words", addresses.BREAKAGES)
def test_a_core_that_gives_somebody_up_too_early_is_caught(words: str) -> None:
    with asyncio.Runner() as runner, pytest.raises(AssertionError, match=words):
        run_state_machine_as_test(_address_stories(runner, addresses.BREAKAGES[words]), settings=UNTIL_CAUGHT)


def _address_stories(runner: asyncio.Runner, *around: Callable[[Store], Store]) -> type[AddressStories]:
    return type("StoriesOfAddresses", (AddressStories,), {"runner": runner, "around": around})


def test_a_store_that_loses_an_event_is_caught() -> None:
    with asyncio.Runner() as runner:
        told = _stored_stories(LosingStore(), runner)
        with pytest.raises(LawBroken) as caught:
            run_state_machine_as_test(told, settings=ON_A_STORE)
    assert caught.value.law == 2, caught.value


def _stored_stories(store: Store, runner: asyncio.Runner) -> type[Stories]:
    return type("StoriesOnAStore", (StoredStories,), {"keeping": Keeping(store, runner)})


class LosingStore(MemoryStore):
    """A store that does not find the last entry of a visit."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        return await super().transact(lambda tx: work(cast("Transaction", _Losing(tx))))


class _Losing:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> object:
        return getattr(self._tx, name)

    def journal(self, visit: str) -> Sequence[Entry]:
        return self._tx.journal(visit)[:-1]


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: f"law_{breakage.law}-{breakage.name}")
def test_a_kept_breakage_is_caught_by_its_law(breakage: Breakage) -> None:
    with pytest.raises(LawBroken) as caught:
        run_state_machine_as_test(_stories(breakage.core), settings=UNTIL_CAUGHT)
    assert caught.value.law == breakage.law, caught.value


def test_each_law_has_a_kept_breakage() -> None:
    numbers = {int(name.removeprefix("law_")) for name in vars(laws) if name.startswith("law_")}
    assert numbers == {breakage.law for breakage in BREAKAGES} == set(range(1, 11))


def test_no_event_has_room_for_what_a_visitor_told_us() -> None:
    events = [kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.Event)]
    for event in events:
        assert not {Facts, History} & set(get_type_hints(event).values()), event


def test_every_command_is_told_of() -> None:
    said = Said(by="martin", to="sophie", within=2, due=NINE, voice=None, yes=True)
    told = {type(make(said)) for make in COMMANDS.values()}
    assert told == DECIDE.keys() - {c.AnnounceArrival, c.PassTime}  # those begin a story, and let it go on
