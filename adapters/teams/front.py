"""The door for what Teams posts: nothing is taken that Teams' service has not signed, and nothing ends in a 500.

What is no activity, or is not from Teams, is answered here and goes no further. Nothing of it is logged but a code.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias

import structlog
from aiohttp import web

from adapters.teams import MESSAGES
from adapters.teams.references import is_loopback, tenants_of
from bot.errors import Hello30Error, NotSaved
from bot.logs import log_failure
from bot.settings import LOOPBACK, Teams

log = structlog.get_logger(__name__)

LARGEST: Final = 1024 * 1024
"""So many bytes an activity may have; Teams takes none of more than about 100,000 from anybody."""
STOP_WITHIN_S: Final = 10.0
READ_WITHIN: Final = timedelta(seconds=10)
"""So long an activity may take to come in whole; Teams' own comes at once."""


class Turned(Exception):
    """Something is not taken: with which status, and a code for the log."""

    def __init__(self, status: int, why: str) -> None:
        """Take what is answered."""
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Answered:
    """What is answered to an activity: what a button is to show now, or nothing."""

    status: int = 202
    body: Mapping[str, Any] | None = None


Activity: TypeAlias = dict[str, Any]
Take: TypeAlias = Callable[[str, Activity], Awaitable[Answered]]
"""Takes an activity, with the header that says who posts it; raises `Turned` where that is not believed."""


class Front:
    """Serves one address, to which Teams posts everything."""

    def __init__(self, teams: Teams, take: Take) -> None:
        """Take where it is, and what is done with an activity."""
        self._teams = teams
        self._take = take
        self._runner: web.AppRunner | None = None
        self.read_within = READ_WITHIN

    @property
    def port(self) -> int:
        """Give the port on which Teams is heard; 0 while it is not."""
        addresses = self._runner.addresses if self._runner else []
        return int(addresses[0][1]) if addresses else 0

    async def start(self) -> None:
        """Listen; `OSError` when the port is taken."""
        app = web.Application(client_max_size=LARGEST)
        app.router.add_post(MESSAGES, self._posted)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_WITHIN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._teams.host, self._teams.port).start()

    async def stop(self) -> None:
        """Take nothing more, and answer what was taken."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _posted(self, request: web.Request) -> web.Response:
        try:
            activity = await self._read(request)
            answered = await self._take(request.headers.get("Authorization", ""), activity)
        except Turned as turned:
            log.info("teams.not_taken", status=turned.status, why=turned.why)
            return web.json_response({"error": turned.why}, status=turned.status)
        except web.HTTPRequestEntityTooLarge:
            log.info("teams.not_taken", status=413, why="too_large")
            return web.json_response({"error": "too_large"}, status=413)
        except NotSaved as fault:  # nobody presses again, so Teams may deliver it again
            log.warning("teams.not_saved", fault=str(fault))
            return web.json_response({"error": "not_saved"}, status=503)
        except Exception as error:  # noqa: BLE001 - what it said stays out of the log
            log_failure(log, "teams.failed", error)
            return web.json_response({"error": "failed"}, status=503)
        if answered.body is None:
            return web.Response(status=answered.status)
        return web.json_response(answered.body, status=answered.status)

    async def _read(self, request: web.Request) -> Activity:
        """Read an activity, as far as anybody may post one who is not known yet."""
        if request.content_type != "application/json":
            raise Turned(415, "no_json")  # and so no page in a browser can post here unasked
        if self._teams.insecure_local and not is_loopback(_host(request)):
            raise Turned(403, "other_host")  # a page may have had its own name point to this machine
        if self._teams.app_id and not request.headers.get("Authorization"):
            raise Turned(401, "no_token")
        try:
            async with asyncio.timeout(self.read_within.total_seconds()):
                activity = json.loads(await request.read())  # raises 413 by itself
        except TimeoutError:
            raise Turned(408, "too_slow") from None
        except (ValueError, RecursionError):
            raise Turned(400, "unreadable") from None
        if not isinstance(activity, dict) or not (isinstance(activity.get("type"), str) and activity["type"]):
            raise Turned(400, "no_activity")
        return activity


def check(teams: Teams, password: str) -> None:
    """Raise `Hello30Error` where anybody could speak for Teams, or the app has no password."""
    if not teams.app_id and not teams.insecure_local:
        raise Hello30Error(
            "Teams is configured without an app_id, so anybody could speak for Teams. Please write the Microsoft App "
            "ID of your Azure Bot. To try hello30 on this machine alone, without an app: insecure_local: true."
        )
    if teams.insecure_local and teams.host not in LOOPBACK:
        raise Hello30Error(
            f"With insecure_local whatever is posted is believed, and {teams.host} can be reached by others. Please "
            "write host: 127.0.0.1."
        )
    if teams.app_id and not password:
        raise Hello30Error(
            "Teams is configured, but TEAMS_APP_PASSWORD is not set. It is the value of a client secret of the app."
        )


def check_tenant(teams: Teams, activity: Mapping[str, Any]) -> None:
    """Refuse what is from another organisation than the one that is configured, if one is."""
    if teams.tenant_id and tenants_of(activity) - {teams.tenant_id}:
        raise Turned(403, "other_tenant")


def _host(request: web.Request) -> str:
    """Give the host that was asked for, without its port."""
    host = request.host
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
