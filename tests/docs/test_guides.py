"""The pages that people write: what they point to is there, and no setting goes without an explanation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import config_shape, docs, policy_shape
from bot.yaml_shape import Shape

IMAGES = docs.ROOT / "docs" / "images"
PAGES = sorted((*docs.ROOT.glob("*.md"), *(docs.ROOT / "docs").rglob("*.md")))
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
FILE = re.compile(r"`((?:bot|adapters|tests|docs|policies|deploy)/[\w./-]*\w)`")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(page: Path) -> str:
    return str(page.relative_to(docs.ROOT))


def anchors(page: Path) -> set[str]:
    """Give a page's headings as they are linked to."""
    titles = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> Iterator[tuple[str, str]]:
    """Give the links within the project: path (empty: this page) and anchor. Screenshots count once there are any."""
    for image, target in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" not in target and not (image and not IMAGES.is_dir()):
            yield path, anchor


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name_of(page)} points to {path}"
        assert not anchor or anchor in anchors(target), f"{name_of(page)} points to #{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_are_there(page: Path) -> None:
    named = FILE.findall(page.read_text(encoding="utf-8"))
    made_later = {docs.TRANSCRIPT}
    assert [file for file in named if not (docs.ROOT / file).exists() and file not in made_later] == []


def shapes() -> Iterator[type[Shape]]:
    for module in (config_shape, policy_shape):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Shape) and value is not Shape:
                yield value


@pytest.mark.parametrize("shape", list(shapes()), ids=lambda shape: shape.__name__)
def test_every_setting_is_explained(shape: type[Shape]) -> None:
    page = (docs.ROOT / "docs" / "admins.md").read_text(encoding="utf-8")
    keys = [field.alias or name for name, field in shape.model_fields.items()]
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_every_word_of_the_glossary_stands_there_once() -> None:
    page = (docs.ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| ")]
    words = [word for row in rows if row not in {"word", "---"} for word in row.split(", ")]
    assert len(words) > 40
    assert sorted(words) == sorted(set(words))


def test_every_guide_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [docs.ROOT / docs.README]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            targets = ((page.parent / path).resolve() for path, _ in links(page) if path.endswith(".md"))
            waiting += [target for target in targets if target.is_file()]
    assert [name_of(page) for page in PAGES if page not in reached] == []
