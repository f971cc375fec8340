"""Facts about codes at rest: only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from sqlalchemy import Column, ColumnElement, String, Table, Text, select

from ml_connector.storage.database import Database, Transaction, insert_or, metadata
from ml_connector.timeline.reference import ReferenceFact

facts = Table(
    "reference_fact",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("type", String(32), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("effective_on", String(10), primary_key=True),
    Column("entered_at", String(40), primary_key=True),
    Column("body", Text, nullable=False),
)


class ReferenceStore:
    """The only SQL on them, for one connection."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database, self._connection = database, connection

    def append(self, tx: Transaction, told: Sequence[ReferenceFact]) -> None:
        """Keep facts; one that is kept already stays as it is."""
        if told:
            rows = [
                {
                    "connection": self._connection,
                    "type": each.type,
                    "key": each.key,
                    "effective_on": each.effective_on.isoformat(),
                    "entered_at": _moment(each.entered_at),
                    "body": each.body,
                }
                for each in told
            ]
            tx.execute(insert_or(tx, facts).on_conflict_do_nothing(), rows)

    def of(self, kind: str, key: str) -> list[ReferenceFact]:
        """All that was ever known of one code, in the order it was told."""
        return self._read(facts.c.type == kind, facts.c.key == key)

    def told_since(self, moment: datetime) -> list[ReferenceFact]:
        """What was learnt of any code after a moment, in the order it was told."""
        return self._read(facts.c.entered_at > _moment(moment))

    def bodies(self, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """What was told last of each of these codes, of those of which anything was."""
        return {each.key: each.body for each in self._read(facts.c.type == kind, facts.c.key.in_(keys))}

    def _read(self, *only: ColumnElement[bool]) -> list[ReferenceFact]:
        query = select(facts).where(facts.c.connection == self._connection, *only)
        with self._database.reading() as tx:
            return [
                ReferenceFact(
                    row.type,
                    row.key,
                    date.fromisoformat(row.effective_on),
                    datetime.fromisoformat(row.entered_at),
                    row.body,
                )
                for row in tx.execute(query.order_by(facts.c.entered_at, facts.c.effective_on))
            ]


def _moment(at: datetime) -> str:
    """In UTC to the microsecond, so that texts sort as moments do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
