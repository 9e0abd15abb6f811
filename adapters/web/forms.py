"""What a browser posts, as what the core takes: payload → Incoming. Pure.

A button posts `press=<name>` or `press=<name>:<value>`. Each form carries `once`, a key that is made anew whenever a
page is made, so that a double click is one press; `revision` is that of the card that was looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.messages import Address, Announce, Incoming, Press, ShownButton, Typed
from bot.texts import name_and_company

ADAPTER = "web"
OWN_FIELDS = frozenset({"once", "page", "as", "proof", "press", "choice", "revision", "visit", "in_row", "question"})
"""Fields of ours that stand in each form; everything else is an answer."""
LONGEST_KEY = 80
LONGEST_QUESTION = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who posts: their id and their address here, the counter's site (empty: their own page), and a language."""

    person: str
    address: str
    site: str = ""
    language: str | None = None

    def incoming(self, once: str, what: str, act: Announce | Press | Typed) -> Incoming:
        """Wrap an act; the same `once` for the same thing, by the same person, is the same key."""
        key = f"{self.person}:{once[:LONGEST_KEY]}:{what}"
        return Incoming(key=key, sender=Address(ADAPTER, self.address), act=act, language=self.language)

    def own(self, question: str) -> str:
        """Give the key of a question if it was put to this person; empty for any other."""
        return question[:LONGEST_QUESTION] if question.startswith(f"{self.person}:") else ""


def announce(sender: Sender, once: str, form: Mapping[str, str]) -> Incoming:
    """Read the arrival form; `choice` is the answer to what was asked back (which Martin, another person)."""
    visitor, company = name_and_company(form.get("visitor", ""))
    name, value = split_press(form.get("choice", ""))
    act = Announce(
        visitor=visitor,
        owner=form.get("owner", "").strip(),
        owner_id=value if name == "owner_id" else form.get("owner_id", ""),
        company=form.get("company", "").strip() or company,
        about=form.get("about", "").strip(),
        kind=form.get("kind", ""),
        phone=form.get("phone", "").strip(),
        how_long_s=whole(form.get("long", "")),
        party=whole(form.get("party", "")) or 1,
        by_phone=form.get("via") == "phone",
        site=sender.site,
        another=name == "another" or form.get("another") == "yes",
        same=name == "same",
        question=sender.own(form.get("question", "")),
    )
    return sender.incoming(once, f"announce:{form.get('choice', '')}", act)


def press(sender: Sender, once: str, visit: str, form: Mapping[str, str]) -> Incoming:
    """Read a button that was pressed on a card."""
    button, value = split_press(form.get("press", ""))
    act = Press(visit=visit, button=button, value=value, revision=whole(form.get("revision", "")))
    return sender.incoming(once, f"{visit}:{form.get('press', '')}", act)


def submitted(sender: Sender, once: str, visit: str, button: str, form: Mapping[str, str]) -> Incoming:
    """Read a form that a button had opened."""
    act = Press(
        visit=visit,
        button=button,
        revision=whole(form.get("revision", "")),
        values=answers(form),
        submitted=True,
    )
    return sender.incoming(once, f"{visit}:{button}:form", act)


def typed(sender: Sender, once: str, form: Mapping[str, str]) -> Incoming:
    """Read what was typed into the box of a card."""
    return sender.incoming(once, "typed", Typed(text=form.get("text", "").strip(), visit=form.get("visit", "")))


def announced(form: Mapping[str, str]) -> dict[str, str]:
    """Give what was filled in of an arrival, with what was chosen so far: what is asked next goes on from there."""
    name, value = split_press(form.get("choice", ""))
    chosen = {"owner_id": value} if name == "owner_id" else {"another": "yes"} if name == "another" else {}
    return {**answers(form), **chosen}


def answers(form: Mapping[str, str]) -> dict[str, str]:
    """Give what was filled in, without the fields that are ours."""
    return {name: value for name, value in form.items() if name not in OWN_FIELDS}


def pressed_as(button: ShownButton) -> str:
    """Give what a button posts; `split_press` takes it apart again."""
    return f"{button.name}:{button.value}" if button.value else button.name


def split_press(text: str) -> tuple[str, str]:
    """Give a button's name and its value (may be empty)."""
    name, _, value = text.partition(":")
    return name, value


def whole(text: str) -> int | None:
    """Read a whole number of ours; None when it is missing or was tampered with."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None
