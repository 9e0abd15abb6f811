"""Links beside *Sign out everywhere*: which of them are good after it, and what is said of the others."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot import config
from bot.domain.card import Phrase
from bot.language.catalogue import LANGUAGES
from bot.language.wording import Reader, Wording
from bot.links import Keys, LinkRefused, Signing, new_key
from bot.sign_in import SignIn, end_everything
from bot.storage.memory import MemoryStore
from tests.fakes import FakeClock
from tests.world import WEDNESDAY

PEOPLE = config.load(Path("tests/house/config.yaml")).people
IN_A_SECOND = WEDNESDAY + timedelta(milliseconds=100)


class Door:
    """Sign-in on a store in memory, with a clock that is moved."""

    def __init__(self) -> None:
        self.clock = FakeClock(WEDNESDAY)
        self.store = MemoryStore()
        self.signing = Signing(Keys((new_key(),)), self.clock, "")
        self.sign_in = SignIn(self.store, PEOPLE, self.signing, self.clock)

    def link(self, at: datetime, person: str = "martin") -> str:
        """Make a link at a moment, on this machine's clock."""
        self.clock.move_to(at)
        return self.signing.link(person)

    async def signs_out(self, at: datetime, person: str = "martin") -> None:
        """Sign somebody out everywhere."""
        self.clock.move_to(at)
        await self.store.transact(lambda tx: end_everything(tx, person, at))

    async def why(self, token: str) -> str:
        """Give why a link is refused; it is refused alike when it is looked at."""
        with pytest.raises(LinkRefused) as looked:
            await self.sign_in.look(token)
        with pytest.raises(LinkRefused) as used:
            await self.sign_in.use(token)
        assert looked.value.why == used.value.why
        return used.value.why


async def test_a_link_made_just_after_signing_out_in_the_same_second_is_good() -> None:
    door = Door()
    await door.signs_out(IN_A_SECOND)
    token = door.link(IN_A_SECOND + timedelta(milliseconds=50))
    assert (await door.sign_in.use(token)).session.person == "martin"


@pytest.mark.parametrize("sooner", [timedelta(), timedelta(microseconds=1), timedelta(milliseconds=50)])
async def test_a_link_made_before_signing_out_was_withdrawn_and_is_not_called_old(sooner: timedelta) -> None:
    door = Door()
    token = door.link(IN_A_SECOND - sooner)
    await door.signs_out(IN_A_SECOND)
    assert await door.why(token) == "withdrawn"


async def test_signing_somebody_out_withdraws_no_link_of_others() -> None:
    door = Door()
    token = door.link(WEDNESDAY, "sophie")
    await door.signs_out(IN_A_SECOND)
    assert (await door.sign_in.use(token)).session.person == "sophie"


async def test_a_moment_that_nobody_can_read_lets_nobody_in() -> None:
    door = Door()
    await door.signs_out(WEDNESDAY)
    await door.store.transact(lambda tx: tx.put_value("signed out everywhere: martin", "some day"))
    assert await door.why(door.link(IN_A_SECOND)) == "withdrawn"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", ["altered", "early", "expired", "used", "withdrawn"])
def test_each_reason_is_told_with_what_to_do(why: str, language: str) -> None:
    reader, wording = Reader(language, "UTC"), Wording.load(strict=True)
    how = wording.say(Phrase(f"page.error.link_{why}_how"), reader, WEDNESDAY)
    assert {"en": "ask an admin", "fr": "demandez"}[language] in how
