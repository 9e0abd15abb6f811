"""The bare app beside which (e) measures: bolt as its documentation has it, posting directly and keeping nothing.

`python -m bench.slack_bare PORT API`, where API is the address of the Web API.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

from aiohttp import ClientSession, web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack import EVENTS
from bench.slack_house import COMMAND, NAMES, SECRET, TOKEN, user

OWNERS = {name: user(name) for name in NAMES}


async def serve(port: int, api: str) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with ClientSession() as session:
        app = AsyncApp(
            signing_secret=SECRET,
            client=AsyncWebClient(token=TOKEN, base_url=api, session=session),
            process_before_response=True,
        )

        @app.command(COMMAND)
        async def announce(ack: Any, command: Any, client: AsyncWebClient) -> None:
            visitor, _, rest = command["text"].partition(" for ")
            owner, _, about = rest.partition(": ")
            await client.chat_postMessage(channel=OWNERS[owner], text=f"{visitor} is here for you: {about}")
            await ack(f"{visitor} is announced to {owner}.")

        async def take(request: web.Request) -> web.Response:
            return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

        door = web.Application()
        door.router.add_post(EVENTS, take)
        runner = web.AppRunner(door, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await stop.wait()
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
