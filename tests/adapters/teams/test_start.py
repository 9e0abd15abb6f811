"""How hello30 comes up in Teams: what an admin must set right is one clear sentence, and what passes is waited for."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.teams.adapter import TeamsAdapter
from adapters.teams.faults import NoToken, TokenRefused
from adapters.teams.tokens import Tokens, entra
from bot import bootstrap, courier
from bot.errors import DeliveryError, DeliveryKind, Hello30Error
from bot.language.wording import Wording
from bot.messages import Address
from bot.notebook import StoredNotebook
from bot.ports import WhyDeaf
from bot.settings import Settings, Teams
from bot.storage.memory import MemoryStore
from tests.adapters.teams.connector import APP, TENANT, Fault
from tests.adapters.teams.driver import Teams as Driver
from tests.adapters.teams.house import LOCAL, Entra, House, on_teams, teams_house
from tests.adapters.teams.signer import Signer
from tests.contracts.test_adapter import card
from tests.fakes import FakeClock
from tests.operations.canary import logged
from tests.world import WEDNESDAY, World

PASSWORD = "a-client-secret"
APP_ON_THIS_MACHINE = replace(LOCAL, app_id=APP, tenant_id=TENANT)
"""An app whose words are checked, and which writes to this machine only; no configuration says so, for tests alone."""
MARTIN = Address("teams", Driver.object_id("martin"))
REFUSED = {"error": "invalid_client", "error_codes": [7000215], "error_description": f"not {PASSWORD}"}


SDK = re.compile(r"^\s*(?:from|import) (botbuilder|botframework|msrest)\b", re.MULTILINE)
ROOT = Path(__file__).parents[3]


def test_microsofts_sdk_which_is_at_its_end_stays_in_two_files() -> None:
    sources = [file for part in ("adapters", "bot") for file in (ROOT / part).rglob("*.py")]
    found = {str(file.relative_to(ROOT)) for file in sources if SDK.search(file.read_text(encoding="utf-8"))}
    assert found == {"adapters/teams/adapter.py", "adapters/teams/signing.py"}


def of_environment(settings: Settings, environ: Mapping[str, str]) -> TeamsAdapter:
    store = MemoryStore()
    views = World(store, WEDNESDAY, settings=on_teams()).parts.views
    notebook, wording = StoredNotebook(store, "teams"), Wording.load()
    return TeamsAdapter.configured(
        settings, environ, notebook=notebook, views=views, wording=wording, clock=FakeClock(WEDNESDAY)
    )


@pytest.mark.parametrize(
    "teams, environ, named",
    [
        (replace(LOCAL, insecure_local=False), {}, "without an app_id, so anybody could speak for Teams"),
        (
            replace(LOCAL, insecure_local=False),
            {"TEAMS_APP_PASSWORD": PASSWORD},
            "without an app_id, so anybody could speak for Teams",
        ),
        (replace(LOCAL, host="0.0.0.0"), {}, "0.0.0.0 can be reached by others"),
        (replace(LOCAL, host="::"), {}, "can be reached by others"),
        (replace(LOCAL, insecure_local=False, app_id=APP), {}, "TEAMS_APP_PASSWORD is not set"),
        (
            replace(LOCAL, insecure_local=False, app_id=APP),
            {"TEAMS_APP_PASSWORD": " "},
            "TEAMS_APP_PASSWORD is not set",
        ),
    ],
)
def test_what_may_not_be_is_refused_with_a_clear_sentence(teams: Teams, environ: dict[str, str], named: str) -> None:
    with pytest.raises(Hello30Error) as caught:
        of_environment(replace(on_teams(), teams=teams), environ)
    assert named in str(caught.value)


def test_the_password_is_the_environments() -> None:
    settings = replace(on_teams(), teams=replace(LOCAL, insecure_local=False, app_id=APP, tenant_id=TENANT))
    assert of_environment(settings, {"TEAMS_APP_PASSWORD": PASSWORD}).name == "teams"
    assert of_environment(replace(settings, teams=LOCAL), {}).name == "teams"
    with pytest.raises(Hello30Error):
        of_environment(on_teams(), {"TEAMS_APP_PASSWORD": PASSWORD})


async def test_a_port_that_is_taken_is_a_clear_sentence(world: House) -> None:
    async with teams_house(starts=False) as other:
        other.is_joined(replace(LOCAL, port=world.adapter.port))
        with pytest.raises(Hello30Error) as caught:
            await other.begins()
        assert "another program uses this port" in str(caught.value)
        assert other.adapter.port == 0
        assert other.adapter._session is None


def test_the_end_comes_before_whoever_stops_us_gives_up_and_after_a_message_that_is_under_way() -> None:
    within = of_environment(replace(on_teams(), teams=LOCAL), {}).stop_within
    assert courier.CALL_WITHIN < within < bootstrap.STOP_WITHIN


# --- an app ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def with_app(*says: Any, away: bool = False) -> AsyncIterator[tuple[House, Signer]]:
    """Have a house with an app; `says` is what Entra says first."""
    signer = Signer(away=away)
    await signer.comes_up()
    async with teams_house(starts=False) as house:
        house.entra.says += says
        house.is_joined(APP_ON_THIS_MACHINE, password=PASSWORD, keys_url=signer.url)
        try:
            yield house, signer
        finally:
            await signer.goes_down()


async def told_by_teams(house: House, signer: Signer, *people: str) -> None:
    """Teams tells that these people have the app."""
    house.teams.headers["Authorization"] = signer.signs(signer.claims(house.connector.url, now=time.time()))
    await house.teams.adds_team()
    for person in people:
        await house.teams.installs(person)


async def test_what_we_send_has_our_token_and_it_is_asked_for_once() -> None:
    async with with_app() as (house, signer):
        await house.begins(installed=False)
        await told_by_teams(house, signer, "martin")
        for key in ("k1", "k2"):
            await house.adapter.deliver(card(), MARTIN, key)
        assert {call.token for call in house.connector.calls} == {"Bearer token-1"}
        assert house.entra.asked == 1


async def test_where_anybody_is_believed_no_token_is_sent(world: House) -> None:
    await world.adapter.deliver(card(), MARTIN, "k1")
    assert {call.token for call in world.connector.calls} == {""}
    assert world.entra.asked == 0


async def test_the_next_token_is_asked_for_before_the_first_one_ends() -> None:
    async with with_app() as (house, signer):
        await house.begins(installed=False)
        await told_by_teams(house, signer, "martin")
        for _ in range(3):  # what sleeps is woken by the clock, and goes on when it is its turn
            await asyncio.sleep(0)
        house.clock.move_to(house.clock.now() + timedelta(minutes=51))
        tokens = house.adapter._tokens
        assert tokens is not None
        await house.until(lambda: tokens._token is not None and tokens._token.text == "token-2")
        await house.adapter.deliver(card(), MARTIN, "k1")
        assert house.connector.calls[-1].token == "Bearer token-2"


async def test_a_token_that_teams_refuses_is_tried_anew_once() -> None:
    async with with_app() as (house, signer):
        await house.begins(installed=False)
        await told_by_teams(house, signer, "martin")
        house.connector.faults.append(Fault(401))
        await house.adapter.deliver(card(), MARTIN, "k1")
        assert [call.token for call in house.connector.calls] == ["Bearer token-1", "Bearer token-2"]
        house.connector.faults.extend([Fault(401, "BotNotRegistered"), Fault(401, "BotNotRegistered")])
        with pytest.raises(DeliveryError) as caught:
            await house.adapter.deliver(card(), MARTIN, "k2")
        assert caught.value.kind is DeliveryKind.MISCONFIGURED


async def test_a_password_that_entra_refuses_is_a_clear_sentence() -> None:
    async with with_app(REFUSED) as (house, _):
        with pytest.raises(Hello30Error) as caught:
            await house.begins(installed=False)
        said = str(caught.value)
        assert "Entra does not take the app's password (invalid_client AADSTS7000215)" in said
        assert "TEAMS_APP_PASSWORD" in said
        assert PASSWORD not in said
        assert house.adapter.port == 0


@pytest.mark.parametrize("away", [requests.ConnectionError(), RuntimeError(), {"error": "temporarily_unavailable"}])
async def test_where_entra_cannot_be_asked_messages_wait_and_it_is_asked_again(away: Any) -> None:
    async with with_app() as (house, signer):
        house.entra.always = away
        await house.begins(installed=False)
        await told_by_teams(house, signer, "martin")
        with pytest.raises(DeliveryError) as caught:
            await house.adapter.deliver(card(), MARTIN, "k1")
        assert caught.value.kind is DeliveryKind.WAIT_UNTIL
        house.entra.always = None
        await house.adapter.deliver(card(), MARTIN, "k1")


async def test_a_password_that_entra_refuses_later_stops_what_goes_out_until_an_admin_acts() -> None:
    async with with_app() as (house, signer):
        await house.begins(installed=False)
        await told_by_teams(house, signer, "martin")
        house.clock._now += timedelta(hours=2)
        house.entra.says.append(REFUSED)
        with pytest.raises(DeliveryError) as caught:
            await house.adapter.deliver(card(), MARTIN, "k1")
        assert caught.value.kind is DeliveryKind.MISCONFIGURED
        assert PASSWORD not in caught.value.detail


async def test_without_keys_nothing_that_people_do_reaches_us_and_that_is_said() -> None:
    async with with_app(away=True) as (house, signer):
        await house.begins(installed=False)
        deaf = house.adapter.deaf
        assert deaf is not None
        assert (deaf.why, deaf.since) == (WhyDeaf.NOT_KNOWN, WEDNESDAY)
        signer.away = False
        for _ in range(3):
            await asyncio.sleep(0)
        house.clock.move_to(house.clock.now() + timedelta(seconds=10))
        await house.until(lambda: house.adapter.deaf is None)


# --- tokens ----------------------------------------------------------------------------------------------------------


async def test_a_token_is_asked_for_in_a_thread_and_by_one_task_at_a_time() -> None:
    threads = set[int]()
    entra_side = Entra()

    def ask() -> dict[str, Any]:
        threads.add(threading.get_ident())
        return entra_side()

    tokens = Tokens(ask, FakeClock(WEDNESDAY))
    assert await asyncio.gather(*(tokens.token() for _ in range(5))) == ["token-1"] * 5
    assert threading.get_ident() not in threads


async def test_a_token_is_used_no_more_shortly_before_its_end() -> None:
    clock = FakeClock(WEDNESDAY)
    tokens = Tokens(Entra(), clock)
    assert await tokens.token() == "token-1"
    clock.move_to(WEDNESDAY + timedelta(minutes=58))
    assert await tokens.token() == "token-1"
    clock.move_to(WEDNESDAY + timedelta(minutes=59))
    assert await tokens.token() == "token-2"


@pytest.mark.parametrize(
    "said, raised",
    [
        ({"error": "invalid_client"}, TokenRefused),
        ({"error": "unauthorized_client", "error_codes": "no"}, TokenRefused),
        (ValueError("no tenant"), TokenRefused),
        ({}, TokenRefused),
        ({"access_token": "", "expires_in": 1}, TokenRefused),
        ({"access_token": "x"}, TokenRefused),
        ({"error": "server_error"}, NoToken),
        (requests.Timeout(), NoToken),
        (OSError(), NoToken),
    ],
)
async def test_what_entra_says_instead_of_a_token(said: Any, raised: type[Exception]) -> None:
    with pytest.raises(raised) as caught:
        await Tokens(Entra(says=[said]), FakeClock(WEDNESDAY)).token()
    assert "no tenant" not in str(caught.value)


async def test_that_there_is_no_token_is_logged_once() -> None:
    clock = FakeClock(WEDNESDAY)
    entra_side = Entra(says=[requests.ConnectionError()] * 4)
    tokens = Tokens(entra_side, clock)
    with logged() as lines:
        await tokens.first()
        keeping = asyncio.create_task(tokens.keep_fresh())
        async with asyncio.timeout(5):
            while entra_side.asked < 5:
                await asyncio.sleep(0.001)
                clock.move_to(clock.now() + timedelta(minutes=1))
        keeping.cancel()
        await asyncio.wait([keeping])
    assert lines.getvalue().count("teams.no_token") == 1


class Network:
    """Where Microsoft's own library believes the network to be."""

    def __init__(self, token: dict[str, Any], status: int = 200) -> None:
        self.token, self.status = token, status
        self.asked: list[tuple[str, Any]] = []

    def get(self, url: str, **_: Any) -> Any:
        self.asked.append((url, None))
        base = url.partition("/v2.0")[0]
        return self._answer(
            200,
            {
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "issuer": f"{base}/v2.0",
            },
        )

    def post(self, url: str, **more: Any) -> Any:
        self.asked.append((url, more.get("data")))
        return self._answer(self.status, self.token)

    def close(self) -> None:
        """There is nothing to be closed."""

    def _answer(self, status: int, body: dict[str, Any]) -> Any:
        answer = requests.Response()
        answer.status_code, answer._content = status, json.dumps(body).encode()
        return answer


async def test_microsofts_library_asks_for_what_we_want() -> None:
    network = Network({"access_token": "t", "expires_in": 3599, "token_type": "Bearer"})
    tokens = Tokens(entra(APP, PASSWORD, TENANT, http=network), FakeClock(WEDNESDAY))
    assert await tokens.token() == "t"
    url, sent = network.asked[-1]
    assert url == f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"
    assert (sent["grant_type"], sent["client_id"]) == ("client_credentials", APP)
    assert "https://api.botframework.com/.default" in sent["scope"]
    tokens.refused("t")
    before = len(network.asked)
    await tokens.token()
    assert len(network.asked) == before + 1  # a new one, not the one that the library has kept


async def test_what_entra_refuses_comes_through_microsofts_library() -> None:
    network = Network({"error": "invalid_client", "error_codes": [7000215], "error_description": "AADSTS"}, 401)
    with pytest.raises(TokenRefused) as caught:
        await Tokens(entra(APP, PASSWORD, "", http=network), FakeClock(WEDNESDAY)).token()
    assert str(caught.value) == "invalid_client AADSTS7000215"
    assert "/botframework.com/" in network.asked[-1][0]
