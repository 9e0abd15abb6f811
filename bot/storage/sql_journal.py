"""The journal of all visits and the policies that they froze in, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, insert, select

from bot.domain.events import Event
from bot.domain.policy import Policy
from bot.domain.visit import Visit
from bot.errors import Conflict, Unreadable
from bot.rows import Entry
from bot.storage import codec, tables
from bot.storage.postgres import without_limits
from bot.storage.proof import entry_hash, seal
from bot.storage.sql_base import SqlBase
from bot.storage.tables import journal

_visit = tables.visit

_APPEND = insert(journal)
_JOURNAL = select(journal).where(journal.c.visit == bindparam("visit")).order_by(journal.c.seq)
_HEAD = select(_visit.c.version, _visit.c.head).where(_visit.c.id == bindparam("visit"))
_POLICY = select(tables.policy.c.body).where(tables.policy.c.digest == bindparam("digest"))


class SqlJournal(SqlBase):
    """The part of an SQL transaction that reads the journal and chains what is appended to it."""

    def journal(self, visit: str) -> Sequence[Entry]:
        """Give a visit's entries in order."""
        return self._entries(_JOURNAL, {"visit": visit})

    def entries(self, *, since: datetime | None, until: datetime | None) -> Sequence[Entry]:
        """Give entries of all visits, in the order in which they were written; since ≤ at < until."""
        query = select(journal).order_by(journal.c.number)
        if since is not None:
            query = query.where(journal.c.at >= since)
        if until is not None:
            query = query.where(journal.c.at < until)
        if self._reading:  # nobody waits for what only reads
            without_limits(self._connection)
        return self._entries(query)

    def policy(self, digest: str) -> Policy | None:
        """Give a policy that some visit has frozen in."""
        policies = self._known.policies
        if digest not in policies:
            body = self._connection.scalar(_POLICY, {"digest": digest})
            if body is None:
                return None
            policies[digest] = codec.POLICY.load(body)
        return policies[digest]

    # how it is done

    def _frozen_in(self, digest: str) -> Policy:
        policy = self.policy(digest)
        if policy is None:
            raise Unreadable(f"the policy {digest} is not kept here")
        return policy

    def _append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append rows that are chained."""
        self._insert(_APPEND, rows)

    def _chained(self, visit: Visit, version: int, events: Sequence[Event], through: str) -> list[dict[str, Any]]:
        """Give the rows of the journal for these events, each with its hash."""
        rows: list[dict[str, Any]] = []
        head = self._head(visit, version) if events else ""
        for seq, event in enumerate(events, version + 1):
            body = codec.EVENT.dump(event)
            head = entry_hash(
                head, visit=visit.id, seq=seq, at=tables.microseconds(event.at), through=through, event=body
            )
            rows.append(
                {"visit": visit.id, "seq": seq, "at": event.at, "through": through, "event": body, "hash": head}
            )
        return rows

    def _head(self, visit: Visit, version: int) -> str:
        """Give the hash that the next entry of a visit takes in, as it stood at this version."""
        if version == 0:
            return self._policy_row(visit.policy)["seal"]
        known = self._heads.get(visit.id)
        if known is None or known[0] != version:
            row = self._connection.execute(_HEAD, {"visit": visit.id}).one_or_none()
            if row is None or row.version != version:
                raise Conflict(f"visit {visit.id} is no longer at version {version}")
            known = (row.version, row.head)
        return known[1]

    def _policy_row(self, policy: Policy) -> Mapping[str, str]:
        rows = self._known.policy_rows
        if policy.digest not in rows:
            body = codec.POLICY.dump(policy)
            rows[policy.digest] = {
                "digest": policy.digest,
                "body": body,
                "seal": seal("policy", policy.digest, body),
            }
        return rows[policy.digest]

    def _entries(self, query: Select[Any], values: Mapping[str, Any] | None = None) -> list[Entry]:
        with self._connection.execute(query, values) as rows:  # one by one; closed also when one cannot be read
            return [
                Entry(
                    number=row.number,
                    visit=row.visit,
                    seq=row.seq,
                    event=codec.EVENT.load(row.event, self._frozen_in),
                    through=row.through,
                )
                for row in rows
            ]
