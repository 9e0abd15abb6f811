"""Somebody presses a button of an old card: it works all the same, or they read what has happened since."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import events as e
from bot.errors import Refused
from bot.messages import Form, Outcome, Press, Reply, ShownButton, ShownCard
from bot.storage.memory import MemoryStore
from tests.world import COUNTER, World, at, plain

NOT_TOLD: Final = (
    e.Arrived,
    e.Delivered,
    e.NotDelivered,
    e.PressRefused,
    e.NoAnswerTyped,
    e.Reminded,
    e.StepTaken,
    e.StepSkipped,
    e.CallbackReminded,
    e.CallbackDue,
    e.PhoneAdded,
    e.NoteAdded,
    e.SeemsAway,
    e.Unreachable,
)
"""What changes nothing for whoever pressed: it needs not be told."""
READERS: Final = (COUNTER, "martin", "sophie", "claire", "tremblay", "karim")
SECONDS: Final = st.sampled_from((0, 1, 20, 61, 130, 310, 700, 7_200, 86_400))
STEPS: Final = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 99), SECONDS), min_size=1, max_size=7)


def pressed(card: ShownCard, button: ShownButton) -> Press:
    return Press(visit=card.visit, button=button.name, value=button.value, revision=card.revision)


def filled(form: Form, revision: int, choice: int = 0, **typed: str) -> Press:
    """Give a form with what stands in it, or with other choices."""
    values = {
        f.name: f.options[choice % len(f.options)].value
        if choice
        else next((o.value for o in f.options if o.chosen), "")
        for f in form.fields
        if f.options
    }
    values |= {f.name: f.value for f in form.fields if not f.options} | typed
    return Press(visit=form.visit, button=form.button, revision=revision, values=values, submitted=True)


def cards_of(world: World, reader: str) -> list[ShownCard]:
    return world.chat.cards(reader)


async def sends(world: World, reader: str, act: Press) -> Reply:
    return await world.sends(
        reader, visit=act.visit, button=act.button, value=act.value, revision=act.revision, values=act.values,
        submitted=act.submitted,
    )  # fmt: skip


# --- every button of every card that ever was ------------------------------------------------------------------------


async def is_answered(world: World, reader: str, act: Press) -> Reply:
    """Send what somebody had before them once, and see that it has an effect, or that they read what has happened."""
    person = "nadia" if reader == COUNTER else reader
    before = await world.whole_journal()
    reply = await sends(world, reader, act)
    assert reply.text, f"{act} is answered with nothing"
    if reply.outcome in (Outcome.DONE, Outcome.FORM) or reply.form is not None or reply.errors:
        return reply
    try:
        story = await world.parts.views.story(person, act.visit)
    except Refused:  # they were offered a call that somebody else has made, say: it is none of their business now
        assert "The newest card shows where it stands." in reply.text or "La carte la plus récente" in reply.text
        return reply
    is_open = (await world.visit()).is_open
    first = act.revision or 0 if is_open else 0
    told = [
        line.text
        for line, event in list(zip(story.lines, before, strict=False))[first:]
        if not isinstance(event, NOT_TOLD)
    ]
    unsafe = [event.by for event in before[first:] if isinstance(event, e.MarkedUnsafe)]
    if person == "nadia":  # the visitor may read along
        told += [f"Please read the message from {world.parts.settings.people[by].name}." for by in unsafe]
    story_so_far = f"{act} of {reader}, after {[type(event).__name__ for event in before]}: {reply}"
    assert not told or any(plain(line) in plain(reply.text) for line in told), story_so_far
    return reply


async def tells(steps: list[tuple[int, int, int]], kind: str, phone: str, again: int) -> None:
    world = World(MemoryStore(), at(9, 12))
    await world.arrives("Julie Tremblay", to_see="martin", kind=kind, phone=phone)
    seen: dict[tuple[str, int], ShownCard] = {}
    forms: list[tuple[str, int, Form]] = []
    for choice, other, seconds in steps:
        for reader in READERS:
            seen |= {(reader, card.revision): card for card in cards_of(world, reader)}
        now = [(r, c, b) for r in READERS for c in cards_of(world, r) for b in (*c.buttons, *c.more)]
        if now:
            reader, card, button = now[choice % len(now)]
            reply = await sends(world, reader, pressed(card, button))
            if reply.form is not None:
                forms.append((reader, card.revision, reply.form))
                if other % 3:
                    await sends(world, reader, filled(reply.form, card.revision, other, phone="514 555-0142"))
        await world.passes(seconds=seconds)
    for number, ((reader, _), card) in zip(count(again), seen.items(), strict=False):
        buttons = (*card.buttons, *card.more)
        for button in buttons[number % 3 :: 2]:
            reply = await is_answered(world, reader, pressed(card, button))
            if reply.form is not None:
                await is_answered(world, reader, filled(reply.form, card.revision))
    for reader, revision, form in forms:
        await is_answered(world, reader, filled(form, revision))


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from(("client", "supplier")), st.sampled_from(("", "514 555-0142")), st.integers(0, 5))
def test_each_button_that_ever_stood_on_a_card_has_an_effect_or_is_told_what_happened(
    steps: list[tuple[int, int, int]], kind: str, phone: str, again: int
) -> None:
    asyncio.run(tells(steps, kind, phone, again))


# --- a few of them, told ---------------------------------------------------------------------------------------------


async def test_who_answered_meanwhile_is_named_with_what_and_when(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    await world.passes(minutes=2)
    old = world.card("martin")
    await world.presses("sophie", "In 5 min")
    reply = await sends(world, "martin", pressed(old, world.button(old, "I'm coming")))
    assert plain(reply.text) == (
        "Thank you. The visit has moved on since; nothing has changed by this press. "
        "At 9:14 a.m.: Sophie Roy promised a hello by 9:19 a.m. Nothing more for you to do."
    )


async def test_it_is_told_in_the_language_of_whoever_pressed(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="tremblay")
    old = world.card("tremblay")
    await world.presses(COUNTER, "Hello happened")
    reply = await sends(world, "tremblay", pressed(old, old.buttons[0]))
    assert plain(reply.text) == (
        "Merci. Cette visite est close ; rien n'a changé. À 9 h 12 : Martin Tremblay a salué Julie Tremblay. "
        "Rien de plus à faire de votre côté."
    )


async def test_a_choice_that_cannot_be_had_any_more_says_why_as_well(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    old = world.card("martin")
    await world.presses("martin", "I'm coming")
    await world.presses("martin", "In 5 min")
    reply = await sends(world, "martin", replace(pressed(old, world.button(old, "In 5 min")), value="9"))
    assert "Martin Gagnon moved the hello to" in reply.text
    assert "This hello has been moved once already; nothing has changed." in reply.text


async def test_a_button_of_an_old_card_that_still_applies_works(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    old = world.card("martin")
    await world.presses(COUNTER, "Add phone", phone="514 555-0142")
    await world.passes(minutes=2)
    reply = await sends(world, "martin", pressed(old, world.button(old, "In 2 min")))
    assert reply.outcome is Outcome.DONE
    assert not reply.news


async def test_at_the_counter_the_visitor_reads_no_more_of_an_unsafe_visit_than_on_the_card(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone="514 555-0142")
    old = world.card(COUNTER)
    await world.presses("martin", "Not safe")
    reply = await sends(world, COUNTER, pressed(old, world.button(old, "Hello happened")))
    assert "Please read the message from Martin Gagnon." in reply.text
    assert "not safe" not in reply.text


async def test_whoever_may_not_read_a_visit_learns_nothing_of_what_happened(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    old = world.card("martin")
    await world.presses("martin", "In 2 min")
    reply = await sends(world, "karim", pressed(old, world.button(old, "I'm coming")))
    assert "Martin" not in reply.text
    assert "Julie" not in reply.text


async def test_what_was_typed_into_a_form_that_comes_too_late_is_shown_back(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin", phone="514 555-0142")
    old = world.card("martin")
    opened = await sends(world, "martin", pressed(old, world.button(old, "Call back…")))
    assert opened.form is not None
    await world.presses(COUNTER, "Posted by mistake")
    late = filled(opened.form, old.revision, line="I call about the key", points="the key")
    reply = await sends(world, "martin", late)
    assert reply.text.endswith("Nothing more for you to do.\nWhat you wrote: I call about the key; the key")
    assert "What you wrote" not in (await sends(world, "martin", filled(opened.form, old.revision))).text


async def test_a_press_twice_says_to_nobody_else_that_there_is_news(world: World) -> None:
    await world.arrives("Julie Tremblay", to_see="martin")
    old = world.card("martin")
    act = pressed(old, world.button(old, "In 2 min"))
    assert (await sends(world, "martin", act)).outcome is Outcome.DONE
    again = await sends(world, "martin", act)
    assert (again.outcome, again.news) == (Outcome.NOTHING_NEW, False)
    seen = await sends(world, COUNTER, replace(act, button="hello_happened", value=""))
    assert seen.outcome is Outcome.DONE
    late = await sends(world, "martin", replace(act, button="seen", value=""))
    assert (late.outcome, late.news) == (Outcome.NOTHING_NEW, True)
