"""
A Plex that lives in memory: the same port, no network. What tests and rehearsals of a run are made of.

It behaves like the real one where a run depends on it: an id is taken only once, a command is accepted now and seen
later, a refusal is final. `fail_next` plays a fault once, before or after the write is carried out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NoReturn

import msgspec

from ml_connector.canonical.keys import AsOf, NativeRecord, RecordType
from ml_connector.connectors.port import (
    Allowed,
    LogWindow,
    Page,
    Query,
    Receipt,
    SurfaceHealth,
    TypeHealth,
    TypeInfo,
    Write,
    always,
    refuse_log,
)
from ml_connector.errors import MLConnectorError, RecordError

Row = dict[str, Any]

_COMMANDS = {"deactivate", "reactivate", "transfer"}
_ROW_KEYS = {
    RecordType.POSITION: "position_key",
    RecordType.DEPARTMENT: "department_no",
    RecordType.COST_CENTER: "cost_center_key",
}


class MemoryConnector:
    """
    Rows by record type, plant and key.

    With *lag* a command (deactivate, reactivate, transfer) shows only after `settle`. *writes* is what arrived, in
    order.
    """

    def __init__(self, *, clock: Callable[[], datetime], lag: bool = False) -> None:
        self._clock = clock
        self.lag = lag
        self.writes: list[Write] = []
        self._rows: dict[tuple[RecordType, str], dict[str, Row]] = {}
        self._later: list[Write] = []
        self._fault: tuple[MLConnectorError, bool] | None = None

    def put(self, record_type: RecordType, *, plant: str, key: str, row: Row) -> None:
        """Let a row exist, as if it had always been there."""
        self._rows.setdefault((record_type, plant), {})[key] = row

    def fail_next(self, error: MLConnectorError, *, carried_out: bool) -> None:
        """Raise *error* for the next write, which is carried out all the same or not at all."""
        self._fault = (error, carried_out)

    def settle(self) -> None:
        """Carry out every command that was accepted."""
        for write in self._later:
            self._apply(write)
        self._later.clear()

    def check(self) -> Sequence[SurfaceHealth]:
        """Tell what is there; always let in."""
        types = [
            TypeHealth(type=f"{kind} {plant}", permitted=True, count=len(rows))
            for (kind, plant), rows in self._rows.items()
        ]
        return [SurfaceHealth(system="memory", surface="memory", ok=True, signed_in=True, types=tuple(types))]

    def discover(self, *, ask: bool = False) -> Sequence[TypeInfo]:
        """Name the record types that have rows."""
        kinds = dict.fromkeys(kind for kind, _ in self._rows)
        return [TypeInfo(type=kind, surface="memory", operation="read") for kind in kinds]

    def read(self, query: Query) -> Iterator[Page]:
        """Yield one page with everything."""
        rows = self._rows.get((query.record_type, query.plant or ""), {})
        records = tuple(_native(query.record_type, row) for row in rows.values())[: query.limit]
        yield Page(records, 1, 1, len(records))

    def read_touched(self, record_type: RecordType, *, as_of: AsOf, window: LogWindow) -> NoReturn:
        refuse_log(record_type)

    def write(self, write: Write, *, allowed: Allowed = always) -> Receipt:
        """
        Carry out one write.

        Raises:
            RecordError: a taken id, or no such record.
        """
        allowed()
        self.writes.append(write)
        error, carried_out = self._fault or (None, True)
        self._fault = None
        if error is not None and not carried_out:
            raise error
        self._check(write)
        command = write.record_type is RecordType.EMPLOYEE and write.action in _COMMANDS
        if command and self.lag:
            self._later.append(write)
        else:
            self._apply(write)
        if error is not None:
            raise error
        digest = hashlib.sha256(msgspec.json.encode(write.body)).hexdigest()
        return Receipt(state="accepted" if command else "applied", status=202 if command else 200, response_hash=digest)

    def find(self, write: Write) -> Sequence[NativeRecord]:
        """Look by key, then an employee by badge."""
        rows = self._table(write)
        if write.key in rows:
            return [_native(write.record_type, rows[write.key])]
        badge = write.body.get("badgeNumber")
        same = [row for row in rows.values() if badge and row.get("badgeNumber") == badge]
        return [_native(write.record_type, row) for row in same]

    def find_each(self, writes: Sequence[Write]) -> dict[str, NativeRecord]:
        """Look employees up by key."""
        wanted = [write for write in writes if write.record_type is RecordType.EMPLOYEE]
        return {
            write.key: _native(write.record_type, self._table(write)[write.key])
            for write in wanted
            if write.key in self._table(write)
        }

    def now(self) -> datetime:
        """The clock it was made with."""
        return self._clock()

    def close(self) -> None:
        """Nothing to let go of."""

    def _table(self, write: Write) -> dict[str, Row]:
        return self._rows.setdefault((write.record_type, write.plant), {})

    def _check(self, write: Write) -> None:
        known = write.key in self._rows.get((write.record_type, write.origin or write.plant), {})
        upsert = write.record_type in {RecordType.HEADCOUNT, RecordType.EMPLOYEE_ATTRIBUTES}
        if write.action == "create" and known and not upsert:
            raise RecordError(f"{write.record_type.value} {write.key} exists already", code="REQUEST_VALIDATION_FAILED")
        if write.action != "create" and not known:
            raise RecordError(f"there is no {write.record_type.value} {write.key}", code="RESOURCE_NOT_FOUND")

    def _apply(self, write: Write) -> None:
        rows = self._table(write)
        if write.action == "transfer":
            left = self._rows.get((write.record_type, write.origin), {})
            if write.key in left:
                rows[write.key] = left.pop(write.key)
            return
        row = rows.get(write.key, {})
        if write.action == "update" and write.record_type is RecordType.EMPLOYEE:
            # A PUT replaces the record; only what it has no room for stays.
            row = {name: row[name] for name in ("id", "userId") if name in row}
        row_key = _ROW_KEYS.get(write.record_type)
        number = {} if row_key is None else {row_key: row.get(row_key, len(rows) + 1)}
        rows[write.key] = {**row, **number, **write.body}


def _native(record_type: RecordType, row: Row) -> NativeRecord:
    return NativeRecord(record_type, msgspec.json.encode(row))
