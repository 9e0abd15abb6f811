"""The addresses where people sign in and out, and those for auditors and admins."""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog
from aiohttp import web

from adapters.web.door import SESSION, Door
from adapters.web.forms import whole
from adapters.web.pages import Pages
from adapters.web.shown import Said
from adapters.web.viewers import LOG, PEOPLE, Viewer
from bot.language.catalogue import LANGUAGES
from bot.language.moments import language_of
from bot.links import LINK_LASTS, LinkRefused
from bot.sign_in import Entrance

DAYS: Final = (1, 7, 31)
"""How many days of the log can be looked at, up to today."""
A_WEEK: Final = 7
LAST_PAGE: Final = 9999

_log = structlog.get_logger(__name__)


class EntranceRoutes:
    """What is served where people sign in; nothing of it in the demo."""

    def __init__(self, pages: Pages, door: Door, entrance: Entrance) -> None:
        """Take what renders, who lets in, and what they do."""
        self._pages = pages
        self._door = door
        self._sign_in = entrance.sign_in
        self._records = entrance.records

    def add_to(self, app: web.Application) -> None:
        """Add the addresses."""
        app.router.add_get("/in/{token}", partial(self._open, use=False))
        app.router.add_post("/in/{token}", partial(self._open, use=True))
        app.router.add_post("/sign-out", self._sign_out)
        app.router.add_get("/log", self._show_log)
        app.router.add_get("/people", self._show_people)
        app.router.add_post("/people/{person}/link", self._make_link)
        app.router.add_post("/people/{person}/sign-out", self._sign_out_everywhere)

    # --- in and out --------------------------------------------------------------------------------------------------

    async def _open(self, request: web.Request, *, use: bool) -> web.StreamResponse:
        """Show for whom a link is, and use it when that is posted: chats and browsers look at links by themselves."""
        token = request.match_info["token"]
        try:
            if use:
                return await self._use(request, token)
            person = await self._sign_in.look(token)
        except LinkRefused as refused:
            _log.warning("sign_in.refused", why=refused.why, came_from=self._door.came_from(request))
            back = "/" if await self._door.session(request) else ""
            page = self._pages.plain(f"link_{refused.why}", self._languages(refused.person), back)
            return html(page, 403)
        return html(self._pages.sign_in(person))

    async def _use(self, request: web.Request, token: str) -> web.StreamResponse:
        signed_in = await self._sign_in.use(token, await self._door.session(request))
        response = web.Response(status=303, headers={"Location": "/"})
        self._door.give_session(response, signed_in)
        return response

    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        languages = self._door.languages(request)
        await self._sign_in.sign_out(request[SESSION])
        response = html(self._pages.plain("signed_out", languages))
        self._door.take_session(response)
        return response

    def _languages(self, person: str) -> tuple[str, ...]:
        """Give the language of somebody who is known, else each one."""
        found = self._sign_in.find(person)
        return (language_of(found.language),) if found else LANGUAGES

    # --- for auditors ------------------------------------------------------------------------------------------------

    async def _show_log(self, request: web.Request) -> web.StreamResponse:
        viewer = self._door.viewer(LOG, request, request.query)
        days, page = _one_of(DAYS, request.query.get("days", "")), _page(request.query.get("page", ""))
        log = await self._records.log(viewer.person.id, days=days, page=page)
        own = {
            "log": log,
            "days": days,
            "choices": [(each, viewer.url(days=str(each))) for each in DAYS],
            "earlier_url": viewer.url(days=str(days), page=str(page + 1)) if log.more else "",
            "later_url": viewer.url(days=str(days), page=str(page - 1)) if page > 1 else "",
        }
        return html(self._pages.framed("log.html", viewer, own))

    # --- for admins --------------------------------------------------------------------------------------------------

    async def _show_people(self, request: web.Request) -> web.StreamResponse:
        return await self._people(self._door.viewer(PEOPLE, request, request.query))

    async def _make_link(self, request: web.Request) -> web.StreamResponse:
        viewer, person = self._door.viewer(PEOPLE, request, {}), request.match_info["person"]
        link = self._sign_in.link_for(viewer.person, person, self._door.address_of(request))
        return await self._people(viewer, link=link, link_for=person)

    async def _sign_out_everywhere(self, request: web.Request) -> web.StreamResponse:
        viewer, person = self._door.viewer(PEOPLE, request, {}), request.match_info["person"]
        ended = await self._sign_in.sign_out_everywhere(viewer.person, person)
        if not await self._door.is_still_in(request):  # it was themselves
            return web.Response(status=303, headers={"Location": "/"})
        found = self._sign_in.find(person)
        name = found.name if found else person
        text = self._pages.say("page.people.signed_out", viewer.reader, person=name, count=ended)
        return await self._people(viewer, said=Said(text=text))

    async def _people(
        self, viewer: Viewer, *, link: str = "", link_for: str = "", said: Said | None = None
    ) -> web.StreamResponse:
        sessions = await self._sign_in.sessions(viewer.person)
        own = {
            "people": self._records.people(viewer.person.id),
            "sessions": sessions,
            "link": link,
            "link_for": link_for,
            "site_names": self._pages.site_names,
            "link_lasts": int(LINK_LASTS.total_seconds()) // 60,
        }
        return html(self._pages.framed("people.html", viewer, own, said))


def html(text: str, status: int = 200, **headers: str) -> web.Response:
    """Answer with a page."""
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)


def _one_of(choices: tuple[int, ...], text: str) -> int:
    return next((each for each in choices if str(each) == text), A_WEEK)


def _page(text: str) -> int:
    """Read the number of a page; the first one when it is none."""
    return min(whole(text) or 1, LAST_PAGE)
