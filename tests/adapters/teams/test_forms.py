"""Forms in Teams: whatever is on them, Teams takes them, and what was filled in comes back by its names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.teams.forms import arrival, arrival_content, form_content, values
from adapters.teams.words import TeamsWords
from bot.language.wording import Reader, Wording
from bot.messages import Announce, Field, FieldKind, Form, Option
from tests.adapters.teams.kit import carried, faults, of_type, parts, texts
from tests.fakes import FakeClock
from tests.world import WEDNESDAY, house

ENGLISH, FRENCH = Reader("en-CA", "America/Montreal"), Reader("fr-CA", "America/Montreal")
TEAMS = TeamsWords(house(), Wording.load(strict=True), FakeClock(WEDNESDAY))
WORDS, ARRIVAL = TEAMS.form(ENGLISH), TEAMS.arrival(ENGLISH)
TEXT = st.one_of(
    st.text(max_size=40), st.sampled_from(["é" * 200, "<at>x</at>", "{{TIME(x)}}", '"' * 300, "🙂" * 300, "a" * 4000])
).map(lambda t: t.strip() or "x")


@st.composite
def some_forms(draw: st.DrawFn) -> Form:
    names = draw(st.lists(st.sampled_from(["when", "free", "phone", "line", "points", "to"]), min_size=1, unique=True))
    made = []
    for name in names:
        others = [kind for kind in FieldKind if kind != "day_and_time"]
        kind = FieldKind.DAY_AND_TIME if name == "free" else draw(st.sampled_from(others))
        labels = draw(st.lists(TEXT, min_size=1, max_size=250)) if kind in ("choice", "day_and_time") else []
        options = tuple(Option(value=f"v{n}", label=label, chosen=n == 0) for n, label in enumerate(labels))
        made.append(
            Field(
                name=name,
                kind=kind,
                label=draw(TEXT),
                hint=draw(st.one_of(st.just(""), TEXT)),
                value="" if name == "free" else draw(st.one_of(st.just(""), TEXT)),
                options=options,
                required=draw(st.booleans()),
            )
        )
    return Form(
        visit="9b3b2981dc96",
        button="call_back",
        title=draw(TEXT),
        submit=draw(TEXT),
        fields=tuple(made),
        note=draw(st.one_of(st.just(""), TEXT)),
        errors=draw(st.dictionaries(st.sampled_from([*names, "", "what"]), TEXT)),
    )


@settings(deadline=None)
@given(some_forms())
def test_teams_takes_every_form(form: Form) -> None:
    assert faults(form_content(form, WORDS, 3)) == []


@settings(deadline=None)
@given(some_forms())
def test_no_choice_of_a_form_is_lost_without_a_word(form: Form) -> None:
    made = form_content(form, WORDS, 3)
    for field in form.fields:
        [name] = [f"{field.name}_day"] if field.kind is FieldKind.DAY_AND_TIME else [field.name]
        shown = [choice["value"] for choice in by_id(made, name).get("choices", ())]
        left = len(field.options) - len(shown)
        assert shown == [option.value for option in field.options][: len(shown)]
        assert not left or WORDS.beyond(left) in texts(made)


def by_id(card: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [part for part in parts(card) if part.get("id") == name]
    return found


def call_back() -> Form:
    when = Field(
        name="when",
        kind=FieldKind.CHOICE,
        label="When?",
        hint="You have promised no other call at these times.",
        required=True,
        options=(
            Option(value="2026-03-04T15:00:00+00:00", label="Today 10:00", chosen=True),
            Option(value="free", label="Another time"),
        ),
    )
    free = Field(
        name="free",
        kind=FieldKind.DAY_AND_TIME,
        label="Another time",
        options=(Option(value="2026-03-04", label="Today", chosen=True), Option(value="2026-03-05", label="Tomorrow")),
    )
    phone = Field(name="phone", kind=FieldKind.PHONE, label="Number", hint="for example 514 555-0142", required=True)
    return Form(
        visit="v1",
        button="call_back",
        title="Call Julie Tremblay back",
        submit="Promise this callback",
        fields=(when, free, phone),
        note="Reception passes on your name, the day, the time and the number.",
    )


def sent(card: dict[str, Any], **filled: Any) -> dict[str, Any]:
    """Give what Teams sends when the first button of a form is pressed."""
    return {**card["actions"][0]["data"], **filled}


def test_a_form_says_what_it_is_for_and_is_sent_or_left() -> None:
    made = form_content(call_back(), WORDS, 3)
    assert texts(made) == [
        "Call Julie Tremblay back",
        "Reception passes on your name, the day, the time and the number.",
        "You have promised no other call at these times.",
    ]
    assert [action["title"] for action in made["actions"]] == ["Promise this callback", "Back"]
    assert carried(made) == [
        {"act": "form", "visit": "v1", "button": "call_back", "revision": 3, "leads": "when"},
        {"act": "back", "visit": "v1", "button": "call_back", "revision": 3},
    ]


def test_whoever_goes_back_need_not_fill_in_anything() -> None:
    send, back = form_content(call_back(), WORDS, None)["actions"]
    assert "associatedInputs" not in send
    assert back["associatedInputs"] == back["fallback"]["associatedInputs"] == "none"
    assert "revision" not in send["data"]["hello30"]


def test_each_kind_of_field_has_its_input() -> None:
    note = Field(name="text", kind=FieldKind.LONG_TEXT, label="Note", hint="for colleagues only", value="a\nb")
    line = Field(name="line", kind=FieldKind.TEXT, label="A word", value="Thank you")
    made = form_content(replace(call_back(), fields=(*call_back().fields, note, line)), WORDS, 3)
    assert by_id(made, "free_time") == {"type": "Input.Time", "id": "free_time", "label": "Another time · Time"}
    assert by_id(made, "free_day")["label"] == "Another time · Day"
    assert (by_id(made, "free_day")["style"], by_id(made, "free_day")["value"]) == ("compact", "2026-03-04")
    phone = by_id(made, "phone")
    assert (phone["style"], phone["placeholder"]) == ("tel", "for example 514 555-0142")
    assert (phone["isRequired"], phone["errorMessage"]) == (True, "Something is needed here.")
    text = by_id(made, "text")
    assert (text["isMultiline"], text["value"], text["placeholder"]) == (True, "a\nb", "for colleagues only")
    assert (by_id(made, "line")["isMultiline"], "isRequired" in by_id(made, "line")) == (False, False)


def test_a_choice_among_few_is_in_sight_and_among_many_is_searched() -> None:
    def choices(count: int) -> dict[str, Any]:
        options = tuple(Option(value=f"p{n}", label=f"Person {n}") for n in range(count))
        to = Field(name="to", kind=FieldKind.CHOICE, label="Colleague", options=options, required=True)
        return by_id(form_content(replace(call_back(), fields=(to,)), WORDS, 3), "to")

    assert (choices(10)["style"], choices(11)["style"]) == ("expanded", "filtered")
    assert (choices(3)["isRequired"], choices(3)["errorMessage"]) == (True, "One of these choices is needed.")
    assert len(choices(100)["choices"]) == 100


def test_more_people_than_teams_takes_are_counted() -> None:
    options = tuple(Option(value=f"person-{n}", label=f"Marie-Hélène Person-Number {n}") for n in range(900))
    to = Field(name="to", kind=FieldKind.CHOICE, label="Colleague", options=options)
    made = form_content(replace(call_back(), fields=(to,)), WORDS, 3)
    assert faults(made) == []
    shown = len(by_id(made, "to")["choices"])
    assert shown >= 100
    assert texts(made)[-1] == f"And {900 - shown} more, on the web page."


# --- what is wrong ---------------------------------------------------------------------------------------------------


def test_what_is_wrong_stands_below_its_field_and_at_the_top_and_what_was_typed_is_kept() -> None:
    when, free, phone = call_back().fields
    again = replace(
        call_back(),
        fields=(
            replace(when, options=(replace(when.options[0], chosen=False), replace(when.options[1], chosen=True))),
            replace(free, value="07:15"),
            replace(phone, value="12"),
        ),
        errors={"free": "7:15 has gone by; a later time works.", "phone": "I did not understand the number."},
    )
    made = form_content(again, WORDS, 3)
    assert texts(made)[1] == "Not sent yet. Please look again at: Another time, Number"
    body = [part.get("id") or texts({"type": "", "body": [part]})[0] for part in made["body"]]
    assert body[body.index("free_time") + 1] == "7:15 has gone by; a later time works."
    assert body[body.index("phone") + 1] == "I did not understand the number."
    assert [by_id(made, name)["value"] for name in ("when", "free_time", "phone")] == ["free", "07:15", "12"]
    wrong = [run for run in of_type(made, "TextRun") if run.get("color") == "Attention"]
    assert len(wrong) == 3


def test_what_is_wrong_with_no_field_is_said_at_the_top() -> None:
    made = form_content(replace(call_back(), errors={"": "Not saved. Please try again."}), WORDS, 3)
    assert texts(made)[1] == "Not saved. Please try again."


# --- what comes back -------------------------------------------------------------------------------------------------


def test_what_was_filled_in_comes_back_by_the_names_of_the_fields() -> None:
    made = form_content(call_back(), WORDS, 3)
    data = sent(made, when="2026-03-04T15:00:00+00:00", free_day="2026-03-04", free_time="", phone=" 514 555-0142 ")
    assert values(data) == {
        "free_day": "2026-03-04",
        "free_time": "",
        "phone": "514 555-0142",
        "when": "2026-03-04T15:00:00+00:00",
    }


@pytest.mark.parametrize(
    "when, wanted", [({}, "free"), ({"when": ""}, "free"), ({"when": "free"}, "free"), ({"when": "x"}, "x")]
)
def test_whoever_fills_in_another_time_need_not_say_that_they_do(when: dict[str, str], wanted: str) -> None:
    made = form_content(call_back(), WORDS, 3)
    assert "value" not in by_id(made, "when")
    assert "isRequired" not in by_id(made, "when")
    assert values(sent(made, free_day="2026-03-05", free_time="10:30", **when))["when"] == wanted


def test_a_time_is_chosen_beforehand_where_no_other_may_be_filled_in() -> None:
    when = call_back().fields[0]
    made = form_content(replace(call_back(), fields=(when,)), WORDS, 3)
    assert by_id(made, "when")["value"] == when.options[0].value
    assert by_id(made, "when")["isRequired"]
    assert values(sent(made, free_time="10:30")) == {"free_time": "10:30"}


@pytest.mark.parametrize(
    "data", [{}, {"hello30": []}, {"hello30": {"leads": ["when"]}, "free_time": "10:30"}, {"a": 3}]
)
def test_what_is_no_text_is_no_value(data: dict[str, Any]) -> None:
    assert values(data) == {name: value for name, value in data.items() if isinstance(value, str)}


# --- a new arrival ---------------------------------------------------------------------------------------------------


def new_arrival(**more: Any) -> dict[str, Any]:
    return arrival_content(ARRIVAL, TEAMS.kinds(ENGLISH), TEAMS.lengths(ENGLISH), **more)


def test_visitor_and_owner_stand_first_and_are_enough() -> None:
    made = new_arrival(site="montreal")
    assert faults(made) == []
    inputs = [part for part in parts(made) if part["type"].startswith("Input.")]
    assert [part["id"] for part in inputs] == [
        *("visitor", "owner", "company", "kind", "about", "how_long", "phone", "via", "party"),
    ]
    needed = {part["id"]: part["errorMessage"] for part in inputs if part.get("isRequired")}
    assert needed == {"visitor": "Who has come?", "owner": "Who is it for?"}
    assert texts(made) == ["Announce a visitor"]
    assert [action["title"] for action in made["actions"]] == ["Announce"]


@settings(deadline=None)
@given(st.lists(TEXT, max_size=30), TEXT, st.dictionaries(st.sampled_from(["visitor", "phone", "x"]), TEXT))
def test_teams_takes_every_arrival(kinds: list[str], typed: str, errors: dict[str, str]) -> None:
    options = [Option(value=f"k{n}", label=label) for n, label in enumerate(kinds)]
    act = Announce(visitor=typed, owner=typed, company=typed, about=typed, phone=typed, kind="k0")
    made = arrival_content(ARRIVAL, options, options, sites=options, again=(act, errors))
    assert faults(made) == []


def test_an_arrival_comes_back_whole() -> None:
    data = sent(
        new_arrival(site="montreal"),
        visitor=" Julie Tremblay (Chambre de commerce) ",
        owner="Martin",
        kind="client",
        how_long="300",
        phone="514 555-0142",
        about="a key",
        via="phone",
        party="3",
    )
    assert arrival(data) == Announce(
        visitor="Julie Tremblay",
        owner="Martin",
        company="Chambre de commerce",
        kind="client",
        phone="514 555-0142",
        how_long_s=300,
        about="a key",
        party=3,
        by_phone=True,
        site="montreal",
    )


def test_what_was_not_said_is_nothing() -> None:
    data = sent(new_arrival(), visitor="Julie", owner="Martin", kind="-", how_long="-", via="here", party="٣")
    assert arrival(data) == Announce(visitor="Julie", owner="Martin")
    beforehand = new_arrival()
    assert [by_id(beforehand, name)["value"] for name in ("kind", "how_long", "via")] == ["-", "-", "here"]


def test_the_counter_is_chosen_where_the_channel_does_not_tell() -> None:
    counters = [Option(value="montreal", label="Montréal"), Option(value="quebec", label="Québec")]
    made = new_arrival(sites=counters)
    assert by_id(made, "site")["isRequired"]
    assert "value" not in by_id(made, "site")
    assert arrival(sent(made, visitor="Julie", owner="Martin", site="quebec")).site == "quebec"


def test_an_arrival_is_shown_again_with_all_that_was_filled_in() -> None:
    act = Announce(
        visitor="Julie",
        owner="Martn",
        company="Chambre",
        kind="client",
        phone="12",
        how_long_s=300,
        about="a key",
        party=3,
        by_phone=True,
        site="quebec",
    )
    counters = [Option(value="montreal", label="Montréal"), Option(value="quebec", label="Québec")]
    made = new_arrival(sites=counters, again=(act, {"owner": 'I know no "Martn".'}))
    assert arrival(sent(made, **{part["id"]: part.get("value") for part in parts(made) if "id" in part})) == act
    assert texts(made)[1:] == ["Not sent yet. Please look again at: Here for", 'I know no "Martn".']


def test_a_form_is_in_its_readers_language() -> None:
    made = arrival_content(TEAMS.arrival(FRENCH), TEAMS.kinds(FRENCH), TEAMS.lengths(FRENCH))
    assert made["lang"] == "fr"
    assert by_id(made, "visitor")["label"] == "Qui vient et son organisation"
    assert form_content(call_back(), TEAMS.form(FRENCH), 3)["actions"][1]["title"] == "Retour"
