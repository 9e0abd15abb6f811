"""What people typed, made fit to be kept: no control characters, nothing that hides or turns what stands beside it."""

from __future__ import annotations

JOINERS = "\u200c\u200d"
"""Some scripts, and many emoji, are written with them."""


def one_line(text: str) -> str:
    """Make one line of a text."""
    return " ".join("".join(c if c.isprintable() or c in JOINERS else " " for c in text).split())


def lines(text: str) -> str:
    """Keep the lines of a text, without those at its ends that are empty."""
    return "\n".join(one_line(line) for line in text.splitlines()).strip()


def name_and_company(text: str) -> tuple[str, str]:
    """Take `Julie Tremblay (Chambre de commerce)` apart; without a name before the bracket it is all name."""
    text = text.strip()
    name, bracket, company = text.removesuffix(")").partition("(")
    if not (text.endswith(")") and bracket and name.strip()):
        return text, ""
    return name.strip(), company.strip()
