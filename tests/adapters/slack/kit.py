"""What Slack refuses of messages and modals: the models of its own SDK, and the rules that these leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block, BlockElement
from slack_sdk.models.views import View

BLOCKS_IN_A_MESSAGE = 50
BLOCKS_IN_A_VIEW = 100
TEXT_IN_A_MESSAGE = 13_000
"""The sum of all texts of a message's blocks, above which Slack says msg_blocks_too_long (bolt-js #2509)."""


def faults_of_message(text: str, blocks: Sequence[dict[str, Any]]) -> list[str]:
    """Give what Slack would refuse of a message."""
    found = [] if text.strip() else ["no text of its own"]
    if len(blocks) > BLOCKS_IN_A_MESSAGE:
        found.append("too many blocks")
    if sum(len(text) for text in texts(blocks)) > TEXT_IN_A_MESSAGE:
        found.append("too much text")
    return [*found, *_faults(blocks)]


def faults_of_view(view: dict[str, Any]) -> list[str]:
    """Give what Slack would refuse of a modal or a Home tab."""
    found = []
    try:
        View(**view).validate_json()
    except SlackObjectFormationError as error:
        found.append(str(error))
    blocks = view["blocks"]
    if not 1 <= len(blocks) <= BLOCKS_IN_A_VIEW:
        found.append("too few or too many blocks")
    if any(block["type"] == "input" for block in blocks) and "submit" not in view:
        found.append("a modal with inputs cannot be sent")
    return [*found, *_faults(blocks)]


def texts(part: Any) -> Iterator[str]:
    """Give every text that is shown in a part."""
    if isinstance(part, dict):
        if part.get("type") in {"plain_text", "mrkdwn"}:
            yield part["text"]
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from texts(each)


def _faults(blocks: Sequence[dict[str, Any]]) -> Iterator[str]:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "two blocks of one id"
    for block in blocks:
        model = Block.parse(block)
        if model is None:
            yield f"unknown block {block.get('type')}"
            continue
        elements = [*block.get("elements", ()), *(block[name] for name in ("element", "accessory") if name in block)]
        try:
            model.validate_json()
            for element in (*(getattr(model, "elements", None) or ()), getattr(model, "element", None)):
                if element is not None:
                    element.validate_json()
        except SlackObjectFormationError as error:
            yield str(error)
        actions = [element["action_id"] for element in elements if "action_id" in element]
        if len(actions) != len(set(actions)):
            yield "two actions of one id"
        parts = [element for element in elements if element["type"] not in {"mrkdwn", "plain_text"}]
        for part, made in ((block, model), *((part, BlockElement.parse(part)) for part in parts)):
            # as Slack's own models know it; an element that is unknown has nothing
            if unknown := set(part) - (set(made.attributes) if made else set()):
                yield f"{part['type']} has no {unknown}"
            yield from _options(part)
    yield from ("an empty text" for text in texts(blocks) if not text)


def _options(element: dict[str, Any]) -> Iterator[str]:
    groups = element.get("option_groups", [])
    for group in groups:
        yield from _options({"type": "static_select", "options": group["options"]})
    if len(groups) > 100 or any(not 1 <= len(group["label"]["text"]) <= 75 for group in groups):
        yield "too many groups, or one whose label is empty or too long"
    options = [*element.get("options", []), *(option for group in groups for option in group["options"])]
    values = [option["value"] for option in options]
    most = {"overflow": 5, "radio_buttons": 10}.get(element["type"], 100)
    if "options" in element and not 1 <= len(element["options"]) <= most:
        yield "too few or too many options"
    if len(values) != len(set(values)):
        yield "two options of one value"
    if any(not value or len(value) > 150 for value in values):
        yield "an option's value is empty or too long"
    if any(len(option["text"]["text"]) > 75 for option in options):
        yield "an option's text is too long"
    if "initial_option" in element and element["initial_option"] not in options:
        yield "what is chosen beforehand is no option"
