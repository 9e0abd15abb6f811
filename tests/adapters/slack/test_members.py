"""Members are looked up in Slack: who they are, how long Slack is waited for, and what is said without an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from adapters.slack.members import BY_EMAIL, PATIENCE, Member, Members, NotAsked, open_members
from tests.adapters.slack.api import TOKEN, Fault, refused, too_many
from tests.adapters.slack.house import settings_of
from tests.adapters.slack.staff import Staff
from tests.fakes import FakeClock
from tests.world import WEDNESDAY


class Hurried(FakeClock):
    """A clock that moves on to whatever is waited for."""

    async def sleep_until(self, moment: datetime) -> None:
        self.move_to(moment)


@asynccontextmanager
async def slack() -> AsyncIterator[Staff]:
    api = Staff(Hurried(WEDNESDAY))
    await api.comes_up()
    try:
        yield api
    finally:
        await api.goes_down()


@asynccontextmanager
async def asked(api: Staff, said: list[str], token: str = TOKEN) -> AsyncIterator[Members]:
    async with open_members(settings_of(api), token, api.clock, said.append) as members:
        yield members


async def test_a_member_is_known_by_id_and_by_email() -> None:
    async with slack() as api, asked(api, []) as members:
        api.hires("U1", "Martin G.", "martin@example.org")
        martin = Member("U1", "Martin G.", is_bot=False, is_active=True)
        assert await members.with_id("U1") == await members.with_email("martin@example.org") == martin
        assert await members.with_id("U2") is None
        assert await members.with_email("sophie@example.org") is None


async def test_what_slack_tells_of_a_member_is_read() -> None:
    async with slack() as api, asked(api, []) as members:
        api.hires("U1", "", name="martin", deleted=True, profile={"real_name": "Martin G."})
        api.hires("U2", "", is_bot=True, name="")
        api.hires("USLACKBOT", "Slackbot")
        assert await members.with_id("U1") == Member("U1", "Martin G.", is_bot=False, is_active=False)
        assert await members.with_id("U2") == Member("U2", "U2", is_bot=True, is_active=True)
        assert await members.with_id("USLACKBOT") == Member("USLACKBOT", "Slackbot", is_bot=True, is_active=True)


async def test_slack_is_waited_for_as_long_as_it_asks_and_that_is_said() -> None:
    said: list[str] = []
    async with slack() as api, asked(api, said) as members:
        api.hires("U1", "Martin G.")
        api.fails("users.info", too_many(30), too_many(0))
        assert await members.with_id("U1")
        assert api.clock.now() == WEDNESDAY + timedelta(seconds=31)
    wait = "Slack takes no more questions just now; going on in {} s."
    assert said == [wait.format(30), wait.format(1)]


@pytest.mark.parametrize("seconds", [60, 121, 3600])
async def test_nobody_waits_for_ever(seconds: int) -> None:
    async with slack() as api, asked(api, []) as members:
        api.fails_always("users.info", too_many(seconds))
        with pytest.raises(NotAsked, match=f"takes no more questions for the next {seconds} seconds"):
            await members.with_id("U1")
        assert api.clock.now() <= WEDNESDAY + PATIENCE


@pytest.mark.parametrize(
    "fault, told",
    [
        (refused("missing_scope", needed=BY_EMAIL), "The bot's token lacks users:read.email. Please bring the app"),
        (refused("missing_scope"), "The bot's token lacks users:read.email. Please bring the app"),
        (refused("account_inactive"), r"Slack does not take the bot's token \(users.lookupByEmail: account_inactive\)"),
        (refused("fatal_error"), r"Slack cannot be asked at the moment \(users.lookupByEmail: fatal_error\)"),
        (Fault(status=503), r"Slack cannot be asked at the moment \(users.lookupByEmail: 503\)"),
        (Fault(before=True), "Slack cannot be asked at the moment"),
    ],
)
async def test_why_slack_gave_no_answer(fault: Fault, told: str) -> None:
    said: list[str] = []
    async with slack() as api, asked(api, said) as members:
        api.fails("users.lookupByEmail", fault)
        with pytest.raises(NotAsked, match=told) as refusal:
            await members.with_email("martin@example.org")
        assert "martin" not in str(refusal.value)
    assert said == []


async def test_a_wrong_token_and_a_slack_that_is_away_are_told() -> None:
    async with slack() as api:
        async with asked(api, [], "xoxb-wrong") as members:
            with pytest.raises(NotAsked, match="SLACK_BOT_TOKEN") as refusal:
                await members.with_id("U1")
            assert "wrong" not in str(refusal.value)
        await api.goes_down()
        async with asked(api, []) as members:
            with pytest.raises(NotAsked, match="cannot be asked at the moment"):
                await members.with_id("U1")
