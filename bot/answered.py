"""What came in before, and what was answered then: the same thing is done once, and a question is answered once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.context import Context
from bot.messages import Outcome, Reply
from bot.ports import Transaction

log = structlog.get_logger(__name__)

_REPLY = TypeAdapter[Reply](Reply)


def same_again(tx: Transaction, context: Context) -> Reply | None:
    """Give what was answered when the very same thing came in before; None when it did not.

    It comes `again`, unless it was noted a moment ago, and only the answer to our commit was lost.
    """
    known = tx.answered(_key(context))
    return None if known is None else replace(_read(known, context), again=not context.noted)


def answered_before(tx: Transaction, context: Context) -> Reply | None:
    """Say to a second answer to the same question what the first one has done; None when this is the first."""
    known = tx.answered(_answer_key(context)) if question(context) else None
    if known is None:
        return None
    before = _read(known, context)
    text = context.say("reply.answered_before", {"text": before.text})
    # no card tells them, so it is worth saying
    return remember(tx, replace(before, outcome=Outcome.NOTHING_NEW, text=text, news=True), context)


def remember(tx: Transaction, reply: Reply, context: Context) -> Reply:
    """Remember what is answered to what came in."""
    return _put(tx, _key(context), reply, context)


def settle(tx: Transaction, reply: Reply, context: Context) -> None:
    """Remember that the question is answered to which this was the answer, if it was one."""
    if question(context):
        _put(tx, _answer_key(context), reply, context)


def question(context: Context) -> str:
    """Name what was asked back and is answered by this; empty where nothing was."""
    return getattr(context.incoming.act, "question", "")


def _put(tx: Transaction, key: str, reply: Reply, context: Context) -> Reply:
    tx.remember(key, _REPLY.dump_json(reply).decode(), context.now)
    context.noted.append(reply)
    return reply


def _read(known: str, context: Context) -> Reply:
    """Read what was answered; where it cannot be read any more, it was done all the same."""
    with suppress(ValidationError):
        return _REPLY.validate_json(known)
    log.error("inbox.answer_unreadable")
    return Reply(
        outcome=Outcome.NOTHING_NEW,
        text=context.say("reply.already_so"),
        visit=getattr(context.incoming.act, "visit", ""),
    )


def _key(context: Context) -> str:
    return f"{context.incoming.sender.adapter}:{context.incoming.key}"


def _answer_key(context: Context) -> str:
    """Give the key under which it is remembered that a question was answered."""
    return f"{context.incoming.sender.adapter}:{question(context)}:answered"
