"""Whoever looks after hello30 reads nothing that anybody typed: not in logs, metrics, answers or the journal."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest
import structlog
from sqlalchemy import text

from bot.domain.events import NoAnswerTyped
from bot.errors import DeliveryError, DeliveryKind, NotSaved
from bot.forms import FORMS
from bot.logs import FromLibraries, log_failure
from bot.messages import Address, Announce, AnnounceLine, Incoming, Outcome, Press, Typed
from bot.ports import Store, Transaction
from bot.storage.sql import SqlStore
from tests.fakes import ShakyStore
from tests.operations.canary import NUMBER, WORD, Evidence, collected, logged
from tests.operations.watched import Act, Watched, starts, watch
from tests.world import KEYS

FIELDS = ("when", "free_day", "free_time", "phone", "line", "points", "text", "to", "who", "what")
HOSTILE = (WORD, f"\x00{WORD}", f"{WORD}\ud800", f"{WORD} " * 20_000, f"%s %d {WORD} {{0}}\n\r\x1b[31m{WORD}")


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    with logged() as stream:
        yield stream


@pytest.fixture
async def world(store: Store) -> Watched:
    world = Watched(ShakyStore(store))
    await starts(world)
    return world


async def comes_in(world: Watched, act: Act, *, person: str = "nadia", key: str = "", language: str = "") -> None:
    """Something comes in as an adapter brings it; what fails is logged as the pages log it."""
    incoming = Incoming(key=key or f"k{next(KEYS)}", sender=Address("web", person), act=act, language=language or None)
    assert world.chat.receive is not None
    try:
        await world.chat.receive(incoming)
    except Exception as error:  # noqa: BLE001 - whatever it is, as the pages do
        log_failure(structlog.get_logger("adapters.web"), "web.page_failed", error)
    await world.settles()


async def announced(world: Watched) -> str:
    """Nadia announces a visitor, with a canary wherever something can be typed."""
    await world.arrives(f"{WORD} Tremblay", to_see="martin", company=WORD, about=WORD, phone=NUMBER, party=2)
    return await world.visit_id(f"{WORD} Tremblay")


# --- the story -------------------------------------------------------------------------------------------------------


async def typed_everywhere(world: Watched, visit: str) -> None:
    """Everything that can be typed is typed, well and badly."""
    for bad in HOSTILE:
        await comes_in(world, Announce(visitor=bad, owner_id="martin", company=bad, about=bad, phone=bad))
        await comes_in(world, Announce(visitor=bad, owner=bad, owner_id=bad, kind=bad, site=bad))
        await comes_in(world, AnnounceLine(text=f"{bad} ({bad}) for Martin: {bad}", site=bad))
        await comes_in(world, AnnounceLine(text=bad))
        await comes_in(world, Typed(text=bad, visit=visit), person="martin")
        await comes_in(world, Typed(text=f"call {bad} at {bad}", visit=bad), person="martin")
        await comes_in(world, Press(visit=bad, button="hello", value=bad), person="martin")
        await comes_in(world, Press(visit=visit, button=bad, value=bad), person="martin")
        await comes_in(world, Press(visit=visit, button="hello", value=bad), person="martin")
        await comes_in(world, Typed(text=bad), person=bad)
        await comes_in(world, Typed(text="busy", visit=visit), person="martin", key=bad, language=bad)
        values = dict.fromkeys((*FIELDS, bad), bad)
        for button in (*sorted(FORMS), bad):
            press = Press(visit=visit, button=button, values=values, submitted=True)
            await comes_in(world, press, person="martin")
            await comes_in(world, press)


async def pressed_to_the_end(world: Watched) -> None:
    """The visit is followed to its end, with wrong answers on the way that are kept in the form."""
    who = f"{WORD} Tremblay"
    await world.types("martin", f"busy, tell {WORD}")
    wrong = {"when": "free", "free_day": WORD, "free_time": WORD, "phone": WORD, "line": WORD, "points": WORD}
    asked_again = await world.presses("martin", "Call back…", visitor=who, **wrong)
    assert asked_again.outcome is Outcome.REFUSED
    line = f"{WORD} {NUMBER}"
    done = await world.presses("martin", "Call back…", visitor=who, phone=NUMBER, line=line, points=WORD)
    assert done.outcome is Outcome.DONE
    await world.presses("nadia", "Visitor left", visitor=who)
    await world.passes(hours=30)


async def platform_fails(world: Watched) -> None:
    """The platform repeats what it was given in all its refusals."""
    for fault in (
        RuntimeError(f"cannot send {WORD} to {NUMBER}"),
        ValueError(WORD),
        DeliveryError(DeliveryKind.POST_ANEW),
        DeliveryError(DeliveryKind.MISCONFIGURED, "invalid_auth"),
    ):
        world.chat.faults.append(fault)
        await world.arrives(f"{WORD} Lavoie", to_see="sophie", about=WORD)
    world.chat.lose_replies = 2
    await world.passes(minutes=20)


async def database_fails(world: Watched, visit: str) -> None:
    """The database refuses rows, and says which; then what it holds cannot be read."""
    shaky = world.store
    assert isinstance(shaky, ShakyStore)
    for act in (Announce(visitor=WORD, owner_id="martin", phone=NUMBER), Typed(text=WORD, visit=visit)):
        shaky.refuses = 1
        await comes_in(world, act)
    if isinstance(shaky.store, SqlStore):
        await _refuses_rows(world, shaky.store)
        await _is_altered_by_hand(world, shaky.store, visit)


async def _refuses_rows(world: Watched, store: SqlStore) -> None:
    with store._engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # its DETAIL quotes the whole row
            connection.execute(text(f"ALTER TABLE facts ADD CONSTRAINT c CHECK (body NOT LIKE '%{WORD} Gagnon%')"))
        else:
            refused = f"NEW.body LIKE '%{WORD} Gagnon%' BEGIN SELECT RAISE(ABORT, 'no') ; END"
            connection.exec_driver_sql(f"CREATE TRIGGER c BEFORE INSERT ON facts WHEN {refused}")
    await comes_in(world, Announce(visitor=f"{WORD} Gagnon", owner_id="martin", about=WORD))

    def duplicate(tx: Transaction) -> None:
        for _ in range(2):
            tx._connection.execute(  # type: ignore[attr-defined]
                text("INSERT INTO inbox (key, answer, at) VALUES (:key, :key, 0)"), {"key": WORD}
            )

    try:
        await store.transact(duplicate)
    except NotSaved as fault:
        structlog.get_logger("bot.inbox").warning("inbox.not_saved", fault=str(fault))


async def _is_altered_by_hand(world: Watched, store: SqlStore, visit: str) -> None:
    with store._engine.begin() as connection:
        for statement in (
            f"UPDATE nudge SET body = '{{\"{WORD}\": 1}}', outcome = NULL, waiting_since = 0, ready_at = 0",
            f"UPDATE card SET receipt = '{WORD}', waiting_since = 0, ready_at = 0, parked = false",
            f"UPDATE facts SET body = '{WORD}'",
            f'UPDATE visit SET wake_at = 0, state = \'{{"{WORD}": "{NUMBER}"}}\' WHERE id = :id',
        ):
            wanted = {"id": visit} if ":id" in statement else {}
            connection.execute(text(statement.replace('": ', '" : ')), wanted)
    await world.passes(minutes=3)
    await comes_in(world, Press(visit=visit, button="hello", value="2"), person="martin")
    with suppress(Exception):
        await world.parts.views.story("martin", visit)


async def whole_story(world: Watched) -> None:
    """All of it."""
    visit = await announced(world)
    await typed_everywhere(world, visit)
    await pressed_to_the_end(world)
    await platform_fails(world)
    await database_fails(world, await announced(world))


async def test_what_was_typed_is_nowhere_but_where_it_belongs(world: Watched, logs: io.StringIO) -> None:
    await whole_story(world)
    found = await collected(world, logs)
    assert found.leaks() == set()
    kept = await world.facts(f"{WORD} Lavoie") if not isinstance(_inner(world), SqlStore) else None
    assert kept is None or kept.about == WORD
    said = {"inbox.not_saved", "courier.adapter_failed", "courier.misconfigured", "courier.sent_again"}
    if isinstance(_inner(world), SqlStore):
        said |= {"inbox.visit_unreadable", "timekeeper.visit_failed", "store.nudge_unreadable"}
    assert {event for event in said if event not in found.logs} == set(), "the story met every fault that it should"
    assert "hello30_incoming_seconds_count" in found.metrics


def _inner(world: Watched) -> Store:
    assert isinstance(world.store, ShakyStore)
    return world.store.store


async def test_the_lines_about_a_visit_name_it(world: Watched, logs: io.StringIO) -> None:
    visit = await announced(world)
    shaky = world.store
    assert isinstance(shaky, ShakyStore)
    shaky.refuses = 1
    await comes_in(world, Typed(text=WORD, visit=visit), person="martin")
    await comes_in(world, Press(visit="not-an-id-of-ours", button="hello"), person="martin")
    (line,) = [line for line in logs.getvalue().splitlines() if "inbox.not_saved" in line]
    assert f'"visit": "{visit}"' in line


# --- that it can fail ------------------------------------------------------------------------------------------------


async def _somebody_logs_what_is_typed(world: Watched, _: io.StringIO) -> None:
    receive = world.chat.receive
    assert receive is not None

    async def careless(incoming: Incoming) -> object:
        structlog.get_logger("bot.inbox").info("inbox.came_in", act=incoming.act)
        return await receive(incoming)

    world.chat.receive = careless  # type: ignore[assignment]


async def _somebody_counts_by_what_is_typed(world: Watched, _: io.StringIO) -> None:
    watch(world).meter.incoming("web", WORD, 0.1)


async def _somebody_journals_what_is_typed(world: Watched, _: io.StringIO) -> None:
    await world.arrives("Julie", to_see="martin")
    visit = await world.visit_id("Julie")
    careless = NoAnswerTyped(at=world.clock.now(), by="martin", reading=WORD)
    await world.store.transact(lambda tx: world.parts.desk.record(tx, visit, careless, "web"))


async def _somebody_names_a_part_by_what_is_typed(world: Watched, _: io.StringIO) -> None:
    world.parts.running.seconds = lambda: 0.0
    world.parts.running.went_round(WORD)
    world.parts.running.seconds = lambda: 1000.0


async def _libraries_keep_their_words(_: Watched, logs: io.StringIO) -> None:
    logging.basicConfig(level=logging.DEBUG, stream=logs, force=True)
    logging.getLogger("aiohttp.server").error("Error handling request %s", WORD)


BREAKAGES: dict[Callable[[Watched, io.StringIO], Awaitable[None]], set[str]] = {
    _somebody_logs_what_is_typed: {"logs"},
    _somebody_counts_by_what_is_typed: {"metrics"},
    _somebody_journals_what_is_typed: {"journal"},
    _somebody_names_a_part_by_what_is_typed: {"readyz", "livez"},
    _libraries_keep_their_words: {"logs"},
}


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__.strip("_"))
async def test_a_careless_line_is_caught(
    breakage: Callable[[Watched, io.StringIO], Awaitable[None]], world: Watched, logs: io.StringIO
) -> None:
    await breakage(world, logs)
    await announced(world)
    found: Evidence = await collected(world, logs)
    assert found.leaks() == BREAKAGES[breakage]


# --- libraries -------------------------------------------------------------------------------------------------------


def _of_asyncio() -> None:
    async def fails() -> None:
        raise ValueError(WORD)

    async def forgets() -> None:
        task = asyncio.get_running_loop().create_task(fails())
        await asyncio.wait({task})

    asyncio.run(forgets())


def _fails() -> None:
    raise ValueError(f"{WORD} {NUMBER}")


def _of_aiohttp() -> None:
    try:
        _fails()
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s", WORD)


def _of_a_thread() -> None:
    thread = threading.Thread(target=_fails)
    thread.start()
    thread.join()


def _of_what_is_thrown_away() -> None:
    class Fails:
        def __del__(self) -> None:
            raise ValueError(WORD)

    Fails()


def _of_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn(WORD, stacklevel=1)
        logging.captureWarnings(capture=False)


def _of_our_own_exception() -> None:
    try:
        _fails()
    except ValueError as error:
        structlog.get_logger().exception("failed")
        structlog.get_logger().error("failed", exc_info=error)


LIBRARIES = {
    _of_asyncio: ("library.said", '"library": "asyncio"', "ValueError", "fails"),
    _of_aiohttp: ("library.said", '"library": "aiohttp.server"', "ValueError", "_of_aiohttp"),
    _of_a_thread: ("thread.failed", "ValueError", "fails"),
    _of_what_is_thrown_away: ("failure.not_raised", "ValueError", "__del__"),
    _of_a_warning: ("library.said", '"library": "py.warnings"'),
    _of_our_own_exception: ("failed", "ValueError", "_of_our_own_exception"),
}


def test_a_library_that_says_the_same_again_and_again_is_counted(logs: io.StringIO) -> None:
    moments = iter([0.0, 0.5, 0.9, 1.0, 1.1, 2.5])
    handler = FromLibraries(seconds=lambda: next(moments))
    records = [logging.LogRecord("aiohttp.server", logging.ERROR, "web.py", 7, WORD, None, None) for _ in range(6)]
    for record in records:
        handler.emit(record)
    lines = [json.loads(line) for line in logs.getvalue().splitlines()]
    assert [line.get("unsaid", 0) for line in lines] == [0, 2, 1]


@pytest.mark.parametrize("speaking", LIBRARIES, ids=lambda speaking: speaking.__name__.strip("_"))
def test_of_what_others_say_only_who_and_where_is_kept(speaking: Callable[[], None], logs: io.StringIO) -> None:
    speaking()
    said = logs.getvalue()
    assert WORD not in said
    assert "0199" not in said
    assert [part for part in LIBRARIES[speaking] if part not in said] == []


async def test_even_a_database_that_logs_each_row_gives_none_away(store: Store, logs: io.StringIO) -> None:
    loud = logging.getLogger("sqlalchemy")
    loud.setLevel(logging.DEBUG)
    try:
        world = Watched(store)
        if isinstance(store, SqlStore):
            store._engine.echo = store._reading.echo = "debug"
        await starts(world)
        await announced(world)
        found = await collected(world, logs)
    finally:
        loud.setLevel(logging.NOTSET)
    assert found.leaks() == set()
    assert isinstance(store, SqlStore) is ("sqlalchemy.engine" in found.logs)


def test_a_line_that_cannot_be_written_stops_nobody(logs: io.StringIO) -> None:
    logs.close()
    logging.getLogger("aiohttp.server").error("Error handling request from %s", WORD)
