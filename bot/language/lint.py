"""Check the catalogues: against each other, against the rules of tone, and against the keys that the code uses.

Run as `python -m bot.language.lint`: every fault is written as file:line:column, and there is an exit status of 1 if
there is one. With `--unused`, a key that no code names is a fault as well.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from babel import Locale

from bot import strict_yaml
from bot.domain.card import Phrase
from bot.errors import ConfigError, Fault
from bot.language import catalogue, samples, tone
from bot.language.catalogue import ENGLISH, LANGUAGES, Catalogue
from bot.language.named import Named
from bot.language.wording import Wording
from bot.strict_yaml import Document

Place = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Book:
    """One language's file, and what was made of it."""

    language: str
    document: Document
    catalogue: Catalogue

    @cached_property
    def entries(self) -> Mapping[Place, Mapping[str, str]]:
        """Give each sentence's texts by plural form, in the order of the file."""
        return dict(catalogue.entries(self.document))

    def fault(self, place: Place, message: str) -> Fault:
        """Make a fault that points at a key."""
        return self.document.fault(place, f"{'.'.join(place)}: {message}", at_key=True)


def check(documents: Mapping[str, Document]) -> list[Fault]:
    """Give all faults of a set of catalogues, by language; English must be among them."""
    faults = [fault for document in documents.values() for fault in document.faults]
    if faults:
        return faults
    try:
        made = {language: catalogue.make(document, language) for language, document in documents.items()}
    except ConfigError as error:
        return error.faults
    books = [Book(language=name, document=documents[name], catalogue=made[name]) for name in documents]
    first = next(book for book in books if book.language == ENGLISH)
    for book in books:
        faults += _compared(book, first) if book is not first else ()
        faults += _plurals(book)
        faults += _short_forms(book)
    return faults or [fault for book in books for fault in _tone(book, Wording(made, strict=True))]


# --- one file with another -------------------------------------------------------------------------------------------


def _compared(book: Book, first: Book) -> Iterator[Fault]:
    """The same keys in the same order, plural or not, with the same placeholders."""
    for place in first.entries.keys() - book.entries.keys():
        yield first.fault(place, f"this key is missing in {book.document.file}")
    for place in book.entries.keys() - first.entries.keys():
        yield book.fault(place, f"there is no such key in {first.document.file}")
    shared = [place for place in book.entries if place in first.entries]
    in_order = [place for place in first.entries if place in book.entries]
    for mine, theirs in zip(shared, in_order, strict=True):
        if mine != theirs:
            yield book.fault(mine, f"here {first.document.file} has {'.'.join(theirs)}: keep the keys in one order")
            break
    for place in shared:
        if (len(book.entries[place]) > 1) != (len(first.entries[place]) > 1):
            yield book.fault(place, "this sentence has plural forms in one language only")
        # How a day is written differs from language to language, and so does what it is made of.
        elif place[0] != "time" and _names(book, place) != _names(first, place):
            yield book.fault(place, f"its placeholders are not those of {first.document.file}")


def _names(book: Book, place: Place) -> frozenset[str]:
    forms = book.catalogue.sentences[".".join(place)].forms.values()
    return frozenset(name for form in forms for name in form.names)


def _plurals(book: Book) -> Iterator[Fault]:
    """Every plural form that the language has for everyday numbers, with a number in each."""
    locale = Locale.parse(book.language)
    needed = {locale.plural_form(number) for number in range(200)} | {"other"}
    for place, texts in book.entries.items():
        if texts.keys() == {"other"}:
            continue
        for form in sorted(needed - texts.keys()):
            yield book.fault(place, f"the plural form {form!r} is missing")
        for form in sorted(texts.keys() - {*locale.plural_form.tags, "other"}):
            yield book.fault(place, f"{locale.display_name} has no plural form {form!r}")
        templates = book.catalogue.sentences[".".join(place)].forms.values()
        if not all({"count", "minutes"} & set(each.names) for each in templates):
            yield book.fault(place, "a sentence with plural forms needs {count} or {minutes} in each")
        elif len({frozenset(each.names) for each in templates}) > 1:
            yield book.fault(place, "its plural forms have different placeholders")


def _short_forms(book: Book) -> Iterator[Fault]:
    """A short form for each sentence to a visitor, which needs nothing that the whole one does not have."""
    whole = {place[1:]: place for place in book.entries if place[0] == "say"}
    short = {place[1:]: place for place in book.entries if place[0] == "say_short"}
    for rest in whole.keys() ^ short.keys():
        yield book.fault((whole | short)[rest], "say and say_short need the same keys")
    for rest in whole.keys() & short.keys():
        if more := _names(book, short[rest]) - _names(book, whole[rest]):
            yield book.fault(short[rest], f"the whole sentence has no {{{min(more)}}}")


# --- the tone --------------------------------------------------------------------------------------------------------


def _tone(book: Book, wording: Wording) -> Iterator[Fault]:
    for place, texts in book.entries.items():
        for form, text in texts.items():
            names = frozenset(catalogue.template(text).names)
            if unknown := names - samples.ARGS.keys():
                yield book.fault(place, f"{{{min(unknown)}}} is not known: {', '.join(sorted(samples.ARGS))} are")
                continue
            key = ".".join(place)
            args = samples.example_args(book.catalogue.sentences[key], 1 if form == "one" else 5, samples.LONG)
            shown = wording.say(Phrase(key, args), samples.READERS[book.language], samples.NOW)
            line = tone.Line(language=book.language, key=key, text=text, names=names, shown=shown)
            yield from (book.fault(place, message) for rule in tone.RULES for message in rule(line))


# --- the code --------------------------------------------------------------------------------------------------------

_LOGGED = re.compile(r"\b_?log(?:\.\w+\(|_\w+\(_?log,)\s*\Z")
"""What stands before the name of a line in the log, which may begin as a group does."""
_NO_KEY: Final = (".html", ".css", ".js", ".py", ".yaml", ".json", ".sql")


def unknown_keys(known: Catalogue, sources: Mapping[str, str]) -> Iterator[Fault]:
    """Give the keys that code (text by file name) uses and the catalogue does not have."""
    for file, source in sources.items():
        for offset, key in _used(known, source):
            if not _matches(key, known):
                before = source[:offset]
                line, column = before.count("\n") + 1, offset - before.rfind("\n")
                yield Fault(file, line, column, f"no sentence has the key {key}")


def unused_keys(known: Catalogue, sources: Mapping[str, str]) -> list[str]:
    """Give the keys that no code names. Each sentence to a visitor has its short form, which is named with it."""
    named = Named(sources)
    return [key for key in known.sentences if key not in named and key.replace("say_short.", "say.") not in named]


def _used(known: Catalogue, source: str) -> Iterator[tuple[int, str]]:
    """Find strings that begin with the name of a group, up to what is filled in, and the reasons of refusals."""
    groups = "|".join(sorted({key.partition(".")[0] for key in known.sentences}))
    for found in re.finditer(rf"""["']((?:{groups})\.[A-Za-z0-9_.]*)(["'{{])""", source):
        if not found[1].endswith(_NO_KEY) and not _LOGGED.search(source[: found.start()][-80:]):
            yield found.start(1), found[1] + ("_" if found[2] == "{" and not _is_start(found[1]) else "")
    for found in re.finditer(r'\bRefused\(\s*"(\w+)"', source):
        yield found.start(1), f"refused.{found[1]}"


def _is_start(key: str) -> bool:
    """Tell whether the rest of a key is put together as the program runs."""
    return key.endswith((".", "_"))


def _matches(key: str, known: Catalogue) -> bool:
    return any(each.startswith(key) for each in known.sentences) if _is_start(key) else key in known.sentences


def sources_of(root: Path) -> dict[str, str]:
    """Read the code that uses the catalogues."""
    files = [path for folder in ("bot", "adapters") for path in sorted((root / folder).rglob("*"))]
    wanted = [path for path in files if path.suffix in {".py", ".html"}]
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in wanted}


def _unused(document: Document, key: str) -> Fault:
    return document.fault(
        tuple(key.split(".")), f"{key}: no code names this key; take it out of each file", at_key=True
    )


def main(arguments: list[str], root: Path = catalogue.FOLDER.parent.parent) -> int:
    """Check what comes with hello30, and the code below `root`; write what is wrong; give the exit status."""
    documents = {language: strict_yaml.read(catalogue.path_of(language)) for language in LANGUAGES}
    faults = check(documents)
    if not faults:
        known, sources = catalogue.built_in(ENGLISH), sources_of(root)
        faults = list(unknown_keys(known, sources))
        if "--unused" in arguments:
            faults += [_unused(documents[ENGLISH], key) for key in unused_keys(known, sources)]
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
