"""One policy file → a frozen `Policy`, or everything that is wrong with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from bot import strict_yaml
from bot.domain.policy import (
    AppliesTo,
    CallbackRules,
    DelegateRules,
    HelloRules,
    Owes,
    Policy,
    Step,
    Unit,
    Verb,
    Via,
)
from bot.errors import Fault
from bot.policy_shape import LADDERS, AppliesShape, PolicyShape, StepShape
from bot.strict_yaml import Document, Place
from bot.yaml_shape import did_you_mean, either, fit

_ENDINGS: Final = (Verb.BOOK_CALLBACK, Verb.HAND_OVER_TO)
_VERBS: Final = {
    "unanswered": (Verb.REMIND, Verb.ASK, Verb.BOOK_CALLBACK, Verb.HAND_OVER_TO),
    "hello_late": (Verb.CHECK, Verb.REMIND, Verb.ASK, Verb.BOOK_CALLBACK, Verb.HAND_OVER_TO),
    "callback_late": (Verb.REMIND, Verb.ASK, Verb.HAND_OVER_TO),
}
_TARGETS: Final = {
    Verb.REMIND: ("responder",),
    Verb.CHECK: ("both",),
    Verb.ASK: ("deputy", "manager", "owner"),
    Verb.BOOK_CALLBACK: ("owner",),
    Verb.HAND_OVER_TO: ("reception",),
}
_SHORTEST_WITHIN: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The ids that a policy may name."""

    people: Collection[str]
    sites: Collection[str]
    kinds: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A policy file as it was read; `policy` is None when there are faults.

    `name` is empty when it is not known; `covers_all` means that it has no `applies_to`.
    """

    name: str
    covers_all: bool
    policy: Policy | None
    faults: tuple[Fault, ...]


def read(path: Path, known: Known, *, last: bool) -> PolicyFile:
    """Read one policy; `last`: it is the last one in the list, which must cover whatever is left."""
    document = strict_yaml.read(path)
    faults = list(document.faults)
    shape = fit(document, (), document.data, PolicyShape, faults)
    data = document.data if isinstance(document.data, dict) else {}
    if last and "applies_to" in data:
        advice = "take applies_to out, or add a policy after this one, such as policies/anything_else.yaml"
        faults.append(
            document.fault(("applies_to",), f"the last policy covers whatever is left: {advice}", at_key=True)
        )
    if shape:
        faults.extend(_check(document, shape, known))
    faults.sort(key=lambda fault: (fault.line, fault.column))
    name = data.get("policy")
    return PolicyFile(
        name=name if isinstance(name, str) else "",
        covers_all=bool(data) and "applies_to" not in data,
        policy=_policy(shape, _digest(document)) if shape and not faults else None,
        faults=tuple(faults),
    )


def _digest(document: Document) -> str:
    canonical = json.dumps(document.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


# --- what the parts must agree on ------------------------------------------------------------------------------------


def _check(document: Document, shape: PolicyShape, known: Known) -> Iterator[Fault]:
    if "applies_to" in shape.model_fields_set:
        yield from _check_applies(document, shape.applies_to, known)
    yield from _check_promises(document, shape)
    for ladder in LADDERS:
        yield from _check_ladder(document, ladder, getattr(shape.ladder, ladder), known)


def _check_applies(document: Document, applies: AppliesShape, known: Known) -> Iterator[Fault]:
    if not applies.model_fields_set:
        yield document.fault(("applies_to",), "nothing stands here: say which visits, or take applies_to out")
    for key, named, ids in (
        ("kinds", applies.kinds, known.kinds),
        ("owners", applies.owners, known.people),
        ("sites", applies.sites, known.sites),
    ):
        for number, name in enumerate(named):
            if name not in ids:
                message = f'"{name}" is not among the {key} of the configuration: {did_you_mean(name, ids)}'
                yield document.fault(("applies_to", key, number), message)


def _check_promises(document: Document, shape: PolicyShape) -> Iterator[Fault]:
    hello, callback = shape.hello, shape.callback
    within = "later than hello.within: write less, or a longer within"
    if hello.now > hello.within:
        yield document.fault(("hello", "now"), f"this is {within}")
    for number, offer in enumerate(hello.offers):
        if offer > hello.within:
            yield document.fault(("hello", "offers", number), f"this offer is {within}")
        if offer in hello.offers[:number]:
            yield document.fault(("hello", "offers", number), "this offer stands here twice: keep one")
    if callback.within.unit is Unit.OPEN and callback.within.length < _SHORTEST_WITHIN:
        yield document.fault(
            ("callback", "within"), "no free slot may be left in so short a time: write at least 2 open hours"
        )
    if not callback.retry:
        yield document.fault(("callback", "retry"), "a new try needs some time in between: write 2h, for example")


def _check_ladder(document: Document, ladder: str, steps: list[StepShape], known: Known) -> Iterator[Fault]:
    place: Place = ("ladder", ladder)
    for number, step in enumerate(steps):
        yield from _check_step(document, (*place, number), ladder, step, known)
    for number, (one, other) in enumerate(pairwise(steps), start=1):
        if other.after <= one.after:
            yield document.fault(
                (*place, number, "after"),
                "each step comes later than the one before: write more, or put the steps in order",
            )
    allowed = [verb for verb in _VERBS[ladder] if verb in _ENDINGS]
    verbs = [step.verbs() for step in steps]
    if not set(verbs[-1]) & set(allowed):
        endings = either(f"{verb}: {_TARGETS[verb][0]}" for verb in allowed)
        yield document.fault((*place, len(steps) - 1), f"nobody may be forgotten: the last step must be {endings}")
    for number, names in enumerate(verbs[:-1]):
        if set(names) & set(_ENDINGS):
            yield document.fault((*place, number + 1), "a ladder ends with the step before this one: take this one out")
    if ladder == "hello_late" and Verb.CHECK not in verbs[0]:
        yield document.fault((*place, 0), "first ask whether somebody has come: write {after: 0s, check: both}")


def _check_step(document: Document, place: Place, ladder: str, step: StepShape, known: Known) -> Iterator[Fault]:
    verbs = step.verbs()
    if len(verbs) != 1:
        what = "says nothing to do" if not verbs else f"says {len(verbs)} things to do"
        yield document.fault(place, f"this step {what}: write exactly one of {either(_VERBS[ladder])}")
        return
    verb, target = verbs[0], step.target(verbs[0])
    if verb not in _VERBS[ladder]:
        message = f'"{verb}" has no meaning in {ladder}: write {either(_VERBS[ladder])}'
        yield document.fault((*place, verb), message, at_key=True)
    people = tuple(known.people) if verb is Verb.ASK else ()
    if target not in (*_TARGETS[verb], *people):
        named = f"{did_you_mean(target, (*_TARGETS[verb], *people))}"
        yield document.fault((*place, verb), f'"{target}" cannot stand after {verb}: {named}')


# --- shapes to values ------------------------------------------------------------------------------------------------


def _policy(shape: PolicyShape, digest: str) -> Policy:
    return Policy(
        name=shape.policy,
        title=shape.title,
        digest=digest,
        applies_to=_applies_to(shape.applies_to),
        owes=Owes(shape.owes),
        hello=HelloRules(
            offers=tuple(shape.hello.offers), now=shape.hello.now, within=shape.hello.within, grace=shape.hello.grace
        ),
        callback=CallbackRules(
            offers=shape.callback.offers,
            within=shape.callback.within,
            remind_before=shape.callback.remind_before,
            grace=shape.callback.grace,
            tries=shape.callback.tries,
            retry=shape.callback.retry,
            moves=shape.callback.moves,
        ),
        delegate=DelegateRules(to=tuple(shape.delegate.to), at_most=shape.delegate.at_most),
        alert=shape.not_safe.alert,
        unanswered=_steps(shape.ladder.unanswered),
        hello_late=_steps(shape.ladder.hello_late),
        callback_late=_steps(shape.ladder.callback_late),
    )


def _applies_to(shape: AppliesShape) -> AppliesTo:
    return AppliesTo(
        via=(Via(shape.via),) if shape.via else (),
        kinds=tuple(shape.kinds),
        owners=tuple(shape.owners),
        sites=tuple(shape.sites),
        hours=shape.hours or None,
    )


def _steps(steps: list[StepShape]) -> tuple[Step, ...]:
    return tuple(Step(step.after, verb, step.target(verb)) for step in steps for verb in step.verbs())
