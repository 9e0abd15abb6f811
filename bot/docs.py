"""Writes the pages that are made from the code: `python -m bot.docs`. With `--check` it only says which are stale."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain import lifecycle
from bot.domain.authority import BY_VOICE, MAY, MAY_READ, Reading, Role
from bot.domain.card import Phrase
from bot.domain.lifecycle import CALLBACK, HELLO, SETTLED_CALLBACK, SETTLED_HELLO, START, S
from bot.domain.visit import OPEN_CALLBACK, OPEN_HELLO
from bot.errors import Hello30Error
from bot.language.catalogue import LANGUAGES
from bot.language.samples import NOW, READERS, sentences_markdown
from bot.language.wording import Wording

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = "python -m bot.docs"

README: Final = "README.md"
TRANSCRIPT: Final = "tests/golden/play.txt"
"""What the README shows between its two marks, once there is one."""
MARKS: Final = ("<!-- transcript -->", "<!-- /transcript -->")


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Write what is stale, or with `--check` only tell; give the exit status (1: stale, 2: unknown arguments)."""
    if set(arguments) - {"--check"}:
        sys.stderr.write(f"usage: {COMMAND} [--check]\n")
        return 2
    try:
        behind = dict(stale(root))
    except Hello30Error as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    if "--check" in arguments:
        for name in behind:
            sys.stderr.write(f"{name} is not what the code says: run `{COMMAND}` and keep what it writes\n")
        return 1 if behind else 0
    for name, text in behind.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{name} is written\n")
    return 0


def stale(root: Path) -> Iterator[tuple[str, str]]:
    """Give each file that is missing or differs, with what it should hold; raises `Hello30Error` for lost marks."""
    for name, make in PAGES.items():
        text = make()
        if _read(root / name) != text:
            yield name, text
    story = _read(root / TRANSCRIPT)
    if story is not None:
        before = _read(root / README) or ""
        after = with_transcript(before, story)
        if after != before:
            yield README, after


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def with_transcript(text: str, story: str) -> str:
    """Put a story between the two marks of a text; raises `Hello30Error` when a mark is missing."""
    first, last = MARKS
    before, found, rest = text.partition(first)
    _, found_last, after = rest.partition(last)
    if not (found and found_last):
        raise Hello30Error(f"{README} has lost a mark: write {first} and {last} where the transcript belongs")
    lines = story.strip("\n")
    return f"{before}{first}\n```text\n{lines}\n```\n{last}{after}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _meaning(kind: type[object]) -> str:
    """Give a docstring on one line."""
    return " ".join((inspect.getdoc(kind) or "").split()).replace("|", "\\|")


# --- docs/lifecycle.md -----------------------------------------------------------------------------------------------


def lifecycle_markdown() -> str:
    """Write docs/lifecycle.md: both tracks as diagrams and tables, and the events beside them."""
    theory = (inspect.getdoc(lifecycle) or "").partition("\n\n")[2]
    hello_starts = {owes.value: hello.value for owes, (hello, _) in START.items()}
    callback_starts = {owes.value: callback.value for owes, (_, callback) in START.items()}
    return "\n".join(
        [
            "# How a visit lives",
            "",
            f"Made from `bot/domain/lifecycle.py` and `events.py` by `{COMMAND}`: change the tables there.",
            "",
            theory,
            "",
            "A visit is open while one of its tracks is in an open state, or while a visitor is here who was called",
            "not safe. `Arrived` puts both tracks where they begin, by what the policy owes.",
            "",
            "## The hello",
            "",
            *_track(HELLO, hello_starts, OPEN_HELLO, SETTLED_HELLO),
            "",
            "## The callback",
            "",
            *_track(CALLBACK, callback_starts, OPEN_CALLBACK, SETTLED_CALLBACK),
            "",
            "## Events that move no track",
            "",
            "They change what stands beside the tracks (who is asked, who is here), or only put something on record.",
            "",
            *_other_events(),
            "",
        ]
    )


def _track(
    track: Mapping[type[e.Event], Mapping[S, S]],
    starts: Mapping[str, str],
    open_states: frozenset[S],
    settled: frozenset[S],
) -> Iterator[str]:
    yield from ("```mermaid", "stateDiagram-v2")
    for state in dict.fromkeys(starts.values()):
        yield f"    [*] --> {state}: owes {', '.join(owes for owes, begins in starts.items() if begins == state)}"
    arrows: dict[tuple[str, str], list[str]] = {}
    for event, moves in track.items():
        for before, after in moves.items():
            arrows.setdefault((before.value, after.value), []).append(event.__name__)
    for (left, right), names in arrows.items():
        yield f"    {left} --> {right}: {', '.join(names)}"
    yield from ("```", "", f"Open: {_states(open_states)}. Settled: {_states(settled)}.", "")
    yield from (_row("event", "from", "to", "what it means"), _row(*["---"] * 4))
    for event, moves in track.items():
        for target in dict.fromkeys(moves.values()):
            sources = [before for before, after in moves.items() if after is target]
            yield _row(f"`{event.__name__}`", _states(sources), f"`{target}`", _meaning(event))


def _states(states: Collection[S]) -> str:
    """List states in the order in which they were laid down."""
    return ", ".join(f"`{state}`" for state in sorted(states, key=list(type(next(iter(states)))).index))


def _other_events() -> Iterator[str]:
    yield from (_row("event", "what it means"), _row("---", "---"))
    for event in all_events():
        if event not in HELLO and event not in CALLBACK:
            yield _row(f"`{event.__name__}`", _meaning(event))


def all_events() -> Iterator[type[e.Event]]:
    """Give every event that can stand in the journal, in the order of `bot/domain/events.py`."""
    for kind in vars(e).values():
        if isinstance(kind, type) and issubclass(kind, e.Event) and not kind.__subclasses__():
            yield kind


# --- docs/buttons.md -------------------------------------------------------------------------------------------------

ROLES: Final[Mapping[Role, str]] = {
    Role.RECEPTION: "whoever stands at the counter of the visit's site (`reception_of` in config.yaml)",
    Role.OWNER: "the person asked for",
    Role.ASKED: "everybody who was asked during the visit, the owner or not",
    Role.CALLER: "who has promised the callback, or made it",
    Role.ASKED_TO_CALL: "who is asked about a callback that is late",
    Role.OFFERED: "who was offered to make the call instead",
    Role.MANAGER: "the manager of the owner",
    Role.ALERTED: "who was told that a visit is not safe",
    Role.AUDITOR: "an auditor (`roles` in config.yaml), for every site",
    Role.ADMIN: "an admin (`roles` in config.yaml); being one opens no story",
    Role.BOT: "hello30 itself: no person may give this",
}
"""What each role means, as the page has it."""

READINGS: Final[Mapping[Reading, str]] = {
    Reading.BOARD: "the board of a counter",
    Reading.FORM: "a form of a visit, which holds what the visitor said",
    Reading.STORY: "the story of a visit",
    Reading.LOG: "the log of all sites",
    Reading.DIRECTORY: "the people, and who is signed in; with it goes making links for others, and signing them out",
}
"""What each thing is that can be read, as the page has it."""

LABELS: Final[Mapping[type[c.Command], tuple[str, ...]]] = {
    c.AnnounceArrival: ("announce",),
    c.PromiseHello: ("coming", "in_minutes", "put_through"),
    c.PromiseCallback: ("call_back",),
    c.Delegate: ("ask_colleague",),
    c.MarkSeen: ("seen",),
    c.MarkUnsafe: ("not_safe",),
    c.DisputeVoice: ("not_right",),
    c.TakeOver: ("go_myself",),
    c.NotMe: ("not_me",),
    c.HasCome: ("has_come",),
    c.HasNotCome: ("not_yet",),
    c.HelloHappened: ("hello_happened",),
    c.LeaveVisit: ("visitor_left",),
    c.Withdraw: ("posted_by_mistake",),
    c.AskSomeoneElse: ("ask_someone_else",),
    c.AddPhone: ("add_phone", "change_phone"),
    c.KeepCallback: ("done",),
    c.TryCallback: ("no_answer",),
    c.MoveCallback: ("move",),
    c.PassCallback: ("pass_call",),
    c.TakeCallback: ("take_call",),
    c.DropCallback: ("drop_call",),
    c.Undo: ("undo",),
    c.AddNote: ("note",),
}
"""What is pressed for each command, as keys under `buttons`; what is typed, or what time does, has none."""


def buttons_markdown() -> str:
    """Write docs/buttons.md: who may give which command, and what is pressed for it."""
    wording = Wording.load(strict=True)
    lines = [
        "# Who may press what",
        "",
        f"Made from `bot/domain/authority.py` by `{COMMAND}`: change the table there.",
        "",
        "One of the roles is enough, and one person may have several. A press that is refused is answered kindly,",
        "changes nothing, and is journaled. A command marked *by voice* may also be entered by reception, for somebody",
        "who said it and who has one of the roles.",
        "",
        _row("role", "who that is"),
        _row("---", "---"),
        *(_row(role.value, ROLES[role]) for role in Role),
        "",
        _row("button", "command", "what is wanted", "roles", "by voice"),
        _row(*["---"] * 5),
    ]
    for command, roles in MAY.items():
        named = ", ".join(role.value for role in Role if role in roles)
        voice = "yes" if command in BY_VOICE else ""
        lines.append(_row(_labels(command, wording), f"`{command.__name__}`", _meaning(command), named, voice))
    return "\n".join([*lines, *_readings()]) + "\n"


def _readings() -> Iterator[str]:
    yield from ("", "## Who may read what", "")
    yield from ("One's own cards need no role. A visit that somebody may not read is for them not there.", "")
    yield from (_row("what", "roles"), _row("---", "---"))
    for what, found in MAY_READ.items():
        yield _row(READINGS[what], ", ".join(role.value for role in Role if role in found))


def _labels(command: type[c.Command], wording: Wording) -> str:
    """Give a command's buttons in each language, one below the other."""
    keys = LABELS.get(command, ())
    phrases = [Phrase(f"buttons.{key}", {"minutes": 2}) for key in keys]
    said = (" · ".join(wording.say(phrase, READERS[language], NOW) for phrase in phrases) for language in LANGUAGES)
    return "<br>".join(said) if phrases else ""


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "docs/lifecycle.md": lifecycle_markdown,
    "docs/sentences.md": sentences_markdown,
    "docs/buttons.md": buttons_markdown,
}
"""Every page that is made whole, and what makes it."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
