from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from bot import config
from bot.directory import Directory, reception_reader
from bot.domain.policy import Via
from bot.messages import Address
from bot.settings import Away, OpenRange, Postgres, Settings, Teams, Web
from tests.config.conftest import Folder


@pytest.fixture
def settings(folder: Folder) -> Settings:
    return config.load(folder.path / "config.yaml")


def test_a_site_is_read_whole(settings: Settings) -> None:
    site = settings.sites["montreal"]
    assert site.hours[0] == (OpenRange(510, 720), OpenRange(780, 1020))
    assert site.hours[1:] == ((),) * 6
    assert site.closed == {date(2026, 12, 25)}
    assert site.slot == timedelta(minutes=15)


def test_a_person_takes_from_the_site_what_is_not_said(settings: Settings) -> None:
    martin = settings.people["martin"]
    assert (martin.given, martin.language, martin.zone, martin.sites) == (
        "Martin",
        "fr-CA",
        "America/Montreal",
        ("montreal",),
    )
    assert (martin.deputies, martin.manager) == (("sophie",), "sophie")


def test_what_a_person_says_goes_first(folder: Folder) -> None:
    folder.replace(
        "config.yaml",
        "name: Sophie Roy",
        "name: Sophie Roy\n    given: So\n    language: en-CA\n    zone: Europe/Paris",
    )
    sophie = config.load(folder.path / "config.yaml").people["sophie"]
    assert (sophie.given, sophie.language, sophie.zone) == ("So", "en-CA", "Europe/Paris")


def test_absences_are_listed(settings: Settings) -> None:
    assert settings.away == (
        Away(person="martin", first=date(2026, 12, 21), last=date(2026, 12, 31), stand_in="sophie", note=""),
    )


def test_paths_are_counted_from_the_file(settings: Settings, folder: Folder) -> None:
    assert settings.database == folder.path / "hello30.db"


@pytest.mark.parametrize("url", ["postgresql://hello30@db/desk", "postgresql:///desk?host=/run/postgresql"])
def test_a_postgresql_is_named_by_its_url(folder: Folder, url: str) -> None:
    folder.replace(
        "config.yaml", "adapters: {web: {port: 8030}}", f"database: {url}\nadapters: {{web: {{port: 8030}}}}"
    )
    assert config.load(folder.path / "config.yaml").database == Postgres(url)


def test_there_are_four_kinds_when_none_are_said(settings: Settings) -> None:
    assert list(settings.kinds) == ["client", "supplier", "candidate", "walk_in"]
    assert settings.kinds["client"]["fr"] == "Clientèle"


def test_nothing_in_the_settings_can_be_changed(settings: Settings) -> None:
    with pytest.raises(FrozenInstanceError):
        settings.database = Path("other")  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.people["zoe"] = settings.people["martin"]  # type: ignore[index]


@pytest.mark.parametrize("kind,policy", [("supplier", "office"), ("client", "last"), (None, "last")])
def test_the_first_policy_that_covers_a_visit_is_taken(settings: Settings, kind: str | None, policy: str) -> None:
    taken = settings.policy_for(via=Via.IN_PERSON, kind=kind, owner="martin", site="montreal", is_open=True)
    assert taken.name == policy


def test_the_directory_finds_people_and_receptions(settings: Settings) -> None:
    directory = Directory(settings)
    assert directory.person_at(Address("web", "martin")) == settings.people["martin"]
    assert directory.person_at(Address("web", "nobody")) is None
    assert directory.addresses("martin") == (Address("web", "martin"),)
    assert directory.addresses("nobody") == ()
    assert directory.receptions == ("reception:montreal",)
    assert directory.addresses(reception_reader("montreal")) == (Address("web", "reception:montreal"),)
    assert directory.addresses("reception:closed-down") == ()


def test_where_the_pages_are_and_who_does_tls(folder: Folder) -> None:
    where = '{host: 0.0.0.0, port: 8030, url: "https://desk.example.org:8443/", proxies: [10.0.0.5, 10.1.0.0/24]}'
    folder.replace("config.yaml", "{web: {port: 8030}}", f"{{web: {where}}}")
    web = config.load(folder.path / "config.yaml").web
    assert web is not None
    assert (web.url, web.address, web.is_tls) == (*["https://desk.example.org:8443"] * 2, True)
    assert [str(network) for network in web.proxies] == ["10.0.0.5/32", "10.1.0.0/24"]


@pytest.mark.parametrize(
    "host, port, address",
    [("127.0.0.1", 8030, "http://127.0.0.1:8030"), ("::1", 80, "http://[::1]:80"), ("127.0.0.1", 0, "")],
)
def test_without_an_url_the_pages_are_where_they_are_served(host: str, port: int, address: str) -> None:
    assert Web(host=host, port=port).address == address


def test_roles_are_given_by_name(folder: Folder) -> None:
    folder.replace("config.yaml", "name: Sophie Roy", "name: Sophie Roy\n    roles: [admin, auditor]")
    people = config.load(folder.path / "config.yaml").people
    assert people["sophie"].roles == {"admin", "auditor"}
    assert people["martin"].roles == frozenset()


def test_an_email_is_known_by_the_person_and_shown_nowhere(folder: Folder) -> None:
    folder.replace("config.yaml", "name: Sophie Roy", "name: Sophie Roy\n    email: S.O'Roy+desk@mail.example.org")
    settings = config.load(folder.path / "config.yaml")
    assert settings.emails == {"sophie": "S.O'Roy+desk@mail.example.org"}
    assert "Roy+desk" not in repr(settings)


def test_two_people_with_one_email_are_told_apart_without_quoting_it(folder: Folder) -> None:
    folder.replace("config.yaml", "name: Martin Gagnon", "name: Martin Gagnon\n    email: desk@example.org")
    folder.replace("config.yaml", "name: Sophie Roy", "name: Sophie Roy\n    email: Desk@example.org")
    assert folder.faults() == ["config.yaml:25:12: this is the e-mail address of martin already: write another"]


APP = "5f0c1d2e-3b4a-4c5d-8e6f-7a8b9c0d1e2f"
MARTIN = "12345678-1234-1234-1234-123456789012"
TEAMS = f"{{web: {{port: 8030}}, slack: {{}}, teams: {{port: 0, app_id: {APP.upper()}, tenant_id: {MARTIN}}}}}"


def test_teams_is_read_with_who_we_are_there(folder: Folder) -> None:
    folder.replace("config.yaml", "{web: {port: 8030}}", TEAMS)
    folder.replace("config.yaml", "{web: true}", "{teams: 19:abc_D-1@thread.tacv2, web: true}")
    settings = config.load(folder.path / "config.yaml")
    assert settings.teams == Teams(host="127.0.0.1", port=0, app_id=APP, tenant_id=MARTIN)
    channel = Address("teams", "19:abc_D-1@thread.tacv2")
    assert settings.sites["montreal"].reception == (channel, Address("web", "reception:montreal"))


@pytest.mark.parametrize(
    "written, adapters",
    [
        (f"{{web: martin, teams: {MARTIN}, slack: U012AB3CD}}", ["teams", "slack", "web"]),
        (f"{{slack: U012AB3CD, web: martin, teams: {MARTIN}}}", ["slack", "teams", "web"]),
        (f"{{slack: null, web: martin, teams: {MARTIN}}}", ["teams", "web"]),
        ("{web: martin}", ["web"]),
    ],
)
def test_people_are_found_in_the_order_of_the_file_and_on_the_page_last(
    folder: Folder, written: str, adapters: list[str]
) -> None:
    folder.replace("config.yaml", "{web: {port: 8030}}", TEAMS)
    folder.replace("config.yaml", "{web: martin}", written)
    settings = config.load(folder.path / "config.yaml")
    assert [at.adapter for at in settings.addresses["martin"]] == adapters


@tries(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.uuids())
@example(UUID(int=0))
@example(UUID("12345678-1234-1234-1234-123456789012"))
@example(UUID("1e100000-0000-0000-0000-000000000000"))
def test_every_object_id_is_text_as_it_stands(folder: Folder, name: UUID) -> None:
    before = (folder.path / "config.yaml").read_bytes()
    folder.replace("config.yaml", "{web: {port: 8030}}", TEAMS)
    folder.replace("config.yaml", "{web: martin}", f"{{web: martin, teams: {name}}}")
    settings = config.load(folder.path / "config.yaml")
    folder.write("config.yaml", before)
    assert settings.addresses["martin"][0] == Address("teams", str(name))
