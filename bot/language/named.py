"""Which keys of the catalogues the code names: whole ones, and those that it puts together as it runs.

A key that is put together has a pattern, such as `buttons.{…}` or `{…}_next`. It counts as named only if each gap is
filled with something that stands in the code as a text or as the name of a class or field, or is put together in turn.
So one `buttons.{…}` does not make a whole group named. Docstrings and comments name nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

GAP: Final = None
Pattern: TypeAlias = tuple[str | None, ...]
"""Texts, and gaps between them."""
_FILLED_IN = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_QUOTED = re.compile(r"""(["'])((?:(?!\1).)*)\1""")


class Code:
    """What stands in one file: its texts, and the patterns by which it puts texts together."""

    def __init__(self, file: str, source: str) -> None:
        """Read a file, by the end of its name: Python, or a template."""
        self.texts: set[str] = set()
        self.patterns: set[Pattern] = set()
        if file.endswith(".py"):
            self._read_python(ast.parse(source))
        else:
            self._read_template(source)

    def _read_template(self, source: str) -> None:
        for _, text in _QUOTED.findall(" ".join(_FILLED_IN.findall(source))):
            self._read_text(text)

    def _read_text(self, text: str) -> None:
        self.texts.add(text)
        if "." in text and text.endswith((".", "_")):  # handed on, and finished elsewhere
            self.patterns.add((text, GAP))

    def _read_python(self, tree: ast.Module) -> None:
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            match node:
                case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                    self.texts.add(name)
                case ast.JoinedStr() | ast.BinOp(op=ast.Add()):
                    self.patterns.add(tuple(_pieces(node)))
                case ast.Constant(value=str(text)) if id(node) not in docstrings:
                    self._read_text(text)
                case ast.Call(func=ast.Name(id="Refused"), args=[ast.Constant(value=str(reason)), *_]):
                    self.texts.add(f"refused.{reason}")
                case _:
                    pass


def _pieces(node: ast.expr) -> Iterator[str | None]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                yield from _pieces(value)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from _pieces(left)
            yield from _pieces(right)
        case _:
            yield GAP


class Named:
    """Answers whether a key is named; `sources` is code by the names of its files."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        """Read the code."""
        self._files = [Code(file, source) for file, source in sources.items()]
        self._texts = frozenset(text for code in self._files for text in code.texts)
        # A part may be put together in another file than its key, but not by a pattern that fits anything.
        self._of_parts = frozenset(
            each for code in self._files for each in code.patterns if re.search("[a-z]", "".join(_known(each)))
        )
        self._parts: dict[str, bool] = {}

    def __contains__(self, key: str) -> bool:
        """Tell whether the code names this key."""
        return key in self._texts or any(self._puts_together(key, code) for code in self._files)

    def _puts_together(self, key: str, code: Code) -> bool:
        def stands(part: str) -> bool:
            if "." in part:
                return part in code.texts
            if part not in self._parts:
                self._parts[part] = part in self._texts or _has_one(part, self._of_parts, self._texts.__contains__)
            return self._parts[part] or _has_one(part, code.patterns, self._texts.__contains__)

        return _has_one(key, code.patterns, stands)


def _has_one(text: str, patterns: Iterable[Pattern], stands: Callable[[str], bool]) -> bool:
    """Tell whether a text has one of these patterns, with something that stands somewhere in each gap."""
    fitting = (each for each in patterns if any(_known(each)) and all(known in text for known in _known(each)))
    return any(_fits(text, pattern, stands) for pattern in fitting)


def _known(pattern: Pattern) -> Iterator[str]:
    return (part for part in pattern if part is not GAP)


def _fits(text: str, pattern: Pattern, stands: Callable[[str], bool]) -> bool:
    if not pattern:
        return not text
    first, rest = pattern[0], pattern[1:]
    if first is not GAP:
        return text.startswith(first) and _fits(text[len(first) :], rest, stands)
    return any(stands(text[:end]) and _fits(text[end:], rest, stands) for end in range(1, len(text) + 1))
