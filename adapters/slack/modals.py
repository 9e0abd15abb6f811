"""Forms as Slack's modals, and what comes back from them. Pure: Form → view, view → values.

A field's name is the id of its block, so that what is wrong with it is shown beside it. A free day and time is Slack's
own picker, which a phone shows natively, and which gives a moment; the core takes it apart again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from adapters.slack import limits
from adapters.slack.blocks import Message
from adapters.slack.limits import cut
from bot.messages import Announce, Field, FieldKind, Form, Option
from bot.texts import name_and_company

View: TypeAlias = dict[str, Any]

FORM: Final = "form"
ARRIVAL: Final = "arrival"
SAID: Final = "said"
"""The callbacks of the kinds of modals: one that a button opened, a new arrival, and one that only says something."""
NOT_DONE: Final = "not_done"
"""The id of the block that says what a button of such a modal has not done."""
INPUT: Final = "input"
FREE: Final = "free"
"""The option of a choice which says that the time stands in the picker below."""
SOMEBODY: Final = "somebody"
SITE: Final = "site"
VIA: Final = "via"
PARTY: Final = "party"
ON_THE_PHONE: Final = "phone"


@dataclass(frozen=True, slots=True)
class Opened:
    """Which form of which visit a modal is: kept in it, and given back when it is sent."""

    visit: str
    button: str
    revision: int | None = None

    def written(self) -> str:
        """Write it as a modal keeps it."""
        return json.dumps([self.visit, self.button, self.revision])


def read_opened(text: str) -> Opened | None:
    """Read what `Opened.written` wrote; None for anything else."""
    try:
        visit, button, revision = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    if not (isinstance(visit, str) and isinstance(button, str) and isinstance(revision, int | None)):
        return None
    return Opened(visit, button, revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalWords:
    """What the modal of a new arrival says, in the receptionist's language."""

    title: str
    submit: str
    close: str
    visitor: str
    visitor_example: str
    owner: str
    owner_example: str
    somebody: str
    company: str
    kind: str
    about: str
    about_hint: str
    how_long: str
    phone: str
    phone_example: str
    via: str
    here: str
    by_phone: str
    party: str
    counter: str


# --- forms that buttons open -----------------------------------------------------------------------------------------


def form_view(form: Form, close: str, revision: int | None) -> View:
    """Make the modal of a form; its whole title is its first line, because Slack's own takes 24 characters."""
    blocks: list[View] = []
    if len(form.title) > limits.VIEW_TITLE:
        blocks.append(_text(form.title))
    if form.note:
        blocks.append(_text(form.note))
    blocks += [_field(field, form.fields) for field in form.fields]
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": _plain(form.title, limits.VIEW_TITLE),
        "submit": _plain(form.submit, limits.VIEW_TITLE),
        "close": _plain(close, limits.VIEW_TITLE),
        "private_metadata": Opened(form.visit, form.button, revision).written(),
        "blocks": blocks,
    }


def _field(field: Field, fields: Sequence[Field]) -> View:
    match field.kind:
        case FieldKind.CHOICE:
            element = _choice(field)
        case FieldKind.DAY_AND_TIME:
            element = {"type": "datetimepicker"}
        case _:
            element = _line(field.value, multiline=field.kind is FieldKind.LONG_TEXT)
    # whoever picks a free time need not also say that they do
    needed = field.required and not (_leads_to_free(field) and any(f.kind is FieldKind.DAY_AND_TIME for f in fields))
    return _input(field.name, field.label, element, hint=field.hint, optional=not needed)


def _leads_to_free(field: Field) -> bool:
    return any(option.value == FREE for option in field.options)


def _choice(field: Field) -> View:
    """Let one be chosen: all in sight when they are few. None is chosen beforehand where a free time is one of them."""
    options = field.options
    if len(options) <= limits.RADIO_OPTIONS:
        made: View = {"type": "radio_buttons", "options": [_option(option) for option in options]}
    else:
        made = _menu(options)
    chosen = [option for option in options if option.chosen and not _leads_to_free(field)]
    return made | ({"initial_option": _option(chosen[0])} if chosen else {})


def _option(option: Option) -> View:
    return {"text": _plain(option.label, limits.OPTION), "value": option.value}


def values(view: Mapping[str, Any], zone: str) -> dict[str, str]:
    """Give what was filled in, by the names of the form's fields; a moment as a day and a clock of this zone."""
    found: dict[str, str] = {}
    free = False
    for name, element in _state(view):
        if element.get("type") == "datetimepicker":
            picked = element.get("selected_date_time")
            if isinstance(picked, int):
                with suppress(ValueError, OverflowError, OSError):  # no day that there is
                    local = datetime.fromtimestamp(picked, tz=UTC).astimezone(ZoneInfo(zone))
                    found |= {f"{name}_day": local.date().isoformat(), f"{name}_time": f"{local:%H:%M}"}
                    free = True
        else:
            found[name] = _answer(element)
    if free:
        found |= {name: FREE for name in _choices_with_free(view) if not found.get(name)}
    return found


def _choices_with_free(view: Mapping[str, Any]) -> Iterator[str]:
    for block in view.get("blocks", ()):
        options = block.get("element", {}).get("options", ())
        if any(option.get("value") == FREE for option in options):
            yield block.get("block_id", "")


def errors(wrong: Mapping[str, str], view: Mapping[str, Any]) -> dict[str, str]:
    """Put what is wrong beside the fields that the modal has; what belongs to none of them stands at the last one.

    Without any field there is nothing beside which it could stand.
    """
    names = [block.get("block_id", "") for block in view.get("blocks", ()) if block.get("type") == INPUT]
    put: dict[str, str] = {}
    for name, text in wrong.items() if names else ():
        at = name if name in names else names[-1]
        put[at] = f"{put[at]} {text}" if at in put else text
    return put


# --- a new arrival ---------------------------------------------------------------------------------------------------


def arrival_view(
    words: ArrivalWords, kinds: Sequence[Option], lengths: Sequence[Option], *, site: str, sites: Sequence[Option] = ()
) -> View:
    """Make the modal of a new arrival; visitor and owner stand first, and are enough.

    `site` is kept in the modal: that of the channel in which it was opened, or empty. `sites` are the counters to
    choose from, where the channel does not tell.
    """
    via = Field(
        name=VIA,
        kind=FieldKind.CHOICE,
        label=words.via,
        options=(Option(value="here", label=words.here, chosen=True), Option(value=ON_THE_PHONE, label=words.by_phone)),
    )
    visitor = _line("", example=words.visitor_example) | {"focus_on_load": True}
    counter = [_input(SITE, words.counter, _menu(sites), optional=False)] if sites else []
    blocks = [
        _input("visitor", words.visitor, visitor, optional=False),
        *counter,
        _input("owner", words.owner, _line("", example=words.owner_example)),
        _input(SOMEBODY, words.somebody, {"type": "users_select"}),
        _input("company", words.company, _line("")),
        _input("kind", words.kind, _menu(kinds)),
        _input("about", words.about, _line("", multiline=True), hint=words.about_hint),
        _input("how_long", words.how_long, _menu(lengths)),
        _input("phone", words.phone, _line("", example=words.phone_example)),
        _input(VIA, words.via, _choice(via)),
        _input(PARTY, words.party, _number(example="1")),
    ]
    return {
        "type": "modal",
        "callback_id": ARRIVAL,
        "title": _plain(words.title, limits.VIEW_TITLE),
        "submit": _plain(words.submit, limits.VIEW_TITLE),
        "close": _plain(words.close, limits.VIEW_TITLE),
        "private_metadata": site,
        "blocks": blocks,
    }


def arrival(view: Mapping[str, Any]) -> Announce:
    """Read what was filled in, but for whom they chose in Slack: see `chosen_somebody`."""
    found = {name: _answer(element) for name, element in _state(view)}
    visitor, company = name_and_company(found.get("visitor", ""))
    return Announce(
        visitor=visitor,
        owner=found.get("owner", ""),
        company=found.get("company", "") or company,
        about=found.get("about", ""),
        kind=found.get("kind", ""),
        phone=found.get("phone", ""),
        how_long_s=_whole(found.get("how_long", "")),
        party=_whole(found.get(PARTY, "")) or 1,
        by_phone=found.get(VIA) == ON_THE_PHONE,
        site=view.get("private_metadata", "") or found.get(SITE, ""),
    )


def chosen_somebody(view: Mapping[str, Any]) -> str:
    """Give the Slack user that was chosen as whom the visitor is here for; empty when nobody was."""
    return {name: _answer(element) for name, element in _state(view)}.get(SOMEBODY, "")


def is_no_party(view: Mapping[str, Any]) -> bool:
    """Tell whether what was written for how many people have come is no number from 1."""
    text = {name: _answer(element) for name, element in _state(view)}.get(PARTY, "")
    return bool(text) and not _whole(text)


# --- answers ---------------------------------------------------------------------------------------------------------


def again_view(view: Mapping[str, Any], title: str, close: str, message: Message) -> View:
    """Make the modal that stands in the place of one whose button was pressed in vain: as it was, and what is said."""
    told = {**message.blocks[0], "block_id": NOT_DONE}
    kept = [block for block in view.get("blocks", ()) if block.get("block_id") != NOT_DONE]
    return said_view(title, close, Message(message.text, (told, *kept)))


def said_view(title: str, close: str, message: Message) -> View:
    """Make the modal that stands in the place of one that was sent: what became of it, or what must be chosen yet."""
    return {
        "type": "modal",
        "callback_id": SAID,
        "title": _plain(title, limits.VIEW_TITLE),
        "close": _plain(close, limits.VIEW_TITLE),
        "blocks": list(message.blocks),
    }


# --- parts -----------------------------------------------------------------------------------------------------------


def _state(view: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, elements in view.get("state", {}).get("values", {}).items():
        for element in elements.values():
            yield name, element


def _answer(element: Mapping[str, Any]) -> str:
    if option := element.get("selected_option"):
        return str(option.get("value", ""))
    return str(element.get("value") or element.get("selected_user") or "").strip()


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= limits.REVISION_DIGITS else None


def _input(name: str, label: str, element: View, *, hint: str = "", optional: bool = True) -> View:
    made: View = {
        "type": INPUT,
        "block_id": name,
        "label": _plain(label, limits.LABEL),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return made | {"hint": _plain(hint, limits.LABEL)} if hint else made


def _line(value: str, *, multiline: bool = False, example: str = "") -> View:
    made: View = {"type": "plain_text_input", "multiline": multiline}
    if value:
        made["initial_value"] = cut(value, limits.INITIAL_VALUE)
    return made | {"placeholder": _plain(example, limits.PLACEHOLDER)} if example else made


def _number(*, example: str) -> View:
    """Let a whole number from 1 be written; Slack itself says so where it is none."""
    shown = {"placeholder": _plain(example, limits.PLACEHOLDER)}
    return {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", **shown}


def _menu(options: Sequence[Option]) -> View:
    """Let one be chosen out of a list; a long one is put into groups, which Slack lets be searched all the same."""
    if len(options) <= limits.OPTIONS:
        return {"type": "static_select", "options": [_option(option) for option in options]}
    parts = [options[start : start + limits.OPTIONS] for start in range(0, len(options), limits.OPTIONS)]
    groups = [
        {
            "label": _plain(f"{cut(part[0].label, 30)} … {cut(part[-1].label, 30)}", limits.OPTION),
            "options": [_option(option) for option in part],
        }
        for part in parts
    ]
    return {"type": "static_select", "option_groups": groups}


def _text(text: str) -> View:
    return {"type": "section", "text": _plain(text, limits.SECTION)}


def _plain(text: str, most: int) -> View:
    return {"type": "plain_text", "text": cut(text, most) or limits.ELLIPSIS, "emoji": False}
