"""hello30 writes addresses into config.yaml: at once, only what is without a fault, and nothing else."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from bot import config
from bot.config_edit import NotWritten, put_addresses
from bot.messages import Address
from bot.settings import Settings
from tests.config.conftest import LAST, OFFICE, Folder

MEMBER = "U012AB3CD"
BY_HAND = f"  under martin, addresses:  slack: {MEMBER}"


@pytest.fixture
def slack(folder: Folder) -> Path:
    """Give the file of a good configuration that uses Slack."""
    folder.replace("config.yaml", "{web: {port: 8030}}", "{web: {port: 8030}, slack: {}}")
    return folder.path / "config.yaml"


def put(file: Path, **ids: str) -> None:
    put_addresses(file, file.read_bytes(), "slack", ids)


def linked(before: Settings, ids: dict[str, str]) -> Settings:
    """Give settings in which these people are found in Slack, and all else is the same."""
    new = {who: (Address("slack", each), Address("web", who)) for who, each in ids.items()}
    return replace(before, addresses={**before.addresses, **new})


# --- whatever the house looks like -----------------------------------------------------------------------------------

PEOPLE = ("nadia", "martin", "sophie")
COMMENTS = ("", "  # whom: {to: ask}", " # Où ? \U0001f600", "   #")
BETWEEN = ("", "\n", "\n\n  # slack: U0OLD\n", "# --- people: ---\n", "   \n")


@st.composite
def houses(draw: DrawFn) -> tuple[str, list[str]]:
    """Give a configuration as somebody may have written it, and whom of it to link."""
    indent = " " * draw(st.integers(1, 5))
    people = "".join(entry for person in PEOPLE for entry in draw(entries(person, indent)))
    text = (
        "sites:\n  montreal:\n    name: Montréal\n    zone: America/Montreal\n    language: fr-CA\n"
        '    hours: {monday: ["08:30-12:00"]}\n    reception: {web: true}\n'
        f"{draw(st.sampled_from(BETWEEN))}policies: [office.yaml, last.yaml]\n"
        f"adapters: {{web: {{port: 8030}}, slack: {{}}}}\npeople:{draw(st.sampled_from(COMMENTS))}\n{people}"
    )
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text, draw(st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1))


@st.composite
def entries(draw: DrawFn, person: str, indent: str) -> Iterator[str]:
    """Give the lines of one person, with keys in any order."""
    comment, between = st.sampled_from(COMMENTS), st.sampled_from(BETWEEN)
    inside = indent + " " * draw(st.integers(1, 5))
    keys = {
        "name": f" {draw(st.sampled_from((person.title(), repr(person), f'{person} Roy')))}{draw(comment)}\n",
        "reception_of": f" [montreal]{draw(comment)}\n",
        "email": f" {person}@example.org{draw(comment)}\n",
        "addresses": draw(addresses(person, inside)),
    }
    yield f"{indent}{person}:{draw(comment)}\n"
    for key in draw(st.permutations(list(keys))):
        yield f"{inside}{key}:{keys[key]}{draw(between)}"


@st.composite
def addresses(draw: DrawFn, person: str, indent: str) -> str:
    """Give what may stand behind `addresses:`."""
    comment = draw(st.sampled_from(COMMENTS))
    deeper = indent + " " * draw(st.integers(1, 4))
    quote = draw(st.sampled_from(("", "'", '"')))
    web = f"{quote}web{quote}: {quote}{person}{quote}"
    old = draw(st.sampled_from(("", f"{quote}slack{quote}: {quote}U0{person.upper()}{quote}", "slack:", "slack: ~")))
    parts = draw(st.permutations([part for part in (web, old) if part]))
    if draw(st.booleans()):
        return f"{comment}\n" + "".join(f"{deeper}{part}{comment}\n" for part in parts)
    if draw(st.booleans()):
        return f" {{{', '.join(parts)}{draw(st.sampled_from(('', ' ', ', ')))}}}{comment}\n"
    return f" {{{comment}\n" + f",{comment}\n".join(f"{deeper}{part}" for part in parts) + f"{comment}\n{deeper}}}\n"


@settings(max_examples=120, deadline=None)
@given(houses())
def test_everything_but_the_new_addresses_is_as_it_was(house: tuple[str, list[str]]) -> None:
    text, people = house
    ids = {person: f"UNEW{number}" for number, person in enumerate(people)}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "config.yaml"
        for name, content in (("config.yaml", text), ("office.yaml", OFFICE), ("last.yaml", LAST)):
            (file.parent / name).write_text(content, encoding="utf-8", newline="")
        before = config.load(file)
        put(file, **ids)
        assert config.load(file) == linked(before, ids)
        after = file.read_bytes().decode("utf-8")
        assert sorted(p.name for p in file.parent.iterdir()) == ["config.yaml", "last.yaml", "office.yaml"]
    lines = [line for line in after.splitlines() if "UNEW" not in line]
    assert len(after.splitlines()) - len(lines) == len(people)
    others = iter(text.splitlines())
    assert all(line in others for line in lines)  # the same lines, in the same order
    assert 0 <= len(text.splitlines()) - len(lines) <= len(people)  # but for those in which an address was written
    assert ("\r\n" in text) == ("\n" not in after.replace("\r\n", ""))


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o664])
def test_the_mode_stays(slack: Path, mode: int) -> None:
    slack.chmod(mode)
    put(slack, martin=MEMBER)
    assert config.load(slack).addresses["martin"] == (Address("slack", MEMBER), Address("web", "martin"))
    assert slack.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to somebody else")
def test_the_owner_stays(slack: Path) -> None:
    os.chown(slack, 1234, 2345)
    put(slack, martin=MEMBER)
    assert (slack.stat().st_uid, slack.stat().st_gid) == (1234, 2345)
    assert MEMBER in slack.read_text(encoding="utf-8")


def test_a_link_to_the_file_stays_one(slack: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    real = tmp_path_factory.mktemp("elsewhere") / "house.yaml"
    slack.rename(real)
    slack.symlink_to(real)
    put(slack, martin=MEMBER)
    assert slack.is_symlink()
    assert MEMBER in real.read_text(encoding="utf-8")
    assert config.check(slack) == []


def refused(file: Path, before: bytes | None = None, /, **ids: str) -> str:
    """Give what is said where nothing is written; the file and its folder are as they were."""
    stood, names = file.read_bytes(), sorted(p.name for p in file.parent.iterdir())
    with pytest.raises(NotWritten) as told:
        put_addresses(file, before or stood, "slack", ids)
    assert (file.read_bytes(), sorted(p.name for p in file.parent.iterdir())) == (stood, names)
    return str(told.value)


def test_a_file_that_is_read_only_stays_as_it_is(slack: Path) -> None:
    slack.chmod(0o444)
    what_to_do = "so it stays as it is. Please write this there yourself, and start hello30 again:"
    assert refused(slack, martin=MEMBER) == f"{slack} is read-only, {what_to_do}\n{BY_HAND}"


def test_a_file_that_somebody_changed_meanwhile_is_theirs(slack: Path) -> None:
    before = slack.read_bytes()
    slack.write_bytes(before + b"# mine\n")
    assert "was changed by somebody else meanwhile" in refused(slack, before, martin=MEMBER)


@pytest.mark.parametrize(
    "old, new",
    [
        ("{web: martin}", "{web: martin, slack}"),  # an odd way to write nothing
        ("slack: {}", "teams: {}"),  # a fault already
        ("people:", "'people: "),  # no YAML at all
    ],
)
def test_what_cannot_be_changed_alone_is_shown(folder: Folder, slack: Path, old: str, new: str) -> None:
    folder.replace("config.yaml", old, new)
    told = refused(slack, martin=MEMBER)
    assert "in a way that hello30 does not change by itself" in told
    assert told.endswith(BY_HAND)


@pytest.mark.parametrize(
    "ids",
    [
        {"martin": MEMBER, "sophie": MEMBER},  # two people, one member
        {"martin": "nobody"},
        {"martin": "U1}, x: {y: z"},
        {"martin": "U1 # no"},
        {"zoe": MEMBER},
    ],
)
def test_a_new_fault_is_never_written(slack: Path, ids: dict[str, str]) -> None:
    assert "stays as it is" in refused(slack, None, **ids)


def test_what_would_be_read_as_something_else_is_never_written(folder: Folder, slack: Path) -> None:
    folder.replace("config.yaml", "{web: martin}", "\n      web: martin")
    assert "stays as it is" in refused(slack, None, martin=f"{MEMBER} # mine")  # a good file, with another address
    put(slack, martin=MEMBER)
