"""A small house for the web pages: invented people, and cards as the core would make them, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.domain.card import Button, Card, Fact, Phrase
from bot.domain.people import Person
from bot.errors import Refused
from bot.language.wording import Reader, Wording
from bot.messages import Address, Field, FieldKind, Form, Incoming, Option, Outcome, Reply, ShownCard
from bot.pages import Board, Story, StoryLine
from bot.settings import Settings, Site, Web

NOW = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)
ZONE = "America/Toronto"
WORDING = Wording.load(strict=True)


def person(id_: str, given: str, family: str, language: str, *, reception_of: tuple[str, ...] = ()) -> Person:
    return Person(
        id=id_,
        name=f"{given} {family}",
        given=given,
        language=language,
        zone=ZONE,
        sites=("montreal",),
        reception_of=reception_of,
    )


PEOPLE = {
    p.id: p
    for p in (
        person("nadia", "Nadia", "Benali", "en-CA", reception_of=("montreal",)),
        person("martin", "Martin", "Gagnon", "fr-CA"),
        person("sophie", "Sophie", "Roy", "en-CA"),
        person("claire", "Claire", "Bouchard", "fr-CA"),
    )
}


def settings(host: str = "127.0.0.1", port: int = 0) -> Settings:
    site = Site(
        id="montreal",
        name="Montréal",
        zone=ZONE,
        language="fr-CA",
        hours=((),) * 7,
        closed=frozenset(),
        slot=timedelta(minutes=30),
        reception=(),
    )
    return Settings(
        file=Path("config.yaml"),
        sites={"montreal": site},
        people=PEOPLE,
        addresses={person: (Address("web", person),) for person in PEOPLE},
        away=(),
        kinds={
            "client": {"en": "Client", "fr": "Clientèle"},
            "supplier": {"en": "Supplier", "fr": "Fournisseur"},
            "candidate": {"en": "Candidate", "fr": "Candidature"},
            "walk_in": {"en": "Walk-in", "fr": "Sans rendez-vous"},
        },
        database=Path("hello30.db"),
        policies=(),
        web=Web(host=host, port=port),
    )


# --- cards -----------------------------------------------------------------------------------------------------------


def press(name: str, label: str = "", *, main: bool = False, form: bool = False, value: str = "") -> Button[Phrase]:
    minutes: dict[str, int] = {"minutes": int(value)} if label == "in_minutes" else {}
    return Button(
        name=name,
        label=Phrase(f"buttons.{label or name}", minutes),
        main=main,
        form=name if form else None,
        value=value,
    )


HAPPENED, VOICE = press("hello_happened"), press("by_voice", "answered_by_voice", form=True)
PHONE, SOMEONE = press("add_phone", form=True), press("ask_someone_else", form=True)
LEFT, MISTAKE = press("visitor_left"), press("mistake", "posted_by_mistake")
REST = (PHONE, SOMEONE, LEFT, MISTAKE)
CALL = (press("done"), press("no_answer"), press("move", form=True), press("drop_call"))


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A visitor of the fake board; `say` and what follows are keys and arguments of the catalogues."""

    id: str
    name: str
    company: str = ""
    owner: str = "martin"
    waits: float | None = 1
    state: str = "asking"
    tag: str = "tag.asking"
    turn: bool = False
    say: str = "asked"
    ask: str = ""
    notes: tuple[str, ...] = ("note.asked",)
    buttons: tuple[Button[Phrase], ...] = (HAPPENED, VOICE)
    more: tuple[Button[Phrase], ...] = REST
    due: datetime | None = None
    number: str = ""

    def card(self, reader: str) -> Card[Phrase]:
        args: Mapping[str, str | int | datetime] = {
            "visitor": self.name,
            "company": self.company,
            "owner": PEOPLE[self.owner].name,
            "responder": PEOPLE[self.owner].name,
            "colleague": "Sophie Roy",
            "by": "Nadia Benali",
            "time": self.due or NOW + minutes(2),
            "until": NOW + minutes(2),
            "number": self.number,
            "minutes": 3,
            "count": 2,
        }
        title = "reception.title" if self.company else "reception.title_no_company"
        say = f"say.{self.say}"
        return Card(
            reader=reader,
            visit=self.id,
            revision=3,
            state=self.state,
            turn=self.turn,
            tag=Phrase(self.tag, {**args, "responder": PEOPLE[self.owner].given}),
            title=Phrase(title, args),
            visitor=self.name,
            company=self.company,
            owner=PEOPLE[self.owner].name,
            since=NOW - minutes(self.waits) if self.waits is not None else None,
            say=Phrase(say, args),
            say_short=Phrase(say.replace("say.", "say_short."), args),
            ask=Phrase(self.ask, {**args, "responder": PEOPLE[self.owner].given}) if self.ask else None,
            notes=tuple(Phrase(note, args) for note in self.notes),
            buttons=self.buttons,
            more=self.more,
            due=self.due,
            promised_at=NOW - minutes(2) if self.due else None,
            number=self.number,
            closed=self.state == "closed",
        )


FATIMA = Someone(
    id="v1",
    name="Fatima Benali",
    owner="claire",
    waits=11,
    state="reception",
    tag="tag.with_reception",
    turn=True,
    say="with_reception",
    ask="ask.gone_or_here",
    notes=("note.with_you_since",),
    buttons=(press("ask_someone_else", form=True, main=True), LEFT),
    more=(HAPPENED, VOICE, PHONE, MISTAKE),
)
ROBERT = Someone(
    id="v2",
    name="Robert Lavoie",
    company="Plomberie Lavoie",
    waits=9,
    state="callback",
    tag="tag.callback_booked",
    turn=True,
    say="callback_number_missing",
    ask="ask.number",
    notes=("note.number_needed",),
    buttons=(press("add_phone", form=True, main=True), LEFT),
    more=(HAPPENED, *CALL, MISTAKE),
    due=NOW + minutes(320),
)
JULIE = Someone(
    id="v3",
    name="Julie Tremblay",
    company="Chambre de commerce",
    waits=7,
    state="late",
    tag="tag.hello_late",
    turn=True,
    say="has_come",
    ask="ask.has_come",
    notes=("note.promised_for_next",),
    buttons=(press("yes", "has_come", main=True), press("not_yet")),
    more=(HAPPENED, VOICE, *REST),
    due=NOW - minutes(2),
)
DAVID = Someone(
    id="v4",
    name="David Chen",
    company="candidate",
    owner="sophie",
    waits=3,
    state="coming",
    tag="tag.coming",
    say="hello_promised",
    notes=("note.promised_by",),
    due=NOW + timedelta(seconds=160),
)
AMELIE = Someone(
    id="v5", name="Amélie Okafor", company="Okafor et Fils", owner="claire", waits=0.67, notes=("note.asked_next",)
)
MARIE = Someone(
    id="v6",
    name="Marie-Christine Beauchemin-Létourneau",
    company="Regroupement des gestionnaires de copropriété du Québec",
    owner="sophie",
    waits=8,
    state="callback",
    tag="tag.callback_promised",
    say="callback_promised",
    notes=(),
    due=NOW + timedelta(hours=19),
    number="+15145550190",
)
LUC = Someone(
    id="v20",
    name="Luc Bélanger",
    owner="sophie",
    waits=None,
    state="call_late",
    tag="tag.call_late",
    say="callback_promised",
    notes=(),
    buttons=CALL[:1],
    more=CALL[1:],
    due=NOW - minutes(12),
    number="+15145550178",
)
CLOSED = Someone(
    id="v30",
    name="Nathalie Côté",
    company="Imprimerie Côté",
    waits=None,
    state="closed",
    tag="tag.closed_given",
    notes=(),
    buttons=(press("undo"),),
    more=(),
)
FIVE = (FATIMA, ROBERT, JULIE, DAVID, AMELIE)


def twelve() -> tuple[Someone, ...]:
    """Give twelve who wait, one of them with very long names."""
    others = [
        Someone(id=f"v{n}", name=name, owner=owner, waits=0.5 * n)
        for n, name, owner in (
            (7, "Samuel Ouellet", "martin"),
            (8, "Isabelle Fortin", "sophie"),
            (9, "Thomas Nguyen", "claire"),
            (10, "Léa Desrosiers", "martin"),
            (11, "Olivier St-Pierre", "sophie"),
            (12, "Aïcha Diallo", "claire"),
        )
    ]
    return (*FIVE, MARIE, *others)


ANSWERS = (
    press("hello", "coming", main=True, value="0"),
    press("hello", "in_minutes", value="2"),
    press("hello", "in_minutes", value="5"),
    press("call_back", form=True),
    press("ask_colleague", form=True),
)


def asked(someone: Someone, reader: str) -> Card[Phrase]:
    """Give the card of somebody who is asked."""
    return Card(
        reader=reader,
        visit=someone.id,
        revision=3,
        state="asking",
        turn=True,
        tag=Phrase("tag.asking", {"responder": PEOPLE[reader].given}),
        title=Phrase("reception.title_no_company", {"visitor": someone.name, "owner": PEOPLE[reader].name}),
        visitor=someone.name,
        company=someone.company,
        owner=PEOPLE[reader].name,
        since=NOW - minutes(someone.waits or 0),
        ask=Phrase("responder.asked", {"visitor": someone.name}),
        notes=(Phrase("responder.others_wait", {"count": 2}),),
        facts=(
            Fact(label=Phrase("fact.kind"), value=Phrase("kind.client")),
            Fact(label=Phrase("fact.how_long"), value=Phrase("how_long.seconds", {"count": 30})),
            Fact(label=Phrase("fact.visits_before"), value=Phrase("fact.visits_count", {"count": 3})),
        ),
        about="Signature de l'entente de partenariat",
        buttons=ANSWERS,
        more=(press("seen"), press("not_safe")),
    )


def to_call(id_: str, name: str, reader: str, due: datetime, state: str, tag: str) -> Card[Phrase]:
    """Give the card of somebody who has promised a callback."""
    args: dict[str, str | int | datetime] = {"visitor": name, "number": "+15145550117", "owner": PEOPLE[reader].name}
    return Card(
        reader=reader,
        visit=id_,
        revision=5,
        state=state,
        turn=state != "callback",
        tag=Phrase(tag),
        title=Phrase("reception.title_no_company", args),
        visitor=name,
        company="",
        owner=PEOPLE[reader].name,
        ask=Phrase("callback.now", args) if state == "call_now" else None,
        buttons=CALL[:3],
        more=CALL[3:],
        due=due,
        number="+15145550117",
        points=("Facture 1182", "Date de la prochaine visite") if state == "call_now" else (),
    )


# --- fakes -----------------------------------------------------------------------------------------------------------


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    async def sleep_until(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)


@dataclass
class FakeDemo:
    """A demo whose clock tells how it was moved."""

    speed: float = 1.0
    persons: Sequence[str] = ("nadia", "martin", "sophie", "claire")
    moved: list[str] = field(default_factory=list)

    async def forward(self, what: str) -> None:
        self.moved.append(what)


@dataclass
class FakeViews:
    """Views over a list of visitors; `faults` are raised by their method's name."""

    visitors: Sequence[Someone] = FIVE
    calls: Sequence[Someone] = (LUC, ROBERT)
    closed: Sequence[Someone] = ()
    mine: Sequence[Someone] = (JULIE,)
    fault: Exception | None = None

    async def board(self, person: str, *, reception: str | None, language: str | None = None) -> Board:
        if self.fault:
            raise self.fault
        if reception:
            reader = f"reception:{reception}"
            made = [[s.card(reader) for s in group] for group in (self.visitors, self.calls, self.closed)]
        else:
            promised = [
                to_call("v40", "Isabelle Fortin", person, NOW, "call_now", "tag.call_now"),
                to_call("v41", "Nathalie Côté", person, NOW + timedelta(hours=23), "callback", "tag.promised"),
            ]
            made = [[asked(s, person) for s in self.mine], promised, [s.card(person) for s in self.closed]]
        cards, calls, closed = ([self._worded(card, person, language) for card in group] for group in made)
        return Board(made_at=NOW, cards=cards, calls=calls, closed=closed)

    async def form(self, person: str, visit: str, button: str, *, language: str | None = None) -> Form:
        if button not in {"call_back", "by_voice", "add_phone", "move", "ask_colleague", "ask_someone_else"}:
            raise Refused("nothing_asked")
        say = self._say(person, language)
        if button in {"call_back", "move"}:
            return _call_back(visit, button, say)
        number = Field(name="phone", kind=FieldKind.PHONE, label=say("form.add_phone.number"), required=True)
        people = tuple(Option(value=p.id, label=p.name) for p in PEOPLE.values())
        whom = Field(name="to", kind=FieldKind.CHOICE, label=say("form.colleague.who"), options=people)
        return Form(
            visit=visit,
            button=button,
            title=say("form.add_phone.title"),
            submit=say("form.add_phone.submit"),
            fields=(number,) if button == "add_phone" else (whom,),
        )

    async def story(self, person: str, visit: str, *, language: str | None = None) -> Story:
        known = {s.id for s in (*self.visitors, *self.calls, *self.closed)}
        if visit not in known:
            raise Refused("unknown_visit")
        say = self._say(person, language)
        lines = [
            StoryLine(at=NOW - minutes(8), who="person", text=say("story.Arrived"), how=say("story.through.web")),
            StoryLine(at=NOW - minutes(8), who="bot", text=say("story.AskingBegan"), after=say("story.at_once")),
            StoryLine(at=NOW - minutes(1), who="late", text=say("story.HelloBroken"), how=say("story.through.time")),
        ]
        summary = [(say("story.summary.waited"), "10 min 45 s", say("story.summary.waiting_since"))] * 4
        notes = () if person == "nadia" else ("Takes <b>tea</b>",)
        return Story(visit=visit, title=say("story.title"), intro="…", summary=summary, lines=lines, notes=notes)

    def _worded(self, card: Card[Phrase], person: str, language: str | None) -> ShownCard:
        return WORDING.card(card, Reader(language or PEOPLE[person].language, ZONE), NOW)

    def _say(self, person: str, language: str | None) -> Say:
        return Say(Reader(language or PEOPLE[person].language, ZONE))


@dataclass(frozen=True)
class Say:
    """Says a key with the usual names filled in."""

    reader: Reader

    def __call__(self, key: str) -> str:
        args: dict[str, str | int | datetime] = {
            "visitor": "Julie Tremblay",
            "company": "Chambre de commerce",
            "owner": "Martin Gagnon",
            "person": "Martin Gagnon",
            "by": "Nadia Benali",
            "time": NOW,
        }
        return WORDING.say(Phrase(key, args), self.reader, NOW)


def _call_back(visit: str, button: str, say: Say) -> Form:
    slots = tuple(
        Option(
            value=(NOW + minutes(n)).isoformat(),
            label="…",
            chosen=n == 78,
            day=say("form.callback.today"),
            clock=WORDING.clock(NOW + minutes(n), say.reader),
        )
        for n in (78, 138, 198, 258)
    )
    other = Option(value="free", label=say("form.callback.other_time"))
    days = (
        Option(value="2026-03-04", label=say("form.callback.today")),
        Option(value="2026-03-05", label=WORDING.date(NOW + timedelta(days=1), say.reader)),
    )
    when = Field(
        name="when",
        kind=FieldKind.CHOICE,
        label=say("form.callback.when"),
        hint=say("form.callback.when_hint"),
        options=(*slots, other),
    )
    free = Field(name="free", kind=FieldKind.DAY_AND_TIME, label=say("form.callback.other_time"), options=days)
    texts = (
        Field(name="phone", kind=FieldKind.PHONE, label=say("form.add_phone.number"), value="+1 514-555-0142"),
        Field(
            name="line",
            kind=FieldKind.TEXT,
            label=say("form.callback.line"),
            hint=say("form.callback.line_hint"),
        ),
        Field(
            name="points",
            kind=FieldKind.LONG_TEXT,
            label=say("form.callback.points"),
            hint=say("form.callback.points_hint"),
        ),
    )
    return Form(
        visit=visit,
        button=button,
        title=say("form.callback.title"),
        submit=say("form.callback.submit"),
        fields=(when, free, *texts) if button == "call_back" else (when, free),
        note=say("form.callback.note"),
    )


@dataclass
class FakeInbox:
    """Takes what the pages bring, and answers each time with `reply`."""

    reply: Reply = field(default_factory=lambda: Reply(outcome=Outcome.DONE, text="It is done.", visit="v3"))
    taken: list[Incoming] = field(default_factory=list)

    async def receive(self, incoming: Incoming) -> Reply:
        self.taken.append(incoming)
        return self.reply
