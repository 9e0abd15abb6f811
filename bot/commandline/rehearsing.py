"""`hello30 rehearse`: who is told what and when under a policy, before it is used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer

from bot.commandline import rehearsal_source
from bot.commandline.output import show_json, show_table, write
from bot.commandline.rehearsal_source import Source
from bot.commandline.rehearsal_text import RehearsalText
from bot.logs import set_up_logs
from bot.rehearsal.answers import Answer, UnreadableAnswers, read_answers
from bot.rehearsal.arrival import VISITOR, choose
from bot.rehearsal.bound import Bound, LookedAfter, bound
from bot.rehearsal.play import Line, Rehearsal
from bot.rehearsal.play import rehearse as play
from bot.rehearsal.stage import reader_at


def rehearse(wanted: str, config_file: Path | None, *, answers: str | None, language: str, as_json: bool) -> None:
    """Write a rehearsal; raises `ConfigError` for a wrong file, `Hello30Error` where no visit can be rehearsed."""
    set_up_logs(logging.WARNING)
    source = rehearsal_source.find(wanted, config_file)
    given = _answers(answers, source)
    arrival = choose(source.settings, source.policy, today=source.today)
    rehearsal = asyncio.run(play(source.settings, arrival, given, language))
    latest = bound(source.settings, arrival)
    if as_json:
        show_json(_as_json(source, rehearsal, latest))
        return
    text = RehearsalText(source, rehearsal, reader_at(source.settings, arrival.site, language))
    for line in text.assumed(answered=bool(given)):
        write(line)
    write("")
    show_table(text.columns(), text.rows())
    write("")
    write(text.ending())
    write("")
    for line in text.bound(latest):
        write(line)


def _answers(text: str | None, source: Source) -> Sequence[Answer]:
    try:
        return read_answers(text, source.settings.people.values()) if text else ()
    except UnreadableAnswers as wrong:
        raise typer.BadParameter(str(wrong), param_hint="'--answers'") from None


# --- JSON ------------------------------------------------------------------------------------------------------------


def _as_json(source: Source, rehearsal: Rehearsal, latest: Bound) -> dict[str, Any]:
    """Give a rehearsal as JSON has it: lengths in seconds, moments by the clock of the site."""
    arrival = rehearsal.arrival
    zone = ZoneInfo(source.settings.sites[arrival.site].zone)
    return {
        "policy": arrival.policy.name,
        "title": arrival.policy.title,
        "assumed": {
            "visitor": VISITOR.visitor,
            "owner": arrival.owner,
            "site": arrival.site,
            "via": arrival.via,
            "kind": arrival.kind,
            "at": _moment(arrival.at, zone),
            "open": arrival.is_open,
            "invented_house": source.invented,
            "listed": source.listed,
            "reached": arrival.reached and source.listed,
        },
        "lines": [_line(line, zone) for line in rehearsal.lines],
        "ending": rehearsal.ending,
        "looked_after": {
            "if_nobody_answers": _looked_after(latest.silent, zone),
            "if_everybody_only_promises": _looked_after(latest.promising, zone),
            "at_the_latest": _looked_after(latest.latest, zone),
        },
    }


def _line(line: Line, zone: ZoneInfo) -> dict[str, Any]:
    return {
        **_when(line, zone),
        "kind": line.kind,
        "who": line.who,
        "text": line.text,
        "nudge": line.nudge,
    }


def _looked_after(each: LookedAfter, zone: ZoneInfo) -> dict[str, Any]:
    return {
        **_when(each, zone),
        "with_reception": each.with_reception,
        "has_callback": each.has_callback,
        "promises": [
            {
                "by": promise.by,
                "made": _moment(promise.made, zone),
                "due": _moment(promise.due, zone),
                "taken_over": promise.taken_over,
            }
            for promise in each.promises
        ],
    }


def _when(each: Line | LookedAfter, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "after_s": _seconds(each.after),
        "at": _moment(each.at, zone),
        "open_s": _seconds(each.open_time),
    }


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat()


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
