"""The Home tab: what waits for whoever opens it, and the board of the counter at which they stand. Pure: Board → view.

A card is shorter here than in a conversation, and has the same buttons. What Slack would not take any more is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from adapters.slack import limits
from adapters.slack.blocks import Block, Words, actions, headline, mrkdwn, named, number, section, sentence
from adapters.slack.limits import cut, escaped
from bot.messages import ShownCard
from bot.pages import Board

View: TypeAlias = dict[str, Any]

HOME: Final = "home"
"""The type of such a view, and the name of the tab."""
TEXT: Final = 12_000
"""So many characters at most in all: Slack does not say how many it takes of a Home tab, but of a message 13,000."""
MORE: Final = 300
"""Room of it for the sentence that says how many are left out; a block is kept for it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeWords:
    """What a Home tab says that is on no card, in the language of whoever opens it.

    `card` gives what a card says beside its own words; `more` says how many are left out.
    """

    waiting: str
    nothing: str
    promised: str
    calls: str
    nobody: str
    card: Callable[[ShownCard], Words]
    more: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Counter:
    """The board of a counter, and its name."""

    name: str
    board: Board


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is shown whole or not at all; `cards` are those on it: one, or none where only a heading stands."""

    blocks: tuple[Block, ...]
    cards: int


def home_view(own: Board, counters: Sequence[Counter], words: HomeWords) -> View:
    """Make the Home tab of a person: what waits for them, the calls that they promised, then each counter of theirs."""
    pieces = [*_part("own", words.waiting, own.cards, words, empty=words.nothing)]
    pieces += _part("calls", words.promised, own.calls, words)
    for place, counter in enumerate(counters):
        here = {card.visit for card in counter.board.cards}
        calls = [card for card in counter.board.calls if card.visit not in here]
        pieces += _part(f"counter{place}", counter.name, counter.board.cards, words, empty=words.nobody)
        pieces += _part(f"calls{place}", words.calls, calls, words)
    return {"type": HOME, "blocks": _fitting(pieces, words.more)}


def sentence_view(text: str) -> View:
    """Make a Home tab that only says something."""
    return {"type": HOME, "blocks": [section(escaped(text, limits.SECTION))]}


def _part(
    name: str, heading: str, cards: Sequence[ShownCard], words: HomeWords, *, empty: str = ""
) -> Iterator[_Piece]:
    """Give a heading and its cards, those first on which something waits; without cards what is said then, if any."""
    if not cards and not empty:
        return
    head: Block = {"type": "header", "text": {"type": "plain_text", "text": cut(heading, limits.HEADER)}}
    lead = (*named([head], name),)
    if not cards:
        yield _Piece((*lead, *named([section(escaped(empty, limits.SECTION))], f"{name}:empty")), 0)
    for card in sorted(cards, key=lambda card: not card.turn):
        yield _Piece((*lead, *named(_card(card, words.card(card)), f"{name}:{card.visit}:{card.revision}")), 1)
        lead = ()  # a heading never stands without the first card below it


def _card(card: ShownCard, words: Words) -> Iterable[Block]:
    since: list[Block] = [{"type": "context", "elements": [mrkdwn(words.since)]}] if words.since else []
    return [*headline(card), *sentence(card, words), *number(card, words), *since, *actions(card)]


def _fitting(pieces: Sequence[_Piece], more: Callable[[int], str]) -> list[Block]:
    """Take as much from the beginning as Slack takes, and say how many cards are left out."""
    blocks: list[Block] = []
    text = 0
    for place, piece in enumerate(pieces):
        text += _length(piece.blocks)
        if len(blocks) + len(piece.blocks) > limits.VIEW_BLOCKS - 1 or text > TEXT - MORE:
            left = sum(each.cards for each in pieces[place:])
            return [*blocks, *named([section(escaped(more(left), MORE))], "more")] if left else blocks
        blocks += piece.blocks
    return blocks


def _length(part: Any) -> int:
    """Count the characters of all texts in a part."""
    if isinstance(part, dict):
        own = len(part["text"]) if part.get("type") in {"plain_text", "mrkdwn"} else 0
        return own + sum(_length(each) for each in part.values())
    return sum(_length(each) for each in part) if isinstance(part, list | tuple) else 0
