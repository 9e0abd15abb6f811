"""Which policy is rehearsed, and in which house: the admin's own, or an invented one right after a clone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from bot import config, policy_file
from bot.clock import SystemClock
from bot.commandline.options import CONFIG
from bot.domain.policy import Policy
from bot.errors import ConfigError, Hello30Error
from bot.policy_file import Known
from bot.settings import Settings
from bot.yaml_shape import did_you_mean

INVENTED_DAY: Final = date(2026, 3, 3)
"""In the invented house it is always this Tuesday, so that a rehearsal there reads the same on any day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A policy and the house to rehearse it in. `invented`: no configuration was there; `listed`: it has the policy."""

    settings: Settings
    policy: Policy
    invented: bool
    listed: bool
    today: date


def find(wanted: str, config_file: Path | None) -> Source:
    """Find a policy by its file, or by its name in the configuration; raises `ConfigError` or `Hello30Error`."""
    path = config_file or (CONFIG if CONFIG.exists() else None)
    settings = config.load(path) if path else _invented_house()
    policy = _from_file(Path(wanted), settings) if _is_file(wanted) else _named(wanted, settings, path)
    return Source(
        settings=settings,
        policy=policy,
        invented=path is None,
        listed=any(other.name == policy.name for other in settings.policies),
        today=SystemClock().now().date() if path else INVENTED_DAY,
    )


def _is_file(wanted: str) -> bool:
    path = Path(wanted)
    return path.is_file() or path.suffix in {".yaml", ".yml"} or os.sep in wanted


def _from_file(path: Path, settings: Settings) -> Policy:
    known = Known(people=settings.people, sites=settings.sites, kinds=settings.kinds)
    read = policy_file.read(path, known, last=False)
    if read.policy is None:
        if (policies := _configured(path)) is not None:
            raise Hello30Error(
                f"{path} is a configuration, which lists several policies. Name one of them: "
                f"hello30 rehearse {policies[0].name} --config {path}"
            )
        raise ConfigError(list(read.faults))
    return read.policy


def _configured(path: Path) -> Sequence[Policy] | None:
    """Give the policies of a configuration; None when the file is none, or not a right one."""
    try:
        return config.load(path).policies
    except ConfigError:
        return None


def _named(wanted: str, settings: Settings, path: Path | None) -> Policy:
    if path is None:
        raise Hello30Error(
            f'there is no {CONFIG} here in which "{wanted}" could be looked up: '
            "name a file, such as policies/office.yaml, or a configuration with --config."
        )
    for policy in settings.policies:
        if policy.name == wanted:
            return policy
    names = [policy.name for policy in settings.policies]
    raise Hello30Error(f'{path} has no policy "{wanted}", and there is no such file: {did_you_mean(wanted, names)}')


def _invented_house() -> Settings:
    with as_file(files("bot.demo")) as folder:
        return config.load(folder / "config.yaml")
