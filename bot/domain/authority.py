"""Who may press what, and who may read what: a table each.

By voice, reception enters it and the person who spoke must have been allowed to.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum

from bot.domain import commands as c
from bot.domain.people import BOT, House, Person
from bot.domain.visit import Visit
from bot.errors import Refused


class Role(StrEnum):
    """What somebody is to a visit, or to the whole house; one person may be several."""

    RECEPTION = "reception"
    OWNER = "owner"
    ASKED = "asked"  # everybody asked may still answer
    CALLER = "caller"  # promised the callback
    ASKED_TO_CALL = "asked_to_call"  # asked about a late callback
    OFFERED = "offered"  # was offered to make the call
    MANAGER = "manager"  # of the owner
    ALERTED = "alerted"  # was told that the visit is not safe
    AUDITOR = "auditor"  # of every site, as the configuration says
    ADMIN = "admin"  # likewise; an admin reads no story by being one
    BOT = "bot"


_ANSWERING = frozenset({Role.OWNER, Role.ASKED})
_COUNTER = frozenset({Role.RECEPTION})
_CALLING = frozenset({Role.CALLER, Role.ASKED_TO_CALL, Role.RECEPTION, Role.MANAGER})

MAY: Mapping[type[c.Command], frozenset[Role]] = {
    c.AnnounceArrival: _COUNTER,
    c.PromiseHello: _ANSWERING,
    c.PromiseCallback: _ANSWERING,
    c.Delegate: _ANSWERING,
    c.MarkSeen: _ANSWERING,
    c.MarkUnsafe: _ANSWERING,
    c.DisputeVoice: _ANSWERING,
    c.TakeOver: frozenset({Role.OWNER}),
    c.NotMe: frozenset({Role.ASKED, Role.OFFERED}),
    c.HasCome: _ANSWERING | _COUNTER,
    c.HasNotCome: _ANSWERING | _COUNTER,
    c.HelloHappened: _COUNTER,
    c.LeaveVisit: _COUNTER,
    c.Withdraw: _COUNTER,
    c.AskSomeoneElse: _COUNTER,
    # a responder who promises to call may know the number better than reception does
    c.AddPhone: _COUNTER | _ANSWERING | {Role.CALLER, Role.MANAGER},
    c.KeepCallback: _CALLING,
    c.TryCallback: _CALLING,
    c.MoveCallback: _CALLING,
    c.PassCallback: _CALLING,
    c.TakeCallback: frozenset({Role.OFFERED, Role.ASKED_TO_CALL}),
    c.DropCallback: frozenset({Role.RECEPTION, Role.CALLER}),
    c.Undo: _ANSWERING | _COUNTER | {Role.CALLER},
    c.AddNote: _ANSWERING | _COUNTER | {Role.CALLER},
    c.TypeNoAnswer: _ANSWERING | _COUNTER | {Role.CALLER, Role.OFFERED},
    c.ReportUnreachable: frozenset({Role.BOT}),
    c.ReportAway: frozenset({Role.BOT}),
    c.PassTime: frozenset({Role.BOT}),
}
"""Every command, and the roles of which one is enough."""


class Reading(StrEnum):
    """What may be read, or opened."""

    BOARD = "board"  # of a counter: who waits there, and what to say to them
    FORM = "form"  # of a visit: it holds what the visitor said
    STORY = "story"  # of a visit, from its journal
    LOG = "log"  # who came for whom, at every site, and what became of it
    DIRECTORY = "directory"  # everybody, who is signed in; with it goes making links for others, and signing them out


_OF_THE_VISIT = frozenset(Role) - {Role.AUDITOR, Role.ADMIN, Role.BOT}

MAY_READ: Mapping[Reading, frozenset[Role]] = {
    Reading.BOARD: _COUNTER,
    Reading.FORM: _OF_THE_VISIT,
    Reading.STORY: _OF_THE_VISIT | {Role.AUDITOR},
    Reading.LOG: frozenset({Role.AUDITOR}),
    Reading.DIRECTORY: frozenset({Role.ADMIN}),
}
"""Everything that can be read, and the roles of which one is enough. One's own cards need none."""

BY_VOICE = frozenset({c.PromiseHello, c.PromiseCallback, c.Delegate, c.NotMe, c.MarkUnsafe, c.MarkSeen})
"""What reception may enter for somebody who said it."""


def roles(visit: Visit | None, person: str, house: House) -> frozenset[Role]:
    """Give all that `person` is to this visit."""
    found = {
        Role.BOT: person == BOT,
        Role.RECEPTION: house.is_reception(person),
    }
    if visit is not None:
        calling, late = visit.callback_promise, visit.call_question
        found |= {
            Role.OWNER: person == visit.owner,
            Role.ASKED: person in visit.asked,
            Role.CALLER: person == (calling.by if calling else visit.called_by),
            Role.ASKED_TO_CALL: late is not None and person in late.asked,
            Role.OFFERED: person in visit.offered_call,
            Role.MANAGER: visit.owner in house.people and person == house.people[visit.owner].manager,
            Role.ALERTED: person in visit.alerted,
        }
    return frozenset(role for role, is_so in found.items() if is_so) | standing(house.people.get(person))


def standing(person: Person | None) -> frozenset[Role]:
    """Give what somebody is to the whole house, whatever the visit; nothing for whoever is not in the directory."""
    return frozenset(map(Role, person.roles)) if person else frozenset()


def may_read(what: Reading, found: AbstractSet[Role]) -> bool:
    """Tell whether somebody who is all that `found` says may read something."""
    return not MAY_READ[what].isdisjoint(found)


def authorise(visit: Visit | None, command: c.Command, house: House) -> None:
    """Raise `Refused` unless whoever is behind this command may give it."""
    kind = type(command)
    if command.entered_by is not None:
        if kind not in BY_VOICE or not house.is_reception(command.entered_by):
            raise Refused("not_by_voice", responder=name_of(command.by, house))
    elif command.by not in house.people and command.by != BOT:
        raise Refused("not_yours", responder=responder_name(visit, house))
    if not roles(visit, command.by, house) & MAY[kind]:
        if kind in (c.AnnounceArrival, c.HelloHappened, c.LeaveVisit, c.Withdraw, c.AskSomeoneElse):
            raise Refused("not_reception")
        raise Refused("not_yours", responder=responder_name(visit, house))


def responder_name(visit: Visit | None, house: House) -> str:
    """Name whom the visit waits for now, so that a refusal can say so."""
    if visit is None:
        return ""
    asking = visit.visitor_question or visit.call_question
    promise = visit.hello_promise or visit.callback_promise
    someone = promise.by if promise else asking.responder if asking and not asking.with_reception else visit.owner
    return name_of(someone, house)


def name_of(person: str, house: House) -> str:
    """Give a person's name for a sentence."""
    return house.people[person].name if person in house.people else person
