"""What refuses to change the journal, proved: our triggers, to the letter, and nothing else that acts by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from bot.storage.findings import Finding

_PROTECTED: Final = ("journal", "checkpoint")
_KEEPS: Final = "RAISE EXCEPTION 'the journal is append-only'"
_SQLITE: Final[Mapping[tuple[str, str], object]] = {
    (table, f"{table}_{what}"): (
        f"CREATE TRIGGER {table}_{what} BEFORE {what.upper()} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
    )
    for table in _PROTECTED
    for what in ("update", "delete")
}
_BEFORE_UPDATE_DELETE_TRUNCATE: Final = 2 | 16 | 8 | 32
"""PostgreSQL's `tgtype` of a trigger that fires once for each such statement, before it."""
_POSTGRES: Final[Mapping[tuple[str, str], object]] = {
    (table, f"{table}_keeps"): (
        _BEFORE_UPDATE_DELETE_TRUNCATE,
        "O",  # enabled, also for what is not replicated
        True,  # for all columns, without a condition
        "journal_keeps",
        "plpgsql",
        f" BEGIN {_KEEPS}; END ",
    )
    for table in _PROTECTED
}
_SQLITE_QUERY: Final = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
_POSTGRES_QUERY: Final = """
SELECT c.relname, t.tgname, t.tgtype::int, t.tgenabled::text,
       t.tgqual IS NULL AND t.tgattr::text = '' AND t.tgnargs = 0, p.proname, l.lanname, p.prosrc
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_language l ON l.oid = p.prolang
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
ORDER BY c.relname, t.tgname
"""
_RULES_QUERY: Final = """
SELECT c.relname, r.rulename
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace
ORDER BY c.relname, r.rulename
"""


def check_triggers(connection: Connection) -> Iterator[Finding]:
    """Look whether the database itself still refuses to change what is only ever appended to, and does no more."""
    on_postgres = connection.dialect.name == "postgresql"
    found = _on_postgres(connection) if on_postgres else _on_sqlite(connection)
    for (table, trigger), does in (_POSTGRES if on_postgres else _SQLITE).items():
        if found.pop((table, trigger), None) != does:
            yield Finding(table, "the table", f"is not protected: its trigger {trigger} is missing, or is another")
    for table, trigger in found:
        yield Finding(table, f"its trigger {trigger}", "is not one of hello30: it may change what is written")
    for table, rule in connection.execute(text(_RULES_QUERY)) if on_postgres else ():
        yield Finding(table, f"its rule {rule}", "is not one of hello30: it may change what is written")


def _on_sqlite(connection: Connection) -> dict[tuple[str, str], Any]:
    return {(table, trigger): does for table, trigger, does in connection.execute(text(_SQLITE_QUERY))}


def _on_postgres(connection: Connection) -> dict[tuple[str, str], Any]:
    rows = connection.execute(text(_POSTGRES_QUERY))
    return {(table, trigger): tuple(does) for table, trigger, *does in rows}
