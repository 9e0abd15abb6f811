"""What a browser posts, kept as a value: so the very same thing can be posted again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from bot.demo.pages import Page, PageForm
from bot.domain import events as e

ACCEPTED = 303
REFUSED = 422
GOES_WRONG = (aiohttp.ClientError, OSError)
"""What somebody meets who posts while the program is being killed."""


@dataclass(frozen=True)
class Post:
    """One press of a button; `makes` is the event that it makes once in the journal of the visitor's visit."""

    path: str
    fields: dict[str, str]
    visitor: str = ""
    makes: type[e.Event] = e.Event

    @property
    def person(self) -> str:
        """Give who posts."""
        return self.fields["as"]

    @property
    def once(self) -> str:
        """Give its one-time key."""
        return self.fields["once"]

    async def sent(self, base: str) -> tuple[int, Page]:
        """Send it, and give the answer itself, not the page that it leads to; raises one of `GOES_WRONG`."""
        async with (
            aiohttp.ClientSession(base) as session,
            session.post(self.path, data=self.fields, allow_redirects=False) as answer,
        ):
            return answer.status, Page(await answer.text())


def arrival(form: PageForm, visitor: str, **more: Any) -> Post:
    """Give the post that announces somebody for Martin, on the form as it stands on a page."""
    return Post(form.action, {**form.fields, "visitor": visitor, "owner": "Martin", **more}, visitor, e.Arrived)
