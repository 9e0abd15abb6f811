"""Who may ask these pages anything: this machine, from these pages. And what no answer goes without."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import urlsplit

from aiohttp import web

from bot.errors import ConfigError, Fault

LOOPBACK = frozenset({"127.0.0.1", "::1"})
LOOPBACK_NAMES = LOOPBACK | {"localhost"}
LARGEST_POST = 256 * 1024

Origin: TypeAlias = tuple[str, str, int | None]
"""Scheme, host and port."""

CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not `no-referrer`: browsers would then post forms with `Origin: null`, which looks like another site.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class ForeignPost(web.HTTPForbidden):
    """A form that another site had a browser post."""


def check_address(host: str, port: int, file: str) -> None:
    """Raise `ConfigError` for an address that others can reach, or that is none; port 0 takes any free one."""
    faults = []
    if host not in LOOPBACK:
        faults.append(Fault(file, 1, 1, f"web.host is {host!r}; until sign-in exists, write 127.0.0.1 (or ::1)"))
    if not 0 <= port <= 65535:
        faults.append(Fault(file, 1, 1, f"web.port is {port}; write a number from 1 to 65535, or 0 for any free one"))
    if faults:
        raise ConfigError(faults)


def check_request(request: web.Request) -> None:
    """Raise the fitting HTTP error for a request under a foreign name, or a post from another site.

    A foreign name of this machine is how another site would read these pages through DNS.
    """
    here = _origin(f"{request.scheme}://{request.headers.get('Host', '')}")
    if here is None or here[1] not in LOOPBACK_NAMES:
        raise web.HTTPMisdirectedRequest
    if request.method not in {"GET", "HEAD"} and not _from_here(request, here):
        raise ForeignPost


def _from_here(request: web.Request, here: Origin) -> bool:
    """Tell whether a post comes from our own pages, or from no browser at all."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or _origin(origin) == here


def _origin(text: str) -> Origin | None:
    """Take an origin apart; None when it is not one (`null` is what a browser says of a hidden one)."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.scheme and parts.hostname else None


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add what no answer goes without; pages are never kept by a browser, files are asked for anew."""
    response.headers.update(HEADERS)
    response.headers["Cache-Control"] = "no-cache" if request.path.startswith("/static/") else "no-store"
