"""The log for programs: JSON, and CSV with the same words. Moments are by the site's clock, with their offset."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any, Final

from bot.commandline.log_source import Source
from bot.domain.visit import Callback, Hello
from bot.visit_log import LogRow, Told

_OF_VISIT: Final = (
    *("visit", "arrived", "site", "via", "kind", "visitor", "company", "owner", "owner_name", "announced_by"),
    *("became", "greeted_by", "called_by", "closed"),
)
_OF_PROMISE: Final = (
    *("promise", "what", "by", "by_name", "origin", "entered_by"),
    *("made", "due", "fate", "settled", "moved_to"),
)
CSV_COLUMNS: Final = (*_OF_VISIT, *_OF_PROMISE)


def as_json(row: LogRow, source: Source) -> dict[str, Any]:
    """Give a visit with its promises; names stand beside ids, and the visitor is null once erased."""
    visit, facts, zone = row.visit, row.facts, source.zone(row.visit.site)
    return {
        "visit": visit.id,
        "arrived": _moment(visit.arrived, zone),
        "site": visit.site,
        "via": visit.via.value,
        "kind": visit.kind,
        "visitor": facts.visitor if facts else None,
        "company": facts.company if facts else None,
        "owner": visit.owner,
        "owner_name": source.name(visit.owner),
        "announced_by": visit.announced_by,
        "became": row.became.value,
        "greeted_by": visit.greeted_by if visit.hello is Hello.GIVEN else None,
        "called_by": visit.called_by if visit.callback is Callback.KEPT else None,
        "closed": _moment(visit.closed_at, zone),
        "promises": [_promise(told, zone, source) for told in row.promises],
    }


def as_csv(row: LogRow, source: Source) -> Iterator[tuple[str, ...]]:
    """Give a line for each promise of a visit, or one for a visit without any."""
    visit = as_json(row, source)
    for promise in visit["promises"] or [{}]:
        yield tuple((visit | promise).get(name) or "" for name in CSV_COLUMNS)


def _promise(told: Told, zone: tzinfo, source: Source) -> dict[str, Any]:
    return {
        "promise": told.id,
        "what": told.what.value,
        "by": told.by,
        "by_name": source.name(told.by),
        "origin": told.origin.value,
        "entered_by": told.entered_by,
        "made": _moment(told.made, zone),
        "due": _moment(told.due, zone),
        "fate": told.fate.value,
        "settled": _moment(told.settled_at, zone),
        "moved_to": _moment(told.moved_to, zone),
    }


def _moment(moment: datetime | None, zone: tzinfo) -> str | None:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None
