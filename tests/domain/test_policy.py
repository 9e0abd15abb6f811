"""Which arrivals a policy covers, and that a visit keeps the one it came under."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.policy import AppliesTo, Via
from tests.domain.house import HAND_OVER, Story, make_policy

JULIE = dict[str, Any](via=Via.IN_PERSON, kind="supplier", owner="martin", site="quebec", is_open=True)


def test_a_policy_that_says_nothing_covers_everybody() -> None:
    assert AppliesTo().covers(**JULIE)


@pytest.mark.parametrize(
    "applies, covered",
    [
        (AppliesTo(via=(Via.IN_PERSON,)), True),
        (AppliesTo(via=(Via.PHONE,)), False),
        (AppliesTo(kinds=("supplier",)), True),
        (AppliesTo(kinds=("client",)), False),
        (AppliesTo(owners=("sophie",)), False),
        (AppliesTo(sites=("montreal",)), False),
        (AppliesTo(hours="open"), True),
        (AppliesTo(hours="closed"), False),
    ],
)
def test_each_line_of_a_policy_narrows_down_whom_it_covers(applies: AppliesTo, covered: bool) -> None:  # noqa: FBT001
    assert applies.covers(**JULIE) is covered


def test_an_unsaid_kind_is_covered_only_where_kinds_are_not_asked() -> None:
    assert not AppliesTo(kinds=("supplier",)).covers(**{**JULIE, "kind": None})
    assert AppliesTo().covers(**{**JULIE, "kind": None})


def test_the_policy_is_frozen_into_the_visit() -> None:
    policy = make_policy()
    story = Story(policy=policy)
    story.policy = replace(policy, unanswered=make_policy(end=HAND_OVER).unanswered)
    story.passes(days=1)
    assert story.visit.policy == policy
