"""Which one person an operator or admin means by a name, or an id; nobody is ever guessed."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.people import Person
from bot.errors import Hello30Error
from bot.language.names import find
from bot.yaml_shape import did_you_mean


class NotOnePerson(Hello30Error):
    """Nobody goes by that name, or several people do; the text says who may be meant."""


def one_person(text: str, people: Mapping[str, Person]) -> Person:
    """Give the one person who is meant, by id or by name; raises `NotOnePerson`."""
    if text in people:
        return people[text]
    found = find(text, people.values())
    if len(found) == 1:
        return found[0]
    if found:
        choice = ", ".join(f"{person.name} ({person.id})" for person in found)
        raise NotOnePerson(f'several people go by the name "{text}": {choice}. Please use an id.')
    names = [person.name for person in people.values()]
    advice = f": {did_you_mean(text, people, also=names)}" if people else " here."
    raise NotOnePerson(f'nobody goes by the name "{text}"{advice}')
