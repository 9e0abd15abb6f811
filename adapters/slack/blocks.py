"""Cards, nudges and replies as Slack's messages. Pure: Card[str] → text and blocks.

The first block and the message's own text are each complete by themselves: phones show the one in a notification,
desktops the other. Nothing is said by a colour or an emoji alone. Each block's id names visit and revision, because
Slack keeps what was typed or chosen in a block of the same id when a message is amended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from adapters.slack import limits
from adapters.slack.limits import cut, escaped
from bot.messages import Reply, ShownButton, ShownCard

Block: TypeAlias = dict[str, Any]

ROOM: Final = 1000
"""So many characters at most of any one text on a card: Slack refuses messages whose blocks hold about 13,000."""
NOTE: Final = 250
NOTES: Final = 12
"""So many notes at most, the newest: the story has them all."""
FACT: Final = 250
LABEL: Final = 75
STEP: Final = 300
STEPS: Final = 11_000
"""So many characters at most of all steps together, for the same reason."""
OPENS: Final = "opens"
"""What the id of an action begins with that opens a modal, which must happen within three seconds; others `press`."""
PRESS: Final = "press"
MORE: Final = "more"
CHOICE: Final = "choice"
CHOICES: Final = frozenset({"site", "owner_id", "same", "another", "visit"})
"""The buttons of a reply that answer what was asked back about something typed."""
_URL: Final = re.compile(r"https?://[^\s<>|]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a card in Slack says that is not on the card itself, in its reader's language.

    `since` is the sentence that says since when the visitor waits; empty when nobody waits.
    """

    say: str
    number: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class ThreadWords:
    """What the thread of a card says beside the steps themselves.

    `times` are when each step was, as Slack is to show it; `earlier` says how many are left out.
    """

    times: tuple[str, ...]
    earlier: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its own text, for notifications, and what stands in the conversation."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button or an entry of a menu carries, and gives back when it is pressed.

    `revision` is that of the card that was looked at; 0 where it was no card.
    """

    visit: str
    revision: int
    button: str
    value: str

    def written(self) -> str:
        """Write it into the value of a button: `<visit>:<revision>:<button>:<value>`."""
        return f"{self.visit}:{self.revision}:{self.button}:{self.value}"


def read_pressed(text: str) -> Pressed | None:
    """Read what `Pressed.written` wrote; None for anything else."""
    visit, _, rest = text.partition(":")
    revision, _, rest = rest.partition(":")
    button, _, value = rest.partition(":")
    if not (visit and button and revision.isascii() and revision.isdigit() and len(revision) <= limits.REVISION_DIGITS):
        return None
    return Pressed(visit, int(revision), button, value)


def card_message(card: ShownCard, words: Words) -> Message:
    """Make the message of a card."""
    text = escaped(f"{card.title}: {card.ask or card.say or card.tag}", limits.FALLBACK)
    blocks = [*headline(card), *sentence(card, words)]
    if card.facts:
        facts = card.facts[: limits.FIELDS]
        fields = [f"*{escaped(fact.label, LABEL)}*\n{escaped(fact.value, FACT)}" for fact in facts]
        blocks.append({"type": "section", "fields": [mrkdwn(field) for field in fields]})
    if card.about:
        blocks.append(section(_quoted(escaped(card.about, ROOM))))
    blocks += number(card, words)
    if card.points:
        points = "\n".join(f"• {point}" for point in card.points)
        blocks.append(section(escaped(points, ROOM)))
    small = [*(escaped(note, NOTE) for note in card.notes[-NOTES:] if note), *([words.since] if words.since else [])]
    for start in range(0, len(small), limits.CONTEXT_ELEMENTS):
        some = small[start : start + limits.CONTEXT_ELEMENTS]
        blocks.append({"type": "context", "elements": [mrkdwn(note) for note in some]})
    blocks += actions(card)
    return Message(text, tuple(named(blocks, f"{card.visit}:{card.revision}")))


def thread_message(card: ShownCard, words: ThreadWords) -> Message:
    """Make the message in a card's thread: what has happened so far, newest last; the oldest are only counted."""
    lines, length = list[str](), 0
    for step, time in zip(reversed(card.steps), reversed(words.times), strict=True):
        line = f"{time} · {escaped(step.text, STEP)}"
        length += len(line) + 1
        if length > STEPS:
            break
        lines.insert(0, line)
    left = len(card.steps) - len(lines)
    told = [escaped(words.earlier(left), STEP), *lines] if left else lines
    blocks = [section(text) for text in _joined(told)]
    text = escaped(card.steps[-1].text, limits.FALLBACK)
    return Message(text, tuple(named(blocks, f"{card.visit}:{card.revision}:steps")))


def nudge_message(text: str) -> Message:
    """Make the message of a nudge: only its text, which makes the phone buzz.

    It is plain text, so that nothing in a visitor's name is taken for bold, for code or for a picture.
    """
    written = escaped(text, limits.SECTION)
    return Message(written, ({"type": "section", "text": _plain(text, limits.SECTION)},))


def reply_message(reply: Reply, typed: str = "", link: str = "") -> Message:
    """Make what is said back at once, with the choices or the buttons that go with it.

    `typed` is what had been typed, as a choice carries it, where something is asked back about that; otherwise the
    buttons are those of the card that the reply is about. `link` is what the address in the text is shown as, and can
    be followed by; without it no address can, for what people typed may be in the text.
    """
    text = _with_link(reply.text, link) if link else escaped(reply.text, limits.SECTION)
    blocks: list[Block] = [section(text)]
    elements = []
    for number, button in enumerate(reply.buttons[: limits.ACTIONS]):
        if button.name in CHOICES:
            action, carried = f"{CHOICE}:{number}:{button.name}:{button.value}", typed
        else:
            action = f"{_kind(button)}:{number}"
            carried = Pressed(reply.visit, 0, button.name, button.value).written()
        elements.append(_button(action, button.label, carried, main=button.main and number == 0))
    if elements:
        blocks.append({"type": "actions", "elements": elements})
    return Message(text, tuple(blocks))


def _with_link(text: str, label: str) -> str:
    """Write a text so that the first address in it can be followed; it is shown as the label, which is short."""
    found = _URL.search(text)
    if found is None:
        return escaped(text, limits.SECTION)
    before, after = text[: found.start()], text[found.end() :]
    url = escaped(found[0], limits.SECTION)
    return f"{escaped(before, ROOM)}<{url}|{escaped(label, LABEL)}>{escaped(after, ROOM)}"


# --- parts of a card -------------------------------------------------------------------------------------------------


def headline(card: ShownCard) -> list[Block]:
    """Say whom a card is about and how it stands, and what is asked."""
    first = f"*{escaped(card.title, FACT)}* · {escaped(card.tag, FACT)}"
    if card.ask:
        first += f"\n{escaped(card.ask, ROOM)}"
    return [section(first)]


def sentence(card: ShownCard, words: Words) -> list[Block]:
    """Give what is to be said to the visitor, if anything is."""
    return [section(f"{escaped(words.say, FACT)}\n*{escaped(card.say, ROOM)}*")] if card.say else []


def number(card: ShownCard, words: Words) -> list[Block]:
    """Give the visitor's number, where the reader needs it."""
    return [section(f"*{escaped(words.number, FACT)}* {escaped(card.number, FACT)}")] if card.number else []


def actions(card: ShownCard) -> list[Block]:
    """Give the buttons of a card, if it has any."""
    return [{"type": "actions", "elements": _elements(card)}] if card.buttons or card.more else []


def _joined(lines: Sequence[str]) -> list[str]:
    """Put lines together into as few texts as Slack takes of them in a section."""
    texts = [lines[0]]
    for line in lines[1:]:
        if len(texts[-1]) + 1 + len(line) > limits.SECTION:
            texts.append(line)
        else:
            texts[-1] += f"\n{line}"
    return texts


def section(text: str) -> Block:
    """Show a text that is escaped already."""
    return {"type": "section", "text": mrkdwn(text)}


def mrkdwn(text: str) -> Block:
    """Make the text of a block; what people typed is escaped already."""
    # verbatim: what somebody typed links to no page, channel or person
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def named(blocks: Iterable[Block], name: str) -> Iterable[Block]:
    """Give each block an id that begins with a name."""
    for place, block in enumerate(blocks):
        yield {**block, "block_id": cut(f"{name}:{place}", limits.ACTION_ID)}


def _elements(card: ShownCard) -> list[Block]:
    """Give the buttons of a card, and the menu with those under *more*; what does not fit the menu is a button too."""
    menu, beside = card.more[: limits.OVERFLOW], card.more[limits.OVERFLOW :]
    has_main = False
    elements = []
    for number, button in enumerate((*card.buttons, *beside)[: limits.ACTIONS - 1]):
        main = button.main and not has_main  # one of them at most: a row of primary buttons says nothing
        has_main = has_main or main
        carried = Pressed(card.visit, card.revision, button.name, button.value).written()
        elements.append(_button(f"{_kind(button)}:{number}", button.label, carried, main=main))
    if menu:
        elements.append(
            {
                "type": "overflow",
                "action_id": MORE,
                "options": [_option(card, button) for button in menu],
            }
        )
    return elements


def _kind(button: ShownButton) -> str:
    return OPENS if button.form else PRESS


def _option(card: ShownCard, button: ShownButton) -> Block:
    value = Pressed(card.visit, card.revision, button.name, button.value).written()
    return {"text": _plain(button.label, limits.OPTION), "value": f"{_kind(button)}:{value}"}


def _button(action: str, label: str, value: str, *, main: bool) -> Block:
    made: Block = {
        "type": "button",
        "action_id": cut(action, limits.ACTION_ID),
        "text": _plain(label, limits.BUTTON),
        "value": value,
        "accessibility_label": cut(label, limits.BUTTON),
    }
    return made | {"style": "primary"} if main else made


def _plain(text: str, most: int) -> Block:
    return {"type": "plain_text", "text": cut(text, most) or limits.ELLIPSIS, "emoji": False}


def _quoted(text: str) -> str:
    return "\n".join(f">{line}" for line in text.split("\n"))
