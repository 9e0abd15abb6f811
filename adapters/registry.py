"""Which adapters there are, and where each lives. An adapter is imported only when it is configured."""

from __future__ import annotations

from importlib import import_module
from typing import Any

ADAPTERS = {
    "web": "adapters.web.adapter:WebAdapter",
}
"""Adapter name → `module:Class`. A new adapter is a folder and a line here."""


def adapter_class(name: str) -> Any:
    """Import the class of an adapter; `KeyError` when there is no adapter of this name.

    The class is `Any` because each adapter is built with what it alone needs; what comes of it is a `ChatAdapter`.
    """
    module, _, attribute = ADAPTERS[name].partition(":")
    return getattr(import_module(module), attribute)
