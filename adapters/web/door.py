"""Who may come in: whoever has signed in, or in the demo anybody as anybody. All others see a page that says so.

Every request goes through here, also one for an address that there is not; only `OPEN` is for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from aiohttp import web

from adapters.web import viewers
from adapters.web.demo import DemoPages
from adapters.web.guard import READING, Guard
from adapters.web.viewers import ME, RECEPTION, VISIT, Viewer
from bot.errors import NotSaved
from bot.language.catalogue import LANGUAGES
from bot.rows import Session
from bot.settings import Settings
from bot.sign_in import Entrance, SignedIn, SignIn

OPEN: Final = frozenset({"/static", "/in/{token}"})
"""The addresses for which nobody needs to have signed in."""
KEEP_WHAT_IS_TYPED: Final = frozenset({"/visits", "/visits/{visit}", "/visits/{visit}/form/{button}", "/reply"})
"""The posts that are shown again, with what was typed, when their proof is not right; `Routes` sees to it."""
SESSION: Final = web.RequestKey("session", Session)
PROVEN: Final = web.RequestKey("proven", bool)


class NotSignedIn(web.HTTPForbidden):
    """Nobody has signed in in this browser, or not any more."""


class Door:
    """Lets in, and says who it is that came in."""

    def __init__(self, settings: Settings, guard: Guard, demo: DemoPages | None, entrance: Entrance | None) -> None:
        """Take the people, who keeps foreign requests out, and either the demo or the way to sign in."""
        self._people = settings.people
        self._guard = guard
        self.demo = demo
        self.entrance = entrance
        is_tls = settings.web.is_tls
        self._is_tls = is_tls
        self._url = settings.web.url
        self._cookie = "__Host-hello30" if is_tls else "hello30"

    @property
    def sign_in(self) -> SignIn:
        """Give the way to sign in; there is one on every address that asks for it."""
        assert self.entrance is not None, "no such address is served without it"  # noqa: S101
        return self.entrance.sign_in

    async def let_in(self, request: web.Request) -> None:
        """Let a request in, or raise the HTTP error for it; then `viewer` knows who it is."""
        self._guard.check(request)
        if _address(request) in OPEN or self.demo:
            return
        session = await self.session(request)
        if session is None:
            raise NotSignedIn
        request[SESSION] = session
        if request.method not in READING:
            proof = (await posted(request)).get("proof", "")
            request[PROVEN] = self.sign_in.is_proof(session, proof)
            if not request[PROVEN] and _address(request) not in KEEP_WHAT_IS_TYPED:
                raise web.HTTPForbidden

    async def session(self, request: web.Request) -> Session | None:
        """Give the session of a browser; None when nobody has signed in there."""
        cookie = request.cookies.get(self._cookie, "")
        return await self.sign_in.session(cookie) if self.entrance and cookie else None

    async def is_still_in(self, request: web.Request) -> bool:
        """Tell whether whoever came in has not been signed out since; not while the database does not answer."""
        with suppress(NotSaved):
            return self.demo is not None or await self.session(request) is not None
        return False

    def viewer(self, page: str, request: web.Request, data: Mapping[str, str]) -> Viewer:
        """Give who looks at a page; `Refused` when it is none of theirs."""
        lang = data.get("lang") or request.cookies.get("lang", "")
        if self.demo:
            asked = (data.get("as", ""), request.cookies.get("as", ""))
            viewer = viewers.find(page, self._people, self.demo.persons, asked, lang)
        else:
            session = request[SESSION]
            viewer = viewers.of(page, self.sign_in.person(session), lang, self.sign_in.proof(session))
        visit = request.match_info.get("visit") or data.get("visit", "")
        return replace(viewer, visit=visit) if page == VISIT else viewer

    def languages(self, request: web.Request) -> tuple[str, ...]:
        """Give the language of whoever came in, or each one while nobody is known."""
        if not (self.demo or SESSION in request):
            return LANGUAGES
        page = RECEPTION if self.demo and request.path.startswith("/reception") else ME
        return (self.viewer(page, request, request.query).language,)

    def is_known(self, request: web.Request) -> bool:
        """Tell whether somebody came in, for whom there is a first page to go back to."""
        return self.demo is not None or SESSION in request

    def came_from(self, request: web.Request) -> str:
        """Give the address of who asks."""
        return self._guard.came_from(request)

    def address_of(self, request: web.Request) -> str:
        """Give the address at which somebody has these pages open."""
        return self._url or f"http://{request.host}"

    # --- cookies -----------------------------------------------------------------------------------------------------

    def give_session(self, response: web.StreamResponse, signed_in: SignedIn) -> None:
        """Let the browser keep a session."""
        lasts = signed_in.session.until - signed_in.session.begun
        self.keep(response, self._cookie, signed_in.cookie, int(lasts.total_seconds()))

    def take_session(self, response: web.StreamResponse) -> None:
        """Let the browser forget its session."""
        response.del_cookie(self._cookie, path="/", secure=self._is_tls, httponly=True, samesite="Lax")

    def keep(self, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
        """Let the browser keep something, for these pages alone.

        `Lax`, not `Strict`: somebody who follows a link in chat to a page of theirs has signed in all the same.
        """
        response.set_cookie(name, value, max_age=seconds, path="/", secure=self._is_tls, httponly=True, samesite="Lax")


async def posted(request: web.Request) -> dict[str, str]:
    """Give what was posted as our own forms post it: in one part, and in UTF-8.

    Nothing else is read: to decode some of the encodings that a sender may name takes seconds, and all wait.
    """
    charset = (request.charset or "utf-8").lower()
    if request.content_type.startswith("multipart/") or charset not in {"utf-8", "utf8"}:
        raise web.HTTPUnsupportedMediaType
    try:
        data = await request.post()
    except (ValueError, web.RequestPayloadError) as error:  # no UTF-8, or not what its headers say
        raise web.HTTPBadRequest from error
    return {name: value for name, value in data.items() if isinstance(value, str)}


def _address(request: web.Request) -> str:
    """Give an address as it was added to the application; empty for one that there is not."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else ""
