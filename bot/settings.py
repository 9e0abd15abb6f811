"""What an admin has configured, as frozen values: `bot.config` makes them of files, everything else only reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, TypeAlias

from bot.domain.people import Person
from bot.domain.policy import Policy, Via
from bot.messages import Address

LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
"""The addresses of a machine that only it can reach."""


@dataclass(frozen=True, slots=True, order=True)
class OpenRange:
    """Opening hours without a break, in minutes after midnight by the wall clock; `end` (at most 1440) is closed."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One place with a counter. `hours` has seven entries, Monday first; `slot` divides an hour.

    `reception` is where the cards of the counter are shown.
    """

    id: str
    name: str
    zone: str
    language: str
    hours: tuple[tuple[OpenRange, ...], ...]
    closed: frozenset[date]
    slot: timedelta
    reception: tuple[Address, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Somebody is away from the day `first` to the day `last`, both included, by the calendar of the visit's site."""

    person: str
    first: date
    last: date
    stand_in: str | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Where the web pages are served.

    url      the address at which people open them (`https://desk.example.org`); empty: that of `host` and `port`
    proxies  the networks whose word is taken for who asks, and whether by TLS: those of our own proxies
    """

    host: str
    port: int
    url: str = ""
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def address(self) -> str:
        """Give the address that links begin with; empty while the port is any that is free."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.url or (f"http://{host}:{self.port}" if self.port else "")

    @property
    def is_tls(self) -> bool:
        """Tell whether browsers reach the pages by TLS, which a proxy does for us."""
        return self.url.startswith("https://")

    @property
    def is_for_this_machine(self) -> bool:
        """Tell whether nothing but this machine, and so perhaps a proxy on it, can connect to the pages."""
        return self.host in LOOPBACK

    @property
    def is_safe(self) -> bool:
        """Tell whether names of visitors go over no network for all to read: others come by TLS, through a proxy."""
        return self.is_for_this_machine or (self.is_tls and bool(self.proxies))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """How Slack is heard and called; its tokens are the environment's.

    mode     socket: over a websocket that we open; http: Slack posts to `host` and `port`
    api_url  where its Web API is; another one for tests
    """

    mode: str
    host: str
    port: int
    api_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """Where Teams posts to us, and who we are there; the app's password is the environment's.

    app_id          empty: nobody asks whose word it is that comes in, which takes `insecure_local`
    tenant_id       of the organisation; empty for an app that is not bound to one
    insecure_local  for trying it on one machine: whatever is posted is believed, and nothing but this machine may post
    """

    host: str
    port: int
    app_id: str = ""
    tenant_id: str = ""
    insecure_local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Where /livez, /readyz and /metrics are served; port 0 takes any that is free."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Postgres:
    """A database on a PostgreSQL server, as a URL; what it leaves out (a password, say) libpq's own variables say."""

    url: str

    @property
    def shown(self) -> str:
        """Give the URL as it may be shown: without what stands before an @, and without its parameters."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def has_password(url: str) -> bool:
    """Tell whether the URL of a database holds a password."""
    rest = url.partition("://")[2]
    user, at, _ = rest.rpartition("@")
    return bool(at and user.partition(":")[2]) or "password=" in rest


Database: TypeAlias = Path | Postgres
"""Where everything is kept: a file of SQLite's, or a PostgreSQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A whole configuration without faults.

    sites, people    by their ids, in the order of the file
    addresses        where each person is found, by their id; everybody has at least one
    emails           e-mail addresses where one is written, by people's ids; only `hello30 people link` reads them
    kinds            the labels of each kind, by language tag
    database         an SQLite file need not exist yet, a PostgreSQL database must
    policies         in the order in which they are tried; the last covers everything
    slack, teams     None when that platform is not used
    operations       None when nobody asks how hello30 is
    """

    file: Path
    sites: Mapping[str, Site]
    people: Mapping[str, Person]
    addresses: Mapping[str, tuple[Address, ...]]
    away: tuple[Away, ...]
    kinds: Mapping[str, Mapping[str, str]]
    database: Database
    policies: tuple[Policy, ...]
    web: Web
    slack: Slack | None = None
    teams: Teams | None = None
    operations: Operations | None = None
    emails: Mapping[str, str] = field(default_factory=dict, repr=False)

    def policy_for(self, *, via: Via, kind: str | None, owner: str, site: str, is_open: bool) -> Policy:
        """Give the first policy that covers such an arrival; there always is one, because the last covers all."""
        return next(
            policy
            for policy in self.policies
            if policy.applies_to.covers(via=via, kind=kind, owner=owner, site=site, is_open=is_open)
        )
