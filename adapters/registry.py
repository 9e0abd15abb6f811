"""Which adapters there are, and where each lives. An adapter is imported only when it is configured."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bot.errors import Hello30Error

ADAPTERS = {
    "slack": "adapters.slack.adapter:SlackAdapter",
    "teams": "adapters.teams.adapter:TeamsAdapter",
    "web": "adapters.web.adapter:WebAdapter",
}
"""Adapter name → `module:Class`. A new adapter is a folder and a line here."""


def adapter_class(name: str) -> Any:
    """Import the class of an adapter; `KeyError` when there is no adapter of this name.

    Raises `Hello30Error` when the libraries of its platform are not installed.

    The class is `Any` because each adapter is built with what it alone needs; what comes of it is a `ChatAdapter`.
    """
    module, _, attribute = ADAPTERS[name].partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name and error.name.partition(".")[0] in {"adapters", "bot"}:  # a fault of ours
            raise
        raise Hello30Error(
            f'The configuration uses "{name}", whose libraries are not installed here. Please install them: '
            f"pip install --require-hashes -r deploy/requirements/{name}.txt"
        ) from error
