"""
Reading one record type of one system whole: every page, or nothing is believed.

A page is one transaction. Records that come as the very same bytes as last time are not parsed again. A record that
cannot be understood becomes a `Fault` and its page goes on (one bad record never stops or loses its page).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from ml_connector.connectors.port import Connector, NativeRecord, Page, Query
from ml_connector.errors import IncompleteReadError, RecordError
from ml_connector.snapshot.store import Row, Scope, SnapshotStore
from ml_connector.storage.database import Database

TRIES = 3
# Part of every payload hash: raise it when a translation changes, and every record is translated anew.
TRANSLATION = b"1"

Translate = Callable[[NativeRecord], tuple[str, Any]]
Progress = Callable[[str, int, int | None], None]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A record that came but cannot be understood."""

    key: str
    code: str
    reason: str
    remedy: str | None = None
    waiting_for: str | None = None


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """One complete extraction: *total* as counted, *before* as the one before counted (None: there was none)."""

    id: int
    scope: Scope
    total: int
    before: int | None
    faults: tuple[Fault, ...] = ()


class Reader:
    """Reads a connector's record types into the snapshot store."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._store = SnapshotStore(database)
        self._clock = clock

    def extract(
        self,
        connector: Connector,
        *,
        scope: Scope,
        query: Query,
        translate: Translate,
        name_of: Callable[[NativeRecord], str | None],
        progress: Progress,
    ) -> Extract:
        """
        Read everything *query* asks for.

        Raises:
            IncompleteReadError: three extractions in a row did not add up (CC-03).
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._read_once(
                    connector, scope=scope, query=query, translate=translate, name_of=name_of, progress=progress
                )
            except IncompleteReadError as error:
                if attempt == TRIES:
                    raise
                progress(f"{scope.side} {scope.type}: the set moved while reading, starting again ({error})", 0, None)
        raise AssertionError("unreachable")

    def _read_once(
        self,
        connector: Connector,
        *,
        scope: Scope,
        query: Query,
        translate: Translate,
        name_of: Callable[[NativeRecord], str | None],
        progress: Progress,
    ) -> Extract:
        as_of = query.as_of
        moments = (as_of.effective_on.isoformat(), as_of.entered_at.isoformat()) if as_of else ("", "")
        number = self._store.start(scope, at=self._clock(), effective_on=moments[0], entered_at=moments[1])
        keys: set[str] = set()
        faults: list[Fault] = []
        complete, count = False, 0
        try:
            for page in connector.read(query):
                count += len(page.records)
                self._keep_page(scope, page, number, translate, name_of, keys, faults)
                progress(f"reading {scope.side} {_plural(scope.type)}", count, page.total)
            if len(keys) + len(faults) != count:
                raise IncompleteReadError(
                    f"{scope.side} {scope.type}: {count} rows but {len(keys) + len(faults)} distinct keys"
                )
            complete = True
        finally:
            self._store.finish(number, at=self._clock(), total=count, complete=complete)
        before = self._store.last_total(scope, before=number)
        return Extract(id=number, scope=scope, total=count, before=before, faults=tuple(faults))

    def _keep_page(
        self,
        scope: Scope,
        page: Page,
        number: int,
        translate: Translate,
        name_of: Callable[[NativeRecord], str | None],
        keys: set[str],
        faults: list[Fault],
    ) -> None:
        hashes = [payload_hash(record.payload) for record in page.records]
        with self._database.transaction() as tx:
            known = self._store.touch_known(tx, scope, payload_hashes=hashes, extract_id=number)
            keys.update(known.values())
            rows: list[Row] = []
            for record, digest in zip(page.records, hashes, strict=True):
                if digest in known:
                    continue
                try:
                    key, canonical = translate(record)
                except RecordError as error:
                    faults.append(_fault(name_of(record) or f"row {digest[:8]}", error))
                    continue
                if key in keys:
                    raise IncompleteReadError(f"{scope.side} {scope.type} {key} came twice")
                keys.add(key)
                rows.append(Row(key, digest, canonical))
            self._store.save_page(tx, scope, rows=rows, extract_id=number)


def payload_hash(payload: bytes) -> str:
    """BLAKE2b-160 of the bytes as they came, salted with the version of the translation."""
    return hashlib.blake2b(payload, digest_size=20, salt=TRANSLATION.ljust(16, b"\0")).hexdigest()


def _fault(key: str, error: RecordError) -> Fault:
    return Fault(key=key, code=error.code, reason=error.message, remedy=error.remedy, waiting_for=error.waiting_for)


def _plural(word: str) -> str:
    return word.replace("_", " ") + ("" if word.endswith("s") else "s")
