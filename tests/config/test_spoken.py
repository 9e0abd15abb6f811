"""The languages that a configuration may name are those that there are sentences in."""

from __future__ import annotations

from bot.config_shape import SPOKEN
from bot.language.catalogue import LANGUAGES


def test_a_configuration_may_name_just_the_languages_that_there_are_catalogues_for() -> None:
    assert set(SPOKEN) == set(LANGUAGES)
