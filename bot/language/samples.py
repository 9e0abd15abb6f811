"""Every sentence filled in with an example: for the page of sentences in the docs, for the lint, and for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.card import Args, Phrase
from bot.language.catalogue import LANGUAGES, Sentence, built_in
from bot.language.wording import Reader, Wording

NOW: Final = datetime(2026, 3, 4, 14, 12, tzinfo=UTC)
"""A Wednesday; 9:12 at the example's reception."""
READERS: Final[Mapping[str, Reader]] = {
    "en": Reader("en-CA", "America/Toronto"),
    "fr": Reader("fr-CA", "America/Toronto"),
}
ARGS: Final[Args] = {
    "visitor": "Julie Tremblay",
    "company": "Chambre de commerce",
    "owner": "Martin Gagnon",
    "responder": "Sophie Roy",
    "colleague": "Claire Bouchard",
    "by": "Nadia Benali",
    "person": "Sophie Roy",
    "to": "Claire Bouchard",
    "entered_by": "Nadia Benali",
    "number": "+15145550142",
    "minutes": 5,
    "count": 2,
    "time": NOW + timedelta(minutes=8),
    "until": NOW + timedelta(minutes=10),
    "site": "Montréal",
    "adapter": "Slack",
    "text": "10 h 75",
    "reason_text": "client",
    "clock": "9:20",
    "day": "March 5",
    "weekday": "Thursday",
    "visit": "3f9a",
    "policy": "office",
    "zone": "America/Montreal",
    "moment": "2026-03-04 09:20:00",
    "total": 4,
}
"""An example of everything that may be filled in: no other placeholder is known."""
LONG: Final[Args] = {
    **ARGS,
    "visitor": "Marie-Christine Tremblay",
    "owner": "Jean-François Benchekrou",
    "responder": "Jean-François Benchekrou",
    "by": "Jean-François Benchekrou",
}
"""The longest names, at 24 characters, that a notification must leave room for."""
_TOMORROW: Final = NOW + timedelta(days=1, hours=1)


def example_args(sentence: Sentence, count: int | None = None, args: Args = ARGS) -> Args:
    """Give what fills a sentence in: tomorrow where it speaks of days, and `count` where a number chooses its form."""
    number: Args = {} if count is None else {"count": count, "minutes": count}
    return {**args, **number, **({"time": _TOMORROW} if sentence.days else {})}


def examples(wording: Wording, key: str, language: str) -> Iterator[str]:
    """Give a key's sentence filled in, once for each plural form of the language."""
    sentence = built_in(language).sentences[key]
    for count in (1, 5) if len(sentence.forms) > 1 else (None,):
        yield wording.say(Phrase(key, example_args(sentence, count)), READERS[language], NOW)


def sentences_markdown() -> str:
    """Write docs/sentences.md: every key with its sentence in each language."""
    wording = Wording.load(strict=True)
    lines = [
        "# What hello30 says",
        "",
        "Made from `bot/language/en.yaml` and `fr.yaml` by `python -m bot.docs`: change the sentences there.",
        "A sentence that depends on a number is shown for one and for five.",
    ]
    group = ""
    for key in built_in(LANGUAGES[0]).sentences:
        here, _, rest = key.partition(".")
        if here != group:
            group = here
            lines += ["", f"## {group}", "", "| key | English | français |", "| --- | --- | --- |"]
        cells = ("<br>".join(map(_cell, examples(wording, key, language))) for language in LANGUAGES)
        lines.append(f"| `{rest}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Keep what Markdown would take for its own."""
    return text.replace("|", "\\|").replace("<", "&lt;")
