"""The checks can fail: each kept breakage, and each thing that is altered in a database by hand, is caught."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copyfile
from typing import TypeAlias

import pytest

from bot.domain import events as e
from bot.errors import IllegalMove
from tests.laws.world import CANARY
from tests.processes import checks, outside
from tests.processes.kept import Kept
from tests.processes.points import UNLABELLED
from tests.processes.program import Program
from tests.processes.story import Story

Start: TypeAlias = Callable[..., Awaitable[Program]]


async def test_an_arrival_that_is_answered_before_its_commit_is_found_to_be_lost(
    start: Start, database: Path, notes: Path
) -> None:
    program = await start(database, notes=notes, options=["--broken", "answers_early"])
    story = Story(program, database, notes)
    await story.announces()
    assert len(story.accepted) == 1
    program.kill()
    await program.gone()
    with pytest.raises(AssertionError, match="done 0 times"):
        story.was_killed("")


async def test_a_nudge_that_is_noted_as_sent_before_it_is_sent_is_found_to_be_lost(
    start: Start, database: Path, notes: Path
) -> None:
    program = await start(
        database, notes=notes, options=["--broken", "marks_first", "--kill", "deliver_nudge:before_call"]
    )
    story = Story(program, database, notes)
    await story.announces()
    assert await program.gone() == -9
    story.was_killed("deliver_nudge:before_call")
    with pytest.raises(AssertionError, match="noted as sent, and never sent"):
        await story.goes_on(await start(database, program.port, notes=notes))


async def test_a_post_that_is_not_remembered_is_found_when_it_is_posted_again(
    start: Start, database: Path, notes: Path
) -> None:
    program = await start(database, notes=notes, options=["--broken", "forgets_keys", "--kill", "reply:before"])
    story = Story(program, database, notes)
    await story.announces()
    assert await program.gone() == -9
    story.was_killed("reply:before")
    with pytest.raises(AssertionError, match="not accepted"):
        await story.goes_on(await start(database, program.port, notes=notes, options=["--broken", "forgets_keys"]))


async def test_a_transaction_without_a_label_ends_the_program(start: Start, database: Path, notes: Path) -> None:
    program = await start(database, notes=notes, options=["--broken", "has_no_label"])
    await Story(program, database, notes).announces()
    assert await program.gone() == UNLABELLED
    assert (notes / "died").read_text().startswith("unlabelled tests.processes.broken.")


# --- altered by hand -------------------------------------------------------------------------------------------------

LIFT = ("DROP TRIGGER journal_update", "DROP TRIGGER journal_delete")
ALTERED: Sequence[tuple[str, tuple[str, ...], str]] = (
    ("an entry of the journal is missing", (*LIFT, "DELETE FROM journal WHERE seq = 2"), "gaps"),
    (
        "the visit is as it was before",
        ("UPDATE visit SET state = replace(state, '\"askings\":1', '\"askings\":0')",),
        "law 2",
    ),
    ("nobody wakes the visit", ("UPDATE visit SET wake_at = NULL",), "never woken"),
    ("the visit is woken too late", ("UPDATE visit SET wake_at = wake_at + 1",), "is due at"),
    ("a card is missing", ("DELETE FROM card WHERE reader = 'martin'",), "has cards for"),
    ("a nudge is missing", ("DELETE FROM nudge",), "nudges that its journal"),
    ("a card is behind", ("UPDATE card SET shown = 0 WHERE reader = 'martin'",), "left behind"),
    ("a nudge lies there", ("UPDATE nudge SET outcome = NULL",), "nothing became of"),
    ("the answer is forgotten", ("DELETE FROM inbox",), "remembered 0 times"),
    ("the arrival is lost", (f"UPDATE facts SET body = replace(body, '{CANARY}', 'Somebody')",), "done 0 times"),
)


@pytest.mark.timeout(60)
async def test_whatever_is_altered_by_hand_is_found(start: Start, database: Path, notes: Path, tmp_path: Path) -> None:
    program = await start(database, notes=notes)
    story = Story(program, database, notes)
    await story.announces()
    await story.settles()
    program.process.terminate()
    assert await program.gone() == 0
    kept = outside.read(database)
    story.looks(kept)
    for number, (what, statements, found) in enumerate(ALTERED):
        print(what)  # noqa: T201 - pytest shows it when this fails
        altered = _altered(database, tmp_path / f"{number}.db", statements)
        with pytest.raises(AssertionError, match=found):
            story.looks(outside.read(altered))
    with pytest.raises(IllegalMove, match="step 0 of asking 1"):
        checks.holds(_again(kept, e.Reminded))
    with pytest.raises(AssertionError, match="told twice"):
        checks.holds(_again(kept, e.Delivered))


def _altered(database: Path, altered: Path, statements: Sequence[str]) -> Path:
    copyfile(database, altered)
    with outside.opened(altered, writing=True) as connection:
        for statement in statements:
            assert connection.exec_driver_sql(statement).rowcount != 0, statement
    return altered


def _again(kept: Kept, kind: type[e.Event]) -> Kept:
    """Let an event of the one visit stand in its journal twice."""
    ((key, one),) = kept.visits.items()
    entry = next(entry for entry in one.entries if isinstance(entry.event, kind))
    more = replace(entry, seq=one.version + 1)
    return replace(kept, visits={key: replace(one, version=more.seq, entries=[*one.entries, more])})
