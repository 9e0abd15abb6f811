"""The door for what Teams posts: nothing is believed that is not signed, and nothing ends in a 500."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from adapters.teams.front import LARGEST
from bot.settings import Teams as TeamsSettings
from tests.adapters.teams.connector import APP, BOT, TENANT
from tests.adapters.teams.driver import Answer
from tests.adapters.teams.house import House, teams_house
from tests.adapters.teams.signer import Signer, new_key
from tests.operations.canary import logged

SIGNED = TeamsSettings(host="127.0.0.1", port=0, app_id=APP, tenant_id=TENANT)
URL = "https://smba.example.org/amer/"
SECRET = "a-client-secret"


@dataclass
class Guarded:
    """A house on Teams that believes only what is signed, and whoever signs."""

    house: House
    signer: Signer

    def activity(self, person: str = "nadia", **more: Any) -> dict[str, Any]:
        return self.house.teams.activity(person, **{"serviceUrl": URL, "text": "hello", **more})

    def good(self, **other: Any) -> dict[str, Any]:
        return self.signer.claims(URL, now=time.time(), **other)

    async def posts(self, header: str | None, activity: Any = None) -> Answer:
        headers = {} if header is None else {"Authorization": header}
        return await self.house.teams.posts(json.dumps(activity or self.activity()), headers)

    async def is_let_in(self, activity: Any = None) -> bool:
        return (await self.posts(self.signer.signs(self.good()), activity)).status == 202


@asynccontextmanager
async def guarded(teams: TeamsSettings = SIGNED, *, away: bool = False) -> AsyncIterator[Guarded]:
    signer = Signer(away=away)
    await signer.comes_up()
    async with teams_house(starts=False) as house:
        house.is_joined(teams, password=SECRET, keys_url=signer.url)
        await house.begins(installed=False)
        try:
            yield Guarded(house, signer)
        finally:
            await signer.goes_down()


@pytest.fixture
async def door() -> AsyncIterator[Guarded]:
    async with guarded() as made:
        yield made


async def test_what_is_signed_for_us_is_let_in(door: Guarded) -> None:
    assert await door.is_let_in()
    known = await door.house.adapter._references.person(door.house.teams.object_id("nadia"))
    assert known is not None
    assert (known.service_url, known.conversation) == (URL, "a:nadia")


Bad = Callable[[Guarded], str | None]


def signs(**other: Any) -> Bad:
    return lambda door: door.signer.signs(door.good(**other))


def altered(door: Guarded) -> str:
    head, body, signature = door.signer.signs(door.good()).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = base64.urlsafe_b64encode(json.dumps({**claims, "serviceurl": URL + "x"}).encode()).decode().rstrip("=")
    return f"{head}.{other}.{signature}"


BAD: dict[str, Bad] = {
    "none at all": lambda door: None,
    "empty": lambda door: "",
    "no Bearer": lambda door: door.signer.signs(door.good()).removeprefix("Bearer "),
    "Basic": lambda door: "Basic dXNlcjpwYXNz",
    "no token": lambda door: "Bearer ",
    "rubbish": lambda door: "Bearer a.b.c",
    "rubbish that is not ASCII": lambda door: "Bearer é.ü.ö",
    "two tokens": lambda door: f"{door.signer.signs(door.good())} more",
    "wrong audience": signs(aud="00000000-0000-0000-0000-000000000000"),
    "no audience": signs(aud=None),
    "several audiences": signs(aud=[APP]),
    "wrong issuer": signs(iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"),
    "issuer of emulators": signs(
        iss="https://login.microsoftonline.com/f8cdef31-a31e-4b4a-93e4-5f571e91255a/v2.0", ver="2.0", azp=APP
    ),
    "several issuers": signs(iss=["https://api.botframework.com"]),
    "no issuer": signs(iss=None),
    "of another bot": signs(ver="1.0", appid="another", aud="another"),
    "wrong service URL": signs(serviceurl="https://evil.example.org/"),
    "no service URL": signs(serviceurl=None),
    "over": signs(exp=int(time.time()) - 3600),
    "without an end": signs(exp=None),
    "not begun": signs(nbf=int(time.time()) + 3600),
    "algorithm none": lambda door: door.signer.signs(door.good(), alg="none"),
    "another algorithm": lambda door: door.signer.signs(door.good(), alg="RS384"),
    "signed with the public key": lambda door: door.signer.signs(door.good(), alg="HS256", key="x" * 64),
    "unknown kid": lambda door: door.signer.signs(door.good(), kid="k2"),
    "kid that is no text": lambda door: door.signer.signs(door.good(), kid=""),
    "signed by somebody else": lambda door: door.signer.signs(door.good(), key=new_key()),
    "altered": altered,
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_token_is_refused_and_leaves_nothing(door: Guarded, name: str) -> None:
    answer = await door.posts(BAD[name](door), door.activity(text="Julie Tremblay for Martin Gagnon"))
    assert answer.status == 401, answer
    assert await door.house.adapter._references.here() is None
    assert await door.house.store.read(lambda tx: tx.visits(open_only=False)) == []


@pytest.mark.parametrize("endorsements", [(), None, ("webchat", "directline")])
async def test_a_key_that_may_not_speak_for_teams_is_refused(endorsements: tuple[str, ...] | None) -> None:
    async with guarded(away=True) as door:
        door.signer.endorsements, door.signer.away = endorsements, False
        door.house.clock.move_to(door.house.clock.now() + timedelta(seconds=10))
        answer = await door.posts(door.signer.signs(door.good()))
        assert answer.status == 401
        assert "key_not_endorsed" in answer.body


@pytest.mark.parametrize("wrong", [{"channelId": "directline"}, {"channelId": None}, {"serviceUrl": None}])
async def test_what_is_not_from_teams_is_refused_however_well_it_is_signed(door: Guarded, wrong: Any) -> None:
    assert (await door.posts(door.signer.signs(door.good()), door.activity(**wrong))).status == 401


async def test_while_the_keys_cannot_be_fetched_nobody_is_let_in_and_it_is_said() -> None:
    async with guarded(away=True) as door:
        answer = await door.posts(door.signer.signs(door.good()))
        assert answer.status == 503
        deaf = door.house.adapter.deaf
        assert deaf is not None
        assert deaf.detail == "ClientResponseError"
        fetched = door.signer.fetched
        await door.posts(door.signer.signs(door.good()))
        assert door.signer.fetched == fetched  # not once for each that asks to be let in
        door.signer.away = False
        door.house.clock.move_to(door.house.clock.now() + timedelta(seconds=10))
        assert await door.is_let_in()
        assert door.house.adapter.deaf is None


async def test_keys_are_fetched_once_and_for_a_new_one_at_most_every_five_minutes(door: Guarded) -> None:
    for _ in range(3):
        assert await door.is_let_in()
    assert door.signer.fetched == 1
    door.signer.key, door.signer.kid = new_key(), "k2"
    assert not await door.is_let_in()
    door.house.clock.move_to(door.house.clock.now() + timedelta(minutes=6))
    assert await door.is_let_in()
    assert (await door.posts(door.signer.signs(door.good(), kid="k3"))).status != 202
    assert door.signer.fetched == 2


async def test_keys_that_could_not_be_fetched_anew_for_two_days_are_believed_no_more(door: Guarded) -> None:
    assert await door.is_let_in()
    door.signer.away = True
    door.house.clock.move_to(door.house.clock.now() + timedelta(days=1))
    assert await door.is_let_in()
    door.house.clock.move_to(door.house.clock.now() + timedelta(days=1, minutes=1))
    assert (await door.posts(door.signer.signs(door.good()))).status == 503


@pytest.mark.parametrize("where", ["channelData", "conversation"])
async def test_another_organisation_is_refused(door: Guarded, where: str) -> None:
    other = door.activity()
    if where == "channelData":
        other["channelData"]["tenant"]["id"] = "another"
    else:
        other["conversation"]["tenantId"] = "another"
    answer = await door.posts(door.signer.signs(door.good()), other)
    assert answer.status == 403
    assert "other_tenant" in answer.body
    assert await door.house.adapter._references.here() is None


async def test_without_a_tenant_in_the_configuration_every_one_is_taken() -> None:
    async with guarded(replace(SIGNED, tenant_id="")) as door:
        other = door.activity()
        other["channelData"]["tenant"]["id"] = other["conversation"]["tenantId"] = "another"
        assert await door.is_let_in(other)


async def test_where_teams_is_reached_without_tls_is_never_kept(door: Guarded) -> None:
    plain = "http://smba.example.org/"
    header = door.signer.signs(door.signer.claims(plain, now=time.time()))
    assert (await door.posts(header, door.activity(serviceUrl=plain))).status == 202
    assert await door.house.adapter._references.here() is None


# --- what is no activity ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"[1, 2]",
        b'"text"',
        b"null",
        b"{}",
        b'{"type": ""}',
        b'{"type": 7}',
        b"\xff\xfe",
        b"[" * 90_000,
    ],
)
async def test_what_is_no_activity_is_a_400(world: House, body: bytes) -> None:
    assert (await world.teams.posts(body)).status == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_what_is_no_json_is_a_415(world: House, kind: str) -> None:
    body = json.dumps(world.teams.activity("nadia", text="hello"))
    assert (await world.teams.posts(body, {"Content-Type": kind})).status == 415


async def test_an_activity_of_five_megabytes_is_a_413_and_one_of_half_a_megabyte_is_taken(world: House) -> None:
    large = json.dumps(world.teams.activity("nadia", text="x" * 5 * LARGEST))
    assert (await world.teams.posts(large)).status == 413
    await world.teams.sends(world.teams.activity("nadia", text="x" * (LARGEST // 2)))
    await world.goes_on()


@pytest.mark.parametrize("path", ["/", "/api", "/api/messages/", "/livez"])
async def test_there_is_nothing_else(world: House, path: str) -> None:
    assert (await world.teams.posts("{}", path=path)).status == 404


async def test_only_posts_are_taken(world: House) -> None:
    async with ClientSession() as session, session.get(f"http://127.0.0.1:{world.teams.port}/api/messages") as answer:
        assert answer.status == 405


@pytest.mark.parametrize("host", ["evil.example.org", "evil.example.org:3978", "10.0.0.1", "[2001:db8::1]:1"])
async def test_a_page_in_a_browser_cannot_speak_for_teams_on_this_machine(world: House, host: str) -> None:
    body = json.dumps(world.teams.activity("nadia", text="hello"))
    assert (await world.teams.posts(body, {"Host": host})).status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:9", "[::1]:3978"])
async def test_this_machine_has_several_names(world: House, host: str) -> None:
    body = json.dumps(world.teams.activity("nadia", text="hello"))
    assert (await world.teams.posts(body, {"Host": host})).status == 202
    await world.goes_on()


@pytest.mark.parametrize(
    "kind", ["never/seen", "typing", "messageReaction", "endOfConversation", "event", "trace", "handoff", "command"]
)
async def test_an_activity_of_a_kind_never_seen_does_nothing(world: House, kind: str) -> None:
    before = len(world.connector.calls)
    await world.teams.sends(world.teams.activity("nadia", kind=kind, text="Julie Tremblay for Martin Gagnon"))
    await world.goes_on()
    assert len(world.connector.calls) == before
    assert await world.store.read(lambda tx: tx.visits(open_only=False)) == []


@pytest.mark.parametrize("name", ["task/fetch", "composeExtension/query", "never/seen", "", None])
async def test_an_invoke_that_we_know_nothing_of_is_answered_with_nothing(world: House, name: str | None) -> None:
    answer = await world.teams.sends(world.teams.activity("nadia", kind="invoke", name=name, value={"x": 1}))
    assert (answer.status, answer.body) == (200, "")


@pytest.mark.parametrize(
    "without", ["from", "recipient", "conversation", "channelData", "id", "serviceUrl", "channelId"]
)
@pytest.mark.parametrize("kind", ["message", "invoke", "conversationUpdate", "installationUpdate"])
@pytest.mark.parametrize("instead", [None, "text", 7, [], {}, {"id": 7}])
async def test_a_part_that_is_missing_or_odd_does_no_harm(world: House, without: str, kind: str, instead: Any) -> None:
    odd = world.teams.activity("nadia", kind=kind, text="hello", name="adaptiveCard/action")
    odd[without] = instead
    assert (await world.teams.posts(json.dumps(odd))).status in {200, 202, 400}
    del odd[without]
    assert (await world.teams.posts(json.dumps(odd))).status in {200, 202, 400}
    await world.goes_on()
    world.connector.refused.clear()


def odder(found: Any, chance: random.Random) -> Any:
    """Put something else in the place of a part, anywhere."""
    if isinstance(found, dict) and found and chance.random() < 0.9:
        name = chance.choice(list(found))
        return {**found, name: odder(found[name], chance)}
    if isinstance(found, list) and found and chance.random() < 0.8:
        return [odder(found[0], chance), *found[1:]]
    odd: list[Any] = [
        None,
        0,
        -1,
        1e308,
        True,
        "",
        "x",
        "\ud800",
        "\x00",
        "<at>",
        "19:",
        [],
        {},
        [[]],
        [None],
        {"id": 1},
    ]
    return chance.choice([*odd, {"hello30": {"act": "form"}}, {"hello30": 1}, "a" * 5000])


@pytest.mark.parametrize("seed", range(40))
async def test_whatever_comes_in_is_no_fault_of_ours(world: House, seed: int) -> None:
    await world.mentions("nadia", "Julie Tremblay for Martin Gagnon")
    chance = random.Random(seed)
    press = world.teams.pressed("martin", world.message("martin"), "In 2 min")
    member = {"id": "29:martin", "aadObjectId": world.teams.object_id("martin")}
    mention = {"type": "mention", "text": "<at>hello30</at>", "mentioned": {"id": BOT}}
    kinds = [
        press,
        {**press, "type": "message", "value": press["value"]["action"]["data"]},
        world.teams.activity("nadia", text="new", in_channel=True, entities=[mention], attachments=[{"content": "x"}]),
        world.teams.activity("martin", kind="conversationUpdate", membersAdded=[member], membersRemoved=[member]),
        world.teams.activity("martin", kind="installationUpdate", action="remove"),
    ]
    for _ in range(15):
        odd = chance.choice(kinds)
        for _ in range(chance.randint(1, 3)):
            odd = odder(odd, chance)
        answer = await world.teams.posts(json.dumps(odd))
        assert answer.status in {200, 202, 400}, (answer, odd)
    await world.goes_on()
    world.connector.refused.clear()


async def test_nothing_that_was_typed_is_logged(world: House, capfd: pytest.CaptureFixture[str]) -> None:
    with logged() as lines:
        await world.teams.posts(json.dumps({"type": "message", "text": "Tremblay-canary"})[:-1])
        await world.teams.posts(json.dumps({"type": 7, "text": "Tremblay-canary"}))
        odd = world.teams.activity("nadia", text="Tremblay-canary", conversation=7)
        await world.teams.posts(json.dumps(odd))
        await world.teams.posts(json.dumps({"text": "Tremblay-canary"}), {"Content-Type": "text/plain"})
        await world.writes("nadia", "Tremblay-canary for Martin Gagnon")
    out, err = capfd.readouterr()
    assert "canary" not in f"{lines} {out} {err}"
