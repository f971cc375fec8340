"""
Reading one record type of one system whole: every page, or nothing is believed.

A few pages are one transaction. Records that come as the very same bytes as last time are not parsed again. A record that
cannot be understood becomes a `Fault` and its page goes on (one bad record never stops or loses its page).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ml_connector.connectors.port import Connector, NativeRecord, Query
from ml_connector.errors import IncompleteReadError, RecordError
from ml_connector.snapshot.store import Believed, Row, Scope, SnapshotStore
from ml_connector.storage.database import Database

TRIES = 3
# Part of every payload hash: raise it when a translation changes, and every record is translated anew.
TRANSLATION = b"2"
_AT_ONCE = 500

Translate = Callable[[NativeRecord], tuple[str, Any]]
Describe = Callable[[NativeRecord], str | None]
Progress = Callable[[str, int, int | None], None]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A record that came but cannot be understood: *key* as snapshots have it, *name* as people call it."""

    key: str
    name: str
    code: str
    reason: str
    remedy: str | None = None
    waiting_for: str | None = None


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """
    One complete extraction: *total* as counted, *before* as the one before counted (None: there was none).

    *content_id* is the same for extractions in a row that saw exactly the same records.
    """

    id: int
    content_id: int
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
        key_of: Describe,
        name_of: Describe,
        progress: Progress,
        variant: str = "",
    ) -> Extract:
        """
        Read everything *query* asks for; *variant* names the settings that *translate* goes by.

        What *translate* refuses is told by *key_of*, the key snapshots know it by, and *name_of*, the one people do.

        Raises:
            IncompleteReadError: three extractions in a row did not add up (CC-03).
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._read_once(
                    connector,
                    scope=scope,
                    query=query,
                    translate=translate,
                    key_of=key_of,
                    name_of=name_of,
                    progress=progress,
                    variant=variant,
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
        key_of: Describe,
        name_of: Describe,
        progress: Progress,
        variant: str,
    ) -> Extract:
        as_of = query.as_of
        moments = (as_of.effective_on.isoformat(), as_of.entered_at.isoformat()) if as_of else ("", "")
        where = f" of plant {scope.plant}" if scope.plant else ""
        before = self._store.last_believed(scope)
        number = self._store.start(scope, at=self._clock(), effective_on=moments[0], entered_at=moments[1])
        faults: list[Fault] = []
        content_id, count = None, 0
        desk = _Desk(self._database, self._store, scope, number, translate, key_of, name_of, faults, variant, before)
        try:
            for page in connector.read(query):
                count += len(page.records)
                desk.take(page.records)
                progress(f"reading {scope.side} {_plural(scope.type)}{where}", count, page.total)
            desk.keep()
            distinct = self._store.count(scope, extract_id=number) + len(faults)
            if distinct != count:
                raise IncompleteReadError(f"{scope.side} {scope.type}: {count} rows but {distinct} distinct keys")
            content_id = before.content_id if before and desk.unchanged and count == before.total else number
        finally:
            self._store.finish(number, at=self._clock(), total=count, content_id=content_id)
        counted = before.total if before else None
        return Extract(id=number, content_id=content_id, scope=scope, total=count, before=counted, faults=tuple(faults))


class _Desk:
    """
    Where one extraction's pages are told apart, translated and kept, beside the arrival of the next ones.

    All of it in one thread: none of these steps lets go of the interpreter's lock for long, and handing records from
    thread to thread cost a fifth more than it won.
    """

    def __init__(
        self,
        database: Database,
        store: SnapshotStore,
        scope: Scope,
        number: int,
        translate: Translate,
        key_of: Describe,
        name_of: Describe,
        faults: list[Fault],
        variant: str,
        before: Believed | None,
    ) -> None:
        self._before = before
        self.unchanged = before is not None  # so far: every record came, byte for byte, with the extraction before
        self._database, self._store, self._scope, self._number = database, store, scope, number
        self._translate, self._key_of, self._name_of = translate, key_of, name_of
        self._faults, self._variant = faults, variant
        self._known: list[str] = []
        self._rows: list[Row] = []

    def take(self, natives: Sequence[NativeRecord]) -> None:
        """Sort one page into known and new, and translate what is new; what was taken is kept from time to time."""
        hashes = [payload_hash(native.payload, variant=self._variant) for native in natives]
        with self._database.reading() as tx:
            known = self._store.find_known(tx, self._scope, payload_hashes=hashes)
        new = [(native, digest) for native, digest in zip(natives, hashes, strict=True) if digest not in known]
        self.unchanged &= not new and set(known.values()) <= {self._before.id if self._before else None}
        self._known += known
        for native, digest in new:
            each = self._translate_one(native, digest)
            (self._rows if isinstance(each, Row) else self._faults).append(each)  # type: ignore[arg-type]
        if len(self._known) + len(self._rows) >= _AT_ONCE:
            self.keep()

    def keep(self) -> None:
        """Keep everything that was taken and is not kept yet."""
        if self._rows or self._known:
            with self._database.transaction() as tx:
                self._store.touch(tx, self._scope, payload_hashes=self._known, extract_id=self._number)
                self._store.save_page(tx, self._scope, rows=self._rows, extract_id=self._number)
        self._known, self._rows = [], []

    def _translate_one(self, native: NativeRecord, digest: str) -> Row | Fault:
        try:
            key, canonical = self._translate(native)
        except RecordError as error:
            key = self._key_of(native) or f"row {digest[:8]}"
            return _fault(key, self._name_of(native) or key, error)
        return Row(key, digest, canonical)


def payload_hash(payload: bytes, *, variant: str = "") -> str:
    """SHA-256 cut to 160 bits, of the bytes as they came and the version and *variant* of the translation."""
    digest = hashlib.sha256(TRANSLATION + b"\0" + variant.encode() + b"\0")
    digest.update(payload)
    return digest.hexdigest()[:40]


def _fault(key: str, name: str, error: RecordError) -> Fault:
    return Fault(
        key=key,
        name=name,
        code=error.code,
        reason=error.message,
        remedy=error.remedy,
        waiting_for=error.waiting_for,
    )


def _plural(word: str) -> str:
    return word.replace("_", " ") + ("" if word.endswith("s") else "s")
