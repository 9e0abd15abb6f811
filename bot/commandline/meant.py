"""Whom somebody means who writes a name on the command line."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from bot.domain.people import Person
from bot.language import meant
from bot.language.meant import NotOnePerson


def one_person(text: str, people: Mapping[str, Person], hint: str) -> Person:
    """Give the one person who is meant; raises `BadParameter` of the parameter `hint`, which says who may be meant."""
    try:
        return meant.one_person(text, people)
    except NotOnePerson as wrong:
        raise typer.BadParameter(str(wrong), param_hint=hint) from None
