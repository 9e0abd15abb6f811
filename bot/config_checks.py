"""What the parts of config.yaml must agree on, once each of them is in shape."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from bot.config_shape import WEEKDAYS, AdaptersShape, OperationsShape, PersonShape, SiteShape, TeamsShape, WebShape
from bot.domain.people import BOT, RECEPTION
from bot.errors import Fault
from bot.settings import LOOPBACK
from bot.strict_yaml import Document, Place
from bot.yaml_shape import did_you_mean

_CHATS: Final = {"slack": ("Slack", "slack: {}"), "teams": ("Teams", "teams: with its app_id and tenant_id")}
"""The chat platforms by their keys: what each is called, and what must stand under `adapters` to use it."""
_RESERVED: Final = {BOT, RECEPTION, "responder", "both", "owner", "deputy", "manager", "anyone"}


def check_site(document: Document, site: str, shape: SiteShape, people: Mapping[str, Any]) -> Iterator[Fault]:
    """Look at one site: its hours, and whether somebody is at its counter (`people` as they stand in the file)."""
    place: Place = ("sites", site)
    week = shape.hours.week()
    if not any(week):
        yield document.fault((*place, "hours"), "this site never opens: give at least one day its hours", at_key=True)
    for day, ranges in zip(WEEKDAYS, week, strict=True):
        in_order = sorted(enumerate(ranges), key=lambda numbered: numbered[1])
        for (_, one), (number, other) in pairwise(in_order):
            if other.start < one.end:
                yield document.fault(
                    (*place, "hours", day, number), "these hours overlap others of the same day: write each hour once"
                )
        for number, opening in enumerate(ranges):
            slot = shape.slot() // timedelta(minutes=1)
            first = -(-opening.start // slot) * slot  # slots begin on the steps of the clock
            if first + slot > opening.end:
                yield document.fault(
                    (*place, "hours", day, number),
                    f"no whole slot of {shape.slots} lies in these hours: make them longer",
                )
    if not shape.reception.web:
        yield document.fault((*place, "reception", "web"), "this reception is shown nowhere: write true")
    if people and not any(site in _counters(person) for person in people.values()):
        yield document.fault(
            place, f"nobody is at this counter: write reception_of: [{site}] for at least one person", at_key=True
        )


def check_person(
    document: Document, person: str, shape: PersonShape, people: Iterable[str], sites: Iterable[str]
) -> Iterator[Fault]:
    """Look at one person: whom and which sites they name, and when they are away."""
    place: Place = ("people", person)
    known_people, known_sites = list(people), list(sites)
    if person in _RESERVED:
        yield document.fault(place, f'"{person}" has a meaning of its own: choose another id', at_key=True)
    for way, other in _named_people(shape):
        if other == person:
            yield document.fault((*place, *way), f'"{other}" is this person: name somebody else, or take it out')
        elif other not in known_people:
            yield document.fault(
                (*place, *way), f'"{other}" is nobody under people: {did_you_mean(other, known_people)}'
            )
    for key, named in (("sites", shape.sites), ("reception_of", shape.reception_of)):
        for number, site in enumerate(named):
            if site not in known_sites:
                yield document.fault((*place, key, number), f'"{site}" is no site: {did_you_mean(site, known_sites)}')
    if len(known_sites) > 1 and not (shape.sites or shape.reception_of):
        yield document.fault(place, f'"sites" is missing here: write sites: [{known_sites[0]}]', at_key=True)
    yield from _check_away(document, place, shape)


def check_operations(document: Document, shape: OperationsShape, adapters: AdaptersShape) -> Iterator[Fault]:
    """See to it that the answers about hello30 itself have a port of their own."""
    others = (
        ("the web pages have", adapters.web.port),
        ("Slack posts to", _slack_port(adapters)),
        ("Teams posts to", adapters.teams.port if adapters.teams else 0),
    )
    for what, port in others:
        if shape.port and shape.port == port:
            yield document.fault(("operations", "port"), f"{what} port {port} already: write another one")


def check_slack(document: Document, adapters: AdaptersShape) -> Iterator[Fault]:
    """See to it that nothing is written for Slack that would do nothing."""
    shape, place = adapters.slack, ("adapters", "slack")
    if shape is None:
        return
    if shape.mode == "socket":
        for name in ("host", "port"):
            if getattr(shape, name) is not None:
                advice = "take it out, or write mode: http"
                yield document.fault((*place, name), f"with mode: socket nothing listens here: {advice}", at_key=True)
    elif (port := _slack_port(adapters)) and port == adapters.web.port:
        yield document.fault(
            (*place, "port") if shape.port is not None else place,
            f"the web pages have port {port} already: write another one",
        )


def check_teams(document: Document, adapters: AdaptersShape) -> Iterator[Fault]:
    """See to it that nobody but Teams is believed, and that it has a port of its own."""
    shape, place = adapters.teams, ("adapters", "teams")
    if shape is None:
        return
    if not shape.app_id and not shape.insecure_local:
        advice = "write the Microsoft App ID of your Azure Bot (insecure_local: true is for trying it on one machine)"
        yield document.fault(
            _at(place, "app_id", shape), f"without an app_id anybody could speak for Teams: {advice}", at_key=True
        )
    if shape.app_id and shape.insecure_local:
        advice = "take it out; it is for trying hello30 on one machine, without an app"
        yield document.fault(
            (*place, "insecure_local"), f"with an app_id only Teams is believed: {advice}", at_key=True
        )
    if shape.insecure_local and shape.host not in LOOPBACK:
        yield document.fault(
            (*place, "host"), f'"{shape.host}" can be reached by others, who would all be believed: write 127.0.0.1'
        )
    for what, port in (("the web pages have", adapters.web.port), ("Slack posts to", _slack_port(adapters))):
        if port and shape.port == port:
            yield document.fault(_at(place, "port", shape), f"{what} port {port} already: write another one")


def _at(place: Place, key: str, shape: TeamsShape) -> Place:
    """Give the place of a key; where it is not written, that of what it belongs to."""
    return (*place, key) if key in shape.model_fields_set else place


def _slack_port(adapters: AdaptersShape) -> int:
    slack = adapters.slack.slack() if adapters.slack and adapters.slack.mode == "http" else None
    return slack.port if slack else 0


def check_addresses(
    document: Document,
    people: Mapping[str, PersonShape],
    sites: Mapping[str, SiteShape],
    adapters: AdaptersShape | None,
) -> Iterator[Fault]:
    """See to it that no two share an address, and that none is on a platform which is not used."""
    taken: dict[tuple[str, str], str] = {}
    places: list[tuple[Place, str, str]] = []
    for person, shape in people.items():
        found = [platform for platform in ("web", *_CHATS) if getattr(shape.addresses, platform)]
        places += [(("people", person, "addresses"), person, platform) for platform in found]
    for name, site in sites.items():
        found = [platform for platform in _CHATS if getattr(site.reception, platform)]
        places += [(("sites", name, "reception"), name, platform) for platform in found]
    for place, whose, platform in places:
        written = people[whose].addresses if place[0] == "people" else sites[whose].reception
        address = getattr(written, platform)
        first = taken.setdefault((platform, address), whose)
        if first != whose:
            yield document.fault((*place, platform), f'"{address}" is the address of {first} already: write another')
        if platform in _CHATS and adapters is not None and getattr(adapters, platform) is None:
            title, wanted = _CHATS[platform]
            advice = f"write {wanted} under adapters, or take this out"
            yield document.fault((*place, platform), f"{title} is not used here: {advice}", at_key=True)


def check_emails(document: Document, people: Mapping[str, PersonShape]) -> Iterator[Fault]:
    """See to it that no two share an e-mail address; a platform would take one for the other. It is not quoted."""
    taken: dict[str, str] = {}
    for person, shape in people.items():
        if shape.email and (first := taken.setdefault(shape.email.casefold(), person)) != person:
            yield document.fault(
                ("people", person, "email"), f"this is the e-mail address of {first} already: write another"
            )


def check_web(document: Document, shape: WebShape) -> Iterator[Fault]:
    """See to it that others reach the pages by TLS only, through a proxy that is named, and under its address."""
    web, place = shape.web(), ("adapters", "web")
    if not web.is_safe and not web.is_tls:
        advice = "write url: https://desk.example.org (its proxy does TLS), or host: 127.0.0.1"
        yield document.fault((*place, "host"), f'"{shape.host}" can be reached by others: {advice}')
    if not web.is_safe and not web.proxies:
        advice = "write proxies: [10.0.0.5], the address of the proxy that does TLS, or host: 127.0.0.1"
        yield document.fault((*place, "host"), f'"{shape.host}" can be reached by others: {advice}')
    if web.is_safe and web.proxies and not web.is_tls:
        advice = "write url: https://desk.example.org as well, the address that the proxy serves, or take proxies out"
        yield document.fault(
            (*place, "proxies"), f"whoever comes through a proxy finds no page here: {advice}", at_key=True
        )


def _counters(person: object) -> list[Any]:
    """Give at which counters somebody stands, as it is written in the file, be the rest of it right or wrong."""
    written = person.get("reception_of") if isinstance(person, dict) else None
    return written if isinstance(written, list) else []


def _named_people(shape: PersonShape) -> Iterator[tuple[Place, str]]:
    for number, deputy in enumerate(shape.deputies):
        yield ("deputies", number), deputy
    if shape.manager is not None:
        yield ("manager",), shape.manager
    for number, away in enumerate(shape.away):
        if away.stand_in is not None:
            yield ("away", number, "stand_in"), away.stand_in


def _check_away(document: Document, place: Place, shape: PersonShape) -> Iterator[Fault]:
    for number, away in enumerate(shape.away):
        if away.last < away.first:
            yield document.fault(
                (*place, "away", number, "until"), f"this is before {away.first}: write the last day away"
            )
    in_order = sorted(enumerate(shape.away), key=lambda numbered: numbered[1].first)
    for (_, one), (number, other) in pairwise(in_order):
        if other.first <= one.last:
            yield document.fault(
                (*place, "away", number, "from"), f"the absence before lasts until {one.last}: begin after it"
            )
