from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot import config

CONFIG = """\
sites:
  montreal:
    name: Montréal office
    zone: America/Montreal
    language: fr-CA
    hours:
      monday: ["08:30-12:00", "13:00-17:00"]
    closed: [2026-12-25]
    reception: {web: true}
people:
  nadia:
    name: Nadia Benali
    reception_of: [montreal]
    addresses: {web: nadia}
  martin:
    name: Martin Gagnon
    deputies: [sophie]
    manager: sophie
    addresses: {web: martin}
    away:
      - {from: 2026-12-21, until: 2026-12-31, stand_in: sophie}
  sophie:
    name: Sophie Roy
    addresses: {web: sophie}
policies: [office.yaml, last.yaml]
adapters: {web: {port: 8030}}
"""

RULES = """\
owes: hello
hello:
  offers: [now, 2m]
  now: 2m
  within: 10m
  grace: 2m
callback:
  offers: 4
  within: 1 open day
  remind_before: 10m
  grace: 15m
  tries: 3
  retry: 2h
  moves: 2
delegate:
  to: [deputy, anyone]
  at_most: 2
not_safe:
  alert: manager
ladder:
  unanswered:
    - {after: 1m, remind: responder}
    - {after: 2m, ask: deputy}
    - {after: 5m, book_callback: owner}
  hello_late:
    - {after: 0s, check: both}
    - {after: 5m, book_callback: owner}
  callback_late:
    - {after: 0s, remind: responder}
    - {after: 4h, hand_over_to: reception}
"""

OFFICE = "policy: office\ntitle: Office\napplies_to:\n  kinds: [supplier]\n" + RULES
LAST = "policy: last\ntitle: The rest\n" + RULES


class Folder:
    """A good configuration in a folder, in which a test writes what is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name, text in (("config.yaml", CONFIG), ("office.yaml", OFFICE), ("last.yaml", LAST)):
            self.write(name, text)

    def write(self, name: str, text: str | bytes) -> None:
        (self.path / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text(encoding="utf-8")
        assert text.count(old) >= 1, old
        self.write(name, text.replace(old, new, 1))

    def faults(self) -> list[str]:
        return [str(fault).removeprefix(f"{self.path}/") for fault in config.check(self.path / "config.yaml")]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def faults_with(folder: Folder) -> Callable[[str, str, str], list[str]]:
    """Give the faults of the good configuration in which one text was replaced by another."""

    def faults(name: str, old: str, new: str) -> list[str]:
        folder.replace(name, old, new)
        return folder.faults()

    return faults
