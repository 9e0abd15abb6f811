"""Every error that hello30 raises on purpose.

::

    Hello30Error
    ├── Refused              a person may not do this, or not now: a reason they can read; nothing has changed
    ├── IllegalMove          an event that the tables of the lifecycle do not allow: a fault of ours
    ├── NotSaved             the database did not take it: the person is told so, nothing has changed
    │   ├── Conflict         somebody else was faster on this visit: load it again and decide again
    │   ├── Unfit            the database takes others, but not this one, however often it is tried
    │   └── DatabaseBusy     another process holds this database
    ├── Unreadable           what is stored cannot be understood: an unknown field, or a newer hello30 wrote it
    ├── ConfigError          a file that an admin wrote has faults: all of them, with file:line:column
    └── DeliveryError        a chat platform did not take a message: what to do about it is its kind
        └── UnknownOutcome   likewise, and it may have been taken all the same: look for it before it is sent again
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Hello30Error(Exception):
    """The root of the tree: catch this to catch everything that hello30 raises on purpose."""


class Refused(Hello30Error):
    """A command that cannot be carried out; `reason` is a key under `refused` in the catalogues, `args` fill it in.

    The sentence that a person reads is made from both, in their language, by `bot.language.wording`.
    """

    def __init__(self, reason: str, **args: object) -> None:
        """Take the reason's key and what its sentence needs (person ids, moments, counts)."""
        super().__init__(reason)
        self.reason = reason
        self.args_by_name: Mapping[str, object] = args


class IllegalMove(Hello30Error):
    """An event that a track's table does not allow from its present state; nothing has changed."""


class NotSaved(Hello30Error):
    """The transaction failed as a whole: whoever pressed must be told that it was not saved."""


class Conflict(NotSaved):
    """The visit was changed between loading and saving it; load it again and decide again."""


class Unfit(NotSaved):
    """What this transaction would write does not fit what stands in the database; others are taken as ever."""


class DatabaseBusy(NotSaved):
    """Another process holds the lock file beside this SQLite database."""


class Unreadable(Hello30Error):
    """What is stored cannot be understood by this version; the message names the place, never what stands there."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in a file: where it stands (line and column count from 1) and what to write instead."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Give it as editors and terminals understand it: file:line:column: message."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(Hello30Error):
    """A configuration that was refused whole; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        """Take at least one fault."""
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Held(StrEnum):
    """Which messages wait where a platform wants fewer of them: it counts each of its methods by itself."""

    ALL = ""
    NEW = "new"  # cards that are not there yet, and nudges
    AMENDED = "amended"  # cards that are there already


class DeliveryKind(StrEnum):
    """What becomes of a message that a platform did not take."""

    RETRY = "retry"  # a passing fault
    WAIT_UNTIL = "wait_until"  # the platform named the moment from which it takes messages again
    POST_ANEW = "post_anew"  # the message that was to be amended is gone
    UNREACHABLE = "unreachable"  # this person cannot be reached there: the next step happens now
    MISCONFIGURED = "misconfigured"  # nobody can be reached there until an admin acts


@dataclass
class DeliveryError(Hello30Error):
    """A platform's refusal; `retry_at` only with WAIT_UNTIL, `detail` for the log (never what a visitor said).

    It is `limited` where the platform works, and only wants fewer messages; `only` says which, the others go on.
    """

    kind: DeliveryKind
    detail: str = ""
    retry_at: datetime | None = None
    limited: bool = False
    only: Held = Held.ALL

    def __str__(self) -> str:
        """Name the kind first, so that a log can be searched for it."""
        return f"{self.kind}: {self.detail}"


class UnknownOutcome(DeliveryError):
    """A fault after which nobody knows whether the message was sent: the reply was lost, or the platform failed."""
