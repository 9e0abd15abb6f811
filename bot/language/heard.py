"""What people write, word for word, in the languages that hello30 understands; folded as `names.fold` does.

A list holds only what has one meaning. Whatever is not here is unclear, and an unclear line brings the buttons again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BUTTONS: Final[Mapping[str, str]] = {
    "coming": "hello_now",
    "put_through": "hello_now",
    "call_back": "callback",
    "pass_call": "delegate",
    "ask_colleague": "delegate",
    "done": "done",
    "no_answer": "no_answer",
    "move": "move",
}
"""Labels of buttons (keys under `buttons` in the catalogues) that may as well be typed, and what they mean."""

_HELLO_NOW: Final = """
coming / i am coming / coming now / coming down now / on my way / omw / be right there / right away / now / yes / sure
ok 30 seconds / i'll say hi / 👍
j'arrive tout de suite / j'y vais / je viens / je descends / tout de suite / en route / oui / ok 30 secondes
"""
_BUSY: Final = """
busy / i am busy / i'm busy / sorry busy / busy sorry / later / maybe later / maybe later today / not now
not right now
in a meeting / i'm in a meeting / i am in a meeting / on a call / i'm on a call / i am on a call / swamped
swamped sorry / can't right now / i can't right now / i can't / i cannot
occupe / occupee / je suis occupe / je suis occupee / desole occupe / desolee occupee / en reunion / je suis en reunion
pas maintenant / pas tout de suite / plus tard / tantot / au telephone / je suis au telephone / en appel / deborde
debordee / je suis deborde / je suis debordee / deborde desole / debordee desolee / je ne peux pas
je suis dans le jus / chui dans le jus
"""
_DECLINE: Final = """
no / nope / no thanks / no thank you / not interested / tell him no / tell her no / tell them no / no solicitors please
i will not see him / i will not see her
non / non merci / refuse / je refuse / pas interesse / pas interessee / je ne veux pas la voir / je ne veux pas le voir
"""
_THANKS: Final = "thanks / thank you / thx / many thanks / ok thanks / merci / merci beaucoup / ok merci"
_QUESTION: Final = "who / who is it / what is it about / qui / qui ca / c'est qui / c'est pour quoi / pourquoi"


def _lines(block: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in block.replace("\n", "/").split("/") if line.strip())


LINES: Final[Mapping[str, tuple[str, ...]]] = {
    "hello_now": _lines(_HELLO_NOW),
    "busy": _lines(_BUSY),
    "decline": _lines(_DECLINE),
    "thanks": _lines(_THANKS),
    "question": _lines(_QUESTION),
}
"""Whole lines by what they mean."""
