import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people import Person
from bot.language.names import find, fold


def person(id: str, given: str, last: str, *aliases: str) -> Person:  # noqa: A002 - as in Person
    return Person(
        id=id, name=f"{given} {last}", given=given, language="fr-CA", zone="America/Montreal", aliases=aliases
    )


PEOPLE = (
    person("mgagnon", "Martin", "Gagnon"),
    person("mtremblay", "Martin", "Tremblay"),
    person("mlefebvre", "Marie-Ève", "Lefebvre"),
    person("zobrien", "Zoé", "O'Brien"),
    person("jnunez", "José", "Núñez"),
    person("melamrani", "Mohamed", "El Amrani", "Med"),
    person("mmartin", "Maude", "Martin"),
    person("lboeuf", "Łucja", "Bœuf-Sørensen"),
)


@pytest.mark.parametrize(
    "text, ids",
    [
        ("Martin Gagnon", "mgagnon"),
        ("MARTIN  GAGNON", "mgagnon"),
        ("gagnon", "mgagnon"),
        ("Martin", "mgagnon mtremblay mmartin"),
        ("Marie Eve", "mlefebvre"),
        ("marie\u2011ève", "mlefebvre"),
        ("Marie-E\u0300ve Lefebvre", "mlefebvre"),
        ("o\u2019brien", "zobrien"),
        ("Zoe", "zobrien"),
        ("nunez", "jnunez"),
        ("El Amrani", "melamrani"),
        ("med", "melamrani"),
        ("lucja boeuf sorensen", "lboeuf"),
        ("Mart", ""),
        ("Robert", ""),
        ("", ""),
        ("\x00", ""),
        ("-", ""),
        ("Martin" * 5000, ""),
    ],
)
def test_a_name_is_found_exactly_or_not_at_all(text: str, ids: str) -> None:
    assert " ".join(p.id for p in find(text, PEOPLE)) == ids


def test_an_alias_wins_over_a_part_of_a_name() -> None:
    people = (person("a", "Alex", "Roy"), person("b", "Alexandre", "Dubé", "Alex"))
    assert [p.id for p in find("alex", people)] == ["b"]


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
