"""What a database refuses, told at once as `NotSaved`: nobody in the middle of a transaction takes it for his own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sqlalchemy import Engine, ExceptionContext, event

from bot.errors import NotSaved, Unfit


class NotTaken(NotSaved):
    """The database did not take a statement or a commit: nothing of the transaction can be kept.

    `again` tells that others were in its way, so that the same transaction may well succeed when it is run anew.
    """

    def __init__(self, why: str, *, again: bool) -> None:
        """Take the reason, in words that hold nothing of a visitor's."""
        super().__init__(f"the database did not take it ({why})")
        self.why = why
        self.again = again


class UnfitRow(NotTaken, Unfit):
    """Likewise, and it is what would be written that does not fit: trying again is of no use, and others go on."""


def tell_faults(engine: Engine, again: Callable[[BaseException], bool] = lambda _: False) -> Engine:
    """Let an engine raise `NotTaken` for whatever its driver raises; `again` is asked about the driver's errors.

    A connection that was cut is made anew, so it is worth another try, even when it was cut while it committed. Then
    what runs again may meet what it did itself: whoever must not take that for somebody else's looks for a mark of its
    own first, as a press does for its key (`answered`) and a sign-in for its session. What has none does no harm: a
    claim claims the next row, and the first one is free again after its lease; what was ended or forgotten counts as
    none.
    """

    @event.listens_for(engine, "handle_error")
    def _tell(context: ExceptionContext) -> None:
        if context.sqlalchemy_exception is None:  # an error of ours
            return
        error = context.original_exception
        cut = context.is_disconnect and context.connection is not None
        kind = UnfitRow if _is_unfit(error) else NotTaken
        raise kind(_what_it_says(error), again=cut or again(error))

    return engine


def _what_it_says(error: BaseException) -> str:
    """Say what went wrong in the database's own words, as far as they cannot hold a visitor's."""
    kind, code = type(error).__name__, code_of(error)
    return f"{kind}, {code}" if code else f"{kind}: {str(error).strip()}"


def _is_unfit(error: BaseException) -> bool:
    """Tell whether a row, and not the database, is at fault: in PostgreSQL's codes, classes 22 and 23."""
    code = code_of(error)
    return code[:2] in {"22", "23"} if code else isinstance(error, sqlite3.IntegrityError | sqlite3.DataError)


def code_of(error: BaseException | None) -> str | None:
    """Give PostgreSQL's code of an error that its server told; what it says beside it may quote a whole row."""
    code: str | None = getattr(error, "sqlstate", None)
    return code
