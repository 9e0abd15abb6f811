"""Stories about a hello: promised, kept, forgotten, passed on."""

from __future__ import annotations

from bot.domain.events import HelloGiven, PressRefused
from bot.domain.visit import Hello
from bot.messages import Address, Incoming, Outcome, Press
from tests.world import COUNTER, World, at

ANSWERS = ["I'm coming", "In 2 min", "In 5 min", "Call back…", "Ask a colleague…"]


async def test_the_owner_is_told_at_once(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", company="Chambre de commerce", about="a signature")
    world.expect("martin", "Julie Tremblay", buttons=ANSWERS)
    assert world.chat.nudges("martin") == ["Julie Tremblay is asking for you"]
    assert "Martin Gagnon" in world.say()


async def test_reception_can_say_who_comes_and_by_when(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "In 2 min")
    assert world.say() == "Martin Gagnon is coming to greet you by 9:14 a.m., within 2 minutes."


async def test_a_kept_hello_closes_the_visit_and_can_be_undone_for_five_minutes(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "I'm coming")
    await world.presses(COUNTER, "Hello happened")
    given = (await world.journal())[-1]
    assert isinstance(given, HelloGiven)
    assert (given.person, given.fate) == ("martin", "kept")
    assert world.labels(COUNTER) == ["Undo"]
    await world.presses(COUNTER, "Undo")
    assert (await world.visit()).hello is Hello.OWED
    world.expect("martin", "Julie Tremblay", buttons=ANSWERS)


async def test_a_forgotten_hello_goes_to_the_deputy(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "In 2 min")
    await world.passes(minutes=4)
    assert world.labels(COUNTER) == ["Yes", "Not yet"]
    assert world.labels("martin") == ["Yes", "Not yet"]
    await world.passes(minutes=2)
    assert [*ANSWERS, "Not me"] == world.labels("sophie")
    assert "Sophie Roy" in world.say()
    await world.presses("sophie", "I'm coming")
    assert world.say() == "Sophie Roy is coming to greet you by 9:20 a.m., in place of Martin Gagnon."


async def test_yes_he_has_come_leaves_no_broken_promise(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "In 2 min")
    await world.passes(minutes=4)
    await world.presses(COUNTER, "Yes")
    visit = await world.visit()
    assert visit.hello is Hello.GIVEN
    assert visit.broken == ()


async def test_not_yet_asks_the_deputy_at_once(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "In 2 min")
    await world.passes(minutes=4)
    await world.presses(COUNTER, "Not yet")
    assert "I'm coming" in world.labels("sophie")


async def test_a_double_click_is_one_promise(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    first = await world.presses("martin", "I'm coming", key="click")
    card = world.card("martin")
    click = Incoming(
        key="click", sender=Address("web", "martin"), act=Press(visit=card.visit, button="hello", value="0")
    )
    again = await world.parts.inbox.receive(click)
    assert again == first
    assert (await world.story()).count("HelloPromised") == 1


async def test_two_answer_at_once_and_the_second_reads_who_was_first(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(minutes=2)
    sophies_card = world.card("sophie")
    await world.presses("martin", "I'm coming")
    late = Press(visit=sophies_card.visit, button="hello", value="2", revision=sophies_card.revision)
    reply = await world.parts.inbox.receive(Incoming(key="late", sender=Address("web", "sophie"), act=late))
    assert reply.outcome is Outcome.REFUSED
    assert "Martin Gagnon" in reply.text
    assert isinstance((await world.journal())[-1], PressRefused)


async def test_the_owner_takes_over_from_a_colleague_and_nothing_is_broken(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "Ask a colleague…", to="sophie")
    await world.presses("sophie", "In 5 min")
    await world.presses("martin", "I'll go myself")
    assert world.say().startswith("Martin Gagnon is coming to greet you now")
    assert (await world.visit()).broken == ()


async def test_not_me_puts_the_question_back_to_whoever_passed_it_on(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "Ask a colleague…", to="sophie")
    await world.presses("sophie", "Not me")
    question = (await world.visit()).visitor_question
    assert question is not None
    assert question.responder == "martin"
    world.expect("martin", "Julie Tremblay", buttons=ANSWERS)


async def test_by_voice_is_entered_by_reception_and_can_be_set_right(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses(COUNTER, "Answered by voice…", who="martin", what="hello:5")
    promise = (await world.visit()).hello_promise
    assert promise is not None
    assert (promise.by, promise.entered_by) == ("martin", "nadia")
    await world.presses("martin", "Not right")
    assert (await world.visit()).hello is Hello.OWED
    world.expect("martin", "Julie Tremblay", buttons=ANSWERS)


async def said_by_voice(world: World) -> dict[str, str]:
    form = await world.parts.views.form("nadia", world.card(COUNTER).visit, "by_voice")
    return {option.value: option.label for field in form.fields if field.name == "what" for option in field.options}


async def test_by_voice_has_the_same_answers_as_the_card_of_whoever_spoke(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    said = await said_by_voice(world)
    assert "press:not_me" not in said
    assert (said["press:seen"], said["press:not_safe"]) == ("I've seen them", "To ask for help")
    await world.presses("martin", "Ask a colleague…", to="sophie")
    assert (await said_by_voice(world))["press:not_me"] == "Not me"


async def test_not_me_by_voice_asks_whoever_passed_it_on(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "Ask a colleague…", to="sophie")
    reply = await world.presses(COUNTER, "Answered by voice…", who="sophie", what="press:not_me")
    assert reply.text == "Entered as said by Sophie Roy."
    question = (await world.visit()).visitor_question
    assert question is not None
    assert question.responder == "martin"


async def test_seen_by_voice_is_a_hello_given_by_whoever_spoke(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses(COUNTER, "Answered by voice…", who="martin", what="press:seen")
    visit = await world.visit()
    assert (visit.hello, visit.greeted_by) == (Hello.GIVEN, "martin")
    assert (await world.journal())[-1].entered_by == "nadia"


async def test_help_asked_for_by_voice_makes_the_visit_unsafe(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses(COUNTER, "Answered by voice…", who="martin", what="press:not_safe")
    assert (await world.visit()).unsafe_by == "martin"
    assert world.chat.nudges("claire") == ["Martin Gagnon demande de l'aide à l'accueil"]


async def test_what_nobody_can_say_by_voice_is_asked_again(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    reply = await world.presses(COUNTER, "Answered by voice…", who="martin", what="press:undo")
    assert set(reply.errors) == {"what"}


async def test_not_safe_gives_the_visit_to_reception_without_saying_so_on_the_counter(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses("martin", "Not safe")
    card = world.card(COUNTER)
    assert card.ask == "Please read the message from Martin Gagnon."
    assert "safe" not in repr(card).replace("not_safe", "").replace("unsafe", "").lower()
    assert world.chat.nudges("claire") == ["Martin Gagnon demande de l'aide à l'accueil"]
    await world.types("martin", "He shouted at Sophie last week")
    facts = await world.store.read(lambda tx: tx.facts(card.visit))
    assert facts is not None
    assert facts.notes == ("He shouted at Sophie last week",)
    assert "shouted" not in repr(await world.journal())
    told = "He shouted at Sophie last week"
    assert world.notes("claire")[-1] == f"Note : {told}"
    views = world.parts.views
    assert (await views.story("claire", card.visit)).notes == (told,)
    assert told not in repr(await views.story("nadia", card.visit)), "the visitor may see this screen"
    assert told not in repr(world.card(COUNTER))
    await world.presses(COUNTER, "Visitor left")
    assert not (await world.visit()).is_open
    assert (await views.story("nadia", card.visit)).notes == (told,)


async def test_a_note_is_read_at_the_counter_some_time_after_the_hello_not_while_the_visitor_is_near(
    world: World,
) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.presses(COUNTER, "Add a note…", text="Takes the stairs badly")
    await world.presses("martin", "I've seen them")
    visit, views = (await world.visit()).id, world.parts.views
    assert (await views.story("martin", visit)).notes == ("Takes the stairs badly",)
    assert (await views.story("nadia", visit)).notes == ()
    await world.comes(at(9, 40))
    assert (await views.story("nadia", visit)).notes == ("Takes the stairs badly",)
