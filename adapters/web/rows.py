"""What a template needs of a card and of a form: Card[str] → Row, Form → fields that belong together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2s

from bot.messages import Field, FieldKind, Form, Option, ShownButton, ShownCard
from bot.pages import Board

LONG_WAIT = timedelta(minutes=3)
VERY_LONG_WAIT = timedelta(minutes=10)
MANY = 6
"""With more waiting than this, the board is set closer and each sentence is said in its short form."""

CALL_BUTTONS = ("done", "no_answer", "move", "drop_call", "undo")
"""What reception presses about a callback, beside what it presses about a visitor who is still here."""

TAG_CSS = {
    "coming": "is-coming",
    "late": "is-late",
    "reception": "is-late",
    "unsafe": "is-late",
    "callback": "is-callback",
    "call_soon": "is-wait",
    "call_now": "is-callback",
    "call_late": "is-late",
}
"""State of a card → colour of its tag; the tag's words say the same."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long somebody waits: `word` is a key below `page.wait`, `css` colours what the word says."""

    since: datetime
    seconds: int
    word: str
    css: str


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a promised hello, in seconds; `over` when it is late, then `seconds` counts how late."""

    due: datetime
    total: int
    used: int
    seconds: int
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A card as a template shows it; `mark` changes whenever anything on it does, except the figures that count.

    asks_number    the button whose number is asked for in the row itself, with what was typed there before
    wrong          why the last press on it was refused
    call_buttons   what can be pressed about its callback
    """

    card: ShownCard
    tag_css: str
    say: str
    waiting: Waiting | None
    left: Left | None
    asks_number: ShownButton | None
    number_typed: str
    call_buttons: tuple[ShownButton, ...]
    form: Form | None
    wrong: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A whole board in the order in which it is read; each group longest waiting first."""

    turn: tuple[Row, ...]
    others: tuple[Row, ...]
    calls: tuple[Row, ...]
    closed: tuple[Row, ...]

    @property
    def waiting(self) -> int:
        """Count those who wait."""
        return sum(row.waiting is not None for row in (*self.turn, *self.others))

    @property
    def is_many(self) -> bool:
        """Tell whether the board is to be set closer."""
        return self.waiting > MANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back to a card after a press: the form that it opened, or why it was refused and what was typed."""

    visit: str = ""
    form: Form | None = None
    wrong: str = ""
    number: str = ""


def rows(board: Board, answer: Answer) -> Rows:
    """Order a board; an opened form stands at the first card that has its button."""
    short = sum(card.since is not None for card in board.cards) > MANY
    at = _place(board, answer.form)

    def row(card: ShownCard) -> Row:
        here = answer if card.visit == answer.visit else Answer()
        return _row(card, board.made_at, replace(here, form=answer.form if card is at else None), short=short)

    cards = sorted(board.cards, key=lambda card: (card.since is None, card.since or board.made_at))
    return Rows(
        turn=tuple(row(card) for card in cards if card.turn),
        others=tuple(row(card) for card in cards if not card.turn),
        calls=tuple(row(card) for card in board.calls),
        closed=tuple(row(card) for card in board.closed),
    )


def _place(board: Board, form: Form | None) -> ShownCard | None:
    if form is None:
        return None
    cards = [card for card in (*board.cards, *board.calls, *board.closed) if card.visit == form.visit]
    having = (card for card in cards if any(button.name == form.button for button in (*card.buttons, *card.more)))
    return next(having, cards[0] if cards else None)


def _row(card: ShownCard, now: datetime, answer: Answer, *, short: bool) -> Row:
    return Row(
        card=card,
        tag_css=TAG_CSS.get(card.state, ""),
        say=(card.say_short if short and card.say_short else card.say) or "",
        waiting=waiting(card.since, now) if card.since else None,
        left=_left(card, now),
        asks_number=_asks_number(card),
        number_typed=answer.number,
        call_buttons=tuple(button for button in (*card.buttons, *card.more) if button.name in CALL_BUTTONS),
        form=answer.form,
        wrong=answer.wrong,
        mark=blake2s(repr((card, short, answer)).encode(), digest_size=8).hexdigest(),
    )


def waiting(since: datetime, now: datetime) -> Waiting:
    """Tell how long somebody has been waiting, and how that is worded and coloured."""
    waited = max(now - since, timedelta())
    if waited >= VERY_LONG_WAIT:
        word, css = "very_long", "is-very-long"
    elif waited >= LONG_WAIT:
        word, css = "long", "is-long"
    else:
        word, css = ("waiting" if waited >= timedelta(minutes=1) else "just_arrived"), ""
    return Waiting(since, int(waited.total_seconds()), word, css)


def _left(card: ShownCard, now: datetime) -> Left | None:
    if card.state not in {"coming", "late"} or card.due is None or card.promised_at is None:
        return None
    total = max(int((card.due - card.promised_at).total_seconds()), 1)
    left = int((card.due - now).total_seconds())
    return Left(card.due, total, min(max(total - left, 0), total), abs(left), over=left < 0)


def _asks_number(card: ShownCard) -> ShownButton | None:
    """Give the button whose form is a number, when that is what reception is asked for: it is then asked in the row."""
    first = card.buttons[0] if card.buttons else None
    return first if first and first.form == "add_phone" and card.turn and not card.number else None


# --- forms -----------------------------------------------------------------------------------------------------------


def fields(form: Form) -> Iterator[tuple[Field, Field | None]]:
    """Give a form's fields; a choice of moments comes with the free day and time that follows it."""
    rest = list(form.fields)
    while rest:
        field = rest.pop(0)
        moments = field.kind is FieldKind.CHOICE and any(option.clock for option in field.options)
        free = moments and bool(rest) and rest[0].kind is FieldKind.DAY_AND_TIME
        yield field, rest.pop(0) if free else None


def refilled(form: Form, values: Mapping[str, str], errors: Mapping[str, str]) -> Form:
    """Put what was typed back into a form, with what was not right beside its fields."""
    again = tuple(_refill(field, values) for field in form.fields)
    return replace(form, fields=again, errors={**form.errors, **errors})


def _refill(field: Field, values: Mapping[str, str]) -> Field:
    day_and_time = field.kind is FieldKind.DAY_AND_TIME
    value = values.get(f"{field.name}_time" if day_and_time else field.name, field.value)
    chosen = values.get(f"{field.name}_day" if day_and_time else field.name)
    if chosen is None:
        return replace(field, value=value)
    return replace(field, value=value, options=tuple(_rechosen(option, chosen) for option in field.options))


def _rechosen(option: Option, chosen: str) -> Option:
    return replace(option, chosen=option.value == chosen)
