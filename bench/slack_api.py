"""A Slack for (e), as small as can be: it takes every call, answers after a while, and notes which message came when.

`python -m bench.slack_api PORT`. Under /bench, the driver says how long an answer takes, and asks what came.
"""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import count
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.slack.adapter import SCOPES
from bench.slack_house import conversation


class Api:
    """Slack's side of the wire."""

    def __init__(self) -> None:
        """Begin with nothing, and with answers at once."""
        self.delay_s = 0.0
        self.noted: list[tuple[float, str, str]] = []
        self.under_way = 0
        self._numbers = count(1)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a call of the Web API."""
        body, came, method = await request.text(), monotonic(), request.match_info["method"]
        args = json.loads(body) if "json" in request.headers.get("Content-Type", "") else dict(parse_qsl(body))
        self.under_way += 1
        if method == "chat.postMessage":
            self.noted.append((came, conversation(args["channel"]), args["text"]))
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        self.under_way -= 1
        headers = {"X-OAuth-Scopes": ",".join(SCOPES)}
        return web.json_response({"ok": True, **self._told(method, args)}, headers=headers)

    def _told(self, method: str, args: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "auth.test":
                return {"user_id": "UBOT", "team_id": "T1", "bot_id": "B1"}
            case "conversations.open":
                return {"channel": {"id": conversation(args["users"])}}
            case "chat.postMessage":
                return {"channel": conversation(args["channel"]), "ts": f"1766000000.{next(self._numbers):06d}"}
            case "chat.update":
                return {"channel": args["channel"], "ts": args["ts"]}
            case "users.info":
                return {"user": {"id": args["user"], "profile": {}}}
            case "conversations.history" | "conversations.replies":
                return {"messages": []}
            case _:
                return {}

    async def delays(self, request: web.Request) -> web.Response:
        """Take how long an answer takes from now on."""
        self.delay_s = float(await request.text())
        return web.Response()

    async def tells(self, _request: web.Request) -> web.Response:
        """Tell what came since this was asked last, and how many calls wait for their answer."""
        noted, self.noted = self.noted, []
        return web.json_response({"noted": noted, "under_way": self.under_way})


def main() -> None:
    """Serve until SIGTERM."""
    api, app = Api(), web.Application()
    app.router.add_post("/api/{method}", api.answer)
    app.router.add_post("/bench/delay", api.delays)
    app.router.add_get("/bench/noted", api.tells)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None)


if __name__ == "__main__":
    main()
