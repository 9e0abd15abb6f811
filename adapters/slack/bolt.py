"""The app of Slack's own framework, set so that it asks Slack nothing, quotes nobody, and waits for our answer."""

from __future__ import annotations

import logging
from collections.abc import Callable

from aiohttp import ClientSession
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.front import Dispatch


def bolt_app(api_url: str, session: ClientSession, token: str, *, bot: Callable[[], str]) -> AsyncApp:
    """Make the app. `bot` gives the bot's own user, empty while nobody knows it."""

    async def authorize() -> AuthorizeResult:
        """Tell who we are: bolt would ask Slack, and lose what came in when Slack does not answer."""
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_user_id=bot() or None, bot_token=token)

    app = AsyncApp(
        logger=_quiet(),
        client=AsyncWebClient(base_url=api_url, session=session),  # bolt itself calls nothing
        request_verification_enabled=False,  # the front does, before anything is read
        ssl_check_enabled=False,
        process_before_response=True,  # the other way polls every 10 ms
        authorize=authorize,
    )
    app.error(_failed)
    return app


def dispatched_by(app: AsyncApp) -> Dispatch:
    """Give what an app does with a request."""

    async def dispatch(request: AsyncBoltRequest) -> BoltResponse:
        return await app.async_dispatch(request)

    return dispatch


def _quiet() -> logging.Logger:
    """Give bolt a logger for errors only: it warns of tokens in the environment, and may quote what came in."""
    logger = logging.getLogger("slack_bolt")
    logger.setLevel(logging.ERROR)
    return logger


async def _failed(error: Exception) -> None:
    """Let what failed in a listener come out, without bolt logging its words: Slack delivers it again."""
    raise error
