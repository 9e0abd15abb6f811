"""The web pages as a chat adapter: what is delivered to a page is that it should look again.

Pages are rendered from the present state whenever they are asked for. So a message that is delivered only tells the
open pages of its reader; nothing is kept here, and a message that comes twice does no harm.
"""

from __future__ import annotations

from aiohttp import web

from adapters.web.banners import Banners
from adapters.web.connections import Connections
from adapters.web.demo import DemoPages
from adapters.web.door import Door
from adapters.web.guard import Guard
from adapters.web.pages import Pages
from adapters.web.routes import Routes
from adapters.web.seldom import Seldom
from adapters.web.streams import Streams
from bot.domain.card import Nudge
from bot.domain.visit import Hint
from bot.errors import DeliveryError, DeliveryKind
from bot.language.wording import Wording
from bot.messages import Address, Receipt, ShownCard, ShownNudge
from bot.pages import Views
from bot.ports import Capabilities, Clock, Deaf, Receive, WhyDeaf
from bot.settings import Settings
from bot.sign_in import Entrance
from bot.troubles import Troubles

STOP_WITHIN_S = 10.0
"""How long posts in flight may take when the pages are stopped."""


class WebAdapter:
    """hello30 in a browser; see `bot.ports.ChatAdapter`.

    Pages are for whoever has signed in through `entrance`, or for everybody in the `demo`; without either they are open
    to nobody, and nothing can be delivered.
    """

    name = "web"
    capabilities = Capabilities(pages=True)

    def __init__(  # noqa: PLR0913 - each page needs all of it
        self,
        settings: Settings,
        *,
        views: Views,
        wording: Wording,
        clock: Clock,
        demo: DemoPages | None = None,
        entrance: Entrance | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        """Take what the pages read; raises `ConfigError` for an address that others can reach without TLS.

        `troubles` knows which platforms do not work: the pages are the other way by which people hear of that.
        """
        self._web = settings.web
        self.streams = Streams()
        self._is_open = bool(demo or entrance)
        self._made = clock.now()
        banners = Banners(settings, wording, clock, troubles.all if troubles else tuple)
        if troubles:
            troubles.changed = self._look_again
        pages = Pages(settings, views, wording, clock, demo, banners)
        self._seldom = Seldom()
        self._guard = Guard(self._web, str(settings.file), self._seldom)
        door = Door(settings, self._guard, demo, entrance)
        addresses = {p: at.id for p, found in settings.addresses.items() for at in found if at.adapter == self.name}
        self._routes = Routes(views, pages, self.streams, door, addresses)
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """Give the port on which the pages are served; 0 while they are not."""
        addresses = self._runner.addresses if self._runner else []
        return int(addresses[0][1]) if addresses else 0

    @property
    def deaf(self) -> Deaf | None:
        """Tell whether what people do on the pages reaches us: whenever they are served."""
        return None if self._runner else Deaf(since=self._made, why=WhyDeaf.NOT_LISTENING)

    async def closed(self, to: Address) -> str:  # noqa: ARG002 - pages are told, whoever has them open
        """Tell that nothing is known against an address."""
        return ""

    async def start(self, receive: Receive) -> None:
        """Serve the pages; `OSError` when the port is taken."""
        self._routes.receive = receive
        app = self._routes.app()
        app.on_response_prepare.append(self._guard.add_headers)
        app.on_shutdown.append(self._end_streams)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_WITHIN_S)
        await self._runner.setup()
        await Connections(self._runner, self._web, self._refuse, self._seldom).start()

    async def deliver(
        self,
        message: ShownCard | ShownNudge,
        to: Address,
        key: str,
        *,
        again: bool = False,  # noqa: ARG002 - pages that are told twice look twice
    ) -> Receipt:
        """Tell the reader's open pages that something has changed, or what a nudge says."""
        self._check()
        if isinstance(message, Nudge):
            self.streams.tell({message.person}, "nudge", {"visit": message.visit, "say": message.text})
        else:
            self._changed(message)
        return Receipt(address=to, ref=key)

    async def amend(
        self,
        receipt: Receipt,
        card: ShownCard,
        *,
        again: bool = False,  # noqa: ARG002 - likewise
    ) -> Receipt:
        """Tell the reader's open pages that a card has changed."""
        self._check()
        self._changed(card)
        return receipt

    async def hint(self, to: Address) -> Hint | None:  # noqa: ARG002 - a page says nothing of whoever has it open
        """Tell nothing: it is not known whether somebody looks."""
        return None

    async def stop(self) -> None:
        """Take nothing more, end the streams, and let posts in flight be answered."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def _look_again(self) -> None:
        """Tell every open page that something is different which stands on all of them."""
        self.streams.tell_all("changed")

    def _changed(self, card: ShownCard) -> None:
        # pages listen for readers; what an address says may be the id of somebody else
        self.streams.tell({card.reader}, "changed", {"visit": card.visit})

    def _check(self) -> None:
        """Refuse what nobody could see: a message that was taken here would count as having reached its reader."""
        if not self._is_open:
            raise DeliveryError(DeliveryKind.MISCONFIGURED, "nobody can sign in to the web pages")
        if self._runner is None:
            raise DeliveryError(DeliveryKind.RETRY, "the web pages are not being served")

    def _refuse(self, status: int) -> web.Response:
        """Answer what never came as far as the door."""
        response = self._routes.refusal(status)
        response.headers.update({**self._guard.headers, "Cache-Control": "no-store"})
        return response

    async def _end_streams(self, _: web.Application) -> None:
        self.streams.close()
