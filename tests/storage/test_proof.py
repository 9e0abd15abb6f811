"""What the proof withstands: somebody who mends every hash, lost triggers, other writers; and what it cannot find."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, insert, make_url, text

from bot.bootstrap import run
from bot.domain.events import PhoneAdded
from bot.errors import NotSaved, Unreadable
from bot.ports import Store, Transaction
from bot.settings import Database, Postgres
from bot.storage.checkpoints import AT_MOST, write_checkpoints
from bot.storage.databases import open_postgres, open_sqlite, open_store, read_store
from bot.storage.memory import MemoryStore
from bot.storage.postgres import postgres_engine
from bot.storage.proof import checkpoint_entries, checkpoint_hash, entry_hash, is_entry, read_entries, seal
from bot.storage.schema import HEAD, migrate
from bot.storage.sqlite import sqlite_engine
from bot.storage.tables import journal
from bot.storage.verifying import verify_store
from tests.contracts.samples import MARTIN, arrival, at, nudge, visit
from tests.fakes import ShakyStore
from tests.postgres import Server
from tests.storage.by_hand import Hand
from tests.storage.told import END, findings, proof_of, prove, told
from tests.world import World


@pytest.fixture
def after(database: Database) -> Database:
    """Give a database in which the stories were told."""
    asyncio.run(told(database))
    return database


class NoCheckpoint(ShakyStore):
    """A store whose disk takes everything but checkpoints."""

    async def checkpoint(self, now: datetime) -> bool:
        raise NotSaved("the disk is full")


def lines(database: Database, *, expected: str | None = None) -> list[str]:
    return list(map(str, findings(database, expected=expected)))


def begin(tx: Transaction, name: str = "v1") -> None:
    """Begin a visit whose row is not what its entries make: only the journal counts here."""
    tx.save(visit(name), version=0, events=arrival(visit(name)), through="web", wake_at=None)


# --- hashes ----------------------------------------------------------------------------------------------------------


def test_a_hash_takes_in_everything_and_the_entry_before() -> None:
    entry = {"visit": "v1", "seq": 2, "at": 3, "through": "web", "event": "{}"}
    hashes = {entry_hash("", **entry)}  # type: ignore[arg-type]
    hashes.add(entry_hash("x", **entry))  # type: ignore[arg-type]
    for name, value in (("visit", "v2"), ("seq", 3), ("at", 4), ("through", "time"), ("event", "{ }")):
        hashes.add(entry_hash("", **(entry | {name: value})))  # type: ignore[arg-type]
    assert len(hashes) == 7
    assert all(len(each) == 64 for each in hashes)


def test_values_that_run_together_are_not_the_same() -> None:
    assert seal("facts", "ab", "c") != seal("facts", "a", "bc")
    assert seal("facts", 1) != seal("facts", "1")


def test_a_checkpoint_names_its_entries() -> None:
    hashes = {3: seal("a"), 1: seal("b")}
    held = read_entries(checkpoint_entries(hashes))
    assert list(held) == [1, 3]
    assert is_entry(held[3], hashes[3])
    assert not is_entry(held[3], hashes[1])
    for unreadable in ("", "[]", '{"x": "y"}'):
        with pytest.raises(Unreadable):
            read_entries(unreadable)


# --- whoever mends every hash ----------------------------------------------------------------------------------------


def rechain(hand: Hand, visit: str) -> None:
    """Make the hashes of a visit's entries anew, from the first to its head."""
    [row] = hand.rows("visit WHERE id = :visit", visit=visit)
    [policy] = hand.rows("policy WHERE digest = :digest", digest=row["policy"])
    head = policy["seal"]
    for entry in sorted(hand.rows("journal WHERE visit = :visit", visit=visit), key=lambda entry: int(entry["seq"])):
        parts = {name: entry[name] for name in ("visit", "seq", "at", "through", "event")}
        head = entry_hash(head, **parts)
        hand.run("UPDATE journal SET hash = :hash WHERE number = :number", hash=head, number=entry["number"])
    hand.run("UPDATE visit SET head = :head WHERE id = :visit", head=head, visit=visit)


def write_checkpoints_anew(hand: Hand) -> None:
    hashes = {row["number"]: row["hash"] for row in hand.rows("journal")}
    previous = ""
    for row in sorted(hand.rows("checkpoint"), key=lambda row: int(row["number"])):
        entries = checkpoint_entries({n: hashes[n] for n in read_entries(row["entries"])})
        previous = checkpoint_hash(previous, at=row["at"], entries=entries)
        change = "UPDATE checkpoint SET entries = :entries, hash = :hash WHERE number = :number"
        hand.run(change, entries=entries, hash=previous, number=row["number"])


def test_an_entry_that_was_altered_with_all_hashes_of_its_visit_is_named_by_the_checkpoint(after: Database) -> None:
    hand = Hand(after)
    hand.run("UPDATE journal SET through = 'time' WHERE number = 2")
    [row] = hand.rows("journal WHERE number = 2")
    rechain(hand, row["visit"])
    found = lines(after)
    assert (
        f"journal: entry 2 (visit {row['visit']}, 2nd entry) was written anew: checkpoint 1 holds another one." in found
    )
    assert not any("altered" in each or "entry 1 " in each for each in found)


def test_only_a_hash_that_was_written_down_elsewhere_finds_a_journal_that_was_written_anew(after: Database) -> None:
    hand, newest = Hand(after), prove(after).newest
    assert newest is not None
    hand.run("UPDATE journal SET through = 'time' WHERE number = 2")
    rechain(hand, hand.rows("journal WHERE number = 2")[0]["visit"])
    write_checkpoints_anew(hand)
    assert lines(after) == []  # what cannot be found: everything is as it would be if it were true
    [found] = lines(after, expected=newest.hash)
    assert "the journal was written anew" in found


def test_the_hash_of_an_older_checkpoint_is_still_expected_later(after: Database) -> None:
    for row in Hand(after).rows("checkpoint"):
        assert lines(after, expected=row["hash"]) == []
    assert len(lines(after, expected="0" * 64)) == 1


def test_an_entry_that_was_forged_before_a_checkpoint_is_found(after: Database) -> None:
    hand = Hand(after)
    [last] = hand.rows("journal WHERE number = 5")
    row = {**last, "number": -7, "seq": last["seq"] + 1, "through": "web"}
    row["hash"] = entry_hash(last["hash"], **{name: row[name] for name in ("visit", "seq", "at", "through", "event")})
    names = ", ".join(row)
    hand.run(f"INSERT INTO journal ({names}) VALUES (:{names.replace(', ', ', :')})", **row)
    visit = {"visit": row["visit"], "head": row["hash"], "version": row["seq"]}
    hand.run("UPDATE visit SET head = :head, version = :version WHERE id = :visit", **visit)
    assert any(each.startswith("journal: entry -7 ") and "was inserted" in each for each in lines(after))


def test_an_entry_with_any_hash_is_found(after: Database) -> None:
    hand = Hand(after)
    [last] = hand.rows("journal WHERE number = 33")
    row = {**last, "number": 34, "seq": last["seq"] + 1, "hash": "0" * 64}
    names = ", ".join(row)
    hand.run(f"INSERT INTO journal ({names}) VALUES (:{names.replace(', ', ', :')})", **row)
    assert f"journal: entry 34 (visit {row['visit']}, 3rd entry) was altered." in lines(after)


@pytest.mark.parametrize("column", ["event", "number", "seq"])
def test_two_entries_that_were_exchanged_are_found(after: Database, column: str) -> None:
    hand = Hand(after)
    [one], [other] = hand.rows("journal WHERE number = 8"), hand.rows("journal WHERE number = 9")
    change = f"UPDATE journal SET {column} = :value WHERE hash = :hash"
    hand.run(change, value=-1, hash=one["hash"])
    hand.run(change, value=one[column], hash=other["hash"])
    hand.run(change, value=other[column], hash=one["hash"])
    found = lines(after)
    assert any("entry 8" in each for each in found)
    assert any("entry 9" in each for each in found)


def set_back(hand: Hand, number: int) -> None:
    """Remove an entry that is its visit's newest, and mend its visit as if it had never been."""
    [gone] = hand.rows("journal WHERE number = :number", number=number)
    before = {"visit": gone["visit"], "seq": gone["seq"] - 1}
    [last] = hand.rows("journal WHERE visit = :visit AND seq = :seq", **before)
    hand.run("DELETE FROM journal WHERE number = :number", number=number)
    hand.run("UPDATE visit SET version = :seq, head = :head WHERE id = :visit", head=last["hash"], **before)


def test_the_newest_entry_that_was_removed_with_every_trace_in_its_visit_is_missed(after: Database) -> None:
    set_back(Hand(after), 5)
    assert "journal: entry 5 is missing: checkpoint 1 holds it." in lines(after)


def test_on_sqlite_not_even_an_entry_without_a_checkpoint_can_be_removed(tmp_path: Path) -> None:
    asyncio.run(told(tmp_path / "visits.db"))
    set_back(Hand(tmp_path / "visits.db"), 33)
    assert "journal: entry 33 is missing." in lines(tmp_path / "visits.db")


# --- what the database itself refuses --------------------------------------------------------------------------------


def test_a_trigger_that_was_dropped_is_told(after: Database) -> None:
    on_postgres = isinstance(after, Postgres)
    by_admin(after, "DROP TRIGGER journal_keeps ON journal" if on_postgres else "DROP TRIGGER journal_update")
    [found] = lines(after)
    assert found.startswith("journal: the table is not protected: its trigger journal_")


def test_a_trigger_that_refuses_nothing_any_more_is_told(after: Database) -> None:
    if isinstance(after, Postgres):
        by_admin(after, "ALTER TABLE checkpoint DISABLE TRIGGER checkpoint_keeps")
    else:
        by_admin(after, "DROP TRIGGER checkpoint_delete")
        by_admin(after, "CREATE TRIGGER checkpoint_delete BEFORE DELETE ON checkpoint BEGIN SELECT 1; END")
    [found] = lines(after)
    assert found.startswith("checkpoint: the table is not protected")


_SAYS = "'the journal is append-only'"
_REFUSE_LESS = {
    "on a condition": "BEFORE UPDATE ON journal WHEN 0 BEGIN SELECT RAISE(ABORT, {says}); END",
    "in a comment": "BEFORE UPDATE ON journal BEGIN SELECT 1; /* RAISE(ABORT, {says}) */ END",
    "for one column": "BEFORE UPDATE OF number ON journal BEGIN SELECT RAISE(ABORT, {says}); END",
    "afterwards": "AFTER UPDATE ON journal BEGIN SELECT RAISE(IGNORE); END",
}
_FUNCTION = "CREATE OR REPLACE FUNCTION journal_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does}; END $$"
_DROP = "DROP TRIGGER journal_keeps ON journal"
_CREATE = "CREATE TRIGGER journal_keeps BEFORE {what} ON journal FOR EACH STATEMENT EXECUTE FUNCTION journal_keeps()"
_REFUSE_LESS_THERE = {
    "only on replicas": ["ALTER TABLE journal ENABLE REPLICA TRIGGER journal_keeps"],
    "on a condition": [_FUNCTION.format(does=f"IF false THEN RAISE EXCEPTION {_SAYS}; END IF; RETURN NEW")],
    "for one statement": [_DROP, _CREATE.format(what="TRUNCATE")],
    "for one column": [_DROP, _CREATE.format(what="UPDATE OF number OR DELETE OR TRUNCATE")],
}


def test_a_trigger_that_refuses_less_than_ours_is_told(database: Database) -> None:
    asyncio.run(told(database))
    if isinstance(database, Postgres):
        whole = _CREATE.format(what="UPDATE OR DELETE OR TRUNCATE")
        ours = [_FUNCTION.format(does=f"RAISE EXCEPTION {_SAYS}"), _DROP, whole]
        less = _REFUSE_LESS_THERE
    else:
        drop, create = "DROP TRIGGER journal_update", "CREATE TRIGGER journal_update "
        ours = [drop, f"{create}BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, {_SAYS}); END"]
        less = {how: [drop, create + does.format(says=_SAYS)] for how, does in _REFUSE_LESS.items()}
    for how, statements in less.items():
        for statement in statements:
            by_admin(database, statement)
        assert any(each.startswith("journal: the table is not protected") for each in lines(database)), how
        for statement in ours:
            by_admin(database, statement)
        assert lines(database) == [], how


def test_whatever_else_acts_by_itself_in_the_database_is_told(after: Database) -> None:
    if isinstance(after, Postgres):
        by_admin(after, "CREATE FUNCTION hush() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$")
        by_admin(after, "CREATE TRIGGER hush BEFORE INSERT ON card FOR EACH ROW EXECUTE FUNCTION hush()")
        by_admin(after, "CREATE RULE never AS ON INSERT TO nudge DO INSTEAD NOTHING")
        wanted = ["card: its trigger hush", "nudge: its rule never"]
    else:
        by_admin(after, "CREATE TRIGGER hush AFTER INSERT ON card BEGIN UPDATE card SET waiting_since = NULL; END")
        wanted = ["card: its trigger hush"]
    assert lines(after) == [f"{each} is not one of hello30: it may change what is written." for each in wanted]


def by_admin(database: Database, statement: str) -> None:
    if isinstance(database, Postgres):
        engine = create_engine(make_url(database.url).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.execute(text(statement))
        engine.dispose()
    else:
        with closing(sqlite3.connect(database)) as raw, raw:
            raw.execute(statement)


async def test_a_version_of_the_tables_that_is_not_ours_is_told(store: Store, database: Database) -> None:
    beside = await read_store(database)
    await asyncio.to_thread(by_admin, database, "UPDATE schema_version SET version_num = '0001'")
    found = (await verify_store(beside, END)).findings
    assert [str(each) for each in found] == [f"schema_version: it says 0001 where it should say {HEAD}."]
    await beside.close()


# --- nothing is found without reason ---------------------------------------------------------------------------------


async def test_nothing_is_found_while_a_bot_writes(store: Store, database: Database) -> None:
    world = World(store)

    async def goes_on() -> None:
        for number in range(8):
            await world.arrives(f"Visitor {number}", to_see="martin", kind="supplier")
            await world.presses("martin", "I'm coming", visitor=f"Visitor {number}")
            await store.checkpoint(world.clock.now())
            await world.passes(minutes=7)

    writing = asyncio.create_task(goes_on())
    proofs = 0
    while not writing.done() or not proofs:
        proof = await proof_of(database)
        assert proof.findings == []
        proofs += 1
    await writing
    assert (await proof_of(database)).visits == 8


async def test_nothing_is_found_of_a_visit_that_was_put_off_or_whose_facts_were_erased(
    store: Store, database: Database
) -> None:
    world = World(store)
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    name = await world.visit_id()
    later = END + timedelta(minutes=1)  # as the timekeeper does with a visit that it cannot decide
    await store.transact(lambda tx: tx.put_off(name, later))
    await asyncio.to_thread(Hand(database).run, "DELETE FROM facts")
    assert (await proof_of(database)).findings == []


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_a_database_of_the_first_version_is_proved_once_it_is_brought_up_to_date(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as held:
        database: Database = tmp_path / "visits.db"
        if kind == "postgres":
            server: Server = request.getfixturevalue("postgres_server")
            database = held.enter_context(server.database())
        await told(database)
        engine = postgres_engine(database.url) if isinstance(database, Postgres) else sqlite_engine(database)
        with engine.begin() as connection:
            migrate(connection, "0001", HEAD)
        engine.dispose()
        opened = await open_store(database)
        assert await opened.checkpoint(END)
        await opened.close()
        proof = await proof_of(database)
        assert (proof.findings, proof.visits, proof.checkpoints) == ([], 5, 1)


# --- writing checkpoints ---------------------------------------------------------------------------------------------


async def test_a_checkpoint_is_written_when_there_is_something_new(store: Store, database: Database) -> None:
    assert not await store.checkpoint(at())
    await store.transact(begin)
    assert await store.checkpoint(at())
    assert not await store.checkpoint(at(60))
    await store.transact(partial(begin, name="v2"))
    assert await store.checkpoint(at(60))
    held = [list(read_entries(row["entries"])) for row in await asyncio.to_thread(Hand(database).rows, "checkpoint")]
    assert held == [[1, 2], [3, 4]]


async def test_while_it_runs_and_when_it_stops_everything_gets_a_checkpoint(store: Store, database: Database) -> None:
    world = World(store)
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(run(world.parts, stop=stop, ready=ready))
    await ready.wait()
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    stop.set()
    await running
    assert not await store.checkpoint(world.clock.now())
    proof = await proof_of(database)
    assert (proof.findings, proof.checkpoints) == ([], 1)


async def test_a_disk_that_takes_no_checkpoint_stops_nothing(store: Store) -> None:
    world = World(store)
    await world.arrives("Julie Tremblay", to_see="martin", kind="supplier")
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(run(replace(world.parts, store=NoCheckpoint(store)), stop=stop, ready=ready))
    await ready.wait()
    stop.set()
    await running


async def test_in_memory_there_is_nothing_to_prove() -> None:
    memory = MemoryStore()
    await memory.transact(begin)
    assert not await memory.checkpoint(at())


async def test_much_at_once_makes_several_checkpoints(store: Store, database: Database) -> None:
    def work(tx: Transaction) -> None:
        begin(tx)
        many = [PhoneAdded(at=at(number), by="nadia") for number in range(AT_MOST)]
        tx.save(visit(), version=2, events=many, through="web", wake_at=None)

    await store.transact(work)
    assert await store.checkpoint(at())
    held = [len(read_entries(row["entries"])) for row in await asyncio.to_thread(Hand(database).rows, "checkpoint")]
    assert held == [AT_MOST, 2]
    assert not any(each.table == "checkpoint" for each in (await proof_of(database)).findings)


async def test_on_sqlite_what_is_undone_leaves_no_gap(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "visits.db")

    def undone(tx: Transaction) -> None:
        begin(tx, "lost")
        raise ValueError

    works = [partial(begin, name=f"v{number}") if number % 2 else undone for number in range(10)]
    await asyncio.gather(*(store.transact(work) for work in works), return_exceptions=True)
    entries = await store.read(lambda tx: tx.entries(since=None, until=None))
    assert [entry.number for entry in entries] == list(range(1, 11))
    [counted] = await asyncio.to_thread(Hand(tmp_path / "visits.db").rows, "sqlite_sequence WHERE name = 'journal'")
    assert counted["seq"] == 10
    await store.close()


async def test_on_postgresql_a_checkpoint_waits_for_whoever_is_writing(postgres_server: Server) -> None:
    with postgres_server.database() as database:
        store = await open_postgres(database)
        await store.transact(begin)
        engine = postgres_engine(database.url)
        with engine.connect() as slow:
            number = slow.execute(
                text(
                    "INSERT INTO journal (visit, seq, at, through, event, hash) "
                    "VALUES ('v1', 3, 0, 'web', '{}', 'slow') RETURNING number"
                )
            ).scalar_one()
            await store.transact(partial(begin, name="v2"))  # commits first, with higher numbers
            writing = asyncio.create_task(store.checkpoint(at()))
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareLock'")
            with engine.connect() as look:
                while not look.execute(waiting).scalar_one():
                    look.rollback()
                    await asyncio.sleep(0)
            slow.commit()
        assert await writing
        [row] = await asyncio.to_thread(Hand(database).rows, "checkpoint")
        assert number in read_entries(row["entries"])
        assert row["upto"] == number + 2
        engine.dispose()
        await store.close()


async def test_on_postgresql_two_processes_write_one_chain(postgres_server: Server) -> None:
    with postgres_server.database() as database:
        stores = [await open_postgres(database) for _ in range(3)]
        for name in ("v1", "v2", "v3"):
            await asyncio.gather(*(store.transact(partial(begin, name=f"{name}{n}")) for n, store in enumerate(stores)))
            await asyncio.gather(*(store.checkpoint(at()) for store in stores))
        assert not any(each.table in {"checkpoint", "journal"} for each in (await proof_of(database)).findings)
        held = [read_entries(row["entries"]) for row in await asyncio.to_thread(Hand(database).rows, "checkpoint")]
        assert sum(map(len, held)) == 18
        for store in stores:
            await store.close()


async def test_on_postgresql_a_process_that_was_overtaken_does_not_set_the_counter_back(
    postgres_server: Server,
) -> None:
    with postgres_server.database() as database:
        store = await open_postgres(database)
        await store.transact(begin)
        engines = [postgres_engine(database.url) for _ in range(4)]
        slow, slow_reads, fast, fast_reads = engines
        begun = count(1)

        @event.listens_for(slow, "begin")
        def _be_overtaken(_: object) -> None:
            if next(begun) == 2:  # the checkpoint is committed, and not yet counted
                with fast.begin() as connection:
                    entry = {"visit": "v1", "seq": 3, "at": at(), "through": "web", "event": "{}", "hash": "fast"}
                    connection.execute(insert(journal), entry)
                assert write_checkpoints(fast, fast_reads, at())

        assert await asyncio.to_thread(write_checkpoints, slow, slow_reads, at())
        with fast.connect() as connection:
            assert connection.scalar(text("SELECT max(number) FROM checkpoint")) == 2
            assert connection.scalar(text("SELECT last_value FROM checkpoint_number_seq")) == 2
        for engine in engines:
            engine.dispose()
        await store.close()


async def test_on_postgresql_a_counter_that_is_behind_by_one_is_no_finding_and_is_mended(
    postgres_server: Server,
) -> None:
    with postgres_server.database() as database:
        await told(database)
        behind = "SELECT setval('checkpoint_number_seq', 2)"  # as a process leaves it that is killed just then
        await asyncio.to_thread(by_admin, database, behind)
        assert (await proof_of(database)).findings == []
        store = await open_postgres(database)
        await World(store, END).arrives("Eva Lam", to_see="sophie", kind="supplier")
        assert await store.checkpoint(END)
        await store.close()
        await asyncio.to_thread(by_admin, database, "ALTER TABLE checkpoint DISABLE TRIGGER checkpoint_keeps")
        await asyncio.to_thread(by_admin, database, "DELETE FROM checkpoint WHERE number = 4")
        assert "checkpoint: checkpoint 4 is missing." in map(str, (await proof_of(database)).findings)


async def test_cards_and_nudges_are_sealed_as_they_are_queued(store: Store, database: Database) -> None:
    def work(tx: Transaction) -> None:
        begin(tx)
        tx.show("v1", [("martin", MARTIN)])
        tx.queue(nudge(), MARTIN, at())

    await store.transact(work)
    found = (await proof_of(database)).findings
    assert not any("was altered" in str(each) for each in found)
