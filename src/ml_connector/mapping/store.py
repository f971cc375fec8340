"""
Mapping rows at rest: every change of a line is a new version, and no version is ever altered or removed (RD-09).

Only Workday's own id of a code that was not read yet is filled in, once it is (RD-01): it changes nothing that a row
says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from sqlalchemy import Column, Integer, String, Table, Text, and_, func, insert, select, update

from ml_connector.canonical.keys import encode
from ml_connector.errors import ConfigurationError
from ml_connector.mapping.claim import Kind, Line
from ml_connector.mapping.crosswalk import Crosswalk, MappingRow
from ml_connector.mapping.period import spell
from ml_connector.storage.database import Database, Transaction, metadata, take_turn

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
    Column("effective_on", String(10)),
    Column("ends_on", String(10)),
    Column("drafted_by", Text),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", String(40), nullable=False),
)

_LINE = ("connection", "kind", "plant", "source")
_SAVING = 0x6D617070  # it says "mapp"


class MappingStore:
    """The crosswalk of each connection, with its past."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self, connection: str, *, tx: Transaction | None = None) -> list[MappingRow]:
        """
        Load the rows as they are now, in key order; inside *tx* where one is open.

        Of every line and first day that is what was accepted last, and beside it what was proposed or drafted since.
        """
        accepted = self._newest(connection, tx, mapping_rows.c.state == "accepted")
        waiting = [row for row in self._newest(connection, tx) if row.state in {"proposed", "draft"}]
        return sorted([*accepted, *waiting], key=lambda row: (row.key, row.version))

    def _newest(self, connection: str, tx: Transaction | None, *only: Any) -> list[MappingRow]:
        """The newest version of every line and first day, of all or of *only* some."""
        columns = [mapping_rows.c[name] for name in (*_LINE, "effective_on")]
        newest = (
            select(*columns, func.max(mapping_rows.c.version).label("version"))
            .where(mapping_rows.c.connection == connection, *only)
            .group_by(*columns)
            .subquery()
        )
        # The version counts per line, so the day, which may be NULL, need not be compared.
        same = and_(*(mapping_rows.c[name] == newest.c[name] for name in (*_LINE, "version")))
        return self._read(select(mapping_rows).join(newest, same), tx)

    def _last_versions(self, connection: str, tx: Transaction | None) -> dict[Line, int]:
        columns = [mapping_rows.c[name] for name in _LINE]
        query = (
            select(*columns, func.max(mapping_rows.c.version).label("version"))
            .where(mapping_rows.c.connection == connection)
            .group_by(*columns)
        )
        if tx is None:
            with self._database.reading() as own:
                return _by_line(own.execute(query))
        return _by_line(tx.execute(query))

    def history(self, connection: str, *, kind: Kind, plant: str, source: str) -> list[MappingRow]:
        """Load every version of one line, oldest first."""
        values = (connection, kind.value, plant, source)
        line = and_(*(mapping_rows.c[name] == value for name, value in zip(_LINE, values, strict=True)))
        return self._read(select(mapping_rows).where(line).order_by(mapping_rows.c.version), None)

    def crosswalk(self, connection: str, *, days: Mapping[str, date] | None = None) -> Crosswalk:
        """Build the crosswalk in force on each plant's day."""
        return Crosswalk(self.load(connection), days=days)

    def take_turn(self, tx: Transaction) -> None:
        """Let nobody else change the crosswalk until *tx* ends: what is loaded in it from here on stays so."""
        take_turn(tx, _SAVING)

    def save(self, tx: Transaction, connection: str, rows: Iterable[MappingRow]) -> list[MappingRow]:
        """
        Append a version for each row that says something new, and return those as saved, for the audit trail.

        Rows are signed (`sign_rows`); their own version numbers do not count. A row that says what the current one
        says is not saved again, and a proposal never displaces an accepted row. A draft lies beside the accepted row
        until it is accepted itself, or withdrawn.

        Raises:
            ConfigurationError: a row is not signed, two rows make the same claim, or their days would overlap with
                each other's or with those of rows in force. Nothing is saved then.
        """
        self.take_turn(tx)  # two people saving at once would both count to the same next version
        changed = self.sift(connection, rows, tx=tx)
        if changed:
            tx.execute(insert(mapping_rows), [_to_values(connection, row) for row in changed])
        return changed

    def sift(self, connection: str, rows: Iterable[MappingRow], *, tx: Transaction | None = None) -> list[MappingRow]:
        """
        Say what `save` would save.

        Raises:
            ConfigurationError: as `save`.
        """
        rows = list(rows)
        _check(rows)
        there = self.load(connection, tx=tx)
        accepted = {row.key: row for row in there if row.state == "accepted"}
        waiting = {row.key: row for row in there if row.state != "accepted"}
        Crosswalk((accepted | {row.key: row for row in rows if row.state == "accepted"}).values())
        versions = self._last_versions(connection, tx)
        changed = []
        for row in rows:
            if _is_news(row, accepted.get(row.key), waiting.get(row.key)):
                versions[row.line] = versions.get(row.line, 0) + 1
                known = _known_wid(row.line, there)
                changed.append(msgspec.structs.replace(row, version=versions[row.line], wid=row.wid or known))
        return changed

    def fill_wids(self, tx: Transaction, connection: str, rows: Iterable[MappingRow]) -> None:
        """Fill in Workday's own ids of *rows*, as loaded but for their ids, where there is none."""
        for row in rows:
            values = (connection, row.kind.value, row.plant, row.source)
            line = [mapping_rows.c[name] == value for name, value in zip(_LINE, values, strict=True)]
            own = and_(*line, mapping_rows.c.version == row.version, mapping_rows.c.wid.is_(None))
            tx.execute(update(mapping_rows).where(own).values(wid=row.wid))

    def _read(self, query: Any, tx: Transaction | None) -> list[MappingRow]:
        if tx is not None:
            return [_to_row(values) for values in tx.execute(query).mappings()]
        with self._database.reading() as own:
            return [_to_row(values) for values in own.execute(query).mappings()]


def _by_line(rows: Iterable[Any]) -> dict[Line, int]:
    return {(Kind(row.kind), row.plant, row.source): row.version for row in rows}


def _check(rows: list[MappingRow]) -> None:
    Crosswalk(rows)  # refuses ties
    twins = {row.key for row in rows if row.state == "accepted"} & {row.key for row in rows if row.state == "proposed"}
    for row in rows:
        if not row.changed_by or row.changed_at is None or row.changed_at.tzinfo is None:
            raise ConfigurationError(f"{row.label} says not who changed it and when", remedy="sign the rows first")
        if row.key in twins:
            raise ConfigurationError(f"{row.label} is both proposed and accepted", remedy="keep one of the two rows")


def _is_news(row: MappingRow, accepted: MappingRow | None, waiting: MappingRow | None) -> bool:
    """Whether a row says something that neither the one in force nor the one waiting beside it says."""
    if row.state == "withdrawn":
        return waiting is not None
    if accepted is not None and (row.state == "proposed" or _says_same(row, accepted)):
        return False
    if row.state == "draft" and waiting is not None:
        return not _says_same(row, waiting)
    if row.state == "proposed":
        return waiting is None or not _says_same(row, waiting)
    return True


def _says_same(row: MappingRow, other: MappingRow) -> bool:
    return (row.target, row.ends_on, row.wid or other.wid) == (other.target, other.ends_on, other.wid)


def _known_wid(line: Line, rows: Iterable[MappingRow]) -> str | None:
    """What is known of Workday's own id is not forgotten; the newest row of the line knows best."""
    known = [row for row in rows if row.line == line and row.wid]
    return max(known, key=lambda row: row.version).wid if known else None


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
        "effective_on": spell(row.effective_on) or None,
        "ends_on": spell(row.ends_on) or None,
        "drafted_by": row.drafted_by or None,
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
        effective_on=_day(values["effective_on"]),
        ends_on=_day(values["ends_on"]),
        drafted_by=values["drafted_by"] or "",
        version=values["version"],
        changed_by=values["changed_by"],
        changed_at=datetime.fromisoformat(values["changed_at"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
