"""What stands above a page while a platform does not work: for the counter, for somebody who is asked, for an admin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from typing import Final

from adapters.web.viewers import RECEPTION, Viewer
from bot.domain.authority import Role
from bot.domain.card import Phrase
from bot.language.wording import Wording
from bot.ports import Clock, WhyDeaf
from bot.settings import Settings
from bot.troubles import Trouble, What

NOBODY_IS_TOLD: Final = frozenset({WhyDeaf.REFUSED.value, WhyDeaf.REMOVED.value})
"""Why a platform is not heard, where nothing is sent to it either."""


@dataclass(frozen=True, slots=True)
class Banner:
    """One sentence for everybody, and the reasons for admins; `mark` changes whenever anything of it does."""

    id: str
    text: str
    why: tuple[str, ...]

    @property
    def mark(self) -> str:
        """Give what is another one whenever something else is said."""
        return blake2s(repr((self.text, self.why)).encode(), digest_size=8).hexdigest()


class Banners:
    """Makes the banners of each viewer. `troubles` gives what does not work."""

    def __init__(
        self, settings: Settings, wording: Wording, clock: Clock, troubles: Callable[[], Sequence[Trouble]]
    ) -> None:
        """Take what they are made of."""
        self._settings = settings
        self._wording = wording
        self._clock = clock
        self._troubles = troubles

    def of(self, viewer: Viewer) -> tuple[Banner, ...]:
        """Give what somebody is told on this page: one banner a platform, and one for each counter it concerns."""
        troubles = self._troubles()
        closed = [one for one in troubles if one.what is What.CLOSED]
        others = [one for one in troubles if one.what is not What.CLOSED]
        names = [name for name in dict.fromkeys(one.adapter for one in others) if self._concerns(viewer, name)]
        platforms = (self._platform(viewer, name, [one for one in others if one.adapter == name]) for name in names)
        return (*platforms, *self._counters(viewer, closed))

    def _concerns(self, viewer: Viewer, adapter: str) -> bool:
        """Tell whether a platform matters to somebody: a counter tells others, and an admin puts it right."""
        addresses = self._settings.addresses.get(viewer.person.id, ())
        return viewer.at_reception or _is_admin(viewer) or any(at.adapter == adapter for at in addresses)

    def _platform(self, viewer: Viewer, adapter: str, troubles: Sequence[Trouble]) -> Banner:
        told = all(one.what is What.DEAF and one.why not in NOBODY_IS_TOLD for one in troubles)
        key = f"page.trouble.not_{'heard' if told else 'told'}{'' if viewer.at_reception else '_me'}"
        text = self._say(viewer, key, adapter=self._name(viewer, adapter))
        return Banner(adapter, text, tuple(self._why(viewer, one) for one in troubles) if _sees_why(viewer) else ())

    def _counters(self, viewer: Viewer, closed: Sequence[Trouble]) -> Iterator[Banner]:
        for one in closed:
            adapter = self._name(viewer, one.adapter)
            id_ = f"{one.adapter}-{one.site}"
            if viewer.site == one.site:
                why = (self._why(viewer, one),) if _sees_why(viewer) else ()
                yield Banner(id_, self._say(viewer, "page.trouble.closed", adapter=adapter), why)
            elif _sees_why(viewer):
                site = self._settings.sites[one.site].name
                text = self._say(viewer, "page.trouble.closed_at", adapter=adapter, site=site)
                yield Banner(id_, text, (self._why(viewer, one),))

    def _why(self, viewer: Viewer, one: Trouble) -> str:
        detail = f"{one.at}: {one.detail}" if one.at else one.detail or "…"
        adapter = self._name(viewer, one.adapter)
        return self._say(viewer, f"page.trouble.why_{one.why}", adapter=adapter, text=detail, time=one.since)

    def _name(self, viewer: Viewer, adapter: str) -> str:
        return self._say(viewer, f"adapter.{adapter}")

    def _say(self, viewer: Viewer, key: str, **args: str | datetime) -> str:
        return self._wording.say(Phrase(key, args), viewer.reader, self._clock.now())


def _is_admin(viewer: Viewer) -> bool:
    return Role.ADMIN.value in viewer.person.roles


def _sees_why(viewer: Viewer) -> bool:
    """Tell whether somebody is told the reasons: an admin, where no visitor reads along."""
    return _is_admin(viewer) and viewer.page != RECEPTION
