"""`hello30 slack manifest`: what makes the app in Slack."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import typer
import yaml

from adapters.slack import EVENTS


def print_manifest(url: str | None) -> None:
    """Print the manifest: for Socket Mode, or filled in with the address to which Slack posts."""
    # our own file, and not an admin's: nothing in it can be misread
    manifest: dict[str, Any] = yaml.safe_load(files("adapters.slack").joinpath("manifest.yaml").read_text("utf-8"))
    if url is not None:
        address = f"{url}{EVENTS}"
        settings = manifest["settings"]
        settings["socket_mode_enabled"] = False
        settings["event_subscriptions"] = {"request_url": address, **settings["event_subscriptions"]}
        settings["interactivity"]["request_url"] = address
        for command in manifest["features"]["slash_commands"]:
            command["url"] = address
    typer.echo(yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=120), nl=False)
