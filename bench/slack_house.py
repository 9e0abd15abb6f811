"""The house of (e): eight counters with a channel each, sixty people in Slack, and the visitors who come."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

from bench.house import EXAMPLE
from bot.config_shape import WEEKDAYS

TOKEN = "xoxb-bench"  # noqa: S105 - nothing to keep: the Slack that takes it is ours
SECRET = "a-signing-secret"  # noqa: S105 - likewise
COMMAND = "/visitor"
COUNTERS = 8
GIVEN = ("Amélie", "Bernard", "Chloé", "Denis", "Élise", "Félix", "Gaëlle", "Hubert", "Inès", "Jérôme")
FAMILY = ("Bouchard", "Côté", "Fortin", "Gagnon", "Lavoie", "Tremblay")
NAMES = tuple(f"{given} {family}" for given, family in product(GIVEN, FAMILY))
"""Whom visitors ask for."""
VISITOR = "Julie"
"""The first name of every visitor; the second one is their own."""


@dataclass(frozen=True)
class Arrival:
    """One visitor, at a counter and for somebody: both take turns, so that all conversations are used alike."""

    number: int

    @property
    def visitor(self) -> str:
        """Give the visitor's second name, in letters alone."""
        return "Tr" + "".join("aeioulmnrs"[int(digit)] for digit in f"{self.number:06d}")

    @property
    def owner(self) -> str:
        """Give whom they ask for."""
        return NAMES[self.number % len(NAMES)]

    @property
    def counter(self) -> int:
        """Give the counter to which they come."""
        return self.number % COUNTERS

    @property
    def line(self) -> str:
        """Give what reception types."""
        return f"{VISITOR} {self.visitor} (Chambre de commerce) for {self.owner}: room booking"


def user(name: str) -> str:
    """Give the member id of somebody who is asked for."""
    return f"UOWNER{NAMES.index(name)}"


def receptionist(counter: int) -> str:
    """Give the member id of whoever stands at a counter."""
    return f"URECEPTION{counter}"


def channel(counter: int) -> str:
    """Give the channel of a counter."""
    return f"CCOUNTER{counter}"


def conversation(address: str) -> str:
    """Give the direct message with a user, or the channel itself."""
    return f"D{address[1:]}" if address.startswith("U") else address


def config(folder: Path, *, port: int, api: str) -> Path:
    """Write the configuration of hello30 for this house, which is always open."""
    hours = ", ".join(f'{day}: ["00:00-24:00"]' for day in WEEKDAYS)
    lines = ["sites:"]
    for counter in range(COUNTERS):
        lines += [
            f"  site{counter}:",
            f"    name: Site {'ABCDEFGH'[counter]}",
            "    zone: America/Montreal",
            "    language: en-CA",
            f"    hours: {{{hours}}}",
            f"    reception: {{web: true, slack: {channel(counter)}}}",
        ]
    lines.append("people:")
    for counter in range(COUNTERS):
        lines += [
            f"  reception{counter}:",
            f"    name: Reception {'ABCDEFGH'[counter]}",
            f"    sites: [site{counter}]",
            f"    reception_of: [site{counter}]",
            f"    addresses: {{web: reception{counter}, slack: {receptionist(counter)}}}",
        ]
    for number, name in enumerate(NAMES):
        lines += [
            f"  owner{number}:",
            f"    name: {name}",
            f"    sites: [site{number % COUNTERS}]",
            f"    addresses: {{web: owner{number}, slack: {user(name)}}}",
        ]
    policies = EXAMPLE.parent / "policies"
    lines += [
        "policies:",
        *(f"  - {policies / name}.yaml" for name in ("phone", "after_hours", "office", "anything_else")),
        "database: hello30.db",
        "adapters:",
        "  web: {port: 0}",
        f"  slack: {{mode: http, port: {port}, api_url: {api}}}",
    ]
    path = folder / "config.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
