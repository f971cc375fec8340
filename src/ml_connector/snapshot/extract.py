"""
Reading one record type of one system: whole, every page or nothing is believed; or only what changed since.

A few pages are one transaction. Records that come as the very same bytes as last time are not parsed again. A record that
cannot be understood becomes a `Fault` and its page goes on (one bad record never stops or loses its page).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection as Transaction

from ml_connector.canonical.keys import AsOf, encode
from ml_connector.connectors.port import Connector, NativeRecord, Query
from ml_connector.errors import IncompleteReadError, RecordError
from ml_connector.snapshot.store import Believed, Row, Scope, SnapshotStore
from ml_connector.storage.database import Database

TRIES = 3
# Part of every payload hash: raise it when a translation changes, and every record is translated anew.
TRANSLATION = b"3"
_AT_ONCE = 2000
_UNSETTLED = "another day"

Translate = Callable[[NativeRecord], tuple[str, Any]]
Describe = Callable[[NativeRecord], str | None]
Progress = Callable[[str, int, int | None], None]
Keep = Callable[[Transaction, Sequence[Row]], None]


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

    *id* is what its records are read by. *content_id* is the same for extractions in a row that saw exactly the same
    records. *changed* are the keys of records that are other than before, or new, where there was a before. *whole* tells
    a whole extraction from one that reads only what changed.
    """

    id: int
    content_id: int
    scope: Scope
    total: int
    before: int | None
    whole: bool = True
    changed: frozenset[str] = frozenset()
    faults: tuple[Fault, ...] = ()


class Translation(NamedTuple):
    """
    How a type's records become canonical ones; *variant* names the settings it goes by.

    What *translate* refuses is told by *key_of*, the key snapshots know it by, and *name_of*, the one people do.
    """

    translate: Translate
    key_of: Describe
    name_of: Describe
    variant: str = ""

    @property
    def version(self) -> str:
        """What a record kept under another translation cannot be compared with."""
        return f"{TRANSLATION.decode()}|{self.variant}"


def keep_nothing(_tx: Transaction, _rows: Sequence[Row]) -> None:
    """Nobody else wants to know which records are new."""


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
        translation: Translation,
        progress: Progress,
        keep: Keep = keep_nothing,
        settled: bool = True,
    ) -> Extract:
        """
        Read everything *query* asks for; *keep* is given the records that are new or other, in the same transaction.

        Nothing is ever built on a reading that is not *settled*, as one of another day than today.

        Raises:
            IncompleteReadError: three extractions in a row did not add up (CC-03).
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._read_once(connector, scope, query, translation, progress, keep, settled=settled)
            except IncompleteReadError as error:
                if attempt == TRIES:
                    raise
                progress(f"{scope.side} {scope.type}: the set moved while reading, starting again ({error})", 0, None)
        raise AssertionError("unreachable")

    def read_changed(
        self,
        connector: Connector,
        *,
        scope: Scope,
        query: Query,
        base: Believed,
        translation: Translation,
        progress: Progress,
        keep: Keep = keep_nothing,
    ) -> Extract:
        """
        Read only what *query* names, on top of the complete extraction *base*; what is not given any more stays as known.

        Raises:
            IncompleteReadError: what came does not add up; nothing counts, and the next one reads it again.
        """
        number = self._start(scope, query.as_of, translation.version, base_id=base.id)
        desk = _Desk(self._database, self._store, scope, number, translation, base, keep)
        content_id, total = None, base.total
        try:
            count = 0
            for page in connector.read(query) if query.wids else ():
                count += len(page.records)
                desk.take(page.records)
                progress(f"reading changed {_plural(scope.type)}", count, len(query.wids))
            desk.keep()
            faults = self._faults(scope, base.id)
            total = self._store.count(scope, extract_id=base.id) + len(faults)
            content_id = base.content_id if desk.same and total == base.total else number
        finally:
            self._store.finish(number, at=self._clock(), total=total, content_id=content_id)
        return Extract(
            id=base.id,
            content_id=content_id,
            scope=scope,
            total=total,
            before=base.total,
            whole=False,
            changed=frozenset(desk.changed),
            faults=faults,
        )

    def _read_once(
        self,
        connector: Connector,
        scope: Scope,
        query: Query,
        translation: Translation,
        progress: Progress,
        keep: Keep,
        *,
        settled: bool,
    ) -> Extract:
        where = f" of plant {scope.plant}" if scope.plant else ""
        before = self._store.last_believed(scope)
        number = self._start(scope, query.as_of, translation.version if settled else _UNSETTLED)
        desk = _Desk(self._database, self._store, scope, number, translation, before, keep)
        content_id, count = None, 0
        try:
            for page in connector.read(query):
                count += len(page.records)
                desk.take(page.records)
                progress(f"reading {scope.side} {_plural(scope.type)}{where}", count, page.total)
            desk.keep()
            faults = self._faults(scope, number)
            distinct = self._store.count(scope, extract_id=number) + len(faults)
            if distinct != count:
                raise IncompleteReadError(f"{scope.side} {scope.type}: {count} rows but {distinct} distinct keys")
            same = desk.same and before is not None and count == before.total
            content_id = before.content_id if before is not None and same else number
        finally:
            self._store.finish(number, at=self._clock(), total=count, content_id=content_id)
        return Extract(
            id=number,
            content_id=content_id,
            scope=scope,
            total=count,
            before=before.total if before else None,
            changed=frozenset(desk.changed),
            faults=faults,
        )

    def _start(self, scope: Scope, as_of: AsOf | None, variant: str, base_id: int | None = None) -> int:
        return self._store.start(
            scope,
            at=self._clock(),
            effective_on=as_of.effective_on.isoformat() if as_of else "",
            entered_at=as_of.entered_at.isoformat() if as_of else "",
            variant=variant,
            base_id=base_id,
        )

    def _faults(self, scope: Scope, extract_id: int) -> tuple[Fault, ...]:
        return tuple(map(_FAULT.decode, self._store.faults(scope, extract_id=extract_id)))


_FAULT = msgspec.json.Decoder(Fault)


class _Desk:
    """
    Where one extraction's pages are told apart, translated and kept, beside the arrival of the next ones.

    All of it in one thread: none of these steps lets go of the interpreter's lock for long, and handing records from
    thread to thread cost a fifth more than it won.

    *same* is whether all of it, so far, is as the complete extraction *before* has it, *changed* the keys of what is not.
    """

    def __init__(
        self,
        database: Database,
        store: SnapshotStore,
        scope: Scope,
        number: int,
        translation: Translation,
        before: Believed | None,
        hand_on: Keep,
    ) -> None:
        self._before = before
        self.same = before is not None
        self.changed: set[str] = set()
        self._database, self._store, self._scope, self._number = database, store, scope, number
        self._translation, self._hand_on = translation, hand_on
        self._known: list[str] = []
        self._rows: list[Row] = []
        self._faults: list[Fault] = []

    def take(self, natives: Sequence[NativeRecord]) -> None:
        """Sort one page into known and new, and translate what is new; what was taken is kept from time to time."""
        hashes = [payload_hash(native.payload, variant=self._translation.variant) for native in natives]
        known = self._find_known(hashes)
        new = [(native, digest) for native, digest in zip(natives, hashes, strict=True) if digest not in known]
        self.same &= all(map(self._is_current, known.values()))
        self._known += known
        for native, digest in new:
            each = self._translate_one(native, digest)
            (self._rows if isinstance(each, Row) else self._faults).append(each)  # type: ignore[arg-type]
        if len(self._known) + len(self._rows) + len(self._faults) >= _AT_ONCE:
            self.keep()

    def keep(self) -> None:
        """Keep everything that was taken and is not kept yet."""
        if self._rows or self._known or self._faults:
            with self._database.transaction() as tx:
                self._store.touch(tx, self._scope, payload_hashes=self._known, extract_id=self._number)
                others = self._others(tx)
                self._store.save_page(tx, self._scope, rows=self._rows, extract_id=self._number)
                self._store.save_faults(
                    tx,
                    self._scope,
                    found={fault.key: msgspec.json.encode(fault).decode() for fault in self._faults},
                    cleared=[row.key for row in self._rows],
                    extract_id=self._number,
                )
                self._hand_on(tx, others)
        self._known, self._rows, self._faults = [], [], []

    def _find_known(self, hashes: Sequence[str]) -> dict[str, int]:
        if self._before is None:  # whatever is there, of a reading that broke off, is not worth a question a page
            return {}
        with self._database.reading() as tx:
            return self._store.find_known(tx, self._scope, payload_hashes=hashes)

    def _is_current(self, seen_by: int) -> bool:
        """Whether the extraction before, or what it builds on, has the record so, and no extraction that broke off."""
        return self._before is not None and self._before.id <= seen_by <= self._before.number

    def _others(self, tx: Transaction) -> list[Row]:
        """Which of the records that came as other bytes say something else than what is kept."""
        if self._before is None:
            return self._rows
        kept = self._store.kept(tx, self._scope, keys=[row.key for row in self._rows])
        others = [
            row
            for row in self._rows
            if (old := kept.get(row.key)) is None or old.body != row.body or not self._is_current(old.seen_by)
        ]
        self.changed.update(row.key for row in others)
        self.changed.update(fault.key for fault in self._faults)
        self.same &= not self.changed
        return others

    def _translate_one(self, native: NativeRecord, digest: str) -> Row | Fault:
        try:
            key, canonical = self._translation.translate(native)
        except RecordError as error:
            key = self._translation.key_of(native) or f"row {digest[:8]}"
            return _fault(key, self._translation.name_of(native) or key, error)
        return Row(key, digest, encode(canonical).decode())


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
