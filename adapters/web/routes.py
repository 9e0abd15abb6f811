"""What each address does: pages, posts, and the stream of changes. A post is answered with a page to go to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_urlsafe

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web import forms, guard, rows
from adapters.web.demo import FORWARD, DemoPages
from adapters.web.door import PROVEN, SESSION, Door, NotSignedIn, posted
from adapters.web.entrance import EntranceRoutes, html
from adapters.web.pages import Pages
from adapters.web.shown import Said, Shown
from adapters.web.streams import Streams
from adapters.web.viewers import ME, RECEPTION, VISIT, Viewer
from bot.errors import NotSaved, Refused
from bot.logs import log_failure
from bot.messages import Form, Incoming, Outcome, Reply
from bot.pages import Views
from bot.ports import Receive

STATIC = Path(__file__).parent / "static"
ANSWERS_KEPT = 200
PAGES = frozenset({RECEPTION, ME, VISIT})
"""The pages from which something is posted to the core."""
A_YEAR_S = 365 * 24 * 3600
A_FAILURE = 500
WHAT = {400: "unreadable", 413: "too_long", 415: "unreadable", 429: "too_many"}
"""What a page says that only says why nothing was done, by its status; any other status says `not_found`."""
NO_REQUEST = 400
STATUS = {Outcome.REFUSED: 422, Outcome.NOT_SAVED: 503}

_log = structlog.get_logger(__name__)


class Routes:
    """The addresses of the web pages; the door says who may come in."""

    def __init__(self, views: Views, pages: Pages, streams: Streams, door: Door, addresses: Mapping[str, str]) -> None:
        """Take what the addresses need; `receive` is set before anything is served.

        `addresses` says under which address the directory knows each person here, by their id.
        """
        self._addresses = addresses
        self._views = views
        self._pages = pages
        self._streams = streams
        self._door = door
        self._said: OrderedDict[str, tuple[str, Said]] = OrderedDict()
        self.receive: Receive | None = None

    def app(self) -> web.Application:
        """Make the application."""

        @web.middleware
        async def kindly(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._kindly(request, handler)

        app = web.Application(client_max_size=guard.LARGEST_POST, middlewares=[kindly])
        app.router.add_get("/", self._first)
        app.router.add_get("/reception", partial(self._page, RECEPTION))
        app.router.add_get("/me", partial(self._page, ME))
        app.router.add_get("/visits/{visit}", partial(self._page, VISIT))
        app.router.add_get("/events", self._events, allow_head=False)
        app.router.add_post("/visits", self._announce)
        app.router.add_post("/visits/{visit}", self._press)
        app.router.add_post("/visits/{visit}/form/{button}", self._form)
        app.router.add_post("/reply", self._reply)
        app.router.add_static("/static", STATIC)
        if self._door.demo:
            app.router.add_post("/demo/clock", partial(self._clock, self._door.demo))
        elif self._door.entrance:
            EntranceRoutes(self._pages, self._door, self._door.entrance).add_to(app)
        return app

    # --- what is looked at -------------------------------------------------------------------------------------------

    async def _first(self, request: web.Request) -> web.StreamResponse:
        at_counter = self._door.demo or self._door.viewer(ME, request, {}).person.reception_of
        raise web.HTTPSeeOther("/reception" if at_counter else "/me")

    async def _page(self, page: str, request: web.Request) -> web.StreamResponse:
        viewer = self._door.viewer(page, request, request.query)
        key, said = request.query.get("said", ""), None
        if self._said.get(key, ("", None))[0] == viewer.person.id:
            said = self._said.pop(key)[1]
        shown = Shown(said=said, typed=request.query if page == RECEPTION else {})
        if request.query.get("form"):
            shown = await self._opened(viewer, shown, request.query)
        response = html(await self._rendered(viewer, shown))
        for name, value in (("as", viewer.person.id), ("lang", viewer.language)):
            if name in request.query and (name == "lang" or self._door.demo):
                self._door.keep(response, name, value, A_YEAR_S)
        return response

    async def _opened(self, viewer: Viewer, shown: Shown, query: Mapping[str, str]) -> Shown:
        """Open the form that the address asks for, or say why not."""
        try:
            return replace(shown, form=await self._blank(viewer, query.get("visit", ""), query["form"]))
        except Refused as refused:
            text = self._pages.refusal(refused, viewer.reader)
            return replace(shown, said=Said(text=text, visit=query.get("visit", ""), refused=True))

    async def _blank(self, viewer: Viewer, visit: str, button: str) -> Form:
        return await self._views.form(viewer.person.id, visit, button, language=viewer.switched)

    async def _rendered(self, viewer: Viewer, shown: Shown) -> str:
        if viewer.page == VISIT:
            return await self._pages.story(viewer)
        return await (self._pages.reception if viewer.page == RECEPTION else self._pages.me)(viewer, shown)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        page = request.query.get("page", ME)
        viewer = self._door.viewer(page if page in PAGES else ME, request, request.query)
        browser = request[SESSION].key if SESSION in request else ""
        return await self._streams.serve(request, viewer.streams, partial(self._door.is_still_in, request), browser)

    # --- what is posted ----------------------------------------------------------------------------------------------

    async def _announce(self, request: web.Request) -> web.StreamResponse:
        viewer, data, once = await self._posted(request, RECEPTION)
        reply = await self._received(request, viewer, forms.announce(self._sender(viewer), once, data))
        if reply.ok:
            return self._go_on(viewer, Said(text=reply.text, visit=reply.visit, new=reply.outcome is Outcome.DONE))
        return await self._again(viewer, reply, Shown(typed=forms.announced(data)), once)

    async def _press(self, request: web.Request) -> web.StreamResponse:
        viewer, data, once = await self._posted(request, ME)
        visit = request.match_info["visit"]
        reply = await self._received(request, viewer, forms.press(self._sender(viewer), once, visit, data))
        if reply.ok:
            return self._go_on(viewer, Said(text=reply.text, visit=visit), at=f"visit-{visit}")
        return await self._again(viewer, reply, Shown(typed=forms.answers(data)), once, visit)

    async def _form(self, request: web.Request) -> web.StreamResponse:
        viewer, data, once = await self._posted(request, ME)
        visit, button = request.match_info["visit"], request.match_info["button"]
        reply = await self._received(request, viewer, forms.submitted(self._sender(viewer), once, visit, button, data))
        if reply.ok:
            return self._go_on(viewer, Said(text=reply.text, visit=visit), at=f"visit-{visit}")
        typed = forms.answers(data)
        shown = Shown(typed=typed)
        if not data.get("in_row"):
            with suppress(Refused):  # it may be filled in no more: the reply says so better
                shown = shown if reply.form else replace(shown, form=await self._blank(viewer, visit, button))
            form = reply.form or shown.form
            shown = replace(shown, form=rows.refilled(form, typed, reply.errors) if form else None)
        return await self._again(viewer, replace(reply, form=None), shown, once, visit)

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        viewer, data, once = await self._posted(request, ME)
        reply = await self._received(request, viewer, forms.typed(self._sender(viewer), once, data))
        said = Said(text=reply.text, visit=reply.visit, typed=data.get("text", "").strip(), buttons=reply.buttons)
        if reply.outcome in STATUS or reply.form:
            shown = Shown(typed={"text": data.get("text", "")}, said=replace(said, refused=reply.outcome in STATUS))
            return await self._again(viewer, reply, shown, once, reply.visit)
        return self._go_on(viewer, said, at="talk")

    async def _clock(self, demo: DemoPages, request: web.Request) -> web.StreamResponse:
        viewer, data, _ = await self._posted(request, RECEPTION)
        what = data.get("forward", "")
        if what not in FORWARD:
            raise web.HTTPNotFound
        await demo.forward(what)
        self._streams.tell_all("clock")
        return web.Response(status=303, headers={"Location": viewer.url()})

    async def _posted(self, request: web.Request, page: str) -> tuple[Viewer, dict[str, str], str]:
        """Give who posted, what, and its one-time key; a post without one gets a key of its own."""
        data = await posted(request)
        wanted = data.get("page", page)
        viewer = self._door.viewer(wanted if wanted in PAGES else ME, request, data)
        return viewer, data, data.get("once") or token_urlsafe(9)

    async def _received(self, request: web.Request, viewer: Viewer, incoming: Incoming) -> Reply:
        if not request.get(PROVEN, True):
            return Reply(outcome=Outcome.REFUSED, text=self._pages.say("page.error.proof", viewer.reader))
        if self.receive is None:
            raise NotSaved("the pages have not been started")
        return await self.receive(incoming)

    def _sender(self, viewer: Viewer) -> forms.Sender:
        person = viewer.person.id
        address = self._addresses.get(person, "")  # somebody without one is a stranger to the core
        return forms.Sender(person=person, address=address, site=viewer.site, language=viewer.switched)

    def _go_on(self, viewer: Viewer, said: Said, at: str = "") -> web.StreamResponse:
        """Send the browser on to the page, which says the answer once."""
        key = token_urlsafe(9)
        self._said[key] = (viewer.person.id, said)
        while len(self._said) > ANSWERS_KEPT:
            self._said.popitem(last=False)
        there = viewer.url(said=key)
        return web.Response(status=303, headers={"Location": f"{there}#{at}" if at else there})

    async def _again(
        self, viewer: Viewer, reply: Reply, shown: Shown, once: str, visit: str = ""
    ) -> web.StreamResponse:
        """Show the page again, with everything that was typed, and what is asked back or was not right."""
        unsaved = reply.outcome is Outcome.NOT_SAVED
        text = reply.text or (self._pages.say("page.error.not_saved", viewer.reader) if unsaved else "")
        asked = reply if reply.outcome is Outcome.ASKED_BACK else None
        said = shown.said or (None if asked else Said(text=text, visit=visit, refused=reply.outcome in STATUS))
        shown = replace(
            shown,
            said=said if said and said.text else None,
            form=shown.form or reply.form,
            errors=reply.errors,
            asked=asked,
            once=once if unsaved else "",
        )
        return html(await self._rendered(viewer, shown), STATUS.get(reply.outcome, 200))

    # --- what goes wrong ---------------------------------------------------------------------------------------------

    async def _kindly(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nothing out that is not kind, and nobody in who is not ours."""
        try:
            await self._door.let_in(request)
            return await self._handled(request, handler)
        except NotSignedIn:
            return self._plain(request, "sign_in", 403)
        except web.HTTPRedirection:
            raise
        except web.HTTPMethodNotAllowed as error:
            return self._plain(request, "expired", 405, Allow=error.headers["Allow"])
        except web.HTTPMisdirectedRequest:  # not even a way back: that would lead to the same name
            return html(self._pages.plain("wrong_address"), 421)
        except web.HTTPForbidden:
            return self._plain(request, "not_found" if request.method in guard.READING else "expired", 403)
        except web.HTTPException as error:
            again = {name: error.headers[name] for name in ("Retry-After",) if name in error.headers}
            return self._plain(request, WHAT.get(error.status, "not_found"), error.status, **again)
        except Refused:
            story = request.path.startswith("/visits/")  # that there is such a visit is nobody else's business
            what, status = ("not_found", 404) if story else ("not_allowed", 403)
            return self._plain(request, what, status)
        except NotSaved:
            return self._plain(request, "broken", 503)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may see a stack trace
            route = request.match_info.route.resource
            address = route.canonical if route else "unknown"
            log_failure(_log, "web.page_failed", error, address=address, method=request.method)
            return self._plain(request, "broken", 500)

    def refusal(self, status: int) -> web.Response:
        """Make the page for what is no request, or none that can be met."""
        what = "no_request" if status == NO_REQUEST else WHAT.get(status, "not_found")
        return html(self._pages.plain("broken" if status >= A_FAILURE else what), status)

    async def _handled(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if not request.get(PROVEN, True):  # it was not done, and what was typed is shown again
            response.set_status(403)
        return response

    def _plain(self, request: web.Request, what: str, status: int, **headers: str) -> web.Response:
        back = "/" if self._door.is_known(request) else ""
        return html(self._pages.plain(what, self._door.languages(request), back), status, **headers)
