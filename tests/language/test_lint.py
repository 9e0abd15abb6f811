from collections.abc import Callable
from pathlib import Path

import pytest

from bot import strict_yaml
from bot.language import lint
from bot.language.catalogue import ENGLISH, LANGUAGES, built_in, path_of

EN, FR = (path_of(language).read_text(encoding="utf-8") for language in LANGUAGES)


def faults(en: str = EN, fr: str = FR) -> list[str]:
    texts = {"en": en, "fr": fr}
    return [str(f) for f in lint.check({k: strict_yaml.parse(v.encode(), f"{k}.yaml") for k, v in texts.items()})]


def replaced(old: str, new: str) -> Callable[[str], str]:
    def plant(text: str) -> str:
        assert text.count(old) == 1
        return text.replace(old, new)

    return plant


def test_our_catalogues_have_no_fault() -> None:
    assert faults() == []


ASKED_EN = '  asked: "I have told {owner}, and by {time} I will tell you more."'
ASKED_FR = """  asked: "J'ai prévenu {owner} et je vous donne des nouvelles à {time} au plus tard.\""""


@pytest.mark.parametrize(
    "language, old, new, told",
    [
        ("fr", ASKED_FR, "", "say.asked: this key is missing in fr.yaml"),
        ("fr", ASKED_FR, ASKED_FR + '\n  more: "x"', "say.more: there is no such key in en.yaml"),
        ("fr", ASKED_FR, '  asked: "{responder} à {time}"', "placeholders are not those"),
        ("en", ASKED_EN, '  asked: "I have told {martin}: {time}"', "placeholders are not those"),
        ("en", ASKED_EN, '  asked: "I have told {owner"', "a brace without its other half"),
        ("en", ASKED_EN, '  asked: "I have told {owner!r}"', "is no gap"),
        ("en", ASKED_EN, ASKED_EN + "\n" + ASKED_EN, "en.yaml:12:3"),
        ("en", "told {owner}, and by", "told {owner}. By", "more than one sentence"),
        ("en", "{visitor} is asking for you", "{visitor} is waiting at the counter and asks for you now", "characters"),
        ("en", '  undo: "Undo"', '  undo: "Undo what has just been pressed"', "at most 30"),
        ("en", '  coming: "Coming"', '  coming: "The host is coming"', "'host' is not for hello30"),
        ("en", '  coming: "Coming"', '  coming: "He is coming"', "gender"),
        ("en", '  coming: "Coming"', '  coming: "Coming \u2705"', "not emoji"),
        ("en", "{owner} will call {time}.", "{owner} will call at {time}.", "own preposition"),
        ("en", 'One press moves it."\n  booked_nudge', 'One  press.."\n  booked_nudge', "two spaces"),
        ("fr", '  coming: "En route"', '  coming: "{responder} est parti"', "placeholders"),
        ("fr", '  coming: "En route"', '  coming: "Tu viens"', "write vous"),
        ("fr", '  coming: "En route"', '  coming: "Arrivé(e)"', "gender"),
        ("fr", '  coming: "En route"', '  coming: "En route!"', "a space before"),
        ("fr", "{owner} n'est pas là ; j'ai", "{owner} est sorti ; j'ai", "gender"),
        ("fr", "Note laissée par {owner} :", "Note d'{owner} :", "elision"),
        ("fr", "Rappeler {visitor}", "Rappel de {visitor}", "elision"),
    ],
)
def test_a_planted_fault_is_found(language: str, old: str, new: str, told: str) -> None:
    plant = replaced(old, new)
    found = faults(en=plant(EN)) if language == "en" else faults(fr=plant(FR))
    assert any(told in fault for fault in found), found


def test_an_order_that_differs_is_found() -> None:
    lines = ('  coming: "En route"\n', '  hello_late: "Rencontre en retard"\n')
    assert "keep the keys in one order" in faults(fr=replaced("".join(lines), "".join(reversed(lines)))(FR))[0]


def test_a_sentence_to_a_visitor_without_a_person_or_a_time_is_found() -> None:
    fr_asked = ASKED_FR.replace("{owner}", "X").replace("{time}", "Y")
    en_asked = ASKED_EN.replace("{owner}", "X").replace("{time}", "Y")
    short = "{owner} has been told: more by {time}."
    found = faults(
        replaced(short, "Told.")(replaced(ASKED_EN, en_asked)(EN)),
        replaced("J'ai prévenu {owner} : des nouvelles à {time} au plus tard.", "Dit.")(
            replaced(ASKED_FR, fr_asked)(FR)
        ),
    )
    assert any("say.asked: nobody is named" in fault for fault in found)
    assert any("say.asked: no time" in fault for fault in found)
    assert any("say_short.asked: nobody is named" in fault for fault in found)


def test_plural_forms_that_are_missing_or_foreign_are_found() -> None:
    one, few = '    one: "{count} promise"\n', '    few: "{count} promises"\n'
    assert any("'one' is missing" in fault for fault in faults(replaced(one, few)(EN)))
    assert any("no plural form 'few'" in fault for fault in faults(replaced(one, one + few)(EN)))


def test_a_key_that_the_code_uses_and_nobody_wrote_is_found() -> None:
    known = built_in(ENGLISH)
    source = (
        'say("tag.coming", f"tag.closed_{how}", "tag.")\nraise Refused("no_way")\nt("page.nope")\nopen("page.html")\n'
    )
    found = [str(fault) for fault in lint.unknown_keys(known, {"bot/x.py": source})]
    assert found == [
        "bot/x.py:3:4: no sentence has the key page.nope",
        "bot/x.py:2:16: no sentence has the key refused.no_way",
    ]
    assert [str(f) for f in lint.unknown_keys(known, {"x.py": 'f"tag.nobody_{x}"'})]


def test_the_name_of_a_line_in_the_log_is_no_key() -> None:
    source = 'log.info("page.opened")\nlog_failure(log, "adapter.not_stopped", error)\nsay("page.closed")\n'
    found = [str(fault) for fault in lint.unknown_keys(built_in(ENGLISH), {"x.py": source})]
    assert found == ["x.py:3:6: no sentence has the key page.closed"]


PUT_TOGETHER = """
'''Says note.unsafe, and "note.handover".'''
log.info("tag")
key = "note.promised_for" if checking else "note.asked"
say(f"{key}_booking_next")  # note.written
SAID = ("note.with_" + "you_since", "coming", "say.reminded")
say(f"tag.{tag}"); say("time." + name, "undo"); dated("duration.hours_")

class HelloGiven(Event):
    today: str
    late: bool

say(f"story.{type(event).__name__}", f"{kind}_{'late'}", "minutes")
raise Refused("closed")
"""


@pytest.mark.parametrize(
    "key, named",
    [
        ("note.asked", True),
        ("note.asked_booking_next", True),
        ("note.promised_for_booking_next", True),
        ("note.asked_next", False),  # no pattern ends so
        ("note.with_you_since", True),
        ("note.unsafe", False),  # a docstring
        ("note.handover", False),
        ("note.written", False),  # a comment
        ("tag.coming", True),
        ("tag.hello_late", False),  # nothing that says hello_late fills the gap
        ("time.today", True),  # the name of a field
        ("time.tomorrow", False),
        ("duration.hours_minutes", True),
        ("duration.hours", False),
        ("story.HelloGiven", True),  # the name of a class
        ("story.HelloGiven_late", True),  # put together of two
        ("story.HelloMoved", False),
        ("buttons.undo", False),  # its group is named nowhere
        ("refused.closed", True),
        ("say.reminded", True),
        ("say_short.reminded", True),  # its whole sentence is named
        ("say_short.asked", False),
    ],
)
def test_a_key_is_used_if_each_of_its_parts_stands_in_the_code(key: str, *, named: bool) -> None:
    known = built_in(ENGLISH)
    assert key in known.sentences
    assert (key not in lint.unused_keys(known, {"bot/x.py": PUT_TOGETHER})) is named


def test_templates_name_keys_in_what_they_fill_in() -> None:
    source = """<p title="{{ t('page.live') }}">{{ t("page.count." ~ what) }} page.site 'page.product'</p>
    {% set what = 'calls' %}"""
    unused = lint.unused_keys(built_in(ENGLISH), {"x.html": source})
    assert not {"page.live", "page.count.calls"} & set(unused)
    assert {"page.site", "page.product", "page.count.waiting"} <= set(unused)


def test_our_catalogues_hold_nothing_that_no_code_names() -> None:
    root = path_of(ENGLISH).parents[2]
    assert lint.unused_keys(built_in(ENGLISH), lint.sources_of(root)) == []


def test_an_unused_key_is_a_fault_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint.main([], tmp_path) == 0
    assert lint.main(["--unused"], tmp_path) == 1
    assert "en.yaml:11:3: say.asked: no code names this key" in capsys.readouterr().err


def test_the_command_is_quiet_when_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint.sources_of(tmp_path) == {}
    assert lint.main([]) == 0, capsys.readouterr().err
