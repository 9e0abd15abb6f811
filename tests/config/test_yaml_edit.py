"""One value is put into a YAML text, and every other character stays as it was."""

from __future__ import annotations

import pytest

from bot import strict_yaml
from bot.yaml_edit import NotEditable, Way, with_values

SLACK = ("martin", "addresses", "slack")


def put(text: str) -> str:
    after = with_values(text, {SLACK: "U1"})
    data = strict_yaml.parse(after.encode(), "f").data
    assert data["martin"]["addresses"]["slack"] == "U1"
    return after


@pytest.mark.parametrize(
    "before, after",
    [
        # on lines of its own
        ("martin:\n  addresses:\n    web: m\n", "martin:\n  addresses:\n    web: m\n    slack: U1\n"),
        ("martin:\n  addresses:\n    web: m", "martin:\n  addresses:\n    web: m\n    slack: U1"),
        ("martin:\r\n  addresses:\r\n    web: m", "martin:\r\n  addresses:\r\n    web: m\r\n    slack: U1"),
        (
            "martin:\r\n  addresses:\r\n    web: m\r\nb: 1\r\n",
            "martin:\r\n  addresses:\r\n    web: m\r\n    slack: U1\r\nb: 1\r\n",
        ),
        (
            "martin:\n  addresses:  # here\n     web: m  # there\n     # slack: U0\n\n\n# Next\nb: 1\n",
            "martin:\n  addresses:  # here\n     web: m  # there\n     slack: U1\n     # slack: U0\n\n\n# Next\nb: 1\n",
        ),
        (
            "martin:\n  addresses:\n    web:\n      m\n  name: Martin\n",
            "martin:\n  addresses:\n    web:\n      m\n    slack: U1\n  name: Martin\n",
        ),
        (
            "martin:\n  addresses:\n    web: |-\n      m\n\n  name: Martin\n",
            "martin:\n  addresses:\n    web: |-\n      m\n\n    slack: U1\n  name: Martin\n",
        ),
        (
            "martin:\n  addresses:\n    web: |-\n      m",
            "martin:\n  addresses:\n    web: |-\n      m\n    slack: U1",
        ),
        ("martin:\n  addresses:\n    'web': \"m\"\n", "martin:\n  addresses:\n    'web': \"m\"\n    'slack': \"U1\"\n"),
        (
            "martin:\n  addresses:\n    web: {a: 1,\n      b: 2}  # far\n  name: M\n",
            "martin:\n  addresses:\n    web: {a: 1,\n      b: 2}  # far\n    slack: U1\n  name: M\n",
        ),
        (
            "martin:\n  addresses:\n    web:\n    - a\n    - b:  # nothing\n# end\n",
            "martin:\n  addresses:\n    web:\n    - a\n    - b:  # nothing\n    slack: U1\n# end\n",
        ),
        # between curly brackets
        ("martin: {addresses: {web: m}}\n", "martin: {addresses: {web: m, slack: U1}}\n"),
        ("martin: {addresses: { web: m , }}\n", "martin: {addresses: { web: m, slack: U1 , }}\n"),
        ("martin: {addresses: {}}\n", "martin: {addresses: {slack: U1}}\n"),
        ('{"martin":{"addresses":{"web":"m"}}}', '{"martin":{"addresses":{"web":"m", "slack": "U1"}}}'),
        (
            "martin:\n  addresses: {\n    web: m  # here\n  }\n",
            "martin:\n  addresses: {\n    web: m, slack: U1  # here\n  }\n",
        ),
        ("martin: {addresses: {web: }}\n", "martin: {addresses: {web:, slack: U1 }}\n"),
        # in the place of another
        (
            "martin:\n  addresses:\n    slack: U0  # old\n    web: m\n",
            "martin:\n  addresses:\n    slack: U1  # old\n    web: m\n",
        ),
        ("martin:\n  addresses:\n    slack: 'U0'\n", "martin:\n  addresses:\n    slack: 'U1'\n"),
        ("martin:\n  addresses:\n    slack:\n    web: m\n", "martin:\n  addresses:\n    slack: U1\n    web: m\n"),
        (
            "martin:\n  addresses:\n    slack: # ?\n    web: m\n",
            "martin:\n  addresses:\n    slack: U1 # ?\n    web: m\n",
        ),
        ("martin: {addresses: {slack: null, web: m}}\n", "martin: {addresses: {slack: U1, web: m}}\n"),
        ('martin: {addresses: {"slack":"U0"}}\n', 'martin: {addresses: {"slack":"U1"}}\n'),
    ],
)
def test_all_else_stays(before: str, after: str) -> None:
    assert put(before) == after


def test_several_places_are_changed_at_once() -> None:
    before = "a: {web: x}\nb:\n  web: y\nc: {slack: U0}\n"
    values: dict[Way, str] = {("c", "slack"): "U3", ("a", "slack"): "U1", ("b", "slack"): "U2"}
    assert with_values(before, values) == "a: {web: x, slack: U1}\nb:\n  web: y\n  slack: U2\nc: {slack: U3}\n"


@pytest.mark.parametrize(
    "text",
    [
        "martin: {addresses: [web]}\n",
        "martin: 1\n",
        "- martin\n",
        "sophie: 1\n",
        "",
        "martin: {addresses: {web: m, slack}}\n",
        "martin: {addresses: {slack: [U0]}}\n",
        "martin:\n  addresses:\n    slack: |-\n      U0\n",
    ],
)
def test_what_would_change_more_is_not_changed(text: str) -> None:
    with pytest.raises(NotEditable):
        with_values(text, {SLACK: "U1"})
