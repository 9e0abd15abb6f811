"""A person at the demo's pages, without a browser: reads what stands there, fills in forms, presses buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp

from bot.errors import Hello30Error

VOID = frozenset({"input", "meta", "link", "br", "hr", "img", "progress"})
"""Elements without a closing tag, as the pages write them."""
INLINE = frozenset({"span", "b", "strong", "small", "time", "q", "a"})
"""Elements that stand in a line of text."""
BLANKS = " \t\r\n"
GAPS = re.compile(f"[{BLANKS}]+")
"""White space that a browser shows as one space; a no-break space is none of it."""


class NotOnThePage(Hello30Error):
    """What somebody wants to press or fill in does not stand on the page."""


@dataclass
class PageForm:
    """A form: where it is posted, what stands in its fields, and its buttons by their labels."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass
class _Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


class Page(HTMLParser):
    """What stands on a page: its forms, its links, and the texts that a person reads first."""

    def __init__(self, html: str) -> None:
        """Read a page."""
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self.links: dict[str, str] = {}
        self.say: list[str] = []
        self.asks: list[str] = []
        self.said = ""
        self.story: list[str] = []
        self.log: list[str] = []
        self._open: list[_Element] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element up; one without a closing tag is done at once."""
        element = _Element(tag, {name: value or "" for name, value in attrs})
        if tag == "form":
            self.forms.append(PageForm(element.attributes.get("action", "")))
        if tag in VOID:
            self._done(element)
        else:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and whatever was left open inside it."""
        while self._open:
            element = self._open.pop()
            self._done(element)
            if self._open:
                self._open[-1].text += element.text if element.tag in INLINE else element.text + " "
            if element.tag == tag:
                return

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if self._open:
            self._open[-1].text += data

    def _done(self, element: _Element) -> None:
        text = element.text.strip(BLANKS)
        text = GAPS.sub(" ", text)
        if element.tag not in INLINE:
            element.text = text
        classes = element.attributes.get("class", "").split()
        if element.tag in {"input", "textarea", "option", "button"}:
            self._in_form(element)
        elif element.tag == "a":
            self.links.setdefault(text, element.attributes.get("href", ""))
        elif element.tag == "q" and any("say" in e.attributes.get("class", "").split() for e in self._open):
            self.say.append(text)
        elif {"ask", "big"} & set(classes) or (
            element.tag == "strong" and any("note" in e.attributes.get("class", "") for e in self._open)
        ):
            self.asks.append(text)
        elif element.attributes.get("id") == "said":
            self.said = text
        elif "is-kind" in classes:
            self.log.append(text.removeprefix("hello30 "))
        elif element.tag == "div" and "what" in classes:
            self.story.append(text)

    def _in_form(self, element: _Element) -> None:
        if not self.forms:
            return
        form, a = self.forms[-1], element.attributes
        if element.tag == "button":
            form.buttons.setdefault(element.text, (a.get("name", ""), a.get("value", "")))
        elif element.tag == "option":
            select = next((e for e in reversed(self._open) if e.tag == "select"), None)
            if select is not None and ("selected" in a or select.attributes.get("name", "") not in form.fields):
                form.fields[select.attributes.get("name", "")] = a.get("value", element.text)
        elif a.get("type") in {"radio", "checkbox"}:
            if "checked" in a:
                form.fields[a.get("name", "")] = a.get("value", "on")
        elif a.get("name"):
            form.fields[a["name"]] = element.text if element.tag == "textarea" else a.get("value", "")

    def form_with(self, label: str, among: str = "") -> PageForm:
        """Give the form that has a button of this label, and whose address begins with `among`."""
        for form in self.forms:
            if label in form.buttons and form.action.startswith(among):
                return form
        raise NotOnThePage(f'there is no button "{label}" on the page')


class PageUser:
    """A person of the demo with a page before them."""

    def __init__(self, base: str, person: str, path: str) -> None:
        """Take the address of the pages, who it is, and the page that they look at."""
        self._session = aiohttp.ClientSession()
        self._base = base
        self._path = f"{path}?as={person}"
        self.page = Page("")

    async def __aenter__(self) -> Self:
        """Look at the page for the first time."""
        try:
            await self.look()
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go."""
        await self._session.close()

    async def look(self, path: str = "") -> Page:
        """Load the page anew, or look at another one."""
        async with self._session.get(urljoin(self._base, path or self._path)) as answer:
            self.page = Page(await answer.text())
        return self.page

    async def follow(self, label: str) -> Page:
        """Follow a link by its text."""
        if label not in self.page.links:
            raise NotOnThePage(f'there is no link "{label}" on the page')
        return await self.look(self.page.links[label])

    async def press(self, label: str, among: str = "", **values: str) -> Page:
        """Fill in the form around a button, leave the rest as it stands, and press it."""
        form = self.page.form_with(label, among)
        name, value = form.buttons[label]
        sent = {**form.fields, **values, **({name: value} if name else {})}
        async with self._session.post(
            urljoin(self._base, form.action), data=sent, headers={"Origin": self._base}
        ) as answer:
            self.page = Page(await answer.text())
        return self.page
