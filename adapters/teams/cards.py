"""Cards and replies as Adaptive Cards. Pure: Card[str] → dict.

The first line is complete by itself. Nothing is said by a colour alone. All that may have been typed by somebody stands
in a `RichTextBlock`, for which see `limits`; so do facts, which a `FactSet` would read as Markdown.

Each button is an `Action.Execute`, and an `Action.Submit` where a client knows none; both carry the same data. What is
under *more*, and what has no room beside the first buttons, opens below a button of its own (`Action.ShowCard`), which
every client can show, as not every one can its overflow menu. The steps of a counter's card are on the card itself,
folded: a message in its thread would make the channel's members look for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from adapters.teams import limits
from adapters.teams.limits import Content, cut, fitting, plain
from adapters.teams.words import CardWords, TeamsWords
from bot.messages import Reply, ShownButton, ShownCard

Data: TypeAlias = dict[str, Any]

OURS: Final = "hello30"
"""Under this name stands what a button of ours carries; beside it Teams puts what was filled in."""
PRESS: Final = "press"
CHOICE: Final = "choice"
"""What a button is for, as its data says: a button of a card; an answer to what was asked back."""
CHOICES: Final = frozenset({"site", "owner_id", "same", "another", "visit"})
"""The buttons of a reply that answer what was asked back about something typed."""
STEPS_ID: Final = "steps"

TEXT: Final = 1000
NOTE: Final = 250
NOTES: Final = 12
"""So many notes at most, the newest: the story has them all."""
FACT: Final = 250
FACTS: Final = 10
STEP: Final = 300
STEPS: Final = 8000
"""So many characters at most of all steps together, with what stands around each."""
CARRIED: Final = (limits.VALUE, 500, 200, 80, 40, 20, 10)
"""So many characters each choice carries of something typed: as many as all of them together have room for."""
AROUND: Final = 70
"""About so many characters stand around the text of a line in a card."""


def card_content(card: ShownCard, words: TeamsWords) -> Content:
    """Make the Adaptive Card of a card."""
    said = words.card(card)
    return fitting(
        limits.SHARES, lambda share: adaptive(_body(card, said, share), said.language, _actions(card, said, share))
    )


def summary(card: ShownCard) -> str:
    """Say in one line, for a notification, whom a card is about and what is wanted."""
    return cut(f"{card.title}: {card.ask or card.say or card.tag}", limits.SUMMARY)


def reply_content(reply: Reply, carried: Data | None) -> Content | None:
    """Make the card of what is said back at once, with its buttons; None where it has none, and text is enough.

    `carried` is what had been typed, where something is asked back about that: each choice carries it, with the name
    of the question; of a text that is too long for that, as much from its beginning as fits. The other buttons are
    those of the card that the reply is about.
    """
    if not reply.buttons:
        return None
    buttons = reply.buttons[: limits.CHOICES]

    def content(most: int) -> Content:
        typed = _shortened(carried or {}, most) | ({"question": reply.question} if reply.question else {})
        made = [
            execute(button.label, _of_reply(reply, button, typed), main=button.main and number == 0)
            for number, button in enumerate(buttons)
        ]
        return adaptive([line(run(reply.text, limits.VALUE)), *rows(made)])

    return fitting(CARRIED, content)


# --- what cards and forms are made of --------------------------------------------------------------------------------


def adaptive(body: Sequence[Content], language: str = "", actions: Sequence[Content] = ()) -> Content:
    """Make an Adaptive Card."""
    made: Content = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "body": list(body),
    }
    made |= {"lang": language} if language else {}
    return made | {"actions": list(actions)} if actions else made


def run(text: str, most: int, **look: Any) -> Content | str:
    """Make a piece of text that looks alike, shown as it was typed."""
    shown = plain(text, most) or limits.ELLIPSIS
    return {"type": "TextRun", "text": shown, **look} if look else shown


def line(*runs: Content | str, **look: Any) -> Content:
    """Make a paragraph."""
    return {"type": "RichTextBlock", "inlines": list(runs), **look}


def execute(title: str, data: Data, *, main: bool = False, inputs: bool = True, share: int = 1) -> Content:
    """Make a button; without `inputs` it neither waits for what must be filled in nor brings it along."""
    most = max(limits.BUTTON_AT_LEAST, limits.BUTTON // share)
    made: Content = {"title": cut(title.strip(), most) or limits.ELLIPSIS, "data": {OURS: data}}
    made |= {"style": "positive"} if main else {}
    made |= {} if inputs else {"associatedInputs": "none"}
    fallback = {"type": "Action.Submit", **made}
    return {"type": "Action.Execute", "verb": str(data["act"]), **made, "fallback": fallback}


def rows(actions: Sequence[Content]) -> list[Content]:
    """Put buttons into rows of which each shows all of its own."""
    return [
        {"type": "ActionSet", "actions": list(actions[start : start + limits.ACTIONS])}
        for start in range(0, len(actions), limits.ACTIONS)
    ]


def press(visit: str, button: ShownButton, revision: int) -> Data:
    """Give what a button of a card carries; `revision` is that of the card, 0 where it stands on none."""
    return {"act": PRESS, "visit": visit, "button": button.name, "value": button.value, "revision": revision}


# --- parts of a card -------------------------------------------------------------------------------------------------


def _body(card: ShownCard, words: CardWords, share: int) -> list[Content]:
    most, fact = TEXT // share, FACT // share
    made = [line(run(card.title, fact, weight="Bolder", size="Medium"), " · ", run(card.tag, fact))]
    if card.ask:
        made.append(line(run(card.ask, most, weight="Bolder")))
    if card.say:
        made.append(line(run(words.say, fact, isSubtle=True), separator=True))
        made.append(line(run(card.say, most, weight="Bolder", size="ExtraLarge"), spacing="None"))
    made += [_labelled(each.label, each.value, fact) for each in card.facts[:FACTS]]
    if card.about:
        made.append(_labelled(words.about, card.about, most))
    if card.number:
        made.append(_labelled(words.number, card.number, fact))
    if card.points:
        made.append(line(run("\n".join(f"• {point}" for point in card.points), most)))
    notes = [note for note in card.notes if note][-max(1, NOTES // share) :]
    small = [*notes, *([words.since] if words.since else [])]
    made += [line(run(each, NOTE // share, isSubtle=True, size="Small"), spacing="Small") for each in small]
    return [*made, *_steps(card, words, share)]


def _labelled(label: str, value: str, most: int) -> Content:
    return line(run(label, most, isSubtle=True), "  ", run(value, most), spacing="Small")


def _steps(card: ShownCard, words: CardWords, share: int) -> list[Content]:
    """Fold what has happened so far, newest last; the oldest are only counted where there is no room for them."""
    if not card.steps:
        return []
    told, length = list[Content](), 0
    for step, time in zip(reversed(card.steps), reversed(words.times), strict=True):
        made = run(f"{time} · {step.text}", STEP // share)
        length += len(made) + AROUND
        if length > STEPS // share:
            break
        told.insert(0, line(made, spacing="Small"))
    left = len(card.steps) - len(told)
    before = [line(run(words.earlier(left), STEP, isSubtle=True))] if left else []
    unfold = {"type": "Action.ToggleVisibility", "title": cut(words.steps, limits.BUTTON), "targetElements": [STEPS_ID]}
    return [
        {"type": "ActionSet", "actions": [unfold]},
        {"type": "Container", "id": STEPS_ID, "isVisible": False, "items": [*before, *told]},
    ]


def _actions(card: ShownCard, words: CardWords, share: int) -> list[Content]:
    """Give the buttons of a card: one of them filled at most, since a row of filled ones says nothing."""
    main = next((button for button in card.buttons if button.main), None)
    made = [
        execute(button.label, press(card.visit, button, card.revision), main=button is main, share=share)
        for button in (*card.buttons, *card.more)
    ]
    shown = len(card.buttons)
    if card.more or shown > limits.ACTIONS:
        shown = min(shown, limits.ACTIONS - 1)
    if shown == len(made):
        return made
    below = {"type": "AdaptiveCard", "version": "1.5", "body": rows(made[shown:])}
    return [*made[:shown], {"type": "Action.ShowCard", "title": cut(words.more, limits.BUTTON), "card": below}]


# --- parts of a reply ------------------------------------------------------------------------------------------------


def _of_reply(reply: Reply, button: ShownButton, typed: Data) -> Data:
    if button.name not in CHOICES:
        return press(reply.visit, button, 0)
    return {"act": CHOICE, "name": button.name, "value": button.value, "typed": typed}


def _shortened(carried: Mapping[str, Any], most: int) -> Data:
    """Cut what is the longest of something typed: the line itself, or what a visit is about."""
    return {
        name: value[:most] if name in ("text", "about") and isinstance(value, str) else value
        for name, value in carried.items()
    }
