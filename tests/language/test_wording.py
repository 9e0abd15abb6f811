from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.domain.card import Button, Card, Fact, Nudge, Phrase
from bot.language import samples
from bot.language.catalogue import LANGUAGES, built_in
from bot.language.wording import Reader, Wording, WordsMissing

NOW = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)  # a Wednesday, 9:12 in Montréal
EN, FR = Reader("en-CA", "America/Montreal"), Reader("fr-CA", "America/Montreal")
HARD, THIN = "\u00a0", "\u202f"


@pytest.fixture(scope="module")
def wording() -> Wording:
    return Wording.load(strict=True)


EVERY_KEY = [(language, key) for language in LANGUAGES for key in built_in(language).sentences]


@pytest.mark.parametrize("language, key", EVERY_KEY)
def test_every_sentence_can_be_filled_in(wording: Wording, language: str, key: str) -> None:
    for text in samples.examples(wording, key, language):
        assert text
        assert not set("{}…") & set(text.removesuffix("…"))
        assert ".." not in text


def call(wording: Wording, due: datetime, reader: Reader, now: datetime = NOW) -> str:
    return wording.say(Phrase("story.summary.callback_promised", {"person": "R", "time": due}), reader, now)


@pytest.mark.parametrize(
    "ahead, english, french",
    [
        (timedelta(hours=5, minutes=18), "today at 2:30_p.m.", "aujourd'hui à 14_h_30"),
        (timedelta(days=1, minutes=48), "tomorrow at 10:00_a.m.", "demain à 10_h"),
        (timedelta(days=-1), "yesterday at 9:12_a.m.", "hier à 9_h_12"),
        (timedelta(days=2), "on Friday at 9:12_a.m.", "vendredi 6 mars à 9_h_12"),
        (timedelta(days=6, hours=-1), "on Tuesday at 9:12_a.m.", "mardi 10 mars à 9_h_12"),  # the clocks have changed
        (timedelta(days=7), "on Wednesday, March 11 at 10:12_a.m.", "mercredi 11 mars à 10_h_12"),
        (timedelta(days=28), "on Wednesday, April 1 at 10:12_a.m.", "mercredi 1er avril à 10_h_12"),
        (timedelta(days=365), "on Thursday, March 4, 2027 at 9:12_a.m.", "jeudi 4 mars 2027 à 9_h_12"),
    ],
)
def test_a_callback_has_a_day_and_a_clock(wording: Wording, ahead: timedelta, english: str, french: str) -> None:
    assert call(wording, NOW + ahead, EN) == "Promised by R, " + english.replace("_", HARD)
    assert call(wording, NOW + ahead, FR) == "Promis par R, " + french.replace("_", HARD)


def test_what_is_today_is_decided_where_the_reader_is(wording: Wording) -> None:
    due = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)
    assert "today at 8:00" in call(wording, due, EN)
    assert "tomorrow at 02:00" in call(wording, due, Reader("en-GB", "Europe/Paris"))
    assert "demain à 10" in call(wording, due, Reader("fr-FR", "Asia/Tokyo"), now=NOW)


@pytest.mark.parametrize(
    "utc, shown",
    [
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), "1_h_59"),
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "3_h"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "1_h_30"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "1_h_30"),
    ],
)
def test_clocks_follow_the_change_of_the_hour(wording: Wording, utc: datetime, shown: str) -> None:
    assert wording.clock(utc, FR) == shown.replace("_", HARD)


@pytest.mark.parametrize(
    "language, shown",
    [
        ("en-CA", "9:12_a.m."),
        ("en-GB", "09:12"),
        ("en", "9:12_AM"),
        ("fr-CA", "9_h_12"),
        ("fr-FR", "9_h_12"),
        ("fr_XX", "9_h_12"),
        ("FR", "9_h_12"),
        ("de-DE", "9:12_AM"),
        ("", "9:12_AM"),
        ("no language", "9:12_AM"),
    ],
)
def test_a_clock_is_written_as_the_language_does(wording: Wording, language: str, shown: str) -> None:
    assert wording.clock(NOW, Reader(language, "America/Montreal")) == shown.replace("_", HARD)


def test_a_clock_of_another_day_says_which(wording: Wording) -> None:
    def waiting(since: datetime, reader: Reader) -> str:
        return wording.say(Phrase("note.with_you_since", {"time": since}), reader, NOW).replace(HARD, "_")

    assert waiting(NOW, EN) == "With you since 9:12_a.m."  # one full stop, not two
    assert waiting(NOW, FR) == "À vous depuis 9_h_12."
    assert waiting(NOW - timedelta(days=1), EN) == "With you since 9:12_a.m. yesterday."
    assert waiting(NOW + timedelta(days=1), FR) == "À vous depuis 9_h_12 demain."
    assert waiting(NOW + timedelta(days=2), EN) == "With you since 9:12_a.m. on Friday."
    assert waiting(NOW - timedelta(days=9), FR) == "À vous depuis 9_h_12 lundi 23 février."


@pytest.mark.parametrize("count, english, french", [(0, "s", ""), (1, "", ""), (2, "s", "s"), (5, "s", "s")])
def test_a_number_chooses_the_plural(wording: Wording, count: int, english: str, french: str) -> None:
    phrase = Phrase("fact.promised_count", {"count": count})
    assert wording.say(phrase, EN, NOW) == f"{count} promise{english}"
    assert wording.say(phrase, FR, NOW) == f"{count} promesse{french}"


def test_french_has_its_spaces_and_what_people_wrote_is_left_alone(wording: Wording) -> None:
    args = {"text": "5 ; ? « a »"}
    said = wording.say(Phrase("form.errors.number_wrong", args), FR, NOW)
    assert f"«{HARD}5 ; ? « a »{HARD}»{THIN}; par" in said
    assert wording.say(Phrase("form.callback.when"), FR, NOW).endswith(f"Quand{THIN}?")
    assert wording.say(Phrase("page.empty.intro"), FR, NOW).endswith(f"ici{HARD}:")


def test_a_number_is_shown_as_it_is_dialled(wording: Wording) -> None:
    args = {"visitor": "{owner} {x} %s", "number": "+15145550142"}
    said = wording.say(Phrase("callback.now", args), EN, NOW)
    assert said == f"Call {{owner}} {{x}} %s now, on +1{HARD}514-555-0142."
    assert "on 123." in wording.say(Phrase("callback.now", {**args, "number": "123"}), EN, NOW)


def test_every_phrase_of_a_card_is_worded(wording: Wording) -> None:
    card: Card[Phrase] = Card(
        reader="martin",
        visit="v1",
        revision=3,
        state="asking",
        turn=True,
        tag=Phrase("tag.asking", {"responder": "Martin"}),
        title=Phrase("reception.title_no_company", {"visitor": "Julie", "owner": "Martin"}),
        visitor="Julie",
        company="",
        owner="Martin",
        notes=(Phrase("note.promised_for", {"time": NOW}),),
        facts=(Fact(label=Phrase("fact.kind"), value=Phrase("kind.client")),),
        buttons=(Button(name="hello", label=Phrase("buttons.in_minutes", {"minutes": 2}), value="2"),),
        since=NOW,
    )
    shown = wording.card(card, EN, NOW)
    assert (shown.tag, shown.title) == ("Asking Martin", "Julie for Martin")
    assert shown.notes == (f"Promised for 9:12{HARD}a.m.",)
    assert shown.facts == (Fact(label="Kind", value="Client"),)
    assert shown.buttons == (Button(name="hello", label="In 2 min", value="2"),)
    assert (shown.since, shown.say, shown.revision) == (NOW, None, 3)
    nudge = Nudge(key="k", visit="v1", person="p", text=Phrase("callback.now_nudge", {"visitor": "Julie"}), asking=1)
    assert wording.nudge(nudge, FR, NOW).text == "Appelez Julie maintenant"


@pytest.mark.parametrize(
    "seconds, exact, english",
    [
        (-5, False, "0 s"),
        (40, False, "40 s"),
        (659, False, "10 min"),
        (645, True, "10 min 45 s"),
        (600, True, "10 min"),
        (3600, True, "1 h"),
        (7500, False, "2 h 5 min"),
        (3 * 86400 + 5, False, "3 days"),
    ],
)
def test_a_duration_is_short(wording: Wording, seconds: int, exact: bool, english: str) -> None:  # noqa: FBT001
    assert wording.duration(timedelta(seconds=seconds), EN, exact=exact).replace(HARD, " ") == english


def test_what_is_missing_is_an_error_in_a_strict_wording(wording: Wording) -> None:
    for phrase in (Phrase("say.nothing"), Phrase("say.asked", {"owner": "M"}), Phrase("reply.hello_promised")):
        with pytest.raises(WordsMissing, match=phrase.key):
            wording.say(phrase, EN, NOW)
    with pytest.raises(WordsMissing, match="Mars/Base"):
        wording.clock(NOW, Reader("en", "Mars/Base"))


def test_what_is_missing_never_takes_the_process_down_and_is_logged_once_without_names() -> None:
    calm = Wording.load()
    with capture_logs() as logs:
        for _ in range(2):
            assert calm.say(Phrase("kind.night_watch"), FR, NOW) == "night watch"
            assert calm.say(Phrase("say.asked", {"time": NOW}), EN, NOW).startswith("I have told …, and by 9:12")
            assert calm.say(Phrase("reply.hello_promised", {"visitor": "Julie"}), EN, NOW).endswith("within … minutes.")
        assert calm.clock(NOW, Reader("fr", "Mars/Base")) == f"14{HARD}h{HARD}12"
    assert {entry["event"] for entry in logs} == {"words missing"}
    assert len({entry["what"] for entry in logs}) == len(logs)
    assert not any("Julie" in str(entry) for entry in logs)


def test_a_key_that_one_language_lacks_is_said_in_english() -> None:
    english = built_in("en")
    calm = Wording({"en": english})
    assert calm.say(Phrase("tag.coming"), FR, NOW) == "Coming"


def test_the_page_of_sentences_has_every_key_in_both_languages() -> None:
    page = samples.sentences_markdown()
    assert page.count("\n| `") == len(built_in("en").sentences)
    assert "| `coming` | Coming | En route |" in page
