"""Forms as Adaptive Cards with inputs, and what comes back from them. Pure: Form → dict, data → values.

A field's name is the id of its input. What is wrong stands in words below its field, and the first line names the
fields to look at. Nothing that was typed is lost: the core fills a form that it shows again.

No time is chosen beforehand where another one may be filled in below, and whoever does that need not also say that
they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from adapters.teams import limits
from adapters.teams.cards import OURS, Data, adaptive, execute, line, run
from adapters.teams.limits import Content, cut, fitting
from adapters.teams.words import ArrivalWords, FormWords
from bot.messages import Announce, Field, FieldKind, Form, Option
from bot.texts import name_and_company

FORM: Final = "form"
BACK: Final = "back"
ANNOUNCE: Final = "announce"
"""What a button is for, as its data says: to send a form; to see its card again; to announce a visitor."""
FREE: Final = "free"
"""The option of a choice which says that the time stands in the field of this name."""
SITE: Final = "site"
VIA: Final = "via"
ON_THE_PHONE: Final = "phone"
NOT_SAID: Final = "-"
"""A kind and a length of which the core knows nothing: Teams lets nobody take a choice back."""
LABEL: Final = 250
MENUS: Final = frozenset({"kind", "how_long"})
"""The choices of an arrival that fold, because few need them."""


@dataclass(frozen=True, slots=True)
class _Room:
    """How much room a form is made with: a share of each text, and so many options of each choice."""

    share: int = 1
    options: int = 10_000


ROOMS: Final = (_Room(), _Room(2), _Room(4), _Room(4, 150), _Room(4, 100), _Room(4, 50), _Room(8, 20), _Room(16, 5))


# --- forms that buttons open -----------------------------------------------------------------------------------------


def form_content(form: Form, words: FormWords, revision: int | None) -> Content:
    """Make the card of a form that a button of a card of this revision opened."""
    about: Data = {"visit": form.visit, "button": form.button}
    about |= {} if revision is None else {"revision": revision}
    sends: Data = {"act": FORM, **about}
    if leading := next((field.name for field in form.fields if _waits_for_time(field, form.fields)), None):
        sends["leads"] = leading
    actions = [
        execute(form.submit, sends, main=True),
        execute(words.back, {"act": BACK, **about}, inputs=False),
    ]
    return fitting(ROOMS, lambda room: adaptive(_body(form, words, room), words.language, actions))


def values(data: Mapping[str, Any]) -> dict[str, str]:
    """Give what was filled in, by the names of the form's fields."""
    found = _filled(data)
    ours = data.get(OURS)
    leading = ours.get("leads") if isinstance(ours, Mapping) else None
    if isinstance(leading, str) and found.get(f"{FREE}_time") and not found.get(leading):
        found[leading] = FREE
    return found


# --- a new arrival ---------------------------------------------------------------------------------------------------


def arrival_content(
    words: ArrivalWords,
    kinds: Sequence[Option],
    lengths: Sequence[Option],
    *,
    site: str = "",
    sites: Sequence[Option] = (),
    again: tuple[Announce, Mapping[str, str]] | None = None,
) -> Content:
    """Make the form of a new arrival; visitor and owner stand first, and are enough.

    `site` is that of the channel in which it is filled in, or empty; `sites` are the counters to choose from, where
    the channel does not tell. With `again`, it is shown again: with what was filled in, and what is wrong with it.
    """
    act, errors = again or (Announce(visitor=""), {})
    fields = (
        _text("visitor", words.visitor, act.visitor, words.visitor_example, required=True),
        _text("owner", words.owner, act.owner, words.owner_example, required=True),
        *([_one_of(SITE, words.counter, sites, act.site, required=True)] if sites else []),
        _text("company", words.company, act.company),
        _one_of("kind", words.kind, _or_nothing(kinds, words), act.kind or NOT_SAID),
        _text("about", words.about, act.about, words.about_hint, kind=FieldKind.LONG_TEXT),
        _one_of("how_long", words.how_long, _or_nothing(lengths, words), str(act.how_long_s or NOT_SAID)),
        _text("phone", words.phone, act.phone, words.phone_example, kind=FieldKind.PHONE),
        _one_of(VIA, words.via, _places(words), ON_THE_PHONE if act.by_phone else "here"),
        _text("party", words.party, str(act.party) if act.party > 1 else "", "1"),
    )
    form = Form(
        visit="", button="", title=words.title, submit=words.submit, fields=fields, errors=errors if again else {}
    )
    missing = {"visitor": words.visitor_missing, "owner": words.owner_missing}
    actions = [execute(words.submit, {"act": ANNOUNCE, SITE: site}, main=True)]
    return fitting(ROOMS, lambda room: adaptive(_body(form, words.form, room, missing), words.form.language, actions))


def arrival(data: Mapping[str, Any]) -> Announce:
    """Read what was filled in of a new arrival."""
    found, ours = _filled(data), data.get(OURS)
    site = ours.get(SITE) if isinstance(ours, Mapping) else None
    visitor, company = name_and_company(found.get("visitor", ""))
    return Announce(
        visitor=visitor,
        owner=found.get("owner", ""),
        company=found.get("company", "") or company,
        about=found.get("about", ""),
        kind=found.get("kind", "").removeprefix(NOT_SAID),
        phone=found.get("phone", ""),
        how_long_s=_whole(found.get("how_long", "")),
        party=_whole(found.get("party", "")) or 1,
        by_phone=found.get(VIA) == ON_THE_PHONE,
        site=site if isinstance(site, str) and site else found.get(SITE, ""),
    )


def _text(
    name: str, label: str, value: str, hint: str = "", *, kind: FieldKind = FieldKind.TEXT, required: bool = False
) -> Field:
    return Field(name=name, kind=kind, label=label, hint=hint, value=value, required=required)


def _one_of(name: str, label: str, options: Sequence[Option], chosen: str, *, required: bool = False) -> Field:
    made = tuple(Option(value=each.value, label=each.label, chosen=each.value == chosen) for each in options)
    return Field(name=name, kind=FieldKind.CHOICE, label=label, options=made, required=required)


def _or_nothing(options: Sequence[Option], words: ArrivalWords) -> tuple[Option, ...]:
    return (Option(value=NOT_SAID, label=words.not_said), *options)


def _places(words: ArrivalWords) -> tuple[Option, ...]:
    return Option(value="here", label=words.here), Option(value=ON_THE_PHONE, label=words.by_phone)


# --- parts of a form -------------------------------------------------------------------------------------------------


def _body(form: Form, words: FormWords, room: _Room, missing: Mapping[str, str] | None = None) -> list[Content]:
    most = limits.VALUE // room.share
    made = [line(run(form.title, most, weight="Bolder", size="Medium"))]
    names = {field.name: field.label for field in form.fields}
    if wrong := [names[name] for name in names if form.errors.get(name)]:
        made.append(_wrong(words.look_again(", ".join(wrong)), most))
    made += [_wrong(text, most) for name, text in form.errors.items() if name not in names and text]
    if form.note:
        made.append(line(run(form.note, most, isSubtle=True)))
    for field in form.fields:
        needed = field.required and not _waits_for_time(field, form.fields)
        lacking = (missing or {}).get(field.name) or (words.choose if field.options else words.missing)
        must = {"isRequired": True, "errorMessage": cut(lacking, LABEL // room.share)} if needed else {}
        made += [each | must for each in _inputs(field, form, words, room)]
        made += _below(field, words, room)
        if error := form.errors.get(field.name):
            made.append(_wrong(error, most))
    return made


def _inputs(field: Field, form: Form, words: FormWords, room: _Room) -> list[Content]:
    if field.kind is FieldKind.CHOICE:
        beforehand = bool(form.errors) or not _waits_for_time(field, form.fields)
        return [_choice(field, field.name, field.label, room, beforehand=beforehand)]
    if field.kind is FieldKind.DAY_AND_TIME:
        day = _choice(field, f"{field.name}_day", f"{field.label} · {words.day}", room, beforehand=True, folds=True)
        time = {
            "type": "Input.Time",
            "id": f"{field.name}_time",
            "label": cut(f"{field.label} · {words.hour}", LABEL // room.share),
        }
        return [day, time | ({"value": field.value} if field.value else {})]
    made: Content = {
        "type": "Input.Text",
        "id": field.name,
        "label": cut(field.label, LABEL // room.share),
        "isMultiline": field.kind is FieldKind.LONG_TEXT,
    }
    made |= {"placeholder": cut(field.hint, LABEL // room.share)} if field.hint else {}
    made |= {"style": "tel"} if field.kind is FieldKind.PHONE else {}
    return [made | {"value": cut(field.value, limits.VALUE // room.share)} if field.value else made]


def _choice(field: Field, name: str, label: str, room: _Room, *, beforehand: bool, folds: bool = False) -> Content:
    options = field.options[: room.options]
    style = "expanded" if len(field.options) <= limits.EXPANDED else "filtered"
    made: Content = {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": cut(label, LABEL // room.share),
        "style": "compact" if folds or field.name in MENUS else style,
        "choices": [
            {"title": cut(option.label, limits.BUTTON * 2 // room.share), "value": option.value} for option in options
        ],
        "wrap": True,
    }
    chosen = [option.value for option in options if option.chosen]
    return made | {"value": chosen[0]} if chosen and beforehand else made


def _below(field: Field, words: FormWords, room: _Room) -> list[Content]:
    """Give what stands small below an input: a hint that has no place in it, and how many options have none."""
    hint = field.hint if field.options else ""
    left = len(field.options) - room.options
    small = [*([hint] if hint else []), *([words.beyond(left)] if left > 0 else [])]
    return [line(run(text, LABEL // room.share, isSubtle=True, size="Small"), spacing="None") for text in small]


def _wrong(text: str, most: int) -> Content:
    return line(run(text, most, color="Attention", weight="Bolder"), spacing="Small")


def _waits_for_time(field: Field, fields: Sequence[Field]) -> bool:
    """Tell whether one of a choice's options says that another time is filled in, and there is a field for that."""
    is_offered = field.kind is FieldKind.CHOICE and any(option.value == FREE for option in field.options)
    return is_offered and any(each.kind is FieldKind.DAY_AND_TIME and each.name == FREE for each in fields)


def _filled(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: value.strip() for name, value in sorted(data.items()) if name != OURS and isinstance(value, str)}


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= limits.DIGITS else None
