"""
Runs: who began one, what it read and as of when, how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Index, Integer, String, Table, Text, insert, select, update

from ml_connector.canonical.keys import encode
from ml_connector.storage.database import Database, Transaction, metadata
from ml_connector.sync.belief import Moment

runs = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("connection", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("plan", String(64)),
    Column("counts", Text),
    Column("watermark", String(40)),
    Column("entered_at", String(40)),
    Column("looked_at", String(40)),
    Column("problem", Text),
    Column("started_at", String(40), nullable=False),
    Column("ended_at", String(40)),
    Index("ix_run_connection", "connection", "id"),
)


_LAST = 2**31 - 1
"""The last number a run can have."""


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as `runs` lists it."""

    id: int
    kind: str
    actor: str
    state: str
    started_at: str
    ended_at: str | None
    plan: str | None
    counts: dict[str, int]
    watermark: str | None
    problem: str | None


class RunStore:
    """The only SQL on runs of one connection."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection

    def start_run(self, tx: Transaction, *, kind: str, actor: str, at: datetime) -> int:
        """Open a run and return its number."""
        values = {"connection": self._connection, "kind": kind, "actor": actor, "state": "running"}
        row = tx.execute(insert(runs).values(**values, started_at=at.isoformat()))
        return int(row.inserted_primary_key[0])  # type: ignore[index]

    def note_reading(self, run: int, look: Moment) -> None:
        """Note the moment as of which a run asked."""
        entered_at, looked_at = (at.astimezone(UTC).isoformat() for at in (look.entered_at, look.looked_at))
        with self._database.transaction() as tx:
            tx.execute(update(runs).where(runs.c.id == run).values(entered_at=entered_at, looked_at=looked_at))

    def find_look(self, entered_at: str, *, ours: datetime) -> Moment | None:
        """
        The run that asked as of this moment of Workday's, by both clocks.

        Where our own, at *ours* now, went back behind it, the newest run before that.
        """
        then = runs.c.looked_at <= ours.astimezone(UTC).isoformat()
        query = select(runs.c.entered_at, runs.c.looked_at).where(runs.c.connection == self._connection, then)
        with self._database.reading() as tx:
            exact = query.where(runs.c.entered_at == entered_at)
            for each in (exact, query):
                found = tx.execute(each.order_by(runs.c.id.desc()).limit(1)).first()
                if found is not None:
                    return Moment(datetime.fromisoformat(found.entered_at), datetime.fromisoformat(found.looked_at))
        return None

    def close_abandoned(self, tx: Transaction, *, at: datetime) -> None:
        """Runs that nobody ended were killed; whoever holds the lease may say so."""
        where = (runs.c.connection == self._connection, runs.c.state == "running")
        values = {"state": "interrupted", "ended_at": at.isoformat(), "problem": "the process ended without a word"}
        tx.execute(update(runs).where(*where).values(values))

    def end_run(
        self,
        tx: Transaction,
        run: int,
        *,
        state: str,
        at: datetime,
        counts: Mapping[str, int],
        plan: str | None = None,
        watermark: str | None = None,
        problem: str | None = None,
    ) -> None:
        """Close a run."""
        values = {"state": state, "ended_at": at.isoformat(), "counts": encode(counts).decode(), "problem": problem}
        tx.execute(update(runs).where(runs.c.id == run).values(**values, plan=plan, watermark=watermark))

    def runs(
        self, *, limit: int, kind: str | None = None, state: str | None = None, since: datetime | None = None
    ) -> list[RunInfo]:
        """The newest runs first; of one kind, in one state, begun since then by our clock."""
        where = [runs.c.connection == self._connection]
        where += [] if kind is None else [runs.c.kind == kind]
        where += [] if state is None else [runs.c.state == state]
        where += [] if since is None else [runs.c.started_at >= since.astimezone(UTC).isoformat()]
        query = select(runs).where(*where).order_by(runs.c.id.desc()).limit(limit)
        with self._database.reading() as tx:
            return [_run(row) for row in tx.execute(query).mappings()]

    def run(self, number: int) -> RunInfo | None:
        """One run, or None."""
        if not 0 < number <= _LAST:
            return None  # neither database can even be asked
        query = select(runs).where(runs.c.connection == self._connection, runs.c.id == number)
        with self._database.reading() as tx:
            row = tx.execute(query).mappings().one_or_none()
        return None if row is None else _run(row)


def _run(row: Any) -> RunInfo:
    values = {name: row[name] for name in RunInfo.__struct_fields__}
    return RunInfo(**{**values, "counts": msgspec.json.decode(row["counts"] or "{}")})
