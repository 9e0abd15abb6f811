"""What each address does: pages, posts, and the stream of changes. A post is answered with a page to go to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_urlsafe

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web import forms, guard, rows, viewers
from adapters.web.demo import FORWARD, DemoPages
from adapters.web.pages import Pages, Said, Shown
from adapters.web.streams import Streams
from adapters.web.viewers import ME, RECEPTION, VISIT, Viewer
from bot.errors import NotSaved, Refused
from bot.language.catalogue import LANGUAGES
from bot.logs import log_failure
from bot.messages import Form, Incoming, Outcome, Reply
from bot.ports import Receive, Views
from bot.settings import Settings

STATIC = Path(__file__).parent / "static"
ANSWERS_KEPT = 200
A_YEAR_S = 365 * 24 * 3600
STATUS = {Outcome.REFUSED: 422, Outcome.NOT_SAVED: 503}

_log = structlog.get_logger(__name__)


class Routes:
    """The addresses of the web pages. Without a demo each of them says that sign-in does not exist yet."""

    def __init__(
        self, settings: Settings, views: Views, pages: Pages, streams: Streams, demo: DemoPages | None
    ) -> None:
        """Take what the addresses need; `receive` is set before anything is served."""
        self._people = settings.people
        self._views = views
        self._pages = pages
        self._streams = streams
        self._demo = demo
        self._said: OrderedDict[str, tuple[str, Said]] = OrderedDict()
        self.receive: Receive | None = None

    def app(self) -> web.Application:
        """Make the application."""

        @web.middleware
        async def kindly(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._kindly(request, handler)

        app = web.Application(client_max_size=guard.LARGEST_POST, middlewares=[kindly])
        app.on_response_prepare.append(guard.add_headers)
        app.router.add_get("/", self._first)
        app.router.add_get("/reception", partial(self._page, RECEPTION))
        app.router.add_get("/me", partial(self._page, ME))
        app.router.add_get("/visits/{visit}", partial(self._page, VISIT))
        app.router.add_get("/events", self._events, allow_head=False)
        app.router.add_post("/visits", self._announce)
        app.router.add_post("/visits/{visit}", self._press)
        app.router.add_post("/visits/{visit}/form/{button}", self._form)
        app.router.add_post("/reply", self._reply)
        app.router.add_post("/demo/clock", self._clock)
        app.router.add_static("/static", STATIC)
        return app

    # --- what is looked at -------------------------------------------------------------------------------------------

    async def _first(self, _: web.Request) -> web.StreamResponse:
        raise web.HTTPSeeOther("/reception")

    async def _page(self, page: str, request: web.Request) -> web.StreamResponse:
        viewer = self._viewer(page, request, request.query)
        key, said = request.query.get("said", ""), None
        if self._said.get(key, ("", None))[0] == viewer.person.id:
            said = self._said.pop(key)[1]
        shown = Shown(said=said, typed=request.query if page == RECEPTION else {})
        if request.query.get("form"):
            shown = await self._opened(viewer, shown, request.query)
        response = _html(await self._rendered(viewer, shown))
        _remember(request, response, viewer)
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
        viewer = self._viewer(request.query.get("page", ME), request, request.query)
        return await self._streams.serve(request, viewer.streams)

    # --- what is posted ----------------------------------------------------------------------------------------------

    async def _announce(self, request: web.Request) -> web.StreamResponse:
        viewer, data, once = await self._posted(request, RECEPTION)
        reply = await self._received(forms.announce(_sender(viewer), once, data))
        if reply.ok:
            return self._go_on(viewer, Said(text=reply.text, visit=reply.visit, new=reply.outcome is Outcome.DONE))
        return await self._again(viewer, reply, Shown(typed=forms.announced(data)), once)

    async def _press(self, request: web.Request) -> web.StreamResponse:
        viewer, data, once = await self._posted(request, ME)
        visit = request.match_info["visit"]
        reply = await self._received(forms.press(_sender(viewer), once, visit, data))
        if reply.ok:
            return self._go_on(viewer, Said(text=reply.text, visit=visit), at=f"visit-{visit}")
        return await self._again(viewer, reply, Shown(typed=forms.answers(data)), once, visit)

    async def _form(self, request: web.Request) -> web.StreamResponse:
        viewer, data, once = await self._posted(request, ME)
        visit, button = request.match_info["visit"], request.match_info["button"]
        reply = await self._received(forms.submitted(_sender(viewer), once, visit, button, data))
        if reply.ok:
            return self._go_on(viewer, Said(text=reply.text, visit=visit), at=f"visit-{visit}")
        typed = forms.answers(data)
        shown = Shown(typed=typed)
        if not data.get("in_row"):
            shown = shown if reply.form else await self._opened(viewer, shown, {"visit": visit, "form": button})
            form = reply.form or shown.form
            shown = replace(shown, form=rows.refilled(form, typed, reply.errors) if form else None)
        return await self._again(viewer, replace(reply, form=None), shown, once, visit)

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        viewer, data, once = await self._posted(request, ME)
        reply = await self._received(forms.typed(_sender(viewer), once, data))
        said = Said(text=reply.text, visit=reply.visit, typed=data.get("text", "").strip(), buttons=reply.buttons)
        if reply.outcome in STATUS or reply.form:
            shown = Shown(typed={"text": data.get("text", "")}, said=replace(said, refused=reply.outcome in STATUS))
            return await self._again(viewer, reply, shown, once, reply.visit)
        return self._go_on(viewer, said, at="talk")

    async def _clock(self, request: web.Request) -> web.StreamResponse:
        viewer, data, _ = await self._posted(request, RECEPTION)
        what = data.get("forward", "")
        if self._demo is None or what not in FORWARD:
            raise web.HTTPNotFound
        await self._demo.forward(what)
        self._streams.tell_all("clock")
        return web.Response(status=303, headers={"Location": viewer.url()})

    async def _posted(self, request: web.Request, page: str) -> tuple[Viewer, dict[str, str], str]:
        """Give who posted, what, and its one-time key; a post without one gets a key of its own."""
        try:
            posted = await request.post()
        except (LookupError, ValueError) as error:  # an encoding that there is not, or a body that does not fit it
            raise web.HTTPBadRequest from error
        data = {name: value for name, value in posted.items() if isinstance(value, str)}
        viewer = self._viewer(data.get("page", page), request, data)
        return viewer, data, data.get("once") or token_urlsafe(9)

    async def _received(self, incoming: Incoming) -> Reply:
        if self.receive is None:
            raise NotSaved("the pages have not been started")
        return await self.receive(incoming)

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
        return _html(await self._rendered(viewer, shown), STATUS.get(reply.outcome, 200))

    # --- who, and what goes wrong ------------------------------------------------------------------------------------

    def _viewer(self, page: str, request: web.Request, data: Mapping[str, str]) -> Viewer:
        if self._demo is None:
            raise web.HTTPForbidden
        asked = (data.get("as", ""), request.cookies.get("as", ""))
        lang = data.get("lang") or request.cookies.get("lang", "")
        page = page if page in {RECEPTION, ME, VISIT} else ME
        viewer = viewers.find(page, self._people, self._demo.persons, asked, lang)
        visit = request.match_info.get("visit") or data.get("visit", "")
        return replace(viewer, visit=visit) if page == VISIT else viewer

    async def _kindly(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nothing out that is not kind, and nothing in that is not ours."""
        try:
            guard.check_request(request)
            if self._demo is None and not request.path.startswith("/static/"):
                return self._plain("sign_in", 403, LANGUAGES)
            return await handler(request)
        except web.HTTPRedirection:
            raise
        except web.HTTPMethodNotAllowed as error:
            return self._plain("expired", 405, self._languages(request), Allow=error.headers["Allow"])
        except web.HTTPException as error:
            what = {400: "expired", 403: "expired", 413: "too_long"}.get(error.status, "not_found")
            return self._plain(what, error.status, self._languages(request))
        except Refused:
            story = request.path.startswith("/visits/")  # that there is such a visit is nobody else's business
            what, status = ("not_found", 404) if story else ("not_allowed", 403)
            return self._plain(what, status, self._languages(request))
        except NotSaved:
            return self._plain("broken", 503, self._languages(request))
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may see a stack trace
            route = request.match_info.route.resource
            address = route.canonical if route else "unknown"
            log_failure(_log, "web.page_failed", error, address=address, method=request.method)
            return self._plain("broken", 500, self._languages(request))

    def _languages(self, request: web.Request) -> tuple[str, ...]:
        """Give the reader's language, or both while nobody can be known."""
        if self._demo is None:
            return LANGUAGES
        page = RECEPTION if request.path.startswith("/reception") else ME
        return (self._viewer(page, request, request.query).language,)

    def _plain(self, what: str, status: int, languages: tuple[str, ...], **headers: str) -> web.Response:
        page = self._pages.plain(what, languages, back="/" if self._demo else "")
        return _html(page, status, **headers)


def _sender(viewer: Viewer) -> forms.Sender:
    return forms.Sender(person=viewer.person.id, site=viewer.site, language=viewer.switched)


def _html(text: str, status: int = 200, **headers: str) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)


def _remember(request: web.Request, response: web.StreamResponse, viewer: Viewer) -> None:
    """Keep in cookies who one is in the demo, and the language that a receptionist switched to."""
    for name, value in (("as", viewer.person.id), ("lang", viewer.language)):
        if name in request.query:
            response.set_cookie(name, value, max_age=A_YEAR_S, httponly=True, samesite="Lax")
