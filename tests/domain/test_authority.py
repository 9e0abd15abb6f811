"""Who may press what: every command with every role; and what reception enters by voice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from bot.domain import commands as c
from bot.domain import events as e
from bot.domain.authority import BY_VOICE, MAY, MAY_READ, Reading, Role, authorise, may_read, roles, standing
from bot.domain.decide import DECIDE, decide
from bot.domain.people import BOT, House
from bot.domain.policy import Owes
from bot.domain.visit import Callback, Hello, Visit
from bot.errors import Refused
from tests.domain.house import HAND_OVER, NINE, PEOPLE, Story, at, make_house, make_policy, minutes, names
from tests.laws.saying import COMMANDS, Said
from tests.laws.world import arrival

WHO_IS: Final = {
    Role.RECEPTION: "nadia",
    Role.OWNER: "martin",
    Role.ASKED: "sophie",
    Role.CALLER: "karim",
    Role.ASKED_TO_CALL: "lea",
    Role.OFFERED: "paul",
    Role.MANAGER: "claire",
    Role.ALERTED: "alex",
    Role.AUDITOR: "odile",
    Role.ADMIN: "ada",
    Role.BOT: BOT,
}
"""One person for each role, and for no other."""

TABLE: Final = """
AnnounceArrival    reception
PromiseHello       owner asked
PromiseCallback    owner asked
Delegate           owner asked
MarkSeen           owner asked
MarkUnsafe         owner asked
DisputeVoice       owner asked
TakeOver           owner
NotMe              asked offered
HasCome            reception owner asked
HasNotCome         reception owner asked
HelloHappened      reception
LeaveVisit         reception
Withdraw           reception
AskSomeoneElse     reception
AddPhone           reception owner asked caller manager
KeepCallback       reception caller asked_to_call manager
TryCallback        reception caller asked_to_call manager
MoveCallback       reception caller asked_to_call manager
PassCallback       reception caller asked_to_call manager
TakeCallback       asked_to_call offered
DropCallback       reception caller
Undo               reception owner asked caller
AddNote            reception owner asked caller
TypeNoAnswer       reception owner asked caller offered
ReportUnreachable  bot
ReportAway         bot
PassTime           bot
"""
"""Written a second time, by hand, so that no change of the table in the core goes unseen."""

ROWS: Final = {line.split()[0]: set(line.split()[1:]) for line in TABLE.strip().splitlines()}


def everybody_has_one_role() -> tuple[Visit, House]:
    """Give a visit in which each role is somebody else's: for Martin, Sophie was asked, Karim promised, it is late."""
    more = {name: replace(PEOPLE["karim"], id=name) for name in ("paul", "alex")}
    standing = {"odile": "auditor", "ada": "admin"}
    more |= {name: replace(PEOPLE["karim"], id=name, roles=frozenset({role})) for name, role in standing.items()}
    house = make_house(people={**PEOPLE, **more})
    story = Story(house=house)
    story.does(c.PromiseCallback(by="martin", due=at("10:00")))
    story.passes(minutes=76)
    promise, late = story.visit.callback_promise, story.visit.call_question
    assert promise is not None
    assert late is not None
    visit = replace(
        story.visit,
        asked=("sophie",),
        callback_promise=replace(promise, by="karim"),
        call_question=replace(late, asked=("lea",)),
        offered_call=("paul",),
        alerted=("alex",),
    )
    return visit, house


def make_command(kind: type[c.Command], by: str, entered_by: str | None = None) -> c.Command:
    """Give a command of a kind."""
    said = Said(by=by, to="lea", within=2, due=at("11:00"), voice=entered_by, yes=True)
    arrives = arrival("v2", make_policy(), phone_known=True, on_the_phone=False)
    commands: tuple[c.Command, ...] = (*(make(said) for make in COMMANDS.values()), c.PassTime(), arrives)
    return next(replace(command, by=by, entered_by=entered_by) for command in commands if type(command) is kind)


def may(command: c.Command, visit: Visit | None, house: House) -> bool:
    """Tell whether a command is let through."""
    try:
        authorise(visit, command, house)
    except Refused:
        return False
    return True


def test_the_table_has_a_row_for_each_command() -> None:
    assert {kind.__name__ for kind in DECIDE} == {kind.__name__ for kind in MAY} == set(ROWS)


@pytest.mark.parametrize("role", Role)
def test_each_of_them_has_that_role_and_no_other(role: Role) -> None:
    visit, house = everybody_has_one_role()
    assert roles(visit, WHO_IS[role], house) == {role}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", DECIDE, ids=lambda kind: kind.__name__)
def test_who_may_press_what(kind: type[c.Command], role: Role) -> None:
    visit, house = everybody_has_one_role()
    assert may(make_command(kind, WHO_IS[role]), visit, house) == (role.value in ROWS[kind.__name__])


def test_whoever_made_the_call_may_still_undo_it() -> None:
    story = Story()
    story.does(c.PromiseCallback(by="martin", due=at("10:00")), c.PassCallback(by="martin", to="lea"))
    story.does(c.TakeCallback(by="lea"), c.KeepCallback(by="lea"))
    assert story.does(c.Undo(by="lea"))


def test_somebody_whom_the_house_does_not_know_may_press_nothing() -> None:
    refused = Story().refuses(c.MarkSeen(by="stranger"))
    assert (refused.reason, refused.args_by_name["responder"]) == ("not_yours", "Martin Gagnon")


def test_receptions_buttons_are_receptions() -> None:
    assert Story().refuses(c.Withdraw(by="martin")).reason == "not_reception"


def test_reception_of_another_site_is_not_reception() -> None:
    people = {**PEOPLE, "nadia": replace(PEOPLE["nadia"], reception_of=("montreal",))}
    story = Story()
    story.house = make_house(people=people)
    assert story.refuses(c.LeaveVisit(by="nadia")).reason == "not_reception"


def test_a_refusal_names_whom_the_visit_waits_for() -> None:
    story = Story(end=HAND_OVER)
    assert story.refuses(c.MarkSeen(by="lea")).args_by_name["responder"] == "Martin Gagnon"
    story.passes(minutes=2)
    assert story.refuses(c.MarkSeen(by="lea")).args_by_name["responder"] == "Sophie Roy"
    story.passes(minutes=7)
    assert story.refuses(c.MarkSeen(by="lea")).args_by_name["responder"] == "Martin Gagnon"
    story.does(c.PromiseHello(by="sophie", within=minutes(2)))
    assert story.refuses(c.MarkSeen(by="lea")).args_by_name["responder"] == "Sophie Roy"


def test_a_refusal_about_somebody_who_was_taken_off_the_list_gives_what_is_known_of_them() -> None:
    story = Story()
    story.house = make_house(people={key: person for key, person in PEOPLE.items() if key != "martin"})
    assert story.refuses(c.MarkSeen(by="lea")).args_by_name["responder"] == "martin"


def test_nobody_but_reception_and_the_clock_does_anything_where_there_is_no_visit() -> None:
    house = make_house()
    assert decide(None, c.PassTime(), house, NINE) == []
    with pytest.raises(Refused, match="unknown_visit"):
        decide(None, c.LeaveVisit(by="nadia"), house, NINE)
    with pytest.raises(Refused, match="not_yours") as refused:
        decide(None, c.MarkSeen(by="martin"), house, NINE)
    assert refused.value.args_by_name["responder"] == ""


# --- what may be read ------------------------------------------------------------------------------------------------

READ: Final = """
board      reception
form       reception owner asked caller asked_to_call offered manager alerted
story      reception owner asked caller asked_to_call offered manager alerted auditor
log        auditor
directory  admin
"""
"""Likewise written a second time."""


def test_the_table_of_what_may_be_read_has_a_row_for_each_thing() -> None:
    rows = {line.split()[0]: set(line.split()[1:]) for line in READ.strip().splitlines()}
    assert {what.value: {role.value for role in found} for what, found in MAY_READ.items()} == rows
    assert set(MAY_READ) == set(Reading)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("what", Reading)
def test_who_may_read_what(what: Reading, role: Role) -> None:
    visit, house = everybody_has_one_role()
    assert may_read(what, roles(visit, WHO_IS[role], house)) == (role in MAY_READ[what])


def test_a_stranger_may_read_nothing() -> None:
    visit, house = everybody_has_one_role()
    assert not any(may_read(what, roles(visit, "stranger", house)) for what in Reading)
    assert standing(None) == frozenset()


# --- by voice --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DECIDE, ids=lambda kind: kind.__name__)
def test_what_reception_may_enter_by_voice(kind: type[c.Command]) -> None:
    visit, house = everybody_has_one_role()
    allowed = [person for person in WHO_IS.values() if may(make_command(kind, person, "nadia"), visit, house)]
    expected = [who for role, who in WHO_IS.items() if role in MAY[kind]] if kind in BY_VOICE else []
    assert allowed == expected


def test_only_reception_enters_what_somebody_said() -> None:
    refused = Story().refuses(c.PromiseHello(by="martin", entered_by="lea", within=minutes(2)))
    assert (refused.reason, refused.args_by_name["responder"]) == ("not_by_voice", "Martin Gagnon")


def test_what_was_said_by_voice_is_journaled_as_said_by_one_and_entered_by_the_other() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", entered_by="nadia", within=minutes(2)))
    event, promise = story.last(e.HelloPromised), story.visit.hello_promise
    assert (event.by, event.entered_by) == ("martin", "nadia")
    assert promise is not None
    assert promise.entered_by == "nadia"


def test_a_hello_entered_wrongly_by_voice_does_not_stand_and_nothing_is_broken() -> None:
    story = Story()
    story.does(c.PromiseHello(by="martin", entered_by="nadia", within=minutes(2)), c.DisputeVoice(by="martin"))
    assert story.tracks == (Hello.OWED, Callback.NONE)
    assert story.responder == "martin"
    assert story.visit.broken == ()


def voice_callback(owes: Owes = Owes.HELLO_OR_CALLBACK) -> Story:
    """Give a visit in which Nadia entered that Martin calls at ten."""
    story = Story(owes=owes)
    story.does(c.PromiseCallback(by="martin", entered_by="nadia", due=at("10:00")))
    return story


def test_a_callback_entered_wrongly_takes_the_excuse_back_with_it_while_the_visitor_may_be_here() -> None:
    story = voice_callback()
    story.passes(minutes=5)
    assert names(story.does(c.DisputeVoice(by="martin")))[1:3] == ["CallbackTakenBack", "HelloTakenBack"]
    assert story.tracks == (Hello.OWED, Callback.OWED)


def test_later_only_the_callback_is_owed_again() -> None:
    story = voice_callback()
    story.passes(minutes=6)
    story.does(c.DisputeVoice(by="martin"))
    assert story.tracks == (Hello.EXCUSED, Callback.OWED)
    assert story.responder == "martin"


def test_a_visitor_who_has_left_is_not_brought_back_by_it() -> None:
    story = voice_callback()
    story.does(c.LeaveVisit(by="nadia"), c.DisputeVoice(by="martin"))
    assert story.tracks == (Hello.EXCUSED, Callback.OWED)
    assert not story.visit.here


def test_while_somebody_is_coming_nobody_is_asked_about_it() -> None:
    story = voice_callback(Owes.HELLO)
    story.does(c.PromiseHello(by="sophie", within=minutes(2)))
    assert names(story.does(c.DisputeVoice(by="martin"))) == ["Disputed", "CallbackTakenBack"]
    assert story.tracks == (Hello.PROMISED, Callback.OWED)


def test_an_unsafe_visitor_stays_with_reception_whatever_was_entered_wrongly() -> None:
    story = voice_callback(Owes.HELLO)
    story.does(c.MarkUnsafe(by="sophie"), c.DisputeVoice(by="martin"))
    assert story.responder == "reception"


@pytest.mark.parametrize("by", ["martin", "sophie"])
def test_only_what_was_entered_for_oneself_is_not_right(by: str) -> None:
    story = Story()
    story.passes(minutes=2)
    voice = None if by == "martin" else "nadia"
    story.does(c.PromiseHello(by="martin", entered_by=voice, within=timedelta()))
    assert story.refuses(c.DisputeVoice(by=by)).reason == "nothing_asked"
