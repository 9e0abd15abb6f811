"""How a visit comes to stand as a card shows it, and how a card is looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot.domain import commands as c
from bot.domain.card import Card, Phrase
from tests.domain.house import Story, at, minutes

COMING: Final = c.PromiseHello(by="martin", within=timedelta())
IN_FIVE: Final = c.PromiseHello(by="martin", within=minutes(5))
AT_TEN: Final = c.PromiseCallback(by="martin", due=at("10:00"))
ANSWERS: Final = ["hello", "hello", "hello", "call_back", "ask_colleague"]
CALLER: Final = ["done", "no_answer", "move"]
CALLER_MORE: Final = ["pass_call", "drop_call", "note"]


def keys(card: Card[Phrase]) -> list[str]:
    """Give the keys of what hello30 itself notes on a card; what colleagues wrote is beside it."""
    return [note.key for note in card.notes if note.key != "note.written"]


def asks(card: Card[Phrase]) -> str | None:
    """Give the key of what a card asks."""
    return card.ask.key if card.ask else None


def told(story: Story, *commands: c.Command, after: float = 0) -> Story:
    """Let some minutes pass, then let somebody do something."""
    story.passes(minutes=after)
    story.does(*commands)
    return story


def coming(story: Story) -> Story:
    """Martin comes within five minutes."""
    return told(story, IN_FIVE)


def forgotten(story: Story) -> Story:
    """Martin promised to come, and did not."""
    told(story, COMING).passes(minutes=4)
    return story


def silence(story: Story) -> Story:
    """Nobody answers."""
    story.passes(minutes=8)
    return story


def call(story: Story) -> Story:
    """Martin calls at ten."""
    return told(story, AT_TEN)


def call_now(story: Story) -> Story:
    """It is ten."""
    call(story).passes(minutes=60)
    return story


def call_late(story: Story) -> Story:
    """It is ten, and a quarter of an hour and a minute more."""
    call(story).passes(minutes=76)
    return story


def call_with_reception(story: Story) -> Story:
    """Nobody has called for hours."""
    call(story).passes(hours=6)
    return story


def unsafe(story: Story) -> Story:
    """Martin says that it is not safe."""
    return told(story, c.MarkUnsafe(by="martin"))


def left(story: Story) -> Story:
    """The visitor leaves."""
    return told(story, c.LeaveVisit(by="nadia"))


def given(story: Story) -> Story:
    """Martin has seen the visitor."""
    return told(story, c.MarkSeen(by="martin"))
