"""A few stories in a database, with their checkpoints, so that each table has rows of each kind."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import timedelta

from bot.demo.clock import DemoClock
from bot.errors import DeliveryError, DeliveryKind
from bot.messages import Outcome
from bot.ports import Store
from bot.settings import Database
from bot.storage.databases import open_store, read_store
from bot.storage.findings import Finding
from bot.storage.verifying import Proof, verify_store
from tests.fakes import FakeChat, FakeClock
from tests.world import World, at

GONE = DeliveryError(DeliveryKind.UNREACHABLE, "user_not_found")
END = at(9, 40)
"""When the stories are told: the moment at which the databases are proved."""

COMING = {"button": "hello", "value": "0"}
"""What the button *I'm coming* sends."""
PRESSED = "pressed-once"
"""The key under which Martin's first press came in."""


async def tell(store: Store) -> FakeChat:
    """Julie is greeted; Robert has a callback; nobody reaches Claire; Anne waits, and Sophie's messages are held."""
    world = World(store)
    await world.arrives("Julie Tremblay", to_see="martin", company="Chambre de commerce")
    await world.presses("martin", "I'm coming", key=PRESSED)
    await world.presses("nadia", "Hello happened")
    await store.checkpoint(world.clock.now())
    await world.arrives("Robert Lavoie", to_see="martin", kind="supplier", phone="514 555-0142")
    await world.presses("martin", "Call back…", line="I have your delivery note.")
    world.chat.down["claire"] = GONE
    await world.arrives("Paul Nguyen", to_see="claire", kind="supplier")
    await world.comes(at(9, 30))
    await store.checkpoint(world.clock.now())
    world.chat.down["sophie"] = DeliveryError(
        DeliveryKind.WAIT_UNTIL, "ratelimited", retry_at=at(9, 45) + timedelta(seconds=30)
    )
    await world.arrives("Anne Roy", to_see="sophie", kind="supplier")
    await store.transact(lambda tx: tx.put_value("demo.clock", "{}"))
    await world.comes(END)
    await store.checkpoint(world.clock.now())
    world.held = True  # what comes now is not yet carried, and has no checkpoint
    await world.arrives("Luc Fortin", to_see="karim", kind="supplier")
    return world.chat


async def told(database: Database) -> FakeChat:
    """Tell the stories in a database, and close it; give what the chat platform has."""
    store = await open_store(database)
    try:
        return await tell(store)
    finally:
        await store.close()


async def proof_of(database: Database, *, expected: str | None = None) -> Proof:
    """Prove a database, as `hello30 log verify` does."""
    store = await read_store(database)
    try:
        return await verify_store(store, END, expected=expected)
    finally:
        await store.close()


def prove(database: Database, *, expected: str | None = None) -> Proof:
    """Prove a database."""
    return asyncio.run(proof_of(database, expected=expected))


def findings(database: Database, *, expected: str | None = None) -> list[Finding]:
    """Give what is found in a database."""
    return list(prove(database, expected=expected).findings)


async def goes_on(database: Database, chat: FakeChat) -> None:
    """Go on after the stories, on whatever stands there now: everybody still gets what is theirs."""
    store = await open_store(database)
    try:
        await DemoClock.restored(FakeClock(END), store, END, 1.0)
        world = World(store, END, chat=FakeChat(messages=deepcopy(chat.messages)))
        again = await world.sends("martin", key=PRESSED, visit=await world.visit_id("Julie Tremblay"), **COMING)
        assert again.outcome is not Outcome.NOT_SAVED
        await world.comes(at(10, 30))
        await world.arrives("Eva Lam", to_see="sophie")
        assert (await world.presses("sophie", "In 2 min", visitor="Eva Lam")).ok
        assert (await world.presses("nadia", "Hello happened", visitor="Eva Lam")).ok
        assert (await world.presses("martin", "Done", visitor="Robert Lavoie")).ok
        for person, visitor in (("sophie", "Anne Roy"), ("karim", "Luc Fortin"), ("claire", "Paul Nguyen")):
            assert world.card(person, visitor).visitor == visitor
        assert await store.read(lambda tx: tx.next_delivery()) is None
        await store.checkpoint(world.clock.now())
    finally:
        await store.close()
