"""What may stand in config.yaml, part by part. What parts must agree on is in `bot.config_checks`."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Any, Final
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import Field

from bot.platform_ids import read_app_id, read_channel, read_member, read_object_id, read_teams_channel, read_tenant_id
from bot.settings import OpenRange, Slack, Teams, Web, has_password
from bot.yaml_shape import Day, Id, Shape, Words, Wrong, did_you_mean, one_of, written

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SLOTS: Final = ("5m", "10m", "15m", "20m", "30m", "60m")
DEFAULT_KINDS: Final = {
    "client": {"en": "Client", "fr": "Clientèle"},
    "supplier": {"en": "Supplier", "fr": "Fournisseur"},
    "candidate": {"en": "Candidate", "fr": "Candidature"},
    "walk_in": {"en": "Walk-in", "fr": "Sans rendez-vous"},
}


# --- values ----------------------------------------------------------------------------------------------------------

_RANGE = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?[-\u2013] ?([0-9]{1,2}):([0-9]{2})")


def _read_range(text: str) -> OpenRange:
    if not (parts := _RANGE.fullmatch(text)):
        raise Wrong(f'"{text}" is no opening hours: write from-to, such as "08:30-12:00"')
    hour, minute, end_hour, end_minute = map(int, parts.groups())
    opening = OpenRange(hour * 60 + minute, end_hour * 60 + end_minute)
    if max(minute, end_minute) > 59 or opening.end > 24 * 60:
        raise Wrong(f'"{text}" has a time that is on no clock: the last one of a day is 24:00')
    if opening.start >= opening.end:
        advice = "write the earlier time first (a night is two ranges: until 24:00, from 00:00)"
        raise Wrong(f'"{text}" ends before it begins: {advice}')
    return opening


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def _read_zone(text: str) -> str:
    if text not in _zones():
        near = did_you_mean(text, sorted(_zones()))
        raise Wrong(f'"{text}" is no time zone: {near if near.startswith("did") else "write one such as Europe/Paris"}')
    return text


SPOKEN = ("en", "fr")
"""The languages that there are catalogues for; `bot.language` is above this module, a test compares them."""


def read_language(text: str) -> str:
    """Read a language tag such as fr-CA; raises `Wrong`."""
    try:
        locale = Locale.parse(text.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        raise Wrong(f'"{text}" is no language that is known: write a tag such as en, fr or fr-CA') from None
    tag = str(locale).replace("_", "-")
    if text != tag:
        raise Wrong(f'"{text}" is written otherwise: write {tag}')
    if locale.language not in SPOKEN:
        raise Wrong(f'hello30 does not speak "{text}" yet: write {" or ".join(SPOKEN)}')
    return text


_DATABASE = "write a file such as hello30.db, or postgresql://user@host/name"


def read_database(text: str, where: str = "into this file") -> str:
    """Read a database; raises `Wrong`, also for a password, which belongs nowhere that it is written down."""
    scheme, is_url, rest = text.partition("://")
    if not rest:
        if is_url or not text.strip() or scheme.startswith(("postgres:", "postgresql:")):
            raise Wrong(f'"{text}" is no database: {_DATABASE}')
        return text
    if scheme not in {"postgresql", "postgres"}:
        raise Wrong(f'"{scheme}" is no database that is known: {_DATABASE}')
    if has_password(text):
        raise Wrong(f"a password does not belong {where}: take it out, and set PGPASSWORD where hello30 runs")
    return text


_HERE: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})


def _read_host(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise Wrong(f'"{text}" is no address of a machine: write 127.0.0.1 for this one, or 0.0.0.0 for all') from None


_URL = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(?::([0-9]{1,5}))?/?")
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LAST_PORT: Final = 65535


def _read_url(text: str) -> str:
    if not (parts := _URL.fullmatch(text)):
        raise Wrong(f'"{text}" is no address of pages: write it in small letters, such as https://desk.example.org')
    if not _is_host(parts[2]):
        raise Wrong(f'"{parts[2]}" is no name that a browser can ask for: write one such as desk.example.org')
    if parts[3] and not 1 <= int(parts[3]) <= _LAST_PORT:
        raise Wrong(f"there is no port {parts[3]}: write one from 1 to {_LAST_PORT}, or leave it out")
    if parts[1] == "http" and parts[2] not in _HERE:
        raise Wrong(f'"{text}" can be read along on its way: write https://, and let a proxy do TLS')
    return text.removesuffix("/")


def _is_host(text: str) -> bool:
    """Tell whether browsers send just this in `Host`: a name, or an address written as they write it."""
    bare = text.strip("[]")
    if bare == text and not text.rpartition(".")[2].isdigit():
        return bool(_NAME.fullmatch(text))
    try:  # what ends in a number is an address to a browser, and 127.1 would become 127.0.0.1
        return str(ip_address(bare)) == bare
    except ValueError:
        return False


_WIDEST: Final = {4: 8, 6: 7}
"""The shortest prefixes: no network that is somebody's own is wider than 10.0.0.0/8 and fc00::/7."""


def _read_network(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text)
    except ValueError:
        raise Wrong(f'"{text}" is no address of a proxy: write one such as 10.0.0.5, or 10.0.0.0/24') from None
    if network.prefixlen < _WIDEST[network.version]:
        advice = "write the address of your own proxy, such as 10.0.0.5"
        raise Wrong(f'"{text}" takes in machines of others, and what they say would be believed: {advice}')
    return network


SLACK_API: Final = "https://slack.com/api/"


def _read_api(text: str) -> str:
    _read_url(text.removesuffix("api/"))
    if not text.endswith("/api/"):
        raise Wrong(f'"{text}" is no Web API of Slack: write {SLACK_API}, or leave it out')
    return text


_IN_EMAIL = r"[^\s@<>(),;:\"\[\]\\]"
_EMAIL = re.compile(rf"(?=.{{3,254}}$){_IN_EMAIL}{{1,64}}@{_IN_EMAIL}+(?<!\.)\.{_IN_EMAIL}+(?<!\.)")


def _read_email(text: str) -> str:
    if not _EMAIL.fullmatch(text):  # what was written is not repeated: whoever starts hello30 may log its faults
        raise Wrong("this is no e-mail address: write one such as martin@example.org")
    return text


Hours = Annotated[OpenRange, written(_read_range)]
Zone = Annotated[str, written(_read_zone)]
Language = Annotated[str, written(read_language)]
Member = Annotated[str, written(read_member)]
Email = Annotated[str, written(_read_email)]
Channel = Annotated[str, written(read_channel)]
ObjectId = Annotated[str, written(read_object_id)]
TeamsChannel = Annotated[str, written(read_teams_channel)]
Network = Annotated[IPv4Network | IPv6Network, written(_read_network)]


# --- parts -----------------------------------------------------------------------------------------------------------


class WebShape(Shape):
    """Where the web pages are served, and at which address people open them; port 0 takes any that is free."""

    host: Annotated[str, written(_read_host)] = "127.0.0.1"
    port: int = Field(default=8030, ge=0, le=65535)
    url: Annotated[str, written(_read_url)] | None = None
    proxies: list[Network] = Field(default=[])

    def web(self) -> Web:
        """Give it as what the rest of the program reads."""
        return Web(host=self.host, port=self.port, url=self.url or "", proxies=tuple(self.proxies))


class SlackShape(Shape):
    """How Slack is heard: over a websocket that we open, or at an address of ours to which it posts."""

    mode: Annotated[str, one_of("socket", "http")] = "socket"
    host: Annotated[str, written(_read_host)] | None = None
    port: int | None = Field(default=None, ge=0, le=65535)
    api_url: Annotated[str, written(_read_api)] = SLACK_API

    def slack(self) -> Slack:
        """Give it as what the rest of the program reads."""
        port = 8032 if self.port is None else self.port
        return Slack(mode=self.mode, host=self.host or "127.0.0.1", port=port, api_url=self.api_url)


class TeamsShape(Shape):
    """Where Teams posts to us, and which app we are there."""

    host: Annotated[str, written(_read_host)] = "127.0.0.1"
    port: int = Field(default=3978, ge=0, le=65535)
    app_id: Annotated[str, written(read_app_id)] = ""
    tenant_id: Annotated[str, written(read_tenant_id)] = ""
    insecure_local: bool = False

    def teams(self) -> Teams:
        """Give it as what the rest of the program reads."""
        return Teams(
            host=self.host,
            port=self.port,
            app_id=self.app_id,
            tenant_id=self.tenant_id,
            insecure_local=self.insecure_local,
        )


class OperationsShape(Shape):
    """Where whoever looks after hello30 asks how it is."""

    host: Annotated[str, written(_read_host)] = "127.0.0.1"
    port: int = Field(default=8031, ge=0, le=65535)


class AdaptersShape(Shape):
    """The platforms that are used."""

    web: WebShape = Field(examples=["{port: 8030}"])
    slack: SlackShape | None = None
    teams: TeamsShape | None = None


class AddressesShape(Shape):
    """Where a person is found."""

    web: Id = Field(examples=["martin"])
    slack: Member | None = None
    teams: ObjectId | None = None


class ReceptionShape(Shape):
    """Where the cards of a counter are shown."""

    web: bool = Field(examples=["true"])
    slack: Channel | None = None
    teams: TeamsChannel | None = None


class HoursShape(Shape):
    """The opening hours of a week; a day that is not there is closed."""

    monday: list[Hours] = Field(default=[])
    tuesday: list[Hours] = Field(default=[])
    wednesday: list[Hours] = Field(default=[])
    thursday: list[Hours] = Field(default=[])
    friday: list[Hours] = Field(default=[])
    saturday: list[Hours] = Field(default=[])
    sunday: list[Hours] = Field(default=[])

    def week(self) -> tuple[tuple[OpenRange, ...], ...]:
        """Give the ranges of the seven days as they are written, Monday first."""
        return tuple(tuple(getattr(self, day)) for day in WEEKDAYS)


class SiteShape(Shape):
    """One site."""

    name: Words = Field(examples=["Montréal office"])
    zone: Zone = Field(examples=["America/Montreal"])
    language: Language = Field(examples=["fr-CA"])
    hours: HoursShape = Field(examples=['the days, such as monday: ["08:30-12:00", "13:00-17:00"]'])
    closed: list[Day] = Field(default=[])
    slots: Annotated[str, one_of(*SLOTS)] = "15m"
    reception: ReceptionShape = Field(examples=["{web: true}"])

    def slot(self) -> timedelta:
        """Give the length of a slot."""
        return timedelta(minutes=int(self.slots.removesuffix("m")))


class AwayShape(Shape):
    """An absence; both days are included."""

    first: Day = Field(alias="from", examples=["2026-12-21"])
    last: Day = Field(alias="until", examples=["2027-01-02"])
    stand_in: Id | None = None
    note: str = ""


class PersonShape(Shape):
    """One person of the directory."""

    name: Words = Field(examples=["Martin Gagnon"])
    given: Words | None = None
    aliases: list[Words] = Field(default=[])
    language: Language | None = None
    zone: Zone | None = None
    sites: list[Id] = Field(default=[])
    reception_of: list[Id] = Field(default=[])
    roles: list[Annotated[str, one_of("admin", "auditor")]] = Field(default=[])
    deputies: list[Id] = Field(default=[])
    manager: Id | None = None
    addresses: AddressesShape = Field(examples=["{web: martin}"])
    email: Email | None = None
    away: list[AwayShape] = Field(default=[])


class KindsShape(Shape):
    """What visitors are called, by language tag."""

    kinds: dict[Id, dict[Language, Words]] = Field(default=DEFAULT_KINDS, min_length=1)


class PoliciesShape(Shape):
    """The policy files in the order in which they are tried."""

    policies: list[Words] = Field(min_length=1)


class DatabaseShape(Shape):
    """Where everything is kept."""

    database: Annotated[str, written(read_database)] = "hello30.db"


class ConfigShape(Shape):
    """All of config.yaml; its parts are looked at one by one, so that a fault in one hides none in another."""

    sites: Any = Field(examples=["your sites, as in config.example.yaml"])
    people: Any = Field(examples=["your people, as in config.example.yaml"])
    kinds: Any = None
    database: Any = None
    policies: Any = Field(examples=["[policies/anything_else.yaml]"])
    adapters: Any = Field(examples=["{web: {port: 8030}}"])
    operations: Any = None
