"""Reads a page strictly enough to find what a browser would silently mend."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})
REFERRING = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "list")


class Page(HTMLParser):
    """A page's text, ids and faults: unclosed tags, ids twice, labels for nothing, what a strict policy forbids."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.referred: set[str] = set()
        self.faults: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag in self.open]
        self.faults += [f"id {name!r} {n} times" for name, n in self.ids.items() if n > 1]
        self.faults += [f"nothing has the id {name!r}" for name in self.referred if name not in self.ids]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.faults += [f"<{tag}> has {name} twice" for name in set(names) if names.count(name) > 1]
        self.faults += [f"<{tag}> has {name}" for name in names if name == "style" or name.startswith("on")]
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids[values["id"]] += 1
        for name in REFERRING:
            self.referred.update(values.get(name, "").split())
        if tag == "form" and "form" in self.open:
            self.faults.append("a form in a form")
        if tag == "script" and "src" not in values:
            self.faults.append("a script in the page")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at the wrong place, line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """Give all text, spaces made ordinary."""
        return " ".join("".join(self.texts).split())
