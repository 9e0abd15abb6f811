"""The policies that come with hello30 can be used as they are."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot import config
from bot.domain.policy import Owes, Policy, Verb, Via
from bot.settings import Settings

ROOT = Path(config.__file__).parent.parent
EXAMPLE, DEMO = ROOT / "config.example.yaml", ROOT / "bot" / "demo" / "config.yaml"


@pytest.fixture(scope="module")
def example() -> Settings:
    return config.load(EXAMPLE)


@pytest.fixture(scope="module")
def demo() -> Settings:
    return config.load(DEMO)


def _taken(settings: Settings, via: Via, kind: str | None, *, is_open: bool) -> Policy:
    return settings.policy_for(via=via, kind=kind, owner="martin", site="montreal", is_open=is_open)


@pytest.mark.parametrize("file", [EXAMPLE, DEMO], ids=["example", "demo"])
def test_a_configuration_that_comes_with_hello30_has_no_fault(file: Path) -> None:
    assert config.check(file) == []


def test_every_ready_policy_is_in_the_example(example: Settings) -> None:
    assert {policy.name for policy in example.policies} == {file.stem for file in (ROOT / "policies").glob("*.yaml")}


@pytest.mark.parametrize(
    "via,kind,is_open,policy,owes",
    [
        (Via.IN_PERSON, "client", True, "anything_else", Owes.HELLO),
        (Via.IN_PERSON, "candidate", True, "anything_else", Owes.HELLO),
        (Via.IN_PERSON, None, True, "anything_else", Owes.HELLO),
        (Via.IN_PERSON, "supplier", True, "office", Owes.HELLO_OR_CALLBACK),
        (Via.IN_PERSON, "walk_in", True, "office", Owes.HELLO_OR_CALLBACK),
        (Via.IN_PERSON, "client", False, "after_hours", Owes.HELLO_OR_CALLBACK),
        (Via.PHONE, "client", True, "phone", Owes.CALLBACK),
        (Via.PHONE, None, False, "phone", Owes.CALLBACK),
    ],
)
def test_each_visit_falls_under_the_policy_meant_for_it(
    example: Settings, via: Via, kind: str | None, *, is_open: bool, policy: str, owes: Owes
) -> None:
    taken = _taken(example, via, kind, is_open=is_open)
    assert (taken.name, taken.owes) == (policy, owes)


def test_a_walk_in_never_pages_a_manager(example: Settings, demo: Settings) -> None:
    for settings in (example, demo):
        policy = _taken(settings, Via.IN_PERSON, "walk_in", is_open=True)
        steps = (*policy.unanswered, *policy.hello_late, *policy.callback_late)
        assert "manager" not in {step.target for step in steps if step.verb is Verb.ASK}


def test_a_client_has_a_deputy_after_ninety_seconds(example: Settings, demo: Settings) -> None:
    for settings in (example, demo):
        policy = _taken(settings, Via.IN_PERSON, "client", is_open=True)
        first = next(step for step in policy.unanswered if step.verb is Verb.ASK)
        assert (first.after, first.target) == (timedelta(seconds=90), "deputy")


def test_outside_hours_a_callback_is_booked_within_two_minutes(example: Settings) -> None:
    policy = _taken(example, Via.IN_PERSON, "client", is_open=False)
    assert policy.unanswered[-1].verb is Verb.BOOK_CALLBACK
    assert policy.unanswered[-1].after <= timedelta(minutes=2)


def test_the_demo_tells_of_a_forgotten_hello(demo: Settings) -> None:
    policy = _taken(demo, Via.IN_PERSON, "client", is_open=True)
    assert [(step.verb, step.target) for step in policy.hello_late[:2]] == [
        (Verb.CHECK, "both"),
        (Verb.ASK, "deputy"),
    ]
    assert demo.people["martin"].deputies == ("sophie",)
    assert [p.id for p in demo.people.values() if "montreal" in p.reception_of] == ["nadia"]


def test_equal_content_has_an_equal_digest_and_no_other_has(tmp_path: Path) -> None:
    shutil.copytree(DEMO.parent, tmp_path, dirs_exist_ok=True)
    before = config.load(DEMO).policies
    client = tmp_path / "client.yaml"
    text = client.read_text(encoding="utf-8").replace("owes: hello\n", "", 1)
    client.write_text(f"# the same, in another order\nowes: hello\n{text}", encoding="utf-8")
    assert config.load(tmp_path / "config.yaml").policies == before
    client.write_text(client.read_text(encoding="utf-8").replace("tries: 3", "tries: 4"), encoding="utf-8")
    after = config.load(tmp_path / "config.yaml").policies
    assert after[0].digest == before[0].digest
    assert after[1].digest != before[1].digest
