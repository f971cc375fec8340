"""
Mapping rows at rest: every change of a line is a new version, and no version is ever altered or removed (RD-09).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Integer, String, Table, Text, and_, func, insert, select

from ml_connector.canonical.keys import encode
from ml_connector.errors import ConfigurationError
from ml_connector.mapping.crosswalk import Crosswalk, Kind, MappingRow
from ml_connector.storage.database import Database, metadata

mapping_rows = Table(
    "mapping_row",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("plant", String(16), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("target", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("wid", String(64)),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", String(40), nullable=False),
)

_LINE = ("connection", "kind", "plant", "source")
_SAVING = 0x6D617070  # PostgreSQL's advisory locks are numbers; this one says "mapp"


class MappingStore:
    """The crosswalk of each connection, with its past."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, connection: str, *, tx: Connection | None = None) -> list[MappingRow]:
        """Load the current row of every line, accepted and proposed, in key order; inside *tx* where one is open."""
        newest = (
            select(*(mapping_rows.c[name] for name in _LINE), func.max(mapping_rows.c.version).label("version"))
            .where(mapping_rows.c.connection == connection)
            .group_by(*(mapping_rows.c[name] for name in _LINE))
            .subquery()
        )
        same = and_(*(mapping_rows.c[name] == newest.c[name] for name in (*_LINE, "version")))
        query = select(mapping_rows).join(newest, same)
        return sorted(self._read(query, tx), key=lambda row: row.key)

    def history(self, connection: str, *, kind: Kind, plant: str, source: str) -> list[MappingRow]:
        """Load every version of one line, oldest first."""
        values = (connection, kind.value, plant, source)
        line = and_(*(mapping_rows.c[name] == value for name, value in zip(_LINE, values, strict=True)))
        return self._read(select(mapping_rows).where(line).order_by(mapping_rows.c.version), None)

    def crosswalk(self, connection: str) -> Crosswalk:
        """Build the crosswalk in force."""
        return Crosswalk(self.load(connection))

    def save(self, tx: Connection, connection: str, rows: Iterable[MappingRow]) -> list[MappingRow]:
        """
        Append a version for each row that says something new, and return those as saved, for the audit trail.

        Rows are signed (`sign_rows`); their own version numbers do not count. A row that says what the current one
        says is not saved again, and a proposal never displaces an accepted row.

        Raises:
            ConfigurationError: a row is not signed, or two rows make the same claim. Nothing is saved then.
        """
        rows = list(rows)
        _check(rows)
        if tx.dialect.name == "postgresql":
            # Two people saving at once would both count to the same next version; SQLite has one writer anyway.
            tx.execute(select(func.pg_advisory_xact_lock(_SAVING)))
        current = {row.key: row for row in self.load(connection, tx=tx)}
        changed = [_next(row, current.get(row.key)) for row in rows if _is_news(row, current.get(row.key))]
        if changed:
            tx.execute(insert(mapping_rows), [_to_values(connection, row) for row in changed])
        return changed

    def _read(self, query: Any, tx: Connection | None) -> list[MappingRow]:
        if tx is not None:
            return [_to_row(values) for values in tx.execute(query).mappings()]
        with self._database.reading() as own:
            return [_to_row(values) for values in own.execute(query).mappings()]


def _check(rows: list[MappingRow]) -> None:
    Crosswalk(rows)  # refuses ties
    twins = {row.key for row in rows if row.state == "accepted"} & {row.key for row in rows if row.state == "proposed"}
    for row in rows:
        if not row.changed_by or row.changed_at is None or row.changed_at.tzinfo is None:
            raise ConfigurationError(f"{row.label} says not who changed it and when", remedy="sign the rows first")
        if row.key in twins:
            raise ConfigurationError(f"{row.label} is both proposed and accepted", remedy="keep one of the two rows")


def _is_news(row: MappingRow, current: MappingRow | None) -> bool:
    if current is None:
        return True
    if current.state == "accepted" and row.state == "proposed":
        return False
    return (row.target, row.state, row.wid or current.wid) != (current.target, current.state, current.wid)


def _next(row: MappingRow, current: MappingRow | None) -> MappingRow:
    """The next version of its line; what is known of Workday's own id is not forgotten."""
    if current is None:
        return msgspec.structs.replace(row, version=1)
    return msgspec.structs.replace(row, version=current.version + 1, wid=row.wid or current.wid)


def _to_values(connection: str, row: MappingRow) -> dict[str, Any]:
    return {
        "connection": connection,
        "kind": row.kind.value,
        "plant": row.plant,
        "source": row.source,
        "version": row.version,
        "target": encode(row.target).decode(),
        "state": row.state,
        "wid": row.wid,
        "changed_by": row.changed_by,
        "changed_at": row.changed_at.astimezone(UTC).isoformat() if row.changed_at else None,
    }


def _to_row(values: Any) -> MappingRow:
    return MappingRow(
        kind=Kind(values["kind"]),
        plant=values["plant"],
        source=values["source"],
        target=msgspec.json.decode(values["target"], type=dict[str, str]),
        state=values["state"],
        wid=values["wid"],
        version=values["version"],
        changed_by=values["changed_by"],
        changed_at=datetime.fromisoformat(values["changed_at"]),
    )
