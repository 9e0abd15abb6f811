"""An arrival, from what was typed to a visit: whom they mean, was it posted before, which policy covers it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import timedelta

from bot.context import Context
from bot.desk import FrontDesk
from bot.domain import commands as c
from bot.domain.card import Args, Button
from bot.domain.facts import Facts
from bot.domain.people import Person
from bot.domain.policy import Policy, Via
from bot.domain.visit import Visit
from bot.errors import Refused
from bot.language.names import find, fold
from bot.language.phones import read_phone
from bot.language.understand import MAX_LENGTH, Understood, understand
from bot.messages import Announce, AnnounceLine, OpenArrival, Outcome, Reply
from bot.ports import Transaction
from bot.texts import lines, one_line

TWICE_WITHIN = timedelta(minutes=30)
"""The same visitor for the same owner within so long is asked about: the same, or another person?"""
LONGEST = {"visitor": 120, "company": 120, "about": 500, "owner": 120, "phone": 60}
"""How many characters each field of an arrival may have."""
CHOICES_AT_MOST = 5
PARTY_AT_MOST = 999
_MENTION = re.compile(r"<@[^<>]*>")
"""How a platform writes somebody whom the directory does not know there."""


def new_id() -> str:
    """Make the id of a visit: short enough for an address, too long to be guessed."""
    return secrets.token_hex(6)


class Announcing:
    """Takes arrivals inside the transaction of the inbox."""

    def __init__(self, desk: FrontDesk, make_id: Callable[[], str] = new_id) -> None:
        """Take what decides, and how ids are made."""
        self._desk = desk
        self._make_id = make_id

    def opened(self, act: OpenArrival, context: Context) -> Reply:
        """Let a new arrival be filled in, with the counters to choose from; `Refused` for whoever stands at none."""
        sites = self._sites(act.site, context)
        return Reply(outcome=Outcome.FORM, buttons=self._counters(sites) if len(sites) > 1 else ())

    def announce(self, tx: Transaction, act: Announce | AnnounceLine, context: Context) -> Reply:
        """Announce a visitor, or ask back what is missing; nothing that was typed is lost by that."""
        typed = act if isinstance(act, Announce) else self._line(act, context)
        sites = self._sites(typed.site, context)
        errors = self._errors(typed, sites[0], context)
        owners = () if "owner" in errors else self._owners(typed)
        if not owners and "owner" not in errors:
            errors["owner"] = context.say(_unknown(typed, act), {"owner": typed.owner})
        if errors:
            return Reply(outcome=Outcome.REFUSED, text=next(iter(errors.values())), errors=errors)
        if len(sites) > 1:
            text = context.say("reception.which_counter", {"visitor": one_line(typed.visitor)})
            return Reply(outcome=Outcome.ASKED_BACK, text=text, buttons=self._counters(sites))
        if len(owners) > 1:
            return self._which_owner(typed, owners, context)
        return self._announced(tx, typed, owners[0], sites[0], context)

    def reads_as_arrival(self, text: str, context: Context) -> bool:
        """Tell whether a line that somebody at a counter typed is an arrival: a visitor, and somebody of the house."""
        return bool(context.person.reception_of) and _is_arrival(self._understood(text, context))

    def _line(self, act: AnnounceLine, context: Context) -> Announce:
        read = self._understood(act.text, context)
        # a line of which nothing is left once its beginning is read is one of too many words about the visitor
        too_long = not read.visitor and len(act.text) > MAX_LENGTH
        return Announce(
            visitor=act.text if too_long else read.visitor,
            owner=read.owner,
            company=read.company,
            about=read.reason,
            phone=read.phone,
            site=act.site,
            owner_id=act.owner_id,
            another=act.another,
            same=act.same,
        )

    def _understood(self, text: str, context: Context) -> Understood:
        people = tuple(self._desk.settings.people.values())
        zone, language = context.person.zone, context.reader.language
        return understand(text, role="reception", now=context.now, zone=zone, language=language, people=people)

    def _sites(self, said: str, context: Context) -> tuple[str, ...]:
        """Give the counters at which somebody may stand; `Refused` where that is none, or not the one that is said."""
        counters = context.person.reception_of
        found = tuple(site for site in counters if said in ("", site))
        if not found:
            raise Refused("not_reception")
        return found

    def _counters(self, sites: tuple[str, ...]) -> tuple[Button[str], ...]:
        """Ask at which of several counters: a choice, never a guess."""
        known = self._desk.settings.sites
        return tuple(Button(name="site", label=known[site].name, value=site) for site in sites)

    def _errors(self, typed: Announce, site: str, context: Context) -> dict[str, str]:
        errors = {
            name: context.say("form.errors.too_long", {"count": most})
            for name, most in LONGEST.items()
            if len(getattr(typed, name)) > most
        }
        if not one_line(typed.visitor):
            errors["visitor"] = context.say("form.errors.visitor_missing")
        if not typed.owner.strip() and not typed.owner_id and typed.owner_at is None:
            errors["owner"] = context.say("form.errors.person_missing")
        if typed.phone and "phone" not in errors and self._phone(typed, site) is None:
            errors["phone"] = context.say("form.errors.number_wrong", {"text": typed.phone})
        return errors

    def _phone(self, typed: Announce, site: str) -> str | None:
        return read_phone(typed.phone, zone=self._desk.settings.sites[site].zone) if typed.phone else ""

    def _owners(self, typed: Announce) -> tuple[Person, ...]:
        people = self._desk.settings.people
        if typed.owner_id:
            return (people[typed.owner_id],) if typed.owner_id in people else ()
        if typed.owner_at is not None and not typed.owner.strip():
            chosen = self._desk.person_at(typed.owner_at)
            return (chosen,) if chosen else ()
        return find(typed.owner, people.values())

    def _which_owner(self, typed: Announce, owners: tuple[Person, ...], context: Context) -> Reply:
        """Ask which of several: a choice, never a guess."""
        buttons = tuple(Button(name="owner_id", label=p.name, value=p.id) for p in owners[:CHOICES_AT_MOST])
        text = context.say("reception.two_owners", {"owner": typed.owner})
        return Reply(outcome=Outcome.ASKED_BACK, text=text, buttons=buttons)

    # --- the owner is known ------------------------------------------------------------------------------------------

    def _announced(self, tx: Transaction, typed: Announce, owner: Person, site: str, context: Context) -> Reply:
        facts = self._facts(typed, site)
        before = None if typed.another else self._posted_before(tx, facts, owner, site, context)
        if before is not None:
            return self._twice(before, facts, owner, context, keep=typed.same)
        via = Via.PHONE if typed.by_phone else Via.IN_PERSON
        kind = typed.kind if typed.kind in self._desk.settings.kinds else None
        command = c.AnnounceArrival(
            by=context.person.id,
            visit=self._make_id(),
            site=site,
            owner=owner.id,
            via=via,
            kind=kind,
            policy=self._policy(tx, via, kind, owner, site, context),
            phone_known=bool(facts.phone),
        )
        acted = self._desk.announce(tx, command, facts, context.now, context.through)
        posted: Args = {"time": context.now, "visitor": facts.visitor, "owner": owner.name}
        return Reply(outcome=Outcome.DONE, text=context.say("reply.posted", posted), visit=acted.visit.id)

    def _policy(
        self, tx: Transaction, via: Via, kind: str | None, owner: Person, site: str, context: Context
    ) -> Policy:
        is_open = self._desk.house(tx, site, context.now).calendar.is_open(context.now)
        return self._desk.settings.policy_for(via=via, kind=kind, owner=owner.id, site=site, is_open=is_open)

    def _facts(self, typed: Announce, site: str) -> Facts:
        return Facts(
            visitor=one_line(typed.visitor),
            company=one_line(typed.company),
            about=lines(typed.about),
            how_long_s=typed.how_long_s,
            phone=self._phone(typed, site) or "",
            party=min(max(1, typed.party), PARTY_AT_MOST),
        )

    def _posted_before(self, tx: Transaction, facts: Facts, owner: Person, site: str, context: Context) -> Visit | None:
        """Give the open visit of a visitor of the same name for the same owner at this site, if it is recent."""
        for stored in tx.open_visits_of(fold(facts.visitor), site=site, owner=owner.id):
            if context.now - stored.visit.arrived < TWICE_WITHIN:
                return stored.visit
        return None

    def _twice(self, visit: Visit, facts: Facts, owner: Person, context: Context, *, keep: bool) -> Reply:
        names: Args = {"visitor": facts.visitor, "owner": owner.name}
        if keep:
            return Reply(outcome=Outcome.NOTHING_NEW, text=context.say("reply.same_kept", names), visit=visit.id)
        by = self._desk.name(visit.announced_by)
        text = context.say("reception.twice_posted", {**names, "by": by, "time": visit.arrived})
        buttons = (
            Button(name="same", label=context.say("buttons.same_person"), value=visit.id, main=True),
            Button(name="another", label=context.say("buttons.another_person"), value="yes"),
        )
        return Reply(outcome=Outcome.ASKED_BACK, text=text, visit=visit.id, buttons=buttons)


def _unknown(typed: Announce, act: Announce | AnnounceLine) -> str:
    """Say which sentence tells that nobody of the house was found: there is a list to pick from only in a form."""
    if not typed.owner or _MENTION.fullmatch(typed.owner):
        return "reception.owner_not_linked"
    return "reception.unknown_owner" if isinstance(act, Announce) else "reception.unknown_owner_line"


def _is_arrival(read: Understood) -> bool:
    """Tell whether a line is surely one: somebody of the house goes by that name, be it more than one."""
    return read.intent == "announce" and bool(read.owner_candidates)
