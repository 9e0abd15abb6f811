from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import events
from bot.domain.card import Nudge, Phrase
from bot.domain.events import Arrived, Event, HelloPromised, VisitorBack
from bot.domain.facts import Facts
from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.errors import Unreadable
from bot.messages import Receipt
from bot.storage import codec
from tests.contracts.samples import arrival, at, calls_back, policy, receipt, visit

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
st.register_type_strategy(datetime, MOMENTS)
st.register_type_strategy(timedelta, st.timedeltas(min_value=timedelta(), max_value=timedelta(days=400)))
POLICIES = st.builds(Policy)


def known(policy: Policy) -> codec.Policies:
    return {policy.digest: policy}.__getitem__


@pytest.mark.parametrize("kind", codec.EVENT_TYPES.values(), ids=codec.EVENT_TYPES)
@given(data=st.data())
def test_every_event_comes_back(kind: type[Event], data: st.DataObject) -> None:
    frozen_in = policy()
    given_policy: dict[str, Any] = {"policy": st.just(frozen_in)} if kind is Arrived else {}
    event = data.draw(st.builds(kind, **given_policy))
    text = codec.EVENT.dump(event)
    again = codec.EVENT.load(text, known(frozen_in))
    assert again == event
    assert type(again) is kind
    assert codec.EVENT.dump(again) == text


def test_every_class_of_the_journal_is_known() -> None:
    written = re.findall(r"^class (\w+)", Path(events.__file__).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(written) == set(codec.EVENT_TYPES)


@given(st.builds(Visit, policy=st.just(policy())))
def test_visits_come_back(value: Visit) -> None:
    assert codec.VISIT.load(codec.VISIT.dump(value), known(policy())) == value


@given(POLICIES)
def test_policies_come_back(value: Policy) -> None:
    assert codec.POLICY.load(codec.POLICY.dump(value)) == value


@given(st.builds(Facts))
def test_facts_come_back(value: Facts) -> None:
    assert codec.FACTS.load(codec.FACTS.dump(value)) == value


PHRASES = st.builds(Phrase, st.text(), st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), MOMENTS)))


@given(PHRASES)
def test_phrases_come_back(value: Phrase) -> None:
    assert codec.PHRASE.load(codec.PHRASE.dump(value)) == value


@given(st.builds(Nudge, key=st.text(), visit=st.text(), person=st.text(), text=PHRASES))
def test_nudges_come_back(value: Nudge[Phrase]) -> None:
    assert codec.NUDGE.load(codec.NUDGE.dump(value)) == value


def test_text_that_looks_like_a_moment_stays_text() -> None:
    phrase = Phrase("key", {"text": at().isoformat(), "moment": at(), "count": 3})
    assert codec.PHRASE.load(codec.PHRASE.dump(phrase)) == phrase


def test_receipts_come_back() -> None:
    value: Receipt = receipt("m1:thread", known_as="m1")
    assert codec.RECEIPT.load(codec.RECEIPT.dump(value)) == value


def test_a_receipt_from_before_messages_could_be_answered_can_be_read() -> None:
    kept = '{"address":{"adapter":"web","id":"martin"},"ref":"m1"}'
    assert codec.RECEIPT.load(kept).known_as == ""


def test_the_text_is_canonical() -> None:
    assert codec.EVENT.dump(VisitorBack(at=at(), by="nadia", entered_by="léa")) == (
        '{"at":"2026-11-22T14:00:00.123456+00:00","by":"nadia","entered_by":"léa","type":"VisitorBack"}'
    )


def test_moments_are_written_in_utc_whatever_their_zone() -> None:
    elsewhere = at().astimezone(timezone(timedelta(hours=-5)))
    event = HelloPromised(at=elsewhere, by="martin", due=at(60), late_at=at(180))
    again = codec.EVENT.load(codec.EVENT.dump(event))
    assert again == event
    assert again.at.utcoffset() == timedelta()


def test_a_policy_inside_is_written_as_its_digest() -> None:
    assert json.loads(codec.EVENT.dump(arrival(visit())[0]))["policy"] == policy().digest
    assert json.loads(codec.VISIT.dump(visit()))["policy"] == policy().digest
    with pytest.raises(Unreadable, match=r"Visit\.policy: the policy digest-of-office is not kept here"):
        codec.VISIT.load(codec.VISIT.dump(visit()))


def changed(**changes: object) -> str:
    return json.dumps(json.loads(codec.FACTS.dump(Facts(visitor="Julie Tremblay"))) | changes)


@pytest.mark.parametrize(
    "text, message",
    [
        ("not JSON", "it is not JSON"),
        ("[]", "expected an object, found list"),
        ("{}", "Facts lacks visitor"),
        (changed(colour="red", age=3), "Facts has no field age, colour"),
        (changed(party="two"), r"Facts\.party: expected int, found str"),
        (changed(party=True), r"Facts\.party: expected int, found bool"),
        (changed(visitor=None), r"Facts\.visitor: expected str, found NoneType"),
        (changed(points="key"), r"Facts\.points: expected a list, found str"),
    ],
    ids=range(8),
)
def test_what_is_not_understood_is_refused_without_saying_what_stands_there(text: str, message: str) -> None:
    with pytest.raises(Unreadable, match=f"^{message}$") as raised:
        codec.FACTS.load(text)
    assert "Julie" not in str(raised.value)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"type": "Vanished"}, "no event of this type is known"),
        ({"type": 3}, "no event of this type is known"),
        ({"at": "yesterday"}, r"HelloPromised\.at: expected a moment"),
        ({"at": 5}, r"HelloPromised\.at: expected a moment"),
        ({"at": "2026-11-22T14:00:00"}, r"HelloPromised\.at: expected a moment with its zone"),
        ({"colour": "red"}, "HelloPromised has no field colour"),
    ],
    ids=range(6),
)
def test_an_event_that_is_not_understood_is_refused(changes: dict[str, Any], message: str) -> None:
    raw = json.loads(codec.EVENT.dump(HelloPromised(at=at(), by="martin", due=at(60), late_at=at(180))))
    with pytest.raises(Unreadable, match=f"^{message}$"):
        codec.EVENT.load(json.dumps(raw | changes))


def test_a_state_that_is_not_known_is_refused() -> None:
    raw = json.loads(codec.VISIT.dump(visit()))
    with pytest.raises(Unreadable, match=r"^Visit\.hello: expected one of not_owed, owed"):
        codec.VISIT.load(json.dumps(raw | {"hello": "sung"}), known(policy()))


def test_a_length_that_is_not_a_number_is_refused() -> None:
    raw = json.loads(codec.POLICY.dump(policy()))
    raw["hello"]["now"] = "2m"
    with pytest.raises(Unreadable, match=r"^Policy\.hello: HelloRules\.now: expected a whole number"):
        codec.POLICY.load(json.dumps(raw))


def test_what_no_reader_bears_is_refused() -> None:
    for text in ("[" * 60_000, "9" * 5_000, '{"a":' * 60_000):
        with pytest.raises(Unreadable, match=r"^it is not JSON$"):
            codec.VISIT.load(text, known(policy()))


def test_moments_and_lengths_beyond_all_calendars_are_refused() -> None:
    raw = json.loads(codec.VISIT.dump(visit()))
    for moment in ("0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"):
        with pytest.raises(Unreadable, match=r"^Visit\.arrived: expected a moment$"):
            codec.VISIT.load(json.dumps(raw | {"arrived": moment}), known(policy()))
    raw = json.loads(codec.POLICY.dump(policy()))
    raw["hello"]["now"] = 10**30
    with pytest.raises(Unreadable, match=r"^Policy\.hello: HelloRules\.now: expected a length of time$"):
        codec.POLICY.load(json.dumps(raw))


def test_a_marked_argument_must_be_a_moment() -> None:
    with pytest.raises(Unreadable, match="expected a moment under `at`"):
        codec.PHRASE.load('{"args":{"when":{"on":1}},"key":"k"}')


def test_a_field_that_was_added_later_has_its_default() -> None:
    raw = json.loads(codec.VISIT.dump(calls_back(visit(), "martin", at(60))))
    del raw["callback_promise"]["called"], raw["disputed_by"]
    again = codec.VISIT.load(json.dumps(raw), known(policy()))
    assert again == calls_back(visit(), "martin", at(60))


@pytest.mark.parametrize(
    "facts",
    [Facts(visitor=3), Facts(visitor="Julie", party=True), Facts(visitor="Julie", points=(1,))],  # type: ignore[arg-type]
    ids=range(3),
)
def test_what_could_not_be_read_again_is_never_written(facts: Facts) -> None:
    with pytest.raises(TypeError):
        codec.FACTS.dump(facts)


def test_a_moment_without_a_zone_is_never_written() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        codec.EVENT.dump(HelloPromised(at=at().replace(tzinfo=None), by="martin", due=at(), late_at=at()))


def test_an_event_from_elsewhere_is_never_written() -> None:
    class Invented(Event):
        pass

    with pytest.raises(TypeError):
        codec.EVENT.dump(Invented(at=at(), by="martin"))
