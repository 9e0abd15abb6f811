"""The app package of Teams: what an admin uploads so that people have hello30 there. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from adapters.teams.icons import GROUND, color_icon, outline_icon

FIRST_VERSION: Final = "1.0.0"
_LONGEST_NAME: Final = 253
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MANIFEST: Final = "manifest.json"
_FRENCH: Final = "fr.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What each house has of its own: the id of its bot, where Teams finds it, and what the app's details link to."""

    app_id: str
    host: str
    version: str = FIRST_VERSION
    website: str | None = None
    privacy: str | None = None
    terms: str | None = None


def is_host(text: str) -> bool:
    """Say whether this is the name of a machine, by which one outside can find it; not an address made of numbers."""
    labels = text.split(".")
    return (
        len(text) <= _LONGEST_NAME
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )


def manifest(app: App) -> dict[str, Any]:
    """Fill in the manifest. docs/teams.md says why each permission is in it."""
    made: dict[str, Any] = json.loads(_read(_MANIFEST))
    ours = f"https://{app.host}/"
    made["version"] = app.version
    made["id"] = made["bots"][0]["botId"] = app.app_id
    made["developer"] |= {
        "websiteUrl": app.website or ours,
        "privacyUrl": app.privacy or app.website or ours,
        "termsOfUseUrl": app.terms or app.website or ours,
    }
    made["accentColor"] = GROUND
    made["validDomains"] = [app.host]
    return made


def package(app: App) -> bytes:
    """Make the package, a zip. The same app gives the same bytes, so two packages can be compared."""
    icons = (color_icon(), outline_icon())
    made = manifest(app)
    parts = {
        _MANIFEST: json.dumps(made, indent=2, ensure_ascii=False).encode() + b"\n",
        _FRENCH: _read(_FRENCH).encode(),
        made["icons"]["color"]: icons[0],
        made["icons"]["outline"]: icons[1],
    }
    held = BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as written:
        for name, part in parts.items():
            entry = ZipInfo(name)  # dated 1980, whenever it is made
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            written.writestr(entry, part)
    return held.getvalue()


def _read(name: str) -> str:
    return files("adapters.teams").joinpath("manifest", name).read_text("utf-8")
