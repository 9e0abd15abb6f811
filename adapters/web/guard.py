"""Who may ask these pages anything: browsers that use their right address. And what no answer goes without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias
from urllib.parse import urlsplit

from aiohttp import web

from adapters.web.seldom import Seldom
from bot.errors import ConfigError, Fault
from bot.settings import LOOPBACK, Web

LOOPBACK_NAMES = LOOPBACK | {"localhost"}
LARGEST_POST = 256 * 1024
READING = frozenset({"GET", "HEAD"})

Origin: TypeAlias = tuple[str, str, int | None]
"""Scheme, host and port."""
PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"(?:[a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE | re.ASCII)
"""A name or an address, and a port. `urlsplit` alone would also take `somebody@host` and `host/path` apart."""

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not `same-origin`: a link that is not used yet would be told with each file of its page. Not `no-referrer`:
    # browsers would then post forms with `Origin: null`, which looks like another site.
    "Referrer-Policy": "strict-origin",
    "Server": "hello30",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TLS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


class ForeignPost(web.HTTPForbidden):
    """A form that another site had a browser post."""


class Guard:
    """Knows the right address of the pages, and which proxies may say who asks."""

    def __init__(self, settings: Web, file: str, seldom: Seldom) -> None:
        """Take where the pages are; raises `ConfigError` for an address that others can reach without TLS."""
        check_address(settings, file)
        self._web = settings
        self._seldom = seldom
        self._here = _origin(settings.url) if settings.url else None
        self.headers: Mapping[str, str] = HEADERS | TLS_ONLY if settings.is_tls else HEADERS

    def check(self, request: web.Request) -> None:
        """Raise the fitting HTTP error for a request under a foreign name, past the proxy, or from another site.

        A foreign name of this machine is how another site would read these pages through DNS.
        """
        here = _origin(f"{'https' if self._web.is_tls else 'http'}://{request.headers.get('Host', '')}")
        is_ours = here == self._here if self._web.url else here is not None and here[1] in LOOPBACK_NAMES
        if here is None or not is_ours:
            self._seldom.warn("web.wrong_host")  # not which: whoever sends it writes what they like there
            raise web.HTTPMisdirectedRequest
        if not self._came_rightly(request):
            raise web.HTTPMisdirectedRequest
        if request.method not in READING and not _from_here(request, here):
            raise ForeignPost

    def came_from(self, request: web.Request) -> str:
        """Give the address of who asks: what our proxies say of it, and else that of the connection."""
        ours, seen = self._is_proxy(request.remote), request.remote or ""
        for named in reversed(_said_by_proxies(request, "X-Forwarded-For")):
            address = _address(named)
            if not ours or address is None:
                break
            seen, ours = str(address), self._is_proxy(str(address))
        return seen

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add what no answer goes without; pages are never kept by a browser, files are asked for anew."""
        response.headers.update(self.headers)
        response.headers["Cache-Control"] = "no-cache" if request.path.startswith("/static/") else "no-store"

    def _came_rightly(self, request: web.Request) -> bool:
        """Tell whether a request came by TLS, where that can be known: our proxies are named, and so say how."""
        if not (self._web.is_tls and self._web.proxies):
            return True
        if not self._is_proxy(request.remote):
            self._seldom.warn("web.not_through_proxy", came_from=request.remote)
            return False
        by_tls = _said_by_proxies(request, "X-Forwarded-Proto")[-1:] == ["https"]
        if not by_tls:
            self._seldom.warn("web.not_by_tls")
        return by_tls

    def _is_proxy(self, remote: str | None) -> bool:
        address = _address(remote or "")
        return address is not None and any(address in network for network in self._web.proxies)


def check_address(settings: Web, file: str) -> None:
    """Raise `ConfigError` for an address that others reach without TLS, or that is none; port 0 takes any free one."""
    faults = []
    if not settings.is_safe:
        advice = "write 127.0.0.1 (or ::1), or an https:// url and the proxies that do TLS"
        faults.append(Fault(file, 1, 1, f"web.host is {settings.host!r}; {advice}"))
    if not 0 <= settings.port <= 65535:
        advice = "write a number from 1 to 65535, or 0 for any free one"
        faults.append(Fault(file, 1, 1, f"web.port is {settings.port}; {advice}"))
    if faults:
        raise ConfigError(faults)


def _said_by_proxies(request: web.Request, header: str) -> list[str]:
    """Give what each proxy on the way has added to a header, the nearest one last."""
    return [part.strip() for line in request.headers.getall(header, ()) for part in line.split(",")]


def _from_here(request: web.Request, here: Origin) -> bool:
    """Tell whether a post comes from our own pages, or from no browser at all."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or _origin(origin) == here


def _origin(text: str) -> Origin | None:
    """Take an origin apart; None when it is not just one (`null` is what a browser says of a hidden one)."""
    if not HOST.fullmatch(text.partition("://")[2]):
        return None
    try:
        parts = urlsplit(text)
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.scheme and parts.hostname else None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; one of IPv4 that came over IPv6 is itself again."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
