"""The pure parts: reading a name, keeping words together, the bounds of what is remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.web import forms, guard, rows, together
from bot.config_shape import WebShape
from bot.domain.card import Button
from bot.messages import Announce, Field, FieldKind, Form, Option, Press
from bot.texts import name_and_company
from tests.adapters.web import house


@pytest.mark.parametrize(
    "text,visitor,company",
    [
        ("Julie Tremblay (Chambre de commerce)", "Julie Tremblay", "Chambre de commerce"),
        ("  Julie   ", "Julie", ""),
        ("Julie (Juju) Tremblay", "Julie (Juju) Tremblay", ""),
        ("(Chambre)", "(Chambre)", ""),
        ("Julie ()", "Julie", ""),
        ("", "", ""),
    ],
)
def test_a_company_may_stand_behind_the_name(text: str, visitor: str, company: str) -> None:
    assert name_and_company(text) == (visitor, company)


@pytest.mark.parametrize("value", ["", "5", "at:2026-03-04T09:00:00+00:00"])
def test_a_button_comes_back_as_it_went(value: str) -> None:
    button = Button(name="hello", label="In 5 min", value=value)
    assert forms.split_press(forms.pressed_as(button)) == ("hello", value)


def test_a_key_belongs_to_one_person_and_one_thing() -> None:
    nadia, martin = (forms.Sender(person=p, address=p) for p in ("nadia", "martin"))
    keys = {
        forms.press(sender, "once", visit, {"press": press}).key
        for sender in (nadia, martin)
        for visit in ("v1", "v2")
        for press in ("yes", "not_yet")
    }
    assert len(keys) == 8
    assert len(forms.press(nadia, "x" * 10_000, "v1", {}).key) < 200


@pytest.mark.parametrize(
    "question, kept",
    [("nadia:once:announce:", "nadia:once:announce:"), ("martin:once:announce:", ""), ("nadia", ""), ("", "")],
)
def test_nobody_answers_what_somebody_else_was_asked(question: str, kept: str) -> None:
    nadia = forms.Sender(person="nadia", address="nadia", site="montreal")
    act = forms.announce(nadia, "once", {"visitor": "Julie", "question": question}).act
    assert isinstance(act, Announce)
    assert act.question == kept
    assert len(nadia.own(f"nadia:{'x' * 10_000}")) == forms.LONGEST_QUESTION


@pytest.mark.parametrize("revision", ["", "-1", "1e9", "9" * 40, "٣"])
def test_a_revision_that_was_tampered_with_is_none(revision: str) -> None:
    act = forms.press(
        forms.Sender(person="nadia", address="nadia"), "once", "v1", {"press": "yes", "revision": revision}
    ).act
    assert isinstance(act, Press)
    assert act.revision is None


def test_names_numbers_and_hours_stay_on_one_line() -> None:
    said = "Claire Bouchard will call you at 11:00, on +1 514-555-0142, not at 9\u00a0h\u00a012 <now>."
    kept = together.kept(said, ["Claire Bouchard", "Claire"])
    for part in ("Claire Bouchard", "11:00", "+1 514-555-0142", "9\u00a0h\u00a012"):
        assert f'<span class="keep">{part}</span>' in kept
    assert "&lt;now&gt;" in kept
    long = "Marie-Christine Beauchemin-Létourneau"
    assert together.kept(long, [long]) == long


@pytest.mark.parametrize(
    "minutes,word,css",
    [
        (0.5, "just_arrived", ""),
        (1, "waiting", ""),
        (2.9, "waiting", ""),
        (3, "long", "is-long"),
        (10, "very_long", "is-very-long"),
        (-1, "just_arrived", ""),
    ],
)
def test_how_long_is_worded(minutes: float, word: str, css: str) -> None:
    waited = rows.waiting(house.NOW - timedelta(minutes=minutes), house.NOW)
    assert (waited.word, waited.css) == (word, css)
    assert waited.seconds >= 0


async def test_a_mark_changes_only_when_something_does() -> None:
    board = await house.FakeViews().board("nadia", reception="montreal")
    marks = [[row.mark for row in rows.rows(board, rows.Answer()).turn] for _ in range(2)]
    assert marks[0] == marks[1]
    wrong = rows.rows(board, rows.Answer(visit="v1", wrong="No.")).turn
    assert [a != b for a, b in zip(marks[0], (row.mark for row in wrong), strict=True)] == [True, False, False]


def test_moments_take_the_free_time_that_follows_and_other_choices_do_not() -> None:
    moment = Option(value="2026-03-04T15:30", label="…", day="Today", clock="10:30")
    when = Field(name="when", kind=FieldKind.CHOICE, label="When?", options=(moment,))
    what = Field(name="what", kind=FieldKind.CHOICE, label="What?", options=(Option(value="a", label="A"),))
    free = Field(name="free", kind=FieldKind.DAY_AND_TIME, label="Another time")
    form = Form(visit="v1", button="move", title="", submit="", fields=(when, free, what, free))
    assert list(rows.fields(form)) == [(when, free), (what, None), (free, None)]


@given(st.from_regex(r"https://([a-z0-9.-]{1,12}|\[[0-9a-f:]{2,9}\])(:[0-9]{1,5})?/?", fullmatch=True))
@example("https://desk.example.org:65535/")
@example("https://desk.example.org:70000")
@example("https://.")
@example("https://[::1]:8443")
def test_an_address_that_is_configured_is_one_that_can_be_asked_for(url: str) -> None:
    try:
        web = WebShape.model_validate({"url": url}).web()
    except ValueError:
        return
    host = web.url.removeprefix("https://")
    assert guard._origin(f"https://{host}") == guard._origin(web.url) is not None
