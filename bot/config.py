"""config.yaml and the policy files it names → frozen `Settings`, or every fault of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from bot import policy_file, strict_yaml
from bot.config_checks import (
    check_addresses,
    check_emails,
    check_operations,
    check_person,
    check_site,
    check_slack,
    check_teams,
    check_web,
)
from bot.config_shape import (
    AdaptersShape,
    ConfigShape,
    DatabaseShape,
    KindsShape,
    OperationsShape,
    PersonShape,
    PoliciesShape,
    SiteShape,
)
from bot.domain.people import RECEPTION, Person
from bot.errors import ConfigError, Fault
from bot.messages import Address
from bot.policy_file import Known, PolicyFile
from bot.settings import Away, Database, Operations, Postgres, Settings, Site
from bot.strict_yaml import BROKEN, Broken, Document
from bot.yaml_shape import Shape, Wrong, fit, found, read_id

Part = TypeVar("Part", bound=Shape)


def load(path: Path) -> Settings:
    """Read a configuration; raises `ConfigError` with every fault of config.yaml and of its policy files."""
    faults: list[Fault] = []
    settings = _read(path, faults)
    if settings is None:
        raise ConfigError(faults)
    return settings


def check(path: Path, content: bytes | None = None) -> list[Fault]:
    """Give every fault of a configuration and of its policy files; none when it can be used.

    With `content`, as if that stood in the file.
    """
    faults: list[Fault] = []
    _read(path, faults, content)
    return faults


def _read(path: Path, faults: list[Fault], content: bytes | None = None) -> Settings | None:
    """Read everything, whatever is wrong with a part of it; None when there are faults."""
    document = strict_yaml.read(path) if content is None else strict_yaml.parse(content, str(path))
    faults.extend(document.faults)
    fit(document, (), document.data, ConfigShape, faults)
    if not isinstance(document.data, dict):
        return None
    sites = _entries(document, "sites", SiteShape, faults)
    people = _entries(document, "people", PersonShape, faults)
    kinds = _part(document, "kinds", KindsShape, faults)
    database = _part(document, "database", DatabaseShape, faults)
    adapters = fit(document, ("adapters",), document.data.get("adapters", BROKEN), AdaptersShape, faults)
    listed = _part(document, "policies", PoliciesShape, faults)
    faults.extend(_agreement(document, sites, people))
    faults.extend(check_addresses(document, people, sites, adapters))
    faults.extend(check_emails(document, people))
    if adapters:
        faults.extend(check_web(document, adapters.web))
        faults.extend((*check_slack(document, adapters), *check_teams(document, adapters)))
    operations = _operations(document, faults)
    faults.extend(check_operations(document, operations, adapters) if adapters and operations else ())

    known = Known(people=_ids(document, "people"), sites=_ids(document, "sites"), kinds=_kinds(document))
    files = _policy_files(document, path.parent, listed.policies if listed else [], known, faults)
    faults.sort(key=lambda fault: (fault.line, fault.column))
    for file in files:
        faults.extend(file.faults)
    policies = tuple(file.policy for file in files if file.policy)
    if faults or not (kinds and database and adapters):
        return None
    return Settings(
        file=path,
        sites=MappingProxyType({site: _site(site, shape) for site, shape in sites.items()}),
        people=MappingProxyType({person: _person(person, shape, sites) for person, shape in people.items()}),
        addresses=MappingProxyType({person: _addresses(document, person, shape) for person, shape in people.items()}),
        emails=MappingProxyType({person: shape.email for person, shape in people.items() if shape.email}),
        away=tuple(away for person, shape in people.items() for away in _away(person, shape)),
        kinds=MappingProxyType({kind: MappingProxyType(labels) for kind, labels in kinds.kinds.items()}),
        database=_database(database.database, path.parent),
        policies=policies,
        web=adapters.web.web(),
        slack=adapters.slack.slack() if adapters.slack else None,
        teams=adapters.teams.teams() if adapters.teams else None,
        operations=Operations(host=operations.host, port=operations.port) if operations else None,
    )


# --- parts -----------------------------------------------------------------------------------------------------------


def _part(document: Document, key: str, model: type[Part], faults: list[Fault]) -> Part | None:
    """Check one key at the top; without it, take what its model has as default."""
    if key in document.data:
        return fit(document, (), {key: document.data[key]}, model, faults)
    return None if model.model_fields[key].is_required() else model()  # that it is missing was noted before


def _entries(document: Document, key: str, model: type[Part], faults: list[Fault]) -> dict[str, Part]:
    """Check what stands under `sites` or `people`, each by itself; give those without a fault of shape."""
    data = document.data.get(key, BROKEN)
    if isinstance(data, Broken):
        return {}
    if not isinstance(data, dict) or not data:
        advice = "write an id and a colon, and its settings below, indented"
        faults.append(document.fault((key,), f"ids are needed here, found {found(data or None)}: {advice}"))
        return {}
    entries: dict[str, Part] = {}
    for name, value in data.items():
        try:
            read_id(name)
        except Wrong as wrong:
            faults.append(document.fault((key, name), str(wrong), at_key=True))
        if shape := fit(document, (key, name), value, model, faults):
            entries[name] = shape
    return entries


def _raw(document: Document, key: str) -> Mapping[str, Any]:
    value = document.data.get(key)
    return value if isinstance(value, dict) else {}


def _ids(document: Document, key: str) -> tuple[str, ...]:
    return tuple(_raw(document, key))


def _kinds(document: Document) -> tuple[str, ...]:
    return _ids(document, "kinds") or tuple(KindsShape().kinds)


def _agreement(
    document: Document, sites: Mapping[str, SiteShape], people: Mapping[str, PersonShape]
) -> Iterator[Fault]:
    for site, site_shape in sites.items():
        yield from check_site(document, site, site_shape, _raw(document, "people"))
    for person, shape in people.items():
        yield from check_person(document, person, shape, _ids(document, "people"), _ids(document, "sites"))


def _operations(document: Document, faults: list[Fault]) -> OperationsShape | None:
    """Check where whoever looks after hello30 asks; nobody does unless it is written."""
    if "operations" not in document.data:
        return None
    return fit(document, ("operations",), document.data["operations"], OperationsShape, faults)


def _database(written: str, folder: Path) -> Database:
    return Postgres(written) if "://" in written else folder / written


# --- policies --------------------------------------------------------------------------------------------------------


def _policy_files(
    document: Document, folder: Path, names: list[str], known: Known, faults: list[Fault]
) -> list[PolicyFile]:
    """Read the policy files; what is wrong with the list itself is added to `faults`."""
    files: list[PolicyFile] = []
    by_name: dict[str, str] = {}
    for number, name in enumerate(names):
        place = ("policies", number)
        path = folder / name
        if not path.is_file():
            faults.append(
                document.fault(place, f'there is no file "{name}" in the folder of this file: check the path')
            )
            continue
        file = policy_file.read(path, known, last=number == len(names) - 1)
        first = by_name.setdefault(file.name, name)
        if file.name and first != name:
            faults.append(
                document.fault(place, f'"{file.name}" is the policy in {first} already: give one another name')
            )
        elif names.index(name) != number:
            faults.append(document.fault(place, "this file stands here twice: keep one"))
        if file.covers_all and number < len(names) - 1:
            faults.append(
                document.fault(
                    place, "this policy covers everything, so those after it are never tried: move it to the end"
                )
            )
        files.append(file)
    return files


# --- shapes to values ------------------------------------------------------------------------------------------------


def _site(site: str, shape: SiteShape) -> Site:
    return Site(
        id=site,
        name=shape.name,
        zone=shape.zone,
        language=shape.language,
        hours=shape.hours.week(),
        closed=frozenset(shape.closed),
        slot=shape.slot(),
        reception=(
            *((Address("slack", shape.reception.slack),) if shape.reception.slack else ()),
            *((Address("teams", shape.reception.teams),) if shape.reception.teams else ()),
            Address("web", f"{RECEPTION}:{site}"),
        ),
    )


def _addresses(document: Document, person: str, shape: PersonShape) -> tuple[Address, ...]:
    """Give where somebody is found, as it stands in the file: the first is where nudges go.

    The web page, on which no phone buzzes, comes last wherever it stands.
    """
    in_order = sorted(document.data["people"][person]["addresses"], key="web".__eq__)
    found = ((platform, getattr(shape.addresses, platform)) for platform in in_order)
    return tuple(Address(platform, at) for platform, at in found if at)


def _person(person: str, shape: PersonShape, sites: Mapping[str, SiteShape]) -> Person:
    # Whoever works at one of several sites says which; where there is one, nobody needs to.
    named = tuple(dict.fromkeys((*shape.sites, *shape.reception_of))) or tuple(sites)
    home = sites[named[0]]
    return Person(
        id=person,
        name=shape.name,
        given=shape.given or shape.name.split()[0],
        language=shape.language or home.language,
        zone=shape.zone or home.zone,
        sites=named,
        reception_of=tuple(shape.reception_of),
        deputies=tuple(shape.deputies),
        manager=shape.manager,
        aliases=tuple(shape.aliases),
        roles=frozenset(shape.roles),
    )


def _away(person: str, shape: PersonShape) -> Iterator[Away]:
    for away in shape.away:
        yield Away(person=person, first=away.first, last=away.last, stand_in=away.stand_in, note=away.note)
