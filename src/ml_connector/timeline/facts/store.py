"""Facts at rest: only ever added to. What Workday once told us can be asked for again, whatever it tells us today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Index, String, Table, Text, delete, insert, select

from ml_connector.storage.database import Database, Transaction, insert_or, metadata
from ml_connector.timeline.fact import Early, Fact, as_known

_BATCH = 500

facts = Table(
    "worker_fact",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("worker", String(200), primary_key=True),
    Column("effective_on", String(10), primary_key=True),
    Column("entered_at", String(40), primary_key=True),
    Column("body", Text, nullable=False),
    Index("ix_worker_fact_day", "connection", "effective_on"),
)

early = Table(
    "early_entry",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("worker", String(200), primary_key=True),
    Column("effective_on", String(10), nullable=False),
    Column("entered_at", String(40), nullable=False),
    Column("told_at", String(40), nullable=False),
)


class FactStore:
    """The only SQL on facts, for one connection."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database, self._connection = database, connection

    def append(self, tx: Transaction, told: Sequence[Fact]) -> None:
        """Keep facts; one that is kept already stays as it is."""
        if told:
            rows = [
                {
                    "connection": self._connection,
                    "worker": fact.worker,
                    "effective_on": fact.effective_on.isoformat(),
                    "entered_at": _moment(fact.entered_at),
                    "body": fact.body,
                }
                for fact in told
            ]
            tx.execute(insert_or(tx, facts).on_conflict_do_nothing(), rows)

    def known_days(self, workers: Sequence[str]) -> dict[str, set[date]]:
        """The days from which on anything is known of these workers."""
        found: dict[str, set[date]] = {}
        with self._database.reading() as tx:
            for row in self._rows(tx, workers, facts.c.worker, facts.c.effective_on):
                found.setdefault(row.worker, set()).add(date.fromisoformat(row.effective_on))
        return found

    def of(self, workers: Sequence[str]) -> dict[str, list[Fact]]:
        """All that was ever known of these workers."""
        with self._database.reading() as tx:
            return self._of(tx, workers)

    def bodies(self, workers: Sequence[str], *, on: date, by: datetime) -> dict[str, str]:
        """What these workers were on a day, as known by a moment, of those of whom anything is known."""
        known = {worker: as_known(told, on=on, by=by) for worker, told in self.of(workers).items()}
        return {worker: fact.body for worker, fact in known.items() if fact is not None}

    def changing(self, *, after: date) -> list[str]:
        """Whose facts have a day of change after *after*."""
        where = (facts.c.connection == self._connection, facts.c.effective_on > after.isoformat())
        query = select(facts.c.worker).where(*where).distinct().order_by(facts.c.worker)
        with self._database.reading() as tx:
            return list(tx.execute(query).scalars())

    def carry(self, tx: Transaction, workers: Sequence[str], *, after: date, entered_at: datetime) -> None:
        """Let what was known to lie ahead of these workers stand beside what was just read of them."""
        for told in self._of(tx, workers).values():
            ahead = {fact.effective_on: fact for fact in told if fact.effective_on > after}  # the newest of each day
            self.append(tx, [fact._replace(entered_at=entered_at) for fact in ahead.values()])

    def early(self, *, by: datetime) -> dict[str, Early]:
        """What was told too early and has not come by a moment, by worker."""
        here = (early.c.connection == self._connection, early.c.entered_at > _moment(by))
        with self._database.reading() as tx:
            return {row.worker: _early(row) for row in tx.execute(select(early).where(*here))}

    def note_early(self, told: Sequence[Early], *, of: Sequence[str], by: datetime) -> None:
        """
        Keep what the log told too early; of the workers it spoke *of*, that takes the place of what it told before.
        """
        known = self.early(by=by)
        if not told and not known.keys() & set(of):
            return
        with self._database.transaction() as tx:
            for start in range(0, len(of), _BATCH):
                some = early.c.worker.in_(of[start : start + _BATCH])
                tx.execute(delete(early).where(early.c.connection == self._connection, some))
            for each in told:
                before = known.get(each.worker, each)
                told_at = before.told_at if before[:3] == each[:3] else each.told_at
                row = {
                    "connection": self._connection,
                    "worker": each.worker,
                    "effective_on": each.effective_on.isoformat(),
                    "entered_at": _moment(each.entered_at),
                    "told_at": _moment(told_at),
                }
                tx.execute(insert(early).values(row))

    def _of(self, tx: Transaction, workers: Sequence[str]) -> dict[str, list[Fact]]:
        told = map(_fact, self._rows(tx, workers, facts))
        return {worker: list(each) for worker, each in groupby(told, key=lambda fact: fact.worker)}

    def _rows(self, tx: Transaction, workers: Sequence[str], *columns: Any) -> Iterator[Any]:
        for start in range(0, len(workers), _BATCH):
            chosen = facts.c.worker.in_(workers[start : start + _BATCH])
            query = select(*columns).where(facts.c.connection == self._connection, chosen)
            yield from tx.execute(query.order_by(facts.c.worker, facts.c.entered_at, facts.c.effective_on))


def _moment(at: datetime) -> str:
    """In UTC to the microsecond, so that texts sort as moments do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _fact(row: Any) -> Fact:
    return Fact(row.worker, date.fromisoformat(row.effective_on), datetime.fromisoformat(row.entered_at), row.body)


def _early(row: Any) -> Early:
    moments = (datetime.fromisoformat(row.entered_at), datetime.fromisoformat(row.told_at))
    return Early(row.worker, date.fromisoformat(row.effective_on), *moments)
