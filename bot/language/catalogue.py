"""The catalogues as they stand in en.yaml and fr.yaml: read, checked for their form, and made ready to be filled in."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from bot import strict_yaml
from bot.errors import ConfigError, Fault

FOLDER: Final = Path(__file__).parent
ENGLISH: Final = "en"
"""The language of last resort: every key stands there."""
LANGUAGES: Final = (ENGLISH, "fr")
PLURAL_FORMS: Final = frozenset({"zero", "one", "two", "few", "many", "other"})
HARD: Final = "\u00a0"
"""The no-break space."""
THIN: Final = "\u202f"
"""The narrow no-break space, which French puts before high punctuation."""


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with gaps: `literals` stand around `names`, so there is one more of them."""

    literals: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One key of a catalogue: a template for each plural form, or only `other`.

    `days`: its moments are a day and a clock with their own preposition, because `callback` stands in its key.
    """

    key: str
    forms: Mapping[str, Template]
    days: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All sentences of one language, by key, in the order of the file."""

    language: str
    sentences: Mapping[str, Sentence]


def path_of(language: str) -> Path:
    """Give the file of a language's catalogue."""
    return FOLDER / f"{language}.yaml"


@cache
def built_in(language: str) -> Catalogue:
    """Give the catalogue that comes with hello30; read once."""
    return make(strict_yaml.load(path_of(language)), language)


def with_kinds(catalogue: Catalogue, kinds: Mapping[str, Mapping[str, str]]) -> Catalogue:
    """Give a catalogue that also says the kinds of a house, as its admin labelled them; labels have no gaps."""
    labels = {kind: by_language.get(catalogue.language, "") for kind, by_language in kinds.items()}
    said = {
        f"kind.{kind}": Sentence(key=f"kind.{kind}", forms={"other": Template((label,), ())}, days=False)
        for kind, label in labels.items()
        if label
    }
    return Catalogue(language=catalogue.language, sentences={**catalogue.sentences, **said})


def make(document: strict_yaml.Document, language: str) -> Catalogue:
    """Make a catalogue of a document without faults; raises `ConfigError` with whatever is no sentence in it."""
    faults: list[Fault] = []
    sentences: dict[str, Sentence] = {}
    for place, texts in entries(document):
        key = ".".join(place)
        try:
            forms = {form: template(typeset(text, language)) for form, text in texts.items()}
        except ValueError as error:
            faults.append(document.fault(place, str(error)))
        else:
            sentences[key] = Sentence(key=key, forms=forms, days="callback" in key.casefold())
    if faults:
        raise ConfigError(faults)
    return Catalogue(language=language, sentences=sentences)


def entries(document: strict_yaml.Document) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
    """Give each sentence's place and its text by plural form; a text without plural stands under `other`."""
    yield from _entries(document.data, ())


def _entries(data: object, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
    if not isinstance(data, dict):
        yield place, {"other": str(data)}
    elif data and data.keys() <= PLURAL_FORMS:
        yield place, {form: str(text) for form, text in data.items()}
    else:
        for key, below in data.items():
            yield from _entries(below, (*place, key))


def template(text: str) -> Template:
    """Find the gaps of a text; raises ValueError, with words for whoever wrote it, when its braces are no gaps."""
    literals, names = [""], []
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError:
        raise ValueError('a brace without its other half: write gaps as "{name}"') from None
    for literal, name, spec, conversion in parts:
        literals[-1] += literal
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            raise ValueError(f'"{{{name}}}" is no gap: write only a name between the braces')
        names.append(name)
        literals.append("")
    return Template(tuple(literals), tuple(names))


_HIGH = re.compile(" (?=[;?!])")
_COLON = re.compile(" (?=[:»])|(?<=«) ")


def typeset(text: str, language: str) -> str:
    """Put in the no-break spaces of French, which the catalogue leaves out so that people can write it."""
    return _COLON.sub(HARD, _HIGH.sub(THIN, text)) if language == "fr" else text
