"""Forms in Slack: whatever is on them, Slack takes them, and what was filled in comes back by its names."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack import modals
from adapters.slack.modals import ArrivalWords, Opened
from bot.messages import Announce, Field, FieldKind, Form, Option
from tests.adapters.slack.kit import faults_of_view

TEXT = st.one_of(st.text(max_size=40), st.sampled_from(["é" * 200, "<" * 90, "a" * 4000])).map(
    lambda t: t.strip() or "x"
)
ZONE = "America/Montreal"
TEN = int(datetime(2026, 3, 5, 10, 30, tzinfo=ZoneInfo(ZONE)).timestamp())


@st.composite
def forms(draw: st.DrawFn) -> Form:
    names = draw(st.lists(st.sampled_from(["when", "free", "phone", "line", "points", "to"]), min_size=1, unique=True))
    made = []
    for name in names:
        kind = (
            FieldKind.DAY_AND_TIME
            if name == "free"
            else draw(st.sampled_from([k for k in FieldKind if k != "day_and_time"]))
        )
        labels = draw(st.lists(TEXT, min_size=1, max_size=250)) if kind is FieldKind.CHOICE else []
        options = tuple(Option(value=f"v{n}", label=label, chosen=n == 0) for n, label in enumerate(labels))
        made.append(
            Field(
                name=name,
                kind=kind,
                label=draw(TEXT),
                hint=draw(st.one_of(st.just(""), TEXT)),
                value=draw(st.one_of(st.just(""), TEXT)),
                options=options,
                required=draw(st.booleans()),
            )
        )
    return Form(
        visit="v1",
        button="call_back",
        title=draw(TEXT),
        submit=draw(TEXT),
        fields=tuple(made),
        note=draw(st.one_of(st.just(""), TEXT)),
    )


@given(forms())
def test_slack_takes_every_form(form: Form) -> None:
    assert faults_of_view(modals.form_view(form, "Close", 3)) == []


@given(forms())
def test_no_choice_of_a_form_is_lost(form: Form) -> None:
    shown = [part["value"] for part in _parts(modals.form_view(form, "Close", 3)) if "value" in part and "text" in part]
    wanted = [option.value for field in form.fields for option in field.options]
    assert sorted(set(shown)) == sorted(set(wanted))


def _parts(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, dict):
        return [part, *(each for value in part.values() for each in _parts(value))]
    return [each for value in part for each in _parts(value)] if isinstance(part, list) else []


@given(st.lists(TEXT, min_size=1, max_size=30))
def test_slack_takes_every_arrival(kinds: list[str]) -> None:
    options = [Option(value=f"k{n}", label=label) for n, label in enumerate(kinds)]
    view = modals.arrival_view(WORDS, options, options, site="montreal")
    assert faults_of_view(view) == []


WORDS = ArrivalWords(**{field.name: field.name for field in fields(ArrivalWords)})


def call_back() -> Form:
    when = Field(
        name="when",
        kind=FieldKind.CHOICE,
        label="When",
        required=True,
        options=(
            Option(value="2026-03-04T15:00:00+00:00", label="today 10:00", chosen=True),
            Option(value="free", label="Another time"),
        ),
    )
    free = Field(name="free", kind=FieldKind.DAY_AND_TIME, label="Another time")
    phone = Field(name="phone", kind=FieldKind.PHONE, label="Number", value="514 555-0142")
    return Form(
        visit="v1",
        button="call_back",
        title="Call Julie Tremblay (Chambre) back",
        submit="Promise",
        fields=(when, free, phone),
    )


def filled(view: dict[str, Any], **elements: dict[str, Any]) -> dict[str, Any]:
    """Give a modal as Slack sends it back."""
    state = {name: {name: element} for name, element in elements.items()}
    return {**view, "id": "V1", "hash": "1.a", "state": {"values": state}}


def picked(value: str) -> dict[str, Any]:
    return {"type": "radio_buttons", "selected_option": {"value": value}}


def test_a_long_title_is_said_whole_in_the_first_line() -> None:
    view = modals.form_view(call_back(), "Close", 3)
    assert view["title"]["text"] == "Call Julie Tremblay (Ch…"
    assert view["blocks"][0]["text"]["text"] == "Call Julie Tremblay (Chambre) back"


def test_what_was_chosen_and_typed_comes_back_by_the_names_of_the_fields() -> None:
    view = filled(
        modals.form_view(call_back(), "Close", 3),
        when=picked("2026-03-04T15:00:00+00:00"),
        free={"type": "datetimepicker", "selected_date_time": None},
        phone={"type": "plain_text_input", "value": " 514 555-0142 "},
    )
    assert modals.values(view, ZONE) == {"when": "2026-03-04T15:00:00+00:00", "phone": "514 555-0142"}


def test_a_moment_that_was_picked_is_a_day_and_a_clock_of_the_readers_zone() -> None:
    view = filled(
        modals.form_view(call_back(), "Close", 3),
        when={"type": "radio_buttons", "selected_option": None},
        free={"type": "datetimepicker", "selected_date_time": TEN},
    )
    assert modals.values(view, ZONE) == {"when": "free", "free_day": "2026-03-05", "free_time": "10:30"}
    assert modals.values(view, "Europe/Paris")["free_time"] == "16:30"


def test_no_time_is_chosen_beforehand_where_another_may_be_picked() -> None:
    view = modals.form_view(call_back(), "Close", 3)
    when = next(block for block in view["blocks"] if block.get("block_id") == "when")
    assert when["optional"] is True
    assert "initial_option" not in when["element"]
    alone = replace(
        call_back(), fields=(replace(call_back().fields[0], options=(Option(value="a", label="A", chosen=True),)),)
    )
    [_, when] = modals.form_view(alone, "Close", 3)["blocks"]
    assert (when["optional"], when["element"]["initial_option"]["value"]) == (False, "a")


def test_a_choice_that_was_made_is_kept_beside_a_moment_that_was_picked() -> None:
    view = filled(
        modals.form_view(call_back(), "Close", 3),
        when=picked("2026-03-04T15:00:00+00:00"),
        free={"type": "datetimepicker", "selected_date_time": TEN},
    )
    assert modals.values(view, ZONE)["when"] == "2026-03-04T15:00:00+00:00"


def test_what_is_wrong_stands_beside_its_field() -> None:
    view = modals.form_view(call_back(), "Close", 3)
    assert modals.errors({"free": "Too late.", "phone": "No number."}, view) == {
        "free": "Too late.",
        "phone": "No number.",
    }
    assert modals.errors({"else": "Not so.", "phone": "No number."}, view) == {"phone": "Not so. No number."}


def test_a_form_says_which_visit_it_is_about() -> None:
    view = modals.form_view(call_back(), "Close", 3)
    assert modals.read_opened(view["private_metadata"]) == Opened("v1", "call_back", 3)


@pytest.mark.parametrize("text", ["", "C1", "[1,2,3]", '["v1","b"]', '["v1","b","3"]', "[" * 100_000, "null"])
def test_a_modal_that_is_not_ours_is_none(text: str) -> None:
    assert modals.read_opened(text) is None


def test_an_arrival_comes_back_whole() -> None:
    view = filled(
        modals.arrival_view(
            WORDS, [Option(value="client", label="Client")], [Option(value="300", label="5 minutes")], site="montreal"
        ),
        visitor={"type": "plain_text_input", "value": "Julie Tremblay"},
        owner={"type": "plain_text_input", "value": None},
        somebody={"type": "users_select", "selected_user": "U0MARTIN"},
        company={"type": "plain_text_input", "value": "Chambre de commerce"},
        kind={"type": "static_select", "selected_option": {"value": "client"}},
        how_long={"type": "static_select", "selected_option": {"value": "300"}},
        phone={"type": "plain_text_input", "value": "514 555-0142"},
        via=picked("phone"),
        party={"type": "number_input", "value": "3"},
    )
    assert modals.chosen_somebody(view) == "U0MARTIN"
    assert modals.arrival(view) == Announce(
        visitor="Julie Tremblay",
        company="Chambre de commerce",
        kind="client",
        phone="514 555-0142",
        how_long_s=300,
        party=3,
        by_phone=True,
        site="montreal",
    )


def test_a_name_may_be_typed_and_somebody_chosen() -> None:
    view = filled(
        modals.arrival_view(WORDS, [], [], site="montreal"),
        visitor={"type": "plain_text_input", "value": "Julie"},
        owner={"type": "plain_text_input", "value": "Sophie"},
        somebody={"type": "users_select", "selected_user": "U0MARTIN"},
        party={"type": "number_input", "value": "٣"},
    )
    act = modals.arrival(view)
    assert (act.owner, act.owner_id, act.party) == ("Sophie", "", 1)
    assert modals.chosen_somebody(view) == "U0MARTIN"


def test_the_counter_is_chosen_where_the_channel_does_not_tell() -> None:
    counters = [Option(value="montreal", label="Montréal"), Option(value="quebec", label="Québec")]
    view = modals.arrival_view(WORDS, [], [], site="", sites=counters)
    [asked] = [block for block in view["blocks"] if block["block_id"] == "site"]
    assert not asked["optional"]
    chosen = filled(view, site={"type": "static_select", "selected_option": {"value": "quebec"}})
    assert modals.arrival(chosen).site == "quebec"


def test_the_state_may_be_missing() -> None:
    assert modals.values({"blocks": []}, ZONE) == {}
    assert json.loads(Opened("v1", "b").written()) == ["v1", "b", None]
