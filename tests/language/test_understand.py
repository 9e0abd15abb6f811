import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.people import Person
from bot.language.understand import UNCLEAR, Role, Understood, understand

NOW = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)
PEOPLE = tuple(
    Person(id=key, name=name, given=name.split()[0], language="fr-CA", zone="America/Montreal")
    for key, name in (("martin", "Martin Gagnon"), ("martin2", "Martin Tremblay"), ("zoe", "Zoé O'Brien"))
)


def read(text: str, role: Role = "owner") -> Understood:
    return understand(text, role=role, now=NOW, zone="America/Montreal", language="fr", people=PEOPLE)


@pytest.mark.parametrize(
    "text, intent",
    [
        ("I'm coming", "hello_now"),
        ("J\u2019arrive !", "hello_now"),
        ("on my way", "hello_now"),
        ("Put them through", "hello_now"),
        ("Call back…", "callback"),
        ("Rappeler", "callback"),
        ("Ask a colleague...", "delegate"),
        ("Passer le relais…", "delegate"),
        ("Done", "done"),
        ("appel fait", "done"),
        ("No answer", "no_answer"),
        ("Pas de réponse", "no_answer"),
        ("Move", "move"),
        ("Déplacer…", "move"),
        ("busy", "busy"),
        ("Busy!!", "busy"),
        ("occupé", "busy"),
        ("Je suis occupée.", "busy"),
        ("je suis occupe\u0301", "busy"),
        ("en réunion", "busy"),
        ("later", "busy"),
        ("not now", "busy"),
        ("plus tard", "busy"),
        ("no", "decline"),
        ("Non merci", "decline"),
        ("merci", "thanks"),
        ("who?", "question"),
        ("c'est pour quoi ?", "question"),
        ("ok mais elle veut quoi ?", "question"),
    ],
)
def test_a_known_line_is_understood_in_both_languages(text: str, intent: str) -> None:
    understood = read(text)
    assert (understood.intent, understood.certain) == (intent, True)


@pytest.mark.parametrize(
    "text, minutes",
    [
        ("In 2 min", 2),
        ("Dans 5 min", 5),
        ("in 5", 5),
        ("5 min", 5),
        ("j'arrive dans 10 min", 10),
        ("be there in 10 min", 10),
        ("donne-moi 2 minutes", 2),
    ],
)
def test_minutes_are_understood(text: str, minutes: int) -> None:
    assert read(text) == Understood(intent="hello_in", in_minutes=minutes, certain=True)


@pytest.mark.parametrize("text", ["14 h 30", "je la rappelle à 14h30", "I'll call her at 2:30 pm", "call back 14:30"])
def test_a_plain_hour_is_the_time_of_a_callback(text: str) -> None:
    due = datetime(2026, 3, 4, 19, 30, tzinfo=UTC)
    assert read(text) == Understood(intent="callback", at=due, precision="minute", certain=True)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "\x00\x01",
            "hmm",
            "5",
            "2",
            "2:30",
            "0 min",
            "in a week",
            "<script>alert(1)</script>",
            "((((",
            "\ud800",
        ),
        *("busy, call her tomorrow at 10", "x" * 10_000, "busy " * 2_000, "a for " * 50, "in " * 4000),
    ],
)
@pytest.mark.parametrize("role", ["owner", "reception"])
def test_everything_else_is_unclear(text: str, role: Role) -> None:
    assert read(text, role).intent in ({"unclear"} if role == "owner" else {"unclear", "announce"})
    assert not read(text, role).certain


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "Julie Tremblay (Chambre de commerce) for Zoe: room booking",
            Understood(
                intent="announce",
                visitor="Julie Tremblay",
                company="Chambre de commerce",
                owner="Zoe",
                owner_candidates=("zoe",),
                reason="room booking",
                certain=True,
            ),
        ),
        (
            "Ève (Centre pour enfants) pour Martin : signature, 514 523-4567",
            Understood(
                intent="announce",
                visitor="Ève",
                company="Centre pour enfants",
                owner="Martin",
                owner_candidates=("martin", "martin2"),
                phone="+15145234567",
                reason="signature",
            ),
        ),
        ("Julie for Robert", Understood(intent="announce", visitor="Julie", owner="Robert")),
        (
            "Julie pour gagnon",
            Understood(intent="announce", visitor="Julie", owner="gagnon", owner_candidates=("martin",), certain=True),
        ),
        ("for Martin", UNCLEAR),
        ("Julie for", UNCLEAR),
        ("Julie Tremblay", UNCLEAR),
    ],
)
def test_reception_announces_in_one_line(text: str, expected: Understood) -> None:
    assert read(text, "reception") == expected


@pytest.mark.parametrize(
    "text", ["a for " * 60, "for " * 90, "(" * 300, "a" * 99 + " for " + "b " * 99, " ( " * 100, "x (y" * 75]
)
def test_no_line_takes_long(text: str) -> None:
    read("warm", "reception")
    began = time.perf_counter()
    for _ in range(5):
        read(text, "reception")
    assert time.perf_counter() - began < 1


@given(st.text(max_size=400))
def test_whatever_is_typed_is_read_without_an_error(text: str) -> None:
    for role in ("owner", "reception"):
        assert read(text, role).intent
