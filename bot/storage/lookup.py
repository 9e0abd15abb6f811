"""Finds visits by how their ids begin, for whoever copies an id by hand."""

from __future__ import annotations

from sqlalchemy import Connection, select

from bot.storage.tables import journal

AT_MOST = 6


def visits_beginning(connection: Connection, prefix: str) -> list[str]:
    """Give the ids of visits that have entries and begin so, in order; no more than a person wants to choose from."""
    query = select(journal.c.visit).where(journal.c.visit.startswith(prefix, autoescape=True))
    found = connection.scalars(query.distinct().order_by(journal.c.visit)).all()
    exact = [visit for visit in found if visit == prefix]
    return exact or [visit for visit in found if visit.startswith(prefix)][:AT_MOST]
