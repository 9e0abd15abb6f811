"""Which adapters there are: each is imported only when it is used, and what it lacks is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adapters.registry import ADAPTERS, adapter_class

ROOT = Path(__file__).parents[2]


def test_the_registry_knows_where_each_adapter_lives() -> None:
    found = {name: adapter_class(name) for name in ADAPTERS}
    assert {name: each.__name__ for name, each in found.items()} == {
        "slack": "SlackAdapter",
        "teams": "TeamsAdapter",
        "web": "WebAdapter",
    }
    assert {name: each.name for name, each in found.items()} == {name: name for name in ADAPTERS}


def test_an_adapter_that_there_is_not() -> None:
    with pytest.raises(KeyError):
        adapter_class("pigeon")


def ask(library: str, name: str = "slack") -> str:
    """Ask for an adapter where a library cannot be imported; give the last thing that is said."""
    program = (
        f"import sys; sys.modules[{library!r}] = None; from adapters.registry import adapter_class as a; a({name!r})"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


def test_a_platform_whose_libraries_are_not_installed_says_how_to_install_them() -> None:
    said = ask("slack_bolt")
    assert 'The configuration uses "slack", whose libraries are not installed here.' in said
    assert "deploy/requirements/slack.txt" in said
    assert "deploy/requirements/teams.txt" in ask("botbuilder", "teams")


def test_a_module_of_our_own_that_is_missing_is_a_fault_of_ours() -> None:
    assert "adapters.slack.blocks" in ask("adapters.slack.blocks")
